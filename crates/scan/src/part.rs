// SPDX-License-Identifier: Apache-2.0
//! Which part of a file makes it a surface.
//!
//! A manifest that people and agents edit every day acts by a few of its keys. Those are
//! compared before and after by what they mean, not by how they are written.
//!
//! Invariant: what cannot be read as what it should be counts as touched.

use std::borrow::Cow;
use std::collections::BTreeMap;

use crate::limits::{PARSED_BYTES_MAX, SEARCHED_BYTES_MAX};

/// The part of a file that counts.
#[derive(Debug, PartialEq, Eq)]
pub enum Part {
    /// All of it.
    Whole,
    /// Values in a TOML file, each as names joined by dots, from the top.
    Toml(&'static [&'static str]),
    /// Texts with an address among the values in a TOML file, named in the same way.
    TomlAddresses(&'static [&'static str]),
    /// Addresses behind `$schema` in JSON and YAML.
    Schemas,
    /// Text from one of these words, in small letters, to the end of the tag that it is in.
    Tags(&'static [&'static str]),
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
            Self::TomlAddresses(keys) => match (values(before, keys), values(after, keys)) {
                (Some(before), Some(after)) => addresses(&before) != addresses(&after),
                (None, _) | (_, None) => true,
            },
            Self::Schemas => match (schemas(before), schemas(after)) {
                (Some(before), Some(after)) => before != after,
                (None, _) | (_, None) => true,
            },
            Self::Tags(words) => tags(before, words) != tags(after, words),
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
    let is_plain = bytes.len() <= SEARCHED_BYTES_MAX && !bytes.contains(&0);
    is_plain.then(|| str::from_utf8(bytes).ok()).flatten()
}

/// The values at some keys of a TOML text.
fn values(
    text: &str,
    keys: &'static [&'static str],
) -> Option<BTreeMap<&'static str, toml::Value>> {
    if text.len() > PARSED_BYTES_MAX {
        return None;
    }
    let table: toml::Table = text.parse().ok()?;
    let whole = toml::Value::Table(table);
    let at = |key: &&'static str| {
        let value = key.split('.').try_fold(&whole, |value, name| value.get(name))?;
        Some((*key, value.clone()))
    };
    Some(keys.iter().filter_map(at).collect())
}

/// The texts among values that name an address.
fn addresses(values: &BTreeMap<&'static str, toml::Value>) -> Vec<String> {
    let mut found = Vec::new();
    let mut waiting: Vec<&toml::Value> = values.values().collect();
    while let Some(value) = waiting.pop() {
        match value {
            toml::Value::String(text) if text.contains(['@', ':', '$']) => {
                found.push(text.clone());
            }
            toml::Value::Array(values) => waiting.extend(values),
            toml::Value::Table(values) => waiting.extend(values.values()),
            toml::Value::String(_)
            | toml::Value::Integer(_)
            | toml::Value::Float(_)
            | toml::Value::Boolean(_)
            | toml::Value::Datetime(_) => {}
        }
    }
    found.sort();
    found
}

/// The addresses behind `$schema`; `None` when it is not sure what stands there.
fn schemas(text: &str) -> Option<Vec<String>> {
    const KEY: &str = "$schema";
    let text = unescaped(text);
    let mut found = Vec::new();
    for (at, _) in text.match_indices(KEY) {
        let rest = text.get(at + KEY.len()..).unwrap_or_default();
        let rest = rest.trim_start_matches(['"', '\'', ':', '=', ' ', '\t', '\r', '\n']);
        let end = rest.find(['"', '\'', ',', ' ', '\t', '\r', '\n']).unwrap_or(rest.len());
        let value = rest.get(..end).unwrap_or_default();
        // What is no plain value, a comment for example, may stand before one.
        let is_plain = value
            .strip_prefix(['.', '/'])
            .unwrap_or(value)
            .starts_with(|first: char| first.is_ascii_alphanumeric() || first == '.');
        if !is_plain && !value.starts_with("./") {
            return None;
        }
        if value.contains(':') {
            found.push(value.to_owned());
        }
    }
    Some(found)
}

