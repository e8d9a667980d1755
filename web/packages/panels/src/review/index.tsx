// SPDX-License-Identifier: Apache-2.0
// The review of a session's pending changes, as an editor tab: all files with their hunks, and
// keys to go through them.

import {
  createEffect,
  createMemo,
  createSignal,
  For,
  type JSX,
  Match,
  on,
  Show,
  Switch,
} from "solid-js";

import type { SessionId } from "@moat/proto";
import "../agent/agent.css";
import "../agent/cards.css";
import "../agent/composer.css";
import "./review.css";
import { titleOf } from "../agent/titles.ts";
import { oneLine, visible } from "../agent/visible.ts";
import type { Host } from "../host.ts";
import { Button, Empty, Icon, IconButton, Spinner } from "../ui/index.ts";
import { Lines } from "./bar.tsx";
import { FileView, hunkId } from "./file.tsx";
import { totals, type ReviewFile } from "./model.ts";
import { reviewOf, type Review } from "./store.ts";

export { reviewOf, type Review } from "./store.ts";

/** The store of a host's review, for editors: `hunksFor`, `keepHunk`, `discardHunk`. */
export const reviewStore = reviewOf;

/** The review. `path` is the file that is gone to. */
export function ReviewEditor(props: {
  host: Host;
  session: SessionId;
  path?: string | undefined;
}): JSX.Element {
  const { host } = props;
  const t = host.t;
  const review = reviewOf(host);
  const { agent } = review;
  const set = () => review.setOf(props.session);
  const view = () => agent.viewOf(props.session);
  createEffect(
    on(
      () => props.session,
      (session) => void agent.attend(session),
    ),
  );
  createEffect(() => review.follow(props.session));
  return (
    <div class="rv-editor">
      <Switch fallback={<Files review={review} session={props.session} path={props.path} />}>
        <Match when={!view() || view()?.stage === "attaching"}>
          <div class="ag-wait" role="status">
            <Spinner label={t("agent.opening")} />
            <span>{t("agent.opening")}</span>
          </div>
        </Match>
        <Match when={view()?.pending === null && view()?.stage !== "gone"}>
          <Empty icon="diff" title={t("review.unknown")} detail={t("review.unknown.detail")}>
            <Button onClick={() => void agent.tellingOp(props.session, { op: "show" })}>
              {t("review.look")}
            </Button>
          </Empty>
        </Match>
        <Match
          when={
            set().files.length + set().git.length + set().ignored.length + set().leftOut.length ===
            0
          }
        >
          <Empty icon="check" title={t("review.nothing")} detail={t("review.nothing.detail")}>
            <UndoButton review={review} session={props.session} />
          </Empty>
        </Match>
      </Switch>
    </div>
  );
}

function UndoButton(props: { review: Review; session: SessionId }): JSX.Element {
  const t = props.review.agent.host.t;
  const blocked = () => props.review.blocked(props.session);
  const kept = () =>
    (props.review.agent.viewOf(props.session)?.keeps ?? 0) > 0 ||
    (props.review.agent.summaryOf(props.session)?.kept ?? false);
  return (
    <Show when={kept()}>
      <Button
        small
        icon="undo"
        disabled={blocked() !== null}
        title={blocked() ?? t("review.undo.detail")}
        onClick={() => void props.review.undoKeep(props.session)}
      >
        {t("review.undo")}
      </Button>
    </Show>
  );
}

