// SPDX-License-Identifier: Apache-2.0
//! Puts the functions of an answer in the place of those of the same name.
//!
//! Deliberately plain, and not the product's splicing: names only, no grammar,
//! the first function of a name wins.
//!
//! Invariant: only functions that were there before are replaced; nothing is
//! added.

use std::ops::Range;
use std::path::PathBuf;

use crate::bench::source::{self, Kind, Token};
use crate::bench::task::Language;

/// A function and the bytes it takes up, whole lines.
struct Function {
    name: String,
    range: Range<usize>,
}

/// The files that an answer changes, with their new text.
pub(super) fn splice(
    files: &[(PathBuf, String)],
    answer: &str,
    language: Language,
) -> Vec<(PathBuf, String)> {
    let code = code(answer);
    let mut changed = Vec::new();
    let mut used: Vec<String> = Vec::new();
    for (path, text) in files {
        let mut new = text.clone();
        for function in functions(&code, language) {
            if used.contains(&function.name) {
                continue;
            }
            let old = functions(&new, language).into_iter().find(|old| old.name == function.name);
            let (Some(old), Some(body)) = (old, code.get(function.range)) else { continue };
            let before = new.get(..old.range.start).unwrap_or_default();
            let after = new.get(old.range.end..).unwrap_or_default();
            let place = new.get(old.range.clone()).unwrap_or_default();
            new = format!("{before}{}{after}", indented_like(body, place));
            used.push(function.name);
        }
        if new != *text {
            changed.push((path.clone(), new));
        }
    }
    changed
}

/// What stands in the fences of an answer, or all of it if it has none.
fn code(answer: &str) -> String {
    let mut inside = false;
    let mut code = String::new();
    for line in answer.lines() {
        if line.trim_start().starts_with("```") {
            inside = !inside;
        } else if inside {
            code.push_str(line);
            code.push('\n');
        }
    }
    if code.is_empty() { format!("{answer}\n") } else { code }
}

/// The body with the indentation of what it replaces.
fn indented_like(body: &str, place: &str) -> String {
    let (have, want) = (indentation(body), indentation(place));
    let mut text = String::new();
    for line in body.lines() {
        if !line.trim().is_empty() {
            text.push_str(&" ".repeat(want));
            let strip = have.min(indentation(line));
            text.push_str(line.get(strip..).unwrap_or(line));
        }
        text.push('\n');
    }
    text
}

/// How many blanks the first line with text starts with.
fn indentation(text: &str) -> usize {
    let line = text.lines().find(|line| !line.trim().is_empty()).unwrap_or_default();
    line.len() - line.trim_start().len()
}

/// The functions of a text, in order; those inside of others come too.
fn functions(text: &str, language: Language) -> Vec<Function> {
    let tokens = source::tokens(text, language);
    let mut found = Vec::new();
    for index in 0..tokens.len() {
        let Some(name) = tokens.get(index).filter(|token| token.kind == Kind::Name) else {
            continue;
        };
        let range = match language {
            Language::Python => python(text, &tokens, index),
            Language::Rust | Language::JavaScript | Language::C => {
                braces(text, &tokens, index, language)
            }
        };
        if let Some(range) = range {
            found.push(Function { name: name.text.to_owned(), range });
        }
    }
    found
}

fn word<'a>(tokens: &[Token<'a>], index: usize) -> &'a str {
    tokens.get(index).map_or("", |token| token.text)
}

