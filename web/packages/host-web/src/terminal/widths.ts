// SPDX-License-Identifier: Apache-2.0
// How wide characters are, and how many of them may stand in one cell. Without a bound a program that prints thousands of
// accents over one letter holds the page up for minutes, since they are drawn together.

import { Unicode11Addon } from "@xterm/addon-unicode11";
import type { IUnicodeVersionProvider, Terminal } from "@xterm/xterm";

const VERSION = "moat";
const JOINED_MOST = 16;
// xterm keeps a character's properties in a number: whether it joins, its width, and above that a state of the provider's own.
const STATE_SHIFT = 3;
const WIDTH_ONE = 1 << 1;

/** Has a terminal measure characters as Unicode 11 does, with a bound on how many join into one cell. */
export function boundWidths(terminal: Terminal): void {
  const known = unicode11();
  if (known === null) return;
  terminal.unicode.register({
    version: VERSION,
    wcwidth: (code) => known.wcwidth(code),
    charProperties(code, preceding) {
      const found = known.charProperties(code, preceding);
      if ((found & 1) === 0) return found;
      const joined = (preceding >> STATE_SHIFT) + 1;
      // One too many stands in a cell of its own.
      return joined > JOINED_MOST ? WIDTH_ONE : (found & 0b111) | (joined << STATE_SHIFT);
    },
  });
  terminal.unicode.activeVersion = VERSION;
}

/** The addon gives its table only to a terminal; this takes the place of one. */
function unicode11(): IUnicodeVersionProvider | null {
  let found: IUnicodeVersionProvider | null = null;
  const register = (provider: IUnicodeVersionProvider) => {
    found = provider;
  };
  new Unicode11Addon().activate({ unicode: { register } } as unknown as Terminal);
  return found;
}
