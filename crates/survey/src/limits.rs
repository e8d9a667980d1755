// SPDX-License-Identifier: Apache-2.0
//! Bounds of this crate, each with what happens at it. All of them are told as findings.

/// The longest file that is in memory whole; a longer one is searched piece by piece, and its keys
/// are not read.
pub const WHOLE_BYTES_MAX: u64 = 1024 * 1024;

/// How much of a long file is in memory at once.
pub const WINDOW_BYTES: usize = 512 * 1024;

/// How much of one piece is seen again with the next, so that nothing hides on the border.
pub const OVERLAP_BYTES: usize = 8 * 1024;

/// The most bytes of one file that are read. Holes are not read and do not count.
pub const FILE_BYTES_MAX: u64 = 256 * 1024 * 1024;

/// The most entries of one directory that are looked at.
pub const DIRECTORY_ENTRIES_MAX: usize = 200_000;

/// The most entries that are looked at through links to directories, in one survey.
pub const LINKED_ENTRIES_MAX: usize = 20_000;

/// How many files of a directory are one piece of work.
pub const CHUNK_FILES: usize = 128;

/// The most pieces of work that wait; who finds more does the work itself.
pub const WAITING_CHUNKS_MAX: usize = 512;

/// The most directories that wait; more are not looked at.
pub const WAITING_DIRECTORIES_MAX: usize = 300_000;

/// The most threads that read: more only wait for the disk.
pub const THREADS_MAX: usize = 8;

/// The most findings that are kept; then the survey says that there are more.
pub const FINDINGS_MAX: usize = 50_000;

/// The most bytes of what findings carry that are kept; then the survey says that there are more.
pub const FINDINGS_BYTES_MAX: usize = 48 * 1024 * 1024;

/// The most bytes that an archive may have when it is unpacked; the rest is not looked at.
pub const ARCHIVE_BYTES_MAX: u64 = 8 * 1024 * 1024 * 1024;

/// The most entries of an archive that are looked at.
pub const ARCHIVE_ENTRIES_MAX: u64 = 2_000_000;

/// The longest record of an archive that describes the entry after it.
pub const ARCHIVE_RECORD_BYTES_MAX: u64 = 64 * 1024;

/// From this much unpacked data on, an archive that grows a lot is taken for a bomb.
pub const BOMB_BYTES_MIN: u64 = 128 * 1024 * 1024;

/// How many times its packed length is a lot. Source code grows five to ten times.
pub const BOMB_TIMES_MAX: u64 = 200;
