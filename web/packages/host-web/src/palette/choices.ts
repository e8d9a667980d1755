// SPDX-License-Identifier: Apache-2.0
// What the palette offers for what was typed.

import type { Found } from "@moat/proto";
import type { PickItem } from "@moat/panels/host.ts";
import type { IconName } from "@moat/panels/ui/index.ts";
import { type Accessor, createEffect, createMemo, createSignal, on } from "solid-js";
import type { App, PaletteRequest } from "../app.ts";
import { goTo } from "../editor/text-editor.tsx";
import { outlineOf } from "../editor/symbols.ts";
import { symbolsOf } from "../language/symbols.ts";
import { nameOf, parentOf } from "../paths.ts";
import { filterBy } from "./filter.ts";

/** One thing that can be chosen. */
export interface Choice {
  label: string;
  matched?: number[];
  detail?: string;
  detailMatched?: number[];
  hint?: string;
  keys?: string;
  icon?: IconName;
  /** The file whose mark is shown. */
  file?: string;
  /** What is typed instead, where choosing only goes on. */
  typed?: string;
  /** Whether the focus goes back to where it was. */
  keepsFocus?: boolean;
  /** Shows it while it is looked at. */
  look?(): void;
  run(how: { toSide: boolean }): void;
}

/** What is offered. */
export interface Offer {
  choices: Choice[];
  /** Shown where nothing is. */
  note?: string;
  busy?: boolean;
}

const FILES_MOST = 200;
const RECENT_MOST = 30;

