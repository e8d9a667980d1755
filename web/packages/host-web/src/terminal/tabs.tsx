// SPDX-License-Identifier: Apache-2.0
// The tabs of terminals, and the buttons beside them.

import type { Host } from "@moat/panels/host.ts";
import { Icon, IconButton } from "@moat/panels/ui/index.ts";
import { For, type JSX, Show } from "solid-js";
import { setFinding } from "./commands.ts";
import type { Terminals } from "./service.ts";

/** The tabs of terminals. */
export function Tabs(props: { host: Host; terminals: Terminals }): JSX.Element {
  const { host, terminals } = props;
  let bar!: HTMLDivElement;
  const groups = () => terminals.arrangement().groups;
  const active = () => terminals.arrangement().active;
  const isActive = (group: readonly number[]) => group.includes(active() ?? -1);
  /** The terminal of a tab that a tab's actions mean. */
  const meant = (group: readonly number[]) => (isActive(group) ? active() : group[0]) ?? -1;
  const title = (group: readonly number[]) => group.map((one) => terminals.nameOf(one)).join(" │ ");
  const keyDown = (event: KeyboardEvent, index: number) => {
    const group = groups()[index] ?? [];
    const to: Record<string, number> = {
      ArrowRight: index + 1,
      ArrowLeft: index - 1,
      Home: 0,
      End: groups().length - 1,
    };
    const next = to[event.key];
    if (next !== undefined) {
      const target = groups()[(next + groups().length) % groups().length];
      if (target === undefined) return;
      terminals.activate(target[0] ?? -1, false);
      queueMicrotask(() => bar.querySelector<HTMLElement>('[aria-selected="true"]')?.focus());
    } else if (event.key === "Enter" || event.key === " ") terminals.activate(meant(group));
    else if (event.key === "Delete") void terminals.close(meant(group));
    else if (event.key === "F2") void terminals.rename(meant(group));
    else return;
    event.preventDefault();
    event.stopPropagation();
  };
  const menu = (event: MouseEvent, terminal: number) => {
    event.preventDefault();
    host.menu({ x: event.clientX, y: event.clientY }, [
      {
        title: host.t("terminal.command.rename"),
        icon: "edit",
        keys: "F2",
        run: () => void terminals.rename(terminal),
      },
      {
        title: host.t("terminal.command.split"),
        icon: "split",
        run: () => {
          terminals.activate(terminal);
          void terminals.open({ split: true });
        },
      },
      { separator: true },
      {
        title: host.t("terminal.command.close"),
        icon: "trash",
        keys: "Delete",
        danger: true,
        run: () => void terminals.close(terminal),
      },
    ]);
  };
  return (
    <div class="terminal-bar">
      <div ref={bar} class="terminal-tabs" role="tablist" aria-label={host.t("terminal.tabs")}>
        <For each={groups()}>
          {(group, index) => (
            <div
              class="terminal-tab"
              role="tab"
              aria-selected={isActive(group)}
              tabIndex={isActive(group) ? 0 : -1}
              title={title(group)}
              onClick={() => terminals.activate(meant(group))}
              onDblClick={() => void terminals.rename(meant(group))}
              onAuxClick={(event) => {
                if (event.button === 1) void terminals.close(meant(group));
              }}
              onContextMenu={(event) => menu(event, meant(group))}
              onKeyDown={(event) => keyDown(event, index())}
            >
              <Icon name="terminal" size={14} />
              <For each={group}>
                {(one) => (
                  <span
                    class="terminal-name"
                    classList={{ ended: terminals.shown(one)?.state.kind !== "running" }}
                  >
                    {terminals.nameOf(one)}
                  </span>
                )}
              </For>
            </div>
          )}
        </For>
      </div>
      <div class="terminal-actions">
        <IconButton
          icon="add"
          label={withKeys(host, "terminal.command.new", "workbench.action.terminal.new")}
          disabled={terminals.opening()}
          onClick={() => void terminals.open()}
        />
        <Show when={active() !== null}>
          <IconButton
            icon="split"
            label={withKeys(host, "terminal.command.split", "workbench.action.terminal.split")}
            disabled={terminals.opening()}
            onClick={() => void terminals.open({ split: true })}
          />
          <IconButton
            icon="search"
            label={withKeys(host, "terminal.command.find", "workbench.action.terminal.focusFind")}
            onClick={() => setFinding(true)}
          />
          <IconButton
            icon="trash"
            label={host.t("terminal.command.close")}
            onClick={() => void terminals.close(active() ?? -1)}
          />
        </Show>
      </div>
    </div>
  );
}

function withKeys(host: Host, key: Parameters<Host["t"]>[0], command: string): string {
  const keys = host.commands.keysOf(command);
  return keys === null ? host.t(key) : `${host.t(key)} (${keys})`;
}
