// SPDX-License-Identifier: Apache-2.0
// The search view: what is looked for across the workspace, what was found, and replacing it.

import {
  Match,
  Show,
  Switch,
  createMemo,
  createSignal,
  onCleanup,
  onMount,
  type JSX,
} from "solid-js";
import type { Host } from "../host.ts";
import { Empty, ErrorBox, IconButton, PanelHead, ProgressLine } from "../ui/index.ts";
import { SearchFields } from "./fields.tsx";
import { replacer, type Fields } from "./model.ts";
import { Results, type ResultsHandle } from "./results.tsx";
import { createSearch, type Search } from "./state.ts";
import "./search.css";

const PAUSE_MS = 300;
const MEMORY = "search.fields";

/** What another view may ask of the search: words to look for, and where. */
export interface SearchRequest {
  pattern?: string;
  include?: string;
  replace?: boolean;
}

const EMPTY: Fields = {
  pattern: "",
  regex: false,
  case: false,
  word: false,
  include: "",
  exclude: "",
  ignored: false,
};

/** The search view. */
export function SearchView(props: { host: Host }): JSX.Element {
  const { host } = props;
  const search = createSearch(host);
  const [fields, setFields] = createSignal<Fields>({
    ...EMPTY,
    ...host.memory.get<Partial<Fields>>(MEMORY, {}),
  });
  const [withText, setWith] = createSignal("");
  const [replacing, setReplacing] = createSignal(false);
  const [detailed, setDetailed] = createSignal(fields().include !== "" || fields().exclude !== "");
  let timer: ReturnType<typeof setTimeout> | undefined;
  let input: HTMLInputElement | undefined;
  let results: ResultsHandle | undefined;

  const begin = () => {
    clearTimeout(timer);
    host.memory.set(MEMORY, fields());
    void search.start(withSmartCase(host, fields()));
  };
  const change = (what: Partial<Fields>) => {
    setFields({ ...fields(), ...what });
    clearTimeout(timer);
    timer = setTimeout(begin, PAUSE_MS);
  };
  onCleanup(() => clearTimeout(timer));

  const show = (request: SearchRequest) => {
    const selected = host.selection()?.text ?? "";
    const words = request.pattern ?? (selected.includes("\n") ? "" : selected);
    if (request.replace !== undefined) setReplacing(request.replace);
    if (request.include !== undefined) {
      setFields({ ...fields(), include: request.include });
      setDetailed(true);
    }
    if (words !== "") change({ pattern: words });
    input?.focus();
    input?.select();
  };
  const all = () => [...search.results().files.keys()];
  const replaceAll = () => void search.replace(withText(), all());
  const replacement = createMemo(() => {
    const spec = search.spec();
    return replacing() && spec !== null ? replacer(spec, withText()) : null;
  });
  onMount(() => {
    const stops = [
      host.commands.register({
        id: "workbench.action.findInFiles",
        title: "search.command.find",
        keybinding: "mod+shift+f",
        run: (args) => {
          host.openView("search");
          show((args as SearchRequest | undefined) ?? {});
        },
      }),
      host.commands.register({
        id: "workbench.action.replaceInFiles",
        title: "search.command.replace",
        keybinding: "mod+shift+h",
        run: () => {
          host.openView("search");
          show({ replace: true });
        },
      }),
      host.commands.register({
        id: "search.action.focusNextSearchResult",
        title: "search.command.next",
        keybinding: "f4",
        run: () => results?.go(1),
      }),
      host.commands.register({
        id: "search.action.focusPreviousSearchResult",
        title: "search.command.previous",
        keybinding: "shift+f4",
        run: () => results?.go(-1),
      }),
    ];
    onCleanup(() => stops.forEach((stop) => stop()));
  });
  return (
    <div
      class="search"
      onKeyDown={(event) => {
        if (event.key === "Escape" && search.standing() === "running") void search.stop();
      }}
    >
      <PanelHead
        title={host.t("search.title")}
        actions={
          <>
            <IconButton
              icon="refresh"
              label={host.t("search.again")}
              disabled={fields().pattern === ""}
              onClick={begin}
            />
            <IconButton
              icon="close"
              label={host.t("search.clear")}
              disabled={search.standing() === "idle"}
              onClick={() => {
                search.clear();
                setFields({ ...fields(), pattern: "" });
                input?.focus();
              }}
            />
            <IconButton
              icon="collapse"
              label={host.t("search.collapse")}
              disabled={search.results().files.size === 0}
              onClick={() => results?.collapseAll()}
            />
          </>
        }
      />
      <ProgressLine active={search.standing() === "running"} />
      <SearchFields
        host={host}
        fields={fields()}
        withText={withText()}
        replacing={replacing()}
        detailed={detailed()}
        canReplace={search.results().files.size > 0 && search.standing() !== "running"}
        onChange={change}
        onWith={setWith}
        onReplacing={setReplacing}
        onDetailed={setDetailed}
        onSearch={begin}
        onReplaceAll={replaceAll}
        onDown={() => results?.focus()}
        ref={(element) => (input = element)}
      />
      <Summary host={host} search={search} />
      <Switch>
        <Match when={search.failure()}>{(report) => <ErrorBox report={report()} />}</Match>
        <Match when={search.standing() === "idle"}>
          <Empty
            icon="search"
            title={host.t("search.idle")}
            detail={host.t("search.idle.detail")}
          />
        </Match>
      </Switch>
      <div class="search-list" hidden={search.results().files.size === 0}>
        <Results
          host={host}
          search={search}
          replacement={replacement()}
          withText={withText()}
          onUp={() => input?.focus()}
          ref={(handle) => (results = handle)}
        />
      </div>
    </div>
  );
}

function Summary(props: { host: Host; search: Search }): JSX.Element {
  const { host, search } = props;
  const text = () => {
    const { files, matches } = search.results();
    const running = search.standing() === "running";
    if (matches > 0) {
      const places = host.t("search.matches", { count: matches });
      return host.t("search.summary", {
        places,
        files: host.t("search.files", { count: files.size }),
      });
    }
    if (running) return host.t("search.running");
    return search.standing() === "ended"
      ? host.t("search.nothing", { count: search.looked() })
      : "";
  };
  return (
    <div class="search-summary" role="status">
      <span class="search-summary-text">{text()}</span>
      <Show when={search.standing() === "running"}>
        <button type="button" class="search-cancel" onClick={() => void search.stop()}>
          {host.t("search.cancel")}
        </button>
      </Show>
      <Show when={search.truncated()}>
        <p class="search-note">{host.t("search.truncated")}</p>
      </Show>
    </div>
  );
}

/** With smart case, words in small letters match any case, as many editors have it. */
function withSmartCase(host: Host, fields: Fields): Fields {
  if (!host.settings.get("search.smartCase") || fields.case || fields.regex) return fields;
  return { ...fields, case: fields.pattern !== fields.pattern.toLowerCase() };
}
