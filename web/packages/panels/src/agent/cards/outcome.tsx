// SPDX-License-Identifier: Apache-2.0
// How a turn ended, and what it can show for it: the check before and after, what broke, what
// came nearest, and what it cost.

import { createSignal, For, type JSX, Show } from "solid-js";

import type { Evidence, Outcome, TestSummary } from "@moat/proto";
import { Button, Icon } from "../../ui/index.ts";
import type { Agent } from "../agent.ts";
import { Prose } from "../prose.tsx";
import { oneLine, visible } from "../visible.ts";
import {
  duration,
  isGood,
  outcomeIcon,
  outcomeReason,
  outcomeTitle,
  outcomeTone,
  short,
  summaryWords,
} from "../words.ts";
import { Failing } from "./command.tsx";
import { Fact } from "./card.tsx";

/** How a turn ended. */
export function OutcomeCard(props: {
  agent: Agent;
  outcome: Outcome;
  evidence: Evidence;
  /** Whether it is the last turn that counts, so that something can follow. */
  last: boolean;
}): JSX.Element {
  return (
    <Show
      when={props.outcome.outcome === "answered" ? props.outcome : null}
      fallback={<Ended {...props} />}
    >
      {(answered) => (
        <div class="ag-answer">
          <Prose host={props.agent.host} text={answered().text} />
          <Cost agent={props.agent} evidence={props.evidence} text={answered().text} />
        </div>
      )}
    </Show>
  );
}

function Ended(props: {
  agent: Agent;
  outcome: Outcome;
  evidence: Evidence;
  last: boolean;
}): JSX.Element {
  const t = props.agent.host.t;
  const tone = () => outcomeTone(props.outcome.outcome);
  const reason = () => outcomeReason(props.outcome);
  const resumable = () => {
    if (!props.last || props.outcome.outcome !== "stopped") return false;
    const session = props.agent.current();
    return session !== null && props.agent.turn()?.state === "finished";
  };
  return (
    <section class={`ag-outcome ${tone()}`}>
      <h3>
        <Icon name={outcomeIcon(props.outcome.outcome)} />
        {outcomeTitle(t, props.outcome)}
      </h3>
      <Show when={reason()}>
        <p>{visible(reason())}</p>
      </Show>
      <Show when={props.outcome.outcome === "unknown"}>
        <p>{t("agent.outcome.unknown.look")}</p>
      </Show>
      <Tests agent={props.agent} evidence={props.evidence} />
      <Nearest agent={props.agent} evidence={props.evidence} />
      <Show when={resumable()}>
        <div class="ag-question-actions">
          <Button small icon="play" onClick={() => void props.agent.resume()}>
            {t("agent.resume")}
          </Button>
        </div>
      </Show>
      <Cost agent={props.agent} evidence={props.evidence} />
    </section>
  );
}

function Tests(props: { agent: Agent; evidence: Evidence }): JSX.Element {
  const t = props.agent.host.t;
  const evidence = () => props.evidence;
  const row = (name: "agent.evidence.before" | "agent.evidence.after", summary: TestSummary) => (
    <Fact name={t(name)}>
      <span class={`ag-told ${isGood(summary.status) ? "good" : "bad"}`}>
        {summaryWords(t, summary)}
      </span>
    </Fact>
  );
  return (
    <Show when={evidence().check ?? evidence().before ?? evidence().after}>
      <dl class="ag-facts">
        <Show when={evidence().check}>
          {(check) => (
            <Fact name={t("agent.evidence.check")} code>
              {oneLine(check())}
            </Fact>
          )}
        </Show>
        <Show when={evidence().before}>{(it) => row("agent.evidence.before", it())}</Show>
        <Show when={evidence().after}>{(it) => row("agent.evidence.after", it())}</Show>
        <Show when={evidence().broken.length > 0}>
          <Fact name={t("agent.evidence.broken")}>
            <Failing agent={props.agent} names={evidence().broken} />
          </Fact>
        </Show>
      </dl>
    </Show>
  );
}

function Nearest(props: { agent: Agent; evidence: Evidence }): JSX.Element {
  const t = props.agent.host.t;
  return (
    <Show when={props.evidence.nearest}>
      {(nearest) => (
        <p class="ag-faint">
          {t("agent.evidence.nearest", {
            n: nearest().candidate,
            symbol: oneLine(nearest().symbol),
            path: oneLine(nearest().path),
            told: summaryWords(t, nearest().summary),
          })}
        </p>
      )}
    </Show>
  );
}

function Cost(props: { agent: Agent; evidence: Evidence; text?: string }): JSX.Element {
  const t = props.agent.host.t;
  const [copied, setCopied] = createSignal(false);
  const parts = () => {
    const { candidates, requests, prompt_tokens, completion_tokens, duration_ms } = props.evidence;
    const found = [duration(t, duration_ms)];
    if (candidates > 0) found.push(t("agent.cost.candidates", { count: candidates }));
    if (requests > 0) {
      found.push(t("agent.cost.requests", { count: requests }));
      found.push(
        t("agent.model.tokens", { read: short(prompt_tokens), written: short(completion_tokens) }),
      );
    }
    return found;
  };
  return (
    <p class="ag-cost">
      <For each={parts()}>{(part) => <span>{part}</span>}</For>
      <Show when={props.text}>
        {(text) => (
          <button
            type="button"
            class="ag-link"
            onClick={() => {
              void navigator.clipboard.writeText(text()).then(() => setCopied(true));
            }}
          >
            {t(copied() ? "agent.copied" : "agent.copy")}
          </button>
        )}
      </Show>
    </p>
  );
}
