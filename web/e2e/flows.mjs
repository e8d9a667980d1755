// SPDX-License-Identifier: Apache-2.0
// The end-to-end flows: what people do with the workbench all day, in a real browser against the real server.
//
//   node e2e/flows.mjs [--held] [NAME…]     MOAT names the program; FLOW_PICTURES a directory for pictures of failures.

import { agent, approval, boundary, handover } from "./flows/agent.mjs";
import { edit, explorer, search } from "./flows/edit.mjs";
import { large } from "./flows/large.mjs";
import { languages } from "./flows/languages.mjs";
import { accessible, keyboard, narrow, settings } from "./flows/looks.mjs";
import { link, lost } from "./flows/start.mjs";
import { scm, terminal } from "./flows/tools.mjs";
import { runFlows } from "./harness.mjs";

const FLOWS = {
  link,
  edit,
  explorer,
  terminal,
  search,
  scm,
  agent,
  handover,
  approval,
  boundary,
  languages,
  settings,
  lost,
  accessible,
  keyboard,
  narrow,
  large,
};

/** What does not hold yet, and why: left out with `--held`, which continuous integration uses. */
const OPEN = {
  agent: "everything up to undoing a keep is done; the first message has no checkpoint to go back to",
  lost: "text and connection come back, but parts of the page that are loaded at that moment fail with an error",
  accessible: "axe finds contrast in the light theme's status bar and on buttons, and tabs with a button inside",
  keyboard: "F6 does not reach the terminal",
};

const words = process.argv.slice(2);
const held = words.includes("--held");
const chosen = Object.entries(FLOWS).filter(([name]) => !held || !(name in OPEN));
if (held) for (const [name, why] of Object.entries(OPEN)) console.log(`left out: ${name}: ${why}`);
const failed = await runFlows(
  Object.fromEntries(chosen),
  words.filter((word) => word !== "--held"),
);
process.exit(failed > 0 ? 1 : 0);
