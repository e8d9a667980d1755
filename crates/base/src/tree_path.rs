// SPDX-License-Identifier: Apache-2.0
//! A path inside a tree: relative, without `.` or `..`, of any bytes but NUL.
//!
//! File names are bytes on Linux; a name that is not UTF-8 is kept as it is and
//! written as text with `\xNN`, a backslash as `\\`, so that text and bytes map
//! one to one and a stored session can name any file.

use std::borrow::Cow;
use std::ffi::OsStr;
use std::fmt;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

use serde::{Deserialize, Serialize, Serializer};

use crate::limits::TREE_PATH_BYTES_MAX;

/// A path relative to the root of a tree; the root itself is the empty path.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Deserialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS), ts(as = "String"))]
#[serde(try_from = "String")]
pub struct TreePath(Vec<u8>);

/// Why bytes or text are not a path inside a tree.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{path}` is not a path inside the tree: {reason}")]
pub struct TreePathError {
    path: String,
    reason: &'static str,
}

impl TreePath {
    /// The root of the tree.
    #[must_use]
    pub const fn root() -> Self {
        Self(Vec::new())
    }

    /// Takes a path from the bytes of file names joined by `/`.
    ///
    /// # Errors
    /// When it is absolute, too long, or has an empty, `.` or `..` component or a NUL.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, TreePathError> {
        let refuse = |reason| Err(TreePathError { path: escape(bytes), reason });
        if bytes.is_empty() {
            return Ok(Self::root());
        }
        if bytes.len() > TREE_PATH_BYTES_MAX {
            return refuse("it is too long");
        }
        if bytes.contains(&0) {
            return refuse("it contains a NUL byte");
        }
        if bytes.first() == Some(&b'/') {
            return refuse("it is absolute");
        }
        for component in bytes.split(|byte| *byte == b'/') {
            match component {
                b"" => return refuse("it has an empty component"),
                b"." | b".." => return refuse("it has a `.` or `..` component"),
                _ => {}
            }
        }
        Ok(Self(bytes.to_vec()))
    }

    /// Takes a path from its text form (see the module documentation).
    ///
    /// # Errors
    /// As [`TreePath::from_bytes`], and for a malformed escape.
    pub fn parse(text: &str) -> Result<Self, TreePathError> {
        let bytes = unescape(text).ok_or_else(|| TreePathError {
            path: text.to_owned(),
            reason: "a backslash must be followed by a backslash or by `x` and two hex digits",
        })?;
        Self::from_bytes(&bytes)
    }

    /// The raw bytes, components joined by `/`.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }

    /// The same path for the system's calls, still relative.
    #[must_use]
    pub fn as_path(&self) -> &Path {
        Path::new(OsStr::from_bytes(&self.0))
    }

    /// Whether this is the root of the tree.
    #[must_use]
    pub const fn is_root(&self) -> bool {
        self.0.is_empty()
    }

    /// The last component; `None` for the root.
    #[must_use]
    pub fn file_name(&self) -> Option<&[u8]> {
        if self.is_root() { None } else { self.0.rsplit(|byte| *byte == b'/').next() }
    }

    /// What follows the last dot of the file name, when it is UTF-8 and not the whole name.
    #[must_use]
    pub fn extension(&self) -> Option<&str> {
        self.as_path().extension().and_then(OsStr::to_str)
    }

    /// The directory that holds this path; `None` for the root.
    #[must_use]
    pub fn parent(&self) -> Option<Self> {
        if self.is_root() {
            return None;
        }
        let end = self.0.iter().rposition(|byte| *byte == b'/').unwrap_or(0);
        self.0.get(..end).map(|bytes| Self(bytes.to_vec()))
    }

    /// The path of `name` inside this directory.
    ///
    /// # Errors
    /// As [`TreePath::from_bytes`].
    pub fn join(&self, name: &[u8]) -> Result<Self, TreePathError> {
        if self.is_root() {
            return Self::from_bytes(name);
        }
        Self::from_bytes(&[&self.0, b"/".as_slice(), name].concat())
    }

    /// The components from the root down.
    pub fn components(&self) -> impl Iterator<Item = &[u8]> {
        self.0.split(|byte| *byte == b'/').filter(|component| !component.is_empty())
    }
}

