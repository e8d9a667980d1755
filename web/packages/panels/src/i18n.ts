// SPDX-License-Identifier: Apache-2.0
// Words in the user's language. Every key of English has to be there in every language,
// which the type checker sees to.

import { createSignal } from "solid-js";
import { en } from "./locales/en.ts";

/** The name of a message. */
export type MessageKey = keyof typeof en;

/** What is put into a message at `{name}`. */
export type MessageArgs = Record<string, string | number>;

/** All messages in one language. */
export type Messages = Record<MessageKey, string>;

/** A language. */
export type Locale = "en" | "zh";

/** Turns keys into words. */
export interface Translator {
  t(key: MessageKey, args?: MessageArgs): string;
  locale(): Locale;
  use(locale: Locale): Promise<void>;
}

/** What stands between the form for one and the form for many; `count` decides. */
const FORMS = " ||| ";

/** Makes a translator that begins in English. */
export function createTranslator(): Translator {
  const [messages, setMessages] = createSignal<Messages>(en);
  const [locale, setLocale] = createSignal<Locale>("en");
  return {
    t: (key, args) => format(messages()[key], args),
    locale,
    async use(next) {
      const words = next === "zh" ? (await import("./locales/zh.ts")).zh : en;
      setMessages(() => words);
      setLocale(next);
      document.documentElement.lang = next === "zh" ? "zh-CN" : "en";
    },
  };
}

/** Fills a message in. */
export function format(message: string, args?: MessageArgs): string {
  const forms = message.split(FORMS);
  const form = forms.length > 1 && args?.["count"] !== 1 ? (forms[1] ?? "") : (forms[0] ?? "");
  if (!args) return form;
  return form.replace(/\{(\w+)\}/g, (whole, name: string) => String(args[name] ?? whole));
}

/** The language that a browser asks for, as far as there is one here. */
export function preferred(languages: readonly string[]): Locale {
  for (const language of languages) {
    if (language.toLowerCase().startsWith("zh")) return "zh";
    if (language.toLowerCase().startsWith("en")) return "en";
  }
  return "en";
}
