// SPDX-License-Identifier: Apache-2.0
//! What a checkpoint stores: one line per path of the upper directory.
//!
//! The first line says what the checkpoint is, the last one is the SHA-256 of all
//! before it, so that a file that is not whole is told from one that is. Besides
//! what is needed to make a path again, a line holds by which inode and times it
//! was known, so that the next checkpoint need not read it again.
//!
//! Invariant: what is read back is exactly what was written, or nothing.

use moat_base::{Timestamp, TreePath};
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use crate::blob::BlobId;
use crate::stat::{Moment, Stat};

/// The version of the stored form.
const VERSION: u32 = 1;

/// What is at a path of the upper directory.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Kind {
    /// A regular file whose content is a blob.
    #[serde(rename = "f")]
    File,
    /// A regular file that is long or has holes; its content is kept apart.
    #[serde(rename = "g")]
    Large,
    /// A directory.
    #[serde(rename = "d")]
    Directory,
    /// A symbolic link.
    #[serde(rename = "l")]
    Link,
    /// A FIFO.
    #[serde(rename = "p")]
    Fifo,
    /// A socket that nobody listens on any more.
    #[serde(rename = "s")]
    Socket,
    /// The overlay's word for "there is nothing here".
    #[serde(rename = "w")]
    Whiteout,
    /// Something that is not covered.
    #[serde(rename = "u")]
    Uncovered(Gap),
}

/// Why something is not covered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Gap {
    /// The file is longer than what is copied, and the file system cannot share it.
    #[serde(rename = "l")]
    TooLarge,
    /// The checkpoint held as much new content already as one may.
    #[serde(rename = "b")]
    OverBudget,
    /// It could not be read.
    #[serde(rename = "r")]
    Unreadable,
    /// Directories are nested too deep, or a path is too long.
    #[serde(rename = "d")]
    TooDeep,
    /// It is a device.
    #[serde(rename = "v")]
    Device,
}

impl Gap {
    /// The reason as a part of a sentence.
    pub(crate) const fn reason(self) -> &'static str {
        match self {
            Self::TooLarge => "it is too large to be stored here",
            Self::OverBudget => "the checkpoint held as much content as one may",
            Self::Unreadable => "it could not be read",
            Self::TooDeep => "its directories are nested too deep, or a path is too long",
            Self::Device => "it is a device",
        }
    }
}

/// Bytes as they stand in a line.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub(crate) struct Hex(pub(crate) Vec<u8>);

impl From<Hex> for String {
    fn from(hex: Hex) -> Self {
        crate::blob::hex(&hex.0)
    }
}

impl TryFrom<String> for Hex {
    type Error = &'static str;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        const MALFORMED: &str = "bytes are an even number of hex digits";
        let digit = |digit: &u8| char::from(*digit).to_digit(16);
        let pair = |pair: &[u8]| match pair {
            [high, low] => u8::try_from(digit(high)? * 16 + digit(low)?).ok(),
            _ => None,
        };
        let bytes: Option<Vec<u8>> = text.as_bytes().chunks(2).map(pair).collect();
        bytes.map(Self).ok_or(MALFORMED)
    }
}

/// Seconds and nanoseconds, short in a line.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "(i64, u32)", into = "(i64, u32)")]
pub(crate) struct At(pub(crate) Moment);

impl From<(i64, u32)> for At {
    fn from((seconds, nanoseconds): (i64, u32)) -> Self {
        Self(Moment { seconds, nanoseconds })
    }
}

impl From<At> for (i64, u32) {
    fn from(at: At) -> Self {
        (at.0.seconds, at.0.nanoseconds)
    }
}

/// One path of the upper directory.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Entry {
    #[serde(rename = "p")]
    pub(crate) path: TreePath,
    #[serde(rename = "k")]
    pub(crate) kind: Kind,
    #[serde(rename = "m")]
    pub(crate) mode: u32,
    #[serde(rename = "s")]
    pub(crate) length_bytes: u64,
    #[serde(rename = "t")]
    pub(crate) modified: At,
    /// The content of a file.
    #[serde(rename = "b", default, skip_serializing_if = "Option::is_none")]
    pub(crate) content: Option<BlobId>,
    /// Where a link leads.
    #[serde(rename = "l", default, skip_serializing_if = "Option::is_none")]
    pub(crate) target: Option<Hex>,
    /// Extended attributes, sorted by name.
    #[serde(rename = "a", default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) attributes: Vec<(Hex, Hex)>,
    /// Whether the file has other names: they share the inode.
    #[serde(rename = "n", default, skip_serializing_if = "is_one")]
    pub(crate) links: Links,
    #[serde(rename = "i")]
    pub(crate) inode: u64,
    #[serde(rename = "c")]
    pub(crate) changed: At,
}

