// SPDX-License-Identifier: Apache-2.0
// Has the server keep what is typed and not saved, so that closing the page, a crash or a
// lost connection loses nothing.

import type { DeskQuery, TreePath } from "@moat/proto";
import type { Document } from "./document.ts";

/** How the server is asked; rejects where the connection was lost. */
export type Keep = (query: DeskQuery) => Promise<unknown>;

interface Entry {
  document: Document;
  /** The state that the server has; null where it has none. */
  kept: string | null;
  timer: ReturnType<typeof setTimeout> | null;
  sending: boolean;
}

/** Keeps unsaved work. */
export class HotExit {
  readonly #keep: Keep;
  readonly #pause: number;
  readonly #entries = new Map<TreePath, Entry>();

  constructor(keep: Keep, pauseMs = 400) {
    this.#keep = keep;
    this.#pause = pauseMs;
  }

  /** A document changed, was saved or was read again. */
  changed(document: Document): void {
    const entry = this.#entry(document);
    if (!document.dirty()) {
      this.#drop(entry);
      return;
    }
    if (entry.timer) clearTimeout(entry.timer);
    entry.timer = setTimeout(() => void this.#send(entry), this.#pause);
  }

  /** The server has this document's unsaved work already, as it is now. */
  restored(document: Document): void {
    this.#entry(document).kept = document.state();
  }

  /** A document is gone; what is unsaved of it was thrown away. */
  forget(path: TreePath): void {
    const entry = this.#entries.get(path);
    if (entry?.timer) clearTimeout(entry.timer);
    this.#entries.delete(path);
    if (entry?.kept !== null || entry?.sending)
      this.#keep({ query: "drop_buffer", path }).catch(() => undefined);
  }

  /** Sends at once what still waits, as before the page goes away. */
  flush(): Promise<void> {
    const all = [...this.#entries.values()].filter((each) => this.#open(each));
    return Promise.all(all.map((each) => this.#send(each))).then(() => undefined);
  }

  /** After a reconnection nothing is known of what the server has: it is told again. */
  again(): void {
    for (const entry of this.#entries.values()) {
      entry.kept = null;
      if (entry.document.dirty()) void this.#send(entry);
    }
  }

  /** Whether something unsaved is only in this page. */
  unsent(): boolean {
    return [...this.#entries.values()].some((each) => this.#open(each));
  }

  #open(entry: Entry): boolean {
    return entry.document.dirty() && entry.kept !== entry.document.state();
  }

  #entry(document: Document): Entry {
    let entry = this.#entries.get(document.path);
    if (!entry || entry.document !== document) {
      entry = { document, kept: null, timer: null, sending: false };
      this.#entries.set(document.path, entry);
    }
    return entry;
  }

  #drop(entry: Entry): void {
    if (entry.timer) clearTimeout(entry.timer);
    entry.timer = null;
    if (entry.kept === null && !entry.sending) return;
    entry.kept = null;
    this.#keep({ query: "drop_buffer", path: entry.document.path }).catch(() => undefined);
  }

  async #send(entry: Entry): Promise<void> {
    if (entry.timer) clearTimeout(entry.timer);
    entry.timer = null;
    const { document } = entry;
    if (!document.dirty()) return;
    const state = document.state();
    entry.sending = true;
    try {
      await this.#keep({ query: "keep_buffer", buffer: document.buffer() });
      if (document.dirty()) entry.kept = state;
      else this.#keep({ query: "drop_buffer", path: document.path }).catch(() => undefined);
    } catch {
      // The connection is lost, or the server could not: `again` and the next change try anew.
    } finally {
      entry.sending = false;
    }
  }
}
