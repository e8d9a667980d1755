// SPDX-License-Identifier: Apache-2.0
// Words of a model for a person. They are foreign text: what hides in them is made visible
// before anything else is done with them.

import type { JSX } from "solid-js";

import type { Host } from "../host.ts";
import { visible } from "./visible.ts";

/** Words of a model. */
export function Prose(props: { host: Host; text: string }): JSX.Element {
  return <div class="ag-prose">{visible(props.text)}</div>;
}
