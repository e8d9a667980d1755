// SPDX-License-Identifier: Apache-2.0
//! The toolchains and dependency caches that a session sees.
//!
//! Toolchains are read-only; caches take changes in memory, so that an offline build
//! that unpacks or indexes works and the user's cache stays as it is. Both lie under
//! an overlay: its inodes are its own, so no socket in them leads to the host.
//! Directories are listed so narrowly that credential files beside them (`.cargo/credentials.toml`,
//! `.m2/settings.xml`, `.npmrc`, `.gradle/gradle.properties`) stay outside; those inside
//! are covered by [`secret`].
//!
//! Invariant: a directory that holds the home, the workspace or a hidden place is
//! never shown.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use crate::Settings;
use crate::view::{real, secret, system};
use crate::wire::{Entry, Missing, Upper};

/// The overlays of toolchains and caches that exist on this machine; `reads` are shown beside.
pub(crate) fn entries(settings: &Settings, workspace: &Path, reads: &[PathBuf]) -> Vec<Entry> {
    let hidden = settings.hidden.iter().flat_map(|hidden| [hidden.clone(), real(hidden)]);
    let mut shown = Shown {
        workspace,
        homes: [settings.home.clone(), real(&settings.home)],
        hidden: hidden.collect(),
        places: BTreeSet::new(),
        entries: Vec::new(),
    };
    for (name, changes) in HOME {
        shown.add(&settings.home.join(name), *changes);
    }
    for (variable, inner) in VARIABLES {
        for (name, value) in &settings.environment {
            let place = PathBuf::from(value);
            if name == variable && place.is_absolute() {
                for (inner, changes) in *inner {
                    shown.add(&place.join(inner), *changes);
                }
            }
        }
    }
    for directory in settings.path.iter().chain(&settings.read_only) {
        if directory.is_absolute() {
            shown.add(&package(directory, settings), Changes::None);
        }
    }
    for directory in reads {
        shown.add(directory, Changes::None);
    }
    let gitconfig = settings.home.join(".gitconfig");
    shown.entries.push(Entry::Text { at: gitconfig.into(), text: GITCONFIG.to_owned() });
    shown.entries
}

/// What becomes of changes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Changes {
    /// They are refused.
    None,
    /// They live in memory as long as the session.
    Memory,
}

struct Shown<'a> {
    workspace: &'a Path,
    /// The home by its name and as it really is; looked up once.
    homes: [PathBuf; 2],
    /// The hidden places in the same way.
    hidden: Vec<PathBuf>,
    places: BTreeSet<PathBuf>,
    entries: Vec<Entry>,
}

impl Shown<'_> {
    fn add(&mut self, path: &Path, changes: Changes) {
        // A link is resolved here, once; the program's name for it is kept.
        let Ok(resolved) = path.canonicalize() else {
            return;
        };
        if !resolved.is_dir() || self.excluded(&resolved) || self.excluded(path) {
            return;
        }
        self.show(&resolved, path, changes);
        if resolved != path {
            self.show(&resolved, &resolved, changes);
        }
    }

    fn show(&mut self, from: &Path, at: &Path, changes: Changes) {
        let known = system::shows(at) || self.places.iter().any(|place| at.starts_with(place));
        if known {
            return;
        }
        self.places.insert(at.to_owned());
        self.entries.push(Entry::Overlay {
            lowers: vec![from.into()],
            upper: match changes {
                Changes::None => Upper::None,
                Changes::Memory => Upper::Memory,
            },
            at: at.into(),
            identity: None,
            missing: Missing::Skip,
        });
        match changes {
            Changes::None => self.entries.extend(secret::covers(from, at)),
            // What was fetched, by others for everybody.
            Changes::Memory => {}
        }
    }

    fn excluded(&self, path: &Path) -> bool {
        self.homes.iter().any(|home| home.starts_with(path))
            || self.workspace.starts_with(path)
            || path.starts_with(self.workspace)
            || self.hidden.iter().any(|hidden| hidden.starts_with(path) || path.starts_with(hidden))
            || NEVER.iter().any(|place| path.starts_with(place))
            || AROUND.iter().any(|place| Path::new(place).starts_with(path))
    }
}

