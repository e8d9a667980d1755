// SPDX-License-Identifier: Apache-2.0
//! What could not be read or followed, as findings: silence would say that there is nothing.
//!
//! Invariant: each has a rule id of its own, which scripts may rely on.

use moat_base::{TreeError, TreePath};
use moat_scan::{Act, Finding, Level, When, is_examined};

const ANY: &str = "any tool that reads it";

/// A file or directory that could not be read.
pub(crate) fn unread(path: TreePath, error: &TreeError) -> Finding {
    let carries = if let TreeError::Io { source, .. } = error {
        source.to_string()
    } else {
        error.to_string()
    };
    told(
        "not-read",
        path,
        carries,
        Level::Medium,
        "could not be read, so what it does is not known",
    )
}

/// The same, for a reason of the reader's own.
pub(crate) fn unread_because(path: TreePath, reason: &str) -> Finding {
    let carries = reason.to_owned();
    told(
        "not-read",
        path,
        carries,
        Level::Medium,
        "could not be read, so what it does is not known",
    )
}

/// A file that is longer than what is read of one.
pub(crate) fn partly(path: TreePath, read_bytes: u64) -> Finding {
    let carries = format!("only the first {read_bytes} bytes were read");
    told("read-in-part", path, carries, Level::Medium, "is too long to be read to its end")
}

/// A file whose keys are not read because it is long.
pub(crate) fn too_long(path: TreePath, limit_bytes: u64) -> Finding {
    let carries = format!("it has more than {limit_bytes} bytes");
    let says = "is too long for its keys to be read, so what it does is not known";
    told("not-parsed", path, carries, Level::Medium, says)
}

/// A link under a name that a tool reads, which leads where this survey does not go.
pub(crate) fn link(path: TreePath, target: &[u8]) -> Finding {
    let carries = moat_base::escape(target);
    let says = "is a link to something that is not in this tree, and a tool would follow it";
    told("link-out", path, carries, Level::Medium, says)
}

/// A link that nothing of this survey follows, out of the tree.
pub(crate) fn way_out(path: TreePath, target: &[u8]) -> Finding {
    let carries = moat_base::escape(target);
    let says = "is a link that leads out of this tree";
    told("link-out", path, carries, Level::Low, says)
}

/// A name that some file systems take for another one's in the same directory.
pub(crate) fn alike(path: TreePath, other: &[u8]) -> Finding {
    let level = if is_examined(&path) { Level::Medium } else { Level::Low };
    let carries = moat_base::escape(other);
    let says = "has a name that some file systems take for that of another file beside it";
    told("names-alike", path, carries, level, says)
}

/// A FIFO, a socket or a device.
pub(crate) fn special(path: TreePath) -> Finding {
    let level = if is_examined(&path) { Level::Medium } else { Level::Low };
    let says = "is a FIFO, a socket or a device, which was not opened, and a tool may wait on it";
    told("special-file", path, String::new(), level, says)
}

/// Entries of a directory that were not looked at.
pub(crate) fn left_out(directory: TreePath, what: String) -> Finding {
    let says = "has entries that were not looked at, so what they do is not known";
    told("not-looked-at", directory, what, Level::Medium, says)
}

/// More findings than are kept.
pub(crate) fn cut(path: TreePath) -> Finding {
    let carries = "the survey keeps no more findings than these".to_owned();
    told("more-findings", path, carries, Level::High, "has more findings than are shown")
}

/// An archive that cannot be read to its end.
pub(crate) fn broken(path: TreePath, reason: &str) -> Finding {
    let says = "could not be read to its end, so what the rest does is not known";
    told("archive-not-read", path, reason.to_owned(), Level::Medium, says)
}

/// An archive that unpacks to far more than it is.
pub(crate) fn bomb(path: TreePath, unpacked_bytes: u64) -> Finding {
    let carries = format!("more than {unpacked_bytes} bytes of what it unpacks to were read");
    let says = "grows beyond all measure when it is unpacked, and was not read to its end";
    told("archive-bomb", path, carries, Level::High, says)
}

/// An entry of an archive that a careless program would write outside.
pub(crate) fn outside(path: TreePath, name: &[u8]) -> Finding {
    let carries = moat_base::escape(name);
    let says = "has a name that leads out of the directory into which it is unpacked";
    let mut finding = told("archive-outside", path, carries, Level::High, says);
    finding.effect = Act::Redirect;
    finding
}

/// A link of an archive that leads out of where it is unpacked.
pub(crate) fn archive_link(path: TreePath, target: &[u8]) -> Finding {
    let carries = moat_base::escape(target);
    let says = "is a link that leads out of the directory into which it is unpacked";
    let mut finding = told("archive-link-out", path, carries, Level::Medium, says);
    finding.effect = Act::Redirect;
    finding
}

fn told(
    rule: &'static str,
    path: TreePath,
    carries: String,
    level: Level,
    says: &'static str,
) -> Finding {
    // What a tool would run, where it reads the path at all; otherwise what an agent would read.
    let effect = if is_examined(&path) { Act::Execute } else { Act::Instruct };
    Finding {
        rule: rule.into(),
        path,
        line: None,
        key: String::new(),
        carries,
        readers: ANY.into(),
        when: When::Action,
        effect,
        level,
        says: says.into(),
    }
}
