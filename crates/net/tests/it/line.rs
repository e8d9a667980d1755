// SPDX-License-Identifier: Apache-2.0
//! Lines over a unix socket: limits, ends, and an `accept` that can be ended.

use std::io::Write;
use std::os::unix::net::UnixStream;

use moat_net::{Error, LineListener, LineStream, Stop};

#[test]
fn lines_pass_both_ways_and_the_end_is_seen() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("run/s");
    let listener = LineListener::bind(&path, 10).unwrap();
    let stop = Stop::new().unwrap();
    let mut near = LineStream::connect(&path, 10).unwrap();
    let far = listener.accept(&stop).unwrap().unwrap();
    let (mut reader, mut writer) = far.split();
    near.send("0123456789").unwrap();
    assert_eq!(reader.receive().unwrap().as_deref(), Some("0123456789"));
    writer.send("").unwrap();
    assert_eq!(near.receive().unwrap().as_deref(), Some(""));
    assert!(near.send("01234567890").is_err());
    assert!(near.send("a\nb").is_err());
    drop(near);
    assert_eq!(reader.receive().unwrap(), None);
}

#[test]
fn lines_that_break_the_rules_are_errors() {
    for bytes in [b"01234567890\n".as_slice(), b"no end", b"\xff\n", b"01234567890"] {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("run/s");
        let listener = LineListener::bind(&path, 10).unwrap();
        let mut near = connect(&path);
        near.write_all(bytes).unwrap();
        drop(near);
        let mut far = listener.accept(&Stop::new().unwrap()).unwrap().unwrap();
        assert!(matches!(far.receive(), Err(Error::Local { .. })), "{bytes:?}");
    }
}

#[test]
fn a_waiting_accept_ends_when_asked() {
    let directory = tempfile::tempdir().unwrap();
    let listener = LineListener::bind(&directory.path().join("run/s"), 10).unwrap();
    let stop = Stop::new().unwrap();
    std::thread::scope(|scope| {
        let waiting = scope.spawn(|| listener.accept(&stop).unwrap().is_none());
        stop.request();
        assert!(waiting.join().unwrap());
    });
}

#[test]
fn a_term_signal_requests_the_end() {
    let directory = tempfile::tempdir().unwrap();
    let listener = LineListener::bind(&directory.path().join("run/s"), 10).unwrap();
    let stop = Stop::at_sigterm().unwrap();
    let other = Stop::new().unwrap();
    rustix::process::kill_process(rustix::process::getpid(), rustix::process::Signal::TERM)
        .unwrap();
    assert!(listener.accept(&stop).unwrap().is_none());
    assert!(stop.is_requested() && !other.is_requested());
}

#[expect(clippy::disallowed_methods, reason = "a peer that does not keep to lines")]
fn connect(path: &std::path::Path) -> UnixStream {
    UnixStream::connect(path).unwrap()
}
