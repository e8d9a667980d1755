// SPDX-License-Identifier: Apache-2.0
//! Takes the documentation out of code that a model wrote and puts it on the file's symbol.
//!
//! A small model that is asked to document a function often changes the function.
//! So nothing of its code is used: its docstring or comment alone is moved, into
//! the form that the language documents symbols with.
//!
//! Invariant: the result is the same program as the source ([`same_code`]).
//! Start at [`document`].

use std::ops::Range;

use tree_sitter::{Node, Tree};

use super::comment::{Comment, Style, comments, lines, render};
use super::fragment::Fragment;
use super::layout::{Indent, Move, dedent, reindent};
use super::{Edit, Original, SpliceError, Spliced, apply};
use crate::limits::{CUT_LINES_MAX, SPLICE_CODE_BYTES_MAX};
use crate::syntax::{
    Step, children, indentation, line_start, parse, slice, syntax_errors, text, visit,
};
use crate::{Language, Scope, Symbol, SymbolKind, new_syntax_errors, same_code};

/// Documents `symbol` in `source` with what `code` says about it, and changes nothing else.
///
/// Documentation that the symbol has is replaced. Members of a type are documented
/// too where they have no documentation and the code has some.
///
/// # Errors
/// [`SpliceError::NothingMatches`] when the file lacks the symbol,
/// [`SpliceError::NoDocumentation`] when the code says nothing about it,
/// [`SpliceError::Unparsed`] when the source does not parse, and as its variants say.
pub fn document(
    language: Language,
    source: &[u8],
    code: &str,
    symbol: &str,
) -> Result<Spliced, SpliceError> {
    if code.len() > SPLICE_CODE_BYTES_MAX {
        let (length_bytes, limit_bytes) = (code.len(), SPLICE_CODE_BYTES_MAX);
        return Err(SpliceError::TooLong { length_bytes, limit_bytes });
    }
    if let Some(error) = syntax_errors(language, source).into_iter().next() {
        return Err(SpliceError::Unparsed { error });
    }
    let file = Original::read(language, source);
    let missing = || SpliceError::NothingMatches { names: vec![symbol.to_owned()] };
    let (index, target) = find(&file, symbol).ok_or_else(missing)?;
    let mut edits = Vec::new();
    let mut replaced = Vec::new();
    for (symbol, words) in said(&file, (index, target), code) {
        let own = put(&file, symbol, &words);
        if !own.is_empty() {
            replaced.push(symbol.qualified.clone());
            edits.extend(own);
        }
    }
    if edits.is_empty() {
        return Err(SpliceError::NoDocumentation { name: target.name.clone() });
    }
    let result = apply(&file, edits)?;
    let errors = new_syntax_errors(language, source, &result);
    if !errors.is_empty() || !same_code(language, source, &result) {
        return Err(SpliceError::Syntax { errors });
    }
    Ok(Spliced { source: result, replaced, added: Vec::new() })
}

/// What a code says about a symbol.
enum Words {
    /// A literal of Python with its quotes, and the white space where it stood.
    Docstring { literal: String, from: String, unit: Indent },
    /// Text, and how its comment was written.
    Comment { lines: Vec<String>, style: Style },
}

fn find<'a>(file: &'a Original<'_>, name: &str) -> Option<(usize, &'a Symbol)> {
    let all = || file.symbols.iter().enumerate();
    let defined = |symbol: &Symbol| symbol.kind != SymbolKind::Prototype;
    all()
        .find(|(_, symbol)| symbol.qualified == name && defined(symbol))
        .or_else(|| all().find(|(_, symbol)| symbol.qualified == name))
        .or_else(|| all().find(|(_, symbol)| symbol.name == name && defined(symbol)))
        .or_else(|| all().find(|(_, symbol)| symbol.name == name))
}

/// What the code says; of Python that was cut off, what as many lines say as make sense.
fn said<'a>(
    file: &'a Original<'_>,
    target: (usize, &'a Symbol),
    code: &str,
) -> Vec<(&'a Symbol, Words)> {
    let whole = said_by(file, target, code);
    if !whole.is_empty() || file.language != Language::Python {
        return whole;
    }
    let lines: Vec<&str> = code.lines().collect();
    let cuts = (1..lines.len()).rev().take(CUT_LINES_MAX).filter_map(|end| lines.get(..end));
    let mut said = cuts.map(|lines| said_by(file, target, &lines.join("\n")));
    said.find(|list| !list.is_empty()).unwrap_or_default()
}

