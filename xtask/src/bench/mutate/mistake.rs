// SPDX-License-Identifier: Apache-2.0
//! The mistakes that the mutator can make, found in the tokens of a source.
//!
//! The operators follow those of classic mutation testing (DeMillo, Lipton,
//! Sayward 1978; Offutt et al. 1996), kept to slips that people make.
//!
//! Invariant: a [`Mistake`] replaces one range of bytes and nothing else.

use crate::bench::source::{self, Kind, Token};
use crate::bench::task::Language;

/// The kinds of mistake.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Slip {
    /// `<` for `<=` and the like.
    Comparison,
    /// `+` for `-` and the like.
    Arithmetic,
    /// `and` for `or`.
    Logic,
    /// A number off by one.
    Number,
    /// A condition turned round.
    Condition,
    /// A statement left out.
    Statement,
    /// A `return` left out.
    Return,
    /// Two arguments exchanged.
    Arguments,
    /// Another variable of the same line.
    Variable,
}

impl Slip {
    /// The name printed for the person who runs the mutator.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Comparison => "comparison",
            Self::Arithmetic => "arithmetic",
            Self::Logic => "logic",
            Self::Number => "number",
            Self::Condition => "condition",
            Self::Statement => "statement",
            Self::Return => "return",
            Self::Arguments => "arguments",
            Self::Variable => "variable",
        }
    }
}

/// One mistake at one place.
#[derive(Clone, Debug)]
pub(super) struct Mistake {
    /// What kind it is.
    pub(super) kind: Slip,
    start: usize,
    end: usize,
    text: String,
}

impl Mistake {
    /// The source with the mistake made.
    pub(super) fn apply(&self, source: &str) -> String {
        let before = source.get(..self.start).unwrap_or_default();
        let after = source.get(self.end..).unwrap_or_default();
        format!("{before}{}{after}", self.text)
    }
}

/// Every mistake that could be made in a source.
pub(super) fn all(source: &str, language: Language) -> Vec<Mistake> {
    let tokens = source::tokens(source, language);
    let mut found = Vec::new();
    for index in 0..tokens.len() {
        let at = At { tokens: &tokens, index, language, source };
        found.extend(at.sign());
        found.extend(at.number());
        found.extend(at.condition());
        found.extend(at.dropped_return());
        found.extend(at.arguments());
        found.extend(at.variable());
    }
    found.extend(statements(source, &tokens, language));
    found
}

/// A place in the tokens.
struct At<'a> {
    tokens: &'a [Token<'a>],
    index: usize,
    language: Language,
    source: &'a str,
}

