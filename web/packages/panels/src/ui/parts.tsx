// SPDX-License-Identifier: Apache-2.0
// Parts that every panel is put together from: its head, foldable sections, what is shown
// where there is nothing, errors, and letters that matched.

import type { Report } from "@moat/proto";
import { children, createMemo, createUniqueId, For, type JSX, Show } from "solid-js";
import { Icon } from "./icon.tsx";
import type { IconName } from "./icons.ts";

/** The head of a view: its name, and buttons at the right. */
export function PanelHead(props: { title: string; actions?: JSX.Element }): JSX.Element {
  return (
    <header class="panel-head">
      <h2 title={props.title}>{props.title}</h2>
      <div class="panel-actions">{props.actions}</div>
    </header>
  );
}

/** A part of a view that can be folded. */
export function Section(props: {
  title: string;
  open: boolean;
  onToggle(open: boolean): void;
  count?: number;
  actions?: JSX.Element;
  children: JSX.Element;
  class?: string;
}): JSX.Element {
  const id = createUniqueId();
  return (
    <section class={`section ${props.class ?? ""}`} classList={{ open: props.open }}>
      <div class="section-head">
        <button
          type="button"
          class="section-title"
          aria-expanded={props.open}
          aria-controls={id}
          onClick={() => props.onToggle(!props.open)}
        >
          <Icon name="chevron-right" class={props.open ? "turned" : ""} />
          <span>{props.title}</span>
        </button>
        <div class="panel-actions">{props.actions}</div>
        <Show when={props.count !== undefined}>
          <span class="badge plain">{props.count}</span>
        </Show>
      </div>
      <Show when={props.open}>
        <div class="section-body" id={id}>
          {props.children}
        </div>
      </Show>
    </section>
  );
}

/** What is shown where there is nothing: why, and what can be done. */
export function Empty(props: {
  icon?: IconName;
  title: string;
  detail?: string;
  children?: JSX.Element;
}): JSX.Element {
  const actions = children(() => props.children);
  return (
    <div class="empty">
      <Show when={props.icon}>{(icon) => <Icon name={icon()} size={32} />}</Show>
      <p class="empty-title">{props.title}</p>
      <Show when={props.detail}>
        <p class="empty-detail">{props.detail}</p>
      </Show>
      <Show when={actions()}>
        <div class="empty-actions">{actions()}</div>
      </Show>
    </div>
  );
}

/** Why something failed and what can be done, below a line that says what failed. */
export function ReportText(props: { report: Report; whole?: boolean }): JSX.Element {
  return (
    <div class="report">
      <Show when={props.whole}>
        <div class="report-error">{props.report.error}</div>
      </Show>
      <For each={props.report.causes}>{(cause) => <div class="report-cause">{cause}</div>}</For>
      <Show when={props.report.hint}>
        <div class="report-hint">{props.report.hint}</div>
      </Show>
    </div>
  );
}

/** An error where content was to be. */
export function ErrorBox(props: { report: Report; children?: JSX.Element }): JSX.Element {
  const actions = children(() => props.children);
  return (
    <div class="error-box" role="alert">
      <Icon name="error" />
      <div>
        <ReportText report={props.report} whole />
        <Show when={actions()}>
          <div class="error-actions">{actions()}</div>
        </Show>
      </div>
    </div>
  );
}

/** A text with the letters that matched lit up; `matched` counts characters, not units. */
export function Matched(props: { text: string; matched: readonly number[] }): JSX.Element {
  const pieces = createMemo(() => {
    const wanted = new Set(props.matched);
    const out: { text: string; hit: boolean }[] = [];
    let index = 0;
    for (const character of props.text) {
      const hit = wanted.has(index++);
      const last = out[out.length - 1];
      if (last && last.hit === hit) last.text += character;
      else out.push({ text: character, hit });
    }
    return out;
  });
  return (
    <For each={pieces()}>
      {(piece) => (piece.hit ? <mark class="matched">{piece.text}</mark> : piece.text)}
    </For>
  );
}

/** A line that shows that something goes on, without saying how far. */
export function ProgressLine(props: { active: boolean }): JSX.Element {
  return <div class="progress" classList={{ active: props.active }} aria-hidden="true" />;
}
