// SPDX-License-Identifier: Apache-2.0
// Shows that rendering is deaf and mute (P-18): hostile Markdown, HTML, SVG, names, code and terminal output are rendered in a
// real browser beside a server that must hear nothing. Then a careless page renders the same, and the server has to hear it.
//
// Run: node e2e/render.mjs [--only KIND] [--keep] — prints what was found as JSON, and ends with 1 where something is wrong.

import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { chromium } from "playwright-core";
import { check, summary } from "./render/judge.mjs";
import { FLAGS } from "./harness.mjs";
import { bundle, names, serve, sink } from "./render/ground.mjs";

const HERE = fileURLToPath(new URL("./render/", import.meta.url));
const QUIET_MS = 60;
const SETTLED_MS = 1500;
const PATIENCE_MS = 180_000;
const HELD_MS = 4000;
const HOLDING = "lines inserted without end";
const CSP =
  "default-src 'none'; script-src 'self'; worker-src 'self'; connect-src 'self'; img-src 'self' data:; font-src 'self'; style-src 'self' 'unsafe-inline'; frame-ancestors 'none'";

/** Which parts of the program each file of the corpus is rendered with. */
const PARTS = {
  markdown: ["markdown", "growing", "preview"],
  html: ["markdown", "preview", "large"],
  svg: ["image", "markdown", "large"],
  code: ["code", "large", "binary"],
  names: ["names"],
  terminal: ["terminal"],
};

/** How the control renders each. */
const CARELESS = {
  markdown: "markdown",
  html: "html",
  svg: "html",
  code: "html",
  names: "html",
  terminal: "terminal",
};

async function corpus(ports) {
  const files = (await readdir(join(HERE, "corpus")))
    .filter((file) => file.endsWith(".json"))
    .sort();
  const found = [];
  for (const file of files) {
    const entries = JSON.parse(await readFile(join(HERE, "corpus", file), "utf8"));
    for (const entry of entries) {
      const parts = entry.parts ?? [entry.source];
      const raw = parts
        .map((part) => (typeof part === "string" ? part : part[0].repeat(part[1])))
        .join("");
      const source = raw
        .replaceAll("{SINK}", `http://127.0.0.1:${ports.sink}`)
        .replaceAll("{NAMED}", `http://leak-${found.length}.sink.test:${ports.sink}`)
        .replaceAll("{PORT}", String(ports.sink));
      found.push({ file: file.slice(0, -".json".length), name: entry.name, source });
    }
  }
  return found;
}

/** Watches a page for everything that content must not do. */
async function watch(context, page, origin) {
  const seen = {
    requests: [],
    violations: [],
    dialogs: 0,
    pages: 0,
    navigations: 0,
    ran: 0,
    errors: [],
  };
  context.on("page", () => {
    seen.pages += 1;
  });
  context.on("request", (request) => {
    const url = request.url();
    if (!url.startsWith(origin) && !url.startsWith("data:")) seen.requests.push(url);
  });
  page.on("dialog", (dialog) => {
    seen.dialogs += 1;
    void dialog.dismiss();
  });
  page.on("framenavigated", () => {
    seen.navigations += 1;
  });
  page.on("pageerror", (error) => seen.errors.push(String(error)));
  await page.exposeFunction("__violated", (text) => seen.violations.push(text));
  await page.addInitScript(() => {
    let ran = 0;
    // An accessor that nobody can replace: whoever sets it is counted.
    Object.defineProperty(window, "__ran", { get: () => ran, set: () => (ran += 1) });
    document.addEventListener("securitypolicyviolation", (event) =>
      window.__violated(`${event.effectiveDirective} ${event.blockedURI}`),
    );
  });
  return seen;
}

