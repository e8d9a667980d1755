// SPDX-License-Identifier: Apache-2.0
//! What there is of everything that a sandbox could leave behind, counted over `/proc`.
//!
//! Invariant: counting leaves nothing behind, and does not count itself.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;
use std::time::Duration;

use moat_base::{Clock as _, SystemClock};

use crate::Soak;

/// How much there is of each thing, and by how much it may grow.
pub(crate) struct Census(BTreeMap<&'static str, (u64, u64)>);

impl Census {
    fn take(soak: &Soak) -> Self {
        let launcher = format!("/proc/{}", soak.launcher.pid());
        let processes: Vec<String> =
            marked(&soak.mark).into_iter().map(|pid| format!("/proc/{pid}")).collect();
        let of_all = |count: fn(&str) -> u64| processes.iter().map(|it| count(it)).sum::<u64>();
        let largest = processes.iter().map(|process| resident(process)).max().unwrap_or(0);
        // A holder has the most: those of a command are a copy of its own, made before.
        let most_mounts = processes.iter().map(|process| mounts(process)).max().unwrap_or(0);
        let own = "/proc/self";
        Self(BTreeMap::from([
            ("own descriptors", (entries(&format!("{own}/fd")), 0)),
            ("own memory, bytes", (resident(own), GROWTH_BYTES)),
            ("own mounts", (mounts(own), 0)),
            ("own threads", (entries(&format!("{own}/task")), 0)),
            ("own watches", (watches(own), 0)),
            ("launcher's descriptors", (entries(&format!("{launcher}/fd")), 0)),
            ("launcher's mounts", (mounts(&launcher), 0)),
            ("mounts of the holder", (most_mounts, 0)),
            ("mounts of all processes", (of_all(mounts), 0)),
            ("descriptors of all processes", (of_all(|it| entries(&format!("{it}/fd"))), 0)),
            ("pinned namespaces", (of_all(pinned) + pinned(own), 0)),
            ("largest process, bytes", (largest, GROWTH_BYTES)),
            ("processes", (processes.len() as u64, 0)),
            ("namespaces", (namespaces(&processes), 0)),
            ("control groups", (groups(), 0)),
            ("files", (files(&soak.scratch), 0)),
        ]))
    }

    /// The most that there is of each while nothing runs: what is made in advance comes and
    /// goes.
    pub(crate) fn at_rest(soak: &Soak) -> Self {
        let clock = SystemClock::new();
        let mut most = Self::take(soak);
        while clock.monotonic() < RESTING {
            for (what, (has, _)) in Self::take(soak).0 {
                if let Some((most, _)) = most.0.get_mut(what) {
                    *most = has.max(*most);
                }
            }
        }
        most
    }

    /// The census once it is as before, or after a while: a reaper is made in advance
    /// while the answer is on its way.
    pub(crate) fn settled(soak: &Soak, before: &Self) -> Self {
        let clock = SystemClock::new();
        loop {
            let now = Self::take(soak);
            if now.0.keys().all(|what| now.grew(what, before).is_none())
                || clock.monotonic() > SETTLING
            {
                return now;
            }
            std::thread::yield_now();
        }
    }

    /// Prints both, and tells whether nothing grew.
    pub(crate) fn compare(&self, before: &Self) -> bool {
        let mut clean = true;
        for (what, (has, _)) in &self.0 {
            let had = before.0.get(what).map_or(0, |(had, _)| *had);
            let grew = self.grew(what, before);
            clean &= grew.is_none();
            println!("{what:<28}{had:>12}{has:>12}  {}", grew.unwrap_or_default());
        }
        clean
    }

    fn grew(&self, what: &str, before: &Self) -> Option<&'static str> {
        let (has, _) = self.0.get(what)?;
        let (had, may_grow) = before.0.get(what)?;
        (*has > had + may_grow).then_some("LEFT BEHIND")
    }
}

