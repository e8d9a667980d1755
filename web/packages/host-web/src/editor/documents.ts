// SPDX-License-Identifier: Apache-2.0
// All files that are open: reads and writes them, follows what changes on disk, and keeps
// unsaved work. Editors of the same file share one document.

import type { Buffer, Client, FileText, FilesReply, QueryOf, Report, TreePath } from "@moat/proto";
import { Refused } from "@moat/proto";
import { type Accessor, createSignal } from "solid-js";
import { isWithin, moved, parentOf } from "../paths.ts";
import { Document, type TextModels } from "./document.ts";
import { HotExit } from "./hot-exit.ts";

/** How a document is written. */
export interface SaveHow {
  /** Writes over what is on disk, whatever that is. */
  overwrite?: boolean;
}

/** What became of saving. */
export type Saved = { ok: true } | { ok: false; conflict: boolean; report: Report | null };

/** What the documents need of the rest. */
export interface DocumentsOptions {
  client: Pick<Client, "ask">;
  models: TextModels;
  /** Changes a text before it is written, such as cutting spaces at the ends of lines. */
  tidy?: (document: Document) => void;
  /** A document was made, or its path changed. */
  named?: (document: Document) => void;
  hotExitPauseMs?: number;
}

/** Makes a report of whatever was thrown. */
export function reportOf(error: unknown): Report {
  if (error instanceof Refused) return error.report;
  const text = error instanceof Error ? error.message : String(error);
  return { error: text, causes: [], hint: null };
}

/** All files that are open. */
export class Documents {
  readonly hotExit: HotExit;
  readonly all: Accessor<readonly Document[]>;
  readonly #options: DocumentsOptions;
  readonly #open = new Map<TreePath, Promise<Document>>();
  readonly #setAll: (documents: readonly Document[]) => void;
  readonly #buffers = new Map<TreePath, Buffer>();
  readonly #reading = new Map<Document, boolean>();

  constructor(options: DocumentsOptions) {
    this.#options = options;
    const [all, setAll] = createSignal<readonly Document[]>([]);
    this.all = all;
    this.#setAll = (documents) => setAll(() => documents);
    this.hotExit = new HotExit(
      (query) => options.client.ask({ service: "desk", ...query }),
      options.hotExitPauseMs,
    );
  }

  /** The document of a path, if it is open. */
  get(path: TreePath): Document | null {
    return this.all().find((each) => each.path === path) ?? null;
  }

  /** Unsaved work that the server kept; it is put over the files when they are opened. */
  keepBuffers(buffers: readonly Buffer[]): void {
    for (const buffer of buffers)
      if (!this.get(buffer.path)) this.#buffers.set(buffer.path, buffer);
  }

  /** Opens a file, or hands out the document that there is. Each call needs a `release`. */
  async open(path: TreePath): Promise<Document> {
    let opening = this.#open.get(path);
    if (!opening) {
      opening = this.#read(path);
      this.#open.set(path, opening);
    }
    const document = await opening;
    document.users++;
    return document;
  }

  /** Begins something that is no file yet. Needs a `release`. */
  begin(path: TreePath, text = ""): Document {
    const document = new Document(path, this.#options.models);
    document.begin(text);
    const buffer = this.#buffers.get(path);
    if (buffer) this.#restore(document, buffer);
    document.users++;
    this.#add(document);
    this.#open.set(path, Promise.resolve(document));
    return document;
  }

  /** An editor of it is gone. A clean document is let go of when it was the last. */
  release(document: Document): void {
    document.users--;
    if (document.users > 0 || document.dirty()) return;
    this.#remove(document);
  }

  /** Throws away what is unsaved. */
  async revert(document: Document): Promise<void> {
    if (document.untitled) {
      this.hotExit.forget(document.path);
      document.isClean();
    } else await this.reload(document, true);
    if (document.users <= 0) this.#remove(document);
  }

  /** Reads it again; with `force` also where it has unsaved work. */
  async reload(document: Document, force = false): Promise<void> {
    if (document.untitled) return;
    if (this.#reading.has(document)) {
      this.#reading.set(document, true);
      if (!force) return;
    }
    this.#reading.set(document, false);
    try {
      const reply = await this.#ask({ query: "read", path: document.path });
      if (reply.reply === "read") this.#arrived(document, reply, force);
    } catch (error) {
      if (error instanceof Refused && document.model) {
        if (force) document.setContent({ kind: "failed", report: error.report });
        else document.setConflict({ current: null });
      }
    } finally {
      const again = this.#reading.get(document);
      this.#reading.delete(document);
      if (again) void this.reload(document);
    }
  }

  /** Writes it. One write of a document follows after the other. */
  save(document: Document, how: SaveHow = {}): Promise<Saved> {
    const before = document.saved;
    const saving = before.then(
      () => this.#save(document, how),
      () => this.#save(document, how),
    );
    document.saved = saving.then((saved) => saved.ok);
    return saving;
  }

  /** Gives what is no file yet a path, and writes it there. */
  async saveAs(document: Document, path: TreePath): Promise<Saved> {
    const from = document.path;
    if (from !== path) {
      this.hotExit.forget(from);
      this.#rename(document, path);
      document.version = null;
    }
    const saved = await this.save(document);
    if (saved.ok) await this.reload(document);
    return saved;
  }

  /** Something was renamed; what is open of it follows. Returns the documents. */
  follow(from: TreePath, to: TreePath): Document[] {
    const all = this.all().filter((each) => !each.untitled && isWithin(each.path, from));
    for (const document of all) {
      const kept = document.dirty();
      if (kept) this.hotExit.forget(document.path);
      this.#rename(document, moved(document.path, from, to));
      if (kept) this.hotExit.changed(document);
    }
    return all;
  }

  /** Something changed on disk in these directories. */
  changedOnDisk(directories: readonly TreePath[], all: boolean): void {
    const changed = new Set(directories);
    for (const document of this.all()) {
      if (!document.saving() && (all || changed.has(parentOf(document.path))))
        void this.reload(document);
    }
  }

  #ask(query: QueryOf<"files">): Promise<FilesReply> {
    return this.#options.client.ask({ service: "files", ...query });
  }

