// SPDX-License-Identifier: Apache-2.0
// What this machine enforces, as `moat doctor` tries it: each effect, whether it is prevented, how
// that was tried, and what a person can do where it is not.

import type { Protection } from "@moat/proto";
import { createMemo, createSignal, For, type JSX, Match, Show, Switch } from "solid-js";

import { now } from "../agent/clock.ts";
import { visible } from "../agent/visible.ts";
import { ago, type Tone } from "../agent/words.ts";
import type { Host } from "../host.ts";
import type { MessageKey } from "../i18n.ts";
import { Button, ErrorBox, Icon, type IconName, Spinner } from "../ui/index.ts";
import type { Boundary } from "./store.ts";

const STANDINGS: Record<string, { tone: Tone; icon: IconName; word: MessageKey }> = {
  enforced: { tone: "good", icon: "check", word: "boundary.standing.enforced" },
  partly: { tone: "warning", icon: "warning", word: "boundary.standing.partly" },
  not: { tone: "bad", icon: "error", word: "boundary.standing.not" },
};
const UNKNOWN = { tone: "plain", icon: "circle", word: "boundary.standing.unknown" } as const;

function standing(protection: Protection): { tone: Tone; icon: IconName; word: MessageKey } {
  return STANDINGS[protection.standing] ?? UNKNOWN;
}

/** What is enforced. */
export function Enforced(props: { host: Host; boundary: Boundary }): JSX.Element {
  const t = props.host.t;
  const { boundary } = props;
  // What is not enforced comes first: it is what somebody has to know.
  const sorted = createMemo(() => {
    const order: Tone[] = ["bad", "warning", "plain", "good"];
    const rows = [...(boundary.enforced()?.protections ?? [])];
    return rows.sort(
      (one, other) => order.indexOf(standing(one).tone) - order.indexOf(standing(other).tone),
    );
  });
  const good = () => sorted().filter((it) => standing(it).tone === "good").length;
  return (
    <div class="bd-enforced">
      <p class="bd-summary">
        <Icon name="boundary" />
        <span>{visible(boundary.enforced()?.summary ?? props.host.setup().boundary)}</span>
      </p>
      <Switch>
        <Match when={boundary.trying() && !boundary.enforced()}>
          <div class="ag-wait" role="status">
            <Spinner label={t("boundary.trying")} />
            <span>{t("boundary.trying")}</span>
          </div>
        </Match>
        <Match when={boundary.tryFailure()}>
          {(report) => (
            <ErrorBox report={report()}>
              <Button small onClick={() => void boundary.tryOut()}>
                {t("agent.again")}
              </Button>
            </ErrorBox>
          )}
        </Match>
        <Match when={!boundary.enforced()}>
          <Button small icon="play" onClick={() => void boundary.tryOut()}>
            {t("boundary.try")}
          </Button>
        </Match>
        <Match when={true}>
          <p class="ag-faint" role="status">
            {boundary.trying()
              ? t("boundary.trying")
              : t("boundary.tried", {
                  good: good(),
                  of: sorted().length,
                  ago: ago(t, boundary.triedAt() ?? now(), now()),
                })}
          </p>
          <ul class="bd-protections">
            <For each={sorted()}>{(it) => <Row host={props.host} protection={it} />}</For>
          </ul>
        </Match>
      </Switch>
    </div>
  );
}

function Row(props: { host: Host; protection: Protection }): JSX.Element {
  const t = props.host.t;
  const how = () => standing(props.protection);
  const [open, setOpen] = createSignal(how().tone === "bad");
  return (
    <li>
      <button
        type="button"
        class="bd-protection"
        aria-expanded={open()}
        onClick={() => setOpen(!open())}
      >
        <span class={`ag-mark ${how().tone}`}>
          <Icon name={how().icon} />
        </span>
        <span class="bd-effect">{visible(props.protection.effect)}</span>
        <span class={`bd-standing ${how().tone}`}>{t(how().word)}</span>
      </button>
      <Show when={open()}>
        <div class="bd-evidence">
          <p>{visible(props.protection.evidence)}</p>
          <Show when={props.protection.hint}>
            {(hint) => (
              <p class="bd-hint">
                <Icon name="info" size={14} />
                {visible(hint())}
              </p>
            )}
          </Show>
        </div>
      </Show>
    </li>
  );
}
