// SPDX-License-Identifier: Apache-2.0
//! Reads what `git status --porcelain=v2 -z --branch` prints.
//!
//! Invariant: a name may contain anything but NUL; what is not understood is passed over.

use moat_base::TreePath;
use moat_protocol::workspace::{GitChange, GitStatus, GitWhat};

use crate::limits::GIT_CHANGES_MAX;

/// How much of a commit's id is shown.
const SHORT_ID: usize = 8;

pub(super) fn parse(output: &[u8]) -> GitStatus {
    let mut status = GitStatus::default();
    let mut records = output.split(|byte| *byte == 0).filter(|record| !record.is_empty());
    while let Some(record) = records.next() {
        if let Some(header) = record.strip_prefix(b"# ") {
            read_header(&mut status, header);
            continue;
        }
        // The old name follows as a record of its own.
        let from = if record.starts_with(b"2 ") { records.next() } else { None };
        if status.changes.len() >= GIT_CHANGES_MAX {
            status.truncated = true;
            continue;
        }
        status.changes.extend(change(record, from));
    }
    status
}

fn read_header(status: &mut GitStatus, header: &[u8]) {
    let text = String::from_utf8_lossy(header);
    let Some((key, value)) = text.split_once(' ') else { return };
    match key {
        "branch.oid" if value != "(initial)" => {
            status.head = Some(value.chars().take(SHORT_ID).collect());
        }
        "branch.head" if value != "(detached)" => status.branch = Some(value.to_owned()),
        "branch.ab" => {
            for word in value.split(' ') {
                let count = |sign| word.strip_prefix(sign).and_then(|text: &str| text.parse().ok());
                status.ahead = count('+').unwrap_or(status.ahead);
                status.behind = count('-').unwrap_or(status.behind);
            }
        }
        _ => {}
    }
}

fn change(record: &[u8], from: Option<&[u8]>) -> Option<GitChange> {
    // How many words stand before the path.
    let words = match record.first()? {
        b'1' => 8,
        b'2' => 9,
        b'u' => 10,
        b'?' => 1,
        _ => return None,
    };
    let path = record.splitn(words + 1, |byte| *byte == b' ').nth(words)?;
    // A repository within the tree that is not tracked ends with a slash.
    let path = TreePath::from_bytes(path.strip_suffix(b"/").unwrap_or(path)).ok()?;
    let (staged, unstaged) = match record.first()? {
        b'?' => (None, Some(GitWhat::Untracked)),
        b'u' => (None, Some(GitWhat::Conflict)),
        _ => (what(*record.get(2)?), what(*record.get(3)?)),
    };
    let from = from.and_then(|from| TreePath::from_bytes(from).ok());
    Some(GitChange { path, from, staged, unstaged })
}

const fn what(letter: u8) -> Option<GitWhat> {
    match letter {
        b'A' | b'C' => Some(GitWhat::Added),
        b'M' => Some(GitWhat::Modified),
        b'D' => Some(GitWhat::Deleted),
        b'R' => Some(GitWhat::Renamed),
        b'T' => Some(GitWhat::Type),
        b'U' => Some(GitWhat::Conflict),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_status_with_odd_names_is_read() {
        let output = b"# branch.oid 0123456789abcdef\0# branch.head a/b\0# branch.upstream o/b\0\
            # branch.ab +2 -13\0\
            1 M. N... 100644 100644 100644 1 2 a b\nc\0\
            1 .D N... 100644 100644 000000 1 2 caf\xe9\0\
            2 R. N... 100644 100644 100644 1 2 R100 new name\0old\n name\0\
            u UU N... 1 2 3 4 a b c both sides\0\
            ? -x \"y\"\0? nested/\0";
        let status = parse(output);
        assert_eq!(
            (status.head.as_deref(), status.branch.as_deref()),
            (Some("01234567"), Some("a/b"))
        );
        assert_eq!((status.ahead, status.behind, status.truncated), (2, 13, false));
        let shown: Vec<_> = status
            .changes
            .iter()
            .map(|it| {
                let from = it.from.as_ref().map(ToString::to_string);
                (it.path.to_string(), from, it.staged, it.unstaged)
            })
            .collect();
        use GitWhat::*;
        assert_eq!(
            shown,
            [
                ("a b\\x0ac".to_owned(), None, Some(Modified), None),
                ("caf\\xe9".to_owned(), None, None, Some(Deleted)),
                ("new name".to_owned(), Some("old\\x0a name".to_owned()), Some(Renamed), None),
                ("both sides".to_owned(), None, None, Some(Conflict)),
                ("-x \"y\"".to_owned(), None, None, Some(Untracked)),
                ("nested".to_owned(), None, None, Some(Untracked)),
            ]
        );
    }

    #[test]
    fn a_new_repository_has_no_commit_and_a_detached_one_no_branch() {
        let status = parse(b"# branch.oid (initial)\0# branch.head main\0");
        assert_eq!((status.head, status.branch.as_deref()), (None, Some("main")));
        let status = parse(b"# branch.oid 00\0# branch.head (detached)\0");
        assert_eq!((status.head.as_deref(), status.branch), (Some("00"), None));
    }

    #[test]
    fn a_list_over_the_limit_is_cut_and_nonsense_passed_over() {
        let mut output = b"nonsense\01 M.\0? ../x\0".to_vec();
        for number in 0..=GIT_CHANGES_MAX {
            output.extend(format!("? f{number}\0").into_bytes());
        }
        let status = parse(&output);
        assert_eq!((status.changes.len(), status.truncated), (GIT_CHANGES_MAX, true));
    }
}
