// SPDX-License-Identifier: Apache-2.0
//! A tar archive, packed with gzip or not, read from front to back and never unpacked.
//!
//! An archive says of itself how long everything is, and a few kilobytes may unpack to
//! terabytes. So nothing is kept but one entry at a time, what an entry says is checked
//! against bounds before anything is reserved, and a bomb is told and left.
//!
//! Source: POSIX.1-2017, pax "ustar Interchange Format"; GNU tar manual, "Basic Tar Format";
//! RFC 1952.
//!
//! Invariant: memory does not grow with the archive. Invariant: no name of an entry is used to
//! open anything.

mod header;
mod name;

use std::fs::File;
use std::io::{self, Read};
use std::os::unix::fs::FileExt as _;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use flate2::read::{GzDecoder, MultiGzDecoder};
use moat_base::TreePath;

use crate::judge::{Subject, Text};
use crate::limits::{
    ARCHIVE_BYTES_MAX, ARCHIVE_ENTRIES_MAX, ARCHIVE_RECORD_BYTES_MAX, BOMB_BYTES_MIN,
    BOMB_TIMES_MAX, WHOLE_BYTES_MAX,
};
use crate::notice;
use crate::sink::Sink;
use crate::window;
use header::{BLOCK_BYTES, Header, Kind, Records};
use name::Entry;

/// Looks through a file that is an archive; `false` says that it is none.
pub(crate) fn look(file: &File, name: &TreePath, stop: &AtomicBool, sink: &Sink<'_>) -> bool {
    let Some(packed) = packing(file) else { return false };
    let source = Counted { file, at: AtomicU64::new(0) };
    let reader: Box<dyn Read + '_> = match packed {
        Packing::Gzip => Box::new(MultiGzDecoder::new(&source)),
        Packing::Plain => Box::new(&source),
    };
    let mut archive = Archive {
        input: Bounded { reader, source: &source, read: 0, bomb: false },
        name,
        stop,
        sink,
        records: Records::default(),
    };
    let read = archive.entries();
    if archive.input.bomb {
        sink.notice(notice::bomb(name.clone(), archive.input.read));
    } else if let Err(error) = read {
        sink.notice(notice::broken(name.clone(), &error.to_string()));
    }
    true
}

#[derive(Clone, Copy, Debug)]
enum Packing {
    Plain,
    Gzip,
}

/// How an archive is packed; `None` for what is no archive.
fn packing(file: &File) -> Option<Packing> {
    let source = Counted { file, at: AtomicU64::new(0) };
    let mut block = [0; BLOCK_BYTES];
    (&source).read_exact(&mut block).ok().or_else(|| short(file))?;
    if block.starts_with(&[0x1f, 0x8b]) || short(file).is_some() {
        source.at.store(0, Ordering::Relaxed);
        let mut unpacked = [0; BLOCK_BYTES];
        GzDecoder::new(&source).read_exact(&mut unpacked).ok()?;
        return Header::read(&unpacked).is_some().then_some(Packing::Gzip);
    }
    Header::read(&block).is_some().then_some(Packing::Plain)
}

/// Whether a file that may be shorter than a block begins as gzip does.
fn short(file: &File) -> Option<()> {
    let mut magic = [0; 2];
    file.read_exact_at(&mut magic, 0).ok()?;
    (magic == [0x1f, 0x8b]).then_some(())
}

/// A file that says how far it was read.
#[derive(Debug)]
struct Counted<'file> {
    file: &'file File,
    at: AtomicU64,
}

impl Read for &Counted<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.file.read_at(buffer, self.at.load(Ordering::Relaxed))?;
        self.at.fetch_add(count as u64, Ordering::Relaxed);
        Ok(count)
    }
}

/// The unpacked data as long as it is in proportion.
struct Bounded<'archive> {
    reader: Box<dyn Read + 'archive>,
    source: &'archive Counted<'archive>,
    read: u64,
    bomb: bool,
}

impl Read for Bounded<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let packed = self.source.at.load(Ordering::Relaxed);
        let is_much = self.read > BOMB_BYTES_MIN && self.read / BOMB_TIMES_MAX > packed;
        if is_much || self.read > ARCHIVE_BYTES_MAX {
            self.bomb = true;
            return Err(io::Error::other("it grows beyond the limit"));
        }
        let count = self.reader.read(buffer)?;
        self.read += count as u64;
        Ok(count)
    }
}

struct Archive<'archive> {
    input: Bounded<'archive>,
    name: &'archive TreePath,
    stop: &'archive AtomicBool,
    sink: &'archive Sink<'archive>,
    records: Records,
}

