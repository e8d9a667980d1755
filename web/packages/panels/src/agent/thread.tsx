// SPDX-License-Identifier: Apache-2.0
// A session as a thread. It stays at its end while something is added, unless the person has
// scrolled away; what happened is said to readers in a sentence, never token by token.

import {
  createEffect,
  createMemo,
  createSignal,
  For,
  type JSX,
  Match,
  on,
  onCleanup,
  onMount,
  Show,
  Switch,
} from "solid-js";

import { Button, Empty, ErrorBox, Icon, Spinner } from "../ui/index.ts";
import type { Agent } from "./agent.ts";
import { RewindDialog } from "./rewind.tsx";
import { GroupView } from "./turn.tsx";
import { isBusy, openQuestion, type SessionView } from "./view.ts";
import { outcomeTitle } from "./words.ts";

const NEAR_END_PX = 60;
/** Turns that are in the page at first, and how many more come at a time. */
const GROUPS_SHOWN = 8;

/** A thread. */
export function Thread(props: { agent: Agent; onExample(text: string): void }): JSX.Element {
  const t = props.agent.host.t;
  const view = () => props.agent.view();
  return (
    <Switch fallback={<Welcome agent={props.agent} onExample={props.onExample} />}>
      <Match when={props.agent.current() !== null && view()?.stage === "gone" && view()}>
        {(gone) => (
          <div class="ag-scroll">
            <Gone agent={props.agent} view={gone()} />
          </div>
        )}
      </Match>
      <Match when={props.agent.opening() || view()?.stage === "attaching"}>
        <div class="ag-wait" role="status">
          <Spinner label={t("agent.opening")} />
          <span>{t("agent.opening")}</span>
        </div>
      </Match>
      <Match when={view()?.groups.some((group) => group.turn || group.items.length > 0) && view()}>
        {(shown) => <Groups agent={props.agent} view={shown()} />}
      </Match>
    </Switch>
  );
}

function Gone(props: { agent: Agent; view: SessionView }): JSX.Element {
  const t = props.agent.host.t;
  const again = () => void props.agent.open(props.view.session);
  return (
    <Show
      when={props.view.goneReport}
      fallback={
        <Empty icon="unlink" title={t("agent.gone")} detail={t("agent.gone.detail")}>
          <Button kind="primary" onClick={again}>
            {t("agent.gone.again")}
          </Button>
        </Empty>
      }
    >
      {(report) => (
        <ErrorBox report={report()}>
          <Button small onClick={again}>
            {t("agent.gone.again")}
          </Button>
          <Button small onClick={() => props.agent.leave()}>
            {t("agent.threads")}
          </Button>
        </ErrorBox>
      )}
    </Show>
  );
}

