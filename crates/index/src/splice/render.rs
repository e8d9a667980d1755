// SPDX-License-Identifier: Apache-2.0
//! The text that takes the place of a symbol: the code's body in the file's clothes.

use super::fragment::Fragment;
use super::layout::{Move, reindent};
use super::{Edit, Original, script};
use crate::syntax::{Step, indentation, parse, visit};
use crate::{Language, Symbol, SymbolKind};

/// The edit that puts `unit` in the place of `symbol`; `None` when nothing would change.
pub(super) fn replacement(
    file: &Original<'_>,
    fragment: &Fragment,
    unit: &Symbol,
    symbol: &Symbol,
) -> Option<Edit> {
    let with_lead = replaces_lead(file.language, unit, symbol);
    let (old, new) = if with_lead {
        (symbol.range.clone(), unit.range.clone())
    } else {
        (symbol.item.clone(), unit.item.clone())
    };
    let from = indentation(&fragment.bytes, new.start);
    let to = indentation(file.bytes, old.start);
    let movement = Move { from: &from, to: &to, unit: fragment.indent, into: file.indent };
    let moved = |range: std::ops::Range<usize>| {
        let strings = fragment.strings(&range);
        reindent(&fragment.text(range), &strings, movement)
    };
    let (old, text) = if file.language.is_script() {
        script::replacement(file, fragment, unit, symbol, &moved)
    } else {
        let text = moved(new);
        let text = match file.language {
            Language::Rust if !with_lead => with_visibility(&file.text(old.clone()), &text),
            Language::C => with_storage(&file.text(old.clone()), &text),
            Language::Python => with_docstring(file, symbol, &text, &to),
            Language::Rust | Language::JavaScript | Language::TypeScript | Language::Tsx => text,
        };
        (old, text)
    };
    let before = file.text(old.clone());
    if is_same(&before, &text) {
        return None;
    }
    // A preprocessor line owns its line break.
    let text = if before.ends_with('\n') && !text.ends_with('\n') { text + "\n" } else { text };
    Some(Edit { range: old, text })
}

/// Whether the unit's decorators, attributes and doc comments replace the file's.
///
/// Only when the unit has some and they carry meaning: decorators of Python, and
/// attributes of Rust types. Doc comments alone are the file's business.
fn replaces_lead(language: Language, unit: &Symbol, symbol: &Symbol) -> bool {
    if unit.range.start == unit.item.start {
        return false;
    }
    match language {
        Language::Python => true,
        Language::Rust => !symbol.kind.is_function() && symbol.kind != SymbolKind::Constant,
        Language::JavaScript | Language::TypeScript | Language::Tsx | Language::C => false,
    }
}

/// Gives Rust code the visibility that the file's item has.
fn with_visibility(old: &str, new: &str) -> String {
    let split = |text: &str| -> (String, String) {
        let Some(rest) = text.strip_prefix("pub") else {
            return (String::new(), text.to_owned());
        };
        if !rest.starts_with([' ', '(']) {
            return (String::new(), text.to_owned());
        }
        let rest = match rest.strip_prefix('(').and_then(|inner| inner.split_once(')')) {
            Some((_, rest)) => rest,
            None => rest,
        };
        let rest = rest.trim_start();
        let head = text.get(..text.len() - rest.len()).unwrap_or_default();
        (head.to_owned(), rest.to_owned())
    };
    format!("{}{}", split(old).0, split(new).1)
}

/// Gives C code the storage class and function specifiers that the file's function has.
fn with_storage(old: &str, new: &str) -> String {
    let split = |text: &str| -> (String, String) {
        let mut rest = text;
        loop {
            let word: &str = rest.split_whitespace().next().unwrap_or_default();
            if !STORAGE.contains(&word) {
                break;
            }
            rest = rest.trim_start().get(word.len()..).unwrap_or_default().trim_start();
        }
        let head = text.get(..text.len() - rest.len()).unwrap_or_default();
        (head.to_owned(), rest.to_owned())
    };
    if old.starts_with('#') || old.starts_with("typedef") {
        return new.to_owned();
    }
    format!("{}{}", split(old).0, split(new).1)
}

/// Gives a Python function back the docstring that the code leaves out.
fn with_docstring(file: &Original<'_>, symbol: &Symbol, text: &str, to: &str) -> String {
    if !symbol.kind.is_function() {
        return text.to_owned();
    }
    let (Some(old), None) =
        (docstring(file.bytes, symbol.item.start), docstring(text.as_bytes(), 0))
    else {
        return text.to_owned();
    };
    let Some(tree) = parse(Language::Python, text.as_bytes()) else {
        return text.to_owned();
    };
    let mut body = None;
    visit(tree.root_node(), |node| {
        if body.is_none() && node.kind() == "function_definition" {
            body = node.child_by_field_name("body");
        }
        if body.is_some() { Step::Over } else { Step::Into }
    });
    let Some(start) = body.map(|body| body.start_byte()) else {
        return text.to_owned();
    };
    let blank = indentation(text.as_bytes(), start);
    let (head, rest) = text.split_at_checked(start).unwrap_or((text, ""));
    // A body on the line of its head has no room for a docstring.
    if head.ends_with([':', ' ']) && !head.ends_with(&format!("\n{blank}"))
        || blank.len() <= to.len()
    {
        return text.to_owned();
    }
    let quoted = file.text(old).replace("\r\n", "\n");
    format!("{head}{quoted}\n{blank}{rest}")
}

fn docstring(bytes: &[u8], at: usize) -> Option<std::ops::Range<usize>> {
    let tree = parse(Language::Python, bytes)?;
    let mut found = None;
    let mut seen = false;
    visit(tree.root_node(), |node| {
        if seen || node.end_byte() <= at {
            return Step::Over;
        }
        if node.kind() == "function_definition" && node.start_byte() >= at {
            seen = true;
            found = node
                .child_by_field_name("body")
                .and_then(|body| body.named_child(0))
                .filter(|first| first.kind() == "expression_statement")
                .and_then(|first| first.named_child(0))
                .filter(|string| string.kind() == "string")
                .map(|string| string.byte_range());
            return Step::Over;
        }
        Step::Into
    });
    found
}

/// Whether two texts differ in nothing but line ends and white space at the ends of lines.
fn is_same(before: &str, after: &str) -> bool {
    let lines = |text: &str| -> Vec<String> {
        text.trim_end().lines().map(|line| line.trim_end().to_owned()).collect()
    };
    lines(before) == lines(after)
}

const STORAGE: [&str; 7] =
    ["static", "inline", "extern", "__inline", "__inline__", "_Noreturn", "register"];
