// SPDX-License-Identifier: Apache-2.0
//! Text as it lies in a file, and as it is edited.
//!
//! A front end edits text with line feeds alone. Which encoding and which line endings the
//! file has is found when it is read, and restored when it is written. A file with both kinds
//! of line endings is given as it is.
//!
//! Invariant: a text that was read and is written with the encoding and line ending it was
//! read with gives the same bytes.

use moat_protocol::workspace::{Encoding, LineEnding};

use crate::limits::SNIFFED_BYTES;

/// A text with what was found out about its file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Decoded {
    pub(crate) text: String,
    pub(crate) encoding: Encoding,
    pub(crate) line_ending: LineEnding,
}

/// What the bytes of a file are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Content {
    /// Text that can be written back.
    Text(Decoded),
    /// It looks like text, but is valid in no encoding that is known.
    Undecodable,
    /// No text.
    Binary,
}

const UTF8_MARK: &[u8] = b"\xef\xbb\xbf";
const UTF16_LE_MARK: &[u8] = b"\xff\xfe";
const UTF16_BE_MARK: &[u8] = b"\xfe\xff";

/// Finds out what bytes are.
pub(crate) fn decode(bytes: &[u8]) -> Content {
    let (text, encoding) = if let Some(rest) = bytes.strip_prefix(UTF8_MARK) {
        (str::from_utf8(rest).ok().map(str::to_owned), Encoding::Utf8Mark)
    } else if let Some(rest) = bytes.strip_prefix(UTF16_LE_MARK) {
        (utf16(rest, u16::from_le_bytes), Encoding::Utf16Le)
    } else if let Some(rest) = bytes.strip_prefix(UTF16_BE_MARK) {
        (utf16(rest, u16::from_be_bytes), Encoding::Utf16Be)
    } else {
        if is_binary(bytes) {
            return Content::Binary;
        }
        (str::from_utf8(bytes).ok().map(str::to_owned), Encoding::Utf8)
    };
    let Some(text) = text else { return Content::Undecodable };
    // A second mark, or a NUL further on, would not come back from an editor.
    if text.contains('\0') || text.starts_with('\u{feff}') {
        return Content::Undecodable;
    }
    let line_ending = line_ending(&text);
    let text = match line_ending {
        LineEnding::Crlf => text.replace("\r\n", "\n"),
        LineEnding::Lf | LineEnding::Mixed => text,
    };
    Content::Text(Decoded { text, encoding, line_ending })
}

/// Whether the beginning of a file looks like no text: a NUL byte, as git decides.
pub(crate) fn is_binary(bytes: &[u8]) -> bool {
    let marked = [UTF16_LE_MARK, UTF16_BE_MARK].iter().any(|mark| bytes.starts_with(mark));
    let beginning = bytes.get(..SNIFFED_BYTES).unwrap_or(bytes);
    !marked && memchr::memchr(0, beginning).is_some()
}

/// The bytes of a text in a file.
pub(crate) fn encode(text: &str, encoding: Encoding, line_ending: LineEnding) -> Vec<u8> {
    let ended = match line_ending {
        // What has carriage returns already, by whatever way, does not get a second one.
        LineEnding::Crlf => text.replace("\r\n", "\n").replace('\n', "\r\n"),
        LineEnding::Lf | LineEnding::Mixed => text.to_owned(),
    };
    match encoding {
        Encoding::Utf8 => ended.into_bytes(),
        Encoding::Utf8Mark => [UTF8_MARK, ended.as_bytes()].concat(),
        Encoding::Utf16Le => units(UTF16_LE_MARK, &ended, u16::to_le_bytes),
        Encoding::Utf16Be => units(UTF16_BE_MARK, &ended, u16::to_be_bytes),
    }
}

/// A text of whatever encoding with line feeds alone, for showing only.
pub(crate) fn shown(bytes: &[u8]) -> Option<String> {
    match decode(bytes) {
        Content::Text(decoded) => Some(decoded.text),
        Content::Undecodable | Content::Binary => None,
    }
}

fn line_ending(text: &str) -> LineEnding {
    let bytes = text.as_bytes();
    let (mut feeds, mut pairs, mut returns) = (0_usize, 0_usize, 0_usize);
    for at in memchr::memchr2_iter(b'\n', b'\r', bytes) {
        match bytes.get(at) {
            Some(b'\r') => returns += 1,
            _ if at > 0 && bytes.get(at - 1) == Some(&b'\r') => pairs += 1,
            _ => feeds += 1,
        }
    }
    match (feeds, pairs) {
        // Carriage returns alone are kept where they are.
        _ if returns > pairs => LineEnding::Mixed,
        (_, 0) => LineEnding::Lf,
        (0, _) => LineEnding::Crlf,
        _ => LineEnding::Mixed,
    }
}

