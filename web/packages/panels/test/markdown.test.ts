// SPDX-License-Identifier: Apache-2.0
// Markdown: what becomes of tokens, where links lead, growing texts, odd characters, colours.

import { describe, expect, it } from "vitest";
import { colour } from "@moat/panels/markdown/highlight.ts";
import { directoryOf, resolve, targetOf } from "@moat/panels/markdown/links.ts";
import { hasOdd, legible, pieces } from "@moat/panels/markdown/odd.ts";
import { parse } from "@moat/panels/markdown/parse.ts";
import { Stream } from "@moat/panels/markdown/stream.ts";
import { type Block, type Inline, plain, slugOf } from "@moat/panels/markdown/tree.ts";

const text = (words: string): Inline => ({ kind: "text", text: words });

describe("the tree of a document", () => {
  it("has headings, emphasis, code and breaks", () => {
    expect(parse("# A *b* `c`\n\nd **e** ~~f~~  \ng")).toEqual([
      {
        kind: "heading",
        level: 1,
        slug: "a-b-c",
        parts: [
          text("A "),
          { kind: "emphasis", parts: [text("b")] },
          text(" "),
          { kind: "code", text: "c" },
        ],
      },
      {
        kind: "paragraph",
        parts: [
          text("d "),
          { kind: "strong", parts: [text("e")] },
          text(" "),
          { kind: "struck", parts: [text("f")] },
          { kind: "break" },
          text("g"),
        ],
      },
    ] satisfies Block[]);
  });

  it("has HTML only as text", () => {
    const blocks = parse("<script>alert(1)</script>\n\na <img src=x onerror=alert(1)> b");
    expect(blocks).toEqual([
      { kind: "paragraph", parts: [text("<script>alert(1)</script>")] },
      { kind: "paragraph", parts: [text("a <img src=x onerror=alert(1)> b")] },
    ]);
  });

  it("has tables with their alignment, and rows of them", () => {
    expect(parse("|a|b|c|\n|-|:-:|--:|\n|1|*2*|3|")).toEqual([
      {
        kind: "table",
        align: ["start", "center", "end"],
        head: [[text("a")], [text("b")], [text("c")]],
        rows: [[[text("1")], [{ kind: "emphasis", parts: [text("2")] }], [text("3")]]],
      },
    ]);
  });

  it("has lists in lists, tasks, and the number that a list begins at", () => {
    const [list] = parse("3. one\n4. two\n   - [x] done\n   - [ ] open\n   - [y] neither");
    expect(list).toMatchObject({ kind: "list", ordered: true, start: 3, tight: true });
    const inner = list?.kind === "list" ? list.items[1]?.blocks[1] : undefined;
    expect(inner?.kind === "list" && inner.items.map((item) => item.done)).toEqual([
      true,
      false,
      null,
    ]);
    expect(inner?.kind === "list" && inner.items[0]?.blocks).toEqual([
      { kind: "paragraph", parts: [text("done")] },
    ]);
  });

  it("keeps code as it is, and takes only a plain word for its language", () => {
    expect(parse("```rust ignore\nfn a() {}\n\n```")).toEqual([
      { kind: "code", language: "rust", text: "fn a() {}\n" },
    ]);
    expect(parse("```<b>\nx\n```")).toEqual([{ kind: "code", language: "", text: "x" }]);
    expect(parse("    indented")).toEqual([{ kind: "code", language: "", text: "indented" }]);
  });

  it("names images and does not make them of another kind", () => {
    expect(parse("![alt *x*](http://a.example/p.png)")).toEqual([
      {
        kind: "paragraph",
        parts: [
          {
            kind: "image",
            target: { to: "web", address: "http://a.example/p.png" },
            text: "alt *x*",
          },
        ],
      },
    ]);
  });

  it("ends on what is nested without end", () => {
    expect(parse(`${">".repeat(5000)} a`).length).toBeGreaterThan(0);
    expect(parse(`${"[".repeat(20_000)}a`).length).toBe(1);
    expect(parse(`${"*a ".repeat(20_000)}`).length).toBe(1);
    expect(parse(`${"- ".repeat(3000)}a`).length).toBeGreaterThan(0);
  });

  it("shows what it does not read as it is written", () => {
    const quotes = `${">".repeat(3000)} hidden`;
    expect(parse(`before\n\n${quotes}\n\nafter`)).toEqual([
      { kind: "paragraph", parts: [text("before")] },
      { kind: "code", language: "", text: quotes },
      { kind: "paragraph", parts: [text("after")] },
    ]);
    // A list without end takes what follows with it.
    const lists = `${"- ".repeat(2000)}hidden\n\nafter`;
    expect(parse(`before\n\n${lists}`)).toEqual([
      { kind: "paragraph", parts: [text("before")] },
      { kind: "code", language: "", text: lists },
    ]);
    const quiet = parse(`${"> ".repeat(40)}seen`);
    expect(quiet.map((block) => block.kind)).toEqual(["quote"]);
    const long = `${"word ".repeat(400_000)}end`;
    expect(parse(long).at(-1)).toEqual({ kind: "code", language: "", text: "end" });
  });
});

