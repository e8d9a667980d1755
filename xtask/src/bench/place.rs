// SPDX-License-Identifier: Apache-2.0
//! Files of tasks and of their trials: listing, copying, writing.
//!
//! `xtask` stands outside the layers; the calls that `clippy.toml` bans are
//! gathered here for `bench`, as in `door` for the rest.
//!
//! Invariant: nothing is written outside of the directory given by the caller.

#![expect(
    clippy::disallowed_methods,
    reason = "`xtask` stands outside the layers; this is the door of `bench`"
)]

use std::path::{Path, PathBuf};

use anyhow::Context as _;

/// The directories directly inside of `directory`, sorted by name.
pub(super) fn directories(directory: &Path) -> anyhow::Result<Vec<PathBuf>> {
    let entries = std::fs::read_dir(directory)
        .with_context(|| format!("could not list `{}`", directory.display()))?;
    let mut found = Vec::new();
    for entry in entries {
        let path = entry?.path();
        if path.is_dir() {
            found.push(path);
        }
    }
    found.sort();
    Ok(found)
}

/// Copies everything below `from` into `to`, over what is there.
pub(super) fn copy_tree(from: &Path, to: &Path) -> anyhow::Result<()> {
    std::fs::create_dir_all(to).with_context(|| format!("could not create `{}`", to.display()))?;
    let entries =
        std::fs::read_dir(from).with_context(|| format!("could not list `{}`", from.display()))?;
    for entry in entries {
        let entry = entry?;
        let (source, target) = (entry.path(), to.join(entry.file_name()));
        if source.is_dir() {
            copy_tree(&source, &target)?;
        } else {
            copy_file(&source, &target)?;
        }
    }
    Ok(())
}

/// Copies one file, making its directory.
///
/// The copy is a new file with a new time, so that build tools see it changed.
pub(super) fn copy_file(from: &Path, to: &Path) -> anyhow::Result<()> {
    let bytes =
        std::fs::read(from).with_context(|| format!("could not read `{}`", from.display()))?;
    write(to, &bytes)
}

/// Writes one file, making its directory.
pub(super) fn write(path: &Path, bytes: &[u8]) -> anyhow::Result<()> {
    if let Some(parent) = path.parent() {
        std::fs::create_dir_all(parent)
            .with_context(|| format!("could not create `{}`", parent.display()))?;
    }
    std::fs::write(path, bytes).with_context(|| format!("could not write `{}`", path.display()))
}

/// Reads a text file.
pub(super) fn text(path: &Path) -> anyhow::Result<String> {
    std::fs::read_to_string(path).with_context(|| format!("could not read `{}`", path.display()))
}

/// A fresh directory that disappears with the value returned.
pub(super) fn temporary() -> anyhow::Result<tempfile::TempDir> {
    tempfile::Builder::new()
        .prefix("moat-bench-")
        .tempdir()
        .context("could not create a temporary directory")
}

/// The path of a program that was built together with this one.
pub(super) fn beside_this_program(name: &str) -> anyhow::Result<PathBuf> {
    let own = std::env::current_exe().context("could not find this program")?;
    Ok(own.with_file_name(name))
}

/// The newest file of a directory whose name starts and ends as given.
pub(super) fn newest(directory: &Path, start: &str, end: &str) -> Option<PathBuf> {
    let entries = std::fs::read_dir(directory).ok()?;
    let fitting = entries.filter_map(Result::ok).filter(|entry| {
        let name = entry.file_name();
        let name = name.to_string_lossy();
        name.starts_with(start) && name.ends_with(end)
    });
    fitting
        .max_by_key(|entry| entry.metadata().and_then(|metadata| metadata.modified()).ok())
        .map(|entry| entry.path())
}

/// All files below a directory, sorted by path.
pub(super) fn files(directory: &Path) -> anyhow::Result<Vec<PathBuf>> {
    let entries = std::fs::read_dir(directory)
        .with_context(|| format!("could not list `{}`", directory.display()))?;
    let mut found = Vec::new();
    for entry in entries {
        let path = entry?.path();
        if path.is_dir() {
            found.extend(files(&path)?);
        } else {
            found.push(path);
        }
    }
    found.sort();
    Ok(found)
}
