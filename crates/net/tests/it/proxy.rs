// SPDX-License-Identifier: Apache-2.0
//! A proxy on a listener that was handed over: exact hosts, matching names in TLS.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::Arc;
use std::time::Duration;

use moat_log::{Event, Outcome, Verdict};
use moat_net::{
    Adoption, Attribution, Broker, EgressPolicy, Error, Host, Purpose, RuleHost, RuleSet, Scheme,
    Zone,
};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, ClientConnection, RootCertStore, StreamOwned};

use crate::support::{Bench, PATIENCE, Peer, ok};
use crate::tls::secure_peer;

struct Guest {
    bench: Bench,
    _client: Broker,
    adoption: Adoption,
    address: std::net::SocketAddr,
}

fn rule(scheme: Scheme, host: &str, port: u16) -> RuleHost {
    RuleHost { scheme, host: Host::parse(host).unwrap(), port, zone: Zone::Host }
}

#[expect(clippy::disallowed_methods, reason = "the listener that a sandbox would make")]
fn listener() -> TcpListener {
    TcpListener::bind("127.0.0.1:0").unwrap()
}

fn guest(hosts: Vec<RuleHost>) -> Guest {
    let set = RuleSet { name: "pip".to_owned(), purpose: Purpose::PackageDownload, hosts };
    let bench = Bench::new(EgressPolicy { endpoints: Vec::new(), rule_sets: vec![set] });
    bench.names.set("files.test", &[&["127.0.0.1"]]);
    bench.names.set("meta.test", &[&["169.254.169.254"]]);
    let client = bench.client();
    let listener = listener();
    let address = listener.local_addr().unwrap();
    let adoption = client.adopt(&listener, "pip", Attribution::default()).unwrap();
    Guest { bench, _client: client, adoption, address }
}

impl Guest {
    #[expect(clippy::disallowed_methods, reason = "the program inside the sandbox")]
    fn connect(&self) -> TcpStream {
        let stream = TcpStream::connect(self.address).unwrap();
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        stream
    }

    fn ask(&self, request: &str) -> String {
        let mut stream = self.connect();
        stream.write_all(request.as_bytes()).unwrap();
        let mut answer = Vec::new();
        let _reset = stream.read_to_end(&mut answer);
        String::from_utf8_lossy(&answer).into_owned()
    }

    fn tunnel(&self, target: &str) -> TcpStream {
        let mut stream = self.connect();
        stream
            .write_all(format!("CONNECT {target} HTTP/1.1\r\nHost: {target}\r\n\r\n").as_bytes())
            .unwrap();
        let mut answer = [0; 17];
        stream.read_exact(&mut answer).unwrap();
        assert_eq!(&answer, b"HTTP/1.1 200 \r\n\r\n");
        stream
    }

    fn verdicts(&self) -> Vec<Verdict> {
        let opened = |event| match event {
            Event::Opened(opening) => Some(opening.verdict),
            Event::Closed(_) | Event::Recovered(_) => None,
        };
        self.bench.entries().into_iter().filter_map(|entry| opened(entry.event)).collect()
    }
}

fn secure(stream: TcpStream, name: &str, pem: &[u8]) -> StreamOwned<ClientConnection, TcpStream> {
    let mut roots = RootCertStore::empty();
    roots.add(CertificateDer::from_pem_slice(pem).unwrap()).unwrap();
    let config =
        ClientConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_root_certificates(roots)
            .with_no_client_auth();
    let name = ServerName::try_from(name.to_owned()).unwrap();
    StreamOwned::new(ClientConnection::new(Arc::new(config), name).unwrap(), stream)
}

#[test]
fn a_tunnel_to_an_allowed_host_works_and_is_logged_with_its_bytes() {
    let (peer, pem) = secure_peer("files.test");
    let port = peer.address.port();
    let guest = guest(vec![rule(Scheme::Https, "files.test", port)]);
    let mut stream = secure(guest.tunnel(&format!("files.test:{port}")), "files.test", &pem);
    stream.write_all(b"GET /simple/ HTTP/1.1\r\n\r\n").unwrap();
    let mut answer = Vec::new();
    let _end = stream.read_to_end(&mut answer);
    assert!(answer.ends_with(b"{\"tls\":1}"));
    assert!(peer.next().starts_with("GET /simple/"));
    drop(stream);
    let mut bench = guest.bench;
    bench.stop.request();
    bench.join().unwrap();
    let entries = bench.entries();
    let Event::Closed(closing) = &entries.last().unwrap().event else { panic!("{entries:?}") };
    assert!(
        closing.sent.as_ref().unwrap().bytes > 100
            && closing.received.as_ref().unwrap().bytes > 100
    );
    assert!(matches!(closing.outcome, Outcome::Complete | Outcome::Stopped | Outcome::Failed(_)));
}

