// SPDX-License-Identifier: Apache-2.0
// A search as it runs: what is asked, the news of it, and what can be done with what it found.

import { createSignal, onCleanup, type Accessor } from "solid-js";
import type { Report, SearchSpec } from "@moat/proto";
import type { Host } from "../host.ts";
import { orTell, reportOf } from "../tell.ts";
import {
  added,
  countOf,
  NOTHING,
  specOf,
  withoutFile,
  withoutLine,
  type Fields,
  type Results,
  type Standing,
} from "./model.ts";

/** A search. */
export interface Search {
  results: Accessor<Results>;
  standing: Accessor<Standing>;
  /** How many files were looked at, once it ended. */
  looked: Accessor<number>;
  truncated: Accessor<boolean>;
  failure: Accessor<Report | null>;
  /** What the results are results of; null where nothing was looked for. */
  spec: Accessor<SearchSpec | null>;
  start(fields: Fields): Promise<void>;
  stop(): Promise<void>;
  clear(): void;
  dismissFile(path: string): void;
  dismissLine(path: string, key: string): void;
  /** Replaces in some files, or in all. */
  replace(withText: string, paths: readonly string[]): Promise<void>;
}

/** Numbers count on over all searches of the page, so that late news of an older one are told apart. */
let lastNumber = 0;

/** Makes a search; it lives as long as what it is made in. */
export function createSearch(host: Host): Search {
  const [results, setResults] = createSignal<Results>(NOTHING);
  const [standing, setStanding] = createSignal<Standing>("idle");
  const [looked, setLooked] = createSignal(0);
  const [truncated, setTruncated] = createSignal(false);
  const [failure, setFailure] = createSignal<Report | null>(null);
  const [spec, setSpec] = createSignal<SearchSpec | null>(null);
  let number = 0;

  const stopNews = host.client.onNews((news) => {
    if (news.news === "search_found" && news.search === number) {
      setResults((was) => added(was, news.hits));
    } else if (news.news === "search_ended" && news.search === number) {
      setStanding("ended");
      setLooked(news.files);
      setTruncated(news.truncated);
    }
  });
  const stopState = host.client.onState((state) => {
    // A search does not survive the connection: what it found so far stays.
    if (state === "lost" && standing() === "running") setStanding("ended");
  });
  const stop = async () => {
    if (standing() !== "running") return;
    setStanding("ended");
    await orTell(host, () => host.client.ask({ service: "search", query: "stop", search: number }));
  };
  const clear = () => {
    void stop();
    number = 0;
    setResults(NOTHING);
    setStanding("idle");
    setFailure(null);
    setSpec(null);
    setTruncated(false);
  };
  onCleanup(() => {
    stopNews();
    stopState();
    void stop();
  });
  return {
    results,
    standing,
    looked,
    truncated,
    failure,
    spec,
    stop,
    clear,
    dismissFile: (path) => setResults((was) => withoutFile(was, path)),
    dismissLine: (path, key) => setResults((was) => withoutLine(was, path, key)),
    async start(fields) {
      if (fields.pattern === "") return clear();
      lastNumber += 1;
      number = lastNumber;
      const mine = number;
      const wanted = specOf(fields, host.settings.get("search.exclude"));
      setResults(NOTHING);
      setFailure(null);
      setTruncated(false);
      setLooked(0);
      setSpec(wanted);
      setStanding("running");
      try {
        await host.client.ask({ service: "search", query: "start", search: mine, spec: wanted });
      } catch (error) {
        if (mine !== number) return;
        setStanding("failed");
        setFailure(reportOf(host, error));
      }
    },
    async replace(withText, paths) {
      const wanted = spec();
      if (wanted === null || paths.length === 0) return;
      const count = paths.reduce((sum, path) => {
        const file = results().files.get(path);
        return sum + (file === undefined ? 0 : countOf(file));
      }, 0);
      const yes = await host.confirm({
        title: host.t("search.replace.title", { count }),
        detail:
          withText === ""
            ? host.t("search.replace.delete", { files: paths.length, pattern: wanted.pattern })
            : host.t("search.replace.detail", {
                files: paths.length,
                pattern: wanted.pattern,
                with: withText,
              }),
        confirm: host.t("search.replace.confirm"),
      });
      if (!yes || !(await savedFirst(host, paths))) return;
      const reply = await orTell(host, () =>
        host.client.ask({
          service: "search",
          query: "replace",
          spec: wanted,
          with: withText,
          paths: [...paths],
        }),
      );
      if (reply?.reply !== "replaced") return;
      setResults((was) => reply.files.reduce(withoutFile, was));
      host.notify({
        level: "info",
        text: host.t("search.replaced", { count: reply.places }),
        brief: true,
      });
      const left = reply.left;
      if (left.length > 0) {
        host.notify({
          level: "warning",
          text: host.t("search.replace.left", { count: left.length }),
          report: {
            error: host.t("search.replace.left", { count: left.length }),
            causes: left.map((one) => `${one.path}: ${one.reason}`),
            hint: null,
          },
        });
      }
    },
  };
}

/** The server writes files as they are on disk: unsaved work in them is saved first, or nothing is done. */
async function savedFirst(host: Host, paths: readonly string[]): Promise<boolean> {
  const unsaved = host.dirtyFiles().filter((path) => paths.includes(path));
  if (unsaved.length === 0) return true;
  const yes = await host.confirm({
    title: host.t("search.replace.unsaved", { count: unsaved.length }),
    detail: unsaved.join("\n"),
    confirm: host.t("search.replace.save"),
  });
  if (!yes) return false;
  for (const path of unsaved) if (!(await host.save(path))) return false;
  return true;
}
