// SPDX-License-Identifier: Apache-2.0
// Pending changes, and what a person does with them. A keep is planned first: what acts by itself
// is shown in a question of its own and kept only for exactly the content that was shown. No other
// way to keep leads around that.

import {
  Refused,
  type Change,
  type Confirmation,
  type Event,
  type Refusal,
  type Selection,
  type SessionId,
} from "@moat/proto";
import { batch, createEffect, createRoot, createSignal } from "solid-js";
import { createStore, reconcile, unwrap } from "solid-js/store";

import { agentOf, type Agent } from "../agent/agent.ts";
import { isBusy } from "../agent/view.ts";
import type { Host, PendingFile } from "../host.ts";
import { askSurfaces } from "./ask.tsx";
import type { DiffHunk } from "./hunk.ts";
import { placeOf, reviewSet, type ReviewSet } from "./model.ts";

/** Everything that the review does. */
export type Review = ReturnType<typeof make>;

const reviews = new WeakMap<Host, Review>();

/** The review of a host's sessions. */
export function reviewOf(host: Host): Review {
  let review = reviews.get(host);
  if (!review) {
    review = createRoot(() => make(agentOf(host)));
    reviews.set(host, review);
  }
  return review;
}

/** How long the user's own edits may go on before what is pending is looked at again. */
const SETTLE_MS = 800;

function make(agent: Agent) {
  const { host } = agent;
  const t = host.t;
  const [sets, setSets] = createStore<Record<SessionId, ReviewSet>>({});
  const [working, setWorking] = createSignal(false);
  const empty = reviewSet(null);

  // A change set comes whole each time; files that are the same stay what they are, so that the
  // review keeps its place.
  const follow = (session: SessionId | null): void => {
    const view = session === null ? undefined : agent.viewOf(session);
    if (!view) return;
    const next = reviewSet(unwrap(view.pending));
    setSets(view.session, reconcile(next, { key: "path" }));
  };
  createEffect(() => follow(agent.current()));

  const setOf = (session: SessionId | null): ReviewSet => {
    const known = session === null ? undefined : sets[session];
    return known ?? empty;
  };
  const current = () => setOf(agent.current());

  /** Why nothing can be kept or discarded now. */
  const blocked = (session: SessionId | null): string | null => {
    if (session === null) return null;
    if (!host.connected()) return t("review.blocked.lost");
    const view = agent.viewOf(session);
    if (view?.stage !== "open") return t("review.blocked.closed");
    if (isBusy(view)) return t("review.blocked.busy");
    return working() ? t("review.blocked.working") : null;
  };

  async function work(run: () => Promise<void>): Promise<void> {
    if (working()) return;
    setWorking(true);
    try {
      await run();
    } catch (error) {
      const report = error instanceof Refused ? error.report : undefined;
      host.notify({ level: "error", text: t("review.failed"), ...(report ? { report } : {}) });
    } finally {
      setWorking(false);
    }
  }

  async function keep(session: SessionId, selection: Selection): Promise<void> {
    if (!(await saved(session, selection))) return;
    await work(async () => {
      const planned = await agent.opThen(session, { op: "plan_keep", selection }, ["keep_planned"]);
      const unconfirmed = planned.event === "keep_planned" ? planned.unconfirmed : [];
      const confirmed = unconfirmed.length === 0 ? [] : await askSurfaces(host, unconfirmed);
      if (confirmed === null) return;
      if (isNothing(selection, unconfirmed, confirmed)) return;
      const kept = await agent.opThen(session, { op: "keep", selection, confirmed }, ["kept"]);
      tellMoved(session, kept);
    });
  }

  /** Unsaved work in a file would be lost to what is kept, or the other way round. */
  async function saved(session: SessionId, selection: Selection): Promise<boolean> {
    const paths = pathsOf(session, selection);
    const dirty = host.dirtyFiles().filter((path) => paths.includes(path));
    if (dirty.length === 0) return true;
    const yes = await host.confirm({
      title: t("review.dirty", { count: dirty.length }),
      detail: dirty.join("\n"),
      confirm: t("review.dirty.save"),
    });
    if (!yes) return false;
    for (const path of dirty) {
      if (!(await host.save(path))) return false;
    }
    return true;
  }

  function pathsOf(session: SessionId, selection: Selection): string[] {
    if (selection.select === "hunks") return [selection.path];
    if (selection.select === "paths") return selection.paths;
    return setOf(session).files.map((file) => file.path);
  }

  async function discard(session: SessionId, selection: Selection): Promise<void> {
    const paths = pathsOf(session, selection);
    if (selection.select !== "hunks") {
      const yes = await host.confirm({
        title: t("review.discard.sure", { count: paths.length }),
        detail: t("review.discard.detail"),
        confirm: t("review.discard"),
        danger: true,
      });
      if (!yes) return;
    }
    await work(async () => {
      const done = await agent.opThen(session, { op: "discard", selection }, ["discarded"]);
      tellMoved(session, done);
    });
  }

  async function undoKeep(session: SessionId): Promise<void> {
    await work(async () => {
      const done = await agent.opThen(session, { op: "undo_keep" }, ["keep_undone"]);
      tellMoved(session, done);
    });
  }

  function tellMoved(session: SessionId, event: Event): void {
    if (event.event !== "kept" && event.event !== "discarded" && event.event !== "keep_undone")
      return;
    const how = event.event === "keep_undone" ? "undone" : event.event;
    const text = t(`agent.moved.${how}`, { count: event.paths.length });
    if (event.refused.length > 0) {
      const causes = event.refused.slice(0, 6).map(refusalWords);
      const error = t("agent.left", { count: event.refused.length });
      host.notify({ level: "warning", text, report: { error, causes, hint: null } });
    } else if (how === "kept") {
      const undo = { title: t("review.undo"), run: () => void undoKeep(session) };
      host.notify({ level: "info", text, brief: true, actions: [undo] });
    }
  }

  /** Sends words about some lines to the agent: into the turn that runs, else to the composer. */
  async function comment(
    session: SessionId,
    path: string,
    lines: [number, number],
    words: string,
  ): Promise<void> {
    if (agent.current() !== session) await agent.open(session);
    const text = `${placeOf(path, lines[0], lines[1])}: ${words.trim()}`;
    if (isBusy(agent.view())) {
      if (await agent.steer(text))
        host.notify({ level: "info", text: t("review.comment.steered"), brief: true });
      return;
    }
    const draft = agent.draft().trimEnd();
    agent.setDraft(draft === "" ? text : `${draft}\n${text}`);
    host.notify({
      level: "info",
      text: t("review.comment.added"),
      actions: [{ title: t("review.comment.show"), run: () => host.openView("agent") }],
      brief: true,
    });
  }

  const review = {
    agent,
    setOf,
    /** Keeps a session's review up to date; to be called in an effect. */
    follow,
    current,
    blocked,
    working,
    keep,
    discard,
    undoKeep,
    comment,
    /** The pending hunks of a file in the current session. Reactive; for editors. */
    hunksFor: (path: string): DiffHunk[] =>
      current().files.find((file) => file.path === path)?.hunks ?? [],
    keepHunk: (path: string, number: number) => onHunks(path, [number], keep),
    discardHunk: (path: string, number: number) => onHunks(path, [number], discard),
  };

  async function onHunks(path: string, numbers: number[], how: typeof keep): Promise<void> {
    const session = agent.current();
    if (session !== null) await how(session, { select: "hunks", path, numbers });
  }

  showInEditors(host, review);
  lookAgain(agent, review);
  return review;
}

