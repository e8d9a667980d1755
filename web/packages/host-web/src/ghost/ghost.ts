// SPDX-License-Identifier: Apache-2.0
// Inline completion without the editor: when the server is asked, what is remembered, and how it stands.

import type { Client, Report, TreePath } from "@moat/proto";
import { type Accessor, createSignal } from "solid-js";
import { Refused } from "@moat/proto";

/** What is asked: a text with a gap. */
export interface GhostQuestion {
  path: TreePath;
  language: string;
  before: string;
  after: string;
  /** The files that were worked on last, the newest first. */
  recent: TreePath[];
  /** Whether a person asked for it, rather than a pause. */
  explicit: boolean;
}

/** How inline completion stands. */
export type GhostState =
  | { kind: "ready" }
  | { kind: "asking" }
  | { kind: "loading" }
  | { kind: "withheld" }
  | { kind: "failed"; report: Report };

/** What it needs. */
export interface GhostOptions {
  client: Pick<Client, "ask">;
  /** The model that the user chose; null for the one of sessions. */
  model(): string | null;
  /** Waits; ends at once where nobody wants the answer any more. */
  wait?(ms: number, signal: AbortSignal): Promise<void>;
  now?(): number;
}

/** An answer that is remembered. */
interface Known {
  path: TreePath;
  model: string | null;
  before: string;
  after: string;
  text: string | null;
}

const KNOWN_MOST = 32;
/** How long nothing is asked by itself after the server refused. */
const REST_MS = 30_000;
const LOADING_PAUSE_MS = 700;
/** A slow model is asked only where somebody pauses: this share of its time, and no longer than that. */
const SLOW_SHARE = 0.1;
const SLOW_PAUSE_MOST_MS = 300;
const SLOW_FROM_MS = 400;

/** Asks the server what may stand at the cursor. */
export class Ghost {
  readonly state: Accessor<GhostState>;
  /** How long the model took for the last answer that was its own. */
  modelMs = 0;
  readonly #options: Required<GhostOptions>;
  readonly #setState: (state: GhostState) => void;
  #known: Known[] = [];
  #number = 0;
  #usual = 0;
  #restUntil = 0;

  constructor(options: GhostOptions) {
    this.#options = { wait: pause, now: () => performance.now(), ...options };
    const [state, setState] = createSignal<GhostState>({ kind: "ready" });
    this.state = state;
    this.#setState = setState;
  }

  /** What may stand there; null where nothing good is known, or nobody wants it any more. */
  async suggest(question: GhostQuestion, signal: AbortSignal): Promise<string | null> {
    const known = this.#remembered(question);
    if (known !== undefined) return known;
    if (!question.explicit) {
      if (this.#options.now() < this.#restUntil) return null;
      const slow =
        this.#usual < SLOW_FROM_MS ? 0 : Math.min(this.#usual * SLOW_SHARE, SLOW_PAUSE_MOST_MS);
      if (slow > 0) await this.#options.wait(slow, signal);
    }
    while (!signal.aborted) {
      const text = await this.#ask(question, signal);
      if (text !== "later") return text;
      await this.#options.wait(LOADING_PAUSE_MS, signal);
    }
    return null;
  }

  /** Asks again where it was refused, as when another model was chosen. */
  again(): void {
    this.#restUntil = 0;
    this.#usual = 0;
    this.#setState({ kind: "ready" });
  }

  async #ask(question: GhostQuestion, signal: AbortSignal): Promise<string | null | "later"> {
    const number = ++this.#number;
    const model = this.#options.model();
    const { path, language, before, after, recent } = question;
    const cancel = () => {
      // Who cannot hear it any more has ended the question by itself.
      void this.#options.client
        .ask({ service: "completion", query: "cancel", number })
        .catch(() => undefined);
      this.#stands(number, { kind: "ready" });
    };
    this.#setState(this.state().kind === "loading" ? { kind: "loading" } : { kind: "asking" });
    signal.addEventListener("abort", cancel, { once: true });
    try {
      const reply = await this.#options.client.ask({
        service: "completion",
        query: "complete",
        number,
        path,
        model,
        language,
        before,
        after,
        recent,
      });
      if (signal.aborted) return null;
      if (reply.reply === "loading") {
        this.#stands(number, { kind: "loading" });
        return "later";
      }
      this.#stands(number, { kind: reply.reply === "withheld" ? "withheld" : "ready" });
      if (reply.reply !== "completed") return null;
      this.modelMs = reply.model_ms;
      this.#usual = this.#usual === 0 ? reply.model_ms : this.#usual * 0.7 + reply.model_ms * 0.3;
      this.#remember({ path, model, before, after, text: reply.text ?? null });
      return reply.text ?? null;
    } catch (error) {
      if (!signal.aborted) this.#failed(number, error);
      return null;
    } finally {
      signal.removeEventListener("abort", cancel);
    }
  }

  /** Says how it stands, unless a newer question says it. */
  #stands(number: number, state: GhostState): void {
    if (number === this.#number) this.#setState(state);
  }

  #failed(number: number, error: unknown): void {
    if (!(error instanceof Refused)) {
      // The connection was lost: the line at the bottom says so already.
      this.#stands(number, { kind: "ready" });
      return;
    }
    this.#restUntil = this.#options.now() + REST_MS;
    this.#stands(number, { kind: "failed", report: error.report });
  }

  #remember(known: Known): void {
    this.#known = [known, ...this.#known].slice(0, KNOWN_MOST);
  }

  /** What an earlier answer says, also where the user has typed its beginning since. */
  #remembered(question: GhostQuestion): string | null | undefined {
    const model = this.#options.model();
    for (const known of this.#known) {
      if (known.path !== question.path || known.model !== model || known.after !== question.after)
        continue;
      if (!question.before.startsWith(known.before)) continue;
      const typed = question.before.slice(known.before.length);
      if (known.text === null) {
        if (typed === "" && !question.explicit) return null;
      } else if (typed.length < known.text.length && known.text.startsWith(typed)) {
        return known.text.slice(typed.length);
      }
    }
    return undefined;
  }
}

function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((done) => {
    const end = () => {
      clearTimeout(timer);
      signal.removeEventListener("abort", end);
      done();
    };
    const timer = setTimeout(end, ms);
    if (signal.aborted) end();
    else signal.addEventListener("abort", end);
  });
}
