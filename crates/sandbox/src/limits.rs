// SPDX-License-Identifier: Apache-2.0
//! The bounds of every buffer, queue, wait and private file system of this crate.

use std::time::Duration;

/// The longest message between Moat and its launcher or a holder.
pub(crate) const MESSAGE_BYTES_MAX: usize = 16 * 1024;

/// The longest plan or command, which travels in a sealed memory file.
pub(crate) const BODY_BYTES_MAX: u64 = 8 * 1024 * 1024;

/// The most descriptors that one message carries.
pub(crate) const MESSAGE_FDS_MAX: usize = 16;

/// The bytes that are read from a command's output at once.
pub(crate) const OUTPUT_CHUNK_BYTES: usize = 64 * 1024;

/// The longest answer of an attempt of `moat doctor`, and of a process that makes many.
pub(crate) const ATTEMPT_BYTES_MAX: usize = 256 * 1024;

/// How long the launcher or a holder may take to answer before it counts as lost.
pub(crate) const ANSWER_WAIT_MAX: Duration = Duration::from_secs(20);

/// How long a holder waits for a command before it uses the time to prepare for later ones.
pub(crate) const QUIET: Duration = Duration::from_millis(2);

/// The same while a command runs: a short one is not to share the processors with that.
pub(crate) const QUIET_BESIDE: Duration = Duration::from_millis(10);

/// The size of a session's private `/tmp`, of its home, and of the memory kept
/// for changed files of dependency caches, each; see [`private_bytes`].
const PRIVATE_BYTES_MAX: u64 = 2 * 1024 * 1024 * 1024;

/// The share of the machine's memory that each of them takes at most.
const PRIVATE_SHARE: u64 = 8;

/// The size of each private file system that holds files of a command: they are memory.
pub(crate) fn private_bytes() -> u64 {
    (machine_memory() / PRIVATE_SHARE).min(PRIVATE_BYTES_MAX)
}

/// The share of the machine's memory that the changes of a session, or of one of its trials,
/// take at most where they lie in memory; a command that takes more is killed.
const MEMORY_CHANGES_SHARE: u64 = 4;

/// See [`MEMORY_CHANGES_SHARE`].
pub(crate) fn memory_changes_bytes() -> u64 {
    machine_memory() / MEMORY_CHANGES_SHARE
}

/// The memory of the machine, in bytes.
pub(crate) fn machine_memory() -> u64 {
    let machine = rustix::system::sysinfo();
    u64::from(machine.mem_unit).saturating_mul(machine.totalram)
}

/// The most files in each private file system.
pub(crate) const PRIVATE_FILES_MAX: u64 = 500_000;

/// The bytes of a private file system for each file in it, so that a small one cannot
/// take as much memory by empty files as a large one.
pub(crate) const PRIVATE_BYTES_PER_FILE: u64 = 4096;

/// What the kernel keeps in memory for a file without content: its inode and its name.
pub(crate) const PRIVATE_FILE_COST_BYTES: u64 = 1024;

/// How often the watch over a command's processes looks at them, from when little is
/// left to a bound to when much is.
pub(crate) const WATCH_WAIT_MIN: Duration = Duration::from_millis(20);
/// See [`WATCH_WAIT_MIN`].
pub(crate) const WATCH_WAIT_MAX: Duration = Duration::from_millis(250);

/// How long the processes of a command are left alone at most, however dear a look at them is.
pub(crate) const WATCH_REST_MAX: Duration = Duration::from_secs(2);

/// How fast a command is thought to take memory or to write, in bytes for each second.
pub(crate) const TAKING_RATE: u64 = 4 << 30;

/// The share of a processor that a watch may take: one part in so many.
pub(crate) const WATCH_SHARE: u32 = 20;

/// The memory of the machine below which a command is killed, unless it began with
/// less: so many bytes, or one part in [`MACHINE_FLOOR_SHARE`] of all when that is less.
pub(crate) const MACHINE_MEMORY_FLOOR: u64 = 512 << 20;

/// See [`MACHINE_MEMORY_FLOOR`].
pub(crate) const MACHINE_FLOOR_SHARE: u64 = 20;

/// The room on a file system below which a command is killed, in the same way.
pub(crate) const MACHINE_DISK_FLOOR: u64 = 1 << 30;

/// The most open files without a name that one look follows.
pub(crate) const UNNAMED_FILES_MAX: usize = 65_536;

/// How long the changes of a session are counted before output is read again.
pub(crate) const COUNT_SLICE: Duration = Duration::from_millis(20);

/// The wait between two such slices.
pub(crate) const COUNT_PAUSE: Duration = Duration::from_millis(5);

/// The size of the root, of `/dev`, `/run` and of other private file systems
/// that hold almost nothing.
pub(crate) const SKELETON_BYTES_MAX: u64 = 16 * 1024 * 1024;

/// The longest file that is copied from `/etc` into the private `/etc`.
pub(crate) const ETC_FILE_BYTES_MAX: u64 = 2 * 1024 * 1024;

/// The most names of one directory of a toolchain in which files with secrets are looked for.
pub(crate) const COVERED_NAMES_MAX: usize = 256;

/// The most levels of copy-on-write below one session, the real tree included.
pub(crate) const LOWER_TREES_MAX: usize = 16;

/// The lowest bound on processes that a process-id namespace can keep
/// (the kernel's `RESERVED_PIDS` and one).
pub(crate) const PROCESSES_MIN: u64 = 301;

/// The processes in a sandbox's control group beside those of the command: its reaper, one
/// that is being taken down, and two that wait, each with the process that will be a command.
pub(crate) const GROUP_PROCESSES_BESIDES: u64 = 8;

/// The connections that wait on a command's listener.
pub(crate) const LISTENER_BACKLOG: i32 = 128;

/// The port of a command's proxy listener on its own loopback device.
pub(crate) const PROXY_PORT: u16 = 3128;
