// SPDX-License-Identifier: Apache-2.0
// Source control of the false server, by the real git.

import { execFileSync } from "node:child_process";

const LETTERS = { A: "added", M: "modified", D: "deleted", R: "renamed", T: "type", "?": "untracked", U: "conflict" };

export class Git {
  constructor(root, news) {
    this.root = root;
    this.news = news;
  }

  #run(...words) {
    try {
      return execFileSync("git", ["-c", "user.name=Ada", "-c", "user.email=ada@example.org", "-c", "core.quotepath=off", ...words], {
        cwd: this.root,
        stdio: "pipe",
        maxBuffer: 1 << 28,
      }).toString();
    } catch (error) {
      const report = { error: `git ${words[0]} failed`, causes: [String(error.stderr || error.message).trim()], hint: null };
      throw Object.assign(error, { report });
    }
  }

  #status() {
    const status = { branch: null, head: null, ahead: 0, behind: 0, changes: [], truncated: false };
    const parts = this.#run("status", "--porcelain=v2", "--branch", "-z", "-uall").split("\0");
    for (let at = 0; at < parts.length; at++) {
      const line = parts[at];
      const words = line.split(" ");
      if (line.startsWith("# branch.head")) status.branch = words[2] === "(detached)" ? null : words[2];
      else if (line.startsWith("# branch.oid")) status.head = words[2].slice(0, 8);
      else if (line.startsWith("? ")) status.changes.push({ path: line.slice(2), from: null, staged: null, unstaged: "untracked" });
      else if (/^[12u] /.test(line)) {
        const renamed = words[0] === "2";
        const path = words.slice(renamed ? 9 : words[0] === "u" ? 10 : 8).join(" ");
        const from = renamed ? parts[++at] : null;
        const [x, y] = words[0] === "u" ? ["U", "U"] : words[1];
        status.changes.push({ path, from, staged: LETTERS[x] ?? null, unstaged: LETTERS[y] ?? null });
      }
    }
    return status;
  }

  status() {
    return { reply: "status", ...this.#status() };
  }

  original({ path, committed }) {
    try {
      return { reply: "original", text: this.#run("show", `${committed ? "HEAD" : ""}:${path}`) };
    } catch {
      return { reply: "original", text: null };
    }
  }

  #done() {
    this.news({ news: "git_changed" });
    return { reply: "done", ...this.#status() };
  }

  stage({ paths }) {
    this.#run("add", "-A", "--", ...(paths.length ? paths : ["."]));
    return this.#done();
  }

  unstage({ paths }) {
    this.#run("reset", "-q", "--", ...(paths.length ? paths : ["."]));
    return this.#done();
  }

  discard({ paths }) {
    for (const path of paths) {
      try {
        this.#run("checkout", "-q", "--", path);
      } catch {
        this.#run("clean", "-fq", "--", path);
      }
    }
    return this.#done();
  }

  commit({ message, amend }) {
    this.#run("commit", "-q", "-m", message, ...(amend ? ["--amend"] : []));
    return this.#done();
  }

  branches() {
    const branches = this.#run("branch", "--format=%(refname:short)").split("\n").filter(Boolean);
    return { reply: "branches", branches, current: this.#status().branch };
  }

  switch({ branch, create }) {
    this.#run("switch", "-q", ...(create ? ["-c"] : []), branch);
    return this.#done();
  }

  blame({ path }) {
    const blame = [];
    const out = this.#run("blame", "--line-porcelain", "--", path).split("\n");
    let commit = null;
    let line = 0;
    for (const text of out) {
      const head = /^([0-9a-f]{40}) \d+ (\d+)/.exec(text);
      if (head) [commit, line] = [{ id: head[1], subject: "", author: "", time_s: 0 }, Number(head[2])];
      else if (text.startsWith("author ")) commit.author = text.slice(7);
      else if (text.startsWith("author-time ")) commit.time_s = Number(text.slice(12));
      else if (text.startsWith("summary ")) commit.subject = text.slice(8);
      else if (text.startsWith("\t")) {
        const known = /^0+$/.test(commit.id) ? null : commit;
        const last = blame.at(-1);
        if (last && last.commit?.id === known?.id && last.line + last.lines === line) last.lines++;
        else blame.push({ line, lines: 1, commit: known });
      }
    }
    return { reply: "blame", blame };
  }

  log({ limit, path }) {
    const out = this.#run("log", `-n${limit}`, "--format=%H%x00%s%x00%an%x00%at", ...(path ? ["--", path] : []));
    const commits = out.split("\n").filter(Boolean).map((line) => {
      const [id, subject, author, time] = line.split("\0");
      return { id, subject, author, time_s: Number(time) };
    });
    return { reply: "log", commits };
  }
}
