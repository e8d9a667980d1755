// SPDX-License-Identifier: Apache-2.0
// A workspace of 100,000 files.

import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { see, until } from "../harness.mjs";

const [DIRECTORIES, FILES] = [1000, 100];

/** Writes 100,000 small files. */
export function manyFiles(project) {
  for (let directory = 0; directory < DIRECTORIES; directory++) {
    const path = join(project, `part${String(directory).padStart(3, "0")}`);
    mkdirSync(path);
    for (let file = 0; file < FILES; file++)
      writeFileSync(join(path, `file${directory}_${file}.txt`), "");
  }
}

/** The explorer and quick open are usable with 100,000 files. */
export async function large({ home: make, open }) {
  const home = await make({ still: true });
  manyFiles(home.project);
  await home.serve();
  const { page } = await open(home.link, { blank: true });
  const began = performance.now();
  await page.goto(home.link);
  await page.waitForSelector(".tree .row");
  await page.locator(".tree .row", { hasText: "part000" }).click();
  await see(page, ".tree .row", "file0_0.txt");
  console.log(
    `     explorer of 100,000 files usable after ${Math.round(performance.now() - began)} ms`,
  );
  await page.keyboard.press("Control+p");
  await page.waitForSelector(".palette");
  await page.keyboard.type("file777_77");
  await until("the file in quick open", async () => {
    const first = await page
      .locator(".palette .row .main")
      .first()
      .textContent({ timeout: 500 })
      .catch(() => "");
    return first === "file777_77.txt";
  });
  await page.keyboard.press("Enter");
  await page.waitForFunction(() => document.title.includes("file777_77.txt"));
}
