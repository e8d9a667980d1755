// SPDX-License-Identifier: Apache-2.0
//! Messages as peers might frame them, well and badly.

use std::io::Cursor;

use super::*;

struct Canned(Cursor<Vec<u8>>);

impl Read for Canned {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        // One byte at a time, so that every boundary falls everywhere.
        let one = buffer.len().min(1);
        self.0.read(&mut buffer[..one])
    }
}

impl Write for Canned {
    fn write(&mut self, buffer: &[u8]) -> io::Result<usize> {
        Ok(buffer.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Connection for Canned {
    fn set_timeout(&self, _timeout: Duration) -> io::Result<()> {
        Ok(())
    }
}

fn answer(text: &str) -> Result<(u16, Vec<u8>), Problem> {
    let waited = Duration::from_secs(5);
    let mut from = Buffered::new(Canned(Cursor::new(text.as_bytes().to_vec())));
    let head = ResponseHead::read(&mut from, Deadline::after(waited), 1000)
        .map_err(|error| problem(&error, waited))?;
    let length = head.body_length(Method::Post)?;
    let mut body = Vec::new();
    Body::new(from, length, 100).read_to_end(&mut body).map_err(|error| problem(&error, waited))?;
    Ok((head.status, body))
}

#[test]
fn well_framed_answers_are_read_to_their_end() {
    let cases = [
        ("HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nabcREST", 200, "abc"),
        (
            "HTTP/1.1 200 \r\nTransfer-Encoding: chunked\r\n\r\n2\r\nab\r\n1;x=y\r\nc\r\n0\r\n\r\nREST",
            200,
            "abc",
        ),
        ("HTTP/1.1 200 OK\r\nTransfer-Encoding: Chunked\r\n\r\n0\r\nTrailer: x\r\n\r\n", 200, ""),
        ("HTTP/1.0 200 OK\r\n\r\nuntil the end", 200, "until the end"),
        ("HTTP/1.1 204 No Content\r\n\r\nREST", 204, ""),
        (
            "HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\nHTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n",
            404,
            "",
        ),
    ];
    for (text, status, body) in cases {
        assert_eq!(answer(text), Ok((status, body.as_bytes().to_vec())), "{text:?}");
    }
}

#[test]
fn badly_framed_answers_are_refused() {
    let cases = [
        "",
        "garbage\r\n\r\n",
        "SSH-2.0-OpenSSH_9\r\n\r\n",
        "HTTP/1.1 200 OK\r\n",
        "HTTP/1.1 99 Low\r\n\r\n",
        "HTTP/1.1 101 Switching Protocols\r\n\r\n",
        "HTTP/2 200\r\n\r\n",
        "HTTP/1.1 200 OK\nContent-Length: 1\n\na",
        "HTTP/1.1 200 OK\r\nContent-Length: 1\nX: y\r\n\r\na",
        "HTTP/1.1 200 OK\r\nX: a\r\n folded\r\n\r\n",
        "HTTP/1.1 200 OK\r\nX: a\0b\r\n\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nab",
        "HTTP/1.1 200 OK\r\nContent-Length: +3\r\n\r\nabc",
        "HTTP/1.1 200 OK\r\nContent-Length: 3\r\nContent-Length: 4\r\n\r\nabcd",
        "HTTP/1.1 200 OK\r\nContent-Length: 3\r\nContent-Length: 3\r\n\r\nabc",
        "HTTP/1.1 200 OK\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip\r\n\r\n",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabcd\r\n0\r\n\r\n",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n-3\r\nabc\r\n0\r\n\r\n",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0x3\r\nabc\r\n0\r\n\r\n",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nffffffffffffffffff\r\n",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\nabc\r\n0\r\n\r\n",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n",
    ];
    for text in cases {
        assert!(answer(text).is_err(), "{text:?}");
    }
}

#[test]
fn limits_hold_and_say_so() {
    let long = format!("HTTP/1.1 200 OK\r\nContent-Length: 101\r\n\r\n{}", "a".repeat(101));
    assert_eq!(answer(&long), Err(Problem::TooLong(100)));
    let endless = format!("HTTP/1.1 200 OK\r\n\r\n{}", "a".repeat(500));
    assert_eq!(answer(&endless), Err(Problem::TooLong(100)));
    let head = format!("HTTP/1.1 200 OK\r\nX: {}\r\n\r\n", "a".repeat(2000));
    assert!(matches!(answer(&head), Err(Problem::Nonsense(_))));
    let interim = "HTTP/1.1 100 Continue\r\n\r\n".repeat(9);
    assert!(matches!(answer(&interim), Err(Problem::Nonsense(_))));
    let many = format!("HTTP/1.1 200 OK\r\n{}\r\n", "X: y\r\n".repeat(120));
    assert!(matches!(answer(&many), Err(Problem::Nonsense(_))));
}

#[test]
fn a_written_request_has_the_fixed_headers_and_no_value_begins_a_line() {
    let mut out = Vec::new();
    let headers = [("Accept", "text/event-stream")];
    write_request(&mut out, Method::Post, "/v1/x", "models.example", &headers, b"{}").unwrap();
    assert_eq!(
        String::from_utf8(out).unwrap(),
        "POST /v1/x HTTP/1.1\r\nHost: models.example\r\nUser-Agent: moat\r\nAccept: text/event-stream\r\nContent-Length: 2\r\nConnection: close\r\n\r\n{}"
    );
    for value in ["a\r\nX: y", "a\nb", "a\0b", "caf\u{e9}", "a\tb"] {
        assert!(header_line("Accept", value).is_err(), "{value:?}");
    }
}

proptest::proptest! {
    #[test]
    fn any_bytes_are_refused_or_read_without_harm(bytes in proptest::collection::vec(proptest::num::u8::ANY, 0..200)) {
        let text = String::from_utf8_lossy(&bytes).into_owned();
        let _either = answer(&text);
        let _either = answer(&format!("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n{text}"));
    }
}
