// SPDX-License-Identifier: Apache-2.0
//! The names that a stretch of source uses.

use std::collections::HashSet;
use std::ops::Range;

use tree_sitter::{Node, Tree};

use crate::Language;
use crate::limits::WORDS_MAX;
use crate::syntax::{Step, parse, text, visit};

/// The names that the range calls, in order, each once: `f`, and for `x.f()` both `f` and `x.f`.
///
/// A Rust path `a::f()` gives `f` and `a::f`; `new X()` and a macro give their names.
/// Tokens inside a Rust macro count as calls when parentheses follow them.
#[must_use]
pub fn calls(language: Language, source: &[u8], range: Range<usize>) -> Vec<String> {
    let Some(tree) = parse(language, source) else {
        return Vec::new();
    };
    let mut names = Names::default();
    within(&tree, &range, |node| match node.kind() {
        "call" | "call_expression" => {
            if let Some(callee) = node.child_by_field_name("function") {
                callee_names(callee, source, &mut names);
            }
        }
        "new_expression" => {
            if let Some(callee) = node.child_by_field_name("constructor") {
                callee_names(callee, source, &mut names);
            }
        }
        "macro_invocation" => {
            if let Some(name) = node.child_by_field_name("macro") {
                names.add(text(name, source));
            }
        }
        "struct_expression" => {
            if let Some(name) = node.child_by_field_name("name") {
                names.add(text(name, source));
            }
        }
        // Inside a macro there are only tokens.
        "token_tree" => {
            if let Some(name) = node.prev_sibling().filter(|before| before.kind() == "identifier") {
                let path = path_before(name, source);
                names.add(text(name, source));
                if let Some(path) = path {
                    names.add(path);
                }
            }
        }
        "decorator" => {
            if let Some(inner) = node.named_child(0) {
                callee_names(inner, source, &mut names);
            }
        }
        _ => {}
    });
    names.list
}

/// The identifiers in the range, in order, each once.
#[must_use]
pub fn words(language: Language, source: &[u8], range: Range<usize>) -> Vec<String> {
    parse(language, source).map_or_else(Vec::new, |tree| words_in(&tree, source, range))
}

/// The same of a source that is parsed already.
pub(crate) fn words_in(tree: &Tree, source: &[u8], range: Range<usize>) -> Vec<String> {
    let mut names = Names::default();
    within(tree, &range, |node| {
        if node.kind().ends_with("identifier") && node.child_count() == 0
            || matches!(node.kind(), "identifier_pattern" | "shorthand_property_identifier")
        {
            names.add(text(node, source));
        }
    });
    names.list
}

#[derive(Default)]
struct Names {
    list: Vec<String>,
    seen: HashSet<String>,
}

impl Names {
    fn add(&mut self, name: String) {
        if self.list.len() < WORDS_MAX && !name.is_empty() && self.seen.insert(name.clone()) {
            self.list.push(name);
        }
    }
}

fn within(tree: &Tree, range: &Range<usize>, mut enter: impl FnMut(Node<'_>)) {
    visit(tree.root_node(), |node| {
        if node.end_byte() <= range.start || node.start_byte() >= range.end {
            return Step::Over;
        }
        if node.start_byte() >= range.start {
            enter(node);
        }
        Step::Into
    });
}

fn callee_names(callee: Node<'_>, source: &[u8], names: &mut Names) {
    let last = ["attribute", "property", "field", "name"]
        .iter()
        .find_map(|field| callee.child_by_field_name(field));
    match callee.kind() {
        "identifier" => names.add(text(callee, source)),
        "generic_function" => {
            if let Some(inner) = callee.child_by_field_name("function") {
                callee_names(inner, source, names);
            }
        }
        "call" | "call_expression" => {}
        _ => {
            if let Some(last) = last {
                names.add(text(last, source));
                let whole = text(callee, source);
                if whole.len() <= PATH_BYTES_MAX && !whole.contains(['(', '\n', ' ']) {
                    names.add(whole);
                }
            }
        }
    }
}

/// The path that ends at an identifier token, as in `a::b`.
fn path_before(name: Node<'_>, source: &[u8]) -> Option<String> {
    let colons = name.prev_sibling().filter(|before| before.kind() == "::")?;
    let owner = colons.prev_sibling()?;
    Some(format!("{}::{}", text(owner, source), text(name, source)))
}

/// The longest path that counts as a name.
const PATH_BYTES_MAX: usize = 80;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn calls_are_named_with_and_without_what_they_belong_to() {
        let cases: [(Language, &str, &[&str]); 7] = [
            (Language::Python, "f(a.g(1))[0].h()", &["h", "f", "g", "a.g"]),
            (Language::Python, "x = Stack()\nx.push(1)", &["Stack", "push", "x.push"]),
            (
                Language::Rust,
                "fn t() { assert_eq!(area(1), shapes::side(2)); Stack::new().push(3); p::<u8>(1); }",
                &["assert_eq", "area", "side", "shapes::side", "push", "new", "Stack::new", "p"],
            ),
            (Language::JavaScript, "new Queue().add(f(1))", &["add", "Queue", "f"]),
            (Language::JavaScript, "lib.sum([1])", &["sum", "lib.sum"]),
            (Language::C, "int m(void) { return add(1, twice(2)); }", &["add", "twice"]),
            (Language::Python, "@cached\ndef f(): pass", &["cached"]),
        ];
        for (language, source, expect) in cases {
            let found = calls(language, source.as_bytes(), 0..source.len());
            for name in expect {
                assert!(found.iter().any(|call| call == name), "{name} of {source}: {found:?}");
            }
        }
    }

    #[test]
    fn only_the_range_counts() {
        let source = b"def a():\n    b()\n\ndef c():\n    d()\n";
        assert_eq!(calls(Language::Python, source, 0..17), ["b"]);
        assert_eq!(words(Language::Python, source, 18..36), ["c", "d"]);
    }
}
