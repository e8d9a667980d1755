// SPDX-License-Identifier: Apache-2.0
// The agent's panel: one thread with the composer below it, or the list of all threads.

import { createMemo, createSignal, type JSX, onCleanup, Show } from "solid-js";

import "./agent.css";
import "./cards.css";
import "./composer.css";
import type { Host } from "../host.ts";
import { ChangesBar } from "../review/bar.tsx";
import { reviewOf } from "../review/store.ts";
import { IconButton } from "../ui/index.ts";
import { type Agent, agentOf } from "./agent.ts";
import { mention } from "./compose.ts";
import { Composer } from "./composer.tsx";
import { Thread } from "./thread.tsx";
import { askName, threadMenu, Threads } from "./threads.tsx";
import { titleOf } from "./titles.ts";
import { isBusy } from "./view.ts";

export { agentOf } from "./agent.ts";

/** The agent's panel. */
export function AgentPanel(props: { host: Host }): JSX.Element {
  const { host } = props;
  const agent = agentOf(host);
  reviewOf(host);
  const t = host.t;
  const [listed, setListed] = createSignal(false);
  let focus = (): void => undefined;
  const title = createMemo(() => titleOf(agent, agent.current()));
  const begin = () => {
    setListed(false);
    agent.leave();
    queueMicrotask(() => focus());
  };
  for (const stop of commands(
    agent,
    begin,
    () => setListed(true),
    () => focus(),
  ))
    onCleanup(stop);
  return (
    <div class="ag-panel">
      <header class="ag-head">
        <Show
          when={!listed()}
          fallback={
            <>
              <IconButton
                icon="arrow-left"
                label={t("agent.back")}
                onClick={() => setListed(false)}
              />
              <h2>{t("agent.threads")}</h2>
            </>
          }
        >
          <h2
            title={title()}
            onDblClick={() => withCurrent(agent, (it) => void askName(agent, it))}
          >
            {title()}
          </h2>
        </Show>
        <IconButton icon="add" label={t("agent.thread.new")} onClick={begin} />
        <IconButton
          icon="history"
          label={t("agent.threads")}
          pressed={listed()}
          onClick={() => setListed(!listed())}
        />
        <IconButton
          icon="more"
          label={t("agent.more.actions")}
          disabled={agent.current() === null}
          onClick={(event) => {
            const box = event.currentTarget.getBoundingClientRect();
            withCurrent(agent, (it) =>
              host.menu({ x: box.left, y: box.bottom }, threadMenu(agent, it)),
            );
          }}
        />
      </header>
      <Show when={!listed()} fallback={<Threads agent={agent} onOpen={() => setListed(false)} />}>
        <Thread
          agent={agent}
          onExample={(text) => {
            agent.setDraft(text);
            focus();
          }}
        />
        <footer class="ag-foot">
          <ChangesBar host={host} />
          <Composer
            agent={agent}
            ref={(it) => {
              focus = it;
            }}
          />
        </footer>
      </Show>
    </div>
  );
}

function withCurrent(agent: Agent, run: (session: string) => void): void {
  const session = agent.current();
  if (session !== null) run(session);
}

/** A mention of a path, or of what is selected or open where none is given. */
function mentioned(agent: Agent, path: string | null): string | null {
  const { host } = agent;
  if (path !== null) return mention(path);
  const selection = host.selection();
  if (selection) {
    return mention(selection.path, { first: selection.startLine, last: selection.endLine });
  }
  const file = host.activeFile();
  return file === null ? null : mention(file);
}

/** The panel's commands, for keys and the palette. */
function commands(
  agent: Agent,
  begin: () => void,
  list: () => void,
  focus: () => void,
): (() => void)[] {
  const { host } = agent;
  const add = host.commands.register;
  return [
    add({
      id: "moat.agent.write",
      title: "agent.cmd.focus",
      category: "view.agent",
      keybinding: "mod+alt+i",
      run: () => {
        host.openView("agent");
        queueMicrotask(focus);
      },
    }),
    add({
      id: "moat.agent.new",
      title: "agent.thread.new",
      category: "view.agent",
      run: () => {
        host.openView("agent");
        begin();
      },
    }),
    add({
      id: "moat.agent.threads",
      title: "agent.threads",
      category: "view.agent",
      run: () => {
        host.openView("agent");
        list();
      },
    }),
    add({
      id: "moat.agent.mention",
      title: "agent.cmd.mention",
      category: "view.agent",
      run: (given) => {
        const text = mentioned(agent, typeof given === "string" ? given : null);
        if (text === null) return;
        const draft = agent.draft();
        agent.setDraft(
          draft === "" || /\s$/.test(draft) ? `${draft}${text} ` : `${draft} ${text} `,
        );
        host.openView("agent");
        queueMicrotask(focus);
      },
    }),
    add({
      id: "moat.agent.stop",
      title: "agent.stop",
      category: "view.agent",
      run: () => {
        if (isBusy(agent.view())) void agent.stop();
      },
    }),
    add({
      id: "moat.agent.review",
      title: "agent.review.open",
      category: "view.agent",
      run: () => withCurrent(agent, (it) => host.showReview(it)),
    }),
  ];
}
