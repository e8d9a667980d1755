// SPDX-License-Identifier: Apache-2.0
//! What a survey of a foreign tree needs: listings that hide nothing, and files without holes.
//!
//! Invariant: nothing here follows a link out of the tree or opens what is no regular file.

use std::fs::File;
use std::os::fd::AsFd as _;

use moat_base::{EntryKind, TreeError, TreePath};
use rustix::fs::{Dir, SeekFrom};
use rustix::io::Errno;

use crate::resolver::{self, Links};
use crate::tree::{DirTree, kind, known};

/// The entries of a directory, in no order.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Listing {
    /// Where and what they are.
    pub entries: Vec<(TreePath, EntryKind)>,
    /// How many have a path that is too long to be opened.
    pub too_long: usize,
    /// Whether there are more than was asked for.
    pub is_cut: bool,
}

impl DirTree {
    /// Lists at most `entries_max` entries; a link that stays beneath the root is followed.
    ///
    /// # Errors
    /// [`TreeError`] as its variants say.
    pub fn listing(&self, directory: &TreePath, entries_max: usize) -> Result<Listing, TreeError> {
        let fail = |errno| resolver::explain(self.root(), directory, errno);
        let fd = resolver::directory(self.root(), directory, Links::Beneath)?;
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
            let Some(told) = known(fd.as_fd(), name, entry.file_type()) else { continue };
            listing.entries.push((path, kind(told)));
        }
        Ok(listing)
    }
}

/// Where the data of a file goes on, from a place on; `None` when only a hole follows. A file
/// system that does not know holes has none. Source: lseek(2), `SEEK_DATA`.
pub fn data_from(file: &File, at: u64) -> Option<u64> {
    let data = rustix::fs::seek(file, SeekFrom::Data(at));
    data.map_or_else(|errno| (errno != Errno::NXIO).then_some(at), Some)
}
