// SPDX-License-Identifier: Apache-2.0
// The fields of the search view: what is looked for, what it becomes, and where.

import { Show, createSignal, type JSX } from "solid-js";
import type { Host } from "../host.ts";
import { IconButton, TextInput, Toggle } from "../ui/index.ts";
import type { Fields } from "./model.ts";

const HISTORY = "search.history";
const HISTORY_MOST = 30;

/** What the fields show and tell. */
export interface FieldsProps {
  host: Host;
  fields: Fields;
  withText: string;
  replacing: boolean;
  detailed: boolean;
  canReplace: boolean;
  /** Something was typed or switched; the search begins a moment later. */
  onChange(change: Partial<Fields>): void;
  onWith(text: string): void;
  onReplacing(on: boolean): void;
  onDetailed(on: boolean): void;
  /** Enter was pressed: the search begins now. */
  onSearch(): void;
  onReplaceAll(): void;
  onDown(): void;
  ref(input: HTMLInputElement): void;
}

/** The fields of the search view. */
export function SearchFields(props: FieldsProps): JSX.Element {
  const { host } = props;
  const history = useHistory(host);
  const enter = (event: KeyboardEvent) => {
    if (event.key !== "Enter" || event.isComposing) return;
    event.preventDefault();
    history.add(props.fields.pattern);
    props.onSearch();
  };
  const patternKey = (event: KeyboardEvent) => {
    if (event.altKey && !event.ctrlKey) {
      const switched = { KeyC: "case", KeyW: "word", KeyR: "regex" } as const;
      const name = switched[event.code as keyof typeof switched];
      if (name !== undefined) {
        event.preventDefault();
        props.onChange({ [name]: !props.fields[name] });
        return;
      }
      const step = event.key === "ArrowUp" ? -1 : event.key === "ArrowDown" ? 1 : 0;
      const found = step === 0 ? null : history.go(step);
      if (found !== null) {
        event.preventDefault();
        props.onChange({ pattern: found });
        return;
      }
    }
    if (event.key === "ArrowDown" && !event.altKey) {
      event.preventDefault();
      props.onDown();
      return;
    }
    enter(event);
  };
  return (
    <div class="search-fields" role="search">
      <div class="search-main">
        <IconButton
          class="search-fold"
          icon={props.replacing ? "chevron-down" : "chevron-right"}
          label={host.t("search.toggleReplace")}
          aria-expanded={props.replacing}
          onClick={() => props.onReplacing(!props.replacing)}
        />
        <div class="search-lines">
          <TextInput
            ref={props.ref}
            label={host.t("search.pattern")}
            placeholder={host.t("search.pattern")}
            title={host.t("search.pattern.tip")}
            value={props.fields.pattern}
            onInput={(pattern) => props.onChange({ pattern })}
            onKeyDown={patternKey}
            onBlur={() => history.add(props.fields.pattern)}
            after={
              <>
                <Toggle
                  label={host.t("search.case")}
                  on={props.fields.case}
                  onChange={(on) => props.onChange({ case: on })}
                  letters="Aa"
                />
                <Toggle
                  label={host.t("search.word")}
                  on={props.fields.word}
                  onChange={(on) => props.onChange({ word: on })}
                  letters="ab"
                  class="search-word"
                />
                <Toggle
                  label={host.t("search.regex")}
                  on={props.fields.regex}
                  onChange={(on) => props.onChange({ regex: on })}
                  letters=".*"
                />
              </>
            }
          />
          <Show when={props.replacing}>
            <div class="search-replace">
              <TextInput
                label={host.t("search.with")}
                placeholder={host.t("search.with")}
                value={props.withText}
                onInput={props.onWith}
                onKeyDown={(event) => {
                  if (event.key === "Enter" && event.ctrlKey && event.altKey) {
                    event.preventDefault();
                    props.onReplaceAll();
                  } else enter(event);
                }}
              />
              <IconButton
                icon="replace"
                label={host.t("search.replaceAll")}
                disabled={!props.canReplace}
                onClick={props.onReplaceAll}
              />
            </div>
          </Show>
        </div>
      </div>
      <div class="search-where-head">
        <IconButton
          icon="more"
          label={host.t("search.toggleDetails")}
          aria-expanded={props.detailed}
          onClick={() => props.onDetailed(!props.detailed)}
        />
      </div>
      <Show when={props.detailed}>
        <div class="search-where">
          <div class="search-place-field">
            <span aria-hidden="true">{host.t("search.include")}</span>
            <TextInput
              label={host.t("search.include")}
              placeholder={host.t("search.include.example")}
              value={props.fields.include}
              onInput={(include) => props.onChange({ include })}
              onKeyDown={enter}
            />
          </div>
          <div class="search-place-field">
            <span aria-hidden="true">{host.t("search.exclude")}</span>
            <TextInput
              label={host.t("search.exclude")}
              placeholder={host.t("search.exclude.example")}
              value={props.fields.exclude}
              onInput={(exclude) => props.onChange({ exclude })}
              onKeyDown={enter}
              after={
                <Toggle
                  label={host.t("search.ignored")}
                  on={props.fields.ignored}
                  onChange={(on) => props.onChange({ ignored: on })}
                  letters=".gi"
                />
              }
            />
          </div>
        </div>
      </Show>
    </div>
  );
}

function useHistory(host: Host) {
  const [at, setAt] = createSignal(-1);
  const list = () => host.memory.get<string[]>(HISTORY, []);
  return {
    add(text: string) {
      setAt(-1);
      if (text === "" || list()[0] === text) return;
      host.memory.set(
        HISTORY,
        [text, ...list().filter((one) => one !== text)].slice(0, HISTORY_MOST),
      );
    },
    /** What was looked for before (-1) or after (1) that; null where there is nothing. */
    go(step: 1 | -1): string | null {
      const next = at() - step;
      const found = list()[next];
      if (found === undefined) return null;
      setAt(next);
      return found;
    },
  };
}
