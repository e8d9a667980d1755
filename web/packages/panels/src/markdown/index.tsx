// SPDX-License-Identifier: Apache-2.0
// Markdown, shown without making a request and without running anything, whoever wrote it. The tree that is shown has no
// kind for HTML (`tree.ts`); what is shown is made of nodes, never of markup.

import { createMemo, createRenderEffect, createSignal, on, type JSX } from "solid-js";
import type { Host } from "../host.ts";
import { Blocks, OpenBlocks } from "./blocks.tsx";
import { SurroundingsContext, type Surroundings } from "./parts.tsx";
import { parse } from "./parse.ts";
import { Stream } from "./stream.ts";
import type { Block } from "./tree.ts";
import "./markdown.css";

export { CodeBlock } from "./blocks.tsx";
export { openWeb } from "./open.ts";
export { hasOdd, legible } from "./odd.ts";
export { Text } from "./text.tsx";

/** What a document is shown with. */
export interface MarkdownProps {
  host: Host;
  text: string;
  /** The directory in the workspace that relative links begin at; the root where it is not given. */
  base?: string;
  /** Whether the text still grows: then only its end is read again, and what stands above it is left as it is. */
  streaming?: boolean;
  /** Offers to do something with a block of code. */
  onApply?: (code: string, language: string) => void;
  /** Shows an image of the workspace; where it is not given, images are named and not shown. */
  image?: (path: string, text: string) => JSX.Element;
  class?: string;
}

/** A Markdown document. */
export function Markdown(props: MarkdownProps): JSX.Element {
  let root!: HTMLDivElement;
  const around: Surroundings = {
    get host() {
      return props.host;
    },
    get image() {
      return props.image;
    },
    get onApply() {
      return props.onApply;
    },
    toHeading: (slug) => {
      const found = [...root.querySelectorAll<HTMLElement>("[data-slug]")].find(
        (one) => one.dataset["slug"] === slug,
      );
      found?.scrollIntoView({ block: "start" });
    },
  };
  const shown = useShown(props);
  return (
    <SurroundingsContext.Provider value={around}>
      <div
        ref={root}
        class={`md ${props.class ?? ""}`}
        classList={{ "md-growing": props.streaming === true }}
        dir="auto"
      >
        <Blocks blocks={shown().settled} />
        <OpenBlocks blocks={shown().open} />
      </div>
    </SurroundingsContext.Provider>
  );
}

interface Shown {
  settled: readonly Block[];
  open: readonly Block[];
}

function useShown(props: MarkdownProps): () => Shown {
  if (props.streaming === undefined)
    return createMemo(() => ({ settled: parse(props.text, props.base), open: [] }));
  const stream = new Stream(props.base);
  const [shown, setShown] = createSignal<Shown>({ settled: [], open: [] });
  createRenderEffect(
    on(
      () => [props.text, props.streaming] as const,
      ([text, streaming]) => {
        stream.update(text);
        if (streaming !== true) stream.finish();
        setShown({ settled: stream.settled(), open: stream.open() });
      },
    ),
  );
  return shown;
}
