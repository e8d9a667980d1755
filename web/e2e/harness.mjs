// SPDX-License-Identifier: Apache-2.0
// What the end-to-end flows stand on: a home with a project, the real server in it, a scripted model, and pages in a real browser
// that fail on anything a page of Moat must never do. Nothing here waits for a time: everything waits for a condition.

import { execFile, execFileSync, spawn } from "node:child_process";
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { chromium } from "playwright-core";
import { startModel } from "./model.mjs";

/** The program under test. */
export const MOAT = resolve(
  process.env.MOAT ?? fileURLToPath(new URL("../../target/release/moat", import.meta.url)),
);
/** Language servers that `scripts/setup.sh test` brings. */
const SERVERS = fileURLToPath(
  new URL("../../crates/workspace/tests/servers/node_modules/.bin", import.meta.url),
);
/** How long anything may take; far more than it does. */
export const DEADLINE = Number(process.env.FLOW_PATIENCE_MS ?? 60_000);

/** How the browser is started: it asks nobody for anything by itself. */
export const FLAGS = [
  "--headless",
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
  "--disable-features=AutofillServerCommunication",
];

/** A project with one bug, whose repair changes two places that are far enough apart to be two hunks. */
export const WRONG = `def total(values):
    """Add up."""
    # The values are added one after the other, from the first to the last.
    # Nothing is rounded on the way: whole numbers stay whole, and fractions
    # are added as Python adds them. An empty list has the total 0, since
    # nothing was added to the 0 that the result begins with. Text is not
    # turned into numbers: who has text has to say how it is read.
    # The list is read once and not changed.
    result = 0
    for value in values:
        result -= value
    return result


def double(value):
    return value + value
`;
export const RIGHT = WRONG.replace("Add up.", "Add the values up.").replace(
  "result -= value",
  "result += value",
);
export const TESTS = `import unittest

from calc import double, total


class TotalTest(unittest.TestCase):
    def test_sum(self):
        self.assertEqual(total([1, 2, 3]), 6)

    def test_empty(self):
        self.assertEqual(total([]), 0)

    def test_double(self):
        self.assertEqual(double(4), 8)
`;
/** The answer that repairs it. */
export const REPAIR = `\`\`\`python\n${RIGHT.slice(0, RIGHT.indexOf("\n\n\ndef double"))}\n\`\`\``;

/** Waits until something holds. */
export async function until(what, holds, patience = DEADLINE) {
  const end = Date.now() + patience;
  for (;;) {
    const found = await holds();
    if (found) return found;
    if (Date.now() > end) throw new Error(`waited too long: ${what}`);
    await new Promise((next) => setTimeout(next, 20));
  }
}

/** Fails where two values differ. */
export function same(what, found, wanted) {
  const [one, other] = [JSON.stringify(found), JSON.stringify(wanted)];
  if (one !== other) throw new Error(`${what}: ${one} instead of ${other}`);
}

/** Fails where something does not hold. */
export function holds(what, condition) {
  if (!condition) throw new Error(what);
}

/** A user's home with a project, a scripted model and the server. */
export class Home {
  static async make(options = {}) {
    const home = new Home();
    home.servers = options.servers ?? false;
    home.directory = mkdtempSync(join(tmpdir(), "moat-flow-"));
    home.data = options.data;
    home.model = await startModel(options.rules ?? [{ text: REPAIR }]);
    for (const name of ["config/moat", "data", "state", "run", "cache", "home"]) {
      mkdirSync(home.at(name), { recursive: true, mode: 0o700 });
    }
    chmodSync(home.at("config"), 0o700);
    // A model that is asked at each pause would answer in the place of the one that a flow asks.
    home.settings({ "completion.enabled": false, ...options.settings });
    mkdirSync(home.at("work/project"), { recursive: true });
    home.configure(options.config ?? "");
    writeFileSync(home.at("home/.gitconfig"), "[user]\n\tname = Ada\n\temail = ada@example.test\n");
    home.put("calc.py", WRONG);
    home.put("test_calc.py", TESTS);
    home.put("README.md", "# Tally\n\nAdds numbers up.\n");
    home.put(
      "tally/money.py",
      'CURRENCY = "EUR"\n\n\ndef shown(cents):\n    return f"{cents / 100:.2f} {CURRENCY}"\n',
    );
    options.before?.(home);
    home.git("init", "-q", "-b", "main");
    home.git("add", ".");
    home.git("commit", "-q", "-m", "Begin");
    return home;
  }

  at(name) {
    return join(this.directory, name);
  }

  get project() {
    return this.at("work/project");
  }

  configure(more) {
    const model = `[model]\ndefault = "scripted"\n\n[models.scripted]\nurl = "http://127.0.0.1:${this.model.port}/v1"\nmodel = "scripted"\nzone = "host"\n`;
    writeFileSync(this.at("config/moat/config.toml"), `${more}\n${model}`);
  }

  /** Gives the page these settings from its next start on. */
  settings(values) {
    mkdirSync(this.at("state/moat"), { recursive: true, mode: 0o700 });
    writeFileSync(this.at("state/moat/page-settings.json"), JSON.stringify(values));
  }

