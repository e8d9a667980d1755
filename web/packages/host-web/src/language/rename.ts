// SPDX-License-Identifier: Apache-2.0
// Gives a name another one, everywhere. A server that has not read the whole workspace yet proposes edits of what it knows: it
// is asked for the uses as well, and while it finds uses in files that it would leave as they are, nothing is changed.

import type { FileEdits, LanguageAnswer, LanguageWant, Spot } from "@moat/proto";

const AGAIN_AFTER_MS = 500;
const WAIT_MOST_MS = 20_000;

/** The edits of all files; `partial` where the server still leaves some out when the time is over. */
export type Renamed = { files: FileEdits[] } | { partial: true } | { answer: LanguageAnswer };

/** How the time goes; tests have their own. */
export interface Time {
  now(): number;
  pass(ms: number): Promise<void>;
}

const REAL: Time = {
  now: () => performance.now(),
  pass: (ms) => new Promise((resolve) => setTimeout(resolve, ms)),
};

/** Asks for another name until the answer is about every file that uses the old one. */
export async function renamed(
  ask: (want: LanguageWant) => Promise<LanguageAnswer>,
  at: Spot,
  name: string,
  time: Time = REAL,
): Promise<Renamed> {
  const begun = time.now();
  for (;;) {
    const answer = await ask({ want: "rename", at, name });
    if (answer.answer !== "edited") return { answer };
    const edited = new Set(answer.files.map((file) => file.path));
    const uses = await ask({ want: "references", at });
    // One that cannot say where a name is used is taken at its word.
    const places = uses.answer === "located" ? uses.places : [];
    if (places.every((place) => edited.has(place.path))) return { files: answer.files };
    if (time.now() - begun > WAIT_MOST_MS) return { partial: true };
    await time.pass(AGAIN_AFTER_MS);
  }
}
