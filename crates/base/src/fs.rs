// SPDX-License-Identifier: Apache-2.0
//! The door to Moat's own state files (never to workspace files).
//!
//! The trait is small on purpose: append-only files with an explicit `sync`,
//! whole-file replacement that is atomic, and listing. A test implementation
//! records every write and every `sync`, so that a crash can be replayed at
//! each point between them.
//!
//! Invariant: files are created with mode 0600 and directories with 0700, and a
//! symbolic link is never followed in the last component.

use std::fmt;
use std::io::{self, Read, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use crate::random_hex;

/// An open file that only grows, but for [`AppendFile::truncate`] after a crash.
pub trait AppendFile: Send + fmt::Debug {
    /// Writes `bytes` at the end. Until [`AppendFile::sync`] returns they may be lost,
    /// wholly or from any byte on.
    ///
    /// # Errors
    /// The system's error, for example a full disk; a part may have been written.
    fn append(&mut self, bytes: &[u8]) -> io::Result<()>;
    /// Makes everything appended so far durable.
    ///
    /// # Errors
    /// The system's error; what was appended since the last success may be lost.
    fn sync(&mut self) -> io::Result<()>;
    /// Cuts the file to `length_bytes`.
    ///
    /// # Errors
    /// The system's error.
    fn truncate(&mut self, length_bytes: u64) -> io::Result<()>;
}

/// Moat's own files: sessions, logs, model entries.
pub trait Fs: Send + Sync + fmt::Debug {
    /// Reads a whole file of at most `limit_bytes`.
    ///
    /// # Errors
    /// The system's error, or `FileTooLarge` when it is longer than the limit.
    fn read(&self, path: &Path, limit_bytes: u64) -> io::Result<Vec<u8>>;
    /// Opens `path` for appending and creates it when it is missing.
    ///
    /// # Errors
    /// The system's error.
    fn append(&self, path: &Path) -> io::Result<Box<dyn AppendFile>>;
    /// Replaces `path` by `bytes` so that a crash leaves the old or the new content whole.
    ///
    /// # Errors
    /// The system's error; the old content then still stands.
    fn replace(&self, path: &Path, bytes: &[u8]) -> io::Result<()>;
    /// Creates a directory and its missing parents with mode 0700.
    ///
    /// # Errors
    /// The system's error.
    fn create_dir_all(&self, path: &Path) -> io::Result<()>;
    /// Lists the paths in a directory, sorted.
    ///
    /// # Errors
    /// The system's error.
    fn list(&self, path: &Path) -> io::Result<Vec<PathBuf>>;
    /// Removes a file; one that is missing already is a success.
    ///
    /// # Errors
    /// The system's error.
    fn remove(&self, path: &Path) -> io::Result<()>;
}

/// The machine's file system.
#[derive(Debug, Clone, Copy, Default)]
pub struct RealFs;

impl RealFs {
    /// Makes a new empty file in the place of whatever lies at `path`, for a log that a
    /// service inherits as a descriptor: nothing that was there before is opened or followed.
    ///
    /// # Errors
    /// The system's error; `AlreadyExists` when somebody puts something there meanwhile.
    pub fn anew(&self, path: &Path) -> io::Result<std::fs::File> {
        self.remove(path)?;
        open(path, Access::CreateNew)
    }
}

impl Fs for RealFs {
    fn read(&self, path: &Path, limit_bytes: u64) -> io::Result<Vec<u8>> {
        let file = open(path, Access::Read)?;
        let mut bytes = Vec::new();
        file.take(limit_bytes.saturating_add(1)).read_to_end(&mut bytes)?;
        if bytes.len() as u64 > limit_bytes {
            return Err(io::Error::from(io::ErrorKind::FileTooLarge));
        }
        Ok(bytes)
    }

    fn append(&self, path: &Path) -> io::Result<Box<dyn AppendFile>> {
        let file = open(path, Access::Append)?;
        sync_parent(path)?;
        Ok(Box::new(RealAppendFile(file)))
    }

    #[expect(clippy::disallowed_methods, reason = "this is the door to our own files")]
    fn replace(&self, path: &Path, bytes: &[u8]) -> io::Result<()> {
        let mut name = path.file_name().unwrap_or_default().to_os_string();
        name.push(format!(".{}.tmp", random_hex(8)?));
        let temporary = path.with_file_name(name);
        let written = open(&temporary, Access::CreateNew)
            .and_then(|mut file| file.write_all(bytes).and_then(|()| file.sync_all()))
            .and_then(|()| std::fs::rename(&temporary, path));
        if written.is_err() {
            self.remove(&temporary)?;
        }
        written?;
        sync_parent(path)
    }

    fn create_dir_all(&self, path: &Path) -> io::Result<()> {
        std::fs::DirBuilder::new().recursive(true).mode(0o700).create(path)
    }

    #[expect(clippy::disallowed_methods, reason = "this is the door to our own files")]
    fn list(&self, path: &Path) -> io::Result<Vec<PathBuf>> {
        let mut paths = std::fs::read_dir(path)?
            .map(|entry| entry.map(|entry| entry.path()))
            .collect::<io::Result<Vec<_>>>()?;
        paths.sort();
        Ok(paths)
    }

    fn remove(&self, path: &Path) -> io::Result<()> {
        match std::fs::remove_file(path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
            other => other,
        }
    }
}

#[derive(Debug)]
struct RealAppendFile(std::fs::File);

impl AppendFile for RealAppendFile {
    fn append(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.0.write_all(bytes)
    }

    fn sync(&mut self) -> io::Result<()> {
        self.0.sync_data()
    }

    fn truncate(&mut self, length_bytes: u64) -> io::Result<()> {
        self.0.set_len(length_bytes)?;
        self.0.sync_all()
    }
}

enum Access {
    Read,
    Append,
    CreateNew,
}

#[expect(clippy::disallowed_methods, reason = "this is the door to our own files")]
fn open(path: &Path, access: Access) -> io::Result<std::fs::File> {
    let mut options = std::fs::OpenOptions::new();
    match access {
        Access::Read => options.read(true),
        Access::Append => options.append(true).create(true),
        Access::CreateNew => options.write(true).create_new(true),
    };
    let no_follow = rustix::fs::OFlags::NOFOLLOW | rustix::fs::OFlags::CLOEXEC;
    options.mode(0o600).custom_flags(no_follow.bits().cast_signed()).open(path)
}

fn sync_parent(path: &Path) -> io::Result<()> {
    match path.parent().filter(|parent| !parent.as_os_str().is_empty()) {
        Some(parent) => open(parent, Access::Read)?.sync_all(),
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    #[test]
    fn a_replaced_file_is_private_whole_and_leaves_no_temporary_behind() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("state");
        RealFs.replace(&path, b"one").unwrap();
        RealFs.replace(&path, b"two").unwrap();
        assert_eq!(RealFs.read(&path, 3).unwrap(), b"two");
        assert_eq!(path.metadata().unwrap().permissions().mode() & 0o777, 0o600);
        assert_eq!(RealFs.list(dir.path()).unwrap(), vec![path]);
    }

    #[test]
    #[expect(clippy::disallowed_methods, reason = "the control opens past the door")]
    fn a_file_made_anew_takes_the_place_of_a_link_and_leaves_what_it_led_to() {
        let dir = tempfile::tempdir().unwrap();
        let path = |name: &str| dir.path().join(name);
        RealFs.replace(&path("theirs"), b"kept").unwrap();
        std::os::unix::fs::symlink(path("theirs"), path("log")).unwrap();
        let fifo = rustix::fs::FileType::Fifo;
        rustix::fs::mknodat(rustix::fs::CWD, path("fifo"), fifo, rustix::fs::Mode::RUSR, 0)
            .unwrap();
        std::fs::hard_link(path("theirs"), path("hard")).unwrap();
        // The control: who opens the names as they are writes through the link.
        let through = std::fs::OpenOptions::new().write(true).open(path("log")).unwrap();
        assert_eq!(through.metadata().unwrap().len(), 4);
        for name in ["log", "fifo", "hard", "new"] {
            RealFs.anew(&path(name)).unwrap().write_all(b"line").unwrap();
            let metadata = path(name).symlink_metadata().unwrap();
            assert!(metadata.is_file() && metadata.len() == 4, "{name}");
            assert_eq!(metadata.permissions().mode() & 0o777, 0o600, "{name}");
        }
        assert_eq!(RealFs.read(&path("theirs"), 10).unwrap(), b"kept");
        assert!(RealFs.anew(dir.path()).is_err(), "a directory is not removed");
    }

    #[test]
    fn a_file_over_the_limit_and_a_link_are_refused() {
        let dir = tempfile::tempdir().unwrap();
        let (path, link) = (dir.path().join("state"), dir.path().join("link"));
        RealFs.replace(&path, b"four").unwrap();
        std::os::unix::fs::symlink(&path, &link).unwrap();
        assert_eq!(RealFs.read(&path, 3).unwrap_err().kind(), io::ErrorKind::FileTooLarge);
        assert!(RealFs.read(&link, 10).is_err());
        assert!(RealFs.append(&link).is_err());
    }
}
