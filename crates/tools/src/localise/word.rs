// SPDX-License-Identifier: Apache-2.0
//! The words of a text that may name code.

use std::collections::HashSet;

/// How much a word looks like a name in code.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Likeness {
    /// An ordinary word.
    Plain,
    /// Written like an identifier, called, or quoted.
    Name,
}

/// Lists the words of a text, the likeliest names first, each once.
pub(super) fn words(text: &str, max: usize) -> Vec<(String, Likeness)> {
    let mut found: Vec<(String, Likeness)> = Vec::new();
    let mut seen = HashSet::new();
    let mut quoted = false;
    let is_word = |character: char| character.is_alphanumeric() || matches!(character, '_' | '$');
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        if !is_word(first) {
            if first == '`' {
                quoted = !quoted;
            }
            rest = rest.get(first.len_utf8()..).unwrap_or_default();
            continue;
        }
        let end = rest.find(|character: char| !is_word(character)).unwrap_or(rest.len());
        let (word, after) = rest.split_at_checked(end).unwrap_or((rest, ""));
        rest = after;
        let mixed =
            word.chars().skip(1).any(char::is_uppercase) && word.chars().any(char::is_lowercase);
        let is_name = quoted
            || word.contains('_')
            || mixed
            || after.starts_with('(')
            || after.starts_with("::")
            || after.starts_with(['\'', '"']);
        let likeness = if is_name { Likeness::Name } else { Likeness::Plain };
        let long_enough = word.len() >= if is_name { 2 } else { 4 };
        let is_number = word.chars().all(|character| character.is_ascii_digit());
        if long_enough
            && !is_number
            && !COMMON.contains(&word.to_ascii_lowercase().as_str())
            && seen.insert(word.to_owned())
        {
            found.push((word.to_owned(), likeness));
        }
    }
    found.sort_by_key(|(_, likeness)| std::cmp::Reverse(*likeness));
    found.truncate(max);
    found
}

/// Lists what looks like a file name in a text.
pub(crate) fn files(text: &str) -> Vec<String> {
    text.split(|character: char| character.is_whitespace() || "`'\"(),;:<>[]".contains(character))
        .map(|word| word.trim_matches(['.', '!', '?']).trim_start_matches("./"))
        .filter(|word| {
            word.rsplit_once('.').is_some_and(|(name, extension)| {
                !name.is_empty()
                    && ["py", "rs", "js", "mjs", "cjs", "jsx", "ts", "tsx", "c", "h"]
                        .contains(&extension)
            })
        })
        .map(str::to_owned)
        .collect()
}

/// Words of tasks and messages that name no code.
const COMMON: [&str; 66] = [
    "about",
    "after",
    "again",
    "assert",
    "assertion",
    "assertionerror",
    "been",
    "before",
    "broken",
    "bugs",
    "call",
    "called",
    "case",
    "check",
    "code",
    "correct",
    "does",
    "error",
    "errors",
    "exception",
    "expected",
    "fail",
    "failed",
    "failing",
    "fails",
    "false",
    "file",
    "find",
    "fixed",
    "from",
    "function",
    "have",
    "instead",
    "into",
    "left",
    "line",
    "make",
    "none",
    "null",
    "panicked",
    "pass",
    "passed",
    "please",
    "received",
    "return",
    "returned",
    "returns",
    "right",
    "should",
    "test",
    "tests",
    "that",
    "them",
    "then",
    "there",
    "this",
    "thread",
    "true",
    "undefined",
    "value",
    "values",
    "when",
    "where",
    "with",
    "wrong",
    "when",
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_come_before_plain_words() {
        let found =
            words("The total of a cart is wrong: `apply` and parse_date() fail in LineItem", 10);
        let names: Vec<&str> = found.iter().map(|(word, _)| word.as_str()).collect();
        assert_eq!(names, ["apply", "parse_date", "LineItem", "total", "cart"]);
        assert_eq!(found.iter().filter(|(_, likeness)| *likeness == Likeness::Name).count(), 3);
        assert_eq!(
            files("see src/cart.py, (lib.rs) and e.g. Cargo.toml"),
            ["src/cart.py", "lib.rs"]
        );
    }
}
