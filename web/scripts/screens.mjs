// SPDX-License-Identifier: Apache-2.0
// The screens of which pictures are made, and how each is reached.

import { appendFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";

/** Opens a file by its name. */
export async function openFile(page, name) {
  await page.keyboard.press("Control+p");
  await page.waitForSelector(".palette");
  await page.keyboard.type(name);
  await page.waitForFunction((wanted) => document.querySelector(".palette .row .main")?.textContent === wanted, name.split("/").pop());
  await page.keyboard.press("Enter");
  await page.waitForSelector(".monaco-editor .view-line span");
}

const edit = async (page) => {
  await openFile(page, "money.py");
  await page.waitForTimeout(300);
};

export const SCREENS = {
  "01-welcome": { run: (page) => page.waitForSelector(".tree .row") },
  "02-editor": {
    run: async (page) => {
      await edit(page);
      await page.click('.tree .row:has-text("web")');
      await openFile(page, "session.ts");
      await page.keyboard.press("Control+g");
      await page.keyboard.type("14");
      await page.keyboard.press("Enter");
    },
  },
  "03-palette": {
    run: async (page) => {
      await edit(page);
      await page.keyboard.press("Control+Shift+p");
      await page.keyboard.type("edit");
    },
  },
  "04-quick-open": {
    many: 100000,
    run: async (page) => {
      await page.keyboard.press("Control+p");
      await page.keyboard.type("file12");
      await page.waitForSelector(".palette .row .matched");
    },
  },
  "05-light-split": {
    settings: { "workbench.theme": "light" },
    run: async (page) => {
      await edit(page);
      await page.keyboard.press("Control+\\");
      await openFile(page, "ledger.py");
      await page.keyboard.type("# unsaved\n");
    },
  },
  "06-contrast": { settings: { "workbench.theme": "contrast" }, run: edit },
  "07-chinese": {
    settings: { "workbench.language": "zh" },
    run: async (page) => {
      await edit(page);
      await page.click(".monaco-editor .view-lines", { button: "right" });
    },
  },
  "08-conflict": {
    run: async (page, server) => {
      await edit(page);
      await page.keyboard.type("# mine\n");
      appendFileSync(join(server.root, "tally/money.py"), "\n# theirs\n");
      await page.waitForSelector(".bar.warning");
      await page.keyboard.press("Control+s");
      await page.waitForSelector(".dialog");
    },
  },
  "09-lost": {
    run: async (page, server) => {
      await edit(page);
      await server.stop();
      await page.waitForSelector(".banner");
    },
  },
  "10-diff": {
    run: async (page) => {
      await edit(page);
      await page.keyboard.type("# mine\n");
      await page.keyboard.press("Control+k");
      await page.keyboard.press("d");
      await page.waitForSelector(".monaco-diff-editor .line-insert");
    },
  },
  "11-narrow": { size: { width: 1024, height: 700 }, run: edit },
  "12-rename": {
    run: async (page) => {
      await page.click('.tree .row:has-text("tally")');
      await page.click('.tree .row:has-text("money.py")');
      await page.keyboard.press("F2");
      await page.waitForSelector(".entry input");
      await page.keyboard.type("ledger");
    },
  },
  "13-trash": {
    run: async (page) => {
      await page.click('.tree .row:has-text("trip.txt")');
      await page.keyboard.press("Delete");
      await page.waitForSelector(".toast");
    },
  },
  "14-large": {
    before: (server) => writeFileSync(join(server.root, "big.log"), "a line of a long file\n".repeat(3_000_000)),
    run: async (page) => {
      await page.click('.tree .row:has-text("big.log")');
      await page.waitForSelector(".editors .pane .row");
    },
  },
  "15-menu": {
    run: async (page) => {
      await page.waitForSelector(".tree .row");
      await page.click('.tree .row:has-text("README.md")', { button: "right" });
      await page.waitForSelector(".menu");
    },
  },
  "16-agent": {
    run: async (page) => {
      await edit(page);
      await page.click('aside[aria-label="Agent"] textarea');
      await page.keyboard.type("Fix the failing test");
      await page.keyboard.press("Enter");
      const approve = page.locator('aside[aria-label="Agent"]').getByRole("button", { name: /Allow|Approve|Run once|once/i });
      await approve.first().click();
      await page.waitForSelector(".pending-bar");
      await page.waitForTimeout(500);
    },
  },
  "17-terminal": {
    run: async (page) => {
      await edit(page);
      await page.keyboard.press("Control+`");
      await page.waitForSelector(".xterm-rows");
      await page.waitForTimeout(1500);
      await page.keyboard.type("python3 -m unittest -q");
      await page.keyboard.press("Enter");
      await page.waitForTimeout(2000);
    },
  },
  "18-settings": {
    run: async (page) => {
      await page.keyboard.press("Control+,");
      await page.waitForSelector(".settings");
    },
  },
  "19-restored": {
    run: async (page, server) => {
      await edit(page);
      await page.keyboard.type("# never saved\n");
      await openFile(page, "ledger.py");
      for (let tries = 0; server.services.desk.buffers.size === 0 && tries < 50; tries++) await page.waitForTimeout(100);
      await page.waitForTimeout(800);
      await page.reload();
      await page.waitForSelector(".tab.dirty");
      await page.click('.tab:has-text("money.py")');
      await page.waitForFunction(() => document.querySelector(".view-lines")?.textContent?.includes("never"));
    },
  },
  "20-scm": {
    run: async (page) => {
      await page.keyboard.press("Control+Shift+g");
      await page.waitForTimeout(1500);
    },
  },
};
