// SPDX-License-Identifier: Apache-2.0
// The time, once a second while somebody looks at it, for running clocks.

import { createSignal } from "solid-js";

const TICK_MS = 1_000;
const [time, setTime] = createSignal(Date.now());
let lookedAt = 0;
let timer: ReturnType<typeof setInterval> | undefined;

/** The time in milliseconds. Reactive: it moves once a second while something depends on it. */
export function now(): number {
  lookedAt = Date.now();
  if (timer === undefined) {
    timer = setInterval(tick, TICK_MS);
    // Not at once: whoever looks now would be told that what it just looked at is old.
    queueMicrotask(() => setTime(Date.now()));
  }
  return time();
}

/** Whoever depends on the time looks again when it moves; when nobody does, it stands still. */
function tick(): void {
  if (Date.now() - lookedAt > 3 * TICK_MS) {
    clearInterval(timer);
    timer = undefined;
  } else setTime(Date.now());
}