/// The directory to show for one of `PATH`: outside the home a `bin` comes with
/// the package around it, inside it comes alone.
fn package(directory: &Path, settings: &Settings) -> PathBuf {
    let is_bin = directory.file_name().is_some_and(|name| name == "bin" || name == "sbin");
    match directory.parent() {
        Some(parent)
            if is_bin
                && parent.components().count() > 2
                && !directory.starts_with(&settings.home) =>
        {
            parent.to_owned()
        }
        _ => directory.to_owned(),
    }
}

/// A neutral identity for commits inside, and no suspicion about who owns the workspace.
const GITCONFIG: &str = "[user]\n\tname = user\n\temail = user@localhost\n\
                         [safe]\n\tdirectory = *\n[init]\n\tdefaultBranch = main\n";

/// Never shown from a path list, whatever it says.
const NEVER: [&str; 6] = ["/proc", "/sys", "/dev", "/run", "/etc", "/boot"];

/// Never shown whole.
const AROUND: [&str; 6] = ["/home", "/root", "/opt", "/var/lib", "/srv", "/mnt"];

type Inner = &'static [(&'static str, Changes)];

/// Variables that name a toolchain, and what of it is shown.
const VARIABLES: &[(&str, Inner)] = &[
    (
        "CARGO_HOME",
        &[("bin", Changes::None), ("registry", Changes::Memory), ("git", Changes::Memory)],
    ),
    ("RUSTUP_HOME", &[("", Changes::None)]),
    ("PYENV_ROOT", &[("", Changes::None)]),
    ("JAVA_HOME", &[("", Changes::None)]),
    ("GOROOT", &[("", Changes::None)]),
    ("GOPATH", &[("bin", Changes::None), ("pkg/mod", Changes::Memory)]),
    ("NVM_DIR", &[("", Changes::None)]),
    ("VOLTA_HOME", &[("", Changes::None)]),
    ("VIRTUAL_ENV", &[("", Changes::None)]),
    ("CONDA_PREFIX", &[("", Changes::None)]),
    ("M2_HOME", &[("", Changes::None)]),
    ("MAVEN_HOME", &[("", Changes::None)]),
];

/// Toolchains and caches below the home. A longer path comes after a shorter one that holds it.
const HOME: &[(&str, Changes)] = &[
    (".asdf", Changes::None),
    (".bun/bin", Changes::None),
    (".bun/install/cache", Changes::Memory),
    (".cache/coursier", Changes::Memory),
    (".cache/deno", Changes::Memory),
    (".cache/go-build", Changes::Memory),
    (".cache/pip", Changes::Memory),
    (".cache/pypoetry", Changes::Memory),
    (".cache/uv", Changes::Memory),
    (".cache/yarn", Changes::Memory),
    (".cargo/bin", Changes::None),
    (".cargo/git", Changes::Memory),
    (".cargo/registry", Changes::Memory),
    (".ccache", Changes::Memory),
    (".deno/bin", Changes::None),
    (".dotnet/host", Changes::None),
    (".dotnet/sdk", Changes::None),
    (".dotnet/shared", Changes::None),
    (".dotnet/tools", Changes::None),
    (".elan", Changes::None),
    (".gem/ruby", Changes::None),
    (".ghcup", Changes::None),
    (".gradle/caches", Changes::Memory),
    (".gradle/wrapper", Changes::Memory),
    (".ivy2/cache", Changes::Memory),
    (".jdks", Changes::None),
    (".jenv", Changes::None),
    (".juliaup", Changes::None),
    (".local/bin", Changes::None),
    (".local/lib", Changes::None),
    (".local/pipx", Changes::None),
    (".local/share/fnm", Changes::None),
    (".local/share/mise", Changes::None),
    (".local/share/pipx", Changes::None),
    (".local/share/pnpm", Changes::Memory),
    (".local/share/uv/python", Changes::None),
    (".local/share/uv/tools", Changes::None),
    (".m2/repository", Changes::Memory),
    (".m2/wrapper", Changes::Memory),
    (".nodenv", Changes::None),
    (".npm/_cacache", Changes::Memory),
    (".nuget/packages", Changes::Memory),
    (".nvm", Changes::None),
    (".pyenv", Changes::None),
    (".rbenv", Changes::None),
    (".rustup", Changes::None),
    (".sdkman/candidates", Changes::None),
    (".stack/programs", Changes::None),
    (".volta", Changes::None),
    (".yarn/berry/cache", Changes::Memory),
    ("go/bin", Changes::None),
    ("go/pkg/mod", Changes::Memory),
];