describe("links", () => {
  it.each([
    ["https://a.example/b?c#d", { to: "web", address: "https://a.example/b?c#d" }],
    ["HTTP://A.example", { to: "web", address: "http://a.example/" }],
    ["src/a.rs", { to: "file", path: "docs/src/a.rs" }],
    ["../src/a.rs:12:3", { to: "file", path: "src/a.rs", line: 12, column: 3 }],
    ["/src/a.rs#L7-L9", { to: "file", path: "src/a.rs", line: 7 }],
    ["%E6%96%87.md#part", { to: "file", path: "docs/文.md" }],
    ["#Some-Heading", { to: "heading", slug: "some-heading" }],
  ])("%s leads somewhere", (address, target) => {
    expect(targetOf(address, "docs")).toEqual(target);
  });

  it.each([
    "javascript:alert(1)",
    "JaVaScRiPt:alert(1)",
    "java\tscript:alert(1)",
    "\u0001javascript:alert(1)",
    "java\u200bscript:alert(1)",
    "javascript:1:2",
    "vbscript:x",
    "data:text/html,<script>1</script>",
    "file:///etc/passwd",
    "blob:http://a/1",
    "ms-word:ofe|u|http://a",
    "vscode://x/y",
    "mailto:a@b.example",
    "//evil.example/x",
    "\\\\evil.example\\x",
    "http:evil.example",
    "https://user:pass@evil.example/",
    "http://",
    "../../outside",
    "a\\b",
    "",
  ])("%j leads nowhere", (address) => {
    expect(targetOf(address, "docs").to).toBe("nowhere");
  });

  it("are resolved within the workspace", () => {
    expect(resolve("./a/../b", "x/y")).toBe("x/y/b");
    expect(resolve("../../../b", "x/y")).toBeNull();
    expect(resolve("a\0b", "")).toBeNull();
    expect(directoryOf("a/b/c.md")).toBe("a/b");
    expect(directoryOf("c.md")).toBe("");
  });

  it("in a text are found only with their scheme", () => {
    const kinds = (source: string) =>
      parse(source).flatMap((block) =>
        block.kind === "paragraph" ? block.parts.map((part) => part.kind) : [],
      );
    expect(kinds("see https://a.example/x.")).toEqual(["text", "link", "text"]);
    expect(kinds("see a.example or b@c.example")).toEqual(["text"]);
  });
});

const GROWN = `# Title

A paragraph of *two*
lines.

| a | b |
|---|---|
| 1 | 2 |

- one
- two

  still two
- three

1. first
2. second

> quoted
> more

\`\`\`ts
const a = 1;

const b = "\`";
\`\`\`

Setext
======

tail`;

