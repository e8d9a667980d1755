// SPDX-License-Identifier: Apache-2.0
// The box that looks for words in what a terminal printed.

import type { Host } from "@moat/panels/host.ts";
import { IconButton, TextInput, Toggle } from "@moat/panels/ui/index.ts";
import type { ISearchOptions } from "@xterm/addon-search";
import { createEffect, createSignal, type JSX, on, onCleanup, onMount } from "solid-js";
import type { Screen } from "./screen.ts";
import { searchColours } from "./theme.ts";

/** The box that looks for words in a terminal. */
export function FindBox(props: { host: Host; screen: Screen; onClose(): void }): JSX.Element {
  const { host } = props;
  let input!: HTMLInputElement;
  const [words, setWords] = createSignal("");
  const [caseSensitive, setCase] = createSignal(false);
  const [wholeWord, setWord] = createSignal(false);
  const [regex, setRegex] = createSignal(false);
  const [found, setFound] = createSignal<{ index: number; count: number } | null>(null);
  const options = (incremental: boolean): ISearchOptions => ({
    caseSensitive: caseSensitive(),
    wholeWord: wholeWord(),
    regex: regex(),
    incremental,
    decorations: searchColours(host.theme()),
  });
  const look = (step: 1 | -1, incremental = false) => {
    if (words() === "") {
      props.screen.search.clearDecorations();
      setFound(null);
      return;
    }
    try {
      if (step === 1) props.screen.search.findNext(words(), options(incremental));
      else props.screen.search.findPrevious(words(), options(incremental));
    } catch {
      // An expression that is not finished yet finds nothing.
      setFound({ index: -1, count: 0 });
    }
  };
  createEffect(
    on([words, caseSensitive, wholeWord, regex, () => props.screen], () => look(-1, true), {
      defer: true,
    }),
  );
  createEffect(() => {
    const listening = props.screen.search.onDidChangeResults(({ resultIndex, resultCount }) =>
      setFound({ index: resultIndex, count: resultCount }),
    );
    onCleanup(() => listening.dispose());
  });
  onMount(() => {
    const selected = props.screen.terminal.getSelection();
    if (selected !== "" && !selected.includes("\n")) setWords(selected);
    input.focus();
    input.select();
  });
  onCleanup(() => props.screen.search.clearDecorations());
  const close = () => {
    props.onClose();
    props.screen.focus();
  };
  const said = () => {
    const now = found();
    if (now === null) return "";
    if (now.count === 0) return host.t("terminal.find.none");
    return now.index < 0
      ? host.t("terminal.find.count", { count: now.count })
      : host.t("terminal.find.at", { index: now.index + 1, count: now.count });
  };
  return (
    <div class="terminal-find" role="search">
      <TextInput
        ref={input}
        label={host.t("terminal.find.label")}
        placeholder={host.t("terminal.find.label")}
        value={words()}
        onInput={setWords}
        onKeyDown={(event) => {
          if (event.key === "Enter") look(event.shiftKey ? 1 : -1);
          else if (event.key === "Escape") close();
          else return;
          event.preventDefault();
          event.stopPropagation();
        }}
        after={
          <>
            <Toggle
              label={host.t("search.case")}
              on={caseSensitive()}
              onChange={setCase}
              letters="Aa"
            />
            <Toggle
              label={host.t("search.word")}
              on={wholeWord()}
              onChange={setWord}
              letters="ab"
              class="search-word"
            />
            <Toggle label={host.t("search.regex")} on={regex()} onChange={setRegex} letters=".*" />
          </>
        }
      />
      <span class="terminal-found" role="status">
        {said()}
      </span>
      <IconButton
        icon="arrow-up"
        label={host.t("terminal.find.previous")}
        onClick={() => look(-1)}
      />
      <IconButton icon="arrow-down" label={host.t("terminal.find.next")} onClick={() => look(1)} />
      <IconButton icon="close" label={host.t("common.close")} onClick={close} />
    </div>
  );
}
