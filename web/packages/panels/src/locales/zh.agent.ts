// SPDX-License-Identifier: Apache-2.0
// Chinese words of the agent, review and boundary panels.

import type { agent as en } from "./en.agent.ts";

export const agent: Record<keyof typeof en, string> = {};
