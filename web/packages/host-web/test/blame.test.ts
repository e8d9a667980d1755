// SPDX-License-Identifier: Apache-2.0
// Holds that what a commit's author wrote is one plain line in the editor, whatever it is.

import { expect, test } from "vitest";

import { shown } from "../src/editor/blame.ts";

test("what a commit says is one line without anything that is not seen", () => {
  expect(shown("Ada, now · Say what changed")).toBe("Ada, now · Say what changed");
  expect(shown("\u202eevil\u0000\nname\u2028, now")).toBe("evil name , now");
  const long = shown("é".repeat(500));
  expect([...long]).toHaveLength(161);
  expect(long.endsWith("…")).toBe(true);
});
