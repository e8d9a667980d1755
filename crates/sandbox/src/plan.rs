// SPDX-License-Identifier: Apache-2.0
//! What a sandbox may see and change, decided on the host before it starts.
//!
//! A plan is made from the user's own words and never from a file in the
//! workspace or from the model. Once made it does not change; a wider plan is a
//! new plan, and a person's decision.
//!
//! Invariant: the workspace is known by an open descriptor, so that what was
//! approved is what is mounted, whatever happens to its name.

use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::path::{Path, PathBuf};

use rustix::fs::{Mode, OFlags, ResolveFlags};

use crate::Error;

/// How the workspace appears inside.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Files {
    /// Changes go to `upper`; the real tree is never written.
    CopyOnWrite {
        /// The trees below, nearest first: frozen uppers of ancestors, the real tree last.
        lowers: Vec<PathBuf>,
        /// The directory that takes the changes. It must exist.
        upper: PathBuf,
        /// The kernel's scratch directory on the same file system. It must exist and be empty.
        work: PathBuf,
    },
    /// Changes go to the real tree; its `.git` is read-only.
    Direct,
    /// Nothing in the workspace can be changed.
    ReadOnly,
    /// The real tree as it is at every moment, for source control and language servers that a
    /// person asked for. With [`Writes::Nothing`] a program may obey what lies in the tree: it
    /// writes nothing there and reaches no socket. With any other, only one that obeys nothing
    /// in the tree may run on it.
    Repository(Writes),
}

/// What source control may change in the real tree.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Writes {
    /// Nothing.
    Nothing,
    /// The repository's own directory, `.git`.
    Store,
    /// The whole tree.
    Everything,
}

/// A protection that a security test may switch off, one at a time, to show that
/// its attack works without it.
#[doc(hidden)]
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub enum Layer {
    /// The system call filter.
    Seccomp,
    /// The Landlock domain.
    Landlock,
    /// The network namespace of each command.
    NetworkNamespace,
    /// The process-id namespace and the private `/proc`.
    ProcessNamespace,
    /// The ipc namespace of each command.
    IpcNamespace,
    /// The bound on nested user namespaces.
    NestingBound,
    /// The private home, `/tmp`, `/run` and the allow-listed root: the host's root is shown read-only.
    View,
    /// Closing every inherited descriptor.
    Descriptors,
    /// `no_new_privs` and `nosuid`.
    NoNewPrivileges,
    /// The new session, which cuts the terminal off.
    Session,
    /// Dropping the capabilities inside the user namespace.
    Capabilities,
    /// The bound on processes.
    Processes,
    /// The user namespace. Only root can do without it.
    UserNamespace,
    /// The uts namespace and the made-up name of the host.
    HostName,
    /// The cgroup namespace.
    ControlGroups,
    /// The read-only state of the command's `/proc`.
    SealedProc,
    /// The covers over what `/proc` tells about the machine's other users.
    CoveredProc,
    /// The read-only state of the root.
    SealedRoot,
    /// That the holder's and the reaper's memory is closed to commands.
    ClosedMemory,
    /// The bound on watches of files.
    Watches,
    /// The empty bounding set.
    BoundingSet,
    /// What one mount of the view lacks, by its place in the plan.
    MountFlags(u16),
    /// One resource limit, by its place.
    Limit(u8),
    /// One right that Landlock denies, by its bit.
    LandlockRight(u8),
    /// One scope of Landlock, by its bit.
    LandlockScope(u8),
    /// The narrowness of one Landlock rule, by its place: everything is allowed there.
    LandlockRule(u8),
    /// One weakening of the system call filter, by its number.
    Filter(u16),
}

impl Layer {
    /// The smallest parts that can be switched off for commands of `plan`, each with a name
    /// for people, so that a test can drop every rule in turn.
    ///
    /// # Errors
    /// As [`crate::Sandbox::start`] when the plan cannot be compiled.
    pub fn parts(plan: &Plan, settings: &crate::Settings) -> Result<Vec<(Self, String)>, Error> {
        crate::view::parts(plan, settings)
    }
}

/// What a plan's root is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Purpose {
    /// Somebody's workspace.
    Workspace,
    /// An empty directory of Moat's own, for the probe.
    Probe,
}