/// The symbols that the code has something to say about: the target, then its members.
fn said_by<'a>(
    file: &'a Original<'_>,
    (index, target): (usize, &'a Symbol),
    code: &str,
) -> Vec<(&'a Symbol, Words)> {
    let Some(fragment) = Fragment::read(file.language, code) else {
        return loose(file.language, code).map(|words| (target, words)).into_iter().collect();
    };
    let unit = |symbol: &Symbol| {
        let units = || fragment.symbols.iter().filter(|unit| unit.scope != Scope::Local);
        units()
            .find(|unit| unit.qualified == symbol.qualified && unit.kind == symbol.kind)
            .or_else(|| units().find(|unit| unit.qualified == symbol.qualified))
            .or_else(|| units().find(|unit| unit.name == symbol.name))
    };
    let words = |symbol| unit(symbol).and_then(|unit| words_of(&fragment, unit));
    let mut list: Vec<(&Symbol, Words)> = Vec::new();
    list.extend(words(target).map(|words| (target, words)));
    let members = file.symbols.iter().filter(|symbol| {
        symbol.parent == Some(index) && symbol.scope == Scope::Item && !target.kind.is_function()
    });
    for member in members.filter(|member| !is_documented(file, member)) {
        list.extend(words(member).map(|words| (member, words)));
    }
    list
}

fn words_of(fragment: &Fragment, unit: &Symbol) -> Option<Words> {
    let tree = fragment.tree.as_ref()?;
    if fragment.language == Language::Python {
        let range = docstring(tree, &fragment.bytes, unit)?;
        let literal = slice(&fragment.bytes, range.clone());
        let from = indentation(&fragment.bytes, range.start);
        return Some(Words::Docstring { literal, from, unit: fragment.indent });
    }
    chosen(lead(tree, &fragment.bytes, unit, Gap::Any))
}

/// The words of a code that holds a comment or docstring and no definition.
fn loose(language: Language, code: &str) -> Option<Words> {
    let code = dedent(&code.replace("\r\n", "\n"));
    let tree = parse(language, code.as_bytes())?;
    if language == Language::Python {
        let range = string_of(tree.root_node().named_child(0)?, code.as_bytes())?;
        let (literal, unit) = (slice(code.as_bytes(), range), Indent::of(code.as_bytes()));
        return Some(Words::Docstring { literal, from: String::new(), unit });
    }
    let mut edge = None;
    let adjoining = comments(&tree, code.as_bytes()).into_iter().take_while(|comment| {
        let between =
            slice(code.as_bytes(), edge.unwrap_or(comment.range.start)..comment.range.start);
        edge = Some(comment.range.end);
        between.trim().is_empty()
    });
    chosen(adjoining.collect())
}

/// Of comments those that are meant as documentation; plain ones only where there are no others.
fn chosen(mut comments: Vec<Comment>) -> Option<Words> {
    if comments.iter().any(|comment| comment.style.is_doc()) {
        comments.retain(|comment| comment.style.is_doc());
    }
    let style = comments.last()?.style;
    let lines = lines(&comments);
    let letters = lines.iter().any(|line| line.contains(char::is_alphanumeric));
    // A single plain word names a file or a section.
    let words = style.is_doc() || lines.iter().any(|line| line.contains(' '));
    (letters && words).then_some(Words::Comment { lines, style })
}

fn is_documented(file: &Original<'_>, symbol: &Symbol) -> bool {
    let Some(tree) = &file.tree else { return false };
    match file.language {
        Language::Python => docstring(tree, file.bytes, symbol).is_some(),
        Language::Rust
        | Language::JavaScript
        | Language::TypeScript
        | Language::Tsx
        | Language::C => !own_comments(file, tree, symbol).is_empty(),
    }
}

fn put(file: &Original<'_>, symbol: &Symbol, words: &Words) -> Vec<Edit> {
    let Some(tree) = &file.tree else { return Vec::new() };
    match words {
        Words::Docstring { literal, from, unit } => {
            put_docstring(file, tree, symbol, (literal, from, *unit)).into_iter().collect()
        }
        Words::Comment { lines, style } => put_comment(file, tree, symbol, (lines, *style)),
    }
}

fn put_docstring(
    file: &Original<'_>,
    tree: &Tree,
    symbol: &Symbol,
    (literal, from, unit): (&str, &str, Indent),
) -> Option<Edit> {
    let moved = |to: &str| reindent(literal, &[], Move { from, to, unit, into: file.indent });
    if let Some(range) = docstring(tree, file.bytes, symbol) {
        let text = moved(&indentation(file.bytes, range.start));
        return Some(Edit { range, text });
    }
    let body = body(tree, symbol)?;
    let start = body.start_byte();
    let head = slice(file.bytes, symbol.item.start..start);
    let blank = head.len() - head.trim_end().len();
    let gap = if symbol.kind == SymbolKind::Class { "\n\n" } else { "\n" };
    if head.trim_end_matches([' ', '\t']).ends_with('\n') {
        let inner = indentation(file.bytes, start);
        let text = format!("{}{gap}{inner}", moved(&inner));
        return Some(Edit { range: start..start, text });
    }
    // The body stands on the line of its head.
    let inner = format!("{}{}", indentation(file.bytes, symbol.item.start), file.indent.one());
    let text = format!("\n{inner}{}\n{inner}", moved(&inner));
    Some(Edit { range: start - blank..start, text })
}