describe("a growing document", () => {
  it("is at every moment what it would be as a whole", () => {
    for (const size of [1, 3, 7, 40]) {
      const stream = new Stream();
      for (let end = size; end < GROWN.length + size; end += size) {
        const so = GROWN.slice(0, end);
        stream.update(so);
        expect([...stream.settled(), ...stream.open()]).toEqual(parse(so));
      }
    }
  });

  it("keeps what is settled as the same objects", () => {
    const stream = new Stream();
    stream.update("one\n\ntwo\n\nthr");
    const before = stream.settled();
    stream.update("one\n\ntwo\n\nthree\n\nfour\n");
    expect(before.length).toBeGreaterThan(0);
    before.forEach((block, index) => expect(stream.settled()[index]).toBe(block));
  });

  it("does not read a paragraph without end again and again", () => {
    const stream = new Stream();
    for (let length = 500; length <= 30_000; length += 500) stream.update("*_".repeat(length / 2));
    expect(stream.open().length).toBe(1);
    stream.update("a\n\nb".repeat(4000));
    stream.finish();
    expect([...stream.settled(), ...stream.open()]).toEqual(parse("a\n\nb".repeat(4000)));
  });

  it("begins anew where the text is another one, and resolves references at the end", () => {
    const stream = new Stream();
    stream.update("a\n\nb\n\nc");
    stream.update("[x]\n\nz\n\n[x]: https://a.example/");
    stream.finish();
    expect([...stream.settled(), ...stream.open()]).toEqual(
      parse("[x]\n\nz\n\n[x]: https://a.example/"),
    );
  });
});

describe("odd characters", () => {
  it("are named, and others are left", () => {
    expect(pieces("a\u202eb\u200bc")).toEqual([
      { odd: false, text: "a" },
      { odd: true, name: "U+202E" },
      { odd: false, text: "b" },
      { odd: true, name: "U+200B" },
      { odd: false, text: "c" },
    ]);
    expect(hasOdd("\u{e0041}")).toBe(true);
    // Asking first must not make the first of them pass unseen.
    expect(hasOdd("a\u202eb") && pieces("a\u202eb").some((piece) => piece.odd)).toBe(true);
    expect(hasOdd("👩‍👩‍👧 é 文\n\t")).toBe(false);
    expect(legible("x\u0007y")).toBe("x⟨U+0007⟩y");
  });
});

describe("colours of code", () => {
  it("never change the code", () => {
    for (const language of ["rust", "python", "sql", "json", "diff", "unknown", "ts"]) {
      for (const code of [
        'let a = "b" // c\n',
        "# x\n'''\ny\n'''",
        "/* open",
        "'",
        "`",
        "- a\n+ b\n@@ c",
        "0x1f 1.5e3",
      ]) {
        expect(
          colour(code, language)
            .map((stretch) => stretch.text)
            .join(""),
        ).toBe(code);
      }
    }
  });

  it("tell words, texts, numbers and comments apart", () => {
    const found = (code: string, language: string) =>
      colour(code, language)
        .filter((stretch) => stretch.colour !== null)
        .map((stretch) => `${stretch.colour}:${stretch.text}`);
    expect(found('fn a<\'b>() { return "x"; } // y', "rust")).toEqual([
      "word:fn",
      "word:return",
      'text:"x"',
      "comment:// y",
    ]);
    expect(found("see http://a.example # b", "bash")).toEqual(["comment:# b"]);
    expect(found("+a\n-b\n", "diff")).toEqual(["added:+a\n", "removed:-b\n"]);
  });
});

describe("names", () => {
  it("of headings are as code hosts make them", () => {
    expect(slugOf("What's new, in 2.0?")).toBe("whats-new-in-20");
    expect(plain([text("a"), { kind: "strong", parts: [{ kind: "code", text: "b" }] }])).toBe("ab");
  });
});
