// SPDX-License-Identifier: Apache-2.0
// The line at the bottom: branch, problems, model and its zone, sandbox, crossings, and what
// the active editor's file is.

import type { Encoding, LineEnding } from "@moat/proto";
import { Icon, type IconName } from "@moat/panels/ui/index.ts";
import { createMemo, type JSX, Show } from "solid-js";
import type { App } from "../app.ts";
import { languagesIn } from "../ghost/around.ts";
import { activeServers } from "../language/follow.ts";

export const ENCODINGS: Record<Encoding, string> = {
  utf8: "UTF-8",
  utf8_mark: "UTF-8 BOM",
  utf16_le: "UTF-16 LE",
  utf16_be: "UTF-16 BE",
};

export const ENDINGS: Record<Exclude<LineEnding, "mixed">, string> = { lf: "LF", crlf: "CRLF" };

function Item(props: {
  icon?: IconName;
  text: JSX.Element;
  tip: string;
  run?: () => void;
  shrink?: boolean;
}): JSX.Element {
  const inner = () => (
    <>
      <Show when={props.icon}>{(icon) => <Icon name={icon()} size={14} />}</Show>
      <span>{props.text}</span>
    </>
  );
  return (
    <Show
      when={props.run}
      fallback={
        <div class="status-item" classList={{ shrink: props.shrink }} title={props.tip}>
          {inner()}
        </div>
      }
    >
      {(run) => (
        <button
          type="button"
          class="status-item"
          classList={{ shrink: props.shrink }}
          title={props.tip}
          onClick={() => run()()}
        >
          {inner()}
        </button>
      )}
    </Show>
  );
}

/** The part of a zone's name that gives its colour. */
export function zoneKind(zone: string): "host" | "network" | "external" {
  if (zone === "host") return "host";
  return zone.startsWith("network") ? "network" : "external";
}

/** The status bar. */
export function StatusBar(props: { app: App }): JSX.Element {
  const { app } = props;
  const { t } = app;
  const run = (command: string) => () => void app.commands.run(command);
  const counts = createMemo(() => {
    const all = app.problems();
    const errors = all.filter((each) => each.severity === "error").length;
    const warnings = all.filter((each) => each.severity === "warning").length;
    return { errors, warnings };
  });
  const model = createMemo(() => {
    const known = app.models();
    if (!known) return null;
    const wanted = app.settings.get("agent.model") || known.default;
    return known.models.find((each) => each.name === wanted) ?? null;
  });
  const crossings = createMemo(() => {
    const { count, denied } = app.crossings();
    return denied > 0
      ? t("status.crossingsDenied", { count, denied })
      : t("status.crossings", { count });
  });
  return (
    <footer
      class="status"
      classList={{ offline: !app.connected() }}
      aria-label={t("workbench.status")}
    >
      <div class="status-left">
        <Show when={!app.connected()}>
          <Item
            icon="unlink"
            text={t("status.offline")}
            tip={t("connection.retry")}
            run={() => app.client.retry()}
          />
        </Show>
        <Show when={app.git()}>
          {(git) => (
            <Item
              icon="branch"
              text={`${git().branch ?? git().head ?? t("status.noBranch")}${git().changes.length > 0 ? "*" : ""}${
                git().ahead ? ` ↑${git().ahead}` : ""
              }${git().behind ? ` ↓${git().behind}` : ""}`}
              tip={t("status.branch", { name: git().branch ?? t("status.noBranch") })}
              run={run("git.checkout")}
            />
          )}
        </Show>
        <button
          type="button"
          class="status-item"
          title={t("status.problems", counts())}
          onClick={run("workbench.actions.view.problems")}
        >
          <Icon name="error" size={14} />
          <span aria-hidden="true">{counts().errors}</span>
          <Icon name="warning" size={14} />
          <span aria-hidden="true">{counts().warnings}</span>
          <span class="visually-hidden">{t("status.problems", counts())}</span>
        </button>
        <Item
          icon="boundary"
          text={app.setup().boundary}
          tip={t("status.boundary", { text: app.setup().boundary })}
          run={() => app.host.openView("boundary")}
          shrink
        />
        <Item
          icon="arrow-right"
          text={crossings()}
          tip={t("status.crossingsTip")}
          run={() => app.host.openView("boundary")}
        />
      </div>
      <div class="status-right">
        <Show when={app.chord()}>{(chord) => <Item text={chord()} tip={chord()} />}</Show>
        <EditorItems app={app} />
        <GhostItem app={app} />
        <Show when={model()}>
          {(found) => (
            <Item
              text={
                <span style={{ display: "inline-flex", "align-items": "center", gap: "5px" }}>
                  <span class={`zone-dot ${zoneKind(found().zone)}`} />
                  {found().title}
                  <span>· {found().zone}</span>
                </span>
              }
              tip={t("status.model", { model: found().title, zone: found().zone })}
              run={run("moat.agent.pickModel")}
            />
          )}
        </Show>
      </div>
    </footer>
  );
}

