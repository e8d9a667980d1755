// SPDX-License-Identifier: Apache-2.0
// What has to be so for rendering to count as deaf and mute, and for the test to count as one.

/** What a terminal may say by itself: that it is one, where its cursor is, which settings and colours it has. */
const REPLIES =
  /␛\[[?>=]?[\d;]*[cRnt$y]|␛\[\?[\d;]*\$?[yu]|␛P[01][$+][\w;" ]*␛\\|␛\](?:4;\d+|1[0-2]);rgb:[\da-f/]+(?:␛\\|␇)|␛\[[IO]/giu;

/** What was typed, with the two controls of a terminal's replies as characters that can be read. */
const readable = (typed) =>
  typed.replaceAll(String.fromCharCode(27), "␛").replaceAll(String.fromCharCode(7), "␇");

/** What is wrong; nothing where all is well. */
export function check(report) {
  const wrong = [];
  const { rendered, followed, control, blocked } = report;
  const expect = (holds, what) => {
    if (!holds) wrong.push(what);
  };
  expect(report.quiet === 0, `the sink heard ${report.quiet} requests`);
  expect(
    rendered.seen.requests.length === 0,
    `requests off this origin: ${rendered.seen.requests.slice(0, 5).join(", ")}`,
  );
  expect(
    rendered.seen.violations.length === 0,
    `policy violations: ${rendered.seen.violations.slice(0, 5).join(", ")}`,
  );
  expect(rendered.seen.ran === 0 && rendered.seen.dialogs === 0, "a script of the content ran");
  expect(
    rendered.seen.pages === 0 && rendered.seen.navigations === 0,
    "the page was left, or another one opened",
  );
  expect(
    rendered.seen.errors.length === 0,
    `errors: ${rendered.seen.errors.slice(0, 5).join(" | ")}`,
  );
  expect(
    rendered.clipboard === "untouched",
    `the clipboard became ${JSON.stringify(rendered.clipboard)}`,
  );
  for (const outcome of rendered.outcomes) {
    const where = `${outcome.file}/${outcome.name} in ${outcome.part}`;
    expect(
      outcome.forbidden.length === 0,
      `${where} became ${outcome.forbidden.slice(0, 3).join(" ")}`,
    );
    expect(outcome.hits.length === 0, `${where} was heard: ${outcome.hits[0]?.path}`);
    expect(
      outcome.part === "image" || outcome.part === "terminal" || outcome.pictures > 0 || outcome.text !== "",
      `${where} shows nothing`,
    );
    const typed = readable(outcome.typed).replace(REPLIES, "");
    expect(typed === "", `${where} typed ${JSON.stringify(typed.slice(0, 80))}`);
    expect(!/[\p{Cc}\p{Cf}]/u.test(outcome.title), `${where} has a title with controls`);
  }
  expect(followed.refused === 0, "a link was followed before there was a yes");
  expect(followed.hit?.endsWith("/followed") === true, "a link was not followed after a yes");
  expect(followed.referrer === "" && followed.opener, "the page that a link opens knows this one");
  // The control: what is looked for above is found where rendering is careless. Some of it only HTML does.
  const whole = control.results.html !== undefined;
  expect(
    !whole || (control.seen.ran > 0 && control.seen.dialogs > 0),
    "careless rendering ran no script: the test cannot fail",
  );
  expect(
    !whole || report.heard > 20,
    `careless rendering was heard ${report.heard} times only: the test cannot fail`,
  );
  expect(
    !whole || blocked.seen.violations > 10,
    "careless rendering under the policy broke it too seldom: violations are not seen",
  );
  for (const [file, least] of Object.entries({
    markdown: 8,
    html: 25,
    svg: 5,
    terminal: 2,
    names: 2,
  })) {
    const found = control.results[file];
    if (found)
      expect(
        found.harmed >= least,
        `only ${found.harmed} of ${found.inputs} inputs of ${file} harm a careless page`,
      );
  }
  expect(
    control.held !== false,
    "an order without end does not hold a careless terminal up: that it holds none up here says nothing",
  );
  const own = Object.keys(report.asked).filter(
    (name) => !/^(127\.0\.0\.1$|localhost$|\[?::1)/u.test(name),
  );
  expect(own.length === 0, `names that rendering looked up: ${own.slice(0, 5).join(", ")}`);
  const leaked = Object.keys(report.names).filter((name) => name.startsWith("leak-"));
  expect(
    leaked.length > 0 || !control.results.html,
    "the browser's log has no name that the careless page looked up: names are not seen",
  );
  return wrong;
}

/** What was found, in short. */
export function summary(report, wrong) {
  const { rendered, control, blocked } = report;
  return {
    inputs: report.entries,
    renderings: rendered.outcomes.length,
    offOrigin: rendered.seen.requests.length,
    sinkHits: report.quiet,
    violations: rendered.seen.violations.length,
    scriptsRun: rendered.seen.ran,
    dialogs: rendered.seen.dialogs,
    pagesOpened: rendered.seen.pages,
    clipboard: rendered.clipboard,
    followed: report.followed,
    control: {
      sinkHits: report.heard,
      scriptsRun: control.seen.ran,
      dialogs: control.seen.dialogs,
      harmed: control.results,
      heldUp: control.held,
      violationsUnderThePolicy: blocked.seen.violations,
    },
    names: { rendering: report.asked, all: report.names },
    wrong,
  };
}
