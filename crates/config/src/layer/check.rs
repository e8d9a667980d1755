// SPDX-License-Identifier: Apache-2.0
//! Checks one value against its key.

use moat_base::{clip, visible};
use toml::de::DeValue;

use crate::key::{Key, Kind};
use crate::layer::Value;
use crate::limits::{LIST_LENGTH_MAX, NAME_BYTES_MAX, TEXT_BYTES_MAX};

/// What a value must be and what it is.
pub(crate) struct Mismatch {
    pub(crate) expected: String,
    pub(crate) found: String,
}

pub(crate) fn value_of(key: &Key, value: &DeValue<'_>) -> Result<Value, Mismatch> {
    let mismatch = || Mismatch { expected: expected(key.kind), found: found(value) };
    match key.kind {
        Kind::Count { min, max } => integer(value)
            .filter(|count| (min..=max).contains(count))
            .map(Value::Count)
            .ok_or_else(mismatch),
        Kind::Texts => texts(value).map(Value::Texts).ok_or_else(mismatch),
        Kind::Text | Kind::Path | Kind::Choice(_) | Kind::Address | Kind::Zone => {
            text(value).filter(|text| fits(key.kind, text)).map(Value::Text).ok_or_else(mismatch)
        }
    }
}

/// Whether a name may stand in `[models.NAME]`.
pub(crate) fn is_model_name(name: &str) -> bool {
    let valid =
        |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b"-_".contains(&byte);
    !name.is_empty()
        && name.len() <= NAME_BYTES_MAX
        && name.bytes().all(valid)
        && name != "embedded"
}

fn fits(kind: Kind, text: &str) -> bool {
    match kind {
        Kind::Choice(choices) => choices.contains(&text),
        Kind::Address => is_address(text),
        Kind::Zone => is_zone(text),
        Kind::Text | Kind::Path | Kind::Texts | Kind::Count { .. } => true,
    }
}

fn is_address(text: &str) -> bool {
    let rest = text.strip_prefix("https://").or_else(|| text.strip_prefix("http://"));
    let Some(rest) = rest else { return false };
    let authority = rest.split('/').next().unwrap_or_default();
    !authority.is_empty()
        && !authority.starts_with(':')
        && text.bytes().all(|byte| byte.is_ascii_graphic())
        && !text.contains(['@', '?', '#', '\\', '%'])
}

fn is_zone(text: &str) -> bool {
    let word = |word: &str| {
        let valid = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte);
        !word.is_empty() && word.len() <= NAME_BYTES_MAX && word.bytes().all(valid)
    };
    match text.split_once(':') {
        None => text == "host",
        Some(("network" | "external", name)) => word(name),
        Some(_) => false,
    }
}

fn integer(value: &DeValue<'_>) -> Option<u64> {
    match value {
        DeValue::Integer(integer) => u64::from_str_radix(integer.as_str(), integer.radix()).ok(),
        DeValue::String(_)
        | DeValue::Float(_)
        | DeValue::Boolean(_)
        | DeValue::Datetime(_)
        | DeValue::Array(_)
        | DeValue::Table(_) => None,
    }
}

fn text(value: &DeValue<'_>) -> Option<String> {
    let text = value.as_str()?;
    let fine = !text.trim().is_empty()
        && text.len() <= TEXT_BYTES_MAX
        && !text.contains(['\n', '\t'])
        && visible(text) == text;
    fine.then(|| text.to_owned())
}

fn texts(value: &DeValue<'_>) -> Option<Vec<String>> {
    let items = value.as_array()?;
    if items.len() > LIST_LENGTH_MAX {
        return None;
    }
    items.iter().map(|item| text(item.get_ref())).collect()
}

fn expected(kind: Kind) -> String {
    match kind {
        Kind::Text => "a text on one line".into(),
        Kind::Path => "the path of a file".into(),
        Kind::Count { min, max } => format!("a whole number from {min} to {max}"),
        Kind::Choice(choices) => {
            let quoted: Vec<String> =
                choices.iter().map(|choice| format!("\"{choice}\"")).collect();
            quoted.join(" or ")
        }
        Kind::Address => {
            "an `https://` or `http://` address without user, query or fragment".into()
        }
        Kind::Zone => "\"host\", \"network:NAME\" or \"external:JURISDICTION\"".into(),
        Kind::Texts => "a list of texts".into(),
    }
}

fn found(value: &DeValue<'_>) -> String {
    match value {
        DeValue::String(text) => format!("\"{}\"", clip(&visible(text), 80)),
        DeValue::Integer(integer) => integer.to_string(),
        DeValue::Float(_)
        | DeValue::Boolean(_)
        | DeValue::Datetime(_)
        | DeValue::Array(_)
        | DeValue::Table(_) => format!("of the type {}", value.type_str()),
    }
}
