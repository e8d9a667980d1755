// SPDX-License-Identifier: Apache-2.0
//! The kinds of work beside a repair, from the task to the kept change.

use std::fs;
use std::process::Command;

use moat_protocol::{CandidateVerdict, Event, Outcome};
use moat_testkit::{Act, Matcher, Rule};

use crate::support::{Ended, Home, RIGHT, WRONG, always, code, right, snapshot};

/// The outcome that `--json` tells of.
fn outcome(done: &Ended) -> Outcome {
    let told = done.events().into_iter().find_map(|envelope| {
        let Event::TurnFinished { outcome, .. } = envelope.event else { return None };
        Some(outcome)
    });
    told.unwrap_or_else(|| panic!("no outcome in {}", done.out))
}

/// Why candidates were rejected.
fn rejections(done: &Ended) -> Vec<String> {
    let judged = done.events().into_iter().filter_map(|envelope| {
        let Event::CandidateJudged { verdict, .. } = envelope.event else { return None };
        let CandidateVerdict::Rejected { reason } = verdict else { return None };
        Some(reason)
    });
    judged.collect()
}

#[test]
fn documentation_is_taken_out_of_an_answer_that_changes_the_code() {
    let answer = code(
        "def total(values, start=0):\n    \"\"\"Gives the sum.\n\n    Args:\n        values: \
         numbers\n    \"\"\"\n    return sum(values)",
    );
    let home = Home::new(always(answer));
    let done = home.run(["exec", "--json", "--keep", "document total"]);
    done.code(0);
    assert!(
        matches!(outcome(&done), Outcome::Unverified { reason } if reason.contains("comments"))
    );
    assert_eq!(home.model.requests().len(), 1);
    let expect = WRONG.replace(
        "    result = 0\n",
        "    \"\"\"Gives the sum.\n\n    Args:\n        values: numbers\n    \"\"\"\n    result = \
         0\n",
    );
    assert_eq!(home.calc(), expect);
    home.run(["session", "undo"]).code(0);
    assert_eq!(home.calc(), WRONG);
}

#[test]
fn documentation_of_rust_goes_above_the_attributes() {
    let source = "pub struct Cart(Vec<u32>);\n\nimpl Cart {\n    /// Old.\n    #[must_use]\n    pub \
                  fn total(&self) -> u32 {\n        self.0.iter().sum()\n    }\n}\n";
    let answer = "Here it is:\n```rust\n/// Gives the sum of all prices.\n///\n/// Zero when it is \
                  empty.\npub fn total(&self) -> u32 {\n    0\n}\n```\n";
    let home = Home::new(always(Act::text(answer)));
    home.put("src/cart.rs", source);
    home.run(["exec", "--keep", "document Cart::total"]).code(0).says("nobody has checked");
    let new = "/// Gives the sum of all prices.\n    ///\n    /// Zero when it is empty.";
    let kept = fs::read_to_string(home.project().join("src/cart.rs")).unwrap();
    assert_eq!(kept, source.replace("/// Old.", new));
}

#[test]
fn answers_without_documentation_are_refused_with_the_reason() {
    let cases = [
        ("no words", "def total(values):\n    return sum(values)", "no documentation of `total`"),
        ("another", "def other(values):\n    \"\"\"Sums.\"\"\"", "no documentation of `total`"),
        ("nothing", "", "no code"),
    ];
    for (name, text, reason) in cases {
        let home = Home::new(always(code(text)));
        let before = snapshot(&home.project());
        let done = home.run(["exec", "--json", "--keep", "document total"]);
        done.code(1);
        assert!(matches!(outcome(&done), Outcome::NotSolved { .. }), "{name}");
        let rejected = rejections(&done);
        assert!(rejected.iter().any(|told| told.contains(reason)), "{name}: {rejected:?}");
        assert_eq!(snapshot(&home.project()), before, "{name}");
    }
}

