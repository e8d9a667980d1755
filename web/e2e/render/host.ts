// SPDX-License-Identifier: Apache-2.0
// A host for the render corpus: it answers from memory, and remembers what it was asked to do.

import type { Client } from "@moat/proto";
import type { Host } from "@moat/panels/host.ts";
import { createTranslator } from "@moat/panels/i18n.ts";
import { fallbackOf } from "./settings.ts";

/** What a host was asked to do. */
export interface Deeds {
  confirmed: string[];
  opened: string[];
}

type Answer = (query: Record<string, unknown>) => unknown;

/** Makes a host. `yes` is what a person answers to questions. */
export function stubHost(answers: Answer, deeds: Deeds, yes: () => boolean): Host {
  const { t } = createTranslator();
  const hear = new Set<(news: unknown) => void>();
  const client = {
    state: "connected",
    ask: (query: Record<string, unknown>) => Promise.resolve(answers(query)),
    onNews: (one: (news: unknown) => void) => {
      hear.add(one);
      return () => hear.delete(one);
    },
    onState: () => () => undefined,
    tell: (news: unknown) => {
      for (const one of hear) one(news);
    },
  };
  const kept = new Map<string, unknown>();
  const status = { branch: "main", head: "0", ahead: 0, behind: 0, changes: [], truncated: false };
  return {
    client: client as unknown as Client,
    setup: () => ({
      name: "w",
      workspace: "/w",
      boundary: "",
      version: "",
      instance: "1",
      repository: true,
      layout: null,
      settings: null,
      buffers: [],
    }),
    settled: () => undefined,
    connected: () => true,
    openFile: (path) => {
      deeds.opened.push(path);
      return Promise.resolve();
    },
    showDiff: () => undefined,
    showReview: () => undefined,
    openTab: () => undefined,
    openView: () => undefined,
    badge: () => undefined,
    commands: {
      register: () => () => undefined,
      run: () => Promise.resolve(),
      list: () => [],
      keysOf: () => null,
      context: () => undefined,
    },
    notify: () => undefined,
    confirm: (question) => {
      deeds.confirmed.push(question.detail ?? question.title);
      return Promise.resolve(yes());
    },
    prompt: () => Promise.resolve(null),
    pick: () => Promise.resolve(null),
    menu: () => undefined,
    activeFile: () => null,
    selection: () => null,
    problems: () => [],
    recentFiles: () => [],
    dirtyFiles: () => [],
    openText: () => null,
    save: () => Promise.resolve(true),
    git: () => status,
    gitIs: () => undefined,
    fileMoved: () => undefined,
    fileRemoved: () => undefined,
    pending: { set: () => undefined, go: () => undefined },
    settings: {
      get: fallbackOf,
      set: () => undefined,
      changed: () => false,
      reset: () => undefined,
    },
    memory: {
      get: <T>(key: string, otherwise: T) => (kept.has(key) ? (kept.get(key) as T) : otherwise),
      set: (key, value) => void kept.set(key, value),
    },
    t,
    theme: () => "dark",
  } as Host;
}