impl<'a> At<'a> {
    fn token(&self, offset: isize) -> Option<Token<'a>> {
        self.tokens.get(self.index.checked_add_signed(offset)?).copied()
    }

    fn word(&self, offset: isize) -> &'a str {
        self.token(offset).map_or("", |token| token.text)
    }

    fn replace(&self, kind: Slip, text: &str) -> Option<Mistake> {
        let token = self.token(0)?;
        Some(Mistake { kind, start: token.start, end: token.end, text: text.to_owned() })
    }

    /// Another operator. Only with blanks around, which leaves out the
    /// brackets of generic types and signs before a number.
    fn sign(&self) -> Option<Mistake> {
        let token = self.token(0)?;
        let (kind, text) = match token.text {
            "<" => (Slip::Comparison, "<="),
            "<=" => (Slip::Comparison, "<"),
            ">" => (Slip::Comparison, ">="),
            ">=" => (Slip::Comparison, ">"),
            "==" => (Slip::Comparison, "!="),
            "!=" => (Slip::Comparison, "=="),
            "===" => (Slip::Comparison, "!=="),
            "!==" => (Slip::Comparison, "==="),
            "+" => (Slip::Arithmetic, "-"),
            "-" => (Slip::Arithmetic, "+"),
            "*" => (Slip::Arithmetic, "+"),
            "/" => (Slip::Arithmetic, "*"),
            "%" => (Slip::Arithmetic, "/"),
            "+=" => (Slip::Arithmetic, "-="),
            "-=" => (Slip::Arithmetic, "+="),
            "&&" => (Slip::Logic, "||"),
            "||" => (Slip::Logic, "&&"),
            "and" => (Slip::Logic, "or"),
            "or" => (Slip::Logic, "and"),
            _ => return None,
        };
        if token.spaced { self.replace(kind, text) } else { None }
    }

    fn number(&self) -> Option<Mistake> {
        let token = self.token(0)?;
        let value: u32 = token.text.parse().ok()?;
        if token.kind != Kind::Number || value > 100_000 {
            return None;
        }
        // One and two shrink as often as they grow, by where they stand.
        let changed = if value > 0 && token.start % 2 == 0 { value - 1 } else { value + 1 };
        self.replace(Slip::Number, &changed.to_string())
    }

    /// `if x` becomes `if not x`; for C and JavaScript inside the brackets.
    fn condition(&self) -> Option<Mistake> {
        if self.word(0) != "if" {
            return None;
        }
        let first = self.token(1)?;
        if first.text == "let" {
            return None;
        }
        let (start, end) = match self.language {
            Language::Python => (first.start, self.end_of_condition(":")?),
            Language::Rust => (first.start, self.end_of_condition("{")?),
            Language::JavaScript | Language::C => (first.end, self.matching(1)?.start),
        };
        let inner = self.source.get(start..end)?.trim_end();
        let not = if self.language == Language::Python { "not " } else { "!" };
        Some(Mistake {
            kind: Slip::Condition,
            start,
            end: start + inner.len(),
            text: format!("{not}({inner})"),
        })
    }

    /// Where the first `sign` outside of brackets stands on this line.
    fn end_of_condition(&self, sign: &str) -> Option<usize> {
        let line = self.token(0)?.line;
        let mut depth = 0_usize;
        for token in
            self.tokens.get(self.index + 1..)?.iter().take_while(|token| token.line == line)
        {
            match token.text {
                text if text == sign && depth == 0 => return Some(token.start),
                "(" | "[" | "{" => depth += 1,
                ")" | "]" | "}" => depth = depth.checked_sub(1)?,
                _ => {}
            }
        }
        None
    }

    /// The bracket that closes the one at `offset`.
    fn matching(&self, offset: isize) -> Option<Token<'a>> {
        let start = self.index.checked_add_signed(offset)?;
        if self.tokens.get(start)?.text != "(" {
            return None;
        }
        let mut depth = 0_usize;
        for token in self.tokens.get(start..)? {
            match token.text {
                "(" => depth += 1,
                ")" => depth -= 1,
                _ => {}
            }
            if depth == 0 {
                return Some(*token);
            }
        }
        None
    }

    /// `return x` becomes `x`, where that still builds.
    fn dropped_return(&self) -> Option<Mistake> {
        let dynamic = matches!(self.language, Language::Python | Language::JavaScript);
        let (token, next) = (self.token(0)?, self.token(1)?);
        if !dynamic || token.text != "return" || next.line != token.line || next.text == ";" {
            return None;
        }
        Some(Mistake {
            kind: Slip::Return,
            start: token.start,
            end: next.start,
            text: String::new(),
        })
    }

    /// `f(a, b)` becomes `f(b, a)`.
    fn arguments(&self) -> Option<Mistake> {
        let defines = ["def", "function", "fn"].contains(&self.word(-1));
        let callee = self.token(0)?;
        let (first, second) = (self.token(2)?, self.token(4)?);
        let shape = callee.kind == Kind::Name
            && self.word(1) == "("
            && self.word(3) == ","
            && self.word(5) == ")"
            && first.kind != Kind::Sign
            && second.kind != Kind::Sign
            && first.text != second.text;
        // A bracket or a colon behind it makes it a definition after all.
        let body = ["{", ":", "->", "=>"].contains(&self.word(6));
        if defines || !shape || body || is_keyword(callee.text) {
            return None;
        }
        let text = format!("{}, {}", second.text, first.text);
        Some(Mistake { kind: Slip::Arguments, start: first.start, end: second.end, text })
    }

    /// A variable becomes the nearest other one of its line.
    fn variable(&self) -> Option<Mistake> {
        let token = self.token(0)?;
        if !self.is_variable(0) || ["let", "const", "for", "mut"].contains(&self.word(-1)) {
            return None;
        }
        for offset in [2, -2, 3, -3, 4, -4, 5, -5] {
            let same_line = self.token(offset).is_some_and(|other| other.line == token.line);
            if same_line && self.is_variable(offset) && self.word(offset) != token.text {
                return self.replace(Slip::Variable, self.word(offset));
            }
        }
        None
    }

    fn is_variable(&self, offset: isize) -> bool {
        let Some(token) = self.token(offset) else { return false };
        let lower = token.text.starts_with(|char: char| char.is_lowercase());
        let before = self.word(offset - 1);
        let after = self.word(offset + 1);
        token.kind == Kind::Name
            && lower
            && !is_keyword(token.text)
            && ![".", "->", "::", "def", "fn", "function", "class", "struct"].contains(&before)
            && !["(", "::", ":", "!", "="].contains(&after)
    }
}

