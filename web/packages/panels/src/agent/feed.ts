// SPDX-License-Identifier: Apache-2.0
// Brings the events of sessions into their views: in order, once for each frame of the screen,
// and never for so long that typing waits. A session that missed events is attached to anew,
// behind the view that stands, so that nothing flickers.

import { Lost, Refused, type Envelope, type Event, type Report, type SessionId } from "@moat/proto";
import { batch } from "solid-js";
import { createStore, produce, reconcile } from "solid-js/store";

import { FRAME_BUDGET_MS, REATTACH_MAX, REATTACH_WINDOW_MS } from "./limits.ts";
import { addSteer, reduce } from "./store.ts";
import { emptyView, type EventName, type SessionView } from "./view.ts";

/** What a feed needs of the world. */
export interface FeedDoors {
  /** Asks the server for a session's events from the beginning. */
  attach(session: SessionId): Promise<void>;
  /** Asks for no more of them. */
  detach(session: SessionId): Promise<void>;
  /** Runs something before the screen is drawn next, or soon where nothing is drawn. */
  schedule(run: () => void): void;
  /** Milliseconds, for budgets. */
  now(): number;
  /** Runs something later. */
  later(run: () => void, ms: number): void;
  /** Hears that a session's view is there, after it was attached to. */
  attached?(session: SessionId): void;
}

interface Waiter {
  names: EventName[];
  resolve(event: Event): void;
  reject(error: Error): void;
}

interface Line {
  queue: Envelope[];
  waiters: Waiter[];
  /** The view that is being made anew; nothing while the one that is shown goes on. */
  staging: SessionView | null;
  /** Whether the server has said that it is attached. */
  attached: boolean;
  again: number[];
  lastGap: string;
}

/** How long a view that is made anew may stay without an event before it is shown empty. */
const EMPTY_WAIT_MS = 400;

/** The views of all sessions that were attached to. */
export class Feed {
  readonly #doors: FeedDoors;
  readonly #lines = new Map<SessionId, Line>();
  readonly #store = createStore<{ views: Record<SessionId, SessionView> }>({ views: {} });
  #scheduled = false;

  constructor(doors: FeedDoors) {
    this.#doors = doors;
  }

  /** A session's view. Reactive. */
  view(session: SessionId | null): SessionView | undefined {
    return session === null ? undefined : this.#store[0].views[session];
  }

