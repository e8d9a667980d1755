// SPDX-License-Identifier: Apache-2.0
// The commands of terminals, with the keys that VS Code gives them.

import type { Command, Host } from "@moat/panels/host.ts";
import { createSignal } from "solid-js";
import { terminalsOf, type Terminals } from "./service.ts";

const [finding, setFinding] = createSignal(false);

/** Whether the box that looks for words is open. */
export { finding, setFinding };

/** Where a new terminal begins. */
export interface OpenRequest {
  directory?: string;
}

/** Registers the commands; done once, whether or not the panel is shown. */
export function registerTerminals(host: Host): () => void {
  const terminals = terminalsOf(host);
  const stops = commandsOf(host, terminals).map((command) => host.commands.register(command));
  return () => {
    for (const stop of stops) stop();
  };
}

function commandsOf(host: Host, terminals: Terminals): Command[] {
  const active = () => terminals.arrangement().active;
  const show = () => host.openView("terminal");
  const category = "terminal.category" as const;
  const scroll = (by: (screen: NonNullable<ReturnType<Terminals["active"]>>) => void) => () => {
    const screen = terminals.active();
    if (screen !== null) by(screen);
  };
  return [
    {
      id: "workbench.action.terminal.toggleTerminal",
      title: "terminal.command.toggle",
      category,
      keybinding: "ctrl+`",
      async run() {
        const screen = terminals.active();
        if (screen?.element.contains(document.activeElement) === true) {
          await host.commands.run("workbench.action.togglePanel");
          return;
        }
        show();
        // Only the server knows whether there is one already.
        await terminals.known();
        const shown = terminals.active();
        if (shown === null) await terminals.open();
        else shown.focus();
      },
    },
    {
      id: "workbench.action.terminal.new",
      title: "terminal.command.new",
      category,
      keybinding: "ctrl+shift+`",
      async run(args) {
        show();
        await terminals.open((args as OpenRequest | undefined) ?? {});
      },
    },
    {
      id: "workbench.action.terminal.split",
      title: "terminal.command.split",
      category,
      keybinding: "ctrl+shift+5",
      when: "terminalFocus",
      async run() {
        show();
        await terminals.open({ split: true });
      },
    },
    {
      id: "workbench.action.terminal.kill",
      title: "terminal.command.close",
      category,
      async run() {
        const one = active();
        if (one !== null) await terminals.close(one);
      },
    },
    {
      id: "workbench.action.terminal.rename",
      title: "terminal.command.rename",
      category,
      async run() {
        const one = active();
        if (one !== null) await terminals.rename(one);
      },
    },
    {
      id: "workbench.action.terminal.clear",
      title: "terminal.command.clear",
      category,
      run: scroll((screen) => screen.terminal.clear()),
    },
    {
      id: "workbench.action.terminal.selectAll",
      title: "terminal.command.selectAll",
      category,
      run: scroll((screen) => screen.terminal.selectAll()),
    },
    {
      id: "workbench.action.terminal.focusFind",
      title: "terminal.command.find",
      category,
      keybinding: "mod+f",
      when: "terminalFocus",
      run() {
        if (terminals.active()?.element.contains(document.activeElement) !== true) show();
        // Behind what gives the panel the focus, so that the box has it in the end.
        setTimeout(() => setFinding(true));
      },
    },
    {
      id: "workbench.action.terminal.focusNext",
      title: "terminal.command.next",
      category,
      keybinding: "ctrl+pagedown",
      when: "terminalFocus",
      run: () => terminals.go(1, false),
    },
    {
      id: "workbench.action.terminal.focusPrevious",
      title: "terminal.command.previous",
      category,
      keybinding: "ctrl+pageup",
      when: "terminalFocus",
      run: () => terminals.go(-1, false),
    },
    {
      id: "workbench.action.terminal.focusNextPane",
      title: "terminal.command.nextPane",
      category,
      keybinding: "alt+right",
      when: "terminalFocus && terminalSplit",
      run: () => terminals.go(1, true),
    },
    {
      id: "workbench.action.terminal.focusPreviousPane",
      title: "terminal.command.previousPane",
      category,
      keybinding: "alt+left",
      when: "terminalFocus && terminalSplit",
      run: () => terminals.go(-1, true),
    },
    {
      id: "workbench.action.terminal.scrollUpPage",
      title: "terminal.command.pageUp",
      category,
      keybinding: "shift+pageup",
      when: "terminalFocus",
      run: scroll((screen) => screen.terminal.scrollPages(-1)),
    },
    {
      id: "workbench.action.terminal.scrollDownPage",
      title: "terminal.command.pageDown",
      category,
      keybinding: "shift+pagedown",
      when: "terminalFocus",
      run: scroll((screen) => screen.terminal.scrollPages(1)),
    },
    {
      id: "workbench.action.terminal.scrollToTop",
      title: "terminal.command.top",
      category,
      keybinding: "ctrl+home",
      when: "terminalFocus",
      run: scroll((screen) => screen.terminal.scrollToTop()),
    },
    {
      id: "workbench.action.terminal.scrollToBottom",
      title: "terminal.command.bottom",
      category,
      keybinding: "ctrl+end",
      when: "terminalFocus",
      run: scroll((screen) => screen.terminal.scrollToBottom()),
    },
  ];
}
