// SPDX-License-Identifier: Apache-2.0
// A panel that is loaded when it is first shown, and stays while it is hidden.

import type { Host } from "@moat/panels/host.ts";
import { Spinner } from "@moat/panels/ui/index.ts";
import { type Component, createEffect, createSignal, type JSX, Show } from "solid-js";
import { Dynamic } from "solid-js/web";

/** A panel of a kind, shown or hidden. */
export function LazyPanel<P extends { host: Host }>(props: {
  shown: boolean;
  /** Whether it is loaded before it is shown, for its commands. */
  early?: boolean;
  load(): Promise<Component<P>>;
  props: P;
  class?: string;
}): JSX.Element {
  const [loaded, setLoaded] = createSignal<Component<P> | null>(null);
  let asked = false;
  createEffect(() => {
    if ((!props.shown && !props.early) || asked) return;
    asked = true;
    void props.load().then((component) => setLoaded(() => component));
  });
  return (
    <div class={props.class ?? "side-view"} style={{ display: props.shown ? undefined : "none" }}>
      <Show
        when={loaded()}
        fallback={
          <div class="pane-centre">
            <Spinner label={props.props.host.t("common.loading")} />
          </div>
        }
      >
        {(component) => <Dynamic component={component()} {...props.props} />}
      </Show>
    </div>
  );
}
