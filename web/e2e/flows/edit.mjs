// SPDX-License-Identifier: Apache-2.0
// Files: opened, changed, saved, in conflict, made, renamed, thrown away; searched and replaced.

import {
  command,
  editorText,
  holds,
  openFile,
  same,
  see,
  until,
  usable,
  WRONG,
} from "../harness.mjs";

const dirty = (page) => page.waitForSelector(".tab.dirty");
const clean = (page) => page.waitForFunction(() => document.querySelector(".tab.dirty") === null);

/** What is typed is marked, saved, kept over a reload, and never silently lost to another writer. */
export async function edit({ home: make, open }) {
  const home = await make();
  const { page } = await open(home.link);
  await openFile(page, "calc.py");
  await page.keyboard.press("Control+Home");
  await page.keyboard.type("# first\n");
  await dirty(page);
  same("the file before it is saved", home.read("calc.py"), WRONG);
  await page.keyboard.press("Control+s");
  await clean(page);
  same("the file after it was saved", home.read("calc.py"), `# first\n${WRONG}`);

  await page.keyboard.type("# unsaved\n");
  await dirty(page);
  await page.reload();
  await usable(page);
  await dirty(page);
  await until("the unsaved text after a reload", async () =>
    (await editorText(page)).includes("# unsaved"),
  );
  same("the file on disk meanwhile", home.read("calc.py"), `# first\n${WRONG}`);

  const theirs = `# theirs\n${WRONG}`;
  home.put("calc.py", theirs);
  await page.waitForSelector(".bar.warning");
  await page.locator(".monaco-editor .view-lines").first().click();
  await page.keyboard.press("Control+s");
  await page.waitForSelector(".dialog");
  same("the file while it is asked", home.read("calc.py"), theirs);
  await page.locator(".dialog button", { hasText: "Compare" }).click();
  await page.waitForSelector(".monaco-diff-editor .line-insert, .monaco-diff-editor .line-delete");
  await page.locator(".tab", { hasText: "calc.py" }).first().click();
  await page.locator(".bar.warning button", { hasText: "Overwrite" }).click();
  await clean(page);
  holds("the text that was typed is on disk", home.read("calc.py").includes("# unsaved"));
  await page.waitForSelector(".bar.warning", { state: "detached" });

  // Taking what is on disk is the other way out.
  await page.locator(".monaco-editor .view-lines").first().click();
  await page.keyboard.press("Control+Home");
  await page.keyboard.type("# dropped\n");
  await dirty(page);
  home.put("calc.py", theirs);
  await page.locator(".bar.warning button", { hasText: "Take the one on disk" }).click();
  await clean(page);
  await until("their text in the editor", async () =>
    (await editorText(page)).includes("# theirs"),
  );
  same("their text on disk", home.read("calc.py"), theirs);
}

/** Files are made, named anew, thrown away and brought back with the keyboard alone. */
export async function explorer({ home: make, open }) {
  const home = await make();
  const { page } = await open(home.link);
  await page.keyboard.press("Control+Shift+e");
  await page.waitForFunction(() => document.activeElement?.classList.contains("tree"));
  // What is made stands beside what has the focus: here the last file of the workspace itself.
  await page.keyboard.press("End");
  await see(page, ".tree .row.focused", "test_calc.py");
  same(
    "git's own files are not shown",
    await page.locator(".tree .row", { hasText: ".git" }).count(),
    0,
  );
  await command(page, "New file…");
  await page.waitForSelector(".entry input");
  await page.waitForFunction(() => document.activeElement?.matches(".entry input"));
  await page.keyboard.type("calc.py");
  await see(page, ".field-problem", "already there");
  await page.keyboard.press("Control+a");
  await page.keyboard.type("notes.txt");
  await page.keyboard.press("Enter");
  await until("notes.txt on disk", () => home.has("notes.txt"));
  await see(page, ".tree .row.focused", "notes.txt");

  await page.keyboard.press("Control+Shift+e");
  await page.waitForFunction(() => document.activeElement?.classList.contains("tree"));
  await see(page, ".tree .row.focused", "notes.txt");
  await page.keyboard.press("F2");
  await page.waitForFunction(() => document.activeElement?.matches(".entry input"));
  await page.keyboard.press("Control+a");
  await page.keyboard.type("ideas.txt");
  await page.keyboard.press("Enter");
  await until("ideas.txt on disk", () => home.has("ideas.txt") && !home.has("notes.txt"));
  await see(page, ".tree .row.focused", "ideas.txt");

  await page.waitForFunction(() => document.activeElement?.classList.contains("tree"));
  await page.keyboard.press("Delete");
  await until(
    "ideas.txt is asked about or gone",
    async () => (await page.locator(".dialog").count()) > 0 || !home.has("ideas.txt"),
  );
  if ((await page.locator(".dialog").count()) > 0) await page.keyboard.press("Enter");
  await until("ideas.txt is in the trash", () => !home.has("ideas.txt"));
  await see(page, ".toast", "is in the trash");
  // The notice stays while it has the focus.
  await page.locator(".toast button", { hasText: "Undo" }).focus();
  await page.keyboard.press("Enter");
  await until("ideas.txt is back", () => home.has("ideas.txt"));
  await see(page, ".tree .row", "ideas.txt");

  await command(page, "New folder…");
  await page.waitForFunction(() => document.activeElement?.matches(".entry input"));
  await page.keyboard.type("drafts");
  await page.keyboard.press("Enter");
  await until("the folder on disk", () => home.has("drafts"));
  await see(page, ".tree .row", "drafts");
}

/** Words are found everywhere, opened at their place, and replaced in one file. */
export async function search({ home: make, open }) {
  const home = await make();
  const { page } = await open(home.link);
  await page.keyboard.press("Control+Shift+f");
  await page.waitForFunction(() => document.activeElement?.closest(".search-fields") !== null);
  await page.keyboard.type("double");
  await see(page, ".search-summary", "in 2 files");
  await page.locator(".search-line", { hasText: "def double" }).click();
  await page.waitForFunction(() => document.title.includes("calc.py"));
  await until("the match in the editor", async () =>
    (await editorText(page)).includes("def double"),
  );
  const line = WRONG.split("\n").findIndex((each) => each.startsWith("def double")) + 1;
  await see(page, ".status", `Ln ${line}`);

  await page.keyboard.press("Control+Shift+h");
  await page.waitForSelector(".search-replace input");
  await page.locator(".search-replace input").fill("twice");
  const file = page
    .locator(".search-results .row", { hasText: "calc.py" })
    .filter({ hasNotText: "test_calc.py" })
    .first();
  await file.hover();
  await file.locator('button[aria-label="Replace in this file"]').click();
  await page.waitForSelector(".dialog");
  await page.locator(".dialog button", { hasText: "Replace" }).click();
  await until("the file on disk", () => home.read("calc.py").includes("def twice"));
  holds("only that file", home.read("test_calc.py").includes("double(4)"));
  await until("the editor has it", async () => (await editorText(page)).includes("def twice"));
}
