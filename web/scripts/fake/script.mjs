// SPDX-License-Identifier: Apache-2.0
// What the false agent does in a turn, as a list of events with pauses between them.

const TEST = ["python3", "-m", "unittest", "-q"];

const FAILING = `F
======================================================================
FAIL: test_few_cents_are_written_with_two_digits (tests.test_money.MoneyTest)
----------------------------------------------------------------------
Traceback (most recent call last):
  File "tests/test_money.py", line 23, in test_few_cents_are_written_with_two_digits
    self.assertEqual(format_amount(1205), "12.05")
AssertionError: '12.5' != '12.05'
----------------------------------------------------------------------
Ran 11 tests in 0.004s

FAILED (failures=1)
`;

const PASSING = `----------------------------------------------------------------------
Ran 11 tests in 0.004s

OK
`;

const ANSWER = `The remainder of a division has **one digit** when it is below ten, so \`format_amount(1205)\` becomes \`12.5\`.

It has to be written with two digits:

\`\`\`python
return f"{sign}{abs(cents) // 100}.{abs(cents) % 100:02}"
\`\`\`

I also name the amount in the message of \`split_amount\`, which failed without a word for a \`count\` of zero:

1. \`format_amount\` pads the cents.
2. \`split_amount\` refuses an empty group.
`;

export const BEFORE = {
  sign: '    return f"{sign}{abs(cents) // 100}.{abs(cents) % 100}"\n',
  split: '    """Split an amount into shares that add up to it exactly."""\n',
};

export const AFTER = {
  sign: '    return f"{sign}{abs(cents) // 100}.{abs(cents) % 100:02}"\n',
  split:
    '    """Split an amount into shares that add up to it exactly."""\n    if count < 1:\n        raise ValueError(f"nobody to split {cents} between")\n',
};

const failing = {
  status: { status: "code", value: 1 },
  passed: 10,
  failed: 1,
  failing: ["tests.test_money.MoneyTest.test_few_cents_are_written_with_two_digits"],
  duration_ms: 214,
};
const passing = { status: { status: "code", value: 0 }, passed: 11, failed: 0, failing: [], duration_ms: 208 };

const place = "in the session: nothing reaches your files before you keep it";

/** The events of a turn. `wait` stands where an answer of the user is needed. */
export function* turn(number, task, model) {
  yield { event: "turn_started", turn: number, task };
  yield { pause: 250 };
  yield { event: "plan_made", steps: ["Run the check", "Find the place", "Write the smallest change", "Run the check again"] };
  yield { pause: 300 };
  yield { event: "command_started", command: number * 10 + 1, argv: TEST, place };
  yield { pause: 350 };
  for (const line of FAILING.split(/(?<=\n)/)) {
    yield { event: "command_output", command: number * 10 + 1, stream: "err", text: line };
    yield { pause: 15 };
  }
  yield { event: "command_finished", command: number * 10 + 1, status: failing.status, duration_ms: 412, summary: failing };
  yield { pause: 200 };
  yield {
    event: "located",
    suspects: [
      { path: "tally/money.py", symbol: "format_amount", reasons: ["called by the failing test", "builds the text that differs"] },
      { path: "tally/report.py", symbol: "render", reasons: ["calls format_amount"] },
    ],
  };
  yield { event: "model_asked", request: number, model, purpose: "write a candidate", candidates: 1 };
  yield { pause: 500 };
  for (const token of ANSWER.split(/(?<=\s)/)) {
    yield { event: "model_text", request: number, candidate: 0, text: token };
    yield { pause: 16 };
  }
  yield { event: "model_answered", request: number, prompt_tokens: 1843, completion_tokens: 164, duration_ms: 2740 };
  yield { event: "notice", level: "note", text: "The change touches one file and two symbols." };
  yield { edit: true };
  yield { event: "edited", path: "tally/money.py", symbols: ["format_amount", "split_amount"] };
  yield { wait: "approval" };
  yield { event: "command_started", command: number * 10 + 2, argv: TEST, place };
  yield { pause: 400 };
  yield { event: "command_output", command: number * 10 + 2, stream: "err", text: PASSING };
  yield { event: "command_finished", command: number * 10 + 2, status: passing.status, duration_ms: 398, summary: passing };
  yield { event: "candidate_judged", candidate: 1, path: "tally/money.py", symbol: "format_amount", verdict: { verdict: "passed", summary: passing } };
  yield { checkpoint: "the change to tally/money.py" };
  yield { show: true };
  yield {
    event: "turn_finished",
    outcome: { outcome: "solved" },
    evidence: {
      check: TEST.join(" "),
      before: failing,
      after: passing,
      broken: [],
      candidates: 1,
      requests: 1,
      prompt_tokens: 1843,
      completion_tokens: 164,
      duration_ms: 5210,
    },
  };
}

/** The question before the second run of the check. */
export const PROPOSAL = {
  argv: TEST,
  environment: [["PYTHONDONTWRITEBYTECODE", "1"]],
  directory: "",
  candidate: { number: 1, path: "tally/money.py", symbol: "format_amount" },
  writes: "in the session, not in your files",
  network: "none",
  rule: "commands that were not run before ask",
};