function refusalWords({ path, reason }: Refusal): string {
  return `${path}: ${reason}`;
}

/** Whether a keep would do nothing: all of it needed a word and got none. */
function isNothing(
  selection: Selection,
  asked: readonly Change[],
  confirmed: Confirmation[],
): boolean {
  if (confirmed.length > 0 || asked.length === 0) return false;
  if (selection.select === "hunks") return true;
  return (
    selection.select === "paths" &&
    selection.paths.every((path) => asked.some((it) => it.path === path))
  );
}

/** Has open editors show the pending hunks of the current session. */
function showInEditors(
  host: Host,
  review: { current(): ReviewSet; agent: Agent } & Pick<Review, "keep" | "discard" | "comment">,
): void {
  let shown = new Set<string>();
  createEffect(() => {
    const session = review.agent.current();
    const files = review.current().files.filter((file) => file.change.hunks.length > 0);
    const next = new Set<string>();
    batch(() => {
      for (const file of session === null ? [] : files) {
        const { path, change } = file;
        if (session === null || change.kind === "deleted" || change.renamed_from) continue;
        next.add(path);
        const pending: PendingFile = {
          session,
          hunks: change.hunks.map(({ number, text }) => ({ number, text })),
          conflict: file.state === "conflict" ? (change.conflict ?? "") : null,
          keep: (numbers) => void review.keep(session, { select: "hunks", path, numbers }),
          undo: (numbers) => void review.discard(session, { select: "hunks", path, numbers }),
          comment: (line, text) => void review.comment(session, path, [line, line], text),
        };
        host.pending.set(path, pending);
      }
      for (const path of shown) if (!next.has(path)) host.pending.set(path, null);
    });
    shown = next;
  });
}

/** Looks at what is pending again after the user changed the files that it is about. */
function lookAgain(agent: Agent, review: { current(): ReviewSet }): void {
  let timer: ReturnType<typeof setTimeout> | undefined;
  agent.host.client.onNews((news) => {
    if (news.news !== "files_changed") return;
    const session = agent.current();
    const files = review.current().files;
    if (session === null || files.length === 0) return;
    const touched =
      news.all || files.some(({ path }) => news.directories.includes(directoryOf(path)));
    if (!touched) return;
    clearTimeout(timer);
    timer = setTimeout(() => {
      const view = agent.viewOf(session);
      if (view?.stage === "open" && !isBusy(view)) {
        agent.op(session, { op: "show" }).catch(() => undefined);
      }
    }, SETTLE_MS);
  });
}

function directoryOf(path: string): string {
  const at = path.lastIndexOf("/");
  return at < 0 ? "" : path.slice(0, at);
}
