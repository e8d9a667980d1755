// SPDX-License-Identifier: Apache-2.0
// The box for a commit's message, with the agent's help, and the button that commits.

import type { GitStatus } from "@moat/proto";
import { Show, createSignal, onCleanup, type JSX } from "solid-js";
import type { Host } from "../host.ts";
import type { MessageKey } from "../i18n.ts";
import { tell } from "../tell.ts";
import { Button, Checkbox, IconButton, Spinner, TextArea } from "../ui/index.ts";
import type { Actions } from "./actions.ts";
import { writeMessage, type Writing } from "./message.ts";
import { groups } from "./model.ts";

const DRAFT = "scm.message";
const ROWS_MOST = 12;

/** The box for a commit's message. */
export function CommitBox(props: { host: Host; actions: Actions; status: GitStatus }): JSX.Element {
  const { host } = props;
  const [message, setMessage] = createSignal(host.memory.get<string>(DRAFT, ""));
  const [amend, setAmend] = createSignal(false);
  const [busy, setBusy] = createSignal(false);
  const keep = (text: string) => {
    setMessage(text);
    host.memory.set(DRAFT, text);
  };
  const count = (name: string) =>
    groups(props.status).find((group) => group.name === name)?.entries.length ?? 0;
  const staged = () => count("staged");
  const unstaged = () => count("changes") + count("untracked");
  const blocked = () => count("conflicts") > 0;
  const nothing = () => staged() === 0 && unstaged() === 0 && !amend();
  const wordless = () => message().trim() === "" && !amend();
  const agent = useAgent(host, message, keep);

  const commit = async () => {
    if (busy() || nothing() || wordless() || blocked()) return;
    if (staged() === 0 && unstaged() > 0 && !amend()) {
      const yes = await host.confirm({
        title: host.t("scm.commit.all.title"),
        detail: host.t("scm.commit.all.detail", { count: unstaged() }),
        confirm: host.t("scm.commit.all.confirm"),
      });
      if (!yes) return;
      await props.actions.stage(groups(props.status).flatMap((group) => group.entries));
    }
    setBusy(true);
    const done = await props.actions.commit(message().trim(), amend());
    setBusy(false);
    if (!done) return;
    keep("");
    setAmend(false);
  };
  const onAmend = (on: boolean) => {
    setAmend(on);
    if (on && message().trim() === "")
      void lastSubject(host).then((text) => text !== null && keep(text));
  };
  const why = (): MessageKey | null =>
    blocked()
      ? "scm.commit.blocked"
      : nothing()
        ? "scm.commit.nothing"
        : wordless()
          ? "scm.commit.wordless"
          : null;
  const reason = () => {
    const key = why();
    return key === null ? undefined : host.t(key);
  };
  return (
    <div class="scm-commit">
      <div class="scm-message">
        <TextArea
          label={host.t("scm.message.label")}
          placeholder={host.t("scm.message.placeholder")}
          value={message()}
          rowsMost={ROWS_MOST}
          readOnly={agent.writing()}
          aria-busy={agent.writing()}
          onInput={keep}
          onKeyDown={(event) => {
            if (event.key !== "Enter" || !(event.ctrlKey || event.metaKey)) return;
            event.preventDefault();
            event.stopPropagation();
            void commit();
          }}
        />
        <div class="scm-message-tools">
          <Show
            when={!agent.writing()}
            fallback={
              <>
                <Spinner label={host.t("scm.message.writing")} />
                <IconButton icon="stop" label={host.t("scm.message.stop")} onClick={agent.stop} />
              </>
            }
          >
            <IconButton
              icon="agent"
              label={host.t("scm.message.write")}
              disabled={nothing()}
              onClick={() => void agent.write()}
            />
          </Show>
        </div>
      </div>
      <div class="scm-commit-row">
        <Button
          kind="primary"
          icon="check"
          class="scm-commit-button"
          disabled={busy() || why() !== null}
          title={reason()}
          onClick={() => void commit()}
        >
          {host.t(
            amend()
              ? "scm.commit.amend"
              : staged() === 0 && unstaged() > 0
                ? "scm.commit.all"
                : "scm.commit",
          )}
        </Button>
        <Checkbox checked={amend()} onChange={onAmend} disabled={props.status.head === null}>
          {host.t("scm.amend")}
        </Checkbox>
      </div>
    </div>
  );
}

function useAgent(host: Host, message: () => string, keep: (text: string) => void) {
  const [work, setWork] = createSignal<Writing | null>(null);
  onCleanup(() => work()?.cancel());
  return {
    writing: () => work() !== null,
    stop: () => work()?.cancel(),
    async write() {
      if (work() !== null) return;
      if (message().trim() !== "") {
        const yes = await host.confirm({
          title: host.t("scm.message.replace"),
          confirm: host.t("scm.message.replace.confirm"),
        });
        if (!yes) return;
      }
      const writing = writeMessage(host, host.t("scm.message.task"));
      setWork(writing);
      try {
        const text = await writing.message;
        if (text !== null) keep(text);
      } catch (error) {
        tell(host, error);
      } finally {
        setWork(null);
      }
    },
  };
}

async function lastSubject(host: Host): Promise<string | null> {
  try {
    const reply = await host.client.ask({ service: "git", query: "log", limit: 1, path: null });
    return reply.reply === "log" ? (reply.commits[0]?.subject ?? null) : null;
  } catch {
    return null;
  }
}
