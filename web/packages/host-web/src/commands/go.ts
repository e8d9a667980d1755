// SPDX-License-Identifier: Apache-2.0
// Commands that go somewhere, and the history of where one was.

import { createEffect, on } from "solid-js";
import type { App } from "../app.ts";
import type { Runs } from "./all.ts";

interface Place {
  path: string;
  line: number;
  column: number;
}

const HISTORY_MOST = 50;
const FAR_LINES = 10;

/** Where one was, to go back and forth. */
class History {
  #places: Place[] = [];
  #at = -1;
  #going = false;

  constructor(app: App) {
    createEffect(
      on([app.cursor, app.document], ([cursor, document]) => {
        if (!cursor || !document || this.#going) return;
        this.#visit({ path: document.path, line: cursor.line, column: cursor.column });
      }),
    );
  }

  step(app: App, by: 1 | -1): void {
    const place = this.#places[this.#at + by];
    if (!place) return;
    this.#at += by;
    this.#going = true;
    void app.host.openFile(place.path, place).then(() => {
      setTimeout(() => {
        this.#going = false;
      }, 100);
    });
  }

  #visit(place: Place): void {
    const last = this.#places[this.#at];
    if (last && last.path === place.path && Math.abs(last.line - place.line) < FAR_LINES) {
      this.#places[this.#at] = place;
      return;
    }
    this.#places = [...this.#places.slice(0, this.#at + 1), place].slice(-HISTORY_MOST);
    this.#at = this.#places.length - 1;
  }
}

/** Commands that go somewhere. */
export function goCommands(app: App) {
  let history: History | null = null;
  queueMicrotask(() => {
    history = new History(app);
  });
  const typed = (text: string) => () => void app.setPalette({ kind: "typed", text });
  return {
    "workbench.action.showCommands": typed(">"),
    "workbench.action.quickOpen": typed(""),
    "workbench.action.openRecent": typed(""),
    "workbench.action.gotoLine": typed(":"),
    "workbench.action.gotoSymbol": typed("@"),
    "workbench.action.navigateBack": () => history?.step(app, -1),
    "workbench.action.navigateForward": () => history?.step(app, 1),
  } satisfies Partial<Runs>;
}
