// SPDX-License-Identifier: Apache-2.0
// A language server: asked about first, then completion, explanation, definition, declarations and problems.

import { command, editorText, openFile, see, until } from "../harness.mjs";

const text = (page) => page.locator(".monaco-editor .view-lines").first();
const server = (page, wanted) =>
  page.waitForFunction(
    (words) =>
      [...document.querySelectorAll(".status-item")].some((each) => each.textContent === words),
    wanted,
  );

/** Nothing runs before it is allowed; then the editor knows the language. */
export async function languages({ home: make, open }) {
  const home = await make({ servers: true });
  const { page } = await open(home.link);
  await openFile(page, "calc.py");
  await server(page, "pyright: off");
  const ask = page.locator(".toast", { hasText: "sandbox that can change nothing" });
  await ask.waitFor();
  await ask.locator("button", { hasText: "Start language servers here" }).click();
  await server(page, "pyright");

  // What is wrong is marked, listed and counted while it is typed.
  await text(page).click();
  await page.keyboard.press("Control+End");
  await page.keyboard.type('\n\nwrong: int = "no"\n');
  await page.waitForSelector(".monaco-editor .squiggly-error");
  await command(page, "Show problems");
  await see(page, ".problems-row", "int");
  await text(page).click();
  await page.keyboard.press("Control+End");
  await page.keyboard.type("tot");
  await page.keyboard.press("Control+Space");
  await see(page, ".suggest-widget .monaco-list-row", "total");
  await page.keyboard.press("Escape");
  for (const _ of "tot") await page.keyboard.press("Backspace");
  await page.keyboard.press("Control+s");
  await page.waitForFunction(() => document.querySelector(".tab.dirty") === null);

  // Declarations, as the server knows them.
  await page.keyboard.press("Control+Shift+o");
  await page.waitForSelector(".palette");
  await see(page, ".palette .row", "wrong");
  await page.keyboard.type("double");
  await page.keyboard.press("Enter");
  await page.keyboard.press("Control+k");
  await page.keyboard.press("Control+i");
  await see(page, ".monaco-hover", "def double");
  await page.keyboard.press("Escape");

  // To the definition from another file.
  await openFile(page, "test_calc.py");
  await page.keyboard.press("Control+g");
  await page.waitForSelector(".palette");
  await page.keyboard.type("3:20");
  await page.keyboard.press("Enter");
  await see(page, ".status", "Ln 3, Col 20");
  // Once only: on the declaration itself the same key shows where it is used.
  await page.keyboard.press("F12");
  await until("the definition in the other file", async () => /^(● )?calc\.py/.test(await page.title()));
  await until("the text of the other file", async () =>
    (await editorText(page)).includes("def double"),
  );

  // Another name, in both files.
  await page.keyboard.press("F2");
  // The editor gives the box the keys a moment after it shows it.
  await page.waitForSelector(".rename-box input:focus");
  await page.keyboard.press("Control+a");
  await page.keyboard.type("twice");
  await page.keyboard.press("Enter");
  await until("the new name in both files", () =>
    ["calc.py", "test_calc.py"].every(
      (name) => /\btwice\b/.test(home.read(name)) && !/\bdouble\b/.test(home.read(name)),
    ),
  );
}
