// SPDX-License-Identifier: Apache-2.0
// English words of source control, search, settings, viewers and the terminal.

export const tools = {} as const;
