// SPDX-License-Identifier: Apache-2.0
// The panel of terminals: tabs, and in each one or more terminals beside each other.

import type { Host } from "@moat/panels/host.ts";
import { Button, Empty } from "@moat/panels/ui/index.ts";
import {
  createEffect,
  createMemo,
  createSignal,
  For,
  type JSX,
  on,
  onCleanup,
  onMount,
  Show,
} from "solid-js";
import "@xterm/xterm/css/xterm.css";
import "./terminal.css";
import { finding, setFinding } from "./commands.ts";
import { FindBox } from "./find.tsx";
import { terminalOptions } from "./options.ts";
import type { Screen } from "./screen.ts";
import { type State, terminalsOf, type Terminals } from "./service.ts";
import { Tabs } from "./tabs.tsx";

export { registerTerminals } from "./commands.ts";
export { worksInTerminal } from "./keys.ts";
export { terminalsOf } from "./service.ts";

/** The panel of terminals. `visible` says whether it can be seen, since only then it has a size. */
export function TerminalPanel(props: { host: Host; visible?: boolean }): JSX.Element {
  const { host } = props;
  const terminals = terminalsOf(host);
  const groups = () => terminals.arrangement().groups;
  const active = () => terminals.arrangement().active;
  const [wanted, setWanted] = createSignal(true);
  // The first terminal is opened by itself; after the last one was closed it is asked for.
  createEffect(() => {
    if (props.visible === false || !terminals.ready() || !wanted()) return;
    setWanted(false);
    if (groups().length === 0) void terminals.open();
  });
  createEffect(() => {
    const group = groups().find((one) => one.includes(active() ?? -1));
    host.commands.context("terminalSplit", (group?.length ?? 0) > 1);
  });
  const shownScreen = createMemo(() => {
    groups();
    return terminals.screen(active() ?? -1);
  });
  return (
    <div
      class="terminals"
      onFocusIn={(event) => {
        const inScreen = (event.target as HTMLElement).closest(".terminal-screen") !== null;
        host.commands.context("terminalFocus", inScreen);
      }}
      onFocusOut={() => host.commands.context("terminalFocus", false)}
    >
      <Tabs host={host} terminals={terminals} />
      <Show when={finding() && shownScreen()} keyed>
        {(screen) => <FindBox host={host} screen={screen} onClose={() => setFinding(false)} />}
      </Show>
      <Show when={groups().length === 0 && terminals.ready() && !terminals.opening()}>
        <Empty icon="terminal" title={host.t("terminal.none")}>
          <Button kind="primary" icon="add" onClick={() => void terminals.open()}>
            {host.t("terminal.command.new")}
          </Button>
        </Empty>
      </Show>
      <div class="terminal-groups">
        <For each={groups()}>
          {(group) => (
            <Group
              host={host}
              terminals={terminals}
              group={group}
              shown={group.includes(active() ?? -1) && props.visible !== false}
            />
          )}
        </For>
      </div>
      <Show when={terminals.hovered()}>
        {(text) => (
          <div class="terminal-hint" aria-hidden="true">
            <span class="terminal-hint-text">{text()}</span>
            <span class="terminal-hint-keys">{host.t("terminal.link.hint")}</span>
          </div>
        )}
      </Show>
    </div>
  );
}

function Group(props: {
  host: Host;
  terminals: Terminals;
  group: readonly number[];
  shown: boolean;
}): JSX.Element {
  let box!: HTMLDivElement;
  const [shares, setShares] = createSignal<readonly number[]>([]);
  createEffect(
    on(
      () => props.group.length,
      (count) => setShares(Array.from({ length: count }, () => 1 / count)),
    ),
  );
  const drag = (index: number) => (event: PointerEvent) => {
    event.preventDefault();
    const handle = event.currentTarget as HTMLElement;
    handle.setPointerCapture(event.pointerId);
    const move = (moved: PointerEvent) => {
      const area = box.getBoundingClientRect();
      const before = shares()
        .slice(0, index)
        .reduce((sum, one) => sum + one, 0);
      const both = (shares()[index] ?? 0) + (shares()[index + 1] ?? 0);
      setShares(shared(shares(), index, both, (moved.clientX - area.left) / area.width - before));
    };
    const end = () => {
      handle.removeEventListener("pointermove", move);
      handle.removeEventListener("pointerup", end);
    };
    handle.addEventListener("pointermove", move);
    handle.addEventListener("pointerup", end);
  };
  const nudge = (index: number, by: number) => {
    const both = (shares()[index] ?? 0) + (shares()[index + 1] ?? 0);
    setShares(shared(shares(), index, both, (shares()[index] ?? 0) + by));
  };
  return (
    <div ref={box} class="terminal-group" hidden={!props.shown}>
      <For each={props.group}>
        {(terminal, index) => (
          <>
            <Show when={index() > 0}>
              <div
                class="terminal-sash"
                role="separator"
                aria-orientation="vertical"
                aria-label={props.host.t("terminal.sash")}
                aria-valuenow={Math.round((shares()[index() - 1] ?? 0) * 100)}
                tabIndex={0}
                onPointerDown={(event) => drag(index() - 1)(event)}
                onKeyDown={(event) => {
                  if (event.key === "ArrowLeft") nudge(index() - 1, -STEP);
                  else if (event.key === "ArrowRight") nudge(index() - 1, STEP);
                }}
              />
            </Show>
            <Pane
              host={props.host}
              terminals={props.terminals}
              terminal={terminal}
              shown={props.shown}
              share={shares()[index()] ?? 1}
            />
          </>
        )}
      </For>
    </div>
  );
}

