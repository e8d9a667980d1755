// SPDX-License-Identifier: Apache-2.0
// Shows a text that is too long to be edited here, a page at a time, without ever holding more of it.

import { Show, createEffect, createMemo, createSignal, on, type JSX } from "solid-js";
import type { Encoding, Report } from "@moat/proto";
import type { ViewerProps } from "../host.ts";
import { Text } from "../markdown/text.tsx";
import { reportOf } from "../tell.ts";
import {
  Button,
  ErrorBox,
  IconButton,
  Spinner,
  TextInput,
  Toggle,
  VirtualList,
  type ListHandle,
} from "../ui/index.ts";
import { GoTo, Pager } from "./binary.tsx";
import { useReading } from "./image.tsx";
import {
  encodingOf,
  feeds,
  indexIn,
  PAGE,
  pageCount,
  pageOf,
  placeOf,
  rangeOf,
  type Page,
} from "./pages.ts";
import { readBytes, sizeOf } from "./read.ts";

const ROW = 20;
const COLUMNS_MOST = 2000;

interface Hit {
  page: number;
  line: number;
  column: number;
}

/** Shows a long text. */
export function LargeTextViewer(props: ViewerProps): JSX.Element {
  const { host } = props;
  const [index, setIndex] = createSignal(0);
  const [page, setPage] = createSignal<Page | null>(null);
  const [failure, setFailure] = createSignal<Report | null>(null);
  const [focused, setFocused] = createSignal(-1);
  const [wrong, setWrong] = createSignal(false);
  /** How many lines stand before each page, as far as they were counted: from the first page on, without gaps. */
  const [before, setBefore] = createSignal<readonly number[]>([0]);
  const [busy, setBusy] = createSignal<string | null>(null);
  const [words, setWords] = createSignal("");
  const [caseSensitive, setCase] = createSignal(false);
  const [hit, setHit] = createSignal<Hit | null>(null);
  const [missed, setMissed] = createSignal(false);
  let list: ListHandle | undefined;
  let encoding: Encoding = "utf8";
  let asked = 0;
  let stopped = false;
  const pages = () => pageCount(props.length);

  const read = async (which: number): Promise<Page> => {
    const range = rangeOf(which, props.length);
    const bytes = await readBytes(host, props.path, range.offset, range.length);
    if (which === 0) encoding = encodingOf(bytes);
    const found = pageOf(which, bytes, range.offset, encoding);
    if (before().length === which + 1) {
      const ended = feeds(bytes.subarray(found.from - range.offset, found.to - range.offset));
      setBefore([...before(), (before()[which] ?? 0) + ended]);
    }
    return found;
  };
  const show = async (which: number): Promise<Page | null> => {
    asked += 1;
    const mine = asked;
    try {
      const found = await read(which);
      if (mine !== asked) return null;
      setIndex(which);
      setPage(found);
      setFailure(null);
      return found;
    } catch (error) {
      if (mine === asked) setFailure(reportOf(host, error));
      return null;
    }
  };
  useReading(props, async () => {
    setBefore([0]);
    await show(Math.min(index(), pages() - 1));
  });
  const reveal = (line: number) => {
    setFocused(line);
    list?.reveal(line, "middle");
  };
  const turn = async (which: number) => {
    setFocused(-1);
    if ((await show(which)) !== null) list?.reveal(0);
  };
  /** Does something that may take long and can be ended. */
  const longWork = async (label: string, work: () => Promise<void>) => {
    stopped = false;
    setBusy(label);
    try {
      await work();
    } catch (error) {
      setFailure(reportOf(host, error));
    } finally {
      setBusy(null);
    }
  };
  const goToLine = (line: number) =>
    longWork(host.t("viewer.counting"), async () => {
      const past = () => (before()[before().length - 1] ?? 0) >= line || before().length > pages();
      while (!past() && !stopped) await read(before().length - 1);
      if (stopped) return;
      const known = before();
      let which = 0;
      while (which + 1 < Math.min(known.length, pages()) && (known[which + 1] ?? 0) < line)
        which += 1;
      const found = await show(which);
      if (found !== null) reveal(Math.min(found.lines.length - 1, line - 1 - (known[which] ?? 0)));
    });
  const goToOffset = async (offset: number) => {
    const bounded = Math.max(0, Math.min(props.length - 1, offset));
    const found = await show(Math.floor(bounded / PAGE));
    if (found === null || found.lines.length === 0) return;
    // The lines' lengths in bytes are not known any more; they are near enough to find the place.
    const share = (bounded - found.from) / Math.max(1, found.to - found.from);
    reveal(Math.max(0, Math.min(found.lines.length - 1, Math.floor(share * found.lines.length))));
  };
  const go = (text: string) => {
    const place = placeOf(text);
    setWrong(place === null);
    if (place === null) return;
    void ("line" in place ? goToLine(place.line) : goToOffset(place.offset));
  };
  const find = (step: 1 | -1) =>
    longWork(host.t("viewer.searching"), async () => {
      const wanted = words();
      if (wanted === "") return;
      setMissed(false);
      const begin =
        hit()?.page === index() ? (hit()?.line ?? -1) : step === 1 ? focused() - 1 : focused() + 1;
      let from = Math.max(-1, begin);
      for (let tried = 0, which = index(); tried <= pages() && !stopped; tried += 1) {
        const here = which === index() ? page() : await read(which);
        const line = here === null ? -1 : lineWith(here.lines, wanted, caseSensitive(), from, step);
        if (here !== null && line >= 0) {
          if (which !== index()) await show(which);
          setHit({
            page: which,
            line,
            column: indexIn(here.lines[line] ?? "", wanted, caseSensitive()),
          });
          reveal(line);
          return;
        }
        which = (which + step + pages()) % pages();
        from = step === 1 ? -1 : Number.MAX_SAFE_INTEGER;
      }
      if (!stopped) setMissed(true);
    });
  createEffect(
    on(
      [words, caseSensitive],
      () => {
        setMissed(false);
        setHit(null);
      },
      { defer: true },
    ),
  );
  const first = () => before()[index()];
  const columns = createMemo(() =>
    (page()?.lines ?? []).reduce(
      (most, line) => Math.max(most, Math.min(line.length, COLUMNS_MOST)),
      0,
    ),
  );
  return (
    <div class="viewer">
      <div class="viewer-bar">
        <span class="viewer-facts">
          <span>{host.t("viewer.large", { size: sizeOf(props.length) })}</span>
        </span>
        <Show when={busy()}>
          {(label) => (
            <>
              <Spinner label={label()} />
              <Button small kind="quiet" onClick={() => (stopped = true)}>
                {host.t("common.cancel")}
              </Button>
            </>
          )}
        </Show>
        <TextInput
          class="viewer-find"
          label={host.t("viewer.find")}
          placeholder={host.t("viewer.find")}
          value={words()}
          problem={missed() ? host.t("viewer.find.none") : null}
          onInput={setWords}
          onKeyDown={(event) => {
            if (event.key !== "Enter") return;
            event.preventDefault();
            void find(event.shiftKey ? -1 : 1);
          }}
          after={
            <Toggle
              label={host.t("search.case")}
              on={caseSensitive()}
              onChange={setCase}
              letters="Aa"
            />
          }
        />
        <IconButton
          icon="arrow-up"
          label={host.t("viewer.find.previous")}
          disabled={words() === ""}
          onClick={() => void find(-1)}
        />
        <IconButton
          icon="arrow-down"
          label={host.t("viewer.find.next")}
          disabled={words() === ""}
          onClick={() => void find(1)}
        />
        <GoTo
          label={host.t("viewer.go")}
          problem={wrong() ? host.t("viewer.go.wrong") : null}
          onGo={go}
        />
        <Pager
          page={index()}
          pages={pages()}
          label={host.t("viewer.page", { page: index() + 1, pages: pages() })}
          previous={host.t("viewer.page.previous")}
          next={host.t("viewer.page.next")}
          onPage={(next) => void turn(next)}
        />
      </div>
      <Show when={failure()} keyed>
        {(report) => <ErrorBox report={report} />}
      </Show>
      <VirtualList
        label={host.t("viewer.large.label", { name: props.path })}
        class="large"
        rowHeight={ROW}
        items={page()?.lines ?? []}
        focused={focused()}
        onFocus={setFocused}
        ref={(handle) => (list = handle)}
        containerAttributes={{ style: { "--columns": columns() } }}
        onKey={(event, at) => {
          const last = (page()?.lines.length ?? 0) - 1;
          if (event.key === "PageDown" && at === last && index() < pages() - 1)
            void turn(index() + 1);
          else if (event.key === "PageUp" && at === 0 && index() > 0) void turn(index() - 1);
          else return false;
          return true;
        }}
        row={(line, at) => (
          <div
            class="large-row"
            classList={{ "large-hit": hit()?.page === index() && hit()?.line === at() }}
          >
            <span class="large-number">
              {first() === undefined ? "·" : (first() ?? 0) + at() + 1}
            </span>
            <span class="large-text">
              <Text text={line.length > COLUMNS_MOST ? `${line.slice(0, COLUMNS_MOST)}…` : line} />
            </span>
          </div>
        )}
      />
    </div>
  );
}

function lineWith(
  lines: readonly string[],
  words: string,
  caseSensitive: boolean,
  from: number,
  step: 1 | -1,
): number {
  const begin = step === 1 ? from + 1 : Math.min(from, lines.length) - 1;
  for (let at = begin; at >= 0 && at < lines.length; at += step) {
    if (indexIn(lines[at] ?? "", words, caseSensitive) >= 0) return at;
  }
  return -1;
}
