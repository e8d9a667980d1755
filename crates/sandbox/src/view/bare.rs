// SPDX-License-Identifier: Apache-2.0
//! What a session sees where it has no mounts of its own: rules over the host's names.
//!
//! The same places as in the usual view, as far as they exist by themselves. The home
//! and the temporary directory are directories of the session; in the home, links lead
//! to the toolchains and caches, which are read-only here. Nothing stands in the place
//! of `/tmp`, `/dev/shm`, terminals and the processes in `/proc`: they are closed.
//!
//! Invariant: the private places are made anew, by names that no command ever had.

use std::ffi::OsString;
use std::io;
use std::path::{Path, PathBuf};

use moat_base::remove_files;
use rustix::fs::{CWD, Mode};

use crate::footing::Footing;
use crate::view::{exists, real, system, toolchain};
use crate::wire::{Entry, HolderPlan, LocalSockets};
use crate::{Error, Plan, Settings};

/// The places of a session that stand for others.
#[derive(Clone, Debug)]
pub(crate) struct Places {
    pub(crate) tree: PathBuf,
    pub(crate) home: PathBuf,
    pub(crate) temporary: PathBuf,
}

impl Places {
    /// The places in the session's `upper` and `work` directories.
    pub(crate) fn of(upper: &Path, work: &Path) -> Self {
        Self { tree: real(upper), home: real(work).join("home"), temporary: real(work).join("tmp") }
    }
}

/// Compiles the rules of a session, and makes its private places.
pub(crate) fn compile(
    settings: &Settings,
    plan: &Plan,
    places: &Places,
    extra: &[(PathBuf, PathBuf)],
) -> Result<HolderPlan, Error> {
    let failed = |source| Error::Start { step: "making the private places".to_owned(), source };
    let private = Mode::RWXU;
    for place in [&places.home, &places.temporary] {
        // A link that a command left in there leads nowhere any more.
        remove_files(place).map_err(failed)?;
        rustix::fs::mkdirat(CWD, place, private).map_err(|errno| failed(errno.into()))?;
    }
    let mut readable = system();
    for entry in toolchain::entries(settings, &plan.root, &plan.reads) {
        show(settings, &places.home, entry, &mut readable).map_err(failed)?;
    }
    readable.extend(extra.iter().map(|(from, _at)| real(from).into()));
    let writable = [&places.tree, &places.home, &places.temporary];
    Ok(HolderPlan {
        footing: Footing::bare(),
        entries: Vec::new(),
        readable,
        devices: devices(),
        writable: writable.map(|place| place.clone().into()).to_vec(),
        workspace: places.tree.clone().into(),
        local_sockets: LocalSockets::PairsOnly,
        without: plan.without.clone(),
    })
}

/// Compiles the rules of a service.
pub(crate) fn compile_service(program: &Path, read: &[PathBuf]) -> HolderPlan {
    let mut readable = system();
    for path in std::iter::once(program).chain(read.iter().map(PathBuf::as_path)) {
        readable.push(real(path).into());
    }
    HolderPlan {
        footing: Footing::bare(),
        entries: Vec::new(),
        readable,
        devices: devices(),
        writable: Vec::new(),
        workspace: OsString::from("/"),
        local_sockets: LocalSockets::PairsOnly,
        without: Vec::new(),
    }
}

fn system() -> Vec<OsString> {
    let mut readable: Vec<OsString> = system::places()
        .map(PathBuf::from)
        .filter(|path| exists(path))
        .map(|path| real(&path).into())
        .collect();
    readable.sort();
    readable.dedup();
    readable
}

fn devices() -> Vec<OsString> {
    let names = ["/dev/null", "/dev/zero", "/dev/full", "/dev/random", "/dev/urandom"];
    names.into_iter().filter(|name| exists(Path::new(name))).map(OsString::from).collect()
}

/// Allows reading a toolchain, and names it in the private home as it is named in the real one.
fn show(
    settings: &Settings,
    home: &Path,
    entry: Entry,
    readable: &mut Vec<OsString>,
) -> io::Result<()> {
    match entry {
        Entry::Overlay { lowers, at, .. } => {
            let Some(from) = lowers.into_iter().next() else {
                return Ok(());
            };
            if let Ok(inner) = Path::new(&at).strip_prefix(&settings.home) {
                let name = home.join(inner);
                directories(home, inner)?;
                match rustix::fs::symlinkat(&from, CWD, &name) {
                    // A part of it is there under the same name already.
                    Ok(()) | Err(rustix::io::Errno::EXIST) => {}
                    Err(errno) => return Err(errno.into()),
                }
            }
            readable.push(from);
        }
        Entry::Text { at, text } => {
            if let Ok(inner) = Path::new(&at).strip_prefix(&settings.home) {
                use std::os::unix::fs::OpenOptionsExt as _;
                #[expect(clippy::disallowed_methods, reason = "a new file of the private home")]
                let file = std::fs::OpenOptions::new()
                    .write(true)
                    .create_new(true)
                    .mode(0o600)
                    .open(home.join(inner))?;
                io::Write::write_all(&mut &file, text.as_bytes())?;
            }
        }
        Entry::Directory { .. }
        | Entry::Link { .. }
        | Entry::Copy { .. }
        | Entry::Bind { .. }
        | Entry::Memory { .. }
        | Entry::Terminals { .. }
        | Entry::Cover { .. } => {}
    }
    Ok(())
}

/// Makes the directories above `inner`.
fn directories(home: &Path, inner: &Path) -> io::Result<()> {
    match inner.parent() {
        Some(parent) => std::fs::create_dir_all(home.join(parent)),
        None => Ok(()),
    }
}