fn utf16(bytes: &[u8], unit: fn([u8; 2]) -> u16) -> Option<String> {
    let (pairs, []) = bytes.as_chunks::<2>() else { return None };
    char::decode_utf16(pairs.iter().map(|pair| unit(*pair))).collect::<Result<_, _>>().ok()
}

fn units(mark: &[u8], text: &str, bytes: fn(u16) -> [u8; 2]) -> Vec<u8> {
    mark.iter().copied().chain(text.encode_utf16().flat_map(bytes)).collect()
}

/// The type of an image that a browser can show, by the first bytes of the file.
///
/// Source: WHATWG MIME Sniffing, "Matching an image type pattern"; an SVG is a text.
pub(crate) fn image(beginning: &[u8]) -> Option<&'static str> {
    let is = |at: usize, pattern: &[u8]| {
        beginning.get(at..).is_some_and(|rest| rest.starts_with(pattern))
    };
    let types: [(&str, bool); 7] = [
        ("image/png", is(0, b"\x89PNG\r\n\x1a\n")),
        ("image/jpeg", is(0, b"\xff\xd8\xff")),
        ("image/gif", is(0, b"GIF87a") || is(0, b"GIF89a")),
        ("image/webp", is(0, b"RIFF") && is(8, b"WEBPVP")),
        ("image/bmp", is(0, b"BM")),
        ("image/avif", is(4, b"ftypavif") || is(4, b"ftypavis")),
        ("image/x-icon", is(0, b"\0\0\x01\0")),
    ];
    types.into_iter().find_map(|(name, fits)| fits.then_some(name))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(text: &str, encoding: Encoding, line_ending: LineEnding) -> Content {
        Content::Text(Decoded { text: text.to_owned(), encoding, line_ending })
    }

    #[test]
    fn the_encoding_and_the_line_endings_are_found() {
        let (lf, crlf, mixed) = (LineEnding::Lf, LineEnding::Crlf, LineEnding::Mixed);
        for (bytes, expect) in [
            (b"".as_slice(), text("", Encoding::Utf8, lf)),
            (b"a\nb", text("a\nb", Encoding::Utf8, lf)),
            (b"a\r\nb\r\n", text("a\nb\n", Encoding::Utf8, crlf)),
            (b"a\r\nb\n", text("a\r\nb\n", Encoding::Utf8, mixed)),
            (b"a\rb\r\n", text("a\rb\r\n", Encoding::Utf8, mixed)),
            (b"a\rb", text("a\rb", Encoding::Utf8, mixed)),
            (b"a\r\r\nb", text("a\r\r\nb", Encoding::Utf8, mixed)),
            (b"\xef\xbb\xbfa\xc3\xa9", text("a\u{e9}", Encoding::Utf8Mark, lf)),
            (b"\xff\xfea\0\r\0\n\0", text("a\n", Encoding::Utf16Le, crlf)),
            (b"\xfe\xff\0a\0\n", text("a\n", Encoding::Utf16Be, lf)),
            (b"\xff\xfe\x3d\xd8\x00\xde", text("\u{1f600}", Encoding::Utf16Le, lf)),
        ] {
            assert_eq!(decode(bytes), expect, "{bytes:?}");
        }
    }

    #[test]
    fn what_cannot_come_back_is_no_text() {
        for (bytes, expect) in [
            (b"a\0b".as_slice(), Content::Binary),
            (b"caf\xe9", Content::Undecodable),
            (b"\xff\xfea", Content::Undecodable),
            // Half of a pair of surrogates.
            (b"\xff\xfe\x3d\xd8", Content::Undecodable),
            (b"\xef\xbb\xbf\xef\xbb\xbfa", Content::Undecodable),
            (b"\xff\xfe\0\0", Content::Undecodable),
        ] {
            assert_eq!(decode(bytes), expect, "{bytes:?}");
        }
    }

    #[test]
    fn a_new_line_in_a_file_with_carriage_returns_gets_one() {
        let bytes = encode("a\nb\r\n", Encoding::Utf8, LineEnding::Crlf);
        assert_eq!(bytes, b"a\r\nb\r\n");
        assert_eq!(encode("a\n", Encoding::Utf16Be, LineEnding::Lf), b"\xfe\xff\0a\0\n");
    }

    #[test]
    fn images_are_known_by_their_content() {
        assert_eq!(image(b"\x89PNG\r\n\x1a\n..."), Some("image/png"));
        assert_eq!(image(b"RIFF\x01\x02\x03\x04WEBPVP8 "), Some("image/webp"));
        assert_eq!(image(b"<svg/>"), None);
        assert_eq!(image(b""), None);
    }
}
