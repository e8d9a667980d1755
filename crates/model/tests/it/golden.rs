// SPDX-License-Identifier: Apache-2.0
//! The dialect against bytes that were reviewed as text.

use std::fmt::Write as _;

use moat_model::openai::{self, Decoder};
use moat_model::{Chunk, CompletionRequest, Message, Request, Role};

macro_rules! golden {
    ($path:literal) => {
        include_str!(concat!("../golden/", $path))
    };
}

fn everything() -> Request {
    let mut request = Request::new(
        "corp/coder",
        vec![
            Message::new(Role::System, "You write code."),
            Message::new(Role::User, "Zeile\nmit \"Anf\u{fc}hrung\" und \u{7}\t"),
            Message::new(Role::Assistant, "ok"),
            Message::new(Role::User, "more"),
        ],
    );
    request.temperature = 0.7;
    request.top_p = 0.95;
    request.seed = u64::MAX;
    request.max_tokens = 32;
    request.candidates = 4;
    request.stop = vec!["```".into(), "\n\n".into()];
    request
}

#[test]
fn requests_are_these_bytes_and_no_others() {
    let smallest = Request::new("m", vec![Message::new(Role::User, "Say hi.")]);
    let mut fill = CompletionRequest::new("m", "fn add(a: i32, b: i32) -> i32 {\n    ", "\n}\n");
    fill.stop = vec!["\n".into()];
    let go_on = CompletionRequest::new("m", "# Title", "");
    let mut revise = smallest.clone();
    revise.revise = Some("Hi.\n".into());
    revise.candidates = 12;
    let cases = [
        (openai::chat_bytes(&revise), golden!("openai-chat/request/revise.json")),
        (openai::chat_bytes(&smallest), golden!("openai-chat/request/smallest.json")),
        (openai::chat_bytes(&everything()), golden!("openai-chat/request/everything.json")),
        (openai::completion_bytes(&fill), golden!("openai-completions/request/fill.json")),
        (openai::completion_bytes(&go_on), golden!("openai-completions/request/continue.json")),
    ];
    for (bytes, expect) in cases {
        assert_eq!(String::from_utf8(bytes.unwrap()).unwrap(), expect);
    }
}

fn decode(input: &[u8], piece_bytes: usize) -> String {
    let mut shown = String::new();
    let mut take = |chunk: Chunk| match chunk {
        Chunk::Text { candidate, text } => writeln!(shown, "{candidate} text {text:?}").unwrap(),
        Chunk::Likelihood { candidate, millinats } => {
            writeln!(shown, "{candidate} likelihood {millinats}").unwrap();
        }
        Chunk::Done { candidate, finish } => {
            writeln!(shown, "{candidate} done {finish:?}").unwrap();
        }
        Chunk::Usage(usage) => writeln!(
            shown,
            "usage {} {} {}",
            usage.prompt_tokens, usage.cached_tokens, usage.completion_tokens
        )
        .unwrap(),
    };
    let mut decoder = Decoder::new();
    let outcome = input
        .chunks(piece_bytes)
        .try_for_each(|bytes| decoder.push(bytes, &mut take))
        .and_then(|()| decoder.finish(&mut take));
    match outcome {
        Ok(()) => shown.push_str("end\n"),
        Err(fault) => writeln!(shown, "fault {fault:?}").unwrap(),
    }
    shown
}

macro_rules! streams {
    ($($dir:literal $name:literal),* $(,)?) => {
        [$((
            $name,
            golden_stream!($dir, $name, ".sse"),
            golden_stream!($dir, $name, ".txt"),
        )),*]
    };
}

macro_rules! golden_stream {
    ($dir:literal, $name:literal, $ext:literal) => {
        include_str!(concat!("../golden/", $dir, "/stream/", $name, $ext))
    };
}

#[test]
fn streams_mean_the_same_however_their_bytes_arrive() {
    let cases = streams!(
        "openai-chat" "llama",
        "openai-chat" "two-candidates",
        "openai-chat" "revisions",
        "openai-chat" "missing-fields",
        "openai-chat" "no-empty-lines",
        "openai-chat" "whole",
        "openai-chat" "truncated",
        "openai-chat" "truncated-in-event",
        "openai-chat" "truncated-whole",
        "openai-chat" "html",
        "openai-chat" "empty",
        "openai-chat" "garbage",
        "openai-chat" "array",
        "openai-chat" "error-in-stream",
        "openai-chat" "error-text",
        "openai-chat" "error-vllm",
        "openai-chat" "index-out-of-range",
        "openai-completions" "fill",
    );
    for (name, input, expect) in cases {
        for piece_bytes in [1, 7, 4096] {
            assert_eq!(
                decode(input.as_bytes(), piece_bytes),
                expect,
                "{name} in pieces of {piece_bytes}"
            );
        }
    }
}

#[test]
fn an_answer_without_end_is_refused_and_one_below_the_limit_is_not() {
    let line = format!(
        "data: {{\"choices\":[{{\"delta\":{{\"content\":\"{}\"}}}}]}}\n\n",
        "x".repeat(60_000)
    );
    let flood = line.repeat(300);
    assert!(decode(flood.as_bytes(), 65_536).ends_with("fault TooLong\n"));
    let fine = format!("{line}data: [DONE]\n\n");
    assert!(decode(fine.as_bytes(), 65_536).ends_with("end\n"));
}
