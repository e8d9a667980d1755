// SPDX-License-Identifier: Apache-2.0
//! Answers, candidates, streams, reuse of the prefix, cancelling, stopping.

use std::io::Read;
use std::time::Duration;

use moat_base::{Clock, SystemClock};
use serde_json::{Value, json};

use crate::support::{
    Server, events, get, model_path, post, ready, send, shared, spec, start, texts,
};

const CHAT: &str = "/v1/chat/completions";
const COMPLETION: &str = "/v1/completions";

fn chat(extra: Value) -> Value {
    let mut body = json!({
        "messages": [
            {"role": "system", "content": "You are a helpful assistant."},
            {"role": "user", "content": "Name three colours of the rainbow."},
        ],
        "temperature": 0, "max_tokens": 24,
    });
    merge(&mut body, extra);
    body
}

fn merge(body: &mut Value, extra: Value) {
    let (Value::Object(body), Value::Object(extra)) = (body, extra) else {
        panic!("both are objects");
    };
    body.extend(extra);
}

fn answer(server: &Server, path: &str, body: &Value) -> Value {
    let (status, answer) = post(server, path, body);
    assert_eq!(status, 200, "{answer}");
    answer
}

#[test]
fn a_ready_server_describes_itself() {
    let server = shared();
    assert_eq!(get(server, "/health").status, 200);
    let body = get(server, "/v1/models").body.read_all(1 << 20).unwrap();
    let models: Value = serde_json::from_slice(&body).unwrap();
    assert_eq!(models["data"][0]["id"], "test");
    assert_eq!(models["data"][0]["meta"]["architecture"], "llama");
    assert_eq!(models["data"][0]["meta"]["context_tokens"], 4096);
}

#[test]
fn the_same_request_gets_the_same_answer() {
    let server = shared();
    let cold = answer(server, CHAT, &chat(json!({"cache_prompt": false})));
    assert_eq!(cold["usage"]["prompt_tokens_details"]["cached_tokens"], 0);
    assert!(!texts(&cold)[0].trim().is_empty(), "{cold}");
    let again = answer(server, CHAT, &chat(json!({"cache_prompt": false})));
    assert_eq!(texts(&again), texts(&cold));
    assert_eq!(again["usage"], cold["usage"]);
}

#[test]
fn the_start_of_a_prompt_is_computed_once() {
    // A server of its own: other tests would replace the prompt that is kept.
    let server = start(spec(&model_path()));
    assert_eq!(ready(&server)["status"], "ok");
    let long = "The quick brown fox jumps over the lazy dog. ".repeat(60);
    let prompt =
        |end: &str| json!({"prompt": format!("{long}{end}"), "temperature": 0, "max_tokens": 8});
    let first = answer(&server, COMPLETION, &prompt("Then the dog"));
    let second = answer(&server, COMPLETION, &prompt("After that the fox"));
    let tokens =
        |body: &Value, field: &str| body["usage"].pointer(field).unwrap().as_u64().unwrap();
    let all = tokens(&second, "/prompt_tokens");
    let cached = tokens(&second, "/prompt_tokens_details/cached_tokens");
    assert!(all > 500 && cached + 16 > all, "{cached} of {all}");
    let repeated = answer(&server, COMPLETION, &prompt("Then the dog"));
    assert_eq!(texts(&repeated), texts(&first));
    server.stop.request();
    server.thread.join().unwrap().unwrap();
}

#[test]
fn candidates_share_a_prompt_and_differ_by_their_seed() {
    let server = shared();
    let sampled = chat(json!({"n": 4, "temperature": 1.0, "seed": 7, "cache_prompt": false}));
    let first = answer(server, CHAT, &sampled);
    assert_eq!(texts(&first).len(), 4);
    let mut distinct = texts(&first);
    distinct.sort();
    distinct.dedup();
    assert!(distinct.len() > 1, "{distinct:?}");
    assert_eq!(texts(&answer(server, CHAT, &sampled)), texts(&first));
    let mut other = sampled;
    merge(&mut other, json!({"seed": 8}));
    assert_ne!(texts(&answer(server, CHAT, &other)), texts(&first));
    // Greedy candidates begin alike: each has the whole prompt. Later words may differ,
    // because the rows of a batch are not all rounded alike.
    let greedy = texts(&answer(server, CHAT, &chat(json!({"n": 3}))));
    let alone = texts(&answer(server, CHAT, &chat(json!({})))).remove(0);
    let begin = |text: &str| text.chars().take(16).collect::<String>();
    assert!(greedy.iter().all(|text| begin(text) == begin(&alone)), "{greedy:?} {alone:?}");
}

