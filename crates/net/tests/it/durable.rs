// SPDX-License-Identifier: Apache-2.0
//! The order of logging and sending, held still at every `sync`.

use std::io::{Read, Write};
use std::sync::Arc;
use std::sync::mpsc::sync_channel;

use moat_base::{Fs, RealFs};
use moat_log::{Event, Outcome};
use moat_net::{Ended, Endpoint, Error, Idle, Outgoing, Transport, Zone};

use crate::support::{
    Bench, Gate, GatedFs, PATIENCE, Peer, allowing, entries, log_text, model_at, ok,
};

fn gated(peer: &Peer) -> (Bench, Arc<Gate>) {
    let gate = Arc::new(Gate::default());
    let fs = Arc::new(GatedFs(Arc::clone(&gate)));
    let policy = allowing(vec![model_at(&peer.url("/"))]);
    (Bench::with(policy, |settings| settings.fs = fs), gate)
}

fn request() -> Outgoing {
    Outgoing::model_request("m", "/x", b"{}".to_vec())
}

#[test]
fn nothing_is_sent_and_no_answer_is_given_before_its_line_is_durable() {
    let peer = Peer::answering(ok("{\"done\":1}"));
    let (bench, gate) = gated(&peer);
    let client = bench.client();
    gate.close();
    std::thread::scope(|scope| {
        let (sender, answers) = sync_channel(1);
        let client = &client;
        scope.spawn(move || sender.send(client.send(request()).unwrap().status).unwrap());
        gate.wait_for_sync();
        peer.saw_nothing();
        gate.let_one_through();
        peer.next();
        gate.wait_for_sync();
        // The peer has answered, the closing line is not durable: the client has nothing.
        assert!(answers.try_recv().is_err());
        gate.let_one_through();
        assert_eq!(answers.recv_timeout(PATIENCE).unwrap(), 200);
    });
}

#[test]
fn the_end_of_a_stream_waits_for_its_line() {
    let peer =
        Peer::answering("HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\ndata: 1\n\n");
    let (bench, gate) = gated(&peer);
    let client = bench.client();
    gate.close();
    std::thread::scope(|scope| {
        let (sender, pieces) = sync_channel(1);
        let client = &client;
        scope.spawn(move || {
            let mut answer = client.send(request()).unwrap();
            let mut first = [0; 9];
            answer.body.read_exact(&mut first).unwrap();
            sender.send(first.to_vec()).unwrap();
            sender.send(answer.body.read_all(100).unwrap()).unwrap();
        });
        gate.wait_for_sync();
        gate.let_one_through();
        assert_eq!(pieces.recv_timeout(PATIENCE).unwrap(), b"data: 1\n\n");
        gate.wait_for_sync();
        assert!(pieces.try_recv().is_err());
        gate.let_one_through();
        assert_eq!(pieces.recv_timeout(PATIENCE).unwrap(), b"");
    });
}

#[test]
fn a_broker_that_was_killed_leaves_the_opened_line_and_the_next_one_closes_it_as_unknown() {
    let peer = Peer::new(|_request, stream| {
        // It never answers; it ends when the broker closes.
        let _closed = stream.read(&mut [0]);
    });
    let bench = Bench::new(allowing(vec![model_at(&peer.url("/"))]));
    let client = bench.client();
    let after = tempfile::tempdir().unwrap();
    std::thread::scope(|scope| {
        let outgoing = request();
        let cancel = outgoing.cancel.clone();
        let client = &client;
        scope.spawn(move || client.send(outgoing));
        peer.next();
        // What is on the disk at this moment is what a kill would leave, with half a line more.
        let log = after.path().join("crossings");
        RealFs.create_dir_all(&log).unwrap();
        let text = log_text(&bench.directory.path().join("crossings")) + "{\"entry\":{\"ver";
        RealFs.replace(&log.join("crossings-000001.jsonl"), text.as_bytes()).unwrap();
        cancel.cancel();
    });
    let next = Bench::in_directory(after, allowing(Vec::new()), |_settings| {});
    next.client();
    let events: Vec<Event> = next.entries().into_iter().map(|entry| entry.event).collect();
    let [Event::Opened(_), Event::Recovered(_), Event::Closed(closing)] = events.as_slice() else {
        panic!("{events:?}")
    };
    assert_eq!((closing.opened, &closing.outcome), (1, &Outcome::Unknown));
}

#[test]
fn a_stopped_broker_closes_what_is_open() {
    let peer = Peer::new(|_request, stream| {
        let _closed = stream.read(&mut [0]);
    });
    let bench = Bench::new(allowing(vec![model_at(&peer.url("/"))]));
    let client = bench.client();
    let log = bench.directory.path().join("crossings");
    let kept = std::thread::scope(|scope| {
        let waiting = scope.spawn(|| client.send(request()));
        peer.next();
        bench.stop.request();
        let result = waiting.join().unwrap();
        assert!(matches!(result, Err(Error::Broker { .. } | Error::Local { .. })), "{result:?}");
        let text = |bench: &mut Bench| {
            assert_eq!(bench.join().unwrap(), Ended::Stopped);
            entries(&log).0
        };
        let mut bench = bench;
        text(&mut bench)
    });
    let Event::Closed(closing) = &kept.last().unwrap().event else { panic!("{kept:?}") };
    assert_eq!(closing.outcome, Outcome::Stopped);
}

#[test]
fn a_changed_log_stops_the_broker_and_two_brokers_do_not_share_one() {
    let peer = Peer::answering(ok("{}"));
    let bench = Bench::new(allowing(vec![model_at(&peer.url("/"))]));
    bench.client().send(request()).unwrap();
    let log = bench.directory.path().join("crossings");
    let mut second = Bench::with(allowing(Vec::new()), |settings| settings.log = log.clone());
    assert!(matches!(second.join(), Err(Error::Occupied { .. })));
    let text = bench.log_text().replace("\"status\":200", "\"status\":201");
    let after = tempfile::tempdir().unwrap();
    RealFs.create_dir_all(&after.path().join("crossings")).unwrap();
    RealFs
        .replace(&after.path().join("crossings/crossings-000001.jsonl"), text.as_bytes())
        .unwrap();
    let mut third = Bench::in_directory(after, allowing(Vec::new()), |_settings| {});
    assert!(matches!(third.join(), Err(Error::Log { .. })));
}

#[test]
fn an_idle_broker_ends_and_a_kept_one_does_not() {
    let idle = std::time::Duration::from_millis(50);
    let peer = Peer::answering(ok("{}"));
    let mut bench = Bench::with(allowing(vec![model_at(&peer.url("/"))]), |settings| {
        settings.idle = Idle::After(idle)
    });
    let client = bench.client();
    // Far longer than the idle time, counted by a peer that answers late.
    let late = Peer::new(move |_request, stream| {
        let (_never, waits) = sync_channel::<()>(0);
        let _timeout = waits.recv_timeout(idle * 6);
        stream.write_all(ok("{}").as_bytes()).unwrap();
    });
    *bench.policy.lock().unwrap() =
        Ok(allowing(vec![Endpoint { zone: Zone::Host, ..model_at(&late.url("/")) }]));
    assert_eq!(client.send(request()).unwrap().status, 200);
    assert_eq!(client.send(request()).unwrap().status, 200);
    drop(client);
    assert_eq!(bench.join().unwrap(), Ended::Idle);
}
