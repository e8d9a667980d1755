// SPDX-License-Identifier: Apache-2.0
//! The workspace's path as a session's first record has it, and the way back.
//!
//! A path is bytes and a record is text, so the path is stored escaped. Before that, records
//! had the path as it was shown; those are read too.
//!
//! Invariant: a path that was stored escaped is read back byte for byte.

use std::ffi::OsString;
use std::os::unix::ffi::{OsStrExt as _, OsStringExt as _};
use std::path::{Path, PathBuf};

use moat_base::{escape, unescape};

/// The text of a workspace's path.
pub(crate) fn workspace_text(path: &Path) -> String {
    escape(path.as_os_str().as_bytes())
}

/// The path that a record names.
#[must_use]
pub fn workspace_path(text: &str) -> PathBuf {
    // What escaping would not have written was stored as it is.
    let bytes = unescape(text).filter(|bytes| escape(bytes) == text);
    PathBuf::from(bytes.map_or_else(|| OsString::from(text), OsString::from_vec))
}

/// Whether a record names the workspace with this text, also in the earlier form.
pub(crate) fn is_recorded(recorded: &str, opened: &str) -> bool {
    recorded == opened || workspace_path(opened).to_string_lossy() == recorded
}

#[cfg(test)]
mod tests {
    use std::ffi::OsStr;

    use super::*;

    #[test]
    fn any_path_is_read_back_and_earlier_records_are_read_too() {
        for bytes in [b"/w/pro\xffject".as_slice(), b"/w/a\\b", b"/w/new\nline", b"/w/caf\xc3\xa9"]
        {
            let path = Path::new(OsStr::from_bytes(bytes));
            let text = workspace_text(path);
            assert_eq!(workspace_path(&text), path);
            assert!(is_recorded(&text, &text));
            assert!(is_recorded(&path.to_string_lossy(), &text), "{text}");
            assert!(!is_recorded("/w/other", &text));
        }
        for earlier in ["/w/plain", "/w/a\\b", "/w/new\nline", "/w/a\\x41b", "/w/end\\"] {
            assert_eq!(workspace_path(earlier), Path::new(earlier));
        }
    }
}
