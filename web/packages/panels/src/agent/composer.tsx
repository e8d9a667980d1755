// SPDX-License-Identifier: Apache-2.0
// Where a person writes to the agent: words with mentions and commands, the kind of work, the
// model and its zone, and what is done with the words: begin, queue, add to what runs, stop.

import { createMemo, createSignal, For, type JSX, Match, Show, Switch } from "solid-js";

import type { Task } from "@moat/proto";
import { Button, Icon, IconButton, Select } from "../ui/index.ts";
import type { Agent } from "./agent.ts";
import { compose, mention, taskOf, type Composed, type Problem } from "./compose.ts";
import { Field } from "./field.tsx";
import { Meter, ModelButton } from "./meter.tsx";
import { isBusy } from "./view.ts";
import { oneLine } from "./visible.ts";
import { runAction } from "./actions.ts";

/** What is done with the words. */
type How = "send" | "queue" | "steer" | "resume" | "fresh";

/** The composer. */
export function Composer(props: { agent: Agent; ref?(focus: () => void): void }): JSX.Element {
  const { agent } = props;
  const { host } = agent;
  const t = host.t;
  const [problem, setProblem] = createSignal<string | null>(null);
  const [sending, setSending] = createSignal(false);
  let focus = (): void => undefined;
  const busy = createMemo(() => isBusy(agent.view()));
  const stopped = createMemo(() => {
    const turn = agent.turn();
    if (turn?.outcome?.outcome !== "stopped" || busy()) return false;
    const session = agent.current();
    return session !== null && (agent.summaryOf(session)?.resumable ?? true);
  });
  const usable = () => host.connected();

  const say = (why: Problem | string): void => {
    const known = {
      empty: "agent.problem.empty",
      long: "agent.problem.long",
      model: "agent.problem.model",
    } as const;
    setProblem(why in known ? t(known[why as Problem]) : why);
  };
  const task = (composed: Composed): Task | null => {
    const selection = host.selection();
    const file = host.activeFile();
    const here = selection
      ? mention(selection.path, { first: selection.startLine, last: selection.endLine })
      : file && mention(file);
    const made = taskOf(composed, {
      model: agent.model(),
      minutes: host.settings.get("agent.timeLimitMinutes"),
      check: agent.check(),
      kind: agent.kind(),
      here: here ? here.replace(/^@/, "") : null,
    });
    if (typeof made !== "string") return made;
    say(made);
    return null;
  };

  /** Commands that stand alone change what is chosen and send nothing. */
  const takesOnly = (composed: Composed): boolean => {
    if (composed.unknown !== null) {
      say(t("agent.problem.command", { name: composed.unknown }));
      return true;
    }
    if (composed.text !== "" || composed.kind !== null) return false;
    const { check, model, action, run } = composed;
    if (check === null && model === null && action === null && run === null) return false;
    if (check !== null) agent.setCheck(check);
    if (model !== null) agent.setModel(model);
    agent.setDraft("");
    if (run !== null) void runAction(agent, { run });
    else if (action !== null) void runAction(agent, { action });
    return true;
  };

  const submit = async (how: How): Promise<void> => {
    if (sending() || !usable()) return;
    setProblem(null);
    const draft = agent.draft();
    const composed = compose(draft);
    if (takesOnly(composed)) return;
    setSending(true);
    try {
      // Right after the start the models are still being told.
      if (agent.model() === "") await agent.modelsTold();
      // What was typed meanwhile is another prompt.
      if ((await carryOut(how, composed)) && agent.draft() === draft) agent.setDraft("");
    } finally {
      setSending(false);
      focus();
    }
  };

  const carryOut = async (how: How, composed: Composed): Promise<boolean> => {
    if (how === "resume") {
      if (composed.text !== "" && !(await agent.steer(composed.text))) return false;
      return agent.resume();
    }
    if (how === "steer") {
      if (composed.text === "") {
        say("empty");
        return false;
      }
      return agent.steer(composed.text);
    }
    const made = task(composed);
    if (!made) return false;
    if (how === "queue") return agent.enqueue(made);
    if (how === "fresh") return (await agent.create()) !== null && agent.start(made);
    return agent.start(made);
  };

  const usual = (): How => (busy() ? "queue" : stopped() ? "resume" : "send");
  const hint = () => {
    if (!usable()) return t("agent.hint.lost");
    if (busy()) return t("agent.hint.busy");
    return t(stopped() ? "agent.hint.stopped" : "agent.hint");
  };
  return (
    <div class="ag-composer">
      <Queue agent={agent} />
      <div class="ag-box" classList={{ lost: !usable() }}>
        <Chips agent={agent} />
        <Field
          agent={agent}
          placeholder={hint()}
          onSubmit={(other) => void submit(other && busy() ? "steer" : usual())}
          ref={(it) => {
            focus = it;
            props.ref?.(it);
          }}
        />
        <Show when={problem()}>
          {(text) => (
            <p class="ag-problem" role="alert">
              {text()}
            </p>
          )}
        </Show>
        <div class="ag-bar">
          <Select
            label={t("agent.kind")}
            value={agent.kind()}
            options={(
              ["auto", "repair", "explain", "write", "document", "commit_message"] as const
            ).map((value) => ({ value, title: t(`agent.kind.${value}`) }))}
            onChange={agent.setKind}
            class="ag-kind"
          />
          <ModelButton agent={agent} />
          <span class="ag-grow" />
          <Meter agent={agent} />
          <span class="ag-buttons">
            <Switch>
              <Match when={busy()}>
                <Button
                  small
                  icon="queue"
                  title={t("agent.queue.detail")}
                  disabled={sending() || agent.draft().trim() === ""}
                  onClick={() => void submit("queue")}
                >
                  {t("agent.queue")}
                </Button>
                <Button
                  small
                  icon="send"
                  title={t("agent.steer.detail")}
                  disabled={sending() || agent.draft().trim() === ""}
                  onClick={() => void submit("steer")}
                >
                  {t("agent.steer")}
                </Button>
                <IconButton
                  icon="stop"
                  label={t("agent.stop")}
                  class="ag-stop"
                  onClick={() => void agent.stop()}
                />
              </Match>
              <Match when={stopped()}>
                <Show when={agent.draft().trim() !== ""}>
                  <Button small disabled={sending()} onClick={() => void submit("fresh")}>
                    {t("agent.fresh")}
                  </Button>
                </Show>
                <Button
                  small
                  kind="primary"
                  icon="play"
                  disabled={sending()}
                  onClick={() => void submit("resume")}
                >
                  {t(agent.draft().trim() === "" ? "agent.resume" : "agent.resume.with")}
                </Button>
              </Match>
              <Match when={true}>
                <IconButton
                  icon="send"
                  label={t("agent.send")}
                  class="ag-send"
                  disabled={sending() || !usable()}
                  onClick={() => void submit("send")}
                />
              </Match>
            </Switch>
          </span>
        </div>
      </div>
    </div>
  );
}

