// SPDX-License-Identifier: Apache-2.0
//! Definitions of the code that the file lacks and the replaced ones use.
//!
//! What nothing uses (examples, `main`, tests) is dropped, unless the caller asked
//! for new definitions.

use std::collections::HashSet;

use super::export::{is_common, is_module};
use super::fragment::Fragment;
use super::layout::{Move, reindent};
use super::pairing::{Paired, is_named, owner, takes_self};
use super::{Edit, Original, Target};
use crate::syntax::{indentation, line_start};
use crate::{Language, Scope, Symbol, SymbolKind};

/// Adds the definitions that are needed; returns their names.
pub(super) fn helpers(
    file: &Original<'_>,
    fragment: &Fragment,
    paired: &Paired<'_>,
    target: Target<'_>,
    edits: &mut Vec<Edit>,
) -> Vec<String> {
    let mut names = Vec::new();
    let wanted = needed(file, fragment, paired, target);
    for unit in &wanted {
        let spot = spot(file, fragment, paired, unit, target);
        let from = indentation(&fragment.bytes, unit.range.start);
        let range = if file.language.is_script()
            && fragment.text(unit.range.clone()).contains("export ")
            && !keeps_export(file, unit, target)
        {
            unit.item.clone()
        } else {
            unit.range.clone()
        };
        let movement =
            Move { from: &from, to: &spot.indent, unit: fragment.indent, into: file.indent };
        let text = reindent(&fragment.text(range.clone()), &fragment.strings(&range), movement);
        let text = match target {
            Target::Added(name) if is_named(unit, name) && is_module(file) => {
                format!("export {}", text.trim_start_matches("export "))
            }
            Target::Added(_) | Target::Any | Target::Named(_) | Target::New => text,
        };
        let text = text.trim_end();
        let comma = if spot.comma { "," } else { "" };
        let gap = match (file.language, spot.indent.is_empty(), unit.kind) {
            (_, _, SymbolKind::Constant | SymbolKind::Macro | SymbolKind::Alias) => "\n",
            (Language::Python, true, _) => "\n\n",
            _ => "\n",
        };
        let text = match spot.side {
            Side::Before => format!("{}{text}{comma}\n{gap}", spot.indent),
            Side::After => format!("\n{gap}{}{text}{comma}", spot.indent),
            Side::End if spot.at < file.bytes.len() => format!("{text}\n{gap}"),
            Side::End if file.bytes.is_empty() && names.is_empty() => format!("{text}\n"),
            Side::End if file.bytes.is_empty() => format!("{gap}{text}\n"),
            Side::End => {
                let open = if file.bytes.ends_with(b"\n") { "" } else { "\n" };
                format!("{open}{gap}{text}\n")
            }
        };
        edits.push(Edit { range: spot.at..spot.at, text });
        names.push(unit.qualified.clone());
    }
    names
}

/// The definitions to add, in the order of the code.
fn needed<'a>(
    file: &Original<'_>,
    fragment: &'a Fragment,
    paired: &Paired<'a>,
    target: Target<'_>,
) -> Vec<&'a Symbol> {
    let whole = |unit: &Symbol| {
        // A member goes with its type when the type itself is added.
        unit.parent
            .and_then(|parent| fragment.symbols.get(parent))
            .is_none_or(|parent| !paired.left.iter().any(|left| std::ptr::eq(*left, parent)))
    };
    let left: Vec<&Symbol> = paired.left.iter().copied().filter(|unit| whole(unit)).collect();
    if matches!(target, Target::New | Target::Added(_)) {
        return left;
    }
    let used_by = |unit: &Symbol| fragment.words(unit.range.clone());
    let mut used: HashSet<String> = HashSet::new();
    for (unit, _) in &paired.pairs {
        used.extend(used_by(unit));
    }
    let mut wanted: Vec<&Symbol> = Vec::new();
    loop {
        let more = left.iter().copied().find(|unit| {
            !wanted.iter().any(|other| std::ptr::eq(*other, *unit))
                && unit.scope == Scope::Item
                && unit.kind != SymbolKind::Module
                && (used.contains(&unit.name) || is_needed_impl(file, unit))
        });
        let Some(unit) = more else { break };
        used.extend(used_by(unit));
        wanted.push(unit);
    }
    wanted.sort_by_key(|unit| unit.range.start);
    wanted
}

/// Whether a new function may bring its own `export`: the file does not export otherwise.
fn keeps_export(file: &Original<'_>, unit: &Symbol, target: Target<'_>) -> bool {
    matches!(target, Target::Added(name) if is_named(unit, name)) && !is_common(file)
}

