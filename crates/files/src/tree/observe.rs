// SPDX-License-Identifier: Apache-2.0
//! What is at a path right now, with what is needed to notice that it changed.

use std::os::fd::{AsFd as _, BorrowedFd};

use moat_base::{TreeError, TreePath};
use rustix::fs::FileType;

use crate::blob::BlobId;
use crate::limits::FILE_BYTES_MAX;
use crate::node::{Node, NodeKind};
use crate::resolver::{self, Links};
use crate::stat::{Moment, Stat};
use crate::tree::DirTree;

/// The state of one path: its node, and the bytes of a file or of a link's target.
#[derive(Debug)]
pub(crate) struct Observation {
    pub(crate) node: Node,
    pub(crate) bytes: Vec<u8>,
    pub(crate) stat: Stat,
}

/// What tells one state of a file from the next without reading it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Printed {
    device: u64,
    inode: u64,
    length_bytes: u64,
    changed: Moment,
    modified: Moment,
}

impl Printed {
    pub(crate) const fn of(stat: &Stat) -> Self {
        Self {
            device: stat.device,
            inode: stat.inode,
            length_bytes: stat.length_bytes,
            changed: stat.changed,
            modified: stat.modified,
        }
    }

    /// Looks at the entry `name`; `None` when there is none.
    pub(crate) fn at(directory: BorrowedFd<'_>, name: &[u8]) -> Option<Self> {
        Stat::at(directory, name).ok().map(|stat| Self::of(&stat))
    }
}

impl DirTree {
    /// Reads the state of `path` without following a link; `None` when there is nothing,
    /// also when a part of the way is missing.
    pub(crate) fn observe(&self, path: &TreePath) -> Result<Option<Observation>, TreeError> {
        let (directory, name) =
            match resolver::parent(self.root(), path, resolver::Parents::Required) {
                Err(TreeError::Missing { .. }) => return self.absent(path),
                other => other?,
            };
        let stat = match Stat::at(directory.as_fd(), name) {
            Ok(stat) => stat,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
                return self.absent(path);
            }
            Err(error) => {
                let errno = resolver::to_errno(&error);
                return Err(resolver::explain(self.root(), path, errno));
            }
        };
        self.observe_as(path, stat).map(Some)
    }

    /// Reads a path whose state was just listed.
    pub(crate) fn observe_as(&self, path: &TreePath, stat: Stat) -> Result<Observation, TreeError> {
        let (kind, bytes, stat) = match stat.file_type() {
            FileType::RegularFile => {
                let (bytes, stat) =
                    resolver::read(self.root(), path, Links::Refused, FILE_BYTES_MAX)?;
                (NodeKind::File, bytes, stat)
            }
            FileType::Symlink => (NodeKind::Link, self.link_target(path)?, stat),
            FileType::Directory => (NodeKind::Directory, Vec::new(), stat),
            FileType::Fifo
            | FileType::Socket
            | FileType::CharacterDevice
            | FileType::BlockDevice
            | FileType::Unknown => {
                return Err(TreeError::Refused {
                    path: path.clone(),
                    reason: "it is a FIFO, a socket or a device",
                });
            }
        };
        let blob = match kind {
            NodeKind::File | NodeKind::Link => Some(BlobId::of(&bytes)),
            NodeKind::Directory => None,
        };
        let mode = match kind {
            NodeKind::File | NodeKind::Directory => stat.permissions(),
            NodeKind::Link => 0o777,
        };
        Ok(Observation { node: Node { kind, mode, blob }, bytes, stat })
    }

    /// Nothing is there, unless the whole tree is gone.
    fn absent<T>(&self, path: &TreePath) -> Result<Option<T>, TreeError> {
        match self.root().check() {
            Ok(()) => Ok(None),
            Err(_) => Err(resolver::explain(self.root(), path, rustix::io::Errno::NOENT)),
        }
    }

    /// The target of the link at `path`.
    ///
    /// # Errors
    /// [`TreeError`] as its variants say; a path that is no link is an error of the system.
    pub fn link_target(&self, path: &TreePath) -> Result<Vec<u8>, TreeError> {
        let (directory, name) = resolver::parent(self.root(), path, resolver::Parents::Required)?;
        rustix::fs::readlinkat(&directory, name, Vec::new())
            .map(std::ffi::CString::into_bytes)
            .map_err(|errno| resolver::explain(self.root(), path, errno))
    }
}
