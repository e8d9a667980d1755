// SPDX-License-Identifier: Apache-2.0
// A conflict: what both come from, what the user made of it and what the session did, for each
// place. Moat never joins these by itself; a person changes the file or drops the session's side.

import type { Change, Clash } from "@moat/proto";
import { createMemo, For, type JSX, Show } from "solid-js";

import { oneLine, visible } from "../agent/visible.ts";
import { bytes } from "../agent/words.ts";
import type { Host } from "../host.ts";
import { Button, Icon } from "../ui/index.ts";

/** A conflict with its ways out. */
export function ConflictView(props: {
  host: Host;
  change: Change;
  blocked: string | null;
  onDiscard(): void;
}): JSX.Element {
  const t = props.host.t;
  const places = createMemo<Clash[]>(() => {
    const { merge } = props.change;
    return merge?.merge === "conflict" ? merge.places : [];
  });
  const before = () => {
    const { merge } = props.change;
    if (merge?.merge !== "conflict" || places().length > 0) return null;
    const { base } = merge;
    if (base.kind === "file")
      return base.content ? bytes(base.content.length_bytes) : t("review.kind.file");
    if (base.kind === "link") return `${t("review.kind.link")} → ${oneLine(base.target ?? "")}`;
    return t(`review.kind.${base.kind}`);
  };
  const open = (line?: number) =>
    void props.host.openFile(props.change.path, line === undefined ? {} : { line });
  return (
    <section class="rv-conflict" aria-label={t("review.conflict")}>
      <p class="rv-conflict-head">
        <Icon name="warning" class="rv-conflict-icon" />
        <span>
          <b>{t("review.conflict")}</b> {visible(props.change.conflict ?? "")}
        </span>
      </p>
      <p class="rv-faint">{t("review.conflict.how")}</p>
      <Show when={before()}>
        {(it) => (
          <p class="rv-faint">
            {t("review.conflict.base")}: {it()}
          </p>
        )}
      </Show>
      <For each={places()}>
        {(place) => (
          <div class="rv-clash">
            <button type="button" class="ag-link" onClick={() => open(place.line)}>
              {t("review.conflict.line", { n: place.line })}
            </button>
            <div class="rv-sides">
              <Side
                title={t("review.conflict.base")}
                text={place.base}
                nothing={t("review.conflict.nothing")}
                tone="base"
              />
              <Side
                title={t("review.conflict.yours")}
                text={place.user}
                nothing={t("review.conflict.nothing")}
                tone="yours"
              />
              <Side
                title={t("review.conflict.session")}
                text={place.session}
                nothing={t("review.conflict.nothing")}
                tone="session"
              />
            </div>
          </div>
        )}
      </For>
      <div class="rv-conflict-actions">
        <Button small icon="edit" onClick={() => open(places()[0]?.line)}>
          {t("review.conflict.edit")}
        </Button>
        <Button
          small
          icon="trash"
          disabled={props.blocked !== null}
          title={props.blocked ?? undefined}
          onClick={props.onDiscard}
        >
          {t("review.conflict.drop")}
        </Button>
      </div>
    </section>
  );
}

function Side(props: { title: string; text: string; nothing: string; tone: string }): JSX.Element {
  return (
    <div class={`rv-side ${props.tone}`}>
      <p class="rv-side-title">{props.title}</p>
      <Show when={props.text} fallback={<p class="rv-faint">{props.nothing}</p>}>
        <pre>{visible(props.text.replace(/\n$/, ""))}</pre>
      </Show>
    </div>
  );
}
