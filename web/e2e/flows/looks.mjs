// SPDX-License-Identifier: Apache-2.0
// How it looks and how it is reached: themes, languages, keys, accessibility, small windows and large workspaces.

import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { holds, openFile, same, see, until, usable } from "../harness.mjs";
import { askForRepair } from "./agent.mjs";
import { openTerminal } from "./tools.mjs";

const AXE = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
const THEMES = ["light", "dark", "contrast"];

const openSettings = async (page) => {
  await page.keyboard.press("Control+,");
  await page.waitForSelector(".settings-list");
};
const theme = (page, wanted) =>
  page.waitForFunction((name) => document.documentElement.dataset.theme === name, wanted);
const background = (page) => page.evaluate(() => getComputedStyle(document.body).backgroundColor);

/** Themes, the language and keys are changed in the settings, and stay. */
export async function settings({ home: make, open }) {
  const home = await make();
  const { page } = await open(home.link);
  await openSettings(page);
  const seen = new Set();
  for (const name of THEMES) {
    await page.locator('select[aria-label="Theme"]').selectOption(name);
    await theme(page, name);
    await page.reload();
    await usable(page);
    await theme(page, name);
    seen.add(await background(page));
    await page.waitForSelector(".settings-list");
  }
  same("the themes differ", seen.size, THEMES.length);

  await page.locator('select[aria-label="Language"]').selectOption("zh");
  await page.waitForFunction(() => document.documentElement.lang.startsWith("zh"));
  await see(page, ".status, .settings-list", "主题");
  await page.reload();
  await usable(page);
  await see(page, ".settings-list", "主题");
  await page.locator(".settings-list select").nth(1).selectOption("en");
  await see(page, ".settings-list", "Theme");

  await page.keyboard.press("F1");
  await page.waitForSelector(".palette");
  await page.keyboard.type("toggle side bar");
  await page.waitForFunction(() =>
    document.querySelector(".palette .row .main")?.textContent.toLowerCase().includes("side bar"),
  );
  same(
    "the keys in the palette",
    (await page.locator(".palette .row kbd").first().textContent()).replaceAll(" ", ""),
    "Ctrl+B",
  );
  await page.keyboard.press("Escape");
  await page.waitForSelector(".palette", { state: "detached" });

  await page.keyboard.press("Control+k");
  await page.keyboard.press("Control+s");
  await page.waitForSelector(".keys-table");
  await page.locator('input[aria-label="Search commands and keys"]').fill("toggle side bar");
  await page.waitForFunction(() => document.querySelectorAll(".keys-table tbody tr").length === 1);
  await page.locator(".keys-table .keys-deeds button").first().click();
  await page.waitForFunction(() => document.activeElement?.matches(".keys-field"));
  await page.keyboard.press("Control+Alt+9");
  await page.keyboard.press("Enter");
  await page.waitForSelector(".keys-field", { state: "detached" });
  await page.reload();
  await usable(page);
  await page.keyboard.press("Control+Alt+9");
  await page.locator('aside[aria-label="Side bar"]').waitFor({ state: "hidden" });
  await page.keyboard.press("Control+Alt+9");
  await page.locator('aside[aria-label="Side bar"]').waitFor({ state: "visible" });
}

async function audit(page, screen, found) {
  const result = await page.evaluate(async () => {
    const { violations } = await window.axe.run(document, { resultTypes: ["violations"] });
    return violations
      .filter((each) => ["serious", "critical"].includes(each.impact))
      .map(
        (each) =>
          `${each.id}: ${each.nodes
            .slice(0, 3)
            .map((node) => `${node.target.join(" ")} [${node.any[0]?.message ?? ""}]`)
            .join("; ")}`,
      );
  });
  found.push(...result.map((each) => `${screen}: ${each}`));
}

