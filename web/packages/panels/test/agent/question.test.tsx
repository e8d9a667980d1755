// SPDX-License-Identifier: Apache-2.0
// Holds that a question shows all of what would run, and nothing foreign as a part of itself.

import type { Proposal } from "@moat/proto";
import { cleanup, fireEvent, render, screen } from "@solidjs/testing-library";
import { afterEach, expect, test, vi } from "vitest";

import type { Agent } from "../../src/agent/agent.ts";
import { ApprovalCard } from "../../src/agent/cards/question.tsx";
import { format } from "../../src/i18n.ts";
import { en } from "../../src/locales/en.ts";

afterEach(cleanup);

const t = (key: keyof typeof en, args?: Record<string, string | number>) => format(en[key], args);

function show(proposal: Proposal, answer = vi.fn(async () => true)) {
  const agent = { host: { t }, answer } as unknown as Agent;
  const item = {
    kind: "approval",
    key: "k",
    request: 7,
    proposal,
    answer: null,
    closed: false,
  } as const;
  const shown = render(() => <ApprovalCard agent={agent} item={item} />);
  return { ...shown, answer };
}

const PROPOSAL: Proposal = {
  argv: ["/bin/sh", "-c", "make test"],
  environment: [["NAME", "a value"]],
  directory: "tools",
  candidate: { number: 3, path: "src/my calc.py", symbol: "total", tests: "test_calc.py" },
  writes: "a fork",
  network: "none",
  rule: "commands-ask",
};

test("the whole command and its scope are shown, however long", () => {
  const long = "x".repeat(10_000);
  const { container } = show({ ...PROPOSAL, argv: ["/bin/echo", long, "a b", "", "it's"] });
  const text = container.textContent ?? "";
  for (const part of [
    `/bin/echo ${long} 'a b' '' 'it'\\''s'`,
    "NAME='a value'",
    "./tools",
    "candidate 3, which changes total in 'src/my calc.py'",
    "with tests in test_calc.py",
    "a fork",
    "none",
    "commands-ask",
  ]) {
    expect(text).toContain(part);
  }
});

test("no foreign text passes for a row of the question", () => {
  const forged = "true\nNetwork\nnone\r\u202e\u001b[A";
  const clean = show(PROPOSAL).container.querySelectorAll("dt").length;
  cleanup();
  const { container } = show({
    ...PROPOSAL,
    argv: [forged],
    environment: [[forged, forged]],
    directory: forged,
    candidate: { number: 1, path: forged, symbol: forged, tests: forged },
    writes: forged,
    network: forged,
    rule: forged,
  });
  expect(container.querySelectorAll("dt")).toHaveLength(clean);
  const text = container.textContent ?? "";
  expect(text).not.toContain("\u202e");
  expect(text).not.toContain("\u001b");
  expect(text).not.toContain("\n");
});

test("only the button that says so is a yes, and an answer is sent once", async () => {
  const { answer } = show(PROPOSAL);
  fireEvent.click(screen.getByText("Deny"));
  expect(answer.mock.calls).toEqual([[7, "no"]]);
  fireEvent.click(screen.getByText("Run it once"));
  expect(answer).toHaveBeenCalledTimes(1);
});
