// SPDX-License-Identifier: Apache-2.0
//! Which checkpoints survived the machine, when it went down without notice.
//!
//! A checkpoint is not synced when it is taken. As long as the machine runs that
//! makes no difference; after it was started again, those that were taken since are
//! read once, and one whose contents did not reach the disk is dropped.
//!
//! Source: `Documentation/admin-guide/sysctl/kernel.rst`, `random/boot_id`.

use std::collections::HashSet;
use std::io::{self, Read as _};
use std::os::fd::OwnedFd;

use rustix::fs::{AtFlags, CWD, Mode, OFlags};
use serde::{Deserialize, Serialize};

use crate::checkpoint::manifest::{Kind, Manifest};
use crate::checkpoint::{Checkpoints, name, open_file};

/// Up to which checkpoint everything is known to be on the disk, and since which start of the
/// machine that is all that is known.
#[derive(Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
struct Vouched {
    boot: String,
    through: u32,
}

const FILE: &str = "vouched.json";
const FILE_BYTES_MAX: u64 = 4096;

impl Checkpoints {
    /// Drops checkpoints that are not whole because the machine went down.
    pub(super) fn drop_what_was_lost(&mut self) -> io::Result<()> {
        let vouched = vouched(&self.directory);
        let boot = boot();
        if vouched.boot == boot {
            return Ok(());
        }
        let mut sound = HashSet::new();
        for number in self.numbers.clone() {
            let is_whole = number <= vouched.through
                || self.load(number).is_ok_and(|manifest| self.is_whole(&manifest, &mut sound));
            if !is_whole {
                tracing::warn!(number, "a checkpoint was lost when the machine went down");
                rustix::fs::unlinkat(&self.directory, name(number), AtFlags::empty())?;
                self.numbers.retain(|other| *other != number);
            }
        }
        let through = self.numbers.last().copied().unwrap_or(0);
        if let Err(error) = vouch(&self.directory, &Vouched { boot, through }) {
            // A session opens on a full disk, too; then all is read once more the next time.
            tracing::warn!(%error, "what was read of the checkpoints could not be noted");
        }
        Ok(())
    }

    fn is_whole(&self, manifest: &Manifest, sound: &mut HashSet<crate::blob::BlobId>) -> bool {
        if manifest.head.origins.is_some_and(|id| self.blobs.get(&id).is_err()) {
            return false;
        }
        manifest.entries.iter().all(|entry| {
            let Some(id) = entry.content else { return true };
            if !sound.insert(id) {
                return true;
            }
            let is_sound = if entry.kind == Kind::Large {
                self.large.has(&id, entry.length_bytes)
            } else {
                self.blobs.get(&id).is_ok()
            };
            if !is_sound {
                sound.remove(&id);
            }
            is_sound
        })
    }
}

/// Says of a checkpoint that another session was given, and that is on the disk, what is known
/// here: where nothing is, it is read once when that session is opened.
pub(super) fn hand_on(from: &OwnedFd, to: &OwnedFd, through: u32) -> io::Result<()> {
    let boot = boot();
    if vouched(from).boot == boot { vouch(to, &Vouched { boot, through }) } else { Ok(()) }
}

fn vouched(directory: &OwnedFd) -> Vouched {
    let read = open_file(directory, FILE).and_then(|file| {
        let mut bytes = Vec::new();
        file.take(FILE_BYTES_MAX).read_to_end(&mut bytes)?;
        Ok(bytes)
    });
    // Without it nothing is known: everything is read once.
    read.ok().and_then(|bytes| serde_json::from_slice(&bytes).ok()).unwrap_or_default()
}

fn vouch(directory: &OwnedFd, vouched: &Vouched) -> io::Result<()> {
    let bytes = serde_json::to_vec(vouched)?;
    let flags =
        OFlags::WRONLY | OFlags::CREATE | OFlags::TRUNC | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    let temporary = format!("{FILE}.tmp");
    let private = Mode::RUSR | Mode::WUSR;
    let file = rustix::fs::openat(directory, temporary.as_str(), flags, private)?;
    let mut file = std::fs::File::from(file);
    io::Write::write_all(&mut file, &bytes)?;
    // Should it be lost with the machine, everything is read once more.
    Ok(rustix::fs::renameat(directory, temporary.as_str(), directory, FILE)?)
}

/// What names this start of the machine; empty where the system does not say.
fn boot() -> String {
    let flags = OFlags::RDONLY | OFlags::CLOEXEC;
    let opened = rustix::fs::openat(CWD, "/proc/sys/kernel/random/boot_id", flags, Mode::empty());
    let mut text = String::new();
    let Ok(file) = opened else { return text };
    // What could not be read names no start, and everything is read again.
    let _unknown = std::fs::File::from(file).take(FILE_BYTES_MAX).read_to_string(&mut text);
    text.trim().to_owned()
}
