// SPDX-License-Identifier: Apache-2.0
//! Speed of the release binary, as ratios to programs that everybody has.
//!
//! A time means little on a machine that somebody else uses too; a ratio to a
//! program that ran in between, over and over, does. Three goals of the
//! project are measured: the start of the program, the way from its start to
//! the first model request in a large repository (the check is the user's own
//! time and is left out), and the memory of a session that waits, over all its processes.
//!
//! It does not judge the model or the agent; `bench agent` does.
//!
//! Invariant: both sides of a ratio are measured in turn, in the same run.

use std::collections::BTreeSet;
use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use anyhow::Context as _;

use super::option::Options;
use super::place;
use crate::door;
use crate::prove::{PLAIN_CHECK, User};

const VERSION_ROUNDS: usize = 40;
const EXEC_ROUNDS: usize = 9;
const REPOSITORY_DIRECTORIES: usize = 200;
const FILES_PER_DIRECTORY: usize = 100;

const VERSION_GOAL: f64 = 3.0;
const EXEC_GOAL: f64 = 2.0;
const MEMORY_GOAL_KIB: u64 = 40 * 1024;

/// What one `moat exec` showed.
struct Turn {
    /// From the start of the program to the first model request, the check excluded.
    to_request: Duration,
    memory: Memory,
}

/// Resident memory while a session waits for its model, in KiB.
#[derive(Clone, Copy, Default)]
struct Memory {
    /// Of the command.
    command_kib: u64,
    /// Of all processes together: launcher, holder of the session and broker too. A page
    /// that several of them share counts once: most of their pages are the one program's.
    all_kib: u64,
    processes: usize,
}

/// Measures and prints; missing a goal is a failure.
pub(super) fn run(arguments: &[String]) -> anyhow::Result<()> {
    let options = Options::read(arguments, &["moat"], &[])?;
    let program = match options.value("moat") {
        Some(path) => PathBuf::from(path),
        None => place::beside_this_program("moat")?,
    };
    anyhow::ensure!(program.is_file(), "`{}` is missing; `make build` makes it", program.display());
    let mut missed = Vec::new();
    let mut judge = |name: &str, value: f64, goal: f64, text: &str| {
        let verdict = if value <= goal { "met" } else { "MISSED" };
        door::say(&format!("{name:<14} {text}; goal {goal}: {verdict}"));
        if value > goal {
            missed.push(name.to_owned());
        }
    };

    let [plain, moat] = version(&program)?;
    let start = ratio(moat, plain);
    judge(
        "start",
        start,
        VERSION_GOAL,
        &format!(
            "`moat --version` {} ms, `/bin/true` {} ms: {start:.2} times",
            ms(moat),
            ms(plain)
        ),
    );

    let directory = place::temporary()?;
    let workspace = directory.path().join("workspace");
    repository(&workspace)?;
    let user = User::new(&program, directory.path(), "home")?;
    // The first reads a tree that was just written, which is the disk's time.
    turn(&program, &workspace, &user)?;
    let (mut status, mut turns, mut memory) = (Vec::new(), Vec::new(), Memory::default());
    for _ in 0..EXEC_ROUNDS {
        status.push(git_status(&workspace)?);
        let turn = turn(&program, &workspace, &user)?;
        turns.push(turn.to_request);
        if turn.memory.all_kib > memory.all_kib {
            memory = turn.memory;
        }
    }
    let (status, warm) = (median(status), median(turns));
    // Another user has no broker yet.
    let other = User::new(&program, directory.path(), "other")?;
    let cold = turn(&program, &workspace, &other)?;
    let to_request = ratio(warm, status);
    judge(
        "first request",
        to_request,
        EXEC_GOAL,
        &format!(
            "`moat exec` {} ms ({} ms when it starts the broker), `git status` {} ms, {} files: {to_request:.2} times",
            ms(warm),
            ms(cold.to_request),
            ms(status),
            REPOSITORY_DIRECTORIES * FILES_PER_DIRECTORY
        ),
    );
    let [command, all] = [memory.command_kib, memory.all_kib].map(|kib| kib as f64 / 1024.0);
    judge(
        "memory",
        all,
        (MEMORY_GOAL_KIB / 1024) as f64,
        &format!(
            "{command:.1} MiB resident of the command, {all:.1} MiB of all {} processes (launcher, holder and broker \
             too; shared pages once) while a session waits for its model",
            memory.processes
        ),
    );
    anyhow::ensure!(missed.is_empty(), "missed: {}", missed.join(", "));
    Ok(())
}

