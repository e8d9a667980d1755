// SPDX-License-Identifier: Apache-2.0
// Chinese words of source control, search, settings, viewers and the terminal.

import type { tools as en } from "./en.tools.ts";

export const tools: Record<keyof typeof en, string> = {};
