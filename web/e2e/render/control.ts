// SPDX-License-Identifier: Apache-2.0
// The control run: renders the same inputs as a careless program would, as HTML and with everything allowed. What the test
// looks for has to be found here; otherwise the test could not fail.

import { Terminal } from "@xterm/xterm";
import MarkdownIt from "markdown-it";

const stage = document.querySelector<HTMLElement>("#stage") as HTMLElement;
const careless = new MarkdownIt({ html: true, linkify: true });
careless.validateLink = () => true;
let typed = "";

declare global {
  interface Window {
    control: { render(kind: string, source: string): void; typed(): string };
  }
}

window.control = {
  render(kind, source) {
    typed = "";
    if (kind === "terminal") {
      const terminal = new Terminal({
        windowOptions: {
          getWinTitle: true,
          getIconTitle: true,
          getWinSizePixels: true,
          getWinPosition: true,
        },
      });
      stage.replaceChildren();
      terminal.open(stage);
      terminal.onData((data) => {
        typed += data;
      });
      terminal.onTitleChange((title) => {
        document.title = title;
      });
      // xterm gives no title back of itself; a program that answers as old terminals did is made of three lines.
      let title = "";
      terminal.parser.registerOscHandler(0, (data) => {
        title = data;
        return false;
      });
      terminal.parser.registerCsiHandler({ final: "t" }, (parameters) => {
        if (parameters[0] === 21) typed += `\u001b]l${title}\u001b\\`;
        return false;
      });
      terminal.parser.registerOscHandler(52, (data) => {
        typed += atob((data.split(";")[1] ?? "").replace("?", ""));
        return true;
      });
      terminal.write(source);
      return;
    }
    stage.innerHTML = kind === "markdown" ? careless.render(source) : source;
    // Scripts in HTML that is set do not run by themselves; careless programs help them to.
    for (const old of stage.querySelectorAll("script")) {
      const script = document.createElement("script");
      for (const { name, value } of old.attributes) script.setAttribute(name, value);
      script.textContent = old.textContent;
      old.replaceWith(script);
    }
  },
  typed: () => typed,
};