/// Statements of one line that can be left out.
fn statements(source: &str, tokens: &[Token<'_>], language: Language) -> Vec<Mistake> {
    let mut found = Vec::new();
    let mut start = 0;
    for (line, text) in source.split_inclusive('\n').enumerate() {
        let words: Vec<&str> =
            tokens.iter().filter(|token| token.line == line).map(|token| token.text).collect();
        let end = start + text.len();
        if is_statement(&words, language) && text.starts_with([' ', '\t']) {
            found.push(Mistake { kind: Slip::Statement, start, end, text: String::new() });
        }
        start = end;
    }
    found
}

/// Whether the words of a line are a whole statement that does something.
fn is_statement(words: &[&str], language: Language) -> bool {
    let (Some(first), Some(last)) = (words.first(), words.last()) else { return false };
    let open = words.iter().filter(|word| ["(", "[", "{"].contains(*word)).count();
    let close = words.iter().filter(|word| [")", "]", "}"].contains(*word)).count();
    let named = first.starts_with(|char: char| char.is_alphabetic());
    if !named || open != close || words.len() < 2 {
        return false;
    }
    let acts = words.iter().any(|word| {
        ["(", "+=", "-=", "*=", "/=", "|=", "&=", "=", "++", "--", "continue", "break"]
            .contains(word)
    });
    let declares = is_keyword(first) && !["continue", "break"].contains(first);
    match language {
        Language::Python => acts && !declares && *last != ":" && *last != ",",
        Language::Rust | Language::JavaScript | Language::C => {
            *last == ";" && acts && !declares && !is_type(first)
        }
    }
}

fn is_type(word: &str) -> bool {
    ["int", "long", "size_t", "char", "unsigned", "uint64_t", "double"].contains(&word)
}

/// Words that are no variables, in any of the languages.
fn is_keyword(word: &str) -> bool {
    const KEYWORDS: &str = " and as assert async await break case catch char class const continue \
        crate def default del do double elif else enum except export extends f64 false finally fn \
        for from function i32 i64 if impl import in int is isize lambda let long loop match mod \
        mut new none not null of or pass pub raise ref return self size_t sizeof static str struct \
        super switch this throw true try type typeof u16 u32 u64 u8 undefined unsigned usize use \
        var void while with yield ";
    KEYWORDS.split_whitespace().any(|keyword| keyword == word)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(source: &str, language: Language, kind: Slip) -> Vec<String> {
        let found = all(source, language);
        found.iter().filter(|m| m.kind == kind).map(|m| m.apply(source)).collect()
    }

    #[test]
    fn each_kind_is_made_where_it_fits() {
        for (language, kind, source, want) in [
            (Language::Python, Slip::Comparison, "if a <= b:", "if a < b:"),
            (Language::JavaScript, Slip::Comparison, "a !== b", "a === b"),
            (Language::C, Slip::Arithmetic, "x = a + b;", "x = a - b;"),
            (Language::Python, Slip::Logic, "a and b", "a or b"),
            (Language::Rust, Slip::Condition, "if a.is_empty() {", "if !(a.is_empty()) {"),
            (Language::C, Slip::Condition, "if (f(a))", "if (!(f(a)))"),
            (Language::Python, Slip::Condition, "if d[1:]:", "if not (d[1:]):"),
            (Language::Python, Slip::Return, "    return x", "    x"),
            (Language::JavaScript, Slip::Arguments, "f(a, 1);", "f(1, a);"),
            (Language::C, Slip::Variable, "i + n", "n + n"),
            (Language::Rust, Slip::Statement, "a\n    x += 1;\nb", "a\nb"),
            (Language::Python, Slip::Statement, "if x:\n    f(y)\n", "if x:\n"),
        ] {
            assert!(texts(source, language, kind).contains(&want.to_owned()), "{source}");
        }
        assert_eq!(texts("a[12]", Language::C, Slip::Number), ["a[11]"]);
        assert_eq!(texts("a = 0", Language::C, Slip::Number), ["a = 1"]);
    }

    #[test]
    fn nothing_is_made_where_it_does_not_fit() {
        for (language, kind, source) in [
            (Language::Rust, Slip::Comparison, "Vec<u8>"),
            (Language::C, Slip::Arithmetic, "f(-1)"),
            (Language::Python, Slip::Comparison, "'a < b' # a < b"),
            (Language::Rust, Slip::Condition, "if let Some(x) = y {"),
            (Language::Rust, Slip::Return, "return x;"),
            (Language::Python, Slip::Arguments, "def f(a, b):"),
            (Language::C, Slip::Statement, "    int x = f();"),
            (Language::JavaScript, Slip::Statement, "    const x = f();"),
            (Language::Python, Slip::Statement, "    f(a,"),
        ] {
            assert_eq!(texts(source, language, kind), Vec::<String>::new(), "{source}");
        }
    }
}