function Groups(props: { agent: Agent; view: SessionView }): JSX.Element {
  const t = props.agent.host.t;
  let scroller!: HTMLDivElement;
  let content!: HTMLDivElement;
  const [atEnd, setAtEnd] = createSignal(true);
  const [goal, setGoal] = createSignal<number | null>(null);
  const [count, setCount] = createSignal(GROUPS_SHOWN);
  const hidden = () => Math.max(0, props.view.groups.length - count());
  const shown = createMemo(() => props.view.groups.slice(hidden()));
  /** More turns above; what is looked at stays where it is. */
  const more = () => {
    const below = scroller.scrollHeight - scroller.scrollTop;
    setCount(count() + GROUPS_SHOWN);
    scroller.scrollTop = scroller.scrollHeight - below;
  };
  let lastTop = 0;
  const toEnd = () => {
    scroller.scrollTop = scroller.scrollHeight;
    setAtEnd(true);
  };
  onMount(() => {
    // The content says when it grew, so nothing measures the page for each token.
    const watch = new ResizeObserver(() => {
      if (atEnd()) scroller.scrollTop = scroller.scrollHeight;
    });
    watch.observe(content);
    watch.observe(scroller);
    onCleanup(() => watch.disconnect());
    toEnd();
  });
  createEffect(
    on(
      () => props.view.session,
      () => {
        setCount(GROUPS_SHOWN);
        toEnd();
      },
      { defer: true },
    ),
  );
  // A question waits for the person: it is gone to, wherever the thread was scrolled.
  createEffect(
    on(
      () => openQuestion(props.view)?.key,
      (key) => key && toEnd(),
      { defer: true },
    ),
  );
  const counting = createMemo(() => props.view.groups.findLast((group) => !group.left)?.key);
  return (
    <div class="ag-thread">
      <div
        ref={scroller}
        class="ag-scroll"
        role="log"
        aria-live="off"
        aria-label={t("agent.thread")}
        tabIndex={0}
        onScroll={() => {
          const left = scroller.scrollHeight - scroller.scrollTop - scroller.clientHeight;
          // What grew below is no scrolling away; only going up is.
          if (left < NEAR_END_PX) setAtEnd(true);
          else if (scroller.scrollTop < lastTop - 1) setAtEnd(false);
          lastTop = scroller.scrollTop;
        }}
      >
        <div ref={content} class="ag-groups">
          <Show when={hidden() > 0}>
            <div class="ag-earlier">
              <Button small icon="chevron-up" onClick={more}>
                {t("agent.earlier", { count: hidden() })}
              </Button>
            </div>
          </Show>
          <For each={shown()}>
            {(group) => (
              <GroupView
                agent={props.agent}
                group={group}
                last={group.key === counting()}
                rewind={setGoal}
              />
            )}
          </For>
          <Working agent={props.agent} view={props.view} />
        </div>
      </div>
      <Show when={!atEnd()}>
        <button type="button" class="ag-to-end" onClick={toEnd} title={t("agent.toEnd")}>
          <Icon name="arrow-down" size={14} />
          <span>{t("agent.toEnd")}</span>
        </button>
      </Show>
      <Say agent={props.agent} view={props.view} />
      <Show when={goal() !== null}>
        <RewindDialog
          agent={props.agent}
          view={props.view}
          to={goal() ?? 0}
          onClose={() => setGoal(null)}
        />
      </Show>
    </div>
  );
}

/** Something goes on of which no card tells: between two steps. */
function Working(props: { agent: Agent; view: SessionView }): JSX.Element {
  const t = props.agent.host.t;
  const shown = createMemo(() => {
    const turn = props.agent.turn();
    if (turn?.state !== "running" || props.view.stage !== "open") return false;
    const item = props.view.groups.findLast((group) => !group.left)?.items.at(-1);
    if (item?.kind === "command") return item.status !== null;
    if (item?.kind === "model") return item.durationMs !== null;
    return true;
  });
  return (
    <Show when={shown()}>
      <div class="ag-working">
        <span class="ag-dots" aria-hidden="true">
          <i />
          <i />
          <i />
        </span>
        {t("agent.working")}
      </div>
    </Show>
  );
}

/** Says what happened, for readers. */
function Say(props: { agent: Agent; view: SessionView }): JSX.Element {
  const t = props.agent.host.t;
  const said = createMemo(() => {
    const turn = props.agent.turn();
    const question = openQuestion(props.view);
    if (question)
      return t(question.kind === "check" ? "agent.check.title" : "agent.approval.title");
    if (!turn) return "";
    if (turn.outcome) return outcomeTitle(t, turn.outcome);
    return isBusy(props.view) ? t("agent.running") : "";
  });
  return (
    <div class="sr-only" aria-live="polite" role="status">
      {said()}
    </div>
  );
}

function Welcome(props: { agent: Agent; onExample(text: string): void }): JSX.Element {
  const t = props.agent.host.t;
  const examples = ["agent.example.fix", "agent.example.explain", "agent.example.write"] as const;
  return (
    <div class="ag-scroll">
      <Empty icon="agent" title={t("agent.welcome")} detail={t("agent.welcome.detail")}>
        <For each={examples}>
          {(key) => (
            <button type="button" class="ag-example" onClick={() => props.onExample(t(key))}>
              {t(key)}
            </button>
          )}
        </For>
      </Empty>
      <p class="ag-boundary">
        <Icon name="boundary" size={14} />
        <span>{props.agent.host.setup().boundary}</span>
        <button type="button" class="ag-link" onClick={() => props.agent.host.openView("boundary")}>
          {t("agent.boundary.show")}
        </button>
      </p>
    </div>
  );
}
