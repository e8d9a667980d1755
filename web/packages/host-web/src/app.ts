// SPDX-License-Identifier: Apache-2.0
// Everything that the parts of the workbench share, and the host that panels see.

import type { Client, GitStatus, ModelChoice, Setup } from "@moat/proto";
import type {
  DiffRequest,
  EditorSelection,
  Host,
  PendingFile,
  PickItem,
  Problem,
  TabRequest,
  Theme,
  ViewId,
} from "@moat/panels/host.ts";
import { createTranslator, preferred, type Translator } from "@moat/panels/i18n.ts";
import { type Accessor, createMemo, createSignal, type Setter, untrack } from "solid-js";
import { type CommandTable, createCommands } from "./commands.ts";
import { Documents, reportOf } from "./editor/documents.ts";
import type { Document, TextModel, TextModels } from "./editor/document.ts";
import { type Kit, loadKit } from "./editor/kit.ts";
import { saveAll, saveDocument } from "./editor/saving.ts";
import { type Widget, editorContext } from "./editor/widgets.ts";
import { Ghost } from "./ghost/ghost.ts";
import { createLayout, type Layout } from "./layout.ts";
import { createOverlays, type Overlays } from "./overlays.tsx";
import { LanguageLink } from "./language/link.ts";
import { isWithin, moved } from "./paths.ts";
import { patiently } from "./patience.ts";
import { createMemory, createSettings, type MemoryStore, type SettingsStore } from "./settings.ts";
import type { EditorArea } from "./workbench/area.ts";

/** What the palette is opened with: `>` for commands, `:` for lines, `@` for symbols. */
export type PaletteRequest =
  | { kind: "typed"; text: string }
  | { kind: "pick"; placeholder: string; items: PickItem<unknown>[]; answer(value: unknown): void };

/** Where the cursor of the active editor is. */
export interface Cursor {
  line: number;
  column: number;
  selected: number;
}

/** Everything that the parts of the workbench share. */
export interface App {
  client: Client;
  host: Host;
  translator: Translator;
  settings: SettingsStore;
  memory: MemoryStore;
  commands: CommandTable;
  overlays: Overlays;
  documents: Documents;
  language: LanguageLink;
  layout: Layout;
  theme: Accessor<Theme>;
  setup: Accessor<Setup>;
  setSetup: Setter<Setup>;
  connected: Accessor<boolean>;
  setConnected: Setter<boolean>;
  /** The editor, once it is loaded. */
  kit: Accessor<Kit | null>;
  /** Has the editor loaded at once. */
  loadKit(): Promise<Kit>;
  area: EditorArea;
  setArea(area: EditorArea): void;
  /** The editor that has or had the focus last, of the active tab. */
  widget: Accessor<Widget | null>;
  setWidget: Setter<Widget | null>;
  cursor: Accessor<Cursor | null>;
  setCursor: Setter<Cursor | null>;
  palette: Accessor<PaletteRequest | null>;
  setPalette: Setter<PaletteRequest | null>;
  problems: Accessor<Problem[]>;
  setProblems: Setter<Problem[]>;
  recent: Accessor<string[]>;
  opened(path: string): void;
  /** Takes a deleted path off the list of what was opened. */
  forget(path: string): void;
  git: Accessor<GitStatus | null>;
  setGit: Setter<GitStatus | null>;
  badges: Accessor<Partial<Record<ViewId, number>>>;
  models: Accessor<{ models: ModelChoice[]; default: string } | null>;
  setModels: Setter<{ models: ModelChoice[]; default: string } | null>;
  /** What may stand at the cursor. */
  ghost: Ghost;
  crossings: Accessor<{ count: number; denied: number }>;
  setCrossings: Setter<{ count: number; denied: number }>;
  pending: Accessor<ReadonlyMap<string, PendingFile>>;
  diffs: Map<string, DiffRequest>;
  customs: Map<string, TabRequest>;
  /** The document of the active tab. */
  document: Accessor<Document | null>;
  /** Whether the page has come to rest, and more can be loaded. */
  warm: Accessor<boolean>;
  setWarm: Setter<boolean>;
  chord: Accessor<string | null>;
  setChord: Setter<string | null>;
  t: Host["t"];
}

const RECENT_MOST = 50;

/** The editor is loaded then at the latest, whatever the first view does. */
const EDITOR_AFTER_MS = 1500;

