// SPDX-License-Identifier: Apache-2.0
// Sessions of the false server: one scripted turn, a pending change set over the workspace's
// own files, and the boundary that goes with it.

import { createHash } from "node:crypto";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { AFTER, BEFORE, PROPOSAL, turn } from "./script.mjs";

const PATH = "tally/money.py";
const BOUNDARY = "namespaces, landlock and seccomp: no network, no files outside of the workspace";
const MODELS = [
  { name: "embedded", title: "Qwen2.5-Coder 0.5B", zone: "host", context_tokens: 32768, ready: true },
  { name: "team", title: "Qwen3-Coder 30B on the team’s server", zone: "network:team", context_tokens: 131072, ready: true },
  { name: "outside", title: "A vendor’s model", zone: "external:US", context_tokens: 200000, ready: false },
];

const PROTECTIONS = [
  ["read files outside of the workspace", "enforced", "an attempt to read a planted file failed; the control could", null],
  ["write files outside of the session", "enforced", "an attempt failed; the control could", null],
  ["reach the network", "enforced", "a connection to a listener failed; the control reached it", null],
  ["see other processes", "enforced", "the bystander was not seen; the control saw it", null],
  ["take all memory", "partly", "the limit holds for each process, not for all together", "run below a user manager with delegated control groups"],
];

export class Sessions {
  #all = new Map();
  #names = new Map();
  #crossings = [];
  #speed;

