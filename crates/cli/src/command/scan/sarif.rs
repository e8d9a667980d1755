// SPDX-License-Identifier: Apache-2.0
//! What was found as SARIF, which code hosts and editors show beside the code.
//!
//! Source: OASIS Standard, "Static Analysis Results Interchange Format (SARIF) Version 2.1.0".

use std::collections::BTreeMap;

use moat_base::{TreePath, visible};
use moat_scan::{Finding, Level};
use moat_survey::Found;
use serde_json::{Value, json};

use super::{Told, effect, level, plain_json, when};

const SCHEMA: &str =
    "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json";

pub(super) fn text(told: &Told) -> String {
    let mut rules: BTreeMap<&str, &Finding> = BTreeMap::new();
    for (found, _) in told.all() {
        rules.entry(&found.finding.rule).or_insert(&found.finding);
    }
    let index: BTreeMap<&str, usize> =
        rules.keys().enumerate().map(|(index, rule)| (*rule, index)).collect();
    let results: Vec<Value> = told
        .all()
        .map(|(found, accepted)| {
            result(found, accepted, index.get(&*found.finding.rule).copied().unwrap_or_default())
        })
        .collect();
    plain_json(&json!({
        "$schema": SCHEMA,
        "version": "2.1.0",
        "runs": [{
            "tool": {"driver": {
                "name": "moat",
                "version": env!("CARGO_PKG_VERSION"),
                "semanticVersion": env!("CARGO_PKG_VERSION"),
                "rules": rules.values().map(|finding| rule(finding)).collect::<Vec<_>>(),
            }},
            "invocations": [{"executionSuccessful": told.is_whole()}],
            "columnKind": "unicodeCodePoints",
            "results": results,
        }],
    }))
}

fn rule(finding: &Finding) -> Value {
    json!({
        "id": finding.rule,
        "shortDescription": {"text": sentence(finding)},
        "defaultConfiguration": {"level": severity(finding.level)},
        "properties": {"effect": effect(finding.effect), "when": when(finding.when)},
    })
}

fn result(found: &Found, accepted: bool, rule: usize) -> Value {
    let it = &found.finding;
    let mut message = sentence(it);
    if !it.key.is_empty() {
        message.push_str(&format!("\n{}", visible(&it.key)));
    }
    if !it.carries.is_empty() {
        message.push_str(&format!("\n{}", visible(&it.carries)));
    }
    let mut place = json!({"artifactLocation": {"uri": uri(&it.path), "uriBaseId": "%SRCROOT%"}});
    if let (Some(line), Some(place)) = (it.line, place.as_object_mut()) {
        place.insert("region".to_owned(), json!({"startLine": line.max(1)}));
    }
    let mut result = json!({
        "ruleId": it.rule,
        "ruleIndex": rule,
        "level": severity(it.level),
        "message": {"text": message},
        "locations": [{"physicalLocation": place}],
        "partialFingerprints": {"moatMark/v1": found.mark},
        "properties": {
            "level": level(it.level),
            "readers": it.readers,
            "when": when(it.when),
            "effect": effect(it.effect),
            "key": it.key,
            "carries": it.carries,
        },
    });
    if let (true, Some(result)) = (accepted, result.as_object_mut()) {
        result.insert("suppressions".to_owned(), json!([{"kind": "external"}]));
    }
    result
}

fn sentence(finding: &Finding) -> String {
    visible(&format!("{}: {}", finding.readers, finding.says)).into_owned()
}

const fn severity(level: Level) -> &'static str {
    match level {
        Level::High => "error",
        Level::Medium => "warning",
        Level::Low => "note",
    }
}

/// A path as a relative reference (RFC 3986): all but unreserved characters is encoded, so that
/// a name is never taken for a scheme or a query.
fn uri(path: &TreePath) -> String {
    let mut uri = String::with_capacity(path.as_bytes().len());
    for byte in path.as_bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' | b'/' => {
                uri.push(char::from(*byte));
            }
            other => uri.push_str(&format!("%{other:02X}")),
        }
    }
    if uri.is_empty() { ".".to_owned() } else { uri }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_references_and_nothing_else() {
        for (name, reference) in [
            ("a/b.rs", "a/b.rs"),
            ("http:x", "http%3Ax"),
            ("a b?c#d%", "a%20b%3Fc%23d%25"),
            ("\\xff", "%FF"),
            ("", "."),
        ] {
            assert_eq!(uri(&TreePath::parse(name).unwrap()), reference);
        }
    }
}
