// SPDX-License-Identifier: Apache-2.0
//! Which part of a file makes it a surface.
//!
//! A manifest that people and agents edit every day acts by a few of its keys. Those are
//! compared before and after by what they mean, not by how they are written.
//!
//! Invariant: what cannot be read as what it should be counts as touched.

use std::borrow::Cow;
use std::collections::BTreeMap;

use crate::limits::PARSED_BYTES_MAX;
use crate::text::{ends_line, is_blank, is_plain_python, text};

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
            Self::Requirements => match (places(before), places(after)) {
                (Some(before), Some(after)) => before != after,
                (None, _) | (_, None) => true,
            },
            // Where one side has a word, what it says may lie anywhere.
            Self::Mentions(words) => [before, after].iter().any(|text| {
                let small = text.to_lowercase();
                !is_plain_python(text) || words.iter().any(|word| small.contains(word))
            }),
        }
    }
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
        let behind = text.get(at + KEY.len()..).unwrap_or_default();
        let rest = behind.trim_start_matches(['"', '\'', ':', '=', ' ', '\t', '\r', '\n']);
        let between = behind.strip_suffix(rest).unwrap_or_default();
        // A value in quotes goes on to the same quote, another one to the next blank.
        let end = match between.chars().next_back() {
            Some(quote @ ('"' | '\'')) => rest.find(quote),
            _ => rest.find(['"', '\'', ',', ' ', '\t', '\r', '\n']),
        };
        let value = rest.get(..end.unwrap_or(rest.len())).unwrap_or_default();
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

/// A text with the escapes of JSON, JSON5 and YAML for plain characters and for the end of a
/// line taken out. A backslash that is none of these goes, too: JSON5 takes it away.
fn unescaped(text: &str) -> Cow<'_, str> {
    const FORMS: [(&str, usize); 3] = [("u", 4), ("x", 2), ("U", 8)];
    if !text.contains('\\') {
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
        rest = match read {
            Some((letter, behind)) => {
                plain.push(letter);
                behind
            }
            None if behind.starts_with(ends_line) => behind.trim_start(),
            None => behind,
        };
    }
    plain.push_str(rest);
    Cow::Owned(plain)
}

/// What stands from one of the words to the end of its tag, each time.
fn tags<'text>(text: &'text str, words: &'static [&'static str]) -> Vec<&'text str> {
    // Bytes keep their places. What stands behind the word keeps its case: addresses have one.
    let small = text.to_ascii_lowercase();
    let found = words.iter().flat_map(|word| small.match_indices(*word).map(|(at, _)| at));
    found.filter_map(|at| text.get(at..).map(tag)).collect()
}

/// A text to the end of the tag that it is in; a `>` in the quotes of a value is none.
fn tag(text: &str) -> &str {
    let is_declaration = text.starts_with("<!");
    let (mut quote, mut last) = (None, ' ');
    for (at, letter) in text.char_indices() {
        match quote {
            Some(open) if letter == open => quote = None,
            Some(_) => {}
            None if letter == '>' => return text.get(..at).unwrap_or(text),
            // In prose an apostrophe begins nothing.
            None if matches!(letter, '"' | '\'') && (is_declaration || last == '=') => {
                quote = Some(letter);
            }
            None => {}
        }
        if !letter.is_whitespace() {
            last = letter;
        }
    }
    text
}

/// The lines of a requirements file that are more than the name and version of a package;
/// `None` when a tool may decode it to something else.
///
/// Lines that a backslash joins count together. Tools differ in whether a comment ends such
/// a line, so it does not here, and each part counts by itself as well.
fn places(text: &str) -> Option<Vec<String>> {
    let mut found = Vec::new();
    let (mut joined, mut acts) = (String::new(), false);
    for line in text.replace("\r\n", "\n").split(ends_line).map(|line| line.trim_matches(is_blank))
    {
        if line.starts_with('#') {
            continue;
        }
        let part = line.trim_end_matches('\\');
        joined.push_str(part);
        acts |= is_place(part) || is_place(&joined);
        if part.len() == line.len() {
            let whole = std::mem::take(&mut joined);
            if std::mem::take(&mut acts) {
                found.push(whole);
            }
        }
    }
    if acts {
        found.push(joined);
    }
    is_plain_python(text).then_some(found)
}

