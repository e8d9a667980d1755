// SPDX-License-Identifier: Apache-2.0
//! Findings that somebody looked at and accepts, by their marks.
//!
//! A mark covers the whole content of the file, so that a changed byte brings the finding back.
//!
//! Invariant: a baseline is read only where the command line names it; one that lies in the tree
//! counts for nothing by itself.

use std::collections::BTreeSet;
use std::path::Path;

use moat_survey::Found;
use serde::{Deserialize, Serialize};

use super::{Told, plain_json};
use crate::environment::Environment;
use crate::failure::Failure;

/// The longest baseline that is read.
const BASELINE_BYTES_MAX: u64 = 64 * 1024 * 1024;
/// The form of the file.
const VERSION: u32 = 1;

/// Marks that are accepted.
#[derive(Debug, Default)]
pub(super) struct Baseline {
    marks: BTreeSet<String>,
}

#[derive(Debug, Serialize, Deserialize)]
struct Stored {
    version: u32,
    accepted: Vec<Accepted>,
}

/// The mark decides; the rest is for the person who reviews the file.
#[derive(Debug, Serialize, Deserialize)]
struct Accepted {
    mark: String,
    #[serde(default)]
    rule: String,
    #[serde(default)]
    path: String,
}

impl Baseline {
    pub(super) fn read(environment: &Environment, path: &Path) -> Result<Self, Failure> {
        let shown = path.display();
        let hint = "make one with `--write-baseline FILE`";
        let absolute = std::path::absolute(path);
        let read = absolute.and_then(|path| environment.fs.read(&path, BASELINE_BYTES_MAX));
        let bytes = read.map_err(|error| {
            Failure::usage(format!("could not read the baseline `{shown}`"), hint).because(&error)
        })?;
        let stored: Stored = serde_json::from_slice(&bytes).map_err(|error| {
            Failure::usage(format!("`{shown}` is no baseline"), hint).because(&error)
        })?;
        if stored.version != VERSION {
            let error = format!("the baseline `{shown}` has version {}", stored.version);
            return Err(Failure::usage(error, "make it anew with this version of `moat`"));
        }
        Ok(Self { marks: stored.accepted.into_iter().map(|it| it.mark).collect() })
    }

    pub(super) fn accepts(&self, found: &Found) -> bool {
        self.marks.contains(&found.mark)
    }

    /// How many marks are of no finding.
    pub(super) fn stale(&self, findings: &[Found]) -> usize {
        let found: BTreeSet<&str> = findings.iter().map(|it| it.mark.as_str()).collect();
        self.marks.iter().filter(|mark| !found.contains(mark.as_str())).count()
    }
}

/// The file that accepts all that is told.
pub(super) fn text(told: &Told) -> String {
    let accepted = told.all().map(|(found, _)| Accepted {
        mark: found.mark.clone(),
        rule: found.finding.rule.to_string(),
        path: found.finding.path.to_string(),
    });
    plain_json(&Stored { version: VERSION, accepted: accepted.collect() })
}
