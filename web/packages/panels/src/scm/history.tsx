// SPDX-License-Identifier: Apache-2.0
// The last commits, of the branch or of the file that is open.

import type { GitCommit } from "@moat/proto";
import { Show, createEffect, createSignal, on, onCleanup, type JSX } from "solid-js";
import type { Host } from "../host.ts";
import { reportOf } from "../tell.ts";
import { Empty, VirtualList } from "../ui/index.ts";
import { ago } from "./time.ts";

const LIMIT = 200;
const ROW = 38;
const HASH = 8;

/** The last commits. */
export function History(props: {
  host: Host;
  head: string | null;
  path: string | null;
}): JSX.Element {
  const { host } = props;
  const [commits, setCommits] = createSignal<readonly GitCommit[] | null>(null);
  const [problem, setProblem] = createSignal<string | null>(null);
  const [focused, setFocused] = createSignal(-1);
  let asked = 0;
  createEffect(
    on([() => props.head, () => props.path], async ([, path]) => {
      asked += 1;
      const mine = asked;
      try {
        const reply = await host.client.ask({ service: "git", query: "log", limit: LIMIT, path });
        if (mine !== asked || reply.reply !== "log") return;
        setCommits(reply.commits);
        setProblem(null);
        setFocused(-1);
      } catch (error) {
        if (mine === asked) setProblem(reportOf(host, error).error);
      }
    }),
  );
  onCleanup(() => {
    asked += 1;
  });
  const copy = (commit: GitCommit) => {
    void navigator.clipboard.writeText(commit.id);
    host.notify({ level: "info", text: host.t("scm.history.copied"), brief: true });
  };
  const menu = (commit: GitCommit, at: { x: number; y: number }) =>
    host.menu(at, [
      { title: host.t("scm.history.copy"), icon: "copy", run: () => copy(commit) },
      {
        title: host.t("scm.history.copy.subject"),
        icon: "copy",
        run: () => void navigator.clipboard.writeText(commit.subject),
      },
    ]);
  return (
    <Show when={problem() === null} fallback={<Empty icon="warning" title={problem() ?? ""} />}>
      <Show when={commits()?.length !== 0} fallback={<Empty title={host.t("scm.history.none")} />}>
        <VirtualList
          label={host.t("scm.history")}
          class="scm-history"
          rowHeight={ROW}
          items={commits() ?? []}
          focused={focused()}
          onFocus={setFocused}
          onActivate={(commit, _index, event) => {
            if (event instanceof KeyboardEvent) copy(commit);
          }}
          rowAttributes={(commit) => ({
            title: `${commit.subject}\n${commit.author}, ${new Date(commit.time_s * 1000).toLocaleString()}\n${commit.id}`,
            onContextMenu: (event) => {
              event.preventDefault();
              menu(commit, { x: event.clientX, y: event.clientY });
            },
          })}
          row={(commit) => (
            <div class="scm-commit-line">
              <span class="scm-subject">{commit.subject}</span>
              <span class="scm-about">
                <span class="scm-author">{commit.author}</span>
                <span>{ago(host.t, commit.time_s, Date.now() / 1000)}</span>
                <span class="scm-hash">{commit.id.slice(0, HASH)}</span>
              </span>
            </div>
          )}
        />
      </Show>
    </Show>
  );
}
