// SPDX-License-Identifier: Apache-2.0
// The control for a setting, by what it may be.

import {
  Match,
  Show,
  Switch,
  createMemo,
  createResource,
  createSignal,
  createEffect,
  on,
  type JSX,
} from "solid-js";
import type { Host } from "../host.ts";
import { Button, Checkbox, Select, TextInput } from "../ui/index.ts";
import { accept } from "./accept.ts";
import { SETTINGS, type SettingKey, type SettingSpec, type SettingValue } from "./schema.ts";

/** The control for a setting. */
export function Control(props: { host: Host; name: SettingKey; onKeys(): void }): JSX.Element {
  const { host } = props;
  const spec: SettingSpec = SETTINGS[props.name];
  const value = () => host.settings.get(props.name);
  const set = (next: unknown) => {
    const accepted = accept(props.name, next);
    if (accepted !== undefined) host.settings.set(props.name, accepted as SettingValue<SettingKey>);
  };
  return (
    <Switch>
      <Match when={props.name === "agent.model"}>
        <ModelControl host={host} value={String(value())} onChange={set} />
      </Match>
      <Match when={spec.type === "boolean" && spec}>
        <Checkbox checked={value() === true} onChange={set}>
          {host.t(spec.detail ?? spec.title)}
        </Checkbox>
      </Match>
      <Match when={spec.type === "choice" && spec}>
        {(choice) => (
          <Select
            label={host.t(spec.title)}
            value={String(value())}
            options={choice().choices.map((one) => ({
              value: one.value,
              title: host.t(one.title),
            }))}
            onChange={set}
          />
        )}
      </Match>
      <Match when={spec.type === "number" && spec}>
        {(number) => (
          <NumberControl host={host} spec={number()} value={Number(value())} onChange={set} />
        )}
      </Match>
      <Match when={spec.type === "string"}>
        <TextInput
          class="settings-text"
          label={host.t(spec.title)}
          value={String(value())}
          onChange={(event) => set(event.currentTarget.value)}
        />
      </Match>
      <Match when={spec.type === "keys"}>
        <Button icon="keyboard" onClick={props.onKeys}>
          {host.t("settings.keys.open")}
        </Button>
      </Match>
    </Switch>
  );
}

function NumberControl(props: {
  host: Host;
  spec: SettingSpec & { type: "number" };
  value: number;
  onChange(value: number): void;
}): JSX.Element {
  const { host } = props;
  const [typed, setTyped] = createSignal(String(props.value));
  createEffect(
    on(
      () => props.value,
      (value) => setTyped(String(value)),
      { defer: true },
    ),
  );
  const problem = createMemo(() => {
    const number = Number(typed());
    const right =
      typed().trim() !== "" &&
      Number.isInteger(number) &&
      number >= props.spec.min &&
      number <= props.spec.max;
    return right
      ? null
      : host.t("settings.number.bounds", { min: props.spec.min, max: props.spec.max });
  });
  return (
    <span class="settings-number">
      <TextInput
        type="number"
        label={host.t(props.spec.title)}
        min={props.spec.min}
        max={props.spec.max}
        step={props.spec.step ?? 1}
        value={typed()}
        problem={problem()}
        onInput={setTyped}
        onChange={() => {
          if (problem() === null) props.onChange(Number(typed()));
        }}
      />
      <Show when={props.spec.unit}>
        {(unit) => <span class="settings-unit">{host.t(`settings.unit.${unit()}`)}</span>}
      </Show>
    </span>
  );
}

/** The model is picked from those that the server knows; a name that it does not know stays, and is said to be unknown. */
function ModelControl(props: {
  host: Host;
  value: string;
  onChange(value: string): void;
}): JSX.Element {
  const { host } = props;
  const [models] = createResource(async () => {
    try {
      const reply = await host.client.ask({ service: "sessions", query: "models" });
      return reply.reply === "models" ? reply : null;
    } catch {
      return null;
    }
  });
  const options = () => {
    const known = models()?.models ?? [];
    const title = models()?.default;
    const first = {
      value: "",
      title: title
        ? host.t("settings.model.default", { model: title })
        : host.t("settings.model.configured"),
    };
    const found = known.map((model) => ({
      value: model.name,
      title: host.t(model.ready ? "settings.model.one" : "settings.model.missing", {
        title: model.title,
        zone: model.zone,
      }),
    }));
    const unknown = props.value !== "" && !known.some((model) => model.name === props.value);
    return unknown
      ? [
          first,
          ...found,
          { value: props.value, title: host.t("settings.model.unknown", { model: props.value }) },
        ]
      : [first, ...found];
  };
  return (
    <Select
      class="settings-model"
      label={host.t("setting.model")}
      value={props.value}
      options={options()}
      onChange={props.onChange}
    />
  );
}
