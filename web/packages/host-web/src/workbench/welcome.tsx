// SPDX-License-Identifier: Apache-2.0
// What is shown where no editor is open: where one is, what can be begun, and what was open.

import { FileIcon, Icon, type IconName } from "@moat/panels/ui/index.ts";
import type { MessageKey } from "@moat/panels/i18n.ts";
import { For, type JSX, Show } from "solid-js";
import type { App } from "../app.ts";
import { nameOf, parentOf } from "../paths.ts";

const RECENT_MOST = 7;

const STARTS: { icon: IconName; title: MessageKey; command: string }[] = [
  { icon: "search", title: "welcome.openFile", command: "workbench.action.quickOpen" },
  { icon: "file-add", title: "welcome.newFile", command: "workbench.action.files.newUntitledFile" },
  { icon: "agent", title: "welcome.agent", command: "moat.agent.focus" },
  {
    icon: "terminal",
    title: "welcome.terminal",
    command: "workbench.action.terminal.toggleTerminal",
  },
  { icon: "list", title: "welcome.palette", command: "workbench.action.showCommands" },
];

/** The welcome. */
export function Welcome(props: { app: App }): JSX.Element {
  const { app } = props;
  return (
    <div class="welcome">
      <div class="welcome-inner">
        <h1>{app.setup().name}</h1>
        <p class="where selectable">{app.setup().workspace}</p>
        <div class="welcome-columns">
          <section>
            <h2>{app.t("welcome.start")}</h2>
            <ul>
              <For each={STARTS}>
                {(start) => (
                  <li>
                    <button
                      type="button"
                      class="welcome-link"
                      onClick={() => void app.commands.run(start.command)}
                    >
                      <Icon name={start.icon} />
                      <span class="label">{app.t(start.title)}</span>
                      <Show when={app.commands.keysOf(start.command)}>
                        {(keys) => <kbd>{keys()}</kbd>}
                      </Show>
                    </button>
                  </li>
                )}
              </For>
            </ul>
          </section>
          <section>
            <h2>{app.t("welcome.recent")}</h2>
            <Show
              when={app.recent().length > 0}
              fallback={<p class="faint">{app.t("welcome.recentNone")}</p>}
            >
              <ul>
                <For each={app.recent().slice(0, RECENT_MOST)}>
                  {(path) => (
                    <li>
                      <button
                        type="button"
                        class="welcome-link"
                        title={path}
                        onClick={() => void app.host.openFile(path)}
                      >
                        <FileIcon name={nameOf(path)} />
                        <span class="label">
                          {nameOf(path)} <span class="faint">{parentOf(path)}</span>
                        </span>
                      </button>
                    </li>
                  )}
                </For>
              </ul>
            </Show>
          </section>
        </div>
        <button
          type="button"
          class="welcome-boundary"
          onClick={() => app.host.openView("boundary")}
        >
          <Icon name="boundary" size={20} />
          <span style={{ "text-align": "left" }}>
            <strong>{app.t("welcome.boundary")}</strong>
            <p>{app.setup().boundary}</p>
          </span>
        </button>
      </div>
    </div>
  );
}
