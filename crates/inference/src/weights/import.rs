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
use crate::gguf::{Header, HeaderError, check as check_header};

/// What weights are called that no registry knows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Naming {
    /// After their file.
    File,
    /// By this id.
    Id(String),
}

impl Store {
    /// Copies `file` into the store and gives the entry that it is now.
    ///
    /// # Errors
    /// [`Error::NotWeights`] when it is no whole GGUF file, [`Error::IdTaken`] and
    /// [`Error::BadId`] when it cannot be called so, [`Error::DiskSpace`],
    /// [`Error::Busy`], [`Error::Cancelled`], [`Error::Io`]; the store is then as before.
    pub fn import(
        &self,
        (file, naming): (&Path, &Naming),
        cancel: &Cancel,
        report: &mut dyn FnMut(&Progress),
    ) -> Result<Entry, Error> {
        if let Naming::Id(id) = naming
            && !is_id(id)
        {
            return Err(Error::BadId { id: id.clone() });
        }
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
        let header = self.check_format(file, stamp.length_bytes)?;
        let _lock = self.lock()?;
        self.check_room(stamp.length_bytes)?;
        let name = random_hex(8).map_err(io_error("name a copy of", file))?;
        let copy = self.directory().join(format!("import-{name}.partial"));
        let mut meter = Meter::new(&*self.doors().clock, report);
        meter.begin("the file");
        let outcome = self
            .copy_hashed(file, &copy, stamp.length_bytes, cancel, &mut meter)
            .and_then(|sha256| {
                let new = || self.new_entry((file, naming), stamp.length_bytes, &sha256, &header);
                self.adopt(&copy, &sha256, new)
            });
        if outcome.is_err() {
            self.doors().fs.remove(&copy).map_err(io_error("remove", &copy))?;
        }
        outcome
    }

    /// Refuses a file that is no model, or not all of one, before it is copied.
    fn check_format(&self, file: &Path, length_bytes: u64) -> Result<Header, Error> {
        let read = |source| Error::Io { step: "read", path: file.to_owned(), source };
        let source = self.doors().depot.open(file, Links::Follow).map_err(read)?;
        match check_header(source, length_bytes) {
            Ok(header) => Ok(header),
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
    fn adopt(
        &self,
        copy: &Path,
        sha256: &str,
        new: impl FnOnce() -> Result<Entry, Error>,
    ) -> Result<Entry, Error> {
        let known = self.list()?.into_iter().find(|listed| listed.entry.sha256 == sha256);
        let (entry, origin) = match known {
            Some(listed) => (listed.entry, listed.origin),
            None => (new()?, Origin::Imported),
        };
        entry.check()?;
        self.doors().depot.rename(copy, &self.path(&entry)).map_err(io_error("rename", copy))?;
        self.keep(&entry, origin)?;
        Ok(entry)
    }

    fn new_entry(
        &self,
        (file, naming): (&Path, &Naming),
        size: u64,
        sha256: &str,
        header: &Header,
    ) -> Result<Entry, Error> {
        let id = match naming {
            Naming::Id(id) if self.entry(id).is_ok() => {
                return Err(Error::IdTaken { id: id.clone() });
            }
            Naming::Id(id) => id.clone(),
            Naming::File => self.id_after(file, sha256),
        };
        Ok(Entry {
            file: format!("{id}.gguf"),
            id,
            size,
            sha256: sha256.to_owned(),
            license: "unknown".to_owned(),
            family: "unknown".to_owned(),
            context: header.context_tokens.unwrap_or_default(),
            // Measured: up to 1.7 times the file for the embedded engine with a short context.
            memory: size.saturating_mul(17) / 10,
            chat: "file".to_owned(),
            fim: "file".to_owned(),
            sources: Vec::new(),
        })
    }

    fn id_after(&self, file: &Path, sha256: &str) -> String {
        let stem = file.file_stem().unwrap_or_default().to_string_lossy().to_lowercase();
        let id: String = stem
            .chars()
            .map(|c| if is_id(&format!("a{c}")) { c } else { '-' })
            .take(ID_BYTES_MAX / 2)
            .collect();
        if self.entry(&id).is_err() && is_id(&id) {
            return id;
        }
        let short = sha256.get(..8).unwrap_or_default();
        format!("{}-{short}", id.trim_start_matches('.'))
    }
}
