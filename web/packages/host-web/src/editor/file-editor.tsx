// SPDX-License-Identifier: Apache-2.0
// What a file's tab shows: its text, a viewer, or why there is nothing to show.

import { Button, ErrorBox, Icon, Spinner } from "@moat/panels/ui/index.ts";
import { createEffect, createSignal, Match, on, onCleanup, Show, Switch, type JSX } from "solid-js";
import type { App } from "../app.ts";
import { loadViewers } from "../panels.ts";
import { nameOf } from "../paths.ts";
import type { Tab } from "../workbench/area.ts";
import { LazyPanel } from "../workbench/lazy.tsx";
import { Crumbs } from "./crumbs.tsx";
import type { Document } from "./document.ts";
import { compareWithDisk, saveDocument } from "./saving.ts";
import { TextEditor } from "./text-editor.tsx";

const LOADING_SHOWN_MS = 250;

/** A file's tab. */
export function FileEditor(props: { app: App; tab: Tab; path: string }): JSX.Element {
  const { app } = props;
  const [document, setDocument] = createSignal<Document | null>(null);
  const [slow, setSlow] = createSignal(false);
  const timer = setTimeout(() => setSlow(true), LOADING_SHOWN_MS);
  let gone = false;
  const path = props.path;
  void app.documents.open(path).then((opened) => {
    clearTimeout(timer);
    if (gone) app.documents.release(opened);
    else setDocument(opened);
  });
  onCleanup(() => {
    gone = true;
    clearTimeout(timer);
    const opened = document();
    if (opened) app.documents.release(opened);
  });
  // Typing makes a preview stay.
  createEffect(() => {
    if (document()?.dirty()) app.area.pin(props.tab);
  });
  return (
    <div class="pane">
      <Crumbs app={app} path={props.path} document={document()} />
      <Show
        when={document()}
        fallback={<Loading app={app} name={nameOf(path)} slow={slow()} />}
        keyed
      >
        {(opened) => <Opened app={app} tab={props.tab} document={opened} />}
      </Show>
    </div>
  );
}

function Loading(props: { app: App; name: string; slow: boolean }): JSX.Element {
  return (
    <div class="pane-centre">
      <Show when={props.slow}>
        <Spinner label={props.app.t("editor.loading", { name: props.name })} size={20} />
      </Show>
    </div>
  );
}

function Opened(props: { app: App; tab: Tab; document: Document }): JSX.Element {
  const { app, document } = props;
  const content = document.content;
  return (
    <>
      <ConflictBar app={app} document={document} />
      <div class="pane-fill">
        <Switch>
          <Match when={content().kind === "text" && document.model}>
            <TextEditor app={app} tab={props.tab} document={document} />
          </Match>
          <Match when={large(content())}>
            {(found) => (
              <Viewer app={app} path={document.path} length={found().length} image={null} large />
            )}
          </Match>
          <Match when={binary(content())}>
            {(found) => (
              <Viewer
                app={app}
                path={document.path}
                length={found().length}
                image={found().image}
              />
            )}
          </Match>
          <Match when={failed(content())}>
            {(found) => (
              <ErrorBox report={found().report}>
                <Button small onClick={() => void reopen(app, document)}>
                  {app.t("common.retry")}
                </Button>
              </ErrorBox>
            )}
          </Match>
        </Switch>
      </div>
    </>
  );
}

async function reopen(app: App, document: Document): Promise<void> {
  document.version = "";
  await app.documents.reload(document, true);
}

function large(content: ReturnType<Document["content"]>) {
  return content.kind === "large" ? content : null;
}

function binary(content: ReturnType<Document["content"]>) {
  return content.kind === "binary" ? content : null;
}

function failed(content: ReturnType<Document["content"]>) {
  return content.kind === "failed" ? content : null;
}

function Viewer(props: {
  app: App;
  path: string;
  length: number;
  image: string | null;
  large?: boolean;
}): JSX.Element {
  return (
    <LazyPanel
      class="pane"
      shown
      load={async () => {
        const viewers = await loadViewers();
        if (props.large) return viewers.LargeTextViewer;
        return props.image === null ? viewers.BinaryViewer : viewers.ImageViewer;
      }}
      props={{ host: props.app.host, path: props.path, length: props.length, image: props.image }}
    />
  );
}

function ConflictBar(props: { app: App; document: Document }): JSX.Element {
  const { app, document } = props;
  const [hidden, setHidden] = createSignal(false);
  createEffect(on(document.conflict, () => setHidden(false)));
  const gone = () => document.conflict()?.current === null;
  return (
    <Show when={document.conflict() && !hidden()}>
      <div class="bar warning" role="alert">
        <Icon name="warning" class="icon-lead" />
        <span class="grow">
          {app.t(gone() ? "editor.conflictGone" : "editor.conflictTitle", {
            name: nameOf(document.path),
          })}
        </span>
        <Show when={!gone()}>
          <Button small kind="primary" onClick={() => compareWithDisk(app, document)}>
            {app.t("editor.compare")}
          </Button>
          <Button small onClick={() => void app.documents.revert(document)}>
            {app.t("editor.takeDisk")}
          </Button>
          <Button small onClick={() => void app.documents.save(document, { overwrite: true })}>
            {app.t("editor.overwrite")}
          </Button>
        </Show>
        <Show when={gone()}>
          <Button small onClick={() => void saveDocument(app, document)}>
            {app.t("common.save")}
          </Button>
          <Button small kind="quiet" onClick={() => setHidden(true)}>
            {app.t("common.dismiss")}
          </Button>
        </Show>
      </div>
    </Show>
  );
}
