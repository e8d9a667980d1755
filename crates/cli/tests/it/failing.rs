// SPDX-License-Identifier: Apache-2.0
//! Turns that do not solve their task say so and change nothing.

use moat_testkit::{Matcher, Rule};

use crate::support::{Home, RIGHT, always, code, right, snapshot};

#[test]
fn a_candidate_that_never_ends_does_not_cost_the_turn() {
    let endless = code("def total(values):\n    while values:\n        pass\n    return 0");
    let home =
        Home::new(vec![Rule::once(Matcher::Any, endless), Rule::always(Matcher::Any, right())]);
    // Were it run for as long as any command may, the time would be up.
    let done = home.run(["exec", "--max-time", "60", "fix total"]);
    done.code(0).says("ended: its time was over").says("solved");
}

#[test]
fn wrong_candidates_are_not_taken() {
    let cases = [
        ("wrong", "def total(values):\n    return 7"),
        ("breaks another test", "def total(values):\n    return 6"),
        ("not Python", "def total(values:\n    return sum(values)"),
        ("another function", "def other(values):\n    return sum(values)"),
        ("nothing", ""),
    ];
    for (name, text) in cases {
        let home = Home::new(always(code(text)));
        let before = snapshot(&home.project());
        home.run(["exec", "fix total"]).code(1).says("failed  none of");
        assert_eq!(snapshot(&home.project()), before, "{name}");
        home.run(["session", "show"]).code(0).says("pending nothing");
    }
}

#[test]
fn a_candidate_that_breaks_a_test_which_passed_is_not_accepted_even_if_the_check_is_content() {
    let home = Home::new(always(code("def total(values):\n    return 6")));
    // The check reports both tests and takes the failing one alone for its answer.
    let check = "python3 -m unittest -v 2>&1 | tee seen; grep -q 'test_sum.* ok' seen";
    home.run(["exec", "--check", check, "fix total"]).code(1).says("failed  none of");
}

#[test]
fn a_check_that_passes_already_changes_nothing() {
    let home = Home::new(always(right()));
    home.put("calc.py", RIGHT);
    let before = snapshot(&home.project());
    home.run(["exec", "fix total"]).code(0).says("pass");
    assert_eq!(snapshot(&home.project()), before);
    assert!(home.model.requests().is_empty(), "a model was asked for nothing");
}

#[test]
fn without_a_check_the_hint_names_the_option() {
    let home = Home::new(always(right()));
    std::fs::remove_file(home.project().join("test_calc.py")).unwrap();
    home.run(["exec", "fix total"]).code(1).says("--check");
    assert!(home.model.requests().is_empty());
}
