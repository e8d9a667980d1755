// SPDX-License-Identifier: Apache-2.0
//! What is looked for, and in which files.
//!
//! Invariant: an expression takes a bounded amount of memory, and time in proportion to the
//! text.

use globset::{GlobBuilder, GlobSet, GlobSetBuilder};
use moat_base::TreePath;
use moat_protocol::workspace::SearchSpec;
use regex::RegexBuilder;

use crate::error::Error;
use crate::limits::{GLOBS_MAX, PATTERN_BYTES_MAX, PATTERN_MEMORY_MAX};
use crate::walk::Ignored;

/// A search that can be carried out.
#[derive(Clone, Debug)]
pub(super) struct Pattern {
    /// Over the bytes of files.
    pub(super) bytes: regex::bytes::Regex,
    /// Over decoded text.
    pub(super) text: regex::Regex,
    include: Option<GlobSet>,
    exclude: GlobSet,
    pub(super) ignored: Ignored,
}

impl Pattern {
    pub(super) fn new(spec: &SearchSpec) -> Result<Self, Error> {
        if spec.pattern.is_empty() {
            return Err(Error::Pattern { reason: "it is empty".to_owned() });
        }
        if spec.pattern.len() > PATTERN_BYTES_MAX {
            let limit_bytes = PATTERN_BYTES_MAX as u64;
            return Err(Error::TooLong { what: "the pattern", limit_bytes });
        }
        let words = if spec.regex { spec.pattern.clone() } else { regex::escape(&spec.pattern) };
        // As far as a word begins or ends there at all: `a->b` has one end in each direction.
        let words =
            if spec.word { format!(r"\b{{start-half}}(?:{words})\b{{end-half}}") } else { words };
        let unread = |error: regex::Error| Error::Pattern { reason: reason(&error) };
        let text = RegexBuilder::new(&words)
            .case_insensitive(!spec.case)
            .multi_line(true)
            .crlf(true)
            .size_limit(PATTERN_MEMORY_MAX)
            .build()
            .map_err(unread)?;
        let bytes = regex::bytes::RegexBuilder::new(&words)
            .case_insensitive(!spec.case)
            .multi_line(true)
            .crlf(true)
            .size_limit(PATTERN_MEMORY_MAX)
            .build()
            .map_err(unread)?;
        let include = globs(&spec.include)?;
        Ok(Self {
            bytes,
            text,
            include: (!include.is_empty()).then_some(include),
            exclude: globs(&spec.exclude)?,
            ignored: if spec.ignored { Ignored::Visited } else { Ignored::PassedOver },
        })
    }

    /// Whether a file is searched.
    pub(super) fn takes(&self, path: &TreePath) -> bool {
        let path = path.as_path();
        self.include.as_ref().is_none_or(|include| include.is_match(path))
            && !self.exclude.is_match(path)
    }

    /// Whether a directory is left out with all beneath it.
    pub(super) fn leaves_out(&self, directory: &TreePath) -> bool {
        self.exclude.is_match(directory.as_path())
    }
}

/// A glob names files and directories: without a slash anywhere in the tree, otherwise from
/// the root; with a directory all beneath it.
fn globs(texts: &[String]) -> Result<GlobSet, Error> {
    if texts.len() > GLOBS_MAX {
        return Err(Error::Pattern { reason: format!("it has more than {GLOBS_MAX} globs") });
    }
    let mut set = GlobSetBuilder::new();
    for text in texts.iter().map(|text| text.trim()).filter(|text| !text.is_empty()) {
        let text = text.strip_prefix("./").unwrap_or(text).trim_end_matches('/');
        let (anchored, text) = match text.strip_prefix('/') {
            Some(rest) => (true, rest),
            None => (text.contains('/'), text),
        };
        let top = if anchored { text.to_owned() } else { format!("**/{text}") };
        for glob in [format!("{top}/**"), top] {
            let built = GlobBuilder::new(&glob).literal_separator(true).build();
            set.add(built.map_err(|error| Error::Pattern { reason: error.to_string() })?);
        }
    }
    set.build().map_err(|error| Error::Pattern { reason: error.to_string() })
}

/// The last line of what the parser says: the lines before draw the place.
fn reason(error: &regex::Error) -> String {
    let text = error.to_string();
    let line = text.lines().last().unwrap_or_default().trim();
    line.strip_prefix("error: ").unwrap_or(line).to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    pub(super) fn spec(pattern: &str) -> SearchSpec {
        SearchSpec {
            pattern: pattern.to_owned(),
            regex: false,
            case: true,
            word: false,
            include: Vec::new(),
            exclude: Vec::new(),
            ignored: false,
        }
    }

    #[test]
    fn words_expressions_and_case() {
        let check = |spec: SearchSpec, text: &str, expect: &[&str]| {
            let pattern = Pattern::new(&spec).unwrap();
            let found: Vec<&str> =
                pattern.text.find_iter(text).map(|found| found.as_str()).collect();
            assert_eq!(found, expect, "{spec:?}");
        };
        check(spec("a.b"), "a.b axb", &["a.b"]);
        check(SearchSpec { regex: true, ..spec("a.b") }, "a.b axb", &["a.b", "axb"]);
        check(SearchSpec { case: false, ..spec("A") }, "aA", &["a", "A"]);
        check(SearchSpec { word: true, ..spec("cat") }, "cat concat cat_ (cat)", &["cat", "cat"]);
        check(SearchSpec { word: true, ..spec("->b") }, "a->b x->bc", &["->b"]);
        check(SearchSpec { regex: true, ..spec("b$") }, "b\r\nab\nbc", &["b", "b"]);
        check(SearchSpec { regex: true, ..spec("^.") }, "\u{e9}x\ny", &["\u{e9}", "y"]);
    }

    #[test]
    fn what_is_no_expression_is_said() {
        for text in ["(", "a{1000000}{1000000}", "\\"] {
            let refused = Pattern::new(&SearchSpec { regex: true, ..spec(text) });
            assert!(matches!(refused, Err(Error::Pattern { .. })), "{text}");
        }
        assert!(Pattern::new(&spec("")).is_err());
        let globs = SearchSpec { include: vec!["a[".to_owned()], ..spec("x") };
        assert!(Pattern::new(&globs).is_err());
    }

    #[test]
    fn globs_name_files_and_directories() {
        let check = |include: &[&str], exclude: &[&str], path: &str, expect: bool| {
            let owned = |texts: &[&str]| texts.iter().map(|&text| text.to_owned()).collect();
            let spec = SearchSpec { include: owned(include), exclude: owned(exclude), ..spec("x") };
            let pattern = Pattern::new(&spec).unwrap();
            let taken = pattern.takes(&TreePath::parse(path).unwrap());
            assert_eq!(taken, expect, "{include:?} {exclude:?} {path}");
        };
        check(&[], &[], "a/b.rs", true);
        check(&["*.rs"], &[], "a/b.rs", true);
        check(&["*.rs"], &[], "a/b.py", false);
        check(&["*.{rs,py}"], &[], "a/b.py", true);
        check(&["a"], &[], "x/a/b.py", true);
        check(&["a/c"], &[], "x/a/c/b.py", false);
        check(&["./a"], &[], "a/b.py", true);
        check(&["a/*/b.py"], &[], "a/x/y/b.py", false);
        check(&["a/**/b.py"], &[], "a/x/y/b.py", true);
        check(&[], &["a/"], "a/b.py", false);
        check(&["*.py"], &["test_*"], "a/test_b.py", false);
    }
}
