// SPDX-License-Identifier: Apache-2.0
// What is offered while something is typed: places behind an `@`, commands behind a `/` at the
// beginning. This finds out what is being typed and what stands for it; components show it.

import type { OpenTerminal, TreePath } from "@moat/proto";

import type { Host, Problem } from "../host.ts";
import type { IconName } from "../ui/icons.ts";
import type { Agent } from "./agent.ts";
import { COMMANDS, mention } from "./compose.ts";
import { oneLine } from "./visible.ts";

/** The part of the text that is being typed. */
export interface Typing {
  sign: "@" | "/";
  /** What stands behind the sign so far. */
  word: string;
  from: number;
  to: number;
}

/** Something that is offered. */
export interface Offer {
  key: string;
  icon: IconName;
  label: string;
  detail: string;
  /** What is put in place of what was typed. */
  text: string;
  /** Which letters of the label matched. */
  matched?: number[];
}

/** Finds out what is being typed at the cursor. */
export function typingAt(text: string, cursor: number): Typing | null {
  const before = text.slice(0, cursor);
  const slash = /(?:^|\n)\/([a-z-]*)$/.exec(before);
  if (slash && /^(\/[^\n]*\n)*\/[a-z-]*$/.test(before.trimStart())) {
    const word = slash[1] ?? "";
    return { sign: "/", word, from: cursor - word.length - 1, to: cursor };
  }
  const at = /(?:^|[\s([{,;])@([^\s`@]{0,200})$/.exec(before);
  if (!at) return null;
  const word = at[1] ?? "";
  return { sign: "@", word, from: cursor - word.length - 1, to: cursor };
}

/** The text with an offer put in, and where the cursor is then. */
export function accept(text: string, typing: Typing, offer: Offer): [string, number] {
  const after = text.slice(typing.to);
  const gap = after.startsWith(" ") || offer.text.endsWith("\n") ? "" : " ";
  const put = offer.text + gap;
  return [text.slice(0, typing.from) + put + after, typing.from + put.length];
}

/** The commands that begin with what was typed. */
export function commandOffers(host: Host, typing: Typing): Offer[] {
  const fits = COMMANDS.filter((command) => command.name.includes(typing.word));
  fits.sort((one, other) => rank(one.name, typing.word) - rank(other.name, typing.word));
  return fits.map((command) => ({
    key: `/${command.name}`,
    icon: command.kind ? "agent" : "tool",
    label: `/${command.name}`,
    detail: host.t(`agent.command.${command.name}` as "agent.command.repair"),
    text: `/${command.name}`,
  }));
}

function rank(name: string, word: string): number {
  return name.startsWith(word) ? 0 : 1;
}

const FILES = 8;
const FEW = 4;

/** The places that fit what was typed. */
export async function placeOffers(agent: Agent, typing: Typing): Promise<Offer[]> {
  const { host } = agent;
  const word = typing.word.toLowerCase();
  const fits = (text: string) => word === "" || text.toLowerCase().includes(word);
  const offers: Offer[] = [];
  const selection = host.selection();
  if (selection && fits(`selection ${selection.path}`)) {
    const lines = { first: selection.startLine, last: selection.endLine };
    offers.push({
      key: "selection",
      icon: "edit",
      label: host.t("agent.mention.selection"),
      detail: `${selection.path}:${lines.first}-${lines.last}`,
      text: mention(selection.path, lines),
    });
  }
  offers.push(
    ...problemOffers(host, fits),
    ...pendingOffers(agent, fits),
    ...sessionOffers(agent, fits),
  );
  const [files, terminals] = await Promise.all([
    fileOffers(host, typing.word),
    terminalOffers(host, fits),
  ]);
  return [...offers.slice(0, 1 + FEW), ...files, ...terminals, ...offers.slice(1 + FEW)].slice(
    0,
    24,
  );
}

async function fileOffers(host: Host, word: string): Promise<Offer[]> {
  const slash = word.endsWith("/");
  const recent = host.recentFiles().filter((path) => word === "" || path.includes(word));
  const reply = await host.client
    .ask({ service: "files", query: "find", text: word, limit: FILES })
    .catch(() => null);
  const found = reply?.reply === "found" ? reply.found : [];
  const offers = new Map<string, Offer>();
  for (const path of directories([...found.map((it) => it.path), ...recent], word, slash)) {
    offers.set(`${path}/`, {
      key: `${path}/`,
      icon: "folder",
      label: `${path}/`,
      detail: "",
      text: mention(`${path}/`),
    });
  }
  for (const path of word === "" ? recent.slice(0, FEW) : []) offers.set(path, fileOffer(path));
  for (const { path, matched } of found) {
    if (!offers.has(path)) offers.set(path, fileOffer(path, matched));
  }
  return [...offers.values()];
}

/** Directories of the found files whose own path fits, the shortest first. */
function directories(paths: TreePath[], word: string, slash: boolean): TreePath[] {
  if (word === "") return [];
  const wanted = (slash ? word.slice(0, -1) : word).toLowerCase();
  const found = new Set<TreePath>();
  for (const path of paths) {
    const parts = path.split("/");
    for (let count = 1; count < parts.length; count++) {
      const directory = parts.slice(0, count).join("/");
      if (directory.toLowerCase().includes(wanted)) found.add(directory);
    }
  }
  return [...found].sort((one, other) => one.length - other.length).slice(0, slash ? FEW : 2);
}

function fileOffer(path: TreePath, matched?: number[]): Offer {
  const at = path.lastIndexOf("/");
  const offer: Offer = {
    key: path,
    icon: "file",
    label: path.slice(at + 1),
    detail: at < 0 ? "" : path.slice(0, at),
    text: mention(path),
  };
  if (matched) offer.matched = matched.filter((it) => it > at).map((it) => it - at - 1);
  return offer;
}

function problemOffers(host: Host, fits: (text: string) => boolean): Offer[] {
  const shown = host.problems().filter((it) => fits(`problem ${it.path} ${it.message}`));
  return shown.slice(0, FEW).map((problem) => ({
    key: `problem ${problem.path}:${problem.line}:${problem.column}:${problem.message}`,
    icon: problem.severity === "error" ? "error" : "warning",
    label: oneLine(problem.message),
    detail: `${problem.path}:${problem.line}`,
    text: `${mention(problem.path, { first: problem.line, last: problem.line })} (${words(problem)})`,
  }));
}

function words(problem: Problem): string {
  return `${problem.severity}: ${oneLine(problem.message).replaceAll("`", "'")}`;
}

function pendingOffers(agent: Agent, fits: (text: string) => boolean): Offer[] {
  const changes = agent.view()?.pending?.changes.filter((it) => it.class === "edit") ?? [];
  if (changes.length === 0 || !fits("changes diff")) return [];
  const paths = changes.slice(0, 20).map((it) => mention(it.path));
  return [
    {
      key: "changes",
      icon: "diff",
      label: agent.host.t("agent.mention.changes"),
      detail: agent.host.t("agent.mention.files", { count: changes.length }),
      text: `the pending changes in ${paths.join(", ")}`,
    },
  ];
}

function sessionOffers(agent: Agent, fits: (text: string) => boolean): Offer[] {
  const others = agent.listing.sessions.filter((it) => it.session !== agent.current() && it.task);
  const named = (session: string, task: string | null) => agent.nameOf(session) ?? task ?? session;
  const shown = others.filter((it) => fits(`session ${named(it.session, it.task)}`));
  return shown.slice(0, 3).map((it) => ({
    key: `session ${it.session}`,
    icon: "agent",
    label: oneLine(named(it.session, it.task)),
    detail: agent.host.t(`agent.standing.${it.standing}`),
    text: `session ${it.session} ("${oneLine(it.task ?? "").slice(0, 200)}", ${it.standing.replace("_", " ")})`,
  }));
}

/** A host that has terminals may tell what one of them shows. */
type Terminals = { terminalText?(terminal: number): string | null };

const TERMINAL_LINES = 60;

async function terminalOffers(host: Host, fits: (text: string) => boolean): Promise<Offer[]> {
  if (!fits("terminal")) return [];
  const reply = await host.client.ask({ service: "terminal", query: "list" }).catch(() => null);
  const terminals: OpenTerminal[] = reply?.reply === "listed" ? reply.terminals : [];
  return terminals.slice(0, FEW).map((terminal) => {
    const name = `${terminal.program} (${terminal.terminal})`;
    const shown = (host as Host & Terminals).terminalText?.(terminal.terminal)?.trimEnd() ?? "";
    const lines = shown.split("\n").slice(-TERMINAL_LINES).join("\n");
    const text =
      lines === "" ? `terminal ${name}` : `terminal ${name}:\n\`\`\`\n${lines}\n\`\`\`\n`;
    return {
      key: `terminal ${terminal.terminal}`,
      icon: "terminal",
      label: name,
      detail: host.t("agent.mention.terminal"),
      text,
    };
  });
}
