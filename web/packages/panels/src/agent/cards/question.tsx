// SPDX-License-Identifier: Apache-2.0
// Questions that wait for a person. What is shown of a command is all of it, each foreign text in
// its own quotes and its own row, so that nothing can pass for a part of the question.

import { createSignal, For, type JSX, Show } from "solid-js";

import { Button, Icon, TextInput } from "../../ui/index.ts";
import type { Agent } from "../agent.ts";
import type { Item } from "../view.ts";
import { oneLine, quoted, words } from "../visible.ts";
import { Fact, Line } from "./card.tsx";

type Asked = Extract<Item, { kind: "approval" }>;
type AskedCheck = Extract<Item, { kind: "check" }>;

/** Whether a command may run. */
export function ApprovalCard(props: { agent: Agent; item: Asked }): JSX.Element {
  const t = props.agent.host.t;
  const [sent, setSent] = createSignal(false);
  const open = () => props.item.answer === null && !props.item.closed;
  const answer = async (it: "once" | "no") => {
    setSent(true);
    if (!(await props.agent.answer(props.item.request, it))) setSent(false);
  };
  const told = () => {
    if (props.item.answer === "once") return t("agent.approval.once");
    return t(props.item.answer === "no" ? "agent.approval.denied" : "agent.approval.closed");
  };
  return (
    <Show
      when={open()}
      fallback={
        <Line
          icon={props.item.answer === "once" ? "check" : "error"}
          tone={
            props.item.answer === "once" ? "good" : props.item.answer === "no" ? "bad" : "plain"
          }
        >
          <span>{told()}</span> <code class="ag-command">{words(props.item.proposal.argv)}</code>
        </Line>
      }
    >
      <section class="ag-question" role="group" aria-label={t("agent.approval.title")}>
        <h3>
          <Icon name="warning" />
          {t("agent.approval.title")}
        </h3>
        <pre class="ag-exact">{words(props.item.proposal.argv)}</pre>
        <Scope agent={props.agent} item={props.item} />
        <div class="ag-question-actions">
          <Button kind="primary" disabled={sent()} onClick={() => void answer("once")}>
            {t("agent.approval.yes")}
          </Button>
          <Button disabled={sent()} onClick={() => void answer("no")}>
            {t("agent.approval.no")}
          </Button>
        </div>
      </section>
    </Show>
  );
}

function Scope(props: { agent: Agent; item: Asked }): JSX.Element {
  const t = props.agent.host.t;
  const proposal = () => props.item.proposal;
  const candidate = () => proposal().candidate ?? null;
  return (
    <dl class="ag-facts">
      <Show when={candidate()}>
        {(it) => (
          <Fact name={t("agent.approval.trying")}>
            {t("agent.approval.candidate", {
              n: it().number,
              symbol: quoted(it().symbol),
              path: quoted(it().path),
            })}
            <Show when={it().tests}>
              {(tests) => <> {t("agent.approval.tests", { path: quoted(tests()) })}</>}
            </Show>
          </Fact>
        )}
      </Show>
      <Fact name={t("agent.approval.in")} code>
        {quoted(`./${proposal().directory}`)}
      </Fact>
      <For each={proposal().environment}>
        {([name, value]) => (
          <Fact name={t("agent.approval.with")} code>
            {`${quoted(name)}=${quoted(value)}`}
          </Fact>
        )}
      </For>
      <Fact name={t("agent.approval.writes")}>{oneLine(proposal().writes)}</Fact>
      <Fact name={t("agent.approval.network")}>{oneLine(proposal().network)}</Fact>
      <Fact name={t("agent.approval.rule")} code>
        {oneLine(proposal().rule)}
      </Fact>
    </dl>
  );
}

/** Which command must pass. */
export function CheckCard(props: { agent: Agent; item: AskedCheck }): JSX.Element {
  const t = props.agent.host.t;
  const [line, setLine] = createSignal("");
  const [sent, setSent] = createSignal(false);
  const open = () => !props.item.answered && !props.item.closed;
  const give = async (it: string | null) => {
    setSent(true);
    if (!(await props.agent.giveCheck(it))) setSent(false);
  };
  return (
    <Show
      when={open()}
      fallback={
        <Line icon="checklist">
          <Show
            when={props.item.line}
            fallback={t(props.item.answered ? "agent.check.none" : "agent.check.closed")}
          >
            {(it) => (
              <>
                {t("agent.check.given")} <code class="ag-command">{oneLine(it())}</code>
              </>
            )}
          </Show>
        </Line>
      }
    >
      <form
        class="ag-question"
        aria-label={t("agent.check.title")}
        onSubmit={(event) => {
          event.preventDefault();
          if (line().trim() !== "") void give(line().trim());
        }}
      >
        <h3>
          <Icon name="checklist" />
          {t("agent.check.title")}
        </h3>
        <p>{t("agent.check.detail")}</p>
        <TextInput
          label={t("agent.check.label")}
          placeholder="make test"
          value={line()}
          disabled={sent()}
          onInput={setLine}
          class="code"
        />
        <div class="ag-question-actions">
          <Button kind="primary" type="submit" disabled={sent() || line().trim() === ""}>
            {t("agent.check.give")}
          </Button>
          <Button disabled={sent()} onClick={() => void give(null)}>
            {t("agent.check.nothing")}
          </Button>
        </div>
      </form>
    </Show>
  );
}
