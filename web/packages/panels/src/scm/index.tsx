// SPDX-License-Identifier: Apache-2.0
// The source control view: what differs, committing it, branches and history. Git itself is the server's affair.

import {
  Match,
  Show,
  Switch,
  createEffect,
  createMemo,
  createSignal,
  on,
  type JSX,
} from "solid-js";
import type { Host } from "../host.ts";
import { Empty, Icon, IconButton, PanelHead, ProgressLine, Section } from "../ui/index.ts";
import { createActions } from "./actions.ts";
import { Changes } from "./changes.tsx";
import { CommitBox } from "./commit.tsx";
import { History } from "./history.tsx";
import { changeCount, groups } from "./model.ts";
import "./scm.css";

export { createBlame, type BlameSource, type FileBlame } from "./blame.ts";

/** The source control view. */
export function ScmView(props: { host: Host }): JSX.Element {
  const { host } = props;
  const actions = createActions(host);
  const [none, setNone] = createSignal(!host.setup().repository && host.git() === null);
  const [busy, setBusy] = createSignal(false);
  const [ofFile, setOfFile] = createSignal(false);
  const [historyOpen, setHistoryOpen] = createSignal(host.memory.get("scm.history.open", true));
  const status = () => host.git();
  const list = createMemo(() => groups(status()));

  const refresh = async () => {
    setBusy(true);
    const reply = await actions.refresh();
    setBusy(false);
    if (reply !== null) setNone(reply.reply === "no_repository");
  };
  createEffect(on(status, (now) => now !== null && setNone(false)));
  createEffect(() => host.badge("scm", changeCount(status()) || null));
  if (status() === null && !none()) void refresh();

  const more = (event: MouseEvent) => {
    const box = (event.currentTarget as HTMLElement).getBoundingClientRect();
    const all = (name: string) => list().find((group) => group.name === name)?.entries ?? [];
    const loose = [...all("changes"), ...all("untracked")];
    const sideBySide = host.settings.get("diff.sideBySide");
    host.menu({ x: box.left, y: box.bottom }, [
      {
        title: host.t("scm.stage.all"),
        icon: "add",
        disabled: loose.length === 0,
        run: () => void actions.stage(loose),
      },
      {
        title: host.t("scm.unstage.all"),
        icon: "undo",
        disabled: all("staged").length === 0,
        run: () => void actions.unstage(all("staged")),
      },
      {
        title: host.t("scm.discard.all"),
        icon: "trash",
        danger: true,
        disabled: loose.length === 0,
        run: () => void actions.discard(loose),
      },
      { separator: true },
      { title: host.t("scm.branch.switch"), icon: "branch", run: () => void actions.branches() },
      { title: host.t("scm.branch.new"), icon: "add", run: () => void actions.newBranch() },
      { separator: true },
      {
        title: host.t("scm.diff.side"),
        checked: sideBySide,
        run: () => host.settings.set("diff.sideBySide", !sideBySide),
      },
    ]);
  };
  return (
    <div class="scm">
      <PanelHead
        title={host.t("scm.title")}
        actions={
          <Show when={!none()}>
            <IconButton
              icon="refresh"
              label={host.t("scm.refresh")}
              onClick={() => void refresh()}
            />
            <IconButton
              icon="more"
              label={host.t("scm.more")}
              aria-haspopup="menu"
              onClick={more}
            />
          </Show>
        }
      />
      <ProgressLine active={busy()} />
      <Switch>
        <Match when={none()}>
          <Empty icon="branch" title={host.t("scm.none")} detail={host.t("scm.none.detail")} />
        </Match>
        <Match when={status()}>
          {(now) => (
            <>
              <CommitBox host={host} actions={actions} status={now()} />
              <BranchLine host={host} onClick={() => void actions.branches()} />
              <Show when={now().truncated}>
                <p class="scm-note">{host.t("scm.truncated")}</p>
              </Show>
              <Show
                when={list().length > 0}
                fallback={
                  <div class="scm-clean">
                    <Empty icon="check" title={host.t("scm.clean")} />
                  </div>
                }
              >
                <Changes host={host} actions={actions} groups={list()} />
              </Show>
              <Section
                class="scm-history-section"
                title={host.t("scm.history")}
                open={historyOpen()}
                onToggle={(open) => {
                  setHistoryOpen(open);
                  host.memory.set("scm.history.open", open);
                }}
                actions={
                  <IconButton
                    icon="file"
                    label={host.t("scm.history.file")}
                    pressed={ofFile()}
                    onClick={() => setOfFile(!ofFile())}
                  />
                }
              >
                <History host={host} head={now().head} path={ofFile() ? host.activeFile() : null} />
              </Section>
            </>
          )}
        </Match>
      </Switch>
    </div>
  );
}

function BranchLine(props: { host: Host; onClick(): void }): JSX.Element {
  const { host } = props;
  const status = () => host.git();
  return (
    <button
      type="button"
      class="scm-branch"
      title={host.t("scm.branch.switch")}
      onClick={props.onClick}
    >
      <Icon name="branch" />
      <span class="scm-branch-name">
        {status()?.branch ?? host.t("scm.detached.at", { head: status()?.head ?? "" })}
      </span>
      <Show when={(status()?.ahead ?? 0) > 0}>
        <span class="scm-ahead" title={host.t("scm.ahead", { count: status()?.ahead ?? 0 })}>
          ↑{status()?.ahead}
        </span>
      </Show>
      <Show when={(status()?.behind ?? 0) > 0}>
        <span class="scm-ahead" title={host.t("scm.behind", { count: status()?.behind ?? 0 })}>
          ↓{status()?.behind}
        </span>
      </Show>
    </button>
  );
}
