// SPDX-License-Identifier: Apache-2.0
// The keybindings editor: every command with its keys, to be searched, changed and set back.

import { createMemo, createSignal, For, type JSX, Show } from "solid-js";
import type { Host } from "../host.ts";
import { Button, Dialog, Empty, Icon, IconButton, TextInput } from "../ui/index.ts";
import { bound, clashes, normal, pressed, rebound, shown, type BoundCommand } from "./keys.ts";

const MAC = typeof navigator !== "undefined" && /Mac|iP(hone|ad)/u.test(navigator.platform);

/** The keybindings editor. */
export function Keybindings(props: { host: Host }): JSX.Element {
  const { host } = props;
  const [words, setWords] = createSignal("");
  const [editing, setEditing] = createSignal<BoundCommand | null>(null);
  const overrides = () => host.settings.get("keybindings");
  const all = createMemo(() =>
    bound(
      host.commands
        .list()
        .map((command) => ({ ...command, keybinding: onThisKeyboard(command.keybinding) })),
      overrides(),
    ),
  );
  const nameOf = (one: BoundCommand) => nameOfCommand(host, one.command);
  const listed = createMemo(() => {
    const wanted = words().trim().toLowerCase();
    const asKeys = wanted === "" ? "" : normal(wanted);
    return all()
      .map((one) => ({ one, name: nameOf(one) }))
      .filter(
        ({ one, name }) =>
          wanted === "" ||
          name.toLowerCase().includes(wanted) ||
          one.command.id.toLowerCase().includes(wanted) ||
          one.keys.some((keys) => keys.includes(asKeys)),
      )
      .sort((a, b) => a.name.localeCompare(b.name));
  });
  const change = (one: BoundCommand, keys: string | null | undefined) =>
    host.settings.set("keybindings", rebound(overrides(), one.command, keys));
  return (
    <div class="keys">
      <TextInput
        class="settings-search"
        label={host.t("keys.search")}
        placeholder={host.t("keys.search")}
        value={words()}
        onInput={setWords}
      />
      <p class="settings-count" role="status">
        {host.t("settings.keys.count", { count: listed().length })}
      </p>
      <Show
        when={listed().length > 0}
        fallback={<Empty icon="keyboard" title={host.t("settings.none")} />}
      >
        <div class="keys-scroll" tabIndex={-1}>
          <table class="keys-table">
            <thead>
              <tr>
                <th scope="col">{host.t("keys.command")}</th>
                <th scope="col">{host.t("keys.key")}</th>
                <th scope="col">{host.t("keys.when")}</th>
                <th scope="col">{host.t("keys.source")}</th>
                <th scope="col" aria-label={host.t("common.more")} />
              </tr>
            </thead>
            <tbody>
              <For each={listed()}>
                {({ one, name }) => (
                  <KeyRow
                    host={host}
                    one={one}
                    name={name}
                    clashes={clashes(all(), one).map((command) => nameOfCommand(host, command))}
                    onEdit={() => setEditing(one)}
                    onChange={(keys) => change(one, keys)}
                  />
                )}
              </For>
            </tbody>
          </table>
        </div>
      </Show>
      <Show when={editing()} keyed>
        {(one) => (
          <Recorder
            host={host}
            name={nameOf(one)}
            clashesOf={(keys) =>
              clashes(all(), { ...one, keys: [keys] }).map((command) =>
                nameOfCommand(host, command),
              )
            }
            onClose={(keys) => {
              setEditing(null);
              if (keys !== null) change(one, keys);
            }}
          />
        )}
      </Show>
    </div>
  );
}

function onThisKeyboard(keys: string | string[] | undefined): string[] {
  return (keys === undefined ? [] : [keys].flat()).map((one) => normal(one, MAC));
}

function nameOfCommand(host: Host, command: BoundCommand["command"]): string {
  const title = host.t(command.title);
  return command.category === undefined ? title : `${host.t(command.category)}: ${title}`;
}

