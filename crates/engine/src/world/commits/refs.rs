// SPDX-License-Identifier: Apache-2.0
//! The refs of a repository, whoever's it is.

use std::collections::BTreeSet;

use super::git::Git;
use super::name;
use crate::limits::{GIT_LIST_BYTES_MAX, REFS_READ_MAX};
use crate::world::Setback;

/// Where a repository's refs are.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Refs {
    /// Those that lead to something.
    pub(super) refs: Vec<Ref>,
    /// The commit that is checked out.
    pub(super) head: Option<String>,
    /// The ref that is checked out; none when the head is on no branch.
    pub(super) branch: Option<String>,
}

/// A ref.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Ref {
    pub(super) name: Vec<u8>,
    pub(super) id: String,
}

impl Refs {
    /// Has git list them.
    ///
    /// # Errors
    /// As [`Git::must`].
    pub(super) fn read(git: &Git<'_>, format: Format) -> Result<Self, Setback> {
        let most = format!("--count={REFS_READ_MAX}");
        let list = ["for-each-ref", "--format=%(objectname) %(refname)", &most];
        let mut refs = parse(&git.must(&list, Vec::new(), GIT_LIST_BYTES_MAX)?, format);
        let head = git.run(&["rev-parse", "--verify", "--quiet", "HEAD"], Vec::new(), 1000)?;
        let head = name::id(head.output.trim_ascii()).filter(|_id| head.success);
        let head = head.filter(|id| id.len() == format.digits()).map(str::to_owned);
        let branch = git.run(&["symbolic-ref", "--quiet", "HEAD"], Vec::new(), 10_000)?;
        let text = String::from_utf8_lossy(branch.output.trim_ascii()).into_owned();
        let branch = branch.success.then_some(text);
        let mut ids: Vec<String> = refs.iter().map(|it| it.id.clone()).collect();
        ids.extend(head.clone());
        let here = present(git, &ids)?;
        refs.retain(|it| here.contains(&it.id));
        Ok(Self { refs, head: head.filter(|id| here.contains(id)), branch })
    }

    /// Where a ref is.
    pub(super) fn at(&self, name: &str) -> Option<&str> {
        let found = self.refs.iter().find(|it| it.name == name.as_bytes());
        found.map(|it| it.id.as_str())
    }

    /// Where all of them and the head are, each once.
    pub(super) fn ids(&self) -> Vec<String> {
        let all = self.refs.iter().map(|it| &it.id).chain(&self.head);
        all.collect::<BTreeSet<_>>().into_iter().cloned().collect()
    }

    /// The refs, and `HEAD` with what it names.
    pub(super) fn with_head(&self) -> Vec<Ref> {
        let head = self.branch.as_ref().or(self.head.as_ref());
        let head = head.map(|id| Ref { name: b"HEAD".to_vec(), id: id.clone() });
        self.refs.iter().cloned().chain(head).collect()
    }
}

/// How objects are named.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Format {
    Sha1,
    Sha256,
}

impl Format {
    /// How many hexadecimal digits an id has.
    pub(super) const fn digits(self) -> usize {
        match self {
            Self::Sha1 => 40,
            Self::Sha256 => 64,
        }
    }

    /// What `git init` is told.
    pub(super) const fn argument(self) -> &'static str {
        match self {
            Self::Sha1 => "--object-format=sha1",
            Self::Sha256 => "--object-format=sha256",
        }
    }
}

/// Those of some ids that a repository has.
pub(super) fn present(git: &Git<'_>, ids: &[String]) -> Result<BTreeSet<String>, Setback> {
    if ids.is_empty() {
        return Ok(BTreeSet::new());
    }
    let input = ids.iter().flat_map(|id| line(id)).collect();
    let list = ["cat-file", "--batch-check=%(objectname) %(objecttype)"];
    let output = git.must(&list, input, GIT_LIST_BYTES_MAX)?;
    let here = output.split(|byte| *byte == b'\n').filter_map(|row| {
        let (id, kind) = row.split_at_checked(row.iter().position(|byte| *byte == b' ')?)?;
        (kind != b" missing").then(|| name::id(id).map(str::to_owned)).flatten()
    });
    Ok(here.collect())
}

/// Reads refs that git listed, one `ID NAME` on each line.
fn parse(output: &[u8], format: Format) -> Vec<Ref> {
    let rows = output.split(|byte| *byte == b'\n');
    let refs = rows.filter_map(|row| {
        let (id, name) = row.split_at_checked(format.digits())?;
        let id = name::id(id)?.to_owned();
        Some(Ref { id, name: name.strip_prefix(b" ")?.to_vec() })
    });
    refs.collect()
}

pub(super) fn line(text: &str) -> Vec<u8> {
    format!("{text}\n").into_bytes()
}
