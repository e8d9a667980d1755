// SPDX-License-Identifier: Apache-2.0
//! The code that a model wrote, read leniently into definitions.
//!
//! Models indent the first line differently from the others, leave a method's
//! class out, or write placeholders for what they do not change.

use std::ops::Range;

use super::layout::{Indent, Move, dedent, reindent, shift};
use tree_sitter::Tree;

use crate::syntax::{Step, children, parse, slice, syntax_errors, text, visit};
use crate::usage::words_in;
use crate::{Import, Language, Scope, Symbol, imports, outline};

/// The model's code.
pub(super) struct Fragment {
    pub(super) language: Language,
    pub(super) bytes: Vec<u8>,
    pub(super) symbols: Vec<Symbol>,
    pub(super) imports: Vec<Import>,
    pub(super) indent: Indent,
    /// Whether the methods in it came without their class.
    pub(super) bare_methods: bool,
    pub(super) tree: Option<Tree>,
}

impl Fragment {
    /// Reads the code in the way in which it parses best; `None` when it defines nothing.
    pub(super) fn read(language: Language, code: &str) -> Option<Self> {
        let code = code.trim_start_matches('\u{feff}').replace("\r\n", "\n");
        let plain = levelled(language, &dedent(&code));
        let mut best: Option<(usize, Self)> = None;
        for (variant, bare_methods) in variants(language, &plain) {
            let errors = syntax_errors(language, variant.as_bytes()).len();
            let fragment = Self::parsed(language, variant, bare_methods);
            let defines = fragment.symbols.iter().any(|symbol| symbol.scope != Scope::Local);
            if !defines {
                continue;
            }
            if errors == 0 {
                return Some(fragment);
            }
            if best.as_ref().is_none_or(|(least, _)| errors < *least) {
                best = Some((errors, fragment));
            }
        }
        best.map(|(_, fragment)| fragment)
    }

    fn parsed(language: Language, text: String, bare_methods: bool) -> Self {
        let bytes = text.into_bytes();
        let mut symbols = outline(language, &bytes);
        if bare_methods && !symbols.is_empty() {
            symbols.remove(0);
            for symbol in &mut symbols {
                symbol.parent = symbol.parent.and_then(|parent| parent.checked_sub(1));
                if let Some(rest) = symbol.qualified.strip_prefix(WRAPPER_PREFIX) {
                    symbol.qualified = rest.to_owned();
                }
            }
        }
        Self {
            language,
            tree: parse(language, &bytes),
            imports: imports(language, &bytes),
            indent: Indent::of(&bytes),
            symbols,
            bytes,
            bare_methods,
        }
    }

    pub(super) fn text(&self, range: Range<usize>) -> String {
        slice(&self.bytes, range)
    }

    /// The strings of several lines in a range, whose inner lines must not move.
    pub(super) fn strings(&self, range: &Range<usize>) -> Vec<Range<usize>> {
        self.tree.as_ref().map_or_else(Vec::new, |tree| strings_in(tree, range))
    }

    /// Whether a definition leaves something out: a placeholder comment, or no body to speak of.
    pub(super) fn is_elided(&self, symbol: &Symbol) -> bool {
        self.tree.as_ref().is_some_and(|tree| is_elided(tree, &self.bytes, &symbol.item))
    }

    /// Whether the body of a definition does nothing.
    pub(super) fn is_stub(&self, symbol: &Symbol) -> bool {
        self.tree.as_ref().is_some_and(|tree| is_stub(self.language, tree, &self.bytes, symbol))
    }

    /// The identifiers in a range.
    pub(super) fn words(&self, range: Range<usize>) -> Vec<String> {
        self.tree.as_ref().map_or_else(Vec::new, |tree| words_in(tree, &self.bytes, range))
    }
}

fn strings_in(tree: &Tree, range: &Range<usize>) -> Vec<Range<usize>> {
    let mut strings = Vec::new();
    visit(tree.root_node(), |node| {
        if node.end_byte() <= range.start || node.start_byte() >= range.end {
            return Step::Over;
        }
        let is_string = matches!(
            node.kind(),
            "string" | "string_literal" | "raw_string_literal" | "template_string"
        );
        let is_docstring =
            node.parent().is_some_and(|parent| parent.kind() == "expression_statement");
        if is_string && !is_docstring && node.start_position().row != node.end_position().row {
            let start = node.start_byte().saturating_sub(range.start);
            strings.push(start..node.end_byte().saturating_sub(range.start));
            return Step::Over;
        }
        Step::Into
    });
    strings
}