/** No serious finding on any screen in any theme. */
export async function accessible({ home: make, open }) {
  const home = await make();
  const { page } = await open(home.link);
  const found = [];
  // Through the debugger's door: the page's own policy lets nobody add a script.
  const look = async (screen) => {
    await page.evaluate(AXE);
    await audit(page, screen, found);
  };
  await look("welcome");
  await openFile(page, "calc.py");
  await openTerminal(page);
  await askForRepair(page);
  const set = async (name) => {
    await openSettings(page);
    await page.locator('select[aria-label="Theme"]').selectOption(name);
    await theme(page, name);
    await look(`settings ${name}`);
    await page.keyboard.press("Control+F4");
  };
  for (const name of THEMES) {
    await set(name);
    await page.keyboard.press("Control+Shift+e");
    await page.locator(".tab", { hasText: "calc.py" }).click();
    await look(`editor, terminal and agent ${name}`);
    await page.keyboard.press("Control+Shift+f");
    await page.waitForFunction(() => document.activeElement?.closest(".search-fields") !== null);
    await page.keyboard.press("Control+a");
    await page.keyboard.type("total");
    await page.waitForSelector(".search-line");
    await look(`search ${name}`);
    await page.keyboard.press("Control+Shift+g");
    await page.waitForSelector(".scm-commit");
    await look(`source control ${name}`);
    await page.keyboard.press("Control+Shift+b");
    await page.waitForSelector(".bd-protections li");
    await look(`boundary ${name}`);
    await page.locator('.rv-bar button[aria-label="Review changes"]').click();
    await page.waitForSelector(".rv-hunk");
    await look(`review ${name}`);
    await page.keyboard.press("Control+F4");
    await page.keyboard.press("F1");
    await page.waitForSelector(".palette .row");
    await look(`palette ${name}`);
    await page.keyboard.press("Escape");
    await page.waitForSelector(".palette", { state: "detached" });
  }
  if (found.length > 0) throw new Error(`findings:\n${[...new Set(found)].join("\n")}`);
}

/** Tab and F6 lead to every part. */
export async function keyboard({ home: make, open }) {
  const home = await make();
  const { page } = await open(home.link);
  await openFile(page, "calc.py");
  await openTerminal(page);
  same("the terminals after the first Ctrl+`", await page.locator(".terminal-screen").count(), 1);
  await page.reload();
  await page.waitForSelector(".shell", { state: "attached" });
  await page.keyboard.press("Control+`");
  await usable(page);
  await page.waitForFunction(() => document.activeElement?.closest(".terminal-screen") !== null);
  same(
    "the terminals after a reload and Ctrl+`",
    await page.locator(".terminal-screen").count(),
    1,
  );
  await page.keyboard.press("Control+Alt+i");
  await page.waitForFunction(() => document.activeElement?.closest(".ag-composer") !== null);
  const parts = {
    ".activity": "the activity bar",
    ".side": "the side bar",
    ".panel-tabs": "the panel",
    ".ag-composer": "the composer",
  };
  const here = () =>
    page.evaluate(
      (all) => all.filter((each) => document.activeElement?.closest(each)),
      Object.keys(parts),
    );
  const reached = new Set();
  await page.locator(".title-find").focus();
  // A terminal and an editor take Tab for themselves; F6 leads out of them.
  for (let step = 0; step < 120 && reached.size < Object.keys(parts).length; step++) {
    const inside = await page.evaluate(
      () => document.activeElement?.closest(".monaco-editor, .terminal-screen") !== null,
    );
    await page.keyboard.press(inside ? "F6" : "Tab");
    for (const part of await here()) reached.add(part);
  }
  for (const [part, name] of Object.entries(parts))
    holds(`Tab does not reach ${name}`, reached.has(part));
  const visited = new Set();
  for (let step = 0; step < 12; step++) {
    await page.keyboard.press("F6");
    const part = await page.evaluate(
      (all) =>
        all.find((each) => document.activeElement?.closest(each)) ??
        document.activeElement?.className,
      [".monaco-editor", ".terminal-screen", ".ag-panel", ".activity", ".tree"],
    );
    visited.add(part);
  }
  for (const part of [".monaco-editor", ".terminal-screen", ".ag-panel"]) {
    holds(`F6 does not reach ${part}, only ${[...visited]}`, visited.has(part));
  }
}

/** A small window shows everything that is needed. */
export async function narrow({ home: make, open }) {
  const home = await make();
  const { page } = await open(home.link, { size: { width: 1024, height: 700 } });
  await openFile(page, "calc.py");
  await openTerminal(page);
  await askForRepair(page);
  const size = async (selector) =>
    (await page.locator(selector).first().boundingBox()) ?? { x: 0, y: 0, width: 0, height: 0 };
  for (const [selector, least] of [
    [".editors .monaco-editor", 200],
    [".ag-composer", 240],
    [".tree", 140],
    [".terminal-screen", 200],
  ]) {
    const box = await size(selector);
    holds(
      `${selector} is ${box.width} wide at ${box.x}`,
      box.width >= least && box.x >= 0 && box.x + box.width <= 1024.5,
    );
  }
  const over = await page.evaluate(() => [
    document.documentElement.scrollWidth - innerWidth,
    document.documentElement.scrollHeight - innerHeight,
  ]);
  holds(
    `the page scrolls by ${over}`,
    over.every((each) => each <= 0),
  );
  await page.locator('.rv-bar button[aria-label="Review changes"]').click();
  await page.waitForSelector(".rv-hunk");
  await page.locator(".rv-head-actions button", { hasText: "Keep all" }).click();
  await until("the change on disk", () => home.read("calc.py").includes("result += value"));
}
