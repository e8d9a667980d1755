// SPDX-License-Identifier: Apache-2.0
//! Bounds of this crate, each with what happens at it.

/// The most bytes of a test run's output that are read: the head and the tail of longer output.
pub const OUTPUT_BYTES_MAX: usize = 4 * 1024 * 1024;

/// The longest line of output that is looked at; the rest of it is dropped.
pub const OUTPUT_LINE_BYTES_MAX: usize = 4096;

/// The most failures, errors and names that one report keeps of each.
pub const REPORT_ENTRIES_MAX: usize = 10_000;

/// The longest message of one failure, in bytes.
pub const MESSAGE_BYTES_MAX: usize = 4096;

/// The most frames of one failure.
pub const FRAMES_MAX: usize = 64;

/// The most suspects that localisation returns.
pub const SUSPECTS_MAX: usize = 24;

/// How many levels of calls are followed from a failing test.
pub const CALL_DEPTH_MAX: usize = 6;

/// The most functions that following calls visits.
pub const CALL_VISITS_MAX: usize = 300;

/// The longest answer of a model that is read, in bytes.
pub const ANSWER_BYTES_MAX: usize = 512 * 1024;

/// The most code blocks of one answer.
pub const ANSWER_BLOCKS_MAX: usize = 64;

/// The longest manifest (`package.json`, `Makefile`, ...) that detection reads.
pub const MANIFEST_BYTES_MAX: u64 = 256 * 1024;

/// How deep, and over how many entries, detection looks for test files.
pub const TEST_SCAN_DEPTH_MAX: usize = 4;

/// The most entries that detection looks at.
pub const TEST_SCAN_ENTRIES_MAX: usize = 5000;

/// The most tests of one suite that a model wrote; more are repetitions.
pub const SUITE_TESTS_MAX: usize = 60;
