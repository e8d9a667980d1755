// SPDX-License-Identifier: Apache-2.0
// Terminals of the false server: real shells behind `script`, which gives them a terminal.

import { spawn } from "node:child_process";
import { join } from "node:path";

const KEPT_MOST = 256 << 10;

export class Terminals {
  #all = new Map();
  #next = 1;

  constructor(root, news) {
    this.root = root;
    this.news = news;
  }

  list() {
    return { reply: "listed", terminals: [...this.#all.values()].map((each) => each.info) };
  }

  open({ directory, columns, rows }, connection) {
    const number = this.#next++;
    const shell = `stty cols ${columns} rows ${rows}; exec bash --norc --noprofile`;
    const child = spawn("script", ["-qfec", shell, "/dev/null"], {
      cwd: join(this.root, directory),
      env: { PATH: process.env.PATH, HOME: this.root, TERM: "xterm-256color", PS1: "\\[\\e[32m\\]tally\\[\\e[0m\\]:\\W$ ", LANG: "C.UTF-8" },
    });
    const one = { info: { terminal: number, program: "bash", ended: false }, child, kept: Buffer.alloc(0), seen: new Set([connection]) };
    this.#all.set(number, one);
    const printed = (bytes) => {
      one.kept = Buffer.concat([one.kept, bytes]).subarray(-KEPT_MOST);
      for (const each of one.seen) each.send(this.#frame(number, bytes));
    };
    child.stdout.on("data", printed);
    child.stderr.on("data", printed);
    child.on("exit", (status) => {
      one.info.ended = true;
      this.news({ news: "terminal_ended", terminal: number, status });
    });
    return { reply: "opened", terminal: one.info };
  }

  #frame(number, bytes) {
    const head = Buffer.alloc(4);
    head.writeUInt32LE(number);
    return Buffer.concat([head, bytes]);
  }

  attach({ terminal }, connection) {
    const one = this.#all.get(terminal);
    if (!one) throw Object.assign(new Error(), { report: { error: "there is no such terminal", causes: [], hint: null } });
    one.seen.add(connection);
    if (one.kept.length) connection.send(this.#frame(terminal, one.kept));
    return { reply: "opened", terminal: one.info };
  }

  resize() {
    return { reply: "done" };
  }

  close({ terminal }) {
    this.#all.get(terminal)?.child.kill("SIGHUP");
    this.#all.delete(terminal);
    return { reply: "done" };
  }

  typed(terminal, bytes) {
    this.#all.get(terminal)?.child.stdin.write(bytes);
  }

  stop() {
    for (const one of this.#all.values()) one.child.kill("SIGKILL");
    this.#all.clear();
  }
}
