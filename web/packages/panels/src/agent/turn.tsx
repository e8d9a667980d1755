// SPDX-License-Identifier: Apache-2.0
// One turn of a thread: the person's message, the plan as a checklist, and what came of it.

import { createSignal, ErrorBoundary, For, type JSX, Show } from "solid-js";

import { Badge, Icon, IconButton, ReportText } from "../ui/index.ts";
import type { Agent } from "./agent.ts";
import { Line } from "./cards/card.tsx";
import { ItemView } from "./cards/items.tsx";
import type { Group, Turn } from "./view.ts";
import { oneLine, visible } from "./visible.ts";

const LONG_MESSAGE = 700;

/** A turn. */
export function GroupView(props: {
  agent: Agent;
  group: Group;
  last: boolean;
  rewind(checkpoint: number): void;
}): JSX.Element {
  const t = props.agent.host.t;
  return (
    <article
      class="ag-group"
      classList={{ left: props.group.left, still: !props.last }}
      aria-label={
        props.group.turn
          ? t("agent.turn.label", { n: props.group.turn.number })
          : t("agent.turn.before")
      }
    >
      <Show when={props.group.turn}>
        {(turn) => (
          <Message
            agent={props.agent}
            turn={turn()}
            left={props.group.left}
            rewind={props.rewind}
          />
        )}
      </Show>
      <Show
        when={!props.group.left}
        fallback={
          <Show when={props.group.turn}>
            <p class="ag-faint ag-left-note">{t("agent.turn.left")}</p>
          </Show>
        }
      >
        <Show when={props.group.turn}>
          {(turn) => (
            <Show when={turn().plan.length > 0 && (props.last || turn().state !== "finished")}>
              <Plan agent={props.agent} turn={turn()} />
            </Show>
          )}
        </Show>
        <For each={props.group.items}>
          {(item) => (
            <ErrorBoundary
              fallback={(error: unknown) => <Broken agent={props.agent} error={error} />}
            >
              <ItemView
                agent={props.agent}
                item={item}
                turn={props.group.turn}
                last={props.last}
                rewind={props.rewind}
              />
            </ErrorBoundary>
          )}
        </For>
      </Show>
    </article>
  );
}

/** Something that could not be drawn. It takes nothing else of the thread with it. */
function Broken(props: { agent: Agent; error: unknown }): JSX.Element {
  const error = props.error instanceof Error ? props.error.message : String(props.error);
  const report = { error: props.agent.host.t("agent.broken"), causes: [error], hint: null };
  return (
    <Line icon="error" tone="bad">
      <ReportText report={report} whole />
    </Line>
  );
}

function Message(props: {
  agent: Agent;
  turn: Turn;
  left: boolean;
  rewind(checkpoint: number): void;
}): JSX.Element {
  const t = props.agent.host.t;
  const task = () => props.turn.task;
  const long = () => task().text.length > LONG_MESSAGE || task().text.split("\n").length > 14;
  const [whole, setWhole] = createSignal(false);
  return (
    <div class="ag-message">
      <div class="ag-message-text" classList={{ cut: long() && !whole() }}>
        {visible(task().text)}
      </div>
      <Show when={long()}>
        <button
          type="button"
          class="ag-link"
          aria-expanded={whole()}
          onClick={() => setWhole(!whole())}
        >
          {t(whole() ? "agent.less" : "agent.all")}
        </button>
      </Show>
      <div class="ag-message-foot">
        <Badge>{t(`agent.kind.${task().kind}`)}</Badge>
        <Show when={task().check}>
          {(check) => (
            <span class="ag-chip" title={t("agent.check.of")}>
              <Icon name="checklist" size={12} />
              <code>{oneLine(check())}</code>
            </span>
          )}
        </Show>
        <span class="ag-chip" title={t("agent.model.of")}>
          <Icon name="model" size={12} />
          {visible(task().model)}
        </span>
        <span class="ag-grow" />
        <Show when={props.left ? null : props.turn.checkpointBefore}>
          {(checkpoint) => (
            <span class="ag-message-actions">
              <IconButton
                icon="fork"
                size={14}
                label={t("agent.fork.here")}
                onClick={() => props.agent.forkAt(checkpoint())}
              />
              <IconButton
                icon="history"
                size={14}
                label={t("agent.rewind.before")}
                onClick={() => props.rewind(checkpoint())}
              />
            </span>
          )}
        </Show>
      </div>
    </div>
  );
}

function Plan(props: { agent: Agent; turn: Turn }): JSX.Element {
  const t = props.agent.host.t;
  const [chosen, setChosen] = createSignal<boolean | null>(null);
  const busy = () => props.turn.state !== "finished";
  const open = () => chosen() ?? busy();
  const state = (at: number) => {
    if (at < props.turn.planDone) return "done";
    return at === props.turn.planDone && busy() ? "now" : "later";
  };
  return (
    <div class="ag-plan">
      <button
        type="button"
        class="ag-plan-head"
        aria-expanded={open()}
        onClick={() => setChosen(!open())}
      >
        <Icon name="chevron-right" size={14} class={open() ? "turned" : ""} />
        <span>{t("agent.plan")}</span>
        <span class="ag-faint">
          {t("agent.plan.count", { done: props.turn.planDone, of: props.turn.plan.length })}
        </span>
      </button>
      <Show when={open()}>
        <ol>
          <For each={props.turn.plan}>
            {(step, at) => (
              <li class={state(at())} aria-current={state(at()) === "now" ? "step" : undefined}>
                <span class={`ag-step ${state(at())}`} aria-hidden="true">
                  <Show
                    when={state(at()) === "done"}
                    fallback={
                      <Icon name={state(at()) === "now" ? "spinner" : "circle"} size={14} />
                    }
                  >
                    <Icon name="check" size={14} />
                  </Show>
                </span>
                <span>
                  {visible(step)}
                  <span class="sr-only"> {t(`agent.plan.${state(at())}`)}</span>
                </span>
              </li>
            )}
          </For>
        </ol>
      </Show>
    </div>
  );
}