impl fmt::Display for TreePath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&escape(&self.0))
    }
}

impl fmt::Debug for TreePath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "TreePath({})", escape(&self.0))
    }
}

impl TryFrom<String> for TreePath {
    type Error = TreePathError;

    fn try_from(text: String) -> Result<Self, TreePathError> {
        Self::parse(&text)
    }
}

impl From<TreePath> for String {
    fn from(path: TreePath) -> Self {
        escape(&path.0)
    }
}

impl Serialize for TreePath {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&written(&self.0))
    }
}

/// As [`escape`]; most names are text already, and a checkpoint writes thousands of them.
fn written(bytes: &[u8]) -> Cow<'_, str> {
    match std::str::from_utf8(bytes) {
        Ok(text) if !text.bytes().any(|byte| byte == b'\\' || byte.is_ascii_control()) => {
            Cow::Borrowed(text)
        }
        Ok(_) | Err(_) => Cow::Owned(escape(bytes)),
    }
}

/// Writes the bytes of a name as one line of text, in the form of the module
/// documentation: other bytes are never the same text.
#[must_use]
pub fn escape(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(bytes.len());
    for chunk in bytes.utf8_chunks() {
        for character in chunk.valid().chars() {
            match character {
                '\\' => text.push_str("\\\\"),
                other if other.is_ascii_control() => {
                    text.push_str(&format!("\\x{:02x}", u32::from(other)));
                }
                other => text.push(other),
            }
        }
        for byte in chunk.invalid() {
            text.push_str(&format!("\\x{byte:02x}"));
        }
    }
    text
}

/// The bytes that [`escape`] wrote as this text; `None` for a malformed escape.
#[must_use]
pub fn unescape(text: &str) -> Option<Vec<u8>> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        if byte != b'\\' {
            bytes.push(byte);
            continue;
        }
        match rest.next()? {
            b'\\' => bytes.push(b'\\'),
            b'x' => {
                let digits = [rest.next()?, rest.next()?];
                let digits = str::from_utf8(&digits).ok()?;
                bytes.push(u8::from_str_radix(digits, 16).ok()?);
            }
            _ => return None,
        }
    }
    Some(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn any_file_name_survives_the_way_through_text() {
        for bytes in
            [b"a/b.rs".as_slice(), b"\xff\xfe/x", b"back\\slash", b"new\nline", b"\xc3\xa9"]
        {
            let path = TreePath::from_bytes(bytes).unwrap();
            assert_eq!(TreePath::parse(&path.to_string()).unwrap().as_bytes(), bytes);
            assert_eq!(written(bytes), path.to_string(), "stored as it is shown");
        }
    }

    #[test]
    fn paths_that_leave_the_tree_are_refused() {
        for text in ["/etc", "..", "a/../b", "a//b", "./a", "a/", "a\\x00b", "a\\q"] {
            assert!(TreePath::parse(text).is_err(), "{text}");
        }
    }

    #[test]
    fn parents_and_names() {
        let path = TreePath::parse("a/b/c.tar.gz").unwrap();
        assert_eq!(path.parent(), Some(TreePath::parse("a/b").unwrap()));
        assert_eq!(path.file_name(), Some(b"c.tar.gz".as_slice()));
        assert_eq!(path.extension(), Some("gz"));
        assert_eq!(TreePath::parse("a").unwrap().parent(), Some(TreePath::root()));
        assert_eq!(TreePath::root().parent(), None);
        assert_eq!(TreePath::root().join(b"x").unwrap().to_string(), "x");
    }
}
