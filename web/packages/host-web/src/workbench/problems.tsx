// SPDX-License-Identifier: Apache-2.0
// What is wrong in the workspace, by file.

import type { Problem } from "@moat/panels/host.ts";
import { Badge, Empty, FileIcon, Icon, Tree, type TreeRow } from "@moat/panels/ui/index.ts";
import { createMemo, createSignal, type JSX, Show } from "solid-js";
import type { App } from "../app.ts";
import { nameOf, parentOf } from "../paths.ts";

type Row = { path: string; count: number } | Problem;

const RANK = { error: 0, warning: 1, info: 2 } as const;

/** The problems. */
export function ProblemsPanel(props: { app: App }): JSX.Element {
  const { app } = props;
  const [closed, setClosed] = createSignal<ReadonlySet<string>>(new Set());
  const [focused, setFocused] = createSignal<string | null>(null);
  const [selected, setSelected] = createSignal<ReadonlySet<string>>(new Set());
  const rows = createMemo<TreeRow<Row>[]>(() => {
    const files = new Map<string, Problem[]>();
    for (const each of app.problems()) files.set(each.path, [...(files.get(each.path) ?? []), each]);
    return [...files].sort().flatMap(([path, problems]) => {
      const open = !closed().has(path);
      const head: TreeRow<Row> = { id: path, value: { path, count: problems.length }, depth: 0, open };
      const sorted = [...problems].sort((a, b) => RANK[a.severity] - RANK[b.severity] || a.line - b.line);
      const below = sorted.map((value, index): TreeRow<Row> => ({ id: `${path}\n${index}`, value, depth: 1 }));
      return open ? [head, ...below] : [head];
    });
  });
  return (
    <Show
      when={rows().length > 0}
      fallback={<Empty icon="check" title={app.t("problems.none")} detail={app.t("problems.noneDetail")} />}
    >
      <Tree
        label={app.t("problems.tree")}
        rows={rows()}
        focused={focused()}
        selected={selected()}
        onSelect={(id, all) => {
          setFocused(id);
          setSelected(all);
        }}
        onToggle={(row, open) =>
          setClosed((before) => {
            const after = new Set(before);
            if (open) after.delete(row.id);
            else after.add(row.id);
            return after;
          })
        }
        onOpen={(row, how) => {
          if ("message" in row.value) {
            const { path, line, column } = row.value;
            void app.host.openFile(path, { line, column, preview: how.preview, keepFocus: how.keepFocus });
          }
        }}
        textOf={(row) => ("message" in row.value ? row.value.message : nameOf(row.value.path))}
        row={(row) => <ProblemRow row={row.value} />}
      />
    </Show>
  );
}

function ProblemRow(props: { row: Row }): JSX.Element {
  const { row } = props;
  if (!("message" in row))
    return (
      <div class="problem">
        <FileIcon name={nameOf(row.path)} />
        <span class="text">{nameOf(row.path)}</span>
        <span class="from">{parentOf(row.path)}</span>
        <Badge>{row.count}</Badge>
      </div>
    );
  return (
    <div class="problem" title={row.message}>
      <Icon name={row.severity} class={row.severity} />
      <span class="text">{row.message}</span>
      <span class="from">{`${row.source} [${row.line}, ${row.column}]`}</span>
    </div>
  );
}
