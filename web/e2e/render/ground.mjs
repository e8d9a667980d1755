// SPDX-License-Identifier: Apache-2.0
// What the render corpus stands on: the page's own server, the server that must hear nothing, and the browser's own log of the
// names that it looked up.

import { createReadStream } from "node:fs";
import { readFile, stat } from "node:fs/promises";
import { createServer } from "node:http";
import { extname, join, normalize } from "node:path";
import { build, loadConfigFromFile, mergeConfig } from "vite";

const TYPES = {
  ".html": "text/html; charset=utf-8",
  ".js": "text/javascript",
  ".css": "text/css",
  ".json": "application/json",
};

/** Builds the pages of the corpus with the program's own settings. */
export async function bundle(root, work) {
  const config = await loadConfigFromFile(
    { command: "build", mode: "production" },
    join(root, "../../vite.config.ts"),
  );
  const outDir = join(work, "dist");
  const own = {
    root,
    configFile: false,
    logLevel: "warn",
    build: {
      outDir,
      emptyOutDir: true,
      minify: false,
      rollupOptions: {
        input: { page: join(root, "page.html"), control: join(root, "control.html") },
      },
    },
  };
  await build(mergeConfig(config?.config ?? {}, own));
  return outDir;
}

/** Serves files, with a content security policy or without one. */
export async function serve(directory, policy) {
  const server = createServer((request, response) => {
    const path = normalize(decodeURIComponent(new URL(request.url ?? "/", "http://x").pathname));
    const file = join(directory, path);
    void stat(file).then(
      (found) => {
        if (!found.isFile() || !file.startsWith(directory)) throw new Error("no file");
        response.setHeader("content-type", TYPES[extname(file)] ?? "application/octet-stream");
        if (policy !== null) response.setHeader("content-security-policy", policy);
        createReadStream(file).pipe(response);
      },
      () => {
        response.statusCode = 404;
        response.end();
      },
    );
  });
  const port = await listening(server);
  return { address: `http://127.0.0.1:${port}`, close: () => closed(server) };
}

/** The server that must hear nothing. */
export async function sink() {
  const hits = [];
  const server = createServer((request, response) => {
    hits.push({
      path: `${request.headers.host ?? ""}${request.url ?? ""}`,
      referrer: request.headers.referer ?? "",
    });
    response.setHeader("access-control-allow-origin", "*");
    response.setHeader(
      "content-type",
      request.url?.endsWith(".js") ? "text/javascript" : "text/html",
    );
    response.end(
      request.url?.endsWith(".js") ? "window.__ran = 1;" : "<!doctype html><title>sink</title>",
    );
  });
  return { hits, port: await listening(server), close: () => closed(server) };
}

function listening(server) {
  return new Promise((resolve, reject) => {
    server.once("error", reject);
    server.listen(0, "127.0.0.1", () => resolve(server.address().port));
  });
}

function closed(server) {
  server.closeAllConnections();
  return new Promise((resolve) => {
    server.close(() => resolve());
  });
}

/** The names that browsers looked up, by their own logs, with how often. */
export async function names(files) {
  const found = {};
  for (const file of files) {
    for (const [name, count] of Object.entries(await namesIn(file)))
      found[name] = (found[name] ?? 0) + count;
  }
  return found;
}

async function namesIn(file) {
  let text = await readFile(file, "utf8").catch(() => "{}");
  // A log that was cut off by the end of the browser lacks its last brackets.
  if (!text.trimEnd().endsWith("}")) text = `${text.trimEnd().replace(/,$/u, "")}]}`;
  const log = JSON.parse(text);
  const kinds = Object.entries(log.constants?.logEventTypes ?? {});
  const wanted = new Set(
    kinds.filter(([name]) => /^HOST_RESOLVER/.test(name)).map(([, number]) => number),
  );
  const found = {};
  for (const event of log.events ?? []) {
    const host = event.params?.host ?? event.params?.hostname;
    if (!wanted.has(event.type) || typeof host !== "string") continue;
    const name = host.replace(/^https?:\/\//u, "").replace(/[:/].*$/u, "");
    found[name] = (found[name] ?? 0) + 1;
  }
  return found;
}
