// SPDX-License-Identifier: Apache-2.0
// One terminal on the screen: xterm with this program's rules for keys, links, size and what content may do. What is typed
// goes to the server at once, and what is printed to the screen at once; nothing waits for more.

import { FitAddon } from "@xterm/addon-fit";
import { SearchAddon } from "@xterm/addon-search";
import { type IDisposable, type ITerminalOptions, Terminal } from "@xterm/xterm";
import type { TerminalLine } from "@moat/proto";
import { linkProvider, type LinkOpener } from "./provider.ts";
import { isMultiline, restrict, safePaste, safeTitle } from "./safety.ts";
import { boundWidths } from "./widths.ts";

const RESIZE_PAUSE_MS = 60;
const COLUMNS_LEAST = 2;
const ROWS_LEAST = 1;
const PENDING_MOST = 8 << 20;

/** What a screen needs of what it stands in. */
export interface ScreenOptions {
  line: TerminalLine;
  options: ITerminalOptions;
  links: LinkOpener;
  onTitle(title: string): void;
  onSize(columns: number, rows: number): void;
  onFocus(): void;
  /** Asks whether several lines are pasted. */
  confirmPaste(text: string): Promise<boolean>;
  copyOnSelection(): boolean;
  /** What stands where output was left out, since more came than can be shown. */
  leftOut(): string;
}

/** One terminal on the screen. */
export class Screen {
  readonly element = document.createElement("div");
  readonly terminal: Terminal;
  readonly search = new SearchAddon({ highlightLimit: 2000 });
  readonly #fit = new FitAddon();
  readonly #options: ScreenOptions;
  readonly #gone: (IDisposable | (() => void))[] = [];
  #opened = false;
  /** The focus was asked for before there was anything to have it. */
  #focusWanted = false;
  #resizing: ReturnType<typeof setTimeout> | undefined;
  /** While old output is shown again, what it asks is not answered: the program that asked is long past it. */
  #replaying = 0;
  #pending = 0;
  #dropped = false;
  #said = { columns: 0, rows: 0 };

