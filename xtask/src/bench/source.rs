// SPDX-License-Identifier: Apache-2.0
//! Splits the source of a program into the tokens that mutations look at.
//!
//! One plain lexer serves the four languages of the bench; it knows comments,
//! strings, numbers, names and signs, and no grammar. What it cannot tell
//! apart, the build step of the mutator sorts out.
//!
//! Invariant: tokens never lie inside of a comment or a string.

use super::task::Language;

/// What a token is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// A name or a keyword.
    Name,
    /// A number.
    Number,
    /// An operator or a bracket.
    Sign,
    /// A string, a character or a regular expression.
    Text,
}

/// A token and where it stands.
#[derive(Clone, Copy, Debug)]
pub(super) struct Token<'a> {
    /// What it is.
    pub(super) kind: Kind,
    /// Its text.
    pub(super) text: &'a str,
    /// Its first byte.
    pub(super) start: usize,
    /// The byte behind it.
    pub(super) end: usize,
    /// Its line, counted from 0.
    pub(super) line: usize,
    /// Whether a blank stands on both sides.
    pub(super) spaced: bool,
}

/// Signs of several characters, the longest first.
const LONG_SIGNS: [&str; 37] = [
    ">>>=", "===", "!==", "**=", "...", "<<=", ">>=", ">>>", "..=", "&&=", "||=", "??=", "//=",
    "**", "==", "!=", "<=", ">=", "&&", "||", "??", "+=", "-=", "*=", "/=", "%=", "|=", "&=", "^=",
    "->", "=>", "::", "++", "--", "<<", ">>", "..",
];

/// The tokens of a source text.
pub(super) fn tokens(source: &str, language: Language) -> Vec<Token<'_>> {
    let mut lexer = Lexer { source, language, position: 0, line: 0, tokens: Vec::new() };
    while lexer.position < source.len() {
        lexer.step();
    }
    lexer.tokens
}

struct Lexer<'a> {
    source: &'a str,
    language: Language,
    position: usize,
    line: usize,
    tokens: Vec<Token<'a>>,
}

impl<'a> Lexer<'a> {
    fn rest(&self) -> &'a str {
        self.source.get(self.position..).unwrap_or_default()
    }

    fn step(&mut self) {
        let rest = self.rest();
        let Some(first) = rest.chars().next() else {
            self.position = self.source.len();
            return;
        };
        if first.is_whitespace() {
            self.skip(first.len_utf8());
        } else if let Some(length) = self.comment(rest) {
            self.skip(length);
        } else if let Some(length) = self.text(rest, first) {
            self.push(Kind::Text, length);
        } else if first.is_alphabetic() || first == '_' {
            self.push(Kind::Name, span(rest, |char| char.is_alphanumeric() || char == '_'));
        } else if first.is_ascii_digit() {
            self.push(Kind::Number, number(rest));
        } else {
            let long =
                LONG_SIGNS.iter().find(|sign| self.is_sign(sign) && rest.starts_with(**sign));
            self.push(Kind::Sign, long.map_or_else(|| first.len_utf8(), |sign| sign.len()));
        }
    }

    fn is_sign(&self, sign: &str) -> bool {
        self.language == Language::Python || sign != "//="
    }

    fn skip(&mut self, length: usize) {
        let passed = self.rest().get(..length).unwrap_or_default();
        self.line += passed.matches('\n').count();
        self.position += length.max(1);
    }

    fn push(&mut self, kind: Kind, length: usize) {
        let (start, end) = (self.position, self.position + length);
        let before = self.source.get(..start).and_then(|text| text.chars().next_back());
        let after = self.source.get(end..).and_then(|text| text.chars().next());
        let blank = |char: Option<char>| char.is_some_and(char::is_whitespace);
        self.tokens.push(Token {
            kind,
            text: self.source.get(start..end).unwrap_or_default(),
            start,
            end,
            line: self.line,
            spaced: blank(before) && blank(after),
        });
        self.skip(length);
    }

    /// The length of a comment or a preprocessor line that starts here.
    fn comment(&self, rest: &str) -> Option<usize> {
        let line_end = rest.find('\n').unwrap_or(rest.len());
        match self.language {
            Language::Python => rest.starts_with('#').then_some(line_end),
            Language::C if rest.starts_with('#') => Some(line_end),
            Language::Rust if rest.starts_with("#[") || rest.starts_with("#![") => Some(line_end),
            Language::Rust | Language::JavaScript | Language::C => {
                if rest.starts_with("//") {
                    Some(line_end)
                } else if rest.starts_with("/*") {
                    Some(rest.find("*/").map_or(rest.len(), |end| end + 2))
                } else {
                    None
                }
            }
        }
    }

    /// The length of a string, character or regular expression.
    fn text(&self, rest: &str, first: char) -> Option<usize> {
        match (first, self.language) {
            ('"' | '\'', Language::Python) => {
                let triple = rest.get(..3).filter(|quote| *quote == "\"\"\"" || *quote == "'''");
                match triple {
                    Some(quote) => {
                        let inner = rest.get(3..).and_then(|inner| inner.find(quote));
                        Some(inner.map_or(rest.len(), |end| end + 6))
                    }
                    None => Some(quoted(rest, first)),
                }
            }
            ('"', _) | ('\'', Language::JavaScript | Language::C) | ('`', Language::JavaScript) => {
                Some(quoted(rest, first))
            }
            ('\'', Language::Rust) => {
                // A lifetime has no second quote behind one character.
                let mut chars = rest.chars().skip(1);
                let inner = chars.next()?;
                if inner == '\\' || chars.next() == Some('\'') {
                    Some(quoted(rest, first))
                } else {
                    None
                }
            }
            ('/', Language::JavaScript) => {
                let last = self.tokens.last().map_or("", |token| token.text);
                let starts = ["(", ",", "=", "return", ":", "&&", "||", "?"].contains(&last);
                starts.then(|| quoted(rest, first))
            }
            _ => None,
        }
    }
}

