// SPDX-License-Identifier: Apache-2.0
// Who gets the page, and what happens when the connection is lost.

import { editorText, holds, openFile, same, see, until, usable } from "../harness.mjs";
import { ask, CHECK } from "./agent.mjs";
import { openTerminal } from "./tools.mjs";

/** A link is good once, and nobody without the cookie gets anything. */
export async function link({ browser, home, open }) {
  const { link } = await home();
  const { page } = await open(link);
  const rows = await page.locator(".tree .row").allTextContents();
  for (const name of ["calc.py", "test_calc.py", "README.md", "tally"]) {
    holds(
      `${name} is missing in the explorer: ${rows}`,
      rows.some((row) => row.includes(name)),
    );
  }
  holds(
    `the link's secret stays in the address: ${page.url()}`,
    !link.includes(page.url()) || page.url().length < link.length,
  );
  const stranger = await browser.newContext();
  const again = await stranger.newPage();
  same("the link a second time", (await again.goto(link))?.status(), 401);
  same("the page without the cookie", (await again.goto(page.url()))?.status(), 401);
  await stranger.close();
  // The holder of the cookie gets in again.
  await page.reload();
  await usable(page);
}

/** The connection is lost with unsaved text, then while things run; the server comes back, and so does everything that can. */
export async function lost({ home: make, open }) {
  const home = await make({ rules: [{ hang: true }] });
  const { page, state } = await open(home.link);
  await openFile(page, "calc.py");
  await page.keyboard.press("Control+Home");
  await page.keyboard.type("# before\n");
  await page.waitForSelector(".tab.dirty");
  state.away = true;
  await home.end("SIGKILL");
  await page.waitForSelector(".banner");
  await page.keyboard.type("# while away\n");
  await until("typing goes on", async () => (await editorText(page)).includes("# while away"));
  await home.serve();
  await page.waitForSelector(".banner", { state: "detached" });
  state.away = false;
  await see(page, ".toast", "Unsaved work is still here");
  holds("the text is still there", (await editorText(page)).includes("# before\n# while away\n"));
  holds("it is still unsaved", (await page.locator(".tab.dirty").count()) === 1);
  await page.keyboard.press("Control+s");
  await until("it can be saved", () => home.read("calc.py").startsWith("# before\n# while away\n"));

  // A shell, a turn that gets no answer, and a prompt that waits for its end.
  await openTerminal(page);
  await ask(page, `/check ${CHECK}`);
  await see(page, ".ag-chips", CHECK);
  await ask(page, "total is wrong, repair it");
  await until("the model is asked", () => home.model.requests.length > 0);
  await ask(page, "then explain what was wrong");
  await see(page, ".ag-queue", "then explain what was wrong");
  await page.reload();
  await usable(page);
  await see(page, ".ag-queue", "then explain what was wrong");
  await page.waitForSelector(".ag-stop");
  state.away = true;
  await home.end("SIGKILL");
  await page.waitForSelector(".banner");
  // A part that was not shown before: there, or said to come.
  await page.keyboard.press("Control+Shift+b");
  await page.locator(".bd-panel:visible, .side .empty:visible").first().waitFor();
  await home.serve();
  await page.waitForSelector(".banner", { state: "detached" });
  state.away = false;
  await page.waitForSelector(".bd-protections li");
  await see(page, ".terminal-ended", "was ended when the server stopped");
  await see(page, ".ag-outcome", "Stopped");
  holds("nothing is said to run", (await page.locator(".ag-working, .ag-stop").count()) === 0);
  await see(page, ".ag-queue", "then explain what was wrong");
}
