// SPDX-License-Identifier: Apache-2.0
// One file that is open: its text, what it was on disk, and whether there is unsaved work.
// It knows nothing of the editor but the few things in `TextModel`.

import type { Buffer, Encoding, FileText, LineEnding, Report, TreePath } from "@moat/proto";
import { type Accessor, createSignal, type Setter } from "solid-js";
import { joinMixed, type MixedLines, splitMixed } from "./endings.ts";

/** What a document needs of the editor's text. */
export interface TextModel {
  getValue(): string;
  /** Another number after each change; the old one again after undoing it. */
  getAlternativeVersionId(): number;
  onDidChangeContent(hear: () => void): { dispose(): void };
  dispose(): void;
}

/** Makes texts, and replaces them so that undo and the cursor survive. */
export interface TextModels {
  create(path: TreePath, text: string): TextModel;
  replace(model: TextModel, text: string): void;
}

/** What stands in for the text where there is none to edit. */
export type Content =
  | { kind: "text" }
  | { kind: "large"; length: number }
  | { kind: "binary"; length: number; image: string | null }
  | { kind: "failed"; report: Report };

/** What is on disk, where it is not what the document was made from. */
export type Conflict = { current: FileText | null };

/** One file that is open. */
export class Document {
  path: TreePath;
  content: Accessor<Content>;
  setContent: Setter<Content>;
  model: TextModel | null = null;
  encoding: Accessor<Encoding>;
  lineEnding: Accessor<LineEnding>;
  dirty: Accessor<boolean>;
  readOnly: Accessor<string | null>;
  conflict: Accessor<Conflict | null>;
  setConflict: Setter<Conflict | null>;
  saving: Accessor<boolean>;
  setSaving: Setter<boolean>;
  /** What the file was when it was read or written last; null for what is no file yet. */
  version: string | null = null;
  /** How many editors show it. */
  users = 0;
  /** Hears of every change. */
  onChange: (() => void) | null = null;
  /** Holds the queue of saving, one after the other. */
  saved: Promise<boolean> = Promise.resolve(true);

  readonly #models: TextModels;
  #mixed: MixedLines | null = null;
  #clean = { id: 0, encoding: "utf8" as Encoding, ending: "lf" as LineEnding };
  #setEncoding: Setter<Encoding>;
  #setLineEnding: Setter<LineEnding>;
  #setDirty: Setter<boolean>;
  #setReadOnly: Setter<string | null>;
  #listening: { dispose(): void } | null = null;
  #never = false;

  constructor(path: TreePath, models: TextModels) {
    this.path = path;
    this.#models = models;
    [this.content, this.setContent] = createSignal<Content>({ kind: "text" });
    [this.encoding, this.#setEncoding] = createSignal<Encoding>("utf8");
    [this.lineEnding, this.#setLineEnding] = createSignal<LineEnding>("lf");
    [this.dirty, this.#setDirty] = createSignal(false);
    [this.readOnly, this.#setReadOnly] = createSignal<string | null>(null);
    [this.conflict, this.setConflict] = createSignal<Conflict | null>(null);
    [this.saving, this.setSaving] = createSignal(false);
  }

  /** Whether it is no file yet. */
  get untitled(): boolean {
    return this.version === null;
  }

  /** Takes what was read from disk; the document is clean afterwards. */
  load(file: FileText): void {
    this.#mixed = file.line_ending === "mixed" ? splitMixed(file.text) : null;
    const text = this.#mixed ? this.#mixed.lines.join("\n") : file.text;
    this.#put(text);
    this.version = file.version;
    this.#setEncoding(file.encoding);
    this.#setLineEnding(file.line_ending);
    this.#setReadOnly(file.read_only ?? null);
    this.setContent({ kind: "text" });
    this.setConflict(null);
    this.isClean();
  }

  /** Begins as something that is no file yet. */
  begin(text: string): void {
    this.#put(text);
    this.version = null;
    this.isClean();
  }

  /** Takes unsaved work over what is on disk. */
  restore(buffer: Buffer): void {
    if (this.#mixed === null && buffer.line_ending === "mixed")
      this.#mixed = splitMixed(buffer.text);
    this.#put(
      buffer.line_ending === "mixed" ? splitMixed(buffer.text).lines.join("\n") : buffer.text,
    );
    this.#setEncoding(buffer.encoding);
    this.#setLineEnding(buffer.line_ending);
    this.version = buffer.version ?? null;
    this.#never = true;
    this.#look();
  }

  /** The text as it is to be written. */
  text(): string {
    const text = this.model?.getValue() ?? "";
    return this.#mixed && this.lineEnding() === "mixed" ? joinMixed(this.#mixed, text) : text;
  }

  /** The whole state of what is unsaved. */
  buffer(): Buffer {
    return {
      path: this.path,
      text: this.text(),
      encoding: this.encoding(),
      line_ending: this.lineEnding(),
      version: this.version,
    };
  }

  /** A number that is another after each change of anything that is written. */
  state(): string {
    return `${this.model?.getAlternativeVersionId() ?? 0} ${this.encoding()} ${this.lineEnding()}`;
  }

  /** Says that the state of now, or the one named, is on disk. */
  isClean(state = this.state()): void {
    const [id, encoding, ending] = state.split(" ");
    this.#clean = { id: Number(id), encoding: encoding as Encoding, ending: ending as LineEnding };
    this.#never = false;
    this.#look();
  }

  /** Writes it with another encoding from now on. */
  encodeAs(encoding: Encoding): void {
    this.#setEncoding(encoding);
    this.#look();
    this.onChange?.();
  }

  /** Ends its lines otherwise from now on. */
  endLinesWith(ending: LineEnding): void {
    this.#setLineEnding(ending);
    this.#look();
    this.onChange?.();
  }

  /** Remembers the endings of what was just written. */
  written(text: string): void {
    this.#mixed = this.lineEnding() === "mixed" ? splitMixed(text) : null;
  }

  dispose(): void {
    this.#listening?.dispose();
    this.model?.dispose();
    this.model = null;
  }

  #put(text: string): void {
    if (this.model) {
      if (this.model.getValue() !== text) this.#models.replace(this.model, text);
      return;
    }
    this.model = this.#models.create(this.path, text);
    this.#listening = this.model.onDidChangeContent(() => {
      this.#look();
      this.onChange?.();
    });
  }

  #look(): void {
    const clean = this.#clean;
    this.#setDirty(
      this.#never ||
        (this.model !== null && this.model.getAlternativeVersionId() !== clean.id) ||
        this.encoding() !== clean.encoding ||
        this.lineEnding() !== clean.ending,
    );
  }
}
