// SPDX-License-Identifier: Apache-2.0
//! Has the model document a symbol; of what it writes only the documentation is taken.
//!
//! The model is asked for the whole definition, because that is the form in which a
//! small one documents best. It may change code on the way; that is not used.

use super::prompt::{Sampling, messages, request, tokens_for};
use super::{Step, effect, not_solved};
use crate::record::{Effect, Place};
use crate::state::Turn;

const SYSTEM: &str = "You document code for the people who call it. You write what is true of the \
                      code that you see, briefly and exactly. You answer with one fenced block of \
                      code and nothing else.";
const SAMPLES: &[(u32, u32)] = &[(0, 1), (60, 3)];

pub(super) fn next(turn: &Turn) -> Option<Step> {
    let place = turn.places()?.first()?;
    let asked = turn.answered().count();
    let (temperature_percent, candidates) = *SAMPLES.get(asked)?;
    let sampling = Sampling {
        temperature_percent,
        seed: u32::try_from(asked).unwrap_or(u32::MAX),
        candidates,
        tokens_max: tokens_for(&place.source).saturating_mul(2),
    };
    let purpose = format!("document `{}`", place.symbol);
    let messages = messages(SYSTEM, question(turn, place));
    effect(Effect::Ask { prompt: request(purpose, messages, sampling) })
}

pub(super) fn give_up(turn: &Turn) -> Option<Step> {
    let candidates = turn.tried().count();
    not_solved(format!("none of {candidates} candidates holds new documentation of the symbol"))
}

fn question(turn: &Turn, place: &Place) -> String {
    let mut text = String::new();
    if !place.context.trim().is_empty() {
        text.push_str(&format!("Context from the project:\n{}\n\n", place.context.trim_end()));
    }
    text.push_str(&format!(
        "The code of `{}` in `{}`:\n```{}\n{}\n```\n\nTask: {}\n",
        place.symbol,
        place.path,
        place.language,
        place.source.trim_end(),
        turn.task.text.trim()
    ));
    for steer in &turn.steers {
        text.push_str(&format!("Also: {}\n", steer.trim()));
    }
    text.push_str(&format!(
        "\nWrite `{}` again with {}: what it does, then its parameters, its result and its errors \
         where it has some. Do not change the code. Write no examples.\n",
        place.symbol,
        form(&place.language)
    ));
    text
}

/// What documents a symbol in a language, by the label of its code blocks.
fn form(language: &str) -> &'static str {
    match language {
        "python" => "a docstring",
        "rust" => "a doc comment of `///` lines above it",
        "javascript" | "typescript" | "tsx" => "a JSDoc comment above it",
        _ => "a comment above it",
    }
}
