// SPDX-License-Identifier: Apache-2.0
// Shows an image of the workspace. Its bytes stand in the address of an `img`, so nothing is fetched; an SVG is an image like
// the others there: it runs no script, and what it refers to is not loaded.

import { Match, Show, Switch, createEffect, createSignal, on, onCleanup, type JSX } from "solid-js";
import type { Report } from "@moat/proto";
import type { Host, ViewerProps } from "../host.ts";
import { reportOf } from "../tell.ts";
import { Empty, ErrorBox, IconButton, Spinner } from "../ui/index.ts";
import { IMAGE_MOST, imageAddress, imageType, sizeOf } from "./read.ts";

const ZOOMS = [0.05, 0.1, 0.2, 0.33, 0.5, 0.75, 1, 1.5, 2, 3, 5, 8, 12, 20];

/** Shows an image. */
export function ImageViewer(props: ViewerProps): JSX.Element {
  const { host } = props;
  let area!: HTMLDivElement;
  const [address, setAddress] = createSignal<string | null>(null);
  const [failure, setFailure] = createSignal<Report | null>(null);
  const [size, setSize] = createSignal<{ width: number; height: number } | null>(null);
  const [zoom, setZoom] = createSignal<number | "fit">("fit");
  const [fitted, setFitted] = createSignal(1);
  const type = () => props.image ?? imageType(props.path) ?? "";
  const tooLarge = () => props.length > IMAGE_MOST;
  useReading(props, async () => {
    if (tooLarge()) return;
    try {
      setAddress(await imageAddress(host, props.path, type(), props.length));
      setFailure(null);
    } catch (error) {
      setFailure(reportOf(host, error));
    }
  });
  const measure = () => {
    const natural = size();
    if (natural === null || natural.width === 0) return;
    const room = { width: area.clientWidth - 32, height: area.clientHeight - 32 };
    setFitted(
      Math.max(0.01, Math.min(1, room.width / natural.width, room.height / natural.height)),
    );
  };
  createEffect(() => {
    const sizes = new ResizeObserver(measure);
    sizes.observe(area);
    onCleanup(() => sizes.disconnect());
  });
  createEffect(on(size, measure));
  const scale = () => (zoom() === "fit" ? fitted() : (zoom() as number));
  const step = (by: 1 | -1) => {
    const now = scale();
    const next =
      by === 1
        ? ZOOMS.find((one) => one > now * 1.001)
        : [...ZOOMS].reverse().find((one) => one < now * 0.999);
    if (next !== undefined) setZoom(next);
  };
  const keyDown = (event: KeyboardEvent) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.key === "+" || event.key === "=") step(1);
    else if (event.key === "-") step(-1);
    else if (event.key === "0") setZoom("fit");
    else if (event.key === "1") setZoom(1);
    else return;
    event.preventDefault();
  };
  const name = () => props.path.slice(props.path.lastIndexOf("/") + 1);
  return (
    <div class="viewer">
      <div class="viewer-bar">
        <span class="viewer-facts">
          <Show when={size()}>
            {(natural) => (
              <span>
                {host.t("viewer.image.size", { width: natural().width, height: natural().height })}
              </span>
            )}
          </Show>
          <span>{sizeOf(props.length)}</span>
          <span>{type()}</span>
        </span>
        <IconButton
          icon="minimise"
          label={host.t("viewer.zoom.fit")}
          pressed={zoom() === "fit"}
          onClick={() => setZoom("fit")}
        />
        <button
          type="button"
          class="viewer-zoom"
          title={host.t("viewer.zoom.actual")}
          onClick={() => setZoom(1)}
        >
          {Math.round(scale() * 100)} %
        </button>
        <ZoomButton label={host.t("viewer.zoom.out")} onClick={() => step(-1)}>
          −
        </ZoomButton>
        <ZoomButton label={host.t("viewer.zoom.in")} onClick={() => step(1)}>
          +
        </ZoomButton>
      </div>
      <div
        ref={area}
        class="image-area"
        tabIndex={0}
        role="group"
        aria-label={host.t("viewer.image.label", { name: name() })}
        onKeyDown={keyDown}
        onWheel={(event) => {
          if (!event.ctrlKey) return;
          event.preventDefault();
          step(event.deltaY < 0 ? 1 : -1);
        }}
      >
        <Switch>
          <Match when={tooLarge()}>
            <Empty
              icon="file"
              title={host.t("viewer.image.large", {
                size: sizeOf(props.length),
                most: sizeOf(IMAGE_MOST),
              })}
            />
          </Match>
          <Match when={failure()}>{(report) => <ErrorBox report={report()} />}</Match>
          <Match when={address()} keyed>
            {(source) => (
              <img
                class="image-picture"
                classList={{ "image-crisp": scale() >= 3 }}
                src={source}
                alt={name()}
                draggable={false}
                style={{
                  width: `${Math.max(1, (size()?.width ?? 0) * scale())}px`,
                  visibility: size() === null ? "hidden" : "visible",
                }}
                onLoad={(event) => {
                  const { naturalWidth, naturalHeight } = event.currentTarget;
                  // An SVG without a size of its own has none; it is given the usual one.
                  setSize({ width: naturalWidth || 300, height: naturalHeight || 150 });
                }}
                onError={() =>
                  setFailure({
                    error: host.t("viewer.image.failed", { name: name() }),
                    causes: [],
                    hint: null,
                  })
                }
              />
            )}
          </Match>
          <Match when={true}>
            <div class="viewer-wait">
              <Spinner label={host.t("common.loading")} size={24} />
            </div>
          </Match>
        </Switch>
      </div>
    </div>
  );
}

function ZoomButton(props: { label: string; onClick(): void; children: JSX.Element }): JSX.Element {
  return (
    <button
      type="button"
      class="viewer-zoom"
      title={props.label}
      aria-label={props.label}
      onClick={props.onClick}
    >
      {props.children}
    </button>
  );
}

/** Reads when the file is shown, and again when something changed in its directory. */
export function useReading(
  props: { host: Host; path: string; length: number },
  read: () => Promise<void>,
): void {
  createEffect(on([() => props.path, () => props.length], () => void read()));
  const stop = props.host.client.onNews((news) => {
    if (news.news !== "files_changed") return;
    const directory = props.path.slice(0, Math.max(0, props.path.lastIndexOf("/")));
    if (news.all || news.directories.includes(directory)) void read();
  });
  onCleanup(stop);
}