/** What is chosen beside the words. */
function Chips(props: { agent: Agent }): JSX.Element {
  const t = props.agent.host.t;
  return (
    <Show when={props.agent.check()}>
      {(check) => (
        <div class="ag-chips">
          <span class="ag-chip">
            <Icon name="checklist" size={12} />
            <span>{t("agent.check.of")}</span>
            <code title={oneLine(check())}>{oneLine(check())}</code>
            <IconButton
              icon="close"
              size={12}
              label={t("agent.check.forget")}
              onClick={() => props.agent.setCheck(null)}
            />
          </span>
        </div>
      )}
    </Show>
  );
}

/** Prompts that wait for their turn. */
function Queue(props: { agent: Agent }): JSX.Element {
  const t = props.agent.host.t;
  const edit = (id: number) => {
    const taken = props.agent.unqueue(id);
    if (!taken) return;
    const draft = props.agent.draft();
    props.agent.setDraft(draft.trim() === "" ? taken.task.text : `${draft}\n${taken.task.text}`);
  };
  return (
    <Show when={props.agent.queue().length > 0}>
      <ol class="ag-queue" aria-label={t("agent.queue.label")}>
        <For each={props.agent.queue()}>
          {(it) => (
            <li>
              <Icon name="queue" size={14} />
              <span class="ag-queue-text" title={oneLine(it.task.text)}>
                {oneLine(it.task.text)}
              </span>
              <IconButton
                icon="edit"
                size={14}
                label={t("agent.queue.edit")}
                onClick={() => edit(it.id)}
              />
              <Show when={!isBusy(props.agent.view())}>
                <IconButton
                  icon="play"
                  size={14}
                  label={t("agent.queue.now")}
                  onClick={() => {
                    const taken = props.agent.unqueue(it.id);
                    if (taken) void props.agent.start(taken.task);
                  }}
                />
              </Show>
              <IconButton
                icon="close"
                size={14}
                label={t("agent.queue.remove")}
                onClick={() => void props.agent.unqueue(it.id)}
              />
            </li>
          )}
        </For>
      </ol>
    </Show>
  );
}