function KeyRow(props: {
  host: Host;
  one: BoundCommand;
  name: string;
  clashes: string[];
  onEdit(): void;
  onChange(keys: string | null | undefined): void;
}): JSX.Element {
  const { host } = props;
  return (
    <tr onDblClick={() => props.onEdit()}>
      <th scope="row">
        <span class="keys-name">{props.name}</span>
        <span class="keys-id">{props.one.command.id}</span>
      </th>
      <td>
        <span class="keys-all">
          <For
            each={props.one.keys}
            fallback={<span class="keys-none">{host.t("keys.none")}</span>}
          >
            {(keys) => <Strokes keys={keys} />}
          </For>
          <Show when={props.clashes.length > 0}>
            <span
              class="keys-clash"
              title={host.t("keys.clash", { command: props.clashes.join(", ") })}
            >
              <Icon name="warning" />
              <span class="sr-only">
                {host.t("keys.clash", { command: props.clashes.join(", ") })}
              </span>
            </span>
          </Show>
        </span>
      </td>
      <td class="keys-when">{props.one.command.when ?? ""}</td>
      <td>{host.t(props.one.own ? "keys.user" : "keys.default")}</td>
      <td class="keys-deeds">
        <IconButton
          icon="edit"
          label={`${host.t("keys.change")}: ${props.name}`}
          onClick={() => props.onEdit()}
        />
        <IconButton
          icon="trash"
          label={`${host.t("keys.remove")}: ${props.name}`}
          disabled={props.one.keys.length === 0}
          onClick={() => props.onChange(null)}
        />
        <IconButton
          icon="undo"
          label={`${host.t("keys.reset")}: ${props.name}`}
          disabled={!props.one.own}
          onClick={() => props.onChange(undefined)}
        />
      </td>
    </tr>
  );
}

/** Keys as keycaps. */
export function Strokes(props: { keys: string }): JSX.Element {
  return (
    <span class="keys-strokes">
      <For each={shown(props.keys)}>
        {(stroke) => (
          <span class="keys-stroke">
            <For each={stroke}>{(key) => <kbd>{key}</kbd>}</For>
          </span>
        )}
      </For>
    </span>
  );
}

/** Takes the keys that are pressed, until Enter or Escape. */
function Recorder(props: {
  host: Host;
  name: string;
  clashesOf(keys: string): string[];
  onClose(keys: string | null): void;
}): JSX.Element {
  const { host } = props;
  const [keys, setKeys] = createSignal("");
  const other = () => (keys() === "" ? [] : props.clashesOf(keys()));
  const keyDown = (event: KeyboardEvent) => {
    const bare = !event.ctrlKey && !event.shiftKey && !event.altKey && !event.metaKey;
    if (event.key === "Tab") return;
    event.preventDefault();
    event.stopImmediatePropagation();
    if (bare && event.key === "Enter") {
      if (keys() !== "") props.onClose(keys());
      return;
    }
    if (bare && event.key === "Escape") return props.onClose(null);
    const stroke = pressed(event);
    if (stroke === null) return;
    const strokes = keys() === "" ? [] : keys().split(" ");
    // A third stroke begins anew: bindings have two at most.
    setKeys(strokes.length === 1 ? `${strokes[0] ?? ""} ${stroke}` : stroke);
  };
  return (
    <Dialog
      title={props.name}
      icon="keyboard"
      onClose={() => props.onClose(null)}
      actions={
        <>
          <Button onClick={() => props.onClose(null)}>{host.t("common.cancel")}</Button>
          <Button kind="primary" disabled={keys() === ""} onClick={() => props.onClose(keys())}>
            {host.t("common.save")}
          </Button>
        </>
      }
    >
      <p>{host.t("keys.press")}</p>
      <div
        ref={(field) => field.addEventListener("keydown", keyDown)}
        class="keys-field"
        data-autofocus
        data-takes-keys
        tabIndex={0}
        role="textbox"
        aria-readonly="true"
        aria-label={host.t("keys.press")}
      >
        <Show when={keys() !== ""} fallback={<span class="keys-none">{host.t("keys.none")}</span>}>
          <Strokes keys={keys()} />
        </Show>
      </div>
      <p class="keys-warning" role="status">
        {other().length > 0 ? host.t("keys.clash", { command: other().join(", ") }) : ""}
      </p>
    </Dialog>
  );
}
