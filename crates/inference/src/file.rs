// SPDX-License-Identifier: Apache-2.0
//! The two files that this crate opens by itself.
//!
//! The door [`moat_base::Fs`] reads whole files; a model file is too large for
//! that, and a lock needs a descriptor.
//!
//! Invariant: no path here comes from a workspace or from a model.

use std::fs::{File, OpenOptions};
use std::io;
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

/// Opens a file for reading and gives its size.
#[expect(
    clippy::disallowed_methods,
    reason = "a model file is read in parts, which the door of whole files cannot"
)]
pub(crate) fn open(path: &Path) -> io::Result<(File, u64)> {
    let file = OpenOptions::new()
        .read(true)
        .custom_flags(rustix::fs::OFlags::NONBLOCK.bits().cast_signed())
        .open(path)?;
    let metadata = file.metadata()?;
    if !metadata.is_file() {
        return Err(io::Error::new(io::ErrorKind::InvalidInput, "it is not a regular file"));
    }
    Ok((file, metadata.len()))
}

/// Opens a file of ours for appending and creates it, for a lock.
#[expect(
    clippy::disallowed_methods,
    reason = "a lock is a descriptor, which the door does not give out"
)]
pub(crate) fn create(path: &Path) -> io::Result<File> {
    OpenOptions::new()
        .append(true)
        .create(true)
        .mode(0o600)
        .custom_flags(rustix::fs::OFlags::NOFOLLOW.bits().cast_signed())
        .open(path)
}
