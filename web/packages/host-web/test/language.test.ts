// SPDX-License-Identifier: Apache-2.0
// The link to language servers: what they are told and when, and which answers count.

import { describe, expect, it } from "vitest";
import type { LanguageQuery, LanguageServers } from "@moat/proto";
import { withoutPictures } from "../src/language/convert.ts";
import { LanguageLink } from "../src/language/link.ts";

const SERVERS: LanguageServers = {
  allowed: true,
  servers: [
    {
      name: "pyright",
      languages: ["python"],
      program: "/usr/bin/pyright-langserver",
      install: "",
      standing: "ready",
      trouble: null,
    },
  ],
};

class Text {
  version = 1;
  hear: (() => void) | null = null;
  text: string;
  readonly language: string;
  constructor(text: string, language = "python") {
    this.text = text;
    this.language = language;
  }
  getValue = () => this.text;
  getLanguageId = () => this.language;
  getVersionId = () => this.version;
  getValueLength = () => this.text.length;
  onDidChangeContent(hear: () => void) {
    this.hear = hear;
    return { dispose: () => (this.hear = null) };
  }
  type(text: string) {
    this.text = text;
    this.version++;
    this.hear?.();
  }
}

async function linked() {
  const asked: LanguageQuery[] = [];
  const ask = async (query: LanguageQuery & { service: string }) => {
    asked.push(query);
    return query.query === "servers"
      ? { service: "language", reply: "servers", ...SERVERS }
      : { service: "language", reply: "done" };
  };
  const link = new LanguageLink({ ask } as never);
  link.connected(true);
  await new Promise((done) => setTimeout(done));
  return { link, asked, last: () => asked.at(-1) };
}

describe("the link to language servers", () => {
  it("tells what is typed before it asks about it", async () => {
    const { link, asked } = await linked();
    const text = new Text("a");
    link.show("a.py", text);
    text.type("ab");
    const answer = link.ask(text, { want: "symbols" });
    expect(asked.slice(-3).map((each) => each.query)).toEqual(["opened", "changed", "ask"]);
    expect(asked.at(-2)).toMatchObject({ path: "a.py", version: 2, text: "ab" });
    link.heard({ told: "answered", ask: 1, answer: { answer: "symbols", symbols: [] } });
    expect(await answer).toEqual({ answer: "symbols", symbols: [] });
  });

  it("tells nothing of languages that no server knows", async () => {
    const { link, asked } = await linked();
    const text = new Text("a", "markdown");
    const before = asked.length;
    link.show("a.md", text);
    expect(await link.ask(text, { want: "symbols" })).toEqual({ answer: "nothing", why: null });
    expect(asked.length).toBe(before);
  });

  it("tells everything again with the next connection, and answers nothing of the last", async () => {
    const { link, asked, last } = await linked();
    const text = new Text("a");
    link.show("a.py", text);
    const answer = link.ask(text, { want: "symbols" });
    link.connected(false);
    expect(await answer).toEqual({ answer: "cancelled" });
    text.type("ab");
    const before = asked.length;
    link.connected(true);
    await new Promise((done) => setTimeout(done));
    expect(asked.slice(before).map((each) => each.query)).toEqual(["servers", "opened"]);
    expect(last()).toMatchObject({ text: "ab", version: 2 });
  });

  it("takes questions back", async () => {
    const { link, last } = await linked();
    const text = new Text("a");
    link.show("a.py", text);
    let cancel = () => {};
    const taken = {
      isCancellationRequested: false,
      onCancellationRequested(hear: () => void) {
        cancel = hear;
        return { dispose: () => {} };
      },
    };
    void link.ask(text, { want: "symbols" }, taken);
    cancel();
    expect(last()).toMatchObject({ query: "cancel", ask: 1 });
  });

  it("shows problems of the text as it is alone", async () => {
    const { link } = await linked();
    const text = new Text("a");
    const hide = link.show("a.py", text);
    const spot = { line: 1, column: 1 };
    const problem = {
      span: { from: spot, to: spot },
      severity: "error" as const,
      message: "m",
      source: "s",
      code: null,
      unused: false,
      deprecated: false,
    };
    link.heard({ told: "problems", path: "a.py", version: 1, problems: [problem] });
    expect(link.problems().get("a.py")).toHaveLength(1);
    text.type("ab");
    link.heard({ told: "problems", path: "a.py", version: 1, problems: [problem, problem] });
    expect(link.problems().get("a.py")).toHaveLength(1);
    hide();
    expect(link.problems().size).toBe(0);
  });

  it("leaves no picture in a server's words, and code as it is", () => {
    const cases = [
      ["![x](https://e.example/a.png)", "!\\[x](https://e.example/a.png)"],
      ["a ![x][r]", "a !\\[x][r]"],
      ["`` ![x](y) `", "`` !\\[x](y) `"],
      ["```a`\n![x](y)", "```a`\n!\\[x](y)"],
      ["`vec![1]` and ![x](y)", "`vec![1]` and !\\[x](y)"],
      ["```rust\nvec![1]\n```\n![x](y)", "```rust\nvec![1]\n```\n!\\[x](y)"],
    ] as const;
    for (const [from, to] of cases) expect(withoutPictures(from)).toBe(to);
  });
});
