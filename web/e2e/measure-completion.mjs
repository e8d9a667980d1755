// SPDX-License-Identifier: Apache-2.0
// Measures inline completion: what the program itself takes from a key to ghost text, with a scripted engine, and the whole wait
// with the embedded model.

import { execFileSync } from "node:child_process";
import { dirname } from "node:path";
import { goTo } from "./flows/ghost.mjs";
import { Home, MOAT, openFile, openPage, startBrowser, until } from "./harness.mjs";

const KEYS = 60;
/** How long the scripted engine takes for an answer; that is taken off again. */
const ENGINE_MS = 30;
const EMBEDDED_PATIENCE_MS = 60_000;

const round = (value) => Number(value.toFixed(0));
const part = (values, share) =>
  [...values].sort((a, b) => a - b)[Math.min(values.length - 1, Math.floor(values.length * share))];

/** From a key to ghost text, without what the engine took: waiting for a pause, both ways through server and broker, drawing. */
export async function overhead() {
  const home = await Home.make({
    settings: { "completion.enabled": true },
    rules: [{ pieces: ["alue_", "of_all"], pauseMs: ENGINE_MS / 2 }],
    before: (made) => made.put("typed.py", "\n"),
  });
  await home.serve();
  const browser = await startBrowser();
  try {
    const { page } = await openPage(browser, home.link);
    await openFile(page, "typed.py").catch(() => undefined);
    await page.evaluate(() => {
      window.ghosts = [];
      let began = 0;
      let typed = 0;
      addEventListener(
        "keydown",
        (event) => {
          if (event.key !== "q") return;
          began = performance.now();
          typed += 1;
        },
        true,
      );
      const look = () => {
        if (began === 0 || document.querySelector(".ghost-text-decoration") === null) return;
        const line = document.querySelector(".monaco-editor .view-line")?.textContent ?? "";
        if (!line.startsWith(`${"q".repeat(typed)}alue_of_all`)) return;
        window.ghosts.push(performance.now() - began);
        began = 0;
      };
      new MutationObserver(look).observe(document.querySelector(".monaco-editor"), {
        subtree: true,
        childList: true,
        characterData: true,
      });
    });
    const own = [];
    for (let key = 0; key < KEYS; key++) {
      await page.keyboard.press("q");
      await page.waitForFunction((wanted) => window.ghosts.length >= wanted, key + 1);
      const whole = (await page.evaluate(() => window.ghosts)).at(-1);
      own.push(whole - home.model.spent().at(-1));
    }
    return {
      completion_own_p50_ms: round(part(own, 0.5)),
      completion_own_p95_ms: round(part(own, 0.95)),
      completion_keys: own.length,
      completion_requests: home.model.requests.length,
    };
  } finally {
    await browser.close();
    await home.close();
  }
}

/** Places in which somebody types a few letters, and what they type. */
const PLACES = [
  [
    "    result = 0\n    for value in values:\n        result += value\n",
    "    return",
    "def total(values):\n",
  ],
  [
    "    largest = values[0]\n    for value in values:\n        if value > largest:\n",
    "            l",
    "def largest_of(values):\n",
  ],
  ["    counts = {}\n    for word in words:\n", "        c", "def histogram(words):\n"],
  ["", "    return l", "def is_empty(values):\n"],
  ['    with open(path, encoding="utf-8") as file:\n', "        r", "def read(path):\n"],
  ['    parts = text.split(",")\n', "    return [", "def numbers(text):\n"],
  ["    self.name = name\n", "    self.p", "def __init__(self, name, price):\n"],
  ["    if b == 0:\n", "        r", "def divided(a, b):\n"],
];

/** From a key to ghost text with the embedded model, and how often there is any. Nothing where its weights are not here. */
export async function embedded() {
  const own = process.env.XDG_DATA_HOME ?? `${process.env.HOME}/.local/share`;
  let weights;
  try {
    weights = execFileSync(MOAT, ["model", "path", "qwen2.5-coder-1.5b-instruct-q4_k_m"], {
      encoding: "utf8",
      stdio: ["ignore", "pipe", "ignore"],
    });
  } catch {
    console.error(
      "inline completion with the embedded model: not measured, its weights are not here",
    );
    return {};
  }
  const home = await Home.make({
    settings: { "completion.enabled": true, "completion.model": "embedded" },
    data: weights.startsWith(own) ? own : dirname(dirname(dirname(weights))),
    before: (made) =>
      PLACES.forEach(([body, , head], index) =>
        made.put(`place${index}.py`, `${head}${body}\n\n\nprint("end")\n`),
      ),
  });
  await home.serve();
  const browser = await startBrowser();
  const waits = [];
  let shown = 0;
  try {
    const { page } = await openPage(browser, home.link);
    for (const [index, [body, typed]] of PLACES.entries()) {
      await openFile(page, `place${index}.py`);
      await goTo(page, body.split("\n").length + 1);
      const letters = typed.trimStart();
      await page.keyboard.type(typed.slice(0, typed.length - 1));
      await page.keyboard.press("Escape");
      // The model is loaded once, which is not what somebody waits for at each key.
      await until(
        "the model has loaded",
        () => page.locator('.status-ghost:not([data-ghost="loading"])').count(),
        EMBEDDED_PATIENCE_MS,
      );
      const began = performance.now();
      await page.keyboard.press(letters.at(-1));
      await page.waitForSelector('.status-ghost[data-ghost="asking"]');
      await page.waitForSelector('.status-ghost[data-ghost="ready"]', {
        timeout: EMBEDDED_PATIENCE_MS,
      });
      const some = await page
        .waitForSelector(".ghost-text-decoration, .suggest-preview-text", { timeout: 300 })
        .catch(() => null);
      waits.push(performance.now() - began);
      if (some) shown += 1;
    }
  } finally {
    await browser.close();
    await home.close();
  }
  return {
    completion_embedded_p50_ms: round(part(waits, 0.5)),
    completion_embedded_p95_ms: round(part(waits, 0.95)),
    completion_embedded_shown: `${shown} of ${waits.length}`,
  };
}
