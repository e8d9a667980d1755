// SPDX-License-Identifier: Apache-2.0
//! What the policy does not hold is denied, logged, and never reaches a peer.

use moat_base::Hint;
use moat_log::{Event, Verdict};
use moat_net::{
    Broker, Error, Method, Outgoing, PolicyError, Purpose, RequestHeader, Target, Transport, Zone,
};

use crate::support::{Bench, Peer, allowing, model_at, ok, source_at};

fn denied(result: Result<moat_net::Answer, Error>) -> (String, String) {
    match result {
        Err(error @ Error::Denied { .. }) => {
            assert!(error.hint().is_some());
            let Error::Denied { rule, reason, .. } = error else { panic!() };
            (rule, reason)
        }
        other => panic!("{other:?}"),
    }
}

fn last_is_denied(bench: &Bench) -> bool {
    match &bench.entries().last().unwrap().event {
        Event::Opened(opening) => matches!(opening.verdict, Verdict::Denied(_)),
        Event::Closed(_) | Event::Recovered(_) => false,
    }
}

#[test]
fn only_the_named_endpoint_path_and_method_pass() {
    let peer = Peer::answering(ok("{}"));
    let bench =
        Bench::new(allowing(vec![model_at(&peer.url("/v1")), source_at(&peer.url("/models"))]));
    let client = bench.client();
    let request = |name: &str, path: &str| Outgoing::model_request(name, path, Vec::new());
    let refused = [
        request("other", "/x"),
        request("d", "/x"),
        request("m", "x"),
        request("m", "/../admin"),
        request("m", "/%2e%2e/admin"),
        request("m", "//evil.test/x"),
        request("m", "/a\r\nX: y"),
        request("m", "/a b"),
        request("m", "/a\0"),
        Outgoing { method: Method::Get, ..request("m", "/x") },
        Outgoing { purpose: Purpose::ModelDownload, ..request("m", "/x") },
        Outgoing {
            headers: vec![(RequestHeader::Accept, "a\r\nAuthorization: b".to_owned())],
            ..request("m", "/x")
        },
        Outgoing::model_download(&peer.url("/other/file")),
        Outgoing::model_download(&peer.url("/modelsx/file")),
        Outgoing::model_download(&peer.url("/v1/file")),
        Outgoing::model_download(&peer.url("/models/../v1")),
        Outgoing::model_download(&peer.url("/models/%2e%2e/v1")),
        Outgoing::model_download("file:///etc/passwd"),
        Outgoing::model_download(&format!(
            "http://127.0.0.1.evil.test:{}/models/f",
            peer.address.port()
        )),
        Outgoing::model_download(&format!("http://user@{}/models/f", peer.address)),
        Outgoing::model_download(&format!("https://{}/models/f", peer.address)),
        Outgoing::model_download("http://127.0.0.1:1/models/f"),
        Outgoing::model_download(&format!("http://127.1:{}/models/f", peer.address.port())),
        Outgoing::model_download(&format!(
            "http://[::ffff:127.0.0.1]:{}/models/f",
            peer.address.port()
        )),
        Outgoing { method: Method::Post, ..Outgoing::model_download(&peer.url("/models/f")) },
    ];
    for outgoing in refused {
        let shown = format!("{outgoing:?}");
        denied(client.send(outgoing));
        assert!(last_is_denied(&bench), "{shown}");
        peer.saw_nothing();
    }
    // The control: the same client, the same peer, what the policy holds.
    assert_eq!(client.send(request("m", "/x")).unwrap().status, 200);
    assert_eq!(client.send(Outgoing::model_download(&peer.url("/models/f"))).unwrap().status, 200);
}

#[test]
fn addresses_outside_the_zone_are_denied_after_the_look_up() {
    let peer = Peer::answering(ok("{}"));
    let port = peer.address.port();
    let base = format!("http://models.test:{port}/");
    let zones = [
        (Zone::External("EU".to_owned()), "127.0.0.1"),
        (Zone::Network("office".to_owned()), "127.0.0.1"),
        (Zone::External("EU".to_owned()), "10.0.0.1"),
        (Zone::Host, "10.0.0.1"),
        (Zone::Host, "169.254.169.254"),
        (Zone::Network("office".to_owned()), "169.254.169.254"),
        (Zone::Host, "224.0.0.1"),
        (Zone::Host, "::ffff:127.0.0.1"),
        (Zone::Network("office".to_owned()), "fe80::1"),
    ];
    for (zone, address) in zones {
        let bench = Bench::new(allowing(vec![moat_net::Endpoint {
            zone,
            credential: None,
            ..model_at(&base)
        }]));
        bench.names.set("models.test", &[&[address]]);
        let (rule, reason) =
            denied(bench.client().send(Outgoing::model_request("m", "/x", Vec::new())));
        assert!(rule == "m" && reason.contains(address), "{rule} {reason}");
        assert!(last_is_denied(&bench));
    }
    peer.saw_nothing();
}

