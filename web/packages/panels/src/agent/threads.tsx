// SPDX-License-Identifier: Apache-2.0
// All threads of the workspace, also those that began in a terminal: searched, named, opened.

import { createMemo, createSignal, For, type JSX, Match, onMount, Show, Switch } from "solid-js";

import type { SessionSummary } from "@moat/proto";
import type { MenuItem } from "../host.ts";
import {
  Button,
  Empty,
  ErrorBox,
  Icon,
  IconButton,
  Spinner,
  TextInput,
  VirtualList,
} from "../ui/index.ts";
import type { Agent } from "./agent.ts";
import { now } from "./clock.ts";
import { titleOf } from "./titles.ts";
import { oneLine } from "./visible.ts";
import { ago, outcomeIcon, outcomeTone } from "./words.ts";

const ROW_PX = 46;

/** Asks for a thread's name. */
export async function askName(agent: Agent, session: string): Promise<void> {
  const t = agent.host.t;
  const name = await agent.host.prompt({
    title: t("agent.rename.title"),
    value: agent.nameOf(session) ?? "",
    placeholder: titleOf(agent, session),
    validate: (value) => (value.length > 200 ? t("agent.rename.long") : null),
  });
  if (name !== null) await agent.rename(session, name.trim());
}

/** What can be done with a thread; `onFork` is told that a new one is looked at. */
export function threadMenu(agent: Agent, session: string, onFork?: () => void): MenuItem[] {
  const t = agent.host.t;
  return [
    { title: t("agent.rename"), icon: "edit", keys: "F2", run: () => void askName(agent, session) },
    {
      title: t("agent.fork"),
      icon: "fork",
      run: () => void agent.fork(session, null).then((made) => made !== null && onFork?.()),
    },
    { separator: true },
    { title: t("agent.review.open"), icon: "diff", run: () => agent.host.showReview(session) },
    {
      title: t("agent.copyId"),
      icon: "copy",
      run: () => void navigator.clipboard.writeText(session),
    },
  ];
}

/** The list of threads. */
export function Threads(props: { agent: Agent; onOpen(): void }): JSX.Element {
  const t = props.agent.host.t;
  const [search, setSearch] = createSignal("");
  const [focused, setFocused] = createSignal(-1);
  const listing = props.agent.listing;
  // Nobody tells of a session that began in a terminal.
  onMount(() => void props.agent.refresh());
  const shown = createMemo(() => {
    const words = search().trim().toLowerCase().split(/\s+/).filter(Boolean);
    return listing.sessions.filter((it) => {
      const name =
        `${props.agent.nameOf(it.session) ?? ""} ${it.task ?? ""} ${it.session}`.toLowerCase();
      return words.every((word) => name.includes(word));
    });
  });
  const open = (session: string) => {
    void props.agent.open(session);
    props.onOpen();
  };
  const menuAt = (item: SessionSummary, at: { x: number; y: number }) =>
    props.agent.host.menu(at, threadMenu(props.agent, item.session, props.onOpen));
  return (
    <div class="ag-threads">
      <div class="ag-search">
        <TextInput
          label={t("agent.threads.search")}
          placeholder={t("agent.threads.search")}
          value={search()}
          onInput={setSearch}
          onKeyDown={(event) => {
            if (event.key === "ArrowDown" && shown().length > 0) setFocused(0);
          }}
        />
      </div>
      <Switch>
        <Match when={listing.state === "loading"}>
          <div class="ag-wait" role="status">
            <Spinner label={t("agent.threads.loading")} />
            <span>{t("agent.threads.loading")}</span>
          </div>
        </Match>
        <Match when={listing.state === "failed"}>
          <ErrorBox
            report={{
              error: t("agent.threads.failed"),
              causes: listing.error ? [listing.error] : [],
              hint: null,
            }}
          >
            <Button small onClick={() => void props.agent.refresh()}>
              {t("agent.again")}
            </Button>
          </ErrorBox>
        </Match>
        <Match when={listing.sessions.length === 0}>
          <Empty
            icon="agent"
            title={t("agent.threads.none")}
            detail={t("agent.threads.none.detail")}
          />
        </Match>
        <Match when={shown().length === 0}>
          <Empty icon="search" title={t("agent.threads.notFound")} />
        </Match>
        <Match when={shown().length > 0}>
          <VirtualList
            label={t("agent.threads")}
            items={shown()}
            rowHeight={ROW_PX}
            focused={focused()}
            onFocus={setFocused}
            selected={(item) => item.session === props.agent.current()}
            onActivate={(item) => open(item.session)}
            onKey={(event, index) => {
              const item = shown()[index];
              if (!item) return false;
              if (event.key === "F2") void askName(props.agent, item.session);
              else if (event.key === "ContextMenu" || (event.shiftKey && event.key === "F10")) {
                const box = (event.target as HTMLElement).getBoundingClientRect();
                menuAt(item, { x: box.left + 40, y: box.top + 40 });
              } else return false;
              return true;
            }}
            rowAttributes={(item) => ({
              onContextMenu: (event: MouseEvent) => {
                event.preventDefault();
                menuAt(item, { x: event.clientX, y: event.clientY });
              },
            })}
            row={(item) => (
              <Row agent={props.agent} item={item} onMenu={(at) => menuAt(item, at)} />
            )}
          />
        </Match>
      </Switch>
      <Unreadable agent={props.agent} />
    </div>
  );
}

