// SPDX-License-Identifier: Apache-2.0
//! The provider through a real socket, against the scripted server of the test kit.

use std::sync::Arc;
use std::time::Duration;

use moat_base::SystemClock;
use moat_model::{
    Answer, CompletionRequest, Error, Interrupt, Message, Provider, Request, Role, Route, Stage,
    Timeouts, openai,
};
use moat_testkit::{Act, Matcher, ModelServer, Rule};

fn provider(server: &ModelServer) -> Provider {
    let timeouts = Timeouts { retry_pause: Duration::from_millis(1), ..Timeouts::default() };
    let route = Arc::new(Route::local(server.socket()));
    Provider::new(route, Arc::new(SystemClock::new()), timeouts)
}

fn request(candidates: u32) -> Request {
    let mut request = Request::new("m", vec![Message::new(Role::User, "write add")]);
    request.candidates = candidates;
    request
}

fn ask(act: Act, candidates: u32) -> Result<Answer, Error> {
    let server = ModelServer::start(vec![Rule::always(Matcher::Any, act)]).unwrap();
    provider(&server).chat(&request(candidates), &Interrupt::new(), &mut |_| {})
}

#[test]
fn an_answer_comes_through_the_socket_and_the_bytes_are_the_dialects() {
    let script = vec![
        Rule::once(Matcher::Contains("write add".into()), Act::Texts(vec!["a".into(), "b".into()])),
        Rule::once(Matcher::Path("v1/completions".into()), Act::text("x + y")),
    ];
    let server = ModelServer::start(script).unwrap();
    let answer = provider(&server).chat(&request(2), &Interrupt::new(), &mut |_| {}).unwrap();
    let texts: Vec<&str> = answer.candidates.iter().map(|c| c.text.as_str()).collect();
    assert_eq!(texts, ["a", "b"]);
    let fill = CompletionRequest::new("m", "return ", "\n");
    let filled = provider(&server).complete(&fill, &Interrupt::new(), &mut |_| {}).unwrap();
    assert_eq!(filled.candidates[0].text, "x + y");
    let asked = server.requests();
    assert_eq!(asked[0].path, "/v1/chat/completions");
    assert_eq!(asked[0].body, openai::chat_bytes(&request(2)).unwrap());
    assert_eq!(asked[1].body, openai::completion_bytes(&fill).unwrap());
    let names: Vec<&str> = asked[0].headers.iter().map(|(name, _)| name.as_str()).collect();
    for name in names {
        let fixed =
            ["accept", "connection", "content-length", "content-type", "host", "user-agent"];
        assert!(fixed.contains(&name), "the header `{name}` is not of the fixed list");
    }
    assert_eq!(server.rules_left(), 0);
}

#[test]
fn a_server_with_one_candidate_is_asked_for_each() {
    let answer = ask(Act::Single("only".into()), 3).unwrap();
    assert_eq!(answer.candidates.len(), 3);
}

#[test]
fn bad_servers_give_clear_errors() {
    type Check = fn(&Error) -> bool;
    let cases: [(Act, Check); 4] = [
        (Act::Garbage(b"<html>hello</html>".to_vec()), |e| matches!(e, Error::Nonsense { .. })),
        (Act::Truncated("half".into()), |e| {
            matches!(e, Error::Broken { .. } | Error::Truncated { .. })
        }),
        (Act::Status(500, "{\"error\":\"boom\"}".into()), |e| {
            matches!(e, Error::Refused { status: 500, .. })
        }),
        (Act::Status(503, "{}".into()), |e| matches!(e, Error::Busy { .. })),
    ];
    for (act, check) in cases {
        let error = ask(act.clone(), 1).unwrap_err();
        assert!(check(&error), "{act:?}: {error:?}");
    }
    let server = ModelServer::start(Vec::new()).unwrap();
    let outcome = provider(&server).chat(&request(1), &Interrupt::new(), &mut |_| {});
    assert!(matches!(outcome, Err(Error::Refused { status: 404, .. })), "{outcome:?}");
    assert!(!server.requests()[0].matched);
}

#[test]
fn nobody_at_the_socket_is_unreachable_with_a_hint() {
    let server = ModelServer::start(Vec::new()).unwrap();
    let provider = provider(&server);
    drop(server);
    let error = provider.chat(&request(1), &Interrupt::new(), &mut |_| {}).unwrap_err();
    assert!(matches!(error, Error::Unreachable { .. }), "{error:?}");
    assert!(moat_base::Hint::hint(&error).is_some());
}

#[test]
fn a_hanging_server_is_left_at_the_deadline_and_at_an_interrupt() {
    for act in [Act::Hang, Act::HangAfter("half".into())] {
        let server = ModelServer::start(vec![Rule::always(Matcher::Any, act)]).unwrap();
        let short = Duration::from_millis(80);
        let timeouts = Timeouts { first_byte: short, between_pieces: short, ..Timeouts::default() };
        let route = Arc::new(Route::local(server.socket()));
        let provider = Provider::new(route, Arc::new(SystemClock::new()), timeouts);
        let outcome = provider.chat(&request(1), &Interrupt::new(), &mut |_| {});
        let silent = matches!(
            outcome,
            Err(Error::Silent { stage: Stage::FirstByte | Stage::BetweenPieces, .. })
        );
        assert!(silent, "{outcome:?}");
        let interrupt = Interrupt::new();
        interrupt.raise();
        let outcome = provider.chat(&request(1), &interrupt, &mut |_| {});
        assert!(matches!(outcome, Err(Error::Interrupted)));
    }
}
