// SPDX-License-Identifier: Apache-2.0
//! What a process of Moat takes away from itself, for ever.
//!
//! Invariant: nothing here can be undone by the process, or shed by its children.

use std::io;
use std::os::fd::AsFd;
use std::path::{Path, PathBuf};

use rustix::fs::{Mode, OFlags};

use crate::Error;
use crate::landlock::{self, Ruleset};
use crate::seccomp::{self, Families, Program, Programs, Threads};

/// The sockets that a process may still make.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sockets {
    /// Local sockets only.
    Local,
    /// INET ones, and unnamed pairs of local ones: the broker.
    Inet,
}

/// What a process keeps of its rights.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SelfPlan {
    /// Files and directories that it may read. Missing ones are left out.
    pub read: Vec<PathBuf>,
    /// Directories in which it may create and write. Missing ones are left out.
    pub write: Vec<PathBuf>,
    /// The sockets that it may make.
    pub sockets: Sockets,
}

/// Makes it impossible for this process and its children to create INET, packet or
/// vsock sockets or to use `io_uring`.
///
/// All threads are covered. Sockets that are open already stay. A [`crate::Launcher`] must
/// be started before, because its sandboxes need a loopback of their own.
///
/// # Errors
/// [`Error::Lockdown`] when the kernel refuses; the caller must not go on.
pub fn give_up_inet() -> Result<(), Error> {
    install(&seccomp::without_inet())
}

/// Confines this process to `plan`: no other files, no new programs, no tracing.
///
/// Call it at the start of `main`: the rules for files bind the calling thread and
/// the threads that it starts later, the rest binds all.
///
/// # Errors
/// [`Error::Lockdown`] when the kernel refuses; the caller must not go on.
pub fn confine_self(plan: &SelfPlan) -> Result<(), Error> {
    let failed = |step| move |source| Error::Lockdown { step, source };
    if landlock::version() < landlock::VERSION_MIN {
        return Err(failed("finding Landlock version 6")(io::ErrorKind::Unsupported.into()));
    }
    let ruleset = Ruleset::new().map_err(failed("making a Landlock ruleset"))?;
    let rule = failed("adding a Landlock rule");
    for path in &plan.read {
        allow(&ruleset, path, landlock::READ_ONLY).map_err(rule)?;
    }
    for path in &plan.write {
        allow(&ruleset, path, landlock::WRITE & !landlock::EXECUTE).map_err(rule)?;
    }
    rustix::thread::set_no_new_privs(true)
        .map_err(io::Error::from)
        .map_err(failed("forbidding new privileges"))?;
    ruleset.restrict().map_err(failed("entering the Landlock domain"))?;
    let families = match plan.sockets {
        Sockets::Local => Families::Local,
        // Named local sockets lead to programs of the user that would run others for it.
        Sockets::Inet => Families::InetAndPairs,
    };
    install(&seccomp::confined(families, Programs::Denied))
}

/// Whether starting this program gave its process rights that its user does not have: by a
/// set-id bit, a file capability, or a security module (`AT_SECURE`, getauxval(3)).
#[must_use]
pub fn gained_by_start() -> bool {
    // SAFETY: it reads a table that the kernel gave to this process.
    #[expect(unsafe_code, reason = "the standard library does not read this table")]
    let secure = unsafe { libc::getauxval(libc::AT_SECURE) };
    secure != 0
}

fn allow(ruleset: &Ruleset, path: &Path, rights: u64) -> io::Result<()> {
    let flags = OFlags::PATH | OFlags::CLOEXEC;
    match rustix::fs::open(path, flags, Mode::empty()) {
        Ok(place) => ruleset.allow(place.as_fd(), rights),
        Err(rustix::io::Errno::NOENT) => Ok(()),
        Err(errno) => Err(errno.into()),
    }
}

fn install(program: &Program) -> Result<(), Error> {
    let failed = |step| move |source| Error::Lockdown { step, source };
    rustix::thread::set_no_new_privs(true)
        .map_err(io::Error::from)
        .map_err(failed("forbidding new privileges"))?;
    seccomp::install(program, Threads::All).map_err(failed("installing the system call filter"))
}
