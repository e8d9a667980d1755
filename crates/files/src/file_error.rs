// SPDX-License-Identifier: Apache-2.0
//! What can go wrong with the files of a workspace or a session.
//!
//! A reader that goes through [`moat_base::Tree`] sees the same failures as
//! [`TreeError`]; everything that writes, keeps or restores uses [`FileError`].

use std::io;
use std::path::PathBuf;

use moat_base::{Hint, TreeError, TreePath};
use rustix::io::Errno;

use crate::blob::BlobId;

/// Why an operation on workspace or session files failed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum FileError {
    /// The directory to work in could not be opened.
    #[error("could not open the directory `{}`", path.display())]
    OpenRoot {
        /// The directory that was asked for.
        path: PathBuf,
        /// The system's error.
        #[source]
        source: io::Error,
    },
    /// The directory to work in was deleted or replaced while it was in use.
    #[error("the directory `{}` was deleted", path.display())]
    RootGone {
        /// Where it was.
        path: PathBuf,
    },
    /// A path inside the tree could not be read.
    #[error(transparent)]
    Tree(#[from] TreeError),
    /// A path was refused: its kind, a link on the way, or a rule.
    #[error("`{path}` was refused: {reason}")]
    Refused {
        /// The path that was asked for.
        path: TreePath,
        /// Why, in a few words.
        reason: &'static str,
    },
    /// The file is not what the caller expected to replace.
    #[error("`{path}` changed since it was read")]
    Changed {
        /// The path that was to be written.
        path: TreePath,
    },
    /// A file could not be written, removed or changed. The old content stands.
    #[error("could not write `{path}`")]
    Write {
        /// The path that was to be written.
        path: TreePath,
        /// The system's error.
        #[source]
        source: io::Error,
    },
    /// The session's own files could not be read or written.
    #[error("could not use the session's files at `{}`", path.display())]
    Store {
        /// The file or directory of the session.
        path: PathBuf,
        /// The system's error.
        #[source]
        source: io::Error,
    },
    /// Stored content is missing or does not match its hash.
    #[error("the stored content {id} is missing or damaged")]
    DamagedBlob {
        /// The content that was asked for.
        id: BlobId,
    },
    /// A stored record cannot be understood.
    #[error("the record `{}` is damaged", path.display())]
    DamagedRecord {
        /// The file of the record.
        path: PathBuf,
        /// Where it stops making sense.
        #[source]
        source: serde_json::Error,
    },
    /// A selection names a path without a change.
    #[error("`{path}` has no change in this session")]
    NoSuchChange {
        /// The path that was named.
        path: TreePath,
    },
    /// A selection names a hunk that a change does not have.
    #[error("`{path}` has {count} hunks, there is no hunk {hunk}")]
    NoSuchHunk {
        /// The path that was named.
        path: TreePath,
        /// The number that was named; the first is 1.
        hunk: usize,
        /// How many there are.
        count: usize,
    },
    /// The state that would be replaced is in no checkpoint. Nothing was changed.
    #[error("the session's files changed since the last checkpoint")]
    NotCovered,
    /// The session works on a copy of the tree, of which there are no checkpoints. Nothing was
    /// changed.
    #[error("a session on a copied tree has no checkpoints")]
    CopiedTree,
    /// There is no such checkpoint, or it was dropped.
    #[error("there is no checkpoint {number}")]
    NoSuchCheckpoint {
        /// The number that was named.
        number: u32,
    },
    /// A keep cannot be undone, because it was undone or is not finished.
    #[error("keep {number} cannot be undone: {reason}")]
    NotUndoable {
        /// The number of the keep.
        number: u32,
        /// Why, in a few words.
        reason: &'static str,
    },
}

impl Hint for FileError {
    fn hint(&self) -> Option<String> {
        match self {
            Self::OpenRoot { path, source } => Some(open_root_hint(path, source)),
            Self::RootGone { .. } => {
                Some("restore the directory, or start a session where the files are now".into())
            }
            Self::Tree(error) => tree_hint(error),
            Self::Refused { .. } => None,
            Self::Changed { .. } => Some("read the file again and repeat the change".into()),
            Self::Write { source, .. } => write_hint(source),
            Self::Store { source, .. } => write_hint(source).or_else(|| {
                Some("check that the state directory exists and belongs to you".into())
            }),
            Self::DamagedBlob { .. } | Self::DamagedRecord { .. } => Some(
                "the disk may have lost data; the files in your own tree were not touched".into(),
            ),
            Self::NoSuchChange { .. } | Self::NoSuchHunk { .. } => {
                Some("`moat session show` lists the changes and their hunks".into())
            }
            Self::CopiedTree => Some("`moat doctor` says why no overlay can be laid here".into()),
            Self::NotCovered => Some("repeat it: a checkpoint is taken first".into()),
            Self::NoSuchCheckpoint { .. } => {
                Some("`moat session checkpoints` lists them; the oldest go first".into())
            }
            Self::NotUndoable { .. } => Some("`moat session show` lists what was kept".into()),
        }
    }
}

fn open_root_hint(path: &std::path::Path, source: &io::Error) -> String {
    let path = path.display();
    match Errno::from_io_error(source) {
        Some(Errno::NOENT) => format!("check the spelling, or create it: `mkdir -p {path}`"),
        Some(Errno::NOTDIR) => "give the directory that holds the project, not a file".to_owned(),
        Some(Errno::ACCESS | Errno::PERM) => {
            format!("check who may enter it: `ls -ld {path}`")
        }
        Some(Errno::NOSYS) => "Moat needs Linux 5.6 or newer, with `openat2` allowed".to_owned(),
        _ => format!("check the directory: `ls -ld {path}`"),
    }
}

fn tree_hint(error: &TreeError) -> Option<String> {
    match error {
        TreeError::Io { source, .. } => write_hint(source),
        TreeError::TooLarge { .. } => Some("files over the limit are left alone".into()),
        TreeError::Missing { .. } | TreeError::Refused { .. } => None,
        _ => None,
    }
}

fn write_hint(source: &io::Error) -> Option<String> {
    let hint = match Errno::from_io_error(source) {
        Some(Errno::NOSPC) => "the disk is full: free some space and repeat",
        Some(Errno::DQUOT) => "your disk quota is used up: free some space and repeat",
        Some(Errno::ROFS) => "the file system is mounted read-only",
        Some(Errno::ACCESS | Errno::PERM) => "check the owner and the mode with `ls -l`",
        Some(Errno::FBIG) => "the file is larger than this process may write",
        Some(Errno::NOSYS) => "Moat needs Linux 5.6 or newer, with `openat2` allowed",
        _ => return None,
    };
    Some(hint.to_owned())
}
