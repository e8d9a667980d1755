// SPDX-License-Identifier: Apache-2.0
// The line between two parts of the frame, by which their sizes are changed.

import { createSignal, type JSX } from "solid-js";

const STEP = 20;

/** A line that can be dragged, or moved with the arrow keys. */
export function Sash(props: {
  label: string;
  direction: "vertical" | "horizontal";
  size: number;
  least: number;
  most: number;
  /** Whether the part lies behind the line, so that it grows towards the beginning. */
  behind?: boolean;
  onSize(size: number): void;
  /** A double click. */
  onReset?(): void;
}): JSX.Element {
  const [dragging, setDragging] = createSignal(false);
  const set = (size: number) =>
    props.onSize(Math.round(Math.max(props.least, Math.min(props.most, size))));
  const sign = () => (props.behind ? -1 : 1);
  return (
    <div
      class={`sash ${props.direction}`}
      classList={{ dragging: dragging() }}
      role="separator"
      tabIndex={0}
      aria-label={props.label}
      aria-orientation={props.direction}
      aria-valuenow={props.size}
      aria-valuemin={props.least}
      aria-valuemax={props.most}
      onDblClick={() => props.onReset?.()}
      onKeyDown={(event) => {
        const forward = props.direction === "vertical" ? "ArrowRight" : "ArrowDown";
        const back = props.direction === "vertical" ? "ArrowLeft" : "ArrowUp";
        if (event.key !== forward && event.key !== back) return;
        event.preventDefault();
        set(props.size + (event.key === forward ? STEP : -STEP) * sign());
      }}
      onPointerDown={(event) => {
        if (event.button !== 0) return;
        event.preventDefault();
        const element = event.currentTarget;
        element.setPointerCapture(event.pointerId);
        const from = props.direction === "vertical" ? event.clientX : event.clientY;
        const size = props.size;
        setDragging(true);
        const move = (moved: PointerEvent) => {
          const now = props.direction === "vertical" ? moved.clientX : moved.clientY;
          set(size + (now - from) * sign());
        };
        const up = () => {
          setDragging(false);
          element.removeEventListener("pointermove", move);
          element.removeEventListener("pointerup", up);
          element.removeEventListener("pointercancel", up);
        };
        element.addEventListener("pointermove", move);
        element.addEventListener("pointerup", up);
        element.addEventListener("pointercancel", up);
      }}
    />
  );
}
