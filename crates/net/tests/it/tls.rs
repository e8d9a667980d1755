// SPDX-License-Identifier: Apache-2.0
//! TLS: the right certificate passes, every wrong one does not, and the key stays.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::sync::Arc;

use moat_net::{Error, Outgoing, Problem, Roots, Transport};
use rustls::pki_types::PrivateKeyDer;
use rustls::{ServerConfig, ServerConnection, StreamOwned};

use crate::support::{Bench, Peer, allowing, model_at, ok};

/// A peer with a self-signed certificate for `name`, and that certificate.
pub(crate) fn secure_peer(name: &str) -> (Peer, Vec<u8>) {
    let made = rcgen::generate_simple_self_signed(vec![name.to_owned()]).unwrap();
    let pem = made.cert.pem().into_bytes();
    let key = PrivateKeyDer::try_from(made.signing_key.serialize_der()).unwrap();
    let config =
        ServerConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(vec![made.cert.der().clone()], key)
            .unwrap();
    let config = Arc::new(config);
    let peer = Peer::raw(move |stream: TcpStream, seen| {
        let session = ServerConnection::new(Arc::clone(&config)).unwrap();
        let mut stream = StreamOwned::new(session, stream);
        let mut request = Vec::new();
        let mut piece = [0; 4096];
        while !request.windows(4).any(|four| four == b"\r\n\r\n") {
            match stream.read(&mut piece) {
                Ok(count @ 1..) => request.extend_from_slice(&piece[..count]),
                Ok(_) | Err(_) => return,
            }
        }
        let _ended = seen.send(String::from_utf8_lossy(&request).into_owned());
        stream.write_all(ok("{\"tls\":1}").as_bytes()).unwrap();
        stream.conn.send_close_notify();
        let _closed = stream.flush();
    });
    (peer, pem)
}

fn send(peer: &Peer, host: &str, roots: Vec<Vec<u8>>) -> Result<Vec<u8>, Error> {
    let base = format!("https://{host}:{}/", peer.address.port());
    let bench = Bench::with(allowing(vec![model_at(&base)]), |settings| {
        settings.roots = Roots::Only(roots)
    });
    bench.names.set("models.test", &[&["127.0.0.1"]]);
    bench.names.set("other.test", &[&["127.0.0.1"]]);
    let answer = bench.client().send(Outgoing::model_request("m", "/x", Vec::new()))?;
    Ok(answer.body.read_all(100).unwrap())
}

#[test]
fn only_the_right_host_under_a_believed_authority_is_spoken_to() {
    let (peer, pem) = secure_peer("models.test");
    let (_other, foreign) = secure_peer("models.test");
    for (host, roots) in [
        ("models.test", vec![]),
        ("models.test", vec![foreign]),
        ("other.test", vec![pem.clone()]),
        ("127.0.0.1", vec![pem.clone()]),
    ] {
        let error = send(&peer, host, roots).unwrap_err();
        assert!(matches!(error, Error::Peer { problem: Problem::Tls(_), .. }), "{host}: {error:?}");
        peer.saw_nothing();
    }
    assert_eq!(send(&peer, "models.test", vec![pem]).unwrap(), b"{\"tls\":1}");
    assert!(peer.next().starts_with("POST /x HTTP/1.1\r\nHost: models.test:"));
}

#[test]
fn a_peer_that_speaks_no_tls_gets_no_request_and_a_bad_root_is_said() {
    let plain = Peer::answering(ok("{}"));
    let error = send(&plain, "models.test", Vec::new()).unwrap_err();
    assert!(
        matches!(error, Error::Peer { problem: Problem::Tls(_) | Problem::Silent(_), .. }),
        "{error:?}"
    );
    let mut bench = Bench::with(allowing(Vec::new()), |settings| {
        settings.roots = Roots::Only(vec![b"not a certificate".to_vec()]);
    });
    assert!(matches!(bench.join(), Err(Error::Roots { .. })));
}