  async #read(path: TreePath): Promise<Document> {
    const document = new Document(path, this.#options.models);
    const buffer = this.#buffers.get(path);
    try {
      const reply = await this.#ask({ query: "read", path });
      if (reply.reply === "read") this.#fill(document, reply);
      if (buffer) this.#restore(document, buffer);
    } catch (error) {
      if (buffer) {
        document.begin("");
        this.#restore(document, buffer);
        if (buffer.version) document.setConflict({ current: null });
      } else document.setContent({ kind: "failed", report: reportOf(error) });
    }
    this.#add(document);
    return document;
  }

  #fill(document: Document, read: Extract<FilesReply, { reply: "read" }>): void {
    if (read.content === "text") document.load(read);
    else if (read.content === "large") document.setContent({ kind: "large", length: read.length });
    else document.setContent({ kind: "binary", length: read.length, image: read.image ?? null });
  }

  #restore(document: Document, buffer: Buffer): void {
    const onDisk = document.version;
    this.#buffers.delete(buffer.path);
    const current: FileText | null =
      onDisk === null
        ? null
        : {
            text: document.text(),
            encoding: document.encoding(),
            line_ending: document.lineEnding(),
            version: onDisk,
            read_only: document.readOnly(),
          };
    document.restore(buffer);
    this.hotExit.restored(document);
    if (onDisk !== null && (buffer.version ?? null) !== onDisk) document.setConflict({ current });
  }

  #arrived(document: Document, read: Extract<FilesReply, { reply: "read" }>, force: boolean): void {
    if (read.content !== "text") {
      if (!document.dirty() || force) this.#fill(document, read);
      return;
    }
    if (!force && read.version === document.version) {
      if (document.conflict()?.current === null) document.setConflict(null);
      return;
    }
    if (document.dirty() && !force) document.setConflict({ current: read });
    else {
      document.load(read);
      this.hotExit.changed(document);
    }
  }

  async #save(document: Document, how: SaveHow): Promise<Saved> {
    if (!document.model) return { ok: true };
    this.#options.tidy?.(document);
    const state = document.state();
    const text = document.text();
    const conflict = document.conflict();
    const expected =
      how.overwrite && conflict ? (conflict.current?.version ?? null) : document.version;
    if (conflict && !how.overwrite) return { ok: false, conflict: true, report: null };
    document.setSaving(true);
    try {
      const reply = await this.#ask({
        query: "write",
        path: document.path,
        text,
        encoding: document.encoding(),
        line_ending: document.lineEnding(),
        expected,
      });
      if (reply.reply === "changed") {
        document.setConflict({ current: reply.current ?? null });
        return { ok: false, conflict: true, report: null };
      }
      if (reply.reply === "written") {
        document.version = reply.version;
        document.written(text);
        document.setConflict(null);
        document.isClean(state);
        this.hotExit.changed(document);
      }
      return { ok: true };
    } catch (error) {
      return { ok: false, conflict: false, report: reportOf(error) };
    } finally {
      document.setSaving(false);
    }
  }

  #rename(document: Document, path: TreePath): void {
    const opening = this.#open.get(document.path);
    this.#open.delete(document.path);
    if (opening) this.#open.set(path, opening);
    document.path = path;
    this.#options.named?.(document);
    this.#setAll([...this.all()]);
  }

  #add(document: Document): void {
    document.onChange = () => this.hotExit.changed(document);
    this.#setAll([...this.all(), document]);
    this.#options.named?.(document);
  }

  #remove(document: Document): void {
    this.#open.delete(document.path);
    this.#setAll(this.all().filter((each) => each !== document));
    document.dispose();
  }
}
