// SPDX-License-Identifier: Apache-2.0
//! Compiles settings and a plan to the list of what a session sees.
//!
//! The list is an allow-list: the system's programs and libraries, a few files of
//! `/etc`, the toolchains, the workspace, and private empty places for the rest.
//! It looks at the host, but changes nothing.
//!
//! Invariant: nothing of the home appears but what [`toolchain`] lists, and never
//! one of [`Settings::hidden`].

pub(crate) mod bare;
pub(crate) mod secret;
pub(crate) mod system;
pub(crate) mod toolchain;

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use moat_files::copy;

use crate::footing::{Base, Footing, ProcessList};
use crate::inside::{FACTS, exec, hold};
use crate::limits::private_bytes;
use crate::plan::{Layer, Purpose, Writes};
use crate::seccomp::{self, Families, Programs};
use crate::wire::{Access, Entry, HolderPlan, Identity, LocalSockets, Missing, Upper};
use crate::{Error, Files, Plan, Settings, landlock};

/// Compiles the plan of a session's holder. `extra` are further files of the host
/// to show at other places.
pub(crate) fn compile(
    settings: &Settings,
    plan: &Plan,
    extra: &[(PathBuf, PathBuf)],
    footing: &Footing,
) -> Result<HolderPlan, Error> {
    check(settings, plan)?;
    let mut entries = system::entries();
    entries.extend(system::identity(&settings.home));
    entries.push(Entry::Memory {
        at: settings.home.clone().into(),
        bytes_max: private_bytes(),
        mode: 0o755,
    });
    entries.extend(toolchain::entries(settings, &plan.root, &plan.reads));
    for (from, at) in extra {
        entries.push(bind(from, at, Access::Read, Missing::Refuse));
    }
    entries.extend(workspace(plan)?);
    let mut writable: Vec<OsString> =
        ["/tmp", "/var/tmp", "/run", "/dev/shm"].map(OsString::from).to_vec();
    writable.push(settings.home.clone().into());
    match plan.files {
        Files::ReadOnly | Files::Repository(Writes::Nothing) => {}
        Files::Repository(Writes::Store) => writable.push(plan.root.join(".git").into()),
        Files::CopyOnWrite { .. } | Files::Direct | Files::Repository(Writes::Everything) => {
            writable.push(plan.root.clone().into());
        }
    }
    entries.extend(facts(footing));
    Ok(HolderPlan {
        footing: footing.clone(),
        entries,
        readable: vec![OsString::from("/")],
        devices: vec![OsString::from("/dev")],
        writable,
        workspace: plan.root.clone().into(),
        local_sockets: match plan.files {
            Files::CopyOnWrite { .. } | Files::ReadOnly => LocalSockets::Allowed,
            Files::Direct | Files::Repository(_) => LocalSockets::PairsOnly,
        },
        without: plan.without.clone(),
    })
}

/// Whether the workspace may be one.
pub(crate) fn check(settings: &Settings, plan: &Plan) -> Result<(), Error> {
    match plan.purpose {
        Purpose::Workspace => check_workspace(settings, plan),
        Purpose::Probe => Ok(()),
    }
}

/// Where processes cannot be listed apart, `/proc` says something about the machine only.
fn facts(footing: &Footing) -> Vec<Entry> {
    match footing.process_list {
        ProcessList::Own => Vec::new(),
        ProcessList::Absent => {
            let facts = FACTS.iter().map(Path::new);
            facts.map(|fact| bind(fact, fact, Access::Read, Missing::Skip)).collect()
        }
    }
}

/// Compiles the view of a sealed service: the system, its own program, and `read`.
pub(crate) fn compile_service(program: &Path, read: &[PathBuf], footing: &Footing) -> HolderPlan {
    if footing.base == Base::None {
        return bare::compile_service(program, read);
    }
    let mut entries = system::entries();
    entries.extend(system::identity(Path::new("/home")));
    for path in std::iter::once(program).chain(read.iter().map(PathBuf::as_path)) {
        if !path.starts_with("/usr") {
            entries.push(bind(&real(path), path, Access::Read, Missing::Refuse));
        }
    }
    entries.extend(facts(footing));
    HolderPlan {
        footing: footing.clone(),
        entries,
        readable: vec![OsString::from("/")],
        devices: vec![OsString::from("/dev")],
        writable: ["/tmp", "/dev/shm"].map(OsString::from).to_vec(),
        workspace: OsString::from("/tmp"),
        local_sockets: LocalSockets::Allowed,
        without: Vec::new(),
    }
}

