// SPDX-License-Identifier: Apache-2.0
// What the review shows of a change set: files with their hunks taken apart, which of them can be
// kept, which need a word of their own, and what is never kept. Pure.

import type { Change, ChangeSet, Side, Surface } from "@moat/proto";

import { parseHunk, type DiffHunk } from "./hunk.ts";

/** How a path stands. */
export type FileState =
  /** It can be kept. */
  | "ready"
  /** It is kept only with a confirmation of its own. */
  | "surface"
  /** Only a person can join it with newer work. */
  | "conflict"
  /** It is ignored: kept only by name. */
  | "ignored"
  /** It is git's own: never kept. */
  | "git";

/** One path of the review. */
export interface ReviewFile {
  path: string;
  change: Change;
  state: FileState;
  hunks: DiffHunk[];
  surfaces: Surface[];
}

/** The review of a session. */
export interface ReviewSet {
  files: ReviewFile[];
  ignored: ReviewFile[];
  git: ReviewFile[];
  leftOut: ChangeSet["left_out"];
  truncated: boolean;
}

/** What the review shows of a change set. */
export function reviewSet(set: ChangeSet | null): ReviewSet {
  const files = (set?.changes ?? []).map(reviewFile);
  return {
    files: files.filter((file) => file.state !== "ignored" && file.state !== "git"),
    ignored: files.filter((file) => file.state === "ignored"),
    git: files.filter((file) => file.state === "git"),
    leftOut: set?.left_out ?? [],
    truncated: set?.truncated ?? false,
  };
}

function reviewFile(change: Change): ReviewFile {
  return {
    path: change.path,
    change,
    state: stateOf(change),
    hunks: change.hunks.map(parseHunk),
    surfaces: change.surfaces ?? [],
  };
}

function stateOf(change: Change): FileState {
  if (change.class === "git_metadata") return "git";
  if (change.class === "ignored") return "ignored";
  if (change.conflict || change.merge?.merge === "conflict") return "conflict";
  return (change.surfaces ?? []).some((surface) => surface.gated) ? "surface" : "ready";
}

/** Lines added and removed in all. */
export function totals(files: readonly ReviewFile[]): { added: number; removed: number } {
  let added = 0;
  let removed = 0;
  for (const { change } of files) {
    added += change.lines_added;
    removed += change.lines_removed;
  }
  return { added, removed };
}

/** What hunks do not show, as words with what they need. The words are in the locale files. */
export type Detail =
  | { key: "review.detail.mode"; args: { before: string; after: string }; tone: "warning" }
  | { key: "review.detail.modeIs"; args: { mode: string }; tone: "warning" }
  | {
      key: "review.detail.type";
      args: { before: Side["kind"]; after: Side["kind"] };
      tone: "warning";
    }
  | {
      key: "review.detail.linkOld" | "review.detail.linkNew";
      args: { target: string };
      tone: "bad" | "good";
    }
  | {
      key: "review.detail.binary" | "review.detail.content" | "review.detail.unchanged";
      args: { before: number | null; after: number | null; sha: string };
      tone: "warning";
    };

const UNUSUAL_FILE_BITS = 0o7113;
const UNUSUAL_DIRECTORY_BITS = 0o7002;
const OWNER_BITS = 0o700;
const DIGITS_SHOWN = 12;

/** What hunks do not show: what a path turned into, its mode, where a link leads, and content
 * that is no text. The same as the terminal shows. */
export function details(change: Change): Detail[] {
  const { before, after } = change;
  const found: Detail[] = [];
  if (change.kind === "type" && before.kind !== "nothing" && after.kind !== "nothing") {
    found.push({
      key: "review.detail.type",
      args: { before: before.kind, after: after.kind },
      tone: "warning",
    });
  }
  const mode = modeDetail(before, after);
  if (mode) found.push(mode);
  if (before.kind === "link" && before.target != null) {
    found.push({ key: "review.detail.linkOld", args: { target: before.target }, tone: "bad" });
  }
  if (after.kind === "link" && after.target != null) {
    found.push({ key: "review.detail.linkNew", args: { target: after.target }, tone: "good" });
  }
  const isShown = change.merge?.merge === "conflict" && change.merge.places.length > 0;
  if (change.hunks.length === 0 && !change.renamed_to && !isShown) {
    const content = contentDetail(change);
    if (content) found.push(content);
  }
  return found;
}

function modeDetail(before: Side, after: Side): Detail | null {
  if (after.kind === "nothing" || after.kind === "link") return null;
  if (before.kind === after.kind) {
    if (before.mode === after.mode) return null;
    return {
      key: "review.detail.mode",
      args: { before: before.mode, after: after.mode },
      tone: "warning",
    };
  }
  const bits = Number.parseInt(after.mode, 8);
  const unusual = after.kind === "file" ? UNUSUAL_FILE_BITS : UNUSUAL_DIRECTORY_BITS;
  const isShut = after.kind === "directory" && (bits & OWNER_BITS) !== OWNER_BITS;
  if (!isShut && (bits & unusual) === 0) return null;
  return { key: "review.detail.modeIs", args: { mode: after.mode }, tone: "warning" };
}

function contentDetail({ before, after, renamed_from }: Change): Detail | null {
  const old = before.kind === "file" ? (before.content ?? null) : null;
  const now = after.kind === "file" ? (after.content ?? null) : null;
  const latest = now ?? old;
  if (!latest || (old && now && old.sha256 === now.sha256 && !renamed_from)) return null;
  if (!(old && now) && latest.length_bytes === 0) return null;
  const isPlain = (side: Side) => side.kind === "file" || side.kind === "nothing";
  const key = renamed_from
    ? "review.detail.unchanged"
    : isPlain(before) && isPlain(after)
      ? "review.detail.binary"
      : "review.detail.content";
  return {
    key,
    args: {
      before: old?.length_bytes ?? null,
      after: now?.length_bytes ?? null,
      sha: latest.sha256.slice(0, DIGITS_SHOWN),
    },
    tone: "warning",
  };
}

/** Where a comment is about: a path and a line, or a hunk's lines. */
export function placeOf(path: string, first: number, last: number): string {
  const place = last > first ? `${path}:${first}-${last}` : `${path}:${first}`;
  return place.includes("`") ? place : `\`${place}\``;
}
