// SPDX-License-Identifier: Apache-2.0
//! Contents of files, stored once each under the hash of their bytes.
//!
//! The store holds what a session needs to show, keep and undo changes. It does
//! not delete: a session's directory is removed as a whole.
//!
//! Invariant: [`BlobStore::get`] never returns bytes that do not hash to the id
//! that was asked for.

use std::fmt;
use std::fs::File;
use std::io::{self, Read as _, Write as _};
use std::os::fd::{AsFd as _, OwnedFd};
use std::path::{Path, PathBuf};
use std::str::FromStr;

use rustix::fs::{CWD, Mode, OFlags};
use rustix::io::Errno;
use serde::{Deserialize, Serialize, Serializer};
use sha2::{Digest as _, Sha256};

use crate::file_error::FileError;
use crate::limits::FILE_BYTES_MAX;

/// The SHA-256 of some content, written as 64 hex digits.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Deserialize)]
#[serde(try_from = "String")]
pub struct BlobId([u8; 32]);

impl BlobId {
    /// The id of these bytes.
    #[must_use]
    pub fn of(bytes: &[u8]) -> Self {
        Self(Sha256::digest(bytes).into())
    }

    /// An id that says nothing about a content, for what is too long to be hashed.
    pub(crate) fn random() -> io::Result<Self> {
        let text = moat_base::random_hex(32)?;
        text.parse().map_err(io::Error::other)
    }
}

impl fmt::Display for BlobId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&hex(&self.0))
    }
}

impl Serialize for BlobId {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&hex(&self.0))
    }
}

impl fmt::Debug for BlobId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "BlobId({self})")
    }
}

impl FromStr for BlobId {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        const MALFORMED: &str = "the id of a content is 64 lower-case hex digits";
        let mut bytes = [0_u8; 32];
        let digits = text.as_bytes();
        if digits.len() != 64 {
            return Err(MALFORMED);
        }
        for (byte, pair) in bytes.iter_mut().zip(digits.chunks(2)) {
            let [high, low] = pair else {
                return Err(MALFORMED);
            };
            *byte = (hex_digit(*high).ok_or(MALFORMED)? << 4) | hex_digit(*low).ok_or(MALFORMED)?;
        }
        Ok(Self(bytes))
    }
}

impl TryFrom<String> for BlobId {
    type Error = &'static str;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        text.parse()
    }
}

/// A directory of contents, each in a file of mode 0600 named by its hash.
#[derive(Debug)]
pub struct BlobStore {
    directory: OwnedFd,
    path: PathBuf,
}

impl BlobStore {
    /// Opens the store in `path`, which is created with mode 0700 when it is missing.
    ///
    /// # Errors
    /// [`FileError::Store`] when the directory cannot be made or opened.
    pub fn open(path: &Path) -> Result<Self, FileError> {
        let fail = |source| FileError::Store { path: path.to_owned(), source };
        match rustix::fs::mkdirat(CWD, path, Mode::from_raw_mode(0o700)) {
            Ok(()) | Err(Errno::EXIST) => {}
            Err(errno) => return Err(fail(errno.into())),
        }
        let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        let directory = rustix::fs::openat(CWD, path, flags, Mode::empty())
            .map_err(|errno| fail(errno.into()))?;
        Ok(Self { directory, path: path.to_owned() })
    }

