// SPDX-License-Identifier: Apache-2.0
//! What was deleted, until it is brought back or falls out at the other end.
//!
//! Each deletion has a directory of its own below the state of the workspace: `item` is what
//! was deleted, `note` where it was. The note is written first, so that what a crash leaves
//! behind can always be brought back.
//!
//! Invariant: nothing is lost by deleting it but what was deleted long before.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use moat_base::{Fs, TreePath, remove_files};
use moat_files::{DirTree, Root};

use super::transfer::transfer;
use crate::error::Error;
use crate::limits::{NOTE_BYTES_MAX, TRASH_MAX};
use crate::settings::WorkspaceSettings;

#[derive(Debug)]
pub(super) struct Trash {
    place: PathBuf,
    fs: Arc<dyn Fs>,
    tree: DirTree,
    last: Mutex<u64>,
}

impl Trash {
    pub(super) fn open(settings: &WorkspaceSettings) -> Result<Self, Error> {
        let place = settings.state.join("trash");
        let fs = Arc::clone(&settings.fs);
        fs.create_dir_all(&place).map_err(|source| failed(&place, source))?;
        let tree = DirTree::new(Root::open(&place)?);
        let trash = Self { place, fs, tree, last: Mutex::new(0) };
        let last = trash.numbers()?.last().copied().unwrap_or_default();
        *trash.last.lock().unwrap_or_else(PoisonError::into_inner) = last;
        Ok(trash)
    }

    /// Moves what is at a path into the trash.
    pub(super) fn take(&self, tree: &DirTree, path: &TreePath) -> Result<u64, Error> {
        if path.is_root() {
            let reason = "it is the workspace itself".to_owned();
            return Err(Error::Refused { path: path.clone(), reason });
        }
        let mut last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
        *last += 1;
        let number = *last;
        let directory = self.directory(number);
        let noted = self
            .fs
            .create_dir_all(&directory)
            .and_then(|()| self.fs.replace(&directory.join("note"), path.to_string().as_bytes()));
        noted.map_err(|source| failed(&directory, source))?;
        let taken = transfer((tree, path), (&self.tree, &item(number)?));
        if taken.is_err() {
            // The first failure is the one to report.
            let _reported = remove_files(&directory);
        }
        taken?;
        self.prune()?;
        Ok(number)
    }

    /// Brings back what was moved into the trash under a number.
    pub(super) fn restore(&self, number: u64, tree: &DirTree) -> Result<(), Error> {
        let _one_at_a_time = self.last.lock().unwrap_or_else(PoisonError::into_inner);
        let directory = self.directory(number);
        let note = self
            .fs
            .read(&directory.join("note"), NOTE_BYTES_MAX)
            .map_err(|_missing| Error::NotInTrash { trash: number })?;
        let path = str::from_utf8(&note).ok().and_then(|text| TreePath::parse(text).ok());
        let path = path.ok_or(Error::NotInTrash { trash: number })?;
        transfer((&self.tree, &item(number)?), (tree, &path))?;
        remove_files(&directory).map_err(|source| failed(&directory, source))
    }

    fn prune(&self) -> Result<(), Error> {
        let numbers = self.numbers()?;
        let over = numbers.len().saturating_sub(TRASH_MAX);
        for number in numbers.into_iter().take(over) {
            let directory = self.directory(number);
            remove_files(&directory).map_err(|source| failed(&directory, source))?;
        }
        Ok(())
    }

    /// What lies in the trash, the oldest first.
    fn numbers(&self) -> Result<Vec<u64>, Error> {
        let listed = self.fs.list(&self.place).map_err(|source| failed(&self.place, source))?;
        let numbers = listed.iter().filter_map(|path| path.file_name()?.to_str()?.parse().ok());
        let mut numbers: Vec<u64> = numbers.collect();
        numbers.sort_unstable();
        Ok(numbers)
    }

    fn directory(&self, number: u64) -> PathBuf {
        self.place.join(number.to_string())
    }
}

fn item(number: u64) -> Result<TreePath, Error> {
    TreePath::parse(&format!("{number}/item")).map_err(|_never| Error::NotInTrash { trash: number })
}

fn failed(path: &Path, source: std::io::Error) -> Error {
    Error::State { path: path.to_owned(), source }
}