/// The medians of `/bin/true` and of `moat --version`.
fn version(program: &Path) -> anyhow::Result<[Duration; 2]> {
    let (mut plain, mut moat) = (Vec::new(), Vec::new());
    for _ in 0..VERSION_ROUNDS {
        plain.push(silent(Path::new("/bin/true"), &[], Path::new("/"))?);
        moat.push(silent(program, &["--version"], Path::new("/"))?);
    }
    Ok([median(plain), median(moat)])
}

fn git_status(workspace: &Path) -> anyhow::Result<Duration> {
    silent(Path::new("git"), &["status", "--short"], workspace)
}

fn silent(program: &Path, arguments: &[&str], directory: &Path) -> anyhow::Result<Duration> {
    let mut command = door::command(program, directory);
    command.args(arguments).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    let (status, time) = door::timed(|| command.status());
    let status = status.with_context(|| format!("could not start `{}`", program.display()))?;
    anyhow::ensure!(status.success(), "`{}` ended with {status}", program.display());
    Ok(time)
}

/// A repository of many small files and one with a mistake, all committed.
fn repository(workspace: &Path) -> anyhow::Result<()> {
    for directory in 0..REPOSITORY_DIRECTORIES {
        for file in 0..FILES_PER_DIRECTORY {
            let path = workspace.join(format!("package_{directory:03}/module_{file:03}.py"));
            let text = format!(
                "\"\"\"Part {file} of package {directory}.\"\"\"\n\n\n\
                 def part_{directory}_{file}(values):\n    return [value + {file} for value in values]\n"
            );
            place::write(&path, text.as_bytes())?;
        }
    }
    place::write(&workspace.join("cart.py"), b"def total(prices):\n    return sum(prices[1:])\n")?;
    place::write(
        &workspace.join("test_cart.py"),
        b"import unittest\n\nfrom cart import total\n\n\nclass CartTest(unittest.TestCase):\n    \
          def test_total(self):\n        self.assertEqual(total([1, 2, 3]), 6)\n",
    )?;
    let commit = ["-c", "user.name=a", "-c", "user.email=a@b.example", "commit", "-qm", "start"];
    for arguments in [&["init", "-q"][..], &["add", "."], &commit] {
        silent(Path::new("git"), arguments, workspace)?;
    }
    Ok(())
}

/// Runs one turn and reads its events.
fn turn(program: &Path, workspace: &Path, user: &User) -> anyhow::Result<Turn> {
    let started = door::unix_ms();
    let mut child = door::command(program, workspace)
        .args(["exec", "--json", "--check", PLAIN_CHECK, "the total of a cart is wrong"])
        .env_clear()
        .envs(user.variables().iter().map(|(name, value)| (name, value)))
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .spawn()
        .with_context(|| format!("could not start `{}`", program.display()))?;
    let events = BufReader::new(child.stdout.take().context("the command has no output")?);
    let (mut began, mut checked, mut asked) = (0, 0, None);
    for line in events.lines() {
        let event: serde_json::Value =
            serde_json::from_str(&line?).context("could not read an event")?;
        let at = event["at"].as_u64().context("an event has no time")?;
        match event["event"]["event"].as_str().unwrap_or_default() {
            "command_started" if asked.is_none() => began = at,
            "command_finished" if asked.is_none() => checked += at.saturating_sub(began),
            "model_asked" if asked.is_none() => asked = Some((at, memory(child.id(), user)?)),
            _ => {}
        }
    }
    let status = child.wait().context("could not wait for the command")?;
    let (at, memory) = asked.context("the agent asked no model, so the run shows nothing")?;
    anyhow::ensure!(status.success(), "the agent did not repair the program: {status}");
    let to_request = Duration::from_millis(at.saturating_sub(started).saturating_sub(checked));
    Ok(Turn { to_request, memory })
}

/// The memory of a session's processes; the model's is not among them, since it is scripted.
fn memory(command: u32, user: &User) -> anyhow::Result<Memory> {
    let processes = session(command, user.home());
    // One that ends meanwhile uses none; the command itself must be there.
    let resident = processes.iter().filter_map(|id| proportional_kib(*id).ok());
    Ok(Memory {
        command_kib: resident_kib(command)?,
        all_kib: resident.sum(),
        processes: processes.len(),
    })
}

