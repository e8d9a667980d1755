// SPDX-License-Identifier: Apache-2.0
//! Reading what an overlay wrote, from outside, mounted or not.
//!
//! A session writes into one upper directory; a fork adds another above it. Here
//! the uppers of a session are read together, nearest first, as the kernel does:
//! a device node 0:0 says that a name is gone, `user.overlay.opaque` says that a
//! directory hides the one below.
//!
//! Source: Linux `Documentation/filesystems/overlayfs.rst`, "whiteouts and opaque
//! directories", with the mount option `userxattr`.
//!
//! Invariant: nothing here writes, and links are not followed.

use std::collections::BTreeMap;
use std::fs::File;
use std::os::fd::AsFd as _;

use moat_base::{TreeError, TreePath};
use rustix::fs::FileType;
use rustix::io::Errno;

use crate::copy;
use crate::limits::DEPTH_MAX;
use crate::resolver::{self, Links};
use crate::stat::{Moment, Stat};
use crate::tree::DirTree;

/// The upper directories of a session, nearest first.
#[derive(Debug)]
pub(crate) struct Uppers<'trees>(pub(crate) &'trees [DirTree]);

/// One name in the uppers, as the nearest of them has it.
#[derive(Debug)]
pub(crate) struct UpperEntry {
    pub(crate) path: TreePath,
    pub(crate) stat: Stat,
    layer: usize,
}

/// What can be seen at one directory: some of the uppers, and perhaps the tree below.
#[derive(Debug, Clone)]
pub(crate) struct Level {
    layers: Vec<usize>,
    /// Whether the tree below the uppers shows through.
    pub(crate) lower: bool,
    /// Since when what is here is a copy; `None` for an overlay's own upper.
    copied: Option<Moment>,
}

impl Uppers<'_> {
    /// What can be seen at the root of the tree.
    pub(crate) fn top(&self) -> Level {
        for (layer, tree) in self.0.iter().enumerate() {
            if let Some(copied) = copy::finished(tree.root().path()) {
                // A copy holds all that lies below it.
                return Level { layers: (0..=layer).collect(), lower: false, copied: Some(copied) };
            }
        }
        Level { layers: (0..self.0.len()).collect(), lower: true, copied: None }
    }

    /// The names of a directory, sorted, each as the nearest upper has it.
    pub(crate) fn list(
        &self,
        directory: &TreePath,
        level: &Level,
    ) -> Result<Vec<UpperEntry>, TreeError> {
        let mut entries = BTreeMap::new();
        for (layer, tree) in self.layers(&level.layers) {
            for (path, stat) in tree.states(directory)? {
                let entry = UpperEntry { path: path.clone(), stat, layer };
                entries.entry(path).or_insert(entry);
            }
        }
        Ok(entries.into_values().collect())
    }

    /// What can be seen at a directory that was listed at `level`.
    pub(crate) fn descend(&self, entry: &UpperEntry, level: &Level) -> Result<Level, TreeError> {
        let mut below = Level { layers: Vec::new(), lower: level.lower, copied: level.copied };
        for (layer, tree) in self.layers(&level.layers) {
            if layer < entry.layer {
                continue;
            }
            match resolver::stat(tree.root(), &entry.path, Links::Refused) {
                Err(TreeError::Missing { .. }) => {}
                Err(error) => return Err(error),
                Ok(stat) if stat.file_type() == FileType::Directory => {
                    below.layers.push(layer);
                    if is_opaque(tree, &entry.path)? {
                        below.lower = false;
                        break;
                    }
                }
                // A whiteout, or a file that was here before the directory.
                Ok(_) => {
                    below.lower = false;
                    break;
                }
            }
        }
        Ok(below)
    }

    /// Whether an entry is as it was copied, with everything in it.
    ///
    /// The kernel moves a file's change time with every change, and a directory's with
    /// every name in it.
    pub(crate) fn is_as_copied(&self, entry: &UpperEntry, level: &Level) -> bool {
        let (Some(copied), Some(tree)) = (level.copied, self.tree(entry)) else {
            return false;
        };
        is_older(tree, &entry.path, &entry.stat, copied)
    }

    /// The tree that holds an entry.
    pub(crate) fn tree(&self, entry: &UpperEntry) -> Option<&DirTree> {
        self.0.get(entry.layer)
    }

    /// Whether the kernel copied this file up from below, perhaps under another name.
    pub(crate) fn is_copied_up(&self, entry: &UpperEntry) -> bool {
        self.tree(entry).is_some_and(|tree| {
            resolver::file(tree.root(), &entry.path, Links::Refused)
                .is_ok_and(|(file, _)| has_attribute(&file, "user.overlay.origin").is_some())
        })
    }

    fn layers(&self, indexes: &[usize]) -> impl Iterator<Item = (usize, &DirTree)> {
        indexes.iter().filter_map(|index| self.0.get(*index).map(|tree| (*index, tree)))
    }
}

fn is_older(tree: &DirTree, path: &TreePath, stat: &Stat, copied: Moment) -> bool {
    if stat.changed >= copied || path.components().count() > DEPTH_MAX {
        return false;
    }
    if stat.file_type() != FileType::Directory {
        return true;
    }
    let is_older = |(path, stat): &(TreePath, Stat)| is_older(tree, path, stat, copied);
    tree.states(path).is_ok_and(|names| names.iter().all(is_older))
}

fn is_opaque(tree: &DirTree, path: &TreePath) -> Result<bool, TreeError> {
    let directory = resolver::directory(tree.root(), path, Links::Refused)?;
    let directory = File::from(directory);
    Ok(has_attribute(&directory, "user.overlay.opaque") == Some(b'y'))
}

/// The first byte of an attribute, 0 for an empty one; `None` when it is not set.
fn has_attribute(file: &File, name: &str) -> Option<u8> {
    let mut value = [0_u8; 64];
    match rustix::fs::fgetxattr(file.as_fd(), name, value.as_mut_slice()) {
        Ok(0) => Some(0),
        Ok(_) | Err(Errno::RANGE) => Some(value[0]),
        Err(_) => None,
    }
}
