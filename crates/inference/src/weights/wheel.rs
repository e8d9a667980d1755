// SPDX-License-Identifier: Apache-2.0
//! Reads one member of a wheel (a ZIP file) while it streams by.
//!
//! Only local headers are read, in order, so nothing is sought and nothing is
//! kept. The sizes and checksums of the archive are not trusted: the caller
//! counts the bytes and compares the sha256 of the whole.
//!
//! Source: PKWARE APPNOTE.TXT 6.3.10, sections 4.3.7, 4.3.9 and 4.5.3; RFC 1951.

use std::io::{self, BufRead, BufReader, Read};

use flate2::bufread::DeflateDecoder;

use super::limits::{MEMBER_NAME_BYTES_MAX, MEMBERS_MAX, PIECE_BYTES};

/// Gives the bytes of the member `name`.
pub(super) fn member<'a>(
    archive: impl Read + Send + 'a,
    name: &str,
) -> io::Result<Box<dyn Read + Send + 'a>> {
    let mut archive = BufReader::with_capacity(PIECE_BYTES, archive);
    for _ in 0..MEMBERS_MAX {
        let header = Header::read(&mut archive)?
            .ok_or_else(|| wrong("it has no member of the name that is needed"))?;
        if header.name == name.as_bytes() {
            return Ok(match (header.packing, header.packed_bytes) {
                (Packing::Stored, Some(length)) => Box::new(archive.take(length)),
                (Packing::Stored, None) => return Err(wrong("a stored member has no length")),
                (Packing::Deflated, _) => Box::new(DeflateDecoder::new(archive)),
            });
        }
        archive = header.skip(archive)?;
    }
    Err(wrong("it has too many members"))
}

#[derive(Clone, Copy)]
enum Packing {
    Stored,
    Deflated,
}

struct Header {
    name: Vec<u8>,
    packing: Packing,
    /// The packed length, when it stands in front of the data.
    packed_bytes: Option<u64>,
    /// The length of what follows the data when its length did not stand in front.
    descriptor_bytes: u64,
}

impl Header {
    /// Reads a local header; `None` where the directory of the archive begins.
    fn read(archive: &mut impl BufRead) -> io::Result<Option<Self>> {
        let signature = u32::from_le_bytes(array(archive)?);
        if signature != LOCAL_HEADER {
            return match signature {
                DIRECTORY_HEADER | DIRECTORY_END => Ok(None),
                _ => Err(wrong("it is not a ZIP archive")),
            };
        }
        let _version: [u8; 2] = array(archive)?;
        let flags = u16::from_le_bytes(array(archive)?);
        let method = u16::from_le_bytes(array(archive)?);
        let _time_date_checksum: [u8; 8] = array(archive)?;
        let packed = u32::from_le_bytes(array(archive)?);
        let _unpacked: [u8; 4] = array(archive)?;
        let name_bytes = usize::from(u16::from_le_bytes(array(archive)?));
        let extra_bytes = usize::from(u16::from_le_bytes(array(archive)?));
        if name_bytes > MEMBER_NAME_BYTES_MAX {
            return Err(wrong("the name of a member is too long"));
        }
        let mut name = vec![0; name_bytes];
        archive.read_exact(&mut name)?;
        let mut extra = vec![0; extra_bytes];
        archive.read_exact(&mut extra)?;
        let packing = match method {
            0 => Packing::Stored,
            8 => Packing::Deflated,
            _ => return Err(wrong("a member is packed in a way that is not known")),
        };
        if flags & ENCRYPTED != 0 {
            return Err(wrong("a member is encrypted"));
        }
        let large = large_packed_bytes(&extra);
        let packed_bytes = match packed {
            u32::MAX => large,
            packed => Some(u64::from(packed)),
        };
        Ok(Some(Self {
            name,
            packing,
            packed_bytes: packed_bytes.filter(|_| flags & LENGTHS_FOLLOW == 0),
            descriptor_bytes: if large.is_some() { 20 } else { 12 },
        }))
    }

    /// Passes over the data of this member.
    fn skip<R: Read>(self, archive: BufReader<R>) -> io::Result<BufReader<R>> {
        let mut archive = archive;
        if let Some(length) = self.packed_bytes {
            let passed = io::copy(&mut (&mut archive).take(length), &mut io::sink())?;
            return if passed == length { Ok(archive) } else { Err(ended()) };
        }
        if matches!(self.packing, Packing::Stored) {
            return Err(wrong("a stored member has no length"));
        }
        let mut data = DeflateDecoder::new(archive);
        io::copy(&mut data, &mut io::sink())?;
        archive = data.into_inner();
        let marked = archive.fill_buf()?.starts_with(&DESCRIPTOR.to_le_bytes());
        let length = self.descriptor_bytes + if marked { 4 } else { 0 };
        let passed = io::copy(&mut (&mut archive).take(length), &mut io::sink())?;
        if passed == length { Ok(archive) } else { Err(ended()) }
    }
}

/// Finds the packed length of more than four bytes in the extra fields.
fn large_packed_bytes(extra: &[u8]) -> Option<u64> {
    let mut rest = extra;
    while let [id0, id1, length0, length1, tail @ ..] = rest {
        let length = usize::from(u16::from_le_bytes([*length0, *length1]));
        let field = tail.get(..length)?;
        if u16::from_le_bytes([*id0, *id1]) == LARGE {
            return field.get(8..16)?.try_into().ok().map(u64::from_le_bytes);
        }
        rest = tail.get(length..)?;
    }
    None
}

fn array<const N: usize>(from: &mut impl Read) -> io::Result<[u8; N]> {
    let mut bytes = [0; N];
    from.read_exact(&mut bytes)?;
    Ok(bytes)
}

fn wrong(reason: &str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, reason.to_owned())
}

fn ended() -> io::Error {
    io::Error::from(io::ErrorKind::UnexpectedEof)
}

const LOCAL_HEADER: u32 = 0x0403_4b50;
const DIRECTORY_HEADER: u32 = 0x0201_4b50;
const DIRECTORY_END: u32 = 0x0605_4b50;
const DESCRIPTOR: u32 = 0x0807_4b50;
const LARGE: u16 = 1;
const ENCRYPTED: u16 = 1;
const LENGTHS_FOLLOW: u16 = 8;
