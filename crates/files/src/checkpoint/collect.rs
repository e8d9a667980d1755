// SPDX-License-Identifier: Apache-2.0
//! Giving back what no checkpoint, no base and no keep needs any more.
//!
//! What is needed is found by reading, not by understanding: every run of 64 hex
//! digits in a manifest or in a record of the session's files counts as the name of
//! a content. So a record of another kind, or of a newer version, never loses one.
//!
//! Invariant: a content goes only after everything that could name it was read,
//! and a checkpoint goes before the contents that it alone named.

use std::collections::HashSet;
use std::io::{self, Read as _};
use std::os::fd::{AsFd as _, BorrowedFd, OwnedFd};

use rustix::fs::{AtFlags, Dir, Mode, OFlags};

use crate::checkpoint::fuse::Fuse;
use crate::limits::RECORD_BYTES_MAX;

/// The hex digits of a content's name.
const NAME_DIGITS: usize = 64;

/// The contents that are needed.
#[derive(Debug, Default)]
pub(crate) struct Needed(HashSet<[u8; NAME_DIGITS]>);

impl Needed {
    /// Notes every name in some text.
    pub(crate) fn note(&mut self, text: &[u8]) {
        let is_digit = |byte: &u8| byte.is_ascii_digit() || (b'a'..=b'f').contains(byte);
        for run in text.split(|byte| !is_digit(byte)) {
            if let Ok(name) = <[u8; NAME_DIGITS]>::try_from(run) {
                self.0.insert(name);
            }
        }
    }

    /// Notes every name in a file of the directory.
    pub(crate) fn note_file(&mut self, directory: BorrowedFd<'_>, name: &[u8]) -> io::Result<()> {
        let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::CLOEXEC;
        let file = rustix::fs::openat(directory, name, flags, Mode::empty())?;
        let mut bytes = Vec::new();
        let limit = RECORD_BYTES_MAX.saturating_add(1);
        std::fs::File::from(file).take(limit).read_to_end(&mut bytes)?;
        if u64::try_from(bytes.len()).is_ok_and(|length| length >= limit) {
            return Err(io::ErrorKind::FileTooLarge.into());
        }
        self.note(&bytes);
        Ok(())
    }

    fn has(&self, name: &[u8]) -> bool {
        <[u8; NAME_DIGITS]>::try_from(name).is_ok_and(|name| self.0.contains(&name))
    }
}

/// The names in a directory that are files, with what they take on the disk.
pub(crate) fn files(directory: &OwnedFd) -> io::Result<Vec<(Vec<u8>, u64)>> {
    let mut found = Vec::new();
    for entry in Dir::read_from(directory)? {
        let entry = entry?;
        let name = entry.file_name().to_bytes().to_vec();
        if matches!(name.as_slice(), b"." | b"..") {
            continue;
        }
        let stat = rustix::fs::statat(directory, name.as_slice(), AtFlags::SYMLINK_NOFOLLOW)?;
        let blocks = u64::try_from(stat.st_blocks).unwrap_or(0);
        found.push((name, blocks.saturating_mul(512)));
    }
    Ok(found)
}

/// Removes the contents that are not needed, and what interrupted writes left. Gives the
/// bytes that the rest takes.
pub(crate) fn sweep(directory: &OwnedFd, needed: &Needed, fuse: &Fuse) -> io::Result<u64> {
    let mut bytes = 0_u64;
    for (name, length_bytes) in files(directory)? {
        let is_ours = name.len() == NAME_DIGITS || name.ends_with(b".tmp");
        if needed.has(&name) || !is_ours {
            bytes = bytes.saturating_add(length_bytes);
            continue;
        }
        fuse.burn()?;
        rustix::fs::unlinkat(directory.as_fd(), name.as_slice(), AtFlags::empty())?;
    }
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::blob::BlobId;

    #[test]
    fn a_name_is_found_wherever_it_stands_and_nothing_else_is() {
        let id = BlobId::of(b"x").to_string();
        let mut needed = Needed::default();
        needed.note(format!(r#"{{"k":"{id}"}}"#).as_bytes());
        assert!(needed.has(id.as_bytes()));
        let mut needed = Needed::default();
        let shorter: String = id.chars().skip(1).collect();
        needed.note(format!("a{id} {id}0 {shorter}").as_bytes());
        assert!(!needed.has(id.as_bytes()), "longer and shorter runs are no names");
    }
}
