// SPDX-License-Identifier: Apache-2.0
// What a change is beside its lines: renames, modes, links, content that is no text.

import type { Change } from "@moat/proto";
import { createMemo, For, type JSX, Show } from "solid-js";

import { oneLine } from "../agent/visible.ts";
import { bytes } from "../agent/words.ts";
import type { Host } from "../host.ts";
import { Icon } from "../ui/index.ts";
import { details, type Detail } from "./model.ts";

/** What hunks do not show of a change. */
export function FileDetails(props: { host: Host; change: Change }): JSX.Element {
  const t = props.host.t;
  const found = createMemo(() => details(props.change));
  return (
    <ul class="rv-details">
      <Show when={props.change.renamed_from}>
        {(from) => (
          <li class="warning">
            <Icon name="arrow-right" size={14} />
            <span>
              {t("review.detail.from")} <code>{oneLine(from())}</code>
            </span>
          </li>
        )}
      </Show>
      <Show when={!props.change.renamed_from && props.change.renamed_to}>
        {(to) => (
          <li class="warning">
            <Icon name="arrow-right" size={14} />
            <span>
              {t("review.detail.to")} <code>{oneLine(to())}</code>
            </span>
          </li>
        )}
      </Show>
      <For each={found()}>
        {(detail) => (
          <li class={detail.tone}>
            <Icon name="info" size={14} />
            <span>{words(props.host, detail)}</span>
          </li>
        )}
      </For>
      <Show when={props.change.merge?.merge === "joined"}>
        <li class="warning">
          <Icon name="branch" size={14} />
          <span>{t("review.detail.joined")}</span>
        </li>
      </Show>
    </ul>
  );
}

function words(host: Host, detail: Detail): string {
  const t = host.t;
  switch (detail.key) {
    case "review.detail.mode":
    case "review.detail.modeIs":
      return t(detail.key, detail.args);
    case "review.detail.type":
      return t(detail.key, {
        before: t(`review.kind.${detail.args.before}`),
        after: t(`review.kind.${detail.args.after}`),
      });
    case "review.detail.linkOld":
    case "review.detail.linkNew":
      return t(detail.key, { target: oneLine(detail.args.target) });
    case "review.detail.binary":
    case "review.detail.content":
    case "review.detail.unchanged": {
      const { before, after, sha } = detail.args;
      const both = before !== null && after !== null && before !== after;
      const size = both ? `${bytes(before)} → ${bytes(after)}` : bytes(after ?? before ?? 0);
      return t(detail.key, { size, sha: `${oneLine(sha)}…` });
    }
  }
}
