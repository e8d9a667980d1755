// SPDX-License-Identifier: Apache-2.0
//! What a server answered, as a front end is told it.
//!
//! A server may be led by the repository, so nothing in an answer is taken on trust: what has
//! not the form that it should have is passed over, what is long is cut, and what would change
//! a file outside of the workspace, or more than its text, is refused as a whole.
//!
//! Invariant: every list and every text that leaves here is bounded.

use std::collections::BTreeMap;
use std::path::Path;

use moat_base::{TreePath, clip};
use moat_protocol::workspace::{
    CodeAction, CompletionItem, FileEdits, FileSymbol, LanguageAnswer, LanguageProblem, Location,
    ProblemSeverity, Span, SpanEdit, SymbolSort,
};
use serde_json::Value;

use super::place::{Place, place, span};
use super::sort;
use crate::limits::{
    LANGUAGE_ACTIONS_MAX, LANGUAGE_EDIT_BYTES_MAX, LANGUAGE_EDITS_MAX, LANGUAGE_ITEMS_MAX,
    LANGUAGE_NAME_BYTES_MAX, LANGUAGE_PLACES_MAX, LANGUAGE_PROBLEMS_MAX, LANGUAGE_PROSE_BYTES_MAX,
    LANGUAGE_SYMBOLS_MAX,
};

const NOTHING: LanguageAnswer = LanguageAnswer::Nothing { why: None };

/// Why an edit is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Unwanted(pub(super) &'static str);

impl From<Unwanted> for LanguageAnswer {
    fn from(Unwanted(why): Unwanted) -> Self {
        Self::Nothing { why: Some(why.to_owned()) }
    }
}

fn text<'a>(value: &'a Value, name: &str) -> Option<&'a str> {
    value.get(name).and_then(Value::as_str)
}

fn name(value: &Value, key: &str) -> Option<String> {
    let text = text(value, key).filter(|text| !text.is_empty())?;
    Some(clip(text, LANGUAGE_NAME_BYTES_MAX).to_owned())
}

fn flag(value: &Value, name: &str) -> bool {
    value.get(name).and_then(Value::as_bool) == Some(true)
}

fn list(value: &Value) -> &[Value] {
    value.as_array().map(Vec::as_slice).unwrap_or_default()
}

/// Whether a list of numbers holds one.
fn tagged(value: &Value, number: u64) -> bool {
    value.get("tags").is_some_and(|tags| list(tags).iter().any(|it| it.as_u64() == Some(number)))
}

