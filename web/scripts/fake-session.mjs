// SPDX-License-Identifier: Apache-2.0
// A session of the false server in which everything stands that a session can have: several
// turns, candidates, questions, surfaces, conflicts, renames, modes, content that is no text,
// commits and checkpoints. It is for looking at the panels.
//
//   node scripts/fake-session.mjs [--port 4461]

import { pathToFileURL } from "node:url";
import { startFake } from "./fake-server.mjs";
import { CHANGES, COMMITS, surfaceOf } from "./fake/changes.mjs";

export const RICH = "0000-rich";
const MAKE = ["/bin/sh", "-c", "python3 -m pytest -q --color=yes tests && ruff check src/ledger"];
const FORK = "a fork of the session, thrown away afterwards; allowed by `commands-in-sandbox`";
const code = (value) => ({ status: "code", value });
const run = (passed, failed, failing = []) => ({ status: code(failed ? 1 : 0), passed, failed, failing, duration_ms: 812 });
const FAILING = run(41, 2, [
  "tests/test_ledger.py::LedgerTest::test_a_closing_balance_counts_entries_of_the_last_day",
  "tests/test_ledger.py::LedgerTest::test_round_half_even",
]);
const evidence = (more = {}) => ({
  ...{ check: MAKE[2], before: FAILING, after: run(43, 0), broken: [], candidates: 2, requests: 2 },
  ...{ prompt_tokens: 9_412, completion_tokens: 1_288, duration_ms: 74_300 },
  ...more,
});

const task = (text, kind, check = null) => ({ text, kind, check, model: "embedded", time_limit_ms: 600_000 });
const OUTPUT = [
  "\u001b[1m============================= test session starts ==============================\u001b[0m\n",
  "collected 43 items\n\ntests/test_ledger.py \u001b[32m..........\u001b[0m\u001b[31mF\u001b[0m\u001b[32m......\u001b[0m\u001b[31mF\u001b[0m\n",
  "\u001b[31mE   AssertionError: Decimal('10.00') != Decimal('12.50')\u001b[0m\n",
];

function turnOne() {
  return [
    { event: "turn_started", turn: 1, task: task("The closing balance of a month leaves out the entries of its last day, see `src/ledger/balance.py:40-58`. Keep the public functions as they are.", "repair", MAKE[2]) },
    { event: "plan_made", steps: [
      "use `python3 -m pytest -q tests` to tell right from wrong",
      "run it in a throw-away fork to see what fails",
      "find the functions that the failure points to",
      "have the model write whole functions, put each in place in a fork, run the check there",
      "stop at the first that passes everything and breaks nothing, and show it as a change",
    ] },
    { event: "command_started", command: 3, argv: MAKE, place: FORK },
    ...OUTPUT.map((text) => ({ event: "command_output", command: 3, stream: "out", text })),
    { event: "command_finished", command: 3, status: code(1), duration_ms: 1_412, summary: FAILING },
    { event: "located", suspects: [
      { path: "src/ledger/balance.py", symbol: "closing_balance", reasons: ["called by both failing tests", "compares dates with `<`"] },
      { path: "src/ledger/rounding.py", symbol: "round_half_even", reasons: ["named by a failing test"] },
    ] },
    { event: "model_asked", request: 5, model: "embedded", purpose: "rewrite `closing_balance`", candidates: 3 },
    ...[0, 1, 2].map((candidate) => ({ event: "model_text", request: 5, candidate, text: `def closing_balance(entries, month):\n    """The balance at the end of a month."""\n    last = month.last_day()\n    return sum(e.amount for e in entries if e.date ${["<", "<=", "!="][candidate]} last)\n` })),
    { event: "model_answered", request: 5, prompt_tokens: 4_706, completion_tokens: 644, duration_ms: 31_200 },
    { event: "candidate_judged", candidate: 1, path: "src/ledger/balance.py", symbol: "closing_balance", verdict: { verdict: "rejected", reason: "it changes nothing" } },
    { event: "candidate_judged", candidate: 2, path: "src/ledger/balance.py", symbol: "closing_balance", verdict: { verdict: "passed", summary: run(43, 0) } },
    { event: "notice", level: "note", text: "you added: do not touch the rounding" },
    { event: "edited", path: "src/ledger/balance.py", symbols: ["closing_balance"] },
    { event: "checkpointed", number: 2, at: 0, after: "put the repair in place", differing: 1, uncovered: 0 },
    { event: "turn_finished", outcome: { outcome: "solved" }, evidence: evidence() },
  ];
}

