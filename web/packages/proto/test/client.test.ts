// SPDX-License-Identifier: Apache-2.0
// The connection: questions, answers, news, and what happens when it is lost.

import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { Client, Lost, Refused, type Socket } from "../src/client.ts";

class FalseSocket implements Socket {
  binaryType = "";
  readyState = 0;
  onopen: (() => void) | null = null;
  onclose: (() => void) | null = null;
  onerror: (() => void) | null = null;
  onmessage: ((event: { data: unknown }) => void) | null = null;
  sent: (string | ArrayBufferView)[] = [];
  send(data: string | ArrayBufferView): void {
    this.sent.push(data);
  }
  close(): void {
    this.readyState = 3;
  }
  open(): void {
    this.readyState = 1;
    this.onopen?.();
  }
  drop(): void {
    this.readyState = 3;
    this.onclose?.();
  }
  say(frame: unknown): void {
    this.onmessage?.({ data: JSON.stringify(frame) });
  }
  frames(): { id: number; ask: { query: string } }[] {
    return this.sent.filter((each) => typeof each === "string").map((each) => JSON.parse(each));
  }
}

const sockets: FalseSocket[] = [];
const last = () => sockets[sockets.length - 1] as FalseSocket;

function made() {
  const client = new Client({
    open: () => {
      const socket = new FalseSocket();
      sockets.push(socket);
      return socket as unknown as Socket;
    },
    pauseFirst: 100,
    pauseMost: 400,
    silence: 1000,
  });
  client.connect();
  return client;
}

beforeEach(() => {
  sockets.length = 0;
  vi.useFakeTimers();
});
afterEach(() => vi.useRealTimers());

describe("the client", () => {
  it("sends what was asked before the connection in order, and matches answers by number", async () => {
    const client = made();
    const first = client.ask({ service: "desk", query: "open" });
    const second = client.ask({ service: "git", query: "status" });
    expect(last().sent).toHaveLength(0);
    last().open();
    const [a, b] = last().frames();
    expect([a?.ask.query, b?.ask.query]).toEqual(["open", "status"]);
    last().say({ frame: "answer", id: b?.id, reply: { service: "git", reply: "no_repository" } });
    last().say({ frame: "answer", id: a?.id, reply: { service: "desk", reply: "done" } });
    expect((await second).reply).toBe("no_repository");
    expect((await first).reply).toBe("done");
  });

  it("rejects with the server's report", async () => {
    const client = made();
    last().open();
    const asked = client.ask({ service: "git", query: "status" });
    const report = { error: "no", causes: ["why"], hint: null };
    last().say({ frame: "refused", id: last().frames()[0]?.id, report });
    await expect(asked).rejects.toBeInstanceOf(Refused);
    await expect(asked).rejects.toMatchObject({ report });
  });

  it("says that the connection is lost, rejects what was not answered, and keeps what comes after", async () => {
    const client = made();
    const states: string[] = [];
    client.onState((state) => states.push(state));
    last().open();
    const asked = client.ask({ service: "git", query: "status" });
    last().drop();
    await expect(asked).rejects.toBeInstanceOf(Lost);
    const later = client.ask({ service: "git", query: "branches" });
    await vi.advanceTimersByTimeAsync(100);
    expect(sockets).toHaveLength(2);
    last().open();
    expect(states).toEqual(["connected", "lost", "connected"]);
    last().say({
      frame: "answer",
      id: last().frames()[0]?.id,
      reply: { service: "git", reply: "no_repository" },
    });
    expect((await later).reply).toBe("no_repository");
  });

  it("waits longer between attempts, up to a limit, and not at all when asked to retry", async () => {
    const client = made();
    last().open();
    last().drop();
    for (const pause of [100, 200, 400, 400]) {
      const before = sockets.length;
      await vi.advanceTimersByTimeAsync(pause - 1);
      expect(sockets).toHaveLength(before);
      await vi.advanceTimersByTimeAsync(1);
      expect(sockets).toHaveLength(before + 1);
      last().drop();
    }
    const before = sockets.length;
    client.retry();
    expect(sockets).toHaveLength(before + 1);
  });

  it("asks after a silence, and counts a connection that does not answer as lost", async () => {
    const client = made();
    last().open();
    await vi.advanceTimersByTimeAsync(1000);
    expect(
      last()
        .frames()
        .map((each) => each.ask.query),
    ).toEqual(["list"]);
    expect(client.state).toBe("connected");
    await vi.advanceTimersByTimeAsync(1000);
    expect(client.state).toBe("lost");
  });

  it("keeps a connection whose other end answers", async () => {
    const client = made();
    last().open();
    for (let round = 0; round < 3; round++) {
      await vi.advanceTimersByTimeAsync(1000);
      const id = last().frames().at(-1)?.id;
      last().say({
        frame: "answer",
        id,
        reply: { service: "terminal", reply: "listed", terminals: [] },
      });
    }
    expect(client.state).toBe("connected");
  });

  it("gives terminal bytes to their terminal, and the early ones to whoever listens first", () => {
    const client = made();
    last().open();
    const frame = (terminal: number, text: string) => {
      const bytes = new Uint8Array(4 + text.length);
      new DataView(bytes.buffer).setUint32(0, terminal, true);
      bytes.set(new TextEncoder().encode(text), 4);
      last().onmessage?.({ data: bytes.buffer });
    };
    frame(7, "early ");
    let heard = "";
    const stop = client.terminal(7).onData((bytes) => {
      heard += new TextDecoder().decode(bytes);
    });
    frame(7, "late");
    frame(8, "other");
    expect(heard).toBe("early late");
    stop();
    client.terminal(7).write("ls");
    const sent = last().sent.at(-1) as Uint8Array;
    expect([...sent]).toEqual([7, 0, 0, 0, 108, 115]);
  });

  it("tells the news to all who listen", () => {
    const client = made();
    last().open();
    const heard: string[] = [];
    const stop = client.onNews((news) => heard.push(news.news));
    last().say({ frame: "news", news: { news: "git_changed" } });
    stop();
    last().say({ frame: "news", news: { news: "git_changed" } });
    expect(heard).toEqual(["git_changed"]);
  });
});
