// SPDX-License-Identifier: Apache-2.0
// docs/keys.md is what the tables of commands say; `npx vitest run keys-page -u` writes it.

import { format } from "@moat/panels/i18n.ts";
import { en } from "@moat/panels/locales/en.ts";
import { expect, it } from "vitest";
import { EDITOR_KEYS, keysOfEditor } from "../src/commands/editor-keys.ts";
import { type CommandEntry, TABLE } from "../src/commands/table.ts";
import { parseKeys, showKeys } from "../src/keys/parse.ts";

const HEAD = `# Keys

Every command of the page that has keys at first, made from the page's own tables and compared with them by the tests. A command
that VS Code has too has its name, and its keys of Windows or Linux where it has any there; names that begin with \`moat.\` are
Moat's own. Where several keys are named, the later ones are there because a browser may keep the first to itself.

All of them, and those of commands that have none yet, are changed in the settings (Ctrl+K Ctrl+S). A key that is taken from a
command of the editor is taken from the editor too. On a Mac, Command stands for Ctrl where VS Code has it so.
`;

const strokes = (keys: string) =>
  `\`${showKeys(parseKeys(keys, false) ?? [], false).replaceAll("`", "Backquote")}\``;
const all = (keys: string | string[]) => [keys].flat().map(strokes).join(", ");

function page(): string {
  const lines = [HEAD, "## The workbench\n", "| Command | Name | Keys |", "|---|---|---|"];
  for (const entry of TABLE as readonly CommandEntry[])
    if (entry.keys !== undefined)
      lines.push(`| ${format(en[entry.title])} | \`${entry.id}\` | ${all(entry.keys)} |`);
  lines.push(
    "",
    "## The editor\n",
    "They count while the cursor is in a text; what is asked besides stands behind them.\n",
  );
  lines.push("| Name | Keys | When |", "|---|---|---|");
  for (const [id, keys] of Object.entries(EDITOR_KEYS)) {
    const when = keysOfEditor(id).when.replace(/^editorTextFocus( && )?/, "");
    lines.push(`| \`${id}\` | ${all(keys)} | ${when === "" ? "" : `\`${when}\``} |`);
  }
  return `${lines.join("\n")}\n`;
}

it("says what the tables say", async () => {
  const entries: CommandEntry[] = [...TABLE];
  for (const keys of [
    ...entries.flatMap((each) => each.keys ?? []),
    ...Object.values(EDITOR_KEYS).flat(),
  ])
    expect(parseKeys(keys), keys).not.toBeNull();
  await expect(page()).toMatchFileSnapshot("../../../../docs/keys.md");
});
