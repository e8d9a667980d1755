// SPDX-License-Identifier: Apache-2.0
// How long ago something was, in words of the user's language.

import type { Host } from "../host.ts";

const STEPS = [
  ["time.minutes", 60],
  ["time.hours", 3600],
  ["time.days", 86_400],
  ["time.months", 2_629_800],
  ["time.years", 31_557_600],
] as const;

/** Says how long ago a time was; both in seconds since 1970. */
export function ago(t: Host["t"], time_s: number, now_s: number): string {
  const passed = Math.max(0, now_s - time_s);
  let found: string | null = null;
  for (const [key, length] of STEPS) {
    if (passed >= length) found = t(key, { count: Math.floor(passed / length) });
  }
  return found ?? t("time.now");
}
