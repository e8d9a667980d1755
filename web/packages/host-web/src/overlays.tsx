// SPDX-License-Identifier: Apache-2.0
// What lies over everything: questions, menus and notices. The host's functions put them
// there, and one component draws them.

import type { Confirmation, Host, MenuItem, Notice, Prompt } from "@moat/panels/host.ts";
import {
  Button,
  Dialog,
  type IconName,
  Menu,
  TextInput,
  type Toast,
  Toasts,
} from "@moat/panels/ui/index.ts";
import { createSignal, For, type JSX, Show } from "solid-js";

/** A question with any number of answers. */
export interface Choice {
  title: string;
  detail?: string;
  icon?: IconName;
  tone?: "warning" | "error" | "info";
  /** The last one is the most likely, and has the focus. */
  answers: { id: string; title: string; kind?: "primary" | "danger" | "plain" }[];
}

type Shown =
  | { kind: "choice"; choice: Choice; answer(id: string | null): void }
  | { kind: "prompt"; prompt: Prompt; answer(value: string | null): void };

const BRIEF_MS = 6000;

/** What lies over everything. */
export interface Overlays {
  choose(choice: Choice): Promise<string | null>;
  confirm(question: Confirmation): Promise<boolean>;
  prompt(question: Prompt): Promise<string | null>;
  menu(at: { x: number; y: number }, items: MenuItem[]): void;
  notify(notice: Notice): void;
  clearNotices(): void;
  /** Whether a question or a menu is open. */
  modal(): boolean;
  View(props: { host: Host }): JSX.Element;
}

/** Makes it. */
export function createOverlays(t: Host["t"]): Overlays {
  const [queue, setQueue] = createSignal<Shown[]>([]);
  const [menu, setMenu] = createSignal<{ at: { x: number; y: number }; items: MenuItem[] } | null>(
    null,
  );
  const [toasts, setToasts] = createSignal<Toast[]>([]);
  const timers = new Map<number, ReturnType<typeof setTimeout>>();
  let next = 1;

  const close = (id: number) => {
    clearTimeout(timers.get(id));
    timers.delete(id);
    setToasts((before) => before.filter((each) => each.id !== id));
  };
  const brief = (notice: Notice) =>
    notice.brief ?? (notice.level === "info" && !notice.report && !notice.actions?.length);
  const begin = (toast: Toast) => {
    const wait = brief(toast) ? BRIEF_MS : toast.level === "info" ? BRIEF_MS * 2 : 0;
    if (wait)
      timers.set(
        toast.id,
        setTimeout(() => close(toast.id), wait),
      );
  };
  const show = (shown: Shown) => setQueue((before) => [...before, shown]);
  const done = () => setQueue((before) => before.slice(1));

  const overlays: Overlays = {
    choose: (choice) =>
      new Promise((resolve) => {
        show({
          kind: "choice",
          choice,
          answer: (id) => {
            done();
            resolve(id);
          },
        });
      }),
    confirm: async (question) =>
      (await overlays.choose({
        title: question.title,
        detail: question.detail,
        icon: question.danger ? "warning" : undefined,
        tone: "warning",
        answers: [
          { id: "no", title: t("common.cancel") },
          { id: "yes", title: question.confirm, kind: question.danger ? "danger" : "primary" },
        ],
      })) === "yes",
    prompt: (prompt) =>
      new Promise((resolve) => {
        show({
          kind: "prompt",
          prompt,
          answer: (value) => {
            done();
            resolve(value);
          },
        });
      }),
    menu: (at, items) => setMenu({ at, items }),
    notify(notice) {
      const toast = { ...notice, id: next++ };
      setToasts((before) => [
        ...before
          .filter((each) => each.text !== notice.text || each.level !== notice.level)
          .slice(-4),
        toast,
      ]);
      begin(toast);
    },
    clearNotices: () => toasts().forEach((each) => close(each.id)),
    modal: () => queue().length > 0 || menu() !== null,
    View: (props) => (
      <>
        <Show when={queue()[0]} keyed>
          {(shown) =>
            shown.kind === "choice" ? (
              <ChoiceDialog choice={shown.choice} answer={shown.answer} />
            ) : (
              <PromptDialog prompt={shown.prompt} answer={shown.answer} t={t} />
            )
          }
        </Show>
        <Show when={menu()} keyed>
          {(open) => (
            <Menu
              at={open.at}
              items={open.items}
              label={props.host.t("common.menu")}
              onClose={() => setMenu(null)}
            />
          )}
        </Show>
        <Toasts
          toasts={toasts()}
          label={t("workbench.notices")}
          closeLabel={t("common.dismiss")}
          onClose={close}
          onHold={(id, held) => {
            const toast = toasts().find((each) => each.id === id);
            clearTimeout(timers.get(id));
            if (!held && toast) begin(toast);
          }}
        />
      </>
    ),
  };
  return overlays;
}

function ChoiceDialog(props: { choice: Choice; answer(id: string | null): void }): JSX.Element {
  return (
    <Dialog
      title={props.choice.title}
      icon={props.choice.icon}
      tone={props.choice.tone}
      onClose={() => props.answer(null)}
      actions={
        <For each={props.choice.answers}>
          {(each) => (
            <Button kind={each.kind ?? "plain"} onClick={() => props.answer(each.id)}>
              {each.title}
            </Button>
          )}
        </For>
      }
    >
      <Show when={props.choice.detail}>
        <p>{props.choice.detail}</p>
      </Show>
    </Dialog>
  );
}

function PromptDialog(props: {
  prompt: Prompt;
  answer(value: string | null): void;
  t: Host["t"];
}): JSX.Element {
  const [value, setValue] = createSignal(props.prompt.value ?? "");
  const [touched, setTouched] = createSignal(false);
  const problem = () => props.prompt.validate?.(value()) ?? null;
  const give = () => {
    setTouched(true);
    if (!problem()) props.answer(value());
  };
  return (
    <Dialog
      title={props.prompt.title}
      onClose={() => props.answer(null)}
      actions={
        <>
          <Button onClick={() => props.answer(null)}>{props.t("common.cancel")}</Button>
          <Button kind="primary" disabled={touched() && problem() !== null} onClick={give}>
            {props.t("common.ok")}
          </Button>
        </>
      }
    >
      <TextInput
        label={props.prompt.title}
        value={value()}
        placeholder={props.prompt.placeholder}
        problem={touched() ? problem() : null}
        ref={(input: HTMLInputElement) =>
          queueMicrotask(() => {
            const [begin, end] = props.prompt.select ?? [0, input.value.length];
            input.setSelectionRange(begin, end);
          })
        }
        onInput={(typed) => {
          setTouched(true);
          setValue(typed);
        }}
        onKeyDown={(event: KeyboardEvent) => {
          if (event.key === "Enter" && !event.isComposing) give();
        }}
      />
    </Dialog>
  );
}
