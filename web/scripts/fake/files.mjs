// SPDX-License-Identifier: Apache-2.0
// Files of the false server. It is for development alone: nothing here is confined.

import { execFileSync } from "node:child_process";
import * as fs from "node:fs";
import { dirname, join } from "node:path";

const LARGE = 2 << 20;
const IMAGES = { png: "image/png", jpg: "image/jpeg", gif: "image/gif", webp: "image/webp" };

const refuse = (error, cause, hint = null) => {
  throw Object.assign(new Error(error), { report: { error, causes: cause ? [cause] : [], hint } });
};

export class Files {
  #trash = new Map();
  #next = 1;
  #all = null;

  constructor(root, news) {
    this.root = root;
    this.news = news;
    const changed = new Set();
    let waiting = false;
    fs.watch(root, { recursive: true }, (_, name) => {
      if (!name || name.startsWith(".git/") || name === ".git") return;
      changed.add(dirname(name) === "." ? "" : dirname(name));
      this.#all = null;
      if (waiting) return;
      waiting = true;
      setTimeout(() => {
        waiting = false;
        news({ news: "files_changed", directories: [...changed], all: false });
        news({ news: "git_changed" });
        changed.clear();
      }, 100);
    });
  }

  #at(path) {
    const full = join(this.root, path);
    if (full !== this.root && !full.startsWith(`${this.root}/`)) refuse("the path leaves the workspace");
    return full;
  }

  #version(stat) {
    return `${stat.mtimeMs}-${stat.size}-${stat.ino}`;
  }

  #ignored(paths) {
    if (paths.length === 0) return new Set();
    try {
      const out = execFileSync("git", ["check-ignore", "--stdin"], { cwd: this.root, input: paths.join("\n"), stdio: ["pipe", "pipe", "ignore"] });
      return new Set(out.toString().split("\n"));
    } catch {
      return new Set();
    }
  }

  list({ path }) {
    let all;
    try {
      all = fs.readdirSync(this.#at(path), { withFileTypes: true });
    } catch (error) {
      refuse(`cannot list ${path || "the workspace"}`, error.message);
    }
    all = all.filter((each) => each.name !== ".git");
    const full = (name) => (path ? `${path}/${name}` : name);
    const ignored = this.#ignored(all.map((each) => full(each.name)));
    const entries = all.map((each) => ({
      path: full(each.name),
      name: each.name,
      kind: each.isDirectory() ? "directory" : each.isSymbolicLink() ? "link" : each.isFile() ? "file" : "other",
      length: each.isFile() ? fs.statSync(this.#at(full(each.name))).size : 0,
      ignored: ignored.has(full(each.name)),
    }));
    entries.sort(
      (a, b) => (b.kind === "directory") - (a.kind === "directory") || a.name.localeCompare(b.name, "en", { numeric: true }),
    );
    return { reply: "listed", entries, truncated: false };
  }

  #text(path) {
    const full = this.#at(path);
    const stat = fs.statSync(full);
    const bytes = fs.readFileSync(full);
    const two = bytes.subarray(0, 2).toString("hex");
    let encoding = "utf8";
    let text;
    if (two === "fffe") [encoding, text] = ["utf16_le", bytes.subarray(2).toString("utf16le")];
    else if (bytes.subarray(0, 3).toString("hex") === "efbbbf") [encoding, text] = ["utf8_mark", bytes.subarray(3).toString()];
    else text = bytes.toString();
    const pairs = text.split("\r\n").length - 1;
    const ends = text.split("\n").length - 1;
    const line_ending = pairs === 0 ? "lf" : pairs === ends ? "crlf" : "mixed";
    if (line_ending === "crlf") text = text.replaceAll("\r\n", "\n");
    return { text, encoding, line_ending, version: this.#version(stat), read_only: null };
  }

  read({ path }) {
    let stat;
    let head;
    try {
      stat = fs.statSync(this.#at(path));
      if (stat.isDirectory()) refuse(`cannot read ${path}`, "it is a directory");
      const file = fs.openSync(this.#at(path), "r");
      head = Buffer.alloc(Math.min(4096, stat.size));
      fs.readSync(file, head, 0, head.length, 0);
      fs.closeSync(file);
    } catch (error) {
      if (error.report) throw error;
      refuse(`cannot read ${path}`, error.code === "ENOENT" ? "there is no such file" : error.message);
    }
    const image = IMAGES[path.split(".").pop().toLowerCase()] ?? null;
    const wide = ["fffe", "feff"].includes(head.subarray(0, 2).toString("hex"));
    if (image || (!wide && head.includes(0)))
      return { reply: "read", content: "binary", length: stat.size, image };
    if (stat.size > LARGE) return { reply: "read", content: "large", length: stat.size };
    return { reply: "read", content: "text", ...this.#text(path) };
  }

  read_part({ path, offset, length }) {
    const file = fs.openSync(this.#at(path), "r");
    const bytes = Buffer.alloc(length);
    const read = fs.readSync(file, bytes, 0, length, offset);
    fs.closeSync(file);
    return { reply: "part", base64: bytes.subarray(0, read).toString("base64") };
  }

  write({ path, text, encoding, line_ending, expected }) {
    const full = this.#at(path);
    const now = fs.existsSync(full) ? this.#version(fs.statSync(full)) : null;
    if (now !== (expected ?? null)) return { reply: "changed", current: now ? this.#text(path) : null };
    const body = line_ending === "crlf" ? text.replaceAll("\n", "\r\n") : text;
    const bytes =
      encoding === "utf16_le"
        ? Buffer.concat([Buffer.from([0xff, 0xfe]), Buffer.from(body, "utf16le")])
        : encoding === "utf8_mark"
          ? Buffer.concat([Buffer.from([0xef, 0xbb, 0xbf]), Buffer.from(body)])
          : Buffer.from(body);
    fs.mkdirSync(dirname(full), { recursive: true });
    fs.writeFileSync(full, bytes);
    return { reply: "written", version: this.#version(fs.statSync(full)) };
  }

  create({ path, node }) {
    const full = this.#at(path);
    if (fs.existsSync(full)) refuse(`cannot create ${path}`, "something of this name is already there");
    fs.mkdirSync(dirname(full), { recursive: true });
    if (node === "directory") fs.mkdirSync(full);
    else fs.writeFileSync(full, "", { flag: "wx" });
    return { reply: "done" };
  }

  rename({ from, to }) {
    if (fs.existsSync(this.#at(to))) refuse(`cannot rename ${from} to ${to}`, "something of this name is already there");
    fs.mkdirSync(dirname(this.#at(to)), { recursive: true });
    fs.renameSync(this.#at(from), this.#at(to));
    return { reply: "done" };
  }

  delete({ path }) {
    const trash = this.#next++;
    const place = join(this.root, "..", `trash-${trash}`);
    fs.renameSync(this.#at(path), place);
    this.#trash.set(trash, { path, place });
    return { reply: "trashed", trash };
  }

  restore({ trash }) {
    const kept = this.#trash.get(trash) ?? refuse("there is nothing of this number in the trash");
    fs.renameSync(kept.place, this.#at(kept.path));
    this.#trash.delete(trash);
    return { reply: "done" };
  }

  every() {
    this.#all ??= execFileSync("git", ["ls-files", "-co", "--exclude-standard"], { cwd: this.root, maxBuffer: 1 << 28 })
      .toString()
      .split("\n")
      .filter(Boolean);
    return this.#all;
  }

  find({ text, limit }) {
    const wanted = [...text.toLowerCase().replace(/\s/g, "")];
    const found = [];
    const all = this.every();
    for (const path of all) {
      const low = path.toLowerCase();
      const name = low.lastIndexOf("/") + 1;
      const match = (from) => {
        const matched = [];
        let at = from;
        for (const letter of wanted) {
          const next = low.indexOf(letter, at);
          if (next < 0) return null;
          matched.push(next);
          at = next + 1;
        }
        return matched;
      };
      const inName = match(name);
      const matched = inName ?? match(0);
      if (matched) {
        const spread = matched.length ? matched.at(-1) - matched[0] - matched.length : 0;
        found.push({ path, matched, rank: (inName ? 0 : 1000) + spread * 4 + low.length - name });
      }
    }
    found.sort((a, b) => a.rank - b.rank);
    return {
      reply: "found",
      found: found.slice(0, limit).map(({ path, matched }) => ({ path, matched })),
      of: all.length,
      indexing: false,
    };
  }
}
