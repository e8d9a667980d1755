// SPDX-License-Identifier: Apache-2.0
//! The published templates, and how a prompt is put together from them.
//!
//! Templates are ASCII. A prompt depends on the task, on what the session recorded
//! and on nothing else (P-28); paths in it are relative to the workspace.

use moat_base::clip;

use crate::record::{Place, Prompt, PromptMessage, PromptRole};
use crate::state::Turn;

/// What a prompt shows of a check's output, in bytes.
pub(super) const FAILURE_BYTES_MAX: usize = 1600;

const SYSTEM: &str = "You are a careful programmer. You change code with the smallest edit that \
                      is right. You answer with code in one fenced block and nothing else.";

/// What varies between the requests of one turn.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Sampling {
    pub(super) temperature_percent: u32,
    pub(super) seed: u32,
    pub(super) candidates: u32,
    pub(super) tokens_max: u32,
}

/// Puts the system template, the task, a place and an instruction together.
///
/// The order is fixed so that requests about one place share the longest prefix:
/// context, code and failure first, what varies last.
pub(super) fn about(
    turn: &Turn,
    place: &Place,
    failure: Option<&str>,
    instruction: &str,
) -> Vec<PromptMessage> {
    let mut text = String::new();
    let fence = |code: &str| format!("```{}\n{}\n```\n", place.language, code.trim_end());
    if !place.context.trim().is_empty() {
        text.push_str(&format!("Context from the project:\n{}\n\n", place.context.trim_end()));
    }
    text.push_str(&format!("The code of `{}` in `{}`:\n", place.symbol, place.path));
    text.push_str(&fence(&place.source));
    failing(&mut text, place, failure);
    request_of(&mut text, turn);
    text.push_str(&format!("\n{instruction}\n"));
    messages(SYSTEM, text)
}

/// Puts several places together, of which the model is to choose one.
///
/// What is the same for all of them (the failing test) stands once, after them.
pub(super) fn about_all(
    turn: &Turn,
    places: &[Place],
    failure: Option<&str>,
) -> Vec<PromptMessage> {
    let mut text = String::new();
    for place in places {
        text.push_str(&format!(
            "The code of `{}` in `{}`:\n```{}\n{}\n```\n\n",
            place.symbol,
            place.path,
            place.language,
            place.source.trim_end()
        ));
    }
    if let Some(first) = places.first() {
        failing(&mut text, first, failure);
    }
    request_of(&mut text, turn);
    text.push_str(
        "\nExactly one of these functions has a bug. Find it and write that whole function \
         corrected. Keep its name and its parameters. Change only what is wrong.\n",
    );
    messages(SYSTEM, text)
}

/// Shows one place as [`about`] does, but what all places of a turn share first, so
/// that a model server that keeps the beginning of a prompt reads it once.
///
/// It says that the code is wrong: where it is not, no revision passes the check.
pub(super) fn about_draft(turn: &Turn, places: &[Place], place: &Place) -> Vec<PromptMessage> {
    let mut text = format!("Task: {}\n", turn.task.text.trim());
    for steer in &turn.steers {
        text.push_str(&format!("Also: {}\n", steer.trim()));
    }
    failing(
        &mut text,
        places.first().unwrap_or(place),
        turn.baseline().map(|(_, output)| tail(output, FAILURE_BYTES_MAX)),
    );
    if !place.context.trim().is_empty() {
        text.push_str(&format!("\nContext from the project:\n{}\n", place.context.trim_end()));
    }
    let Place { symbol, path, language, source, .. } = place;
    text.push_str(&format!(
        "\nThe code of `{symbol}` in `{path}`:\n```{language}\n{}\n```\n\n`{symbol}` has a bug, \
         the test shows it. Write `{symbol}` without the bug.\n",
        source.trim_end()
    ));
    let mut messages = messages(SYSTEM, text);
    messages.push(PromptMessage { role: PromptRole::Assistant, text: format!("```{language}\n") });
    messages
}

fn failing(text: &mut String, place: &Place, failure: Option<&str>) {
    if !place.test.trim().is_empty() {
        let (language, test) = (&place.language, place.test.trim_end());
        text.push_str(&format!("\nThe failing test:\n```{language}\n{test}\n```\n"));
    }
    let said = Some(place.failure.as_str()).filter(|said| !said.trim().is_empty()).or(failure);
    if let Some(said) = said.map(str::trim).filter(|said| !said.is_empty()) {
        text.push_str(&format!("\nThe check fails with:\n```\n{said}\n```\n"));
    }
}

fn request_of(text: &mut String, turn: &Turn) {
    text.push_str(&format!("\nTask: {}\n", turn.task.text.trim()));
    for steer in &turn.steers {
        text.push_str(&format!("Also: {}\n", steer.trim()));
    }
}

/// Makes the two messages of a prompt.
pub(super) fn messages(system: &str, user: String) -> Vec<PromptMessage> {
    vec![
        PromptMessage { role: PromptRole::System, text: system.to_owned() },
        PromptMessage { role: PromptRole::User, text: user },
    ]
}

/// Joins messages and sampling to a request.
pub(super) fn request(purpose: String, messages: Vec<PromptMessage>, how: Sampling) -> Prompt {
    Prompt {
        purpose,
        messages,
        temperature_percent: how.temperature_percent,
        seed: how.seed,
        candidates: how.candidates,
        tokens_max: how.tokens_max,
        draft: None,
    }
}

/// The most tokens that a rewrite of `source` may take: it grows a little, not much.
pub(super) fn tokens_for(source: &str) -> u32 {
    const BYTES_PER_TOKEN: usize = 3;
    const ROOM_TOKENS: usize = 160;
    const TOKENS_MAX: usize = 1500;
    let tokens = source.len() / BYTES_PER_TOKEN + ROOM_TOKENS;
    u32::try_from(tokens.min(TOKENS_MAX)).unwrap_or(u32::MAX)
}

/// The end of a text, at most `limit_bytes` long, from the start of a line.
pub(super) fn tail(text: &str, limit_bytes: usize) -> &str {
    if text.len() <= limit_bytes {
        return text;
    }
    let from = text.ceil_char_boundary(text.len() - limit_bytes);
    let end = text.get(from..).unwrap_or_default();
    end.find('\n').and_then(|newline| end.get(newline + 1..)).unwrap_or(end)
}

/// The beginning of a text, at most `limit_bytes` long.
pub(super) fn head(text: &str, limit_bytes: usize) -> &str {
    clip(text, limit_bytes)
}
