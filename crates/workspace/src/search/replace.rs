// SPDX-License-Identifier: Apache-2.0
//! Replacing what was found, file by file.
//!
//! Each file is written as an editor writes it: with its encoding and line endings, in one
//! step, and only while it is what was read for this.
//!
//! Invariant: a file in which nothing matches is not written.

use std::collections::BTreeSet;

use moat_base::{Report, TreePath};
use moat_protocol::Refusal;
use moat_protocol::workspace::{SearchReply, SearchSpec};
use regex::NoExpand;

use super::pattern::Pattern;
use crate::error::Error;
use crate::files::{Files, Text, Written, current};

/// Replaces in some files; what became of each is told.
pub(super) fn replace(
    files: &Files,
    pattern: &Pattern,
    spec: &SearchSpec,
    with: &str,
    paths: Vec<TreePath>,
) -> SearchReply {
    let (mut places, mut written, mut left) = (0, Vec::new(), Vec::new());
    for path in paths.into_iter().collect::<BTreeSet<_>>() {
        match in_file(files, pattern, spec, with, &path) {
            Ok(0) => {}
            Ok(count) => {
                places += count;
                written.push(path);
            }
            Err(error) => {
                let report = Report::of(&error);
                let parts = std::iter::once(report.error).chain(report.causes);
                let reason = parts.collect::<Vec<_>>().join(": ");
                left.push(Refusal { path, reason, confirm: None });
            }
        }
    }
    SearchReply::Replaced { places, files: written, left }
}

fn in_file(
    files: &Files,
    pattern: &Pattern,
    spec: &SearchSpec,
    with: &str,
    path: &TreePath,
) -> Result<u64, Error> {
    let refuse = |reason: &str| Error::Refused { path: path.clone(), reason: reason.to_owned() };
    let Some(found) = current(&files.tree, path)? else {
        return Err(refuse("it is no text that can be edited, or too long"));
    };
    let text = found.file.text;
    let places = pattern.text.find_iter(&text).count() as u64;
    if places == 0 {
        return Ok(0);
    }
    let replaced = if spec.regex {
        pattern.text.replace_all(&text, with)
    } else {
        pattern.text.replace_all(&text, NoExpand(with))
    };
    let encoding = found.file.encoding;
    let text = Text { text: &replaced, encoding, line_ending: found.file.line_ending };
    match files.write(path, text, Some(&found.file.version))? {
        Written::Done(_) => Ok(places),
        Written::Changed(_) => Err(refuse("it changed meanwhile")),
    }
}
