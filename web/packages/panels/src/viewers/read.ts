// SPDX-License-Identifier: Apache-2.0
// Reads files in parts: bytes of any place, and images as addresses that hold their bytes, so that showing one asks nobody.

import type { Host } from "../host.ts";

const PART = 256 * 1024;

/** The largest image that is shown. */
export const IMAGE_MOST = 24 << 20;

/** The bytes of a part; fewer where the file ends before. */
export async function readBytes(
  host: Host,
  path: string,
  offset: number,
  length: number,
): Promise<Uint8Array> {
  const parts: Uint8Array[] = [];
  let at = offset;
  while (at < offset + length) {
    const wanted = Math.min(PART, offset + length - at);
    const reply = await host.client.ask({
      service: "files",
      query: "read_part",
      path,
      offset: at,
      length: wanted,
    });
    if (reply.reply !== "part") break;
    const bytes = fromBase64(reply.base64);
    if (bytes.length === 0) break;
    parts.push(bytes);
    at += bytes.length;
  }
  return joined(parts);
}

function joined(parts: readonly Uint8Array[]): Uint8Array {
  const only = parts[0];
  if (only !== undefined && parts.length === 1) return only;
  const all = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all;
}

/** Bytes from base64. */
export function fromBase64(text: string): Uint8Array {
  const binary = atob(text);
  const bytes = new Uint8Array(binary.length);
  for (let index = 0; index < binary.length; index += 1) bytes[index] = binary.charCodeAt(index);
  return bytes;
}

/** Types of images that are shown; an SVG in an image runs no script and loads nothing. */
const IMAGE_TYPES: Record<string, string> = {
  png: "image/png",
  jpg: "image/jpeg",
  jpeg: "image/jpeg",
  gif: "image/gif",
  webp: "image/webp",
  avif: "image/avif",
  bmp: "image/bmp",
  ico: "image/x-icon",
  svg: "image/svg+xml",
};

/** The type of an image by its name; nothing where it is none. */
export function imageType(path: string): string | null {
  return IMAGE_TYPES[path.slice(path.lastIndexOf(".") + 1).toLowerCase()] ?? null;
}

/** An image as an address that holds it. Only the types that are known are made into one. */
export async function imageAddress(
  host: Host,
  path: string,
  type: string,
  length: number,
): Promise<string> {
  if (!Object.values(IMAGE_TYPES).includes(type))
    throw new Error(host.t("viewer.image.unknown", { type }));
  const bytes = await readBytes(host, path, 0, Math.min(length, IMAGE_MOST));
  return dataAddress(bytes, type);
}

/** Bytes as a `data:` address. */
export function dataAddress(bytes: Uint8Array, type: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const reader = new FileReader();
    reader.onload = () => resolve(String(reader.result));
    reader.onerror = () => reject(reader.error ?? new Error(type));
    reader.readAsDataURL(new Blob([bytes.slice()], { type }));
  });
}

/** A length in words. */
export function sizeOf(bytes: number): string {
  const units = ["B", "KiB", "MiB", "GiB", "TiB"];
  let value = bytes;
  let unit = 0;
  while (value >= 1024 && unit < units.length - 1) {
    value /= 1024;
    unit += 1;
  }
  return `${unit === 0 ? value : value.toFixed(value < 10 ? 1 : 0)} ${units[unit] ?? ""}`;
}
