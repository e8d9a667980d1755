// SPDX-License-Identifier: Apache-2.0
// Writes each file of `dist` compressed beside it, and a list of all of them, so that the
// server has nothing to do but send. Prints the sizes.

import { readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { extname, join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { brotliCompressSync, constants, gzipSync } from "node:zlib";

const DIST = fileURLToPath(new URL("../dist", import.meta.url));
const FIRST_MOST = 1.5e6;
const ALL_MOST = 3e6;

const TYPES = {
  ".html": "text/html; charset=utf-8",
  ".js": "text/javascript; charset=utf-8",
  ".css": "text/css; charset=utf-8",
  ".json": "application/json",
  ".svg": "image/svg+xml",
  ".ttf": "font/ttf",
  ".woff2": "font/woff2",
  ".png": "image/png",
};

function* walk(directory) {
  for (const each of readdirSync(directory).sort()) {
    const path = join(directory, each);
    if (statSync(path).isDirectory()) yield* walk(path);
    else yield path;
  }
}

// What the page has the browser keep, so that it is here while the server is not.
const parts = [...walk(join(DIST, "assets"))].filter((path) => /\.(js|css)$/.test(path)).map((path) => relative(DIST, path));
writeFileSync(join(DIST, "parts.json"), JSON.stringify(parts));

const files = [];
for (const path of walk(DIST)) {
  if (/\.(br|gz)$/.test(path) || path.endsWith("manifest.json")) continue;
  const bytes = readFileSync(path);
  const br = brotliCompressSync(bytes, {
    params: { [constants.BROTLI_PARAM_QUALITY]: 11, [constants.BROTLI_PARAM_SIZE_HINT]: bytes.length },
  });
  const gz = gzipSync(bytes, { level: 9 });
  writeFileSync(`${path}.br`, br);
  writeFileSync(`${path}.gz`, gz);
  const type = TYPES[extname(path)] ?? "application/octet-stream";
  files.push({ path: relative(DIST, path), type, bytes: bytes.length, br: br.length, gz: gz.length });
}
writeFileSync(join(DIST, "manifest.json"), `${JSON.stringify({ files }, null, 1)}\n`);

// What the page loads before anything is clicked: what the entry imports, the editor and its worker.
const names = new Map(files.map((file) => [file.path.split("/").pop(), file]));
const first = new Set();
const follow = (file) => {
  if (!file || first.has(file)) return;
  first.add(file);
  if (!/\.(js|html)$/.test(file.path)) return;
  const text = readFileSync(join(DIST, file.path), "utf8");
  for (const [, name] of text.matchAll(/(?:from|import)\s*"\.?\/?(?:assets\/)?([\w.-]+\.js)"/g)) follow(names.get(name));
  for (const [, name] of text.matchAll(/(?:src|href)="\/(?:assets\/)?([\w.-]+)"/g)) follow(names.get(name));
};
follow(names.get("index.html"));
for (const file of files)
  if (/^assets\/(monaco|worker|codicon|explorer|index|style)-/.test(file.path) || /codicon.*\.ttf$/.test(file.path)) follow(file);

const sum = (list) => list.reduce((all, file) => all + file.br, 0);
const text = (bytes) => `${(bytes / 1e6).toFixed(3)} MB`;
for (const file of [...files].sort((a, b) => b.br - a.br).slice(0, 12))
  console.log(`${text(file.br).padStart(9)} ${first.has(file) ? "first" : "     "} ${file.path}`);
const [firstSum, allSum] = [sum([...first]), sum(files)];
console.log(`first load ${text(firstSum)} in ${first.size} files, all ${text(allSum)} in ${files.length} files (brotli)`);
if (firstSum > FIRST_MOST || allSum > ALL_MOST) {
  console.error("too large: the first load may have 1.5 MB, all 3 MB");
  process.exitCode = 1;
}
