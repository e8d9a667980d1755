// SPDX-License-Identifier: Apache-2.0
//! A file system in memory that remembers every write and every sync, so that a
//! crash can be replayed between any two of them.

use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

use moat_base::{AppendFile, Fs};

/// One thing that was done to a file.
#[derive(Clone, Debug)]
pub(crate) enum Write {
    Append(PathBuf, Vec<u8>),
    Sync(PathBuf),
    Truncate(PathBuf, u64),
    Replace(PathBuf, Vec<u8>),
}

#[derive(Clone, Debug, Default)]
pub(crate) struct JournalFs {
    files: Arc<Mutex<BTreeMap<PathBuf, Vec<u8>>>>,
    writes: Arc<Mutex<Vec<Write>>>,
}

impl JournalFs {
    pub(crate) fn writes(&self) -> Vec<Write> {
        self.writes.lock().unwrap().clone()
    }

    /// How many writes there were.
    pub(crate) fn count(&self) -> usize {
        self.writes.lock().unwrap().len()
    }

    pub(crate) fn bytes(&self, path: &Path) -> Vec<u8> {
        self.files.lock().unwrap().get(path).cloned().unwrap_or_default()
    }

    pub(crate) fn set(&self, path: &Path, bytes: Vec<u8>) {
        self.files.lock().unwrap().insert(path.to_owned(), bytes);
    }

    /// The disk after a crash that came when the first `count` writes had been issued and
    /// of what was not synced then `kept` bytes had reached the disk. Also says how many
    /// bytes were not synced.
    pub(crate) fn after_crash(&self, count: usize, kept: usize) -> (Self, usize) {
        let mut files: BTreeMap<PathBuf, (Vec<u8>, usize)> = BTreeMap::new();
        for write in self.writes().iter().take(count) {
            match write {
                Write::Append(path, bytes) => {
                    files.entry(path.clone()).or_default().0.extend(bytes);
                }
                Write::Sync(path) => {
                    let file = files.entry(path.clone()).or_default();
                    file.1 = file.0.len();
                }
                Write::Truncate(path, length) => {
                    let file = files.entry(path.clone()).or_default();
                    file.0.truncate(usize::try_from(*length).unwrap());
                    file.1 = file.0.len();
                }
                Write::Replace(path, bytes) => {
                    files.insert(path.clone(), (bytes.clone(), bytes.len()));
                }
            }
        }
        let mut unsynced = 0;
        let disk = Self::default();
        for (path, (mut bytes, durable)) in files {
            unsynced = unsynced.max(bytes.len() - durable);
            bytes.truncate(durable + kept);
            disk.set(&path, bytes);
        }
        (disk, unsynced)
    }

    fn note(&self, write: Write) {
        let mut files = self.files.lock().unwrap();
        match &write {
            Write::Append(path, bytes) => files.entry(path.clone()).or_default().extend(bytes),
            Write::Sync(_) => {}
            Write::Truncate(path, length) => {
                files.entry(path.clone()).or_default().truncate(usize::try_from(*length).unwrap());
            }
            Write::Replace(path, bytes) => {
                files.insert(path.clone(), bytes.clone());
            }
        }
        self.writes.lock().unwrap().push(write);
    }
}

#[derive(Debug)]
struct JournalFile(JournalFs, PathBuf);

impl AppendFile for JournalFile {
    fn append(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.0.note(Write::Append(self.1.clone(), bytes.to_vec()));
        Ok(())
    }

    fn sync(&mut self) -> io::Result<()> {
        self.0.note(Write::Sync(self.1.clone()));
        Ok(())
    }

    fn truncate(&mut self, length_bytes: u64) -> io::Result<()> {
        self.0.note(Write::Truncate(self.1.clone(), length_bytes));
        Ok(())
    }
}

impl Fs for JournalFs {
    fn read(&self, path: &Path, _limit_bytes: u64) -> io::Result<Vec<u8>> {
        let files = self.files.lock().unwrap();
        files.get(path).cloned().ok_or_else(|| io::ErrorKind::NotFound.into())
    }

    fn append(&self, path: &Path) -> io::Result<Box<dyn AppendFile>> {
        Ok(Box::new(JournalFile(self.clone(), path.to_owned())))
    }

    fn replace(&self, path: &Path, bytes: &[u8]) -> io::Result<()> {
        self.note(Write::Replace(path.to_owned(), bytes.to_vec()));
        Ok(())
    }

    fn create_dir_all(&self, _path: &Path) -> io::Result<()> {
        Ok(())
    }

    fn list(&self, path: &Path) -> io::Result<Vec<PathBuf>> {
        let files = self.files.lock().unwrap();
        Ok(files.keys().filter(|file| file.parent() == Some(path)).cloned().collect())
    }

    fn remove(&self, path: &Path) -> io::Result<()> {
        self.files.lock().unwrap().remove(path);
        Ok(())
    }
}
