// SPDX-License-Identifier: Apache-2.0
// Inline completion as ghost text, and keys that were taken from the editor's own commands.

import { command, editorText, holds, openFile, same, see, until } from "../harness.mjs";

const AREA = `def area(width, height):
    """How much of the plane it covers."""
    

def other(side):
    return side
`;

/** What the ghost at the cursor says. */
function ghostText(page) {
  return page.evaluate(() => {
    const said = (selector) =>
      [...document.querySelectorAll(selector)].map((part) =>
        part.textContent.replaceAll("\u00a0", " "),
      );
    const inline = said(".ghost-text-decoration, .ghost-text-decoration-preview").join("");
    return [inline, ...said(".suggest-preview-text .view-line")].join("\n").trimEnd();
  });
}

const seesGhost = (page, text) =>
  until(`the ghost text ${JSON.stringify(text)}`, async () =>
    (await ghostText(page)).startsWith(text),
  );
const seesNone = (page) => until("no ghost text", async () => (await ghostText(page)) === "");
const seesText = (page, text) =>
  until(`${JSON.stringify(text)} in the editor`, async () =>
    (await editorText(page)).includes(text),
  );

/** The cursor goes to the end of a line. */
export async function goTo(page, line) {
  await page.keyboard.press("Control+g");
  await page.waitForSelector(".palette");
  await page.keyboard.type(String(line));
  await page.keyboard.press("Enter");
  await see(page, ".status", `Ln ${line}`);
  await page.waitForFunction(() => document.activeElement?.closest(".monaco-editor") !== null);
  await page.keyboard.press("End");
}

/** A completion is shown, taken whole, by word and by line, typed through, refused, and never asked for a file with secrets. */
export async function ghost({ home: make, open }) {
  const home = await make({
    settings: { "completion.enabled": true },
    rules: [{ when: "return", text: "eturn width * height + 0\n    # That is all." }],
    before: (made) => {
      made.put("area.py", AREA);
      made.put("word.py", AREA);
      made.put("side.py", "def other(side):\n    return side\n");
      made.put(".env", "TOKEN=1\n");
      made.put(".env.example", "TOKEN=return\n");
    },
  });
  const { page } = await open(home.link);
  await openFile(page, "area.py");
  await goTo(page, 3);
  same("nothing is asked by opening a file", home.model.requests.length, 0);

  // Whole, with Tab; the beginning that was typed through needs no second answer.
  await page.keyboard.type("r");
  await seesGhost(page, "eturn width * height");
  const [asked] = home.model.requests;
  holds("what stands before the cursor is asked", asked.prompt.endsWith(`"""\n    r`));
  holds("and what stands behind it", asked.suffix.startsWith("\n\ndef other"));
  const once = home.model.requests.length;
  await page.keyboard.type("etu");
  await seesGhost(page, "rn width * height");
  same("requests while typing through", home.model.requests.length, once);
  await page.keyboard.press("Tab");
  await seesNone(page);
  await seesText(page, "    return width * height + 0\n    # That is all.");

  // By word, then by line.
  await openFile(page, "word.py");
  await goTo(page, 3);
  await page.keyboard.press("Alt+\\");
  await seesGhost(page, "eturn width");
  await page.keyboard.press("Control+ArrowRight");
  await seesGhost(page, " width * height");
  await page.keyboard.press("Alt+Enter");
  await seesGhost(page, "    # That is all.");
  await seesText(page, `"""\n    eturn width * height + 0`);

  // Escape takes it away, and the text stays.
  await page.keyboard.press("Escape");
  await seesNone(page);

  // A key ends the question that waits, and frees the model.
  home.model.script([{ when: "return", hang: true }]);
  await openFile(page, "side.py");
  await goTo(page, 2);
  const asking = home.model.requests.length;
  await page.keyboard.type(" + s");
  await until("it is asked", () => home.model.requests.length === asking + 1);
  await see(page, '.status-ghost[data-ghost="asking"]', "");
  const left = home.model.left();
  await page.keyboard.type("i");
  await until("the question was left", () => home.model.left() > left);
  holds("the text is what was typed", (await editorText(page)).includes("return side + si"));

  // Off: nothing is asked by itself, and a person can ask all the same.
  home.model.script([{ when: "return", text: "de" }]);
  await command(page, "Inline completion on or off");
  await page.waitForSelector('.status-ghost[title*="off"]');
  await page.locator(".monaco-editor .view-lines").first().click();
  await goTo(page, 2);
  const off = home.model.requests.length;
  await page.keyboard.press("Alt+\\");
  await seesGhost(page, "de");
  same("asked by the person alone", home.model.requests.length, off + 1);
  await page.keyboard.press("Escape");
  await command(page, "Inline completion on or off");
  await page.waitForSelector('.status-ghost:not([title*="off"])');

  // A file with secrets is shown to no model; the control has another name.
  const crossed = home.model.requests.length;
  await openFile(page, ".env");
  await page.keyboard.press("Control+End");
  await page.keyboard.press("Alt+\\");
  await page.waitForSelector('.status-ghost[data-ghost="withheld"]');
  same("requests for a file with secrets", home.model.requests.length, crossed);
  await openFile(page, ".env.example");
  await page.keyboard.press("Control+End");
  await page.keyboard.press("Alt+\\");
  await until("the control is asked", () => home.model.requests.length === crossed + 1);

  // What crossed is told as it was.
  await page.keyboard.press("Control+Shift+b");
  await until("each request is a crossing", async () => {
    const told = await page
      .locator(".status", { hasText: `${home.model.requests.length} crossings` })
      .count();
    return told > 0;
  });
}

/** A key that was taken from a command of the editor does nothing, also not by the editor itself. */
export async function keys({ home: make, open }) {
  const home = await make({
    settings: {
      keybindings: [
        { key: "", command: "-editor.action.commentLine" },
        { key: "", command: "-editor.action.moveLinesDownAction" },
        { key: "ctrl+alt+m", command: "editor.action.moveLinesDownAction" },
      ],
    },
    before: (made) => made.put("lines.py", "one = 1\ntwo = 2\nthree = 3\n"),
  });
  const { page } = await open(home.link);
  await openFile(page, "lines.py");
  await page.keyboard.press("Control+Home");
  await page.keyboard.press("Control+/");
  await page.keyboard.press("Alt+ArrowDown");
  // The control: another key of the editor's, which comes after them, and the one that was given instead.
  await page.keyboard.press("Shift+Alt+ArrowDown");
  await seesText(page, "one = 1\none = 1\ntwo = 2");
  await page.keyboard.press("Control+Alt+m");
  await seesText(page, "one = 1\ntwo = 2\none = 1\nthree = 3");
  holds("no line became a comment", !(await editorText(page)).includes("#"));
}
