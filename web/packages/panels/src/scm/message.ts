// SPDX-License-Identifier: Apache-2.0
// Has the agent write a commit message: a session of its own is opened for it, and closed when it has answered.

import type { Envelope, Outcome, SessionId } from "@moat/proto";
import type { Host } from "../host.ts";

const MINUTE_MS = 60_000;

/** Work of the agent that can be ended. */
export interface Writing {
  /** The message; null where it was ended. Rejects with words for a person where there is none. */
  message: Promise<string | null>;
  cancel(): void;
}

/** Asks the agent for a message. */
export function writeMessage(host: Host, words: string): Writing {
  let session: SessionId | null = null;
  let cancelled = false;
  const run = async (): Promise<string | null> => {
    const early: Envelope[] = [];
    let hear: ((envelope: Envelope) => void) | null = null;
    const stop = host.client.onNews((news) => {
      if (news.news !== "session") return;
      if (hear === null) early.push(news.envelope);
      else hear(news.envelope);
    });
    try {
      const opened = await host.client.ask({ service: "sessions", query: "new" });
      if (opened.reply !== "opened") throw new Error(host.t("scm.message.failed"));
      session = opened.session;
      const finished = new Promise<string>((resolve, reject) => {
        hear = (envelope) => {
          if (envelope.session === session) settle(host, envelope, resolve, reject);
        };
        early.forEach(hear);
      });
      // Where starting is refused nobody waits for this any more.
      finished.catch(() => undefined);
      if (cancelled) return null;
      const model = host.settings.get("agent.model") || (await defaultModel(host));
      const time_limit_ms = host.settings.get("agent.timeLimitMinutes") * MINUTE_MS;
      const task = {
        text: words,
        kind: "commit_message",
        check: null,
        model,
        time_limit_ms,
      } as const;
      // Only the answer counts: where starting is refused, that is the reason.
      await Promise.race([
        finished,
        host.client.ask({ service: "sessions", query: "do", session, op: { op: "start", task } }),
      ]);
      const text = await finished;
      return cancelled ? null : text;
    } catch (error) {
      if (cancelled) return null;
      throw error;
    } finally {
      stop();
      if (session !== null) close(host, session);
    }
  };
  return {
    message: run(),
    cancel() {
      cancelled = true;
      if (session !== null)
        void quietly(
          host.client.ask({ service: "sessions", query: "do", session, op: { op: "interrupt" } }),
        );
    },
  };
}

async function defaultModel(host: Host): Promise<string> {
  const reply = await host.client.ask({ service: "sessions", query: "models" });
  return reply.reply === "models" ? reply.default : "";
}

function settle(
  host: Host,
  envelope: Envelope,
  resolve: (text: string) => void,
  reject: (error: Error) => void,
): void {
  const { event } = envelope;
  if (event.event === "turn_finished") {
    const text = answerOf(event.outcome);
    if (text !== null) resolve(tidy(text));
    else reject(new Error(reasonOf(event.outcome) ?? host.t("scm.message.failed")));
  } else if (event.event === "failed") reject(new Error(event.report.error));
  else if (event.event === "session_closed") reject(new Error(host.t("scm.message.failed")));
}

function answerOf(outcome: Outcome): string | null {
  return outcome.outcome === "answered" ? outcome.text : null;
}

function reasonOf(outcome: Outcome): string | null {
  return "reason" in outcome ? outcome.reason : null;
}

/** Takes off what models put around a message: a fence, quotes, a label. */
export function tidy(text: string): string {
  let found = text.trim();
  const fence = /^```[\w-]*\n([\s\S]*?)\n?```$/u.exec(found);
  if (fence) found = (fence[1] ?? "").trim();
  found = found.replace(/^(?:commit message|message)\s*:\s*/iu, "");
  const quoted = /^(["'`])([^\n]*)\1$/u.exec(found);
  return quoted ? (quoted[2] ?? found) : found;
}

function close(host: Host, session: SessionId): void {
  void quietly(host.client.ask({ service: "sessions", query: "do", session, op: { op: "close" } }));
  void quietly(host.client.ask({ service: "sessions", query: "detach", session }));
}

async function quietly(work: Promise<unknown>): Promise<void> {
  try {
    await work;
  } catch {
    // The session ended by itself.
  }
}
