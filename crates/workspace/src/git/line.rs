// SPDX-License-Identifier: Apache-2.0
//! Reads what `git log` and `git blame --porcelain` print.
//!
//! Invariant: text of a repository is made safe to show.

use std::collections::HashMap;

use moat_base::visible;
use moat_protocol::workspace::{Blame, GitCommit};

/// The fields of a commit, each ended by NUL as `-z` ends a commit.
pub(super) const FORMAT: &str = "--format=%H%x00%an%x00%at%x00%s";

pub(super) fn commits(output: &[u8]) -> Vec<GitCommit> {
    let fields: Vec<&[u8]> = output.split(|byte| *byte == 0).collect();
    let commits = fields.chunks_exact(4).filter_map(|fields| {
        let [id, author, time, subject] = fields else { return None };
        Some(GitCommit {
            id: id_of(id)?,
            subject: shown(subject),
            author: shown(author),
            time_s: str::from_utf8(time).ok()?.parse().ok()?,
        })
    });
    commits.collect()
}

pub(super) fn blame(output: &[u8]) -> Vec<Blame> {
    let mut commits: HashMap<String, GitCommit> = HashMap::new();
    let mut runs: Vec<(String, u32, u32)> = Vec::new();
    for line in output.split(|byte| *byte == b'\n') {
        // The text of the line itself.
        if line.first() == Some(&b'\t') {
            continue;
        }
        let (key, value) = match line.iter().position(|byte| *byte == b' ') {
            Some(end) => {
                (line.get(..end).unwrap_or_default(), line.get(end + 1..).unwrap_or_default())
            }
            None => (line, b"".as_slice()),
        };
        if let Some(id) = id_of(key) {
            let final_line =
                str::from_utf8(value).ok().and_then(|it| it.split(' ').nth(1)?.parse().ok());
            let Some(number) = final_line else { continue };
            commits.entry(id.clone()).or_insert_with(|| GitCommit {
                id: id.clone(),
                subject: String::new(),
                author: String::new(),
                time_s: 0,
            });
            match runs.last_mut() {
                Some((last, from, lines)) if *last == id && *from + *lines == number => *lines += 1,
                _ => runs.push((id, number, 1)),
            }
            continue;
        }
        let Some((id, ..)) = runs.last() else { continue };
        let Some(commit) = commits.get_mut(id) else { continue };
        match key {
            b"author" => commit.author = shown(value),
            b"author-time" => {
                let time = str::from_utf8(value).ok().and_then(|text| text.parse().ok());
                commit.time_s = time.unwrap_or_default();
            }
            b"summary" => commit.subject = shown(value),
            _ => {}
        }
    }
    let runs = runs.into_iter().map(|(id, line, lines)| {
        let is_committed = id.bytes().any(|byte| byte != b'0');
        let commit = if is_committed { commits.get(&id).cloned() } else { None };
        Blame { line, lines, commit }
    });
    runs.collect()
}

/// An id as git prints it: of SHA-1 or SHA-256, in hexadecimal.
fn id_of(bytes: &[u8]) -> Option<String> {
    let is_id = matches!(bytes.len(), 40 | 64) && bytes.iter().all(u8::is_ascii_hexdigit);
    is_id.then(|| String::from_utf8_lossy(bytes).into_owned())
}

fn shown(bytes: &[u8]) -> String {
    visible(&String::from_utf8_lossy(bytes)).replace(['\n', '\t'], " ")
}

#[cfg(test)]
mod tests {
    use super::*;

    const ONE: &str = "1111111111111111111111111111111111111111";
    const NONE: &str = "0000000000000000000000000000000000000000";

    #[test]
    fn commits_are_read_and_made_safe() {
        let output = format!("{ONE}\0A \u{1b}B\0-12\0a subject\0{ONE}\0C\01700000000\0\0");
        let commits = commits(output.as_bytes());
        assert_eq!(commits.len(), 2);
        assert_eq!((commits[0].author.as_str(), commits[0].time_s), ("A <U+001B>B", -12));
        assert_eq!(commits[1].subject, "");
        assert!(super::commits(b"").is_empty());
    }

    #[test]
    fn lines_of_one_commit_beside_each_other_are_one_run() {
        let output = format!(
            "{ONE} 1 1 2\nauthor A B\nauthor-time 12\nsummary s t\nfilename f\n\tx\n\
             {ONE} 2 2\n\t{ONE} 9 9\n{NONE} 3 3 1\nauthor Not Committed Yet\nauthor-time 13\n\tz\n\
             {ONE} 3 4 1\n\tw\n"
        );
        let read = blame(output.as_bytes());
        let runs: Vec<_> = read.iter().map(|it| (it.line, it.lines)).collect();
        assert_eq!(runs, [(1, 2), (3, 1), (4, 1)]);
        let commit = read[0].commit.as_ref().unwrap();
        assert_eq!(
            (commit.author.as_str(), commit.subject.as_str(), commit.time_s),
            ("A B", "s t", 12)
        );
        assert_eq!(read[1].commit, None);
        assert_eq!(read[2].commit, read[0].commit);
    }
}