function turnTwo() {
  return [
    { event: "turn_started", turn: 2, task: task("Set up the team's MCP server and editor tasks, and rename the exporter", "write") },
    { event: "plan_made", steps: ["find where it belongs", "have the model write it", "run the tests", "say what judged it"] },
    { event: "notice", level: "warning", text: "no checkpoint covers `build/cache.bin`: it is over 512 MiB" },
    { event: "failed", report: { error: "the model's server closed the connection", causes: ["reset by the other side"], hint: "`moat doctor` says what this machine can do" } },
    { event: "approval_asked", request: 1, proposal: { argv: ["npm", "ci"], environment: [], directory: "tools", writes: "the session", network: "none", rule: "commands-ask" } },
    { event: "approval_answered", request: 1, answer: "no" },
    { event: "kept", paths: ["README.md"], refused: [{ path: "docs/notes.md", reason: "you changed it after it was shown" }] },
    { event: "turn_finished", outcome: { outcome: "not_solved", reason: "no candidate passed the check" }, evidence: evidence({ after: null, nearest: { candidate: 2, path: "src/export.py", symbol: "export_all", lines: 12, summary: run(42, 1, ["x"]), broken: [] } }) },
    { event: "checkpointed", number: 3, at: 0, after: "write files of the session", differing: 9, uncovered: 1 },
    { event: "changes_pending", ...CHANGES },
    { event: "commits_pending", ...COMMITS },
  ];
}

/** The events of the session, in order. */
function story() {
  return [
    { event: "session_opened", workspace: "/home/ada/ledger", boundary: "sealed: full" },
    { event: "checkpointed", number: 1, at: 0, after: "the start of the session", differing: 0, uncovered: 0 },
    ...turnOne(),
    ...turnTwo(),
  ];
}

/** What waits at the end of the session while it is shown as running. */
export const WAITING = [
  { event: "turn_started", turn: 3, task: task("Update the exporter's lock file", "repair") },
  { event: "plan_made", steps: ["find the command that tells right from wrong", "run it", "find the functions", "have the model write", "stop at the first that passes"] },
  { event: "approval_asked", request: 2, proposal: {
    argv: ["/bin/sh", "-c", "cd tools/exporter && npm install --package-lock-only --ignore-scripts && git diff --stat"],
    environment: [["NODE_OPTIONS", "--max-old-space-size=512"]],
    directory: "tools/exporter",
    candidate: { number: 4, path: "tools/exporter/package.json", symbol: "dependencies", tests: "tools/exporter/test/lock.test.js" },
    writes: "a fork of the session, thrown away afterwards",
    network: "none",
    rule: "commands-ask",
  } },
];

/** Adds the session to a server that runs. Gives how to go on with it. */
export function addRich(server) {
  const { sessions } = server.services;
  const began = Date.now() - 5_400_000;
  const past = story().map((event, sequence) => envelope(event, sequence, began));
  const seen = new Set();
  const state = { set: structuredClone(CHANGES), undo: null };
  const tell = (event) => {
    const next = envelope(event, past.length, Date.now() - past.length * 1_000);
    past.push(next);
    for (const connection of seen) connection.news({ news: "session", envelope: next });
  };
  const before = { list: sessions.list, attach: sessions.attach, detach: sessions.detach, do: sessions.do };
  Object.assign(sessions, {
    list() {
      const reply = before.list.call(sessions);
      const written = past.at(-1).at;
      reply.sessions.push(
        { session: RICH, workspace: "/w", task: "Set up the team's MCP server", standing: "not_solved", turns: 2, begun: began, written, resumable: false, kept: true },
        { session: "0000-long", workspace: "/w", task: "这是一个很长的任务名称，用于检查列表中的省略号与换行是否正确显示，尤其是在狭窄的面板中", standing: "answered", turns: 11, begun: began - 9e7, written: began - 9e7, resumable: false, kept: false },
        { session: "0000-stop", workspace: "/w", task: "document Invoice.total", standing: "stopped", turns: 1, begun: began - 9e8, written: began - 9e8, resumable: true, kept: false },
      );
      reply.unreadable.push({ session: "0000-dead", report: { error: "its record was changed", causes: ["line 14 does not have its MAC"], hint: null } });
      return reply;
    },
    attach(ask, connection) {
      if (ask.session !== RICH) return before.attach.call(sessions, ask, connection);
      for (const one of past) connection.news({ news: "session", envelope: one });
      seen.add(connection);
      return { reply: "opened", session: RICH };
    },
    detach(ask, connection) {
      if (ask.session !== RICH) return before.detach.call(sessions, ask, connection);
      seen.delete(connection);
      return { reply: "done" };
    },
    do(ask) {
      if (ask.session !== RICH) return before.do.call(sessions, ask);
      setTimeout(() => carryOut(ask.op, state, tell), 30);
      return { reply: "done" };
    },
  });
  return { tell };
}

