// SPDX-License-Identifier: Apache-2.0
// Holds that a part of the page which cannot be loaded says so and comes back, and that what is loaded patiently does not fail.

import type { Host } from "@moat/panels/host.ts";
import type { ConnectionState } from "@moat/proto";
import { cleanup, render, screen, waitFor } from "@solidjs/testing-library";
import { createSignal } from "solid-js";
import { afterEach, expect, test, vi } from "vitest";

import { fetchParts, patiently } from "../src/patience.ts";
import { LazyPanel } from "../src/workbench/lazy.tsx";

afterEach(cleanup);

/** A connection that is lost and comes back. */
function connection(state: ConnectionState) {
  const hear = new Set<(state: ConnectionState) => void>();
  const client = {
    state,
    onState(listen: (state: ConnectionState) => void) {
      hear.add(listen);
      return () => hear.delete(listen);
    },
  };
  return {
    client,
    to(next: ConnectionState) {
      client.state = next;
      for (const each of hear) each(next);
    },
    listening: () => hear.size,
  };
}

test("a part that cannot be loaded says so, and is there when the connection is", async () => {
  const [connected, setConnected] = createSignal(false);
  const host = { t: (key: string) => key, connected } as unknown as Host;
  const load = vi.fn(async () => {
    if (!connected()) throw new TypeError("Failed to fetch dynamically imported module");
    return (props: { host: Host }) => <p>{props.host.t("view.agent")}</p>;
  });
  render(() => <LazyPanel shown load={load} props={{ host }} />);
  await screen.findByText("part.failed.away");
  screen.getByText("part.again").click();
  await waitFor(() => expect(load).toHaveBeenCalledTimes(2));
  await screen.findByText("part.failed.away");
  setConnected(true);
  await screen.findByText("view.agent");
  expect(screen.queryByText("part.failed")).toBeNull();
});

test("what is loaded patiently is asked for again when the server is back", async () => {
  const { client, to, listening } = connection("lost");
  let there = false;
  const load = vi.fn(async () => {
    if (!there) throw new Error("away");
    return "loaded";
  });
  const loading = patiently(client, load);
  await vi.waitFor(() => expect(listening()).toBe(1));
  there = true;
  expect(load).toHaveBeenCalledTimes(1);
  to("connected");
  expect(await loading).toBe("loaded");
  expect(load).toHaveBeenCalledTimes(2);
  expect(listening()).toBe(0);
});

test("all files of the page are fetched one after the other, and a server that goes away is no error", async () => {
  const got: string[] = [];
  const get = vi.fn(async (name: string) => {
    got.push(name);
    if (name === "assets/c.js") throw new TypeError("Failed to fetch");
    return {
      json: async () => ["assets/a.js", "assets/b.css", "assets/c.js", "assets/d.js"],
      arrayBuffer: async () => new ArrayBuffer(0),
    };
  });
  await fetchParts(get as unknown as typeof fetch);
  expect(got).toEqual(["parts.json", "assets/a.js", "assets/b.css", "assets/c.js"]);
});
