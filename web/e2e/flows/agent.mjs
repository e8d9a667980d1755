// SPDX-License-Identifier: Apache-2.0
// The agent: asked in its panel, reviewed hunk by hunk, taken back; and what crossed the boundary meanwhile.

import { editorText, holds, openFile, RIGHT, same, see, until, WRONG } from "../harness.mjs";

export const CHECK = "python3 -m unittest";

/** Says something to the agent. */
export async function ask(page, text) {
  await page.keyboard.press("Control+Alt+i");
  await page.waitForFunction(() => document.activeElement?.closest(".ag-composer") !== null);
  await page.keyboard.insertText(text);
  await page.keyboard.press("Enter");
}

/** Asks for the repair, and waits for its end. */
export async function askForRepair(page) {
  await ask(page, `/check ${CHECK}`);
  await see(page, ".ag-chips", CHECK);
  await ask(page, "total is wrong, repair it");
  await see(page, ".ag-outcome", "Solved");
}

const review = (page) => page.locator('.rv-bar button[aria-label="Review changes"]');
const hunks = (page) => page.locator(".rv-hunk");

/** A task, its evidence, one hunk of two kept, undone, and the way back to a checkpoint. */
export async function agent({ home: make, open }) {
  const home = await make();
  const { page, state } = await open(home.link);
  await askForRepair(page);
  const outcome = page.locator(".ag-outcome");
  await see(page, ".ag-outcome .ag-fact", "fails 1 of 3 tests");
  await see(page, ".ag-outcome .ag-fact", "passes 3 tests");
  same("nothing is changed before it is kept", home.read("calc.py"), WRONG);
  holds("the outcome names the check", (await outcome.textContent()).includes(CHECK));

  await review(page).click();
  await page.waitForFunction(() => document.querySelectorAll(".rv-hunk").length === 2);
  const second = hunks(page).nth(1);
  await second.hover();
  await second.locator(".rv-hunk-actions button").last().click();
  await until(
    "the kept hunk on disk",
    () => home.read("calc.py") === WRONG.replace("result -= value", "result += value"),
  );
  await page.waitForFunction(() => document.querySelectorAll(".rv-hunk").length === 1);

  // What is left is shown in the file itself.
  await openFile(page, "calc.py");
  await page.waitForSelector(".pending-bar");
  await until("the pending line in the editor", async () =>
    (await page.locator(".pending-line").allTextContents()).some((line) =>
      line.replaceAll("\u00a0", " ").includes("Add the values up."),
    ),
  );
  await page.locator(".pending-bar button", { hasText: "Keep" }).click();
  await until("all of it on disk", () => home.read("calc.py") === RIGHT);
  await page.waitForSelector(".pending-bar", { state: "detached" });
  await until("the editor has what was kept", async () =>
    (await editorText(page)).includes("Add the values up."),
  );

  await page.locator(".ag-line-actions button", { hasText: "Undo keep" }).last().click();
  await until(
    "the last keep is taken back",
    () => home.read("calc.py") === WRONG.replace("result -= value", "result += value"),
  );

  await backAndForward(page, home);
  // A session that is only stored is gone back in as well.
  state.away = true;
  await home.end();
  await page.waitForSelector(".banner");
  await home.serve();
  await page.waitForSelector(".banner", { state: "detached" });
  state.away = false;
  await see(page, ".ag-outcome", "Solved");
  await backAndForward(page, home);
}

/** To before the first message, and forward again. */
async function backAndForward(page, home) {
  const before = home.read("calc.py");
  await page.locator(".ag-message").first().hover();
  await page
    .locator('.ag-message button[aria-label="Go back to before this message…"]')
    .first()
    .click();
  await page.waitForSelector(".ag-rewind-plan li");
  holds(
    "the plan names the turn",
    (await page.locator(".ag-rewind-plan").textContent()).includes("total is wrong"),
  );
  for (const scope of ["Code only", "Conversation only", "Code and conversation"]) {
    await page.locator(".ag-scopes label", { hasText: scope }).locator("input").check();
    await page.waitForSelector(".ag-rewind-plan li, .ag-rewind-plan .ag-faint");
  }
  await page.waitForSelector(".ag-rewind-plan li");
  await page.locator(".dialog button", { hasText: "Go back" }).click();
  await page.waitForSelector(".dialog", { state: "detached" });
  await see(page, ".ag-line", "Code and conversation went back");
  await see(page, ".ag-left-note", "went back to before this");
  same("the user's own file", home.read("calc.py"), before);
  await page.locator(".ag-line-actions button", { hasText: "Go forward" }).last().click();
  await page.waitForSelector(".ag-rewind-plan li");
  await page.locator(".dialog button", { hasText: "Go back" }).click();
  await page.waitForSelector(".ag-left-note", { state: "detached" });
  await see(page, ".ag-outcome", "Solved");
}

const cameFrom = ".ag-line";

