// SPDX-License-Identifier: Apache-2.0
// Shows the bytes of a file, a page of them at a time.

import { For, Show, createEffect, createMemo, createSignal, on, type JSX } from "solid-js";
import type { Report } from "@moat/proto";
import type { ViewerProps } from "../host.ts";
import { reportOf } from "../tell.ts";
import { ErrorBox, IconButton, TextInput, VirtualList, type ListHandle } from "../ui/index.ts";
import { useReading } from "./image.tsx";
import { placeOf } from "./pages.ts";
import { readBytes, sizeOf } from "./read.ts";

const ROW_BYTES = 16;
const PAGE = 64 * 1024;
const ROW = 20;

interface HexRow {
  at: number;
  bytes: Uint8Array;
}

/** Shows the bytes of a file. */
export function BinaryViewer(props: ViewerProps): JSX.Element {
  const { host } = props;
  let list: ListHandle | undefined;
  const [page, setPage] = createSignal(0);
  const [bytes, setBytes] = createSignal<Uint8Array>(new Uint8Array());
  const [failure, setFailure] = createSignal<Report | null>(null);
  const [focused, setFocused] = createSignal(-1);
  const [wrong, setWrong] = createSignal(false);
  let asked = 0;
  const pages = () => Math.max(1, Math.ceil(props.length / PAGE));
  const load = async () => {
    asked += 1;
    const mine = asked;
    try {
      const found = await readBytes(host, props.path, page() * PAGE, PAGE);
      if (mine !== asked) return;
      setBytes(found);
      setFailure(null);
    } catch (error) {
      if (mine === asked) setFailure(reportOf(host, error));
    }
  };
  useReading(props, load);
  createEffect(on(page, load, { defer: true }));
  const rows = createMemo(() => {
    const all = bytes();
    const found: HexRow[] = [];
    for (let at = 0; at < all.length; at += ROW_BYTES) {
      found.push({ at: page() * PAGE + at, bytes: all.subarray(at, at + ROW_BYTES) });
    }
    return found;
  });
  const width = () => Math.max(8, Math.max(0, props.length - 1).toString(16).length);
  const go = (offset: number) => {
    const bounded = Math.max(0, Math.min(props.length - 1, offset));
    setPage(Math.floor(bounded / PAGE));
    const row = Math.floor((bounded % PAGE) / ROW_BYTES);
    queueMicrotask(() => {
      setFocused(row);
      list?.reveal(row, "middle");
      list?.focus();
    });
  };
  const typed = (text: string) => {
    // A plain number is an offset too: lines mean nothing here.
    const place = placeOf(text) ?? (text.trim() === "0" ? { offset: 0 } : null);
    setWrong(place === null);
    if (place !== null) go("offset" in place ? place.offset : place.line);
  };
  return (
    <div class="viewer">
      <div class="viewer-bar">
        <span class="viewer-facts">
          <span>{host.t("viewer.binary")}</span>
          <span>{sizeOf(props.length)}</span>
        </span>
        <GoTo
          label={host.t("viewer.offset")}
          problem={wrong() ? host.t("viewer.offset.wrong") : null}
          onGo={typed}
        />
        <Pager
          page={page()}
          pages={pages()}
          label={host.t("viewer.page", { page: page() + 1, pages: pages() })}
          previous={host.t("viewer.page.previous")}
          next={host.t("viewer.page.next")}
          onPage={(next) => {
            setPage(next);
            setFocused(-1);
            list?.reveal(0);
          }}
        />
      </div>
      <Show when={failure()} keyed fallback={null}>
        {(report) => <ErrorBox report={report} />}
      </Show>
      <VirtualList
        label={host.t("viewer.binary.label")}
        role="listbox"
        class="hex"
        rowHeight={ROW}
        items={rows()}
        focused={focused()}
        onFocus={setFocused}
        ref={(handle) => (list = handle)}
        rowAttributes={(row) => ({ "aria-label": spoken(row) })}
        row={(row) => (
          <div class="hex-row">
            <span class="hex-at">{row.at.toString(16).padStart(width(), "0")}</span>
            <span class="hex-bytes">
              <For each={[...row.bytes]}>
                {(byte, index) => (
                  <span
                    classList={{ "hex-zero": byte === 0, "hex-middle": index() === ROW_BYTES / 2 }}
                  >
                    {hex(byte)}
                  </span>
                )}
              </For>
            </span>
            <span class="hex-text">{ascii(row.bytes)}</span>
          </div>
        )}
      />
    </div>
  );
}

function hex(byte: number): string {
  return byte.toString(16).padStart(2, "0");
}

function ascii(bytes: Uint8Array): string {
  return [...bytes]
    .map((byte) => (byte >= 0x20 && byte < 0x7f ? String.fromCharCode(byte) : "·"))
    .join("");
}

function spoken(row: HexRow): string {
  return `${row.at.toString(16)}: ${[...row.bytes].map(hex).join(" ")}`;
}

/** A field for a place; it is gone to with Enter. */
export function GoTo(props: {
  label: string;
  problem: string | null;
  onGo(text: string): void;
}): JSX.Element {
  return (
    <TextInput
      class="viewer-go"
      label={props.label}
      placeholder={props.label}
      problem={props.problem}
      onKeyDown={(event) => {
        if (event.key !== "Enter") return;
        event.preventDefault();
        props.onGo(event.currentTarget.value);
      }}
    />
  );
}

/** The buttons that turn pages. */
export function Pager(props: {
  page: number;
  pages: number;
  label: string;
  previous: string;
  next: string;
  onPage(page: number): void;
}): JSX.Element {
  return (
    <span class="viewer-pager" role="group">
      <IconButton
        icon="chevron-left"
        label={props.previous}
        disabled={props.page === 0}
        onClick={() => props.onPage(props.page - 1)}
      />
      <span class="viewer-page" role="status">
        {props.label}
      </span>
      <IconButton
        icon="chevron-right"
        label={props.next}
        disabled={props.page >= props.pages - 1}
        onClick={() => props.onPage(props.page + 1)}
      />
    </span>
  );
}
