// SPDX-License-Identifier: Apache-2.0
// Conditions of key bindings: names, `!`, `==`, `!=`, `&&`, `||` and brackets, as VS Code
// writes them. What cannot be read never holds.

/** What a name stands for. */
export type Context = (name: string) => boolean | string | null | undefined;

type Test = (context: Context) => boolean;

const TOKEN = /\s*(&&|\|\||==|!=|!|\(|\)|'[^']*'|[\w.:-]+)/y;

const parsed = new Map<string, Test>();

/** Whether a condition holds; nothing always does. */
export function holds(when: string | undefined, context: Context): boolean {
  if (!when) return true;
  let test = parsed.get(when);
  if (!test) {
    test = parse(when);
    parsed.set(when, test);
  }
  return test(context);
}

function tokens(text: string): string[] | null {
  const out: string[] = [];
  TOKEN.lastIndex = 0;
  while (TOKEN.lastIndex < text.trimEnd().length) {
    const found = TOKEN.exec(text);
    if (!found?.[1]) return null;
    out.push(found[1]);
  }
  return out;
}

function parse(text: string): Test {
  const never: Test = () => false;
  const all = tokens(text);
  if (!all) return never;
  let at = 0;
  const either = (): Test | null => {
    let left = both();
    while (left && all[at] === "||") {
      at++;
      const [before, after]: [Test, Test | null] = [left, both()];
      left = after && ((context) => before(context) || after(context));
    }
    return left;
  };
  const both = (): Test | null => {
    let left = one();
    while (left && all[at] === "&&") {
      at++;
      const [before, after]: [Test, Test | null] = [left, one()];
      left = after && ((context) => before(context) && after(context));
    }
    return left;
  };
  const one = (): Test | null => {
    const token = all[at++];
    if (token === undefined) return null;
    if (token === "!") {
      const inner = one();
      return inner && ((context) => !inner(context));
    }
    if (token === "(") {
      const inner = either();
      return all[at++] === ")" ? inner : null;
    }
    if (!/^[\w.:-]+$/.test(token)) return null;
    const how = all[at];
    if (how !== "==" && how !== "!=") return (context) => Boolean(context(token));
    const wanted = (all[at + 1] ?? "").replace(/^'|'$/g, "");
    at += 2;
    return (context) => (String(context(token) ?? "") === wanted) === (how === "==");
  };
  const test = either();
  return test && at === all.length ? test : never;
}
