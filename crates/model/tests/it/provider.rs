// SPDX-License-Identifier: Apache-2.0
//! The provider against scripted servers, good and bad.

use std::sync::Arc;
use std::time::Duration;

use moat_base::{Hint, Report, SystemClock};
use moat_model::{
    Answer, Candidate, Chunk, CompletionRequest, Error, Finish, Interrupt, Message, Provider,
    Request, Role, Stage, Timeouts, limits,
};

use crate::script::{Script, Step};

fn stream(parts: &[(u32, &str)]) -> String {
    let mut text = String::new();
    for (index, part) in parts {
        let event = serde_json::json!({"choices": [{"index": index, "delta": {"content": part}, "finish_reason": "stop"}]});
        text.push_str(&format!("data: {event}\n\n"));
    }
    text + "data: {\"usage\":{\"prompt_tokens\":5,\"completion_tokens\":1}}\n\ndata: [DONE]\n\n"
}

fn timeouts() -> Timeouts {
    Timeouts { retry_pause: Duration::from_millis(1), ..Timeouts::default() }
}

fn ask_with(
    steps: Vec<Step>,
    candidates: u32,
    timeouts: Timeouts,
) -> (Result<Answer, Error>, Arc<Script>) {
    let script = Arc::new(Script::new(steps));
    let provider = Provider::new(Arc::clone(&script) as _, Arc::new(SystemClock::new()), timeouts);
    let mut request = Request::new("m", vec![Message::new(Role::User, "hi")]);
    request.candidates = candidates;
    request.seed = 40;
    let outcome = provider.chat(&request, &Interrupt::new(), &mut |_| {});
    (outcome, script)
}

fn ask(steps: Vec<Step>, candidates: u32) -> (Result<Answer, Error>, Arc<Script>) {
    ask_with(steps, candidates, timeouts())
}

fn texts(answer: &Answer) -> Vec<&str> {
    answer.candidates.iter().map(|c| c.text.as_str()).collect()
}

#[test]
fn one_request_gives_all_candidates_when_the_server_can() {
    let body = stream(&[(1, "b"), (0, "a"), (9, "not asked for")]);
    let (answer, script) = ask(vec![Step::Answers(200, body)], 2);
    let answer = answer.unwrap();
    assert_eq!(texts(&answer), ["a", "b"]);
    assert_eq!(answer.usage.unwrap().prompt_tokens, 5);
    assert_eq!(script.bodies().len(), 1);
}

#[test]
fn a_server_without_n_is_asked_once_for_each_candidate_with_its_own_seed() {
    let one = |text| Step::Answers(200, stream(&[(0, text)]));
    let refusal = Step::Answers(400, "{\"error\":\"n is not supported\"}".into());
    let cases = [
        (vec![one("a"), one("b"), one("c")], vec![(40, 3), (41, 1), (42, 1)]),
        (vec![refusal, one("a"), one("b"), one("c")], vec![(40, 3), (40, 1), (41, 1), (42, 1)]),
    ];
    for (steps, expect) in cases {
        let (answer, script) = ask(steps, 3);
        assert_eq!(texts(&answer.unwrap()), ["a", "b", "c"]);
        let sent: Vec<_> = script
            .bodies()
            .iter()
            .map(|body| {
                let body: serde_json::Value = serde_json::from_str(body).unwrap();
                let n = body.get("n").map_or(1, |n| n.as_u64().unwrap());
                (body["seed"].as_u64().unwrap(), n)
            })
            .collect();
        assert_eq!(sent, expect);
    }
}

#[test]
fn a_refusal_of_one_candidate_is_final() {
    let refusal = Step::Answers(400, "{\"error\":{\"message\":\"too long\"}}".into());
    let (outcome, script) = ask(vec![refusal], 1);
    match outcome {
        Err(Error::Refused { status: 400, message, .. }) => assert_eq!(message, "too long"),
        other => panic!("{other:?}"),
    }
    assert_eq!(script.bodies().len(), 1);
}

#[test]
fn nobody_listening_and_503_are_tried_again_with_the_same_bytes() {
    for step in [Step::NobodyListens, Step::Answers(503, "loading".into())] {
        let steps = vec![step.clone(), step.clone(), Step::Answers(200, stream(&[(0, "a")]))];
        let (answer, script) = ask(steps, 1);
        assert_eq!(texts(&answer.unwrap()), ["a"]);
        let bodies = script.bodies();
        assert_eq!(bodies.len(), 3);
        assert!(bodies.iter().all(|body| *body == bodies[0]));

        let (outcome, script) = ask(vec![step; limits::ATTEMPTS_MAX as usize], 1);
        match outcome {
            Err(Error::Unreachable { .. } | Error::Busy { .. }) => {}
            other => panic!("{other:?}"),
        }
        assert_eq!(script.bodies().len(), limits::ATTEMPTS_MAX as usize);
    }
}

