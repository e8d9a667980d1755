// SPDX-License-Identifier: Apache-2.0
// Renders one input of the corpus with the parts that a person sees it in, and says what came of it.

import "@moat/panels/theme.css";
import "@xterm/xterm/css/xterm.css";
import { createSignal, type JSX } from "solid-js";
import { render as mount } from "solid-js/web";
import type { Host } from "@moat/panels/host.ts";
import { Markdown } from "@moat/panels/markdown/index.tsx";
import { ProblemsView } from "@moat/panels/problems/index.tsx";
import { ScmView } from "@moat/panels/scm/index.tsx";
import { Results } from "@moat/panels/search/results.tsx";
import { createSearch } from "@moat/panels/search/state.ts";
import {
  BinaryViewer,
  ImageViewer,
  LargeTextViewer,
  MarkdownPreview,
} from "@moat/panels/viewers/index.tsx";
import { Screen } from "@moat/host-web/terminal/screen.ts";
import { type Deeds, stubHost } from "./host.ts";
import { fallbackOf } from "./settings.ts";

/** What a rendering left behind. */
export interface Outcome {
  text: string;
  links: number;
  pictures: number;
  /** Elements that content must not become, and attributes that a browser acts on by itself. */
  forbidden: string[];
  /** What a terminal sent back by itself, as if somebody had typed it. */
  typed: string;
  title: string;
  confirmed: string[];
}

const FORBIDDEN =
  "script, iframe, object, embed, form, link, meta, base, style, video, audio, svg script, svg image, foreignObject";
const ACTED_ON = [
  "src",
  "srcset",
  "href",
  "xlink:href",
  "action",
  "formaction",
  "background",
  "poster",
  "ping",
  "data",
  "style",
];
const CHUNK = 11;

const stage = document.querySelector<HTMLElement>("#stage") as HTMLElement;
const deeds: Deeds = { confirmed: [], opened: [] };
let yes = false;
let close: () => void = () => undefined;
let typed = "";
let title = "";

const encoder = new TextEncoder();
const toBase64 = (bytes: Uint8Array) =>
  btoa([...bytes].map((byte) => String.fromCharCode(byte)).join(""));

function hostOf(source: string, hostile: string): Host {
  const bytes = encoder.encode(source);
  const svg = encoder.encode(hostile);
  return stubHost(
    (query) => {
      if (query["query"] === "read_part") {
        const all = String(query["path"]).endsWith(".svg") && source !== hostile ? svg : bytes;
        const from = Number(query["offset"]);
        return {
          reply: "part",
          base64: toBase64(all.subarray(from, from + Number(query["length"]))),
        };
      }
      if (query["query"] === "log") {
        return {
          reply: "log",
          commits: [{ id: source, subject: source, author: source, time_s: 1 }],
        };
      }
      return { reply: "done" };
    },
    deeds,
    () => yes,
  );
}

function Growing(props: { host: Host; source: string }): JSX.Element {
  const [text, setText] = createSignal("");
  const [growing, setGrowing] = createSignal(true);
  const step = () => {
    const end = Math.min(
      props.source.length,
      text().length + Math.max(CHUNK, props.source.length >> 6),
    );
    setText(props.source.slice(0, end));
    if (end < props.source.length) queueMicrotask(step);
    else setGrowing(false);
  };
  queueMicrotask(step);
  return (
    <Markdown host={props.host} text={text()} streaming={growing()} onApply={() => undefined} />
  );
}

function Named(props: { host: Host; name: string }): JSX.Element {
  const host: Host = {
    ...props.host,
    git: () => ({
      branch: props.name,
      head: props.name,
      ahead: 1,
      behind: 1,
      changes: [{ path: props.name, from: props.name, staged: "modified", unstaged: "untracked" }],
      truncated: false,
    }),
    problems: () => [
      {
        path: props.name,
        line: 1,
        column: 1,
        severity: "error",
        message: props.name,
        source: props.name,
      },
    ],
  };
  const search = createSearch(host);
  void search
    .start({
      pattern: "x",
      regex: false,
      case: false,
      word: false,
      include: "",
      exclude: "",
      ignored: false,
    })
    .then(() =>
      (host.client as unknown as { tell(news: unknown): void }).tell({
        news: "search_found",
        search: 1,
        hits: [
          { path: props.name, lines: [{ line: 1, text: props.name, matched: [[0, 2]], cut: 0 }] },
        ],
      }),
    );
  const box = (child: JSX.Element) => <div style={{ height: "160px" }}>{child}</div>;
  return (
    <>
      {box(<ScmView host={host} />)}
      {box(<ProblemsView host={host} />)}
      {box(
        <Results
          host={host}
          search={search}
          replacement={() => props.name}
          withText="x"
          onUp={() => undefined}
          ref={() => undefined}
        />,
      )}
    </>
  );
}