function Row(props: {
  agent: Agent;
  item: SessionSummary;
  onMenu(at: { x: number; y: number }): void;
}): JSX.Element {
  const t = props.agent.host.t;
  const light = () => props.agent.light(props.item.session);
  const told = () => {
    if (light() === "needs") return t("agent.light.needs");
    if (light() === "running") return t("agent.light.running");
    return t(`agent.standing.${props.item.standing}`);
  };
  const tone = () => {
    if (light() === "needs") return "warning";
    return light() === "running" ? "plain" : outcomeTone(props.item.standing);
  };
  const written = () => props.item.written ?? props.item.begun;
  return (
    <div class="ag-row">
      <span class={`ag-mark ${tone()}`} classList={{ busy: light() === "running" }}>
        <Icon
          name={
            light() === "needs"
              ? "bell"
              : light() === "running"
                ? "spinner"
                : outcomeIcon(props.item.standing)
          }
        />
      </span>
      <span class="ag-row-words">
        <span class="ag-row-title" title={titleOf(props.agent, props.item.session)}>
          {titleOf(props.agent, props.item.session)}
        </span>
        <span class="ag-row-told">
          <span class={tone()}>{told()}</span>
          <span>{t("agent.turns", { count: props.item.turns })}</span>
          <Show when={written()}>{(at) => <span>{ago(t, at(), now())}</span>}</Show>
          <Show when={props.item.forked}>
            <span title={t("agent.forked.detail")}>{t("agent.forked.mark")}</span>
          </Show>
          <Show when={props.item.kept}>
            <span>{t("agent.kept")}</span>
          </Show>
        </span>
      </span>
      <IconButton
        icon="more"
        label={t("agent.more.actions")}
        class="ag-row-more"
        tabIndex={-1}
        onClick={(event) => {
          event.stopPropagation();
          const box = event.currentTarget.getBoundingClientRect();
          props.onMenu({ x: box.left, y: box.bottom });
        }}
      />
    </div>
  );
}

function Unreadable(props: { agent: Agent }): JSX.Element {
  const t = props.agent.host.t;
  return (
    <Show when={props.agent.listing.unreadable.length > 0}>
      <details class="ag-unreadable">
        <summary>{t("agent.unreadable", { count: props.agent.listing.unreadable.length })}</summary>
        <For each={props.agent.listing.unreadable}>
          {(it) => (
            <div>
              <code>{it.session}</code>
              <div class="ag-faint">
                {oneLine([it.report.error, ...it.report.causes].join(": "))}
              </div>
            </div>
          )}
        </For>
      </details>
    </Show>
  );
}