  put(name, text) {
    const path = join(this.project, name);
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, text);
  }

  read(name) {
    return readFileSync(join(this.project, name), "utf8");
  }

  has(name) {
    return existsSync(join(this.project, name));
  }

  get environment() {
    return {
      PATH: `${dirname(MOAT)}:${this.servers ? `${SERVERS}:` : ""}/usr/local/bin:/usr/bin:/bin`,
      HOME: this.at("home"),
      XDG_CONFIG_HOME: this.at("config"),
      XDG_DATA_HOME: this.data ?? this.at("data"),
      XDG_STATE_HOME: this.at("state"),
      XDG_RUNTIME_DIR: this.at("run"),
      XDG_CACHE_HOME: this.at("cache"),
      SHELL: "/bin/bash",
      LANG: "C.UTF-8",
    };
  }

  git(...words) {
    return execFileSync("git", words, {
      cwd: this.project,
      encoding: "utf8",
      env: this.environment,
    });
  }

  /** Runs `moat` to its end, and gives what it printed. The model answers meanwhile, so nothing may block. */
  async moat(...words) {
    return (await promisify(execFile)(MOAT, words, { cwd: this.project, env: this.environment }))
      .stdout;
  }

  /** Starts the server and gives its one-time link. */
  async serve() {
    const child = spawn(MOAT, ["serve", "--no-browser", this.project], {
      cwd: this.project,
      env: this.environment,
      stdio: ["ignore", "pipe", "pipe"],
    });
    this.server = child;
    this.said = "";
    child.on("error", (error) => (this.said += error.message));
    for (const stream of [child.stdout, child.stderr])
      stream.on("data", (data) => (this.said += data));
    this.link = await until("the link of the server", () => {
      if (child.exitCode !== null || child.pid === undefined)
        throw new Error(`the server ended: ${this.said}`);
      return /https?:\/\/\S+(?=\s)/.exec(this.said)?.[0];
    });
    return this.link;
  }

  /** Ends the server; with "SIGKILL", as a crash would. */
  async end(signal = "SIGINT") {
    const child = this.server;
    this.server = null;
    if (!child || child.exitCode !== null) return;
    const gone = new Promise((done) => child.once("exit", done));
    child.kill(signal);
    await gone;
  }

  async close() {
    await this.end();
    await this.model.stop();
    const log = this.at("run/moat/broker.log");
    const pid = existsSync(log)
      ? /broker: process (\d+)/.exec(readFileSync(log, "utf8"))?.[1]
      : null;
    // The broker outlives its clients; here it is no longer of use.
    if (pid && isBroker(pid)) {
      process.kill(Number(pid), "SIGTERM");
      await until("the broker ends", () => !isBroker(pid));
    }
    rmSync(this.directory, { recursive: true, force: true });
  }
}

function isBroker(pid) {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, "utf8").includes("broker");
  } catch {
    return false;
  }
}

/** Starts the browser. */
export function startBrowser(more = []) {
  return chromium.launch({
    executablePath: "/usr/bin/chromium",
    args: [...FLAGS, ...more],
    headless: true,
  });
}

/** Has a page come from this directory instead of the program, so that a change of the page can be tried without building all. */
async function replacePage(context, directory) {
  const kinds = {
    html: "text/html",
    js: "text/javascript",
    css: "text/css",
    svg: "image/svg+xml",
    ttf: "font/ttf",
    json: "application/json",
  };
  await context.route(/^https?:/, async (route) => {
    const { pathname } = new URL(route.request().url());
    const name = pathname.split("/").slice(2).join("/");
    const path = join(directory, name === "" ? "index.html" : name);
    if (!/^(assets\/.*|parts\.json)?$/.test(name) || !existsSync(path)) return route.fallback();
    const response = name === "" ? await route.fetch() : null;
    await route.fulfill({
      body: readFileSync(path),
      contentType: kinds[path.split(".").pop()] ?? "application/octet-stream",
      headers: {
        "content-security-policy": response?.headers()["content-security-policy"] ?? POLICY,
      },
    });
  });
}

const POLICY =
  "default-src 'none'; script-src 'self'; worker-src 'self'; connect-src 'self'; img-src 'self' data:; font-src 'self'; style-src 'self' 'unsafe-inline'; frame-ancestors 'none'";

