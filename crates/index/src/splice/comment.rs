// SPDX-License-Identifier: Apache-2.0
//! Comments as lines of text, and lines of text as the comment that documents a symbol.
//!
//! Sources of the forms: Rust Reference, "Comments"; JSDoc 3, "Getting started".
//!
//! Invariant: a rendered comment ends where it is meant to, whatever its lines hold.

use std::ops::Range;

use tree_sitter::Tree;

use crate::Language;
use crate::syntax::{Step, line_start, slice, visit};

/// How a comment is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Style {
    /// `//`
    Line,
    /// `///`
    DocLine,
    /// `/* */`
    Block,
    /// `/** */`
    DocBlock,
}

/// A comment that has its lines for itself.
#[derive(Clone, Debug)]
pub(super) struct Comment {
    /// Its bytes, without the line break that some grammars count in.
    pub(super) range: Range<usize>,
    pub(super) style: Style,
    text: String,
}

impl Style {
    fn of(text: &str) -> Option<Self> {
        let doc = |mark: &str| text.starts_with(mark) && !text.starts_with(&format!("{mark}/"));
        if text.starts_with("//!") || text.starts_with("/*!") {
            None
        } else if doc("///") {
            Some(Self::DocLine)
        } else if text.starts_with("//") {
            Some(Self::Line)
        } else if text.starts_with("/**") && !text.starts_with("/***") && text != "/**/" {
            Some(Self::DocBlock)
        } else {
            text.starts_with("/*").then_some(Self::Block)
        }
    }

    pub(super) const fn is_doc(self) -> bool {
        matches!(self, Self::DocLine | Self::DocBlock)
    }
}

/// Lists the comments that have their lines for themselves, in their order.
pub(super) fn comments(tree: &Tree, bytes: &[u8]) -> Vec<Comment> {
    let mut list = Vec::new();
    visit(tree.root_node(), |node| {
        if !node.kind().contains("comment") {
            return Step::Into;
        }
        let whole = slice(bytes, node.byte_range());
        let text = whole.trim_end().to_owned();
        let range = node.start_byte()..node.start_byte() + text.len();
        let before = slice(bytes, line_start(bytes, range.start)..range.start);
        if let (true, Some(style)) = (before.trim().is_empty(), Style::of(&text)) {
            list.push(Comment { range, style, text });
        }
        Step::Over
    });
    list
}

/// The text of comments, line by line, without the marks and without blank lines around it.
pub(super) fn lines(comments: &[Comment]) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for comment in comments {
        match comment.style {
            Style::Line | Style::DocLine => {
                let text = comment.text.trim_start_matches('/');
                lines.push(text.strip_prefix(' ').unwrap_or(text).trim_end().to_owned());
            }
            Style::Block | Style::DocBlock => lines.extend(block(&comment.text)),
        }
    }
    let first = lines.iter().position(|line| !line.is_empty()).unwrap_or(lines.len());
    let last = lines.iter().rposition(|line| !line.is_empty()).map_or(first, |last| last + 1);
    lines.get(first..last).unwrap_or_default().to_vec()
}

fn block(text: &str) -> Vec<String> {
    let inner = text.trim_start_matches('/').trim_start_matches('*');
    let inner = inner.strip_suffix("*/").unwrap_or(inner).trim_end_matches('*');
    let lead = |line: &&str| line.len() - line.trim_start().len();
    let rest = || inner.lines().skip(1).filter(|line| !line.trim().is_empty());
    let starred = rest().all(|line| line.trim_start().starts_with('*'));
    let common = rest().map(|line| lead(&line)).min().unwrap_or(0);
    let line = |(number, line): (usize, &str)| {
        let text = if number == 0 {
            line.trim_start()
        } else if starred {
            line.trim_start().strip_prefix('*').unwrap_or_default()
        } else {
            line.get(common..).unwrap_or_default()
        };
        let text =
            if number > 0 && starred { text.strip_prefix(' ').unwrap_or(text) } else { text };
        text.trim_end().to_owned()
    };
    inner.lines().enumerate().map(line).collect()
}

