// SPDX-License-Identifier: Apache-2.0
//! The user's files.

use moat_base::TreePath;
use serde::{Deserialize, Serialize};

/// A question about the user's files.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
#[serde(tag = "query", rename_all = "snake_case")]
pub enum FilesQuery {
    /// What lies in a directory.
    List {
        /// The directory; the root is the empty path.
        path: TreePath,
    },
    /// A file's content.
    Read {
        /// The file.
        path: TreePath,
    },
    /// A part of a large or binary file.
    ReadPart {
        /// The file.
        path: TreePath,
        /// Where the part begins, in bytes.
        offset: u64,
        /// How long it is at most, in bytes.
        length: u32,
    },
    /// Write a text file.
    Write {
        /// The file.
        path: TreePath,
        /// The whole text, with line feeds alone.
        text: String,
        /// How it is encoded.
        encoding: Encoding,
        /// What ends a line in the file.
        line_ending: LineEnding,
        /// What the file has to be for this to be written; nothing where it is to be new.
        expected: Option<Version>,
    },
    /// Make an empty file or a directory that is not there yet, with its parents.
    Create {
        /// The path.
        path: TreePath,
        /// What it becomes.
        node: Node,
    },
    /// Give something another name or place; what is there already is not replaced.
    Rename {
        /// What.
        from: TreePath,
        /// Its new path.
        to: TreePath,
    },
    /// Move something to the trash.
    Delete {
        /// What.
        path: TreePath,
    },
    /// Bring back what was moved to the trash last, or by this number.
    Restore {
        /// The number that the deletion answered with.
        trash: u64,
    },
    /// Files whose path matches what was typed, the best first.
    Find {
        /// What was typed; letters in order, not necessarily beside each other.
        text: String,
        /// How many at most.
        limit: u32,
    },
}

/// An answer about the user's files.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
#[serde(tag = "reply", rename_all = "snake_case")]
pub enum FilesReply {
    /// What lies in a directory: directories first, then by name.
    Listed {
        /// The entries.
        entries: Vec<FileEntry>,
        /// Whether a limit cut the list.
        truncated: bool,
    },
    /// A file's content.
    Read(ReadResult),
    /// A part of a file, in base64.
    Part {
        /// The bytes in base64.
        base64: String,
    },
    /// It was written.
    Written {
        /// What the file is now.
        version: Version,
    },
    /// The file is not what was expected, and was left alone.
    Changed {
        /// What it is now; nothing where it is gone.
        current: Option<FileText>,
    },
    /// Done.
    Done,
    /// It is in the trash.
    Trashed {
        /// The number by which it is brought back.
        trash: u64,
    },
    /// The files that match.
    Found {
        /// The best first.
        found: Vec<Found>,
        /// How many files the workspace has, as far as they are known.
        of: u64,
        /// Whether more files are still being found.
        indexing: bool,
    },
}

/// What to make.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
#[serde(rename_all = "snake_case")]
pub enum Node {
    /// An empty file.
    File,
    /// A directory.
    Directory,
}

/// One entry of a directory.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
pub struct FileEntry {
    /// Its path.
    pub path: TreePath,
    /// Its name, made safe to show.
    pub name: String,
    /// What it is.
    pub kind: EntryKind,
    /// Its length in bytes, of a file.
    pub length: u64,
    /// Whether the repository's rules ignore it.
    pub ignored: bool,
}

/// What an entry is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
#[serde(rename_all = "snake_case")]
pub enum EntryKind {
    /// A regular file.
    File,
    /// A directory.
    Directory,
    /// A symbolic link; it is not followed out of the workspace.
    Link,
    /// A socket, a pipe or a device: it is never opened.
    Other,
}

/// What a file was when it was read: its time, length and inode as text. Only to be compared.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
pub struct Version(pub String);

/// A file's content, as far as it can be shown.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
#[serde(tag = "content", rename_all = "snake_case")]
pub enum ReadResult {
    /// Text that can be edited.
    Text(FileText),
    /// Text that is only to be looked at, in parts: it is too long, or not valid in any
    /// encoding that is known.
    Large {
        /// How long it is, in bytes.
        length: u64,
    },
    /// No text.
    Binary {
        /// How long it is, in bytes.
        length: u64,
        /// The type of an image that a browser can show.
        image: Option<String>,
    },
}

/// A text file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
pub struct FileText {
    /// The text, with line feeds alone.
    pub text: String,
    /// How it is encoded in the file.
    pub encoding: Encoding,
    /// What ends a line in the file.
    pub line_ending: LineEnding,
    /// What the file was.
    pub version: Version,
    /// Why it cannot be written, where it cannot.
    pub read_only: Option<String>,
}

/// How a text is encoded.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
#[serde(rename_all = "snake_case")]
pub enum Encoding {
    /// UTF-8.
    Utf8,
    /// UTF-8 after a byte order mark.
    Utf8Mark,
    /// UTF-16, the low byte first, after a byte order mark.
    Utf16Le,
    /// UTF-16, the high byte first, after a byte order mark.
    Utf16Be,
}

/// What ends a line.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
#[serde(rename_all = "snake_case")]
pub enum LineEnding {
    /// A line feed.
    Lf,
    /// A carriage return and a line feed.
    Crlf,
    /// Some of both: each is kept where it is, so the text has them as they are.
    Mixed,
}

/// A file that matches.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
pub struct Found {
    /// The file.
    pub path: TreePath,
    /// Which characters of the path as text matched, from 0.
    pub matched: Vec<u32>,
}
