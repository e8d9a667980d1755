// SPDX-License-Identifier: Apache-2.0
//! Which part of a file makes it a surface.
//!
//! A manifest that people and agents edit every day acts by a few of its keys. Those are
//! compared before and after by what they mean, not by how they are written.
//!
//! Invariant: what cannot be read as what it should be counts as touched.

use std::collections::BTreeMap;

use crate::limits::PARSED_BYTES_MAX;

/// The part of a file that counts.
#[derive(Debug, PartialEq, Eq)]
pub enum Part {
    /// All of it.
    Whole,
    /// Values in a TOML file, each as names joined by dots, from the top.
    Toml(&'static [&'static str]),
    /// Lines of a list of requirements that are options, or name a place instead of a package.
    Requirements,
    /// Anything, in a text that has one of these words before or after, in small letters.
    Mentions(&'static [&'static str]),
}

impl Part {
    /// Whether the part differs. `None` stands for no file, or one that is not given; where
    /// the file is, the caller knows.
    pub(crate) fn differs(&self, before: Option<&[u8]>, after: Option<&[u8]>) -> bool {
        let side = |bytes| match bytes {
            None => Some(""),
            Some(bytes) => text(bytes),
        };
        let (Some(before), Some(after)) = (side(before), side(after)) else { return true };
        match self {
            Self::Whole => true,
            Self::Toml(keys) => match (values(before, keys), values(after, keys)) {
                (Some(before), Some(after)) => before != after,
                (None, _) | (_, None) => true,
            },
            Self::Requirements => places(before) != places(after),
            // Where one side has a word, what it says may lie anywhere.
            Self::Mentions(words) => [before, after].iter().any(|text| {
                let text = text.to_lowercase();
                words.iter().any(|word| text.contains(word))
            }),
        }
    }
}

/// A text as its reader takes it; `None` for what a tool may read as something else.
fn text(bytes: &[u8]) -> Option<&str> {
    let is_plain = bytes.len() <= PARSED_BYTES_MAX && !bytes.contains(&0);
    is_plain.then(|| str::from_utf8(bytes).ok()).flatten()
}

/// The values at some keys of a TOML text.
fn values(
    text: &str,
    keys: &'static [&'static str],
) -> Option<BTreeMap<&'static str, toml::Value>> {
    let table: toml::Table = text.parse().ok()?;
    let whole = toml::Value::Table(table);
    let at = |key: &&'static str| {
        let value = key.split('.').try_fold(&whole, |value, name| value.get(name))?;
        Some((*key, value.clone()))
    };
    Some(keys.iter().filter_map(at).collect())
}

/// The lines of a requirements file that are more than the name and version of a package.
fn places(text: &str) -> Vec<String> {
    let joined = text.replace("\r\n", "\n").replace("\\\n", "");
    let lines = joined.split(['\n', '\r', '\u{b}', '\u{c}', '\u{85}', '\u{2028}', '\u{2029}']);
    let lines = lines.map(str::trim).filter(|line| !line.starts_with('#'));
    let acts = |line: &&str| {
        line.starts_with('-') || line.contains(['@', '$', '/', '\\']) || line.contains(" -")
    };
    lines.filter(acts).map(str::to_owned).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(part: &Part, before: &str, after: &str, expected: bool) {
        let side = |text: &'static str| (text != "-").then_some(text.as_bytes());
        let (one, other): (&'static str, &'static str) =
            (before.to_owned().leak(), after.to_owned().leak());
        assert_eq!(part.differs(side(one), side(other)), expected, "{before:?} {after:?}");
    }

    #[test]
    fn values_count_and_not_how_they_are_written() {
        let part = Part::Toml(&["tool.uv", "tool.poetry.source"]);
        for (before, after, expected) in [
            ("[project]\nversion = '1'", "[project]\nversion = '2'", false),
            ("-", "[project]\nname = 'x'", false),
            ("-", "[tool.uv]\nindex-url = 'x'", true),
            ("", "[tool]\n\"\\u0075v\".index-url = 'x'", true),
            ("[tool.uv]\na = 1", "tool = { uv = { a = 1 } }", false),
            ("[tool.uv]\na = 1", "-", true),
            ("a = 1", "a = ", true),
            ("[[tool.poetry.source]]\nurl='a'", "[[tool.poetry.source]]\nurl='b'", true),
        ] {
            check(&part, before, after, expected);
        }
        assert!(part.differs(Some(b"a = 1"), Some(b"a = 1\n\0")));
        assert!(part.differs(Some(b"a = 1"), Some(b"\xff")));
        assert!(part.differs(None, Some("#".repeat(PARSED_BYTES_MAX + 1).as_bytes())));
    }

    #[test]
    fn a_list_of_packages_is_no_surface_until_it_names_a_place() {
        for (before, after, expected) in [
            ("a==1\n", "a==2\nb>=3\n# http://x\n", false),
            ("-", "a\n", false),
            ("a\n", "a\n--index-url https://x\n", true),
            ("a\n", "a\n-r other.txt\n", true),
            ("a\n", "a @ https://x/a.whl\n", true),
            ("a\n", "a\n--inde\\\nx-url https://x\n", true),
            ("a\n", "a\n./planted\n", true),
            ("a\n", "a\u{85}-i https://x\n", true),
            ("-i https://x\na==1\n", "-i https://x\na==2\n", false),
            ("-i https://x\n", "-", true),
        ] {
            check(&Part::Requirements, before, after, expected);
        }
    }

    #[test]
    fn a_text_that_mentions_a_word_counts_as_a_whole() {
        let part = Part::Mentions(&["<repositor", "<!doctype"]);
        for (before, after, expected) in [
            ("<project/>", "<project><version/></project>", false),
            ("<project/>", "<Repositories/>", true),
            ("<repositories/>\n<a/>", "<repositories/>\n<b/>", true),
            ("<repositories/>", "-", true),
            ("-", "<project/>", false),
        ] {
            check(&part, before, after, expected);
        }
        assert!(part.differs(None, Some(b"<\0p\0")));
        assert!(Part::Whole.differs(Some(b"a"), Some(b"b")));
    }
}
