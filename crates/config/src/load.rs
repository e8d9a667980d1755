// SPDX-License-Identifier: Apache-2.0
//! Reads the two files there are, and merges them with the command line.

use std::io;
use std::path::{Path, PathBuf};

use moat_base::Fs;

use crate::error::Error;
use crate::layer::{Layer, Origin, Provenance};
use crate::limits::FILE_BYTES_MAX;
use crate::merge::{Loaded, merge};
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
            if let Some(bytes) = read(fs, requirements)? {
                let origin = Origin::Requirements(requirements.to_owned());
                layers.push(Layer::parse(origin, &bytes)?);
            }
        }
    }
    let mut loaded = merge(&layers)?;
    let absolute = |path: &mut PathBuf, provenance: &Provenance| {
        let base = match &provenance.origin {
            Origin::UserFile(file) | Origin::Requirements(file) => file.parent(),
            Origin::Defaults | Origin::CommandLine => None,
        };
        *path = base.unwrap_or(config_directory).join(&path);
    };
    for server in loaded.settings.models.values_mut() {
        if let Some(path) = &mut server.value.key_file {
            absolute(path, &server.provenance);
        }
    }
    if let Some(path) = &mut loaded.settings.network.extra_ca {
        absolute(&mut path.value, &path.provenance);
    }
    Ok(loaded)
}

fn read(fs: &dyn Fs, path: &Path) -> Result<Option<Vec<u8>>, Error> {
    match fs.read(path, FILE_BYTES_MAX) {
        Ok(bytes) => Ok(Some(bytes)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(source) => Err(Error::Read { path: path.to_owned(), source }),
    }
}
