// SPDX-License-Identifier: Apache-2.0
//! Parsing under a bound, and where a source does not parse.
//!
//! Every parse of this crate goes through here. A parse counts its steps and is
//! given up at [`PARSE_STEPS_MAX`], so that no input holds the program for long.
//!
//! Invariant: nothing here recurses on the depth of the source.

use std::collections::HashMap;
use std::ops::{ControlFlow, Range};

use tree_sitter::{Node, ParseOptions, ParseState, Parser, Tree};

use crate::Language;
use crate::limits::{EXCERPT_BYTES_MAX, PARSE_STEPS_MAX, SYNTAX_ERRORS_MAX};

/// A place where a source does not parse.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct SyntaxError {
    /// The line, counted from 1.
    pub line: usize,
    /// The column in bytes, counted from 1.
    pub column: usize,
    /// The text there, or what is missing, shortened.
    pub text: String,
}

/// Lists the places where a source does not parse.
#[must_use]
pub fn syntax_errors(language: Language, source: &[u8]) -> Vec<SyntaxError> {
    let Some(tree) = parse(language, source) else {
        return vec![SyntaxError {
            line: 1,
            column: 1,
            text: "it could not be parsed within the limit".to_owned(),
        }];
    };
    let mut errors = Vec::new();
    visit(tree.root_node(), |node| {
        if errors.len() >= SYNTAX_ERRORS_MAX || !node.has_error() {
            return Step::Over;
        }
        if node.is_error() || node.is_missing() {
            let start = node.start_position();
            errors.push(SyntaxError {
                line: start.row + 1,
                column: start.column + 1,
                text: if node.is_missing() {
                    format!("missing `{}`", node.kind())
                } else {
                    excerpt(&text(node, source))
                },
            });
            return Step::Over;
        }
        Step::Into
    });
    errors
}

/// Lists the syntax errors of `after` that `before` did not have.
#[must_use]
pub fn new_syntax_errors(language: Language, before: &[u8], after: &[u8]) -> Vec<SyntaxError> {
    let after = syntax_errors(language, after);
    if after.is_empty() {
        return after;
    }
    let mut old: HashMap<String, usize> = HashMap::new();
    for error in syntax_errors(language, before) {
        *old.entry(error.text).or_default() += 1;
    }
    after
        .into_iter()
        .filter(|error| match old.get_mut(&error.text) {
            Some(count) if *count > 0 => {
                *count -= 1;
                false
            }
            Some(_) | None => true,
        })
        .collect()
}

/// Counts the named nodes of the syntax tree: a measure of size that layout does not change.
#[must_use]
pub fn node_count(language: Language, source: &[u8]) -> usize {
    let mut count = 0;
    if let Some(tree) = parse(language, source) {
        visit(tree.root_node(), |node| {
            if node.is_named() && !node.is_extra() {
                count += 1;
            }
            Step::Into
        });
    }
    count
}

/// What a visit does next.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Step {
    /// Goes to the children.
    Into,
    /// Goes past the children.
    Over,
}

/// Parses, or gives up at the limit.
pub(crate) fn parse(language: Language, source: &[u8]) -> Option<Tree> {
    let mut parser = Parser::new();
    parser.set_language(&language.grammar()).ok()?;
    let mut steps = 0_usize;
    let mut progress = |_: &ParseState| {
        steps += 1;
        if steps > PARSE_STEPS_MAX { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    };
    let mut read = |offset: usize, _| source.get(offset..).unwrap_or_default();
    parser.parse_with_options(
        &mut read,
        None,
        Some(ParseOptions::new().progress_callback(&mut progress)),
    )
}

/// Visits a node and what it holds, in the order of the source.
pub(crate) fn visit<'t>(root: Node<'t>, mut enter: impl FnMut(Node<'t>) -> Step) {
    let mut cursor = root.walk();
    loop {
        if enter(cursor.node()) == Step::Into && cursor.goto_first_child() {
            continue;
        }
        while !cursor.goto_next_sibling() {
            if !cursor.goto_parent() {
                return;
            }
        }
    }
}

/// The named children of a node.
pub(crate) fn children(node: Node<'_>) -> Vec<Node<'_>> {
    node.named_children(&mut node.walk()).collect()
}

/// The text of a node; what is not UTF-8 is replaced.
pub(crate) fn text(node: Node<'_>, source: &[u8]) -> String {
    slice(source, node.byte_range())
}

/// The text of a range; what is not UTF-8 is replaced.
pub(crate) fn slice(source: &[u8], range: Range<usize>) -> String {
    String::from_utf8_lossy(source.get(range).unwrap_or_default()).into_owned()
}

/// The start of the line that holds the byte.
pub(crate) fn line_start(source: &[u8], byte: usize) -> usize {
    source.get(..byte).and_then(|head| memchr::memrchr(b'\n', head)).map_or(0, |at| at + 1)
}

/// The white space that begins the line of the byte.
pub(crate) fn indentation(source: &[u8], byte: usize) -> String {
    let start = line_start(source, byte);
    let blank = source
        .get(start..)
        .unwrap_or_default()
        .iter()
        .take_while(|byte| matches!(byte, b' ' | b'\t'))
        .count();
    slice(source, start..start + blank)
}

/// Text on one line, shortened.
pub(crate) fn excerpt(text: &str) -> String {
    let mut line = text.split_whitespace().collect::<Vec<_>>().join(" ");
    if line.len() > EXCERPT_BYTES_MAX {
        line = format!("{}...", moat_base::clip(&line, EXCERPT_BYTES_MAX));
    }
    line
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_not_blamed_for_errors_that_it_had() {
        let cases: [(Language, &str, &str, usize); 6] = [
            (Language::Python, "x = 1\n", "x = (1\n", 1),
            (Language::Python, "x = (1\n", "x = (1\n", 0),
            (Language::Rust, "fn a() {}\n", "fn a() {}\nfn b() { 1 }\n", 0),
            (Language::Rust, "fn a() {}\n", "fn a() { let = ; }\n", 1),
            (Language::C, "int a;\n", "int a(void) { return 1 }\n", 1),
            (Language::JavaScript, "let a\n", "function f( {\n", 1),
        ];
        for (language, before, after, expect) in cases {
            let errors = new_syntax_errors(language, before.as_bytes(), after.as_bytes());
            assert_eq!(errors.len().min(1), expect, "{after}: {errors:?}");
        }
    }

    #[test]
    fn errors_say_where_they_are() {
        let errors = syntax_errors(Language::Python, b"a = 1\nb = )\n");
        assert_eq!(errors.first().map(|error| error.line), Some(2));
    }

    #[test]
    fn deep_nesting_neither_overflows_nor_hangs() {
        let deep = "(".repeat(100_000);
        for language in [Language::Python, Language::Rust, Language::JavaScript, Language::C] {
            let _ = syntax_errors(language, deep.as_bytes());
            let _ = node_count(language, deep.as_bytes());
        }
    }

    #[test]
    fn layout_does_not_change_the_size() {
        let count = |source: &str| node_count(Language::Rust, source.as_bytes());
        assert_eq!(count("fn a() { b(1) }"), count("fn a() {\n    // why\n    b(1)\n}\n"));
        assert!(count("fn a() { b(1) }") < count("fn a() { b(1 + 2) }"));
    }
}
