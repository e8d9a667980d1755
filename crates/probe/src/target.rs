// SPDX-License-Identifier: Apache-2.0
//! What the attempts are aimed at, and what an attempt says.
//!
//! Invariant: what is written to is the probe's own; of the user's own things some are
//! opened and none is read or changed.

use std::io;
use std::path::PathBuf;

use serde::{Deserialize, Serialize};

/// Which side of the boundary an attempt is made on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Side {
    /// As any program of the user's.
    Outside,
    /// Behind the boundary.
    Inside,
}

impl Side {
    /// A name that differs on both.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Outside => "outside",
            Self::Inside => "inside",
        }
    }
}

/// What there is to reach.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Target {
    pub(crate) side: Side,
    /// The directory that the probe planted beside the workspace.
    pub(crate) place: PathBuf,
    /// The real workspace.
    pub(crate) tree: PathBuf,
    /// What the planted things hold.
    pub(crate) canary: String,
    /// A secret of the user's own, where there is one in a usual place.
    pub(crate) secret: Option<PathBuf>,
    /// A file of the user's own that programs run at their start.
    pub(crate) start: Option<PathBuf>,
    /// A socket of a program of the user's own.
    pub(crate) agent: Option<PathBuf>,
    /// The bystander.
    pub(crate) process: i32,
    /// The parent of the process that makes the attempts.
    pub(crate) parent: i32,
    /// Ports of the bystander's on the loopback device.
    pub(crate) tcp: u16,
    pub(crate) udp: u16,
    /// Its System V segment.
    pub(crate) segment: i32,
}

/// What came of an attempt on one side.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "result", rename_all = "snake_case")]
pub enum Outcome {
    /// It got through.
    Works,
    /// It was refused.
    Fails {
        /// The error's name, such as `EPERM`; empty where it has none.
        code: String,
        /// The error in words.
        reason: String,
    },
    /// It was not made.
    NotTried {
        /// Why not.
        reason: String,
    },
}

/// What one attempt said.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Answer {
    pub(crate) name: String,
    pub(crate) outcome: Outcome,
}

/// What all attempts of one process said, and what arrived at the bystander meanwhile.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(crate) struct Run {
    pub(crate) answers: Vec<Answer>,
    /// Names of attempts.
    pub(crate) arrived: Vec<String>,
}

/// Why an attempt did not get through.
#[derive(Debug)]
pub(crate) enum Refused {
    System(io::Error),
    /// Not by an error of the system's.
    Otherwise(&'static str),
    NotTried(String),
}

impl From<io::Error> for Refused {
    fn from(error: io::Error) -> Self {
        Self::System(error)
    }
}

impl From<rustix::io::Errno> for Refused {
    fn from(errno: rustix::io::Errno) -> Self {
        Self::System(errno.into())
    }
}

/// What an attempt gives.
pub(crate) type Tried = Result<(), Refused>;

impl From<Tried> for Outcome {
    fn from(tried: Tried) -> Self {
        match tried {
            Ok(()) => Self::Works,
            Err(Refused::System(error)) => {
                Self::Fails { code: code(&error), reason: words(&error) }
            }
            Err(Refused::Otherwise(reason)) => {
                Self::Fails { code: String::new(), reason: reason.to_owned() }
            }
            Err(Refused::NotTried(reason)) => Self::NotTried { reason },
        }
    }
}

/// The name of a system's error, as manuals have it.
fn code(error: &io::Error) -> String {
    let Some(number) = error.raw_os_error() else { return String::new() };
    let errno = rustix::io::Errno::from_raw_os_error(number);
    let known = NAMES.iter().find(|(known, _name)| *known == errno);
    known.map_or_else(|| format!("E{number}"), |(_errno, name)| (*name).to_owned())
}

/// The error without the number that `std` puts after it.
fn words(error: &io::Error) -> String {
    let text = error.to_string();
    text.split(" (os error").next().unwrap_or(&text).to_owned()
}

const NAMES: &[(rustix::io::Errno, &str)] = {
    use rustix::io::Errno;
    &[
        (Errno::ACCESS, "EACCES"),
        (Errno::AFNOSUPPORT, "EAFNOSUPPORT"),
        (Errno::AGAIN, "EAGAIN"),
        (Errno::CONNREFUSED, "ECONNREFUSED"),
        (Errno::EXIST, "EEXIST"),
        (Errno::FBIG, "EFBIG"),
        (Errno::IDRM, "EIDRM"),
        (Errno::INVAL, "EINVAL"),
        (Errno::IO, "EIO"),
        (Errno::ISDIR, "EISDIR"),
        (Errno::LOOP, "ELOOP"),
        (Errno::MFILE, "EMFILE"),
        (Errno::NETUNREACH, "ENETUNREACH"),
        (Errno::NODEV, "ENODEV"),
        (Errno::NOENT, "ENOENT"),
        (Errno::NOMEM, "ENOMEM"),
        (Errno::NOSPC, "ENOSPC"),
        (Errno::NOSYS, "ENOSYS"),
        (Errno::NOTDIR, "ENOTDIR"),
        (Errno::NXIO, "ENXIO"),
        (Errno::OPNOTSUPP, "EOPNOTSUPP"),
        (Errno::PERM, "EPERM"),
        (Errno::PROTONOSUPPORT, "EPROTONOSUPPORT"),
        (Errno::ROFS, "EROFS"),
        (Errno::SRCH, "ESRCH"),
        (Errno::USERS, "EUSERS"),
    ]
};

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn errors_have_the_names_that_manuals_have() {
        let outcome = |error: i32| Outcome::from(Err(io::Error::from_raw_os_error(error).into()));
        let fails = |code: &str, reason: &str| Outcome::Fails {
            code: code.to_owned(),
            reason: reason.to_owned(),
        };
        assert_eq!(outcome(1), fails("EPERM", "Operation not permitted"));
        assert_eq!(outcome(2), fails("ENOENT", "No such file or directory"));
        assert_eq!(outcome(130), fails("E130", "Owner died"));
        assert_eq!(Outcome::from(Ok(())), Outcome::Works);
    }
}