fn put_comment(
    file: &Original<'_>,
    tree: &Tree,
    symbol: &Symbol,
    (lines, style): (&[String], Style),
) -> Vec<Edit> {
    let own = own_comments(file, tree, symbol);
    let Some((first, others)) = own.split_first() else {
        let lead = lead(tree, file.bytes, symbol, Gap::None);
        let at =
            lead.iter().rfind(|comment| is_notice(comment)).map_or(symbol.range.start, |notice| {
                let after = slice(file.bytes, notice.range.end..symbol.item.end);
                let blank = after.len() - after.trim_start().len();
                symbol.range.start.max(notice.range.end + blank)
            });
        return vec![above(file, at, lines, style)];
    };
    let indent = indentation(file.bytes, first.range.start);
    let text = render(file.language, lines, first.style, &indent);
    let mut edits = vec![Edit { range: first.range.clone(), text }];
    for other in others {
        // The line break and the indentation before it go with it.
        let before = slice(file.bytes, 0..other.range.start);
        let start = before.trim_end().len();
        edits.push(Edit { range: start..other.range.end, text: String::new() });
    }
    edits
}

/// A comment above what begins at a byte, which gets a line of its own where it has none.
fn above(file: &Original<'_>, at: usize, lines: &[String], style: Style) -> Edit {
    let blank = indentation(file.bytes, at);
    let head = slice(file.bytes, line_start(file.bytes, at)..at);
    let (start, indent) = if head.trim().is_empty() {
        (at, blank)
    } else {
        (at - (head.len() - head.trim_end().len()), format!("{blank}{}", file.indent.one()))
    };
    let open = if start == at { String::new() } else { format!("\n{indent}") };
    let comment = render(file.language, lines, style, &indent);
    Edit { range: start..at, text: format!("{open}{comment}\n{indent}") }
}

/// The comments of a file that document a symbol now.
fn own_comments(file: &Original<'_>, tree: &Tree, symbol: &Symbol) -> Vec<Comment> {
    let mut list = lead(tree, file.bytes, symbol, Gap::None);
    list.retain(|comment| !is_notice(comment));
    if file.language != Language::C {
        list.retain(|comment| comment.style.is_doc() && symbol.range.start <= comment.range.start);
    }
    list
}

/// Whether a comment is about the file's licence and not about what follows it.
fn is_notice(comment: &Comment) -> bool {
    let text = lines(std::slice::from_ref(comment)).join(" ").to_lowercase();
    ["copyright", "license", "licence"].iter().any(|word| text.contains(word))
}

/// What may lie between a comment and what it is about.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Gap {
    /// A line break.
    None,
    /// Any blank lines.
    Any,
}

/// The comments before a symbol, and between it and its attributes or decorators.
fn lead(tree: &Tree, bytes: &[u8], symbol: &Symbol, gap: Gap) -> Vec<Comment> {
    let mut edge = symbol.range.start;
    let mut list: Vec<Comment> = Vec::new();
    for comment in comments(tree, bytes).into_iter().rev() {
        if comment.range.end > symbol.item.start {
            continue;
        }
        if comment.range.start < symbol.range.start {
            let between = slice(bytes, comment.range.end..edge);
            let breaks = between.matches('\n').count();
            if !between.trim().is_empty() || (gap == Gap::None && breaks > 1) {
                break;
            }
            edge = comment.range.start;
        }
        list.insert(0, comment);
    }
    list
}

/// The docstring of a definition (PEP 257), with its quotes.
fn docstring(tree: &Tree, bytes: &[u8], symbol: &Symbol) -> Option<Range<usize>> {
    let body = body(tree, symbol)?;
    let first = children(body).into_iter().find(|child| child.kind() != "comment")?;
    string_of(first, bytes)
}

/// The literal of a statement that is nothing but a string with something to read in it.
fn string_of(statement: Node<'_>, bytes: &[u8]) -> Option<Range<usize>> {
    let only = statement.named_child(0).filter(|_| statement.kind() == "expression_statement")?;
    let literal = text(only, bytes);
    let prefix = literal.split(['"', '\'']).next().unwrap_or_default().to_lowercase();
    let plain = matches!(prefix.as_str(), "" | "r" | "u");
    let inner = literal.get(prefix.len()..).unwrap_or_default();
    let says = inner.contains(char::is_alphanumeric);
    (only.kind() == "string" && statement.named_child_count() == 1 && plain && says)
        .then(|| only.byte_range())
}

fn body<'t>(tree: &'t Tree, symbol: &Symbol) -> Option<Node<'t>> {
    let mut body = None;
    visit(tree.root_node(), |node| {
        if body.is_some() || node.end_byte() <= symbol.item.start {
            return Step::Over;
        }
        if node.byte_range() == symbol.item
            && matches!(node.kind(), "function_definition" | "class_definition")
        {
            body = node.child_by_field_name("body");
        }
        Step::Into
    });
    body
}

#[cfg(test)]
mod tests;
