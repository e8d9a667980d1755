// SPDX-License-Identifier: Apache-2.0
// Measures the workbench against the real server: what is loaded, how soon it can be used, how quick typing is, what streaming
// costs, inline completion, a workspace of 100,000 files, and memory. Prints a table to standard error and JSON to standard output.
//
//   node e2e/measure.mjs [completion]     MOAT names the program; with a word, only what has it in its name.

import { readdirSync, readFileSync } from "node:fs";
import { loadavg } from "node:os";
import { manyFiles } from "./flows/large.mjs";
import { ask } from "./flows/agent.mjs";
import { openTerminal } from "./flows/tools.mjs";
import { Home, openPage, REPAIR, startBrowser, until } from "./harness.mjs";
import { embedded, overhead } from "./measure-completion.mjs";

const KEYS = 200;
const TOKENS_PER_SECOND = 60;
const STREAM_SECONDS = 10;
const COLD_RUNS = 5;

const MANIFEST = JSON.parse(
  readFileSync(new URL("../dist/manifest.json", import.meta.url), "utf8"),
);
const round = (value, digits = 0) => Number(value.toFixed(digits));
const part = (values, share) =>
  [...values].sort((a, b) => a - b)[Math.min(values.length - 1, Math.floor(values.length * share))];

/** Watches a page for long tasks, from its first moment. */
function watchTasks(page) {
  return page.addInitScript(() => {
    window.longTasks = [];
    new PerformanceObserver((list) => {
      for (const each of list.getEntries()) window.longTasks.push([each.startTime, each.duration]);
    }).observe({ type: "longtask", buffered: true });
  });
}

/** The bytes of what a page loads before it can be used, as they are sent, and of all there is. */
async function loaded(browser, home) {
  const { page, context } = await openPage(browser, home.link, { blank: true });
  const asked = new Set();
  page.on("request", (request) =>
    asked.add(new URL(request.url()).pathname.split("/").slice(2).join("/") || "index.html"),
  );
  await page.goto(home.link);
  await page.waitForSelector(".tree .row");
  await page.waitForLoadState("networkidle");
  const files = MANIFEST.files ?? MANIFEST;
  const sum = (all) => all.reduce((total, file) => total + (file.br ?? file.bytes), 0);
  const first = files.filter((file) => asked.has(file.path));
  await context.close();
  return {
    first_load_br: sum(first),
    first_load_files: first.length,
    all_br: sum(files),
    all_files: files.length,
  };
}

