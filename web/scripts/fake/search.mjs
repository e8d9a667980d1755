// SPDX-License-Identifier: Apache-2.0
// Search of the false server: file by file, so that results stream.

import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";

const LINE_MOST = 250;

function glob(text) {
  const body = text
    .replace(/[.+^${}()|[\]\\]/g, "\\$&")
    .replace(/\*\*\/?/g, "\0")
    .replace(/\*/g, "[^/]*")
    .replace(/\?/g, "[^/]")
    .replaceAll("\0", ".*");
  return new RegExp(text.includes("/") ? `^${body}(/|$)` : `(^|/)${body}(/|$)`);
}

export class Search {
  #running = new Map();

  constructor(root, files) {
    this.root = root;
    this.files = files;
  }

  #paths({ include, exclude }) {
    const [yes, no] = [include.map(glob), exclude.map(glob)];
    return this.files
      .every()
      .filter((path) => (yes.length === 0 || yes.some((each) => each.test(path))) && !no.some((each) => each.test(path)));
  }

  #expression(spec) {
    const body = spec.regex ? spec.pattern : spec.pattern.replace(/[.*+?^${}()|[\]\\]/g, "\\$&");
    try {
      return new RegExp(spec.word ? `\\b(?:${body})\\b` : body, spec.case ? "gm" : "gim");
    } catch (error) {
      const report = { error: "the expression cannot be read", causes: [error.message], hint: null };
      throw Object.assign(error, { report });
    }
  }

  start({ search, spec }, connection) {
    const expression = this.#expression(spec);
    const paths = this.#paths(spec);
    this.#running.set(search, true);
    void this.#go(search, expression, paths, connection);
    return { reply: "started" };
  }

  async #go(search, expression, paths, connection) {
    let looked = 0;
    for (let at = 0; at < paths.length && this.#running.get(search); at += 200) {
      const hits = [];
      for (const path of paths.slice(at, at + 200)) {
        looked++;
        const lines = this.#lines(path, expression);
        if (lines.length) hits.push({ path, lines });
      }
      if (hits.length) connection.news({ news: "search_found", search, hits });
      await new Promise((resolve) => setImmediate(resolve));
    }
    this.#running.delete(search);
    connection.news({ news: "search_ended", search, files: looked, truncated: false });
  }

  #lines(path, expression) {
    let text;
    try {
      text = readFileSync(join(this.root, path), "utf8");
    } catch {
      return [];
    }
    if (text.includes("\0")) return [];
    const out = [];
    text.split("\n").forEach((line, index) => {
      const matched = [];
      for (const hit of line.matchAll(expression)) {
        if (hit[0].length === 0) break;
        if (hit.index + hit[0].length <= LINE_MOST) matched.push([hit.index, hit.index + hit[0].length]);
      }
      if (matched.length) out.push({ line: index + 1, text: line.slice(0, LINE_MOST), matched, cut: 0 });
    });
    return out;
  }

  stop({ search }) {
    this.#running.delete(search);
    return { reply: "stopped" };
  }

  replace({ spec, with: words, paths }) {
    const expression = this.#expression(spec);
    let places = 0;
    const files = [];
    for (const path of paths) {
      const before = readFileSync(join(this.root, path), "utf8");
      places += [...before.matchAll(expression)].length;
      const after = before.replace(expression, spec.regex ? words : () => words);
      if (after === before) continue;
      writeFileSync(join(this.root, path), after);
      files.push(path);
    }
    return { reply: "replaced", places, files, left: [] };
  }
}