function envelope(event, sequence, began) {
  const at = began + sequence * 1_000;
  return { session: RICH, sequence, at, event: event.event === "checkpointed" ? { ...event, at } : event };
}

function chosen(set, selection) {
  if (selection.select === "all") return set.changes.filter((it) => it.class === "edit");
  const paths = selection.select === "paths" ? selection.paths : [selection.path];
  return set.changes.filter((it) => paths.includes(it.path));
}

function take(set, selection, changes) {
  const numbers = selection.select === "hunks" ? selection.numbers : null;
  for (const change of changes) {
    if (numbers) change.hunks = change.hunks.filter((hunk) => !numbers.includes(hunk.number));
    if (!numbers || change.hunks.length === 0) set.changes.splice(set.changes.indexOf(change), 1);
  }
}

function carryOut(op, state, tell) {
  const show = () => tell({ event: "changes_pending", ...structuredClone(state.set) });
  const gated = (change) => (change.surfaces ?? []).some((it) => it.gated);
  switch (op.op) {
    case "show":
      return show();
    case "plan_keep":
      return tell({ event: "keep_planned", unconfirmed: chosen(state.set, op.selection).filter(gated) });
    case "keep": {
      const yes = (it) => !gated(it) || (op.confirmed ?? []).some((word) => word.path === it.path && word.id === it.confirm);
      const all = chosen(state.set, op.selection);
      const refused = all.filter((it) => !yes(it) || it.conflict).map((it) => ({ path: it.path, reason: it.conflict ?? `${surfaceOf(it).does}, so keeping it needs a confirmation of its own`, confirm: it.confirm }));
      const kept = all.filter((it) => yes(it) && !it.conflict);
      state.undo = structuredClone(state.set);
      take(state.set, op.selection, kept);
      tell({ event: "kept", paths: kept.map((it) => it.path), refused });
      return show();
    }
    case "discard": {
      const gone = chosen(state.set, op.selection);
      take(state.set, op.selection, gone);
      tell({ event: "discarded", paths: gone.map((it) => it.path), refused: [] });
      return show();
    }
    case "undo_keep":
      if (state.undo) state.set = state.undo;
      tell({ event: "keep_undone", paths: state.undo ? ["README.md"] : [], refused: [] });
      state.undo = null;
      return show();
    case "plan_rewind":
      return tell({
        ...{ event: "rewind_planned", to: op.to, scope: op.scope, left: [{ path: "build/cache.bin", reason: "too large for a checkpoint" }] },
        changes: op.scope === "conversation" ? [] : [{ path: "src/ledger/balance.py", kind: "modified" }, { path: ".vscode/tasks.json", kind: "deleted" }],
        changed: op.scope === "conversation" ? 0 : 14,
        kept: op.scope === "conversation" ? [] : ["README.md"],
        leaving: op.scope === "code" ? [] : ["Set up the team's MCP server and editor tasks, and rename the exporter"],
        returning: [],
      });
    case "rewind":
      return tell({ event: "rewound", to: op.to, scope: op.scope, before: 4, changes: [], changed: 2, left: [], kept: [] });
    case "approve":
      tell({ event: "approval_answered", request: op.request, answer: op.answer });
      return tell({ event: "turn_finished", outcome: { outcome: "denied", reason: "`npm install` was denied" }, evidence: evidence({ before: null, after: null }) });
    case "interrupt":
      return tell({ event: "turn_finished", outcome: { outcome: "stopped", reason: "a person interrupted it; the session stays and can be resumed" }, evidence: evidence({ before: null, after: null }) });
    default:
      return undefined;
  }
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? "").href) {
  const at = process.argv.indexOf("--port");
  const server = await startFake({ port: at < 0 ? 4461 : Number(process.argv[at + 1]) });
  addRich(server);
  console.log(server.address);
  for (const signal of ["SIGINT", "SIGTERM"]) process.on(signal, () => server.stop().then(() => process.exit(0)));
}