/// The processes of this run but the program itself.
pub(crate) fn marked(mark: &str) -> Vec<String> {
    let own = std::process::id().to_string();
    let names = fs::read_dir("/proc").expect("`/proc` can be read").flatten();
    let mut found = Vec::new();
    for name in names.map(|entry| entry.file_name().to_string_lossy().into_owned()) {
        let line = fs::read(format!("/proc/{name}/cmdline")).unwrap_or_default();
        if name != own && String::from_utf8_lossy(&line).contains(mark) {
            found.push(name);
        }
    }
    found
}

/// How many namespaces these processes are in.
fn namespaces(processes: &[String]) -> u64 {
    let mut found = BTreeSet::new();
    for process in processes {
        for kind in KINDS {
            found.extend(fs::read_link(format!("{process}/ns/{kind}")));
        }
    }
    found.len() as u64
}

/// The namespaces that a process keeps by a descriptor or by a mount: they last without any
/// process in them.
fn pinned(process: &str) -> u64 {
    let open = fs::read_dir(format!("{process}/fd")).into_iter().flatten().flatten();
    let targets = open.filter_map(|entry| fs::read_link(entry.path()).ok());
    let by_descriptor = targets.filter(|target| is_namespace(&target.to_string_lossy())).count();
    let mounted = fs::read_to_string(format!("{process}/mountinfo")).unwrap_or_default();
    let by_mount = mounted.lines().filter(|line| line.contains(" - nsfs ")).count();
    (by_descriptor + by_mount) as u64
}

fn is_namespace(target: &str) -> bool {
    target.split_once(":[").is_some_and(|(kind, _number)| KINDS.contains(&kind))
}

/// The mounts that a process sees.
pub(crate) fn mounts(process: &str) -> u64 {
    fs::read_to_string(format!("{process}/mountinfo")).map_or(0, |text| text.lines().count() as u64)
}

/// The watches over directories that a process has.
fn watches(process: &str) -> u64 {
    let open = fs::read_dir(format!("{process}/fdinfo")).into_iter().flatten().flatten();
    let told = open.filter_map(|entry| fs::read_to_string(entry.path()).ok());
    told.map(|text| text.lines().filter(|line| line.starts_with("inotify ")).count() as u64).sum()
}

/// The control groups below the one that this program is in.
fn groups() -> u64 {
    let own = fs::read_to_string("/proc/self/cgroup").unwrap_or_default();
    let path = own.lines().find_map(|line| line.strip_prefix("0::")).unwrap_or("/");
    let directory = Path::new("/sys/fs/cgroup").join(path.trim_start_matches('/'));
    // The machine's root has the groups of others below it.
    if path == "/" { 0 } else { directories(&directory) }
}

fn directories(directory: &Path) -> u64 {
    let Ok(entries) = fs::read_dir(directory) else { return 0 };
    let inner = entries.flatten().filter(|it| it.file_type().is_ok_and(|kind| kind.is_dir()));
    inner.map(|entry| 1 + directories(&entry.path())).sum()
}

fn entries(directory: &str) -> u64 {
    fs::read_dir(directory).map_or(0, |entries| entries.count() as u64)
}

/// The memory that is a process's own.
fn resident(process: &str) -> u64 {
    let status = fs::read_to_string(format!("{process}/status")).unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("RssAnon:"));
    let kib = line.and_then(|line| line.split_whitespace().next()?.parse::<u64>().ok());
    kib.unwrap_or(0) * 1024
}

fn files(directory: &Path) -> u64 {
    let Ok(entries) = fs::read_dir(directory) else { return 0 };
    entries
        .flatten()
        .map(|entry| {
            let is_directory = entry.file_type().is_ok_and(|kind| kind.is_dir());
            1 + if is_directory { files(&entry.path()) } else { 0 }
        })
        .sum()
}

const KINDS: [&str; 8] = ["user", "mnt", "pid", "net", "ipc", "uts", "cgroup", "time"];

/// What an allocator may keep.
const GROWTH_BYTES: u64 = 2 << 20;
const RESTING: Duration = Duration::from_millis(300);
const SETTLING: Duration = Duration::from_secs(20);
