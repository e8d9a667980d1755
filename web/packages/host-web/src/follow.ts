// SPDX-License-Identifier: Apache-2.0
// Follows what the server tells: files, the repository, crossings, and the connection itself.

import type { WorkspaceNews } from "@moat/proto";
import type { Problem } from "@moat/panels/host.ts";
import { createEffect, on, onCleanup } from "solid-js";
import { type App, localeOf } from "./app.ts";
import { rememberActive } from "./editor/text-editor.tsx";
import { offerGhosts } from "./ghost/provider.ts";
import { followLanguages } from "./language/follow.ts";
import { dispatchKeys } from "./keys/dispatch.ts";
import { loadTerminals } from "./panels.ts";
import { fetchParts, patiently } from "./patience.ts";
import { worksInTerminal } from "./terminal/keys.ts";
import type { TabInput } from "./workbench/area.ts";

const CROSSINGS_ASKED = 1000;
const WARM_AFTER_MS = 1500;

/** Begins to follow. */
export function follow(app: App): void {
  const git = once(() => readGit(app));
  const undo = [
    app.client.onNews((news) => heard(app, news, git)),
    app.client.onState((state) => {
      app.setConnected(state === "connected");
      if (state === "connected") void again(app, git);
    }),
    dispatchKeys({
      bindings: () =>
        app.commands.contextOf("terminalFocus")
          ? app.commands.bindings().filter((each) => worksInTerminal(each.command))
          : app.commands.bindings(),
      context: app.commands.contextOf,
      run: (command) => void app.commands.run(command),
      show: (state) =>
        app.setChord(
          state &&
            app.t(state.kind === "wait" ? "chord.wait" : "chord.unknown", {
              key: state.keys,
              keys: state.keys,
            }),
        ),
    }),
  ];
  onCleanup(() => undo.forEach((each) => each()));
  git();
  void readModels(app);
  void readCrossings(app);
  keepOnLeaving(app);
  saveByItself(app);
  createEffect(() => {
    const locale = localeOf(app.settings);
    void patiently(app.client, () => app.translator.use(locale));
  });
  createEffect(() => app.commands.context("offline", !app.connected()));
  const restored = app.setup().buffers.length;
  if (restored > 0)
    app.host.notify({
      level: "info",
      text: app.t("editor.restored", { count: restored }),
      brief: true,
    });
  const shown = new Set(app.area.tabs().flatMap((tab) => pathOf(tab.input())));
  for (const { path } of app.setup().buffers)
    if (!shown.has(path)) app.area.open({ kind: "file", path }, { keepFocus: true });
  warmUp(app);
  followMarkers(app);
  offerCompletions(app);
  followLanguages(app);
}

function pathOf(input: TabInput): string[] {
  return input.kind === "file" ? [input.path] : [];
}

/** Loads what has commands of its own, once the editor is there and the page at rest. */
function warmUp(app: App): void {
  createEffect(() => {
    if (!app.kit()) return;
    const timer = setTimeout(() => {
      app.setWarm(true);
      void patiently(app.client, loadTerminals).then((terminals) =>
        terminals.registerTerminals(app.host),
      );
      void fetchParts();
    }, WARM_AFTER_MS);
    onCleanup(() => clearTimeout(timer));
  });
}

/** Offers completions as soon as there is an editor, and asks anew where the user changed how. */
function offerCompletions(app: App): void {
  createEffect(() => {
    const kit = app.kit();
    if (!kit) return;
    const offer = offerGhosts(app, kit);
    onCleanup(() => offer.dispose());
  });
  createEffect(
    on(
      () => [
        app.settings.get("completion.model"),
        app.settings.get("completion.enabled"),
        app.connected(),
      ],
      () => app.ghost.again(),
      { defer: true },
    ),
  );
}

/** Takes over what the editor marks as wrong. */
function followMarkers(app: App): void {
  createEffect(() => {
    const kit = app.kit();
    if (!kit) return;
    const { monaco } = kit;
    const severity = (value: number): Problem["severity"] =>
      value >= monaco.MarkerSeverity.Error
        ? "error"
        : value >= monaco.MarkerSeverity.Warning
          ? "warning"
          : "info";
    const listening = monaco.editor.onDidChangeMarkers(() => {
      app.setProblems(
        monaco.editor.getModelMarkers({}).map((marker) => ({
          path: kit.pathOf(marker.resource),
          line: marker.startLineNumber,
          column: marker.startColumn,
          severity: severity(marker.severity),
          message: marker.message,
          source: marker.source ?? marker.owner,
        })),
      );
    });
    onCleanup(() => listening.dispose());
  });
}

