// SPDX-License-Identifier: Apache-2.0
// The languages whose words are coloured. Each one's rules are loaded when it is first used.

import "monaco-editor/languages/definitions/bat/register.js";
import "monaco-editor/languages/definitions/clojure/register.js";
import "monaco-editor/languages/definitions/cpp/register.js";
import "monaco-editor/languages/definitions/csharp/register.js";
import "monaco-editor/languages/definitions/css/register.js";
import "monaco-editor/languages/definitions/dart/register.js";
import "monaco-editor/languages/definitions/dockerfile/register.js";
import "monaco-editor/languages/definitions/elixir/register.js";
import "monaco-editor/languages/definitions/fsharp/register.js";
import "monaco-editor/languages/definitions/go/register.js";
import "monaco-editor/languages/definitions/graphql/register.js";
import "monaco-editor/languages/definitions/handlebars/register.js";
import "monaco-editor/languages/definitions/hcl/register.js";
import "monaco-editor/languages/definitions/html/register.js";
import "monaco-editor/languages/definitions/ini/register.js";
import "monaco-editor/languages/definitions/java/register.js";
import "monaco-editor/languages/definitions/javascript/register.js";
import "monaco-editor/languages/definitions/julia/register.js";
import "monaco-editor/languages/definitions/kotlin/register.js";
import "monaco-editor/languages/definitions/less/register.js";
import "monaco-editor/languages/definitions/lua/register.js";
import "monaco-editor/languages/definitions/markdown/register.js";
import "monaco-editor/languages/definitions/objective-c/register.js";
import "monaco-editor/languages/definitions/perl/register.js";
import "monaco-editor/languages/definitions/php/register.js";
import "monaco-editor/languages/definitions/powershell/register.js";
import "monaco-editor/languages/definitions/protobuf/register.js";
import "monaco-editor/languages/definitions/pug/register.js";
import "monaco-editor/languages/definitions/python/register.js";
import "monaco-editor/languages/definitions/r/register.js";
import "monaco-editor/languages/definitions/restructuredtext/register.js";
import "monaco-editor/languages/definitions/ruby/register.js";
import "monaco-editor/languages/definitions/rust/register.js";
import "monaco-editor/languages/definitions/scala/register.js";
import "monaco-editor/languages/definitions/scss/register.js";
import "monaco-editor/languages/definitions/shell/register.js";
import "monaco-editor/languages/definitions/solidity/register.js";
import "monaco-editor/languages/definitions/sql/register.js";
import "monaco-editor/languages/definitions/swift/register.js";
import "monaco-editor/languages/definitions/typescript/register.js";
import "monaco-editor/languages/definitions/vb/register.js";
import "monaco-editor/languages/definitions/wgsl/register.js";
import "monaco-editor/languages/definitions/xml/register.js";
import "monaco-editor/languages/definitions/yaml/register.js";
import * as monaco from "monaco-editor/editor.js";

// JSON has no rules of its own apart from its language service, which is not used: these are ours.
monaco.languages.register({
  id: "json",
  extensions: [".json", ".jsonc", ".json5", ".webmanifest"],
  filenames: [".prettierrc", ".babelrc", "composer.lock"],
  aliases: ["JSON"],
});
monaco.languages.setLanguageConfiguration("json", {
  comments: { lineComment: "//", blockComment: ["/*", "*/"] },
  brackets: [
    ["{", "}"],
    ["[", "]"],
  ],
  autoClosingPairs: [
    { open: "{", close: "}" },
    { open: "[", close: "]" },
    { open: '"', close: '"', notIn: ["string"] },
  ],
});
monaco.languages.setMonarchTokensProvider("json", {
  tokenizer: {
    root: [
      [/"(?:[^"\\]|\\.)*"(?=\s*:)/, "type"],
      [/"(?:[^"\\]|\\.)*"?/, "string"],
      [/-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?/, "number"],
      [/\b(?:true|false|null)\b/, "keyword"],
      [/[{}[\]]/, "@brackets"],
      [/\/\/.*$/, "comment"],
      [/\/\*/, "comment", "@comment"],
      [/[,:]/, "delimiter"],
    ],
    comment: [
      [/[^*]+/, "comment"],
      [/\*\//, "comment", "@pop"],
      [/\*/, "comment"],
    ],
  },
});

monaco.languages.register({
  id: "toml",
  extensions: [".toml"],
  filenames: ["Cargo.lock", "poetry.lock", "uv.lock"],
  aliases: ["TOML"],
});
monaco.languages.setLanguageConfiguration("toml", {
  comments: { lineComment: "#" },
  brackets: [
    ["{", "}"],
    ["[", "]"],
  ],
  autoClosingPairs: [
    { open: "{", close: "}" },
    { open: "[", close: "]" },
    { open: '"', close: '"', notIn: ["string"] },
  ],
});
monaco.languages.setMonarchTokensProvider("toml", {
  tokenizer: {
    root: [
      [/#.*$/, "comment"],
      [/^\s*\[\[?[^\]]*\]\]?/, "type"],
      [/[\w.-]+(?=\s*=)/, "variable"],
      [/"""/, "string", "@long"],
      [/'''/, "string", "@literal"],
      [/"(?:[^"\\]|\\.)*"?/, "string"],
      [/'[^']*'?/, "string"],
      [/\d{4}-\d\d-\d\d[\dT:.Z+-]*/, "number"],
      [/[+-]?(?:0x[\da-fA-F_]+|\d[\d_]*(?:\.\d+)?(?:[eE][+-]?\d+)?)/, "number"],
      [/\b(?:true|false|inf|nan)\b/, "keyword"],
    ],
    long: [
      [/"""/, "string", "@pop"],
      [/[^"\\]+|\\.|"/, "string"],
    ],
    literal: [
      [/'''/, "string", "@pop"],
      [/[^']+|'/, "string"],
    ],
  },
});

monaco.languages.register({
  id: "makefile",
  extensions: [".mk"],
  filenames: ["Makefile", "makefile", "GNUmakefile"],
  aliases: ["Makefile"],
});
monaco.languages.setLanguageConfiguration("makefile", { comments: { lineComment: "#" } });
monaco.languages.setMonarchTokensProvider("makefile", {
  tokenizer: {
    root: [
      [/^[\w./%-][^:=\n]*(?=:(?!=))/, "type"],
      [/^\s*(?:export|include|ifeq|ifneq|ifdef|ifndef|else|endif|define|endef)\b/, "keyword"],
      [/^[\w.-]+(?=\s*[:?+]?=)/, "variable"],
      [/\$[({][^)}]*[)}]|\$[@<^?*+%]/, "variable.predefined"],
      [/#.*$/, "comment"],
      [/"(?:[^"\\]|\\.)*"|'[^']*'/, "string"],
    ],
  },
});
