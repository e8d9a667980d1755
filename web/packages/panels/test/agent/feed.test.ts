// SPDX-License-Identifier: Apache-2.0
// Holds how events come into the views: in frames, behind the view that stands while a session is
// attached to anew, and after gaps not for ever.

import { Refused, type Envelope, type Event } from "@moat/proto";
import { expect, test } from "vitest";

import { Feed } from "../../src/agent/feed.ts";
import { REATTACH_MAX } from "../../src/agent/limits.ts";
import { finished, OPENED, SESSION, started, stream } from "./events.ts";

const TALK: Event[] = [OPENED, started(), { event: "notice", level: "note", text: "n" }];

/** A world in which frames and timers come when the test says so. */
function world(answer: (feed: () => Feed, count: number) => Envelope[] = () => stream(TALK)) {
  const frames: (() => void)[] = [];
  const timers: (() => void)[] = [];
  const calls: string[] = [];
  let time = 0;
  let count = 0;
  const feed: Feed = new Feed({
    attach: async () => {
      calls.push("attach");
      for (const envelope of answer(() => feed, count++)) feed.hear(envelope);
    },
    detach: async () => void calls.push("detach"),
    schedule: (run) => void frames.push(run),
    now: () => time,
    later: (run) => void timers.push(run),
    attached: () => void calls.push("shown"),
  });
  const settle = async () => {
    for (let round = 0; round < 20; round++) {
      await Promise.resolve();
      for (const run of frames.splice(0)) run();
    }
  };
  return { feed, calls, timers, settle, pass: (ms: number) => (time += ms) };
}

test("an attached session is shown with what happened so far, and goes on", async () => {
  const { feed, settle, calls } = world();
  await feed.attach(SESSION);
  expect(feed.view(SESSION)?.stage).toBe("attaching");
  await settle();
  expect(feed.view(SESSION)?.groups[0]?.items).toHaveLength(1);
  expect(feed.isLive(SESSION)).toBe(true);
  for (const envelope of stream([finished({ outcome: "solved" })], 3)) feed.hear(envelope);
  expect(feed.view(SESSION)?.groups[0]?.turn?.outcome).toBeNull();
  await settle();
  expect(feed.view(SESSION)?.groups[0]?.turn?.outcome).toEqual({ outcome: "solved" });
  expect(calls).toEqual(["attach", "shown"]);
});

test("a new session without events is shown as empty after a while", async () => {
  const { feed, settle, timers } = world(() => []);
  await feed.attach(SESSION);
  await settle();
  expect(feed.view(SESSION)?.stage).toBe("attaching");
  for (const run of timers.splice(0)) run();
  expect(feed.view(SESSION)).toMatchObject({ stage: "open", groups: [] });
});

test("while a session is attached to anew, what stands is shown and is not emptied", async () => {
  const { feed, settle } = world();
  await feed.attach(SESSION);
  await settle();
  const group = feed.view(SESSION)?.groups[0];
  await feed.attach(SESSION);
  expect(feed.view(SESSION)?.groups).toHaveLength(1);
  await settle();
  expect(feed.view(SESSION)?.groups[0]).toBe(group);
});

test("a gap attaches anew, and the same gap again is taken as it is", async () => {
  const gapped = () => [...stream(TALK), ...stream([finished({ outcome: "solved" })], 9)];
  const { feed, settle, calls } = world(gapped);
  await feed.attach(SESSION);
  await settle();
  expect(calls.filter((it) => it === "attach")).toHaveLength(2);
  expect(feed.view(SESSION)).toMatchObject({ gap: null });
  expect(feed.view(SESSION)?.groups[0]?.turn?.outcome).toEqual({ outcome: "solved" });
});

test("gaps that are never the same end after a few tries, and begin again later", async () => {
  const { feed, settle, calls, pass } = world((_, count) => [
    ...stream(TALK),
    ...stream([{ event: "notice", level: "note", text: "late" }], 10 + count),
  ]);
  await feed.attach(SESSION);
  await settle();
  const attaches = () => calls.filter((it) => it === "attach").length;
  expect(attaches()).toBe(1 + REATTACH_MAX);
  pass(60_000);
  for (const envelope of stream([finished({ outcome: "solved" })], 90)) feed.hear(envelope);
  await settle();
  expect(attaches()).toBeGreaterThan(1 + REATTACH_MAX);
});

test("who waits is told of the event, of a failure, and of the session's end", async () => {
  const { feed, settle } = world();
  await feed.attach(SESSION);
  await settle();
  const report = { error: "no", causes: [], hint: null };
  const events: Event[] = [
    { event: "keep_planned", unconfirmed: [] },
    { event: "failed", report },
  ];
  const planned = feed.wait(SESSION, ["keep_planned"]);
  const kept = feed.wait(SESSION, ["kept"]);
  for (const envelope of stream(events, 3)) feed.hear(envelope);
  await settle();
  await expect(planned).resolves.toMatchObject({ event: "keep_planned" });
  await expect(kept).rejects.toBeInstanceOf(Refused);
  const never = feed.wait(SESSION, ["kept"]);
  feed.gone(SESSION, report);
  await expect(never).rejects.toMatchObject({ report });
  expect(feed.view(SESSION)).toMatchObject({ stage: "gone", goneReport: report });
});

test("a session that cannot be opened says why", async () => {
  const report = { error: "its record was changed", causes: [], hint: null };
  const { feed } = world(() => {
    throw new Refused(report);
  });
  await feed.attach(SESSION);
  expect(feed.view(SESSION)).toMatchObject({ stage: "gone", goneReport: report });
});

test("one frame takes only so much, and the rest comes in the next", async () => {
  const notices = Array.from(
    { length: 400 },
    (): Event => ({ event: "notice", level: "note", text: "n" }),
  );
  let time = 0;
  const frames: (() => void)[] = [];
  const feed = new Feed({
    attach: async () => undefined,
    detach: async () => undefined,
    schedule: (run) => void frames.push(run),
    // Each look at the clock is 3 ms after the last one.
    now: () => (time += 3),
    later: () => undefined,
  });
  await feed.attach(SESSION);
  for (const envelope of stream([OPENED, started(), ...notices])) feed.hear(envelope);
  let drawn = 0;
  while (frames.length > 0) {
    frames.shift()?.();
    drawn += 1;
  }
  expect(drawn).toBeGreaterThan(2);
  expect(feed.view(SESSION)?.groups[0]?.items).toHaveLength(400);
});
