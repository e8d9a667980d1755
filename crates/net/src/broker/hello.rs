// SPDX-License-Identifier: Apache-2.0
//! The server name in a TLS ClientHello, so that a tunnel goes where it says.
//!
//! A tunnel to an allowed host whose TLS names another host would reach that
//! other host on a shared front. An encrypted ClientHello hides the name, so it is
//! refused. What is inside the encryption is not seen.
//!
//! Source: RFC 8446 section 4.1.2 (ClientHello) and 5.1 (records), RFC 6066
//! section 3 (server_name), RFC 9849 (encrypted_client_hello, 0xfe0d).

use crate::limits::CLIENT_HELLO_BYTES_MAX;

/// What a ClientHello asks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Hello {
    /// The one server name, if there is one.
    pub(crate) server_name: Option<String>,
    /// Whether a hidden name is offered as well.
    pub(crate) encrypted: bool,
}

/// Reads the ClientHello at the start of `bytes`; `Ok(None)` when more are needed.
pub(crate) fn parse(bytes: &[u8]) -> Result<Option<Hello>, &'static str> {
    if bytes.len() > CLIENT_HELLO_BYTES_MAX {
        return Err("the ClientHello is too long");
    }
    let mut handshake = Vec::new();
    let mut rest = bytes;
    loop {
        let Some((header, after)) = rest.split_first_chunk::<5>() else {
            return match rest.first() {
                Some(22) | None => Ok(None),
                Some(_) => Err("it is not TLS"),
            };
        };
        let [kind, major, _minor, high, low] = *header;
        let length = usize::from(u16::from_be_bytes([high, low]));
        if kind != 22 || major != 3 || length == 0 || length > 16_384 {
            return Err("it is not TLS");
        }
        let Some((record, after)) = after.split_at_checked(length) else {
            return Ok(None);
        };
        handshake.extend_from_slice(record);
        rest = after;
        if let Some([1, a, b, c]) = handshake.first_chunk::<4>() {
            let wanted = usize::try_from(u32::from_be_bytes([0, *a, *b, *c])).unwrap_or(usize::MAX);
            if let Some(body) = handshake.get(4..wanted.saturating_add(4)) {
                return client_hello(body).ok_or("the ClientHello is malformed").map(Some);
            }
        } else if handshake.first().is_some_and(|kind| *kind != 1) {
            return Err("it does not begin with a ClientHello");
        }
    }
}

const SERVER_NAME: u16 = 0;
const ENCRYPTED_CLIENT_HELLO: u16 = 0xfe0d;

fn client_hello(body: &[u8]) -> Option<Hello> {
    // Version and random, session id, cipher suites, compression methods.
    let rest = body.get(34..)?;
    let (_session, rest) = vector8(rest)?;
    let (_ciphers, rest) = vector16(rest)?;
    let (_compression, rest) = vector8(rest)?;
    let mut hello = Hello { server_name: None, encrypted: false };
    if rest.is_empty() {
        return Some(hello);
    }
    let (mut extensions, rest) = vector16(rest)?;
    if !rest.is_empty() {
        return None;
    }
    while !extensions.is_empty() {
        let (kind, after) = extensions.split_first_chunk::<2>()?;
        let (content, after) = vector16(after)?;
        extensions = after;
        match u16::from_be_bytes(*kind) {
            SERVER_NAME if hello.server_name.is_some() => return None,
            SERVER_NAME => hello.server_name = Some(server_name(content)?),
            ENCRYPTED_CLIENT_HELLO => hello.encrypted = true,
            _ => {}
        }
    }
    Some(hello)
}

/// A list with exactly one entry of the type `host_name`.
fn server_name(content: &[u8]) -> Option<String> {
    let (list, rest) = vector16(content)?;
    let (kind, entry) = list.split_first()?;
    let (name, after) = vector16(entry)?;
    let plain = rest.is_empty() && after.is_empty() && *kind == 0;
    plain.then(|| String::from_utf8(name.to_vec()).ok()).flatten()
}

fn vector8(bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    let (length, rest) = bytes.split_first()?;
    rest.split_at_checked(usize::from(*length))
}

fn vector16(bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    let (length, rest) = bytes.split_first_chunk::<2>()?;
    rest.split_at_checked(usize::from(u16::from_be_bytes(*length)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn extension(kind: u16, content: &[u8]) -> Vec<u8> {
        let length = u16::try_from(content.len()).unwrap();
        [&kind.to_be_bytes(), &length.to_be_bytes(), content].concat()
    }

    fn name_extension(name: &str) -> Vec<u8> {
        let length = u16::try_from(name.len()).unwrap();
        let entry = [&[0], &length.to_be_bytes()[..], name.as_bytes()].concat();
        let list = u16::try_from(entry.len()).unwrap();
        extension(0, &[&list.to_be_bytes()[..], &entry].concat())
    }

    fn hello(extensions: &[u8], record_bytes: usize) -> Vec<u8> {
        let length = u16::try_from(extensions.len()).unwrap();
        let body = [
            &[3, 3],
            &[0; 32][..],
            &[0],
            &[0, 2, 0x13, 1],
            &[1, 0],
            &length.to_be_bytes(),
            extensions,
        ]
        .concat();
        let [_, a, b, c] = u32::try_from(body.len()).unwrap().to_be_bytes();
        let message = [&[1, a, b, c], body.as_slice()].concat();
        let records = message.chunks(record_bytes).map(|record| {
            let length = u16::try_from(record.len()).unwrap().to_be_bytes();
            [&[22, 3, 1], &length[..], record].concat()
        });
        records.collect::<Vec<_>>().concat()
    }

    #[test]
    fn the_name_is_found_also_over_many_records() {
        for record_bytes in [1, 7, 10_000] {
            let bytes = hello(
                &[extension(10, b"x"), name_extension("files.example")].concat(),
                record_bytes,
            );
            let expected =
                Hello { server_name: Some("files.example".to_owned()), encrypted: false };
            assert_eq!(parse(&bytes), Ok(Some(expected)), "{record_bytes}");
            for end in 0..bytes.len() {
                assert_eq!(parse(&bytes[..end]), Ok(None), "{record_bytes} {end}");
            }
        }
    }

    #[test]
    fn hidden_double_and_broken_names_are_seen() {
        let bytes =
            hello(&[name_extension("front.example"), extension(0xfe0d, b"x")].concat(), 9999);
        assert!(parse(&bytes).unwrap().unwrap().encrypted);
        assert_eq!(parse(&hello(&[], 9999)).unwrap().unwrap().server_name, None);
        let broken = [
            hello(&[name_extension("a.example"), name_extension("b.example")].concat(), 9999),
            hello(&extension(0, &[0, 9, 0, 0, 1]), 9999),
            b"GET / HTTP/1.1\r\n\r\n".to_vec(),
            b"\x16\x03\x01\x00\x00".to_vec(),
            b"\x16\x03\x01\x00\x04\x02\x00\x00\x00".to_vec(),
        ];
        for bytes in broken {
            assert!(parse(&bytes).is_err(), "{bytes:?}");
        }
    }

    proptest::proptest! {
        #[test]
        fn any_bytes_are_refused_or_read_without_harm(bytes in proptest::collection::vec(proptest::num::u8::ANY, 0..200)) {
            let framed = [b"\x16\x03\x01\x00\xc0\x01\x00\x00\xbc".as_slice(), &bytes].concat();
            let _either = (parse(&bytes), parse(&framed));
        }
    }
}
