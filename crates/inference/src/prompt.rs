// SPDX-License-Identifier: Apache-2.0
//! Turns a request's prompt into tokens.
//!
//! Text that comes from outside is always tokenised as plain text: only the
//! words of the model's own chat template may become control tokens. A file that
//! contains `<|im_end|>` therefore cannot end a message and begin one of its own.
//! To keep the two apart, the template is applied to place holders, and the text
//! between them is tokenised apart from what replaces them.
//!
//! Invariant: no control token in the result stems from a message, a prompt, a
//! prefix or a suffix.

use llama_cpp_2::model::{LlamaChatMessage, LlamaChatTemplate, LlamaModel};
use llama_cpp_2::token::LlamaToken;
use llama_cpp_2::vocab::LlamaVocab;

use crate::refusal::Refusal;
use crate::request::{Message, Prompt, Role};

/// Gives the tokens that the model is asked to continue.
///
/// # Errors
/// [`Refusal::BadRequest`] when the model cannot take this kind of prompt.
pub(crate) fn tokens(model: &LlamaModel, prompt: &Prompt) -> Result<Vec<LlamaToken>, Refusal> {
    let vocab = model.vocab();
    match prompt {
        Prompt::Text(text) => {
            let mut tokens = start(&vocab);
            tokens.extend(plain(&vocab, text));
            Ok(tokens)
        }
        Prompt::Fill { prefix, suffix } => fill(&vocab, prefix, suffix),
        Prompt::Chat(messages) => chat(model, &vocab, messages),
    }
}

/// Whether the model's vocabulary has the tokens to fill in the middle.
pub(crate) fn fills(model: &LlamaModel) -> bool {
    fill_tokens(&model.vocab()).is_some()
}

/// The three control tokens of fill-in-the-middle: prefix, suffix, middle.
fn fill_tokens(vocab: &LlamaVocab<'_>) -> Option<[LlamaToken; 3]> {
    let tokens = [vocab.fim_pre(), vocab.fim_suf(), vocab.fim_mid()];
    tokens.iter().all(|token| token.0 >= 0).then_some(tokens)
}

/// Source: "Efficient Training of Language Models to Fill in the Middle" (2022),
/// prefix-suffix-middle order, as the Qwen2.5-Coder report uses it.
fn fill(vocab: &LlamaVocab<'_>, prefix: &str, suffix: &str) -> Result<Vec<LlamaToken>, Refusal> {
    let Some([before, after, middle]) = fill_tokens(vocab) else {
        return Err(Refusal::bad(
            "suffix",
            "this model was not made to fill in the middle; leave `suffix` out",
        ));
    };
    let mut tokens = start(vocab);
    tokens.push(before);
    tokens.extend(plain(vocab, prefix));
    tokens.push(after);
    tokens.extend(plain(vocab, suffix));
    tokens.push(middle);
    Ok(tokens)
}

fn chat(
    model: &LlamaModel,
    vocab: &LlamaVocab<'_>,
    messages: &[Message],
) -> Result<Vec<LlamaToken>, Refusal> {
    // A last message of the assistant is one that the model shall go on with.
    let (rendered, begun) = match messages.split_last() {
        Some((last, before)) if last.role == Role::Assistant && !before.is_empty() => {
            (before, Some(last.content.as_str()))
        }
        Some(_) | None => (messages, None),
    };
    let template = template(model)?;
    let text = render(model, &template, rendered)?;
    let Some(parts) = split(&text, rendered.len()) else {
        return Err(Refusal::bad(
            "messages",
            "the chat template of this model cannot show these messages in this order",
        ));
    };
    let mut tokens = start(vocab);
    for part in parts {
        match part {
            Part::Template(text) => tokens.extend(special(vocab, text)),
            Part::Content(index) => {
                if let Some(message) = rendered.get(index) {
                    tokens.extend(plain(vocab, &message.content));
                }
            }
        }
    }
    // Some templates write the first token themselves.
    if let [first, second, ..] = tokens.as_slice()
        && first == second
        && *first == vocab.bos()
    {
        tokens.remove(0);
    }
    if let Some(begun) = begun {
        tokens.extend(plain(vocab, begun));
    }
    Ok(tokens)
}

