// SPDX-License-Identifier: Apache-2.0
// The page's side of language servers: tells the server what the editors show, asks about it,
// and hears what is wrong. It knows the protocol and nothing of the editor but `LinkedText`.

import type {
  Client,
  LanguageAnswer,
  LanguageNews,
  LanguageProblem,
  LanguageServers,
  LanguageWant,
  QueryOf,
  ServerState,
  TreePath,
} from "@moat/proto";
import { type Accessor, createSignal } from "solid-js";

/** What is needed of an editor's text. */
export interface LinkedText {
  getValue(): string;
  getLanguageId(): string;
  getVersionId(): number;
  getValueLength(): number;
  onDidChangeContent(hear: () => void): { dispose(): void };
}

/** A question that can be taken back. */
export interface Taken {
  readonly isCancellationRequested: boolean;
  onCancellationRequested(hear: () => void): { dispose(): void };
}

interface Shown {
  path: TreePath;
  language: string;
  text: LinkedText;
  /** The version that was told last. */
  told: number;
  timer: ReturnType<typeof setTimeout> | null;
  listening: { dispose(): void };
}

/** A pause in typing after which the text is told even if nothing is asked. */
const PAUSE_MS = 200;
/** The server takes no longer texts; with room for letters of several bytes. */
const LENGTH_MOST = 600_000;

/** The link to the language servers. */
export class LanguageLink {
  readonly servers: Accessor<LanguageServers | null>;
  /** What is wrong, by file, with the version of the text that is meant. */
  readonly problems: Accessor<ReadonlyMap<TreePath, readonly LanguageProblem[]>>;
  readonly #client: Pick<Client, "ask">;
  readonly #setServers: (servers: LanguageServers) => void;
  readonly #setProblems: (path: TreePath, problems: LanguageProblem[]) => void;
  readonly #shown = new Map<LinkedText, Shown>();
  readonly #asked = new Map<number, (answer: LanguageAnswer) => void>();
  #connected = false;
  #next = 1;

  constructor(client: Pick<Client, "ask">) {
    this.#client = client;
    const [servers, setServers] = createSignal<LanguageServers | null>(null);
    const [problems, setProblems] = createSignal<ReadonlyMap<TreePath, readonly LanguageProblem[]>>(
      new Map(),
    );
    this.servers = servers;
    this.problems = problems;
    this.#setServers = (next) => setServers(next);
    this.#setProblems = (path, next) =>
      setProblems((before) => {
        const after = new Map(before);
        if (next.length > 0) after.set(path, next);
        else after.delete(path);
        return after;
      });
  }

  /** The connection came or went: what the editors show is told anew, and nothing old is answered. */
  connected(is: boolean): void {
    this.#connected = is;
    for (const answer of this.#asked.values()) answer({ answer: "cancelled" });
    this.#asked.clear();
    if (!is) return;
    void this.#client
      .ask({ service: "language", query: "servers" })
      .then((reply) => {
        if (reply.reply === "servers") this.#setServers(reply);
        for (const shown of this.#shown.values()) this.#open(shown);
      })
      .catch(() => undefined);
  }

  /** Takes what the server tells. */
  heard(news: LanguageNews): void {
    if (news.told === "servers") this.#setServers(news);
    else if (news.told === "problems") {
      const shown = [...this.#shown.values()].find((each) => each.path === news.path);
      // Another one of the text is on its way.
      if (shown && news.version !== null && news.version !== shown.text.getVersionId()) return;
      this.#setProblems(news.path, news.problems);
    } else {
      const answer = this.#asked.get(news.ask);
      this.#asked.delete(news.ask);
      answer?.(news.answer);
    }
  }

  /** The servers that know a language. */
  knowing(language: string): ServerState[] {
    return this.servers()?.servers.filter((each) => each.languages.includes(language)) ?? [];
  }

  /** An editor shows a file. Returns how to say that it does no more. */
  show(path: TreePath, text: LinkedText): () => void {
    const shown: Shown = {
      path,
      language: text.getLanguageId(),
      text,
      told: 0,
      timer: null,
      listening: text.onDidChangeContent(() => {
        if (shown.timer) clearTimeout(shown.timer);
        shown.timer = setTimeout(() => this.#flush(shown), PAUSE_MS);
      }),
    };
    this.#shown.set(text, shown);
    this.#open(shown);
    return () => {
      if (shown.timer) clearTimeout(shown.timer);
      shown.listening.dispose();
      this.#shown.delete(text);
      if (shown.told > 0) this.#tell({ query: "closed", path });
      this.#setProblems(path, []);
    };
  }

  /** A file was written. */
  saved(path: TreePath): void {
    const shown = [...this.#shown.values()].find((each) => each.path === path);
    if (!shown || shown.told === 0) return;
    this.#flush(shown);
    this.#tell({ query: "saved", path });
  }

  /** Lets servers run in this workspace, or not. */
  allow(allowed: boolean): void {
    this.#tell({ query: "allow", allowed });
  }

  /** Starts a server again that was given up. */
  restart(server: string): void {
    this.#tell({ query: "restart", server });
  }

  /** Whether questions about a text can have answers. */
  answers(text: LinkedText): boolean {
    const shown = this.#shown.get(text);
    return (
      shown !== undefined &&
      shown.told > 0 &&
      this.#connected &&
      this.servers()?.allowed === true &&
      this.knowing(shown.language).some(
        (each) => each.standing === "ready" || each.standing === "starting",
      )
    );
  }

  /** The file of a text that is shown. */
  pathOf(text: LinkedText): TreePath | null {
    return this.#shown.get(text)?.path ?? null;
  }

  /** Asks about a text as it is now. Where nobody can answer there is nothing. */
  ask(text: LinkedText, want: LanguageWant, taken?: Taken): Promise<LanguageAnswer> {
    const shown = this.#shown.get(text);
    if (!shown || !this.answers(text) || taken?.isCancellationRequested)
      return Promise.resolve({ answer: "nothing", why: null });
    this.#flush(shown);
    const ask = this.#next++;
    return new Promise((resolve) => {
      const listening = taken?.onCancellationRequested(() => this.#tell({ query: "cancel", ask }));
      const done = (answer: LanguageAnswer) => {
        listening?.dispose();
        resolve(answer);
      };
      this.#asked.set(ask, done);
      this.#client
        .ask({
          service: "language",
          query: "ask",
          ask,
          path: shown.path,
          version: shown.told,
          want,
        })
        .catch(() => {
          this.#asked.delete(ask);
          done({ answer: "nothing", why: null });
        });
    });
  }

  #open(shown: Shown): void {
    shown.told = 0;
    const { path, language, text } = shown;
    if (this.knowing(language).length === 0 || text.getValueLength() > LENGTH_MOST) return;
    shown.told = text.getVersionId();
    this.#tell({ query: "opened", path, language, version: shown.told, text: text.getValue() });
  }

  #flush(shown: Shown): void {
    if (shown.timer) clearTimeout(shown.timer);
    shown.timer = null;
    const version = shown.text.getVersionId();
    if (shown.told === 0 || version === shown.told) return;
    if (shown.text.getValueLength() > LENGTH_MOST) {
      shown.told = 0;
      this.#tell({ query: "closed", path: shown.path });
      return;
    }
    shown.told = version;
    this.#tell({ query: "changed", path: shown.path, version, text: shown.text.getValue() });
  }

  #tell(query: QueryOf<"language">): void {
    if (!this.#connected) return;
    // What could not be told is told again with the next connection.
    void this.#client.ask({ service: "language", ...query }).catch(() => undefined);
  }
}
