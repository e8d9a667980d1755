// SPDX-License-Identifier: Apache-2.0
// Holds what a view is after a stream of events: told once, told again, in part, or out of order.

import type { Event, Proposal } from "@moat/proto";
import { expect, test } from "vitest";

import { OUTPUT_CHARACTERS_MAX, OUTPUT_CHARACTERS_SLACK } from "../../src/agent/limits.ts";
import { addSteer } from "../../src/agent/store.ts";
import { isBusy, lastTurn, openQuestion, type Item } from "../../src/agent/view.ts";
import {
  after,
  checkpointed,
  finished,
  OPENED,
  PASSING,
  started,
  stream,
  viewOf,
} from "./events.ts";

const PROPOSAL: Proposal = {
  argv: ["make"],
  environment: [],
  directory: "",
  writes: "a fork",
  network: "none",
  rule: "ask",
};

const command: Event[] = [
  {
    event: "command_started",
    command: 4,
    argv: ["/bin/sh", "-c", "make test"],
    place: "a fork; allowed by `x`",
  },
  { event: "command_output", command: 4, stream: "out", text: "one\n" },
  { event: "command_output", command: 4, stream: "out", text: "two\n" },
  { event: "command_output", command: 4, stream: "err", text: "three\n" },
  {
    event: "command_finished",
    command: 4,
    status: PASSING.status,
    duration_ms: 12,
    summary: PASSING,
  },
];

const items = (view: ReturnType<typeof viewOf>): Item[] =>
  view.groups.flatMap((group) => group.items);
const kinds = (view: ReturnType<typeof viewOf>) => items(view).map((item) => item.kind);

test("a command has its output by stream, its place and the decision", () => {
  const view = viewOf(started(), ...command);
  const [item] = items(view);
  expect(item).toMatchObject({
    kind: "command",
    place: "a fork",
    decision: "allowed by `x`",
    output: [
      { stream: "out", text: "one\ntwo\n" },
      { stream: "err", text: "three\n" },
    ],
    status: PASSING.status,
    summary: PASSING,
  });
  expect(isBusy(view)).toBe(true);
});

test("only the end of long output is held, from a line's beginning, and what is gone is counted", () => {
  const line = `${"x".repeat(99)}\n`;
  const view = viewOf(started(), command[0] as Event);
  let sequence = view.next ?? 0;
  let sent = 0;
  while (sent < OUTPUT_CHARACTERS_MAX * 4) {
    const event: Event = {
      event: "command_output",
      command: 4,
      stream: sent % 200 ? "err" : "out",
      text: line,
    };
    after(stream([event], sequence++), view);
    sent += line.length;
  }
  const item = items(view)[0];
  if (item?.kind !== "command") throw new Error("no command");
  const text = item.output.map((piece) => piece.text).join("");
  expect(text.length).toBe(item.held);
  expect(item.held + item.dropped).toBe(sent);
  expect(item.held).toBeLessThanOrEqual(OUTPUT_CHARACTERS_MAX + OUTPUT_CHARACTERS_SLACK);
  expect(item.held).toBeGreaterThan(OUTPUT_CHARACTERS_MAX / 2);
  expect(text.startsWith("xxx")).toBe(true);
  expect(item.dropped % 100).toBe(0);
});

test("answers of several candidates stream apart, and tokens are added up", () => {
  const text = (candidate: number, text: string): Event => ({
    event: "model_text",
    request: 2,
    candidate,
    text,
  });
  const view = viewOf(
    started(),
    { event: "model_asked", request: 2, model: "m", purpose: "p", candidates: 2 },
    text(0, "a"),
    text(1, "x"),
    text(0, "b"),
    // More than were announced.
    text(2, "z"),
  );
  expect(items(view)[0]).toMatchObject({ texts: ["ab", "x", "z"], pieces: 4, durationMs: null });
  const answered: Event = {
    event: "model_answered",
    request: 2,
    prompt_tokens: 100,
    completion_tokens: 30,
    duration_ms: 9,
  };
  after(stream([answered], view.next ?? 0), view);
  expect(items(view)[0]).toMatchObject({ durationMs: 9, completionTokens: 30 });
  expect(lastTurn(view)).toMatchObject({
    promptTokens: 100,
    completionTokens: 30,
    contextTokens: 110,
  });
});

