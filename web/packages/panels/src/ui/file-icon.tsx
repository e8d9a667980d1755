// SPDX-License-Identifier: Apache-2.0
// The mark before a file's name: two letters or a picture in the colour of its kind.

import { type JSX, Show } from "solid-js";
import { Icon } from "./icon.tsx";
import type { IconName } from "./icons.ts";

type Mark = { letters: string; tone: number } | { icon: IconName; tone: number };

const BY_END: Record<string, Mark> = {
  rs: { letters: "rs", tone: 1 },
  ts: { letters: "TS", tone: 2 },
  tsx: { letters: "TX", tone: 2 },
  mts: { letters: "TS", tone: 2 },
  js: { letters: "JS", tone: 3 },
  mjs: { letters: "JS", tone: 3 },
  cjs: { letters: "JS", tone: 3 },
  jsx: { letters: "JX", tone: 3 },
  py: { letters: "py", tone: 4 },
  pyi: { letters: "py", tone: 4 },
  go: { letters: "go", tone: 5 },
  c: { letters: "C", tone: 2 },
  h: { letters: "h", tone: 6 },
  cc: { letters: "C+", tone: 2 },
  cpp: { letters: "C+", tone: 2 },
  hpp: { letters: "h+", tone: 6 },
  java: { letters: "J", tone: 1 },
  kt: { letters: "K", tone: 6 },
  rb: { letters: "rb", tone: 7 },
  php: { letters: "P", tone: 6 },
  cs: { letters: "C#", tone: 8 },
  swift: { letters: "S", tone: 1 },
  sh: { icon: "terminal", tone: 8 },
  bash: { icon: "terminal", tone: 8 },
  zsh: { icon: "terminal", tone: 8 },
  css: { letters: "#", tone: 2 },
  scss: { letters: "#", tone: 7 },
  less: { letters: "#", tone: 2 },
  html: { letters: "<>", tone: 1 },
  xml: { letters: "<>", tone: 1 },
  vue: { letters: "V", tone: 8 },
  json: { letters: "{}", tone: 3 },
  jsonc: { letters: "{}", tone: 3 },
  toml: { icon: "gear", tone: 0 },
  yaml: { letters: "Y", tone: 7 },
  yml: { letters: "Y", tone: 7 },
  ini: { icon: "gear", tone: 0 },
  lock: { icon: "lock", tone: 0 },
  md: { letters: "M", tone: 5 },
  rst: { letters: "R", tone: 5 },
  txt: { icon: "list", tone: 0 },
  sql: { letters: "S", tone: 6 },
  csv: { icon: "list", tone: 8 },
  png: { icon: "eye", tone: 6 },
  jpg: { icon: "eye", tone: 6 },
  jpeg: { icon: "eye", tone: 6 },
  gif: { icon: "eye", tone: 6 },
  webp: { icon: "eye", tone: 6 },
  svg: { icon: "eye", tone: 3 },
};

const BY_NAME: Record<string, Mark> = {
  makefile: { icon: "tool", tone: 1 },
  dockerfile: { letters: "D", tone: 2 },
  license: { icon: "key", tone: 3 },
  ".gitignore": { icon: "branch", tone: 1 },
  ".gitattributes": { icon: "branch", tone: 1 },
  ".gitmodules": { icon: "branch", tone: 1 },
};

/** The mark of a file, by its name alone. */
export function FileIcon(props: { name: string }): JSX.Element {
  const mark = (): Mark => {
    const name = props.name.toLowerCase();
    const end = name.slice(name.lastIndexOf(".") + 1);
    return BY_NAME[name] ?? BY_END[end] ?? { icon: "file", tone: 0 };
  };
  const letters = () => {
    const found = mark();
    return "letters" in found ? found.letters : undefined;
  };
  const icon = () => {
    const found = mark();
    return "icon" in found ? found.icon : undefined;
  };
  // Letters are drawn by the style: they are a picture, and no part of what stands beside it.
  return (
    <span class={`file-icon tone-${mark().tone}`} data-letters={letters()} aria-hidden="true">
      <Show when={icon()}>{(name) => <Icon name={name()} size={15} />}</Show>
    </span>
  );
}
