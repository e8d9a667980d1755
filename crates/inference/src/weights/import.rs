// SPDX-License-Identifier: Apache-2.0
//! Takes a file that the user has into the store.
//!
//! A file that a registry knows by its sha256 becomes that entry; any other file
//! in the GGUF format becomes an entry of its own, pinned by the sha256 that it
//! has now. Its header is read first, so that half a file is not taken for a model.

use std::io::Read;
use std::path::Path;

use moat_base::{Links, random_hex};
use moat_net::Cancel;
use sha2::{Digest, Sha256};

use super::entry::{Entry, is_id};
use super::error::{Error, io_error};
use super::limits::{ID_BYTES_MAX, PIECE_BYTES};
use super::partial::hex;
use super::progress::{Meter, Progress};
use super::store::{Origin, Store};
use crate::gguf::{HeaderError, check as check_header};

impl Store {
    /// Copies `file` into the store and gives the entry that it is now.
    ///
    /// # Errors
    /// [`Error::NotWeights`] when it is no whole GGUF file, [`Error::DiskSpace`],
    /// [`Error::Busy`], [`Error::Cancelled`], [`Error::Io`]; the store is then as before.
    pub fn import(
        &self,
        file: &Path,
        cancel: &Cancel,
        report: &mut dyn FnMut(&Progress),
    ) -> Result<Entry, Error> {
        let stamp = self.doors().depot.stamp(file, Links::Follow).map_err(|source| {
            let path = file.to_owned();
            if source.kind() == std::io::ErrorKind::InvalidInput {
                Error::NotWeights { path, reason: "it is not a regular file".to_owned() }
            } else {
                Error::Io { step: "read", path, source }
            }
        })?;
        let Some(stamp) = stamp else {
            let source = std::io::Error::from(std::io::ErrorKind::NotFound);
            return Err(Error::Io { step: "read", path: file.to_owned(), source });
        };
        self.check_format(file, stamp.length_bytes)?;
        let _lock = self.lock()?;
        self.check_room(stamp.length_bytes)?;
        let name = random_hex(8).map_err(io_error("name a copy of", file))?;
        let copy = self.directory().join(format!("import-{name}.partial"));
        let mut meter = Meter::new(&*self.doors().clock, report);
        meter.begin("importing");
        let outcome = self
            .copy_hashed(file, &copy, stamp.length_bytes, cancel, &mut meter)
            .and_then(|sha256| self.adopt(file, &copy, stamp.length_bytes, sha256));
        if outcome.is_err() {
            self.doors().fs.remove(&copy).map_err(io_error("remove", &copy))?;
        }
        outcome
    }

    /// Refuses a file that is no model, or not all of one, before it is copied.
    fn check_format(&self, file: &Path, length_bytes: u64) -> Result<(), Error> {
        let read = |source| Error::Io { step: "read", path: file.to_owned(), source };
        let source = self.doors().depot.open(file, Links::Follow).map_err(read)?;
        match check_header(source, length_bytes) {
            Ok(_header) => Ok(()),
            Err(HeaderError::Read { source }) => Err(read(source)),
            Err(error) => {
                let reason = error.to_string();
                Err(Error::NotWeights { path: file.to_owned(), reason })
            }
        }
    }

    fn copy_hashed(
        &self,
        from: &Path,
        to: &Path,
        length_bytes: u64,
        cancel: &Cancel,
        meter: &mut Meter<'_>,
    ) -> Result<String, Error> {
        let read = |source| Error::Io { step: "read", path: from.to_owned(), source };
        let write = |source| Error::Io { step: "write", path: to.to_owned(), source };
        let mut source = self.doors().depot.open(from, Links::Follow).map_err(read)?;
        let mut target = self.doors().fs.append(to).map_err(write)?;
        let (mut hash, mut piece, mut done) = (Sha256::new(), vec![0; PIECE_BYTES], 0_u64);
        loop {
            if cancel.is_cancelled() {
                return Err(Error::Cancelled);
            }
            let length = source.read(&mut piece).map_err(read)?;
            let bytes = piece.get(..length).unwrap_or_default();
            done = done.saturating_add(length as u64);
            if done > length_bytes || (length == 0 && done < length_bytes) {
                let reason = "it changed while it was read".to_owned();
                return Err(Error::NotWeights { path: from.to_owned(), reason });
            }
            if length == 0 {
                target.sync().map_err(write)?;
                return Ok(hex(&hash.finalize()));
            }
            hash.update(bytes);
            target.append(bytes).map_err(write)?;
            meter.at(done, length_bytes);
        }
    }

    /// Gives the copy its name and its manifest.
    fn adopt(&self, file: &Path, copy: &Path, size: u64, sha256: String) -> Result<Entry, Error> {
        let known = self.list()?.into_iter().find(|listed| listed.entry.sha256 == sha256);
        let (entry, origin) = match known {
            Some(listed) => (listed.entry, listed.origin),
            None => (self.new_entry(file, size, sha256), Origin::Imported),
        };
        entry.check()?;
        self.doors().depot.rename(copy, &self.path(&entry)).map_err(io_error("rename", copy))?;
        self.keep(&entry, origin)?;
        Ok(entry)
    }

    fn new_entry(&self, file: &Path, size: u64, sha256: String) -> Entry {
        let stem = file.file_stem().unwrap_or_default().to_string_lossy().to_lowercase();
        let mut id: String = stem
            .chars()
            .map(|c| if is_id(&format!("a{c}")) { c } else { '-' })
            .take(ID_BYTES_MAX / 2)
            .collect();
        let unique = self.entry(&id).is_err() && is_id(&id);
        if !unique {
            let short = sha256.get(..8).unwrap_or_default();
            id = format!("{}-{short}", id.trim_start_matches('.'));
        }
        Entry {
            file: format!("{id}.gguf"),
            id,
            size,
            sha256,
            license: "unknown".to_owned(),
            family: "unknown".to_owned(),
            context: 0,
            // Measured: up to 1.7 times the file for the embedded engine with a short context.
            memory: size.saturating_mul(17) / 10,
            chat: "file".to_owned(),
            fim: "file".to_owned(),
            sources: Vec::new(),
        }
    }
}
