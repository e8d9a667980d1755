// SPDX-License-Identifier: Apache-2.0
//! Removing the directories of an overlay that nobody has mounted any more.
//!
//! The kernel leaves a `work/work` of mode 000 behind, and commands may leave
//! directories that their owner cannot enter, so modes are opened on the way down.
//!
//! Invariant: links are removed and never followed.

use std::fs;
use std::io;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

/// Removes a directory of Moat's own with everything in it; a missing one is a success.
///
/// # Errors
/// The system's error; what was removed before stays removed.
pub fn remove_files(directory: &Path) -> io::Result<()> {
    match remove(directory) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        other => other,
    }
}

#[expect(clippy::disallowed_methods, reason = "this crate is the door to session files")]
fn remove(directory: &Path) -> io::Result<()> {
    let entries = match fs::read_dir(directory) {
        Err(error) if error.kind() == io::ErrorKind::PermissionDenied => {
            fs::set_permissions(directory, fs::Permissions::from_mode(0o700))?;
            fs::read_dir(directory)?
        }
        other => other?,
    };
    for entry in entries {
        let entry = entry?;
        if entry.file_type()?.is_dir() {
            remove(&entry.path())?;
        } else if let Err(error) = fs::remove_file(entry.path()) {
            if error.kind() != io::ErrorKind::PermissionDenied {
                return Err(error);
            }
            fs::set_permissions(directory, fs::Permissions::from_mode(0o700))?;
            fs::remove_file(entry.path())?;
        }
    }
    fs::remove_dir(directory)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    #[expect(clippy::disallowed_methods, reason = "this crate is the door to session files")]
    fn closed_directories_go_and_what_links_point_to_stays() {
        let outside = tempfile::tempdir().unwrap();
        fs::write(outside.path().join("kept"), "x").unwrap();
        let dir = tempfile::tempdir().unwrap();
        let top = dir.path().join("fork");
        fs::create_dir_all(top.join("work/work")).unwrap();
        fs::write(top.join("file"), "x").unwrap();
        std::os::unix::fs::symlink(outside.path(), top.join("link")).unwrap();
        fs::set_permissions(top.join("work/work"), fs::Permissions::from_mode(0o0)).unwrap();
        remove_files(&top).unwrap();
        assert!(!top.exists());
        assert!(outside.path().join("kept").exists());
        remove_files(&top).unwrap();
    }
}
