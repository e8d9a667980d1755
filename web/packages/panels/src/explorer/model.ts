// SPDX-License-Identifier: Apache-2.0
// What the explorer knows of the workspace's directories: those that were opened, and what
// lies in them. Everything else is asked for when it is needed.

import type { FileEntry, Report, TreePath } from "@moat/proto";
import type { TreeRow } from "../ui/tree.tsx";

/** A row of the explorer. */
export type Item =
  | { kind: "entry"; entry: FileEntry }
  | { kind: "input"; parent: TreePath; of: FileEntry | null; node: "file" | "directory" }
  | { kind: "note"; note: "loading" | "truncated" | "failed"; report?: Report };

/** What is known of a directory. */
interface Listing {
  entries: FileEntry[];
  truncated: boolean;
  loaded: boolean;
  report: Report | null;
}

/** A name that is being typed: of something new, or of something that is there. */
export interface Input {
  parent: TreePath;
  of: FileEntry | null;
  node: "file" | "directory";
}

/** Asks what lies in a directory. */
export type List = (path: TreePath) => Promise<{ entries: FileEntry[]; truncated: boolean }>;

/** Makes a report of what was thrown. */
export type ToReport = (error: unknown) => Report;

/** The directory in which something lies. */
export function parentOf(path: TreePath): TreePath {
  const at = path.lastIndexOf("/");
  return at < 0 ? "" : path.slice(0, at);
}

/** The directories above something, the outermost first, the root left out. */
export function ancestorsOf(path: TreePath): TreePath[] {
  const out: TreePath[] = [];
  for (let at = path.indexOf("/"); at >= 0; at = path.indexOf("/", at + 1))
    out.push(path.slice(0, at));
  return out;
}

/** What the explorer knows. */
export class TreeModel {
  readonly #list: List;
  readonly #report: ToReport;
  readonly #changed: () => void;
  readonly #listings = new Map<TreePath, Listing>();
  readonly #open = new Set<TreePath>([""]);
  readonly #asking = new Map<TreePath, Promise<void>>();
  readonly #rows = new Map<string, TreeRow<Item>>();
  input: Input | null = null;

  constructor(list: List, report: ToReport, changed: () => void, open: readonly TreePath[] = []) {
    this.#list = list;
    this.#report = report;
    this.#changed = changed;
    for (const path of open) this.#open.add(path);
  }

