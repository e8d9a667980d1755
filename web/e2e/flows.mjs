// SPDX-License-Identifier: Apache-2.0
// The end-to-end flows: what people do with the workbench all day, in a real browser against the real server.
//
//   node e2e/flows.mjs [NAME…]     MOAT names the program; FLOW_PICTURES a directory for pictures of failures.

import { agent, approval, boundary, fork, handover } from "./flows/agent.mjs";
import { edit, explorer, search } from "./flows/edit.mjs";
import { ghost, keys } from "./flows/ghost.mjs";
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
  fork,
  handover,
  approval,
  boundary,
  languages,
  settings,
  ghost,
  keys,
  lost,
  accessible,
  keyboard,
  narrow,
  large,
};

const failed = await runFlows(FLOWS, process.argv.slice(2));
process.exit(failed > 0 ? 1 : 0);
