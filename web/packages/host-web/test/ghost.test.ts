// SPDX-License-Identifier: Apache-2.0
// Inline completion: what is asked, ended and remembered, with a server that is a script.

import {
  type CompletionQuery,
  type CompletionReply,
  Lost,
  Refused,
  type WorkspaceQuery,
} from "@moat/proto";
import { describe, expect, it } from "vitest";
import { languagesIn, windowAt, withLanguage } from "../src/ghost/around.ts";
import { Ghost, type GhostQuestion } from "../src/ghost/ghost.ts";

type Complete = Extract<CompletionQuery, { query: "complete" }>;

class Server {
  asked: Complete[] = [];
  cancelled: number[] = [];
  waited: number[] = [];
  model: string | null = null;
  now = 0;
  next: (query: Complete) => CompletionReply | Promise<CompletionReply> = () => said("answer");

  readonly ghost = new Ghost({
    client: { ask: ((query: WorkspaceQuery) => this.#answer(query)) as never },
    model: () => this.model,
    now: () => this.now,
    wait: async (ms) => {
      this.waited.push(ms);
    },
  });

  async #answer(query: WorkspaceQuery) {
    if (query.service !== "completion") throw new Error(`not for ${query.service}`);
    if (query.query === "cancel") {
      this.cancelled.push(query.number);
      return { service: "completion", reply: "cancelled" };
    }
    this.asked.push(query);
    return { service: "completion", ...(await this.next(query)) };
  }

  ask(before: string, more: Partial<GhostQuestion> = {}, signal = new AbortController().signal) {
    const question = {
      path: "a.py",
      language: "python",
      before,
      after: "\n",
      recent: [],
      explicit: false,
      ...more,
    };
    return this.ghost.suggest(question, signal);
  }
}

const said = (text: string | null, model_ms = 10): CompletionReply => ({
  reply: "completed",
  text,
  model_ms,
});
const report = { error: "no model", causes: [], hint: null };

describe("a question", () => {
  it("is asked with what is around the cursor, and answered", async () => {
    const server = new Server();
    server.model = "fast";
    expect(await server.ask("x = ", { recent: ["b.py"] })).toBe("answer");
    expect(server.asked).toEqual([
      {
        service: "completion",
        query: "complete",
        number: 1,
        path: "a.py",
        model: "fast",
        language: "python",
        before: "x = ",
        after: "\n",
        recent: ["b.py"],
      },
    ]);
    expect(server.ghost.state()).toEqual({ kind: "ready" });
  });

  it("is ended by the next key, and its answer is not used", async () => {
    const server = new Server();
    let answer: (reply: CompletionReply) => void = () => undefined;
    server.next = () => new Promise((resolve) => (answer = resolve));
    const key = new AbortController();
    const first = server.ask("x", {}, key.signal);
    expect(server.ghost.state()).toEqual({ kind: "asking" });
    key.abort();
    expect(server.cancelled).toEqual([1]);
    answer(said("late"));
    expect(await first).toBeNull();
    server.next = () => said("new");
    expect(await server.ask("x")).toBe("new");
    expect(server.asked.map((each) => each.number)).toEqual([1, 2]);
  });

  it("is not asked where the key came before", async () => {
    const server = new Server();
    const key = new AbortController();
    key.abort();
    expect(await server.ask("x", {}, key.signal)).toBeNull();
    expect(server.asked).toEqual([]);
    expect(server.cancelled).toEqual([]);
  });

  it("is not cancelled after it was answered", async () => {
    const server = new Server();
    const key = new AbortController();
    await server.ask("x", {}, key.signal);
    key.abort();
    expect(server.cancelled).toEqual([]);
  });
});

describe("what was answered", () => {
  it("is not asked again, also where its beginning was typed", async () => {
    const server = new Server();
    server.next = () => said("return sum(values)");
    expect(await server.ask("    ")).toBe("return sum(values)");
    expect(await server.ask("    ")).toBe("return sum(values)");
    expect(await server.ask("    ret")).toBe("urn sum(values)");
    expect(server.asked).toHaveLength(1);
  });

  it("is asked again where something else was typed, in another place, or of another model", async () => {
    const server = new Server();
    server.next = () => said("return");
    await server.ask("    ");
    await server.ask("    pr");
    await server.ask("    return");
    await server.ask("    ", { after: ")\n" });
    await server.ask("    ", { path: "b.py" });
    server.model = "other";
    await server.ask("    ");
    expect(server.asked).toHaveLength(6);
  });

  it("says also where nothing good was found, but to who asks for it", async () => {
    const server = new Server();
    server.next = () => said(null);
    await server.ask("x");
    expect(await server.ask("x")).toBeNull();
    expect(server.asked).toHaveLength(1);
    server.next = () => said("found");
    expect(await server.ask("x", { explicit: true })).toBe("found");
  });

  it("is forgotten when there are many newer ones", async () => {
    const server = new Server();
    server.next = (query) => said(`${query.before}!`);
    for (let index = 0; index < 40; index++) await server.ask(`x${index}`);
    await server.ask("x39");
    expect(server.asked).toHaveLength(40);
    await server.ask("x0");
    expect(server.asked).toHaveLength(41);
  });
});

describe("a model", () => {
  it("that is slow is asked only after a longer pause, but at once by a person", async () => {
    const server = new Server();
    server.next = () => said("x", 2000);
    await server.ask("a");
    expect(server.waited).toEqual([]);
    await server.ask("b");
    expect(server.waited).toEqual([200]);
    await server.ask("c", { explicit: true });
    expect(server.waited).toEqual([200]);
  });

  it("that is being loaded is asked again until it answers", async () => {
    const server = new Server();
    const states: string[] = [];
    server.next = () => {
      states.push(server.ghost.state().kind);
      return server.asked.length < 3 ? { reply: "loading" } : said("at last");
    };
    expect(await server.ask("x")).toBe("at last");
    expect(states).toEqual(["asking", "loading", "loading"]);
    expect(server.ghost.state()).toEqual({ kind: "ready" });
  });

  it("is not shown a file with secrets", async () => {
    const server = new Server();
    server.next = () => ({ reply: "withheld" });
    expect(await server.ask("KEY=", { path: ".env" })).toBeNull();
    expect(server.ghost.state()).toEqual({ kind: "withheld" });
  });

  it("that is refused rests, until a person asks, a while is over, or another one is chosen", async () => {
    const server = new Server();
    server.next = () => {
      throw new Refused(report);
    };
    expect(await server.ask("a")).toBeNull();
    expect(server.ghost.state()).toEqual({ kind: "failed", report });
    await server.ask("b");
    expect(server.asked).toHaveLength(1);
    await server.ask("b", { explicit: true });
    expect(server.asked).toHaveLength(2);
    server.now = 60_000;
    await server.ask("c");
    expect(server.asked).toHaveLength(3);
    server.ghost.again();
    expect(server.ghost.state()).toEqual({ kind: "ready" });
    await server.ask("d");
    expect(server.asked).toHaveLength(4);
  });

  it("is not blamed for a lost connection", async () => {
    const server = new Server();
    server.next = () => {
      throw new Lost();
    };
    expect(await server.ask("a")).toBeNull();
    expect(server.ghost.state()).toEqual({ kind: "ready" });
  });
});

describe("what is around the cursor", () => {
  it("begins at a place that stays while somebody types", () => {
    expect(windowAt(100, 200)).toEqual({ from: 0, to: 200 });
    const begins = Array.from(
      { length: 3000 },
      (_, typed) => windowAt(40_100 + typed, 90_000).from,
    );
    expect(new Set(begins).size).toBe(1);
    for (let offset = 0; offset < 60_000; offset += 777) {
      const { from, to } = windowAt(offset, 60_000);
      expect(offset - from).toBeLessThanOrEqual(16_000);
      expect(from === 0 || offset - from > 11_000).toBe(true);
      expect(to - offset).toBeLessThanOrEqual(4000);
    }
  });

  it("is of a language that can be turned off", () => {
    expect(languagesIn(" Plaintext,markdown,, ")).toEqual(["plaintext", "markdown"]);
    expect(withLanguage("plaintext", "python", true)).toBe("plaintext, python");
    expect(withLanguage("plaintext, python", "python", false)).toBe("plaintext");
    expect(withLanguage("", "python", false)).toBe("");
  });
});
