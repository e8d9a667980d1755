// SPDX-License-Identifier: Apache-2.0
//! Reads the key of a model server from a file that only its owner can read.
//!
//! Keys never stand in the configuration itself, in an argument or in the
//! environment (P-16).

use std::path::Path;

use moat_base::{Fs, Secret};

use crate::error::Error;
use crate::limits::KEY_FILE_BYTES_MAX;
use crate::ownership::{FileKind, Ownership};

/// Reads a key: the file's one line, without the line break.
///
/// # Errors
/// [`Error::KeyFile`] when others can read the file or it does not hold one line of
/// visible ASCII, [`Error::Read`] when the system refuses.
pub fn read_key(
    fs: &dyn Fs,
    ownership: &dyn Ownership,
    path: &Path,
) -> Result<Secret<String>, Error> {
    let refuse = |reason| Err(Error::KeyFile { path: path.to_owned(), reason });
    let read = |source| Error::Read { path: path.to_owned(), source };
    let stat = ownership.stat(path).map_err(read)?;
    if stat.kind != FileKind::File {
        return refuse("is not a regular file");
    }
    if stat.mode & 0o077 != 0 {
        return refuse("can be read by other users");
    }
    let bytes = fs.read(path, KEY_FILE_BYTES_MAX).map_err(read)?;
    let key = bytes.trim_ascii();
    if key.is_empty() {
        return refuse("is empty");
    }
    if !key.iter().all(u8::is_ascii_graphic) {
        return refuse("holds more than one line of visible ASCII");
    }
    Ok(Secret::new(key.iter().copied().map(char::from).collect()))
}
