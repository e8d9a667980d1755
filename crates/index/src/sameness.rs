// SPDX-License-Identifier: Apache-2.0
//! Whether two sources are the same program but for comments and docstrings.
//!
//! Compared are the tokens of the syntax trees. What is left out is what no
//! compiler or interpreter acts on: comments, and in Python a statement that is
//! nothing but a string, which is what a docstring is (PEP 257).
//!
//! Invariant: a source that does not parse is never the same as another.

use crate::Language;
use crate::syntax::{Step, parse, visit};

/// Tells whether `after` differs from `before` in comments and docstrings only.
#[must_use]
pub fn same_code(language: Language, before: &[u8], after: &[u8]) -> bool {
    match (tokens(language, before), tokens(language, after)) {
        (Some(before), Some(after)) => before == after,
        (None, _) | (_, None) => false,
    }
}

/// The tokens that count, as bytes of `source`; `None` when it does not parse.
fn tokens(language: Language, source: &[u8]) -> Option<Vec<&[u8]>> {
    let tree = parse(language, source)?;
    if tree.root_node().has_error() {
        return None;
    }
    let mut tokens = Vec::new();
    visit(tree.root_node(), |node| {
        if node.kind().contains("comment") || is_docstring(language, node) {
            return Step::Over;
        }
        if node.child_count() == 0 {
            tokens.extend(source.get(node.byte_range()).filter(|token| !token.is_empty()));
        }
        Step::Into
    });
    Some(tokens)
}

fn is_docstring(language: Language, node: tree_sitter::Node<'_>) -> bool {
    language == Language::Python
        && node.kind() == "expression_statement"
        && node.named_child_count() == 1
        && node.named_child(0).is_some_and(|only| only.kind() == "string")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn documentation_is_told_from_code() {
        let cases = [
            (
                Language::Python,
                "def f(x):\n    return x\n",
                "def f(x):\n    \"\"\"Gives x.\"\"\"\n    # yes\n    return x\n",
                true,
            ),
            (
                Language::Python,
                "def f(x):\n    \"old\"\n    return x\n",
                "def f(x):\n    \"\"\"New.\"\"\"\n    return x\n",
                true,
            ),
            (
                Language::Python,
                "def f(x):\n    return x\n",
                "def f(x):\n    \"\"\"Gives x.\"\"\"\n    if not x:\n        raise ValueError(x)\n    return x\n",
                false,
            ),
            (Language::Python, "s = 'a'\n", "s = 'b'\n", false),
            (
                Language::Rust,
                "fn f() -> u8 { 1 }\n",
                "/// One.\nfn f() -> u8 {\n    // one\n    1\n}\n",
                true,
            ),
            (Language::Rust, "fn f() -> u8 { 1 }\n", "/// One.\nfn f() -> u8 { 2 }\n", false),
            (
                Language::JavaScript,
                "function f(a) { return a }\n",
                "/** Gives a. */\nfunction f(a) { return a }\n",
                true,
            ),
            (
                Language::JavaScript,
                "function f(a) { return a }\n",
                "function f(a, b) { return a }\n",
                false,
            ),
            (
                Language::C,
                "int f(void) { return 1; }\n",
                "/* One. */\nint f(void) { return 1; }\n",
                true,
            ),
            (Language::C, "int f(void) { return 1; }\n", "int f(void) { return 1 }\n", false),
        ];
        for (language, before, after, expected) in cases {
            assert_eq!(
                same_code(language, before.as_bytes(), after.as_bytes()),
                expected,
                "{after}"
            );
        }
    }
}
