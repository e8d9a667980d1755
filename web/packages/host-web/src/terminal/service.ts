// SPDX-License-Identifier: Apache-2.0
// The terminals that there are: opening, closing and naming them, what becomes of them when the connection or the server
// goes, and their screens. The server runs them; this keeps what is shown of them.

import type { OpenTerminal } from "@moat/proto";
import type { Host } from "@moat/panels/host.ts";
import { openWeb } from "@moat/panels/markdown/open.ts";
import { orTell, reportOf, tell } from "@moat/panels/tell.ts";
import { type Accessor, createRoot, createSignal } from "solid-js";
import {
  closed,
  neighbour,
  NO_TERMINALS,
  opened,
  readArrangement,
  reconciled,
  type Arrangement,
} from "./groups.ts";
import { inWorkspace } from "./links.ts";
import { isOpening, Screen } from "./screen.ts";
import { terminalOptions } from "./options.ts";

const MEMORY = "terminal.arrangement";
const COLUMNS = 80;
const ROWS = 24;
const KNOWN_PATHS_MOST = 500;
const NAME_MOST = 60;

/** How a terminal is. */
export type State =
  | { kind: "running" }
  | { kind: "ended"; status: number | null }
  | { kind: "stopped" };

/** A terminal as it is shown. */
export interface Shown {
  terminal: number;
  program: string;
  /** What the program calls itself; empty where it says nothing. */
  title: string;
  state: State;
}

/** The terminals. */
export interface Terminals {
  arrangement: Accessor<Arrangement>;
  shown(terminal: number): Shown | null;
  /** What stands on a terminal's tab. */
  nameOf(terminal: number): string;
  screen(terminal: number): Screen | null;
  /** The number of a terminal that is being opened is not known yet. */
  opening: Accessor<boolean>;
  ready: Accessor<boolean>;
  /** Waits until it is known which terminals there are. */
  known(): Promise<void>;
  /** What is under the pointer and can be opened. */
  hovered: Accessor<string | null>;
  open(how?: { directory?: string; split?: boolean }): Promise<number | null>;
  close(terminal: number): Promise<void>;
  rename(terminal: number): Promise<void>;
  activate(terminal: number, focus?: boolean): void;
  go(step: 1 | -1, within: boolean): void;
  active(): Screen | null;
}

const made = new WeakMap<Host, Terminals>();

/** The terminals of a host: there is one such set, whether or not the panel is shown. */
export function terminalsOf(host: Host): Terminals {
  let found = made.get(host);
  if (found === undefined) {
    found = createRoot(() => createTerminals(host));
    made.set(host, found);
  }
  return found;
}

