// SPDX-License-Identifier: Apache-2.0
// Documents: opening, saving, conflicts, following the disk, and keeping unsaved work.

import type { Buffer, FileText, WorkspaceQuery } from "@moat/proto";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { TextModel, TextModels } from "../src/editor/document.ts";
import { Documents } from "../src/editor/documents.ts";
import { joinMixed, splitMixed } from "../src/editor/endings.ts";

class Text implements TextModel {
  #text: string;
  #version = 1;
  #hear = new Set<() => void>();
  disposed = false;
  constructor(text: string) {
    this.#text = text;
  }
  getValue = () => this.#text;
  getAlternativeVersionId = () => this.#version;
  onDidChangeContent(hear: () => void) {
    this.#hear.add(hear);
    return { dispose: () => this.#hear.delete(hear) };
  }
  type(text: string) {
    this.#text = text;
    this.#version++;
    for (const hear of this.#hear) hear();
  }
  dispose() {
    this.disposed = true;
  }
}

const models: TextModels = {
  create: (_, text) => new Text(text),
  replace: (model, text) => (model as Text).type(text),
};

class Server {
  files = new Map<string, FileText>();
  buffers = new Map<string, Buffer>();
  lost = false;
  writes: { text: string; expected: string | null }[] = [];
  #next = 1;

  put(path: string, text: string, line_ending: FileText["line_ending"] = "lf") {
    this.files.set(path, {
      text,
      encoding: "utf8",
      line_ending,
      version: `v${this.#next++}`,
      read_only: null,
    });
  }

  ask = async (query: WorkspaceQuery): Promise<never> => {
    if (this.lost) throw new Error("lost");
    const answer = query.service === "desk" ? this.#desk(query) : this.#files(query);
    return answer as never;
  };

  #desk(query: WorkspaceQuery) {
    if (query.service !== "desk") return null;
    if (query.query === "keep_buffer") this.buffers.set(query.buffer.path, query.buffer);
    if (query.query === "drop_buffer") this.buffers.delete(query.path);
    return { service: "desk", reply: "done" };
  }

  #files(query: WorkspaceQuery) {
    if (query.service !== "files") return null;
    if (query.query === "read") {
      const file = this.files.get(query.path);
      if (!file) throw new Error("there is no such file");
      return { service: "files", reply: "read", content: "text", ...file };
    }
    if (query.query === "write") {
      const file = this.files.get(query.path);
      if ((file?.version ?? null) !== (query.expected ?? null))
        return { service: "files", reply: "changed", current: file ?? null };
      this.writes.push({ text: query.text, expected: query.expected ?? null });
      this.put(query.path, query.text, query.line_ending);
      return { service: "files", reply: "written", version: this.files.get(query.path)?.version };
    }
    return null;
  }
}

let server: Server;
let documents: Documents;
const typed = (document: { model: TextModel | null }, text: string) =>
  (document.model as Text).type(text);
const rest = () => vi.advanceTimersByTimeAsync(1000);

beforeEach(() => {
  vi.useFakeTimers();
  server = new Server();
  documents = new Documents({ client: server as never, models, hotExitPauseMs: 100 });
});
afterEach(() => void vi.useRealTimers());

