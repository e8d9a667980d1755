// SPDX-License-Identifier: Apache-2.0
// The table of settings, by the name under which the host knows it.

export * from "./settings/accept.ts";
export * from "./settings/schema.ts";