test("the plan moves on with its signs and is whole only with a good end", () => {
  const steps = ["1", "2", "3", "4", "5"];
  const seen: number[] = [];
  const view = after(stream([OPENED]));
  const events: Event[] = [
    started(),
    { event: "plan_made", steps },
    ...command,
    { event: "located", suspects: [] },
    { event: "model_asked", request: 1, model: "m", purpose: "p", candidates: 1 },
    { event: "model_answered", request: 1, prompt_tokens: 1, completion_tokens: 1, duration_ms: 1 },
    {
      event: "command_finished",
      command: 4,
      status: PASSING.status,
      duration_ms: 1,
      summary: null,
    },
  ];
  for (const envelope of stream(events, 1)) {
    after([envelope], view);
    seen.push(lastTurn(view)?.planDone ?? -1);
  }
  expect(seen).toEqual([0, 0, 1, 1, 1, 1, 2, 3, 3, 4, 4]);
  const good = structuredClone(view);
  after(stream([finished({ outcome: "solved" })], view.next ?? 0), good);
  expect(lastTurn(good)?.planDone).toBe(5);
  after(stream([finished({ outcome: "not_solved", reason: "no" })], view.next ?? 0), view);
  expect(lastTurn(view)?.planDone).toBe(4);
  // A plan of a shape that is not known is not guessed at.
  const odd = viewOf(started(), { event: "plan_made", steps: ["only"] }, ...command);
  expect(lastTurn(odd)?.planDone).toBe(0);
});

test("an approval is open until it is answered, and a turn's end closes it", () => {
  const asked: Event = { event: "approval_asked", request: 1, proposal: PROPOSAL };
  const view = viewOf(started(), asked);
  expect(lastTurn(view)?.state).toBe("waiting");
  expect(openQuestion(view)).toMatchObject({ kind: "approval", request: 1 });
  const answered = structuredClone(view);
  after(
    stream([{ event: "approval_answered", request: 1, answer: "once" }], view.next ?? 0),
    answered,
  );
  expect(openQuestion(answered)).toBeNull();
  expect(lastTurn(answered)?.state).toBe("running");
  after(stream([finished({ outcome: "stopped", reason: "r" })], view.next ?? 0), view);
  expect(openQuestion(view)).toBeNull();
  expect(items(view)[0]).toMatchObject({ answer: null, closed: true });
});

test("a question that is asked again is one question, with what would run now", () => {
  const now = { ...PROPOSAL, argv: ["make", "now"] };
  const view = viewOf(
    started(),
    { event: "approval_asked", request: 1, proposal: PROPOSAL },
    started(),
    { event: "approval_asked", request: 1, proposal: now },
  );
  expect(kinds(view)).toEqual(["approval"]);
  expect(openQuestion(view)).toMatchObject({ proposal: now });
  after(
    stream([{ event: "approval_asked", request: 2, proposal: PROPOSAL }], view.next ?? 0),
    view,
  );
  expect(items(view)[0]).toMatchObject({ closed: true });
  expect(openQuestion(view)).toMatchObject({ request: 2 });
});

test("a check that is asked for is given, or there is none", () => {
  const view = viewOf(started(), { event: "check_asked" }, { event: "check_asked" });
  expect(kinds(view)).toEqual(["check"]);
  expect(openQuestion(view)?.kind).toBe("check");
  after(stream([{ event: "check_given", line: "make test" }], view.next ?? 0), view);
  expect(items(view)[0]).toMatchObject({ answered: true, line: "make test" });
  expect(lastTurn(view)?.state).toBe("running");
});