/// A `def` and the lines that are further in.
fn python(text: &str, tokens: &[Token<'_>], index: usize) -> Option<Range<usize>> {
    if word(tokens, index.checked_sub(1)?) != "def" {
        return None;
    }
    let start = line_start(text, tokens.get(index)?.start);
    let depth = indentation(text.get(start..)?);
    let mut end = start;
    let mut position = start;
    for line in text.get(start..)?.split_inclusive('\n') {
        let blank = line.trim().is_empty();
        let closes = line.trim_start().starts_with(')');
        if position > start && !blank && indentation(line) <= depth && !closes {
            break;
        }
        position += line.len();
        if !blank {
            end = position;
        }
    }
    Some(start..end)
}

/// A name with brackets and a body in braces behind them.
fn braces(
    text: &str,
    tokens: &[Token<'_>],
    index: usize,
    language: Language,
) -> Option<Range<usize>> {
    const NOT_A_NAME: [&str; 6] = ["if", "for", "while", "switch", "catch", "match"];
    let name = tokens.get(index)?;
    let before = index.checked_sub(1).map_or("", |before| word(tokens, before));
    if NOT_A_NAME.contains(&name.text) || (language == Language::Rust && before != "fn") {
        return None;
    }
    let open = match (language, word(tokens, index + 1), word(tokens, index + 2)) {
        (_, "(", _) => index + 1,
        (Language::JavaScript, "=", "(") => index + 2,
        (Language::JavaScript, "=", "async") if word(tokens, index + 3) == "(" => index + 3,
        (Language::Rust, "<", _) => (index..tokens.len()).find(|&at| word(tokens, at) == "(")?,
        _ => return None,
    };
    let mut at = matching(tokens, open, "(", ")")? + 1;
    if language == Language::Rust {
        at = (at..tokens.len()).find(|&at| ["{", ";"].contains(&word(tokens, at)))?;
    } else if word(tokens, at) == "=>" {
        at += 1;
    }
    if word(tokens, at) != "{" {
        return None;
    }
    let last = tokens.get(matching(tokens, at, "{", "}")?)?;
    let start = line_start(text, name.start);
    let rest = text.get(last.end..)?;
    let end = last.end + rest.find('\n').map_or(rest.len(), |line| line + 1);
    Some(start..end)
}

fn line_start(text: &str, position: usize) -> usize {
    text.get(..position).and_then(|before| before.rfind('\n')).map_or(0, |line| line + 1)
}

/// The index of the bracket that closes the one at `start`.
fn matching(tokens: &[Token<'_>], start: usize, open: &str, close: &str) -> Option<usize> {
    let mut depth = 0_usize;
    for (index, token) in tokens.iter().enumerate().skip(start) {
        if token.text == open {
            depth += 1;
        } else if token.text == close {
            depth = depth.checked_sub(1)?;
            if depth == 0 {
                return Some(index);
            }
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(language: Language, file: &str, answer: &str, want: &str) {
        let files = [(PathBuf::from("f"), file.to_owned())];
        let changed = splice(&files, answer, language);
        let got = changed.first().map_or(file, |(_, text)| text.as_str());
        assert_eq!(got, want, "{answer}");
    }

    #[test]
    fn functions_are_replaced_by_name() {
        check(
            Language::Python,
            "class A:\n    def f(self):\n        return 1\n\n    def g(self):\n        return 2\n",
            "Sure:\n```python\ndef f(self):\n    return 3\n```\nDone.",
            "class A:\n    def f(self):\n        return 3\n\n    def g(self):\n        return 2\n",
        );
        check(
            Language::Rust,
            "pub fn f<T>(a: T) -> u32 {\n    1\n}\n\nfn g() {}\n",
            "```rust\nfn g() { x(); }\npub fn f<T>(a: T) -> u32 {\n    if a { 2 } else { 3 }\n}\n```",
            "pub fn f<T>(a: T) -> u32 {\n    if a { 2 } else { 3 }\n}\n\nfn g() { x(); }\n",
        );
        check(
            Language::JavaScript,
            "class A {\n  f(a) {\n    return a;\n  }\n}\nconst g = (x) => {\n  f(x);\n};\n",
            "```js\nf(a) {\n  return -a;\n}\nconst g = (x) => {\n  return f(x);\n};\n```",
            "class A {\n  f(a) {\n    return -a;\n  }\n}\nconst g = (x) => {\n  return f(x);\n};\n",
        );
        check(
            Language::C,
            "static int f(int a)\n{\n    if (a)\n        return 1;\n    return 0;\n}\nint g(void);\n",
            "```c\nstatic int f(int a)\n{\n    return a;\n}\n```",
            "static int f(int a)\n{\n    return a;\n}\nint g(void);\n",
        );
    }

    #[test]
    fn unknown_functions_are_left_out() {
        check(
            Language::Python,
            "def f():\n    pass\n",
            "```\ndef h():\n    pass\n```",
            "def f():\n    pass\n",
        );
        check(
            Language::C,
            "int f(void) { return g(); }\n",
            "no code",
            "int f(void) { return g(); }\n",
        );
    }
}
