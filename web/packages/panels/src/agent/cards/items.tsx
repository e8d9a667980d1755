// SPDX-License-Identifier: Apache-2.0
// Everything that can stand in a thread below a message, by its kind.

import { createSignal, For, type JSX, Match, Show, Switch } from "solid-js";

import type { CandidateVerdict, Refusal, Suspect } from "@moat/proto";
import { Button, Icon, IconButton, ReportText } from "../../ui/index.ts";
import type { Agent } from "../agent.ts";
import { titleOf } from "../titles.ts";
import type { Item, Turn } from "../view.ts";
import { oneLine, visible } from "../visible.ts";
import { summaryWords, type Tone } from "../words.ts";
import { Card, Line } from "./card.tsx";
import { CommandCard } from "./command.tsx";
import { ModelCard } from "./model.tsx";
import { OutcomeCard } from "./outcome.tsx";
import { ApprovalCard, CheckCard } from "./question.tsx";

/** What an item needs beside itself. */
export interface ItemProps {
  agent: Agent;
  item: Item;
  turn: Turn | null;
  last: boolean;
  /** Opens the preview of going back to a checkpoint. */
  rewind(checkpoint: number): void;
}

/** One item. An item never changes its kind. */
export function ItemView(props: ItemProps): JSX.Element {
  const t = props.agent.host.t;
  const { item } = props;
  switch (item.kind) {
    case "command":
      return <CommandCard agent={props.agent} item={item} />;
    case "model":
      return <ModelCard agent={props.agent} item={item} turn={props.turn} />;
    case "approval":
      return <ApprovalCard agent={props.agent} item={item} />;
    case "check":
      return <CheckCard agent={props.agent} item={item} />;
    case "outcome":
      return (
        <OutcomeCard
          agent={props.agent}
          outcome={item.outcome}
          evidence={item.evidence}
          last={props.last}
        />
      );
    case "notice":
      return (
        <Line
          icon={item.level === "warning" ? "warning" : "info"}
          tone={item.level === "warning" ? "warning" : "plain"}
          class="ag-soft"
        >
          {visible(item.text)}
        </Line>
      );
    case "steered":
      return (
        <div class="ag-steered" aria-label={t("agent.steered")}>
          {visible(item.text)}
        </div>
      );
    case "located":
      return <Located agent={props.agent} suspects={item.suspects} />;
    case "candidate":
      return <Candidate agent={props.agent} item={item} />;
    case "edited":
      return (
        <Line icon="edit" tone="good">
          {t("agent.edited")} <PathLink agent={props.agent} path={item.path} />
          <Show when={item.symbols.length > 0}>
            <span class="ag-told">{visible(item.symbols.join(", "))}</span>
          </Show>
        </Line>
      );
    case "checkpoint":
      return <CheckpointLine {...props} number={item.number} />;
    case "moved":
      return <MovedLine agent={props.agent} item={item} />;
    case "branches":
      return <BranchesLine agent={props.agent} item={item} />;
    case "rewound":
      return (
        <Line
          icon="rewind"
          tone="plain"
          actions={
            <Button small icon="redo" onClick={() => props.rewind(item.rewound.before)}>
              {t("agent.rewound.undo")}
            </Button>
          }
        >
          {t(`agent.rewound.${item.rewound.scope}`, { n: item.rewound.to })}
          <Refused agent={props.agent} refused={item.rewound.left} />
        </Line>
      );
    case "forked":
      return <ForkedLine agent={props.agent} item={item} />;
    case "ended":
      return (
        <Line icon="warning" tone="warning">
          {item.end.end === "denied"
            ? t("agent.ended.denied", { rule: oneLine(item.end.rule) })
            : t("agent.ended.unknown")}
        </Line>
      );
    case "failed":
      return (
        <Line icon="error" tone="bad">
          <ReportText report={item.report} whole />
        </Line>
      );
  }
}

/** A path that opens its file. */
export function PathLink(props: { agent: Agent; path: string; line?: number }): JSX.Element {
  return (
    <button
      type="button"
      class="ag-link path"
      title={oneLine(props.path)}
      onClick={() =>
        void props.agent.host.openFile(
          props.path,
          props.line === undefined ? {} : { line: props.line },
        )
      }
    >
      {oneLine(props.path)}
      {props.line === undefined ? "" : `:${props.line}`}
    </button>
  );
}

function Located(props: { agent: Agent; suspects: readonly Suspect[] }): JSX.Element {
  const t = props.agent.host.t;
  const [open, setOpen] = createSignal(false);
  const first = () => props.suspects[0];
  return (
    <Card
      icon="search"
      open={open()}
      onToggle={setOpen}
      title={
        <>
          <span class="ag-purpose">{t("agent.located", { count: props.suspects.length })}</span>
          <span class="ag-told">{oneLine(first()?.symbol ?? "")}</span>
        </>
      }
    >
      <ol class="ag-suspects">
        <For each={props.suspects}>
          {(suspect) => (
            <li>
              <code>{oneLine(suspect.symbol)}</code>{" "}
              <PathLink agent={props.agent} path={suspect.path} />
              <Show when={suspect.reasons.length > 0}>
                <div class="ag-faint">{visible(suspect.reasons.join("; "))}</div>
              </Show>
            </li>
          )}
        </For>
      </ol>
    </Card>
  );
}

