// SPDX-License-Identifier: Apache-2.0
// Tells a person that something failed: with the server's report where there is one.

import { Lost, Refused, type Report } from "@moat/proto";
import type { Host } from "./host.ts";

/** What failed, as a report. */
export function reportOf(host: Host, error: unknown): Report {
  if (error instanceof Refused) return error.report;
  if (error instanceof Lost)
    return { error: host.t("tell.lost"), causes: [], hint: host.t("tell.lost.hint") };
  return { error: error instanceof Error ? error.message : String(error), causes: [], hint: null };
}

/** Tells that something failed. */
export function tell(host: Host, error: unknown): void {
  const report = reportOf(host, error);
  host.notify({ level: "error", text: report.error, report });
}

/** Does something, and tells where it fails. */
export async function orTell<T>(host: Host, work: () => Promise<T>): Promise<T | null> {
  try {
    return await work();
  } catch (error) {
    tell(host, error);
    return null;
  }
}
