// SPDX-License-Identifier: Apache-2.0
//! Attempts on files.
//!
//! Invariant: only planted files are read, written or made; the user's and the system's are
//! opened at most, and a file made among the system's has no name.

use std::io;
use std::path::Path;

use rustix::fs::{CWD, Dir, Mode, OFlags};

use crate::target::{Refused, Side, Target, Tried};

const READ: OFlags = OFlags::RDONLY.union(OFlags::CLOEXEC).union(OFlags::NONBLOCK);
const WRITE: OFlags = OFlags::WRONLY.union(OFlags::CLOEXEC).union(OFlags::NONBLOCK);

/// Reads a planted file.
pub(super) fn read(path: &Path, target: &Target) -> Tried {
    let file = rustix::fs::open(path, READ, Mode::empty())?;
    let mut bytes = vec![0_u8; target.canary.len()];
    let length = rustix::io::read(&file, &mut bytes)?;
    match bytes.get(..length) == Some(target.canary.as_bytes()) {
        true => Ok(()),
        false => Err(Refused::Otherwise("another file is in its place")),
    }
}

/// Opens a file, and reads nothing of it.
pub(super) fn open(path: &Path) -> Tried {
    rustix::fs::open(path, READ, Mode::empty())?;
    Ok(())
}

/// Opens a file of the kernel's, and reads what is at its beginning.
pub(super) fn open_and_read(path: &str) -> Tried {
    let file = rustix::fs::open(path, READ, Mode::empty())?;
    rustix::io::read(&file, &mut [0_u8; 64])?;
    Ok(())
}

/// Opens a file for writing, and writes nothing.
pub(super) fn open_to_write(path: &Path) -> Tried {
    rustix::fs::open(path, WRITE, Mode::empty())?;
    Ok(())
}

/// Lists a directory in which there is something.
pub(super) fn list(path: &Path) -> Tried {
    let flags = READ | OFlags::DIRECTORY;
    let directory = rustix::fs::open(path, flags, Mode::empty())?;
    let names = Dir::read_from(&directory)?.filter_map(Result::ok);
    let found = names.filter(|entry| ![c".", c".."].contains(&entry.file_name()));
    match found.count() {
        0 => Err(Refused::Otherwise("it is empty")),
        _ => Ok(()),
    }
}

/// Writes to the end of a planted file.
pub(super) fn append(path: &Path) -> Tried {
    let file = rustix::fs::open(path, WRITE | OFlags::APPEND, Mode::empty())?;
    rustix::io::write(&file, b"x")?;
    Ok(())
}

/// Makes a file in the planted directory.
pub(super) fn create(path: &Path) -> Tried {
    let flags = WRITE | OFlags::CREATE | OFlags::EXCL;
    rustix::fs::open(path, flags, Mode::from_raw_mode(0o600))?;
    Ok(())
}

/// Makes a file in the workspace: inside in what stands for it.
pub(super) fn tree(target: &Target) -> Tried {
    let name = Path::new(target.side.name());
    match target.side {
        Side::Outside => create(&target.tree.join(name)),
        Side::Inside => {
            let flags = WRITE | OFlags::CREATE | OFlags::EXCL;
            rustix::fs::openat(CWD, name, flags, Mode::from_raw_mode(0o600))?;
            Ok(())
        }
    }
}

/// Makes a file without a name, which is gone when it is closed.
pub(super) fn unnamed(directory: &Path) -> Tried {
    let flags = WRITE | OFlags::TMPFILE;
    let made = rustix::fs::open(directory, flags, Mode::from_raw_mode(0o600));
    made.map(drop).map_err(|errno| io::Error::from(errno).into())
}
