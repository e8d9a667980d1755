// SPDX-License-Identifier: Apache-2.0
// The connection to the server: questions and answers over one websocket, news, terminal
// bytes, and getting the connection back after it was lost.

import type {
  ClientFrame,
  Report,
  ServerFrame,
  WorkspaceNews,
  WorkspaceQuery,
  WorkspaceReply,
} from "./generated.ts";

/** Whether there is a connection. `connecting` is only the first time; after that it is `lost`. */
export type ConnectionState = "connecting" | "connected" | "lost";

/** The part of the contract that answers to `service`. */
export type Service = WorkspaceQuery["service"];

/** What can be asked of a service, without its name. */
export type QueryOf<S extends Service> = WithoutService<Extract<WorkspaceQuery, { service: S }>>;

/** What a service answers, without its name. */
export type ReplyOf<S extends Service> = Extract<WorkspaceReply, { service: S }>;

type WithoutService<T> = T extends unknown ? Omit<T, "service"> : never;

/** The server says that a question cannot be answered, and why. */
export class Refused extends Error {
  readonly report: Report;

  constructor(report: Report) {
    super(report.error);
    this.name = "Refused";
    this.report = report;
  }
}

/** The connection was lost before the answer came: what was asked may or may not be done. */
export class Lost extends Error {
  constructor() {
    super("the connection was lost before the answer came");
    this.name = "Lost";
  }
}

/** One terminal's bytes. */
export interface TerminalLine {
  /** Sends what was typed; nothing happens while there is no connection. */
  write(data: string | Uint8Array): void;
  /** Hears what is printed; what came before anybody listened comes first. */
  onData(hear: (bytes: Uint8Array) => void): () => void;
}

/** What a client needs of a socket; the browser's `WebSocket` has it. */
export interface Socket {
  binaryType: string;
  readonly readyState: number;
  onopen: ((event: never) => unknown) | null;
  onclose: ((event: never) => unknown) | null;
  onerror: ((event: never) => unknown) | null;
  onmessage: ((event: never) => unknown) | null;
  send(data: string | ArrayBufferView<ArrayBuffer>): void;
  close(): void;
}

/** How a client is made; the tests give their own socket and times. */
export interface ClientOptions {
  /** Opens a socket. */
  open: () => Socket;
  /** The first pause before connecting again, in milliseconds; doubled up to `pauseMost`. */
  pauseFirst?: number;
  /** The longest pause, in milliseconds. */
  pauseMost?: number;
  /** After so much silence the server is asked something; unanswered for as long again, the connection counts as lost. */
  silence?: number;
}

interface Waiting {
  frame: string;
  resolve: (reply: WorkspaceReply) => void;
  reject: (error: Error) => void;
}

interface Line {
  hear: Set<(bytes: Uint8Array) => void>;
  early: Uint8Array[];
  earlyBytes: number;
}

const OPEN = 1;
const EARLY_MOST = 1 << 20;
const TERMINAL_HEADER = 4;

/** The connection to the server. */
export class Client {
  readonly #options: Required<ClientOptions>;
  readonly #sent = new Map<number, Waiting>();
  readonly #lines = new Map<number, Line>();
  readonly #news = new Set<(news: WorkspaceNews) => void>();
  readonly #states = new Set<(state: ConnectionState) => void>();
  readonly #encoder = new TextEncoder();
  #queue: [number, Waiting][] = [];
  #socket: Socket | null = null;
  #state: ConnectionState = "connecting";
  #next = 1;
  #pause: number;
  #again: ReturnType<typeof setTimeout> | null = null;
  #pulse: ReturnType<typeof setTimeout> | null = null;
  #closed = false;

  constructor(options: ClientOptions) {
    this.#options = { pauseFirst: 250, pauseMost: 8000, silence: 20_000, ...options };
    this.#pause = this.#options.pauseFirst;
  }

