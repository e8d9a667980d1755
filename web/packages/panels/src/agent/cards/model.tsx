// SPDX-License-Identifier: Apache-2.0
// A request to a model: what it is for, its answers as they come, tokens and time.

import { createSignal, For, type JSX, Show } from "solid-js";

import type { Agent } from "../agent.ts";
import { Prose } from "../prose.tsx";
import { now } from "../clock.ts";
import { Growing, seldom } from "../stream.tsx";
import type { ModelItem, Turn } from "../view.ts";
import { oneLine, visible } from "../visible.ts";
import { clock, duration, short } from "../words.ts";
import { Card } from "./card.tsx";

const PREVIEW_LINES = 5;
const PREVIEW_CHARACTERS = 1_200;

/** A request to a model. */
export function ModelCard(props: {
  agent: Agent;
  item: ModelItem;
  turn: Turn | null;
}): JSX.Element {
  const t = props.agent.host.t;
  const running = () => props.item.durationMs === null && !props.item.cut;
  // Words for a person are shown as they come; code for the machine is looked at when wanted.
  const isProse = () => {
    const kind = props.turn?.task.kind;
    return props.item.texts.length === 1 && (kind === "explain" || kind === "commit_message");
  };
  const [chosen, setChosen] = createSignal<boolean | null>(null);
  const open = () => chosen() ?? (isProse() && running());
  const [answer, setAnswer] = createSignal(0);
  const text = () => props.item.texts[answer()] ?? "";
  const side = () => {
    const { durationMs, startedAt, completionTokens } = props.item;
    if (durationMs !== null) return `${short(completionTokens ?? 0)} · ${duration(t, durationMs)}`;
    return running() ? <Running item={props.item} startedAt={startedAt} /> : "";
  };
  return (
    <Card
      icon={props.item.cut ? "pause" : "model"}
      tone={props.item.cut ? "warning" : "plain"}
      busy={running()}
      open={open()}
      onToggle={setChosen}
      title={
        <>
          <span class="ag-purpose">{oneLine(props.item.purpose)}</span>
          <span class="ag-told">
            {visible(props.item.model)}
            <Show when={props.item.texts.length > 1}>
              {` · ${t("agent.model.answers", { count: props.item.texts.length })}`}
            </Show>
          </span>
        </>
      }
      side={side()}
      folded={
        <Show when={running()}>
          <Preview text={text()} />
        </Show>
      }
    >
      <Show when={props.item.texts.length > 1}>
        <div class="ag-answers" role="tablist" aria-label={t("agent.model.which")}>
          <For each={props.item.texts}>
            {(_, at) => (
              <button
                type="button"
                role="tab"
                aria-selected={answer() === at()}
                tabIndex={answer() === at() ? 0 : -1}
                onClick={() => setAnswer(at())}
                onKeyDown={(event) => {
                  const by = event.key === "ArrowRight" ? 1 : event.key === "ArrowLeft" ? -1 : 0;
                  if (by === 0) return;
                  const count = props.item.texts.length;
                  setAnswer((it) => (it + by + count) % count);
                  const tabs = event.currentTarget.parentElement?.children;
                  (tabs?.[answer()] as HTMLElement | undefined)?.focus();
                }}
              >
                {at() + 1}
              </button>
            )}
          </For>
        </div>
      </Show>
      <Show
        when={text()}
        fallback={
          <p class="ag-faint">{t(running() ? "agent.model.waits" : "agent.model.nothing")}</p>
        }
      >
        <Show when={isProse()} fallback={<Growing text={text()} class="code" />}>
          <Words agent={props.agent} text={text()} running={running()} />
        </Show>
      </Show>
      <Show when={props.item.promptTokens !== null}>
        <p class="ag-faint">
          {t("agent.model.tokens", {
            read: short(props.item.promptTokens ?? 0),
            written: short(props.item.completionTokens ?? 0),
          })}
        </p>
      </Show>
    </Card>
  );
}

/** How many pieces came, and the time. */
function Running(props: { item: ModelItem; startedAt: number }): JSX.Element {
  const pieces = seldom(() => props.item.pieces, 200);
  return (
    <>
      {short(pieces())} · {clock(now() - props.startedAt)}
    </>
  );
}

/** Words for a person as they come: often enough to look smooth, and not for each frame. */
function Words(props: { agent: Agent; text: string; running: boolean }): JSX.Element {
  const shown = seldom(() => props.text, 66);
  return <Prose host={props.agent.host} text={shown()} streaming={props.running} />;
}

/** The end of an answer that comes. */
function Preview(props: { text: string }): JSX.Element {
  const shown = seldom(() => lastLines(props.text), 100);
  return (
    <Show when={shown()}>
      <pre class="ag-output tail" aria-hidden="true">
        {shown()}
      </pre>
    </Show>
  );
}

function lastLines(text: string): string {
  const end = text.slice(-PREVIEW_CHARACTERS).trimEnd();
  return visible(end.split("\n").slice(-PREVIEW_LINES).join("\n"));
}
