// SPDX-License-Identifier: Apache-2.0
// Words of a model for a person, as Markdown. They are foreign text: nothing in them runs, loads or
// hides, which the sanitiser in `markdown/` sees to.

import type { JSX } from "solid-js";

import type { Host } from "../host.ts";
import { Markdown } from "../markdown/index.tsx";

/** Words of a model. `streaming` says whether more of them come. */
export function Prose(props: { host: Host; text: string; streaming?: boolean }): JSX.Element {
  const { streaming } = props;
  // Whether a text grows is fixed when it is first shown; that it ended is told later.
  if (streaming === undefined)
    return <Markdown host={props.host} text={props.text} class="ag-prose" />;
  return (
    <Markdown
      host={props.host}
      text={props.text}
      streaming={props.streaming === true}
      class="ag-prose"
    />
  );
}