    /// Stores some bytes, once however often they come, and gives their id.
    ///
    /// The content is not yet durable: see [`BlobStore::sync`]. A new one is written under its
    /// own name, since nothing names it before this returns and what a crash leaves of it does
    /// not hash to that name: the next time it is replaced, by a rename.
    ///
    /// # Errors
    /// [`FileError::Store`] for a full disk and the like; nothing half-written is left.
    pub fn put(&self, bytes: &[u8]) -> Result<BlobId, FileError> {
        let id = BlobId::of(bytes);
        let name = id.to_string();
        let written = match self.create(&name, bytes) {
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
                if self.get(&id).is_ok() {
                    return Ok(id);
                }
                self.replace(&name, bytes)
            }
            other => other,
        };
        written.map_err(|source| self.fail(&name, source))?;
        Ok(id)
    }

    /// Reads a content back and checks it.
    ///
    /// # Errors
    /// [`FileError::DamagedBlob`] when it is missing or does not match its id.
    pub fn get(&self, id: &BlobId) -> Result<Vec<u8>, FileError> {
        let name = id.to_string();
        let damaged = FileError::DamagedBlob { id: *id };
        match self.read(&name) {
            Ok(bytes) if BlobId::of(&bytes) == *id => Ok(bytes),
            Ok(_) => Err(damaged),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Err(damaged),
            Err(error) if error.kind() == io::ErrorKind::FileTooLarge => Err(damaged),
            Err(error) => Err(self.fail(&name, error)),
        }
    }

    /// How many bytes a content has, by its file alone: they are not read or checked.
    ///
    /// # Errors
    /// [`FileError::DamagedBlob`] when it is missing.
    pub fn length_bytes(&self, id: &BlobId) -> Result<u64, FileError> {
        let name = id.to_string();
        match self.open_blob(&name).and_then(|file| file.metadata()) {
            Ok(metadata) => Ok(metadata.len()),
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                Err(FileError::DamagedBlob { id: *id })
            }
            Err(error) => Err(self.fail(&name, error)),
        }
    }

    /// Makes these contents durable, as is needed before the only other copy is replaced.
    ///
    /// # Errors
    /// [`FileError::Store`] when the system cannot promise it.
    pub fn sync(&self, ids: &[BlobId]) -> Result<(), FileError> {
        for id in ids {
            let name = id.to_string();
            self.open_blob(&name)
                .and_then(|file| file.sync_all())
                .map_err(|source| self.fail(&name, source))?;
        }
        rustix::fs::fsync(&self.directory).map_err(|errno| self.fail("", errno.into()))
    }

    pub(crate) const fn directory(&self) -> &OwnedFd {
        &self.directory
    }

    fn open_blob(&self, name: &str) -> io::Result<File> {
        let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::CLOEXEC;
        Ok(rustix::fs::openat(&self.directory, name, flags, Mode::empty())?.into())
    }

    fn read(&self, name: &str) -> io::Result<Vec<u8>> {
        let mut bytes = Vec::new();
        let limit_bytes = FILE_BYTES_MAX.saturating_add(1);
        self.open_blob(name)?.take(limit_bytes).read_to_end(&mut bytes)?;
        if u64::try_from(bytes.len()).is_ok_and(|length| length < limit_bytes) {
            Ok(bytes)
        } else {
            Err(io::ErrorKind::FileTooLarge.into())
        }
    }

    /// Writes a file that is not there yet, whole or not at all.
    fn create(&self, name: &str, bytes: &[u8]) -> io::Result<()> {
        let flags =
            OFlags::WRONLY | OFlags::CREATE | OFlags::EXCL | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        let mode = Mode::from_raw_mode(0o600);
        let mut file: File = rustix::fs::openat(&self.directory, name, flags, mode)?.into();
        let written = file.write_all(bytes);
        if written.is_err() {
            rustix::fs::unlinkat(&self.directory, name, rustix::fs::AtFlags::empty())?;
        }
        written
    }

    fn replace(&self, name: &str, bytes: &[u8]) -> io::Result<()> {
        let temporary = format!("{name}.{}.tmp", moat_base::random_hex(4)?);
        self.create(&temporary, bytes)?;
        let directory = self.directory.as_fd();
        let renamed = rustix::fs::renameat(directory, temporary.as_str(), directory, name);
        if renamed.is_err() {
            rustix::fs::unlinkat(directory, temporary.as_str(), rustix::fs::AtFlags::empty())?;
        }
        Ok(renamed?)
    }

    pub(crate) fn fail(&self, name: &str, source: io::Error) -> FileError {
        FileError::Store { path: self.path.join(name), source }
    }
}

/// Bytes as hex digits.
pub(crate) fn hex(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    let digit = |half: u8| char::from(DIGITS.get(usize::from(half & 15)).copied().unwrap_or(b'0'));
    // A checkpoint writes thousands of these, so the room is taken once.
    let mut text = String::with_capacity(bytes.len().saturating_mul(2));
    for byte in bytes {
        text.push(digit(byte >> 4));
        text.push(digit(*byte));
    }
    text
}

const fn hex_digit(digit: u8) -> Option<u8> {
    match digit {
        b'0'..=b'9' => Some(digit - b'0'),
        b'a'..=b'f' => Some(digit - b'a' + 10),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;

    #[test]
    #[expect(clippy::disallowed_methods, reason = "the test damages a file as a disk would")]
    fn contents_are_private_shared_and_checked() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("blobs");
        let store = BlobStore::open(&path).unwrap();
        let id = store.put(b"one").unwrap();
        assert_eq!(store.put(b"one").unwrap(), id);
        assert_eq!(path.read_dir().unwrap().count(), 1);
        let file = path.join(id.to_string());
        assert_eq!(file.metadata().unwrap().permissions().mode() & 0o777, 0o600);
        assert_eq!(store.get(&id).unwrap(), b"one");
        assert_eq!(store.length_bytes(&id).unwrap(), 3);
        assert!(matches!(
            store.length_bytes(&BlobId::of(b"never stored")),
            Err(FileError::DamagedBlob { .. })
        ));
        store.sync(&[id]).unwrap();

        std::fs::write(&file, "two").unwrap();
        assert!(matches!(
            store.get(&id),
            Err(FileError::DamagedBlob { id: damaged }) if damaged == id
        ));
        assert_eq!(store.put(b"one").unwrap(), id, "a damaged content is replaced");
        assert_eq!(store.get(&id).unwrap(), b"one");
        assert!(store.get(&BlobId::of(b"never stored")).is_err());
    }

    #[test]
    fn ids_round_trip_and_foreign_text_is_refused() {
        let id = BlobId::of(b"x");
        assert_eq!(id.to_string().parse::<BlobId>().unwrap(), id);
        for text in ["", "abc", &"G".repeat(64), &"AB".repeat(32), &"é".repeat(32)] {
            assert!(text.parse::<BlobId>().is_err(), "{text}");
        }
    }
}
