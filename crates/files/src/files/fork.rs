// SPDX-License-Identifier: Apache-2.0
//! The record of a session that goes on from a checkpoint of another one.
//!
//! What was pending at the checkpoint is pending in the new session, judged by the same bases
//! as after going back to it. A keep of the old session is part of the user's tree and no keep
//! of the new one, which so has nothing of the other's to take back.
//!
//! Invariant: nothing of the old session is written, and the record of the new one begins to
//! count with its last file.

use std::path::Path;
use std::sync::Arc;

use moat_base::{Fs, Timestamp};

use crate::blob::BlobId;
use crate::checkpoint::{ForkedFiles, Source};
use crate::file_error::FileError;
use crate::files::{BASES, START, SessionFiles, StoredBases, load};
use crate::stat::Moment;

impl SessionFiles {
    /// Begins the record of a fork in `to`, which is made: checkpoint `number` of the session
    /// with the record `from` becomes its first one, taken `at` a time after `after` and with
    /// the caller's `mark`. The old session may be open elsewhere.
    ///
    /// # Errors
    /// [`FileError::NoSuchCheckpoint`], [`FileError::DamagedBlob`], [`FileError::DamagedRecord`],
    /// [`FileError::Store`] for a full disk and the like; what was made until then is of no use.
    pub fn fork(
        fs: &Arc<dyn Fs>,
        (from, number): (&Path, u32),
        to: &Path,
        what: (Timestamp, &str, u64),
    ) -> Result<ForkedFiles, FileError> {
        let start: Moment = load(fs.as_ref(), &from.join(START))?;
        let stored: StoredBases = load(fs.as_ref(), &from.join(BASES))?;
        let source = Source::open(from, number)?;
        let old = Self::with(Arc::clone(fs), from, start, stored)?;
        let (bases, older) = old.origins_after(&source.origins()?)?;
        let made = fs.create_dir_all(to);
        made.map_err(|source| FileError::Store { path: to.to_owned(), source })?;
        let named = bases.values().flatten().filter_map(|node| node.blob);
        let named: Vec<BlobId> = named.collect();
        let mut new = Self::with(Arc::clone(fs), to, start, StoredBases::default())?;
        new.own_writes = old.own_writes;
        new.since = old.since;
        new.since.return_to(older);
        new.bases = bases;
        let forked = source.give(to, what, &new.noted()?, &named)?;
        new.save_bases()?;
        new.save(START, &start)?;
        Ok(forked)
    }
}
