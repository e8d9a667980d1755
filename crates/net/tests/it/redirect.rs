// SPDX-License-Identifier: Apache-2.0
//! Redirects: none for model requests, for downloads only where the policy says,
//! and never with the credential.

use std::io::Write;

use moat_net::{Endpoint, Error, Outgoing, Transport, Url};

use crate::support::{Bench, KEY, Peer, allowing, model_at, ok, source_at};

fn redirecting(to: String) -> Peer {
    Peer::answering(format!("HTTP/1.1 302 Found\r\nLocation: {to}\r\nContent-Length: 0\r\n\r\n"))
}

#[test]
fn a_model_request_is_not_redirected() {
    let thief = Peer::answering(ok("{}"));
    let peer = redirecting(thief.url("/v1"));
    let bench = Bench::new(allowing(vec![Endpoint {
        redirects: vec![Url::parse(&thief.url("/")).unwrap()],
        ..model_at(&peer.url("/"))
    }]));
    let answer = bench.client().send(Outgoing::model_request("m", "/x", b"{}".to_vec())).unwrap();
    assert_eq!((answer.status, answer.header("location")), (302, None));
    thief.saw_nothing();
}

#[test]
fn a_download_is_redirected_only_to_where_its_rule_says_and_without_the_credential() {
    let other = Peer::answering(ok("weights"));
    let peer = redirecting(other.url("/blob/x?sig=1"));
    let download = || Outgoing::model_download(&peer.url("/models/f"));
    for (allowed, expected) in
        [(None, false), (Some(other.url("/other")), false), (Some(other.url("/blob")), true)]
    {
        let redirects = allowed.iter().map(|url| Url::parse(url).unwrap()).collect();
        let bench =
            Bench::new(allowing(vec![Endpoint { redirects, ..source_at(&peer.url("/models")) }]));
        let result = bench.client().send(download());
        assert!(peer.next().contains(KEY), "the credential goes to its own endpoint");
        if expected {
            assert_eq!(result.unwrap().body.read_all(100).unwrap(), b"weights");
            let request = other.next();
            assert!(!request.contains(KEY) && !request.contains("Authorization"), "{request}");
            assert_eq!(bench.entries().len(), 4);
        } else {
            assert!(matches!(result, Err(Error::Denied { .. })));
            other.saw_nothing();
        }
    }
}

#[test]
fn a_redirect_is_checked_like_any_address() {
    for location in [
        "http://169.254.169.254/latest/meta-data",
        "http://127.0.0.1@evil.test/",
        "//evil.test/x",
        "/models/../admin",
        "/admin",
        "file:///etc/passwd",
    ] {
        let peer = redirecting(location.to_owned());
        let bench = Bench::new(allowing(vec![Endpoint {
            redirects: vec![Url::parse("http://169.254.169.254/").unwrap()],
            ..source_at(&peer.url("/models"))
        }]));
        let result = bench.client().send(Outgoing::model_download(&peer.url("/models/f")));
        assert!(matches!(result, Err(Error::Denied { .. })), "{location}");
    }
}

#[test]
fn a_redirect_within_the_endpoint_keeps_the_credential_and_a_loop_ends() {
    let peer = Peer::new(|request, stream| {
        let answer = if request.starts_with("GET /models/a ") {
            "HTTP/1.1 307 Go\r\nLocation: /models/b\r\nContent-Length: 0\r\n\r\n".to_owned()
        } else if request.starts_with("GET /models/loop ") {
            "HTTP/1.1 307 Go\r\nLocation: /models/loop\r\nContent-Length: 0\r\n\r\n".to_owned()
        } else {
            ok("weights")
        };
        stream.write_all(answer.as_bytes()).unwrap();
    });
    let bench = Bench::new(allowing(vec![source_at(&peer.url("/models"))]));
    let client = bench.client();
    let answer = client.send(Outgoing::model_download(&peer.url("/models/a"))).unwrap();
    assert_eq!(answer.body.read_all(100).unwrap(), b"weights");
    assert!(peer.next().contains(KEY) && peer.next().contains(KEY));
    let looping = client.send(Outgoing::model_download(&peer.url("/models/loop")));
    assert!(matches!(looping, Err(Error::Denied { .. })));
}
