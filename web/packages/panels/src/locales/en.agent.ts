// SPDX-License-Identifier: Apache-2.0
// English words of the agent, review and boundary panels.

export const agent = {} as const;
