// SPDX-License-Identifier: Apache-2.0
//! Measures what a checkpoint costs after a command that changed 10 files, in
//! sessions with more and more changed files, and what a rewind costs.
//!
//! `cargo run --release --example checkpoint_speed -- DIRECTORY` works in an empty
//! directory that it makes there.

#![expect(
    clippy::disallowed_methods,
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a measurement prepares files as any program, stops at what fails, and prints"
)]

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use moat_base::Timestamp;
use moat_files::{Checkpoints, DirTree, Root, Wish};

const ROUNDS: u32 = 30;
const CHANGED: usize = 10;

fn main() {
    let place = std::env::args_os().nth(1).map_or_else(|| PathBuf::from("."), PathBuf::from);
    for files in [100, 1_000, 10_000, 100_000] {
        let place = place.join(format!("checkpoint-speed-{files}"));
        measure(&place, files);
        moat_files::remove_files(&place).unwrap();
    }
}

fn measure(place: &Path, files: usize) {
    let (upper, records, real) = (place.join("upper"), place.join("files"), place.join("real"));
    for directory in [&upper, &records, &real] {
        std::fs::create_dir_all(directory).unwrap();
    }
    let path = |file: usize| upper.join(format!("source-{:03}/file-{file:06}.txt", file / 50));
    for file in 0..files {
        std::fs::create_dir_all(path(file).parent().unwrap()).unwrap();
        write(&path(file), file, 0);
    }
    let mut checkpoints = Checkpoints::open(&records, &upper).unwrap();
    let mut take = |after: &str| {
        let start = Instant::now();
        checkpoints
            .take(Wish::Always, (Timestamp(0), after, 0), &[], &mut || Ok(Vec::new()))
            .unwrap();
        start.elapsed()
    };
    let first = take("everything");
    let mut rounds = Vec::new();
    for round in 1..=ROUNDS {
        for file in 0..CHANGED {
            write(&path(file * files / CHANGED), file, round);
        }
        rounds.push(take("ten files"));
    }
    let mut nothing: Vec<Duration> = (0..ROUNDS).map(|_| take("nothing")).collect();
    let real = DirTree::new(Root::open(&real).unwrap());
    let start = Instant::now();
    checkpoints.rewind(&real, 1, &mut || Ok(())).unwrap();
    let rewind = start.elapsed();
    println!(
        "{files:>7} changed files: first {} · after 10 changes {} · after none {} · rewind {}",
        shown(first),
        spread(&mut rounds),
        spread(&mut nothing),
        shown(rewind),
    );
}

fn write(path: &Path, file: usize, round: u32) {
    let text = format!("file {file} of round {round}\n").repeat(150);
    std::fs::write(path, text).unwrap();
}

fn spread(times: &mut [Duration]) -> String {
    times.sort_unstable();
    let at = |part: usize| times.get(times.len() * part / 100).copied().unwrap_or_default();
    format!("{} ({} to {})", shown(at(50)), shown(at(5)), shown(at(95)))
}

fn shown(time: Duration) -> String {
    format!("{:.2} ms", time.as_secs_f64() * 1000.0)
}
