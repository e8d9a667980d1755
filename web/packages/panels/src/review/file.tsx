// SPDX-License-Identifier: Apache-2.0
// One file of the review: what becomes of it, what it would make other tools do, its conflict, and
// its hunks, each to be kept, discarded or commented on.

import { createSignal, For, type JSX, Show } from "solid-js";

import type { Selection, SessionId } from "@moat/proto";
import { isBusy } from "../agent/view.ts";
import { oneLine, visible } from "../agent/visible.ts";
import { Badge, Button, FileIcon, Icon, IconButton, TextArea } from "../ui/index.ts";
import { effectKey } from "./ask.tsx";
import { Lines } from "./bar.tsx";
import { ConflictView } from "./conflict.tsx";
import { FileDetails } from "./details.tsx";
import type { DiffHunk, DiffLine } from "./hunk.ts";
import { HunkLines } from "./lines.tsx";
import type { ReviewFile } from "./model.ts";
import type { Review } from "./store.ts";

/** What is written about some lines and not sent. */
interface Draft {
  hunk: number;
  /** The line that it stands below. */
  at: DiffLine | null;
  lines: [number, number];
}

/** What a file's view is given. */
export interface FileProps {
  review: Review;
  session: SessionId;
  file: ReviewFile;
  folded: boolean;
  onFold(folded: boolean): void;
  /** The hunk that keys are about, by path and number. */
  current: string;
  onCurrent(id: string): void;
}

/** A hunk's name in the page. */
export function hunkId(path: string, number: number): string {
  return `${path}#${number}`;
}

/** A file. */
export function FileView(props: FileProps): JSX.Element {
  const { review } = props;
  const { host } = review.agent;
  const t = host.t;
  const change = () => props.file.change;
  const name = () => oneLine(props.file.path.slice(props.file.path.lastIndexOf("/") + 1));
  const directory = () =>
    oneLine(props.file.path.slice(0, Math.max(0, props.file.path.lastIndexOf("/"))));
  const blocked = () => review.blocked(props.session);
  const isConflict = () => props.file.state === "conflict";
  const kind = () =>
    change().kind === "created" && change().renamed_from ? "moved" : change().kind;
  const paths = (): Selection => ({ select: "paths", paths: [props.file.path] });
  return (
    <section class="rv-file" data-path={props.file.path} aria-label={oneLine(props.file.path)}>
      <header class="rv-file-head">
        <button
          type="button"
          class="rv-fold"
          aria-expanded={!props.folded}
          aria-label={t(props.folded ? "review.unfold" : "review.fold", { path: name() })}
          onClick={() => props.onFold(!props.folded)}
        >
          <Icon name="chevron-right" size={14} class={props.folded ? "" : "turned"} />
        </button>
        <FileIcon name={name()} />
        <button
          type="button"
          class="rv-file-name"
          title={oneLine(props.file.path)}
          onClick={() => void host.openFile(props.file.path, firstLine(props.file))}
        >
          <span class="rv-name">{name()}</span>
          <span class="rv-directory">{directory()}</span>
        </button>
        <Badge tone={kind() === "deleted" ? "error" : kind() === "created" ? "success" : "plain"}>
          {t(`review.change.${kind()}`)}
        </Badge>
        <Lines added={change().lines_added} removed={change().lines_removed} />
        <span class="rv-file-actions">
          <Button
            small
            disabled={blocked() !== null}
            title={blocked() ?? t("review.discard.file")}
            onClick={() => void review.discard(props.session, paths())}
          >
            {t("review.discard")}
          </Button>
          <Button
            small
            kind="primary"
            disabled={blocked() !== null || isConflict()}
            title={
              blocked() ?? (isConflict() ? t("review.conflict.cannot") : t("review.keep.file"))
            }
            onClick={() => void review.keep(props.session, paths())}
          >
            {t(props.file.state === "surface" ? "review.keep.surface" : "review.keep")}
          </Button>
        </span>
      </header>
      <Show when={!props.folded}>
        <div class="rv-file-body">
          <FileDetails host={host} change={change()} />
          <Surfaces review={review} file={props.file} />
          <Show when={isConflict()}>
            <ConflictView
              host={host}
              change={change()}
              blocked={blocked()}
              onDiscard={() => void review.discard(props.session, paths())}
            />
          </Show>
          <For each={props.file.hunks}>
            {(hunk) => <HunkView {...props} hunk={hunk} blocked={blocked()} />}
          </For>
        </div>
      </Show>
    </section>
  );
}

function firstLine(file: ReviewFile): { line: number } | Record<string, never> {
  const first = file.hunks[0];
  return first ? { line: Math.max(1, first.oldStart) } : {};
}