#[test]
fn an_explanation_is_the_answer_and_changes_nothing() {
    let home = Home::new(always(Act::text("It subtracts\x1b[2J every value.")));
    let before = snapshot(&home.project());
    let done = home.run(["exec", "--json", "--keep", "explain total"]);
    done.code(0);
    let text = "It subtracts\x1b[2J every value.".to_owned();
    assert_eq!(outcome(&done), Outcome::Answered { text });
    let shown = home.run(["exec", "explain total"]);
    shown.code(0).says("every value.");
    assert!(!shown.out.contains('\x1b'), "{:?}", shown.out);
    assert_eq!(snapshot(&home.project()), before);
    let asked = home.model.requests()[0].json().to_string();
    assert!(asked.contains("result -= value"), "{asked}");
}

#[test]
fn what_has_no_name_in_the_workspace_is_not_asked_about() {
    let home = Home::new(always(right()));
    for task in ["explain frobnicate()", "document frobnicate()"] {
        home.run(["exec", task]).code(1).says("has a name that the task mentions");
    }
    assert!(home.model.requests().is_empty());
}

#[test]
fn a_commit_message_is_written_from_the_difference() {
    let home = Home::new(always(Act::text("Sum values\n\nThey were subtracted.\n")));
    let git = |arguments: &[&str]| {
        let mut command = Command::new("git");
        command.args(["-c", "user.name=n", "-c", "user.email=e@localhost"]).args(arguments);
        home.enter(&mut command);
        let done = command.output().unwrap();
        assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
    };
    home.run(["exec", "write a commit message"]).code(1).says("is this a git repository");
    git(&["init", "-q"]);
    git(&["add", "."]);
    git(&["commit", "-q", "-m", "first"]);
    home.run(["exec", "write a commit message"]).code(1).says("no changes since the last commit");
    assert!(home.model.requests().is_empty());

    home.put("calc.py", WRONG.replace("-=", "+="));
    let before = snapshot(&home.project());
    let done = home.run(["exec", "--json", "write a commit message"]);
    done.code(0);
    let text = "Sum values\n\nThey were subtracted.".to_owned();
    assert_eq!(outcome(&done), Outcome::Answered { text });
    let asked = home.model.requests()[0].json().to_string();
    assert!(asked.contains("+        result += value"), "{asked}");
    assert!(!asked.contains("New files"), "{asked}");
    assert_eq!(snapshot(&home.project()), before, "git touched the tree");

    // What git does not track is part of the change, what it ignores is not.
    home.put(".gitignore", "secret.txt\n");
    home.put("secret.txt", "hidden\n");
    home.put("deep/fresh.py", "def fresh():\n    return 1\n");
    home.put("long.txt", "many words\n".repeat(5000));
    let before = snapshot(&home.project());
    home.run(["exec", "write a commit message"]).code(0);
    let asked = home.model.requests()[1].json().to_string();
    let parts = ["+        result += value", "create mode 100644 deep/fresh.py", "+def fresh():"];
    for part in parts.into_iter().chain(["create mode 100644 long.txt"]) {
        assert!(asked.contains(part), "{part}: {asked}");
    }
    assert!(asked.len() < 12_000 && !asked.contains("hidden"), "{asked}");
    assert_eq!(snapshot(&home.project()), before, "git touched the tree");
    // New files alone are a change, too.
    home.put("calc.py", WRONG);
    home.run(["exec", "write a commit message"]).code(0);
    let asked = home.model.requests()[2].json().to_string();
    assert!(asked.contains("+def fresh():") && !asked.contains("The change:"), "{asked}");
}

#[test]
fn a_repository_that_names_a_program_for_differences_does_not_run_it() {
    let home = Home::new(always(Act::text("Change")));
    home.put("run.sh", "#!/bin/sh\ntouch /tmp/never ran\necho hijacked\n");
    let git = |arguments: &[&str]| {
        let mut command = Command::new("git");
        command.args(["-c", "user.name=n", "-c", "user.email=e@localhost"]).args(arguments);
        home.enter(&mut command);
        assert!(command.output().unwrap().status.success());
    };
    git(&["init", "-q"]);
    git(&["add", "."]);
    git(&["commit", "-q", "-m", "first"]);
    git(&["config", "diff.external", "sh run.sh"]);
    home.put("calc.py", WRONG.replace("-=", "+="));
    home.run(["exec", "write a commit message"]).code(0);
    let asked = home.model.requests()[0].json().to_string();
    assert!(!asked.contains("hijacked"), "{asked}");
}

