// SPDX-License-Identifier: Apache-2.0
//! The log's files through crashes, full disks and tampering.

use std::sync::atomic::{AtomicUsize, Ordering};

use moat_base::{RealFs, SystemClock};
use moat_log::{Digest, Trim, verify};

use super::*;

fn event() -> Event {
    Event::Recovered(Trim { bytes: 1, sha256: Digest::ZERO })
}

fn open(fs: Arc<dyn Fs>, directory: &Path) -> Result<Journal, Error> {
    Journal::open(fs, Arc::new(SystemClock::new()), directory)
}

fn whole(directory: &Path) -> Vec<u8> {
    RealFs.read(&directory.join(file_name(1)), LOG_FILE_BYTES_MAX).unwrap()
}

#[test]
fn a_torn_line_is_cut_and_the_chain_goes_on() {
    let directory = tempfile::tempdir().unwrap();
    let journal = open(Arc::new(RealFs), directory.path()).unwrap();
    assert_eq!(journal.write(event()).unwrap(), 1);
    drop(journal);
    let mut file = RealFs.append(&directory.path().join(file_name(1))).unwrap();
    file.append(b"{\"entry\":{\"ver").unwrap();
    let journal = open(Arc::new(RealFs), directory.path()).unwrap();
    assert_eq!(journal.write(event()).unwrap(), 3);
    let summary = verify(&whole(directory.path())).unwrap();
    assert_eq!(summary.entries, 3);
}

#[test]
fn a_changed_log_is_left_alone_and_nothing_is_appended() {
    let directory = tempfile::tempdir().unwrap();
    let journal = open(Arc::new(RealFs), directory.path()).unwrap();
    journal.write(event()).unwrap();
    drop(journal);
    let changed =
        String::from_utf8(whole(directory.path())).unwrap().replace("\"bytes\":1", "\"bytes\":2");
    RealFs.replace(&directory.path().join(file_name(1)), changed.as_bytes()).unwrap();
    assert!(matches!(open(Arc::new(RealFs), directory.path()), Err(Error::Log { .. })));
    assert_eq!(whole(directory.path()), changed.as_bytes());
}

#[test]
fn the_next_file_continues_the_last_also_when_it_is_still_empty() {
    let directory = tempfile::tempdir().unwrap();
    let journal = open(Arc::new(RealFs), directory.path()).unwrap();
    journal.write(event()).unwrap();
    journal.lock().file_bytes = LOG_FILE_BYTES_MAX;
    journal.write(event()).unwrap();
    drop(journal);
    let second = directory.path().join(file_name(2));
    let text = RealFs.read(&second, LOG_FILE_BYTES_MAX).unwrap();
    assert!(verify(&[whole(directory.path()), text].concat()).is_ok());
    RealFs.replace(&second, b"").unwrap();
    let journal = open(Arc::new(RealFs), directory.path()).unwrap();
    assert_eq!(journal.write(event()).unwrap(), 2);
    RealFs.replace(&directory.path().join(file_name(4)), b"").unwrap();
    assert!(open(Arc::new(RealFs), directory.path()).is_err(), "a file is missing");
}

#[derive(Debug)]
struct FailingFs {
    appends: Arc<AtomicUsize>,
    syncs: Arc<AtomicUsize>,
}

/// Fails the call that counts down from one.
#[derive(Debug)]
struct FailingFile {
    inner: Box<dyn AppendFile>,
    appends: Arc<AtomicUsize>,
    syncs: Arc<AtomicUsize>,
}

fn due(counter: &AtomicUsize) -> bool {
    counter.fetch_update(Ordering::SeqCst, Ordering::SeqCst, |left| left.checked_sub(1)) == Ok(1)
}

impl AppendFile for FailingFile {
    fn append(&mut self, bytes: &[u8]) -> io::Result<()> {
        if due(&self.appends) {
            self.inner.append(&bytes[..bytes.len() / 2])?;
            return Err(io::Error::from(io::ErrorKind::StorageFull));
        }
        self.inner.append(bytes)
    }

    fn sync(&mut self) -> io::Result<()> {
        if due(&self.syncs) {
            return Err(io::Error::other("the disk failed"));
        }
        self.inner.sync()
    }

    fn truncate(&mut self, length_bytes: u64) -> io::Result<()> {
        self.inner.truncate(length_bytes)
    }
}

impl Fs for FailingFs {
    fn read(&self, path: &Path, limit_bytes: u64) -> io::Result<Vec<u8>> {
        RealFs.read(path, limit_bytes)
    }

    fn append(&self, path: &Path) -> io::Result<Box<dyn AppendFile>> {
        Ok(Box::new(FailingFile {
            inner: RealFs.append(path)?,
            appends: Arc::clone(&self.appends),
            syncs: Arc::clone(&self.syncs),
        }))
    }

    fn replace(&self, path: &Path, bytes: &[u8]) -> io::Result<()> {
        RealFs.replace(path, bytes)
    }

    fn create_dir_all(&self, path: &Path) -> io::Result<()> {
        RealFs.create_dir_all(path)
    }

    fn list(&self, path: &Path) -> io::Result<Vec<PathBuf>> {
        RealFs.list(path)
    }

    fn remove(&self, path: &Path) -> io::Result<()> {
        RealFs.remove(path)
    }
}

#[test]
fn a_full_disk_refuses_one_line_and_a_failed_sync_all_further_ones() {
    let directory = tempfile::tempdir().unwrap();
    let (appends, syncs) = (Arc::new(AtomicUsize::new(2)), Arc::new(AtomicUsize::new(3)));
    let fs = FailingFs { appends, syncs };
    let journal = open(Arc::new(fs), directory.path()).unwrap();
    assert_eq!(journal.write(event()).unwrap(), 1);
    assert!(matches!(journal.write(event()), Err(JournalError::Write(_))));
    assert_eq!(journal.write(event()).unwrap(), 2);
    assert_eq!(verify(&whole(directory.path())).unwrap().entries, 2);
    assert!(matches!(journal.write(event()), Err(JournalError::Write(_))));
    assert!(matches!(journal.write(event()), Err(JournalError::Broken)));
}
