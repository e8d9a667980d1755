// SPDX-License-Identifier: Apache-2.0
// A server for working on the front end without Moat: it serves `dist` with the same policy,
// answers the protocol over a temporary copy of the demo, and plays an agent's session.
//
//   node scripts/fake-server.mjs [--port 4460] [--many 100000] [--dir DIR] [--slow MS]

import { createReadStream, existsSync, statSync } from "node:fs";
import { createServer } from "node:http";
import { extname, join, normalize } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { WebSocketServer } from "ws";
import { Desk } from "./fake/desk.mjs";
import { Files } from "./fake/files.mjs";
import { Git } from "./fake/git.mjs";
import { Search } from "./fake/search.mjs";
import { Sessions } from "./fake/sessions.mjs";
import { Terminals } from "./fake/terminals.mjs";
import { makeWorkspace } from "./fake/workspace.mjs";

export const POLICY =
  "default-src 'none'; script-src 'self'; worker-src 'self'; connect-src 'self'; img-src 'self' data:; font-src 'self'; style-src 'self' 'unsafe-inline'; frame-ancestors 'none'";

const DIST = fileURLToPath(new URL("../dist", import.meta.url));

const TYPES = {
  ".html": "text/html; charset=utf-8",
  ".js": "text/javascript; charset=utf-8",
  ".css": "text/css; charset=utf-8",
  ".json": "application/json",
  ".svg": "image/svg+xml",
  ".png": "image/png",
  ".woff2": "font/woff2",
  ".ttf": "font/ttf",
};

/** What the server refuses to do, as the protocol says it. */
export class Refusal extends Error {
  constructor(error, causes = [], hint = null) {
    super(error);
    this.report = { error, causes, hint };
  }
}

/** Starts a server. Gives its address and how to stop it. */
export async function startFake(options = {}) {
  const root = options.dir ?? (await makeWorkspace(options));
  const connections = new Set();
  const news = (one) => connections.forEach((each) => each.send(frame({ frame: "news", news: one })));
  const files = new Files(root, news);
  const git = new Git(root, news);
  const sessions = new Sessions(root, news, options);
  const services = {
    files,
    git,
    search: new Search(root, files),
    desk: new Desk(root),
    sessions,
    boundary: sessions.boundary,
    terminal: new Terminals(root, news),
    language: { servers: () => ({ reply: "servers", allowed: null, servers: [] }) },
    completion: {
      complete: () => ({ reply: "completed", text: null, model_ms: 0 }),
      cancel: () => ({ reply: "cancelled" }),
    },
  };
  const server = createServer((request, response) => serve(request, response));
  const sockets = new WebSocketServer({ server, path: "/ws" });
  sockets.on("connection", (socket) => {
    const connection = {
      send: (data) => socket.readyState === 1 && socket.send(data),
      news: (one) => socket.readyState === 1 && socket.send(frame({ frame: "news", news: one })),
      close: () => socket.terminate(),
    };
    connections.add(connection);
    socket.on("close", () => connections.delete(connection));
    socket.on("message", (data, binary) => {
      if (binary) services.terminal.typed(data.readUInt32LE(0), data.subarray(4));
      else void answer(services, connection, JSON.parse(data.toString()), options.slow ?? 0);
    });
  });
  await new Promise((resolve) => server.listen(options.port ?? 0, "127.0.0.1", resolve));
  return {
    address: `http://127.0.0.1:${server.address().port}/`,
    root,
    services,
    news,
    /** Cuts every connection, as a lost network does. */
    cut: () => connections.forEach((each) => each.close()),
    stop: async () => {
      services.terminal.stop();
      connections.forEach((each) => each.close());
      sockets.close();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

function frame(value) {
  return JSON.stringify(value);
}

async function answer(services, connection, { id, ask }, slow) {
  const { service, query, ...rest } = ask;
  try {
    const method = services[service]?.[query];
    if (!method) throw new Refusal(`the false server does not know ${service} ${query}`);
    if (slow) await new Promise((resolve) => setTimeout(resolve, slow));
    const reply = await method.call(services[service], rest, connection);
    connection.send(frame({ frame: "answer", id, reply: { service, ...reply } }));
  } catch (error) {
    const report = error.report ?? { error: String(error.message ?? error), causes: [], hint: null };
    connection.send(frame({ frame: "refused", id, report }));
  }
}

function serve(request, response) {
  const path = normalize(decodeURIComponent(new URL(request.url, "http://localhost").pathname));
  const file = join(DIST, path === "/" ? "index.html" : path);
  const headers = {
    "content-security-policy": POLICY,
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
    "cache-control": "no-store",
  };
  if (!file.startsWith(DIST) || !existsSync(file) || !statSync(file).isFile()) {
    response.writeHead(404, headers).end();
    return;
  }
  const packed = existsSync(`${file}.br`) && /\bbr\b/.test(request.headers["accept-encoding"] ?? "");
  response.writeHead(200, {
    ...headers,
    "content-type": TYPES[extname(file)] ?? "application/octet-stream",
    ...(packed ? { "content-encoding": "br" } : {}),
  });
  createReadStream(packed ? `${file}.br` : file).pipe(response);
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? "").href) {
  const given = (name) => {
    const at = process.argv.indexOf(`--${name}`);
    return at < 0 ? undefined : process.argv[at + 1];
  };
  const server = await startFake({
    port: Number(given("port") ?? 4460),
    many: Number(given("many") ?? 0),
    dir: given("dir"),
    slow: Number(given("slow") ?? 0),
  });
  console.log(`${server.address}\n${server.root}`);
  for (const signal of ["SIGINT", "SIGTERM"]) process.on(signal, () => server.stop().then(() => process.exit(0)));
}