#[test]
fn an_empty_answer_is_no_explanation() {
    let home = Home::new(vec![Rule::always(Matcher::Any, Act::text("  \n"))]);
    home.run(["exec", "explain total"]).code(1).says("said nothing");
}

const TRIPLE: &str = "def triple(value):\n    return 3 * value";
const TRIPLE_TESTS: &str = "import unittest\nfrom your_module import triple\n\ndef triple(value):\n    \
                            return 3 * value\n\nclass TripleTest(unittest.TestCase):\n    def \
                            test_two(self):\n        self.assertEqual(triple(2), 6)\n";

/// A script that tells the request for tests from the one for the function.
fn writes(functions: &[&str], tests: &str) -> Vec<Rule> {
    let mut rules = vec![Rule::always(Matcher::Contains("five tests".into()), code(tests))];
    let (last, first) = functions.split_last().unwrap();
    rules.extend(first.iter().map(|text| Rule::once(Matcher::Any, code(text))));
    rules.push(Rule::always(Matcher::Any, code(last)));
    rules
}

#[test]
fn a_function_and_its_tests_are_written_and_the_outcome_says_what_judged_them() {
    let wrong = "def triple(value):\n    return value\n\ndef double(value):\n    return 0";
    let home = Home::new(writes(&[wrong, TRIPLE], TRIPLE_TESTS));
    home.put("calc.py", RIGHT);
    let before = snapshot(&home.project());
    let done = home.run(["exec", "--json", "--keep", "write a function triple(value) in calc.py"]);
    done.code(0);
    let Outcome::Unverified { reason } = outcome(&done) else { panic!("{}", done.out) };
    assert!(reason.contains("same model") && reason.contains("passes with it"), "{reason}");
    assert_eq!(home.calc(), format!("{RIGHT}\n\n{TRIPLE}\n"), "what it had stays as it was");
    let tests = fs::read_to_string(home.project().join("test_calc_triple.py")).unwrap();
    let expect = "import unittest\n\nfrom calc import triple\n\n\nclass \
                  TripleTest(unittest.TestCase):\n    def test_two(self):\n        \
                  self.assertEqual(triple(2), 6)\n";
    assert_eq!(tests, expect, "the copy of the function and the made-up module are gone");
    home.run(["session", "undo"]).code(0);
    assert_eq!(snapshot(&home.project()), before);
}

#[test]
fn a_check_that_lacked_the_function_is_proof() {
    let home = Home::new(writes(&[TRIPLE], "no tests are asked for"));
    home.put("calc.py", format!("{RIGHT}\n\ndef triple(value):\n    raise NotImplementedError\n"));
    let calls = "    def test_triple(self):\n        import calc\n        \
                 self.assertEqual(calc.triple(2), 6)\n";
    home.put("test_calc.py", format!("{}\n{calls}", crate::support::TESTS));
    let done = home.run(["exec", "--json", "--keep", "implement triple"]);
    done.code(0);
    assert_eq!(outcome(&done), Outcome::Solved);
    assert_eq!(home.model.requests().len(), 1);
    assert_eq!(home.calc(), format!("{RIGHT}\n\n{TRIPLE}\n"));
    assert!(!home.project().join("test_calc_triple.py").exists());
}

