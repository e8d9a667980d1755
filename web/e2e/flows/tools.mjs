// SPDX-License-Identifier: Apache-2.0
// Terminals and source control.

import { command, editorText, holds, openFile, same, see, until, usable } from "../harness.mjs";

const rows = (page) =>
  page.evaluate(() =>
    [...document.querySelectorAll(".terminal-group:not([hidden]) .xterm-rows")]
      .map((screen) =>
        [...screen.children]
          .map((row) => row.textContent.replaceAll("\u00a0", " ").trimEnd())
          .join("\n"),
      )
      .join("\n"),
  );
const printed = (page, text) =>
  until(`“${text}” in the terminal`, async () => (await rows(page)).split("\n").includes(text));
const inTerminal = (page) =>
  page.waitForFunction(() => document.activeElement?.closest(".terminal-screen") !== null);

/** Opens the panel of terminals, and waits for a prompt. */
export async function openTerminal(page) {
  await page.keyboard.press("Control+`");
  await inTerminal(page);
  await until("a prompt", async () => /[$#] ?$/.test((await rows(page)).trimEnd()));
}

/** A shell of the user's own, which outlives the page. */
export async function terminal({ home: make, open }) {
  const home = await make();
  const { page } = await open(home.link);
  await openTerminal(page);
  await page.keyboard.type("echo moat-$((40+2))\n");
  await printed(page, "moat-42");
  await page.keyboard.type("cat > typed.txt\nby hand\n");
  await page.keyboard.press("Control+d");
  await until(
    "what was typed on disk",
    () => home.has("typed.txt") && home.read("typed.txt") === "by hand\n",
  );

  await page.reload();
  await usable(page);
  await printed(page, "moat-42");
  await page.locator(".terminal-screen").first().click();
  await inTerminal(page);
  await page.keyboard.type("echo still-$((1+1))\n");
  await printed(page, "still-2");

  await page.locator('.terminal-actions button[aria-label^="New terminal"]').click();
  await page.waitForFunction(() => document.querySelectorAll(".terminal-tab").length === 2);
  await inTerminal(page);
  await until("a second prompt", async () => /[$#] ?$/.test((await rows(page)).trimEnd()));
  holds("the second is another", !(await rows(page)).includes("still-2"));
  await page.keyboard.type("exit 3\n");
  await see(page, ".terminal-ended", "ended with 3");
  await page.locator(".terminal-ended button", { hasText: "Close" }).click();
  await page.waitForFunction(() => document.querySelectorAll(".terminal-tab").length === 1);
  await printed(page, "still-2");
}

/** What was changed is listed, compared, staged and committed; branches are switched. */
export async function scm({ home: make, open }) {
  const home = await make();
  const { page } = await open(home.link);
  await openFile(page, "calc.py");
  await page.keyboard.press("Control+Home");
  await page.keyboard.type("# changed here\n");
  await page.keyboard.press("Control+s");
  home.put("new.txt", "new\n");
  await page.keyboard.press("Control+Shift+g");
  const entry = page.locator(".scm-changes .row", { hasText: "calc.py" });
  await entry.waitFor();
  await see(page, ".scm-changes .row", "new.txt");
  await see(page, ".tree .row .entry.modified, .entry.modified", "calc.py", { state: "attached" });
  await entry.click();
  await page.waitForSelector(".monaco-diff-editor .line-insert");
  await until("the changed line in the comparison", async () =>
    (await editorText(page)).includes("# changed here"),
  );

  await entry.hover();
  await entry.locator('button[aria-label="Stage"]').click();
  await see(page, ".scm-changes .row.row", "Staged");
  await until(
    "calc.py is staged",
    () => home.git("diff", "--cached", "--name-only") === "calc.py\n",
  );
  await page.locator(".scm-message textarea").fill("Say what changed\n\nWith a body.");
  await page.locator(".scm-commit-button").click();
  await until(
    "the commit",
    () => home.git("log", "-1", "--format=%B").trim() === "Say what changed\n\nWith a body.",
  );
  same("what was committed", home.git("show", "--name-only", "--format=").trim(), "calc.py");
  same("what was not", home.git("status", "--porcelain").trim(), "?? new.txt");
  await see(page, ".scm-history-section", "Say what changed");

  // Who changed a line last stands behind it, where that is wanted.
  await openFile(page, "calc.py");
  await page.keyboard.press("Control+Home");
  await command(page, "Toggle blame");
  await see(page, ".blame-note", "Ada");
  await see(page, ".blame-note", "Say what changed");
  await page.keyboard.press("ArrowDown");
  await see(page, ".blame-note", "Begin");
  await page.keyboard.type(" ");
  await page.waitForSelector(".blame-note", { state: "detached" });
  await page.keyboard.press("Control+z");
  await see(page, ".blame-note", "Begin");
  await command(page, "Toggle blame");
  await page.waitForSelector(".blame-note", { state: "detached" });

  home.git("branch", "other");
  await page.locator(".scm-branch").click();
  await page.waitForSelector(".palette");
  await page.keyboard.type("other");
  await page.waitForFunction(
    () => document.querySelector(".palette .row .main")?.textContent === "other",
  );
  await page.keyboard.press("Enter");
  await until("the branch on disk", () => home.git("branch", "--show-current").trim() === "other");
  await see(page, ".scm-branch", "other");
  await see(page, ".status", "other");
}
