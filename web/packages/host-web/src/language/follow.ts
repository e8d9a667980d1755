// SPDX-License-Identifier: Apache-2.0
// Ties the language servers to the workbench: the editors' texts, marks for problems, notices
// about servers that are missing or may be started, and their commands.

import type { ServerState } from "@moat/proto";
import type * as Monaco from "monaco-editor/editor.js";
import { createEffect, createMemo, mapArray, on, onCleanup, untrack } from "solid-js";
import type { App } from "../app.ts";
import type { Document } from "../editor/document.ts";
import type { Kit } from "../editor/kit.ts";
import { markerOf } from "./convert.ts";
import { registerProviders } from "./providers.ts";

const OWNER = "language";

/** Begins to follow. */
export function followLanguages(app: App): void {
  const link = app.language;
  onCleanup(app.client.onNews((news) => news.news === "language" && link.heard(news)));
  createEffect(on(app.connected, (is) => link.connected(is)));
  const known = createMemo(() =>
    [...new Set(link.servers()?.servers.flatMap((each) => each.languages) ?? [])].sort().join(" "),
  );
  createEffect(() => {
    const kit = app.kit();
    const languages = known();
    if (kit && languages) onCleanup(registerProviders(app, kit, languages.split(" ")));
  });
  createEffect(
    mapArray(app.documents.all, (document) => {
      createEffect(() => {
        if (known() && document.content().kind === "text") show(app, document);
      });
    }),
  );
  createEffect(() => {
    const kit = app.kit();
    if (kit) mark(app, kit);
  });
  notices(app);
}

/** Tells the servers of a document as long as it is open under its path and in its language. */
function show(app: App, document: Document): void {
  // A new path is a new list of documents.
  app.documents.all();
  const model = document.model as unknown as Monaco.editor.ITextModel | null;
  if (!model || document.untitled) return;
  const { path } = document;
  let hide = app.language.show(path, model);
  const listening = model.onDidChangeLanguage(() => {
    hide();
    hide = app.language.show(path, model);
  });
  createEffect(
    on(document.saving, (saving, before) => before && !saving && app.language.saved(path), {
      defer: true,
    }),
  );
  onCleanup(() => {
    listening.dispose();
    hide();
  });
}

/** Marks problems in the texts. */
function mark(app: App, kit: Kit): void {
  const { monaco } = kit;
  const put = (model: Monaco.editor.ITextModel) => {
    const problems = untrack(app.language.problems).get(kit.pathOf(model.uri)) ?? [];
    const markers = problems.map((each) => markerOf(monaco, each));
    monaco.editor.setModelMarkers(model, OWNER, markers);
  };
  createEffect(
    on(app.language.problems, (now, before) => {
      for (const model of monaco.editor.getModels()) {
        const path = kit.pathOf(model.uri);
        if (now.get(path) !== before?.get(path)) put(model);
      }
    }),
  );
  const listening = monaco.editor.onDidCreateModel(put);
  onCleanup(() => listening.dispose());
}

/** The language of the active editor, and the servers that know it. */
export function activeServers(app: App): ServerState[] {
  app.cursor();
  const language = app.widget()?.editor.getModel()?.getLanguageId();
  return language ? app.language.knowing(language) : [];
}

/** Asks once whether servers may run, offers those that are missing, and says who was given up. */
function notices(app: App): void {
  const { t } = app;
  const link = app.language;
  const said = new Set<string>();
  const once = (key: string, say: () => void) => {
    if (said.has(key)) return;
    said.add(key);
    untrack(say);
  };
  createEffect(() => {
    const servers = activeServers(app);
    if (servers.length === 0 || !app.warm()) return;
    const there = servers.filter((each) => each.program);
    const language = titleOf(app);
    const names = there.map((each) => each.name).join(", ");
    if (there.length > 0 && link.servers()?.allowed == null)
      once("ask", () =>
        app.host.notify({
          level: "info",
          text: t("language.ask", { language, names }),
          actions: [
            { title: t("language.start"), run: () => link.allow(true) },
            { title: t("language.never"), run: () => link.allow(false) },
          ],
        }),
      );
    const [first] = servers;
    const wanted =
      servers.every((each) => each.standing === "missing") && link.servers()?.allowed !== false;
    const quiet = app.memory.get<string[]>("languagesQuiet", []);
    if (first && wanted && !quiet.includes(first.name))
      once(`missing ${first.name}`, () =>
        app.host.notify({
          level: "info",
          text: t("language.missing", { language, name: first.name, command: first.install }),
          // The last line goes on saying that it is missing.
          brief: true,
          actions: [
            {
              title: t("language.copy"),
              run: () => void navigator.clipboard.writeText(first.install),
            },
            {
              title: t("language.quiet"),
              run: () =>
                app.memory.set("languagesQuiet", [
                  ...app.memory.get<string[]>("languagesQuiet", []),
                  first.name,
                ]),
            },
          ],
        }),
      );
  });
  createEffect(() => {
    for (const { name, standing, trouble } of link.servers()?.servers ?? []) {
      if (standing === "ready") said.delete(`gone ${name}`);
      if (standing !== "given_up") continue;
      once(`gone ${name}`, () =>
        app.host.notify({
          level: "warning",
          text: t("language.givenUp", { name, why: trouble ?? "" }),
          actions: [{ title: t("language.restart", { name }), run: () => link.restart(name) }],
        }),
      );
    }
  });
}

function titleOf(app: App): string {
  const language = app.widget()?.editor.getModel()?.getLanguageId() ?? "";
  return app.kit()?.languageTitle(language) ?? language;
}

/** Lets what can be done about the servers of the active editor be picked. */
export async function pickServer(app: App): Promise<void> {
  const { t } = app;
  const allowed = app.language.servers()?.allowed === true;
  const servers = activeServers(app);
  const items = [
    {
      label: t(allowed ? "language.stop" : "language.start"),
      value: () => app.language.allow(!allowed),
    },
    ...servers.map((each) => ({
      label: each.program
        ? t("language.restart", { name: each.name })
        : t("language.install", { name: each.name }),
      detail: each.program ? (each.trouble ?? each.program) : each.install,
      value: () =>
        each.program
          ? app.language.restart(each.name)
          : void navigator.clipboard.writeText(each.install),
    })),
  ];
  const picked = await app.host.pick<() => void>({ placeholder: t("language.pick"), items });
  picked?.();
}
