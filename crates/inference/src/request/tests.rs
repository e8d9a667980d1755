// SPDX-License-Identifier: Apache-2.0
//! What is read out of requests, and what is refused with which field.

use super::*;

fn chat_order(content: &str) -> Order {
    Order {
        work: Work::Continue,
        prompt: Prompt::Chat(vec![Message { role: Role::User, content: content.to_owned() }]),
        sampling: Sampling {
            temperature: 1.0,
            top_p: 1.0,
            top_k: None,
            frequency_penalty: 0.0,
            presence_penalty: 0.0,
            seed: Seed::Random,
        },
        candidates: 1,
        tokens_max: Length::Rest,
        stops: Vec::new(),
        delivery: Delivery::Whole,
        reuse: Reuse::Prefix,
        client: String::new(),
    }
}

#[test]
fn a_bare_chat_request_gets_the_defaults() {
    let body = br#"{"messages":[{"role":"user","content":"hi"}]}"#;
    assert_eq!(parse(Shape::Chat, body, 8), Ok(chat_order("hi")));
}

#[test]
fn every_field_is_read() {
    let body = br#"{"model":"m","messages":[{"role":"developer","content":[{"type":"text","text":"a"},{"type":"text","text":"b"}]},
        {"role":"assistant","content":null}],"temperature":0,"top_p":0.5,"top_k":3,"seed":-1,"max_tokens":5,
        "stop":["x","y"],"n":4,"stream":true,"stream_options":{"include_usage":true},"cache_prompt":false,
        "user":"s1","frequency_penalty":1.5,"presence_penalty":-2,"response_format":{"type":"text"},"tools":[],
        "logprobs":false,"unknown":{"a":1}}"#;
    let expect = Order {
        work: Work::Continue,
        prompt: Prompt::Chat(vec![
            Message { role: Role::System, content: "ab".to_owned() },
            Message { role: Role::Assistant, content: String::new() },
        ]),
        sampling: Sampling {
            temperature: 0.0,
            top_p: 0.5,
            top_k: Some(3),
            frequency_penalty: 1.5,
            presence_penalty: -2.0,
            seed: Seed::Given(0),
        },
        candidates: 4,
        tokens_max: Length::AtMost(5),
        stops: vec!["x".to_owned(), "y".to_owned()],
        delivery: Delivery::Stream(UsageChunk::Wanted),
        reuse: Reuse::Nothing,
        client: "s1".to_owned(),
    };
    assert_eq!(parse(Shape::Chat, body, 8), Ok(expect));
}

#[test]
fn a_draft_to_revise_is_read() {
    let draft = "fn f() {}";
    let body = br#"{"messages":[{"role":"user","content":"hi"}],"temperature":0,"n":64,"revise":"fn f() {}"}"#;
    let order = parse(Shape::Chat, body, 8).unwrap();
    assert_eq!(order.work, Work::Revise { draft: draft.to_owned() });
    assert_eq!(order.candidates, REVISIONS_MAX);
}

#[test]
fn completions_take_a_prompt_and_a_suffix() {
    for (body, expect) in [
        (r#"{"prompt":"fn main"}"#, Prompt::Text("fn main".to_owned())),
        (
            r#"{"prompt":"a","suffix":"b"}"#,
            Prompt::Fill { prefix: "a".to_owned(), suffix: "b".to_owned() },
        ),
        (
            r#"{"prompt":"","suffix":""}"#,
            Prompt::Fill { prefix: String::new(), suffix: String::new() },
        ),
    ] {
        let order = parse(Shape::Completion, body.as_bytes(), 8).unwrap();
        assert_eq!(order.prompt, expect, "{body}");
    }
}

#[test]
fn bad_requests_name_the_field() {
    let long_stop = format!(r#""stop":"{}""#, "x".repeat(STOP_BYTES_MAX + 1));
    let long_draft = format!(r#""revise":"{}""#, "x".repeat(DRAFT_BYTES_MAX + 1));
    let long_user = format!(r#""user":"{}""#, "x".repeat(CLIENT_NAME_BYTES_MAX + 1));
    for (extra, field) in [
        (r#""n":0"#, Some("n")),
        (r#""n":9"#, Some("n")),
        (r#""n":-1"#, None),
        (r#""temperature":2.5"#, Some("temperature")),
        (r#""temperature":-0.1"#, Some("temperature")),
        (r#""temperature":"hot""#, None),
        (r#""top_p":1.01"#, Some("top_p")),
        (r#""top_k":0"#, Some("top_k")),
        (r#""max_tokens":0"#, Some("max_tokens")),
        (r#""max_completion_tokens":0"#, Some("max_tokens")),
        (r#""stop":"""#, Some("stop")),
        (r#""stop":[1]"#, Some("stop")),
        (&long_stop, Some("stop")),
        (&long_user, Some("user")),
        (r#""response_format":{"type":"json_object"}"#, Some("response_format")),
        (r#""response_format":{"type":"json_schema","json_schema":{}}"#, Some("response_format")),
        (r#""tools":[{"type":"function"}]"#, Some("tools")),
        (r#""logprobs":true"#, Some("logprobs")),
        (r#""logprobs":5"#, Some("logprobs")),
        (r#""logit_bias":{"1":1}"#, Some("logit_bias")),
        (r#""echo":true"#, Some("echo")),
        (r#""best_of":2"#, Some("best_of")),
        (r#""revise":" \n""#, Some("revise")),
        (r#""revise":7"#, None),
        (r#""revise":"x","n":65"#, Some("n")),
        (r#""revise":"x","temperature":0.7"#, Some("revise")),
        (r#""revise":"x","stop":["y"]"#, Some("revise")),
        (&long_draft, Some("revise")),
    ] {
        let body = format!(r#"{{"messages":[{{"role":"user","content":"hi"}}],{extra}}}"#);
        match parse(Shape::Chat, body.as_bytes(), 8) {
            Err(Refusal::BadRequest { field: found, .. }) => assert_eq!(found, field, "{extra}"),
            other => panic!("{extra}: {other:?}"),
        }
    }
}

#[test]
fn bad_prompts_are_refused() {
    for (shape, body) in [
        (Shape::Chat, "{}"),
        (Shape::Chat, r#"{"messages":[]}"#),
        (Shape::Chat, r#"{"messages":[{"role":"tool","content":"x"}]}"#),
        (Shape::Chat, r#"{"messages":[{"role":"user","content":7}]}"#),
        (Shape::Chat, r#"{"messages":[{"role":"user","content":[{"type":"image_url"}]}]}"#),
        (Shape::Chat, "nonsense"),
        (Shape::Chat, "[]"),
        (Shape::Chat, ""),
        (Shape::Completion, "{}"),
        (Shape::Completion, r#"{"prompt":["a","b"]}"#),
        (Shape::Completion, r#"{"prompt":""}"#),
    ] {
        let refusal = parse(shape, body.as_bytes(), 8).unwrap_err();
        assert_eq!(refusal.status(), 400, "{body}");
        assert!(refusal.body()["error"]["message"].is_string(), "{body}");
    }
}
