// SPDX-License-Identifier: Apache-2.0
// The problems view: what language servers and checks say is wrong, by file.

import { For, Show, createEffect, createMemo, createSignal, type JSX } from "solid-js";
import type { Host } from "../host.ts";
import { Text } from "../markdown/text.tsx";
import { nameAndPlace } from "../scm/model.ts";
import { orTell } from "../tell.ts";
import {
  Empty,
  FileIcon,
  Icon,
  Toggle,
  TextInput,
  VirtualList,
  type IconName,
  type ListHandle,
} from "../ui/index.ts";
import { counts, filtered, rows, type Row, type Severity } from "./model.ts";
import "./problems.css";

const ROW = 22;
const SEVERITIES: readonly Severity[] = ["error", "warning", "info"];
const ICONS: Record<Severity, IconName> = { error: "error", warning: "warning", info: "info" };

/** The problems view. */
export function ProblemsView(props: { host: Host }): JSX.Element {
  const { host } = props;
  let list: ListHandle | undefined;
  const [words, setWords] = createSignal("");
  const [severities, setSeverities] = createSignal<ReadonlySet<Severity>>(new Set(SEVERITIES));
  const [here, setHere] = createSignal(false);
  const [closed, setClosed] = createSignal<ReadonlySet<string>>(new Set());
  const [focused, setFocused] = createSignal<string | null>(null);
  const shown = createMemo(() =>
    filtered(host.problems(), {
      words: words(),
      severities: severities(),
      path: here() ? host.activeFile() : null,
    }),
  );
  const listed = createMemo(() => rows(shown(), closed()));
  const focusedIndex = createMemo(() => listed().findIndex((row) => row.key === focused()));
  createEffect(() => {
    const { error, warning } = counts(host.problems());
    host.badge("problems", error + warning || null);
  });
  const toggle = (path: string, open: boolean) => {
    const next = new Set(closed());
    if (open) next.delete(path);
    else next.add(path);
    setClosed(next);
  };
  const flip = (severity: Severity, on: boolean) => {
    const next = new Set(severities());
    if (on) next.add(severity);
    else next.delete(severity);
    setSeverities(next);
  };
  const open = (row: Row, keepFocus: boolean) => {
    if (row.kind !== "problem") return;
    const { path, line, column } = row.problem;
    void orTell(host, () => host.openFile(path, { line, column, preview: keepFocus, keepFocus }));
  };
  const menu = (row: Row, at: { x: number; y: number }) =>
    host.menu(at, [
      ...(row.kind === "problem"
        ? [
            {
              title: host.t("problems.copy"),
              icon: "copy" as const,
              run: () => void navigator.clipboard.writeText(textOf(row)),
            },
          ]
        : []),
      {
        title: host.t("path.copy"),
        icon: "copy",
        run: () =>
          void navigator.clipboard.writeText(row.kind === "file" ? row.path : row.problem.path),
      },
    ]);
  const onKey = (event: KeyboardEvent, index: number): boolean => {
    const row = listed()[index];
    if (row === undefined) return false;
    if (event.key === "ContextMenu" || (event.shiftKey && event.key === "F10")) {
      const box = document.getElementById(list?.rowId(index) ?? "")?.getBoundingClientRect();
      if (box) menu(row, { x: box.left + 40, y: box.bottom });
      return true;
    }
    if (
      (event.ctrlKey || event.metaKey) &&
      event.key.toLowerCase() === "c" &&
      row.kind === "problem"
    ) {
      void navigator.clipboard.writeText(textOf(row));
      return true;
    }
    if (event.ctrlKey || event.metaKey || event.altKey) return false;
    if (event.key === "ArrowRight" && row.kind === "file") toggle(row.path, true);
    else if (event.key === "ArrowLeft") {
      if (row.kind === "file") toggle(row.path, false);
      else setFocused(row.problem.path);
    } else if (event.key === " ") open(row, true);
    else return false;
    return true;
  };
  const none = () => host.problems().length === 0;
  return (
    <div class="problems">
      <div class="problems-bar">
        <TextInput
          class="problems-filter"
          label={host.t("problems.filter")}
          placeholder={host.t("problems.filter.example")}
          value={words()}
          onInput={setWords}
          onKeyDown={(event) => {
            if (event.key !== "ArrowDown") return;
            event.preventDefault();
            if (focusedIndex() < 0) setFocused(listed()[0]?.key ?? null);
            list?.focus();
          }}
        />
        <For each={SEVERITIES}>
          {(severity) => (
            <Toggle
              label={host.t(`problems.show.${severity}`)}
              on={severities().has(severity)}
              onChange={(on) => flip(severity, on)}
            >
              <span class={`problems-mark ${severity}`}>
                <Icon name={ICONS[severity]} size={14} />
              </span>
              <span class="problems-number">{counts(host.problems())[severity]}</span>
            </Toggle>
          )}
        </For>
        <Toggle label={host.t("problems.here")} on={here()} onChange={setHere}>
          <Icon name="file" size={14} />
        </Toggle>
      </div>
      <Show
        when={listed().length > 0}
        fallback={
          <Show when={none()} fallback={<Empty icon="filter" title={host.t("problems.hidden")} />}>
            <Empty
              icon="check"
              title={host.t("problems.none")}
              detail={host.t("problems.noneDetail")}
            />
          </Show>
        }
      >
        <VirtualList
          label={host.t("problems.tree")}
          role="tree"
          class="problems-list"
          rowHeight={ROW}
          items={listed()}
          focused={focusedIndex()}
          ref={(handle) => (list = handle)}
          onFocus={(index) => setFocused(listed()[index]?.key ?? null)}
          onKey={onKey}
          onActivate={(row, _index, event) => {
            if (row.kind === "file") toggle(row.path, !row.open);
            else open(row, event instanceof MouseEvent && event.detail < 2);
          }}
          rowAttributes={(row) => ({
            "aria-level": row.kind === "file" ? 1 : 2,
            ...(row.kind === "file" ? { "aria-expanded": row.open } : {}),
            "aria-label": spoken(host, row),
            onContextMenu: (event) => {
              event.preventDefault();
              setFocused(row.key);
              menu(row, { x: event.clientX, y: event.clientY });
            },
          })}
          row={(row) =>
            row.kind === "file" ? <FileRow row={row} /> : <ProblemRow row={row} host={host} />
          }
        />
      </Show>
    </div>
  );
}