#[test]
fn a_new_file_gets_its_tests_and_node_runs_them() {
    let function = "```js\nexport function triple(value) {\n  return 3 * value;\n}\n```";
    let tests = "```js\nimport test from 'node:test';\nimport assert from 'assert';\nimport triple \
                 from 'triple';\n\ntest('two', () => {\n  assert.equal(triple(2), 6);\n});\n```";
    let home = Home::new(vec![
        Rule::always(Matcher::Contains("five tests".into()), Act::text(tests)),
        Rule::always(Matcher::Any, Act::text(function)),
    ]);
    for name in ["calc.py", "test_calc.py"] {
        fs::remove_file(home.project().join(name)).unwrap();
    }
    let done = home.run(["exec", "--keep", "write function triple(value) in triple.mjs"]);
    done.code(0).says("same model");
    let written = fs::read_to_string(home.project().join("triple.mjs")).unwrap();
    assert_eq!(written, "export function triple(value) {\n  return 3 * value;\n}\n");
    let tests = fs::read_to_string(home.project().join("triple.test.mjs")).unwrap();
    assert!(tests.contains("import { triple } from './triple.mjs';"), "{tests}");
    assert!(!tests.contains("from 'triple'"), "{tests}");
}

#[test]
fn where_no_custom_is_known_the_function_comes_alone_and_that_is_said() {
    let answer = "```c\nint triple(int value) {\n    return 3 * value;\n}\n```";
    let home = Home::new(always(Act::text(answer)));
    for name in ["calc.py", "test_calc.py"] {
        fs::remove_file(home.project().join(name)).unwrap();
    }
    home.put("calc.c", "int one(void) {\n    return 1;\n}\n");
    let done = home.run(["exec", "--json", "--keep", "write int triple(int value) in calc.c"]);
    done.code(0);
    let Outcome::Unverified { reason } = outcome(&done) else { panic!("{}", done.out) };
    assert!(reason.contains("not known") && reason.contains("syntax"), "{reason}");
    let written = fs::read_to_string(home.project().join("calc.c")).unwrap();
    let expect = "int one(void) {\n    return 1;\n}\n\nint triple(int value) {\n    return 3 * \
                  value;\n}\n";
    assert_eq!(written, expect);
    assert_eq!(home.model.requests().len(), 1);
}

#[test]
fn functions_and_tests_that_do_not_agree_are_not_taken() {
    let fails = TRIPLE_TESTS.replace("6)", "7)");
    let none = "class TripleTest:\n    pass\n";
    let idle =
        "import unittest\nclass T(unittest.TestCase):\n    def test_a(self):\n        pass\n";
    let breaks = "import sys\nsys.exit(1)\ndef triple(value):\n    return 3 * value\n";
    let cases = [
        ("tests that fail", TRIPLE, fails.as_str(), "written"),
        ("no tests", TRIPLE, none, "holds no test"),
        ("tests of nothing", TRIPLE, idle, "no test uses `triple`"),
        ("a wrong function", "def triple(value):\n    return value", TRIPLE_TESTS, ""),
        (
            "another function",
            "def other(value):\n    return value",
            TRIPLE_TESTS,
            "does not define",
        ),
        ("an empty function", "def triple(value):\n    pass", TRIPLE_TESTS, "not complete"),
        ("no code", "", "", "no code"),
        ("an import that ends the program", breaks, "", ""),
    ];
    for (name, function, tests, reason) in cases {
        let home = Home::new(writes(&[function], tests));
        home.put("calc.py", RIGHT);
        let before = snapshot(&home.project());
        let done = home.run(["exec", "--json", "--keep", "write triple(value) in calc.py"]);
        if name == "an import that ends the program" {
            // Only the function is taken; what stands around it is not.
            assert!(!home.calc().contains("exit"), "{}", done.out);
            continue;
        }
        done.code(1);
        let rejected = rejections(&done);
        let told = reason == "written" || reason.is_empty();
        assert!(told || rejected.iter().any(|one| one.contains(reason)), "{name}: {rejected:?}");
        assert!(matches!(outcome(&done), Outcome::NotSolved { .. }), "{name}");
        assert_eq!(snapshot(&home.project()), before, "{name}");
    }
}

#[test]
fn a_task_that_names_no_function_is_asked_for_one() {
    let home = Home::new(always(right()));
    home.put("other.py", "x = 1\n");
    home.run(["exec", "write something useful"]).code(1).says("which function to write");
    assert!(home.model.requests().is_empty());
}
