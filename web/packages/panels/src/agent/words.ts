// SPDX-License-Identifier: Apache-2.0
// Numbers, times and outcomes in words, in the user's language.

import type { Bound, Outcome, RunStatus, Standing, TestSummary } from "@moat/proto";

import type { Host } from "../host.ts";
import type { MessageKey } from "../i18n.ts";
import type { IconName } from "../ui/icons.ts";

type T = Host["t"];

/** How something went, for its colour. It never stands for words. */
export type Tone = "good" | "bad" | "warning" | "plain";

/** A duration: `340 ms`, `4.2 s`, `3 min 5 s`. */
export function duration(t: T, ms: number): string {
  if (ms < 1_000) return t("agent.time.ms", { ms: Math.round(ms) });
  if (ms < 100_000) return t("agent.time.s", { s: (Math.floor(ms / 100) / 10).toFixed(1) });
  const minutes = Math.floor(ms / 60_000);
  return t("agent.time.min", { min: minutes, s: Math.floor((ms % 60_000) / 1_000) });
}

/** A running clock: `0:07`, `12:40`. */
export function clock(ms: number): string {
  const s = Math.max(0, Math.floor(ms / 1_000));
  return `${Math.floor(s / 60)}:${String(s % 60).padStart(2, "0")}`;
}

/** A number in short: `940`, `1.2k`, `38k`. */
export function short(number: number): string {
  if (number < 1_000) return String(Math.round(number));
  if (number < 10_000) return `${(Math.floor(number / 100) / 10).toFixed(1)}k`;
  if (number < 1_000_000) return `${Math.floor(number / 1_000)}k`;
  return `${(number / 1_000_000).toFixed(1)}M`;
}

/** Bytes in short: `812 B`, `3.4 KiB`. */
export function bytes(number: number): string {
  if (number < 1_024) return `${number} B`;
  const units = ["KiB", "MiB", "GiB", "TiB"];
  let value = number / 1_024;
  let unit = 0;
  while (value >= 1_024 && unit < units.length - 1) {
    value /= 1_024;
    unit += 1;
  }
  return `${value < 10 ? value.toFixed(1) : Math.round(value)} ${units[unit]}`;
}

/** How long ago something was, from `now`. */
export function ago(t: T, at: number, now: number): string {
  const s = Math.max(0, (now - at) / 1_000);
  if (s < 60) return t("agent.ago.now");
  if (s < 3_600) return t("agent.ago.min", { n: Math.floor(s / 60) });
  if (s < 86_400) return t("agent.ago.h", { n: Math.floor(s / 3_600) });
  return t("agent.ago.d", { n: Math.floor(s / 86_400) });
}

/** How a command ended. */
export function statusWords(t: T, status: RunStatus): string {
  switch (status.status) {
    case "code":
      return status.value === 0
        ? t("agent.status.ok")
        : t("agent.status.code", { code: status.value });
    case "signal":
      return t("agent.status.signal", { signal: status.value });
    case "timed_out":
      return t("agent.status.timed_out");
    case "interrupted":
      return t("agent.status.interrupted");
    case "output_limit":
      return t("agent.status.output_limit");
    case "limit":
      return t(`agent.bound.${status.value}` satisfies `agent.bound.${Bound}` as MessageKey);
  }
}

/** Whether a command says that all is well. */
export function isGood(status: RunStatus): boolean {
  return status.status === "code" && status.value === 0;
}

/** What a run of the check told. */
export function summaryWords(t: T, summary: TestSummary): string {
  const { passed, failed, status } = summary;
  if (passed === 0 && failed === 0) return statusWords(t, status);
  if (isGood(status)) return t("agent.tests.pass", { count: passed });
  if (failed === 0)
    return `${statusWords(t, status)} (${t("agent.tests.before", { count: passed })})`;
  return t("agent.tests.fail", { failed, count: passed + failed });
}

/** The heading of an outcome. */
export function outcomeTitle(t: T, outcome: Outcome): string {
  return t(`agent.outcome.${outcome.outcome}`);
}

/** What an outcome says beside its heading. */
export function outcomeReason(outcome: Outcome): string {
  if ("reason" in outcome) return outcome.reason;
  return outcome.outcome === "unknown" ? outcome.effect : "";
}

/** An outcome's colour. */
export function outcomeTone(outcome: Outcome["outcome"] | Standing): Tone {
  if (outcome === "solved" || outcome === "answered") return "good";
  if (outcome === "unverified" || outcome === "stopped") return "warning";
  if (["not_solved", "failed", "denied", "unknown", "damaged"].includes(outcome)) return "bad";
  return "plain";
}

/** An outcome's picture. */
export function outcomeIcon(outcome: Outcome["outcome"] | Standing): IconName {
  if (outcome === "solved" || outcome === "answered") return "check";
  if (outcome === "stopped") return "pause";
  if (outcome === "unverified") return "warning";
  if (outcome === "nothing_to_fix" || outcome === "nothing" || outcome === "empty") return "circle";
  if (outcome === "unfinished") return "clock";
  return "error";
}