/// The model's own template, or `ChatML` when its vocabulary has the marks of it.
fn template(model: &LlamaModel) -> Result<LlamaChatTemplate, Refusal> {
    if let Ok(template) = model.chat_template(None) {
        return Ok(template);
    }
    let marks = special(&model.vocab(), "<|im_start|>");
    let fallback = LlamaChatTemplate::new("chatml");
    match (marks.as_slice(), fallback) {
        ([_], Ok(template)) => Ok(template),
        _ => {
            Err(Refusal::bad("messages", "this model has no chat template; use `/v1/completions`"))
        }
    }
}

fn render(
    model: &LlamaModel,
    template: &LlamaChatTemplate,
    messages: &[Message],
) -> Result<String, Refusal> {
    let unusable = |reason: &dyn std::fmt::Display| Refusal::Engine {
        reason: format!("the chat template could not be applied: {reason}"),
    };
    let chat = messages
        .iter()
        .enumerate()
        .map(|(index, message)| {
            LlamaChatMessage::new(message.role.name().to_owned(), place_holder(index))
                .map_err(|error| unusable(&error))
        })
        .collect::<Result<Vec<_>, _>>()?;
    model.apply_chat_template(template, &chat, true).map_err(|error| unusable(&error))
}

#[derive(Debug, PartialEq, Eq)]
enum Part<'a> {
    Template(&'a str),
    Content(usize),
}

/// Splits rendered text at its place holders; `None` when one is missing or out of order.
fn split(text: &str, messages: usize) -> Option<Vec<Part<'_>>> {
    let mut parts = Vec::new();
    let mut rest = text;
    for index in 0..messages {
        let (before, after) = rest.split_once(place_holder(index).as_str())?;
        parts.push(Part::Template(before));
        parts.push(Part::Content(index));
        rest = after;
    }
    parts.push(Part::Template(rest));
    let left_over =
        parts.iter().any(|part| matches!(part, Part::Template(text) if text.contains(MARK)));
    (!left_over).then_some(parts)
}

/// Text that no template contains or changes: a number between private characters.
fn place_holder(index: usize) -> String {
    format!("{MARK}{index}{MARK}")
}

fn start(vocab: &LlamaVocab<'_>) -> Vec<LlamaToken> {
    if vocab.should_add_bos() && vocab.bos().0 >= 0 { vec![vocab.bos()] } else { Vec::new() }
}

/// Tokenises text that comes from outside: nothing in it becomes a control token.
pub(crate) fn plain(vocab: &LlamaVocab<'_>, text: &str) -> Vec<LlamaToken> {
    vocab.tokenize(text.as_bytes(), false, false)
}

fn special(vocab: &LlamaVocab<'_>, text: &str) -> Vec<LlamaToken> {
    vocab.tokenize(text.as_bytes(), false, true)
}

const MARK: char = '\u{f8ff}';

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rendered_text_is_split_at_the_place_holders() {
        let text = format!("<s>user {}</s><s>you {}</s>", place_holder(0), place_holder(1));
        assert_eq!(
            split(&text, 2).unwrap(),
            [
                Part::Template("<s>user "),
                Part::Content(0),
                Part::Template("</s><s>you "),
                Part::Content(1),
                Part::Template("</s>"),
            ]
        );
    }

    #[test]
    fn a_template_that_drops_or_repeats_a_message_is_refused() {
        let twice = format!("{}{}", place_holder(0), place_holder(0));
        let swapped = format!("{}{}", place_holder(1), place_holder(0));
        for (text, messages) in [("nothing", 1), (twice.as_str(), 1), (swapped.as_str(), 2)] {
            assert_eq!(split(text, messages), None, "{text}");
        }
    }

    #[test]
    fn ten_messages_do_not_confuse_one_and_ten() {
        let text: String = (0..12).map(place_holder).collect();
        let contents = split(&text, 12)
            .unwrap()
            .into_iter()
            .filter_map(|part| match part {
                Part::Content(index) => Some(index),
                Part::Template(_) => None,
            })
            .collect::<Vec<_>>();
        assert_eq!(contents, (0..12).collect::<Vec<_>>());
    }
}
