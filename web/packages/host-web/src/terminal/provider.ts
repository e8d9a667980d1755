// SPDX-License-Identifier: Apache-2.0
// Shows xterm which parts of a line are links. A path is a link only where the workspace has that file; that is asked once
// for each path, and remembered for a while.

import type { IBufferCellPosition, ILink, ILinkProvider, Terminal } from "@xterm/xterm";
import { find, type Found } from "./links.ts";

const ROWS_MOST = 20;

/** What is done with links. */
export interface LinkOpener {
  /** The path in the workspace that a printed one means, if there is such a file. */
  resolve(path: string): Promise<string | null>;
  openFile(path: string, line: number | null, column: number | null): void;
  openWeb(address: string): void;
  /** The pointer is over a link; null where it left. */
  hover(text: string | null): void;
  isOpening(event: MouseEvent): boolean;
}

/** Finds the links of a terminal. */
export function linkProvider(terminal: Terminal, opener: LinkOpener): ILinkProvider {
  return {
    provideLinks(row, answer) {
      void linksAt(terminal, opener, row).then(answer, () => answer(undefined));
    },
  };
}

async function linksAt(
  terminal: Terminal,
  opener: LinkOpener,
  row: number,
): Promise<ILink[] | undefined> {
  const line = wholeLine(terminal, row);
  const links: ILink[] = [];
  for (const found of find(line.text)) {
    const link = await linkOf(opener, found, line);
    if (link !== null) links.push(link);
  }
  return links.length === 0 ? undefined : links;
}

async function linkOf(opener: LinkOpener, found: Found, line: WholeLine): Promise<ILink | null> {
  const range = { start: line.at(found.from), end: line.at(found.to - 1) };
  const text = line.text.slice(found.from, found.to);
  if (found.kind === "web") {
    const activate = (event: MouseEvent) => {
      if (opener.isOpening(event)) opener.openWeb(found.address);
    };
    return {
      range,
      text,
      activate,
      hover: () => opener.hover(found.address),
      leave: () => opener.hover(null),
    };
  }
  const path = await opener.resolve(found.path);
  if (path === null) return null;
  const activate = (event: MouseEvent) => {
    if (opener.isOpening(event)) opener.openFile(path, found.line, found.column);
  };
  const said = found.line === null ? path : `${path}:${found.line}`;
  return {
    range,
    text,
    activate,
    hover: () => opener.hover(said),
    leave: () => opener.hover(null),
  };
}

interface WholeLine {
  text: string;
  /** The cell of a UTF-16 unit of the text. */
  at(unit: number): IBufferCellPosition;
}

/** The line that a row belongs to: a long one goes over several rows. */
function wholeLine(terminal: Terminal, row: number): WholeLine {
  const buffer = terminal.buffer.active;
  let first = row - 1;
  while (first > 0 && row - 1 - first < ROWS_MOST && buffer.getLine(first)?.isWrapped === true)
    first -= 1;
  let text = "";
  const cells: IBufferCellPosition[] = [];
  for (let y = first; y < first + ROWS_MOST; y += 1) {
    const line = buffer.getLine(y);
    if (line === undefined || (y > first && !line.isWrapped)) break;
    for (let x = 0; x < line.length; x += 1) {
      const cell = line.getCell(x);
      if (cell === undefined || cell.getWidth() === 0) continue;
      const characters = cell.getChars() || " ";
      for (let unit = 0; unit < characters.length; unit += 1) cells.push({ x: x + 1, y: y + 1 });
      text += characters;
    }
  }
  const last = cells[cells.length - 1] ?? { x: 1, y: row };
  return { text: text.trimEnd(), at: (unit) => cells[unit] ?? last };
}