#[test]
fn a_name_that_is_rebound_is_looked_up_once_and_one_bad_address_denies_all() {
    let peer = Peer::answering(ok("{}"));
    let base = format!("http://models.test:{}/", peer.address.port());
    let bench = Bench::new(allowing(vec![model_at(&base)]));
    let client = bench.client();
    let request = || Outgoing::model_request("m", "/x", Vec::new());
    // A second look-up would lead to the metadata service.
    bench.names.set("models.test", &[&["127.0.0.1"], &["169.254.169.254"]]);
    assert_eq!(client.send(request()).unwrap().status, 200);
    assert_eq!(bench.names.asked(), ["models.test"]);
    denied(client.send(request()));
    bench.names.set("models.test", &[&["127.0.0.1", "169.254.169.254"]]);
    denied(client.send(request()));
    peer.next();
    peer.saw_nothing();
}

#[test]
fn a_credential_does_not_leave_in_plain_text() {
    let external = |credential| {
        let zone = Zone::External("EU".to_owned());
        let endpoint = model_at("http://models.test/");
        Bench::new(allowing(vec![moat_net::Endpoint { zone, credential, ..endpoint }]))
    };
    let request = || Outgoing::model_request("m", "/x", Vec::new());
    let (_, reason) =
        denied(external(model_at("http://x.test/").credential).client().send(request()));
    assert!(reason.contains("plain text"), "{reason}");
    // The control: without a credential it gets as far as the look-up.
    let error = external(None).client().send(request()).unwrap_err();
    assert!(matches!(error, Error::Peer { .. }), "{error:?}");
}

#[test]
fn a_policy_that_cannot_be_read_denies_and_a_new_one_counts_at_once() {
    let peer = Peer::answering(ok("{}"));
    let bench = Bench::new(allowing(Vec::new()));
    let client = bench.client();
    let request = || Outgoing::model_request("m", "/x", Vec::new());
    assert_eq!(denied(client.send(request())).0, "default deny");
    *bench.policy.lock().unwrap() = Err(PolicyError { reason: "line 3 is wrong".to_owned() });
    assert_eq!(denied(client.send(request())).1, "line 3 is wrong");
    *bench.policy.lock().unwrap() = Ok(allowing(vec![model_at(&peer.url("/"))]));
    assert_eq!(client.send(request()).unwrap().status, 200);
}

#[test]
fn a_client_that_speaks_nonsense_is_refused_and_the_broker_lives() {
    use std::io::{Read, Write};
    let bench = Bench::new(allowing(Vec::new()));
    for bytes in [
        b"GET / HTTP/1.1\r\n\r\n".as_slice(),
        b"Q\0\0\0\x02{}",
        b"Q\xff\xff\xff\xff",
        b"A\0\0\0\0",
        b"L\0\0\0\x02{}",
        b"Q\0\0",
        b"",
    ] {
        let mut stream = connect(&bench);
        stream.write_all(bytes).unwrap();
        stream.shutdown(std::net::Shutdown::Write).unwrap();
        let mut answer = Vec::new();
        // Bytes that the broker did not read turn its close into a reset.
        let _reset = stream.read_to_end(&mut answer);
        assert!(answer.first().is_none_or(|kind| *kind == b'X'), "{bytes:?} {answer:?}");
    }
    Broker::connect(&bench.socket()).unwrap();
}

#[expect(clippy::disallowed_methods, reason = "a client that does not keep to the frames")]
fn connect(bench: &Bench) -> std::os::unix::net::UnixStream {
    std::os::unix::net::UnixStream::connect(bench.socket()).unwrap()
}

#[test]
fn a_target_is_its_own_kind() {
    // An address is never taken for an endpoint's name, nor the other way round.
    let peer = Peer::answering(ok("{}"));
    let bench = Bench::new(allowing(vec![model_at(&peer.url("/"))]));
    let url = peer.url("/x");
    let mut outgoing = Outgoing::model_request(&url, "/x", Vec::new());
    denied(bench.client().send(outgoing.clone()));
    outgoing.target = Target::Download { url: "m".to_owned() };
    denied(bench.client().send(outgoing));
    peer.saw_nothing();
}
