// SPDX-License-Identifier: Apache-2.0
// The question about a change that acts by itself: who reads it and when, what it can make them
// do, and all that a yes would write. One change at a time; only the button that says so is a yes,
// and leaving the dialog keeps nothing at all.

import type { Change, Confirmation, SurfaceEffect } from "@moat/proto";
import { createSignal, For, type JSX, Show } from "solid-js";
import { render } from "solid-js/web";

import { oneLine, visible } from "../agent/visible.ts";
import type { Host } from "../host.ts";
import type { MessageKey } from "../i18n.ts";
import { Button, Dialog } from "../ui/index.ts";
import { parseHunk } from "./hunk.ts";
import { HunkLines } from "./lines.tsx";
import { FileDetails } from "./details.tsx";

/**
 * Asks about each change. The answer has a confirmation for each that got a yes; it is `null`
 * where the person left the question, and then nothing is to be kept.
 */
export function askSurfaces(
  host: Host,
  changes: readonly Change[],
): Promise<Confirmation[] | null> {
  return new Promise((resolve) => {
    const place = document.createElement("div");
    document.body.append(place);
    const close = render(
      () => (
        <Questions
          host={host}
          changes={changes}
          onEnd={(confirmed) => {
            // After the event that ended it, so that nothing is taken away under its handlers.
            queueMicrotask(() => {
              close();
              place.remove();
              resolve(confirmed);
            });
          }}
        />
      ),
      place,
    );
  });
}

function Questions(props: {
  host: Host;
  changes: readonly Change[];
  onEnd(confirmed: Confirmation[] | null): void;
}): JSX.Element {
  const t = props.host.t;
  const [at, setAt] = createSignal(0);
  const confirmed: Confirmation[] = [];
  const change = () => props.changes[at()] as Change;
  const next = () => {
    if (at() + 1 < props.changes.length) setAt(at() + 1);
    else props.onEnd(confirmed);
  };
  const yes = () => {
    const { path, confirm } = change();
    // The server notes by itself that a browser passed it on.
    if (confirm) confirmed.push({ path, id: confirm, by: "attached" });
    next();
  };
  return (
    <Show when={change()} keyed>
      {(it) => (
        <Dialog
          title={t("review.surface.title", { path: shortPath(it.path) })}
          icon="warning"
          tone="warning"
          wide
          onClose={() => props.onEnd(null)}
          actions={
            <>
              <Show when={props.changes.length > 1}>
                <span class="rv-count">
                  {t("review.surface.of", { n: at() + 1, of: props.changes.length })}
                </span>
              </Show>
              <Button kind="danger" disabled={!it.confirm} onClick={yes}>
                {t("review.surface.yes")}
              </Button>
              <Button data-autofocus onClick={next}>
                {t("review.surface.no")}
              </Button>
            </>
          }
        >
          <SurfaceBody host={props.host} change={it} />
        </Dialog>
      )}
    </Show>
  );
}

/** When a reader acts on a surface. */
export function effectKey(effect: SurfaceEffect): MessageKey {
  return `review.effect.${effect}`;
}

function SurfaceBody(props: { host: Host; change: Change }): JSX.Element {
  const t = props.host.t;
  const gates = () => (props.change.surfaces ?? []).filter((surface) => surface.gated);
  return (
    <div class="rv-surface-body">
      <p class="rv-path-line">
        <code>{oneLine(props.change.path)}</code>
      </p>
      <For each={gates()}>
        {(surface) => (
          <dl class="rv-facts">
            <dt>{t("review.surface.can")}</dt>
            <dd>{visible(surface.does.replace(/^can /, ""))}</dd>
            <dt>{t("review.surface.reader")}</dt>
            <dd>{oneLine(surface.reader)}</dd>
            <dt>{t("review.surface.acts")}</dt>
            <dd>{surface.effects.map((effect) => t(effectKey(effect))).join("; ")}</dd>
            <Show when={surface.keys}>
              <dt>{t("review.surface.keys")}</dt>
              <dd>
                <code>{oneLine(surface.keys)}</code>
              </dd>
            </Show>
            <Show when={surface.at}>
              {(path) => (
                <>
                  <dt>{t("review.surface.at")}</dt>
                  <dd>
                    <code>{oneLine(path())}</code>
                  </dd>
                </>
              )}
            </Show>
          </dl>
        )}
      </For>
      <FileDetails host={props.host} change={props.change} />
      <div class="rv-surface-diff" tabIndex={0} role="group" aria-label={t("review.surface.whole")}>
        <For
          each={props.change.hunks}
          fallback={<p class="rv-faint">{t("review.surface.noText")}</p>}
        >
          {(hunk) => <HunkLines host={props.host} hunk={parseHunk(hunk)} whole />}
        </For>
      </div>
      <p class="rv-exactly">
        {t("review.surface.exactly")} <code>{oneLine(props.change.confirm ?? "")}</code>
      </p>
    </div>
  );
}

function shortPath(path: string): string {
  const text = oneLine(path);
  return text.length > 60 ? `…${text.slice(-59)}` : text;
}