function Candidate(props: {
  agent: Agent;
  item: Extract<Item, { kind: "candidate" }>;
}): JSX.Element {
  const t = props.agent.host.t;
  const tones: Record<CandidateVerdict["verdict"], Tone> = {
    passed: "good",
    failed: "bad",
    rejected: "plain",
    unjudged: "warning",
  };
  const verdict = () => props.item.verdict;
  const told = () => {
    const it = verdict();
    if (it.verdict === "rejected") return visible(it.reason);
    return it.verdict === "unjudged" ? t("agent.candidate.unjudged") : summaryWords(t, it.summary);
  };
  const tone = () => tones[verdict().verdict];
  return (
    <Line icon={tone() === "good" ? "check" : tone() === "bad" ? "close" : "circle"} tone={tone()}>
      {t("agent.candidate", { n: props.item.candidate })} <code>{oneLine(props.item.symbol)}</code>{" "}
      <PathLink agent={props.agent} path={props.item.path} />
      <span class={`ag-told ${tone()}`}>{told()}</span>
    </Line>
  );
}

function CheckpointLine(props: ItemProps & { number: number }): JSX.Element {
  const t = props.agent.host.t;
  const checkpoint = () => props.agent.view()?.checkpoints.find((it) => it.number === props.number);
  return (
    <div class="ag-checkpoint">
      <span class="ag-rule" />
      <button
        type="button"
        class="ag-link"
        title={oneLine(checkpoint()?.after ?? "")}
        onClick={() => props.rewind(props.number)}
      >
        <Icon name="history" size={14} />
        {t("agent.checkpoint", { n: props.number })}
      </button>
      <IconButton
        icon="fork"
        size={14}
        label={t("agent.fork.here")}
        onClick={() => props.agent.forkAt(props.number)}
      />
      <span class="ag-rule" />
    </div>
  );
}

/** Where a thread came from, with the way there while it is still listed. */
function ForkedLine(props: { agent: Agent; item: Extract<Item, { kind: "forked" }> }): JSX.Element {
  const t = props.agent.host.t;
  const { item } = props;
  const listed = () => props.agent.summaryOf(item.from) !== null;
  return (
    <Line
      icon="fork"
      tone="plain"
      actions={
        <Show when={listed()}>
          <Button small onClick={() => void props.agent.open(item.from)}>
            {t("agent.forked.open")}
          </Button>
        </Show>
      }
    >
      {t("agent.forked", { n: item.checkpoint })}
      <span class="ag-told" title={item.from}>
        {listed() ? titleOf(props.agent, item.from) : item.from}
      </span>
    </Line>
  );
}

function MovedLine(props: { agent: Agent; item: Extract<Item, { kind: "moved" }> }): JSX.Element {
  const t = props.agent.host.t;
  const { item } = props;
  const icons = { kept: "check", discarded: "trash", undone: "undo" } as const;
  const names = () => item.paths.slice(0, 4).map(oneLine).join(", ");
  const session = () => props.agent.current();
  return (
    <Line
      icon={icons[item.how]}
      tone={item.how === "kept" ? "good" : "plain"}
      actions={
        <Show
          when={
            item.how === "kept" && item.paths.length > 0 && (props.agent.view()?.keeps ?? 0) > 0
          }
        >
          <Button
            small
            icon="undo"
            onClick={() => {
              const it = session();
              if (it !== null) void props.agent.tellingOp(it, { op: "undo_keep" });
            }}
          >
            {t("review.undo")}
          </Button>
        </Show>
      }
    >
      {t(`agent.moved.${item.how}`, { count: item.paths.length })}
      <Show when={item.paths.length > 0}>
        <span class="ag-told" title={item.paths.map(oneLine).join("\n")}>
          {names()}
          {item.paths.length > 4 ? ` +${item.paths.length - 4}` : ""}
        </span>
      </Show>
      <Refused agent={props.agent} refused={item.refused} />
    </Line>
  );
}

/** What was left alone, and why. */
export function Refused(props: { agent: Agent; refused: readonly Refusal[] }): JSX.Element {
  const t = props.agent.host.t;
  return (
    <Show when={props.refused.length > 0}>
      <details class="ag-refused">
        <summary>{t("agent.left", { count: props.refused.length })}</summary>
        <ul>
          <For each={props.refused}>
            {(it) => (
              <li>
                <code>{oneLine(it.path)}</code> {visible(it.reason)}
              </li>
            )}
          </For>
        </ul>
      </details>
    </Show>
  );
}

function BranchesLine(props: {
  agent: Agent;
  item: Extract<Item, { kind: "branches" }>;
}): JSX.Element {
  const t = props.agent.host.t;
  const { item } = props;
  return (
    <Line icon="branch" tone="plain">
      {t(`agent.branches.${item.how}`, { count: item.branches.length })}
      <Switch>
        <Match when={item.branches.length > 0}>
          <span class="ag-told">{item.branches.map((it) => oneLine(it.reference)).join(", ")}</span>
        </Match>
      </Switch>
      <Show when={item.refused.length > 0}>
        <details class="ag-refused">
          <summary>{t("agent.left", { count: item.refused.length })}</summary>
          <ul>
            <For each={item.refused}>
              {(it) => (
                <li>
                  <code>{oneLine(it.branch)}</code> {visible(it.reason)}
                </li>
              )}
            </For>
          </ul>
        </details>
      </Show>
    </Line>
  );
}
