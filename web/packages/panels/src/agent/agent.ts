// SPDX-License-Identifier: Apache-2.0
// The agent's sessions as the panels work with them: which there are, which one is looked at,
// what is asked of it, and prompts that wait. There is one of these for each host.

import {
  Refused,
  type Answer,
  type Event,
  type ModelChoice,
  type Op,
  type SessionId,
  type SessionSummary,
  type Task,
  type TaskKind,
  type Unreadable,
} from "@moat/proto";
import { createEffect, createRoot, createSignal, on } from "solid-js";
import { createStore, reconcile } from "solid-js/store";

import type { Host } from "../host.ts";
import { Feed } from "./feed.ts";
import { ATTACHED_MAX, HIDDEN_TICK_MS } from "./limits.ts";
import { createQueues, type Queued } from "./queue.ts";
import { isBusy, lastTurn, openQuestion, type EventName, type SessionView } from "./view.ts";

/** What is known of all sessions. */
export interface Listing {
  state: "loading" | "ready" | "failed";
  error: string | null;
  sessions: SessionSummary[];
  names: Record<SessionId, string>;
  unreadable: Unreadable[];
}

/** What is written and not sent. */
export interface Draft {
  text: string;
}

/** How a session stands, for its mark in lists. */
export type Light = "running" | "needs" | "none";

/** Everything that the panels do with sessions. */
export type Agent = ReturnType<typeof make>;

const agents = new WeakMap<Host, Agent>();

/** The sessions of a host. */
export function agentOf(host: Host): Agent {
  let agent = agents.get(host);
  if (!agent) {
    agent = createRoot(() => make(host));
    agents.set(host, agent);
  }
  return agent;
}

