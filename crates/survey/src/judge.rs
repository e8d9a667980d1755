// SPDX-License-Identifier: Apache-2.0
//! What is asked of `moat-scan` about one file.
//!
//! Invariant: a finding names the path where the file is, whatever path its reader would know
//! it by.

use moat_base::TreePath;
use moat_scan::{Finding, examine, hazards, is_examined};
use sha2::{Digest as _, Sha256};

use crate::sink::Sink;

/// A file under the name by which its readers know it.
#[derive(Clone, Debug)]
pub(crate) struct Subject {
    /// Where it is.
    pub(crate) path: TreePath,
    /// What its readers take it for, where that is another path.
    pub(crate) alias: Option<TreePath>,
    /// Whether it is text that people and agents read.
    pub(crate) text: Text,
}

/// Whether the text of a file is searched for what hides.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Text {
    Searched,
    PassedOver,
}

impl Subject {
    /// A file that is what its path says.
    pub(crate) const fn plain(path: TreePath) -> Self {
        Self { path, alias: None, text: Text::Searched }
    }

    fn name(&self) -> &TreePath {
        self.alias.as_ref().unwrap_or(&self.path)
    }

    /// Whether some rule reads its keys.
    pub(crate) fn is_examined(&self) -> bool {
        is_examined(self.name())
    }

    /// Judges the whole content.
    pub(crate) fn judge(&self, content: &[u8], sink: &Sink<'_>) {
        let name = self.name();
        let mut findings = if is_examined(name) { examine(name, content) } else { Vec::new() };
        if self.text == Text::Searched {
            findings.extend(hazards(name, content));
        }
        if findings.is_empty() {
            return;
        }
        self.settle(&mut findings);
        sink.take(findings, &Sha256::digest(content));
    }

    /// Judges a piece of a long file.
    pub(crate) fn judge_piece(&self, content: &[u8]) -> Vec<Finding> {
        match self.text {
            Text::Searched => {
                let mut findings = hazards(self.name(), content);
                self.settle(&mut findings);
                findings
            }
            Text::PassedOver => Vec::new(),
        }
    }

    fn settle(&self, findings: &mut [Finding]) {
        if self.alias.is_some() {
            for finding in findings {
                finding.path = self.path.clone();
            }
        }
    }
}
