// SPDX-License-Identifier: Apache-2.0
//! Tells from the first words of a task what kind of work it is. Pure.

use moat_protocol::TaskKind;

/// The kind of work that `text` asks for: by its first words, else a repair.
pub(crate) fn kind_of(text: &str) -> TaskKind {
    let text = text.trim_start().to_lowercase();
    let begins = |words: &[&str]| words.iter().any(|word| text.starts_with(word));
    if text.contains("commit message") {
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
            ("", TaskKind::Repair),
        ];
        for (text, kind) in cases {
            assert_eq!(kind_of(text), kind, "{text}");
        }
    }
}
