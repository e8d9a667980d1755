// SPDX-License-Identifier: Apache-2.0
// Loads the editor once, after the shell is there and in the user's language.

import type { Locale } from "@moat/panels/i18n.ts";

/** Everything of the editor. */
export type Kit = typeof import("./monaco.ts");

let loading: Promise<Kit> | null = null;

/** The editor. The language counts the first time only. */
export function loadKit(locale: Locale): Promise<Kit> {
  loading ??= (async () => {
    if (locale === "zh") await import("monaco-editor/nls/lang/zh-cn.js");
    return import("./monaco.ts");
  })().catch((error: unknown) => {
    loading = null;
    throw error;
  });
  return loading;
}
