// SPDX-License-Identifier: Apache-2.0
//! A moment that parts the files changed before from those changed after.
//!
//! The kernel stamps files with a clock that stands still for milliseconds. The
//! stamp is therefore taken twice, and the second must be later than the first:
//! whatever was written before has an earlier change time, whatever comes after
//! has this one or a later.

use std::io;
use std::os::fd::AsFd as _;
use std::path::Path;

use rustix::fs::{AtFlags, CWD, Mode, OFlags};

use crate::limits::CLOCK_ATTEMPTS_MAX;
use crate::stat::{Moment, Stat};

/// Takes the stamp with a file in `directory` that is removed again.
pub(crate) fn take(directory: &Path) -> io::Result<Moment> {
    let path = directory.join(format!("clock.{}.tmp", moat_base::random_hex(4)?));
    let flags = OFlags::WRONLY | OFlags::CREATE | OFlags::EXCL | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    let private = Mode::from_raw_mode(0o600);
    let file = rustix::fs::openat(CWD, &path, flags, private)?;
    rustix::fs::unlinkat(CWD, &path, AtFlags::empty())?;
    let first = Stat::of(file.as_fd())?.changed;
    for _attempt in 0..CLOCK_ATTEMPTS_MAX {
        rustix::fs::fchmod(&file, private)?;
        let next = Stat::of(file.as_fd())?.changed;
        if next > first {
            return Ok(next);
        }
    }
    Err(io::Error::other("the clock of the file system stands still"))
}
