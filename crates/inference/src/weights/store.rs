// SPDX-License-Identifier: Apache-2.0
//! The files of weights on this machine, named by their sha256.
//!
//! `<sha256>` is a verified file, `<sha256>.toml` its manifest, `<sha256>.partial`
//! one that is still arriving, `lock` keeps two writers apart. The directory may
//! be copied or shared: a file without a manifest is verified when it is used.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use moat_base::{Clock, Depot, Fs, Links, Lock, RealDepot, RealFs, Stamp, SystemClock};
use moat_net::Cancel;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::entry::{Entry, Registry};
use super::error::{Error, io_error};
use super::limits::{FILES_MAX, PIECE_BYTES, REGISTRY_BYTES_MAX};
use super::partial::{self, hex};
use super::progress::{Meter, Progress};

/// The doors that a store works through.
#[derive(Clone, Debug)]
pub struct Doors {
    /// For manifests and for writing.
    pub fs: Arc<dyn Fs>,
    /// For large files.
    pub depot: Arc<dyn Depot>,
    /// For measuring.
    pub clock: Arc<dyn Clock>,
}

impl Doors {
    /// The machine's own.
    #[must_use]
    pub fn real() -> Self {
        Self {
            fs: Arc::new(RealFs),
            depot: Arc::new(RealDepot),
            clock: Arc::new(SystemClock::new()),
        }
    }
}

/// How an entry came to be known.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Origin {
    /// It stands in a registry.
    Registered,
    /// The user imported a file.
    Imported,
}

/// How an entry stands on this machine.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Standing {
    /// Verified and unchanged since.
    Here {
        /// The file.
        path: PathBuf,
    },
    /// There, but changed or copied since it was verified: verified again when used.
    Unverified {
        /// The file.
        path: PathBuf,
    },
    /// Still arriving.
    Partial {
        /// How much is there.
        bytes: u64,
    },
    /// Not there.
    Absent,
    /// There, but not what the entry says.
    Damaged {
        /// In what way.
        reason: String,
    },
}

/// One row of a listing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Listed {
    /// The entry.
    pub entry: Entry,
    /// How it came to be known.
    pub origin: Origin,
    /// How it stands.
    pub standing: Standing,
}

/// The weights on this machine.
#[derive(Clone, Debug)]
pub struct Store {
    directory: PathBuf,
    doors: Doors,
    registry: Registry,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Manifest {
    origin: Origin,
    verified: Verified,
    /// In what way the sha256 differed when it was compared; absent when it did not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    damaged: Option<String>,
    model: Entry,
}

/// What the file looked like when its sha256 was compared.
#[derive(Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
struct Verified {
    length_bytes: u64,
    modified_ns: i64,
    inode: u64,
}

impl From<Stamp> for Verified {
    fn from(stamp: Stamp) -> Self {
        Self {
            length_bytes: stamp.length_bytes,
            modified_ns: i64::try_from(stamp.modified_ns).unwrap_or(i64::MAX),
            inode: stamp.inode,
        }
    }
}

impl Store {
    /// Opens the store in `directory` (`moat_base::Layout::models`), which is created.
    ///
    /// # Errors
    /// [`Error::Io`] when it cannot be created.
    pub fn open(directory: PathBuf, registry: Registry, doors: Doors) -> Result<Self, Error> {
        doors.fs.create_dir_all(&directory).map_err(io_error("create", &directory))?;
        Ok(Self { directory, doors, registry })
    }

    /// Lists every known entry and how it stands, registered ones first.
    ///
    /// # Errors
    /// [`Error::Io`] when the directory cannot be read.
    pub fn list(&self) -> Result<Vec<Listed>, Error> {
        let registered =
            self.registry.entries().iter().map(|entry| (entry.clone(), Origin::Registered));
        let imported = self.imported()?.into_iter().map(|entry| (entry, Origin::Imported));
        registered
            .chain(imported)
            .map(|(entry, origin)| {
                let standing = self.standing(&entry)?;
                Ok(Listed { entry, origin, standing })
            })
            .collect()
    }

    /// Gives the verified file of the weights `id`.
    ///
    /// What was verified before and has not changed since is not read again;
    /// anything else is hashed as a whole.
    ///
    /// # Errors
    /// [`Error::UnknownId`], [`Error::Missing`], [`Error::Damaged`], [`Error::Io`].
    pub fn locate(&self, id: &str) -> Result<PathBuf, Error> {
        let entry = self.entry(id)?;
        match self.standing(&entry)? {
            Standing::Here { path } => Ok(path),
            Standing::Unverified { .. } => self.verify(id, &Cancel::new(), &mut |_| {}),
            Standing::Partial { .. } | Standing::Absent => Err(Error::Missing { id: entry.id }),
            Standing::Damaged { reason } => {
                Err(Error::Damaged { path: self.path(&entry), id: entry.id, reason })
            }
        }
    }

