// SPDX-License-Identifier: Apache-2.0
// The field that a person types in, with what is offered behind `@` and `/`. The field keeps the
// focus; the list beneath it is steered by its keys, as a combobox is.

import {
  createEffect,
  createSignal,
  createUniqueId,
  For,
  type JSX,
  on,
  onCleanup,
  Show,
} from "solid-js";

import { Icon, Matched, TextArea } from "../ui/index.ts";
import type { Agent } from "./agent.ts";
import {
  accept,
  commandOffers,
  placeOffers,
  typingAt,
  type Offer,
  type Typing,
} from "./suggest.ts";

const ROWS_MOST = 12;
const PAUSE_MS = 60;

/** The field. `onSubmit` is told whether the other thing was meant than usual. */
export function Field(props: {
  agent: Agent;
  placeholder: string;
  onSubmit(other: boolean): void;
  ref(focus: () => void): void;
}): JSX.Element {
  const { agent } = props;
  const t = agent.host.t;
  const id = createUniqueId();
  let area!: HTMLTextAreaElement;
  let asked = 0;
  let timer: ReturnType<typeof setTimeout> | undefined;
  const [typing, setTyping] = createSignal<Typing | null>(null);
  const [offers, setOffers] = createSignal<Offer[]>([]);
  const [active, setActive] = createSignal(0);
  const open = () => typing() !== null && offers().length > 0;

  const close = () => {
    asked += 1;
    setTyping(null);
    setOffers([]);
  };
  const look = () => {
    const found = typingAt(area.value, area.selectionStart);
    clearTimeout(timer);
    if (!found || area.selectionStart !== area.selectionEnd) return close();
    setTyping(found);
    setActive(0);
    if (found.sign === "/") {
      setOffers(commandOffers(agent.host, found));
      return;
    }
    timer = setTimeout(() => void lookFor(found), PAUSE_MS);
  };
  const lookFor = async (found: Typing) => {
    const mine = ++asked;
    const places = await placeOffers(agent, found);
    if (mine === asked && typing() === found) setOffers(places);
  };
  const take = (offer: Offer) => {
    const found = typing();
    if (!found) return;
    const [text, cursor] = accept(agent.draft(), found, offer);
    agent.setDraft(text);
    close();
    queueMicrotask(() => {
      area.focus();
      area.setSelectionRange(cursor, cursor);
    });
  };
  onCleanup(() => clearTimeout(timer));
  createEffect(
    on(
      active,
      (at) => document.getElementById(`${id}-${at}`)?.scrollIntoView({ block: "nearest" }),
      { defer: true },
    ),
  );

  const keyDown = (event: KeyboardEvent) => {
    // While characters are put together by an input method, all keys are its own.
    if (event.isComposing) return;
    if (open() && steer(event)) {
      event.preventDefault();
      event.stopPropagation();
      return;
    }
    if (event.key === "Enter" && !event.shiftKey) {
      event.preventDefault();
      props.onSubmit(event.altKey || event.ctrlKey || event.metaKey);
    } else if (event.key === "ArrowUp" && agent.draft() === "") recall(event);
  };
  const steer = (event: KeyboardEvent): boolean => {
    const count = offers().length;
    const offer = offers()[active()];
    if (event.key === "ArrowDown") setActive((at) => (at + 1) % count);
    else if (event.key === "ArrowUp") setActive((at) => (at + count - 1) % count);
    else if ((event.key === "Enter" && !event.shiftKey) || event.key === "Tab") {
      if (offer) take(offer);
    } else if (event.key === "Escape") close();
    else return false;
    return true;
  };
  /** Brings back what was asked last. */
  const recall = (event: KeyboardEvent) => {
    const last = agent.view()?.groups.findLast((group) => group.turn)?.turn?.task.text;
    if (last === undefined) return;
    event.preventDefault();
    agent.setDraft(last);
  };

  return (
    <div class="ag-field">
      <Show when={open()}>
        <div
          class="ag-offers"
          role="listbox"
          id={id}
          aria-label={t(typing()?.sign === "/" ? "agent.offers.commands" : "agent.offers.places")}
        >
          <For each={offers()}>
            {(offer, at) => (
              <div
                role="option"
                id={`${id}-${at()}`}
                aria-selected={at() === active()}
                onMouseDown={(event) => {
                  event.preventDefault();
                  take(offer);
                }}
                onMouseMove={() => setActive(at())}
              >
                <Icon name={offer.icon} size={14} />
                <span class="ag-offer-label">
                  <Show when={offer.matched} fallback={offer.label}>
                    {(matched) => <Matched text={offer.label} matched={matched()} />}
                  </Show>
                </span>
                <span class="ag-offer-detail">{offer.detail}</span>
              </div>
            )}
          </For>
        </div>
      </Show>
      <TextArea
        ref={(element) => {
          area = element;
          props.ref(() => element.focus());
        }}
        label={t("agent.composer")}
        placeholder={props.placeholder}
        rowsMost={ROWS_MOST}
        value={agent.draft()}
        onInput={(value) => {
          agent.setDraft(value);
          look();
        }}
        onKeyDown={keyDown}
        onClick={look}
        onBlur={close}
        aria-autocomplete="list"
        aria-haspopup="listbox"
        aria-controls={open() ? id : undefined}
        aria-activedescendant={open() ? `${id}-${active()}` : undefined}
      />
    </div>
  );
}