/// What descends from a session's command, and what else was started with its user's home:
/// the broker, which outlives its clients.
fn session(command: u32, home: &Path) -> BTreeSet<u32> {
    let ids = door::children(Path::new("/proc"));
    let ids = ids.iter().filter_map(|path| path.file_name()?.to_str()?.parse::<u32>().ok());
    let parents: Vec<(u32, u32)> = ids.filter_map(|id| Some((id, parent(id)?))).collect();
    let home = home.as_os_str().as_encoded_bytes();
    let of_home = |id: &u32| {
        let environment = door::read(Path::new(&format!("/proc/{id}/environ")));
        environment.is_ok_and(|bytes| bytes.windows(home.len()).any(|part| part == home))
    };
    let mut found: BTreeSet<u32> = parents.iter().map(|(id, _)| *id).filter(of_home).collect();
    found.insert(command);
    loop {
        let known = found.len();
        let children = parents.iter().filter(|(_, parent)| found.contains(parent));
        let children: Vec<u32> = children.map(|(id, _)| *id).collect();
        found.extend(children);
        if found.len() == known {
            return found;
        }
    }
}

fn parent(id: u32) -> Option<u32> {
    let status = place::text(Path::new(&format!("/proc/{id}/status"))).ok()?;
    status.lines().find_map(|line| line.strip_prefix("PPid:"))?.trim().parse().ok()
}

/// The resident memory of a process, as `proc_pid_status(5)` has it.
fn resident_kib(id: u32) -> anyhow::Result<u64> {
    kib(&format!("/proc/{id}/status"), "VmRSS:")
}

/// The same with each page divided by the number of processes that share it (PSS), as
/// `proc_pid_smaps(5)` has it. Others that run the same program make it too small.
fn proportional_kib(id: u32) -> anyhow::Result<u64> {
    kib(&format!("/proc/{id}/smaps_rollup"), "Pss:")
}

fn kib(file: &str, name: &str) -> anyhow::Result<u64> {
    let status = place::text(Path::new(file))?;
    let line = status.lines().find_map(|line| line.strip_prefix(name));
    let number = line.and_then(|rest| rest.split_whitespace().next()).unwrap_or_default();
    number.parse().context("the kernel does not say how much memory the command uses")
}

fn median(mut times: Vec<Duration>) -> Duration {
    times.sort();
    times.get(times.len() / 2).copied().unwrap_or_default()
}

fn ratio(one: Duration, other: Duration) -> f64 {
    one.as_secs_f64() / other.as_secs_f64().max(f64::MIN_POSITIVE)
}

fn ms(time: Duration) -> String {
    format!("{:.1}", time.as_secs_f64() * 1000.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn medians_and_ratios_are_those_of_the_middle() {
        let times = [9, 1, 4].map(Duration::from_millis).to_vec();
        assert_eq!(median(times), Duration::from_millis(4));
        assert_eq!(median(Vec::new()), Duration::ZERO);
        let twice = ratio(Duration::from_millis(8), Duration::from_millis(4));
        assert!((twice - 2.0).abs() < 1e-9, "{twice}");
    }

    #[test]
    fn the_memory_of_this_process_is_known() {
        let (all, share) = (resident_kib(std::process::id()), proportional_kib(std::process::id()));
        assert!(share.as_ref().unwrap() > &0 && share.unwrap() <= all.unwrap());
        assert!(resident_kib(u32::MAX).is_err());
    }

    #[test]
    fn a_session_has_its_descendants_and_what_was_started_with_its_home() {
        let home = tempfile::tempdir().unwrap();
        let start = |line: &str| {
            let mut command = door::command("/bin/sh", home.path());
            command.args(["-c", line]).stdin(Stdio::piped()).stdout(Stdio::piped());
            command.env_clear().env("PATH", "/usr/bin:/bin").spawn().unwrap()
        };
        // It tells the id of its child and waits as long as its input is open.
        let mut command = start("exec 3<&0; cat <&3 & echo $!; wait");
        let mut child = String::new();
        BufReader::new(command.stdout.take().unwrap()).read_line(&mut child).unwrap();
        let child: u32 = child.trim().parse().unwrap();
        let mut broker = door::command("/bin/cat", Path::new("/"));
        broker.env("HOME", home.path()).stdin(Stdio::piped());
        let mut broker = broker.spawn().unwrap();
        let mut other = door::command("/bin/cat", Path::new("/"));
        let mut other = other.env("HOME", "/nowhere").stdin(Stdio::piped()).spawn().unwrap();
        let found = session(command.id(), home.path());
        assert_eq!(found, [command.id(), child, broker.id()].into());
        assert!(!found.contains(&other.id()));
        for process in [&mut command, &mut broker, &mut other] {
            drop(process.stdin.take());
            process.wait().unwrap();
        }
    }
}
