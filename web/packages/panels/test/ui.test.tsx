// SPDX-License-Identifier: Apache-2.0
// Holds that what stands inside of a dialog, an empty view or an error is made once.

import { cleanup, render } from "@solidjs/testing-library";
import type { JSX } from "solid-js";
import { afterEach, expect, test } from "vitest";

import { Dialog, Empty, ErrorBox } from "../src/ui/index.ts";

afterEach(cleanup);

const REPORT = { error: "it failed", causes: [], hint: null };

test.each<[string, (inner: () => JSX.Element) => JSX.Element]>([
  [
    "dialog",
    (inner) => (
      <Dialog title="t" actions={<i />} onClose={() => undefined}>
        {inner()}
      </Dialog>
    ),
  ],
  ["empty view", (inner) => <Empty title="t">{inner()}</Empty>],
  ["error", (inner) => <ErrorBox report={REPORT}>{inner()}</ErrorBox>],
])("what stands inside of a %s is made once", (_, around) => {
  let made = 0;
  const Inner = () => {
    made += 1;
    return <p class="inner">inner</p>;
  };
  render(() => around(() => <Inner />));
  expect(document.querySelectorAll(".inner")).toHaveLength(1);
  expect(made).toBe(1);
});
