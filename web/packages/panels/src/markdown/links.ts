// SPDX-License-Identifier: Apache-2.0
// Where a link leads: to a web address that a person may open, to a file of the workspace, to a heading, or nowhere.
// Only `http` and `https` lead out; every other scheme leads nowhere, whatever it is called and however it is spelt.

/** Where a link leads. */
export type Target =
  | { to: "web"; address: string }
  | { to: "file"; path: string; line?: number; column?: number }
  | { to: "heading"; slug: string }
  | { to: "nowhere"; address: string };

const ADDRESS_MAX = 4096;
const SCHEME = /^[a-z][a-z0-9+.-]*:/i;
const PLACE = /^(.*?)(?::(\d{1,7})(?::(\d{1,5}))?|#L(\d{1,7})(?:C(\d{1,5}))?(?:-L\d{1,7})?)$/u;
const UNSEEN = /[\s\p{Cc}\p{Cf}]/gu;

/** Says where an address in a document leads; `base` is the directory of the document in the workspace. */
export function targetOf(address: string, base = ""): Target {
  const raw = address.slice(0, ADDRESS_MAX);
  // A browser ignores control characters and blanks in a scheme; so is it judged without them.
  const bare = raw.replace(UNSEEN, "");
  if (bare.startsWith("#")) return { to: "heading", slug: decoded(bare.slice(1)).toLowerCase() };
  if (bare.startsWith("//") || bare.startsWith("\\")) return { to: "nowhere", address: raw };
  const web = webAddress(bare);
  if (web !== null) return { to: "web", address: web };
  // `name.c:12` looks like a scheme and is a place in a file; without a dot or a slash it is taken for a scheme.
  if (SCHEME.test(bare) && !(PLACE.test(bare) && /^[^:]*[./]/u.test(bare)))
    return { to: "nowhere", address: raw };
  return fileTarget(raw.trim(), base) ?? { to: "nowhere", address: raw };
}

/** The address in the form in which it is opened and shown, if it is one of the web. */
export function webAddress(text: string): string | null {
  if (!/^https?:\/\//i.test(text)) return null;
  let url: URL;
  try {
    url = new URL(text);
  } catch {
    return null;
  }
  if (url.protocol !== "http:" && url.protocol !== "https:") return null;
  // A name and password before the host only serve to make another host look like this one.
  if (url.username !== "" || url.password !== "" || url.hostname === "") return null;
  return url.href;
}

function fileTarget(text: string, base: string): Target | null {
  const place = PLACE.exec(text);
  const named = decoded(place ? (place[1] ?? "") : text.replace(/[?#].*$/u, ""));
  if (named === "" || SCHEME.test(named.replace(UNSEEN, ""))) return null;
  const path = resolve(named, base);
  if (path === null) return null;
  const line = place?.[2] ?? place?.[4];
  const column = place?.[3] ?? place?.[5];
  return {
    to: "file",
    path,
    ...(line ? { line: Number(line) } : {}),
    ...(column ? { column: Number(column) } : {}),
  };
}

/** A path of the workspace from one that a document gives; nothing where it leads out. An absolute one is from the root. */
export function resolve(path: string, base: string): string | null {
  if (path.includes("\0") || path.includes("\\") || path.length > ADDRESS_MAX) return null;
  const parts = path.startsWith("/") || base === "" ? [] : base.split("/");
  for (const part of path.split("/")) {
    if (part === "" || part === ".") continue;
    if (part === "..") {
      if (parts.pop() === undefined) return null;
    } else {
      parts.push(part);
    }
  }
  return parts.length === 0 ? null : parts.join("/");
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

/** The directory that a path of the workspace lies in. */
export function directoryOf(path: string): string {
  const at = path.lastIndexOf("/");
  return at < 0 ? "" : path.slice(0, at);
}