/// Writes lines as the comment that documents a symbol; the first line has no indentation.
///
/// `style` counts in C only, where custom knows several.
pub(super) fn render(language: Language, lines: &[String], style: Style, indent: &str) -> String {
    let rendered: Vec<String> = match (language, style) {
        (Language::Rust, _) => unchecked_examples(lines).iter().map(|l| marked("///", l)).collect(),
        (Language::C, Style::Line) => lines.iter().map(|line| marked("//", line)).collect(),
        (Language::C, Style::DocLine) => lines.iter().map(|line| marked("///", line)).collect(),
        (Language::C, Style::Block) => starred("/*", lines),
        (Language::C, Style::DocBlock)
        | (Language::JavaScript | Language::TypeScript | Language::Tsx | Language::Python, _) => {
            starred("/**", lines)
        }
    };
    rendered.join(&format!("\n{indent}"))
}

fn marked(mark: &str, line: &str) -> String {
    if line.is_empty() { mark.to_owned() } else { format!("{mark} {line}") }
}

fn starred(open: &str, lines: &[String]) -> Vec<String> {
    let safe: Vec<String> = lines.iter().map(|line| line.replace("*/", "* /")).collect();
    if let [only] = safe.as_slice() {
        return vec![format!("{open} {only} */")];
    }
    let inner = safe.iter().map(|line| marked(" *", line));
    std::iter::once(open.to_owned()).chain(inner).chain([" */".to_owned()]).collect()
}

/// Marks code blocks so that `rustdoc` does not run them: nobody has checked them.
fn unchecked_examples(lines: &[String]) -> Vec<String> {
    let mut inside = false;
    let mark = |line: &String| {
        let Some(label) = line.trim_start().strip_prefix("```") else { return line.clone() };
        inside = !inside;
        let runs = inside && matches!(label.trim(), "" | "rust" | "rs");
        if runs { line.replacen(&format!("```{label}"), "```ignore", 1) } else { line.clone() }
    };
    lines.iter().map(mark).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::syntax::parse;

    #[test]
    fn marks_go_and_come_back() {
        let cases = [
            ("/// One.\n///\n///   two\nfn f() {}\n", "/// One.\n///\n///   two"),
            ("/** One. */\nfn f() {}\n", "/// One."),
            ("/**\n * One.\n *\n *   two\n */\nfn f() {}\n", "/// One.\n///\n///   two"),
            ("/*\n    One.\n      two\n*/\nfn f() {}\n", "/// One.\n///   two"),
            ("// One.\n\n// two\nfn f() {}\n", "/// One.\n/// two"),
            ("//! not of the symbol\n//// nor\nlet x = 1; // this\n", "/// nor"),
            (
                "/// ```\n/// f()\n/// ```\n/// ```text\n/// ```\nfn f() {}\n",
                "/// ```ignore\n/// f()\n/// ```\n/// ```text\n/// ```",
            ),
        ];
        for (source, expect) in cases {
            let tree = parse(Language::Rust, source.as_bytes()).unwrap();
            let text = lines(&comments(&tree, source.as_bytes()));
            assert_eq!(render(Language::Rust, &text, Style::Line, ""), expect, "{source}");
        }
    }

    #[test]
    fn a_comment_does_not_end_early() {
        let text = ["a */ b".to_owned(), String::new(), "c".to_owned()];
        let expect = "/**\n   * a * / b\n   *\n   * c\n   */";
        assert_eq!(render(Language::JavaScript, &text, Style::Line, "  "), expect);
        assert_eq!(render(Language::C, &text[..1], Style::Block, "  "), "/* a * / b */");
        assert_eq!(render(Language::C, &text, Style::Line, "\t"), "// a */ b\n\t//\n\t// c");
    }
}
