// SPDX-License-Identifier: Apache-2.0
// Fields to type into and choices to make.

import {
  createEffect,
  createUniqueId,
  For,
  type JSX,
  onCleanup,
  onMount,
  Show,
  splitProps,
} from "solid-js";
import { Icon } from "./icon.tsx";

/** A line of text. `label` names it for readers; it is not shown. */
export function TextInput(
  props: Omit<JSX.InputHTMLAttributes<HTMLInputElement>, "onInput"> & {
    label: string;
    onInput?: (value: string) => void;
    /** What is wrong with the value; shown below. */
    problem?: string | null;
    /** What stands at the right end inside the field, such as switches. */
    after?: JSX.Element;
  },
): JSX.Element {
  const [own, rest] = splitProps(props, ["label", "onInput", "problem", "after", "class"]);
  const id = createUniqueId();
  return (
    <div class={`field ${own.problem ? "wrong" : ""} ${own.class ?? ""}`}>
      <div class="field-box">
        <input
          type="text"
          autocomplete="off"
          autocapitalize="off"
          spellcheck={false}
          {...rest}
          aria-label={own.label}
          aria-invalid={own.problem ? true : undefined}
          aria-describedby={own.problem ? id : undefined}
          onInput={(event) => own.onInput?.(event.currentTarget.value)}
        />
        {own.after}
      </div>
      <Show when={own.problem}>
        <div class="field-problem" id={id} role="alert">
          {own.problem}
        </div>
      </Show>
    </div>
  );
}

/** Lines of text; the field grows with them up to `rowsMost`. */
export function TextArea(
  props: Omit<JSX.TextareaHTMLAttributes<HTMLTextAreaElement>, "onInput"> & {
    label: string;
    rowsMost?: number;
    onInput?: (value: string) => void;
  },
): JSX.Element {
  const [own, rest] = splitProps(props, ["label", "rowsMost", "onInput", "class", "ref"]);
  let area: HTMLTextAreaElement | undefined;
  const grow = () => {
    if (!area) return;
    area.style.height = "auto";
    const style = getComputedStyle(area);
    const line = Number.parseFloat(style.lineHeight) || 18;
    const edges = area.offsetHeight - area.clientHeight + Number.parseFloat(style.paddingTop) * 2;
    const most = line * (own.rowsMost ?? 10) + edges;
    area.style.height = `${Math.min(area.scrollHeight + area.offsetHeight - area.clientHeight, most)}px`;
  };
  createEffect(() => {
    void rest.value;
    queueMicrotask(grow);
  });
  // Another width breaks the lines elsewhere, and an empty field is as high as its placeholder.
  onMount(() => {
    let width = 0;
    const sizes = new ResizeObserver(() => {
      if (!area || area.offsetWidth === width) return;
      width = area.offsetWidth;
      grow();
    });
    if (area) sizes.observe(area);
    onCleanup(() => sizes.disconnect());
  });
  return (
    <textarea
      rows={1}
      spellcheck={false}
      {...rest}
      ref={(element) => {
        area = element;
        if (typeof own.ref === "function") own.ref(element);
      }}
      class={`area ${own.class ?? ""}`}
      aria-label={own.label}
      onInput={(event) => {
        own.onInput?.(event.currentTarget.value);
        grow();
      }}
    />
  );
}

/** A yes or no with words beside it. */
export function Checkbox(props: {
  checked: boolean;
  onChange(checked: boolean): void;
  children: JSX.Element;
  disabled?: boolean;
}): JSX.Element {
  return (
    <label class="checkbox">
      <input
        type="checkbox"
        checked={props.checked}
        disabled={props.disabled}
        onChange={(event) => props.onChange(event.currentTarget.checked)}
      />
      <span class="checkbox-box" aria-hidden="true">
        <Icon name="check" size={14} />
      </span>
      <span>{props.children}</span>
    </label>
  );
}

/** One of a few choices. */
export function Select<V extends string>(props: {
  label: string;
  value: V;
  options: { value: V; title: string }[];
  onChange(value: V): void;
  class?: string;
}): JSX.Element {
  return (
    <span class={`select ${props.class ?? ""}`}>
      <select
        aria-label={props.label}
        onChange={(event) => props.onChange(event.currentTarget.value as V)}
      >
        <For each={props.options}>
          {(option) => (
            <option value={option.value} selected={option.value === props.value}>
              {option.title}
            </option>
          )}
        </For>
      </select>
      <Icon name="chevron-down" size={14} />
    </span>
  );
}

/** A small switch inside a field, such as "match case"; its letters are its picture. */
export function Toggle(props: {
  label: string;
  on: boolean;
  onChange(on: boolean): void;
  /** Its picture where that is letters. */
  letters?: string;
  class?: string;
  children?: JSX.Element;
}): JSX.Element {
  return (
    <button
      type="button"
      class={`toggle ${props.class ?? ""}`}
      data-letters={props.letters}
      title={props.label}
      aria-label={props.label}
      aria-pressed={props.on}
      onClick={() => props.onChange(!props.on)}
    >
      {props.children}
    </button>
  );
}