  constructor(root, news, { instant = false } = {}) {
    this.root = root;
    this.news = news;
    this.#speed = instant ? 0 : 1;
    const now = Date.now();
    this.#crossings = [
      { number: 1, at: now - 3_600_000, to: "models.team.internal:8443", zone: "network:team", purpose: "ask a model", session: "0001", allowed: true, rule: "zone network:team is allowed", sent: 18_431, received: 2_210 },
      { number: 2, at: now - 1_800_000, to: "pypi.example:443", zone: "external:US", purpose: "a command’s connection", session: "0001", allowed: false, rule: "no rule allows it", sent: null, received: null },
    ];
    const crossings = this.#crossings;
    this.boundary = {
      crossings: ({ limit }) => ({ reply: "crossings", crossings: crossings.slice(-limit), of: crossings.length, broken: null }),
      doctor: () => ({
        reply: "doctor",
        summary: BOUNDARY,
        protections: PROTECTIONS.map(([effect, standing, evidence, hint]) => ({ effect, standing, evidence, hint })),
      }),
    };
    this.#make("0001", now - 7_200_000);
  }

  #make(id, begun = Date.now()) {
    const session = { id, begun, sequence: 1, past: [], turns: 0, task: null, standing: "empty", seen: new Set(), waiting: null, hunks: [], dropped: new Set(), undo: null, checkpoints: 0, stop: false };
    this.#all.set(id, session);
    this.#tell(session, { event: "session_opened", workspace: this.root, boundary: BOUNDARY });
    return session;
  }

  #tell(session, event) {
    const envelope = { session: session.id, sequence: session.sequence++, at: Date.now(), event };
    session.past.push(envelope);
    for (const connection of session.seen) connection.news({ news: "session", envelope });
  }

  list() {
    const sessions = [...this.#all.values()].map((each) => ({
      session: each.id, workspace: this.root, task: each.task, standing: each.standing, turns: each.turns,
      begun: each.begun, written: each.past.at(-1)?.at ?? each.begun, resumable: false, kept: each.undo !== null,
    }));
    return { reply: "listed", sessions: sessions.reverse(), names: [...this.#names], unreadable: [] };
  }

  new(_, connection) {
    const session = this.#make(String(this.#all.size + 1).padStart(4, "0"));
    this.news({ news: "sessions_changed" });
    return this.attach({ session: session.id }, connection);
  }

  attach({ session: id }, connection) {
    const session = this.#get(id);
    for (const envelope of session.past) connection.news({ news: "session", envelope });
    session.seen.add(connection);
    return { reply: "opened", session: id };
  }

  detach({ session: id }, connection) {
    this.#get(id).seen.delete(connection);
    return { reply: "done" };
  }

  rename({ session, name }) {
    if (name) this.#names.set(session, name);
    else this.#names.delete(session);
    this.news({ news: "sessions_changed" });
    return { reply: "done" };
  }

  models() {
    return { reply: "models", models: MODELS, default: "embedded" };
  }

  #get(id) {
    const session = this.#all.get(id);
    if (session) return session;
    throw Object.assign(new Error(), { report: { error: `there is no session ${id}`, causes: [], hint: null } });
  }

  do({ session: id, op }) {
    const session = this.#get(id);
    const ops = {
      start: () => void this.#play(session, op.task),
      resume: () => undefined,
      steer: () => this.#tell(session, { event: "notice", level: "note", text: `Taken into account: ${op.text}` }),
      approve: () => {
        this.#tell(session, { event: "approval_answered", request: op.request, answer: op.answer });
        session.waiting?.(op.answer);
      },
      give_check: () => this.#tell(session, { event: "check_given", line: op.line }),
      interrupt: () => {
        session.stop = true;
        session.waiting?.("no");
      },
      show: () => this.#show(session),
      plan_keep: () => this.#tell(session, { event: "keep_planned", unconfirmed: [] }),
      keep: () => this.#keep(session, op.selection),
      discard: () => this.#discard(session, op.selection),
      undo_keep: () => this.#undo(session),
      plan_rewind: () => this.#tell(session, { event: "rewind_planned", ...this.#plan(session, op) }),
      rewind: () => this.#rewind(session, op),
      show_commits: () => this.#tell(session, { event: "commits_pending", branches: [], taken: [], refused: [], others: [], unavailable: null }),
      run: () => this.#tell(session, { event: "command_ended", end: "ran", status: { status: "code", value: 0 } }),
      close: () => this.#tell(session, { event: "session_closed" }),
    };
    ops[op.op]?.();
    return { reply: "done" };
  }

  async #play(session, task) {
    session.task = task.text;
    session.standing = "unfinished";
    session.turns++;
    session.stop = false;
    this.news({ news: "sessions_changed" });
    this.#crossed(session, task.model || "embedded");
    for (const step of turn(session.turns, task, task.model || "embedded")) {
      if (session.stop) {
        this.#tell(session, { event: "turn_finished", outcome: { outcome: "stopped", reason: "you stopped it" }, evidence: { check: null, before: null, after: null, broken: [], candidates: 0, requests: 1, prompt_tokens: 900, completion_tokens: 40, duration_ms: 1200 } });
        session.standing = "stopped";
        this.news({ news: "sessions_changed" });
        return;
      }
      if (step.pause) await new Promise((resolve) => setTimeout(resolve, step.pause * this.#speed));
      else if (step.edit) this.#edit(session);
      else if (step.wait) {
        this.#tell(session, { event: "approval_asked", request: session.turns, proposal: PROPOSAL });
        const answer = await new Promise((resolve) => {
          session.waiting = resolve;
        });
        session.waiting = null;
        if (answer === "no") session.stop = true;
      } else if (step.checkpoint) this.#checkpoint(session, step.checkpoint);
      else if (step.show) this.#show(session);
      else this.#tell(session, step);
    }
    session.standing = "solved";
    this.news({ news: "sessions_changed" });
  }

  #crossed(session, model) {
    const known = MODELS.find((each) => each.name === model) ?? MODELS[0];
    if (known.zone === "host") return;
    const crossing = { number: this.#crossings.length + 1, at: Date.now(), to: "models.team.internal:8443", zone: known.zone, purpose: "ask a model", session: session.id, allowed: true, rule: `zone ${known.zone} is allowed`, sent: 18_431, received: 2_210 };
    this.#crossings.push(crossing);
    this.news({ news: "crossed", crossing });
  }

  #edit(session) {
    session.hunks = [
      { key: "sign", number: 1 },
      { key: "split", number: 2 },
    ];
  }

  #checkpoint(session, after) {
    session.checkpoints++;
    this.#tell(session, { event: "checkpointed", number: session.checkpoints, at: Date.now(), after, differing: 1, uncovered: 0 });
  }

  #changes(session) {
    const text = readFileSync(join(this.root, PATH), "utf8");
    const hunks = [];
    let shift = 0;
    for (const hunk of session.hunks) {
      const at = text.indexOf(BEFORE[hunk.key]);
      if (at < 0) continue;
      const lines = text.split("\n");
      const line = text.slice(0, at).split("\n").length;
      const before = [lines[line - 2], lines[line - 3]].reverse();
      const after = lines.slice(line, line + 2);
      const added = AFTER[hunk.key].split("\n").slice(0, -1);
      const removed = BEFORE[hunk.key].split("\n").slice(0, -1);
      const common = removed[0] === added[0] ? [removed.shift(), added.shift()][0] : null;
      const body = [...before, ...(common ? [common] : [])].map((each) => ` ${each}`);
      body.push(...removed.map((each) => `-${each}`), ...added.map((each) => `+${each}`), ...after.map((each) => ` ${each}`));
      const old = body.filter((each) => !each.startsWith("+")).length;
      const now = body.filter((each) => !each.startsWith("-")).length;
      hunks.push({ number: hunk.number, text: `@@ -${line - 2},${old} +${line - 2 + shift},${now} @@\n${body.join("\n")}\n` });
      shift += now - old;
    }
    if (hunks.length === 0) return { changes: [], left_out: [], truncated: false };
    const side = (body) => ({ kind: "file", mode: "100644", content: { length_bytes: body.length, sha256: createHash("sha256").update(body).digest("hex") } });
    const count = (sign) => hunks.flatMap((each) => each.text.split("\n")).filter((each) => each.startsWith(sign) && !each.startsWith("@@")).length;
    const change = { path: PATH, kind: "modified", class: "edit", before: side(text), after: side(`${text} `), lines_added: count("+"), lines_removed: count("-"), hunks, conflict: null, renamed_from: null, renamed_to: null, merge: { merge: "alone" } };
    return { changes: [change], left_out: [], truncated: false };
  }

  #show(session) {
    this.#tell(session, { event: "changes_pending", ...this.#changes(session) });
  }

  #chosen(session, selection) {
    if (selection.select === "hunks") return session.hunks.filter((each) => selection.numbers.includes(each.number));
    if (selection.select === "paths" && !selection.paths.includes(PATH)) return [];
    return [...session.hunks];
  }

  #keep(session, selection) {
    const chosen = this.#chosen(session, selection);
    const full = join(this.root, PATH);
    let text = readFileSync(full, "utf8");
    session.undo = { text, hunks: session.hunks };
    for (const hunk of chosen) text = text.replace(BEFORE[hunk.key], () => AFTER[hunk.key]);
    writeFileSync(full, text);
    session.hunks = session.hunks.filter((each) => !chosen.includes(each));
    this.#tell(session, { event: "kept", paths: chosen.length ? [PATH] : [], refused: [] });
    this.#show(session);
  }

  #discard(session, selection) {
    const chosen = this.#chosen(session, selection);
    session.hunks = session.hunks.filter((each) => !chosen.includes(each));
    this.#tell(session, { event: "discarded", paths: chosen.length ? [PATH] : [], refused: [] });
    this.#show(session);
  }

  #undo(session) {
    if (session.undo) {
      writeFileSync(join(this.root, PATH), session.undo.text);
      session.hunks = session.undo.hunks;
      session.undo = null;
    }
    this.#tell(session, { event: "keep_undone", paths: [PATH], refused: [] });
    this.#show(session);
  }

  #plan(session, { to, scope }) {
    return { to, scope, changes: [{ path: PATH, kind: "modified" }], changed: 1, left: [], kept: [], leaving: scope === "code" ? [] : [session.task ?? ""], returning: [] };
  }

  #rewind(session, { to, scope }) {
    this.#checkpoint(session, "before going back");
    session.hunks = [];
    this.#tell(session, { event: "rewound", to, scope, before: session.checkpoints, changes: [{ path: PATH, kind: "modified" }], changed: 1, left: [], kept: [] });
    this.#show(session);
  }
}
