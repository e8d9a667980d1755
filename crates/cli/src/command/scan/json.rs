// SPDX-License-Identifier: Apache-2.0
//! What was found as JSON.
//!
//! Invariant: fields are added within a version, never changed or taken away.

use moat_base::TreePath;
use serde::Serialize;

use super::{Told, effect, level, plain_json, when};

const VERSION: u32 = 1;

#[derive(Debug, Serialize)]
struct Form<'told> {
    version: u32,
    root: String,
    /// Whether everything was looked at.
    complete: bool,
    files: u64,
    directories: u64,
    links: u64,
    bytes: u64,
    findings: Vec<Row<'told>>,
}

#[derive(Debug, Serialize)]
struct Row<'told> {
    level: &'static str,
    rule: &'told str,
    path: &'told TreePath,
    line: Option<u32>,
    key: &'told str,
    carries: &'told str,
    readers: &'told str,
    when: &'static str,
    effect: &'static str,
    says: &'told str,
    mark: &'told str,
    accepted: bool,
}

pub(super) fn text(told: &Told) -> String {
    let rows = told.all().map(|(found, accepted)| {
        let it = &found.finding;
        Row {
            level: level(it.level),
            rule: &it.rule,
            path: &it.path,
            line: it.line,
            key: &it.key,
            carries: &it.carries,
            readers: &it.readers,
            when: when(it.when),
            effect: effect(it.effect),
            says: &it.says,
            mark: &found.mark,
            accepted,
        }
    });
    let counts = &told.seen.counts;
    plain_json(&Form {
        version: VERSION,
        root: told.root.display().to_string(),
        complete: told.is_whole(),
        files: counts.files,
        directories: counts.directories,
        links: counts.links,
        bytes: counts.bytes,
        findings: rows.collect(),
    })
}
