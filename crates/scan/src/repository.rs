// SPDX-License-Identifier: Apache-2.0
//! When git takes a directory for a repository.
//!
//! Git runs programs that a repository's `config` names for whoever asks it something inside.
//! Such a directory can come together over several keeps, none of which shows it whole, and
//! its parts may lie in different layers. So names are counted wherever they come from.
//!
//! Source: `is_git_directory` in git's setup.c; gitrepository-layout(5).
//!
//! Invariant: a name counts in any spelling that a file system may fold, and one layer
//! cannot take away what another has.

use std::collections::BTreeSet;

use crate::fold::fold_name;

/// The names at the top of a bare repository, in small letters.
const NAMES: [&str; 14] = [
    "head",
    "commondir",
    "config",
    "config.worktree",
    "gitdir",
    "hooks",
    "index",
    "info",
    "logs",
    "modules",
    "objects",
    "packed-refs",
    "refs",
    "worktrees",
];

/// The names by which a directory is told to be a repository, or a part of one.
pub const MARKS: [&[u8]; 4] = [b"HEAD", b"commondir", b"objects", b"refs"];

/// The sections of git's configuration that name programs, other files or other places.
const SECTIONS: [&str; 29] = [
    "alias",
    "branch",
    "browser",
    "core",
    "credential",
    "diff",
    "difftool",
    "extensions",
    "fetch",
    "filter",
    "gpg",
    "guitool",
    "http",
    "imap",
    "include",
    "includeif",
    "init",
    "interactive",
    "man",
    "merge",
    "mergetool",
    "pager",
    "protocol",
    "receive",
    "remote",
    "sendemail",
    "submodule",
    "uploadpack",
    "url",
];

/// The marks that a directory has.
#[derive(Debug, Default)]
pub struct Marks {
    names: BTreeSet<String>,
}

impl Marks {
    /// Notes a name; one that is no mark changes nothing.
    pub fn note(&mut self, name: &[u8]) {
        if is_mark(name) {
            self.names.insert(folded(name));
        }
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.names.is_empty()
    }

    /// Whether git takes a directory with these for a repository, alone or with another one
    /// that its `commondir` names: `HEAD` and one of the others, or both places of its data.
    #[must_use]
    pub fn are_of_a_repository(&self) -> bool {
        let (objects, refs) = (self.has("objects"), self.has("refs"));
        (objects && refs) || (self.has("head") && (objects || refs || self.has("commondir")))
    }

    /// Whether they are all that a repository needs. Projects may have directories of these
    /// names at their root, so there all of them have to be there.
    #[must_use]
    pub fn are_whole(&self) -> bool {
        let has_data = self.has("objects") && self.has("refs");
        self.has("head") && (has_data || self.has("commondir"))
    }

    fn has(&self, name: &str) -> bool {
        self.names.contains(name)
    }
}

/// Whether a name is a mark.
#[must_use]
pub fn is_mark(name: &[u8]) -> bool {
    let name = folded(name);
    MARKS.iter().any(|mark| name.as_bytes().eq_ignore_ascii_case(mark))
}

/// Whether a name is one at the top of a bare repository.
#[must_use]
pub fn is_at_top(name: &[u8]) -> bool {
    NAMES.contains(&folded(name).as_str())
}

/// Whether a name is that of git's configuration.
#[must_use]
pub fn is_config(name: &[u8]) -> bool {
    matches!(folded(name).as_str(), "config" | "config.worktree")
}

/// Whether a text has a section of git's configuration that acts.
#[must_use]
pub fn configures(bytes: &[u8]) -> bool {
    let text = String::from_utf8_lossy(bytes).to_lowercase();
    // Several may stand in one line.
    text.split('[').skip(1).any(|rest| {
        let is_part = |letter: char| letter.is_alphanumeric() || letter == '-';
        let rest = rest.trim_start();
        let name = rest.split(|letter| !is_part(letter)).next().unwrap_or_default();
        SECTIONS.contains(&name)
    })
}

fn folded(name: &[u8]) -> String {
    fold_name(&String::from_utf8_lossy(name))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sections_that_act_are_found_wherever_they_stand() {
        for text in ["[core]\nx", "\u{feff}[CORE]", "a=b\n  [filter \"x\"]", "[a][include]p=x"] {
            assert!(configures(text.as_bytes()), "{text:?}");
        }
        for text in ["", "core = 1\n", "[default]\nregion = x\n", "[corel]\n", "list = [1, 2]\n"] {
            assert!(!configures(text.as_bytes()), "{text:?}");
        }
    }
}
