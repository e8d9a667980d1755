// SPDX-License-Identifier: Apache-2.0
//! What a path stands for, as far as a change set records it.

use serde::{Deserialize, Serialize};

use crate::blob::BlobId;

/// The kinds of things that a change set can describe.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum NodeKind {
    /// A regular file; its blob is the content.
    File,
    /// A directory; it has no blob.
    Directory,
    /// A symbolic link; its blob is the target.
    Link,
}

/// One side of a change.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Node {
    /// What it is.
    pub kind: NodeKind,
    /// The permission bits.
    pub mode: u32,
    /// The content; `None` for a directory, and where contents are not stored.
    pub blob: Option<BlobId>,
}

impl Node {
    /// Whether this is a directory.
    pub(crate) const fn is_directory(&self) -> bool {
        matches!(self.kind, NodeKind::Directory)
    }
}
