// SPDX-License-Identifier: Apache-2.0
// The agent's changes inside a file: removed lines are marked, added ones stand below them in
// a place of their own, and each hunk can be kept or undone there. The file is not touched.

import type { PendingFile } from "@moat/panels/host.ts";
import type { editor } from "monaco-editor/editor.js";
import type { App } from "../app.ts";
import type { Document } from "./document.ts";
import { placeHunk, type PlacedHunk } from "./hunks.ts";
import type { Kit } from "./kit.ts";
import type { Widget } from "./widgets.ts";

/** What is needed to show them. */
export interface PendingView {
  app: App;
  kit: Kit;
  widget: Widget;
  document: Document;
  file: PendingFile;
}

const BAR_HEIGHT = 28;
const LOOK_PAUSE_MS = 200;

/** Shows a file's pending changes in an editor. Returns how to take them away. */
export function showPending(view: PendingView): () => void {
  const { widget } = view;
  let clear = () => {};
  let timer: ReturnType<typeof setTimeout> | undefined;
  const look = () => {
    clear();
    clear = draw(view);
  };
  look();
  const listening = widget.editor.onDidChangeModelContent(() => {
    clearTimeout(timer);
    timer = setTimeout(look, LOOK_PAUSE_MS);
  });
  return () => {
    clearTimeout(timer);
    listening.dispose();
    clear();
  };
}

/** The lines at which hunks begin, for going from one to the next. */
export function pendingLines(file: PendingFile, lines: readonly string[]): number[] {
  return placed(file, lines).map((hunk) => hunk.blocks[0]?.line ?? 1);
}

function placed(file: PendingFile, lines: readonly string[]): PlacedHunk[] {
  return file.hunks.map((hunk) => placeHunk(hunk.number, hunk.text, lines));
}

function draw(view: PendingView): () => void {
  const { kit, widget, file } = view;
  const model = widget.editor.getModel();
  if (!model) return () => {};
  const hunks = placed(file, model.getLinesContent());
  const marks: editor.IModelDeltaDecoration[] = [];
  const undo: (() => void)[] = [];
  hunks.forEach((hunk, index) => {
    hunk.blocks.forEach((block, place) => {
      if (block.removed.length > 0)
        marks.push({
          range: new kit.monaco.Range(block.line, 1, block.line + block.removed.length - 1, 1),
          options: {
            isWholeLine: true,
            className: "pending-removed",
            linesDecorationsClassName: "pending-removed-mark",
            overviewRuler: { color: "#d0585f", position: kit.monaco.editor.OverviewRulerLane.Full },
            minimap: { color: "#d0585f", position: kit.monaco.editor.MinimapPosition.Inline },
          },
        });
      const last = place === hunk.blocks.length - 1;
      const after = block.line + block.removed.length - 1;
      undo.push(zone(view, block.added, after, last ? bar(view, hunk, index, hunks.length) : null));
    });
  });
  const decorations = widget.editor.createDecorationsCollection(marks);
  return () => {
    decorations.clear();
    for (const each of undo) each();
  };
}

let nextId = 1;

/** A place below a line with the added lines, and the buttons where it is the hunk's last. */
function zone(
  view: PendingView,
  added: string[],
  after: number,
  buttons: HTMLElement | null,
): () => void {
  const { kit, widget } = view;
  const target = widget.editor;
  const lineHeight = target.getOption(kit.monaco.editor.EditorOption.lineHeight);
  const height = added.length * lineHeight + (buttons ? BAR_HEIGHT : 0);
  const node = document.createElement("div");
  node.className = "pending-zone";
  const code = document.createElement("div");
  code.className = "pending-added";
  const font = target.getOption(kit.monaco.editor.EditorOption.fontInfo);
  code.style.fontFamily = font.fontFamily;
  code.style.fontSize = `${font.fontSize}px`;
  node.append(code);
  if (buttons) node.append(buttons);
  void colored(view, added, code, lineHeight);

  const id = `moat.pending.${nextId++}`;
  const spacer = document.createElement("div");
  spacer.className = "pending-space";
  let zoneId = "";
  const overlay: editor.IOverlayWidget = {
    getId: () => id,
    getDomNode: () => node,
    getPosition: () => null,
  };
  const place = () => {
    const layout = target.getLayoutInfo();
    node.style.left = `${layout.contentLeft}px`;
    node.style.width = `${layout.contentWidth - layout.verticalScrollbarWidth}px`;
    code.style.transform = `translateX(${-target.getScrollLeft()}px)`;
  };
  target.changeViewZones((accessor) => {
    zoneId = accessor.addZone({
      afterLineNumber: after,
      heightInPx: height,
      domNode: spacer,
      onDomNodeTop: (top) => {
        node.style.top = `${top}px`;
      },
      onComputedHeight: (computed) => {
        node.style.height = `${computed}px`;
      },
    });
  });
  target.addOverlayWidget(overlay);
  place();
  const listening = [target.onDidLayoutChange(place), target.onDidScrollChange(place)];
  return () => {
    for (const each of listening) each.dispose();
    target.removeOverlayWidget(overlay);
    if (target.getModel()) target.changeViewZones((accessor) => accessor.removeZone(zoneId));
  };
}

