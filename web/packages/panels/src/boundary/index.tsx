// SPDX-License-Identifier: Apache-2.0
// The boundary in one view: what crossed, where to, why and by which rule, live; and what this
// machine enforces. Each part is a section, so that later ones (trust, scan, taint, policy) find
// their place beside them.

import { createSignal, For, type JSX, onMount } from "solid-js";

import "../agent/agent.css";
import "../agent/cards.css";
import "../agent/composer.css";
import "./boundary.css";
import type { Host } from "../host.ts";
import type { MessageKey } from "../i18n.ts";
import { Badge, IconButton, PanelHead, Section } from "../ui/index.ts";
import { Crossings } from "./crossings.tsx";
import { Enforced } from "./enforced.tsx";
import { boundaryOf, type Boundary } from "./store.ts";

export { boundaryOf } from "./store.ts";

/** A part of the view. */
interface Part {
  id: string;
  title: MessageKey;
  actions?(boundary: Boundary): JSX.Element;
  count?(boundary: Boundary): number | undefined;
  /** Whether it takes the room that is left. */
  fills?: boolean;
  body(boundary: Boundary): JSX.Element;
}

/** The boundary. */
export function BoundaryPanel(props: { host: Host }): JSX.Element {
  const { host } = props;
  const t = host.t;
  const boundary = boundaryOf(host);
  const [closed, setClosed] = createSignal<ReadonlySet<string>>(
    new Set(host.memory.get<string[]>("boundary.closed", [])),
  );
  const parts: Part[] = [
    {
      id: "crossings",
      title: "boundary.crossings",
      fills: true,
      count: (it) => it.count(),
      body: () => <Crossings host={host} boundary={boundary} />,
    },
    {
      id: "enforced",
      title: "boundary.enforced",
      actions: (it) => (
        <IconButton
          icon="refresh"
          label={t("boundary.try")}
          disabled={it.trying()}
          onClick={() => void it.tryOut()}
        />
      ),
      body: () => <Enforced host={host} boundary={boundary} />,
    },
  ];
  const toggle = (id: string, open: boolean) => {
    const next = new Set(closed());
    if (open) next.delete(id);
    else next.add(id);
    setClosed(next);
    host.memory.set("boundary.closed", [...next]);
  };
  onMount(() => {
    if (!boundary.enforced() && !closed().has("enforced")) void boundary.tryOut();
  });
  return (
    <div class="bd-panel">
      <PanelHead
        title={t("view.boundary")}
        actions={
          <Badge
            tone={boundary.denied() > 0 ? "warning" : "plain"}
            title={t("boundary.denied.title", { count: boundary.denied() })}
          >
            {t("boundary.denied.count", { count: boundary.denied() })}
          </Badge>
        }
      />
      <div class="bd-parts">
        <For each={parts}>
          {(part) => (
            <Section
              title={t(part.title)}
              open={!closed().has(part.id)}
              onToggle={(open) => toggle(part.id, open)}
              {...(part.count ? { count: part.count(boundary) ?? 0 } : {})}
              actions={part.actions?.(boundary)}
              class={part.fills ? "fills" : ""}
            >
              {part.body(boundary)}
            </Section>
          )}
        </For>
      </div>
    </div>
  );
}
