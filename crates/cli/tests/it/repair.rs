// SPDX-License-Identifier: Apache-2.0
//! A repair from the task to the kept change, and back.

use std::fs;

use moat_protocol::{CandidateVerdict, Event, Outcome, SessionSummary, Standing};
use moat_testkit::{Act, Matcher, Rule};

use crate::support::{Home, RIGHT, WRONG, always, code, right, snapshot};

#[test]
fn a_repair_stays_in_the_session_until_it_is_kept_and_can_be_undone() {
    let home = Home::new(always(right()));
    let before = snapshot(&home.project());
    home.run(["exec", "fix total"]).code(0).says("solved").says("moat session keep");
    assert_eq!(snapshot(&home.project()), before, "the tree is touched before anything is kept");
    home.run(["session", "list"]).code(0).says("solved").says("fix total");
    home.run(["session", "show"])
        .code(0)
        .says("task    fix total")
        .says("try 1   total in calc.py: passes")
        .says("solved")
        .says("hunk 1");

    home.run(["session", "keep"]).code(0);
    assert_eq!(home.calc(), RIGHT);
    assert_eq!(snapshot(&home.project()).len(), before.len(), "a phantom file");
    home.run(["session", "show"]).code(0).says("pending nothing");

    home.run(["session", "undo"]).code(0);
    assert_eq!(snapshot(&home.project()), before, "undo did not restore every byte");
}

#[test]
fn keep_writes_the_change_at_once_and_json_lines_are_events() {
    let home = Home::new(always(right()));
    let done = home.run(["exec", "--json", "--keep", "fix total"]);
    done.code(0);
    assert_eq!(home.calc(), RIGHT);
    assert_eq!(done.err, "");
    let events = done.events();
    let numbers: Vec<u64> = events.iter().map(|envelope| envelope.sequence).collect();
    assert!(numbers.is_sorted_by(|one, next| one + 1 == *next), "{numbers:?}");
    assert!(matches!(events.first().unwrap().event, Event::SessionOpened { .. }));
    let finished = |event: &Event| {
        matches!(event, Event::TurnFinished { outcome: Outcome::Solved, evidence }
            if evidence.requests == 1 && evidence.candidates == 1)
    };
    assert!(events.iter().any(|envelope| finished(&envelope.event)));
    let kept = events.iter().any(|envelope| matches!(envelope.event, Event::Kept { .. }));
    assert!(kept, "{}", done.out);
}

#[test]
fn of_two_answers_that_pass_the_one_that_changes_less_is_taken() {
    let wrong = code("def total(values):\n    return 7");
    let fenced = |body: &str| format!("```python\ndef total(values):\n{body}\n```");
    let large = fenced(
        "    found = 0\n    for one in values:\n        found = found + one\n    answer = found\n    \
         return answer",
    );
    let small = fenced(
        "    result = 0\n    for value in values:\n        result += value\n    return result",
    );
    let home = Home::new(vec![
        Rule::once(Matcher::Any, wrong.clone()),
        Rule::once(Matcher::Any, wrong),
        Rule::always(Matcher::Any, Act::Texts(vec![large, small])),
    ]);
    let done = home.run(["exec", "--json", "--keep", "fix total"]);
    done.code(0);
    assert_eq!(home.calc(), WRONG.replace("-=", "+="));
    let passed = done.events().into_iter().filter(|envelope| {
        let Event::CandidateJudged { verdict, .. } = &envelope.event else { return false };
        matches!(verdict, CandidateVerdict::Passed { .. })
    });
    assert_eq!(passed.count(), 1, "the larger one is not run");
}

#[test]
fn when_none_passes_the_best_is_named_and_not_applied() {
    let answer = |value| format!("```python\ndef total(values):\n    return {value}\n```");
    let home = Home::new(always(Act::Texts(vec![answer(7), answer(0)])));
    let before = snapshot(&home.project());
    let done = home.run(["exec", "--keep", "fix total"]);
    done.code(1).says("the best one still failed 1 of 3");
    done.says("nearest").says("`total` in calc.py, 5 lines changed: fails 1 of 3 tests");
    assert_eq!(snapshot(&home.project()), before);
    home.run(["session", "show"])
        .code(0)
        .says("nearest")
        .says("5 lines changed")
        .says("pending nothing");
}

#[test]
fn without_keep_the_json_stream_ends_with_the_turn() {
    let home = Home::new(always(right()));
    let done = home.run(["exec", "--json", "fix total"]);
    done.code(0);
    assert!(matches!(done.last_event(), Event::TurnFinished { outcome: Outcome::Solved, .. }));
    assert_eq!(home.calc(), WRONG);
    let listed = home.run(["session", "list", "--json"]);
    let summary: SessionSummary = serde_json::from_str(listed.out.trim()).unwrap();
    assert_eq!((summary.standing, summary.kept), (Standing::Solved, false));
    assert_eq!(summary.task.as_deref(), Some("fix total"));
    assert_eq!(summary.workspace, home.project().canonicalize().unwrap().to_str().map(Into::into));
    assert!(summary.written >= summary.begun && summary.begun.is_some());
    let shown = home.run(["session", "show", "--json"]);
    shown.code(0);
    for line in shown.out.lines() {
        let record: serde_json::Value = serde_json::from_str(line).unwrap();
        assert!(record["kind"].is_string(), "{line}");
    }
}