function make(host: Host) {
  const ask = host.client.of("sessions");
  const feed = new Feed({
    attach: async (session) => void (await ask({ query: "attach", session })),
    detach: async (session) => void (await ask({ query: "detach", session })),
    schedule: beforeDrawing,
    now: () => performance.now(),
    later: (run, ms) => void setTimeout(run, ms),
    attached: (session) => void showPending(session),
  });
  const [listing, setListing] = createStore<Listing>({
    state: "loading",
    error: null,
    sessions: [],
    names: {},
    unreadable: [],
  });
  const [models, setModels] = createSignal<ModelChoice[]>([]);
  const [standardModel, setStandardModel] = createSignal("");
  const [current, setCurrent] = createSignal<SessionId | null>(null);
  const queues = createQueues(host.memory);
  const [draft, setDraft] = createSignal(host.memory.get<string>("agent.draft", ""));
  const [opening, setOpening] = createSignal(false);
  const [kind, setKind] = createSignal<TaskKind | "auto">("auto");
  const [check, keepCheck] = createSignal(host.memory.get<string | null>("agent.check", null));
  const recent: SessionId[] = [];

  const view = (): SessionView | undefined => feed.view(current());
  const tell = (error: unknown, text: string) => {
    const report = error instanceof Refused ? error.report : undefined;
    host.notify({ level: "error", text, ...(report ? { report } : {}) });
  };

  async function refresh(): Promise<void> {
    try {
      const reply = await ask({ query: "list" });
      if (reply.reply !== "listed") return;
      setListing("sessions", reconcile(reply.sessions, { key: "session" }));
      setListing({
        state: "ready",
        error: null,
        names: Object.fromEntries(reply.names),
        unreadable: reply.unreadable,
      });
    } catch (error) {
      if (listing.state === "ready") return;
      setListing({
        state: "failed",
        error: error instanceof Error ? error.message : String(error),
      });
    }
  }

  async function loadModels(): Promise<void> {
    try {
      const reply = await ask({ query: "models" });
      if (reply.reply !== "models") return;
      setModels(reply.models);
      setStandardModel(reply.default);
    } catch {
      // The composer says that no model is known; asking again is one reconnection away.
    }
  }

  async function open(session: SessionId): Promise<void> {
    setCurrent(session);
    host.memory.set("agent.session", session);
    await attend(session);
  }

  /** Sees what happens in a session, without going to its thread. */
  async function attend(session: SessionId): Promise<void> {
    remember(session);
    const known = feed.view(session);
    if (known && known.stage !== "gone" && known.stage !== "closed") return;
    await feed.attach(session);
  }

  /** A stored session tells its turns and not what is pending now, so that is asked for. */
  async function showPending(session: SessionId): Promise<void> {
    const known = feed.view(session);
    if (known?.stage !== "open" || isBusy(known)) return;
    if (known.groups.every((group) => group.turn === null && group.items.length === 0)) return;
    await op(session, { op: "show" }).catch(() => undefined);
  }

  /** Goes to the list of threads. */
  function leave(): void {
    setCurrent(null);
    host.memory.set("agent.session", null);
  }

  function remember(session: SessionId): void {
    const at = recent.indexOf(session);
    if (at >= 0) recent.splice(at, 1);
    recent.unshift(session);
    for (const old of recent.slice(ATTACHED_MAX)) {
      if (isBusy(feed.view(old)) || queues.of(old).length > 0) continue;
      recent.splice(recent.indexOf(old), 1);
      void feed.drop(old);
    }
  }

  async function create(): Promise<SessionId | null> {
    if (opening()) return null;
    setOpening(true);
    try {
      const reply = await ask({ query: "new" });
      if (reply.reply !== "opened") return null;
      await open(reply.session);
      void refresh();
      return reply.session;
    } catch (error) {
      tell(error, host.t("agent.new.failed"));
      return null;
    } finally {
      setOpening(false);
    }
  }

  /**
   * Makes a new session of what one was at a checkpoint, or is at its end, and goes to it. The
   * old one stays as it is.
   */
  async function fork(session: SessionId, at: number | null): Promise<SessionId | null> {
    if (opening()) return null;
    setOpening(true);
    try {
      const reply = await ask({ query: "fork", session, at });
      if (reply.reply !== "opened") return null;
      await open(reply.session);
      void refresh();
      return reply.session;
    } catch (error) {
      tell(error, host.t("agent.fork.failed"));
      return null;
    } finally {
      setOpening(false);
    }
  }

  async function rename(session: SessionId, name: string): Promise<void> {
    try {
      await ask({ query: "rename", session, name });
      await refresh();
    } catch (error) {
      tell(error, host.t("agent.rename.failed"));
    }
  }

  /** Asks something of a session. What comes of it comes as events. */
  async function op(session: SessionId, what: Op): Promise<void> {
    await ask({ query: "do", session, op: what });
  }

  /** Asks something of a session and waits for the event that tells what came of it. */
  async function opThen(session: SessionId, what: Op, names: EventName[]): Promise<Event> {
    const answer = feed.wait(session, names);
    answer.catch(() => undefined);
    await op(session, what);
    return answer;
  }

  /** The same, with the error told to the person. */
  async function tellingOp(session: SessionId, what: Op): Promise<boolean> {
    try {
      await op(session, what);
      return true;
    } catch (error) {
      tell(error, host.t("agent.op.failed"));
      return false;
    }
  }

  /** Begins a turn, in a new session where there is none. */
  async function start(task: Task): Promise<boolean> {
    const session = current() ?? (await create());
    if (session === null) return false;
    return tellingOp(session, { op: "start", task });
  }

  async function steer(text: string): Promise<boolean> {
    const session = current();
    if (session === null) return false;
    const done = await tellingOp(session, { op: "steer", text });
    if (done) feed.steered(session, text);
    return done;
  }

  function enqueue(task: Task): boolean {
    const session = current();
    return session !== null && queues.add(session, task);
  }

  function unqueue(id: number): Queued | null {
    const session = current();
    return session === null ? null : queues.take(session, id);
  }

  /** Begins the next prompt that waits, where the turn before it ended by itself. */
  function next(session: SessionId, ended: Event): void {
    if (ended.event !== "turn_finished") return;
    const held: string[] = ["stopped", "unknown", "failed", "denied"];
    const first = queues.of(session)[0];
    if (!first || held.includes(ended.outcome.outcome)) return;
    queues.take(session, first.id);
    void tellingOp(session, { op: "start", task: first.task });
  }

  /** What follows from an event that happens now. */
  function happened(session: SessionId, event: Event): void {
    if (event.event === "turn_finished") {
      next(session, event);
      void refresh();
      const shown: string[] = ["solved", "unverified", "unknown"];
      if (!shown.includes(event.outcome.outcome)) void showLater(session);
    } else if (event.event === "command_ended") void showLater(session);
    else if (event.event === "rewound" && event.scope !== "conversation") void showLater(session);
    else if (event.event === "turn_started") void refresh();
  }

  /** Asks what is pending, where the engine does not say so by itself. */
  async function showLater(session: SessionId): Promise<void> {
    await op(session, { op: "show" }).catch(() => undefined);
  }

  function light(session: SessionId): Light {
    const known = feed.view(session);
    if (!known || known.stage === "gone" || known.stage === "closed") return "none";
    if (openQuestion(known)) return "needs";
    return isBusy(known) ? "running" : "none";
  }

  host.client.onNews((news) => {
    if (news.news === "session") {
      const { envelope } = news;
      feed.hear(envelope);
      if (feed.isLive(envelope.session)) happened(envelope.session, envelope.event);
    } else if (news.news === "session_gone") feed.gone(news.session, news.report ?? null);
    else if (news.news === "sessions_changed") void refresh();
  });
  host.client.onState((state) => {
    if (state === "lost") feed.lost();
    if (state !== "connected") return;
    void refresh();
    modelsTold = loadModels();
    for (const session of feed.attached()) void feed.attach(session);
  });

  void refresh();
  let modelsTold = loadModels();
  const last = host.memory.get<string | null>("agent.session", null);
  if (last !== null) void open(last);
  // Prompts of before go on where the turn before them still runs; else they wait to be looked at.
  for (const session of queues.sessions()) if (session !== last) void attend(session);

  let saving: ReturnType<typeof setTimeout> | undefined;
  createEffect(
    on(
      draft,
      (text) => {
        clearTimeout(saving);
        saving = setTimeout(() => host.memory.set("agent.draft", text), 600);
      },
      { defer: true },
    ),
  );
  createEffect(() => {
    const needs = feed.attached().filter((session) => light(session) === "needs").length;
    host.badge("agent", current() !== null && needs > 0 ? needs : null);
  });

  return {
    host,
    listing,
    models,
    /** Ends when the models were told, or could not be. */
    modelsTold: () => modelsTold,
    standardModel,
    current,
    view,
    viewOf: (session: SessionId) => feed.view(session),
    opening,
    draft,
    setDraft,
    kind,
    setKind,
    check,
    setCheck: (line: string | null) => {
      keepCheck(line);
      host.memory.set("agent.check", line);
    },
    /** The model that the next turn uses. */
    model: () => host.settings.get("agent.model") || standardModel(),
    setModel: (name: string) => host.settings.set("agent.model", name),
    refresh,
    open,
    attend,
    leave,
    create,
    fork,
    /** Forks the session that is looked at. */
    forkAt: (at: number) => {
      const session = current();
      if (session !== null) void fork(session, at);
    },
    rename,
    op,
    opThen,
    tellingOp,
    start,
    steer,
    stop: () => withCurrent((session) => tellingOp(session, { op: "interrupt" })),
    resume: () => withCurrent((session) => tellingOp(session, { op: "resume" })),
    answer: (request: number, answer: Answer) =>
      withCurrent((session) => tellingOp(session, { op: "approve", request, answer })),
    giveCheck: (line: string | null) =>
      withCurrent((session) => tellingOp(session, { op: "give_check", line })),
    enqueue,
    unqueue,
    queue: () => {
      const session = current();
      return session === null ? [] : queues.of(session);
    },
    light,
    tell,
    nameOf: (session: SessionId) => listing.names[session] ?? null,
    summaryOf: (session: SessionId) =>
      listing.sessions.find((it) => it.session === session) ?? null,
    turn: () => {
      const known = view();
      return known ? lastTurn(known) : null;
    },
  };

  async function withCurrent(run: (session: SessionId) => Promise<boolean>): Promise<boolean> {
    const session = current();
    return session === null ? false : run(session);
  }
}

/** Before the screen is drawn next; where the page is hidden nothing is drawn, so soon. */
function beforeDrawing(run: () => void): void {
  if (document.hidden) setTimeout(run, HIDDEN_TICK_MS);
  else requestAnimationFrame(run);
}
