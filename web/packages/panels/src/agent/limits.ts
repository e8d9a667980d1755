// SPDX-License-Identifier: Apache-2.0
// How much the panel holds and how long it works at a stretch. Everything that grows with what
// a session does has a bound here.

/** Characters of a command's output that are held; older ones are counted and dropped. */
export const OUTPUT_CHARACTERS_MAX = 32_768;
/** How far output may grow over the bound before it is cut, so that not every piece cuts. */
export const OUTPUT_CHARACTERS_SLACK = 16_384;
/** Characters of one answer that are held; an answer that is longer is cut at the end. */
export const ANSWER_CHARACTERS_MAX = 400_000;
/** Items of one turn; what comes after is counted in a notice. */
export const ITEMS_MAX = 4_000;
/** Milliseconds that one frame may spend on events. */
export const FRAME_BUDGET_MS = 8;
/** Milliseconds between looks at the queue while the page is hidden. */
export const HIDDEN_TICK_MS = 250;
/** How often a session is attached to anew because of gaps, within `REATTACH_WINDOW_MS`. */
export const REATTACH_MAX = 3;
export const REATTACH_WINDOW_MS = 30_000;
/** Sessions that stay attached while another one is looked at. */
export const ATTACHED_MAX = 6;
/** The longest task that the engine takes. */
export const TASK_BYTES_MAX = 65_536;
/** How long a turn may take where nothing else is chosen, in milliseconds. */
export const TIME_LIMIT_MS = 10 * 60_000;
/** Prompts that may wait for their turn. */
export const QUEUE_MAX = 20;
