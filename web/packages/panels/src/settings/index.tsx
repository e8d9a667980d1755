// SPDX-License-Identifier: Apache-2.0
// The settings editor. It is made of the table of settings alone: a setting that stands there stands here.

import { For, Show, createEffect, createMemo, createSignal, onCleanup, type JSX } from "solid-js";
import type { Host } from "../host.ts";
import { Empty, Icon, IconButton, TextInput } from "../ui/index.ts";
import { SETTING_KEYS } from "./accept.ts";
import { Control } from "./controls.tsx";
import { Keybindings } from "./keybindings.tsx";
import {
  GROUPS,
  SETTINGS,
  type SettingGroup,
  type SettingKey,
  type SettingSpec,
} from "./schema.ts";
import "./settings.css";

export { Keybindings } from "./keybindings.tsx";

type Page = "settings" | "keys";

/** The settings editor. */
export function SettingsView(props: { host: Host; page?: Page }): JSX.Element {
  const { host } = props;
  const [page, setPage] = createSignal<Page>(props.page ?? "settings");
  const tabs: { page: Page; title: string }[] = [
    { page: "settings", title: host.t("view.settings") },
    { page: "keys", title: host.t("keys.title") },
  ];
  const keyDown = (event: KeyboardEvent) => {
    if (event.key !== "ArrowRight" && event.key !== "ArrowLeft") return;
    setPage(page() === "settings" ? "keys" : "settings");
    (event.currentTarget as HTMLElement)
      .querySelector<HTMLElement>(`[data-page="${page()}"]`)
      ?.focus();
  };
  return (
    <div class="settings">
      <div
        class="settings-tabs"
        role="tablist"
        aria-label={host.t("view.settings")}
        onKeyDown={keyDown}
      >
        <For each={tabs}>
          {(tab) => (
            <button
              type="button"
              role="tab"
              data-page={tab.page}
              aria-selected={page() === tab.page}
              tabIndex={page() === tab.page ? 0 : -1}
              onClick={() => setPage(tab.page)}
            >
              {host.t(tab.page === "settings" ? "view.settings" : "keys.title")}
            </button>
          )}
        </For>
      </div>
      <div
        class="settings-panel"
        role="tabpanel"
        aria-label={host.t(page() === "settings" ? "view.settings" : "keys.title")}
      >
        <Show when={page() === "settings"} fallback={<Keybindings host={host} />}>
          <AllSettings host={host} onKeys={() => setPage("keys")} />
        </Show>
      </div>
    </div>
  );
}

