// SPDX-License-Identifier: Apache-2.0
// Makes the pictures of docs/ide.md from the real program: a home with a project, the real server, and a model that answers by
// a script. A picture that would be too large fails.
//
//   node scripts/docs-shots.mjs [NAME…]     MOAT names the program. `chinese` needs a font (fonts-wqy-zenhei).

import { mkdirSync, statSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { ask, askForRepair } from "../e2e/flows/agent.mjs";
import { goTo } from "../e2e/flows/ghost.mjs";
import { openTerminal } from "../e2e/flows/tools.mjs";
import { Home, openFile, openPage, REPAIR, see, startBrowser, until } from "../e2e/harness.mjs";

const DIRECTORY = fileURLToPath(new URL("../../docs/images/", import.meta.url));
const BYTES_MOST = 190 * 1024;
const wanted = process.argv.slice(2);

const at = (page, line) =>
  page.keyboard.press("Control+g").then(async () => {
    await page.waitForSelector(".palette");
    await page.keyboard.type(String(line));
    await page.keyboard.press("Enter");
  });
const tests = async (page) => {
  await openTerminal(page);
  await page.keyboard.type("python3 -m unittest\n");
  await page.waitForFunction(() =>
    /(FAILED|OK)/.test(document.querySelector(".xterm-rows")?.textContent ?? ""),
  );
};
const set = async (page, name, value) => {
  await page.keyboard.press("Control+,");
  await page.waitForSelector(".settings-list");
  await page.locator(`select[aria-label="${name}"]`).selectOption(value);
};
const closeTab = (page) => page.keyboard.press("Control+F4");

const SHOTS = {
  welcome: async () => undefined,
  editor: async (page) => {
    await openFile(page, "calc.py");
    await page.locator(".tree .row", { hasText: "tally" }).click();
    await page.locator(".tab", { hasText: "calc.py" }).click();
    await at(page, 11);
  },
  terminal: async (page) => {
    await openFile(page, "test_calc.py");
    await tests(page);
  },
  agent: async (page, home) => {
    await openFile(page, "calc.py");
    const pieces = REPAIR.match(/[\s\S]{1,6}/g);
    // The answer stops half way, so that the picture shows the agent at work.
    home.model.script([{ pieces: pieces.slice(0, 60), pauseMs: 5, stays: true }]);
    await ask(page, "/check python3 -m unittest");
    await see(page, ".ag-chips", "python3 -m unittest");
    await ask(page, "total is wrong, repair it");
    await until("the model's words", async () =>
      (await page.locator(".ag-panel").textContent()).includes("Nothing is rounded"),
    );
  },
  review: async (page) => {
    await askForRepair(page);
    await page.locator('.rv-bar button[aria-label="Review changes"]').click();
    await page.waitForSelector(".rv-hunk");
  },
  pending: async (page) => {
    await askForRepair(page);
    await openFile(page, "calc.py");
    await page.waitForSelector(".pending-bar");
  },
  ghost: async (page) => {
    await openFile(page, "calc.py");
    await goTo(page, 17);
    await page.keyboard.type("\n\ndef mean(values):\nr");
    await page.waitForSelector(".ghost-text-decoration");
  },
  languages: async (page) => {
    await openFile(page, "calc.py");
    const start = page.locator(".toast button", { hasText: "Start language servers here" });
    await start.click();
    await page.waitForFunction(() =>
      [...document.querySelectorAll(".status-item")].some((each) => each.textContent === "pyright"),
    );
    await goTo(page, 17);
    await page.keyboard.type('\n\nwrong: int = "no"\n');
    await page.waitForSelector(".monaco-editor .squiggly-error");
    await page.keyboard.type("tot");
    await page.keyboard.press("Control+Space");
    await page.waitForSelector(".suggest-widget .monaco-list-row");
  },
  scm: async (page, home) => {
    home.put("calc.py", home.read("calc.py").replace("result -= value", "result += value"));
    home.put("NOTES.md", "# Notes\n");
    await page.keyboard.press("Control+Shift+g");
    const entry = page.locator(".scm-changes .row", { hasText: "calc.py" });
    await entry.click();
    await page.waitForSelector(".monaco-diff-editor .line-insert");
  },
  search: async (page) => {
    await openFile(page, "calc.py");
    await page.keyboard.press("Control+Shift+f");
    await page.waitForFunction(() => document.activeElement?.closest(".search-fields") !== null);
    await page.keyboard.type("double");
    await page.waitForSelector(".search-line");
  },
  boundary: async (page) => {
    await askForRepair(page);
    await openFile(page, "calc.py");
    await page.keyboard.press("Control+Shift+b");
    await page.waitForSelector(".bd-crossings .row");
    await page.waitForSelector(".bd-protections li");
  },
  settings: async (page) => {
    await page.keyboard.press("Control+,");
    await page.waitForSelector(".settings-list");
  },
  palette: async (page) => {
    await openFile(page, "calc.py");
    await page.keyboard.press("F1");
    await page.waitForSelector(".palette .row");
    await page.keyboard.type("toggle");
    await page.waitForSelector(".palette .matched");
  },
  light: async (page) => {
    await set(page, "Theme", "light");
    await closeTab(page);
    await askForRepair(page);
    await openFile(page, "calc.py");
    await page.waitForSelector(".pending-bar");
  },
  contrast: async (page) => {
    await set(page, "Theme", "contrast");
    await closeTab(page);
    await openFile(page, "calc.py");
    await tests(page);
  },
  chinese: async (page) => {
    await askForRepair(page);
    await openFile(page, "calc.py");
    await set(page, "Language", "zh");
    await page.waitForFunction(() => document.documentElement.lang.startsWith("zh"));
  },
};

/** What a picture needs of its home. */
const HOMES = {
  ghost: {
    settings: { "completion.enabled": true },
    rules: [{ when: "return", text: "eturn total(values) / len(values)" }],
  },
  languages: { servers: true },
};

mkdirSync(DIRECTORY, { recursive: true });
const browser = await startBrowser(["--hide-scrollbars=false"]);
let bad = 0;
for (const [name, shoot] of Object.entries(SHOTS)) {
  if (wanted.length > 0 && !wanted.includes(name)) continue;
  const home = await Home.make(HOMES[name]);
  try {
    await home.serve();
    const { page, context, problems } = await openPage(browser, home.link);
    await until("the branch", async () =>
      (await page.locator(".status").textContent()).includes("main"),
    );
    await shoot(page, home).catch((error) => problems.push(String(error)));
    const path = join(DIRECTORY, `ide-${name}.png`);
    // Notices come and go; the cursor blinks.
    await page
      .locator(".toast")
      .first()
      .waitFor({ state: "detached" })
      .catch(() => undefined);
    await page.screenshot({ path, animations: "disabled", caret: "hide" });
    const { size } = statSync(path);
    if (size > BYTES_MOST) problems.push(`${size} bytes are more than ${BYTES_MOST}`);
    console.log(`${name}: ${size} bytes`);
    for (const problem of problems) console.error(`  ${name}: ${problem}`);
    bad += problems.length;
    await context.close();
  } finally {
    await home.close();
  }
}
await browser.close();
process.exit(bad > 0 ? 1 : 0);
