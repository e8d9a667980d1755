// SPDX-License-Identifier: Apache-2.0
// Shows the parts of a line. Every text becomes a text node and no attribute that a browser acts on holds anything from the
// content: a link has no `href` (so nothing is looked up, connected to or fetched before a person clicks), an image no `src`.

import { For, Show, createContext, useContext, type JSX } from "solid-js";
import type { Host } from "../host.ts";
import { follow, leadsTo } from "./open.ts";
import { legible } from "./odd.ts";
import { Text } from "./text.tsx";
import type { Target } from "./links.ts";
import type { Inline } from "./tree.ts";

/** What a document's parts need to know of what they stand in. */
export interface Surroundings {
  host: Host;
  /** Goes to a heading of this document. */
  toHeading(slug: string): void;
  /** Shows an image of the workspace; where it is not given, images are named and not shown. */
  image?: ((path: string, text: string) => JSX.Element) | undefined;
  /** Offers to do something with a block of code. */
  onApply?: ((code: string, language: string) => void) | undefined;
}

export const SurroundingsContext = createContext<Surroundings>();

/** What the document stands in. */
export function useSurroundings(): Surroundings {
  const found = useContext(SurroundingsContext);
  if (found === undefined) throw new Error("a part of a document stands outside of one");
  return found;
}

/** The parts of a line. */
export function Parts(props: { parts: readonly Inline[] }): JSX.Element {
  return <For each={props.parts}>{(part) => <Part part={part} />}</For>;
}

function Part(props: { part: Inline }): JSX.Element {
  const part = props.part;
  switch (part.kind) {
    case "text":
      return <Text text={part.text} />;
    case "code":
      return (
        <code class="md-code">
          <Text text={part.text} />
        </code>
      );
    case "break":
      return <br />;
    case "strong":
      return (
        <strong>
          <Parts parts={part.parts} />
        </strong>
      );
    case "emphasis":
      return (
        <em>
          <Parts parts={part.parts} />
        </em>
      );
    case "struck":
      return (
        <s>
          <Parts parts={part.parts} />
        </s>
      );
    case "link":
      return (
        <Link target={part.target}>
          <Parts parts={part.parts} />
        </Link>
      );
    case "image":
      return <Image target={part.target} text={part.text} />;
  }
}

/** A link that is followed only by a click or a key of a person. */
export function Link(props: { target: Target; children: JSX.Element }): JSX.Element {
  const around = useSurroundings();
  const go = () => {
    if (props.target.to === "heading") around.toHeading(props.target.slug);
    else void follow(around.host, props.target);
  };
  return (
    <Show
      when={props.target.to !== "nowhere"}
      fallback={
        <span class="md-dead" title={leadsTo(around.host, props.target)}>
          {props.children}
        </span>
      }
    >
      <span
        class="md-link"
        role="link"
        tabindex="0"
        title={leadsTo(around.host, props.target)}
        onClick={(event) => {
          event.preventDefault();
          go();
        }}
        onKeyDown={(event) => {
          if (event.key !== "Enter") return;
          event.preventDefault();
          go();
        }}
        onContextMenu={(event) => menu(event, around.host, props.target)}
      >
        {props.children}
      </span>
    </Show>
  );
}

function menu(event: MouseEvent, host: Host, target: Target): void {
  if (target.to !== "web") return;
  event.preventDefault();
  host.menu({ x: event.clientX, y: event.clientY }, [
    { title: host.t("link.copy"), run: () => void navigator.clipboard.writeText(target.address) },
    { title: host.t("link.open"), run: () => void follow(host, target) },
  ]);
}

function Image(props: { target: Target; text: string }): JSX.Element {
  const around = useSurroundings();
  const target = props.target;
  if (target.to === "file" && around.image !== undefined)
    return around.image(target.path, props.text);
  const address = target.to === "web" ? target.address : target.to === "file" ? target.path : "";
  return (
    <span class="md-image">
      <span class="md-image-mark">{around.host.t("md.image")}</span>
      <Show when={props.text !== ""}>
        <span class="md-image-text">
          <Text text={props.text} />
        </span>
      </Show>
      <Link target={target}>
        <Show when={address !== ""} fallback={around.host.t("md.image.none")}>
          {legible(address)}
        </Show>
      </Link>
    </span>
  );
}
