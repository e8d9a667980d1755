// SPDX-License-Identifier: Apache-2.0
//! The blocks that describe the entries of a tar archive.
//!
//! Invariant: nothing here reserves room for a length that a block claims.

use std::io;

use super::name::Entry;

/// The length of a block.
pub(super) const BLOCK_BYTES: usize = 512;

/// What a block says of the entry behind it.
#[derive(Debug)]
pub(super) struct Header {
    pub(super) kind: Kind,
    pub(super) length_bytes: u64,
    name: Vec<u8>,
    target: Vec<u8>,
}

/// What an entry is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    File,
    Sparse,
    HardLink,
    Link,
    Directory,
    Special,
    /// The next entry's name.
    LongName,
    /// Where the next entry leads.
    LongTarget,
    /// More about the next entry.
    Extended,
    /// More about all entries.
    Global,
}

impl Kind {
    /// Whether it only describes another entry.
    pub(super) const fn is_record(self) -> bool {
        matches!(self, Self::LongName | Self::LongTarget | Self::Extended | Self::Global)
    }
}

impl Header {
    /// Reads a block; `None` when it is no header.
    pub(super) fn read(block: &[u8; BLOCK_BYTES]) -> Option<Self> {
        let field = |from: usize, length: usize| block.get(from..from.saturating_add(length));
        let told = octal(field(148, 8)?)?;
        // The sum is made with blanks in its own place.
        let outside = |at: usize| !(148..156).contains(&at);
        let bytes = block.iter().enumerate().filter(|(at, _)| outside(*at));
        let sum = bytes.map(|(_, byte)| u64::from(*byte)).sum::<u64>() + 8 * u64::from(b' ');
        if sum != told {
            return None;
        }
        let kind = kind(*block.get(156)?);
        let mut name = text(field(0, 100)?).to_vec();
        let prefix = text(field(345, 155)?);
        if field(257, 6)? == b"ustar\0" && !prefix.is_empty() {
            name = [prefix, b"/", &name].concat();
        }
        Some(Self {
            kind,
            length_bytes: number(field(124, 12)?)?,
            name,
            target: text(field(157, 100)?).to_vec(),
        })
    }
}

/// What blocks before an entry say of it.
#[derive(Debug, Default)]
pub(super) struct Records {
    next: Said,
    all: Said,
}

#[derive(Clone, Debug, Default)]
struct Said {
    name: Option<Vec<u8>>,
    target: Option<Vec<u8>>,
    length_bytes: Option<u64>,
    is_sparse: bool,
}

impl Records {
    pub(super) fn note(&mut self, kind: Kind, content: &[u8]) -> io::Result<()> {
        match kind {
            Kind::LongName => self.next.name = Some(text(content).to_vec()),
            Kind::LongTarget => self.next.target = Some(text(content).to_vec()),
            Kind::Extended => self.next.extend(content)?,
            Kind::Global => self.all.extend(content)?,
            Kind::File
            | Kind::Sparse
            | Kind::HardLink
            | Kind::Link
            | Kind::Directory
            | Kind::Special => {}
        }
        Ok(())
    }

    pub(super) fn length_bytes(&self, header: &Header) -> u64 {
        self.next.length_bytes.or(self.all.length_bytes).unwrap_or(header.length_bytes)
    }

    pub(super) fn is_sparse(&self) -> bool {
        self.next.is_sparse || self.all.is_sparse
    }

    pub(super) fn entry(&self, header: &Header) -> Entry {
        let first = |next: &Option<Vec<u8>>, all: &Option<Vec<u8>>, own: &[u8]| {
            next.as_ref().or(all.as_ref()).map_or_else(|| own.to_vec(), Clone::clone)
        };
        let name = first(&self.next.name, &self.all.name, &header.name);
        Entry::new(name, first(&self.next.target, &self.all.target, &header.target))
    }

    /// Forgets what was said of one entry.
    pub(super) fn forget(&mut self) {
        self.next = Said::default();
    }
}