/// Moves the lines after the first when the first alone lost its indentation.
///
/// In languages with braces the last line shows it; in Python a body that is
/// indented by more than one step does.
fn levelled(language: Language, plain: &str) -> String {
    let lead = |line: &str| line.len() - line.trim_start_matches([' ', '\t']).len();
    let Some((_, rest)) = plain.split_once('\n') else {
        return plain.to_owned();
    };
    let last = rest.trim_end().lines().next_back().unwrap_or_default();
    if language != Language::Python && lead(plain) == 0 && lead(last) > 0 {
        let closes = last.trim_start().starts_with(['}', ')', ']']);
        let blank = last.get(..lead(last)).unwrap_or_default();
        let all = 0..plain.len();
        let strings =
            parse(language, plain.as_bytes()).map_or_else(Vec::new, |tree| strings_in(&tree, &all));
        let stay = Move { from: blank, to: "", unit: Indent::Unknown, into: Indent::Unknown };
        return if closes { reindent(plain, &strings, stay) } else { plain.to_owned() };
    }
    let width = rest.lines().filter(|line| !line.trim().is_empty()).map(lead).min().unwrap_or(0);
    if width == 0 || lead(plain) > 0 {
        return plain.to_owned();
    }
    if language != Language::Python {
        return plain.to_owned();
    }
    if !plain.starts_with("def ") && !plain.starts_with("async def ") {
        return plain.to_owned();
    }
    let step = match Indent::of(dedent(rest).as_bytes()) {
        Indent::Spaces(step) => step,
        Indent::Tab => 1,
        Indent::Unknown if rest.starts_with('\t') => 1,
        Indent::Unknown => 4,
    };
    if width >= step * 2 { shift(plain, width - step, 1) } else { plain.to_owned() }
}

/// The ways to read the code: as it is, with the first line moved, with a class around it.
fn variants(language: Language, plain: &str) -> Vec<(String, bool)> {
    let mut list = vec![(plain.to_owned(), false)];
    let lead = |line: &str| line.len() - line.trim_start_matches([' ', '\t']).len();
    let rest =
        plain.lines().skip(1).filter(|line| !line.trim().is_empty()).map(lead).min().unwrap_or(0);
    if language == Language::Python {
        if rest > 0 {
            list.push((shift(plain, rest, 1), false));
        }
        // The first definition lost its indentation, the following ones kept it.
        let second = plain
            .lines()
            .skip(1)
            .filter(|line| {
                line.trim_start().starts_with("def ") || line.trim_start().starts_with('@')
            })
            .map(lead)
            .min()
            .unwrap_or(0);
        if second > 0 {
            let moved = dedent(&format!("{}{plain}", " ".repeat(second)));
            // The grammar does not mind a decorator that stands apart from its function.
            let first = if plain.starts_with('@') { 0 } else { list.len() };
            list.insert(first, (moved, false));
        }
    }
    if language.is_script() {
        let inner = plain.trim_end().trim_end_matches(',');
        list.push((format!("class {WRAPPER} {{\n{inner}\n}}\n"), true));
        list.push((format!("const {WRAPPER} = {{\n{inner}\n}};\n"), true));
    }
    list
}

/// Whether code says that something of it was left out.
fn is_elided(tree: &Tree, code: &[u8], range: &Range<usize>) -> bool {
    let mut elided = false;
    visit(tree.root_node(), |node| {
        if node.end_byte() <= range.start || node.start_byte() >= range.end {
            return Step::Over;
        }
        if node.kind().contains("comment") {
            let words = text(node, code).to_lowercase();
            let bare = words.trim_matches(|character: char| {
                matches!(character, '/' | '*' | '#' | '{' | '}' | ' ' | '\n')
            });
            let dots = words.contains("...") || words.contains('\u{2026}');
            elided |= matches!(bare, "..." | "\u{2026}")
                || (dots && ELISIONS.iter().any(|word| words.contains(word)))
                || ["existing code", "unchanged code", "rest of the code", "your code here"]
                    .iter()
                    .any(|phrase| bare.starts_with(phrase));
        }
        Step::Into
    });
    elided
}

/// Whether the body of a definition does nothing: `pass`, `...`, `todo!()`, only comments.
pub(super) fn is_stub(language: Language, tree: &Tree, bytes: &[u8], symbol: &Symbol) -> bool {
    let Some(body) = symbol.body.clone() else {
        return false;
    };
    let Some(mut block) = tree.root_node().descendant_for_byte_range(body.start, body.end) else {
        return false;
    };
    // The smallest node of that range may be the only statement of the body.
    while let Some(parent) = block.parent().filter(|parent| parent.byte_range() == body) {
        block = parent;
    }
    // The body of an arrow function may be a value, which does something.
    if language.is_script() && !block.kind().ends_with("block") && !block.kind().ends_with("body") {
        return false;
    }
    let mut statements: Vec<String> = children(block)
        .into_iter()
        .filter(|node| !node.kind().contains("comment"))
        .map(|node| text(node, bytes))
        .collect();
    if language == Language::Python
        && statements.first().is_some_and(|first| first.starts_with(['"', '\'']))
    {
        statements.remove(0);
    }
    match statements.as_slice() {
        [] => true,
        [only] => {
            let only = only.trim_end_matches(';').trim();
            matches!(only, "pass" | "...")
                || only.starts_with("raise NotImplementedError")
                || only.starts_with("todo!(")
                || only.starts_with("unimplemented!(")
        }
        _ => false,
    }
}

const WRAPPER: &str = "MoatBareMethods";
const WRAPPER_PREFIX: &str = "MoatBareMethods.";

/// Words that together with dots in a comment say that code was left out.
const ELISIONS: [&str; 12] = [
    "rest",
    "existing",
    "unchanged",
    "remain",
    "same",
    "previous",
    "other",
    "omitted",
    "as before",
    "implementation",
    "your code",
    "keep",
];
