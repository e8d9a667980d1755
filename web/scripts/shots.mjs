// SPDX-License-Identifier: Apache-2.0
// Makes a picture of each screen against the false server, and fails on any violation of the
// content security policy, any error in the console and any request to another origin.
//
//   node scripts/shots.mjs [DIRECTORY] [NAME…]

import { mkdirSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { chromium } from "playwright-core";
import { startFake } from "./fake-server.mjs";
import { SCREENS } from "./screens.mjs";

const [directory = join(tmpdir(), "moat-shots"), ...wanted] = process.argv.slice(2);
mkdirSync(directory, { recursive: true });

const FLAGS = [
  "--headless",
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
];

let bad = 0;
const browser = await chromium.launch({ executablePath: "/usr/bin/chromium", args: FLAGS, headless: true });
for (const [name, screen] of Object.entries(SCREENS)) {
  if (wanted.length > 0 && !wanted.some((each) => name.startsWith(each))) continue;
  const server = await startFake({ many: screen.many ?? 0 });
  server.services.desk.settings = JSON.stringify({ "workbench.theme": "dark", "workbench.language": "en", ...screen.settings });
  screen.before?.(server);
  const context = await browser.newContext({
    viewport: screen.size ?? { width: 1440, height: 900 },
    colorScheme: "dark",
  });
  const page = await context.newPage();
  page.setDefaultTimeout(60_000);
  const problems = [];
  page.on("console", (message) => {
    if (["error", "warning"].includes(message.type())) problems.push(`${message.type()}: ${message.text()}`);
  });
  page.on("pageerror", (error) => problems.push(`page error: ${error.stack ?? error.message}`));
  page.on("request", (request) => {
    const url = new URL(request.url());
    if (url.origin !== new URL(server.address).origin && url.protocol !== "data:") problems.push(`another origin: ${url}`);
  });
  await page.addInitScript(() => {
    addEventListener("securitypolicyviolation", (event) =>
      console.error(`policy: ${event.violatedDirective} ${event.blockedURI} ${event.sourceFile}:${event.lineNumber}`),
    );
  });
  try {
    const cdp = await context.newCDPSession(page);
    await cdp.send("Performance.enable");
    const began = Date.now();
    await page.goto(server.address);
    await page.waitForSelector(".shell", { state: "attached" });
    const shell = Date.now() - began;
    await screen.run(page, server);
    await page.waitForTimeout(200);
    await page.screenshot({ path: join(directory, `${name}.png`) });
    const metrics = await cdp.send("Performance.getMetrics").catch(() => ({ metrics: [] }));
    const busy = metrics.metrics.find((each) => each.name === "TaskDuration")?.value ?? 0;
    console.log(`${name}: shell after ${shell} ms, ${busy.toFixed(1)} s of work in the page`);
  } catch (error) {
    problems.push(String(error));
    await page.screenshot({ path: join(directory, `${name}.png`) }).catch(() => undefined);
  }
  for (const problem of problems) console.error(`  ${name}: ${problem}`);
  bad += problems.length;
  await context.close();
  await server.stop();
}
await browser.close();
writeFileSync(join(directory, "done.txt"), `${bad} problems\n`);
process.exit(bad > 0 ? 1 : 0);