function Files(props: {
  review: Review;
  session: SessionId;
  path: string | undefined;
}): JSX.Element {
  const { review } = props;
  const { host } = review.agent;
  const t = host.t;
  let scroller!: HTMLDivElement;
  const [folded, setFolded] = createSignal<ReadonlySet<string>>(new Set());
  const [current, setCurrent] = createSignal("");
  const files = () => review.setOf(props.session).files;
  const sum = createMemo(() => totals(files()));
  const blocked = () => review.blocked(props.session);
  const hunks = createMemo(() =>
    files().flatMap((file) =>
      file.hunks.length === 0
        ? []
        : file.hunks.map((hunk) => ({ file, hunk, id: hunkId(file.path, hunk.number) })),
    ),
  );
  const at = () => hunks().findIndex((it) => it.id === current());
  // After a hunk went away the one in its place is meant.
  let place = 0;
  createEffect(() => {
    const all = hunks();
    const index = all.findIndex((it) => it.id === current());
    if (index >= 0) place = index;
    else setCurrent(all[Math.min(place, all.length - 1)]?.id ?? "");
  });
  const element = (id: string) =>
    scroller.querySelector<HTMLElement>(`[data-hunk="${CSS.escape(id)}"]`);
  const go = (by: 1 | -1) => {
    const all = hunks();
    const next = all[Math.max(0, Math.min(all.length - 1, at() + by))];
    if (!next) return;
    fold(next.file.path, false);
    setCurrent(next.id);
    const found = element(next.id);
    found?.focus({ preventScroll: true });
    found?.scrollIntoView({ block: "nearest" });
  };
  const fold = (path: string, to: boolean) => {
    const next = new Set(folded());
    if (to) next.add(path);
    else next.delete(path);
    setFolded(next);
  };
  const foldAll = () => {
    const all = files().map((file) => file.path);
    setFolded(folded().size < all.length ? new Set(all) : new Set<string>());
  };
  const onCurrent = (how: "keep" | "discard") => {
    const it = hunks()[at()];
    if (!it || blocked() !== null || (how === "keep" && it.file.state === "conflict")) return;
    void review[how](props.session, {
      select: "hunks",
      path: it.file.path,
      numbers: [it.hunk.number],
    });
  };
  const keyDown = (event: KeyboardEvent) => {
    const typing = (event.target as HTMLElement).matches("input, textarea, select");
    if (typing || event.ctrlKey || event.metaKey) return;
    const it = hunks()[at()];
    const keys: Record<string, () => void> = {
      j: () => go(1),
      k: () => go(-1),
      F7: () => go(event.shiftKey ? -1 : 1),
      a: () => onCurrent("keep"),
      x: () => onCurrent("discard"),
      c: () => element(current())?.dispatchEvent(new CustomEvent("review-comment")),
      f: () => it && fold(it.file.path, !folded().has(it.file.path)),
      o: () => it && void host.openFile(it.file.path, { line: Math.max(1, it.hunk.oldStart) }),
    };
    const run = keys[event.key];
    if (!run) return;
    event.preventDefault();
    event.stopPropagation();
    run();
  };
  createEffect(
    on(
      () => props.path,
      (path) => {
        if (path === undefined) return;
        queueMicrotask(() => {
          const file = scroller.querySelector(`[data-path="${CSS.escape(path)}"]`);
          file?.scrollIntoView({ block: "start" });
          const first = hunks().find((it) => it.file.path === path);
          if (first) setCurrent(first.id);
        });
      },
    ),
  );
  return (
    <div class="rv-review" onKeyDown={keyDown}>
      <header class="rv-head">
        <h2 title={titleOf(review.agent, props.session)}>{titleOf(review.agent, props.session)}</h2>
        <span class="rv-head-told">
          {t("review.files", { count: files().length })}{" "}
          <Lines added={sum().added} removed={sum().removed} />
        </span>
        <span class="ag-grow" />
        <span class="rv-steps">
          <IconButton
            icon="arrow-up"
            label={t("review.previous")}
            disabled={at() <= 0}
            onClick={() => go(-1)}
          />
          <IconButton
            icon="arrow-down"
            label={t("review.next")}
            disabled={at() >= hunks().length - 1}
            onClick={() => go(1)}
          />
          <span class="rv-faint" aria-live="polite">
            {t("review.at", {
              n: Math.max(0, at()) + (hunks().length > 0 ? 1 : 0),
              of: hunks().length,
            })}
          </span>
          <IconButton icon="collapse" label={t("review.foldAll")} onClick={foldAll} />
        </span>
        <span class="rv-head-actions">
          <UndoButton review={review} session={props.session} />
          <Button
            small
            disabled={blocked() !== null || files().length === 0}
            title={blocked() ?? t("review.discardAll")}
            onClick={() => void review.discard(props.session, { select: "all" })}
          >
            {t("review.discardAll")}
          </Button>
          <Button
            small
            kind="primary"
            disabled={blocked() !== null || files().length === 0}
            title={blocked() ?? t("review.keepAll.detail")}
            onClick={() => void review.keep(props.session, { select: "all" })}
          >
            {t("review.keepAll")}
          </Button>
        </span>
      </header>
      <Show when={review.working() ? null : blocked()}>
        {(why) => (
          <p class="rv-blocked" role="status">
            <Icon name="info" size={14} />
            {why()}
          </p>
        )}
      </Show>
      <div class="rv-scroll" ref={scroller}>
        <For each={files()}>
          {(file) => (
            <FileView
              review={review}
              session={props.session}
              file={file}
              folded={folded().has(file.path)}
              onFold={(to) => fold(file.path, to)}
              current={current()}
              onCurrent={setCurrent}
            />
          )}
        </For>
        <Rest review={review} session={props.session} />
      </div>
      <footer class="rv-keys" aria-label={t("review.keys")}>
        <For each={["move", "keep", "discard", "comment", "fold", "open"] as const}>
          {(key) => (
            <span>
              <kbd>{t(`review.key.${key}`)}</kbd> {t(`review.keys.${key}`)}
            </span>
          )}
        </For>
      </footer>
    </div>
  );
}