impl Archive<'_> {
    fn entries(&mut self) -> io::Result<()> {
        for _entry in 0..ARCHIVE_ENTRIES_MAX {
            if self.stop.load(Ordering::Relaxed) {
                return Ok(());
            }
            let mut block = [0; BLOCK_BYTES];
            self.input.read_exact(&mut block)?;
            if block.iter().all(|byte| *byte == 0) {
                return Ok(());
            }
            let header =
                Header::read(&block).ok_or_else(|| io::Error::other("a header is wrong"))?;
            self.entry(&header)?;
        }
        Err(io::Error::other("it has too many entries"))
    }

    fn entry(&mut self, header: &Header) -> io::Result<()> {
        if header.kind.is_record() {
            let content = self.record(header.length_bytes)?;
            return self.records.note(header.kind, &content);
        }
        let length_bytes = self.records.length_bytes(header);
        let entry = self.records.entry(header);
        let is_sparse = self.records.is_sparse();
        self.records.forget();
        if entry.leads_out {
            self.sink.notice(notice::outside(entry.path.clone(), &entry.name));
        }
        match header.kind {
            Kind::File if is_sparse => self.sparse(&entry, length_bytes),
            Kind::Sparse => self.sparse(&entry, length_bytes),
            Kind::File => self.file(&entry, length_bytes),
            Kind::Link | Kind::HardLink => {
                self.link(&entry, header.kind);
                self.pass_over(length_bytes)
            }
            Kind::Special => {
                self.sink.notice(notice::special(entry.path));
                self.pass_over(length_bytes)
            }
            Kind::Directory => self.pass_over(length_bytes),
            // They were taken above.
            Kind::LongName | Kind::LongTarget | Kind::Extended | Kind::Global => Ok(()),
        }
    }

    fn record(&mut self, length_bytes: u64) -> io::Result<Vec<u8>> {
        if length_bytes > ARCHIVE_RECORD_BYTES_MAX {
            return Err(io::Error::other("a description of an entry is too long"));
        }
        let mut content = Vec::new();
        (&mut self.input).take(length_bytes).read_to_end(&mut content)?;
        if content.len() as u64 != length_bytes {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        self.pass_over_rest(length_bytes)?;
        Ok(content)
    }

    fn file(&mut self, entry: &Entry, length_bytes: u64) -> io::Result<()> {
        let Some(subject) = subject(entry) else { return self.pass_over(length_bytes) };
        let mut part = (&mut self.input).take(length_bytes);
        if length_bytes > WHOLE_BYTES_MAX {
            window::judge(&subject, &mut part, self.stop, self.sink)?;
            let rest = part.limit();
            self.pass_over_bytes(rest)?;
        } else {
            let mut content = Vec::new();
            part.read_to_end(&mut content)?;
            self.sink.progress().file(content.len() as u64);
            subject.judge(&content, self.sink);
            if content.len() as u64 != length_bytes {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
        }
        self.pass_over_rest(length_bytes)
    }

    fn sparse(&mut self, entry: &Entry, length_bytes: u64) -> io::Result<()> {
        let reason = "it is stored with holes, which is not read here";
        self.sink.notice(notice::unread_because(entry.path.clone(), reason));
        // The map of old GNU sparse files goes on behind the header: what follows cannot be trusted.
        self.pass_over(length_bytes)
    }

    fn link(&self, entry: &Entry, kind: Kind) {
        self.sink.progress().link();
        if entry.target_leads_out(kind) {
            self.sink.notice(notice::archive_link(entry.path.clone(), &entry.target));
        } else if Subject::plain(entry.path.clone()).is_examined() {
            self.sink.notice(notice::link(entry.path.clone(), &entry.target));
        }
    }

    fn pass_over(&mut self, length_bytes: u64) -> io::Result<()> {
        self.pass_over_bytes(length_bytes)?;
        self.pass_over_rest(length_bytes)
    }

    /// The rest of the last block.
    fn pass_over_rest(&mut self, length_bytes: u64) -> io::Result<()> {
        let block = BLOCK_BYTES as u64;
        self.pass_over_bytes((block - length_bytes % block) % block)
    }

    fn pass_over_bytes(&mut self, count: u64) -> io::Result<()> {
        let mut left = count;
        let mut buffer = [0; 8 * BLOCK_BYTES];
        while left > 0 && !self.stop.load(Ordering::Relaxed) {
            let part = usize::try_from(left).unwrap_or(usize::MAX).min(buffer.len());
            let read = self.input.read(buffer.get_mut(..part).unwrap_or_default())?;
            if read == 0 {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
            left -= read as u64;
        }
        Ok(())
    }
}

impl std::fmt::Debug for Archive<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Archive").field("name", self.name).finish_non_exhaustive()
    }
}

/// A file of an archive, as what is packed in a directory of its own has it: the rules that are
/// about the top of a tree hold beneath the one directory too. `None` for what is not read.
fn subject(entry: &Entry) -> Option<Subject> {
    let path = &entry.path;
    let git = path.components().position(moat_scan::is_git_name);
    if let Some(at) = git
        && path.components().count() > at + 1
    {
        let below = path.components().nth(at + 1).unwrap_or_default();
        let is_sample = path.as_bytes().ends_with(b".sample");
        if below == b"objects" || is_sample || !moat_scan::is_examined(path) {
            return None;
        }
        return Some(Subject { path: path.clone(), alias: None, text: Text::PassedOver });
    }
    let mut subject = Subject::plain(path.clone());
    if !subject.is_examined() {
        let mut rest = path.as_bytes().splitn(2, |byte| *byte == b'/');
        let inner = rest.nth(1).and_then(|rest| TreePath::from_bytes(rest).ok());
        subject.alias = inner.filter(moat_scan::is_examined);
    }
    Some(subject)
}
