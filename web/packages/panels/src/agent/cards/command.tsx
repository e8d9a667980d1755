// SPDX-License-Identifier: Apache-2.0
// A command that runs or ran: exactly what, where what it writes ends up, who let it, what it
// wrote, and how it ended.

import { createMemo, createSignal, For, type JSX, Show } from "solid-js";

import { IconButton } from "../../ui/index.ts";
import type { Agent } from "../agent.ts";
import { Output, seldom } from "../stream.tsx";
import type { CommandItem } from "../view.ts";
import { commandLine, visible, words } from "../visible.ts";
import { clock, duration, isGood, short, statusWords, summaryWords, type Tone } from "../words.ts";
import { Card, Fact } from "./card.tsx";
import { now } from "../clock.ts";

const LIVE_LINES = 6;
const NAMES_SHOWN = 8;

/** A command. */
export function CommandCard(props: { agent: Agent; item: CommandItem }): JSX.Element {
  const t = props.agent.host.t;
  const [open, setOpen] = createSignal(false);
  const running = () => props.item.status === null;
  const tone = (): Tone => {
    const { status } = props.item;
    return status === null ? "plain" : isGood(status) ? "good" : "bad";
  };
  const told = () => {
    const { status, summary } = props.item;
    if (status === null) return "";
    return summary ? summaryWords(t, summary) : statusWords(t, status);
  };
  const side = () => {
    const { durationMs, startedAt } = props.item;
    return durationMs === null
      ? running()
        ? clock(now() - startedAt)
        : ""
      : duration(t, durationMs);
  };
  const line = createMemo(() => commandLine(props.item.argv));
  return (
    <Card
      icon={tone() === "good" ? "check" : tone() === "bad" ? "error" : "terminal"}
      tone={tone()}
      busy={running()}
      open={open()}
      onToggle={setOpen}
      title={
        <>
          <code class="ag-command">{line()}</code>
          <Show when={told()}>
            <span class={`ag-told ${tone()}`}>{told()}</span>
          </Show>
        </>
      }
      side={side()}
      class="ag-tool"
      folded={
        <Show when={running() && props.item.held > 0}>
          <Written item={props.item} lines={LIVE_LINES} />
        </Show>
      }
    >
      <dl class="ag-facts">
        <Fact name={t("agent.command.argv")} code>
          <span class="ag-copy">
            {words(props.item.argv)}
            <IconButton
              icon="copy"
              size={14}
              label={t("agent.copy")}
              onClick={() => void navigator.clipboard.writeText(words(props.item.argv))}
            />
          </span>
        </Fact>
        <Fact name={t("agent.command.place")}>{visible(props.item.place)}</Fact>
        <Show when={props.item.decision}>
          {(decision) => <Fact name={t("agent.command.decision")}>{visible(decision())}</Fact>}
        </Show>
      </dl>
      <Failing agent={props.agent} names={props.item.summary?.failing ?? []} />
      <Show when={props.item.dropped > 0}>
        <p class="ag-faint">{t("agent.output.dropped", { n: short(props.item.dropped) })}</p>
      </Show>
      <Show when={props.item.held > 0} fallback={<p class="ag-faint">{t("agent.output.none")}</p>}>
        <Written item={props.item} label={t("agent.output.label")} />
      </Show>
    </Card>
  );
}

/** What it wrote, looked at now and then and not for each piece. */
function Written(props: { item: CommandItem; lines?: number; label?: string }): JSX.Element {
  const pieces = seldom(() => props.item.output.map((piece) => ({ ...piece })), 80);
  return (
    <pre
      class="ag-output"
      classList={{ tail: props.lines !== undefined }}
      tabIndex={props.label === undefined ? undefined : 0}
      aria-label={props.label}
      aria-hidden={props.label === undefined ? "true" : undefined}
    >
      <Output pieces={pieces()} {...(props.lines === undefined ? {} : { lines: props.lines })} />
    </pre>
  );
}

/** The names of failed tests. */
export function Failing(props: { agent: Agent; names: readonly string[] }): JSX.Element {
  const more = () => props.names.length - NAMES_SHOWN;
  return (
    <Show when={props.names.length > 0}>
      <ul class="ag-failing">
        <For each={props.names.slice(0, NAMES_SHOWN)}>{(name) => <li>{visible(name)}</li>}</For>
        <Show when={more() > 0}>
          <li class="ag-faint">{props.agent.host.t("agent.more", { n: more() })}</li>
        </Show>
      </ul>
    </Show>
  );
}
