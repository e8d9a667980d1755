// SPDX-License-Identifier: Apache-2.0
// What a person can say about inline completion: whether, for which languages, and which model.

import type { PickItem } from "@moat/panels/host.ts";
import type { App } from "../app.ts";
import type { Runs } from "../commands/all.ts";
import { languagesIn, withLanguage } from "./around.ts";

/** Commands about inline completion. */
export function ghostCommands(app: App) {
  const { settings, t } = app;
  return {
    "moat.completion.toggle": () =>
      settings.set("completion.enabled", !settings.get("completion.enabled")),
    "moat.completion.options": async () => {
      const picked = await app.host.pick({
        placeholder: t("completion.options"),
        items: options(app),
      });
      picked?.();
    },
  } satisfies Partial<Runs>;
}

function options(app: App): PickItem<() => void>[] {
  const { settings, t } = app;
  const on = settings.get("completion.enabled");
  const items: PickItem<() => void>[] = [
    {
      label: t(on ? "completion.turnOff" : "completion.turnOn"),
      value: () => settings.set("completion.enabled", !on),
    },
  ];
  const language = app.widget()?.editor.getModel()?.getLanguageId();
  const kit = app.kit();
  if (on && language && kit) {
    const list = settings.get("completion.languagesOff");
    const off = languagesIn(list).includes(language);
    items.push({
      label: t(off ? "completion.turnOnFor" : "completion.turnOffFor", {
        language: kit.languageTitle(language),
      }),
      value: () => settings.set("completion.languagesOff", withLanguage(list, language, !off)),
    });
  }
  const chosen = settings.get("completion.model");
  const check = (name: string) => (name === chosen ? { icon: "check" as const } : {});
  items.push({
    label: t("completion.sameModel"),
    value: () => settings.set("completion.model", ""),
    ...check(""),
  });
  for (const model of app.models()?.models ?? [])
    items.push({
      label: t("completion.useModel", { model: model.title }),
      detail: model.zone,
      value: () => settings.set("completion.model", model.name),
      ...check(model.name),
    });
  return items;
}