test("a turn that goes on is the same turn; another task of its number is another", () => {
  const view = viewOf(started(), finished({ outcome: "stopped", reason: "r" }), started());
  expect(view.groups).toHaveLength(1);
  expect(lastTurn(view)).toMatchObject({ state: "running", outcome: null });
  const other = viewOf(started(), finished({ outcome: "solved" }), started(1, { text: "another" }));
  expect(other.groups).toHaveLength(2);
});

test("numbers that were seen are passed over, and a gap is noticed", () => {
  const events = stream([OPENED, started(), ...command]);
  const once = after(events);
  const twice = after([...events, ...events.slice(1)]);
  expect(twice).toEqual(once);
  const missing = after([...events.slice(0, 3), ...events.slice(5)]);
  expect(missing.gap).toEqual({ expected: 3, got: 5 });
  expect(once.gap).toBeNull();
});

test("an engine that was opened anew counts from zero, and its events count", () => {
  const view = after([
    ...stream([OPENED, started(), ...command, finished({ outcome: "solved" })]),
    ...stream([OPENED, started(2, { text: "next" })]),
  ]);
  expect(view.groups.map((group) => group.turn?.number)).toEqual([1, 2]);
  expect(view.gap).toBeNull();
});

test("a stream that begins in the middle is shown as far as it goes", () => {
  const view = after(
    stream([...command.slice(1), { event: "notice", level: "note", text: "n" }], 700),
  );
  expect(kinds(view)).toEqual(["notice"]);
  expect(view.gap).toBeNull();
  expect(view.groups[0]?.turn).toBeNull();
});

test("events of another session are not taken in", () => {
  const [opened] = stream([OPENED]);
  const view = after([{ ...(opened as NonNullable<typeof opened>), session: "other" }]);
  expect(view.next).toBeNull();
});

test("what was added to a turn is shown as the person's words, live and told again", () => {
  const live = viewOf(started());
  addSteer(live, "use two digits");
  const told = viewOf(started(), {
    event: "notice",
    level: "note",
    text: "you added: use two digits",
  });
  for (const view of [live, told])
    expect(items(view)[0]).toMatchObject({ kind: "steered", text: "use two digits" });
});

test("each turn knows the checkpoint before it, the first one too", () => {
  const view = viewOf(
    checkpointed(1, 1_000_500, 0),
    started(),
    checkpointed(2, 1_003_000),
    finished({ outcome: "solved" }),
    checkpointed(3, 1_004_000, 0),
    started(2, { text: "b" }),
    // Told again, as a session is that was opened anew: it stands for what it stood for.
    checkpointed(1, 1_000_500, 0),
  );
  expect(view.groups.map((group) => group.turn?.checkpointBefore)).toEqual([1, 3]);
  expect(view.checkpoints.map((it) => it.groups.length)).toEqual([0, 1, 1]);
  // Only where files differ is there something to see.
  expect(kinds(view)).toEqual(["checkpoint", "outcome"]);
});

const back = (
  to: number,
  before: number,
  scope: "both" | "code" | "conversation" = "both",
): Event => ({
  ...{ event: "rewound", to, scope, before, changes: [], changed: 0, left: [], kept: [] },
});

test("going back in the conversation takes turns away, and going forward brings them back", () => {
  const view = viewOf(
    started(1),
    checkpointed(1, 1_001_900),
    finished({ outcome: "solved" }),
    started(2, { text: "b" }),
    finished({ outcome: "solved" }),
    checkpointed(2, 1_005_900),
    back(1, 2),
  );
  expect(view.groups.map((group) => group.left)).toEqual([false, true]);
  expect(lastTurn(view)?.number).toBe(1);
  expect(view.stale).toBe(false);
  const next = started(2, { text: "c" });
  const other = after(stream([next], view.next ?? 0), structuredClone(view));
  expect(other.groups.map((group) => group.left)).toEqual([false, true, false]);
  after(stream([back(2, 3)], view.next ?? 0), view);
  expect(view.groups.map((group) => group.left)).toEqual([false, false]);
});

