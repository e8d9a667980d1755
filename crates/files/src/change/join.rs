// SPDX-License-Identifier: Apache-2.0
//! A path that both the user and the session changed: one result, or a conflict.
//!
//! Only for a path whose base is certain. Mode and content are joined apart, each only
//! where that needs no guess; text is joined by lines.
//!
//! Invariant: nothing of either side is left out of a result.

use moat_diff::{Clash, Merged, merge};

use crate::node::{Node, NodeKind};

/// One of the three states of a path.
#[derive(Debug, Clone, Copy)]
pub(super) struct Side<'all> {
    /// What is there; `None` for nothing.
    pub(super) node: Option<&'all Node>,
    /// The bytes of a file or of a link's target.
    pub(super) bytes: &'all [u8],
}

/// What came of it.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Joined {
    /// The mode and the content of a regular file with the changes of both.
    Clean { mode: u32, bytes: Vec<u8> },
    /// Only a person can say.
    Conflict { reason: &'static str, clashes: Vec<Clash> },
}

/// Joins what the user and the session made of `base`; both differ from it.
pub(super) fn join(base: Side<'_>, user: Side<'_>, session: Side<'_>) -> Joined {
    let conflict = |reason| Joined::Conflict { reason, clashes: Vec::new() };
    let (before, ours, theirs) = match (base.node, user.node, session.node) {
        (_, None, _) => return conflict(GONE),
        (_, Some(_), None) => return conflict(DELETED),
        (None, Some(_), Some(_)) => return conflict(BOTH_MADE),
        (Some(before), Some(ours), Some(theirs)) => (before, ours, theirs),
    };
    if [before, ours, theirs].into_iter().any(|node| node.kind != NodeKind::File) {
        return conflict(OTHER_KIND);
    }
    let Some(mode) = pick(&before.mode, &ours.mode, &theirs.mode) else {
        return conflict(BOTH_MODES);
    };
    let (mode, blobs) = (*mode, (&before.blob, &ours.blob, &theirs.blob));
    if pick(blobs.0, blobs.1, blobs.2).is_some() {
        let newer = if blobs.0 == blobs.1 { session.bytes } else { user.bytes };
        return Joined::Clean { mode, bytes: newer.to_vec() };
    }
    if ![base, user, session].iter().all(|side| moat_diff::is_text(side.bytes)) {
        return conflict(NOT_TEXT);
    }
    if [user, session].iter().any(|side| moat_diff::is_too_repetitive(base.bytes, side.bytes)) {
        return conflict(REPETITIVE);
    }
    match merge(base.bytes, user.bytes, session.bytes) {
        Merged::Clean(bytes) => Joined::Clean { mode, bytes },
        Merged::Clashes(clashes) => Joined::Conflict { reason: SAME_LINES, clashes },
    }
}

/// What is newer than the base, when at most one side is, or both agree.
fn pick<'all, T: PartialEq>(base: &T, user: &'all T, session: &'all T) -> Option<&'all T> {
    if user == base || user == session {
        Some(session)
    } else if session == base {
        Some(user)
    } else {
        None
    }
}

const GONE: &str = "you deleted or moved it after the session began, and the session changed it";
const DELETED: &str = "you changed it after the session began, and the session deleted it";
const BOTH_MADE: &str = "you and the session both made it, with different content";
const OTHER_KIND: &str = "you and the session both changed it, and not everywhere it is a file";
const BOTH_MODES: &str = "you and the session gave it different modes";
const NOT_TEXT: &str = "you and the session both changed it, and it is not text";
const REPETITIVE: &str =
    "you and the session both changed it, and its lines repeat too much to be compared";
const SAME_LINES: &str = "you and the session changed the same lines, or lines side by side";

#[cfg(test)]
mod tests {
    use super::*;
    use crate::blob::BlobId;

    type Given = Option<(NodeKind, u32, &'static [u8])>;

    fn check(base: Given, user: Given, session: Given) -> Result<(u32, Vec<u8>), &'static str> {
        let node = |given: Given| {
            given.map(|(kind, mode, bytes)| Node { kind, mode, blob: Some(BlobId::of(bytes)) })
        };
        let nodes = [base, user, session].map(node);
        let bytes = [base, user, session].map(|given| given.map_or(b"".as_slice(), |it| it.2));
        let side = |index: usize| Side { node: nodes[index].as_ref(), bytes: bytes[index] };
        match join(side(0), side(1), side(2)) {
            Joined::Clean { mode, bytes } => Ok((mode, bytes)),
            Joined::Conflict { reason, .. } => Err(reason),
        }
    }

    #[test]
    fn what_repeats_too_much_is_a_conflict_and_never_guessed() {
        let text = |count: usize, seed: usize| -> &'static [u8] {
            let line = |number: usize| {
                if (number * number / seed).is_multiple_of(2) { "a\n" } else { "b\n" }
            };
            (0..count).map(line).collect::<String>().leak().as_bytes()
        };
        let file = |bytes: &'static [u8]| Some((NodeKind::File, 0o644, bytes));
        let join = |count| {
            let (base, user) = (text(count, 7), text(count, 13));
            let session = [b"new\n", base].concat().leak();
            check(file(base), file(user), file(session))
        };
        assert_eq!(join(20_000), Err(REPETITIVE));
        assert_ne!(join(200), Err(REPETITIVE), "the control has fewer lines");
    }

    #[test]
    fn modes_and_contents_are_joined_apart_and_nothing_is_guessed() {
        let file = |mode, bytes: &'static [u8]| Some((NodeKind::File, mode, bytes));
        let link = |bytes: &'static [u8]| Some((NodeKind::Link, 0o777, bytes));
        let (base, user) = (b"a\nb\nc\n".as_slice(), b"X\nb\nc\n".as_slice());
        let (session, both) = (b"a\nb\nY\n".as_slice(), b"X\nb\nY\n".as_slice());
        let cases = [
            (file(0o644, base), file(0o644, user), file(0o644, session), Ok((0o644, both.into()))),
            (file(0o644, base), file(0o755, user), file(0o644, session), Ok((0o755, both.into()))),
            (file(0o644, base), file(0o755, base), file(0o644, session), {
                Ok((0o755, session.into()))
            }),
            (file(0o644, base), file(0o644, user), file(0o755, base), Ok((0o755, user.into()))),
            (file(0o644, base), file(0o600, base), file(0o755, base), Err(BOTH_MODES)),
            (file(0o644, b"\0"), file(0o644, b"\x001"), file(0o644, b"\x002"), Err(NOT_TEXT)),
            (file(0o644, base), file(0o644, b"1\n"), file(0o644, b"2\n"), Err(SAME_LINES)),
            (file(0o644, base), None, file(0o644, session), Err(GONE)),
            (file(0o644, base), file(0o644, user), None, Err(DELETED)),
            (None, file(0o644, user), file(0o644, session), Err(BOTH_MADE)),
            (link(b"a"), link(b"b"), link(b"c"), Err(OTHER_KIND)),
            (file(0o644, base), link(b"b"), file(0o644, session), Err(OTHER_KIND)),
        ];
        for (base, user, session, expected) in cases {
            assert_eq!(check(base, user, session), expected, "{base:?} {user:?} {session:?}");
        }
    }
}
