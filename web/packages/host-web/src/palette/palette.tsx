// SPDX-License-Identifier: Apache-2.0
// The field at the top: files by name, commands after `>`, lines after `:`, symbols after `@`,
// and questions for one of several things.

import {
  FileIcon,
  Icon,
  type ListHandle,
  Matched,
  ProgressLine,
  TextInput,
  VirtualList,
} from "@moat/panels/ui/index.ts";
import {
  createEffect,
  createMemo,
  createSignal,
  createUniqueId,
  type JSX,
  onCleanup,
  onMount,
  Show,
  untrack,
} from "solid-js";
import type { App, PaletteRequest } from "../app.ts";
import { type Choice, createFileChoices, otherChoices } from "./choices.ts";

const ROWS_MOST = 14;
const ROW = 26;

/** The palette. */
export function Palette(props: { app: App; request: PaletteRequest }): JSX.Element {
  const { app, request } = props;
  let box!: HTMLDivElement;
  const [list, setList] = createSignal<ListHandle | null>(null);
  const none = createUniqueId();
  let answered = false;
  const before = document.activeElement as HTMLElement | null;
  const [typed, setTyped] = createSignal(request.kind === "typed" ? request.text : "");
  const [focused, setFocused] = createSignal(0);
  const files = createFileChoices(app, () =>
    request.kind === "typed" && !/^[>:@?]/.test(typed()) ? typed() : null,
  );
  const found = createMemo(() => {
    if (request.kind === "pick") return otherChoices.pick(request, typed());
    const text = typed();
    if (text.startsWith(">")) return otherChoices.commands(app, text.slice(1));
    if (text.startsWith(":")) return otherChoices.line(app, text.slice(1));
    if (text.startsWith("@")) return otherChoices.symbols(app, text.slice(1));
    if (text.startsWith("?")) return otherChoices.help(app);
    return files();
  });
  createEffect(() => {
    found();
    setFocused(0);
    untrack(list)?.reveal(0);
  });
  createEffect(() => found().choices[focused()]?.look?.());

  const close = (back: boolean) => {
    app.setPalette(null);
    if (back) before?.focus();
  };
  const accept = (choice: Choice | undefined, how: { toSide: boolean }) => {
    if (!choice) return;
    if (choice.typed !== undefined) {
      setTyped(choice.typed);
      return;
    }
    answered = true;
    close(choice.keepsFocus ?? false);
    choice.run(how);
  };
  onCleanup(() => {
    if (request.kind === "pick" && !answered) request.answer(null);
  });
  const outside = (event: MouseEvent) => {
    if (!box.contains(event.target as Node)) close(false);
  };
  onMount(() => document.addEventListener("mousedown", outside, true));
  onCleanup(() => document.removeEventListener("mousedown", outside, true));

  const keyDown = (event: KeyboardEvent) => {
    const count = found().choices.length;
    const to: Record<string, number> = {
      ArrowDown: count ? (focused() + 1) % count : 0,
      ArrowUp: count ? (focused() - 1 + count) % count : 0,
      PageDown: Math.min(count - 1, focused() + ROWS_MOST),
      PageUp: Math.max(0, focused() - ROWS_MOST),
    };
    const next = to[event.key];
    if (event.isComposing) return;
    if (next !== undefined) setFocused(Math.max(0, next));
    else if (event.key === "Enter")
      accept(found().choices[focused()], { toSide: event.ctrlKey || event.metaKey });
    else if (event.key === "Escape") close(true);
    else if (event.key === "Tab") return event.preventDefault();
    else return;
    event.preventDefault();
    event.stopPropagation();
  };
  const placeholder = () =>
    request.kind === "pick"
      ? request.placeholder
      : app.t(typed().startsWith(">") ? "palette.placeholder" : "palette.files");
  const height = () => Math.min(found().choices.length, ROWS_MOST) * ROW;
  return (
    <div class="palette-scrim">
      <div
        ref={box}
        class="palette"
        role="dialog"
        aria-modal="true"
        aria-label={placeholder()}
        onKeyDown={keyDown}
      >
        <TextInput
          label={placeholder()}
          placeholder={placeholder()}
          value={typed()}
          onInput={setTyped}
          role="combobox"
          aria-expanded={list() !== null}
          aria-controls={list()?.id ?? none}
          aria-autocomplete="list"
          aria-activedescendant={list()?.rowId(focused())}
          ref={(input: HTMLInputElement) =>
            queueMicrotask(() => {
              input.focus();
              input.setSelectionRange(input.value.length, input.value.length);
            })
          }
        />
        <ProgressLine active={found().busy ?? false} />
        <Show
          when={found().choices.length > 0}
          fallback={
            <div id={none} class="palette-note" role="status">
              {found().note ?? app.t("palette.none")}
            </div>
          }
        >
          <div style={{ height: `${height()}px` }}>
            <VirtualList
              label={placeholder()}
              items={found().choices}
              rowHeight={ROW}
              focused={focused()}
              tabIndex={-1}
              ref={(handle) => {
                setList(handle);
                onCleanup(() => setList(null));
              }}
              onFocus={setFocused}
              onActivate={(choice, _, event) =>
                accept(choice, { toSide: event.ctrlKey || event.metaKey })
              }
              row={(choice) => <ChoiceRow choice={choice} />}
            />
          </div>
        </Show>
      </div>
    </div>
  );
}

function ChoiceRow(props: { choice: Choice }): JSX.Element {
  const { choice } = props;
  return (
    <div class="palette-row">
      <Show when={choice.file}>{(name) => <FileIcon name={name()} />}</Show>
      <Show when={choice.icon}>{(icon) => <Icon name={icon()} />}</Show>
      <span class="main">
        <Matched text={choice.label} matched={choice.matched ?? []} />
      </span>
      <span class="detail">
        <Show when={choice.detail}>
          {(detail) => <Matched text={detail()} matched={choice.detailMatched ?? []} />}
        </Show>
      </span>
      <Show when={choice.hint}>
        <span class="hint">{choice.hint}</span>
      </Show>
      <Show when={choice.keys}>
        <kbd>{choice.keys}</kbd>
      </Show>
    </div>
  );
}