/** Makes everything but what is drawn. */
export function createApp(client: Client, first: Setup): App {
  const translator = createTranslator();
  const { t } = translator;
  const settings = createSettings(client);
  const memory = createMemory(client);
  settings.load(first);
  memory.load(first);
  const overlays = createOverlays(t);
  const commands = createCommands(
    () => settings.get("keybindings"),
    (_, error) => {
      const report = reportOf(error);
      overlays.notify({ level: "error", text: report.error, report });
    },
    // What the editor itself knows, such as whether it shows ghost text.
    (name) => editorContext(untrack(widget), name),
  );

  const [kit, setKit] = createSignal<Kit | null>(null);
  // The editor is most of the page: it comes behind the first view, unless a file waits for it.
  let want = (): void => undefined;
  const wanted = new Promise<void>((resolve) => {
    want = resolve;
    setTimeout(resolve, EDITOR_AFTER_MS);
  });
  const ready = wanted
    .then(() => patiently(client, () => loadKit(localeOf(settings))))
    .then((loaded) => {
      setKit(() => loaded);
      return loaded;
    });
  const models: TextModels = {
    create: (path, text) => needed(kit()).models.create(path, text),
    replace: (model: TextModel, text) => needed(kit()).models.replace(model, text),
  };
  const asking: Pick<Client, "ask"> = {
    ask: async (query) => {
      want();
      await ready;
      return client.ask(query);
    },
  };
  const documents = new Documents({
    client: asking,
    models,
    tidy: (document) => tidy(document, settings),
  });
  documents.keepBuffers(first.buffers);

  const [setup, setSetup] = createSignal(first);
  const [connected, setConnected] = createSignal(client.state === "connected");
  const [widget, setWidget] = createSignal<Widget | null>(null);
  const [cursor, setCursor] = createSignal<Cursor | null>(null);
  const [palette, setPalette] = createSignal<PaletteRequest | null>(null);
  const [problems, setProblems] = createSignal<Problem[]>([]);
  const [recent, setRecent] = createSignal<string[]>(memory.get("recent", []));
  const [git, setGit] = createSignal<GitStatus | null>(null);
  const [badges, setBadges] = createSignal<Partial<Record<ViewId, number>>>({});
  const [choices, setChoices] = createSignal<{ models: ModelChoice[]; default: string } | null>(
    null,
  );
  const [crossings, setCrossings] = createSignal({ count: 0, denied: 0 });
  const [pending, setPending] = createSignal<ReadonlyMap<string, PendingFile>>(new Map());
  const [warm, setWarm] = createSignal(false);
  const [chord, setChord] = createSignal<string | null>(null);
  const [area, setArea] = createSignal<EditorArea | null>(null);
  const system = createSystemTheme();
  const theme = createMemo<Theme>(() => {
    const wanted = settings.get("workbench.theme");
    return wanted === "system" ? system() : (wanted as Theme);
  });
  const document = createMemo(() => {
    const input = area()?.active()?.input();
    if (!input || (input.kind !== "file" && input.kind !== "markdown")) return null;
    return documents.all().find((each) => each.path === input.path) ?? null;
  });

  const app: App = {
    client,
    translator,
    settings,
    memory,
    commands,
    overlays,
    documents,
    language: new LanguageLink(client),
    layout: createLayout(memory),
    theme,
    setup,
    setSetup,
    connected,
    setConnected,
    kit,
    loadKit() {
      want();
      return ready;
    },
    get area() {
      return needed(area());
    },
    setArea: (made) => setArea(() => made),
    widget,
    setWidget,
    cursor,
    setCursor,
    palette,
    setPalette,
    problems,
    setProblems,
    recent,
    opened(path) {
      const before = untrack(recent);
      if (before[0] === path) return;
      const list = [path, ...before.filter((each) => each !== path)].slice(0, RECENT_MOST);
      setRecent(list);
      memory.set("recent", list);
    },
    forget(path) {
      const list = untrack(recent).filter((each) => !isWithin(each, path));
      setRecent(list);
      memory.set("recent", list);
    },
    git,
    setGit,
    badges,
    models: choices,
    setModels: setChoices,
    ghost: new Ghost({ client, model: () => settings.get("completion.model") || null }),
    crossings,
    setCrossings,
    pending,
    diffs: new Map(),
    customs: new Map(),
    document,
    warm,
    setWarm,
    chord,
    setChord,
    t,
    host: null as unknown as Host,
  };
  app.host = createHost(app, setBadges, setPending, want);
  return app;
}

/** The language that the user wants. */
export function localeOf(settings: SettingsStore): "en" | "zh" {
  const wanted = settings.get("workbench.language");
  return wanted === "en" || wanted === "zh" ? wanted : preferred(navigator.languages);
}

function needed<T>(value: T | null): T {
  if (value === null) throw new Error("the workbench is not ready yet");
  return value;
}

function createSystemTheme(): Accessor<Theme> {
  const light = matchMedia("(prefers-color-scheme: light)");
  const more = matchMedia("(prefers-contrast: more)");
  const read = (): Theme => (more.matches ? "contrast" : light.matches ? "light" : "dark");
  const [theme, setTheme] = createSignal(read());
  for (const each of [light, more]) each.addEventListener("change", () => setTheme(read()));
  return theme;
}

