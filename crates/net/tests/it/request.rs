// SPDX-License-Identifier: Apache-2.0
//! What an allowed request sends, what comes back, and what the log says.

use std::io::{Read, Write};

use moat_log::{Digest, Event, Outcome, Verdict};
use moat_net::{Attribution, Outgoing, RequestHeader, Transport};

use crate::support::{Bench, KEY, Peer, allowing, entries, model_at, ok};

#[test]
fn an_allowed_request_carries_the_credential_and_two_log_lines() {
    let peer = Peer::answering(ok("{\"a\":1}"));
    let bench = Bench::new(allowing(vec![model_at(&peer.url("/v1"))]));
    let mut outgoing = Outgoing::model_request("m", "/chat/completions?x=secret", b"{}".to_vec());
    outgoing.headers.push((RequestHeader::Accept, "application/json".to_owned()));
    outgoing.attribution = Attribution {
        user: Some("ada".to_owned()),
        session: Some("s1".to_owned()),
        call: Some("c1".to_owned()),
    };
    let answer = bench.client().send(outgoing).unwrap();
    assert_eq!((answer.status, answer.header("content-type")), (200, Some("application/json")));
    assert_eq!(answer.body.read_all(100).unwrap(), b"{\"a\":1}");
    assert_eq!(
        peer.next(),
        format!(
            "POST /v1/chat/completions?x=secret HTTP/1.1\r\nHost: {}\r\nUser-Agent: moat\r\nContent-Type: application/json\r\nAccept: application/json\r\nAuthorization: Bearer {KEY}\r\nContent-Length: 2\r\nConnection: close\r\n\r\n{{}}",
            peer.address
        )
    );
    let entries = bench.entries();
    let [opened, closed] = entries.as_slice() else { panic!("{entries:?}") };
    let Event::Opened(opening) = &opened.event else { panic!("{opened:?}") };
    assert_eq!((opening.verdict.clone(), opening.rule.as_str()), (Verdict::Allowed, "m"));
    assert_eq!(
        (opening.path.as_str(), opening.query_sha256),
        ("/v1/chat/completions", Some(Digest::of(b"x=secret")))
    );
    assert_eq!((opening.to.host.as_str(), opening.to.zone.as_str()), ("127.0.0.1", "host"));
    assert_eq!((opening.body.bytes, opening.body.sha256), (2, Digest::of(b"{}")));
    assert_eq!(opening.who.attribution.session.as_deref(), Some("s1"));
    let Event::Closed(closing) = &closed.event else { panic!("{closed:?}") };
    assert_eq!(
        (closing.opened, closing.status, closing.outcome.clone()),
        (1, Some(200), Outcome::Complete)
    );
    assert_eq!(closing.received.clone().unwrap().sha256, Digest::of(b"{\"a\":1}"));
    let text = bench.log_text();
    assert!(!text.contains(KEY) && !text.contains("secret"), "{text}");
}

#[test]
fn a_stream_arrives_as_it_is_sent() {
    let (go, gate) = std::sync::mpsc::sync_channel::<()>(0);
    let gate = std::sync::Mutex::new(gate);
    let peer = Peer::new(move |_request, stream| {
        stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n9\r\ndata: 1\n\n\r\n").unwrap();
        gate.lock().unwrap().recv().unwrap();
        stream.write_all(b"9\r\ndata: 2\n\n\r\n0\r\n\r\n").unwrap();
    });
    let bench = Bench::new(allowing(vec![model_at(&peer.url("/"))]));
    let mut answer = bench.client().send(Outgoing::model_request("m", "/x", Vec::new())).unwrap();
    let mut first = [0; 9];
    answer.body.read_exact(&mut first).unwrap();
    assert_eq!(&first, b"data: 1\n\n");
    go.send(()).unwrap();
    assert_eq!(answer.body.read_all(100).unwrap(), b"data: 2\n\n");
}

#[test]
fn headers_that_could_steer_or_track_are_not_passed_on() {
    let peer = Peer::answering(
        "HTTP/1.1 200 OK\r\nContent-Length: 0\r\nSet-Cookie: a=b\r\nX-Feature: on\r\nETag: \"e\"\r\n\r\n",
    );
    let bench = Bench::new(allowing(vec![model_at(&peer.url("/"))]));
    let answer = bench.client().send(Outgoing::model_request("m", "/x", Vec::new())).unwrap();
    let names: Vec<&str> = answer.headers.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(names, ["content-length", "etag"]);
}

#[test]
fn many_threads_share_one_client_and_one_chain() {
    let peer = Peer::new(|request, stream| {
        let body = request.rsplit("\r\n\r\n").next().unwrap();
        stream.write_all(ok(body).as_bytes()).unwrap();
    });
    let bench = Bench::new(allowing(vec![model_at(&peer.url("/"))]));
    let client = bench.client();
    std::thread::scope(|scope| {
        for number in 0..24 {
            let client = &client;
            scope.spawn(move || {
                let body = format!("{{\"n\":{number}}}").into_bytes();
                let answer = client.send(Outgoing::model_request("m", "/x", body.clone())).unwrap();
                assert_eq!(answer.body.read_all(100).unwrap(), body);
            });
        }
    });
    let (_, summary) = entries(&bench.directory.path().join("crossings"));
    assert_eq!((summary.entries, summary.allowed, summary.open.len()), (48, 24, 0));
}

#[test]
fn the_same_request_has_the_same_bytes_in_two_installations() {
    let sent = |user: &str| {
        let peer = Peer::answering(ok("{}"));
        let bench = Bench::new(allowing(vec![model_at(&peer.url("/v1"))]));
        let mut outgoing = Outgoing::model_request("m", "/x", b"{}".to_vec());
        outgoing.attribution.user = Some(user.to_owned());
        bench.client().send(outgoing).unwrap();
        peer.next().replace(&peer.address.to_string(), "PEER")
    };
    assert_eq!(sent("ada"), sent("grace"));
}

#[test]
fn a_large_request_and_a_large_answer_pass_whole() {
    let large = "x".repeat(5 * 1024 * 1024);
    let answer = large.clone();
    let peer = Peer::new(move |_request, stream| stream.write_all(ok(&answer).as_bytes()).unwrap());
    let bench = Bench::new(allowing(vec![model_at(&peer.url("/"))]));
    let outgoing = Outgoing::model_request("m", "/x", large.clone().into_bytes());
    let answer = bench.client().send(outgoing).unwrap();
    assert_eq!(answer.body.read_all(1 << 30).unwrap(), large.as_bytes());
    assert!(peer.next().ends_with(&large));
}