    /// Hashes the file of the weights `id`, whatever was known of it.
    ///
    /// # Errors
    /// As [`Store::locate`], and [`Error::Cancelled`].
    pub fn verify(
        &self,
        id: &str,
        cancel: &Cancel,
        report: &mut dyn FnMut(&Progress),
    ) -> Result<PathBuf, Error> {
        let entry = self.entry(id)?;
        let path = self.path(&entry);
        let stamp =
            self.doors.depot.stamp(&path, Links::Refuse).map_err(io_error("read", &path))?;
        let Some(stamp) = stamp else {
            return Err(Error::Missing { id: entry.id });
        };
        let mut meter = Meter::new(&*self.doors.clock, report);
        meter.begin("verifying");
        let reason = if stamp.length_bytes == entry.size {
            let sha256 = self.sha256(&path, entry.size, cancel, &mut meter)?;
            if sha256 == entry.sha256 {
                return self.keep(&entry, self.origin(&entry));
            }
            format!("its sha256 is {sha256}")
        } else {
            wrong_length(stamp.length_bytes, entry.size)
        };
        // Nobody takes the file for verified, and nobody has to hash it to know better.
        self.note(&entry, self.origin(&entry), stamp, Some(reason.clone()))?;
        Err(Error::Damaged { id: entry.id, path, reason })
    }

    /// Removes the weights `id` from this machine; an imported entry is forgotten.
    /// Gives the bytes that became free.
    ///
    /// # Errors
    /// [`Error::UnknownId`], [`Error::Missing`] when there is nothing to remove,
    /// [`Error::Busy`], [`Error::Io`].
    pub fn remove(&self, id: &str) -> Result<u64, Error> {
        let entry = self.entry(id)?;
        let _lock = self.lock()?;
        let paths = [self.path(&entry), partial::path_of(&self.directory, &entry.sha256)];
        let mut free = 0_u64;
        for path in &paths {
            let stamp = self.doors.depot.stamp(path, Links::Refuse);
            let stamp = stamp.map_err(io_error("look at", path))?;
            free = free.saturating_add(stamp.map_or(0, |stamp| stamp.length_bytes));
        }
        if free == 0 && self.origin(&entry) == Origin::Registered {
            return Err(Error::Missing { id: entry.id });
        }
        self.forget(&entry)?;
        Ok(free)
    }

    /// The entry `id`, registered or imported.
    ///
    /// # Errors
    /// [`Error::UnknownId`].
    pub fn entry(&self, id: &str) -> Result<Entry, Error> {
        let mut known = self.registry.clone();
        for entry in self.imported()? {
            known.add(entry)?;
        }
        known.find(id).cloned()
    }

    pub(super) const fn doors(&self) -> &Doors {
        &self.doors
    }

    pub(super) fn directory(&self) -> &Path {
        &self.directory
    }

    pub(super) fn path(&self, entry: &Entry) -> PathBuf {
        self.directory.join(&entry.sha256)
    }

    pub(super) fn lock(&self) -> Result<Lock, Error> {
        let path = self.directory.join("lock");
        self.doors.depot.lock(&path).map_err(|source| {
            if source.kind() == std::io::ErrorKind::WouldBlock {
                Error::Busy { directory: self.directory.clone() }
            } else {
                Error::Io { step: "lock", path, source }
            }
        })
    }

    /// Writes the manifest of a file whose sha256 was just compared.
    pub(super) fn keep(&self, entry: &Entry, origin: Origin) -> Result<PathBuf, Error> {
        let path = self.path(entry);
        let stamp =
            self.doors.depot.stamp(&path, Links::Refuse).map_err(io_error("read", &path))?;
        let Some(stamp) = stamp else {
            return Err(Error::Missing { id: entry.id.clone() });
        };
        self.note(entry, origin, stamp, None)?;
        Ok(path)
    }

    /// Writes down what the comparison of a file's sha256 gave, and for which file.
    fn note(
        &self,
        entry: &Entry,
        origin: Origin,
        stamp: Stamp,
        damaged: Option<String>,
    ) -> Result<(), Error> {
        let manifest = Manifest { origin, verified: stamp.into(), damaged, model: entry.clone() };
        let text = toml::to_string(&manifest)
            .map_err(|error| Error::Registry { reason: error.to_string() })?;
        let to = self.manifest_path(&entry.sha256);
        self.doors.fs.replace(&to, text.as_bytes()).map_err(io_error("write", &to))
    }

