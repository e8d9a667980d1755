// SPDX-License-Identifier: Apache-2.0
//! Files inside of shown toolchains in which people keep passwords and tokens.
//!
//! A toolchain is shown whole, because nobody can list what it needs. What package
//! managers are configured with lies in places that are known, and nothing that runs
//! without a network needs it, so an empty file is laid over each.
//!
//! Source: the manuals of pip ("Configuration Files"), npm ("npmrc"), Maven ("Settings
//! Reference"), conda (".condarc"), Gradle ("Gradle properties").
//!
//! Invariant: a file is covered under the name that a command would use, and never
//! anything outside of the shown directory.

use std::path::{Path, PathBuf};

use crate::limits::COVERED_NAMES_MAX;
use crate::wire::Entry;

/// The covers over the secrets in `from`, a directory of the host that is shown at `at`.
pub(crate) fn covers(from: &Path, at: &Path) -> Vec<Entry> {
    let mut found = Vec::new();
    for pattern in FILES {
        expand(from, PathBuf::new(), pattern, &mut found);
    }
    found.sort();
    found.dedup();
    found.iter().map(|name| Entry::Cover { at: at.join(name).into(), text: empty(name) }).collect()
}

/// What is empty in the language of a file. Maven takes no file of settings without any.
fn empty(name: &Path) -> String {
    match name.extension() {
        Some(extension) if extension == "xml" => "<settings/>\n".to_owned(),
        Some(_) | None => String::new(),
    }
}

/// Adds the regular files below `from` that a pattern names; `*` is any one directory.
fn expand(from: &Path, name: PathBuf, pattern: &str, found: &mut Vec<PathBuf>) {
    let Some((first, rest)) = pattern.split_once('/') else {
        let name = name.join(pattern);
        // A link is followed by its own name's owner: only what lies here is covered.
        if from.join(&name).symlink_metadata().is_ok_and(|stat| stat.is_file()) {
            found.push(name);
        }
        return;
    };
    if first != "*" {
        if is_directory(&from.join(&name).join(first)) {
            expand(from, name.join(first), rest, found);
        }
        return;
    }
    let Ok(entries) = from.join(&name).read_dir() else {
        return;
    };
    for entry in entries.take(COVERED_NAMES_MAX).flatten() {
        if entry.file_type().is_ok_and(|kind| kind.is_dir()) {
            expand(from, name.join(entry.file_name()), rest, found);
        }
    }
}

fn is_directory(path: &Path) -> bool {
    path.symlink_metadata().is_ok_and(|stat| stat.is_dir())
}

/// Names below a shown directory: of a toolchain itself, or of the versions in it.
const FILES: &[&str] = &[
    ".condarc",
    ".netrc",
    ".npmrc",
    ".pypirc",
    "condarc",
    "conf/settings-security.xml",
    "conf/settings.xml",
    "credentials",
    "credentials.toml",
    "etc/npmrc",
    "etc/pip.conf",
    "gradle.properties",
    "lib/node_modules/npm/.npmrc",
    "lib/node_modules/npm/npmrc",
    "npmrc",
    "pip.conf",
    "settings-security.xml",
    "settings.xml",
    "*/pip.conf",
    "envs/*/.condarc",
    "envs/*/pip.conf",
    "installs/*/*/conf/settings.xml",
    "installs/*/*/etc/npmrc",
    "installs/*/*/pip.conf",
    "maven/*/conf/settings.xml",
    "node-versions/*/installation/etc/npmrc",
    "tools/image/node/*/etc/npmrc",
    "venvs/*/pip.conf",
    "versions/*/etc/npmrc",
    "versions/*/pip.conf",
    "versions/node/*/etc/npmrc",
    "versions/node/*/lib/node_modules/npm/npmrc",
];