test("a message after going back leads to the turns that counted then", () => {
  const view = viewOf(
    checkpointed(1, 1, 0),
    started(1),
    finished({ outcome: "solved" }),
    // The engine takes one before it goes back and one behind, and then tells that it went.
    checkpointed(2, 2, 0),
    checkpointed(3, 3, 0),
    back(1, 2),
    started(1, { text: "b" }),
    finished({ outcome: "solved" }),
  );
  const turns = () => view.groups.filter((group) => group.turn);
  expect(turns().map((group) => group.turn?.checkpointBefore)).toEqual([1, 3]);
  after(stream([back(3, 4)], view.next ?? 0), view);
  expect(turns().map((group) => group.left)).toEqual([true, true]);
});

test("going back in the files alone leaves the turns; to where nobody saw, all is read anew", () => {
  const files = viewOf(started(), checkpointed(1, 1_001_900), back(1, 2, "code"));
  expect(files.groups.map((group) => group.left)).toEqual([false]);
  expect(files.stale).toBe(false);
  expect(viewOf(started(), back(9, 10)).stale).toBe(true);
});

test("keeps are counted up and down, and only those that wrote something", () => {
  const moved = (event: "kept" | "keep_undone", paths: string[]): Event => ({
    event,
    paths,
    refused: [],
  });
  const view = viewOf(
    moved("kept", ["a"]),
    moved("kept", []),
    moved("kept", ["b"]),
    moved("keep_undone", ["b"]),
  );
  expect(view.keeps).toBe(1);
  expect(kinds(view)).toEqual(["moved", "moved", "moved", "moved"]);
});

test("what is cut off by a turn's end is marked so", () => {
  const view = viewOf(
    started(),
    command[0] as Event,
    { event: "model_asked", request: 1, model: "m", purpose: "p", candidates: 1 },
    finished({ outcome: "stopped", reason: "r" }),
  );
  expect(items(view)[0]).toMatchObject({ status: { status: "interrupted" } });
  expect(items(view)[1]).toMatchObject({ cut: true });
});

test("told again with less, an item's key never stands for another kind", () => {
  const steer: Event = { event: "notice", level: "note", text: "taken into account" };
  const rest: Event[] = [
    ...command,
    { event: "check_asked" },
    { event: "edited", path: "a", symbols: [] },
  ];
  const live = viewOf(started());
  addSteer(live, "more");
  after(stream([steer, checkpointed(1, 1_009_000), ...rest], live.next ?? 0), live);
  const told = viewOf(started(), ...rest);
  const kindOf = new Map(items(live).map((item) => [item.key, item.kind]));
  for (const item of items(told)) expect(kindOf.get(item.key)).toBe(item.kind);
});

test("any order of any events makes a view and no exception", () => {
  const all: Event[] = [
    OPENED,
    started(),
    ...command,
    { event: "approval_asked", request: 1, proposal: PROPOSAL },
    { event: "approval_answered", request: 1, answer: "no" },
    { event: "check_asked" },
    { event: "check_given", line: null },
    { event: "edited", path: "a", symbols: [] },
    checkpointed(1, 5),
    back(1, 2),
    { event: "command_ended", end: "denied", rule: "r" },
    { event: "changes_pending", changes: [], left_out: [], truncated: false },
    { event: "failed", report: { error: "e", causes: [], hint: null } },
    finished({ outcome: "answered", text: "t" }),
    { event: "session_closed" },
    { event: "from_a_newer_server" } as unknown as Event,
  ];
  let seed = 7;
  const random = (below: number) => {
    seed = (seed * 1_103_515_245 + 12_345) % 2_147_483_648;
    return seed % below;
  };
  for (let round = 0; round < 200; round++) {
    const events = Array.from({ length: 40 }, () => all[random(all.length)] as Event);
    const view = after(stream(events));
    expect(view.version).toBe(40);
    expect(new Set(items(view).map((item) => item.key)).size).toBe(items(view).length);
  }
});