/// Leaves of the definitions to add the one of this name and what it uses.
pub(super) fn prune(fragment: &Fragment, paired: &mut Paired<'_>, name: &str) {
    let Some(first) = paired.left.iter().copied().find(|unit| is_named(unit, name)) else {
        return;
    };
    let mut kept: Vec<&Symbol> = vec![first];
    let mut used: HashSet<String> = fragment.words(first.range.clone()).into_iter().collect();
    loop {
        let more = paired.left.iter().copied().find(|unit| {
            !kept.iter().any(|other| std::ptr::eq(*other, *unit))
                && unit.scope == Scope::Item
                && unit.kind != SymbolKind::Module
                && unit.parent.is_none()
                && used.contains(&unit.name)
        });
        let Some(unit) = more else { break };
        used.extend(fragment.words(unit.range.clone()));
        kept.push(unit);
    }
    paired.left.retain(|unit| kept.iter().any(|other| std::ptr::eq(*other, *unit)));
}

/// Whether the unit is an `impl` block for a type that the file has.
fn is_needed_impl(file: &Original<'_>, unit: &Symbol) -> bool {
    unit.kind == SymbolKind::Impl
        && file.symbols.iter().any(|symbol| {
            unit.name
                .strip_prefix("impl ")
                .is_some_and(|rest| rest.rsplit(" for ").next() == Some(symbol.name.as_str()))
        })
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Side {
    /// Before the line at the spot.
    Before,
    /// After the symbol that ends at the spot.
    After,
    /// At the end of the file, or before what belongs there.
    End,
}

struct Spot {
    at: usize,
    indent: String,
    side: Side,
    comma: bool,
}

fn spot(
    file: &Original<'_>,
    fragment: &Fragment,
    paired: &Paired<'_>,
    unit: &Symbol,
    target: Target<'_>,
) -> Spot {
    let before = |symbol: &Symbol| Spot {
        at: line_start(file.bytes, symbol.range.start),
        indent: indentation(file.bytes, symbol.range.start),
        side: Side::Before,
        comma: file.language.is_script() && file.bytes.get(symbol.range.end) == Some(&b','),
    };
    if let Some(owner) = owner(&unit.qualified) {
        let sibling =
            |symbol: &&Symbol| owner_of(symbol) == Some(owner) && symbol.kind.is_function();
        let paired_sibling =
            paired.pairs.iter().map(|(_, symbol)| *symbol).find(|symbol| sibling(symbol));
        if let Some(symbol) = paired_sibling {
            return before(symbol);
        }
        if let Some(symbol) =
            file.symbols.iter().filter(|symbol| symbol.scope == unit.scope).rfind(sibling)
        {
            let spot = before(symbol);
            return Spot { at: symbol.range.end, side: Side::After, ..spot };
        }
    }
    let first = paired
        .pairs
        .iter()
        .map(|(_, symbol)| *symbol)
        .min_by_key(|symbol| (!symbol.kind.is_function(), symbol.range.start));
    let adds = matches!(target, Target::New | Target::Added(_));
    let Some(first) = first.filter(|_| !adds) else {
        return Spot {
            at: end_of_items(file),
            indent: String::new(),
            side: Side::End,
            comma: false,
        };
    };
    let method = paired
        .pairs
        .iter()
        .map(|(_, symbol)| *symbol)
        .find(|symbol| symbol.kind == SymbolKind::Method);
    if let Some(method) = method
        && unit.kind.is_function()
        && (takes_self(unit) || fragment.bare_methods || is_called_on_owner(fragment, unit))
    {
        return before(method);
    }
    before(outermost(file, first))
}

fn owner_of(symbol: &Symbol) -> Option<&str> {
    owner(&symbol.qualified)
}

/// The symbol at the level of the file or module that holds another.
fn outermost<'a>(file: &'a Original<'_>, symbol: &'a Symbol) -> &'a Symbol {
    let mut top = symbol;
    while let Some(parent) = top.parent.and_then(|index| file.symbols.get(index)) {
        if parent.kind == SymbolKind::Module {
            break;
        }
        top = parent;
    }
    top
}

fn is_called_on_owner(fragment: &Fragment, unit: &Symbol) -> bool {
    let code = String::from_utf8_lossy(&fragment.bytes);
    ["self.", "Self::", "this.", "cls."]
        .iter()
        .any(|owner| code.contains(&format!("{owner}{}", unit.name)))
}

/// Where new definitions go: before a script's main part, its exports or its tests.
fn end_of_items(file: &Original<'_>) -> usize {
    let marks: &[&str] = match file.language {
        Language::Python => &["if __name__"],
        Language::Rust => &["#[cfg(test)]"],
        Language::JavaScript | Language::TypeScript | Language::Tsx => {
            &["module.exports", "export {"]
        }
        Language::C => &["#endif"],
    };
    let mut start = 0;
    let mut found = None;
    for line in file.bytes.split_inclusive(|byte| *byte == b'\n') {
        if marks.iter().any(|mark| line.starts_with(mark.as_bytes())) {
            found = Some(start);
        }
        start += line.len();
    }
    match (file.language, found) {
        // An `#endif` counts only when it closes an include guard.
        (Language::C, Some(at)) if file.bytes.get(at..).is_some_and(|rest| rest.len() > 80) => {
            file.bytes.len()
        }
        (_, Some(at)) => at,
        (_, None) => file.bytes.len(),
    }
}
