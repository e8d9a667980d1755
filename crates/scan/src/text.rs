// SPDX-License-Identifier: Apache-2.0
//! Bytes as the text for which a tool takes them.
//!
//! A reader may decode a file by a mark at its start or by what its first lines declare, and
//! an encoding like UTF-7 spells plain letters in others. Here only UTF-8 is read.
//!
//! Sources: pip's `auto_decode`, which obeys byte order marks and PEP 263; the XML
//! specification, sections 2.8 and 4.3.3; Python's `str.splitlines`.
//!
//! Invariant: a text is given only when no known reader decodes these bytes to another one.

use crate::limits::SEARCHED_BYTES_MAX;

/// The text, without a mark of UTF-8 at its start; `None` for what a tool may read as
/// something else.
///
/// Other marks are no UTF-8 or hold a zero byte, but for that of UTF-7.
pub(crate) fn text(bytes: &[u8]) -> Option<&str> {
    let is_plain = bytes.len() <= SEARCHED_BYTES_MAX && !bytes.contains(&0);
    let text = is_plain.then(|| str::from_utf8(bytes).ok()).flatten()?;
    let text = text.trim_start_matches('\u{feff}');
    let is_other = text.starts_with("+/v") || !xml_encodings(text).all(is_ascii_alike);
    (!is_other).then_some(text)
}

/// Whether Python's tools read a text as it stands: one that names an encoding in the first
/// two lines (PEP 263) is decoded by that.
///
/// A line counts wherever it says so, and has its end at a line feed alone: then it is no
/// shorter than for any reader.
pub(crate) fn is_plain_python(text: &str) -> bool {
    text.split('\n').take(2).all(|line| {
        let named = line.match_indices("coding").filter_map(|(at, word)| {
            let rest = line.get(at + word.len()..)?.strip_prefix([':', '='])?.trim_start();
            let end = rest.find(|letter: char| {
                !letter.is_alphanumeric() && !matches!(letter, '-' | '_' | '.')
            });
            rest.get(..end.unwrap_or(rest.len())).filter(|name| !name.is_empty())
        });
        named.into_iter().all(is_ascii_alike)
    })
}

/// Whether Python, or a reader of lists that are made for it, ends a line at a character.
pub(crate) const fn ends_line(letter: char) -> bool {
    matches!(
        letter,
        '\n' | '\r' | '\u{b}' | '\u{c}' | '\u{1c}'..='\u{1e}' | '\u{85}' | '\u{2028}' | '\u{2029}'
    )
}

/// Whether Python takes a character for a blank.
pub(crate) fn is_blank(letter: char) -> bool {
    letter.is_whitespace() || matches!(letter, '\u{1c}'..='\u{1f}')
}

/// What stands for the name of an encoding in an XML declaration, each time: the first is
/// the one that counts, and a second one is a mistake that readers may take otherwise.
fn xml_encodings(text: &str) -> impl Iterator<Item = &str> {
    let text = text.trim_start();
    let is_declared = text.get(..5).is_some_and(|start| start.eq_ignore_ascii_case("<?xml"));
    let end = text.find('>').unwrap_or(text.len());
    let declaration = text.get(..end).filter(|_| is_declared).unwrap_or_default();
    declaration.match_indices("encoding").map(|(at, word)| {
        let rest = declaration.get(at + word.len()..).unwrap_or_default();
        let rest = rest.trim_start_matches([' ', '\t', '\r', '\n', '=']);
        let rest = rest.strip_prefix(['"', '\'']).unwrap_or(rest);
        rest.split(['"', '\'', ' ', '?']).next().unwrap_or_default()
    })
}

/// Whether the name of an encoding is one of UTF-8 or of ASCII.
fn is_ascii_alike(name: &str) -> bool {
    let name = name.to_ascii_lowercase().replace('_', "-");
    matches!(name.as_str(), "utf-8" | "utf8" | "utf-8-sig" | "ascii" | "us-ascii")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn marks_and_declarations_of_other_encodings_are_no_text() {
        let marked = |mark: &[u8]| [mark, b"a==1\n"].concat();
        for mark in [
            b"\xff\xfe".as_slice(),
            b"\xfe\xff",
            b"\xff\xfe\0\0",
            b"\0\0\xfe\xff",
            b"+/v8-",
            b"\xfb\xee\x28",
            b"\xdd\x73\x66\x73",
            b"\x84\x31\x95\x33",
            b"\0",
        ] {
            assert_eq!(text(&marked(mark)), None, "{mark:?}");
        }
        assert_eq!(text(b"\xef\xbb\xbfa==1"), Some("a==1"));
        for (declaration, is_read) in [
            ("<?xml version='1.0'?>", true),
            ("<?xml version='1.0' encoding='UTF-8'?>", true),
            ("\u{feff}<?xml version=\"1.0\" encoding = \"us-ascii\" standalone=\"no\"?>", true),
            ("<?xml version='1.0' encoding='UTF-7'?>", false),
            ("<?xml version='1.0'\nencoding\n=\n\"utf-16\"?>", false),
            ("<?xml encoding='UTF-8' encoding='UTF-7'?>", false),
            ("<?xml encoding='ISO-2022-JP'?>", false),
            ("<?xml encoding=''?>", false),
            ("<?xml encoding", false),
            ("\n<?XML encoding='UTF-7'?>", false),
            ("<a encoding='UTF-7'/>", true),
            ("<?xml version='1.0'?><a encoding='UTF-7'/>", true),
        ] {
            assert_eq!(text(declaration.as_bytes()).is_some(), is_read, "{declaration}");
        }
    }

    #[test]
    fn an_encoding_that_python_would_obey_is_seen() {
        for (text, is_plain) in [
            ("# -*- coding: utf-8 -*-\na", true),
            ("# -*- coding: UTF_8 -*-\na", true),
            ("# vim: set fileencoding=ascii :\na", true),
            ("# -*- coding: utf-7 -*-\na", false),
            ("a\n#coding=utf_7\nb", false),
            ("a\r# coding:\tutf-7\rb", false),
            ("# coding: utf-8, coding: utf-7", false),
            ("# coding: latin-1\n", false),
            ("a\nb\n# coding: utf-7\n", true),
            ("# about coding, and: utf-7\n", true),
            ("coding==1.0\nencoding>=2\n", true),
            ("", true),
        ] {
            assert_eq!(is_plain_python(text), is_plain, "{text:?}");
        }
    }
}