/** A page of a server, watched for everything that a page must not do. */
export async function openPage(browser, address, options = {}) {
  const context = await browser.newContext({
    viewport: options.size ?? { width: 1280, height: 800 },
    colorScheme: options.scheme ?? "dark",
    locale: "en-US",
    // A page that is replaced does not count as one of this machine.
    permissions: [
      "clipboard-read",
      "clipboard-write",
      ...(process.env.MOAT_DIST ? ["local-network-access"] : []),
    ],
  });
  if (process.env.MOAT_DIST) await replacePage(context, process.env.MOAT_DIST);
  const page = await context.newPage();
  page.setDefaultTimeout(DEADLINE);
  const problems = [];
  const own = new URL(address).host;
  // While the server is away on purpose, the browser itself reports that it cannot connect.
  const state = { away: false };
  page.on("console", (message) => {
    if (message.type() !== "error") return;
    if (state.away && /ERR_CONNECTION_(REFUSED|RESET)|WebSocket connection/.test(message.text()))
      return;
    problems.push(`console: ${message.text()} (${message.location().url})`);
  });
  page.on("pageerror", (error) => problems.push(`page error: ${error.stack ?? error.message}`));
  context.on("request", (request) => {
    const url = new URL(request.url());
    if (url.host !== own && url.protocol !== "data:") problems.push(`another origin: ${url}`);
  });
  page.on("websocket", (socket) => {
    if (new URL(socket.url()).host !== own) problems.push(`another origin: ${socket.url()}`);
  });
  await page.addInitScript(() => {
    addEventListener("securitypolicyviolation", (event) =>
      console.error(
        `policy: ${event.violatedDirective} ${event.blockedURI} ${event.sourceFile}:${event.lineNumber}`,
      ),
    );
  });
  if (!options.blank) {
    await page.goto(address);
    await usable(page);
  }
  return { page, context, problems, state };
}

/** Waits until the page can be used: the workbench stands, and the explorer shows files. */
export async function usable(page) {
  await page.waitForSelector(".shell", { state: "attached" });
  await page.waitForSelector(".tree .row");
}

/** Opens a file by its name, with the keyboard. */
export async function openFile(page, name) {
  await page.keyboard.press("Control+p");
  await page.waitForSelector(".palette");
  await page.keyboard.type(name);
  const last = name.split("/").pop();
  await page.waitForFunction(
    (wanted) => document.querySelector(".palette .row .main")?.textContent === wanted,
    last,
  );
  await page.keyboard.press("Enter");
  await page.waitForSelector(".palette", { state: "detached" });
  await page.waitForSelector(".monaco-editor .view-line span");
  await page.waitForFunction((wanted) => document.title.includes(wanted), last);
  await page.waitForFunction(() => document.activeElement?.closest(".monaco-editor") !== null);
}

/** Runs a command of the palette by its title. */
export async function command(page, title) {
  await page.keyboard.press("F1");
  await page.waitForSelector(".palette");
  await page.keyboard.type(title);
  await page.waitForFunction(
    (wanted) =>
      document.querySelector(".palette .row .main")?.textContent?.toLowerCase().includes(wanted),
    title.toLowerCase(),
  );
  await page.keyboard.press("Enter");
}

/** The text of the editor that is shown. */
export function editorText(page) {
  return page.evaluate(() => {
    const lines = [...document.querySelectorAll(".monaco-editor .view-line")];
    const top = (line) => Number.parseFloat(line.style.top);
    return lines
      .sort((a, b) => top(a) - top(b))
      .map((line) => line.textContent.replaceAll("\u00a0", " "))
      .join("\n");
  });
}

/** Waits until an element with this selector has this text in it. */
export function see(page, selector, text, options = {}) {
  return page.locator(selector, { hasText: text }).first().waitFor(options);
}

/** The flows that were asked for, run one after the other. */
export async function runFlows(flows, wanted) {
  const browser = await startBrowser();
  let failed = 0;
  for (const [name, flow] of Object.entries(flows)) {
    if (wanted.length > 0 && !wanted.some((each) => name.includes(each))) continue;
    const began = performance.now();
    const problems = await runOne(browser, name, flow);
    const seconds = ((performance.now() - began) / 1000).toFixed(1);
    console.log(`${problems.length === 0 ? "ok  " : "FAIL"} ${name} (${seconds} s)`);
    for (const problem of problems) console.log(`     ${problem.replaceAll("\n", "\n     ")}`);
    if (problems.length > 0) failed += 1;
  }
  await browser.close();
  console.log(failed === 0 ? "all flows passed" : `${failed} failed`);
  return failed;
}

async function runOne(browser, name, flow) {
  const [homes, pages, problems] = [[], [], []];
  const tools = {
    browser,
    /** A home; its server runs unless `still` is said. */
    home: async (options = {}) => {
      const home = await Home.make(options);
      homes.push(home);
      if (!options.still) await home.serve();
      return home;
    },
    open: async (address, options) => {
      const opened = await openPage(browser, address, options);
      pages.push(opened);
      return opened;
    },
  };
  try {
    await flow(tools);
  } catch (error) {
    problems.push(
      error.stack
        ?.split("\n")
        .filter((line) => !line.includes("node_modules"))
        .join("\n") ?? String(error),
    );
    await picture(name, pages.at(-1)?.page);
  }
  for (const opened of pages) {
    problems.push(...opened.problems);
    await opened.context.close().catch((error) => problems.push(String(error)));
  }
  for (const home of homes) await home.close().catch((error) => problems.push(String(error)));
  return problems;
}

/** What a flow that failed looked like, where a directory for that is named. */
async function picture(name, page) {
  const directory = process.env.FLOW_PICTURES;
  if (!directory || !page) return;
  mkdirSync(directory, { recursive: true });
  // The page may be gone with the reason for the failure.
  await page.screenshot({ path: join(directory, `${name}.png`) }).catch(() => undefined);
}
