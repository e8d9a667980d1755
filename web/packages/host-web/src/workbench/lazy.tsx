// SPDX-License-Identifier: Apache-2.0
// A panel that is loaded when it is first shown, and stays while it is hidden. One that cannot be
// loaded says so, and is loaded when the server is there again.

import type { Host } from "@moat/panels/host.ts";
import { Button, Empty, Spinner } from "@moat/panels/ui/index.ts";
import { type Component, createEffect, createSignal, type JSX, on, Show } from "solid-js";
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
  const host = () => props.props.host;
  const [loaded, setLoaded] = createSignal<Component<P> | null>(null);
  const [failed, setFailed] = createSignal(false);
  let asked = false;
  const ask = async () => {
    setFailed(false);
    try {
      const component = await props.load();
      setLoaded(() => component);
    } catch {
      setFailed(true);
    }
  };
  createEffect(() => {
    if ((!props.shown && !props.early) || asked) return;
    asked = true;
    void ask();
  });
  createEffect(
    on(
      () => host().connected(),
      (connected) => {
        if (connected && failed()) void ask();
      },
      { defer: true },
    ),
  );
  return (
    <div class={props.class ?? "side-view"} style={{ display: props.shown ? undefined : "none" }}>
      <Show
        when={loaded()}
        fallback={
          <div class="pane-centre">
            <Show when={failed()} fallback={<Spinner label={host().t("common.loading")} />}>
              <Empty
                icon="unlink"
                title={host().t("part.failed")}
                detail={host().t(host().connected() ? "part.failed.here" : "part.failed.away")}
              >
                <Button small onClick={() => void ask()}>
                  {host().t("part.again")}
                </Button>
                <Show when={host().connected()}>
                  <Button small onClick={() => location.reload()}>
                    {host().t("app.reload")}
                  </Button>
                </Show>
              </Empty>
            </Show>
          </div>
        }
      >
        {(component) => <Dynamic component={component()} {...props.props} />}
      </Show>
    </div>
  );
}
