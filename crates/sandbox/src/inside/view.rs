// SPDX-License-Identifier: Apache-2.0
//! Builds the root that commands see, and leaves the host's behind.
//!
//! All sources are opened first, by name and without following links; then the new
//! root is mounted and filled from those descriptors alone; then it becomes the
//! root and the host's is unmounted. What is not in the plan's list does not exist.
//!
//! Invariant: no name of the host is looked up after the first mount.

use std::ffi::{OsStr, OsString};
use std::io;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::path::Path;

use rustix::fs::{Mode, OFlags, ResolveFlags};
use rustix::mount::{MountAttrFlags, UnmountFlags};

use crate::footing::ProcessList;
use crate::limits::{
    ETC_FILE_BYTES_MAX, LOWER_TREES_MAX, PRIVATE_BYTES_PER_FILE, PRIVATE_FILES_MAX,
    SKELETON_BYTES_MAX, private_bytes,
};
use crate::mount::{self, NODEV, NOSUID, RDONLY};
use crate::plan::Layer;
use crate::wire::{Access, During, Entry, Fault, HolderPlan, Identity, Missing, Upper};

/// An entry whose sources are open.
enum Opened<'a> {
    Plain(&'a Entry),
    Copied { at: &'a OsStr, bytes: Vec<u8> },
    Bound { at: &'a OsStr, source: OwnedFd, access: Access },
    Laid { at: &'a OsStr, lowers: Vec<OwnedFd>, upper: OpenedUpper, missing: Missing },
}

impl Opened<'_> {
    /// Whether it is a part of `/proc` where there is no list of processes.
    fn is_fact(&self) -> bool {
        matches!(self, Self::Bound { at, .. } if Path::new(at).starts_with("/proc"))
    }
}

enum OpenedUpper {
    None,
    Memory,
    Directory { upper: OwnedFd, work: OwnedFd },
}

/// Cuts every mount off from the host's and leaves them as they are, for a test without a view.
pub(super) fn detach() -> io::Result<()> {
    mount::detach_from_host(mount::source("/".as_ref(), None)?.as_fd())
}

/// Builds the root and enters it. Tells what was left out.
pub(super) fn build(plan: &HolderPlan) -> Result<Vec<String>, Fault> {
    let host = mount::source("/".as_ref(), None).during("opening the host's root")?;
    mount::detach_from_host(host.as_fd()).during("cutting mounts off from the host")?;
    let mut notes = Vec::new();
    let mut opened = Vec::new();
    for entry in &plan.entries {
        match open(entry) {
            Ok(one) => opened.push(one),
            Err(left_out) => notes.push(left_out?),
        }
    }
    let (facts, opened): (Vec<_>, Vec<_>) = opened.into_iter().partition(Opened::is_fact);
    let process_list = process_list(plan)?;
    let root = mount::memory(SKELETON_BYTES_MAX, PRIVATE_FILES_MAX, 0o755)
        .during("making the new root")?;
    let stand = mount::source("/tmp".as_ref(), None).during("opening `/tmp`")?;
    let scratch = Scratch::new()?;
    mount::attach(root.as_fd(), stand.as_fd()).during("mounting the new root")?;
    let nosuid = if plan.without.contains(&Layer::NoNewPrivileges) { 0 } else { NOSUID };
    for one in opened {
        notes.extend(apply(root.as_fd(), &scratch, one, nosuid)?);
    }
    let at = mount::directory(root.as_fd(), "proc".as_ref()).during("making `/proc`")?;
    mount::attach(process_list.as_fd(), at.as_fd()).during("mounting `/proc`")?;
    for fact in facts {
        if let Opened::Bound { at, source, access } = fact {
            let bound = bind(root.as_fd(), at, source.as_fd(), access, nosuid);
            bound.during(format!("mounting `{}`", at.display()))?;
        }
    }
    for layer in &plan.without {
        if let Layer::MountFlags(place) = layer {
            widen(root.as_fd(), plan.entries.get(usize::from(*place)))?;
        }
    }
    if !plan.without.contains(&Layer::SealedRoot) {
        mount::narrow_one(root.as_fd(), RDONLY).during("sealing the new root")?;
    }
    enter(root.as_fd())?;
    Ok(notes)
}

/// Gives one mount back all that it lacks. Only security tests ask for this.
fn widen(root: BorrowedFd<'_>, entry: Option<&Entry>) -> Result<(), Fault> {
    let Some(at) = entry.and_then(Entry::mounted_at) else {
        return Ok(());
    };
    let name = Path::new(at).strip_prefix("/").unwrap_or_else(|_relative| Path::new(at));
    let flags = OFlags::PATH | OFlags::CLOEXEC | OFlags::NOFOLLOW;
    let mount = rustix::fs::openat(root, name, flags, Mode::empty());
    match mount {
        Ok(mount) => mount::widen(mount.as_fd()).during("widening a mount"),
        // It was left out.
        Err(_missing) => Ok(()),
    }
}

fn open(entry: &Entry) -> Result<Opened<'_>, Result<String, Fault>> {
    match entry {
        Entry::Copy { from, at } => match copy_of(from) {
            Ok(bytes) => Ok(Opened::Copied { at, bytes }),
            Err(error) => Err(Ok(note(from, &error))),
        },
        Entry::Bind { from, at, access, identity, missing } => {
            Ok(Opened::Bound { at, source: find(from, *identity, *missing)?, access: *access })
        }
        Entry::Overlay { lowers, upper, at, identity, missing } => {
            if lowers.len() > LOWER_TREES_MAX {
                return Err(Err(Fault {
                    step: "counting the levels of copy-on-write".to_owned(),
                    errno: libc::E2BIG,
                }));
            }
            let last = lowers.len().saturating_sub(1);
            let mut fds = Vec::new();
            for (index, lower) in lowers.iter().enumerate() {
                // The identity is that of the real tree, which is the last.
                let identity = identity.filter(|_identity| index == last);
                fds.push(find(lower, identity, *missing)?);
            }
            let upper = match upper {
                Upper::None => OpenedUpper::None,
                Upper::Memory => OpenedUpper::Memory,
                Upper::Directory { upper, work } => OpenedUpper::Directory {
                    upper: find(upper, None, Missing::Refuse)?,
                    work: find(work, None, Missing::Refuse)?,
                },
            };
            Ok(Opened::Laid { at, lowers: fds, upper, missing: *missing })
        }
        Entry::Directory { .. }
        | Entry::Link { .. }
        | Entry::Text { .. }
        | Entry::Memory { .. }
        | Entry::Terminals { .. }
        | Entry::Cover { .. } => Ok(Opened::Plain(entry)),
    }
}

/// Opens a source; an error is a note or a fault as `missing` says.
fn find(
    path: &OsStr,
    identity: Option<Identity>,
    missing: Missing,
) -> Result<OwnedFd, Result<String, Fault>> {
    mount::source(path, identity).map_err(|error| match missing {
        Missing::Skip => Ok(note(path, &error)),
        Missing::Refuse => Err(Fault {
            step: format!("opening `{}`", path.display()),
            errno: error.raw_os_error().unwrap_or(libc::EIO),
        }),
    })
}

fn note(path: &OsStr, error: &io::Error) -> String {
    format!("`{}` was left out: {error}", path.display())
}

/// Reads a short regular file; links are followed here, since the content is all that enters.
fn copy_of(path: &OsStr) -> io::Result<Vec<u8>> {
    let flags = OFlags::RDONLY | OFlags::CLOEXEC | OFlags::NONBLOCK | OFlags::NOCTTY;
    let file = rustix::fs::open(path, flags, Mode::empty())?;
    let stat = rustix::fs::fstat(&file)?;
    let kind = rustix::fs::FileType::from_raw_mode(stat.st_mode);
    let length = u64::try_from(stat.st_size).unwrap_or(u64::MAX);
    if kind != rustix::fs::FileType::RegularFile || length > ETC_FILE_BYTES_MAX {
        return Err(io::ErrorKind::InvalidInput.into());
    }
    // With room for one byte more the end is seen by the second read.
    let mut bytes = Vec::with_capacity(usize::try_from(length).unwrap_or(0) + 1);
    let mut reader = io::Read::take(std::fs::File::from(file), ETC_FILE_BYTES_MAX);
    io::Read::read_to_end(&mut reader, &mut bytes)?;
    Ok(bytes)
}

/// The holder's own view of processes. Its being there, whole, is what lets each
/// command mount a narrower one; no command sees it.
fn process_list(plan: &HolderPlan) -> Result<OwnedFd, Fault> {
    if plan.without.contains(&Layer::ProcessNamespace) {
        let host = mount::source("/proc".as_ref(), None).during("opening `/proc`")?;
        return mount::duplicate(host.as_fd()).during("copying `/proc`");
    }
    match plan.footing.process_list {
        ProcessList::Own => mount::file_system("proc", &[], PROC).during("mounting a new `/proc`"),
        ProcessList::Absent => mount::memory(SKELETON_BYTES_MAX, PRIVATE_FILES_MAX, 0o555)
            .during("making a `/proc` without processes"),
    }
}

/// Room for the uppers of overlays whose changes are kept in memory only.
struct Scratch {
    place: OwnedFd,
}

impl Scratch {
    /// In the host's root, with which its name goes away; the overlays keep what they use.
    /// All that is wanted of the host's devices is open by now.
    const AT: &'static str = "/dev";

    fn new() -> Result<Self, Fault> {
        let memory = mount::memory(private_bytes(), PRIVATE_FILES_MAX, 0o700)
            .during("making room for changed caches")?;
        let at = mount::source(Self::AT.as_ref(), None).during("opening `/dev`")?;
        mount::attach(memory.as_fd(), at.as_fd()).during("mounting room for changed caches")?;
        Ok(Self { place: memory })
    }

    /// A file with this text; covers with the same text share one.
    fn file(&self, name: &str, text: &[u8]) -> io::Result<OwnedFd> {
        match put(self.place.as_fd(), OsStr::new(name), text) {
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
            other => other?,
        }
        mount::file(self.place.as_fd(), OsStr::new(name))
    }

    fn directory(&self, index: &str, name: &str) -> io::Result<OwnedFd> {
        mount::directory(self.place.as_fd(), format!("{index}-{name}").as_ref())
    }
}

fn apply(
    root: BorrowedFd<'_>,
    scratch: &Scratch,
    opened: Opened<'_>,
    nosuid: u64,
) -> Result<Option<String>, Fault> {
    match opened {
        Opened::Plain(Entry::Cover { at, text }) => cover(root, scratch, at, text)
            .during(format!("covering `{}`", at.display()))
            .map(|()| None),
        Opened::Plain(entry) => plain(root, entry).map(|()| None),
        Opened::Copied { at, bytes } => {
            put(root, at, &bytes).during(format!("writing `{}`", at.display())).map(|()| None)
        }
        Opened::Bound { at, source, access } => bind(root, at, source.as_fd(), access, nosuid)
            .during(format!("mounting `{}`", at.display()))
            .map(|()| None),
        Opened::Laid { at, lowers, upper, missing } => {
            match (lay(root, scratch, at, &lowers, &upper), missing) {
                (Ok(()), _) => Ok(None),
                (Err(error), Missing::Skip) => Ok(Some(note(at, &error))),
                (error @ Err(_), Missing::Refuse) => error.during(laying(at)).map(|()| None),
            }
        }
    }
}

/// The step at which an overlay is refused.
pub(crate) fn laying(at: &OsStr) -> String {
    format!("mounting the overlay at `{}`", at.display())
}

fn plain(root: BorrowedFd<'_>, entry: &Entry) -> Result<(), Fault> {
    match entry {
        Entry::Directory { at } => {
            mount::directory(root, at).during(format!("making `{}`", at.display())).map(drop)
        }
        Entry::Link { at, target } => mount::parent(root, at)
            .and_then(|(parent, name)| Ok(rustix::fs::symlinkat(target, &parent, name)?))
            .during(format!("linking `{}`", at.display())),
        Entry::Text { at, text } => {
            put(root, at, text.as_bytes()).during(format!("writing `{}`", at.display()))
        }
        Entry::Memory { at, bytes_max, mode } => {
            let files = (bytes_max / PRIVATE_BYTES_PER_FILE).min(PRIVATE_FILES_MAX);
            mount::memory(*bytes_max, files, *mode)
                .and_then(|memory| {
                    let at = mount::directory(root, at)?;
                    mount::attach(memory.as_fd(), at.as_fd())
                })
                .during(format!("mounting `{}`", at.display()))
        }
        Entry::Terminals { at } => terminals(root, at).during("mounting the terminals"),
        Entry::Copy { .. } | Entry::Bind { .. } | Entry::Overlay { .. } | Entry::Cover { .. } => {
            Ok(())
        }
    }
}

/// Lays a file over another that is shown.
fn cover(root: BorrowedFd<'_>, scratch: &Scratch, at: &OsStr, text: &str) -> io::Result<()> {
    let source = scratch.file(&format!("cover-{}", text.len()), text.as_bytes())?;
    bind(root, at, source.as_fd(), Access::Read, NOSUID)
}

fn put(root: BorrowedFd<'_>, at: &OsStr, bytes: &[u8]) -> io::Result<()> {
    let (parent, name) = mount::parent(root, at)?;
    let file = rustix::fs::openat2(
        &parent,
        name,
        OFlags::WRONLY | OFlags::CREATE | OFlags::EXCL | OFlags::CLOEXEC,
        Mode::from_raw_mode(0o644),
        ResolveFlags::BENEATH | ResolveFlags::NO_SYMLINKS,
    )?;
    io::Write::write_all(&mut std::fs::File::from(file), bytes)
}

fn bind(
    root: BorrowedFd<'_>,
    at: &OsStr,
    source: BorrowedFd<'_>,
    access: Access,
    nosuid: u64,
) -> io::Result<()> {
    let copy = mount::duplicate(source)?;
    let attributes = match access {
        Access::Read => RDONLY | nosuid | NODEV,
        Access::Write => nosuid | NODEV,
        // What is read and written through a device is no part of the mount; its mode and times
        // are, and belong to the host.
        Access::Device => RDONLY | nosuid,
    };
    mount::narrow(copy.as_fd(), attributes)?;
    let target = mount::target(root, at, source)?;
    mount::attach(copy.as_fd(), target.as_fd())
}

fn lay(
    root: BorrowedFd<'_>,
    scratch: &Scratch,
    at: &OsStr,
    lowers: &[OwnedFd],
    upper: &OpenedUpper,
) -> io::Result<()> {
    let mut layers: Vec<BorrowedFd<'_>> = lowers.iter().map(AsFd::as_fd).collect();
    let index: OsString = at.to_owned();
    let index = index.to_string_lossy().replace('/', "-");
    let empty;
    let in_memory;
    let upper = match upper {
        // An overlay without an upper must have two lowers.
        OpenedUpper::None => {
            empty = scratch.directory(&index, "empty")?;
            layers.push(empty.as_fd());
            None
        }
        OpenedUpper::Memory => {
            in_memory = (scratch.directory(&index, "upper")?, scratch.directory(&index, "work")?);
            Some((in_memory.0.as_fd(), in_memory.1.as_fd()))
        }
        OpenedUpper::Directory { upper, work } => Some((upper.as_fd(), work.as_fd())),
    };
    let laid = mount::overlay(&layers, upper)?;
    let target = mount::directory(root, at)?;
    mount::attach(laid.as_fd(), target.as_fd())
}

fn terminals(root: BorrowedFd<'_>, at: &OsStr) -> io::Result<()> {
    let options = [("newinstance", ""), ("ptmxmode", "0666"), ("mode", "0620")];
    let attributes = MountAttrFlags::MOUNT_ATTR_NOSUID | MountAttrFlags::MOUNT_ATTR_NOEXEC;
    let terminals = mount::file_system("devpts", &options, attributes)?;
    let at = mount::directory(root, at)?;
    mount::attach(terminals.as_fd(), at.as_fd())
}

/// Makes `root` the root and takes the host's away (pivot_root(2), with both places ".").
fn enter(root: BorrowedFd<'_>) -> Result<(), Fault> {
    rustix::process::fchdir(root).during("entering the new root")?;
    rustix::process::pivot_root(".", ".").during("changing the root")?;
    rustix::mount::unmount(".", UnmountFlags::DETACH).during("leaving the host's root")?;
    rustix::process::chdir("/").during("entering the new root")
}

pub(super) const PROC: MountAttrFlags = MountAttrFlags::MOUNT_ATTR_NOSUID
    .union(MountAttrFlags::MOUNT_ATTR_NODEV)
    .union(MountAttrFlags::MOUNT_ATTR_NOEXEC);