/// Text in one of the forms that the protocol has had for it, as Markdown.
fn prose(value: &Value) -> Option<String> {
    let plain = |text: &str| clip(text, LANGUAGE_PROSE_BYTES_MAX).to_owned();
    let found = match value {
        Value::String(text) => plain(text),
        Value::Object(_) => {
            let content = plain(text(value, "value")?);
            match (text(value, "language"), text(value, "kind")) {
                (Some(language), _) => fenced(language, &content),
                (None, Some("plaintext")) => escaped(&content),
                (None, _) => content,
            }
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::Array(_) => return None,
    };
    (!found.trim().is_empty()).then_some(found)
}

fn fenced(language: &str, code: &str) -> String {
    let mut fence = "```".to_owned();
    while code.contains(&fence) {
        fence.push('`');
    }
    let language: String = language.chars().filter(char::is_ascii_alphanumeric).collect();
    format!("{fence}{language}\n{code}\n{fence}")
}

/// Plain text that looks the same as Markdown.
fn escaped(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for letter in text.chars() {
        if letter.is_ascii_punctuation() {
            safe.push('\\');
        }
        // Lines stay lines.
        if letter == '\n' {
            safe.push_str("  ");
        }
        safe.push(letter);
    }
    safe
}

/// Items to insert, with those among them that were offered. `word` is what stands before the
/// place already: where there are too many items, it decides.
pub(super) fn completed(result: &Value, word: &str) -> (LanguageAnswer, Vec<Value>) {
    let all = list(result.get("items").unwrap_or(result));
    let defaults = result.get("itemDefaults").unwrap_or(&Value::Null);
    let mut more = flag(result, "isIncomplete");
    let mut wanted: Vec<&Value> = all.iter().filter(|item| text(item, "label").is_some()).collect();
    if wanted.len() > LANGUAGE_ITEMS_MAX {
        let word = word.to_lowercase();
        wanted.retain(|item| {
            let by = text(item, "filterText").or_else(|| text(item, "label")).unwrap_or_default();
            has_in_order(&by.to_lowercase(), &word)
        });
        wanted.sort_by_key(|item| text(item, "sortText").or_else(|| text(item, "label")));
        more = true;
    }
    wanted.truncate(LANGUAGE_ITEMS_MAX);
    let kept: Vec<Value> = wanted.into_iter().cloned().collect();
    let items = (0..).zip(&kept).filter_map(|(number, item)| offered(number, item, defaults));
    (LanguageAnswer::Completed { items: items.collect(), more }, kept)
}

fn has_in_order(text: &str, letters: &str) -> bool {
    let mut rest = text.chars();
    letters.chars().all(|letter| rest.any(|other| other == letter))
}

fn offered(number: u32, item: &Value, defaults: &Value) -> Option<CompletionItem> {
    let label = name(item, "label")?;
    let edit = item.get("textEdit").filter(|edit| edit.is_object());
    let replaced = edit.and_then(|edit| edit.get("range").or_else(|| edit.get("insert")));
    let general = defaults.get("editRange");
    let general = general.map(|range| range.get("insert").unwrap_or(range));
    let insert = edit
        .and_then(|edit| text(edit, "newText"))
        .or_else(|| text(item, "textEditText"))
        .or_else(|| text(item, "insertText"))
        .unwrap_or(&label);
    let insert = clip(insert, LANGUAGE_PROSE_BYTES_MAX).to_owned();
    let format = item.get("insertTextFormat").or_else(|| defaults.get("insertTextFormat"));
    let described = item.get("labelDetails");
    let detail = described.and_then(|it| name(it, "description")).or_else(|| name(item, "detail"));
    Some(CompletionItem {
        number,
        detail,
        sort: sort::of_item(item.get("kind").and_then(Value::as_u64)),
        snippet: format.and_then(Value::as_u64) == Some(2),
        span: replaced.or(general).and_then(span),
        filter: name(item, "filterText"),
        order: name(item, "sortText"),
        deprecated: flag(item, "deprecated") || tagged(item, 1),
        likeliest: flag(item, "preselect"),
        text: item.get("documentation").and_then(prose),
        edits: item.get("additionalTextEdits").and_then(|it| edits(it).ok()).unwrap_or_default(),
        insert,
        label,
    })
}

/// More about an item.
pub(super) fn described(result: &Value) -> LanguageAnswer {
    LanguageAnswer::Described {
        detail: name(result, "detail"),
        text: result.get("documentation").and_then(prose),
        edits: result.get("additionalTextEdits").and_then(|it| edits(it).ok()).unwrap_or_default(),
    }
}

/// What is known about a name.
pub(super) fn hovered(result: &Value) -> LanguageAnswer {
    let contents = result.get("contents").unwrap_or(&Value::Null);
    let all = contents.as_array().map_or_else(|| std::slice::from_ref(contents), Vec::as_slice);
    let texts: Vec<String> = all.iter().take(LANGUAGE_ACTIONS_MAX).filter_map(prose).collect();
    if texts.is_empty() {
        return NOTHING;
    }
    LanguageAnswer::Hovered { texts, span: result.get("range").and_then(span) }
}

/// Places where something is.
pub(super) fn located(root: &Path, result: &Value) -> LanguageAnswer {
    let all = if result.is_object() { std::slice::from_ref(result) } else { list(result) };
    let (mut places, mut outside) = (Vec::new(), Vec::new());
    for one in all.iter().take(LANGUAGE_PLACES_MAX) {
        let link = text(one, "targetUri");
        let Some(address) = link.or_else(|| text(one, "uri")) else { continue };
        let part = one.get("targetSelectionRange").or_else(|| one.get("range"));
        let Some(span) = part.and_then(span) else { continue };
        match place(root, address) {
            Place::Tree(path) => places.push(Location { path, span }),
            Place::Outside(name) => outside.push(name),
        }
    }
    outside.sort();
    outside.dedup();
    if places.is_empty() && outside.is_empty() {
        return NOTHING;
    }
    LanguageAnswer::Located { places, outside }
}

/// The declarations of a file.
pub(super) fn symbols(result: &Value) -> LanguageAnswer {
    let mut symbols = Vec::new();
    // Deeper ones come after those around them; a stack needs no recursion.
    let mut waiting: Vec<(&Value, u32)> = list(result).iter().rev().map(|it| (it, 0)).collect();
    while let Some((one, depth)) = waiting.pop() {
        if symbols.len() >= LANGUAGE_SYMBOLS_MAX {
            break;
        }
        let flat = one.get("location").and_then(|it| it.get("range"));
        let whole = one.get("range").or(flat).and_then(span);
        let (Some(name), Some(whole)) = (name(one, "name"), whole) else { continue };
        let children = one.get("children").map(list).unwrap_or_default();
        waiting.extend(children.iter().rev().map(|it| (it, depth.saturating_add(1))));
        symbols.push(FileSymbol {
            name,
            detail: self::name(one, "detail"),
            sort: sort::of_symbol(one.get("kind").and_then(Value::as_u64)),
            span: whole,
            name_span: one.get("selectionRange").and_then(span).unwrap_or(whole),
            depth,
        });
    }
    LanguageAnswer::Symbols { symbols }
}

/// Changes of one text, in order.
pub(super) fn edits(value: &Value) -> Result<Vec<SpanEdit>, Unwanted> {
    let all = list(value);
    let mut found: Vec<SpanEdit> = Vec::with_capacity(all.len().min(LANGUAGE_EDITS_MAX));
    let mut bytes = 0_usize;
    for one in all {
        let (Some(span), Some(text)) = (one.get("range").and_then(span), text(one, "newText"))
        else {
            return Err(Unwanted("the language server's change is none that can be made"));
        };
        bytes = bytes.saturating_add(text.len());
        if found.len() >= LANGUAGE_EDITS_MAX || bytes > LANGUAGE_EDIT_BYTES_MAX {
            return Err(Unwanted("the language server would change too much at once"));
        }
        found.push(SpanEdit { span, text: text.replace("\r\n", "\n") });
    }
    // Those at the same place stay in their order.
    found.sort_by_key(|edit| edit.span);
    let overlap = |pair: &[SpanEdit]| match pair {
        [first, second] => first.span.to > second.span.from,
        _ => false,
    };
    if found.windows(2).any(overlap) {
        return Err(Unwanted("the language server's changes are at odds with each other"));
    }
    Ok(found)
}

/// Changes of one file.
pub(super) fn formatted(path: &TreePath, result: &Value) -> LanguageAnswer {
    match edits(result) {
        Ok(edits) if edits.is_empty() => LanguageAnswer::Edited { files: Vec::new() },
        Ok(edits) => {
            LanguageAnswer::Edited { files: vec![FileEdits { path: path.clone(), edits }] }
        }
        Err(unwanted) => unwanted.into(),
    }
}

/// Changes of several files: all of them can be made, or none is named.
pub(super) fn workspace_edit(root: &Path, result: &Value) -> Result<Vec<FileEdits>, Unwanted> {
    let mut files: BTreeMap<TreePath, Vec<Value>> = BTreeMap::new();
    let mut take = |address: &str, edits: &Value| match place(root, address) {
        Place::Tree(path) => {
            files.entry(path).or_default().extend(list(edits).iter().cloned());
            Ok(())
        }
        Place::Outside(_) => {
            Err(Unwanted("it would change a file outside of the workspace, so nothing is changed"))
        }
    };
    match result.get("documentChanges").filter(|it| it.is_array()) {
        Some(changes) => {
            for change in list(changes) {
                if change.get("kind").is_some() {
                    return Err(Unwanted(
                        "it would make, rename or remove files, which is not done here",
                    ));
                }
                let document = change.get("textDocument").unwrap_or(&Value::Null);
                let Some(address) = text(document, "uri") else { continue };
                take(address, change.get("edits").unwrap_or(&Value::Null))?;
            }
        }
        None => {
            let changes = result.get("changes").and_then(Value::as_object);
            for (address, edits) in changes.into_iter().flatten() {
                take(address, edits)?;
            }
        }
    }
    if files.len() > LANGUAGE_PLACES_MAX {
        return Err(Unwanted("the language server would change too much at once"));
    }
    let all = files
        .into_iter()
        .map(|(path, all)| edits(&Value::Array(all)).map(|edits| FileEdits { path, edits }));
    all.filter(|file| file.as_ref().map_or(true, |file| !file.edits.is_empty())).collect()
}

/// A change of the workspace as an answer.
pub(super) fn edited(root: &Path, result: &Value) -> LanguageAnswer {
    match workspace_edit(root, result) {
        Ok(files) if files.is_empty() => NOTHING,
        Ok(files) => LanguageAnswer::Edited { files },
        Err(unwanted) => unwanted.into(),
    }
}

/// What can be done, with what the server said of each.
pub(super) fn actions(result: &Value) -> (LanguageAnswer, Vec<Value>) {
    let all = list(result).iter().filter(|one| one.get("disabled").is_none());
    let kept: Vec<Value> = all.take(LANGUAGE_ACTIONS_MAX).cloned().collect();
    let actions = (0..).zip(&kept).filter_map(|(number, one)| {
        Some(CodeAction {
            number,
            title: name(one, "title")?,
            kind: name(one, "kind").unwrap_or_else(|| "quickfix".to_owned()),
            preferred: flag(one, "isPreferred"),
        })
    });
    (LanguageAnswer::Actions { actions: actions.collect() }, kept)
}

/// The problems of one server in one file.
pub(super) fn problems<'a>(
    all: &'a [Value],
    server: &'a str,
) -> impl Iterator<Item = LanguageProblem> + use<'a> {
    all.iter().take(LANGUAGE_PROBLEMS_MAX).filter_map(move |one| {
        let code = one.get("code").filter(|code| !code.is_null());
        Some(LanguageProblem {
            span: one.get("range").and_then(span)?,
            severity: match one.get("severity").and_then(Value::as_u64) {
                Some(1) | None => ProblemSeverity::Error,
                Some(2) => ProblemSeverity::Warning,
                Some(3) => ProblemSeverity::Info,
                Some(_) => ProblemSeverity::Hint,
            },
            message: clip(text(one, "message")?, LANGUAGE_PROSE_BYTES_MAX / 16).to_owned(),
            source: name(one, "source").unwrap_or_else(|| server.to_owned()),
            code: code.map(|code| {
                let text = code.as_str().map_or_else(|| code.to_string(), str::to_owned);
                clip(&text, LANGUAGE_NAME_BYTES_MAX).to_owned()
            }),
            unused: tagged(one, 1),
            deprecated: tagged(one, 2),
        })
    })
}

/// Whether two parts of a text touch.
pub(super) fn touch(one: Span, other: Span) -> bool {
    one.from <= other.to && other.from <= one.to
}

/// What a name stands for where nothing more is known.
pub(super) const UNKNOWN: SymbolSort = SymbolSort::Other;

#[cfg(test)]
mod tests;
