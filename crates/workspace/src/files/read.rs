// SPDX-License-Identifier: Apache-2.0
//! Reading a file: whole where it is text, in parts where it is not.
//!
//! Invariant: no more than [`TEXT_BYTES_MAX`] bytes of a file are in memory, however long
//! it is or becomes.

use std::fs::File;
use std::io::{self, Read as _};
use std::os::unix::fs::{FileExt as _, MetadataExt as _};

use moat_base::{TreeError, TreePath};
use moat_files::DirTree;
use moat_protocol::workspace::{FileText, FilesReply, ReadResult, Version};

use crate::base64;
use crate::error::Error;
use crate::limits::{IMAGE_BYTES_MAX, PART_BYTES_MAX, SNIFFED_BYTES, TEXT_BYTES_MAX};
use crate::text::{self, Content};

/// The state of a text file at one moment.
#[derive(Debug)]
pub(crate) struct Current {
    pub(crate) bytes: Vec<u8>,
    pub(crate) file: FileText,
}

/// What a whole file is.
enum Whole {
    Text(Current),
    Undecodable,
    Binary,
}

/// What tells one state of a file from another: times, length and inode.
pub(crate) fn version(metadata: &std::fs::Metadata) -> Version {
    Version(format!(
        "{}.{:09}-{}.{:09}-{}-{}-{}",
        metadata.mtime(),
        metadata.mtime_nsec(),
        metadata.ctime(),
        metadata.ctime_nsec(),
        metadata.len(),
        metadata.dev(),
        metadata.ino(),
    ))
}

/// Reads a file as far as it can be shown.
pub(super) fn read(tree: &DirTree, path: &TreePath) -> Result<ReadResult, Error> {
    let (file, metadata) = open(tree, path)?;
    let length = metadata.len();
    let beginning = beginning(&file).map_err(|source| failed(path, source))?;
    if let Some(image) = text::image(&beginning).filter(|_| length <= IMAGE_BYTES_MAX) {
        return Ok(ReadResult::Binary { length, image: Some(image.to_owned()) });
    }
    if text::is_binary(&beginning) {
        return Ok(ReadResult::Binary { length, image: None });
    }
    if length > TEXT_BYTES_MAX {
        return Ok(ReadResult::Large { length });
    }
    Ok(match content(path, &file)? {
        Whole::Text(current) => ReadResult::Text(current.file),
        Whole::Binary => ReadResult::Binary { length, image: None },
        Whole::Undecodable => ReadResult::Large { length },
    })
}

/// Reads a text file with its bytes; `None` where it is no text, or too long.
pub(crate) fn current(tree: &DirTree, path: &TreePath) -> Result<Option<Current>, Error> {
    let (file, metadata) = open(tree, path)?;
    if metadata.len() > TEXT_BYTES_MAX {
        return Ok(None);
    }
    match content(path, &file)? {
        Whole::Text(current) => Ok(Some(current)),
        Whole::Binary | Whole::Undecodable => Ok(None),
    }
}

/// Reads a part of a file.
pub(super) fn part(
    tree: &DirTree,
    path: &TreePath,
    offset: u64,
    length: u32,
) -> Result<FilesReply, Error> {
    let (file, metadata) = open(tree, path)?;
    let left = metadata.len().saturating_sub(offset);
    let length = u64::from(length.min(PART_BYTES_MAX)).min(left);
    let mut bytes = vec![0; usize::try_from(length).unwrap_or_default()];
    let mut read = 0;
    while read < bytes.len() {
        let Some(room) = bytes.get_mut(read..) else { break };
        match file.read_at(room, offset + read as u64) {
            Ok(0) => break,
            Ok(count) => read += count,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(source) => return Err(failed(path, source)),
        }
    }
    bytes.truncate(read);
    Ok(FilesReply::Part { base64: base64::encode(&bytes) })
}

/// Why a file cannot be written, where its permissions say so.
pub(super) fn read_only(metadata: &std::fs::Metadata) -> Option<String> {
    let (mode, user) = (metadata.mode(), rustix::process::geteuid());
    let closed = if mode & 0o222 == 0 {
        true
    } else if user.is_root() {
        false
    } else if metadata.uid() == user.as_raw() {
        mode & 0o200 == 0
    } else {
        // Which groups count is the kernel's to say, when it is written.
        mode & 0o022 == 0
    };
    closed.then(|| "its permissions do not let you write it".to_owned())
}

pub(super) fn open(tree: &DirTree, path: &TreePath) -> Result<(File, std::fs::Metadata), Error> {
    let file = tree.open(path)?;
    let metadata = file.metadata().map_err(|source| failed(path, source))?;
    Ok((file, metadata))
}

fn beginning(file: &File) -> io::Result<Vec<u8>> {
    let mut bytes = vec![0; SNIFFED_BYTES];
    let count = file.read_at(&mut bytes, 0)?;
    bytes.truncate(count);
    Ok(bytes)
}

/// Reads a file whole, and says what it was: one that is written at this moment is read once
/// more, and then taken for what it was before.
pub(super) fn whole(path: &TreePath, file: &File) -> Result<(Vec<u8>, std::fs::Metadata), Error> {
    let fail = |source| failed(path, source);
    let mut attempts = 0;
    loop {
        let before = file.metadata().map_err(fail)?;
        let mut bytes = Vec::new();
        let reader = At { file, offset: 0 };
        reader.take(TEXT_BYTES_MAX + 1).read_to_end(&mut bytes).map_err(fail)?;
        let after = file.metadata().map_err(fail)?;
        attempts += 1;
        if version(&before) == version(&after) || attempts > 1 {
            return Ok((bytes, before));
        }
    }
}

fn content(path: &TreePath, file: &File) -> Result<Whole, Error> {
    let (bytes, metadata) = whole(path, file)?;
    if bytes.len() as u64 > TEXT_BYTES_MAX {
        return Ok(Whole::Undecodable);
    }
    Ok(match text::decode(&bytes) {
        Content::Text(decoded) => {
            let file = FileText {
                text: decoded.text,
                encoding: decoded.encoding,
                line_ending: decoded.line_ending,
                version: version(&metadata),
                read_only: read_only(&metadata),
            };
            Whole::Text(Current { bytes, file })
        }
        Content::Undecodable => Whole::Undecodable,
        Content::Binary => Whole::Binary,
    })
}

/// Reads from a place of its own, so that a file can be read again.
struct At<'a> {
    file: &'a File,
    offset: u64,
}

impl io::Read for At<'_> {
    fn read(&mut self, room: &mut [u8]) -> io::Result<usize> {
        let count = self.file.read_at(room, self.offset)?;
        self.offset += count as u64;
        Ok(count)
    }
}

fn failed(path: &TreePath, source: io::Error) -> Error {
    TreeError::Io { path: path.clone(), source }.into()
}
