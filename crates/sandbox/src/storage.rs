// SPDX-License-Identifier: Apache-2.0
//! What a session's changes lie on: an overlay's upper directory on disk, the same in memory,
//! or a copy of the whole tree.
//!
//! The kernel lays no overlay whose changes would lie on another overlay, and a machine without
//! user namespaces lays none at all. So there are three ways, each tried when the one before
//! was refused, and what a session was begun with it goes on with.
//!
//! Invariant: what is told of a session's files is what they are, and changes that are gone are
//! never taken for changes that were not made.

use std::io;
use std::os::fd::AsFd;
use std::path::{Path, PathBuf};

use moat_files::copy;
use moat_files::memory::{self, Found};

use crate::inside::laying;
use crate::plan::Unoverlaid;
use crate::{Error, Files, Plan, Settings};

/// The plan with its changes in memory, if that is where they lie, and what people are told
/// of it.
pub(crate) fn in_memory(plan: &Plan) -> Result<Option<(Plan, String)>, Error> {
    let Some(upper) = upper(plan) else { return Ok(None) };
    match memory::find(upper).map_err(unknown)? {
        Found::Own => Ok(None),
        Found::Memory(place) => moved(plan, &place).map(Some),
        Found::Lost(place) => Err(Error::ChangesLost { place }),
    }
}

/// The plan as it is known where nothing can be mounted. What lies in memory and was not
/// touched needs not stay there.
pub(crate) fn without_mounts(plan: &Plan) -> Result<Option<Plan>, Error> {
    let Some((there, _remark)) = in_memory(plan)? else { return Ok(None) };
    if upper(&there).map_or(Ok(false), memory::is_untouched).map_err(unknown)? {
        take_from_memory(plan)?;
        return Ok(None);
    }
    Ok(Some(there))
}

/// The directories in memory that can take the changes of a new session, and a few words on
/// why others cannot. A fork lies where its session does.
pub(crate) fn memory_for(plan: &Plan, settings: &Settings) -> (Vec<PathBuf>, String) {
    let (fitting, reasons) = match plan.files() {
        Files::CopyOnWrite { lowers, upper, .. } if lowers.len() == 1 => {
            memory::candidates(upper, &settings.memory)
        }
        Files::CopyOnWrite { .. } | Files::Direct | Files::ReadOnly | Files::Repository(_) => {
            Default::default()
        }
    };
    let told = reasons.iter().map(|reason| format!(", and not in memory: {reason}"));
    (fitting, told.collect())
}

/// Makes a place for the changes in this directory. None where that cannot be done.
pub(crate) fn put_in_memory(
    plan: &Plan,
    directory: &Path,
) -> Result<Option<(Plan, String)>, Error> {
    let place = upper(plan).and_then(|upper| memory::make(directory, upper).ok());
    place.map(|place| moved(plan, &place)).transpose()
}

/// Removes the place in memory.
pub(crate) fn take_from_memory(plan: &Plan) -> Result<(), Error> {
    upper(plan).map_or(Ok(()), memory::remove).map_err(unknown)
}

/// What people are told of a session that lost changes.
pub(crate) fn loss(plan: &Plan) -> Result<Option<String>, Error> {
    let losses = upper(plan).map_or(Ok(0), memory::losses).map_err(unknown)?;
    Ok((losses > 0).then(|| LOST.to_owned()))
}

/// The session's own upper directory, whether it is used or stands for another place.
fn upper(plan: &Plan) -> Option<&Path> {
    match plan.files() {
        Files::CopyOnWrite { upper, .. } => Some(upper),
        Files::Direct | Files::ReadOnly | Files::Repository(_) => None,
    }
}

fn moved(plan: &Plan, place: &Path) -> Result<(Plan, String), Error> {
    let there = plan.moved_to(place).map_err(unknown)?;
    let memory = place.parent().unwrap_or(place).display();
    let remark = format!(
        "the session's changes lie in memory (`{memory}`, at most a quarter of the machine's), \
         because the disk of Moat's state can hold none: they are lost when the machine restarts"
    );
    Ok((there, remark))
}

fn unknown(source: io::Error) -> Error {
    Error::Start { step: "finding where the session's changes lie".to_owned(), source }
}

/// Said of a session whose changes went with the memory that they lay in.
const LOST: &str = "what the session had changed and you had not kept is GONE with the memory that \
                    it lay in; `moat session checkpoints` lists what can be returned to";

/// Removes a copy that was broken off on a weaker step, so that it is not taken for changes.
pub(crate) fn clear_half(plan: &Plan) -> Result<(), Error> {
    let half = upper(plan).filter(|upper| copy::kind(upper) == copy::Upper::Half);
    let failed = |source| Error::Copy { path: plan.root().to_owned(), source };
    half.map_or(Ok(()), copy::clear).map_err(failed)
}

/// Whether the kernel refused to lay an overlay with changes over the workspace, as it does
/// where they would lie on another overlay or on a file system that cannot hold them.
pub(crate) fn is_overlay_refused(error: &Error, plan: &Plan) -> bool {
    let refusals =
        [libc::EINVAL, libc::EPERM, libc::ENODEV, libc::EOPNOTSUPP, libc::ENOSYS, libc::EXDEV];
    matches!(error, Error::Start { step, source } if *step == laying(plan.root().as_os_str())
        && upper(plan).is_some() && source.raw_os_error().is_some_and(|it| refusals.contains(&it)))
}

/// Whether the session's files are a copy of the tree.
pub(crate) fn is_copy(plan: &Plan) -> bool {
    upper(plan).is_some_and(|upper| copy::kind(upper) == copy::Upper::Copy)
}

/// Said as long as a session works on a copy.
pub(crate) const OF_A_COPY: &str =
    "the session's files are a copy of its start: what you change later is not seen in it";

/// Refuses whatever would take an overlay's place where the plan wants none.
pub(crate) fn may_copy(plan: &Plan, reason: &str) -> Result<(), Error> {
    match plan.unoverlaid {
        Unoverlaid::Copied => Ok(()),
        Unoverlaid::Refused => Err(Error::Copy {
            path: plan.root().to_owned(),
            source: io::Error::new(io::ErrorKind::Unsupported, reason.to_owned()),
        }),
    }
}

/// Copies the tree to where the changes would go, for want of an overlay.
pub(crate) fn prepare(plan: &Plan, remarks: &mut Vec<String>) -> Result<(), Error> {
    let Files::CopyOnWrite { lowers, upper, work } = plan.files() else {
        return Err(Error::Copy {
            path: plan.root().to_owned(),
            source: io::Error::new(
                io::ErrorKind::Unsupported,
                "only a session's own copy of the files can be protected without mounts",
            ),
        });
    };
    let failed = |source| Error::Copy { path: plan.root().to_owned(), source };
    let source = copy::nearest(lowers).map_err(failed)?;
    let source = source.as_ref().map_or_else(|| plan.root_fd(), AsFd::as_fd);
    let copied = copy::copy(source, upper, work).map_err(|error| failed(error.into()))?;
    if copied.entries > 0 {
        remarks.push(format!(
            "the files are a copy: {} entries, {} MiB written, {} left out, {} ms",
            copied.entries,
            copied.bytes >> 20,
            copied.left_out,
            copied.time.as_millis(),
        ));
    }
    Ok(())
}