function createTerminals(host: Host): Terminals {
  const [arrangement, setArrangement] = createSignal<Arrangement>(
    readArrangement(host.memory.get<unknown>(MEMORY, NO_TERMINALS)),
  );
  const [all, setAll] = createSignal<ReadonlyMap<number, Shown>>(new Map());
  const [opening, setOpening] = createSignal(false);
  const [ready, setReady] = createSignal(false);
  const [hovered, setHovered] = createSignal<string | null>(null);
  const screens = new Map<number, Screen>();
  const links = createLinks(host, setHovered);
  let becameKnown = () => {};
  const known = new Promise<void>((resolve) => {
    becameKnown = resolve;
  });
  let instance = "";

  const arrange = (next: Arrangement) => {
    setArrangement(next);
    host.memory.set(MEMORY, next);
  };
  const patch = (terminal: number, change: Partial<Shown>) =>
    setAll((was) => {
      const found = was.get(terminal);
      return found === undefined ? was : new Map(was).set(terminal, { ...found, ...change });
    });
  const show = (info: OpenTerminal, state: State) =>
    setAll((was) =>
      new Map(was).set(info.terminal, {
        terminal: info.terminal,
        program: info.program,
        title: was.get(info.terminal)?.title ?? "",
        state,
      }),
    );
  const screenFor = (terminal: number): Screen => {
    const screen = new Screen({
      line: host.client.terminal(terminal),
      options: terminalOptions(host),
      links,
      onTitle: (title) => patch(terminal, { title }),
      onSize: (columns, rows) => {
        if (all().get(terminal)?.state.kind !== "running") return;
        void quietly(
          host.client.ask({ service: "terminal", query: "resize", terminal, columns, rows }),
        );
      },
      onFocus: () => {
        if (arrangement().active !== terminal) arrange({ ...arrangement(), active: terminal });
      },
      confirmPaste: (text) => confirmPaste(host, text),
      copyOnSelection: () => host.settings.get("terminal.copyOnSelection"),
      leftOut: () => `[${host.t("terminal.leftOut")}]`,
    });
    screens.set(terminal, screen);
    return screen;
  };
  const forget = (terminal: number) => {
    screens.get(terminal)?.dispose();
    screens.delete(terminal);
    setAll((was) => {
      const next = new Map(was);
      next.delete(terminal);
      return next;
    });
  };
  /** Makes what is shown what there is: at the beginning, and after the connection was lost. */
  const recover = async () => {
    const reply = await host.client.ask({ service: "terminal", query: "list" });
    if (reply.reply !== "listed") return;
    const restarted = instance !== "" && instance !== host.setup().instance;
    instance = host.setup().instance;
    const present = new Map(reply.terminals.map((info) => [info.terminal, info]));
    // A terminal of before whose number the server does not know was ended with it: what it printed stays to be read.
    const lost = [...all().keys()].filter((terminal) => !present.has(terminal));
    for (const terminal of lost) patch(terminal, { state: { kind: "stopped" } });
    for (const info of reply.terminals) {
      const before = all().get(info.terminal)?.state;
      const ended: State =
        before?.kind === "ended"
          ? before
          : restarted
            ? { kind: "stopped" }
            : { kind: "ended", status: null };
      show(info, info.ended ? ended : { kind: "running" });
      const screen = screens.get(info.terminal) ?? screenFor(info.terminal);
      const { terminal } = info;
      void screen
        .replay(() => host.client.ask({ service: "terminal", query: "attach", terminal }))
        .catch((error: unknown) => screen.note(reportOf(host, error).error));
    }
    arrange(reconciled(arrangement(), [...lost, ...present.keys()]));
    setReady(true);
    becameKnown();
  };
  host.client.onState((state) => {
    if (state === "connected") void orTell(host, recover);
  });
  if (host.client.state === "connected") void orTell(host, recover);
  host.client.onNews((news) => {
    if (news.news !== "terminal_ended") return;
    const restarted = all().get(news.terminal)?.state.kind === "stopped";
    if (!restarted) patch(news.terminal, { state: { kind: "ended", status: news.status ?? null } });
  });

  const service: Terminals = {
    arrangement,
    opening,
    ready,
    hovered,
    known: () => known,
    shown: (terminal) => all().get(terminal) ?? null,
    nameOf(terminal) {
      const found = all().get(terminal);
      return (
        arrangement().names[String(terminal)] ??
        (found?.title || baseName(found?.program ?? "") || String(terminal))
      );
    },
    screen: (terminal) => screens.get(terminal) ?? null,
    active: () => screens.get(arrangement().active ?? -1) ?? null,
    activate(terminal, focus = true) {
      if (arrangement().active !== terminal) arrange({ ...arrangement(), active: terminal });
      if (focus) queueMicrotask(() => screens.get(terminal)?.focus());
    },
    go(step, within) {
      const next = neighbour(arrangement(), step, within);
      if (next !== null) service.activate(next);
    },
    async open(how = {}) {
      if (opening()) return null;
      const size = service.active()?.terminal;
      setOpening(true);
      try {
        const reply = await host.client.ask({
          service: "terminal",
          query: "open",
          directory: how.directory ?? "",
          columns: size?.cols ?? COLUMNS,
          rows: size?.rows ?? ROWS,
        });
        if (reply.reply !== "opened") return null;
        const { terminal } = reply.terminal;
        show(reply.terminal, { kind: "running" });
        screenFor(terminal);
        arrange(opened(arrangement(), terminal, how.split === true ? arrangement().active : null));
        service.activate(terminal);
        return terminal;
      } catch (error) {
        tell(host, error);
        return null;
      } finally {
        setOpening(false);
      }
    },
    async close(terminal) {
      const state = all().get(terminal)?.state.kind;
      arrange(closed(arrangement(), terminal));
      forget(terminal);
      const next = arrangement().active;
      if (next !== null) service.activate(next);
      if (state === "stopped") return;
      await quietly(host.client.ask({ service: "terminal", query: "close", terminal }));
    },
    async rename(terminal) {
      const name = await host.prompt({
        title: host.t("terminal.rename.title"),
        value: service.nameOf(terminal),
        placeholder: host.t("terminal.rename.placeholder"),
      });
      if (name === null) return;
      const names = { ...arrangement().names };
      const wanted = name.trim().slice(0, NAME_MOST);
      if (wanted === "") delete names[String(terminal)];
      else names[String(terminal)] = wanted;
      arrange({ ...arrangement(), names });
      service.activate(terminal);
    },
  };
  return service;
}

function createLinks(host: Host, hover: (text: string | null) => void) {
  const known = new Map<string, Promise<string | null>>();
  host.client.onNews((news) => {
    if (news.news === "files_changed") known.clear();
  });
  return {
    resolve(printed: string): Promise<string | null> {
      const path = inWorkspace(printed, host.setup().workspace);
      if (path === null) return Promise.resolve(null);
      let answer = known.get(path);
      if (answer === undefined) {
        answer = isFile(host, path).then((there) => (there ? path : null));
        if (known.size >= KNOWN_PATHS_MOST) known.clear();
        known.set(path, answer);
      }
      return answer;
    },
    openFile: (path: string, line: number | null, column: number | null) =>
      void orTell(host, () =>
        host.openFile(path, {
          ...(line === null ? {} : { line }),
          ...(column === null ? {} : { column }),
        }),
      ),
    openWeb: (address: string) => void openWeb(host, address),
    hover,
    isOpening,
  };
}

/** Whether the workspace has a file: asked with the smallest part of it, which reads nothing else. */
async function isFile(host: Host, path: string): Promise<boolean> {
  try {
    const reply = await host.client.ask({
      service: "files",
      query: "read_part",
      path,
      offset: 0,
      length: 1,
    });
    return reply.reply === "part";
  } catch {
    return false;
  }
}

async function confirmPaste(host: Host, text: string): Promise<boolean> {
  if (!host.settings.get("terminal.confirmMultilinePaste")) return true;
  const lines = text.split(/\r\n|\r|\n/u);
  return host.confirm({
    title: host.t("terminal.paste.title", { count: lines.length }),
    detail: lines.slice(0, 8).join("\n") + (lines.length > 8 ? "\n…" : ""),
    confirm: host.t("terminal.paste.confirm"),
  });
}

function baseName(program: string): string {
  return program.slice(program.lastIndexOf("/") + 1);
}

async function quietly(work: Promise<unknown>): Promise<void> {
  try {
    await work;
  } catch {
    // The terminal ended in between, or the connection was lost: both are told elsewhere.
  }
}
