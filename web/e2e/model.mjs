// SPDX-License-Identifier: Apache-2.0
// A model that answers by a script: OpenAI's chat completions as a stream, on a port of its own.

import { createServer } from "node:http";

/**
 * Starts it. Each request is answered by the first rule that fits and has uses left: `when` is a
 * text that the request must contain, `uses` how often it is good for, `text` the answer, `pieces`
 * and `pauseMs` an answer in pieces, `stays` keeps the answer open
 * behind its last piece, and `hang` gives no answer at all.
 */
export async function startModel(rules) {
  const state = {
    rules: rules.map((rule) => ({ uses: Infinity, ...rule })),
    requests: [],
    left: 0,
    spent: [],
  };
  const server = createServer((request, response) => {
    if (request.method === "GET") {
      response.setHeader("content-type", "application/json");
      response.end('{"status":"ok","object":"list","data":[{"id":"scripted"}]}');
      return;
    }
    let body = "";
    request.setEncoding("utf8");
    request.on("data", (data) => (body += data));
    request.on("end", () => {
      const asked = JSON.parse(body);
      state.requests.push(asked);
      response.on("close", () => {
        if (!response.writableFinished) state.left += 1;
      });
      const began = performance.now();
      void answer(state, asked, request.url ?? "", response).then(() =>
        state.spent.push(performance.now() - began),
      );
    });
  });
  await new Promise((ready) => server.listen(0, "127.0.0.1", ready));
  return {
    port: server.address().port,
    requests: state.requests,
    /** How long each answer took here, in milliseconds. */
    spent: () => state.spent,
    /** How many requests were left before their answer was whole. */
    left: () => state.left,
    script(next) {
      state.rules = next.map((rule) => ({ uses: Infinity, ...rule }));
    },
    async stop() {
      server.closeAllConnections();
      await new Promise((done) => server.close(done));
    },
  };
}

async function answer(state, asked, path, response) {
  const said = JSON.stringify(asked.messages ?? [asked.prompt, asked.suffix]);
  const rule = state.rules.find(
    (each) => each.uses > 0 && (each.when === undefined || said.includes(each.when)),
  );
  if (!rule) {
    response.writeHead(404, { "content-type": "application/json" });
    response.end('{"error":{"message":"no rule of the script is for this request"}}');
    return;
  }
  rule.uses -= 1;
  response.writeHead(200, { "content-type": "text/event-stream" });
  if (rule.hang) {
    response.flushHeaders();
    return;
  }
  const chat = path.endsWith("chat/completions");
  const send = (value) => response.write(`data: ${JSON.stringify(value)}\n\n`);
  const piece = (index, text, end = null) =>
    send({
      choices: [
        {
          index,
          ...(chat ? { delta: text === null ? {} : { content: text } } : { text: text ?? "" }),
          finish_reason: end,
        },
      ],
    });
  const pieces = rule.pieces ?? [rule.text];
  for (let index = 0; index < Math.max(1, asked.n ?? 1); index++) {
    for (const text of pieces) {
      if (rule.pauseMs) await new Promise((next) => setTimeout(next, rule.pauseMs));
      if (response.destroyed) return;
      piece(index, text);
    }
    if (rule.stays) return;
    piece(index, null, "stop");
  }
  const characters = pieces.join("").length;
  send({
    choices: [],
    usage: {
      prompt_tokens: Math.ceil(said.length / 4),
      completion_tokens: Math.ceil(characters / 4),
    },
  });
  response.end("data: [DONE]\n\n");
}