/// A workspace must be a place of its own: not the system, not the home, and
/// neither around nor inside what must stay hidden.
fn check_workspace(settings: &Settings, plan: &Plan) -> Result<(), Error> {
    let root = &plan.root;
    let refuse = |reason| Err(Error::Workspace { path: root.clone(), reason });
    if settings.home.starts_with(root) || real(&settings.home).starts_with(root) {
        return refuse("it holds your whole home directory");
    }
    for hidden in settings.hidden.iter().flat_map(|place| [place.clone(), real(place)]) {
        if hidden.starts_with(root) {
            return refuse("it holds Moat's own files");
        }
        if root.starts_with(&hidden) {
            return refuse("it lies among Moat's own files");
        }
    }
    if ["/proc", "/sys", "/dev", "/run"].iter().any(|place| root.starts_with(place)) {
        return refuse("it lies in a place that the kernel makes up");
    }
    let system = ["/usr", "/etc", "/var", "/tmp", "/lib", "/bin", "/home", "/opt"];
    if system.iter().any(|place| Path::new(place).starts_with(root)) {
        return refuse("it is a directory of the system");
    }
    Ok(())
}

/// Everything that [`crate::Layer::parts`] names.
pub(crate) fn parts(plan: &Plan, settings: &Settings) -> Result<Vec<(Layer, String)>, Error> {
    let compiled = compile(settings, plan, &[], &Footing::full())?;
    let mut parts: Vec<(Layer, String)> =
        WHOLE.iter().map(|(layer, name)| (*layer, (*name).to_owned())).collect();
    for (place, entry) in (0..).zip(&compiled.entries) {
        if let Some(at) = entry.mounted_at() {
            parts.push((Layer::MountFlags(place), format!("mount flags of {}", at.display())));
        }
    }
    for (place, name) in (0..).zip(exec::LIMITS) {
        parts.push((Layer::Limit(place), format!("limit on {name}")));
    }
    let bits = |set: u64| (0..64).filter(move |bit| set & 1 << bit != 0);
    for bit in bits(landlock::WRITE) {
        parts.push((Layer::LandlockRight(bit), format!("Landlock right {bit}")));
    }
    for bit in bits(landlock::SCOPES) {
        parts.push((Layer::LandlockScope(bit), format!("Landlock scope {bit}")));
    }
    for (place, (path, _rights)) in (0..).zip(hold::narrow(&compiled)) {
        let name = format!("Landlock rule for {}", path.display());
        parts.push((Layer::LandlockRule(place), name));
    }
    let filter = seccomp::confined(Families::InetAndLocal, Programs::Allowed);
    for (number, name) in (0..).zip(filter.weakenings()) {
        parts.push((Layer::Filter(number), format!("filter: {name}")));
    }
    Ok(parts)
}

/// The parts that are one thing each.
const WHOLE: [(Layer, &str); 18] = [
    (Layer::NetworkNamespace, "network namespace"),
    (Layer::ProcessNamespace, "process-id namespace"),
    (Layer::IpcNamespace, "ipc namespace"),
    (Layer::HostName, "uts namespace"),
    (Layer::ControlGroups, "cgroup namespace"),
    (Layer::View, "mount namespace and view"),
    (Layer::UserNamespace, "user namespace"),
    (Layer::NestingBound, "bound on nested user namespaces"),
    (Layer::Descriptors, "closing of descriptors"),
    (Layer::NoNewPrivileges, "no new privileges"),
    (Layer::Session, "session"),
    (Layer::Capabilities, "dropping of capabilities"),
    (Layer::BoundingSet, "empty bounding set"),
    (Layer::SealedProc, "read-only /proc"),
    (Layer::CoveredProc, "covers in /proc"),
    (Layer::SealedRoot, "read-only root"),
    (Layer::ClosedMemory, "closed memory of the reaper"),
    (Layer::Watches, "bound on watches"),
];