  /** The client of the page's own server. */
  static ofPage(): Client {
    const address = new URL("ws", document.baseURI);
    address.protocol = address.protocol === "https:" ? "wss:" : "ws:";
    const client = new Client({ open: () => new WebSocket(address) });
    addEventListener("online", () => client.retry());
    addEventListener("offline", () => client.#drop());
    return client;
  }

  /** Whether there is a connection. */
  get state(): ConnectionState {
    return this.#state;
  }

  /** Begins to connect, and to connect again whenever the connection is lost. */
  connect(): void {
    if (this.#socket || this.#closed) return;
    const socket = this.#options.open();
    this.#socket = socket;
    socket.binaryType = "arraybuffer";
    socket.onopen = () => this.#opened(socket);
    socket.onclose = () => this.#gone(socket);
    socket.onerror = () => undefined;
    socket.onmessage = (event: { data: unknown }) => {
      if (socket === this.#socket) this.#heard(event.data);
    };
  }

  /** Tries now, instead of at the end of the pause. */
  retry(): void {
    if (this.#state === "connected" || this.#closed) return;
    if (this.#again) clearTimeout(this.#again);
    this.#again = null;
    this.#pause = this.#options.pauseFirst;
    this.connect();
  }

  /** Ends the connection for good. */
  close(): void {
    this.#closed = true;
    if (this.#again) clearTimeout(this.#again);
    this.#drop();
  }

  /**
   * Asks the server. Before there is a connection, and while it is lost, the question waits.
   * Rejects with `Refused` where the server cannot answer, and with `Lost` where the
   * connection was lost in between.
   */
  ask<Q extends WorkspaceQuery>(query: Q): Promise<ReplyOf<Q["service"]>> {
    const id = this.#next++;
    const frame = JSON.stringify({ id, ask: query } satisfies ClientFrame);
    return new Promise((resolve, reject) => {
      const waiting: Waiting = {
        frame,
        resolve: (reply) => resolve(reply as ReplyOf<Q["service"]>),
        reject,
      };
      if (this.#closed) reject(new Lost());
      else if (this.#state === "connected") this.#send(id, waiting);
      else this.#queue.push([id, waiting]);
    });
  }

  /** Asks a service, without naming it in the question. */
  of<S extends Service>(service: S): (query: QueryOf<S>) => Promise<ReplyOf<S>> {
    return (query) =>
      this.ask({ service, ...query } as unknown as WorkspaceQuery) as Promise<ReplyOf<S>>;
  }

  /** Hears the news. Returns how to stop. */
  onNews(hear: (news: WorkspaceNews) => void): () => void {
    this.#news.add(hear);
    return () => this.#news.delete(hear);
  }

  /** Hears when the connection comes and goes. Returns how to stop. */
  onState(hear: (state: ConnectionState) => void): () => void {
    this.#states.add(hear);
    return () => this.#states.delete(hear);
  }

  /** A terminal's bytes, both ways. */
  terminal(number: number): TerminalLine {
    return {
      write: (data) => this.#type(number, data),
      onData: (hear) => {
        const line = this.#line(number);
        line.hear.add(hear);
        for (const bytes of line.early.splice(0)) hear(bytes);
        line.earlyBytes = 0;
        return () => line.hear.delete(hear);
      },
    };
  }

  #line(number: number): Line {
    let line = this.#lines.get(number);
    if (!line) {
      line = { hear: new Set(), early: [], earlyBytes: 0 };
      this.#lines.set(number, line);
    }
    return line;
  }

  #type(number: number, data: string | Uint8Array): void {
    if (this.#state !== "connected" || !this.#socket) return;
    const bytes = typeof data === "string" ? this.#encoder.encode(data) : data;
    const frame = new Uint8Array(TERMINAL_HEADER + bytes.length);
    new DataView(frame.buffer).setUint32(0, number, true);
    frame.set(bytes, TERMINAL_HEADER);
    this.#socket.send(frame);
  }

  #send(id: number, waiting: Waiting): void {
    this.#sent.set(id, waiting);
    this.#socket?.send(waiting.frame);
  }

  #opened(socket: Socket): void {
    if (socket !== this.#socket) return;
    this.#pause = this.#options.pauseFirst;
    this.#become("connected");
    for (const [id, waiting] of this.#queue.splice(0)) this.#send(id, waiting);
    this.#listen();
  }

  #gone(socket: Socket): void {
    if (socket !== this.#socket) return;
    this.#socket = null;
    if (this.#pulse) clearTimeout(this.#pulse);
    this.#pulse = null;
    const unanswered = [...this.#sent.values()];
    this.#sent.clear();
    if (this.#state === "connected") this.#become("lost");
    for (const waiting of unanswered) waiting.reject(new Lost());
    if (this.#closed) {
      for (const [, waiting] of this.#queue.splice(0)) waiting.reject(new Lost());
      return;
    }
    if (this.#again) clearTimeout(this.#again);
    this.#again = setTimeout(() => {
      this.#again = null;
      this.connect();
    }, this.#pause);
    this.#pause = Math.min(this.#pause * 2, this.#options.pauseMost);
  }

  #drop(): void {
    const socket = this.#socket;
    if (!socket) return;
    socket.close();
    this.#gone(socket);
  }

  #become(state: ConnectionState): void {
    if (state === this.#state) return;
    this.#state = state;
    for (const hear of [...this.#states]) hear(state);
  }

  /** Waits for silence; a connection whose other end vanished says nothing by itself. */
  #listen(): void {
    if (this.#pulse) clearTimeout(this.#pulse);
    this.#pulse = setTimeout(() => {
      const socket = this.#socket;
      if (socket?.readyState !== OPEN) return;
      this.#pulse = setTimeout(() => this.#drop(), this.#options.silence);
      this.ask({ service: "terminal", query: "list" }).catch(() => undefined);
    }, this.#options.silence);
  }

  #heard(data: unknown): void {
    this.#listen();
    if (data instanceof ArrayBuffer) this.#printed(data);
    else if (typeof data === "string") this.#frame(JSON.parse(data) as ServerFrame);
  }

  #printed(data: ArrayBuffer): void {
    if (data.byteLength < TERMINAL_HEADER) return;
    const line = this.#line(new DataView(data).getUint32(0, true));
    const bytes = new Uint8Array(data, TERMINAL_HEADER);
    if (line.hear.size > 0) {
      for (const hear of [...line.hear]) hear(bytes);
      return;
    }
    line.early.push(bytes);
    line.earlyBytes += bytes.length;
    while (line.earlyBytes > EARLY_MOST) line.earlyBytes -= line.early.shift()?.length ?? 0;
  }

  #frame(frame: ServerFrame): void {
    if (frame.frame === "news") {
      for (const hear of [...this.#news]) hear(frame.news);
      return;
    }
    const waiting = this.#sent.get(frame.id);
    if (!waiting) return;
    this.#sent.delete(frame.id);
    if (frame.frame === "answer") waiting.resolve(frame.reply);
    else waiting.reject(new Refused(frame.report));
  }
}
