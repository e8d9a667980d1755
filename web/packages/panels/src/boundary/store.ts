// SPDX-License-Identifier: Apache-2.0
// What crossed and what is enforced, as it is known: the last crossings and each new one, and
// what this machine enforces, tried when it is asked for.

import { Refused, type Crossing, type Enforcement, type Report } from "@moat/proto";
import { createRoot, createSignal } from "solid-js";

import type { Host } from "../host.ts";

/** Crossings that are held; older ones are in the log. */
export const CROSSINGS_MAX = 2_000;

/** Which crossings are shown. */
export interface Filter {
  words: string;
  verdict: "all" | "allowed" | "denied";
}

/** What is known about the boundary. */
export type Boundary = ReturnType<typeof make>;

const boundaries = new WeakMap<Host, Boundary>();

/** The boundary of a host. */
export function boundaryOf(host: Host): Boundary {
  let boundary = boundaries.get(host);
  if (!boundary) {
    boundary = createRoot(() => make(host));
    boundaries.set(host, boundary);
  }
  return boundary;
}

function make(host: Host) {
  const ask = host.client.of("boundary");
  const [crossings, setCrossings] = createSignal<Crossing[]>([]);
  const [count, setCount] = createSignal(0);
  const [broken, setBroken] = createSignal<string | null>(null);
  const [state, setState] = createSignal<"loading" | "ready" | "failed">("loading");
  const [failure, setFailure] = createSignal<Report | null>(null);
  const [enforced, setEnforced] = createSignal<Enforcement | null>(null);
  const [trying, setTrying] = createSignal(false);
  const [triedAt, setTriedAt] = createSignal<number | null>(null);
  const [tryFailure, setTryFailure] = createSignal<Report | null>(null);

  async function load(): Promise<void> {
    try {
      const reply = await ask({ query: "crossings", limit: CROSSINGS_MAX });
      if (reply.reply !== "crossings") return;
      setCrossings((known) => joined(known, reply.crossings));
      setCount(Math.max(reply.of, crossings().length));
      setBroken(reply.broken ?? null);
      setState("ready");
      setFailure(null);
    } catch (error) {
      if (state() === "ready") return;
      setFailure(reportOf(error));
      setState("failed");
    }
  }

  /** Tries what is enforced, now. */
  async function tryOut(): Promise<void> {
    if (trying()) return;
    setTrying(true);
    setTryFailure(null);
    try {
      const reply = await ask({ query: "doctor" });
      if (reply.reply !== "doctor") return;
      setEnforced({ summary: reply.summary, protections: reply.protections });
      setTriedAt(Date.now());
    } catch (error) {
      setTryFailure(reportOf(error));
    } finally {
      setTrying(false);
    }
  }

  host.client.onNews((news) => {
    if (news.news !== "crossed") return;
    const isNew = !crossings().some((it) => it.number === news.crossing.number);
    setCrossings((known) => joined(known, [news.crossing]));
    if (isNew) setCount((it) => it + 1);
  });
  host.client.onState((it) => {
    if (it === "connected") void load();
  });
  void load();

  return {
    crossings,
    count,
    broken,
    state,
    failure,
    enforced,
    trying,
    triedAt,
    tryFailure,
    load,
    tryOut,
    /** How many of the crossings that are held were denied. */
    denied: () => crossings().filter((it) => !it.allowed).length,
  };
}

/**
 * Crossings by their number, each once, the newest last. One that is told again replaces what
 * was known: its bytes may not have been known before.
 */
export function joined(known: readonly Crossing[], more: readonly Crossing[]): Crossing[] {
  const last = known[known.length - 1];
  const first = more[0];
  if (more.length === 1 && first && (!last || first.number > last.number)) {
    return [...known, first].slice(-CROSSINGS_MAX);
  }
  const byNumber = new Map(known.map((it) => [it.number, it]));
  for (const it of more) byNumber.set(it.number, it);
  return [...byNumber.values()]
    .sort((one, other) => one.number - other.number)
    .slice(-CROSSINGS_MAX);
}

/** The crossings that a filter leaves, the newest first. */
export function filtered(crossings: readonly Crossing[], filter: Filter): Crossing[] {
  const words = filter.words.trim().toLowerCase().split(/\s+/).filter(Boolean);
  const fits = (it: Crossing) => {
    if (filter.verdict !== "all" && it.allowed !== (filter.verdict === "allowed")) return false;
    const text = `${it.to} ${it.zone} ${it.purpose} ${it.rule} ${it.session ?? ""}`.toLowerCase();
    return words.every((word) => text.includes(word));
  };
  return crossings.filter(fits).reverse();
}

function reportOf(error: unknown): Report {
  if (error instanceof Refused) return error.report;
  return { error: error instanceof Error ? error.message : String(error), causes: [], hint: null };
}
