// SPDX-License-Identifier: Apache-2.0
//! Reads the user's and the administrator's file, and merges them with the command line.

use std::io;
use std::path::Path;

use moat_base::Fs;

use crate::error::Error;
use crate::layer::{Layer, Origin};
use crate::limits::FILE_BYTES_MAX;
use crate::merge::{Loaded, merge_below};
use crate::ownership::{Ownership, check_root_only};

/// The administrator's file. It is apart from preferences and stands over them.
pub const REQUIREMENTS_PATH: &str = "/etc/moat/requirements.toml";

/// The user's file inside `moat_base::Layout::config`.
pub const USER_FILE_NAME: &str = "config.toml";

/// Reads `<config_directory>/config.toml` and `requirements`, both of which may be
/// missing, and merges them with `overrides` of the form `KEY=VALUE`.
///
/// A relative path is taken as below the directory of the file that it stands in.
///
/// # Errors
/// [`Error`]; requirements that others than root could have written stop
/// everything, since neither honouring nor ignoring them would be right.
pub fn load<T: AsRef<str>>(
    fs: &dyn Fs,
    ownership: &dyn Ownership,
    config_directory: &Path,
    requirements: &Path,
    overrides: &[T],
) -> Result<Loaded, Error> {
    let mut layers = vec![Layer::overrides(overrides)?];
    let user = config_directory.join(USER_FILE_NAME);
    if let Some(bytes) = read(fs, &user)? {
        layers.push(Layer::parse(Origin::UserFile(user), &bytes)?);
    }
    match ownership.stat(requirements) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => {}
        Err(source) => {
            return Err(Error::Read { path: requirements.to_owned(), source });
        }
        Ok(_) => {
            check_root_only(ownership, requirements)?;
            // It was there: one that is gone now is one that cannot be read.
            let bytes = fs
                .read(requirements, FILE_BYTES_MAX)
                .map_err(|source| Error::Read { path: requirements.to_owned(), source })?;
            layers.push(Layer::parse(Origin::Requirements(requirements.to_owned()), &bytes)?);
        }
    }
    merge_below(&layers, Some(config_directory))
}

fn read(fs: &dyn Fs, path: &Path) -> Result<Option<Vec<u8>>, Error> {
    match fs.read(path, FILE_BYTES_MAX) {
        Ok(bytes) => Ok(Some(bytes)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(source) => Err(Error::Read { path: path.to_owned(), source }),
    }
}
