// SPDX-License-Identifier: Apache-2.0
//! What a survey of a foreign tree needs beside reading: listings that hide nothing, and files
//! that are read piece by piece.
//!
//! A listing elsewhere leaves out what it cannot name, and refuses a directory with too many
//! entries. Who surveys a tree has to say of both that they are there.
//!
//! Invariant: nothing here follows a link out of the tree or opens what is no regular file.

use std::fs::File;
use std::os::fd::AsFd as _;

use moat_base::{EntryKind, TreeError, TreePath};
use rustix::fs::{Dir, FileType};

use crate::resolver::{self, Links};
use crate::stat::Stat;
use crate::tree::{DirTree, kind};

/// The entries of a directory, in no order, and what of them is missing here.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Listing {
    /// Paths and kinds.
    pub entries: Vec<(TreePath, EntryKind)>,
    /// How many have a path that is too long to be opened.
    pub too_long: usize,
    /// Whether there are more than was asked for.
    pub is_cut: bool,
}

impl DirTree {
    /// Lists a directory, at most `entries_max` of its entries. A link to a directory that
    /// stays beneath the root is followed.
    ///
    /// # Errors
    /// [`TreeError`] as its variants say.
    pub fn listing(
        &self,
        directory: &TreePath,
        entries_max: usize,
    ) -> Result<Listing, TreeError> {
        let root = self.root();
        let fail = |errno| resolver::explain(root, directory, errno);
        let fd = resolver::directory(root, directory, Links::Beneath)?;
        let mut listing = Listing::default();
        for entry in Dir::read_from(&fd).map_err(fail)? {
            let entry = entry.map_err(fail)?;
            let name = entry.file_name().to_bytes();
            if matches!(name, b"." | b"..") {
                continue;
            }
            if listing.entries.len() >= entries_max {
                listing.is_cut = true;
                break;
            }
            let Ok(path) = directory.join(name) else {
                listing.too_long += 1;
                continue;
            };
            let mut file_type = entry.file_type();
            if file_type == FileType::Unknown {
                // Some file systems do not say it in the listing.
                let Ok(stat) = Stat::at(fd.as_fd(), name) else { continue };
                file_type = stat.file_type();
            }
            listing.entries.push((path, kind(file_type)));
        }
        Ok(listing)
    }

    /// Opens a file that a listing just called regular, to be read in pieces, and gives its
    /// length. No link is followed.
    ///
    /// # Errors
    /// [`TreeError`] as its variants say.
    pub fn open_listed(&self, path: &TreePath) -> Result<(File, u64), TreeError> {
        let (file, stat) = resolver::listed_file(self.root(), path)?;
        Ok((file, stat.length_bytes))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::root::Root;

    #[test]
    fn what_is_left_out_of_a_listing_is_told() {
        let directory = tempfile::tempdir().unwrap();
        for name in ["a", "b", "c"] {
            std::fs::write(directory.path().join(name), name).unwrap();
        }
        let tree = DirTree::new(Root::open(directory.path()).unwrap());
        let whole = tree.listing(&TreePath::root(), 3).unwrap();
        assert_eq!((whole.entries.len(), whole.is_cut, whole.too_long), (3, false, 0));
        let cut = tree.listing(&TreePath::root(), 2).unwrap();
        assert_eq!((cut.entries.len(), cut.is_cut), (2, true));
    }

    #[test]
    fn a_link_is_opened_neither_as_a_file_nor_out_of_the_tree() {
        let directory = tempfile::tempdir().unwrap();
        std::fs::write(directory.path().join("file"), "text").unwrap();
        std::os::unix::fs::symlink("file", directory.path().join("link")).unwrap();
        std::os::unix::fs::symlink("/", directory.path().join("out")).unwrap();
        let tree = DirTree::new(Root::open(directory.path()).unwrap());
        let path = |name: &str| TreePath::parse(name).unwrap();
        assert_eq!(tree.open_listed(&path("file")).unwrap().1, 4);
        assert!(tree.open_listed(&path("link")).is_err());
        assert!(tree.listing(&path("out"), 9).is_err());
    }
}