/** How inline completion stands for the active editor. */
function GhostItem(props: { app: App }): JSX.Element {
  const { app } = props;
  const { t } = app;
  const told = createMemo((): { icon: IconName; tip: string } | null => {
    app.cursor();
    const language = app.widget()?.editor.getModel()?.getLanguageId();
    const kit = app.kit();
    if (!language || !kit) return null;
    if (!app.settings.get("completion.enabled")) return { icon: "pause", tip: t("completion.off") };
    if (languagesIn(app.settings.get("completion.languagesOff")).includes(language))
      return {
        icon: "pause",
        tip: t("completion.offFor", { language: kit.languageTitle(language) }),
      };
    const state = app.ghost.state();
    switch (state.kind) {
      case "ready":
        return { icon: "edit", tip: t("completion.ready") };
      case "asking":
        return { icon: "edit", tip: t("completion.asking") };
      case "loading":
        return { icon: "clock", tip: t("completion.loading") };
      case "withheld":
        return { icon: "lock", tip: t("completion.withheld") };
      case "failed": {
        const { error, hint } = state.report;
        return {
          icon: "warning",
          tip: t("completion.failed", { error: hint ? `${error}. ${hint}` : error }),
        };
      }
    }
  });
  return (
    <Show when={told()}>
      {(found) => (
        <button
          type="button"
          class="status-item status-ghost"
          data-ghost={app.ghost.state().kind}
          title={found().tip}
          aria-label={found().tip}
          onClick={() => void app.commands.run("moat.completion.options")}
        >
          <Icon name={found().icon} size={14} />
          <span>{t("completion.name")}</span>
        </button>
      )}
    </Show>
  );
}

/** How servers are, what is best first. */
const STANDINGS = ["ready", "starting", "waiting", "given_up", "idle", "missing"] as const;

const WORDS = {
  ready: "language.ready",
  starting: "language.starting",
  waiting: "language.waiting",
  given_up: "language.gone",
  idle: "language.idle",
  missing: "language.missingShort",
} as const;

/** What the active editor's file is. */
function EditorItems(props: { app: App }): JSX.Element {
  const { app } = props;
  const { t } = app;
  const run = (command: string) => () => void app.commands.run(command);
  const info = createMemo(() => {
    app.cursor();
    const model = app.widget()?.editor.getModel();
    const kit = app.kit();
    if (!model || !kit) return null;
    const { insertSpaces, tabSize } = model.getOptions();
    return {
      language: kit.languageTitle(model.getLanguageId()),
      indent: t(insertSpaces ? "status.indent" : "status.tabs", { size: tabSize }),
    };
  });
  const server = createMemo(() => {
    const all = activeServers(app);
    const one = STANDINGS.flatMap((each) => all.find(({ standing }) => standing === each) ?? [])[0];
    if (!one) return null;
    const off = one.program && app.language.servers()?.allowed !== true;
    const state = t(off ? "language.off" : WORDS[one.standing]);
    const tip = `${t("language.state", { name: one.name, state })}${one.trouble ? `: ${one.trouble}` : ""}`;
    return {
      text: one.standing === "ready" ? one.name : t("language.state", { name: one.name, state }),
      tip,
    };
  });
  return (
    <Show when={app.widget() && app.cursor()}>
      {(cursor) => (
        <>
          <Item
            text={
              t("status.position", { line: cursor().line, column: cursor().column }) +
              (cursor().selected ? ` (${t("status.selected", { count: cursor().selected })})` : "")
            }
            tip={t("status.goToLine")}
            run={run("workbench.action.gotoLine")}
          />
          <Show when={info()}>
            {(found) => (
              <Item
                text={found().indent}
                tip={t("status.pickIndent")}
                run={run("moat.editor.indentation")}
              />
            )}
          </Show>
          <Show when={app.document()?.model && app.document()}>
            {(document) => (
              <>
                <Item
                  text={ENCODINGS[document().encoding()]}
                  tip={t("status.encoding")}
                  run={run("workbench.action.editor.changeEncoding")}
                />
                <Item
                  text={
                    document().lineEnding() === "mixed"
                      ? t("status.mixed")
                      : ENDINGS[document().lineEnding() as "lf"]
                  }
                  tip={t("status.lineEnding")}
                  run={run("workbench.action.editor.changeEOL")}
                />
              </>
            )}
          </Show>
          <Show when={server()}>
            {(found) => (
              <Item
                icon="server"
                text={found().text}
                tip={found().tip}
                run={run("moat.language.servers")}
              />
            )}
          </Show>
          <Show when={info()}>
            {(found) => (
              <Item
                text={found().language}
                tip={t("status.language")}
                run={run("workbench.action.editor.changeLanguageMode")}
              />
            )}
          </Show>
        </>
      )}
    </Show>
  );
}