#[test]
fn a_tunnel_whose_tls_names_another_host_is_cut_before_a_byte_leaves() {
    let (peer, pem) = secure_peer("other.test");
    let port = peer.address.port();
    let guest = guest(vec![rule(Scheme::Https, "files.test", port)]);
    let mut fronted = secure(guest.tunnel(&format!("files.test:{port}")), "other.test", &pem);
    assert!(
        fronted
            .write_all(b"GET / HTTP/1.1\r\n\r\n")
            .and_then(|()| fronted.read(&mut [0]).map(|_| ()))
            .is_err()
    );
    let mut plain = guest.tunnel(&format!("files.test:{port}"));
    plain.write_all(b"GET / HTTP/1.1\r\nHost: files.test\r\n\r\n").unwrap();
    let mut answer = Vec::new();
    let _reset = plain.read_to_end(&mut answer);
    assert!(answer.is_empty());
    peer.saw_nothing();
    assert!(guest.verdicts().iter().all(|verdict| matches!(verdict, Verdict::Denied(_))));
    assert_eq!(guest.verdicts().len(), 2);
}

#[test]
fn what_the_rule_set_does_not_hold_gets_403_and_a_log_line() {
    let peer = Peer::answering(ok("page"));
    let port = peer.address.port();
    let guest =
        guest(vec![rule(Scheme::Http, "files.test", port), rule(Scheme::Https, "meta.test", 443)]);
    let refused = [
        format!("CONNECT files.test:{port} HTTP/1.1\r\n\r\n"),
        "CONNECT evil.test:443 HTTP/1.1\r\n\r\n".to_owned(),
        "CONNECT meta.test:443 HTTP/1.1\r\n\r\n".to_owned(),
        "CONNECT meta.test:444 HTTP/1.1\r\n\r\n".to_owned(),
        "CONNECT meta.test HTTP/1.1\r\n\r\n".to_owned(),
        "CONNECT meta.test.:443 HTTP/1.1\r\n\r\n".to_owned(),
        "CONNECT 169.254.169.254:80 HTTP/1.1\r\n\r\n".to_owned(),
        format!("CONNECT 127.0.0.1:{port} HTTP/1.1\r\n\r\n"),
        format!("GET http://evil.test:{port}/ HTTP/1.1\r\n\r\n"),
        format!("GET http://files.test:{port}/ HTTP/1.1\r\nHost: evil.test\r\n\r\n"),
        format!("GET http://user@files.test:{port}/ HTTP/1.1\r\n\r\n"),
        format!("GET http://files.test:{port}/../x HTTP/1.1\r\n\r\n"),
        "GET /simple/ HTTP/1.1\r\nHost: files.test\r\n\r\n".to_owned(),
        format!("POST http://files.test:{port}/ HTTP/1.1\r\nContent-Length: 1\r\n\r\nx"),
        format!("GET http://files.test:{port}/ HTTP/1.1\r\nContent-Length: 1\r\n\r\nx"),
        format!("PUT http://files.test:{port}/ HTTP/1.1\r\n\r\n"),
    ];
    for (position, request) in refused.iter().enumerate() {
        let answer = guest.ask(request);
        assert!(answer.starts_with("HTTP/1.1 403"), "{request} {answer}");
        assert_eq!(guest.verdicts().len(), position + 1, "{request}");
    }
    peer.saw_nothing();
    assert!(guest.verdicts().iter().all(|verdict| matches!(verdict, Verdict::Denied(_))));
    // The control, and what of it reaches the host.
    let request = format!(
        "GET http://files.test:{port}/simple/?a=b HTTP/1.1\r\nHost: files.test:{port}\r\nAuthorization: x\r\nCookie: y\r\nUser-Agent: pip\r\nProxy-Authorization: z\r\n\r\n"
    );
    assert!(guest.ask(&request).ends_with("\r\n\r\npage"));
    assert_eq!(
        peer.next(),
        format!(
            "GET /simple/?a=b HTTP/1.1\r\nHost: files.test:{port}\r\nUser-Agent: moat\r\nConnection: close\r\n\r\n"
        )
    );
}

#[test]
fn nonsense_at_the_proxy_is_refused() {
    let guest = guest(Vec::new());
    for request in
        ["nonsense\r\n\r\n", "GET http://x/ HTTP/1.1\nHost: x\r\n\r\n", "\x16\x03\x01\r\n\r\n"]
    {
        assert!(guest.ask(request).starts_with("HTTP/1.1 400"), "{request:?}");
    }
}

#[test]
fn an_unknown_rule_set_and_a_foreign_descriptor_are_refused() {
    let guest = guest(Vec::new());
    let client = guest.bench.client();
    let denied = |result: Result<Adoption, Error>| {
        assert!(matches!(result, Err(Error::Denied { .. })), "{result:?}")
    };
    denied(client.adopt(&listener(), "other", Attribution::default()));
    let (unix, _other) = std::os::unix::net::UnixStream::pair().unwrap();
    denied(client.adopt(&unix, "pip", Attribution::default()));
    denied(client.adopt(&guest.connect(), "pip", Attribution::default()));
}

#[test]
fn a_dropped_adoption_ends_the_proxy_and_its_tunnels() {
    let (peer, _pem) = secure_peer("files.test");
    let port = peer.address.port();
    let guest = guest(vec![rule(Scheme::Https, "files.test", port)]);
    let mut tunnel = guest.tunnel(&format!("files.test:{port}"));
    drop(guest.adoption);
    tunnel.set_read_timeout(Some(Duration::from_secs(30))).unwrap();
    assert!(!matches!(tunnel.read(&mut [0]), Ok(1..)));
}
