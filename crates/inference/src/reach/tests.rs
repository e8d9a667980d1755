// SPDX-License-Identifier: Apache-2.0
//! Reaching a server that is there, is not, dies, hangs or talks nonsense.

use std::io::Write;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::thread;

use moat_base::{Fs, RealFs};

use super::*;

/// A model server whose file is a minimal GGUF file.
fn server(directory: &Path) -> ModelServer {
    let weights = directory.join("m.gguf");
    let mut bytes = b"GGUF\x03\0\0\0".to_vec();
    bytes.extend(0_u64.to_le_bytes());
    bytes.extend(1_u64.to_le_bytes());
    for (length, text) in [(20_u64, "general.architecture"), (1, "x")] {
        if text == "x" {
            bytes.extend(8_u32.to_le_bytes());
        }
        bytes.extend(length.to_le_bytes());
        bytes.extend(text.as_bytes());
    }
    bytes.resize(bytes.len().next_multiple_of(32), 0);
    RealFs.replace(&weights, &bytes).unwrap();
    ModelServer {
        spec: ServerSpec {
            model: "m".to_owned(),
            weights,
            context_tokens: 1024,
            threads: 1,
            candidates_max: 1,
            idle_stop: Duration::from_secs(1),
        },
        sha256: "ab".repeat(32),
        command: Vec::new(),
        runtime: directory.join("runtime"),
    }
}

/// Answers each connection of `listener` with the next of `answers`, then closes the socket.
fn play(listener: UnixListener, answers: &'static [&'static str]) {
    thread::spawn(move || {
        for answer in answers {
            // A connection only to look is closed before it sends anything.
            loop {
                let (mut stream, _) = listener.accept().unwrap();
                let mut request = [0; 4096];
                if stream.read(&mut request).unwrap() == 0 {
                    continue;
                }
                let head = "HTTP/1.1 200 \r\nConnection: close\r\nContent-Length:";
                write!(stream, "{head} {}\r\n\r\n{answer}", answer.len()).unwrap();
                break;
            }
        }
    });
}

const OK: &str = "{\"status\":\"ok\"}\n";
const LOADING: &str = "{\"status\":\"loading\",\"percent\":7}\n";
const LOADED: &str = "{\"status\":\"loading\",\"percent\":7}\n{\"status\":\"ok\"}\n";
const FAILED: &str = "{\"status\":\"failed\",\"reason\":\"no memory\"}\n";

const PATIENT: Duration = Duration::from_secs(60);

/// Reaches a server whose starts play `starts`, and gives what was reported.
fn reach(starts: &[&'static [&'static str]]) -> (Result<PathBuf, Error>, Vec<Progress>, usize) {
    let directory = tempfile::tempdir().unwrap();
    let server = server(directory.path());
    let mut reports = Vec::new();
    let mut count = 0;
    let result = server.reach_with(
        PATIENT,
        &mut |listener| {
            play(listener, starts[count]);
            count += 1;
            Ok(())
        },
        &mut |progress| reports.push(progress),
    );
    (result, reports, count)
}

#[test]
fn a_server_is_started_and_waited_for() {
    let (result, reports, starts) = reach(&[&[LOADED]]);
    assert!(result.unwrap().ends_with("model-abababababababab.sock"));
    assert_eq!(reports, [Progress::Starting, Progress::Loading { percent: 7 }]);
    assert_eq!(starts, 1);
}

#[test]
fn a_server_that_dies_is_started_once_more() {
    let (result, reports, starts) = reach(&[&[LOADING], &[OK]]);
    assert!(result.is_ok(), "{result:?}");
    assert!(
        matches!(
            reports.as_slice(),
            [Progress::Starting, Progress::Loading { .. }, Progress::Restarting { .. },]
        ),
        "{reports:?}"
    );
    assert_eq!(starts, 2);
}

#[test]
fn a_server_that_keeps_dying_is_given_up() {
    for nonsense in [&[LOADING] as &'static [&'static str], &["<html>\n"], &[]] {
        let starts = [nonsense, nonsense];
        let (result, _, count) = reach(&starts);
        let error = result.unwrap_err();
        assert!(matches!(error, Error::ServerDied { .. }), "{error:?}");
        assert_eq!(count, 2);
    }
}

#[test]
fn a_server_that_cannot_load_is_believed() {
    let (result, _, starts) = reach(&[&[FAILED]]);
    let error = result.unwrap_err();
    assert!(error.to_string().contains("no memory"), "{error}");
    assert_eq!(starts, 1);
}

#[test]
fn a_running_server_is_shared() {
    let directory = tempfile::tempdir().unwrap();
    let server = server(directory.path());
    play(moat_net::bind(&server.socket()).unwrap(), &[OK]);
    let mut start = |_| panic!("it runs already");
    assert!(server.reach_with(PATIENT, &mut start, &mut |_| {}).is_ok());
}

#[test]
fn a_silent_server_is_told_from_a_slow_one() {
    let directory = tempfile::tempdir().unwrap();
    let server = server(directory.path());
    // Bound and never accepted: connecting works, an answer never comes.
    let _listener = moat_net::bind(&server.socket()).unwrap();
    let mut start = |_| panic!("somebody listens");
    let error = server.reach_with(Duration::from_millis(50), &mut start, &mut |_| {}).unwrap_err();
    assert!(matches!(error, Error::ServerHangs { .. }), "{error:?}");
}

#[test]
fn damaged_weights_are_found_before_anything_starts() {
    for (content, expect) in [(b"GGUF\x03".as_slice(), "truncated"), (b"#!/bin/sh", "not a GGUF")] {
        let directory = tempfile::tempdir().unwrap();
        let server = server(directory.path());
        RealFs.replace(&server.spec.weights, content).unwrap();
        let mut start = |_| panic!("the file is damaged");
        let error = server.reach_with(PATIENT, &mut start, &mut |_| {}).unwrap_err();
        let report = moat_base::Report::of(&error).to_string();
        assert!(report.contains(expect) && report.contains("m.gguf"), "{report}");
    }
}

#[test]
fn two_sessions_start_one_server() {
    let directory = tempfile::tempdir().unwrap();
    let server = server(directory.path());
    let starts = Arc::new(AtomicU32::new(0));
    thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                let mut start = |listener| {
                    starts.fetch_add(1, Ordering::SeqCst);
                    play(listener, &[OK, OK]);
                    Ok(())
                };
                server.reach_with(PATIENT, &mut start, &mut |_| {}).unwrap();
            });
        }
    });
    assert_eq!(starts.load(Ordering::SeqCst), 1);
}
