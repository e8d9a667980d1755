// SPDX-License-Identifier: Apache-2.0
//! Speed and memory of `moat scan` beside ripgrep, on a tree as large as the Linux kernel's.
//!
//! Both read every file of the same tree; ripgrep looks for one common word. The tree is made from
//! a seed: as many files as the kernel has, with its median length and its long tail, lines of
//! words, a few surfaces. Both are timed in turn, after one run of each that fills the page cache.
//!
//! Invariant: both sides of a ratio are measured in turn, in the same run.

use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use anyhow::Context as _;

use super::option::Options;
use super::place;
use super::random::Random;
use crate::door;

const FILES: usize = 72_000;
const FILES_PER_DIRECTORY: usize = 16;
const ROUNDS: usize = 7;
const SEED: u64 = 11;
/// A word that many files have.
const PATTERN: &str = "return";

const RATIO_GOAL: f64 = 1.5;
const MEMORY_GOAL_KIB: u64 = 200 * 1024;

/// Measures and prints; missing a goal is a failure.
pub(super) fn run(arguments: &[String]) -> anyhow::Result<()> {
    let options = Options::read(arguments, &["moat", "files", "rounds", "tree"], &[])?;
    let program = match options.value("moat") {
        Some(path) => PathBuf::from(path),
        None => place::beside_this_program("moat")?,
    };
    anyhow::ensure!(program.is_file(), "`{}` is missing; `make build` makes it", program.display());
    let rg =
        door::path_of("rg").context("there is no `rg`; `scripts/setup.sh test` installs it")?;
    let rounds = number(&options, "rounds", ROUNDS)?;
    let home = place::temporary()?;
    let directory = home.path().join("tree");
    let tree = match options.value("tree") {
        Some(path) => PathBuf::from(path),
        None => {
            let files = number(&options, "files", FILES)?;
            let bytes = generate(&directory, files)?;
            door::say(&format!("tree           {files} files, {} MiB", bytes >> 20));
            directory
        }
    };
    let search = ["-uuu", "-c", PATTERN, "."];
    let scan = ["scan", "--json", "--fail-on", "never", "."];
    measure(&rg, &search, &tree, home.path())?;
    measure(&program, &scan, &tree, home.path())?;
    let (mut searches, mut scans, mut memory_kib) = (Vec::new(), Vec::new(), 0);
    for _round in 0..rounds {
        searches.push(measure(&rg, &search, &tree, home.path())?.time);
        let measured = measure(&program, &scan, &tree, home.path())?;
        scans.push(measured.time);
        memory_kib = memory_kib.max(measured.memory_kib);
    }
    let (search, scan) = (median(searches), median(scans));
    let ratio = scan.as_secs_f64() / search.as_secs_f64().max(f64::MIN_POSITIVE);
    let verdict = |met: bool| if met { "met" } else { "MISSED" };
    let (is_fast, is_small) = (ratio <= RATIO_GOAL, memory_kib <= MEMORY_GOAL_KIB);
    door::say(&format!(
        "time           `moat scan` {} ms, `rg -uuu -c {PATTERN}` {} ms: {ratio:.2} times; goal {RATIO_GOAL}: {}",
        scan.as_millis(),
        search.as_millis(),
        verdict(is_fast)
    ));
    door::say(&format!(
        "memory         {} MiB at its peak; goal {}: {}",
        memory_kib / 1024,
        MEMORY_GOAL_KIB / 1024,
        verdict(is_small)
    ));
    anyhow::ensure!(is_fast && is_small, "a goal was missed");
    Ok(())
}

fn number(options: &Options, name: &str, usual: usize) -> anyhow::Result<usize> {
    let given = options.number(name)?;
    given.map_or(Ok(usual), |value| usize::try_from(value).context("the number is too large"))
}

/// What one run took.
struct Measured {
    time: Duration,
    /// The most that was resident.
    memory_kib: u64,
}

fn measure(
    program: &Path,
    arguments: &[&str],
    tree: &Path,
    home: &Path,
) -> anyhow::Result<Measured> {
    let report = home.join("time");
    let (status, time) = door::timed(|| {
        door::command("/usr/bin/env", tree)
            .args(["time", "-q", "-f", "%M", "-o"])
            .arg(&report)
            .arg(program)
            .args(arguments)
            .env("HOME", home)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .status()
    });
    let status = status.context("could not start `time`")?;
    anyhow::ensure!(status.success(), "`{}` ended with {status}", program.display());
    let text = place::text(&report)?;
    let last = text.lines().last().unwrap_or_default();
    let memory_kib = last.trim().parse().context("`time` told no memory")?;
    Ok(Measured { time, memory_kib })
}

/// Makes a tree; gives its bytes.
fn generate(directory: &Path, files: usize) -> anyhow::Result<u64> {
    let mut random = Random::new(SEED);
    let mut bytes = 0_u64;
    for file in 0..files {
        let folder = file / FILES_PER_DIRECTORY;
        let (area, part) = (folder % 24, folder / 24 % 40);
        let ending = ["c", "h", "c", "h", "c", "rst", "dts", "yaml"][file % 8];
        let name =
            format!("area_{area:02}/part_{part:02}/unit_{folder:04}/file_{file:05}.{ending}");
        let text = text(&mut random);
        bytes += text.len() as u64;
        place::write(&directory.join(name), text.as_bytes())?;
    }
    for unit in 0..20 {
        let name = format!("area_{unit:02}/.vscode/tasks.json");
        place::write(&directory.join(name), b"{\"tasks\": [{\"command\": \"make\"}]}\n")?;
    }
    Ok(bytes)
}

/// A text whose length has the kernel's median and a long tail: two in three between half and
/// three times the median, one in a hundred above sixteen times.
fn text(random: &mut Random) -> String {
    let doublings = match random.below(100) {
        0..=9 => 0,
        10..=24 => 1,
        25..=49 => 2,
        50..=74 => 3,
        75..=89 => 4,
        90..=96 => 5,
        97..=98 => 6,
        _ => 7,
    };
    let base = 750_usize << doublings;
    let length = base + random.below(base);
    let mut text = String::with_capacity(length + 80);
    while text.len() < length {
        text.push_str(LINES[random.below(LINES.len())]);
    }
    text
}

fn median(mut times: Vec<Duration>) -> Duration {
    times.sort();
    times.get(times.len() / 2).copied().unwrap_or_default()
}

const LINES: [&str; 12] = [
    "static int device_probe(struct platform_device *device)\n",
    "{\n",
    "\tif (!state->ready || state->count > LIMIT)\n",
    "\t\treturn -EINVAL;\n",
    "\tmutex_lock(&state->lock);\n",
    "\tlist_for_each_entry_safe(entry, next, &state->entries, node) {\n",
    "\t\tregister_write(base + OFFSET(entry->index), value & 0xffff);\n",
    "\t}\n",
    "\n",
    "/* The hardware needs some time before it may be asked again, see the manual. */\n",
    "#define REGISTER_STATUS_MASK\t0x0000ff00\n",
    "}\n",
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_tree_has_the_kernels_median_and_is_the_same_each_time() {
        let lengths = || {
            let mut random = Random::new(SEED);
            (0..4000).map(|_| text(&mut random).len()).collect::<Vec<usize>>()
        };
        let mut sorted = lengths();
        assert_eq!(sorted, lengths());
        sorted.sort_unstable();
        let median = sorted[sorted.len() / 2];
        assert!((4_000..9_000).contains(&median), "{median}");
        assert!(sorted.last().copied().unwrap() > 90_000);
    }
}
