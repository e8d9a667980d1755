// SPDX-License-Identifier: Apache-2.0
//! Foreign text made safe to show: what a terminal would obey becomes visible.
//!
//! Invariant: the result holds no control character but newline and tab, no
//! bidirectional control, no zero-width or tag character, no variation selector.

use std::borrow::Cow;
use std::fmt::Write as _;

/// Makes every character that acts or hides visible as `<U+XXXX>`.
///
/// Newlines and tabs stay; a carriage return before a newline is dropped.
#[must_use]
pub fn visible(text: &str) -> Cow<'_, str> {
    if !text.chars().any(hides) {
        return Cow::Borrowed(text);
    }
    let mut shown = String::with_capacity(text.len() + 16);
    let mut characters = text.chars().peekable();
    while let Some(character) = characters.next() {
        if character == '\r' && characters.peek() == Some(&'\n') {
            continue;
        }
        if hides(character) {
            // Writing to a String cannot fail.
            let _infallible = write!(shown, "<U+{:04X}>", u32::from(character));
        } else {
            shown.push(character);
        }
    }
    Cow::Owned(shown)
}

/// Whether a character acts on a terminal or cannot be seen; newline and tab count as neither.
#[must_use]
pub fn hides(character: char) -> bool {
    match character {
        '\n' | '\t' => false,
        '\u{ad}'
        | '\u{34f}'
        | '\u{61c}'
        | '\u{115f}'
        | '\u{1160}'
        | '\u{17b4}'
        | '\u{17b5}'
        | '\u{180b}'..='\u{180f}'
        | '\u{200b}'..='\u{200f}'
        | '\u{2028}'..='\u{202e}'
        | '\u{2060}'..='\u{206f}'
        | '\u{3164}'
        | '\u{fe00}'..='\u{fe0f}'
        | '\u{feff}'
        | '\u{ffa0}'
        | '\u{fff9}'..='\u{fffb}'
        | '\u{e0000}'..='\u{e0fff}' => true,
        other => other.is_control(),
    }
}

/// Cuts `text` to at most `limit_bytes` at a character boundary.
#[must_use]
pub fn clip(text: &str, limit_bytes: usize) -> &str {
    let end = text.floor_char_boundary(limit_bytes.min(text.len()));
    text.get(..end).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_acts_or_hides_is_shown_and_the_rest_stays() {
        let cases = [
            ("plain\ttext\n", "plain\ttext\n"),
            ("caf\u{e9} \u{4f60}\u{597d}", "caf\u{e9} \u{4f60}\u{597d}"),
            ("a\r\nb\rc", "a\nb<U+000D>c"),
            ("\u{1b}[31mred", "<U+001B>[31mred"),
            ("a\u{202e}b\u{200b}c", "a<U+202E>b<U+200B>c"),
            ("tag\u{e0041}", "tag<U+E0041>"),
            ("\u{9b}31m", "<U+009B>31m"),
        ];
        for (text, shown) in cases {
            assert_eq!(visible(text), shown);
        }
    }

    #[test]
    fn clipping_keeps_characters_whole() {
        assert_eq!(clip("a\u{e9}b", 2), "a");
        assert_eq!(clip("a\u{e9}b", 3), "a\u{e9}");
        assert_eq!(clip("ab", 9), "ab");
    }
}
