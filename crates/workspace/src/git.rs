// SPDX-License-Identifier: Apache-2.0
//! Source control of the user's tree.

use std::path::Path;
use std::sync::Arc;

use moat_protocol::workspace::{GitQuery, GitReply};

use crate::error::Error;
use crate::files::Files;
use crate::settings::WorkspaceSettings;

#[derive(Debug)]
pub(crate) struct Git {}

impl Git {
    pub(crate) fn new(_settings: &WorkspaceSettings, _root: &Path, _files: Arc<Files>) -> Self {
        Self {}
    }

    pub(crate) fn answer(&self, _query: GitQuery) -> Result<GitReply, Error> {
        Ok(GitReply::NoRepository)
    }
}