  /** The open directories, the root left out. */
  get open(): TreePath[] {
    return [...this.#open].filter((path) => path !== "");
  }

  /** Whether the root was read. */
  get ready(): boolean {
    return this.#listings.get("")?.loaded ?? false;
  }

  /** Why the root could not be read. */
  get failed(): Report | null {
    return this.#listings.get("")?.report ?? null;
  }

  /** What is known of an entry. */
  entry(path: TreePath): FileEntry | null {
    return this.#listings.get(parentOf(path))?.entries.find((each) => each.path === path) ?? null;
  }

  /** Whether a name is taken in a directory, as far as it was read. */
  taken(path: TreePath): boolean {
    return this.entry(path) !== null;
  }

  /** Reads what is to be seen at the beginning. */
  async begin(): Promise<void> {
    await this.load("");
    const open = this.open.sort();
    await Promise.all(open.map((path) => this.load(path)));
    for (const path of open) if (this.#listings.get(path)?.report) this.#open.delete(path);
    this.#changed();
  }

  /** Opens or closes a directory. */
  async toggle(path: TreePath, open: boolean): Promise<void> {
    if (open) this.#open.add(path);
    else this.#open.delete(path);
    this.#changed();
    if (open && !this.#listings.get(path)?.loaded) await this.load(path);
  }

  /** Closes every directory. */
  collapse(): void {
    this.#open.clear();
    this.#open.add("");
    this.#changed();
  }

  /** Opens what is above something, so that it can be seen. False where it is not there. */
  async reveal(path: TreePath): Promise<boolean> {
    for (const above of ["", ...ancestorsOf(path)]) {
      if (!this.#listings.get(above)?.loaded) await this.load(above);
      if (above !== "" && !this.entry(above)) return false;
      this.#open.add(above);
    }
    this.#changed();
    return this.entry(path) !== null;
  }

  /** Reads a directory, or waits where it is being read. */
  load(path: TreePath): Promise<void> {
    const asking = this.#asking.get(path);
    if (asking) return asking;
    const asked = this.#load(path).finally(() => this.#asking.delete(path));
    this.#asking.set(path, asked);
    return asked;
  }

  /** Something changed in these directories: what is open of them is read again. */
  async changedOnDisk(directories: readonly TreePath[], all: boolean): Promise<void> {
    const known = [...this.#listings.keys()];
    const touched = all ? known : directories.filter((path) => this.#listings.has(path));
    const again: Promise<void>[] = [];
    for (const path of touched) {
      if (this.#seen(path)) {
        await this.#asking.get(path);
        again.push(this.load(path));
      } else this.#listings.delete(path);
    }
    await Promise.all(again);
  }

  /** All rows, from the top. Rows that stay the same are the same objects. */
  rows(): TreeRow<Item>[] {
    const out: TreeRow<Item>[] = [];
    this.#add(out, "", 0);
    return out;
  }

  #seen(path: TreePath): boolean {
    return [path, ...ancestorsOf(path)].every((each) => this.#open.has(each));
  }

  async #load(path: TreePath): Promise<void> {
    const before = this.#listings.get(path);
    if (!before) {
      this.#listings.set(path, { entries: [], truncated: false, loaded: false, report: null });
      this.#changed();
    }
    try {
      const { entries, truncated } = await this.#list(path);
      this.#listings.set(path, {
        entries: keepSame(before?.entries, entries),
        truncated,
        loaded: true,
        report: null,
      });
      const gone = (before?.entries ?? []).filter(
        (old) => !entries.some((each) => each.path === old.path),
      );
      if (gone.length < 1000) for (const old of gone) this.#forget(old.path);
    } catch (error) {
      this.#listings.set(path, {
        entries: [],
        truncated: false,
        loaded: true,
        report: this.#report(error),
      });
    }
    this.#changed();
  }

  #forget(path: TreePath): void {
    for (const known of [...this.#listings.keys()])
      if (known === path || known.startsWith(`${path}/`)) {
        this.#listings.delete(known);
        this.#open.delete(known);
      }
  }

  #add(out: TreeRow<Item>[], path: TreePath, depth: number): void {
    const listing = this.#listings.get(path);
    if (!listing) return;
    const { input } = this;
    const fresh = input && input.of === null && input.parent === path ? input : null;
    if (fresh?.node === "directory") out.push(this.#inputRow(fresh, depth));
    let placed = fresh === null || fresh.node === "directory";
    for (const entry of listing.entries) {
      if (!placed && fresh && entry.kind !== "directory") {
        out.push(this.#inputRow(fresh, depth));
        placed = true;
      }
      if (input?.of?.path === entry.path) out.push(this.#inputRow(input, depth));
      else out.push(this.#row(entry, depth));
      if (entry.kind === "directory" && this.#open.has(entry.path))
        this.#add(out, entry.path, depth + 1);
    }
    if (!placed && fresh) out.push(this.#inputRow(fresh, depth));
    if (listing.report) out.push(note(path, depth, "failed", listing.report));
    else if (!listing.loaded) out.push(note(path, depth, "loading"));
    else if (listing.truncated) out.push(note(path, depth, "truncated"));
  }

  #row(entry: FileEntry, depth: number): TreeRow<Item> {
    const open = entry.kind === "directory" ? this.#open.has(entry.path) : undefined;
    const old = this.#rows.get(entry.path);
    if (
      old &&
      old.depth === depth &&
      old.open === open &&
      old.value.kind === "entry" &&
      old.value.entry === entry
    )
      return old;
    const made: TreeRow<Item> = {
      id: entry.path,
      value: { kind: "entry", entry },
      depth,
      ...(open === undefined ? {} : { open }),
    };
    this.#rows.set(entry.path, made);
    return made;
  }

  #inputRow(input: Input, depth: number): TreeRow<Item> {
    const old = this.#rows.get("\ninput");
    if (
      old?.value.kind === "input" &&
      old.value.of === input.of &&
      old.value.parent === input.parent &&
      old.value.node === input.node
    )
      return old;
    const made: TreeRow<Item> = { id: "\ninput", value: { kind: "input", ...input }, depth };
    this.#rows.set("\ninput", made);
    return made;
  }

  /** Forgets the row of a name that was typed. */
  endInput(): void {
    this.input = null;
    this.#rows.delete("\ninput");
    this.#changed();
  }
}

function note(
  path: TreePath,
  depth: number,
  what: "loading" | "truncated" | "failed",
  report?: Report,
): TreeRow<Item> {
  return {
    id: `\n${what} ${path}`,
    value: { kind: "note", note: what, ...(report ? { report } : {}) },
    depth,
  };
}

/** The new entries, with the old objects where nothing changed. */
function keepSame(before: FileEntry[] | undefined, entries: FileEntry[]): FileEntry[] {
  if (!before) return entries;
  const old = new Map(before.map((entry) => [entry.path, entry]));
  return entries.map((entry) => {
    const same = old.get(entry.path);
    return same &&
      same.kind === entry.kind &&
      same.ignored === entry.ignored &&
      same.name === entry.name
      ? same
      : entry;
  });
}
