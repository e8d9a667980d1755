// SPDX-License-Identifier: Apache-2.0
//! Going away in the middle ends the request at the peer, and the log says so.

use std::io::{Read, Write};
use std::sync::mpsc::sync_channel;

use moat_log::{Event, Outcome};
use moat_net::{Error, Outgoing, Transport};

use crate::support::{Bench, PATIENCE, Peer, allowing, entries, model_at};

#[test]
fn a_cancelled_wait_and_a_dropped_stream_reach_the_peer() {
    for begins in [false, true] {
        let (sender, closed) = sync_channel(1);
        let peer = Peer::new(move |_request, stream| {
            if begins {
                stream
                    .write_all(
                        b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\ndata: 1\n\n",
                    )
                    .unwrap();
            }
            let gone = !matches!(stream.read(&mut [0]), Ok(1..));
            sender.send(gone).unwrap();
        });
        let bench = Bench::new(allowing(vec![model_at(&peer.url("/"))]));
        let client = bench.client();
        let outgoing = Outgoing::model_request("m", "/x", Vec::new());
        let cancel = outgoing.cancel.clone();
        if begins {
            drop(client.send(outgoing).unwrap());
        } else {
            std::thread::scope(|scope| {
                let waiting = scope.spawn(|| client.send(outgoing));
                peer.next();
                cancel.cancel();
                assert!(matches!(waiting.join().unwrap(), Err(Error::Cancelled)));
            });
        }
        assert!(closed.recv_timeout(PATIENCE).unwrap(), "begins: {begins}");
        let log = bench.directory.path().join("crossings");
        bench_end(bench, &log);
    }
}

fn bench_end(mut bench: Bench, log: &std::path::Path) {
    bench.stop.request();
    bench.join().unwrap();
    let copy = entries(log).0;
    let Event::Closed(closing) = &copy.last().unwrap().event else { panic!("{copy:?}") };
    assert_eq!(closing.outcome, Outcome::Abandoned);
}

#[test]
fn a_cancelled_token_refuses_further_requests() {
    let bench = Bench::new(allowing(Vec::new()));
    let outgoing = Outgoing::model_request("m", "/x", Vec::new());
    outgoing.cancel.cancel();
    assert!(matches!(bench.client().send(outgoing), Err(Error::Cancelled)));
}