/// The length of a text up to and with its second, unescaped quote.
fn quoted(rest: &str, quote: char) -> usize {
    let mut escaped = false;
    for (position, char) in rest.char_indices().skip(1) {
        if escaped {
            escaped = false;
        } else if char == '\\' {
            escaped = true;
        } else if char == quote {
            return position + char.len_utf8();
        }
    }
    rest.len()
}

fn span(rest: &str, inside: impl Fn(char) -> bool) -> usize {
    rest.find(|char| !inside(char)).unwrap_or(rest.len())
}

/// The length of a number; the two dots of a range are not part of it.
fn number(rest: &str) -> usize {
    let whole = span(rest, |char| char.is_ascii_alphanumeric() || char == '_');
    let after = rest.get(whole..).unwrap_or_default();
    let mut chars = after.chars();
    if chars.next() == Some('.') && chars.next().is_some_and(|char| char.is_ascii_digit()) {
        let fraction = after.get(1..).unwrap_or_default();
        return whole + 1 + span(fraction, |char| char.is_ascii_alphanumeric());
    }
    whole
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(language: Language, source: &str, want: &[&str]) {
        let got: Vec<&str> = tokens(source, language).iter().map(|token| token.text).collect();
        assert_eq!(got, want, "{source}");
    }

    #[test]
    fn texts_and_comments_are_whole() {
        check(
            Language::Python,
            "a = 'x # y' # <\n'''b\n<'''",
            &["a", "=", "'x # y'", "'''b\n<'''"],
        );
        check(Language::C, "#define A 1\nc = '\"'; /* < */", &["c", "=", "'\"'", ";"]);
        check(Language::Rust, "&'a str == '\\'' // x", &["&", "'", "a", "str", "==", "'\\''"]);
        check(
            Language::JavaScript,
            "a / b; f(/[/]>/g)",
            &["a", "/", "b", ";", "f", "(", "/[/", "]", ">", "/", "g", ")"],
        );
        check(Language::JavaScript, "`a ${b < c}` + 1", &["`a ${b < c}`", "+", "1"]);
    }

    #[test]
    fn signs_and_numbers() {
        check(Language::Rust, "0..=9.5 as u64>>1", &["0", "..=", "9.5", "as", "u64", ">>", "1"]);
        check(Language::Python, "a //= 0x1F", &["a", "//=", "0x1F"]);
        check(Language::JavaScript, "a !== b ** 2", &["a", "!==", "b", "**", "2"]);
    }

    #[test]
    fn lines_and_blanks() {
        let found = tokens("a\n  < b\nVec<u8>", Language::Rust);
        let spaced: Vec<_> = found.iter().filter(|token| token.text == "<").collect();
        assert_eq!((spaced[0].line, spaced[0].spaced), (1, true));
        assert_eq!((spaced[1].line, spaced[1].spaced), (2, false));
    }
}