/** Files by name, as the server matches them; the ones opened lately where nothing is typed. */
export function createFileChoices(app: App, typed: Accessor<string | null>): Accessor<Offer> {
  const [answer, setAnswer] = createSignal<{
    text: string;
    found: Found[];
    indexing: boolean;
    busy: boolean;
  }>({
    text: "",
    found: [],
    indexing: false,
    busy: false,
  });
  let asked = 0;
  let running = false;
  let waiting: string | null = null;
  const ask = async (text: string) => {
    if (running) {
      waiting = text;
      return;
    }
    running = true;
    const mine = ++asked;
    setAnswer((before) => ({ ...before, busy: true }));
    try {
      const reply = await app.client.ask({
        service: "files",
        query: "find",
        text,
        limit: FILES_MOST,
      });
      if (reply.reply === "found" && mine === asked)
        setAnswer({ text, found: reply.found, indexing: reply.indexing, busy: false });
    } catch {
      setAnswer({ text, found: [], indexing: false, busy: false });
    } finally {
      running = false;
      const next = waiting;
      waiting = null;
      if (next !== null) void ask(next);
    }
  };
  const name = createMemo(() => typed()?.split(/[:#@]/)[0]?.trim() ?? null);
  createEffect(
    on(name, (text) => {
      if (text) void ask(text);
    }),
  );
  return createMemo(() => {
    const text = name();
    const line = Number(/[:#](\d+)/.exec(typed() ?? "")?.[1] ?? 0);
    const at = line > 0 ? { line } : {};
    if (!text) {
      const recent = app.recent().slice(0, RECENT_MOST);
      const active = app.host.activeFile();
      const ordered = [
        ...recent.filter((each) => each !== active),
        ...recent.filter((each) => each === active),
      ];
      return {
        choices: ordered.map((path, index) =>
          fileChoice(app, path, [], at, index === 0 ? app.t("palette.recent") : undefined),
        ),
        note: app.t("palette.files"),
      };
    }
    const { found, indexing, busy } = answer();
    return {
      choices: found.map((each) => fileChoice(app, each.path, each.matched, at)),
      busy: busy || indexing,
      ...(indexing ? { note: app.t("palette.indexing") } : {}),
    };
  });
}

function fileChoice(
  app: App,
  path: string,
  matched: number[],
  at: { line?: number },
  hint?: string,
): Choice {
  const name = nameOf(path);
  const begin = [...path].length - [...name].length;
  return {
    label: name,
    matched: matched.filter((each) => each >= begin).map((each) => each - begin),
    detail: parentOf(path),
    detailMatched: matched.filter((each) => each < begin - 1),
    file: name,
    ...(hint ? { hint } : {}),
    run: ({ toSide }) => void app.host.openFile(path, { ...at, ...(toSide ? { toSide } : {}) }),
  };
}

/** What is offered besides files. */
export const otherChoices = {
  /** Commands by title. */
  commands(app: App, typed: string): Offer {
    const used = app.commands.used();
    const all = app.commands
      .list()
      .filter((each) => each.palette !== false)
      .map((command) => {
        const title = command.label ?? app.t(command.title);
        const category = command.category ? `${app.t(command.category)}: ` : "";
        const rank = used.indexOf(command.id);
        return { command, text: category + title, rank: rank < 0 ? used.length : rank };
      })
      .sort((a, b) => a.rank - b.rank || a.text.localeCompare(b.text));
    const found = filterBy(all, typed, (each) => each.text);
    return {
      choices: found.map(({ item, matched }) => {
        const keys = app.commands.keysOf(item.command.id);
        const lately = typed.trim() === "" && item.rank === 0 && used.length > 0;
        return {
          label: item.text,
          matched,
          ...(keys ? { keys } : {}),
          ...(lately ? { hint: app.t("palette.recentCommands") } : {}),
          keepsFocus: true,
          run: () => {
            app.commands.markUsed(item.command.id);
            app.memory.set("commands", app.commands.used());
            queueMicrotask(() => void app.commands.run(item.command.id));
          },
        };
      }),
    };
  },

  /** A line of the active editor. */
  line(app: App, typed: string): Offer {
    const editor = app.widget()?.editor;
    const of = editor?.getModel()?.getLineCount();
    if (!editor || !of) return { choices: [], note: app.t("palette.noEditor") };
    const [line, column] = typed.split(/[:,]/).map(Number);
    if (!line || line < 1 || line > of)
      return { choices: [], note: app.t("palette.lineHint", { of }) };
    const at = { line, ...(column ? { column } : {}) };
    return {
      choices: [
        {
          label: app.t("palette.line", { line, of }),
          keepsFocus: true,
          look: () => editor.revealLineInCenterIfOutsideViewport(line),
          run: () => {
            goTo(editor, at);
            editor.focus();
          },
        },
      ],
    };
  },

  /** A symbol of the active editor. */
  symbols(app: App, typed: string): Offer {
    const editor = app.widget()?.editor;
    const model = editor?.getModel();
    if (!editor || !model) return { choices: [], note: app.t("palette.noEditor") };
    const all = symbolsOf(app, model) ?? outlineOf(model.getLinesContent(), model.getLanguageId());
    return {
      choices: filterBy(all, typed, (each) => each.name).map(({ item, matched }) => ({
        label: item.name,
        matched,
        icon: "symbol",
        hint: `:${item.line}`,
        detail: all.findLast((each) => each.line < item.line && each.end >= item.end)?.name ?? "",
        keepsFocus: true,
        look: () => editor.revealLineInCenterIfOutsideViewport(item.line),
        run: () => {
          goTo(editor, { line: item.line, column: item.column });
          editor.focus();
        },
      })),
      note: app.t("palette.noSymbols"),
    };
  },

  /** What can be typed. */
  help(app: App): Offer {
    const lines = [
      ["", "palette.help.files"],
      [">", "palette.help.commands"],
      [":", "palette.help.line"],
      ["@", "palette.help.symbol"],
    ] as const;
    return {
      choices: lines.map(([typed, key]) => ({
        label: `${typed || "…"}  ${app.t(key)}`,
        typed,
        run: () => {},
      })),
    };
  },

  /** One of several things. */
  pick(request: Extract<PaletteRequest, { kind: "pick" }>, typed: string): Offer {
    return {
      choices: filterBy(request.items, typed, (each: PickItem<unknown>) => each.label).map(
        ({ item, matched }) => ({
          label: item.label,
          matched,
          ...(item.detail ? { detail: item.detail } : {}),
          ...(item.icon ? { icon: item.icon } : {}),
          keepsFocus: true,
          run: () => request.answer(item.value),
        }),
      ),
    };
  },
};