    /// Removes everything of an entry.
    pub(super) fn forget(&self, entry: &Entry) -> Result<(), Error> {
        let paths = [
            self.path(entry),
            partial::path_of(&self.directory, &entry.sha256),
            self.manifest_path(&entry.sha256),
        ];
        for path in &paths {
            self.doors.fs.remove(path).map_err(io_error("remove", path))?;
        }
        Ok(())
    }

    fn standing(&self, entry: &Entry) -> Result<Standing, Error> {
        let look = |path: &Path| {
            self.doors.depot.stamp(path, Links::Refuse).map_err(io_error("look at", path))
        };
        let path = self.path(entry);
        let Some(stamp) = look(&path)? else {
            let partial = look(&partial::path_of(&self.directory, &entry.sha256))?;
            return Ok(partial.map_or(Standing::Absent, |stamp| Standing::Partial {
                bytes: stamp.length_bytes,
            }));
        };
        if stamp.length_bytes != entry.size {
            let reason = wrong_length(stamp.length_bytes, entry.size);
            return Ok(Standing::Damaged { reason });
        }
        let known = self.manifest(&self.manifest_path(&entry.sha256));
        let known = known.filter(|manifest| {
            manifest.verified == stamp.into() && manifest.model.sha256 == entry.sha256
        });
        Ok(match known {
            None => Standing::Unverified { path },
            Some(Manifest { damaged: Some(reason), .. }) => Standing::Damaged { reason },
            Some(Manifest { damaged: None, .. }) => Standing::Here { path },
        })
    }

    fn origin(&self, entry: &Entry) -> Origin {
        let registered = |known: &Entry| known.sha256 == entry.sha256;
        if self.registry.entries().iter().any(registered) {
            Origin::Registered
        } else {
            Origin::Imported
        }
    }

    /// The imported entries, sorted by id.
    fn imported(&self) -> Result<Vec<Entry>, Error> {
        let directory = &self.directory;
        let paths = self.doors.fs.list(directory).map_err(io_error("read", directory))?;
        let mut entries: Vec<Entry> = paths
            .iter()
            .take(FILES_MAX)
            .filter(|path| path.extension().is_some_and(|extension| extension == "toml"))
            .filter_map(|path| {
                let manifest = self.manifest(path)?;
                let named = path.file_stem().is_some_and(|stem| *stem == *manifest.model.sha256);
                let valid = named && manifest.model.check().is_ok();
                (valid && self.origin(&manifest.model) == Origin::Imported)
                    .then_some(manifest.model)
            })
            .collect();
        entries.sort_by(|left, right| left.id.cmp(&right.id));
        // A registry of a later version may have taken an id.
        entries.retain(|entry| self.registry.find(&entry.id).is_err());
        entries.dedup_by(|left, right| left.id == right.id);
        Ok(entries)
    }

    /// Reads a manifest; one that is missing or broken is none.
    fn manifest(&self, path: &Path) -> Option<Manifest> {
        let bytes = self.doors.fs.read(path, REGISTRY_BYTES_MAX).ok()?;
        toml::from_str(str::from_utf8(&bytes).ok()?).ok()
    }

    fn manifest_path(&self, sha256: &str) -> PathBuf {
        self.directory.join(format!("{sha256}.toml"))
    }

    fn sha256(
        &self,
        path: &Path,
        size: u64,
        cancel: &Cancel,
        meter: &mut Meter<'_>,
    ) -> Result<String, Error> {
        let read = |source| Error::Io { step: "read", path: path.to_owned(), source };
        let mut file = self.doors.depot.open(path, Links::Refuse).map_err(read)?;
        let (mut hash, mut piece, mut done) = (Sha256::new(), vec![0; PIECE_BYTES], 0_u64);
        loop {
            if cancel.is_cancelled() {
                return Err(Error::Cancelled);
            }
            let length = std::io::Read::read(&mut file, &mut piece).map_err(read)?;
            if length == 0 {
                return Ok(hex(&hash.finalize()));
            }
            hash.update(piece.get(..length).unwrap_or_default());
            done = done.saturating_add(length as u64);
            meter.at(done, size);
        }
    }
}

fn wrong_length(found: u64, needed: u64) -> String {
    format!("it has {found} bytes, and {needed} are needed")
}
