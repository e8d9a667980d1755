// SPDX-License-Identifier: Apache-2.0
//! The change set: what the session would change in the user's tree.

use std::fmt;
use std::num::ParseIntError;

use moat_base::TreePath;
use serde::{Deserialize, Serialize};

use crate::Surface;

/// What happened to a path.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
#[serde(rename_all = "snake_case")]
pub enum ChangeKind {
    /// It is new.
    Created,
    /// Its content, and perhaps its mode, is another.
    Modified,
    /// It is gone.
    Deleted,
    /// Only its mode is another.
    Mode,
    /// It became something else: a file, a directory or a link.
    Type,
}

/// Why a change is there, which decides whether it is kept by default.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
#[serde(rename_all = "snake_case")]
pub enum ChangeClass {
    /// Source: shown and kept.
    Edit,
    /// Ignored by the repository's rules, or a cache: kept only by name.
    Ignored,
    /// Inside `.git`: never copied file by file.
    GitMetadata,
}

/// One run of changed lines.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
pub struct Hunk {
    /// The number by which it is selected, from 1.
    pub number: u32,
    /// The unified diff of this hunk, `@@` line included, made safe to show.
    pub text: String,
}

/// Permission bits, with set-id and sticky bits; written in octal: `644`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS), ts(as = "String"))]
#[serde(try_from = "String", into = "String")]
pub struct Mode(pub u32);

impl fmt::Display for Mode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:03o}", self.0)
    }
}

impl From<Mode> for String {
    fn from(mode: Mode) -> Self {
        mode.to_string()
    }
}

impl TryFrom<String> for Mode {
    type Error = ParseIntError;

    fn try_from(text: String) -> Result<Self, ParseIntError> {
        u32::from_str_radix(&text, 8).map(Self)
    }
}

/// What a file holds.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
pub struct FileContent {
    /// How long it is.
    pub length_bytes: u64,
    /// The SHA-256 of its bytes, 64 hex digits.
    pub sha256: String,
}

/// What a path is on one side of a change.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Side {
    /// Nothing is there, or the sender did not say.
    #[default]
    Nothing,
    /// A regular file.
    File {
        /// Its permission bits.
        mode: Mode,
        /// Its content; `None` for a path that is only named.
        content: Option<FileContent>,
    },
    /// A directory.
    Directory {
        /// Its permission bits.
        mode: Mode,
    },
    /// A symbolic link.
    Link {
        /// Where it leads, escaped as a path is; `None` for a path that is only named.
        target: Option<String>,
    },
}

/// One path of the change set.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
pub struct Change {
    /// The path in the workspace.
    pub path: TreePath,
    /// What happened to it.
    pub kind: ChangeKind,
    /// Why it is there.
    pub class: ChangeClass,
    /// What it was.
    #[serde(default)]
    pub before: Side,
    /// What it is.
    #[serde(default)]
    pub after: Side,
    /// Lines added; zero for binary content.
    pub lines_added: u32,
    /// Lines removed; zero for binary content.
    pub lines_removed: u32,
    /// The hunks of a text file.
    pub hunks: Vec<Hunk>,
    /// Why it cannot be kept as it is, when it cannot.
    pub conflict: Option<String>,
    /// For a created path: the deleted one that it was. The hunks are against that one.
    #[serde(default)]
    pub renamed_from: Option<TreePath>,
    /// For a deleted path: the created one that it became.
    #[serde(default)]
    pub renamed_to: Option<TreePath>,
    /// How it stands to what the user changed in the same file since the session began.
    #[serde(default)]
    pub merge: Merge,
    /// What it would make other tools do.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[cfg_attr(feature = "typescript", ts(as = "Option<Vec<Surface>>", optional))]
    pub surfaces: Vec<Surface>,
    /// What a [`Confirmation`](crate::Confirmation) has to name for it to be kept whole:
    /// `MODE:SHA256` of a file, `link:SHA256` of a link's target, `MODE:directory`, or
    /// `deleted`. `None` where none is needed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "typescript", ts(optional = nullable))]
    pub confirm: Option<String>,
}