  constructor(options: ScreenOptions) {
    this.#options = options;
    this.element.className = "terminal-screen";
    this.terminal = new Terminal({
      allowProposedApi: true,
      drawBoldTextInBrightColors: false,
      macOptionIsMeta: false,
      rightClickSelectsWord: false,
      linkHandler: {
        allowNonHttpProtocols: false,
        activate: (event, address) => {
          if (isOpening(event)) options.links.openWeb(address);
        },
        hover: (_event, address) => options.links.hover(address),
        leave: () => options.links.hover(null),
      },
      ...options.options,
    });
    this.terminal.loadAddon(this.#fit);
    this.terminal.loadAddon(this.search);
    boundWidths(this.terminal);
    this.#gone.push(
      ...restrict(this.terminal),
      this.terminal.registerLinkProvider(linkProvider(this.terminal, options.links)),
      this.terminal.onData((data) => this.#typed(data)),
      this.terminal.onBinary((data) =>
        this.#typed(Uint8Array.from(data, (one) => one.charCodeAt(0) & 0xff)),
      ),
      this.terminal.onTitleChange((title) => options.onTitle(safeTitle(title))),
      this.terminal.onResize(({ cols, rows }) => this.#say(cols, rows)),
      this.terminal.onSelectionChange(() => {
        if (options.copyOnSelection() && this.terminal.hasSelection()) void this.copy();
      }),
      options.line.onData((bytes) => this.print(bytes)),
    );
    this.terminal.attachCustomKeyEventHandler((event) => this.#key(event));
  }

  /** Puts the terminal into the page; called once its element has a place there. */
  open(): void {
    if (this.#opened) return;
    this.#opened = true;
    this.terminal.open(this.element);
    // Pasting goes through this class alone, whichever way it is asked for.
    const paste = (event: ClipboardEvent) => {
      event.preventDefault();
      event.stopPropagation();
      void this.#paste(event.clipboardData?.getData("text/plain") ?? "");
    };
    this.element.addEventListener("paste", paste, true);
    const focus = () => this.#options.onFocus();
    this.terminal.textarea?.addEventListener("focus", focus);
    const sizes = new ResizeObserver(() => this.#sizeSoon());
    sizes.observe(this.element);
    this.#gone.push(() => {
      this.element.removeEventListener("paste", paste, true);
      sizes.disconnect();
    });
    this.fit();
    if (this.#focusWanted) this.focus();
  }

  /** Prints at once. Where more comes than can be shown, what is oldest of it is left out, and that is said. */
  print(bytes: Uint8Array): void {
    if (this.#pending > PENDING_MOST) {
      this.#dropped = true;
      return;
    }
    this.#pending += bytes.length;
    this.terminal.write(bytes, () => {
      this.#pending -= bytes.length;
      if (!this.#dropped || this.#pending > 0) return;
      this.#dropped = false;
      this.terminal.write(`\u001b[0m\r\n${this.#options.leftOut()}\r\n`);
    });
  }

  /** Shows what is kept of a terminal again; `attach` asks for it. */
  async replay(attach: () => Promise<unknown>): Promise<void> {
    this.#replaying += 1;
    // As part of what is printed, so that it comes behind what is still waiting to be shown.
    this.terminal.write("\u001bc");
    try {
      await attach();
    } finally {
      // What came before the answer is still being read by the screen: only behind it are questions answered again.
      this.terminal.write("", () => {
        this.#replaying -= 1;
      });
    }
    this.#said = { columns: 0, rows: 0 };
    this.#say(this.terminal.cols, this.terminal.rows);
  }

  /** A line of this program's own, below what was printed. */
  note(text: string): void {
    this.terminal.write(`\u001b[0m\r\n\u001b[2m${safeTitle(text)}\u001b[0m\r\n`);
  }

  focus(): void {
    this.#focusWanted = !this.#opened;
    this.terminal.focus();
  }

  fit(): void {
    if (!this.#opened || this.element.clientWidth === 0 || this.element.clientHeight === 0) return;
    const size = this.#fit.proposeDimensions();
    if (size === undefined || Number.isNaN(size.cols) || Number.isNaN(size.rows)) return;
    this.terminal.resize(Math.max(COLUMNS_LEAST, size.cols), Math.max(ROWS_LEAST, size.rows));
  }

  async copy(): Promise<void> {
    const text = this.terminal.getSelection();
    if (text !== "") await navigator.clipboard.writeText(text);
  }

  async paste(): Promise<void> {
    await this.#paste(await navigator.clipboard.readText());
  }

  dispose(): void {
    clearTimeout(this.#resizing);
    for (const one of this.#gone) {
      if (typeof one === "function") one();
      else one.dispose();
    }
    this.terminal.dispose();
    this.element.remove();
  }

  #typed(data: string | Uint8Array): void {
    if (this.#replaying === 0) this.#options.line.write(data);
  }

  async #paste(text: string): Promise<void> {
    const safe = safePaste(text);
    if (safe === "") return;
    // A shell that knows about pasting does not run what is pasted; others would run each line.
    const runs = isMultiline(safe) && !this.terminal.modes.bracketedPasteMode;
    if (runs && !(await this.#options.confirmPaste(safe))) return;
    this.terminal.paste(safe);
    this.terminal.focus();
  }

  #sizeSoon(): void {
    clearTimeout(this.#resizing);
    this.#resizing = setTimeout(() => this.fit(), RESIZE_PAUSE_MS);
  }

  #say(columns: number, rows: number): void {
    if (columns === this.#said.columns && rows === this.#said.rows) return;
    this.#said = { columns, rows };
    this.#options.onSize(columns, rows);
  }

  /** True where xterm is to take the key. Keys of the workbench do not come here: it takes them before. */
  #key(event: KeyboardEvent): boolean {
    if (event.type !== "keydown") return true;
    const control = event.ctrlKey && !event.altKey && !event.metaKey;
    const command = event.metaKey && !event.ctrlKey && !event.altKey;
    const copies =
      (control && event.shiftKey && event.code === "KeyC") ||
      (control && event.key === "Insert") ||
      (command && event.code === "KeyC") ||
      // Without a selection Ctrl+C is the program's.
      (control && !event.shiftKey && event.code === "KeyC" && this.terminal.hasSelection());
    if (copies) {
      if (!this.terminal.hasSelection()) return false;
      event.preventDefault();
      void this.copy().then(() => this.terminal.clearSelection());
      return false;
    }
    const pastes =
      (control && event.code === "KeyV") ||
      (event.shiftKey && !event.ctrlKey && event.key === "Insert") ||
      (command && event.code === "KeyV");
    // The browser pastes by itself, which the page is told of as an event and needs no permission for.
    return !pastes;
  }
}

/** Links are followed with a click while Ctrl, or Command on a Mac, is held. */
export function isOpening(event: MouseEvent): boolean {
  return event.ctrlKey || event.metaKey;
}