  /** The sessions that are attached to. */
  attached(): SessionId[] {
    return [...this.#lines.keys()];
  }

  /** Whether what comes of a session happens now, and is not told again. */
  isLive(session: SessionId): boolean {
    const line = this.#lines.get(session);
    return line?.attached === true && line.staging === null;
  }

  /** Attaches to a session, or anew. What is shown of it stays until the new view is there. */
  async attach(session: SessionId): Promise<void> {
    const line = this.#line(session);
    line.attached = false;
    line.queue = [];
    line.staging = emptyView(session);
    if (!this.#store[0].views[session]) this.#set(session, emptyView(session));
    try {
      await this.#doors.attach(session);
    } catch (error) {
      if (this.#lines.get(session) !== line) return;
      if (error instanceof Lost) return;
      this.gone(session, error instanceof Refused ? error.report : null);
      return;
    }
    if (this.#lines.get(session) !== line) return;
    line.attached = true;
    this.#wake();
    const staging = line.staging;
    this.#doors.later(() => {
      if (line.staging === staging) this.#commit(session, line);
    }, EMPTY_WAIT_MS);
  }

  /** Sees no more of a session, and forgets its view. */
  async drop(session: SessionId): Promise<void> {
    const line = this.#lines.get(session);
    if (!line) return;
    this.#lines.delete(session);
    for (const waiter of line.waiters) waiter.reject(new Lost());
    this.#store[1](
      "views",
      produce((views) => delete views[session]),
    );
    await this.#doors.detach(session).catch(() => undefined);
  }

  /** Takes in an event from the server. */
  hear(envelope: Envelope): void {
    const line = this.#lines.get(envelope.session);
    if (!line) return;
    // What is still told of is still seen: "gone" was said of an earlier attachment.
    if (this.#store[0].views[envelope.session]?.stage === "gone") {
      line.attached = true;
      this.#store[1]("views", envelope.session, (view) => ({
        ...view,
        stage: "open",
        goneReport: null,
      }));
    }
    line.queue.push(envelope);
    this.#wake();
  }

  /** The server sees no more of a session, or it could not be opened. */
  gone(session: SessionId, report: Report | null): void {
    const line = this.#lines.get(session);
    if (!line) return;
    this.#flushOne(session, line, Number.POSITIVE_INFINITY);
    if (line.staging) this.#commit(session, line);
    line.attached = false;
    this.#store[1]("views", session, (view) => ({ ...view, stage: "gone", goneReport: report }));
    for (const waiter of line.waiters.splice(0)) {
      waiter.reject(report ? new Refused(report) : new Lost());
    }
  }

  /** The connection was lost: nobody answers what was asked. */
  lost(): void {
    for (const line of this.#lines.values()) {
      for (const waiter of line.waiters.splice(0)) waiter.reject(new Lost());
    }
  }

  /** Waits for one of some events; a failure that the session tells ends the wait. */
  wait(session: SessionId, names: EventName[]): Promise<Event> {
    return new Promise((resolve, reject) => {
      this.#line(session).waiters.push({ names, resolve, reject });
    });
  }

  /** Shows what the person added to a turn. */
  steered(session: SessionId, text: string): void {
    this.#store[1](
      "views",
      session,
      produce((view) => view && addSteer(view, text)),
    );
  }

  #line(session: SessionId): Line {
    let line = this.#lines.get(session);
    if (!line) {
      line = { queue: [], waiters: [], staging: null, attached: false, again: [], lastGap: "" };
      this.#lines.set(session, line);
    }
    return line;
  }

  #wake(): void {
    if (this.#scheduled) return;
    this.#scheduled = true;
    this.#doors.schedule(() => {
      this.#scheduled = false;
      this.#flush();
    });
  }

  #flush(): void {
    const end = this.#doors.now() + FRAME_BUDGET_MS;
    for (const [session, line] of this.#lines) {
      this.#flushOne(session, line, end);
      if (line.queue.length > 0) this.#wake();
      else if (line.staging && line.attached && line.staging.version > 0) {
        this.#commit(session, line);
      }
    }
  }

  /** Takes in what waits of one session, until it is time to draw. */
  #flushOne(session: SessionId, line: Line, end: number): void {
    if (line.queue.length === 0) return;
    const taken: Envelope[] = [];
    const take = (view: SessionView) => {
      do {
        for (const envelope of line.queue.splice(0, 32)) {
          reduce(view, envelope);
          taken.push(envelope);
        }
      } while (line.queue.length > 0 && this.#doors.now() < end);
    };
    if (line.staging) take(line.staging);
    else batch(() => this.#store[1]("views", session, produce(take)));
    for (const { event } of taken) this.#tell(line, event);
    if (!line.staging) this.#mend(session, line);
  }

  #tell(line: Line, event: Event): void {
    if (line.waiters.length === 0) return;
    const left: Waiter[] = [];
    for (const waiter of line.waiters.splice(0)) {
      if (waiter.names.includes(event.event)) waiter.resolve(event);
      else if (event.event === "failed") waiter.reject(new Refused(event.report));
      else left.push(waiter);
    }
    line.waiters.push(...left);
  }

  #commit(session: SessionId, line: Line): void {
    const staging = line.staging;
    if (!staging) return;
    line.staging = null;
    if (staging.stage === "attaching") staging.stage = "open";
    this.#set(session, staging);
    this.#mend(session, line);
    this.#doors.attached?.(session);
  }

  #set(session: SessionId, view: SessionView): void {
    this.#store[1]("views", session, reconcile(view, { key: "key" }));
  }

  /** Attaches anew where events are missing, but not for ever. */
  #mend(session: SessionId, line: Line): void {
    const view = this.#store[0].views[session];
    if (!view || (!view.gap && !view.stale)) return;
    const gap = view.gap ? `${view.gap.expected}-${view.gap.got}` : `stale-${view.version}`;
    const now = this.#doors.now();
    line.again = line.again.filter((at) => now - at < REATTACH_WINDOW_MS);
    this.#store[1]("views", session, (it) => ({ ...it, gap: null, stale: false }));
    // The same gap again is how the server tells this session: there is no more to be had.
    if (line.lastGap === gap || line.again.length >= REATTACH_MAX) return;
    line.lastGap = gap;
    line.again.push(now);
    void this.#again(session);
  }

  async #again(session: SessionId): Promise<void> {
    await this.#doors.detach(session).catch(() => undefined);
    if (this.#lines.has(session)) await this.attach(session);
  }
}