fn workspace(plan: &Plan) -> Result<Vec<Entry>, Error> {
    let stat = rustix::fs::fstat(&plan.root_fd).map_err(|errno| Error::Start {
        step: "looking at the workspace".to_owned(),
        source: errno.into(),
    })?;
    let identity = Some(Identity { device: stat.st_dev, inode: stat.st_ino });
    let at: OsString = plan.root.clone().into();
    Ok(match &plan.files {
        // A session that was begun with a copy goes on with it: the kernel does not take the
        // root of an upper for opaque, so what was deleted there would show again.
        Files::CopyOnWrite { upper, .. } if copy::kind(upper) == copy::Upper::Copy => {
            vec![bind(&real(upper), &plan.root, Access::Write, Missing::Refuse)]
        }
        Files::CopyOnWrite { lowers, upper, work } => {
            let whole = lowers.iter().position(|lower| copy::kind(lower) == copy::Upper::Copy);
            let (lowers, identity) = match whole {
                Some(index) => (lowers.get(..=index).unwrap_or_default(), None),
                None => (lowers.as_slice(), identity),
            };
            vec![Entry::Overlay {
                lowers: layers(lowers),
                upper: Upper::Directory { upper: real(upper).into(), work: real(work).into() },
                at,
                identity,
                missing: Missing::Refuse,
            }]
        }
        // An overlay without an upper: read-only, and no socket in it can be reached.
        Files::ReadOnly => vec![Entry::Overlay {
            lowers: vec![at.clone()],
            upper: Upper::None,
            at,
            identity,
            missing: Missing::Refuse,
        }],
        Files::Direct => real_tree(plan, at, identity, Access::Write, Access::Read)?,
        Files::Repository(writes) => {
            let access = |may| if may { Access::Write } else { Access::Read };
            let tree = access(*writes == Writes::Everything);
            real_tree(plan, at, identity, tree, access(*writes != Writes::Nothing))?
        }
    })
}

/// The real tree, and in it the repository's own directory with an access of its own.
fn real_tree(
    plan: &Plan,
    at: OsString,
    identity: Option<Identity>,
    tree: Access,
    store: Access,
) -> Result<Vec<Entry>, Error> {
    let git = plan.root.join(".git");
    let from = at.clone();
    let missing = Missing::Refuse;
    let mut entries = vec![Entry::Bind { from, at, access: tree, identity, missing }];
    // Where a link leads may be written, or the link itself be put elsewhere.
    if git.is_symlink() {
        return Err(Error::Workspace {
            path: plan.root.clone(),
            reason: "its `.git` is a symbolic link, which cannot be protected",
        });
    }
    if exists(&git) {
        entries.push(bind(&git, &git, store, Missing::Refuse));
    }
    Ok(entries)
}

/// The trees of an overlay. The last is the workspace, which is never looked up
/// through a link; the others are Moat's own directories.
fn layers(lowers: &[PathBuf]) -> Vec<OsString> {
    let last = lowers.len().saturating_sub(1);
    lowers
        .iter()
        .enumerate()
        .map(|(index, lower)| if index == last { lower.into() } else { real(lower).into() })
        .collect()
}

/// A path of the user's or of Moat's own with its links resolved.
pub(crate) fn real(path: &Path) -> PathBuf {
    path.canonicalize().unwrap_or_else(|_missing| path.to_owned())
}

pub(crate) fn bind(from: &Path, at: &Path, access: Access, missing: Missing) -> Entry {
    Entry::Bind { from: from.into(), at: at.into(), access, identity: None, missing }
}

/// Whether something, a link included, is at `path`.
pub(crate) fn exists(path: &Path) -> bool {
    path.symlink_metadata().is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn settings(home: &Path) -> Settings {
        Settings {
            helper: PathBuf::from("/nonexistent"),
            home: home.to_owned(),
            path: Vec::new(),
            read_only: Vec::new(),
            hidden: vec![home.join(".local/state/moat")],
            memory: Vec::new(),
            environment: Vec::new(),
            least: crate::Step::Full,
        }
    }

    #[test]
    fn a_workspace_that_would_show_too_much_is_refused() {
        let scratch = tempfile::tempdir().unwrap();
        let home = scratch.path().canonicalize().unwrap().join("home");
        let state = home.join(".local/state/moat");
        let project = home.join("project");
        for directory in [&state, &project] {
            std::fs::create_dir_all(directory).unwrap();
        }
        let settings = settings(&home);
        let cases = [
            (project, true),
            (home.clone(), false),
            (home.parent().unwrap().to_owned(), false),
            (home.join(".local"), false),
            (state, false),
            (PathBuf::from("/"), false),
            (PathBuf::from("/usr"), false),
            (PathBuf::from("/proc"), false),
        ];
        for (root, accepted) in cases {
            let plan = Plan::new(&root, Files::ReadOnly).unwrap();
            assert_eq!(
                compile(&settings, &plan, &[], &Footing::full()).is_ok(),
                accepted,
                "{}",
                root.display()
            );
        }
    }
}
