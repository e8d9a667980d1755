// SPDX-License-Identifier: Apache-2.0
//! The JSON schema of the files, made of the list of keys.
//!
//! Editors complete and check a TOML file with it. Moat itself does not read it.
//! Source: JSON Schema, draft 2020-12.

use serde_json::{Map, Value as Json, json};

use crate::key::{KEYS, Key, Kind, Tighter};
use crate::limits::{LIST_LENGTH_MAX, NAME_BYTES_MAX, TEXT_BYTES_MAX};

/// Of which file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Schema {
    /// The user's, which is the administrator's as well.
    Settings,
    /// A workspace's.
    Workspace,
}

/// The schema of a file, as JSON with a line break at its end.
#[must_use]
pub fn schema(of: Schema) -> String {
    let title = match of {
        Schema::Settings => "Moat's configuration: config.toml and requirements.toml",
        Schema::Workspace => "Moat's settings of a workspace: .moat/settings.toml",
    };
    let mut root = table();
    root.insert("$schema".into(), json!("https://json-schema.org/draft/2020-12/schema"));
    root.insert("title".into(), json!(title));
    for key in KEYS {
        if of == Schema::Settings || key.tighter != Tighter::Neither {
            let parts: Vec<&str> = key.path.split('.').collect();
            insert(&mut root, &parts, described(key));
        }
    }
    let text = serde_json::to_string_pretty(&Json::Object(root)).unwrap_or_default();
    format!("{text}\n")
}

fn table() -> Map<String, Json> {
    let mut table = Map::new();
    table.insert("type".into(), json!("object"));
    table.insert("additionalProperties".into(), json!(false));
    table
}

/// Puts a key below the tables of its path.
fn insert(into: &mut Map<String, Json>, path: &[&str], key: Json) {
    let Some((first, rest)) = path.split_first() else { return };
    let (group, name) = if *first == "NAME" {
        ("patternProperties", format!("^(?!embedded$)[a-z0-9_-]{{1,{NAME_BYTES_MAX}}}$"))
    } else {
        ("properties", (*first).to_owned())
    };
    let below = into.entry(group).or_insert_with(|| Json::Object(Map::new()));
    let Json::Object(below) = below else { return };
    if rest.is_empty() {
        below.insert(name, key);
    } else if let Json::Object(next) = below.entry(name).or_insert_with(|| Json::Object(table())) {
        insert(next, rest, key);
    }
}

fn described(key: &Key) -> Json {
    let text = || json!({ "type": "string", "minLength": 1, "maxLength": TEXT_BYTES_MAX });
    let mut json = match key.kind {
        Kind::Text | Kind::Path => text(),
        Kind::Count { min, max } => json!({ "type": "integer", "minimum": min, "maximum": max }),
        Kind::Choice(choices) => json!({ "enum": choices }),
        Kind::Address => {
            json!({ "type": "string", "pattern": "^https?://[^/?#@\\\\%]+[^?#@\\\\%]*$" })
        }
        Kind::Zone => {
            json!({ "type": "string", "pattern": "^(host|(network|external):[A-Za-z0-9._-]+)$" })
        }
        Kind::Texts => json!({ "type": "array", "items": text(), "maxItems": LIST_LENGTH_MAX }),
    };
    if let Json::Object(json) = &mut json {
        json.insert("description".into(), json!(key.purpose));
        if !key.default.is_empty() {
            // What the table writes as TOML is JSON as well.
            let default = serde_json::from_str(key.default).unwrap_or(Json::Null);
            json.insert("default".into(), default);
        }
    }
    json
}