describe("documents", () => {
  it("are shared by path, and gone with the last user", async () => {
    server.put("a.txt", "one");
    const first = await documents.open("a.txt");
    expect(await documents.open("a.txt")).toBe(first);
    documents.release(first);
    expect(documents.get("a.txt")).toBe(first);
    documents.release(first);
    expect(documents.get("a.txt")).toBeNull();
    expect(first.model).toBeNull();
  });

  it("are dirty while they differ, and clean after saving", async () => {
    server.put("a.txt", "one");
    const document = await documents.open("a.txt");
    expect(document.dirty()).toBe(false);
    typed(document, "two");
    expect(document.dirty()).toBe(true);
    expect(await documents.save(document)).toEqual({ ok: true });
    expect(document.dirty()).toBe(false);
    expect(server.files.get("a.txt")?.text).toBe("two");
  });

  it("stay dirty where something was typed while they were written", async () => {
    server.put("a.txt", "one");
    const document = await documents.open("a.txt");
    typed(document, "two");
    const saving = documents.save(document);
    await Promise.resolve();
    typed(document, "three");
    await saving;
    expect(document.dirty()).toBe(true);
    expect(server.files.get("a.txt")?.text).toBe("two");
  });

  it("do not write over what somebody else wrote, unless told to", async () => {
    server.put("a.txt", "one");
    const document = await documents.open("a.txt");
    typed(document, "mine");
    server.put("a.txt", "theirs");
    expect(await documents.save(document)).toMatchObject({ ok: false, conflict: true });
    expect(server.files.get("a.txt")?.text).toBe("theirs");
    expect(document.conflict()?.current?.text).toBe("theirs");
    expect(await documents.save(document, { overwrite: true })).toEqual({ ok: true });
    expect(server.files.get("a.txt")?.text).toBe("mine");
    expect(document.conflict()).toBeNull();
  });

  it("follow the disk where they are clean, and say so where they are not", async () => {
    server.put("d/a.txt", "one");
    server.put("d/b.txt", "one");
    const [a, b] = [await documents.open("d/a.txt"), await documents.open("d/b.txt")];
    typed(b, "mine");
    server.put("d/a.txt", "two");
    server.put("d/b.txt", "two");
    documents.changedOnDisk(["other"], false);
    await rest();
    expect(a.text()).toBe("one");
    documents.changedOnDisk(["d"], false);
    await rest();
    expect(a.text()).toBe("two");
    expect(a.dirty()).toBe(false);
    expect(b.text()).toBe("mine");
    expect(b.conflict()?.current?.text).toBe("two");
    await documents.revert(b);
    expect(b.text()).toBe("two");
    expect(b.conflict()).toBeNull();
  });

  it("follow a rename with their unsaved work", async () => {
    server.put("d/a.txt", "one");
    const document = await documents.open("d/a.txt");
    typed(document, "two");
    await rest();
    expect(server.buffers.has("d/a.txt")).toBe(true);
    documents.follow("d", "e");
    await rest();
    expect(document.path).toBe("e/a.txt");
    expect([...server.buffers.keys()]).toEqual(["e/a.txt"]);
  });

  it("keep both kinds of line endings where a file has both", async () => {
    server.put("m.txt", "one\r\ntwo\nthree\r\nfour\n", "mixed");
    const document = await documents.open("m.txt");
    expect(document.model?.getValue()).toBe("one\ntwo\nthree\nfour\n");
    typed(document, "one\ntwo\nnew\nthree\nfour\n");
    await documents.save(document);
    expect(server.files.get("m.txt")?.text).toBe("one\r\ntwo\nnew\nthree\r\nfour\n");
  });
});

describe("hot exit", () => {
  it("keeps what is unsaved, once the typing rests", async () => {
    server.put("a.txt", "one");
    const document = await documents.open("a.txt");
    typed(document, "t");
    typed(document, "two");
    expect(server.buffers.size).toBe(0);
    expect(documents.hotExit.unsent()).toBe(true);
    await rest();
    expect(server.buffers.get("a.txt")?.text).toBe("two");
    expect(documents.hotExit.unsent()).toBe(false);
    await documents.save(document);
    await rest();
    expect(server.buffers.size).toBe(0);
  });

  it("sends at once before the page goes away", async () => {
    server.put("a.txt", "one");
    typed(await documents.open("a.txt"), "two");
    await documents.hotExit.flush();
    expect(server.buffers.get("a.txt")?.text).toBe("two");
  });

  it("tells the server again after the connection was lost", async () => {
    server.put("a.txt", "one");
    const document = await documents.open("a.txt");
    server.lost = true;
    typed(document, "two");
    await rest();
    expect(documents.hotExit.unsent()).toBe(true);
    server.lost = false;
    documents.hotExit.again();
    await rest();
    expect(server.buffers.get("a.txt")?.text).toBe("two");
  });

  it("brings unsaved work back over the file", async () => {
    server.put("a.txt", "one");
    const version = server.files.get("a.txt")?.version ?? null;
    documents.keepBuffers([
      { path: "a.txt", text: "kept", encoding: "utf8", line_ending: "lf", version },
    ]);
    const document = await documents.open("a.txt");
    expect(document.text()).toBe("kept");
    expect(document.dirty()).toBe(true);
    expect(document.conflict()).toBeNull();
  });

  it("says so where the file changed since the work was kept", async () => {
    server.put("a.txt", "new on disk");
    documents.keepBuffers([
      { path: "a.txt", text: "kept", encoding: "utf8", line_ending: "lf", version: "older" },
    ]);
    const document = await documents.open("a.txt");
    expect(document.text()).toBe("kept");
    expect(document.conflict()?.current?.text).toBe("new on disk");
  });

  it("brings back what was no file yet", async () => {
    documents.keepBuffers([
      { path: "Untitled-1", text: "draft", encoding: "utf8", line_ending: "lf", version: null },
    ]);
    const document = await documents.open("Untitled-1");
    expect(document.text()).toBe("draft");
    expect(document.untitled).toBe(true);
    expect(await documents.saveAs(document, "draft.txt")).toEqual({ ok: true });
    expect(server.files.get("draft.txt")?.text).toBe("draft");
  });
});

describe("mixed line endings", () => {
  it("come back unchanged for every text", () => {
    for (const text of ["", "a", "a\r\n", "a\nb\r\n", "\r\n\n\r\n", "a\r\nb\nc"])
      expect(joinMixed(splitMixed(text), splitMixed(text).lines.join("\n"))).toBe(text);
  });
});
