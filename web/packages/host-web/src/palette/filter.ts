// SPDX-License-Identifier: Apache-2.0
// Finds what was typed in a list of words: letters in order, not necessarily beside each
// other, the best first.

/** How well a text matches, and which characters did. */
export interface Score {
  score: number;
  matched: number[];
}

const BESIDE = 12;
const AT_BEGIN = 10;
const AT_WORD = 8;
const SAME_CASE = 1;
const GAP = 1;
const GAP_MOST = 12;

/** Compares; null where the letters are not there in this order. */
export function scoreOf(typed: string, text: string): Score | null {
  const wanted = [...typed.replace(/\s+/g, "")];
  if (wanted.length === 0) return { score: 0, matched: [] };
  const characters = [...text];
  const low = characters.map((each) => each.toLowerCase());
  const needle = wanted.map((each) => each.toLowerCase());
  let best: Score | null = null;
  for (let begin = 0; begin <= low.length - needle.length; begin++) {
    if (low[begin] !== needle[0]) continue;
    const found = scoreFrom(begin, wanted, needle, characters, low);
    if (!found) break;
    if (!best || found.score > best.score) best = found;
  }
  return best;
}

function scoreFrom(
  begin: number,
  wanted: string[],
  needle: string[],
  characters: string[],
  low: string[],
): Score | null {
  const matched: number[] = [];
  let score = 0;
  let at = begin;
  for (let index = 0; index < needle.length; index++) {
    let place = low.indexOf(needle[index] ?? "", at);
    if (place < 0) return null;
    const later = wordStart(characters, low, needle[index] ?? "", place);
    if (place !== at && later >= 0 && fits(needle, low, index + 1, later + 1)) place = later;
    const gap = place - at;
    if (index > 0 && gap === 0) score += BESIDE;
    else if (index > 0) score -= Math.min(gap * GAP, GAP_MOST);
    if (place === 0) score += AT_BEGIN;
    else if (beginsWord(characters, place)) score += AT_WORD;
    if (characters[place] === wanted[index]) score += SAME_CASE;
    matched.push(place);
    at = place + 1;
  }
  return { score: score - Math.min(begin, GAP_MOST) * 0.5 - low.length * 0.02, matched };
}

/** Whether the rest of what was typed is still there. */
function fits(needle: string[], low: string[], from: number, at: number): boolean {
  for (let index = from, place = at; index < needle.length; index++) {
    place = low.indexOf(needle[index] ?? "", place) + 1;
    if (place === 0) return false;
  }
  return true;
}

function wordStart(characters: string[], low: string[], letter: string, from: number): number {
  for (let place = from; place < low.length; place++)
    if (low[place] === letter && (place === 0 || beginsWord(characters, place))) return place;
  return -1;
}

function beginsWord(characters: string[], place: number): boolean {
  const before = characters[place - 1] ?? "";
  const here = characters[place] ?? "";
  if (/[\s/\\._:(-]/.test(before)) return true;
  return /\p{Ll}|\d/u.test(before) && /\p{Lu}/u.test(here);
}

/** Something that was found. */
export interface Filtered<T> extends Score {
  item: T;
}

/** Those that match, the best first; of equal ones the first in the list. */
export function filterBy<T>(
  items: readonly T[],
  typed: string,
  text: (item: T) => string,
): Filtered<T>[] {
  const out: Filtered<T>[] = [];
  for (const item of items) {
    const found = scoreOf(typed, text(item));
    if (found) out.push({ item, ...found });
  }
  if (typed.trim() !== "") out.sort((a, b) => b.score - a.score);
  return out;
}
