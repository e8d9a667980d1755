// SPDX-License-Identifier: Apache-2.0
// Two texts beside each other, or one in the other. Where the right one is an open file, it
// can be edited and saved here.

import { IconButton } from "@moat/panels/ui/index.ts";
import type { editor } from "monaco-editor/editor.js";
import { createEffect, createSignal, on, onCleanup, Show, type JSX } from "solid-js";
import type { App } from "../app.ts";
import type { Tab } from "../workbench/area.ts";
import type { Document } from "./document.ts";
import { FIXED, optionsOf } from "./widgets.ts";

/** Two texts to compare. */
export function DiffEditor(props: { app: App; tab: Tab; id: string }): JSX.Element {
  const { app, tab } = props;
  const request = app.diffs.get(props.id);
  if (!request) return null;
  let host!: HTMLDivElement;
  const [made, setMade] = createSignal<editor.IStandaloneDiffEditor | null>(null);
  const [document, setDocument] = createSignal<Document | null>(null);
  const sideBySide = () => app.settings.get("diff.sideBySide");

  const editable = request.readOnly === false;
  let gone = false;
  if (editable)
    void app.documents.open(request.path).then((opened) => {
      if (gone) app.documents.release(opened);
      else setDocument(opened);
    });

  createEffect(
    on([app.kit, document], ([kit, opened]) => {
      if (!kit || (editable && !opened)) return;
      const { monaco } = kit;
      const language = kit.languageOf(request.path, request.modified.slice(0, 200));
      const original = monaco.editor.createModel(request.original, language);
      const own = opened?.model ? null : monaco.editor.createModel(request.modified, language);
      const diff = monaco.editor.createDiffEditor(host, {
        ...FIXED,
        ...optionsOf(app),
        minimap: { enabled: false },
        readOnly: !opened,
        originalEditable: false,
        renderSideBySide: sideBySide(),
        useInlineViewWhenSpaceIsLimited: true,
        renderSideBySideInlineBreakpoint: 620,
        hideUnchangedRegions: { enabled: true, contextLineCount: 4, minimumLineCount: 6 },
        renderOverviewRuler: false,
        ignoreTrimWhitespace: false,
        originalAriaLabel: request.originalLabel,
        modifiedAriaLabel: request.modifiedLabel,
      });
      diff.setModel({ original, modified: own ?? (opened?.model as unknown as editor.ITextModel) });
      setMade(diff);
      tab.focus = () => diff.getModifiedEditor().focus();
      if (tab.wantsFocus) {
        tab.wantsFocus = false;
        diff.focus();
      }
      onCleanup(() => {
        setMade(null);
        tab.focus = null;
        diff.dispose();
        original.dispose();
        own?.dispose();
      });
    }),
  );
  createEffect(() => made()?.updateOptions({ renderSideBySide: sideBySide() }));
  createEffect(() => made()?.updateOptions(optionsOf(app) as editor.IDiffEditorOptions));
  onCleanup(() => {
    gone = true;
    const opened = document();
    if (opened) app.documents.release(opened);
    app.diffs.delete(props.id);
  });
  return (
    <div class="pane">
      <div class="crumbs diff-labels">
        <span>{request.originalLabel}</span>
        <span aria-hidden="true">↔</span>
        <span class="grow">{request.modifiedLabel}</span>
        <Show when={made()}>
          {(diff) => (
            <>
              <IconButton
                icon="arrow-up"
                size={14}
                label={app.t("editor.diffPrevious")}
                onClick={() => diff().goToDiff("previous")}
              />
              <IconButton
                icon="arrow-down"
                size={14}
                label={app.t("editor.diffNext")}
                onClick={() => diff().goToDiff("next")}
              />
              <IconButton
                icon={sideBySide() ? "list" : "split"}
                size={14}
                label={app.t(sideBySide() ? "editor.diffInline" : "editor.diffSide")}
                onClick={() => app.settings.set("diff.sideBySide", !sideBySide())}
              />
            </>
          )}
        </Show>
      </div>
      <div class="pane-fill" ref={host} />
    </div>
  );
}