/// A text with the escapes of JSON and YAML for plain characters taken out.
fn unescaped(text: &str) -> Cow<'_, str> {
    const FORMS: [(&str, usize); 3] = [("u", 4), ("x", 2), ("U", 8)];
    if !FORMS.iter().any(|(letter, _)| text.contains(&format!("\\{letter}"))) {
        return Cow::Borrowed(text);
    }
    let mut plain = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, behind)) = rest.split_once('\\') {
        plain.push_str(before);
        let read = FORMS.iter().find_map(|(letter, digits)| {
            let code = behind.strip_prefix(letter)?.get(..*digits)?;
            let code = u32::from_str_radix(code, 16).ok().and_then(char::from_u32)?;
            let is_plain = code.is_ascii() && !code.is_ascii_control();
            is_plain.then_some((code, behind.get(1 + digits..)?))
        });
        (rest, _) = match read {
            Some((letter, behind)) => (behind, plain.push(letter)),
            None => (behind, plain.push('\\')),
        };
    }
    plain.push_str(rest);
    Cow::Owned(plain)
}

/// What stands from one of the words to the end of its tag, each time.
fn tags(text: &str, words: &'static [&'static str]) -> Vec<String> {
    let text = text.to_lowercase();
    let found = words.iter().flat_map(|word| text.match_indices(*word).map(|(at, _)| at));
    let found = found.filter_map(|at| text.get(at..)?.split('>').next().map(str::to_owned));
    found.collect()
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
        let long = "#".repeat(PARSED_BYTES_MAX + 1);
        assert!(part.differs(None, Some(long.as_bytes())));
        assert!(!Part::Schemas.differs(None, Some(long.as_bytes())), "that is no grammar");
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
    fn dependencies_count_by_their_addresses() {
        let part = Part::TomlAddresses(&["project.dependencies", "packages"]);
        for (before, after, expected) in [
            ("-", "[project]\ndependencies = ['a==1']", false),
            ("[project]\ndependencies = ['a']", "[project]\ndependencies = ['a', 'b']", false),
            ("-", "[project]\ndependencies = ['a @ git+https://x/a']", true),
            ("-", "[packages]\na = { git = 'https://x/a', ref = '1' }", true),
            ("[packages]\na = { git = 'https://x/a' }", "-", true),
            ("-", "[other]\na = 'https://x'", false),
            ("-", "[project", true),
        ] {
            check(&part, before, after, expected);
        }
    }

    #[test]
    fn schemas_count_by_their_addresses() {
        for (before, after, expected) in [
            ("-", r#"{"a": "https://x"}"#, false),
            ("-", r#"{"$schema": "./local.json"}"#, false),
            ("-", r#"{"$schema": "https://x/s"}"#, true),
            (r#"{"$schema": "https://x/s", "a": 1}"#, r#"{"$schema":"https://x/s","a":2}"#, false),
            (r#"{"$schema": "https://x/s"}"#, "{\"$schema\"\n:\n\"https://y/s\"}", true),
            ("-", r#"{"\u0024schema": "https://x/s"}"#, true),
            (r#"{"$schema": /**/ "https://x/s"}"#, r#"{"$schema": /**/ "https://y/s"}"#, true),
            ("-", "# yaml-language-server: $schema=https://x/s\na: 1\n", true),
            ("-", "$schema: //x/s\n", true),
            ("a: 1\n", "a: 2 # the schema: x\n", false),
            (r#"{"a": "\u00e9 \\u"}"#, r#"{"a": "\u00e8\"}"#, false),
            ("-", r#""\x24schema": https://x"#, true),
            ("-", r#""\U00000024schema": https://x"#, true),
        ] {
            check(&Part::Schemas, before, after, expected);
        }
    }

    #[test]
    fn tags_count_from_the_word_to_their_end() {
        let part = Part::Tags(&["<!doctype", "schemalocation"]);
        let located = "<a xsi:schemaLocation='u http://x'>\n<b/></a>";
        for (before, after, expected) in [
            ("-", "<a/>", false),
            ("-", located, true),
            (located, "<a xsi:schemaLocation='u http://x'>\n<c/></a>", false),
            (located, "<a xsi:schemaLocation='u http://y'>\n<b/></a>", true),
            ("<a/>", "<!DOCTYPE a SYSTEM 'http://x'><a/>", true),
        ] {
            check(&part, before, after, expected);
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