/// A compiled plan for one session.
#[derive(Debug)]
pub struct Plan {
    pub(crate) root: PathBuf,
    pub(crate) root_fd: OwnedFd,
    pub(crate) files: Files,
    pub(crate) reads: Vec<PathBuf>,
    pub(crate) without: Vec<Layer>,
    pub(crate) purpose: Purpose,
    pub(crate) unoverlaid: Unoverlaid,
}

/// What happens to a workspace over which no overlay can be laid.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Unoverlaid {
    /// The session works on a copy.
    Copied,
    /// It is refused.
    Refused,
}

impl Plan {
    /// Opens the workspace, following no link, and fixes how it appears.
    ///
    /// `root` is absolute and canonical; the session keeps this very directory
    /// even when another one is put in its place.
    ///
    /// # Errors
    /// [`Error::Workspace`] when `root` is not such a directory, or could not be opened.
    pub fn new(root: &Path, files: Files) -> Result<Self, Error> {
        let refuse = |reason| Error::Workspace { path: root.to_owned(), reason };
        if !root.is_absolute() {
            return Err(refuse("its path is not absolute"));
        }
        let root_fd = rustix::fs::openat2(
            rustix::fs::CWD,
            root,
            OFlags::PATH | OFlags::DIRECTORY | OFlags::CLOEXEC,
            Mode::empty(),
            ResolveFlags::NO_SYMLINKS | ResolveFlags::NO_MAGICLINKS,
        )
        .map_err(|errno| match errno {
            rustix::io::Errno::NOENT => refuse("it does not exist"),
            rustix::io::Errno::NOTDIR => refuse("it is not a directory"),
            rustix::io::Errno::LOOP => refuse("its path leads through a symbolic link"),
            rustix::io::Errno::ACCESS => refuse("it may not be entered"),
            _ => refuse("it could not be opened"),
        })?;
        Ok(Self {
            root: root.to_owned(),
            root_fd,
            files,
            reads: Vec::new(),
            without: Vec::new(),
            purpose: Purpose::Workspace,
            unoverlaid: Unoverlaid::Copied,
        })
    }

    /// The same plan with its changes in another directory, which has `upper` and `work`.
    pub(crate) fn moved_to(&self, place: &Path) -> std::io::Result<Self> {
        let files = match &self.files {
            Files::CopyOnWrite { lowers, .. } => Files::CopyOnWrite {
                lowers: lowers.clone(),
                upper: place.join("upper"),
                work: place.join("work"),
            },
            other @ (Files::Direct | Files::ReadOnly | Files::Repository(_)) => other.clone(),
        };
        Ok(Self {
            root: self.root.clone(),
            root_fd: self.root_fd.try_clone()?,
            files,
            reads: self.reads.clone(),
            without: self.without.clone(),
            purpose: self.purpose,
            unoverlaid: self.unoverlaid,
        })
    }

    /// The workspace's path, the same inside and outside.
    #[must_use]
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// The real workspace directory, opened when the plan was made.
    #[must_use]
    pub fn root_fd(&self) -> BorrowedFd<'_> {
        self.root_fd.as_fd()
    }

    /// How the workspace appears inside.
    #[must_use]
    pub const fn files(&self) -> &Files {
        &self.files
    }

    /// Shows a further directory, read-only: that of a program which the user's own search path
    /// names and which is to run inside. One that holds the home, the workspace or a hidden
    /// place is not shown.
    #[must_use]
    pub fn reading(mut self, directory: PathBuf) -> Self {
        self.reads.push(directory);
        self
    }

    /// Lets the root lie among Moat's own files. Only the probe and its tests call this.
    #[doc(hidden)]
    #[must_use]
    pub fn of_probe(mut self) -> Self {
        self.purpose = Purpose::Probe;
        self
    }

    /// Has a workspace that would be copied for want of an overlay refused
    /// ([`Error::Copy`]), so that looking at it costs nothing.
    #[must_use]
    pub fn without_copy(mut self) -> Self {
        self.unoverlaid = Unoverlaid::Refused;
        self
    }

    /// Switches one protection off. Only security tests call this.
    #[doc(hidden)]
    #[must_use]
    pub fn without_layer(mut self, layer: Layer) -> Self {
        self.without.push(layer);
        self
    }
}
