// SPDX-License-Identifier: Apache-2.0
// A change set in which every kind of change stands.

const sha = (digit) => digit.repeat(64);
const file = (mode, length_bytes, digit) => ({ kind: "file", mode, content: { length_bytes, sha256: sha(digit) } });
const none = { kind: "nothing" };

function change(path, more) {
  return {
    ...{ path, kind: "modified", class: "edit", before: file("644", 2_210, "a"), after: file("644", 2_298, "b") },
    ...{ lines_added: 0, lines_removed: 0, hunks: [], conflict: null, renamed_from: null, renamed_to: null },
    merge: { merge: "alone" },
    ...more,
  };
}

const hunk = (number, text) => ({ number, text });

const BALANCE = [
  hunk(1, '@@ -1,6 +1,7 @@ """Balances of a ledger."""\n from __future__ import annotations\n \n+from datetime import date\n from decimal import Decimal\n \n from ledger.entries import Entry\n from ledger.months import Month\n'),
  hunk(2, "@@ -40,12 +41,13 @@ def opening_balance(entries, month):\n def closing_balance(entries: list[Entry], month: Month) -> Decimal:\n     \"\"\"The balance at the end of a month.\"\"\"\n-    last = month.first_day() + month.days - 1\n-    return sum(e.amount for e in entries if e.date < last)\n+    last: date = month.last_day()\n+    return sum((e.amount for e in entries if e.date <= last), Decimal(0))\n \n \n def balances(entries, months):\n-    return [closing_balance(entries, month) for month in months]\n+    ordered = sorted(months)\n+    return [closing_balance(entries, month) for month in ordered]\n"),
];

const MCP = '@@ -0,0 +1,8 @@\n+{\n+  "mcpServers": {\n+    "team": {\n+      "command": "npx",\n+      "args": ["-y", "@team/mcp-server", "--stdio"]\n+    }\n+  }\n+}\n';
const TASKS = '@@ -2,5 +2,12 @@\n   "version": "2.0.0",\n   "tasks": [\n+    {\n+      "label": "sync",\n+      "type": "shell",\n+      "command": "./tools/sync.sh",\n+      "runOptions": { "runOn": "folderOpen" }\n+    },\n     { "label": "test", "type": "shell", "command": "make test" }\n   ]\n }\n';

const surface = (reader, does, effects, gated, keys = "") => ({ reader, does, effects, gated, keys });

/** The surface because of which a change asks. */
export function surfaceOf(change) {
  return (change.surfaces ?? []).find((it) => it.gated) ?? { does: "" };
}

export const CHANGES = {
  changes: [
    change("src/ledger/balance.py", { lines_added: 5, lines_removed: 3, hunks: BALANCE }),
    change(".mcp.json", {
      ...{ kind: "created", before: none, after: file("644", 142, "9"), lines_added: 8, hunks: [hunk(1, MCP)] },
      surfaces: [surface("Claude Code, Cursor, and every client that reads .mcp.json", "can start programs as MCP servers, or connect to them elsewhere", ["exec_open", "redirect"], true, "mcpServers.*.command, .url")],
      confirm: `644:${sha("9")}`,
    }),
    change(".vscode/tasks.json", {
      ...{ lines_added: 6, hunks: [hunk(1, TASKS)], after: file("644", 611, "8") },
      surfaces: [surface("VS Code and its kin", "can run a shell command when the folder is opened", ["exec_open"], true, "tasks[].runOptions.runOn")],
      confirm: `644:${sha("8")}`,
    }),
    change("Makefile", {
      ...{ lines_added: 1, lines_removed: 1, hunks: [hunk(1, "@@ -9,3 +9,3 @@ test:\n test:\n-\tpython3 -m pytest\n+\tpython3 -m pytest -q\n \truff check src\n")] },
      surfaces: [surface("make", "runs when somebody builds or tests", ["exec_action"], false)],
    }),
    change("src/reports/monthly_statement_with_a_rather_long_name_for_a_narrow_panel/templates/statement.txt", {
      ...{ lines_added: 2, lines_removed: 1, conflict: "you and the session changed the same lines", hunks: [] },
      merge: { merge: "conflict", base: file("644", 400, "c"), places: [
        { line: 12, base: "Balance: {closing}\n", user: "Balance: {closing} {currency}\n", session: "Closing balance: {closing:>12}\n" },
        { line: 20, base: "-- \n", user: "", session: "-- \nPrinted on {today}\n" },
      ] },
    }),
    change("tools/export.py", { ...{ kind: "created", before: none, after: file("755", 1_804, "d"), renamed_from: "scripts/exporter.py", lines_added: 2, lines_removed: 1 }, hunks: [hunk(1, "@@ -1,4 +1,5 @@\n #!/usr/bin/env python3\n-# Exports the ledger.\n+# Exports the ledger as CSV.\n+# Run by `make export`.\n import csv\n import sys\n")] }),
    change("scripts/exporter.py", { kind: "deleted", after: none, renamed_to: "tools/export.py" }),
    change("tools/sync.sh", { kind: "mode", before: file("644", 210, "e"), after: file("755", 210, "e") }),
    change("docs/logo.png", { before: file("644", 18_221, "1"), after: file("644", 22_904, "2") }),
    change("current", { before: { kind: "link", target: "releases/41" }, after: { kind: "link", target: "releases/42" } }),
    change("docs/notes.md", { lines_added: 1, merge: { merge: "joined" }, hunks: [hunk(1, "@@ -3,2 +3,3 @@\n Notes\n+- the last day counts\n - months are half open\n")] }),
    change("build/", { class: "ignored", kind: "created", before: none, after: { kind: "directory", mode: "755" } }),
    change(".git", { class: "git_metadata", before: { kind: "directory", mode: "755" }, after: { kind: "directory", mode: "755" }, surfaces: [{ ...surface("git, and every tool that calls it", "can run programs at `git status`, and send pushes and fetches elsewhere", ["exec_action", "redirect"], false), at: ".git/config" }] }),
  ],
  left_out: [{ path: "run/agent.sock", reason: "it is a socket" }],
  truncated: false,
};

export const COMMITS = {
  branches: [{ name: "closing-balance", before: null, tip: "4f2a91c0", commits: 2, objects: 9, newest: [{ id: "4f2a91c0", author: "agent <a@b>", subject: "balance: count the last day" }], reference: "refs/moat/0000-rich/closing-balance" }],
  taken: [],
  refused: [],
  others: [],
  unavailable: null,
};
