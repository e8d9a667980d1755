// SPDX-License-Identifier: Apache-2.0
//! The user's own files, as an editor and an explorer use them.
//!
//! A path may lead through links as long as they stay in the workspace; what is written is
//! the file at their end. Everything else acts on names: a link is renamed and deleted as a
//! link.
//!
//! Invariant: what was not expected at a path is never written over, and nothing is replaced
//! by a rename. A FIFO, a socket or a device is never opened.

mod link;
mod list;
mod read;
mod transfer;
mod trash;
mod write;

use std::sync::Arc;

use moat_base::TreePath;
use moat_files::{DirTree, Expected, FileError, FileMode};
use moat_protocol::workspace::{Encoding, FilesQuery, FilesReply, LineEnding, Node, Version};

use crate::error::Error;
use crate::rules::RuleBook;
use crate::settings::WorkspaceSettings;

pub(crate) use read::current;
use trash::Trash;

/// The mode of a new file, less nothing: it is what the change sets of sessions make, too.
const NEW_FILE_MODE: u32 = 0o644;

/// The files of one workspace.
#[derive(Debug)]
pub(crate) struct Files {
    pub(crate) tree: DirTree,
    pub(crate) book: Arc<RuleBook>,
    trash: Trash,
}

impl Files {
    pub(crate) fn open(tree: DirTree, settings: &WorkspaceSettings) -> Result<Self, Error> {
        let trash = Trash::open(settings)?;
        let book = Arc::new(RuleBook::new(tree.clone()));
        Ok(Self { book, tree, trash })
    }

    /// Answers every question but the search for names.
    pub(crate) fn answer(&self, query: FilesQuery) -> Result<FilesReply, Error> {
        match query {
            FilesQuery::List { path } => list::list(self, &path),
            FilesQuery::Read { path } => Ok(FilesReply::Read(read::read(&self.tree, &path)?)),
            FilesQuery::ReadPart { path, offset, length } => {
                read::part(&self.tree, &path, offset, length)
            }
            FilesQuery::Write { path, text, encoding, line_ending, expected } => {
                let text = Text { text: &text, encoding, line_ending };
                match self.write(&path, text, expected.as_ref())? {
                    Written::Done(version) => Ok(FilesReply::Written { version }),
                    Written::Changed(current) => Ok(FilesReply::Changed { current }),
                }
            }
            FilesQuery::Create { path, node } => self.create(&path, node),
            FilesQuery::Rename { from, to } => self.rename(&from, &to),
            FilesQuery::Delete { path } => Ok(FilesReply::Trashed { trash: self.delete(&path)? }),
            FilesQuery::Restore { trash } => {
                self.trash.restore(trash, &self.tree).map(|()| FilesReply::Done)
            }
            // The names of all files are kept elsewhere, and answer this there.
            FilesQuery::Find { .. } => {
                Ok(FilesReply::Found { found: Vec::new(), of: 0, indexing: true })
            }
        }
    }

    /// Writes a text file, where it is what was expected.
    pub(crate) fn write(
        &self,
        path: &TreePath,
        text: Text<'_>,
        expected: Option<&Version>,
    ) -> Result<Written, Error> {
        write::write(&self.tree, path, text, expected)
    }

    /// Moves something to the trash, and gives its number there.
    pub(crate) fn delete(&self, path: &TreePath) -> Result<u64, Error> {
        self.trash.take(&self.tree, path)
    }

    fn create(&self, path: &TreePath, node: Node) -> Result<FilesReply, Error> {
        let made = match node {
            Node::Directory => self.tree.make_directory(path),
            Node::File => {
                let mode = FileMode::Set(NEW_FILE_MODE);
                self.tree.write(path, b"", mode, Expected::Absent).map(|_id| ())
            }
        };
        made.map(|()| FilesReply::Done).map_err(|error| occupied(error, path))
    }

    fn rename(&self, from: &TreePath, to: &TreePath) -> Result<FilesReply, Error> {
        if to.as_path().starts_with(from.as_path()) {
            let reason = "its new place would be within itself".to_owned();
            return Err(Error::Refused { path: from.clone(), reason });
        }
        transfer::transfer((&self.tree, from), (&self.tree, to))?;
        Ok(FilesReply::Done)
    }
}

/// A text to be written.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Text<'a> {
    pub(crate) text: &'a str,
    pub(crate) encoding: Encoding,
    pub(crate) line_ending: LineEnding,
}

/// What came of writing.
#[derive(Debug)]
pub(crate) enum Written {
    /// It is written.
    Done(Version),
    /// The file is another, and was left alone.
    Changed(Option<moat_protocol::workspace::FileText>),
}

/// Says of a path that was to be new that it is not.
fn occupied(error: FileError, path: &TreePath) -> Error {
    match error {
        FileError::Changed { .. } => Error::Occupied { path: path.clone() },
        FileError::Refused { path, reason: "it is a directory" | "it is a symbolic link" } => {
            Error::Occupied { path }
        }
        other => other.into(),
    }
}
