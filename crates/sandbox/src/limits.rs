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

/// How long the launcher or a holder may take to answer before it counts as lost.
pub(crate) const ANSWER_WAIT_MAX: Duration = Duration::from_secs(20);

/// The size of a session's private `/tmp`, of its home, and of the memory kept
/// for changed files of dependency caches, each.
pub(crate) const PRIVATE_BYTES_MAX: u64 = 2 * 1024 * 1024 * 1024;

/// The most files in each private file system.
pub(crate) const PRIVATE_FILES_MAX: u64 = 500_000;

/// The size of the root, of `/dev`, `/run` and of other private file systems
/// that hold almost nothing.
pub(crate) const SKELETON_BYTES_MAX: u64 = 16 * 1024 * 1024;

/// The longest file that is copied from `/etc` into the private `/etc`.
pub(crate) const ETC_FILE_BYTES_MAX: u64 = 2 * 1024 * 1024;

/// The most levels of copy-on-write below one session, the real tree included.
pub(crate) const LOWER_TREES_MAX: usize = 16;

/// The lowest bound on processes that a process-id namespace can keep
/// (the kernel's `RESERVED_PIDS` and one).
pub(crate) const PROCESSES_MIN: u64 = 301;

/// The connections that wait on a command's listener.
pub(crate) const LISTENER_BACKLOG: i32 = 128;

/// The port of a command's proxy listener on its own loopback device.
pub const PROXY_PORT: u16 = 3128;
