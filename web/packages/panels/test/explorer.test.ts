// SPDX-License-Identifier: Apache-2.0
// What the explorer knows of directories, and how names and states are judged.

import type { FileEntry, GitStatus } from "@moat/proto";
import { describe, expect, it, vi } from "vitest";
import { topmost } from "../src/explorer/actions.ts";
import { ancestorsOf, TreeModel } from "../src/explorer/model.ts";
import { statesOf } from "../src/explorer/states.ts";

const entry = (path: string, kind: FileEntry["kind"] = "file"): FileEntry => ({
  path,
  name: path.slice(path.lastIndexOf("/") + 1),
  kind,
  length: 0,
  ignored: false,
});

function made(tree: Record<string, FileEntry[]>, open: string[] = []) {
  const list = vi.fn(async (path: string) => {
    const entries = tree[path];
    if (!entries) throw new Error("gone");
    return { entries, truncated: false };
  });
  const model = new TreeModel(
    list,
    (error) => ({ error: String(error), causes: [], hint: null }),
    () => {},
    open,
  );
  return { model, list };
}

const ids = (model: TreeModel) => model.rows().map((row) => `${" ".repeat(row.depth)}${row.id}`);

describe("the explorer", () => {
  const tree = () => ({
    "": [entry("src", "directory"), entry("a.txt")],
    src: [entry("src/deep", "directory"), entry("src/b.txt")],
    "src/deep": [entry("src/deep/c.txt")],
  });

  it("asks for a directory when it is opened, and once", async () => {
    const { model, list } = made(tree());
    await model.begin();
    expect(ids(model)).toEqual(["src", "a.txt"]);
    await model.toggle("src", true);
    await model.toggle("src", false);
    await model.toggle("src", true);
    expect(ids(model)).toEqual(["src", " src/deep", " src/b.txt", "a.txt"]);
    expect(list.mock.calls.map(([path]) => path)).toEqual(["", "src"]);
  });

  it("opens what is above a file to show it", async () => {
    const { model } = made(tree());
    await model.begin();
    expect(await model.reveal("src/deep/c.txt")).toBe(true);
    expect(ids(model)).toContain("  src/deep/c.txt");
    expect(await model.reveal("src/none/x.txt")).toBe(false);
  });

  it("brings back what was open, without what is gone", async () => {
    const { model } = made(tree(), ["src", "old"]);
    await model.begin();
    expect(ids(model)).toEqual(["src", " src/deep", " src/b.txt", "a.txt"]);
    expect(model.open).toEqual(["src"]);
  });

  it("reads again what changed and can be seen, and forgets what cannot", async () => {
    const files: Record<string, FileEntry[]> = tree();
    const { model, list } = made(files);
    await model.begin();
    await model.toggle("src", true);
    await model.toggle("src", false);
    list.mockClear();
    files["src"] = [entry("src/new.txt")];
    await model.changedOnDisk(["src", "nowhere"], false);
    expect(list).not.toHaveBeenCalled();
    await model.toggle("src", true);
    expect(ids(model)).toEqual(["src", " src/new.txt", "a.txt"]);
  });

  it("keeps the objects of rows that stay the same", async () => {
    const files: Record<string, FileEntry[]> = tree();
    const { model } = made(files);
    await model.begin();
    const before = model.rows();
    files[""] = [entry("src", "directory"), entry("a.txt"), entry("z.txt")];
    await model.changedOnDisk([""], false);
    const after = model.rows();
    expect(after[0]).toBe(before[0]);
    expect(after[1]).toBe(before[1]);
    expect(after).toHaveLength(3);
  });

  it("puts the name that is typed below the directories", async () => {
    const { model } = made(tree());
    await model.begin();
    model.input = { parent: "", of: null, node: "file" };
    expect(model.rows().map((row) => row.value.kind)).toEqual(["entry", "input", "entry"]);
    model.endInput();
    expect(model.rows()).toHaveLength(2);
  });

  it("lists a hundred thousand files within one directory", async () => {
    const many = Array.from({ length: 100_000 }, (_, index) => entry(`f${index}`));
    const { model } = made({ "": many });
    await model.begin();
    expect(model.rows()).toHaveLength(100_000);
  });

  it("shows why a directory could not be read", async () => {
    const { model } = made({ "": [entry("bad", "directory")] });
    await model.begin();
    await model.toggle("bad", true);
    expect(model.rows()[1]?.value).toMatchObject({ kind: "note", note: "failed" });
  });
});

describe("paths", () => {
  it("have ancestors", () => {
    expect(ancestorsOf("a/b/c")).toEqual(["a", "a/b"]);
    expect(ancestorsOf("a")).toEqual([]);
  });

  it("go with what lies above them", () => {
    expect(topmost(["a", "a/b", "ab"])).toEqual(["a", "ab"]);
  });
});

describe("states", () => {
  it("go up to the directories, the heaviest first", () => {
    const status: GitStatus = {
      branch: "main",
      head: "1",
      ahead: 0,
      behind: 0,
      truncated: false,
      changes: [
        { path: "src/new.txt", from: null, staged: null, unstaged: "untracked" },
        { path: "src/deep/old.txt", from: null, staged: "modified", unstaged: null },
        { path: "docs/gone.txt", from: null, staged: null, unstaged: "deleted" },
      ],
    };
    const states = statesOf(status);
    expect(states.get("src")).toEqual({ what: "modified", below: true });
    expect(states.get("src/new.txt")).toEqual({ what: "untracked", below: false });
    expect(states.get("docs")).toEqual({ what: "modified", below: true });
    expect(states.get("docs/gone.txt")).toEqual({ what: "deleted", below: false });
  });
});
