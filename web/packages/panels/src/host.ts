// SPDX-License-Identifier: Apache-2.0
// What a panel sees of the program around it. Panels know nothing of the editor, the
// terminal or the page: another host, such as an editor's extension, can carry them.

import type { Client, GitStatus, Report, Setup, TreePath } from "@moat/proto";
import type { JSX } from "solid-js";
import type { MessageArgs, MessageKey } from "./i18n.ts";
import type { SettingKey, SettingValue } from "./schema.ts";
import type { IconName } from "./ui/icons.ts";

/** What can be shown beside the editors. */
export type ViewId =
  | "explorer"
  | "search"
  | "scm"
  | "agent"
  | "boundary"
  | "problems"
  | "terminal"
  | "settings";

/** A theme. */
export type Theme = "light" | "dark" | "contrast";

/** Everything that a panel may ask of its host. The functions without arguments are reactive. */
export interface Host {
  client: Client;
  /** What the server said at the beginning, and again after each reconnection. */
  setup(): Setup;
  /** Whether the server can be asked now. */
  connected(): boolean;
  /** Opens a file in the editor area, or goes to it where it is open. */
  openFile(path: TreePath, at?: OpenAt): Promise<void>;
  /** Shows two texts beside each other, or one in the other. */
  showDiff(diff: DiffRequest): void;
  /** Shows the multi-file review of a session's change set as an editor tab. */
  showReview(session: string, path?: TreePath): void;
  /** Shows something of a panel's own as an editor tab; one with the same id is gone to. */
  openTab(tab: TabRequest): void;
  /** Shows a view, and gives it the focus. */
  openView(view: ViewId): void;
  /** Puts a number on a view's icon; null takes it away. */
  badge(view: ViewId, count: number | null): void;
  commands: Commands;
  notify(notice: Notice): void;
  /** Asks for a yes. No answer is a no. */
  confirm(question: Confirmation): Promise<boolean>;
  /** Asks for a line of text; null where there is no answer. */
  prompt(question: Prompt): Promise<string | null>;
  /** Lets one of several things be picked, by typing; null where nothing is picked. */
  pick<T>(question: Pick<T>): Promise<T | null>;
  /** Opens a menu. */
  menu(at: { x: number; y: number }, items: MenuItem[]): void;
  /** The file in the active editor. */
  activeFile(): TreePath | null;
  /** What is selected in the active editor; null where nothing is. */
  selection(): EditorSelection | null;
  problems(): Problem[];
  /** The files that were opened last, the newest first. */
  recentFiles(): TreePath[];
  /** The files with unsaved work. */
  dirtyFiles(): TreePath[];
  /** The text of an open editor, as it is with unsaved work; null where it is not open. */
  openText(path: TreePath): string | null;
  /** Saves one file, or all. False where something could not be saved. */
  save(path?: TreePath): Promise<boolean>;
  /** Something was renamed or moved: what is open of it follows. */
  fileMoved(from: TreePath, to: TreePath): void;
  /** Something was deleted: tabs of it without unsaved work are closed. */
  fileRemoved(path: TreePath): void;
  /** The state of the repository; null where there is none or nothing is known yet. */
  git(): GitStatus | null;
  /** Tells everybody a newer state of the repository, as an answer of source control has it. */
  gitIs(status: GitStatus): void;
  /** Pending changes of sessions, for editors to show inside the files. */
  pending: PendingChanges;
  settings: Settings;
  /** State that is kept for this workspace and that no person edits, such as what was open. */
  memory: Memory;
  /** The first view shows what it has: the largest parts of the page, which wait for that, may be loaded. */
  settled(): void;
  t(key: MessageKey, args?: MessageArgs): string;
  theme(): Theme;
}

/** Where and how a file is opened. Lines and columns count from 1. */
export interface OpenAt {
  line?: number;
  column?: number;
  /** The line to which is selected, where it is more than one. */
  endLine?: number;
  /** Opens a tab that the next preview replaces. */
  preview?: boolean;
  /** Opens it in a group beside the active one. */
  toSide?: boolean;
  /** Leaves the focus where it is. */
  keepFocus?: boolean;
}

/** Two texts to compare. */
export interface DiffRequest {
  title: string;
  /** The file that it is about; gives the language, and the diff's identity with the title. */
  path: TreePath;
  original: string;
  modified: string;
  originalLabel: string;
  modifiedLabel: string;
  /** Whether the right side is the file itself, to be edited and saved. */
  readOnly?: boolean;
}

/** A tab with a panel's own content. */
export interface TabRequest {
  id: string;
  title: string;
  icon?: IconName;
  body: () => JSX.Element;
}

