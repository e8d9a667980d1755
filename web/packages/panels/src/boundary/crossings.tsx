// SPDX-License-Identifier: Apache-2.0
// Every attempt to send bytes out, allowed or denied, the newest first.

import type { Crossing } from "@moat/proto";
import { createMemo, createSignal, type JSX, Match, Show, Switch } from "solid-js";

import { zoneKind } from "../agent/meter.tsx";
import { oneLine } from "../agent/visible.ts";
import { bytes } from "../agent/words.ts";
import type { Host } from "../host.ts";
import {
  Button,
  Empty,
  ErrorBox,
  Icon,
  Select,
  Spinner,
  TextInput,
  VirtualList,
} from "../ui/index.ts";
import { type Boundary, type Filter, filtered } from "./store.ts";

const ROW_PX = 48;

/** The crossings. */
export function Crossings(props: { host: Host; boundary: Boundary }): JSX.Element {
  const t = props.host.t;
  const { boundary } = props;
  const [filter, setFilter] = createSignal<Filter>({ words: "", verdict: "all" });
  const [focused, setFocused] = createSignal(-1);
  const [chosen, setChosen] = createSignal<number | null>(null);
  const shown = createMemo(() => filtered(boundary.crossings(), filter()));
  const detail = createMemo(
    () => boundary.crossings().find((it) => it.number === chosen()) ?? null,
  );
  return (
    <div class="bd-crossings">
      <Show when={boundary.broken()}>
        {(why) => (
          <div class="bd-broken" role="alert">
            <Icon name="error" />
            <span>
              <b>{t("boundary.broken")}</b> {oneLine(why())}
            </span>
          </div>
        )}
      </Show>
      <Switch>
        <Match when={boundary.state() === "loading"}>
          <div class="ag-wait" role="status">
            <Spinner label={t("boundary.loading")} />
            <span>{t("boundary.loading")}</span>
          </div>
        </Match>
        <Match when={boundary.state() === "failed" && boundary.failure()}>
          {(report) => (
            <ErrorBox report={report()}>
              <Button small onClick={() => void boundary.load()}>
                {t("agent.again")}
              </Button>
            </ErrorBox>
          )}
        </Match>
        <Match when={boundary.crossings().length === 0}>
          <Empty
            icon="boundary"
            title={t("boundary.nothing")}
            detail={t("boundary.nothing.detail")}
          />
        </Match>
        <Match when={true}>
          <div class="bd-filter">
            <TextInput
              label={t("boundary.filter")}
              placeholder={t("boundary.filter")}
              value={filter().words}
              onInput={(words) => setFilter({ ...filter(), words })}
            />
            <Select
              label={t("boundary.verdict")}
              value={filter().verdict}
              options={[
                { value: "all", title: t("boundary.all") },
                { value: "allowed", title: t("boundary.allowed") },
                { value: "denied", title: t("boundary.denied") },
              ]}
              onChange={(verdict) => setFilter({ ...filter(), verdict })}
            />
          </div>
          <Show
            when={shown().length > 0}
            fallback={<Empty icon="filter" title={t("boundary.notFound")} />}
          >
            <VirtualList
              label={t("boundary.crossings")}
              items={shown()}
              rowHeight={ROW_PX}
              focused={focused()}
              onFocus={(index) => {
                setFocused(index);
                setChosen(shown()[index]?.number ?? null);
              }}
              selected={(item) => item.number === chosen()}
              row={(item) => <Row host={props.host} item={item} />}
            />
          </Show>
          <Show when={detail()}>
            {(item) => <Detail host={props.host} item={item()} onClose={() => setChosen(null)} />}
          </Show>
        </Match>
      </Switch>
    </div>
  );
}

/** The time of day, with the day where it is not today. */
function time(at: number): string {
  const date = new Date(at);
  const clock = `${two(date.getHours())}:${two(date.getMinutes())}:${two(date.getSeconds())}`;
  const today = new Date();
  const same = date.toDateString() === today.toDateString();
  return same
    ? clock
    : `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())} ${clock}`;
}

function two(number: number): string {
  return String(number).padStart(2, "0");
}

function Row(props: { host: Host; item: Crossing }): JSX.Element {
  const t = props.host.t;
  const verdict = () => t(props.item.allowed ? "boundary.allowed" : "boundary.denied");
  return (
    <div class="bd-row" classList={{ denied: !props.item.allowed }}>
      <span class={`ag-mark ${props.item.allowed ? "good" : "bad"}`} title={verdict()}>
        <Icon name={props.item.allowed ? "arrow-right" : "error"} />
      </span>
      <span class="bd-words">
        <span class="bd-first">
          <span class="bd-to" title={oneLine(props.item.to)}>
            {oneLine(props.item.to)}
          </span>
          <span class={`ag-zone ${zoneKind(props.item.zone)}`}>
            <i aria-hidden="true" />
            {oneLine(props.item.zone)}
          </span>
          <span class="bd-time">{time(props.item.at)}</span>
        </span>
        <span class="bd-second">
          <span class={props.item.allowed ? "good" : "bad"}>{verdict()}</span>
          <span class="bd-purpose" title={oneLine(props.item.purpose)}>
            {oneLine(props.item.purpose)}
          </span>
          <Traffic host={props.host} item={props.item} />
        </span>
      </span>
    </div>
  );
}

function Traffic(props: { host: Host; item: Crossing }): JSX.Element {
  const t = props.host.t;
  const known = () => props.item.sent != null || props.item.received != null;
  return (
    <Show when={known()}>
      <span class="bd-bytes">
        <span title={t("boundary.sent")}>↑{bytes(props.item.sent ?? 0)}</span>{" "}
        <span title={t("boundary.received")}>↓{bytes(props.item.received ?? 0)}</span>
      </span>
    </Show>
  );
}

function Detail(props: { host: Host; item: Crossing; onClose(): void }): JSX.Element {
  const t = props.host.t;
  const row = (name: string, value: JSX.Element) => (
    <>
      <dt>{name}</dt>
      <dd>{value}</dd>
    </>
  );
  const amount = (count: number | null) => (count == null ? t("boundary.unknown") : bytes(count));
  return (
    <section class="bd-detail" aria-label={t("boundary.detail")} aria-live="polite">
      <dl class="rv-facts">
        {row(t("boundary.number"), `#${props.item.number} · ${time(props.item.at)}`)}
        {row(t("boundary.to"), <code>{oneLine(props.item.to)}</code>)}
        {row(t("boundary.zone"), oneLine(props.item.zone))}
        {row(t("boundary.purpose"), oneLine(props.item.purpose))}
        {row(
          t("boundary.decision"),
          `${t(props.item.allowed ? "boundary.allowed" : "boundary.denied")} · ${oneLine(props.item.rule)}`,
        )}
        {row(t("boundary.sent"), amount(props.item.sent))}
        {row(t("boundary.received"), amount(props.item.received))}
        <Show when={props.item.session}>
          {(session) => row(t("boundary.session"), <code>{oneLine(session())}</code>)}
        </Show>
      </dl>
    </section>
  );
}
