// SPDX-License-Identifier: Apache-2.0
// The changed files above the composer: how many, which, and the shortest way to keep or discard
// them or to look at them.

import { createMemo, createSignal, For, type JSX, Show } from "solid-js";

import "./review.css";
import { oneLine } from "../agent/visible.ts";
import type { Host } from "../host.ts";
import { Button, FileIcon, Icon, IconButton } from "../ui/index.ts";
import { totals, type ReviewFile } from "./model.ts";
import { reviewOf } from "./store.ts";

const FILES_SHOWN = 40;

/** The bar. */
export function ChangesBar(props: { host: Host }): JSX.Element {
  const { host } = props;
  const t = host.t;
  const review = reviewOf(host);
  const { agent } = review;
  const [open, setOpen] = createSignal(false);
  const files = () => review.current().files;
  const sum = createMemo(() => totals(files()));
  const blocked = () => review.blocked(agent.current());
  const surfaces = () => files().filter((file) => file.state === "surface").length;
  const conflicts = () => files().filter((file) => file.state === "conflict").length;
  const withSession = (run: (session: string) => void) => {
    const session = agent.current();
    if (session !== null) run(session);
  };
  return (
    <>
      <Show when={files().length > 0}>
        <section class="rv-bar" aria-label={t("review.changes")}>
          <div class="rv-bar-head">
            <button
              type="button"
              class="rv-bar-title"
              aria-expanded={open()}
              onClick={() => setOpen(!open())}
            >
              <Icon name="chevron-right" size={14} class={open() ? "turned" : ""} />
              <span>{t("review.files", { count: files().length })}</span>
              <Lines added={sum().added} removed={sum().removed} />
              <Show when={conflicts() > 0}>
                <span class="rv-flag bad" title={t("review.conflicts", { count: conflicts() })}>
                  <Icon name="warning" size={12} />
                  {conflicts()}
                </span>
              </Show>
              <Show when={surfaces() > 0}>
                <span class="rv-flag warning" title={t("review.surfaces", { count: surfaces() })}>
                  <Icon name="boundary" size={12} />
                  {surfaces()}
                </span>
              </Show>
            </button>
            <span class="rv-bar-actions">
              <IconButton
                icon="diff"
                label={t("agent.review.open")}
                onClick={() => withSession((it) => host.showReview(it))}
              />
              <Button
                small
                disabled={blocked() !== null}
                title={blocked() ?? t("review.discardAll")}
                onClick={() => withSession((it) => void review.discard(it, { select: "all" }))}
              >
                {t("review.discard")}
              </Button>
              <Button
                small
                kind="primary"
                disabled={blocked() !== null}
                title={blocked() ?? t("review.keepAll")}
                onClick={() => withSession((it) => void review.keep(it, { select: "all" }))}
              >
                {t("review.keep")}
              </Button>
            </span>
          </div>
          <Show when={open()}>
            <ul class="rv-bar-files">
              <For each={files().slice(0, FILES_SHOWN)}>
                {(file) => (
                  <BarFile
                    host={host}
                    file={file}
                    onOpen={() => withSession((it) => host.showReview(it, file.path))}
                  />
                )}
              </For>
              <Show when={files().length > FILES_SHOWN}>
                <li class="rv-faint">{t("agent.more", { n: files().length - FILES_SHOWN })}</li>
              </Show>
            </ul>
          </Show>
        </section>
      </Show>
      <CommitsBar host={host} />
    </>
  );
}

/** Lines added and removed. */
export function Lines(props: { added: number; removed: number }): JSX.Element {
  return (
    <Show when={props.added + props.removed > 0}>
      <span class="rv-plus-minus">
        <span class="added">+{props.added}</span> <span class="removed">−{props.removed}</span>
      </span>
    </Show>
  );
}

function BarFile(props: { host: Host; file: ReviewFile; onOpen(): void }): JSX.Element {
  const t = props.host.t;
  const name = () => oneLine(props.file.path.slice(props.file.path.lastIndexOf("/") + 1));
  const directory = () =>
    oneLine(props.file.path.slice(0, Math.max(0, props.file.path.lastIndexOf("/"))));
  return (
    <li>
      <button type="button" title={oneLine(props.file.path)} onClick={props.onOpen}>
        <FileIcon name={name()} />
        <span class="rv-name">{name()}</span>
        <span class="rv-directory">{directory()}</span>
        <Show when={props.file.state !== "ready"}>
          <span class={`rv-flag ${props.file.state === "conflict" ? "bad" : "warning"}`}>
            {t(props.file.state === "conflict" ? "review.conflict" : "review.surface")}
          </span>
        </Show>
        <Lines added={props.file.change.lines_added} removed={props.file.change.lines_removed} />
      </button>
    </li>
  );
}

/** Commits of the session that the user's repository does not have. */
function CommitsBar(props: { host: Host }): JSX.Element {
  const t = props.host.t;
  const { agent } = reviewOf(props.host);
  const commits = () => agent.view()?.commits ?? null;
  const count = () => commits()?.branches.reduce((sum, it) => sum + it.commits, 0) ?? 0;
  const act = (op: { op: "take_commits"; branches: string[] } | { op: "return_commits" }) => {
    const session = agent.current();
    if (session === null) return;
    void agent.tellingOp(session, op).then((done) => {
      if (done) void agent.op(session, { op: "show_commits" }).catch(() => undefined);
    });
  };
  return (
    <Show when={commits() && (count() > 0 || (commits()?.taken.length ?? 0) > 0)}>
      <section class="rv-bar" aria-label={t("review.commits")}>
        <div class="rv-bar-head">
          <span
            class="rv-bar-title"
            title={commits()
              ?.branches.map((it) => oneLine(it.reference))
              .join("\n")}
          >
            <Icon name="branch" size={14} />
            <span>
              {t(count() > 0 ? "review.commits.pending" : "review.commits.taken", {
                count: count(),
              })}
            </span>
          </span>
          <span class="rv-bar-actions">
            <Show
              when={count() > 0}
              fallback={
                <Button small onClick={() => act({ op: "return_commits" })}>
                  {t("review.commits.return")}
                </Button>
              }
            >
              <Button
                small
                title={t("review.commits.detail")}
                onClick={() => act({ op: "take_commits", branches: [] })}
              >
                {t("review.commits.take")}
              </Button>
            </Show>
          </span>
        </div>
      </section>
    </Show>
  );
}
