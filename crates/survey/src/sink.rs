// SPDX-License-Identifier: Apache-2.0
//! What was found, with the mark by which it is known again.
//!
//! The mark covers the whole content of the file beside what the finding carries: what a
//! finding shows may be cut, and a script that was accepted may be changed behind its first
//! lines. So any change of a file brings its findings back.
//!
//! Invariant: no more than [`FINDINGS_MAX`] findings are kept, and that there are more is one.

use std::cmp::Reverse;
use std::sync::{Mutex, PoisonError};

use moat_base::TreePath;
use moat_scan::Finding;
use sha2::{Digest as _, Sha256};

use crate::limits::{FINDINGS_BYTES_MAX, FINDINGS_MAX};
use crate::notice;
use crate::progress::Progress;

/// A finding and its mark.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Found {
    /// What was found, where, and what it does.
    pub finding: Finding,
    /// SHA-256 of rule, path, key, what it carries and the file's whole content, in hex.
    pub mark: String,
}

/// Takes what all threads find.
#[derive(Debug)]
pub(crate) struct Sink<'survey> {
    progress: &'survey Progress,
    kept: Mutex<Kept>,
}

#[derive(Debug, Default)]
struct Kept {
    found: Vec<Found>,
    bytes: usize,
    is_cut: bool,
}

impl<'survey> Sink<'survey> {
    pub(crate) fn new(progress: &'survey Progress) -> Self {
        Self { progress, kept: Mutex::default() }
    }

    pub(crate) const fn progress(&self) -> &'survey Progress {
        self.progress
    }

    /// Takes the findings of one file whose content has this digest.
    pub(crate) fn take(&self, findings: Vec<Finding>, digest: &[u8]) {
        if findings.is_empty() {
            return;
        }
        let found: Vec<Found> = findings
            .into_iter()
            .map(|finding| Found { mark: mark(&finding, digest), finding })
            .collect();
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        for one in found {
            let bytes = one.finding.carries.len() + one.finding.key.len();
            if kept.found.len() >= FINDINGS_MAX || kept.bytes + bytes > FINDINGS_BYTES_MAX {
                kept.is_cut = true;
                continue;
            }
            kept.bytes += bytes;
            kept.found.push(one);
            self.progress.finding();
        }
    }

    /// Takes something that is no content of a file.
    pub(crate) fn notice(&self, finding: Finding) {
        self.take(vec![finding], &[]);
    }

    /// The findings, the most dangerous first, then by path.
    pub(crate) fn into_found(self) -> Vec<Found> {
        let kept = self.kept.into_inner().unwrap_or_else(PoisonError::into_inner);
        let mut found = kept.found;
        if kept.is_cut {
            let finding = notice::cut(TreePath::root());
            found.push(Found { mark: mark(&finding, &[]), finding });
        }
        found.sort_by(|one, other| order(one).cmp(&order(other)));
        found.dedup();
        found
    }
}

fn order(found: &Found) -> impl Ord + '_ {
    let it = &found.finding;
    (Reverse(it.level), &it.path, it.line, &it.rule, &it.key, &found.mark)
}

/// Each part is preceded by its length, so that no two findings give the same bytes.
fn mark(finding: &Finding, digest: &[u8]) -> String {
    let mut hash = Sha256::new();
    let parts = [
        finding.rule.as_bytes(),
        finding.path.as_bytes(),
        finding.key.as_bytes(),
        finding.carries.as_bytes(),
        digest,
    ];
    for part in parts {
        hash.update((part.len() as u64).to_be_bytes());
        hash.update(part);
    }
    hex::encode(hash.finalize())
}
