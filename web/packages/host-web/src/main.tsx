// SPDX-License-Identifier: Apache-2.0
// Where the page begins: it connects, asks for everything to begin with, and draws.

import { Client, type Setup } from "@moat/proto";
import "dockview/dist/styles/dockview.css";
import "@moat/panels/theme.css";
import "@moat/panels/ui/ui.css";
import "./shell.css";
import "./editor/pending.css";
import { createTranslator, preferred } from "@moat/panels/i18n.ts";
import { render } from "solid-js/web";
import { createApp, localeOf } from "./app.ts";
import { registerAll } from "./commands/all.ts";
import { reportOf } from "./editor/documents.ts";
import { follow } from "./follow.ts";
import { createArea, Failed, Workbench } from "./workbench/workbench.tsx";

async function begin(): Promise<void> {
  const root = document.getElementById("app");
  if (!root) return;
  const client = Client.ofPage();
  client.connect();
  let setup: Setup;
  try {
    const opened = await client.ask({ service: "desk", query: "open" });
    if (opened.reply !== "opened") return;
    setup = opened;
  } catch (error) {
    const words = createTranslator();
    await words.use(preferred(navigator.languages));
    const report = reportOf(error);
    const detail = [report.error, ...report.causes, report.hint ?? ""].filter(Boolean).join(": ");
    render(
      () => <Failed title={words.t("app.failed")} detail={detail} again={words.t("app.reload")} />,
      root,
    );
    return;
  }
  const app = createApp(client, setup);
  await app.translator.use(localeOf(app.settings));
  registerAll(app);
  render(() => {
    createArea(app);
    follow(app);
    return <Workbench app={app} />;
  }, root);
}

void begin();
