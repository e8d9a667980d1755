// SPDX-License-Identifier: Apache-2.0
//! Tells from the first words of a task what kind of work it is. Pure.

use moat_protocol::TaskKind;

/// The kind of work that `text` asks for: by its first words, else a repair.
pub(crate) fn kind_of(text: &str) -> TaskKind {
    let text = text.trim_start().to_lowercase();
    let begins = |phrases: &[&str]| phrases.iter().any(|phrase| after(&text, phrase).is_some());
    if is_commit_message(&text) {
        TaskKind::CommitMessage
    } else if begins(&["explain", "what does", "what is", "how does", "why does", "describe"]) {
        TaskKind::Explain
    } else if begins(&[
        "document",
        "add documentation",
        "add a docstring",
        "add docs",
        "write a docstring",
    ]) {
        TaskKind::Document
    } else if begins(&["write", "implement", "create", "add a function", "generate"]) {
        TaskKind::Write
    } else {
        TaskKind::Repair
    }
}

/// Whether a text asks for a commit message: with a verb before it, or with nothing after it.
fn is_commit_message(text: &str) -> bool {
    let verbs = ["write", "create", "generate", "suggest", "propose", "draft", "make"];
    let asked = verbs.iter().find_map(|verb| after(text, verb));
    let rest = asked.unwrap_or(text);
    let noun = ["a", "the", "me a"].iter().find_map(|word| after(rest, word)).unwrap_or(rest);
    after(noun, "commit message").is_some_and(|more| asked.is_some() || more.is_empty())
}

/// What follows a phrase that a text begins with, as whole words.
fn after<'a>(text: &'a str, phrase: &str) -> Option<&'a str> {
    let rest = text.strip_prefix(phrase)?;
    let whole = !rest.starts_with(|next: char| next.is_alphanumeric() || next == '_');
    whole.then(|| rest.trim_start())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_words_tell_the_kind() {
        let cases = [
            ("fix the failing test", TaskKind::Repair),
            ("The total is wrong", TaskKind::Repair),
            ("Explain parse()", TaskKind::Explain),
            ("what does `merge` do?", TaskKind::Explain),
            ("document Invoice.total", TaskKind::Document),
            ("Write a function slugify(text) in text.py", TaskKind::Write),
            ("implement the TODO in cache.rs", TaskKind::Write),
            ("write a commit message", TaskKind::CommitMessage),
            ("Write the commit message for my changes", TaskKind::CommitMessage),
            ("a commit message", TaskKind::CommitMessage),
            ("commit message", TaskKind::CommitMessage),
            ("the commit message parser drops the body", TaskKind::Repair),
            ("Commit message bodies are cut off", TaskKind::Repair),
            ("created_at is wrong", TaskKind::Repair),
            ("generated totals are off", TaskKind::Repair),
            ("Writes to a closed file crash", TaskKind::Repair),
            ("Documentation link is broken", TaskKind::Repair),
            ("", TaskKind::Repair),
        ];
        for (text, kind) in cases {
            assert_eq!(kind_of(text), kind, "{text}");
        }
    }
}