/** Something to tell. */
export interface Notice {
  level: "info" | "warning" | "error";
  text: string;
  report?: Report;
  actions?: { title: string; run(): void }[];
  /** Goes away by itself; the default for information without actions. */
  brief?: boolean;
}

/** A question with yes and no. */
export interface Confirmation {
  title: string;
  detail?: string;
  /** The words on the button that does it. */
  confirm: string;
  danger?: boolean;
}

/** A question for a line of text. */
export interface Prompt {
  title: string;
  value?: string;
  placeholder?: string;
  /** What is selected of the value at first: begin and end. */
  select?: [number, number];
  /** Says what is wrong with a value; null where nothing is. */
  validate?(value: string): string | null;
}

/** A question for one of several things. */
export interface Pick<T> {
  placeholder: string;
  items: PickItem<T>[];
}

/** One of several things. */
export interface PickItem<T> {
  value: T;
  label: string;
  detail?: string;
  icon?: IconName;
}

/** An entry of a menu. */
export type MenuItem =
  | { separator: true }
  | {
      separator?: false;
      title: string;
      icon?: IconName;
      /** The keys that do the same, as text. */
      keys?: string;
      checked?: boolean;
      disabled?: boolean;
      danger?: boolean;
      run(): void;
    };

/** Selected text of an editor. Lines count from 1. */
export interface EditorSelection {
  path: TreePath;
  startLine: number;
  endLine: number;
  text: string;
}

/** Something that is wrong in a file, as a language server or the agent's check says. */
export interface Problem {
  path: TreePath;
  line: number;
  column: number;
  severity: "error" | "warning" | "info";
  message: string;
  source: string;
}

/** Something that can be run by name, by key and from the palette. */
export interface Command {
  /** Its name, as VS Code calls it where it has the same: `workbench.action.files.save`. */
  id: string;
  title: MessageKey;
  /** Words instead of the title, where they come from elsewhere, such as the editor's own. */
  label?: string;
  /** What stands before the title in the palette. */
  category?: MessageKey;
  /** The keys: `ctrl+shift+p`, `ctrl+k ctrl+s`; `mod` is Ctrl, and Command on a Mac. */
  keybinding?: string | string[];
  /** When the keys count: names, `!`, `&&` and `||`, such as `editorFocus && !readOnly`. */
  when?: string;
  /** Whether it stands in the palette; it does unless this is false. */
  palette?: boolean;
  run(args?: unknown): void | Promise<void>;
}

/** All commands. */
export interface Commands {
  /** Adds a command. Returns how to take it away. */
  register(command: Command): () => void;
  run(id: string, args?: unknown): Promise<void>;
  list(): Command[];
  /** The keys of a command as a person reads them: `Ctrl+Shift+P`. */
  keysOf(id: string): string | null;
  /** Sets a name for `when`; null takes it away. */
  context(name: string, value: boolean | string | null): void;
}

/** The user's settings. */
export interface Settings {
  /** The value, or its default. Reactive. */
  get<K extends SettingKey>(key: K): SettingValue<K>;
  set<K extends SettingKey>(key: K, value: SettingValue<K>): void;
  /** Whether the value is another than the default. Reactive. */
  changed(key: SettingKey): boolean;
  reset(key: SettingKey): void;
}

/** State of this workspace that no person edits. */
export interface Memory {
  get<T>(key: string, otherwise: T): T;
  set(key: string, value: unknown): void;
}

/** Pending changes of sessions. */
export interface PendingChanges {
  /** Has editors show a file's pending changes; null takes them away. */
  set(path: TreePath, file: PendingFile | null): void;
  /** Goes to the next or the previous hunk, in the order of paths. */
  go(direction: 1 | -1): void;
}

/** A file's pending changes. */
export interface PendingFile {
  session: string;
  /** The hunks as unified diffs, against the user's file as it is on disk. */
  hunks: { number: number; text: string }[];
  /** Why it can only be looked at. */
  conflict?: string | null;
  keep(hunks: number[]): void;
  undo(hunks: number[]): void;
  /** Sends words about a line back to the agent. */
  comment?(line: number, text: string): void;
}

/** What a viewer of a file that is no text is given. */
export interface ViewerProps {
  host: Host;
  path: TreePath;
  length: number;
  /** The type of an image that a browser can show. */
  image: string | null;
}

/** What the preview of a Markdown file is given. */
export interface PreviewProps {
  host: Host;
  path: TreePath;
  /** The text, as it is typed. */
  text(): string;
}
