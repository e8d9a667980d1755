// SPDX-License-Identifier: Apache-2.0
// Finds addresses and places in files in what is printed: `src/a.rs:12:3`, `File "a.py", line 3`, `a.c(12,3)`, `https://…`.
// It only finds; whether a file is there is asked of the server, and nothing is opened without a click.

/** Something in a line that may be a link; `from` and `to` are UTF-16 units. */
export type Found =
  | { kind: "web"; from: number; to: number; address: string }
  | {
      kind: "file";
      from: number;
      to: number;
      path: string;
      line: number | null;
      column: number | null;
    };

const LINE_MOST = 4000;
const WEB = /\bhttps?:\/\/[^\s<>"'`{}|\\^\p{Cc}]+/giu;
const PYTHON = /File "([^"\n]{1,500})", line (\d{1,7})/gu;
// A path has a slash or a dot with an ending, then perhaps a place: `:12:3`, `(12,3)`, `, line 12`, `#L12`.
const FILE =
  /(?:[\p{L}\p{N}_@~+.-]+\/|\/|\.{1,2}\/)*[\p{L}\p{N}_@~+.-]*[\p{L}\p{N}_](?::(\d{1,7})(?::(\d{1,5}))?|\((\d{1,7})(?:,\s?(\d{1,5}))?\)|#L(\d{1,7}))?/gu;
const ENDING = /\.[\p{L}\p{N}_-]{1,12}$/u;

/** Finds what may be links in a line. They do not overlap, and stand in order. */
export function find(text: string): Found[] {
  const line = text.slice(0, LINE_MOST);
  const found: Found[] = [];
  const taken: { from: number; to: number }[] = [];
  const free = (from: number, to: number) => taken.every((one) => to <= one.from || from >= one.to);
  for (const match of line.matchAll(WEB)) {
    const address = trimmed(match[0]);
    // What looks like an address and is none that is opened is no file either.
    taken.push({ from: match.index, to: match.index + match[0].length });
    if (isWeb(address))
      found.push({ kind: "web", from: match.index, to: match.index + address.length, address });
  }
  for (const match of line.matchAll(PYTHON)) {
    const path = match[1] ?? "";
    const from = match.index + 'File "'.length;
    if (!free(from, match.index + match[0].length)) continue;
    found.push({
      kind: "file",
      from,
      to: match.index + match[0].length,
      path,
      line: Number(match[2]),
      column: null,
    });
    taken.push({ from, to: match.index + match[0].length });
  }
  for (const match of line.matchAll(FILE)) {
    const file = fileOf(match);
    if (file !== null && free(file.from, file.to)) found.push(file);
  }
  return found.sort((a, b) => a.from - b.from);
}

function fileOf(match: RegExpMatchArray): (Found & { kind: "file" }) | null {
  const whole = match[0];
  const from = match.index ?? 0;
  const line = match[1] ?? match[3] ?? match[5];
  const column = match[2] ?? match[4];
  const path = whole.replace(/(?::\d+(?::\d+)?|\(\d+(?:,\s?\d+)?\)|#L\d+)$/u, "");
  // A word alone is a file only where something says so: a directory, an ending, or a place behind it.
  const named = path.includes("/") || (ENDING.test(path) && !/^\d+(\.\d+)*$/u.test(path));
  if (!named || path.length > 500 || /^\.+$/u.test(path)) return null;
  return {
    kind: "file",
    from,
    to: from + whole.length,
    path,
    line: line ? Number(line) : null,
    column: column ? Number(column) : null,
  };
}

/** Without what belongs to the sentence around an address and not to it. */
function trimmed(address: string): string {
  let text = address.replace(/[.,;:!?]+$/u, "");
  for (const [open, close] of [
    ["(", ")"],
    ["[", "]"],
  ] as const) {
    while (text.endsWith(close) && text.split(close).length > text.split(open).length)
      text = text.slice(0, -1);
  }
  return text;
}

function isWeb(address: string): boolean {
  try {
    const url = new URL(address);
    return (
      (url.protocol === "http:" || url.protocol === "https:") &&
      url.hostname !== "" &&
      url.username === ""
    );
  } catch {
    return false;
  }
}

/** The path in the workspace that a printed path may mean; nothing where it leads out. */
export function inWorkspace(path: string, workspace: string): string | null {
  let inner = path;
  if (path.startsWith("/")) {
    const root = workspace.endsWith("/") ? workspace : `${workspace}/`;
    if (!path.startsWith(root)) return null;
    inner = path.slice(root.length);
  } else if (path.startsWith("~")) return null;
  const parts: string[] = [];
  for (const part of inner.split("/")) {
    if (part === "" || part === ".") continue;
    if (part === "..") {
      if (parts.pop() === undefined) return null;
    } else parts.push(part);
  }
  return parts.length === 0 ? null : parts.join("/");
}
