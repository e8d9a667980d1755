// SPDX-License-Identifier: Apache-2.0
//! Which brackets are open at the cursor.
//!
//! Texts in quotes are passed over as far as one can without knowing the language: a quote that
//! is closed on its line is one. What is counted wrongly costs a bracket of a suggestion.
//!
//! Invariant: pure, and one pass over the text.

/// The closing brackets that are owed, the innermost last.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Owed(Vec<char>);

impl Owed {
    /// Those that `before` opened and what stands behind the cursor does not close: the rest of
    /// the line, and the line after it where it begins with what closes.
    pub(crate) fn at(before: &str, after: &str) -> Self {
        let mut owed = Self::default();
        for (_, c) in brackets(before) {
            owed.take(c);
        }
        let (rest, below) = after.split_once('\n').unwrap_or((after, ""));
        owed.pay(rest);
        let below = below.lines().map(str::trim).find(|line| !line.is_empty());
        owed.pay(below.filter(|line| line.starts_with([')', ']', '}'])).unwrap_or_default());
        owed
    }

    /// Strikes off what a text closes without having opened it.
    fn pay(&mut self, text: &str) {
        let mut own = Self::default();
        for (_, c) in brackets(text) {
            if own.take(c) == Taken::Nobodys && self.0.last() == Some(&c) {
                self.0.pop();
            }
        }
    }

    /// Takes one bracket, and says whether it may stand here.
    fn take(&mut self, bracket: char) -> Taken {
        match bracket {
            '(' => self.0.push(')'),
            '[' => self.0.push(']'),
            '{' => self.0.push('}'),
            closing if self.0.last() == Some(&closing) => {
                self.0.pop();
            }
            _closing => return Taken::Nobodys,
        }
        Taken::Fits
    }

    /// Where in `shown` the first bracket stands that closes what is not open.
    pub(crate) fn first_stray(mut self, shown: &str) -> Option<usize> {
        brackets(shown).find(|(_, c)| self.take(*c) == Taken::Nobodys).map(|(at, _)| at)
    }
}

/// What became of a bracket.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Taken {
    Fits,
    /// It closes what nobody opened.
    Nobodys,
}

/// The brackets of a text that stand outside of quotes, with their places.
fn brackets(text: &str) -> impl Iterator<Item = (usize, char)> {
    let mut base = 0;
    text.split_inclusive('\n').flat_map(move |line| {
        let from = base;
        base += line.len();
        of_line(line).into_iter().map(move |(at, c)| (from + at, c))
    })
}

fn of_line(line: &str) -> Vec<(usize, char)> {
    let mut found = Vec::new();
    let mut passed_over = 0;
    let mut previous = ' ';
    for (at, c) in line.char_indices() {
        if at < passed_over {
            continue;
        }
        match c {
            '(' | ')' | '[' | ']' | '{' | '}' => found.push((at, c)),
            // `&'a` and `<'a` are no texts.
            '\'' if matches!(previous, '&' | '<') => {}
            '"' | '\'' | '`' => {
                if let Some(end) = closing_quote(line, at, c) {
                    passed_over = end + 1;
                }
            }
            _ => {}
        }
        previous = c;
    }
    found
}

fn closing_quote(line: &str, at: usize, quote: char) -> Option<usize> {
    let mut escaped = false;
    let rest = line.get(at + 1..)?;
    for (offset, c) in rest.char_indices() {
        match c {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            c if c == quote => return Some(at + 1 + offset),
            _ => {}
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_open_is_known_at_the_cursor() {
        for (before, after, owed) in [
            ("f(a, [b", "", ")]"),
            ("f(a, [b", "])", ""),
            ("if (x) {\n  f(", "\n}\n", "})"),
            ("f(\n  a,", "\n)\nx = 1", ""),
            ("x = '(' + \"[\" + `{`", "", ""),
            ("x = '\\'(' + (", "", ")"),
            ("fn f<'a>(x: &'a str, y: (", "", "))"),
            ("it's (", "", ")"),
            ("}\n)\nf(", "", ")"),
        ] {
            let found: String = Owed::at(before, after).0.into_iter().collect();
            assert_eq!(found, owed, "{before:?} | {after:?}");
        }
    }
}