/** From before a message, and from the end: a thread of its own, with what was pending in it. */
export async function fork({ home: make, open }) {
  const home = await make();
  const { page } = await open(home.link);
  await askForRepair(page);

  await page.locator(".ag-message").first().hover();
  await page.locator('.ag-message button[aria-label="Fork from here"]').first().click();
  await see(page, cameFrom, "A fork, from checkpoint");
  await page.waitForSelector(".ag-outcome", { state: "detached" });
  await page.locator(".ag-line-actions button", { hasText: "Open that thread" }).click();
  await see(page, ".ag-outcome", "Solved");

  await page.locator('.ag-head button[aria-label="More actions"]').click();
  await page.locator(".menu-item", { hasText: "Fork from the end" }).click();
  await see(page, cameFrom, "A fork, from checkpoint");
  await see(page, ".ag-outcome", "Solved");
  await review(page).click();
  await page.waitForFunction(() => document.querySelectorAll(".rv-hunk").length === 2);
  same("nothing is changed by a fork", home.read("calc.py"), WRONG);
  await page.locator(".rv-head-actions button", { hasText: "Keep all" }).click();
  await until("the change on disk", () => home.read("calc.py") === RIGHT);

  // The other thread finds it in the user's file, and stays as it was.
  await page.locator(".ag-line-actions button", { hasText: "Open that thread" }).click();
  await page.waitForFunction(
    () =>
      ![...document.querySelectorAll(".ag-line")].some((it) => it.textContent.includes("A fork")),
  );
  await see(page, ".ag-outcome", "Solved");
  await page.locator('.ag-head button[aria-label="Threads"]').click();
  await page.waitForFunction(() => document.querySelectorAll(".ag-threads .ag-row").length === 3);
  const marks = page.locator(".ag-row-told span", { hasText: /^fork$/ });
  same("forks in the list", await marks.count(), 2);
}

/** A session that began in a terminal opens in the panel, with its change. */
export async function handover({ home: make, open }) {
  const home = await make();
  const { page } = await open(home.link);
  await home.moat("exec", "--check", CHECK, "total gives a wrong sum");
  await page.keyboard.press("Control+Alt+i");
  await page.locator('.ag-head button[aria-label="Threads"]').click();
  await page.locator(".ag-threads .row", { hasText: "total gives a wrong sum" }).click();
  await see(page, ".ag-outcome", "Solved");
  await review(page).click();
  await page.waitForFunction(() => document.querySelectorAll(".rv-hunk").length === 2);
  await page.locator(".rv-head-actions button", { hasText: "Keep all" }).click();
  await until("the change on disk", () => home.read("calc.py") === RIGHT);
  await see(page, ".rv-editor .empty", "Nothing");
}

/** Commands are asked about where that is configured: allowed once, or denied. */
export async function approval({ home: make, open }) {
  const home = await make({ config: '[approval]\ncommands = "ask"\n' });
  const { page } = await open(home.link);
  await ask(page, `/check ${CHECK}`);
  await see(page, ".ag-chips", CHECK);
  await ask(page, "total is wrong, repair it");
  const question = page.locator(".ag-question");
  await question.first().waitFor();
  holds("the whole command is shown", (await question.first().textContent()).includes("unittest"));
  // Each of the commands of a turn is a question of its own.
  await until("the end of the turn", async () => {
    if ((await page.locator(".ag-outcome").count()) > 0) return true;
    const button = page.locator(".ag-question button:enabled", { hasText: "Run it once" });
    if ((await button.count()) > 0)
      await button
        .first()
        .click({ timeout: 2000 })
        .catch(() => undefined);
    return false;
  });
  await see(page, ".ag-outcome", "Solved");
  await see(page, ".ag-line", "Allowed once:");

  await page.locator('.ag-head button[aria-label="New thread"]').click();
  await ask(page, `/check ${CHECK}`);
  await see(page, ".ag-chips", CHECK);
  await ask(page, "repair total again");
  await page.locator(".ag-question button", { hasText: "Deny" }).click();
  await see(page, ".ag-line", "Denied:");
  await page.waitForSelector(".ag-outcome");
  holds(
    "a denied turn is not solved",
    !(await page.locator(".ag-outcome").textContent()).includes("Solved"),
  );
  same("the file", home.read("calc.py"), WRONG);
}

/** What went to the model is listed, and what the machine enforces. */
export async function boundary({ home: make, open }) {
  const home = await make();
  const { page } = await open(home.link);
  await askForRepair(page);
  await page.keyboard.press("Control+Shift+b");
  await page.waitForSelector(".bd-crossings .row");
  await see(page, ".bd-crossings .bd-row", "Allowed");
  const listed = await page
    .locator(".bd-crossings .section-head .badge, .section-head .badge")
    .first()
    .textContent();
  holds(
    `the count of crossings is ${listed}`,
    Number(listed) >= home.model.requests.length && home.model.requests.length > 0,
  );
  await page.locator(".bd-crossings .row").first().click();
  await see(page, ".bd-detail", "host");
  await page.waitForSelector(".bd-protections li");
  holds("some are enforced", (await page.locator(".bd-standing.good").count()) > 0);
  await see(page, ".status", "crossing");
}