/** What is not kept with the rest: ignored paths, git's own files, and what a set cannot hold. */
function Rest(props: { review: Review; session: SessionId }): JSX.Element {
  const { review } = props;
  const t = review.agent.host.t;
  const set = () => review.setOf(props.session);
  const keep = (file: ReviewFile) =>
    void review.keep(props.session, { select: "paths", paths: [file.path] });
  return (
    <div class="rv-rest">
      <Show when={set().truncated}>
        <p class="rv-blocked" role="status">
          <Icon name="warning" size={14} />
          {t("review.truncated")}
        </p>
      </Show>
      <Show when={set().git.length > 0}>
        <details open>
          <summary>{t("review.git", { count: set().git.length })}</summary>
          <p class="rv-faint">{t("review.git.detail")}</p>
          <ul>
            <For each={set().git}>
              {(file) => (
                <li>
                  <code>{oneLine(file.path)}</code>
                  <For each={file.surfaces}>
                    {(surface) => (
                      <div class="rv-faint bad">
                        {oneLine(surface.at ?? file.path)}: {visible(surface.does)} (
                        {oneLine(surface.reader)})
                      </div>
                    )}
                  </For>
                </li>
              )}
            </For>
          </ul>
        </details>
      </Show>
      <Show when={set().ignored.length > 0}>
        <details>
          <summary>{t("review.ignored", { count: set().ignored.length })}</summary>
          <p class="rv-faint">{t("review.ignored.detail")}</p>
          <ul>
            <For each={set().ignored}>
              {(file) => (
                <li class="rv-rest-row">
                  <code>{oneLine(file.path)}</code>
                  <Button
                    small
                    disabled={review.blocked(props.session) !== null}
                    onClick={() => keep(file)}
                  >
                    {t("review.keep")}
                  </Button>
                </li>
              )}
            </For>
          </ul>
        </details>
      </Show>
      <Show when={set().leftOut.length > 0}>
        <details>
          <summary>{t("review.leftOut", { count: set().leftOut.length })}</summary>
          <ul>
            <For each={set().leftOut}>
              {(it) => (
                <li>
                  <code>{oneLine(it.path)}</code> <span class="rv-faint">{visible(it.reason)}</span>
                </li>
              )}
            </For>
          </ul>
        </details>
      </Show>
    </div>
  );
}
