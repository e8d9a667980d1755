// SPDX-License-Identifier: Apache-2.0
//! The work, whatever there is to look through.

use std::sync::atomic::{AtomicBool, Ordering};

use moat_base::{Tree as _, TreePath};
use moat_files::DirTree;

use crate::archive;
use crate::error::Error;
use crate::judge::Subject;
use crate::limits::WHOLE_BYTES_MAX;
use crate::notice;
use crate::progress::{Counts, Progress};
use crate::sink::{Found, Sink};
use crate::source::Source;
use crate::tree;
use crate::window::{self, Dense};

/// What was seen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Survey {
    /// What was found, the most dangerous first.
    pub findings: Vec<Found>,
    /// What was looked at.
    pub counts: Counts,
    /// Whether it came to its end.
    pub ended: Ended,
}

/// How a survey ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ended {
    /// Everything was looked at.
    Whole,
    /// Somebody stopped it.
    Stopped,
}

/// Looks through a source until all is seen or `stop` is set.
///
/// # Errors
/// [`Error::File`] when a single file cannot be opened, [`Error::Thread`] when no thread can be
/// started. What lies in a directory or an archive and cannot be read is a finding.
pub fn survey(source: &Source, progress: &Progress, stop: &AtomicBool) -> Result<Survey, Error> {
    let sink = Sink::new(progress);
    match source {
        Source::Directory(directory) => tree::look(directory, stop, &sink)?,
        Source::File { tree, name, place } => file(tree, name, place, stop, &sink)?,
    }
    let ended = if stop.load(Ordering::Relaxed) { Ended::Stopped } else { Ended::Whole };
    let findings = sink.into_found();
    Ok(Survey { findings, counts: progress.counts(), ended })
}

fn file(
    tree: &DirTree,
    name: &TreePath,
    place: &TreePath,
    stop: &AtomicBool,
    sink: &Sink<'_>,
) -> Result<(), Error> {
    let file = tree.open(name).map_err(|source| Error::File { source })?;
    let length_bytes = file.metadata().map_or(u64::MAX, |it| it.len());
    if archive::look(&file, name, stop, sink) {
        return Ok(());
    }
    // Tools know it by its directories, or as a file at the top of what they open.
    let mut subject = Subject::plain(name.clone());
    if moat_scan::is_examined(place) {
        subject.alias = Some(place.clone());
    }
    let read = if length_bytes > WHOLE_BYTES_MAX {
        window::judge(&subject, &mut Dense::of(&file), stop, sink)
            .map_err(|error| error.to_string())
    } else {
        let mut content = Vec::new();
        let read = tree.append_listed(name, WHOLE_BYTES_MAX, &mut content);
        sink.progress().file(content.len() as u64);
        subject.judge(&content, sink);
        read.map_err(|error| error.to_string())
    };
    if let Err(reason) = read {
        sink.notice(notice::unread_because(name.clone(), &reason));
    }
    Ok(())
}
