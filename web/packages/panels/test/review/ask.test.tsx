// SPDX-License-Identifier: Apache-2.0
// Holds that what acts by itself is kept only for a yes to exactly that: each change is shown whole
// and asked about alone, and leaving the question keeps nothing.

import type { Change } from "@moat/proto";
import { fireEvent, screen } from "@solidjs/testing-library";
import { afterEach, expect, test } from "vitest";

import type { Host } from "../../src/host.ts";
import { format } from "../../src/i18n.ts";
import { en } from "../../src/locales/en.ts";
import { askSurfaces } from "../../src/review/ask.tsx";
import { parseHunk } from "../../src/review/hunk.ts";
import { linesShown } from "../../src/review/lines.tsx";

const t = (key: keyof typeof en, args?: Record<string, string | number>) => format(en[key], args);
const host = { t } as unknown as Host;

function change(path: string, confirm: string | null = `644:${path}`): Change {
  return {
    ...{ path, kind: "created", class: "edit", before: { kind: "nothing" } },
    after: { kind: "file", mode: "755", content: null },
    ...{ lines_added: 1, lines_removed: 0, conflict: null, renamed_from: null, renamed_to: null },
    hunks: [{ number: 1, text: "@@ -0,0 +1,2 @@\n+the first line\n+the last line\n" }],
    merge: { merge: "alone" },
    surfaces: [
      {
        reader: "some tool",
        keys: "servers",
        effects: ["exec_open", "redirect"],
        does: "can start programs",
        gated: true,
      },
    ],
    confirm,
  } as Change;
}

afterEach(() => document.body.replaceChildren());

test("each change is asked about alone, and a yes names exactly what was shown", async () => {
  const asked = askSurfaces(host, [change(".mcp.json"), change("b"), change("c")]);
  const text = () => document.body.textContent ?? "";
  for (const part of [
    "some tool",
    "start programs",
    "when the directory is opened",
    "servers",
    "the first line",
    "the last line",
    "644:.mcp.json",
    "Mode 755",
  ]) {
    expect(text()).toContain(part);
  }
  expect(text()).not.toContain("644:b");
  fireEvent.click(screen.getByText("Keep exactly this"));
  expect(text()).toContain("644:b");
  fireEvent.click(screen.getByText("Leave it"));
  fireEvent.click(screen.getByText("Keep exactly this"));
  await expect(asked).resolves.toEqual([
    { path: ".mcp.json", id: "644:.mcp.json", by: "attached" },
    { path: "c", id: "644:c", by: "attached" },
  ]);
  expect(text()).toBe("");
});

test("the likely button leaves the change, and Escape keeps nothing at all", async () => {
  const asked = askSurfaces(host, [change("a"), change("b")]);
  expect(document.activeElement?.textContent).toBe("Leave it");
  fireEvent.click(screen.getByText("Keep exactly this"));
  fireEvent.keyDown(document.activeElement ?? document.body, { key: "Escape" });
  await expect(asked).resolves.toBeNull();
});

test("a change that names nothing to confirm cannot be confirmed", async () => {
  const asked = askSurfaces(host, [change("a", null)]);
  expect((screen.getByText("Keep exactly this") as HTMLButtonElement).disabled).toBe(true);
  fireEvent.click(screen.getByText("Leave it"));
  await expect(asked).resolves.toEqual([]);
});

test("where the whole is wanted, no line is left out", () => {
  const { lines } = parseHunk({ number: 1, text: `@@ -0,0 +1,900 @@\n${"+line\n".repeat(900)}` });
  expect(linesShown(lines, true)).toHaveLength(900);
  expect(linesShown(lines, false).length).toBeLessThan(900);
});
