// SPDX-License-Identifier: Apache-2.0
//! Long files, piece by piece.
//!
//! The pieces overlap, so that what lies on a border is whole in one of them. Holes of a sparse
//! file are passed over: they hold nothing, and reading them takes as long as data would.
//!
//! Invariant: no more than a piece and its overlap is in memory.

use std::fs::File;
use std::io::{self, Read};
use std::os::unix::fs::FileExt as _;
use std::sync::atomic::{AtomicBool, Ordering};

use moat_files::data_from;
use moat_scan::Finding;
use sha2::{Digest as _, Sha256};

use crate::judge::Subject;
use crate::limits::{FILE_BYTES_MAX, OVERLAP_BYTES, WHOLE_BYTES_MAX, WINDOW_BYTES};
use crate::notice;
use crate::sink::Sink;

/// Judges a file that is too long to be in memory.
pub(crate) fn judge(
    subject: &Subject,
    reader: &mut dyn Read,
    stop: &AtomicBool,
    sink: &Sink<'_>,
) -> io::Result<()> {
    let mut pieces = Pieces::default();
    let read = pieces.read(subject, reader, stop);
    let mut findings = pieces.findings;
    if subject.is_examined() {
        findings.push(notice::too_long(subject.path.clone(), WHOLE_BYTES_MAX));
    }
    if pieces.bytes >= FILE_BYTES_MAX {
        findings.push(notice::partly(subject.path.clone(), FILE_BYTES_MAX));
    }
    sink.progress().file(pieces.bytes);
    sink.take(findings, &pieces.hash.finalize());
    read
}

#[derive(Default)]
struct Pieces {
    buffer: Vec<u8>,
    /// How many lines end before the buffer begins.
    lines: u32,
    bytes: u64,
    hash: Sha256,
    findings: Vec<Finding>,
    /// Where the findings of the last piece begin.
    last: usize,
}

impl Pieces {
    fn read(
        &mut self,
        subject: &Subject,
        reader: &mut dyn Read,
        stop: &AtomicBool,
    ) -> io::Result<()> {
        while self.bytes < FILE_BYTES_MAX && !stop.load(Ordering::Relaxed) {
            let before = self.buffer.len();
            (&mut *reader).take(WINDOW_BYTES as u64).read_to_end(&mut self.buffer)?;
            let fresh = self.buffer.get(before..).unwrap_or_default();
            if fresh.is_empty() {
                break;
            }
            self.bytes += fresh.len() as u64;
            self.hash.update(fresh);
            self.judge(subject);
            self.keep_overlap();
        }
        Ok(())
    }

    fn judge(&mut self, subject: &Subject) {
        let mut fresh = subject.judge_piece(&self.buffer);
        for finding in &mut fresh {
            finding.line = finding.line.map(|line| line.saturating_add(self.lines));
        }
        let known = self.findings.get(self.last..).unwrap_or_default();
        fresh.retain(|finding| !known.contains(finding));
        self.last = self.findings.len();
        self.findings.extend(fresh);
    }

    fn keep_overlap(&mut self) {
        let gone = self.buffer.len().saturating_sub(OVERLAP_BYTES);
        let ended = self.buffer.iter().take(gone).filter(|byte| **byte == b'\n').count();
        self.lines = self.lines.saturating_add(u32::try_from(ended).unwrap_or(u32::MAX));
        self.buffer.drain(..gone);
    }
}

/// The data of a file without its holes.
#[derive(Debug)]
pub(crate) struct Dense<'file> {
    file: &'file File,
    at: u64,
}

impl<'file> Dense<'file> {
    pub(crate) const fn of(file: &'file File) -> Self {
        Self { file, at: 0 }
    }
}

impl Read for Dense<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let Some(at) = data_from(self.file, self.at) else { return Ok(0) };
        self.at = at;
        let count = self.file.read_at(buffer, self.at)?;
        self.at += count as u64;
        Ok(count)
    }
}