function AllSettings(props: { host: Host; onKeys(): void }): JSX.Element {
  const { host } = props;
  let scroll!: HTMLDivElement;
  const [words, setWords] = createSignal("");
  const [here, setHere] = createSignal<SettingGroup>("workbench");
  const found = createMemo(() => {
    const wanted = words()
      .trim()
      .toLowerCase()
      .split(/\s+/u)
      .filter((word) => word !== "");
    return SETTING_KEYS.filter((key) => {
      if (wanted[0] === "@modified") return host.settings.changed(key);
      const text = searchText(host, key);
      return wanted.every((word) => text.includes(word));
    });
  });
  const groups = createMemo(() =>
    GROUPS.map((group) => ({
      ...group,
      keys: found().filter((key) => SETTINGS[key].group === group.group),
    })).filter((group) => group.keys.length > 0),
  );
  const goTo = (group: SettingGroup) => {
    setHere(group);
    scroll.querySelector(`[data-group="${group}"]`)?.scrollIntoView({ block: "start" });
  };
  const scrolled = () => {
    const top = scroll.getBoundingClientRect().top;
    const heads = [...scroll.querySelectorAll<HTMLElement>("[data-group]")];
    const last =
      heads.filter((head) => head.getBoundingClientRect().top <= top + 40).at(-1) ?? heads[0];
    const group = last?.dataset["group"];
    if (group !== undefined) setHere(group as SettingGroup);
  };
  createEffect(() => {
    scroll.addEventListener("scroll", scrolled, { passive: true });
    onCleanup(() => scroll.removeEventListener("scroll", scrolled));
  });
  return (
    <>
      <div class="settings-top">
        <TextInput
          class="settings-search"
          label={host.t("settings.search")}
          placeholder={host.t("settings.search")}
          value={words()}
          onInput={setWords}
          after={
            <button
              type="button"
              class="toggle settings-modified"
              aria-pressed={words() === "@modified"}
              title={host.t("settings.modified")}
              onClick={() => setWords(words() === "@modified" ? "" : "@modified")}
            >
              <Icon name="filter" size={14} />
              <span class="sr-only">{host.t("settings.modified")}</span>
            </button>
          }
        />
        <p class="settings-count" role="status">
          {words() === "" ? "" : host.t("settings.found", { count: found().length })}
        </p>
      </div>
      <div class="settings-body">
        <nav class="settings-nav" aria-label={host.t("settings.sections")}>
          <For each={groups()}>
            {(group) => (
              <button
                type="button"
                aria-current={here() === group.group ? "true" : undefined}
                onClick={() => goTo(group.group)}
              >
                {host.t(group.title)}
              </button>
            )}
          </For>
        </nav>
        <div ref={scroll} class="settings-list" tabIndex={-1}>
          <Show
            when={groups().length > 0}
            fallback={<Empty icon="gear" title={host.t("settings.none")} />}
          >
            <For each={groups()}>
              {(group) => (
                <section aria-label={host.t(group.title)}>
                  <h2 data-group={group.group}>{host.t(group.title)}</h2>
                  <For each={group.keys}>
                    {(key) => <OneSetting host={host} name={key} onKeys={props.onKeys} />}
                  </For>
                </section>
              )}
            </For>
          </Show>
        </div>
      </div>
    </>
  );
}

function OneSetting(props: { host: Host; name: SettingKey; onKeys(): void }): JSX.Element {
  const { host } = props;
  const spec: SettingSpec = SETTINGS[props.name];
  const changed = () => host.settings.changed(props.name);
  return (
    <div class="setting" classList={{ changed: changed() }}>
      <div class="setting-head">
        <h3>{host.t(spec.title)}</h3>
        <Show when={changed()}>
          <span class="setting-changed">{host.t("settings.changed")}</span>
          <IconButton
            icon="undo"
            label={host.t("settings.reset", {
              setting: host.t(spec.title),
              value: defaultWords(host, spec),
            })}
            onClick={() => host.settings.reset(props.name)}
          />
        </Show>
      </div>
      <Show when={spec.detail !== undefined && spec.type !== "boolean" && spec.detail}>
        {(detail) => <p class="setting-detail">{host.t(detail())}</p>}
      </Show>
      <Control host={host} name={props.name} onKeys={props.onKeys} />
      <span class="setting-id">{props.name}</span>
    </div>
  );
}

function defaultWords(host: Host, spec: SettingSpec): string {
  switch (spec.type) {
    case "boolean":
      return host.t(spec.default ? "settings.on" : "settings.off");
    case "choice": {
      const choice = spec.choices.find((one) => one.value === spec.default);
      return choice === undefined ? spec.default : host.t(choice.title);
    }
    case "keys":
      return host.t("keys.default");
    default:
      return spec.default === "" ? host.t("settings.empty") : String(spec.default);
  }
}

function searchText(host: Host, key: SettingKey): string {
  const spec: SettingSpec = SETTINGS[key];
  const choices = spec.type === "choice" ? spec.choices.map((choice) => host.t(choice.title)) : [];
  const group = GROUPS.find((one) => one.group === spec.group);
  return [
    key,
    host.t(spec.title),
    spec.detail ? host.t(spec.detail) : "",
    group ? host.t(group.title) : "",
    ...choices,
  ]
    .join(" ")
    .toLowerCase();
}