/// Whether a line of requirements is an option or names a place.
fn is_place(line: &str) -> bool {
    const ARCHIVES: [&str; 13] = [
        ".whl", ".egg", ".zip", ".tar", ".gz", ".tgz", ".bz2", ".tbz", ".xz", ".txz", ".tlz",
        ".lz", ".lzma",
    ];
    let name = line.split(|letter| is_blank(letter) || "[;".contains(letter)).next();
    let name = name.unwrap_or_default().to_ascii_lowercase();
    line.contains(['@', '$', '/', '\\'])
        || line.split(is_blank).any(|word| word.starts_with('-'))
        // Pip looks for these beside itself.
        || name.starts_with('.')
        || ARCHIVES.iter().any(|end| name.ends_with(end))
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
            ("-", "# -*- coding: utf-8 -*-\na==1\n", false),
            ("-", "\u{feff}a==1\n", false),
            ("-", "\u{feff}-f wheels\n", true),
            ("-", "# -*- coding: utf-7 -*-\na==2\n+AC0ALQ-index-url http:+AC8ALw-x\n", true),
            ("# coding: utf-7\na\n", "# coding: utf-7\na\nb\n", true),
            ("a\n", "a\n# note \\\n--index-url x\n", true),
            ("a\n", "a\n# note \\\nb\n", false),
            ("--index-url \\\rx\n", "--index-url \\\ry\n", true),
            ("--index-url \\\n# note\nx\n", "--index-url \\\n# note\ny\n", true),
            ("a \\\n==1\n", "a \\\n==2\n", false),
            ("a\n", "a\r-i x\rb", true),
            ("a\n", "a\u{1c}-i x", true),
            ("a\n", "a\t--hash=x", true),
            ("a\n", "a\n-i \\", true),
            ("a\n", "a\nplanted-1.0-py3-none-any.WHL\n", true),
            ("a\n", "a\nplanted.tar.gz[x] ; y\n", true),
            ("a\n", "a\n.\n", true),
            ("a\n", "a\nzip-files.zipped==1.0\n", false),
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
            ("-", r#"{"\$schema": "https://x"}"#, true),
            ("-", "? \"$sch\\\n  ema\"\n: https://x", true),
            (r#"{"$schema": "https://a,@x/s"}"#, r#"{"$schema": "https://a,@y/s"}"#, true),
            (r#"{"$schema": "https://x/s", "a": ["b"]}"#, r#"{"$schema": "https://x/s"}"#, false),
            ("-", "\u{feff}{\"a\": 1}", false),
            ("-", "\u{feff}{\"$schema\": \"https://x\"}", true),
            ("-", "+/v8-{\"a\": 1}", true),
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
            ("<a schemaLocation='u /A'/>", "<a schemaLocation='u /a'/>", true),
            ("<a schemaLocation = 'u> x'/>", "<a schemaLocation = 'u> y'/>", true),
            ("<!DOCTYPE a SYSTEM '>x'><a/>", "<!DOCTYPE a SYSTEM '>y'><a/>", true),
            ("<a>their schemalocation's</a><b/>", "<a>their schemalocation's</a><c/>", false),
            ("<a/>", "<?xml version='1.0' encoding='UTF-8'?><a/>", false),
            ("<a/>", "<?xml version='1.0' encoding='UTF-7'?>+ADwAIQ-DOCTYPE+AD4-<a/>", true),
            ("<a/>", "\u{feff}<?xml version='1.0' encoding='UTF-16'?><a/>", true),
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
            ("-", "<?xml version='1.0' encoding='UTF-8'?><project/>", false),
            ("-", "<?xml version='1.0' encoding='ISO-2022-JP'?><project/>", true),
            ("-", "# coding: utf-7\n[metadata]\n", true),
            ("-", "# coding: utf-8\n[metadata]\n", false),
            ("-", "\u{feff}[metadata]\r", false),
        ] {
            check(&part, before, after, expected);
        }
        assert!(part.differs(None, Some(b"<\0p\0")));
        assert!(Part::Whole.differs(Some(b"a"), Some(b"b")));
    }
}
