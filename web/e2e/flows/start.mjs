// SPDX-License-Identifier: Apache-2.0
// Who gets the page, and what happens when the connection is lost.

import { editorText, holds, openFile, same, see, until, usable } from "../harness.mjs";

/** A link is good once, and nobody without the cookie gets anything. */
export async function link({ browser, home, open }) {
  const { link } = await home();
  const { page } = await open(link);
  const rows = await page.locator(".tree .row").allTextContents();
  for (const name of ["calc.py", "test_calc.py", "README.md", "tally"]) {
    holds(`${name} is missing in the explorer: ${rows}`, rows.some((row) => row.includes(name)));
  }
  holds(`the link's secret stays in the address: ${page.url()}`, !link.includes(page.url()) || page.url().length < link.length);
  const stranger = await browser.newContext();
  const again = await stranger.newPage();
  same("the link a second time", (await again.goto(link))?.status(), 401);
  same("the page without the cookie", (await again.goto(page.url()))?.status(), 401);
  await stranger.close();
  // The holder of the cookie gets in again.
  await page.reload();
  await usable(page);
}

/** The connection is lost with unsaved text; the server comes back, and so does everything. */
export async function lost({ home: make, open }) {
  const home = await make();
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
}