/** An input that keeps the page busy for so long is a fault of its own: the run ends there and says which. */
async function inTime(work, what, patience = PATIENCE_MS) {
  let timer;
  const late = new Promise((_, reject) => {
    timer = setTimeout(
      () => reject(new Error(`${what} kept the page busy for ${patience / 1000} s`)),
      patience,
    );
  });
  work.catch(() => undefined);
  try {
    return await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
}

async function settled(page, ms = QUIET_MS) {
  await page.evaluate(
    (pause) => new Promise((done) => requestAnimationFrame(() => setTimeout(done, pause))),
    ms,
  );
}

/** Moves the pointer over every link, and clicks some with the middle button, which a person does not mean as a yes. */
async function touch(page) {
  const links = page.locator("#stage [role=link], #stage .md-dead");
  const count = Math.min(await links.count(), 4);
  for (let at = 0; at < count; at += 1) {
    await links
      .nth(at)
      .hover({ force: true, timeout: 1000 })
      .catch(() => undefined);
    await links
      .nth(at)
      .click({ button: "middle", force: true, timeout: 1000 })
      .catch(() => undefined);
  }
}

async function renderAll(browser, address, entries, ground) {
  const context = await browser.newContext({ permissions: ["clipboard-read", "clipboard-write"] });
  const page = await context.newPage();
  const seen = await watch(context, page, address);
  await page.goto(`${address}/page.html`);
  await page.waitForFunction(() => window.corpus !== undefined);
  await page.evaluate(() => navigator.clipboard.writeText("untouched"));
  const hostile = entries.find((entry) => entry.file === "svg")?.source ?? "";
  const outcomes = [];
  const before = { navigations: seen.navigations, pages: seen.pages };
  for (const entry of entries) {
    for (const part of PARTS[entry.file]) {
      const hits = ground.hits.length;
      const began = performance.now();
      if (process.argv.includes("--verbose"))
        console.error(`${entry.file}/${entry.name} in ${part}`);
      const show = async () => {
        await page.evaluate(
          ([kind, source, svg]) => window.corpus.render(kind, source, svg),
          [part, entry.source, hostile],
        );
        await settled(page);
        await touch(page);
        return page.evaluate((kind) => window.corpus.outcome(kind), part);
      };
      const outcome = await inTime(show(), `${entry.file}/${entry.name} in ${part}`);
      outcomes.push({
        ...entry,
        part,
        ...outcome,
        ms: performance.now() - began,
        hits: ground.hits.slice(hits),
      });
    }
  }
  await settled(page, SETTLED_MS);
  const clipboard = await page.evaluate(() => navigator.clipboard.readText());
  seen.ran = await page.evaluate(() => window.__ran);
  seen.navigations -= before.navigations;
  seen.pages -= before.pages;
  await context.close();
  return { outcomes, seen, clipboard };
}

/** A link does lead out where a person says yes: otherwise "nothing was requested" would say nothing. */
async function followOne(browser, address, ground, port) {
  const context = await browser.newContext();
  const page = await context.newPage();
  await page.goto(`${address}/page.html`);
  await page.waitForFunction(() => window.corpus !== undefined);
  const target = `http://127.0.0.1:${port}/followed`;
  await page.evaluate((to) => window.corpus.render("markdown", `[x](${to})`, ""), target);
  const before = ground.hits.length;
  await page.locator("#stage [role=link]").click();
  const refused = ground.hits.length - before;
  await page.evaluate(() => window.corpus.answer(true));
  const [opened] = await Promise.all([
    context.waitForEvent("page"),
    page.locator("#stage [role=link]").click(),
  ]);
  await opened.waitForLoadState();
  const opener = await opened.evaluate(() => window.opener === null);
  // The browser asks for the page's icon by itself, with the page as where it comes from.
  const hit = ground.hits.slice(before).find((each) => !each.path.endsWith("/favicon.ico"));
  await context.close();
  return { refused, hit: hit?.path, referrer: hit?.referrer ?? "", opener };
}

async function careless(browsers, address, entries, ground) {
  const results = {};
  const seen = { ran: 0, dialogs: 0, requests: 0, violations: 0 };
  let held = null;
  for (const entry of entries) {
    // What would hold a careless page up for minutes is shown by one of its kind.
    const holds = / without end$/u.test(entry.name);
    if (holds && entry.name !== HOLDING) continue;
    const context = await (await browsers.one()).newContext();
    const page = await context.newPage();
    const own = await watch(context, page, address);
    await page.goto(`${address}/control.html`);
    await page.waitForFunction(() => window.control !== undefined);
    const hits = ground.hits.length;
    const kind = CARELESS[entry.file];
    const show = async () => {
      await page.evaluate(
        ([how, source]) => window.control.render(how, source),
        [kind, entry.source],
      );
      await settled(page, QUIET_MS * 2);
    };
    if (holds) {
      held = await inTime(show(), entry.name, HELD_MS).then(
        () => false,
        () => true,
      );
      // Nothing but the end of the browser ends a page that is held up.
      await browsers.end();
      continue;
    }
    await show().catch(() => undefined);
    const ran = await page.evaluate(() => window.__ran).catch(() => 1);
    const typed = await page.evaluate(() => window.control?.typed() ?? "").catch(() => "");
    const heard = ground.hits.length - hits;
    seen.ran += ran;
    seen.dialogs += own.dialogs;
    seen.requests += own.requests.length;
    seen.violations += own.violations.length;
    results[entry.file] ??= { inputs: 0, harmed: 0 };
    results[entry.file].inputs += 1;
    if (heard > 0 || ran > 0 || own.dialogs > 0 || own.requests.length > 0 || /pwned/.test(typed))
      results[entry.file].harmed += 1;
    await context.close().catch(() => undefined);
  }
  return { results, seen, held };
}

/** Browsers, one at a time; each writes its own log of the network. A careless page may end one. */
function pool(work) {
  let current = null;
  const logs = [];
  return {
    logs: () => logs,
    async one() {
      if (current?.isConnected()) return current;
      const log = join(work, `net-${logs.length}.json`);
      logs.push(log);
      current = await chromium.launch({
        executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
        // Names of the corpus end with `.test`, which nobody has: they are looked up in vain, and the log says so. This browser
        // obeys no `dns-prefetch`, so that elements which ask for one are looked for in the page.
        args: [...FLAGS, `--log-net-log=${log}`],
      });
      return current;
    },
    async end() {
      await current?.close().catch(() => undefined);
      current = null;
    },
  };
}

/** Names that an input may have led to: the end of each stands in one. What the browser looks up for its maker is not among them. */
function own(found, entries) {
  const texts = entries.map((entry) => entry.source);
  const told = ([name]) => {
    const end = name.split(".").slice(-2).join(".");
    return texts.some((text) => text.includes(end));
  };
  return Object.fromEntries(Object.entries(found).filter(told));
}

async function main() {
  const only = process.argv.includes("--only")
    ? process.argv[process.argv.indexOf("--only") + 1]
    : null;
  const work = await mkdtemp(join(tmpdir(), "moat-render-"));
  const ground = await sink();
  const dist = await bundle(HERE, work);
  const strict = await serve(dist, CSP);
  const open = await serve(dist, null);
  const browsers = pool(work);
  let report;
  try {
    const entries = (await corpus({ sink: ground.port })).filter(
      (entry) => only === null || entry.file === only,
    );
    const rendered = await renderAll(await browsers.one(), strict.address, entries, ground);
    const quiet = ground.hits.length;
    // A browser of its own, so that the log of names tells the two runs apart.
    await browsers.end();
    const asked = own(await names(browsers.logs()), entries);
    const followed = await followOne(await browsers.one(), strict.address, ground, ground.port);
    const blocked = await careless(
      browsers,
      strict.address,
      entries.filter((entry) => entry.file === "html"),
      ground,
    );
    const after = ground.hits.length;
    const control = await careless(browsers, open.address, entries, ground);
    report = {
      entries: entries.length,
      rendered,
      quiet,
      asked,
      followed,
      blocked,
      control,
      heard: ground.hits.length - after,
    };
  } finally {
    await browsers.end();
    await Promise.all([strict.close(), open.close(), ground.close()]);
  }
  report.names = own(await names(browsers.logs()), report.rendered.outcomes);
  if (!process.argv.includes("--keep")) await rm(work, { recursive: true, force: true });
  const wrong = check(report);
  console.log(JSON.stringify(summary(report, wrong), null, 2));
  process.exitCode = wrong.length === 0 ? 0 : 1;
}

await main();