impl Said {
    /// Reads the records of a pax header: a length, a blank, a key, `=`, a value, a line's end.
    fn extend(&mut self, content: &[u8]) -> io::Result<()> {
        let wrong = || io::Error::other("a description of an entry is wrong");
        let mut rest = content;
        while !rest.is_empty() {
            let blank = rest.iter().position(|byte| *byte == b' ').ok_or_else(wrong)?;
            let digits = rest.get(..blank).and_then(|digits| str::from_utf8(digits).ok());
            let length: usize = digits.and_then(|it| it.parse().ok()).ok_or_else(wrong)?;
            let record = rest.get(blank + 1..length).ok_or_else(wrong)?;
            let record = record.strip_suffix(b"\n").ok_or_else(wrong)?;
            let equals = record.iter().position(|byte| *byte == b'=').ok_or_else(wrong)?;
            let (key, value) = record.split_at_checked(equals).ok_or_else(wrong)?;
            let value = value.strip_prefix(b"=").unwrap_or_default().to_vec();
            match key {
                b"path" => self.name = Some(value),
                b"linkpath" => self.target = Some(value),
                b"size" => {
                    let size = String::from_utf8(value).ok().and_then(|it| it.parse().ok());
                    self.length_bytes = Some(size.ok_or_else(wrong)?);
                }
                other => self.is_sparse |= other.starts_with(b"GNU.sparse."),
            }
            rest = rest.get(length..).ok_or_else(wrong)?;
        }
        Ok(())
    }
}

fn kind(flag: u8) -> Kind {
    match flag {
        b'1' => Kind::HardLink,
        b'2' => Kind::Link,
        b'3' | b'4' | b'6' => Kind::Special,
        b'5' => Kind::Directory,
        b'L' => Kind::LongName,
        b'K' => Kind::LongTarget,
        b'x' => Kind::Extended,
        b'g' => Kind::Global,
        b'S' => Kind::Sparse,
        // An unknown kind counts as a file.
        _ => Kind::File,
    }
}

/// What stands before the first NUL.
fn text(field: &[u8]) -> &[u8] {
    field.split(|byte| *byte == 0).next().unwrap_or_default()
}

/// A number, in octal digits or as GNU writes long ones.
fn number(field: &[u8]) -> Option<u64> {
    match field.first()? {
        first if *first & 0x80 == 0 => octal(field),
        // Eleven bytes; no length needs more than eight.
        0x80 => {
            let (high, low) = field.get(1..)?.split_at_checked(3)?;
            let low: [u8; 8] = low.try_into().ok()?;
            high.iter().all(|byte| *byte == 0).then_some(u64::from_be_bytes(low))
        }
        _ => None,
    }
}

fn octal(field: &[u8]) -> Option<u64> {
    let digits = field.split(|byte| *byte == 0).next().unwrap_or_default().trim_ascii();
    if digits.is_empty() {
        return Some(0);
    }
    u64::from_str_radix(str::from_utf8(digits).ok()?, 8).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn records_are_read_and_wrong_ones_refused() {
        let mut said = Said::default();
        said.extend(b"12 path=a/b\n10 size=7\n26 GNU.sparse.major=1.000\n").unwrap();
        assert_eq!(said.name.as_deref(), Some(b"a/b".as_slice()));
        assert_eq!((said.length_bytes, said.is_sparse), (Some(7), true));
        for wrong in ["x", "1 ", "99 path=a\n", "8 path=a", "5 =\n", "0 a=b\n", "7 size=\n"] {
            let read = Said::default().extend(wrong.as_bytes());
            assert!(read.is_err() || wrong == "5 =\n", "{wrong:?}");
        }
    }

    #[test]
    fn lengths_are_octal_or_binary() {
        assert_eq!(number(b"00000000017\0"), Some(15));
        assert_eq!(number(b"\x80\0\0\0\0\0\0\x02\0\0\0\0"), Some(1 << 33));
        assert_eq!(number(b"\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff"), None);
        assert_eq!(number(b"not octal!!\0"), None);
        assert!(Header::read(&[b'a'; BLOCK_BYTES]).is_none());
    }
}
