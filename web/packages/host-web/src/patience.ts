// SPDX-License-Identifier: Apache-2.0
// Parts of the page that are loaded later: fetched once the page is at rest, so that they are here when the server is not,
// and asked for again where they could not be loaded.

import type { Client } from "@moat/proto";

const AGAIN_AFTER_MS = 3000;

/** The names of all files of the page, which the build writes down. */
const PARTS = "parts.json";

/** What tells whether there is a connection. */
type Connection = Pick<Client, "state" | "onState">;

/** Loads something, again and again until it is there: at once when the server is back, else after a pause. */
export async function patiently<T>(client: Connection, load: () => Promise<T>): Promise<T> {
  for (;;) {
    try {
      return await load();
    } catch {
      await nextChance(client);
    }
  }
}

/** Waits until loading is worth another try. */
function nextChance(client: Connection): Promise<void> {
  return new Promise((resolve) => {
    const done = () => {
      clearInterval(timer);
      stop();
      resolve();
    };
    // While nobody answers a try is of no use; what failed for another reason may work the next time.
    const timer = setInterval(() => client.state === "connected" && done(), AGAIN_AFTER_MS);
    const stop = client.onState((state) => state === "connected" && done());
  });
}

/** Has the browser keep every file of the page, one after the other and behind everything else. */
export async function fetchParts(get: typeof fetch = fetch): Promise<void> {
  try {
    const names = (await (await get(PARTS)).json()) as string[];
    for (const name of names) await (await get(name, { priority: "low" })).arrayBuffer();
  } catch {
    // The server is away. What is missing is loaded when it is needed, and says so where it cannot be.
  }
}
