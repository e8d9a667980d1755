// SPDX-License-Identifier: Apache-2.0
// Makes the workspace that the false server shows: the demo in a repository, with changes,
// and on request very many files.

import { execFileSync } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const DEMO = fileURLToPath(new URL("../../../demo", import.meta.url));
const PER_DIRECTORY = 200;

const PNG =
  "iVBORw0KGgoAAAANSUhEUgAAABAAAAAQCAIAAACQkWg2AAAAGUlEQVR4nGNgYPhPIhrVMKphVMOohuGrAQDBuP8BV5kPWgAAAABJRU5ErkJggg==";

const SESSION_TS = `import { Store } from "./store";

/** How long a session lives without being used. */
const MAX_AGE_MS = 8 * 3_600_000;

export interface Session {
  id: string;
  user: string;
  createdAt: number;
}

/** Opens a session for a user, re-using the live one if there is one. */
export function openSession(store: Store, user: string): Session {
  const live = store.find(user);
  if (live && ageMs(live) < MAX_AGE_MS) {
    return live;
  }
  const session: Session = { id: crypto.randomUUID(), user, createdAt: Date.now() };
  store.put(session);
  return session;
}

export function describe(session: Session): string {
  return \`\${session.user} is here since \${new Date(session.createdAt).toISOString()}\`;
}

export function ageMs(session: Session): number {
  return Date.now() - session.createdAt;
}
`;

const STORE_TS = `import type { Session } from "./session";

export class Store {
  readonly #byUser = new Map<string, Session>();

  find(user: string): Session | undefined {
    return this.#byUser.get(user);
  }

  put(session: Session): void {
    this.#byUser.set(session.user, session);
  }
}
`;

/** Makes it. Gives its directory. */
export async function makeWorkspace({ many = 0 } = {}) {
  const root = join(mkdtempSync(join(tmpdir(), "moat-fake-")), "tally");
  cpSync(DEMO, root, { recursive: true });
  const put = (path, content) => {
    mkdirSync(join(root, path, ".."), { recursive: true });
    writeFileSync(join(root, path), content);
  };
  put("web/src/server/session.ts", SESSION_TS);
  put("web/src/server/store.ts", STORE_TS);
  put("web/package.json", '{\n  "name": "tally-web",\n  "private": true\n}\n');
  put("docs/pictures/logo.png", Buffer.from(PNG, "base64"));
  put("docs/windows.txt", "one\r\ntwo\r\nthree\r\n");
  put("docs/mixed.txt", "one\r\ntwo\nthree\r\nfour\n");
  put("docs/sizes.bin", Buffer.from(Array.from({ length: 600 }, (_, at) => (at * 7) % 256)));
  put(".gitignore", "build/\n__pycache__/\n*.log\n");
  put("build/tally.log", "built\n");
  const run = (...words) =>
    execFileSync("git", ["-c", "user.name=Ada", "-c", "user.email=ada@example.org", ...words], {
      cwd: root,
      stdio: "pipe",
    });
  for (let at = 0; at < many; at += PER_DIRECTORY) {
    const directory = `many/${String(Math.floor(at / 10000)).padStart(2, "0")}/d${at / PER_DIRECTORY}`;
    mkdirSync(join(root, directory), { recursive: true });
    for (let each = at; each < Math.min(many, at + PER_DIRECTORY); each++)
      writeFileSync(join(root, directory, `file_${each}.py`), `VALUE = ${each}\n`);
  }
  run("init", "-q", "-b", "main");
  run("add", "-A");
  run("commit", "-q", "-m", "Split what friends spend together");
  run("branch", "receipts");
  put("tally/report.py", `# Rendered for a terminal of 80 columns.\n${readDemo("tally/report.py")}`);
  put("docs/notes.md", NOTES);
  run("add", "tally/report.py");
  return root;
}

const NOTES = `# Notes

The ledger keeps **whole cents**; see [money.py](../tally/money.py).

- [x] Read a ledger
- [ ] Write amounts with two digits

| Person | Owed |
| ------ | ---: |
| Ada    | 12.05 |
| Bo     | -3.50 |

\`\`\`python
def split_amount(cents, count):
    share, rest = divmod(cents, count)
\`\`\`

![](https://example.org/tracker.png)
<script>alert(1)</script>
`;

function readDemo(path) {
  return execFileSync("cat", [join(DEMO, path)]).toString();
}