#[test]
fn changes_are_kept_by_hunk_and_by_path() {
    let home = Home::new(always(code(
        "def total(values):\n    result = 0\n    for value in values:\n        result += value\n    \
         return result",
    )));
    home.run(["exec", "fix total"]).code(0);
    home.run(["session", "keep", "--hunk", "calc.py:9"])
        .code(2)
        .reports("no hunk 9", "session show");
    home.run(["session", "keep", "--hunk", "calc.py"])
        .code(2)
        .reports("does not name hunks", "PATH:1,3");
    home.run(["session", "keep", "--path", "../outside"])
        .code(2)
        .reports("not a path of the workspace", "moat session show");
    assert_eq!(home.calc(), WRONG);
    home.run(["session", "keep", "--hunk", "calc.py:1"]).code(0);
    assert_eq!(home.calc(), WRONG.replace("-=", "+="));
    home.run(["session", "undo"]).code(0);
    assert_eq!(home.calc(), WRONG);
    home.run(["session", "keep", "--path", "calc.py"]).code(0);
    assert_eq!(home.calc(), WRONG.replace("-=", "+="));
}

#[test]
fn one_of_two_hunks_is_kept_and_the_other_dropped() {
    let filler: String = (0..12).map(|number| format!("    step_{number} = {number}\n")).collect();
    let body = |name: &str, sign: &str| {
        format!(
            "def total(values):\n    {name} = 0\n{filler}    for value in values:\n        \
             {name} {sign} value\n    return {name}\n"
        )
    };
    let (wrong, right) = (body("result", "-="), body("result", "+="));
    let fixed = right.replace("step_0 = 0", "step_0 = 7");
    let double = "\n\ndef double(value):\n    return value + value\n";
    let home = Home::new(always(code(&fixed)));
    home.put("calc.py", wrong.clone() + double);
    home.run(["exec", "fix total"]).code(0).says("hunk 1").says("hunk 2");
    home.run(["session", "keep", "--hunk", "calc.py:2"]).code(0);
    assert_eq!(home.calc(), right + double);
    home.run(["session", "show"]).code(0).says("step_0 = 7");
    home.run(["session", "undo", "--path", "calc.py"]).code(0);
    home.run(["session", "show"]).code(0).says("pending nothing");
    home.run(["session", "undo"]).code(0);
    assert_eq!(home.calc(), wrong + double);
}

#[test]
fn what_the_user_changed_meanwhile_is_not_overwritten() {
    let home = Home::new(always(right()));
    home.run(["exec", "fix total"]).code(0);
    home.put("calc.py", "# the user was here\n");
    home.run(["session", "keep"]).code(1).says("calc.py");
    assert_eq!(home.calc(), "# the user was here\n");
}

#[test]
fn every_model_request_is_in_the_log_and_a_changed_byte_is_found() {
    let wrong = code("def total(values):\n    return 7");
    let home =
        Home::new(vec![Rule::once(Matcher::Any, wrong), Rule::always(Matcher::Any, right())]);
    home.run(["exec", "fix total"]).code(0);
    let requests = home.model.requests().len();
    assert!(requests >= 2);
    home.run(["log", "verify"]).code(0).says("lines verified");
    let shown = home.run(["log", "show"]);
    let crossings = shown.out.lines().filter(|line| line.contains("/v1/chat/completions"));
    assert_eq!(crossings.count(), requests, "{}", shown.out);

    let log = home.at("state/moat/crossings/crossings-000001.jsonl");
    let good = fs::read_to_string(&log).unwrap();
    fs::write(&log, good.replacen("/v1/chat", "/v2/chat", 1)).unwrap();
    home.run(["log", "verify"]).code(5).reports("not what the broker wrote", "evidence");
    let (_, rest) = good.split_once('\n').unwrap();
    fs::write(&log, rest).unwrap();
    home.run(["log", "verify"]).code(5).reports("not what the broker wrote", "evidence");
    fs::write(&log, good).unwrap();
    home.run(["log", "verify"]).code(0);
}

#[test]
fn a_changed_session_line_is_found_and_hides_no_other_session() {
    let home = Home::new(always(right()));
    home.run(["exec", "fix total"]).code(0);
    let file = home.session_file();
    let good = fs::read_to_string(&file).unwrap();
    fs::write(&file, good.replacen("fix total", "fix tOtal", 1)).unwrap();
    home.run(["session", "list"]).code(0).says("damaged");
    home.run(["session", "show"]).code(5).reports("session", "");
    home.run(["session", "keep"]).code(5);
    assert_eq!(home.calc(), WRONG);
    assert!(fs::read_to_string(&file).unwrap().contains("tOtal"), "the evidence is gone");
    home.run(["exec", "fix total"]).code(0);
    home.run(["session", "list"]).code(0).says("damaged").says("solved");
    fs::write(&file, good).unwrap();
    assert_eq!(home.sessions().len(), 2);
}