/** Changes a text before it is written, as the settings want it. */
function tidy(document: Document, settings: SettingsStore): void {
  const model = document.model as unknown as {
    getValue(): string;
    getLineCount(): number;
    getLineMaxColumn(line: number): number;
    getLineContent(line: number): string;
    pushEditOperations(before: null, edits: object[], after: () => null): void;
  } | null;
  if (!model) return;
  const edits: object[] = [];
  const lines = model.getLineCount();
  const at = (line: number, from: number, to: number, text: string) =>
    edits.push({
      range: { startLineNumber: line, startColumn: from, endLineNumber: line, endColumn: to },
      text,
    });
  if (settings.get("files.trimTrailingWhitespace")) {
    for (let line = 1; line <= lines; line++) {
      const content = model.getLineContent(line);
      const kept = content.trimEnd().length;
      if (kept < content.length) at(line, kept + 1, content.length + 1, "");
    }
  }
  if (settings.get("files.insertFinalNewline") && model.getLineContent(lines) !== "") {
    const end = model.getLineMaxColumn(lines);
    at(lines, end, end, "\n");
  }
  if (edits.length > 0) model.pushEditOperations(null, edits, () => null);
}

function createHost(
  app: App,
  setBadges: Setter<Partial<Record<ViewId, number>>>,
  setPending: Setter<ReadonlyMap<string, PendingFile>>,
  settled: () => void,
): Host {
  const run = (id: string, args?: unknown) => void app.commands.run(id, args);
  return {
    client: app.client,
    setup: app.setup,
    connected: app.connected,
    settled,
    async openFile(path, at = {}) {
      app.opened(path);
      app.area.open(at.preview ? { kind: "file", path, preview: true } : { kind: "file", path }, {
        at,
        ...(at.toSide ? { toSide: true } : {}),
        ...(at.keepFocus ? { keepFocus: true } : {}),
      });
    },
    showDiff(diff) {
      const id = `${diff.path}\n${diff.title}`;
      app.diffs.set(id, diff);
      app.area.open({ kind: "diff", id, title: diff.title });
    },
    showReview: (session, path) =>
      void app.area.open(
        path === undefined ? { kind: "review", session } : { kind: "review", session, path },
      ),
    openTab(tab) {
      app.customs.set(tab.id, tab);
      app.area.open({ kind: "custom", id: tab.id, title: tab.title });
    },
    openView: (view) => {
      if (view === "settings") app.area.open({ kind: "settings", page: "settings" });
      else app.layout.show(view);
    },
    badge: (view, count) =>
      setBadges((before) => {
        const { [view]: _, ...rest } = before;
        return count === null ? rest : { ...rest, [view]: count };
      }),
    commands: app.commands,
    notify: app.overlays.notify,
    confirm: app.overlays.confirm,
    prompt: app.overlays.prompt,
    pick: (question) =>
      new Promise((resolve) => {
        app.setPalette({
          kind: "pick",
          placeholder: question.placeholder,
          items: question.items,
          answer: (value) => resolve(value as never),
        });
      }),
    menu: app.overlays.menu,
    activeFile: () => {
      const input = app.area.active()?.input();
      return input && (input.kind === "file" || input.kind === "markdown") ? input.path : null;
    },
    selection: () => selectionOf(app),
    problems: app.problems,
    recentFiles: app.recent,
    dirtyFiles: () => app.documents.all().flatMap((each) => (each.dirty() ? [each.path] : [])),
    openText: (path) => app.documents.get(path)?.model?.getValue() ?? null,
    save: async (path) => {
      const document = path === undefined ? null : app.documents.get(path);
      return path === undefined ? saveAll(app) : document ? saveDocument(app, document) : true;
    },
    fileMoved(from, to) {
      app.documents.follow(from, to);
      for (const tab of app.area.tabs()) {
        const input = tab.input();
        if ((input.kind === "file" || input.kind === "markdown") && isWithin(input.path, from))
          tab.setInput({ ...input, path: moved(input.path, from, to) });
      }
    },
    fileRemoved(path) {
      app.forget(path);
      for (const tab of app.area.tabs()) {
        const input = tab.input();
        if (input.kind !== "file" && input.kind !== "markdown") continue;
        if (isWithin(input.path, path) && !app.documents.get(input.path)?.dirty())
          app.area.drop(tab);
      }
    },
    git: app.git,
    gitIs: (status) => app.setGit(status),
    pending: {
      set: (path, file) =>
        setPending((before) => {
          const after = new Map(before);
          if (file) after.set(path, file);
          else after.delete(path);
          return after;
        }),
      go: (direction) => run(direction > 0 ? "moat.pending.next" : "moat.pending.previous"),
    },
    settings: app.settings,
    memory: app.memory,
    t: app.t,
    theme: app.theme,
  };
}

function selectionOf(app: App): EditorSelection | null {
  app.cursor();
  const editor = app.widget()?.editor;
  const range = editor?.getSelection();
  const document = app.document();
  if (!editor || !range || range.isEmpty() || !document) return null;
  return {
    path: document.path,
    startLine: range.startLineNumber,
    endLine: range.endLineNumber,
    text: editor.getModel()?.getValueInRange(range) ?? "",
  };
}