function terminal(host: Host, source: string): () => void {
  const screen = new Screen({
    line: {
      write: (data) => (typed += typeof data === "string" ? data : new TextDecoder().decode(data)),
      onData: () => () => undefined,
    },
    options: { allowTransparency: false, fontSize: 13, screenReaderMode: true },
    links: {
      resolve: () => Promise.resolve(null),
      openFile: () => undefined,
      openWeb: (address) => void host.confirm({ title: address, confirm: "" }),
      hover: () => undefined,
      isOpening: (event) => event.ctrlKey,
    },
    onTitle: (next) => (title = next),
    onSize: () => undefined,
    onFocus: () => undefined,
    confirmPaste: () => Promise.resolve(false),
    copyOnSelection: () => fallbackOf("terminal.copyOnSelection"),
    leftOut: () => "",
  });
  screen.element.style.height = "400px";
  stage.append(screen.element);
  screen.open();
  screen.print(encoder.encode(source));
  return () => screen.dispose();
}

function part(kind: string, host: Host, source: string): () => void {
  const length = encoder.encode(source).length;
  const viewer = { host, path: "dir/file", length, image: null };
  switch (kind) {
    case "markdown":
      return mount(() => <Markdown host={host} text={source} onApply={() => undefined} />, stage);
    case "growing":
      return mount(() => <Growing host={host} source={source} />, stage);
    case "preview":
      return mount(
        () => <MarkdownPreview host={host} path="dir/file.md" text={() => source} />,
        stage,
      );
    case "image":
      return mount(
        () => <ImageViewer {...viewer} path="dir/file.svg" image="image/svg+xml" />,
        stage,
      );
    case "large":
      return mount(() => <LargeTextViewer {...viewer} />, stage);
    case "binary":
      return mount(() => <BinaryViewer {...viewer} />, stage);
    case "code":
      return mount(
        () => <Markdown host={host} text={`\`\`\`\`\`json\n${source}\n\`\`\`\`\``} />,
        stage,
      );
    case "names":
      return mount(() => <Named host={host} name={source} />, stage);
    case "terminal":
      return terminal(host, source);
    default:
      throw new Error(`there is no kind ${kind}`);
  }
}

/** What of the stage a browser would act on. Parts of this program have styles and pictures of their own. */
function forbidden(kind: string): string[] {
  const found = [...stage.querySelectorAll(FORBIDDEN)].filter(
    (one) => !(kind === "terminal" && one.tagName === "STYLE"),
  );
  const named = found.map((one) => `<${one.tagName.toLowerCase()}>`);
  for (const element of stage.querySelectorAll("*")) {
    for (const { name, value } of element.attributes) {
      if (name.startsWith("on")) named.push(`${name}=`);
      if (ACTED_ON.includes(name) && name !== "style" && !value.startsWith("data:image/"))
        named.push(`${name}=${value.slice(0, 60)}`);
      if (name === "style" && /url\(|image\(|@import/i.test(value))
        named.push(`style=${value.slice(0, 60)}`);
      if (name === "id" || name === "name") {
        if (value in window && !/^(?:cl-|_)/.test(value)) named.push(`${name}=${value}`);
      }
    }
  }
  return named;
}

declare global {
  interface Window {
    corpus: {
      render(kind: string, source: string, hostile: string): void;
      outcome(kind: string): Outcome;
      answer(to: boolean): void;
    };
  }
}

window.corpus = {
  render(kind, source, hostile) {
    close();
    stage.replaceChildren();
    deeds.confirmed = [];
    typed = "";
    title = "";
    close = part(kind, hostOf(source, hostile), source);
  },
  outcome: (kind) => ({
    text: (stage.textContent ?? "").slice(0, 400),
    links: stage.querySelectorAll("[role=link]").length,
    pictures: stage.querySelectorAll("img").length,
    forbidden: forbidden(kind),
    typed,
    title,
    confirmed: deeds.confirmed,
  }),
  answer(to) {
    yes = to;
  },
};
