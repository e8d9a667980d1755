// SPDX-License-Identifier: Apache-2.0
// Which model answers and where it is, how full its context is, and how long the turn may take.

import { createMemo, type JSX, Show } from "solid-js";

import type { ModelChoice } from "@moat/proto";
import { Icon } from "../ui/index.ts";
import type { Agent } from "./agent.ts";
import { now } from "./clock.ts";
import { seldom } from "./stream.tsx";
import { oneLine } from "./visible.ts";
import { clock, short } from "./words.ts";

const FULL = 0.85;

/** A zone's kind, for its colour. */
export function zoneKind(zone: string): "host" | "network" | "external" {
  if (zone === "host" || zone === "process") return "host";
  return zone.startsWith("network") ? "network" : "external";
}

/** A zone with its mark. */
export function Zone(props: { zone: string }): JSX.Element {
  return (
    <span class={`ag-zone ${zoneKind(props.zone)}`}>
      <i aria-hidden="true" />
      {oneLine(props.zone)}
    </span>
  );
}

/** The model, and the way to another one. */
export function ModelButton(props: { agent: Agent }): JSX.Element {
  const { agent } = props;
  const t = agent.host.t;
  const chosen = createMemo(() => agent.models().find((it) => it.name === agent.model()) ?? null);
  const choose = async () => {
    const picked = await agent.host.pick<string>({
      placeholder: t("agent.model.pick"),
      items: agent.models().map((model) => ({
        value: model.name,
        label: oneLine(model.title),
        detail: detail(model),
        icon: model.name === agent.model() ? "check" : "model",
      })),
    });
    if (picked !== null) agent.setModel(picked);
  };
  const detail = (model: ModelChoice) => {
    const parts = [oneLine(model.zone)];
    if (model.context_tokens)
      parts.push(t("agent.model.context", { n: short(model.context_tokens) }));
    if (!model.ready) parts.push(t("agent.model.missing"));
    return parts.join(" · ");
  };
  const title = () => {
    const model = chosen();
    return model ? `${oneLine(model.title)} · ${detail(model)}` : t("agent.model.pick");
  };
  return (
    <button
      type="button"
      class="ag-model"
      title={title()}
      aria-label={`${t("agent.model.of")}: ${title()}`}
      disabled={agent.models().length === 0}
      onClick={() => void choose()}
    >
      <Show when={chosen()} fallback={<span>{agent.model() || t("agent.model.none")}</span>}>
        {(model) => (
          <>
            <i class={`ag-zone-dot ${zoneKind(model().zone)}`} aria-hidden="true" />
            <span class="ag-model-name">{oneLine(model().title)}</span>
            <Show when={!model().ready}>
              <Icon name="warning" size={12} />
            </Show>
          </>
        )}
      </Show>
      <Icon name="chevron-down" size={12} />
    </button>
  );
}

/** How full the model's context is, and the turn's time. */
export function Meter(props: { agent: Agent }): JSX.Element {
  const { agent } = props;
  const t = agent.host.t;
  const turn = () => agent.turn();
  const size = createMemo(() => {
    const name = turn()?.task.model ?? agent.model();
    return agent.models().find((it) => it.name === name)?.context_tokens ?? null;
  });
  const used = seldom(() => turn()?.contextTokens ?? 0, 300);
  const share = () => Math.min(1, used() / (size() ?? Number.POSITIVE_INFINITY));
  const tokens = () =>
    t("agent.model.tokens", {
      read: short(turn()?.promptTokens ?? 0),
      written: short(turn()?.completionTokens ?? 0),
    });
  const title = () => {
    const context = size();
    const full =
      context === null ? "" : t("agent.meter.context", { used: short(used()), of: short(context) });
    return [full, tokens()].filter(Boolean).join("\n");
  };
  return (
    <Show when={turn()}>
      {(it) => (
        <span class="ag-meter" title={title()}>
          <Show when={it().state !== "finished"}>
            <span class="ag-clock" title={t("agent.meter.time")}>
              {clock(now() - it().startedAt)} / {clock(it().task.time_limit_ms)}
            </span>
          </Show>
          <Show when={size() !== null && used() > 0}>
            <span
              class="ag-gauge"
              classList={{ full: share() > FULL }}
              role="meter"
              aria-label={t("agent.meter")}
              aria-valuemin={0}
              aria-valuemax={100}
              aria-valuenow={Math.round(share() * 100)}
            >
              <i class="ag-gauge-bar" style={{ width: `${Math.round(share() * 100)}%` }} />
            </span>
          </Show>
          <Show when={it().promptTokens + it().completionTokens > 0}>
            <span class="ag-tokens">{short(it().promptTokens + it().completionTokens)}</span>
          </Show>
        </span>
      )}
    </Show>
  );
}
