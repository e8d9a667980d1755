// SPDX-License-Identifier: Apache-2.0
// How the front end is built: hashed files from this origin alone, the workers among them,
// and nothing that a strict content security policy would stop.

import { fileURLToPath } from "node:url";
import solid from "vite-plugin-solid";
import { defineConfig } from "vitest/config";

const at = (path: string) => fileURLToPath(new URL(path, import.meta.url));

export default defineConfig({
  root: at("./packages/host-web"),
  // The page lies below a path that only its owner knows.
  base: "./",
  plugins: [solid({ include: /(packages|e2e)\/.*\.tsx$/ })],
  resolve: {
    alias: [
      { find: /^@moat\/proto$/, replacement: at("./packages/proto/src/index.ts") },
      { find: /^@moat\/panels\//, replacement: `${at("./packages/panels/src")}/` },
      { find: /^@moat\/host-web\//, replacement: `${at("./packages/host-web/src")}/` },
    ],
  },
  worker: { format: "es" },
  build: {
    outDir: at("./dist"),
    emptyOutDir: true,
    target: "es2023",
    assetsDir: "assets",
    assetsInlineLimit: 0,
    // One style for all: a part whose style cannot be loaded would never be tried again. And no list of
    // what a part needs before it is asked for, for the same reason: the browser finds that itself.
    cssCodeSplit: false,
    modulePreload: { polyfill: false, resolveDependencies: (_, needed, { hostType }) => (hostType === "html" ? needed : []) },
    reportCompressedSize: false,
    chunkSizeWarningLimit: 5000,
  },
  test: {
    root: at("."),
    environment: "happy-dom",
    include: ["packages/*/test/**/*.test.{ts,tsx}"],
  },
});