/** What a change would make other tools do. */
function Surfaces(props: { review: Review; file: ReviewFile }): JSX.Element {
  const t = props.review.agent.host.t;
  return (
    <For each={props.file.surfaces}>
      {(surface) => (
        <div class="rv-surface" classList={{ gated: surface.gated }}>
          <Icon name={surface.gated ? "warning" : "info"} />
          <div>
            <p>
              <b>{t(surface.gated ? "review.surface" : "review.surface.told")}</b>{" "}
              {visible(surface.does)}
            </p>
            <p class="rv-faint">
              {t("review.surface.by", {
                reader: oneLine(surface.reader),
                when: surface.effects.map((effect) => t(effectKey(effect))).join("; "),
              })}
            </p>
            <Show when={surface.gated}>
              <p class="rv-faint">{t("review.surface.own")}</p>
            </Show>
          </div>
        </div>
      )}
    </For>
  );
}

function HunkView(props: FileProps & { hunk: DiffHunk; blocked: string | null }): JSX.Element {
  const { review } = props;
  const t = review.agent.host.t;
  const [draft, setDraft] = createSignal<Draft | null>(null);
  const id = () => hunkId(props.file.path, props.hunk.number);
  const isCurrent = () => props.current === id();
  const selection = (): Selection => ({
    select: "hunks",
    path: props.file.path,
    numbers: [props.hunk.number],
  });
  const isConflict = () => props.file.state === "conflict";
  const lines = (): [number, number] => {
    const { newStart, newCount, oldStart, oldCount } = props.hunk;
    const [start, count] = newCount > 0 ? [newStart, newCount] : [oldStart, oldCount];
    return [Math.max(1, start), Math.max(1, start + Math.max(count, 1) - 1)];
  };
  const commentOn = (line: DiffLine | null) => {
    const at = line?.after ?? line?.before ?? null;
    setDraft({ hunk: props.hunk.number, at: line, lines: at === null ? lines() : [at, at] });
  };
  const name = () =>
    t("review.hunk", {
      n: props.file.hunks.indexOf(props.hunk) + 1,
      of: props.file.hunks.length,
      first: lines()[0],
      last: lines()[1],
    });
  return (
    <div
      class="rv-hunk"
      classList={{ current: isCurrent() }}
      data-hunk={id()}
      role="group"
      aria-label={name()}
      tabIndex={isCurrent() ? 0 : -1}
      onFocusIn={() => props.onCurrent(id())}
      on:review-comment={() => commentOn(null)}
    >
      <div class="rv-hunk-head">
        <span class="rv-hunk-place">
          {lines()[0]}–{lines()[1]}
        </span>
        <span class="rv-hunk-heading">{visible(props.hunk.heading)}</span>
        <span class="rv-hunk-actions">
          <IconButton
            icon="comment"
            size={14}
            label={t("review.comment.hunk")}
            onClick={() => commentOn(null)}
          />
          <IconButton
            icon="undo"
            size={14}
            label={props.blocked ?? t("review.discard.hunk")}
            disabled={props.blocked !== null}
            onClick={() => void review.discard(props.session, selection())}
          />
          <IconButton
            icon="check"
            size={14}
            label={props.blocked ?? t(isConflict() ? "review.conflict.cannot" : "review.keep.hunk")}
            disabled={props.blocked !== null || isConflict()}
            onClick={() => void review.keep(props.session, selection())}
          />
        </span>
      </div>
      <Show when={draft() && draft()?.at === null}>
        <CommentBox
          review={review}
          session={props.session}
          file={props.file}
          draft={draft() as Draft}
          onClose={() => setDraft(null)}
        />
      </Show>
      <HunkLines
        host={review.agent.host}
        hunk={props.hunk}
        onComment={commentOn}
        below={(line) => (
          <Show when={draft()?.at === line}>
            <CommentBox
              review={review}
              session={props.session}
              file={props.file}
              draft={draft() as Draft}
              onClose={() => setDraft(null)}
            />
          </Show>
        )}
      />
    </div>
  );
}

function CommentBox(props: {
  review: Review;
  session: SessionId;
  file: ReviewFile;
  draft: Draft;
  onClose(): void;
}): JSX.Element {
  const { review } = props;
  const t = review.agent.host.t;
  const [text, setText] = createSignal("");
  const busy = () => isBusy(review.agent.viewOf(props.session));
  const send = () => {
    if (text().trim() === "") return;
    void review.comment(props.session, props.file.path, props.draft.lines, text());
    props.onClose();
  };
  return (
    <form
      class="rv-comment"
      onSubmit={(event) => {
        event.preventDefault();
        send();
      }}
      onKeyDown={(event) => {
        event.stopPropagation();
        if (event.key === "Escape") props.onClose();
        else if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) send();
      }}
    >
      <TextArea
        ref={(area) => queueMicrotask(() => area.focus())}
        label={t("review.comment.about", {
          first: props.draft.lines[0],
          last: props.draft.lines[1],
        })}
        placeholder={t("review.comment.about", {
          first: props.draft.lines[0],
          last: props.draft.lines[1],
        })}
        rowsMost={8}
        value={text()}
        onInput={setText}
      />
      <div class="rv-comment-actions">
        <Button small onClick={props.onClose}>
          {t("agent.cancel")}
        </Button>
        <Button small kind="primary" type="submit" disabled={text().trim() === ""}>
          {t(busy() ? "review.comment.steer" : "review.comment.add")}
        </Button>
      </div>
    </form>
  );
}
