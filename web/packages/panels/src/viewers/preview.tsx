// SPDX-License-Identifier: Apache-2.0
// A Markdown file as it reads. Images of the workspace are shown; those of elsewhere are named, and not fetched.

import { Show, createResource, type JSX } from "solid-js";
import type { Host, PreviewProps } from "../host.ts";
import { Markdown } from "../markdown/index.tsx";
import { directoryOf } from "../markdown/links.ts";
import { IMAGE_MOST, dataAddress, imageType, readBytes } from "./read.ts";

/** A Markdown file as it reads. */
export function MarkdownPreview(props: PreviewProps): JSX.Element {
  return (
    <div
      class="preview"
      tabIndex={0}
      role="document"
      aria-label={props.host.t("editor.preview", { name: props.path })}
    >
      <Markdown
        class="preview-page"
        host={props.host}
        text={props.text()}
        base={directoryOf(props.path)}
        image={(path, text) => <Picture host={props.host} path={path} text={text} />}
      />
    </div>
  );
}

function Picture(props: { host: Host; path: string; text: string }): JSX.Element {
  const [address] = createResource(
    () => props.path,
    async (path) => {
      const type = imageType(path);
      if (type === null) return null;
      try {
        const bytes = await readBytes(props.host, path, 0, IMAGE_MOST);
        return bytes.length === 0 ? null : await dataAddress(bytes, type);
      } catch {
        // What cannot be read is named instead.
        return null;
      }
    },
  );
  return (
    <Show
      when={address()}
      fallback={
        <span class="md-image">
          <span class="md-image-mark">
            {props.host.t(address.loading ? "common.loading" : "md.image")}
          </span>
          <span class="md-image-text">{props.text || props.path}</span>
        </span>
      }
    >
      {(source) => <img class="md-picture" src={source()} alt={props.text} title={props.path} />}
    </Show>
  );
}