function FileRow(props: { row: Row & { kind: "file" } }): JSX.Element {
  const { name, place } = nameAndPlace(props.row.path);
  return (
    <div class="problems-file" title={props.row.path}>
      <Icon name={props.row.open ? "chevron-down" : "chevron-right"} />
      <FileIcon name={name} />
      <span class="problems-name">{name}</span>
      <span class="problems-place">{place}</span>
      <span class="badge plain">{props.row.count}</span>
    </div>
  );
}

function ProblemRow(props: { host: Host; row: Row & { kind: "problem" } }): JSX.Element {
  const { problem } = props.row;
  return (
    <div class="problems-row" title={problem.message}>
      <span class={`problems-mark ${problem.severity}`}>
        <Icon name={ICONS[problem.severity]} size={14} />
      </span>
      <span class="problems-message">
        <Text text={problem.message.replace(/\s*\n\s*/gu, " ")} />
      </span>
      <span class="problems-source">{problem.source}</span>
      <span class="problems-at">
        {props.host.t("problems.at", { line: problem.line, column: problem.column })}
      </span>
    </div>
  );
}

function textOf(row: Row & { kind: "problem" }): string {
  const { path, line, column, severity, message, source } = row.problem;
  return `${path}:${line}:${column}: ${severity}: ${message} (${source})`;
}

function spoken(host: Host, row: Row): string {
  if (row.kind === "file") return `${row.path}, ${host.t("problems.count", { count: row.count })}`;
  const { severity, message, line, column } = row.problem;
  return `${host.t(`problems.${severity}`)}: ${message}, ${host.t("problems.at", { line, column })}`;
}