function heard(app: App, news: WorkspaceNews, git: () => void): void {
  if (news.news === "files_changed") {
    app.documents.changedOnDisk(news.directories, news.all);
    // What a file holds is part of the repository's state too; only git's own files are told apart.
    git();
  } else if (news.news === "git_changed") git();
  else if (news.news === "crossed") {
    // A crossing is told when it begins and again when it has ended.
    if (counted.has(news.crossing.number)) return;
    counted.set(news.crossing.number, news.crossing.allowed);
    app.setCrossings((before) => ({
      count: before.count + 1,
      denied: before.denied + (news.crossing.allowed ? 0 : 1),
    }));
  }
}

/** Whether each crossing that is counted was allowed, by its number. */
const counted = new Map<number, boolean>();

/** Reads everything again after the connection was lost. */
async function again(app: App, git: () => void): Promise<void> {
  const before = app.setup().instance;
  const opened = await app.client.ask({ service: "desk", query: "open" });
  if (opened.reply !== "opened") return;
  app.setSetup(opened);
  app.documents.hotExit.again();
  app.documents.changedOnDisk([], true);
  git();
  void readModels(app);
  void readCrossings(app);
  const restarted = opened.instance !== before;
  app.host.notify({
    level: "info",
    text: app.t(restarted ? "connection.restarted" : "connection.back"),
    brief: true,
  });
}

/** Does something once at a time, and once more where it was asked for meanwhile. */
function once(what: () => Promise<void>): () => void {
  let running = false;
  let more = false;
  const go = async () => {
    if (running) {
      more = true;
      return;
    }
    running = true;
    try {
      await what();
    } catch {
      // The connection is lost: it is read again when it is back.
    } finally {
      running = false;
      if (more) {
        more = false;
        void go();
      }
    }
  };
  return () => void go();
}

async function readGit(app: App): Promise<void> {
  const reply = await app.client.ask({ service: "git", query: "status" });
  app.setGit(reply.reply === "status" ? reply : null);
}

async function readModels(app: App): Promise<void> {
  try {
    const reply = await app.client.ask({ service: "sessions", query: "models" });
    if (reply.reply === "models") app.setModels(reply);
  } catch {
    app.setModels(null);
  }
}

async function readCrossings(app: App): Promise<void> {
  try {
    const reply = await app.client.ask({
      service: "boundary",
      query: "crossings",
      limit: CROSSINGS_ASKED,
    });
    if (reply.reply !== "crossings") return;
    for (const each of reply.crossings) counted.set(each.number, each.allowed);
    // News of a crossing may come before an answer that was made before it.
    const newest = Math.max(-1, ...reply.crossings.map((each) => each.number));
    const later = [...counted].filter(([number]) => number > newest);
    app.setCrossings({
      count: reply.of + later.length,
      denied:
        reply.crossings.filter((each) => !each.allowed).length +
        later.filter(([, allowed]) => !allowed).length,
    });
  } catch {
    // The boundary's view says what is wrong with the log.
  }
}

/** Keeps what is unsaved when the page goes away, and asks where it could not be kept. */
function keepOnLeaving(app: App): void {
  const leave = () => {
    rememberActive(app);
    void app.documents.hotExit.flush();
    app.memory.flush();
    app.settings.flush();
  };
  addEventListener("pagehide", leave);
  addEventListener("visibilitychange", () => {
    if (document.visibilityState === "hidden") leave();
  });
  addEventListener("beforeunload", (event) => {
    leave();
    if (!app.connected() && app.documents.hotExit.unsent()) event.preventDefault();
  });
}

/** Saves after a while or when the editor is left, where the user wants that. */
function saveByItself(app: App): void {
  createEffect(() => {
    const how = app.settings.get("files.autoSave");
    if (how === "off") return;
    const save = () => {
      for (const document of app.documents.all())
        if (document.dirty() && !document.untitled && !document.conflict() && !document.saving())
          void app.documents.save(document);
    };
    if (how === "focus") {
      addEventListener("blur", save);
      const listening = app.widget()?.editor.onDidBlurEditorText(save);
      onCleanup(() => {
        removeEventListener("blur", save);
        listening?.dispose();
      });
    } else {
      app.cursor();
      const timer = setTimeout(save, app.settings.get("files.autoSaveDelay"));
      onCleanup(() => clearTimeout(timer));
    }
  });
}
