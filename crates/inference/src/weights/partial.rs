// SPDX-License-Identifier: Apache-2.0
//! A file of weights that is still arriving, hashed as it is written.
//!
//! It survives the process as `<sha256>.partial`; whoever opens it again hashes
//! what is there and goes on behind it, also from another source.
//!
//! Invariant: it never grows beyond the entry's size, and it gets its final name
//! only when all its bytes have the entry's sha256 and are on the disk.
//! Source of the hash: FIPS 180-4.

use std::io::Read;
use std::path::{Path, PathBuf};

use moat_base::{AppendFile, Links};
use moat_net::Cancel;
use sha2::{Digest, Sha256};

use super::entry::Entry;
use super::error::{Error, Setback, fatal, io_error};
use super::limits::PIECE_BYTES;
use super::store::Doors;

pub(super) struct Partial<'a> {
    doors: &'a Doors,
    cancel: &'a Cancel,
    path: PathBuf,
    file: Box<dyn AppendFile>,
    hash: Sha256,
    length: u64,
    size: u64,
}

impl<'a> Partial<'a> {
    /// Opens what there is of `entry` in `directory`, or begins it.
    pub(super) fn open(
        doors: &'a Doors,
        cancel: &'a Cancel,
        directory: &Path,
        entry: &Entry,
    ) -> Result<Self, Error> {
        let path = path_of(directory, &entry.sha256);
        let stamp = doors.depot.stamp(&path, Links::Refuse).map_err(io_error("look at", &path))?;
        let file = doors.fs.append(&path).map_err(io_error("write", &path))?;
        let length = stamp.map_or(0, |stamp| stamp.length_bytes);
        let mut partial =
            Self { doors, cancel, path, file, hash: Sha256::new(), length: 0, size: entry.size };
        if length > entry.size {
            partial.file.truncate(0).map_err(io_error("cut", &partial.path))?;
        } else {
            partial.hash = hash_of(doors, cancel, &partial.path, length)?;
            partial.length = length;
        }
        Ok(partial)
    }

    pub(super) const fn length(&self) -> u64 {
        self.length
    }

    pub(super) const fn size(&self) -> u64 {
        self.size
    }

    pub(super) const fn is_complete(&self) -> bool {
        self.length == self.size
    }

    pub(super) const fn cancel(&self) -> &'a Cancel {
        self.cancel
    }

    pub(super) fn check_cancel(&self) -> Result<(), Setback> {
        if self.cancel.is_cancelled() {
            return Err(Setback::Fatal(Error::Cancelled));
        }
        Ok(())
    }

    /// Adds bytes; more than the entry has are refused.
    pub(super) fn write(&mut self, bytes: &[u8]) -> Result<(), Setback> {
        self.check_cancel()?;
        let length = self.length.saturating_add(bytes.len() as u64);
        if length > self.size {
            return Err(Setback::source("it sends more bytes than the entry has"));
        }
        self.file.append(bytes).map_err(fatal("write", &self.path))?;
        self.hash.update(bytes);
        self.length = length;
        Ok(())
    }

    /// Takes back everything behind `length`.
    pub(super) fn cut(&mut self, length: u64) -> Result<(), Setback> {
        self.file.truncate(length).map_err(fatal("cut", &self.path))?;
        self.hash = hash_of(self.doors, self.cancel, &self.path, length).map_err(Setback::Fatal)?;
        self.length = length;
        Ok(())
    }

    /// Reads from `body` until its end or, at the latest, for `limit_bytes`.
    pub(super) fn fill(
        &mut self,
        body: &mut dyn Read,
        limit_bytes: u64,
        written: &mut dyn FnMut(u64),
    ) -> Result<(), Setback> {
        let mut piece = vec![0; PIECE_BYTES];
        let mut left = limit_bytes;
        while left > 0 {
            self.check_cancel()?;
            let room = usize::try_from(left).unwrap_or(PIECE_BYTES).min(PIECE_BYTES);
            let buffer = piece.get_mut(..room).unwrap_or_default();
            let length = match body.read(buffer) {
                Ok(0) => return Ok(()),
                Ok(length) => length,
                Err(error) if error.kind() == std::io::ErrorKind::Interrupted => continue,
                Err(error) => {
                    self.check_cancel()?;
                    return Err(Setback::source(format!("the transfer broke: {error}")));
                }
            };
            self.write(buffer.get(..length).unwrap_or_default())?;
            left = left.saturating_sub(length as u64);
            written(self.length);
        }
        Ok(())
    }

    /// Compares the hash and gives the file its name `to`.
    pub(super) fn finish(mut self, to: &Path, sha256: &str) -> Result<(), Setback> {
        if !self.is_complete() {
            return Err(Setback::source(format!(
                "it ended after {} of {} bytes",
                self.length, self.size
            )));
        }
        if hex(&self.hash.finalize_reset()) != sha256 {
            self.doors.fs.remove(&self.path).map_err(fatal("remove", &self.path))?;
            return Err(Setback::Mismatch);
        }
        self.file.sync().map_err(fatal("write", &self.path))?;
        self.doors.depot.rename(&self.path, to).map_err(fatal("rename", &self.path))
    }
}

/// Where the bytes of a sha256 wait until they are complete.
pub(super) fn path_of(directory: &Path, sha256: &str) -> PathBuf {
    directory.join(format!("{sha256}.partial"))
}

/// Hashes the first `length` bytes of a file.
fn hash_of(doors: &Doors, cancel: &Cancel, path: &Path, length: u64) -> Result<Sha256, Error> {
    let mut hash = Sha256::new();
    if length == 0 {
        return Ok(hash);
    }
    let read = |source| Error::Io { step: "read", path: path.to_owned(), source };
    let file = doors.depot.open(path, Links::Refuse).map_err(read)?;
    let mut file = file.take(length);
    let mut piece = vec![0; PIECE_BYTES];
    loop {
        if cancel.is_cancelled() {
            return Err(Error::Cancelled);
        }
        match file.read(&mut piece).map_err(read)? {
            0 => return Ok(hash),
            length => hash.update(piece.get(..length).unwrap_or_default()),
        }
    }
}

pub(super) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
