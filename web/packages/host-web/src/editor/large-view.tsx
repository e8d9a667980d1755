// SPDX-License-Identifier: Apache-2.0
// A file that is too long to be edited: read-only, one part at a time.

import { IconButton } from "@moat/panels/ui/index.ts";
import { createEffect, createSignal, on, onCleanup, type JSX } from "solid-js";
import type { App } from "../app.ts";
import { sizeText } from "../paths.ts";
import type { Tab } from "../workbench/area.ts";
import { reportOf } from "./documents.ts";
import { giveWidget, takeWidget, type Widget } from "./widgets.ts";

const PART_BYTES = 512 << 10;
const LINE_FEED = 10;

/** The bytes of a part from the server's answer. */
export function bytesOf(base64: string): Uint8Array {
  return Uint8Array.from(atob(base64), (each) => each.charCodeAt(0));
}

/** A long file in parts. */
export function LargeView(props: { app: App; tab: Tab; path: string; length: number }): JSX.Element {
  const { app, tab } = props;
  let host!: HTMLDivElement;
  const [part, setPart] = createSignal(0);
  const [text, setText] = createSignal("");
  const parts = () => Math.max(1, Math.ceil(props.length / PART_BYTES));
  let asked = 0;

  createEffect(
    on(part, async (number) => {
      const mine = ++asked;
      try {
        const read = await readPart(app, props.path, number, parts());
        if (mine === asked) setText(read);
      } catch (error) {
        const report = reportOf(error);
        app.overlays.notify({ level: "error", text: report.error, report });
      }
    }),
  );

  let widget: Widget | null = null;
  const leave = () => {
    const model = widget?.editor.getModel();
    if (widget) giveWidget(widget);
    model?.dispose();
    widget = null;
  };
  createEffect(
    on([tab.visible, app.kit, text], ([visible, kit, shown]) => {
      leave();
      if (!visible || !kit) return;
      widget = takeWidget(app, kit);
      host.append(widget.node);
      widget.editor.setModel(kit.monaco.editor.createModel(shown, kit.languageOf(props.path, "")));
      widget.editor.updateOptions({ readOnly: true });
      const made = widget;
      tab.focus = () => made.editor.focus();
      if (app.area.active() === tab) app.setWidget(made);
    }),
  );
  onCleanup(leave);

  const go = async () => {
    const typed = await app.host.prompt({
      title: app.t("editor.partGo"),
      value: String(part() + 1),
      validate: (value) =>
        Number(value) >= 1 && Number(value) <= parts() ? null : app.t("palette.lineHint", { of: parts() }),
    });
    if (typed) setPart(Number(typed) - 1);
  };
  return (
    <div class="pane">
      <div class="bar info">
        <span class="grow">{app.t("editor.large", { size: sizeText(props.length) })}</span>
        <IconButton
          icon="chevron-left"
          label={app.t("editor.partPrevious")}
          disabled={part() === 0}
          onClick={() => setPart((before) => before - 1)}
        />
        <button type="button" class="button small quiet" onClick={() => void go()}>
          {app.t("editor.part", { number: part() + 1, of: parts() })}
        </button>
        <IconButton
          icon="chevron-right"
          label={app.t("editor.partNext")}
          disabled={part() >= parts() - 1}
          onClick={() => setPart((before) => before + 1)}
        />
      </div>
      <div class="pane-fill" ref={host} />
    </div>
  );
}

/** A part with whole lines: it begins after the first line feed, and goes on to the next part's. */
async function readPart(app: App, path: string, number: number, of: number): Promise<string> {
  const read = async (offset: number, length: number) => {
    const reply = await app.client.ask({ service: "files", query: "read_part", path, offset, length });
    return reply.reply === "part" ? bytesOf(reply.base64) : new Uint8Array();
  };
  const bytes = await read(number * PART_BYTES, PART_BYTES);
  const more = number + 1 < of ? await read((number + 1) * PART_BYTES, PART_BYTES >> 3) : new Uint8Array();
  const begin = number === 0 ? 0 : bytes.indexOf(LINE_FEED) + 1;
  const end = more.indexOf(LINE_FEED);
  const decoder = new TextDecoder();
  return decoder.decode(bytes.subarray(begin), { stream: true }) + decoder.decode(more.subarray(0, Math.max(end, 0)));
}