/// How a change stands to newer work of the user in the same file.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
#[serde(tag = "merge", rename_all = "snake_case")]
pub enum Merge {
    /// There is none, or nothing is known of what both come from.
    #[default]
    Alone,
    /// Both are in what a keep would write; `before` is the user's file.
    Joined,
    /// Only a person can join them.
    Conflict {
        /// What both come from.
        base: Side,
        /// Where both changed the same lines; empty where it is not about lines.
        places: Vec<Clash>,
    },
}

/// Lines that the user and the session changed differently, made safe to show; long ones
/// are cut.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
pub struct Clash {
    /// The line in the user's file, from 1.
    pub line: u32,
    /// What both come from.
    pub base: String,
    /// What the user made of it.
    pub user: String,
    /// What the session made of it.
    pub session: String,
}

/// The pending changes of a session, whole.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
pub struct ChangeSet {
    /// One per path.
    pub changes: Vec<Change>,
    /// What the session has and a change set cannot hold: it is never kept.
    #[serde(default)]
    pub left_out: Vec<Refusal>,
    /// Whether a limit cut the list: what is missing is neither shown nor kept.
    #[serde(default)]
    pub truncated: bool,
}

/// Which changes an operation is about.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
#[serde(tag = "select", rename_all = "snake_case")]
pub enum Selection {
    /// Every change of class [`ChangeClass::Edit`].
    All,
    /// These paths, whatever their class but git metadata.
    Paths {
        /// The paths.
        paths: Vec<TreePath>,
    },
    /// Some hunks of one file.
    Hunks {
        /// The file.
        path: TreePath,
        /// Hunk numbers as shown.
        numbers: Vec<u32>,
    },
}

/// A change that an operation left alone, and why.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
pub struct Refusal {
    /// The path.
    pub path: TreePath,
    /// Why, in one sentence.
    pub reason: String,
    /// Where only a confirmation is missing: what it has to name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "typescript", ts(optional = nullable))]
    pub confirm: Option<String>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_sides_of_a_change_are_plain_to_read_and_may_be_missing() {
        let content = FileContent { length_bytes: 3, sha256: "ab".into() };
        let cases = [
            (Side::Nothing, r#"{"kind":"nothing"}"#),
            (Side::Directory { mode: Mode(0o1777) }, r#"{"kind":"directory","mode":"1777"}"#),
            (Side::Link { target: None }, r#"{"kind":"link","target":null}"#),
            (
                Side::File { mode: Mode(0o644), content: Some(content) },
                r#"{"kind":"file","mode":"644","content":{"length_bytes":3,"sha256":"ab"}}"#,
            ),
        ];
        for (side, text) in cases {
            assert_eq!(serde_json::to_string(&side).unwrap(), text);
            assert_eq!(serde_json::from_str::<Side>(text).unwrap(), side);
        }
        assert!(serde_json::from_str::<Side>(r#"{"kind":"directory","mode":"9"}"#).is_err());

        let earlier = r#"{"changes":[{"path":"a","kind":"mode","class":"edit","lines_added":0,
            "lines_removed":0,"hunks":[],"conflict":null}]}"#;
        let set: ChangeSet = serde_json::from_str(earlier).unwrap();
        let sides = [&set.changes[0].before, &set.changes[0].after];
        assert_eq!(sides, [&Side::Nothing; 2]);
        assert!(set.left_out.is_empty() && !set.truncated);
        assert_eq!(set.changes[0].merge, Merge::Alone);
        assert!(set.changes[0].surfaces.is_empty() && set.changes[0].confirm.is_none());
    }

    #[test]
    fn a_conflict_carries_both_sides_and_the_base() {
        let text = |text: &str| text.to_owned();
        let clash = Clash { line: 3, base: text("a\n"), user: text("b\n"), session: text("c\n") };
        let merge = Merge::Conflict { base: Side::Nothing, places: vec![clash] };
        let line = r#"{"merge":"conflict","base":{"kind":"nothing"},"places":[{"line":3,"base":"a\n","user":"b\n","session":"c\n"}]}"#;
        assert_eq!(serde_json::to_string(&merge).unwrap(), line);
        assert_eq!(serde_json::from_str::<Merge>(line).unwrap(), merge);
    }
}