/// Whether a file has names beside this one.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Links {
    /// It has not.
    #[default]
    #[serde(rename = "1")]
    One,
    /// It has.
    #[serde(rename = "2")]
    Several,
}

fn is_one(links: &Links) -> bool {
    *links == Links::One
}

impl Entry {
    /// A path as it was just seen, without its content.
    pub(crate) fn seen(path: TreePath, kind: Kind, stat: &Stat) -> Self {
        let links =
            if kind != Kind::Directory && stat.links > 1 { Links::Several } else { Links::One };
        Self {
            path,
            kind,
            mode: stat.permissions(),
            length_bytes: stat.length_bytes,
            modified: At(stat.modified),
            content: None,
            target: None,
            attributes: Vec::new(),
            links,
            inode: stat.inode,
            changed: At(stat.changed),
        }
    }

    /// Whether the path is still known by the same inode, length and times.
    pub(crate) fn is_known_as(&self, stat: &Stat) -> bool {
        self.inode == stat.inode
            && self.length_bytes == stat.length_bytes
            && self.modified.0 == stat.modified
            && self.changed.0 == stat.changed
    }

    /// Whether two states of a path are the same to every program, times included.
    pub(crate) fn is_same(&self, other: &Self) -> bool {
        self.is_alike(other)
            && self.modified == other.modified
            && self.attributes == other.attributes
    }

    /// Whether two states of a path are the same to a person: times, and what the overlay
    /// notes for itself, do not count.
    pub(crate) fn is_alike(&self, other: &Self) -> bool {
        fn lasting(entry: &Entry) -> impl Iterator<Item = &(Hex, Hex)> {
            let notes =
                |name: &[u8]| name.starts_with(b"user.overlay.") && name != b"user.overlay.opaque";
            entry.attributes.iter().filter(move |(name, _)| !notes(&name.0))
        }
        self.kind == other.kind
            && (self.mode == other.mode || self.kind == Kind::Link)
            && self.content == other.content
            && self.target == other.target
            && (!matches!(self.kind, Kind::Uncovered(_))
                || (self.inode, self.length_bytes, self.modified)
                    == (other.inode, other.length_bytes, other.modified))
            && lasting(self).eq(lasting(other))
    }

    /// Whether this directory hides what lies below it.
    pub(crate) fn is_opaque(&self) -> bool {
        let opaque =
            |(name, value): &(Hex, Hex)| name.0 == b"user.overlay.opaque" && value.0 == b"y";
        self.kind == Kind::Directory && self.attributes.iter().any(opaque)
    }
}

/// The first line.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Head {
    pub(crate) v: u32,
    pub(crate) number: u32,
    pub(crate) at: Timestamp,
    pub(crate) after: String,
    pub(crate) mark: u64,
    /// How many paths differ from the checkpoint before.
    pub(crate) differing: u64,
    /// How many paths are not covered.
    pub(crate) uncovered: u64,
    /// What changed before this moment has an earlier change time.
    pub(crate) stamp: At,
    /// The number of the device that the upper directory is on.
    pub(crate) device: u64,
    /// Where the session's changes came from, as [`crate::SessionFiles::origins`] tells it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) origins: Option<BlobId>,
}

/// The last line.
#[derive(Debug, Serialize, Deserialize)]
struct End {
    entries: usize,
    sha256: Hex,
}

/// A checkpoint, whole.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Manifest {
    pub(crate) head: Head,
    /// Sorted by path; the root of the tree is the first.
    pub(crate) entries: Vec<Entry>,
}

impl Head {
    pub(crate) const fn new(number: u32, at: Timestamp, after: String, mark: u64) -> Self {
        let never = At(Moment { seconds: 0, nanoseconds: 0 });
        Self {
            v: VERSION,
            number,
            at,
            after,
            mark,
            differing: 0,
            uncovered: 0,
            stamp: never,
            device: 0,
            origins: None,
        }
    }

    /// Reads the first line of a stored manifest.
    pub(crate) fn read(line: &[u8]) -> Option<Self> {
        let head: Self = serde_json::from_slice(line).ok()?;
        (head.v == VERSION).then_some(head)
    }
}

impl Manifest {
    /// What is at a path.
    pub(crate) fn find(&self, path: &TreePath) -> Option<&Entry> {
        let at = self.entries.binary_search_by(|entry| entry.path.cmp(path)).ok()?;
        self.entries.get(at)
    }

