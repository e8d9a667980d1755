// SPDX-License-Identifier: Apache-2.0
// Going back to a checkpoint: what would become of which file and which turn, before anything
// is done. The user's own files have no part in it.

import { createResource, createSignal, For, type JSX, Match, Show, Switch } from "solid-js";

import { Refused, type Report, type RewindPlan, type RewindScope } from "@moat/proto";
import { Button, Dialog, ErrorBox, Icon, type IconName, Spinner } from "../ui/index.ts";
import type { Agent } from "./agent.ts";
import { Refused as LeftAlone } from "./cards/items.tsx";
import { isBusy, type SessionView } from "./view.ts";
import { oneLine } from "./visible.ts";
import { ago } from "./words.ts";
import { now } from "./clock.ts";

const SCOPES: RewindScope[] = ["both", "code", "conversation"];
const MARKS: Record<string, { icon: IconName; tone: string }> = {
  created: { icon: "add", tone: "good" },
  modified: { icon: "edit", tone: "warning" },
  deleted: { icon: "trash", tone: "bad" },
  mode: { icon: "key", tone: "warning" },
  type: { icon: "symbol", tone: "warning" },
};

/** The preview of going back. */
export function RewindDialog(props: {
  agent: Agent;
  view: SessionView;
  to: number;
  onClose(): void;
}): JSX.Element {
  const t = props.agent.host.t;
  const [scope, setScope] = createSignal<RewindScope>("both");
  const [going, setGoing] = createSignal(false);
  const [failed, setFailed] = createSignal<Report | null>(null);
  const busy = () => isBusy(props.view);
  const session = () => props.view.session;
  const [plan] = createResource(
    () => ({ scope: scope(), busy: busy() }),
    async ({ scope, busy }): Promise<RewindPlan | Report | null> => {
      if (busy) return null;
      try {
        const op = { op: "plan_rewind", to: props.to, scope } as const;
        const event = await props.agent.opThen(session(), op, ["rewind_planned"]);
        return event.event === "rewind_planned" ? event : null;
      } catch (error) {
        return reportOf(error);
      }
    },
  );
  const planned = () => {
    const it = plan();
    return it && "to" in it ? it : null;
  };
  const refusal = () => {
    const it = plan();
    return failed() ?? (it && !("to" in it) ? it : null);
  };
  const go = async () => {
    setGoing(true);
    try {
      await props.agent.opThen(session(), { op: "rewind", to: props.to, scope: scope() }, [
        "rewound",
      ]);
      props.onClose();
    } catch (error) {
      setFailed(reportOf(error));
    } finally {
      setGoing(false);
    }
  };
  const checkpoint = () => props.view.checkpoints.find((it) => it.number === props.to);
  return (
    <Dialog
      title={t("agent.rewind.title", { n: props.to })}
      icon="history"
      wide
      onClose={props.onClose}
      actions={
        <>
          <Button onClick={props.onClose}>{t("agent.cancel")}</Button>
          <Button
            kind="primary"
            disabled={going() || busy() || !planned()}
            onClick={() => void go()}
          >
            {t("agent.rewind.go")}
          </Button>
        </>
      }
    >
      <div class="ag-rewind">
        <Show when={checkpoint()}>
          {(it) => (
            <p class="ag-faint">
              {t("agent.rewind.after", { after: oneLine(it().after) })} · {ago(t, it().at, now())}
            </p>
          )}
        </Show>
        <div class="ag-scopes" role="radiogroup" aria-label={t("agent.rewind.what")}>
          <For each={SCOPES}>
            {(it) => (
              <label classList={{ chosen: scope() === it }}>
                <input
                  type="radio"
                  name="scope"
                  checked={scope() === it}
                  onChange={() => setScope(it)}
                />
                <span>
                  <b>{t(`agent.rewind.${it}`)}</b>
                  <span class="ag-faint">{t(`agent.rewind.${it}.detail`)}</span>
                </span>
              </label>
            )}
          </For>
        </div>
        <div class="ag-rewind-plan" aria-live="polite">
          <Switch>
            <Match when={busy()}>
              <p class="ag-faint">{t("agent.rewind.busy")}</p>
            </Match>
            <Match when={plan.loading}>
              <Spinner label={t("agent.rewind.looking")} />
            </Match>
            <Match when={refusal()}>{(report) => <ErrorBox report={report()} />}</Match>
            <Match when={planned()}>{(it) => <PlanView agent={props.agent} plan={it()} />}</Match>
          </Switch>
        </div>
        <p class="ag-faint">{t("agent.rewind.safe")}</p>
      </div>
    </Dialog>
  );
}

function reportOf(error: unknown): Report {
  if (error instanceof Refused) return error.report;
  return { error: error instanceof Error ? error.message : String(error), causes: [], hint: null };
}

function PlanView(props: { agent: Agent; plan: RewindPlan }): JSX.Element {
  const t = props.agent.host.t;
  const more = () => props.plan.changed - props.plan.changes.length;
  const nothing = () => {
    const { changed, leaving, returning, left, kept } = props.plan;
    return changed + leaving.length + returning.length + left.length + kept.length === 0;
  };
  const turns = (key: "agent.rewind.leaving" | "agent.rewind.returning", tasks: string[]) => (
    <For each={tasks}>
      {(task) => (
        <li class={key === "agent.rewind.leaving" ? "bad" : "good"}>
          <Icon name="comment" size={14} />
          <span>{t(key)}</span> <q>{oneLine(task)}</q>
        </li>
      )}
    </For>
  );
  return (
    <Show when={!nothing()} fallback={<p class="ag-faint">{t("agent.rewind.nothing")}</p>}>
      <ul class="ag-plan-list">
        {turns("agent.rewind.leaving", props.plan.leaving)}
        {turns("agent.rewind.returning", props.plan.returning)}
        <For each={props.plan.changes}>
          {(change) => (
            <li class={MARKS[change.kind]?.tone ?? "plain"}>
              <Icon name={MARKS[change.kind]?.icon ?? "edit"} size={14} />
              <span>{t(`agent.change.${change.kind}`)}</span> <code>{oneLine(change.path)}</code>
            </li>
          )}
        </For>
        <Show when={more() > 0}>
          <li>{t("agent.more", { n: more() })}</li>
        </Show>
        <For each={props.plan.kept}>
          {(path) => (
            <li class="warning">
              <Icon name="info" size={14} />
              <code>{oneLine(path)}</code> <span>{t("agent.rewind.kept")}</span>
            </li>
          )}
        </For>
      </ul>
      <LeftAlone agent={props.agent} refused={props.plan.left} />
    </Show>
  );
}