/** From the address to a shell, rows in the explorer, and a prompt in the terminal. */
async function cold(home) {
  const found = [];
  for (let run = 0; run < COLD_RUNS; run++) {
    // A browser of its own: nothing of the page is cached.
    const browser = await startBrowser();
    const link = (await home.moat("serve", "--link")).trim();
    const { page } = await openPage(browser, link, { blank: true });
    const began = performance.now();
    await page.goto(link, { waitUntil: "commit" });
    await page.waitForSelector(".shell");
    const shell = performance.now() - began;
    await page.waitForSelector(".tree .row");
    const rows = performance.now() - began;
    await page.keyboard.press("Control+`");
    await page.waitForFunction(() =>
      /[$#]\s*$/.test(document.querySelector(".xterm-rows")?.textContent.trimEnd() ?? ""),
    );
    found.push({ shell, rows, prompt: performance.now() - began });
    await browser.close();
  }
  const middle = (name) =>
    round(
      part(
        found.map((each) => each[name]),
        0.5,
      ),
    );
  return {
    cold_shell_ms: middle("shell"),
    cold_explorer_ms: middle("rows"),
    cold_prompt_ms: middle("prompt"),
  };
}

/** From a key to the screen of the terminal, seen from inside the page. */
async function typing(browser, home) {
  const link = (await home.moat("serve", "--link")).trim();
  const { page, context } = await openPage(browser, link);
  await openTerminal(page);
  await page.keyboard.type("cat > /dev/null\n");
  await page.evaluate(() => {
    window.echoes = [];
    const screen = document.querySelector(".xterm-rows");
    addEventListener(
      "keydown",
      (event) => {
        if (event.key !== "x") return;
        const began = performance.now();
        const watching = new MutationObserver(() => {
          if (screen.textContent.split("x").length - 1 <= window.echoes.length) return;
          watching.disconnect();
          window.echoes.push(performance.now() - began);
        });
        watching.observe(screen, { subtree: true, childList: true, characterData: true });
      },
      true,
    );
  });
  for (let key = 0; key < KEYS; key++) {
    if (key % 50 === 49) await page.keyboard.press("Enter");
    await page.keyboard.press("x");
    await page.waitForFunction((wanted) => window.echoes.length >= wanted, key + 1);
  }
  const echoes = await page.evaluate(() => window.echoes);
  await context.close();
  return {
    echo_p50_ms: round(part(echoes, 0.5), 1),
    echo_p95_ms: round(part(echoes, 0.95), 1),
    echo_keys: echoes.length,
  };
}

/** Long tasks while an answer streams into the agent's panel. */
async function streaming(browser, home) {
  const words =
    "Each word of this answer is a token, `code` and **bold** among them, in lines\n".split(" ");
  const pieces = Array.from(
    { length: TOKENS_PER_SECOND * STREAM_SECONDS },
    (_, index) => `${words[index % words.length]} `,
  );
  home.model.script([{ pieces, pauseMs: 1000 / TOKENS_PER_SECOND }]);
  const link = (await home.moat("serve", "--link")).trim();
  const { page, context } = await openPage(browser, link, { blank: true });
  await watchTasks(page);
  await page.goto(link);
  await page.waitForSelector(".tree .row");
  const before = home.model.requests.length;
  await ask(page, "/explain what does calc.py do");
  await until("the model is asked", () => home.model.requests.length > before);
  const from = await page.evaluate(() => performance.now());
  await page.waitForSelector(".ag-answer, .ag-outcome");
  const [to, tasks] = await page.evaluate(() => [performance.now(), window.longTasks]);
  await context.close();
  home.model.script([{ text: REPAIR }]);
  const seen = tasks
    .filter(([start]) => start >= from && start <= to)
    .map(([, duration]) => duration);
  return {
    stream_ms: round(to - from),
    stream_long_tasks: seen.length,
    stream_longest_ms: round(Math.max(0, ...seen)),
  };
}

function status(pid, name) {
  const line = readFileSync(`/proc/${pid}/status`, "utf8")
    .split("\n")
    .find((each) => each.startsWith(`${name}:`));
  return Number(line.split(/\s+/)[1]) / 1024;
}

/** Memory of the server, and of the renderer after the page stands. */
async function memory(home) {
  const browser = await startBrowser();
  const link = (await home.moat("serve", "--link")).trim();
  const { page } = await openPage(browser, link);
  await page.waitForLoadState("networkidle");
  const renderers = readdirSync("/proc")
    .filter((pid) => /^\d+$/.test(pid) && isRendererOf(pid))
    .map(pssOf);
  const server = status(home.server.pid, "VmRSS");
  await browser.close();
  return { renderer_pss_mib: round(Math.max(...renderers), 1), server_rss_mib: round(server, 1) };
}

function isRendererOf(pid) {
  try {
    const words = readFileSync(`/proc/${pid}/cmdline`, "utf8");
    if (!words.includes("--type=renderer")) return false;
    // Of this process's own browsers, not of another's on the machine.
    for (
      let up = pid;
      up !== "1" && up !== "0";
      up = /PPid:\s*(\d+)/.exec(readFileSync(`/proc/${up}/status`, "utf8"))[1]
    ) {
      if (up === String(process.pid)) return true;
    }
    return false;
  } catch {
    return false;
  }
}

function pssOf(pid) {
  return Number(/^Pss:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/smaps_rollup`, "utf8"))[1]) / 1024;
}

/** A workspace of 100,000 files, until a folder of it can be opened. */
async function large() {
  const home = await Home.make({ rules: [{ text: REPAIR }] });
  manyFiles(home.project);
  await home.serve();
  const browser = await startBrowser();
  const { page } = await openPage(browser, home.link, { blank: true });
  const began = performance.now();
  await page.goto(home.link, { waitUntil: "commit" });
  await page.waitForSelector(".tree .row");
  const rows = performance.now() - began;
  await page.locator(".tree .row", { hasText: "part000" }).click();
  await page.locator(".tree .row", { hasText: "file0_0.txt" }).first().waitFor();
  const opened = performance.now() - began;
  await page.keyboard.press("Control+p");
  await page.waitForSelector(".palette");
  await page.keyboard.type("file777_7");
  const typed = performance.now();
  await page.keyboard.type("7");
  await page.waitForFunction(
    () => document.querySelector(".palette .row .main")?.textContent === "file777_77.txt",
  );
  const found = performance.now() - typed;
  const server = status(home.server.pid, "VmRSS");
  await browser.close();
  await home.close();
  return {
    large_explorer_ms: round(rows),
    large_folder_ms: round(opened),
    large_quick_open_ms: round(found),
    large_server_rss_mib: round(server, 1),
  };
}

const LIMITS = {
  first_load_br: 1.5 * 1024 * 1024,
  all_br: 3 * 1024 * 1024,
  cold_prompt_ms: 1500,
  renderer_pss_mib: 140,
  echo_p95_ms: 30,
  completion_own_p50_ms: 110,
  stream_long_tasks: 0,
  large_explorer_ms: 1000,
  large_quick_open_ms: 50,
  server_rss_mib: 80,
};

let failed = 0;
const wanted = process.argv[2] ?? "";
/** One measurement; where it fails the others are made all the same. */
async function step(name, measured) {
  if (!name.includes(wanted)) return;
  try {
    Object.assign(results, await measured());
  } catch (error) {
    failed += 1;
    console.error(`${name} could not be measured: ${error.message.split("\n")[0]}`);
  }
}

const results = {
  load_before: loadavg().map((each) => round(each, 1)),
  date: new Date().toISOString(),
};
const home = await Home.make();
try {
  await home.serve();
  const browser = await startBrowser();
  await step("loading", () => loaded(browser, home));
  await step("the start", () => cold(home));
  await step("typing", () => typing(browser, home));
  await step("streaming", () => streaming(browser, home));
  await browser.close();
  await step("memory", () => memory(home));
} finally {
  await home.close();
}
await step("completion", overhead);
await step("completion with the embedded model", embedded);
await step("100,000 files", large);
results.load_after = loadavg().map((each) => round(each, 1));
for (const [name, value] of Object.entries(results)) {
  const limit = LIMITS[name];
  const told =
    limit === undefined ? "" : value <= limit ? `  (at most ${limit})` : `  OVER ${limit}`;
  console.error(`${name.padEnd(24)} ${Array.isArray(value) ? value.join(" ") : value}${told}`);
}
console.log(JSON.stringify(results));
process.exit(failed > 0 ? 1 : 0);