/** Puts lines into an element, in the colours of their language. */
async function colored(
  view: PendingView,
  lines: string[],
  into: HTMLElement,
  lineHeight: number,
): Promise<void> {
  const { kit, widget } = view;
  const put = (rows: Node[]) => {
    into.replaceChildren(
      ...rows.map((row) => {
        const line = document.createElement("div");
        line.className = "pending-line";
        line.style.height = line.style.lineHeight = `${lineHeight}px`;
        line.append(row);
        return line;
      }),
    );
  };
  put(lines.map((line) => document.createTextNode(line === "" ? "\u00a0" : line)));
  const model = widget.editor.getModel();
  if (!model) return;
  const { tabSize } = model.getOptions();
  const html = await kit.monaco.editor.colorize(lines.join("\n"), model.getLanguageId(), {
    tabSize,
  });
  const rows = spansOf(html);
  if (rows.length >= lines.length) put(rows.slice(0, lines.length));
}

/** The coloured words of the editor's answer: text and class names, and nothing else of it. */
function spansOf(html: string): DocumentFragment[] {
  const parsed = new DOMParser().parseFromString(html, "text/html");
  const rows: DocumentFragment[] = [document.createDocumentFragment()];
  for (const node of parsed.body.childNodes) {
    if (node.nodeName === "BR") rows.push(document.createDocumentFragment());
    for (const span of node.nodeName === "SPAN" ? (node as Element).querySelectorAll("span") : []) {
      const word = document.createElement("span");
      word.textContent = span.textContent;
      word.className = [...span.classList].filter((name) => /^mtk\w+$/.test(name)).join(" ");
      rows[rows.length - 1]?.append(word);
    }
  }
  return rows;
}

/** The buttons of a hunk. */
function bar(view: PendingView, hunk: PlacedHunk, index: number, of: number): HTMLElement {
  const { app, file } = view;
  const element = document.createElement("div");
  element.className = "pending-bar";
  element.setAttribute("role", "toolbar");
  element.setAttribute("aria-label", app.t("pending.pending"));
  const button = (kind: string, title: string, keys: string | null, run: () => void) => {
    const made = document.createElement("button");
    made.type = "button";
    made.className = `button small ${kind}`;
    made.textContent = title;
    if (keys) made.title = keys;
    made.addEventListener("click", run);
    element.append(made);
  };
  if (file.conflict) {
    const why = document.createElement("span");
    why.textContent = file.conflict;
    element.append(why);
  } else {
    button("primary", app.t("pending.keep"), app.commands.keysOf("moat.pending.keep"), () =>
      file.keep([hunk.number]),
    );
    button("plain", app.t("pending.undo"), app.commands.keysOf("moat.pending.undo"), () =>
      file.undo([hunk.number]),
    );
    const { comment } = file;
    if (comment)
      button("quiet", app.t("pending.commentLine"), null, () => {
        void app.host
          .prompt({
            title: app.t("pending.commentLine"),
            placeholder: app.t("pending.commentPlaceholder"),
          })
          .then((text) => {
            if (text) comment.call(file, hunk.blocks[0]?.line ?? 1, text);
          });
      });
  }
  const count = document.createElement("span");
  count.className = "pending-count";
  count.textContent = app.t("pending.hunk", { number: index + 1, of });
  element.append(count);
  return element;
}
