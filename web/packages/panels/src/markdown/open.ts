// SPDX-License-Identifier: Apache-2.0
// What happens when a person follows a link in content. The address is shown whole and asked about first, and the page that
// opens knows nothing of this one. Content never navigates by itself.

import type { Host } from "../host.ts";
import type { Target } from "./links.ts";
import { legible } from "./odd.ts";

/** Follows a link that a person clicked. */
export async function follow(host: Host, target: Target): Promise<void> {
  switch (target.to) {
    case "web":
      await openWeb(host, target.address);
      return;
    case "file":
      await host.openFile(target.path, {
        ...(target.line === undefined ? {} : { line: target.line }),
        ...(target.column === undefined ? {} : { column: target.column }),
        preview: true,
      });
      return;
    default:
      return;
  }
}

/** Opens a web address in a page of its own, after a yes. */
export async function openWeb(host: Host, address: string): Promise<void> {
  const yes = await host.confirm({
    title: host.t("link.open.title"),
    detail: legible(address),
    confirm: host.t("link.open.confirm"),
  });
  if (yes) window.open(address, "_blank", "noopener,noreferrer");
}

/** What a title says about where a link leads. */
export function leadsTo(host: Host, target: Target): string {
  switch (target.to) {
    case "web":
      return legible(target.address);
    case "file":
      return legible(target.line === undefined ? target.path : `${target.path}:${target.line}`);
    case "heading":
      return `#${legible(target.slug)}`;
    case "nowhere":
      return host.t("link.nowhere", { address: legible(target.address) });
  }
}
