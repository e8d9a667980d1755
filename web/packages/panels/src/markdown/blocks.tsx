// SPDX-License-Identifier: Apache-2.0
// Shows the blocks of a document: headings, lists, tables, code. See `parts.tsx` for what is never done.

import { For, Index, Show, createMemo, createSignal, onCleanup, type JSX } from "solid-js";
import { Dynamic } from "solid-js/web";
import { colour, type Stretch } from "./highlight.ts";
import { Parts, useSurroundings } from "./parts.tsx";
import { Text } from "./text.tsx";
import type { Align, Block, Item } from "./tree.ts";

/** Some blocks, in order. A block that stays the same object is not made again. */
export function Blocks(props: { blocks: readonly Block[] }): JSX.Element {
  return <For each={props.blocks}>{(block) => <OneBlock block={block} />}</For>;
}

/** The blocks at the end of a text that grows. Code there is added to in place; the others are small and made again. */
export function OpenBlocks(props: { blocks: readonly Block[] }): JSX.Element {
  return (
    <Index each={props.blocks}>
      {(block) => {
        const code = createMemo(() => {
          const here = block();
          return here.kind === "code" ? here : null;
        });
        return (
          <Show
            when={code()}
            fallback={
              <Show when={block()} keyed>
                {(here) => <OneBlock block={here} />}
              </Show>
            }
          >
            {(here) => <CodeBlock text={here().text} language={here().language} />}
          </Show>
        );
      }}
    </Index>
  );
}

function OneBlock(props: { block: Block }): JSX.Element {
  const block = props.block;
  switch (block.kind) {
    case "heading":
      return (
        <Dynamic component={`h${block.level}`} class="md-heading" data-slug={block.slug}>
          <Parts parts={block.parts} />
        </Dynamic>
      );
    case "paragraph":
      return (
        <p>
          <Parts parts={block.parts} />
        </p>
      );
    case "code":
      return <CodeBlock text={block.text} language={block.language} />;
    case "quote":
      return (
        <blockquote>
          <Blocks blocks={block.blocks} />
        </blockquote>
      );
    case "list":
      return (
        <List ordered={block.ordered} start={block.start} tight={block.tight} items={block.items} />
      );
    case "table":
      return <Table align={block.align} head={block.head} rows={block.rows} />;
    case "rule":
      return <hr />;
  }
}

function List(props: {
  ordered: boolean;
  start: number;
  tight: boolean;
  items: readonly Item[];
}): JSX.Element {
  const items = () => <For each={props.items}>{(item) => <ListItem item={item} />}</For>;
  return (
    <Show
      when={props.ordered}
      fallback={<ul classList={{ "md-tight": props.tight }}>{items()}</ul>}
    >
      <ol start={props.start} classList={{ "md-tight": props.tight }}>
        {items()}
      </ol>
    </Show>
  );
}

function ListItem(props: { item: Item }): JSX.Element {
  const { host } = useSurroundings();
  return (
    <Show
      when={props.item.done !== null}
      fallback={
        <li>
          <Blocks blocks={props.item.blocks} />
        </li>
      }
    >
      <li class="md-task">
        <input
          type="checkbox"
          disabled
          checked={props.item.done === true}
          aria-label={host.t(props.item.done === true ? "md.task.done" : "md.task.open")}
        />
        <div>
          <Blocks blocks={props.item.blocks} />
        </div>
      </li>
    </Show>
  );
}

const ALIGN: Record<Align, string> = { start: "md-start", center: "md-center", end: "md-end" };

function Table(props: Omit<Extract<Block, { kind: "table" }>, "kind">): JSX.Element {
  const alignOf = (column: number) => ALIGN[props.align[column] ?? "start"];
  const { host } = useSurroundings();
  return (
    <div class="md-table" tabindex="0" role="region" aria-label={host.t("md.table")}>
      <table>
        <thead>
          <tr>
            <For each={props.head}>
              {(cell, column) => (
                <th scope="col" class={alignOf(column())}>
                  <Parts parts={cell} />
                </th>
              )}
            </For>
          </tr>
        </thead>
        <tbody>
          <For each={props.rows}>
            {(row) => (
              <tr>
                <For each={row}>
                  {(cell, column) => (
                    <td class={alignOf(column())}>
                      <Parts parts={cell} />
                    </td>
                  )}
                </For>
              </tr>
            )}
          </For>
        </tbody>
      </table>
    </div>
  );
}

const COPIED_MS = 1500;

/** A block of code, with what can be done with it. */
export function CodeBlock(props: { text: string; language: string }): JSX.Element {
  const around = useSurroundings();
  const [copied, setCopied] = createSignal(false);
  let timer: ReturnType<typeof setTimeout> | undefined;
  onCleanup(() => clearTimeout(timer));
  const copy = async () => {
    await navigator.clipboard.writeText(props.text);
    setCopied(true);
    clearTimeout(timer);
    timer = setTimeout(() => setCopied(false), COPIED_MS);
  };
  return (
    <div class="md-block" data-language={props.language}>
      <div class="md-block-head">
        <span class="md-language">{props.language || around.host.t("md.code.plain")}</span>
        <Show when={around.onApply}>
          {(apply) => (
            <button
              type="button"
              class="md-action"
              onClick={() => apply()(props.text, props.language)}
            >
              {around.host.t("md.code.apply")}
            </button>
          )}
        </Show>
        <button type="button" class="md-action" onClick={() => void copy()}>
          {around.host.t(copied() ? "md.code.copied" : "md.code.copy")}
        </button>
      </div>
      <pre tabindex="0">
        <code>
          <Index each={colour(props.text, props.language)}>
            {(stretch) => <Coloured stretch={stretch()} />}
          </Index>
        </code>
      </pre>
    </div>
  );
}

function Coloured(props: { stretch: Stretch }): JSX.Element {
  return (
    <Show when={props.stretch.colour} fallback={<Text text={props.stretch.text} />}>
      {(shade) => (
        <span class={`md-${shade()}`}>
          <Text text={props.stretch.text} />
        </span>
      )}
    </Show>
  );
}
