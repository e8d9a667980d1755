// SPDX-License-Identifier: Apache-2.0
// Which part of a text is asked about, and for which languages anything is.

/** How much of the text before the cursor is sent at most, and how much of that behind it. */
const BEFORE_MOST = 16_000;
const AFTER_MOST = 4000;
/** The beginning of what is sent moves in such steps, so that a model need not read all of it again at each letter. */
const STEP = 4000;

/** Where what is sent begins and ends, for a cursor at an offset of a text. */
export function windowAt(offset: number, length: number): { from: number; to: number } {
  const from = offset <= BEFORE_MOST ? 0 : Math.ceil((offset - BEFORE_MOST) / STEP) * STEP;
  return { from, to: Math.min(length, offset + AFTER_MOST) };
}

/** The languages in a list that a person wrote, with commas between them. */
export function languagesIn(list: string): string[] {
  return list
    .split(",")
    .map((each) => each.trim().toLowerCase())
    .filter((each) => each !== "");
}

/** The list with a language in it, or without it. */
export function withLanguage(list: string, language: string, there: boolean): string {
  const others = languagesIn(list).filter((each) => each !== language.toLowerCase());
  return (there ? [...others, language.toLowerCase()] : others).join(", ");
}