const STEP = 0.05;
const SHARE_LEAST = 0.1;

function shared(was: readonly number[], index: number, both: number, first: number): number[] {
  const least = Math.min(SHARE_LEAST, both / 2);
  const bounded = Math.min(both - least, Math.max(least, first));
  return was.map((one, at) => (at === index ? bounded : at === index + 1 ? both - bounded : one));
}

function Pane(props: {
  host: Host;
  terminals: Terminals;
  terminal: number;
  shown: boolean;
  share: number;
}): JSX.Element {
  const { host, terminals, terminal } = props;
  let place!: HTMLDivElement;
  const screen = terminals.screen(terminal);
  const state = () => terminals.shown(terminal)?.state ?? null;
  const ended = createMemo(() => endedWords(host, terminals.nameOf(terminal), state()));
  onMount(() => {
    if (screen === null) return;
    place.append(screen.element);
    createEffect(() => {
      if (!props.shown) return;
      screen.open();
      screen.fit();
    });
    followSettings(host, screen);
  });
  onCleanup(() => screen?.element.remove());
  return (
    <div
      class="terminal-pane"
      role="group"
      aria-label={terminals.nameOf(terminal)}
      style={{ "flex-grow": props.share }}
      onContextMenu={(event) => paneMenu(event, host, terminals, terminal)}
    >
      <div ref={place} class="terminal-place" />
      <Show when={ended()}>
        {(words) => (
          <div class="terminal-ended" role="status">
            <span>{words()}</span>
            <Button
              small
              onClick={() => {
                void terminals.close(terminal);
                void terminals.open();
              }}
            >
              {host.t("terminal.again")}
            </Button>
            <Button small kind="quiet" onClick={() => void terminals.close(terminal)}>
              {host.t("common.close")}
            </Button>
          </div>
        )}
      </Show>
    </div>
  );
}

function followSettings(host: Host, screen: Screen): void {
  createEffect(
    on(
      () => terminalOptions(host),
      (options) => {
        screen.terminal.options = options;
        screen.fit();
      },
      { defer: true },
    ),
  );
}

function endedWords(host: Host, name: string, state: State | null): string | null {
  if (state === null || state.kind === "running") return null;
  if (state.kind === "stopped") return host.t("terminal.stopped", { name });
  return state.status === null
    ? host.t("terminal.ended", { name })
    : host.t("terminal.endedWith", { name, status: state.status });
}

function paneMenu(event: MouseEvent, host: Host, terminals: Terminals, terminal: number): void {
  // With Shift, and where the program in the terminal wants the mouse, the click is its own.
  const screen = terminals.screen(terminal);
  if (screen === null || event.shiftKey) return;
  event.preventDefault();
  terminals.activate(terminal, false);
  host.menu({ x: event.clientX, y: event.clientY }, [
    {
      title: host.t("common.copy"),
      icon: "copy",
      keys: "Ctrl+Shift+C",
      disabled: !screen.terminal.hasSelection(),
      run: () => void screen.copy(),
    },
    { title: host.t("terminal.paste"), keys: "Ctrl+V", run: () => void screen.paste() },
    { title: host.t("terminal.command.selectAll"), run: () => screen.terminal.selectAll() },
    { title: host.t("terminal.command.clear"), run: () => screen.terminal.clear() },
    { separator: true },
    {
      title: host.t("terminal.command.split"),
      icon: "split",
      run: () => void terminals.open({ split: true }),
    },
    {
      title: host.t("terminal.command.rename"),
      icon: "edit",
      run: () => void terminals.rename(terminal),
    },
    { separator: true },
    {
      title: host.t("terminal.command.close"),
      icon: "trash",
      danger: true,
      run: () => void terminals.close(terminal),
    },
  ]);
}