    /// Whether the tree below shows through at a path that has no entry of its own.
    pub(crate) fn shows_lower(&self, path: &TreePath) -> bool {
        let mut above = path.parent();
        while let Some(path) = above {
            match self.find(&path) {
                Some(entry) if entry.kind != Kind::Directory || entry.is_opaque() => return false,
                Some(_) | None => above = path.parent(),
            }
        }
        true
    }

    /// The stored form.
    pub(crate) fn write(&self) -> Result<Vec<u8>, serde_json::Error> {
        let mut bytes = Vec::with_capacity(self.entries.len().saturating_mul(256));
        serde_json::to_writer(&mut bytes, &self.head)?;
        bytes.push(b'\n');
        for entry in &self.entries {
            serde_json::to_writer(&mut bytes, entry)?;
            bytes.push(b'\n');
        }
        let sha256 = Hex(Sha256::digest(&bytes).to_vec());
        serde_json::to_writer(&mut bytes, &End { entries: self.entries.len(), sha256 })?;
        bytes.push(b'\n');
        Ok(bytes)
    }

    /// Reads a stored form back; `None` when it is not whole.
    pub(crate) fn read(bytes: &[u8]) -> Option<Self> {
        let body = bytes.strip_suffix(b"\n")?;
        let last = body.iter().rposition(|byte| *byte == b'\n')? + 1;
        let (body, end) = body.split_at_checked(last)?;
        let end: End = serde_json::from_slice(end).ok()?;
        if Sha256::digest(body).as_slice() != end.sha256.0 {
            return None;
        }
        let mut lines = body.split_inclusive(|byte| *byte == b'\n');
        let head = Head::read(lines.next()?)?;
        let entries = lines.map(serde_json::from_slice).collect::<Result<Vec<Entry>, _>>().ok()?;
        (entries.len() == end.entries).then_some(Self { head, entries })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn manifest() -> Manifest {
        let entry = |path: &[u8], kind| Entry {
            path: TreePath::from_bytes(path).unwrap(),
            kind,
            mode: 0o644,
            length_bytes: 3,
            modified: At(Moment { seconds: -1, nanoseconds: 5 }),
            content: Some(BlobId::of(path)),
            target: Some(Hex(path.to_vec())),
            attributes: vec![(Hex(b"user.overlay.opaque".to_vec()), Hex(b"y".to_vec()))],
            links: Links::Several,
            inode: 7,
            changed: At(Moment { seconds: 8, nanoseconds: 9 }),
        };
        let kinds = [
            Kind::File,
            Kind::Large,
            Kind::Directory,
            Kind::Link,
            Kind::Fifo,
            Kind::Socket,
            Kind::Whiteout,
            Kind::Uncovered(Gap::TooLarge),
        ];
        let entries = kinds.iter().enumerate().map(|(at, kind)| {
            entry(&[b'a' + u8::try_from(at).unwrap(), 0xff, b'\n', b'\\'], *kind)
        });
        let head = Head::new(3, Timestamp(4), "run `x\ny`".into(), 9);
        Manifest { head, entries: entries.collect() }
    }

    #[test]
    fn what_was_written_is_read() {
        let manifest = manifest();
        let bytes = manifest.write().unwrap();
        assert_eq!(Manifest::read(&bytes).unwrap(), manifest);
        let first = bytes.split_inclusive(|byte| *byte == b'\n').next().unwrap();
        assert_eq!(Head::read(first).unwrap(), manifest.head);
    }

    #[test]
    fn what_was_cut_or_changed_anywhere_is_not_read() {
        let bytes = manifest().write().unwrap();
        for length in 0..bytes.len() {
            assert_eq!(Manifest::read(&bytes[..length]), None, "{length}");
        }
        for at in 0..bytes.len() {
            let mut changed = bytes.clone();
            changed[at] ^= 1;
            assert_ne!(Manifest::read(&changed), Some(manifest()), "{at}");
        }
    }

    #[test]
    fn the_tree_below_shows_through_where_nothing_hides_it() {
        let mut manifest = manifest();
        let path = |text: &str| TreePath::parse(text).unwrap();
        let cases = [
            ("d", Kind::Directory, false),
            ("o", Kind::Directory, true),
            ("w", Kind::Whiteout, false),
        ];
        let template = manifest.entries[0].clone();
        manifest.entries = cases
            .iter()
            .map(|(name, kind, opaque)| {
                let mut entry = Entry { path: path(name), kind: *kind, ..template.clone() };
                if !opaque {
                    entry.attributes.clear();
                }
                entry
            })
            .collect();
        let shown = [("x", true), ("d/x", true), ("o/x", false), ("o/x/y", false), ("w/x", false)];
        for (name, expected) in shown {
            assert_eq!(manifest.shows_lower(&path(name)), expected, "{name}");
        }
    }
}