#[test]
fn a_draft_is_revised_where_the_model_would_have_written_something_else() {
    let server = shared();
    let draft = "Red.\nGrxqeen is a colour.\nBlue is a colour.";
    let revise = chat(json!({"revise": draft, "n": 12, "max_tokens": 1}));
    let revised = answer(server, CHAT, &revise);
    let choices = revised["choices"].as_array().unwrap();
    assert_eq!(choices.len(), 12);
    let likely: Vec<i64> = choices.iter().filter_map(|one| one["millinats"].as_i64()).collect();
    assert!(likely.len() > 4, "{revised}");
    assert!(likely.is_sorted_by(|left, right| left >= right) && likely[0] <= 0, "{likely:?}");
    let revisions = texts(&revised);
    let (said, missing) = revisions.split_at(likely.len());
    assert!(missing.iter().all(String::is_empty), "{revisions:?}");
    for (index, text) in said.iter().enumerate() {
        assert!(text != draft && !said[..index].contains(text), "{text:?}");
        // One line was written: what stands before and after it is the draft's.
        let kept = draft.lines().filter(|line| text.lines().any(|other| other == *line)).count();
        assert!(kept >= 2, "{text:?}");
    }
    // The same again, now with the prompt in the cache.
    let again = answer(server, CHAT, &revise);
    assert_eq!(again["choices"][0]["message"], revised["choices"][0]["message"]);
    // It leaves nothing behind that changes the next answer.
    let plain = chat(json!({"cache_prompt": false}));
    let before = answer(server, CHAT, &plain);
    answer(server, CHAT, &revise);
    assert_eq!(texts(&answer(server, CHAT, &plain)), texts(&before));
}

#[test]
fn a_draft_that_does_not_fit_is_refused_with_both_numbers() {
    let long = "The quick brown fox jumps over the lazy dog. ".repeat(600);
    let (status, body) = post(shared(), CHAT, &chat(json!({"revise": long, "n": 2})));
    assert_eq!(status, 400, "{body}");
    assert!(body["error"]["message"].as_str().unwrap().contains("4096"), "{body}");
}

#[test]
fn a_stream_carries_the_same_text_as_a_whole_answer() {
    let server = shared();
    let body = chat(json!({"n": 2, "temperature": 0.8, "seed": 3, "cache_prompt": false}));
    let whole = answer(server, CHAT, &body);
    let mut streamed = body;
    merge(&mut streamed, json!({"stream": true, "stream_options": {"include_usage": true}}));
    let mut texts_streamed = vec![String::new(); 2];
    let mut reasons = vec![Value::Null; 2];
    let mut usage = Value::Null;
    for event in events(send(server, CHAT, &streamed).body) {
        assert_eq!(event["object"], "chat.completion.chunk");
        for choice in event["choices"].as_array().unwrap() {
            let index = usize::try_from(choice["index"].as_u64().unwrap()).unwrap();
            texts_streamed[index].push_str(choice["delta"]["content"].as_str().unwrap_or_default());
            if !choice["finish_reason"].is_null() {
                reasons[index] = choice["finish_reason"].clone();
            }
        }
        if !event["usage"].is_null() {
            usage = event["usage"].clone();
        }
    }
    assert_eq!(texts_streamed, texts(&whole));
    assert_eq!(usage, whole["usage"]);
    for (index, reason) in reasons.iter().enumerate() {
        assert_eq!(*reason, whole["choices"][index]["finish_reason"]);
    }
}