#[test]
fn nothing_is_sent_twice_once_the_server_may_have_worked() {
    let half = "data: {\"choices\":[{\"delta\":{\"content\":\"half\"}}]}\n\n".to_owned();
    type Check = fn(&Error) -> bool;
    let cases: [(Step, Check); 5] = [
        (Step::Fails, |e| matches!(e, Error::Unreachable { .. })),
        (Step::Answers(500, "boom".into()), |e| matches!(e, Error::Refused { status: 500, .. })),
        (Step::BreaksAfter(half.clone()), |e| matches!(e, Error::Broken { .. })),
        (Step::Answers(200, half), |e| matches!(e, Error::Truncated { .. })),
        (Step::Answers(200, "<html>".into()), |e| matches!(e, Error::Nonsense { .. })),
    ];
    for (step, check) in cases {
        let (outcome, script) = ask(vec![step.clone()], 1);
        let error = outcome.unwrap_err();
        assert!(check(&error), "{step:?}: {error:?}");
        assert!(error.hint().is_some(), "{error:?}");
        assert_eq!(script.bodies().len(), 1);
    }
}

#[test]
fn a_server_that_hangs_ends_in_a_clear_error_for_each_stage() {
    let short = Duration::from_millis(60);
    let half = "data: {\"choices\":[{\"delta\":{\"content\":\"half\"}}]}\n\n".to_owned();
    let cases = [
        (Step::Hangs, Timeouts { first_byte: short, ..timeouts() }, Stage::FirstByte),
        (
            Step::HangsAfter(String::new()),
            Timeouts { first_byte: short, ..timeouts() },
            Stage::FirstByte,
        ),
        (
            Step::HangsAfter(half.clone()),
            Timeouts { between_pieces: short, ..timeouts() },
            Stage::BetweenPieces,
        ),
        (Step::HangsAfter(half), Timeouts { whole: short, ..timeouts() }, Stage::Whole),
    ];
    for (step, timeouts, expect) in cases {
        let (outcome, _) = ask_with(vec![step], 1, timeouts);
        match outcome {
            Err(Error::Silent { stage, .. }) => assert_eq!(stage, expect),
            other => panic!("{other:?}"),
        }
    }
}

#[test]
fn an_interrupt_stops_a_request_in_the_middle_and_before_it_starts() {
    let half = "data: {\"choices\":[{\"delta\":{\"content\":\"half\"}}]}\n\n".to_owned();
    let script = Arc::new(Script::new([Step::HangsAfter(half), Step::Hangs]));
    let provider =
        Provider::new(Arc::clone(&script) as _, Arc::new(SystemClock::new()), timeouts());
    let request = Request::new("m", vec![Message::new(Role::User, "hi")]);
    let interrupt = Interrupt::new();
    let mut seen = Vec::new();
    let outcome = provider.chat(&request, &interrupt, &mut |chunk| {
        seen.push(chunk.clone());
        interrupt.raise();
    });
    assert!(matches!(outcome, Err(Error::Interrupted)));
    let text = Chunk::Text { candidate: 0, text: "half".into() };
    assert_eq!(seen, [text]);
    let outcome = provider.chat(&request, &interrupt, &mut |_| {});
    assert!(matches!(outcome, Err(Error::Interrupted)));
}

#[test]
fn a_completion_goes_to_its_own_path() {
    let body = "data: {\"choices\":[{\"text\":\"a + b\",\"finish_reason\":\"length\"}]}\n\n";
    let script = Arc::new(Script::new([Step::Answers(200, body.into())]));
    let provider =
        Provider::new(Arc::clone(&script) as _, Arc::new(SystemClock::new()), timeouts());
    let request = CompletionRequest::new("m", "x = ", "\n");
    let answer = provider.complete(&request, &Interrupt::new(), &mut |_| {}).unwrap();
    let candidate = Candidate { text: "a + b".into(), finish: Finish::Length, millinats: None };
    assert_eq!(answer.candidates, [candidate]);
    assert_eq!(script.paths(), ["completions"]);
}

#[test]
fn a_report_names_server_cause_and_hint() {
    let (outcome, _) = ask(vec![Step::Fails], 1);
    let report = Report::of(&outcome.unwrap_err()).to_string();
    assert!(report.starts_with(
        "error: could not reach model server `test`\n  cause: permission denied\n  hint: "
    ));
}
