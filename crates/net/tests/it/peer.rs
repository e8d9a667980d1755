// SPDX-License-Identifier: Apache-2.0
//! Peers that hang, break off, talk nonsense or never end.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::Duration;

use moat_base::Hint;
use moat_log::{Event, Outcome};
use moat_net::{Error, Outgoing, Problem, Transport};

use crate::support::{Bench, Peer, allowing, model_at, ok};

fn failure(peer: &Peer) -> (Problem, Bench) {
    let policy = allowing(vec![model_at(&peer.url("/"))]);
    let bench = Bench::with(policy, |settings| {
        settings.timeouts.answer = Duration::from_millis(300);
        settings.timeouts.silence = Duration::from_millis(300);
    });
    let result = bench.client().send(Outgoing::model_request("m", "/x", Vec::new()));
    let error = match result {
        Ok(answer) => {
            let error = answer.body.read_all(1 << 40).unwrap_err();
            *error.into_inner().unwrap().downcast::<Error>().unwrap()
        }
        Err(error) => error,
    };
    assert!(error.hint().is_some());
    let Error::Peer { problem, .. } = error else { panic!("{error:?}") };
    (problem, bench)
}

fn wait_for_the_end(stream: &mut TcpStream) {
    let _closed = stream.read(&mut [0]);
}

type Script = fn(&str, &mut TcpStream);
type Case = (&'static str, Script, fn(&Problem) -> bool);

fn drip(_request: &str, stream: &mut TcpStream) {
    // A byte now and then is not a sign of life for a head.
    while stream.write_all(b"H").is_ok() {
        let (_never, waits) = std::sync::mpsc::sync_channel::<()>(0);
        let _timeout = waits.recv_timeout(Duration::from_millis(20));
    }
}

const CASES: [Case; 9] = [
    ("hangs", |_, stream| wait_for_the_end(stream), |p| matches!(p, Problem::Silent(_))),
    ("drips", drip, |p| matches!(p, Problem::Silent(_) | Problem::Nonsense(_))),
    ("closes", |_, _| {}, |p| matches!(p, Problem::Truncated | Problem::Io(_))),
    (
        "other protocol",
        |_, stream| stream.write_all(b"SSH-2.0-x\r\n\r\n").unwrap(),
        |p| matches!(p, Problem::Nonsense(_)),
    ),
    (
        "two lengths",
        |_, stream| {
            stream
                .write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab")
                .unwrap();
        },
        |p| matches!(p, Problem::Nonsense(_)),
    ),
    (
        "breaks off",
        |_, stream| {
            stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nab").unwrap();
        },
        |p| *p == Problem::Truncated,
    ),
    (
        "breaks off a stream",
        |_, stream| {
            stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nab\r\n").unwrap();
        },
        |p| *p == Problem::Truncated,
    ),
    (
        "hangs in a stream",
        |_, stream| {
            stream
                .write_all(b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\nab")
                .unwrap();
            wait_for_the_end(stream);
        },
        |p| matches!(p, Problem::Silent(_)),
    ),
    (
        "too long",
        |_, stream| {
            stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 99999999999\r\n\r\n").unwrap();
        },
        |p| matches!(p, Problem::TooLong(_)),
    ),
];

#[test]
fn each_failure_of_a_peer_has_its_own_clear_error_and_log_line() {
    for (name, script, expected) in CASES {
        let (problem, bench) = failure(&Peer::new(script));
        assert!(expected(&problem), "{name}: {problem:?}");
        let entries = bench.entries();
        let Event::Closed(closing) = &entries.last().unwrap().event else {
            panic!("{name}: {entries:?}")
        };
        assert!(matches!(closing.outcome, Outcome::Failed(_)), "{name}");
    }
    // The control: a slow but living peer within the limits.
    let peer = Peer::answering(ok("{}"));
    let bench = Bench::new(allowing(vec![model_at(&peer.url("/"))]));
    assert_eq!(
        bench.client().send(Outgoing::model_request("m", "/x", Vec::new())).unwrap().status,
        200
    );
}

#[test]
fn nobody_there_and_no_such_name_are_told_apart() {
    let peer = Peer::answering(ok("{}"));
    let bench = Bench::new(allowing(vec![model_at("http://nowhere.test/")]));
    let error = bench.client().send(Outgoing::model_request("m", "/x", Vec::new())).unwrap_err();
    assert!(matches!(error, Error::Peer { problem: Problem::Lookup(_), .. }), "{error:?}");
    bench.names.set("nowhere.test", &[&["127.0.0.1"]]);
    *bench.policy.lock().unwrap() = Ok(allowing(vec![model_at("http://nowhere.test:1/")]));
    let error = bench.client().send(Outgoing::model_request("m", "/x", Vec::new())).unwrap_err();
    assert!(matches!(error, Error::Peer { problem: Problem::Connect(_), .. }), "{error:?}");
    peer.saw_nothing();
    assert_eq!(bench.entries().len(), 4, "both attempts are in the log");
}