#[test]
fn a_stop_sequence_ends_the_text_before_it() {
    let server = shared();
    // Anew each time: reuse of the prompt may change the last bit, and with it a word.
    let anew = |extra: Value| {
        let mut body = chat(json!({"max_tokens": 40, "cache_prompt": false}));
        merge(&mut body, extra);
        answer(server, CHAT, &body)
    };
    let free = texts(&anew(json!({}))).remove(0);
    let stop: String = free.chars().skip(free.chars().count() / 2).take(5).collect();
    let stopped = anew(json!({"stop": [stop]}));
    let expect = free.split(&stop).next().unwrap();
    assert_eq!(texts(&stopped)[0], expect);
    assert_eq!(stopped["choices"][0]["finish_reason"], "stop");
}

#[test]
fn a_last_message_of_the_assistant_is_continued() {
    let server = shared();
    let messages = json!([
        {"role": "user", "content": "Count to five."},
        {"role": "assistant", "content": "One, two, three,"},
    ]);
    let body = json!({"messages": messages, "temperature": 0, "max_tokens": 6});
    let text = texts(&answer(server, CHAT, &body)).remove(0);
    assert!(text.to_lowercase().contains("four"), "{text:?}");
}

#[test]
fn text_never_becomes_a_control_token() {
    let server = shared();
    let tokens = |content: &str| {
        let body = json!({
            "messages": [{"role": "user", "content": content}],
            "temperature": 0, "max_tokens": 1,
        });
        answer(server, CHAT, &body)["usage"]["prompt_tokens"].as_u64().unwrap()
    };
    let nothing = tokens("");
    let mark = "<|im_end|>";
    // As one control token it would add 1; as text it is several tokens.
    assert!(tokens(mark) > nothing + 2, "{} {nothing}", tokens(mark));
    let completion = answer(server, COMPLETION, &json!({"prompt": mark, "max_tokens": 1}));
    assert!(completion["usage"]["prompt_tokens"].as_u64().unwrap() > 2, "{completion}");
}

#[test]
fn a_prompt_that_does_not_fit_is_refused_with_both_numbers() {
    let server = shared();
    let (status, body) = post(server, COMPLETION, &json!({"prompt": "word ".repeat(5000)}));
    assert_eq!(status, 400);
    let message = body["error"]["message"].as_str().unwrap();
    assert!(message.contains("4096") && message.contains("500"), "{message}");
    assert_eq!(body["error"]["code"], "context_length_exceeded");
    // The server still works.
    answer(server, CHAT, &chat(json!({})));
}

#[test]
fn a_model_without_the_tokens_does_not_fill_in_the_middle() {
    let (status, body) = post(shared(), COMPLETION, &json!({"prompt": "fn ", "suffix": "}"}));
    assert_eq!((status, &body["error"]["param"]), (400, &json!("suffix")));
}

#[test]
fn a_client_that_goes_away_does_not_keep_the_model() {
    let server = start(spec(&model_path()));
    assert_eq!(ready(&server)["status"], "ok");
    // About 4000 tokens of each of four candidates' shares: minutes, if nobody stops it.
    let body = json!({"prompt": "1, 2, 3, 4, 5,", "n": 4, "stream": true, "seed": 1});
    let mut answer = send(&server, COMPLETION, &body);
    let mut first = [0; 16];
    answer.body.read_exact(&mut first).unwrap();
    drop(answer);
    let clock = SystemClock::new();
    let next = json!({"prompt": "Hello", "max_tokens": 2});
    assert_eq!(post(&server, COMPLETION, &next).0, 200);
    assert!(clock.monotonic() < Duration::from_secs(10), "{:?}", clock.monotonic());
    server.stop.request();
    server.thread.join().unwrap().unwrap();
}

#[test]
fn an_idle_server_ends_by_itself() {
    let mut spec = spec(&model_path());
    spec.idle_stop = Duration::from_secs(1);
    let server = start(spec);
    assert_eq!(ready(&server)["status"], "ok");
    server.thread.join().unwrap().unwrap();
    assert!(moat_net::Local::connect(&server.socket).is_err());
}
