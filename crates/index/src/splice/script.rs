// SPDX-License-Identifier: Apache-2.0
//! Between the ways in which scripts write a function: declaration, arrow, property, method.
//!
//! The file's way stays, since exports, hoisting and `this` hang on it.

use std::ops::Range;

use super::Original;
use super::fragment::Fragment;
use crate::Symbol;
use crate::outline::Form;

/// The bytes of the file to replace, and the text for them.
pub(super) fn replacement(
    file: &Original<'_>,
    fragment: &Fragment,
    unit: &Symbol,
    symbol: &Symbol,
    moved: &dyn Fn(Range<usize>) -> String,
) -> (Range<usize>, String) {
    let whole = || moved(unit.item.clone());
    let value = || moved(unit.value.clone());
    match (symbol.form, unit.form) {
        (Form::Definition, Form::Definition | Form::Declarator) => (symbol.item.clone(), whole()),
        (Form::Definition, Form::Value) => {
            let text = value();
            let text = if text.starts_with("function") || text.starts_with("async function") {
                named_function(&text, &symbol.name)
            } else {
                format!("const {} = {text};", symbol.name)
            };
            (symbol.item.clone(), text)
        }
        (Form::Definition, Form::Member) => {
            (symbol.item.clone(), from_method(&whole(), "function "))
        }
        (Form::Declarator, Form::Definition) => (symbol.item.clone(), whole()),
        (Form::Declarator | Form::Value, Form::Declarator | Form::Value) => {
            (symbol.value.clone(), value())
        }
        (Form::Value, Form::Definition) => (symbol.value.clone(), whole()),
        (Form::Declarator | Form::Value, Form::Member) => {
            let is_pair = file.text(symbol.item.clone()).starts_with(&symbol.name)
                && file.text(symbol.item.start + symbol.name.len()..symbol.value.start).trim()
                    == ":";
            if is_pair {
                (symbol.item.clone(), whole())
            } else {
                (symbol.value.clone(), from_method(&whole(), "function "))
            }
        }
        (Form::Member, Form::Member) => {
            let text = whole();
            let old = file.text(symbol.item.clone());
            (symbol.item.clone(), with_modifiers(&old, &text))
        }
        (Form::Member, Form::Definition | Form::Declarator | Form::Value) => {
            let old = file.text(symbol.item.clone());
            let text = to_method(fragment, unit, symbol, moved);
            (symbol.item.clone(), with_modifiers(&old, &text))
        }
    }
}

/// Keeps `static`, `private` and the like of the file's method when the code has none.
fn with_modifiers(old: &str, new: &str) -> String {
    let kept: Vec<&str> = old
        .split_whitespace()
        .take_while(|word| MODIFIERS.contains(word))
        .filter(|word| !new.split_whitespace().take(6).any(|other| other == *word))
        .collect();
    if kept.is_empty() { new.to_owned() } else { format!("{} {new}", kept.join(" ")) }
}

/// A method as a function expression or declaration.
fn from_method(text: &str, keyword: &str) -> String {
    let mut rest = text;
    let mut prefix = String::new();
    while let Some((word, after)) = rest.split_once(' ') {
        match word {
            "async" => prefix.push_str("async "),
            other if MODIFIERS.contains(&other) => {}
            _ => break,
        }
        rest = after.trim_start();
    }
    match rest.strip_prefix('*') {
        Some(rest) => format!("{prefix}function* {}", rest.trim_start()),
        None => format!("{prefix}{keyword}{rest}"),
    }
}

fn named_function(text: &str, name: &str) -> String {
    match text.split_once('(') {
        Some((head, rest)) if head.trim_end().ends_with("function") => {
            format!("{} {name}({rest}", head.trim_end())
        }
        _ => text.to_owned(),
    }
}

/// A function in any form as a method.
fn to_method(
    fragment: &Fragment,
    unit: &Symbol,
    symbol: &Symbol,
    moved: &dyn Fn(Range<usize>) -> String,
) -> String {
    let value = moved(unit.value.clone());
    let is_async = value.starts_with("async ");
    let value = value.strip_prefix("async ").unwrap_or(&value).trim_start();
    let prefix = if is_async { "async " } else { "" };
    if let Some(rest) = value.strip_prefix("function") {
        let star = if rest.trim_start().starts_with('*') { "*" } else { "" };
        let parameters = rest.find('(').and_then(|at| rest.get(at..)).unwrap_or_default();
        return format!("{prefix}{star}{}{parameters}", symbol.name);
    }
    // An arrow: its head ends at `=>`, and an expression becomes a returned value.
    let body_at = unit.body.as_ref().map_or(unit.value.end, |body| body.start);
    let head = fragment.text(unit.value.start..body_at);
    let head = head.trim_start_matches("async").trim();
    let head = head.strip_suffix("=>").unwrap_or(head).trim();
    let head = if head.starts_with('(') || head.starts_with('<') {
        head.to_owned()
    } else {
        format!("({head})")
    };
    let body = moved(body_at..unit.value.end);
    if body.starts_with('{') {
        format!("{prefix}{}{head} {body}", symbol.name)
    } else {
        format!("{prefix}{}{head} {{ return {body}; }}", symbol.name)
    }
}

const MODIFIERS: [&str; 6] = ["static", "public", "private", "protected", "override", "readonly"];
