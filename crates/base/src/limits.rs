// SPDX-License-Identifier: Apache-2.0
//! Bounds that several crates share; each crate names its own beside these.

/// The longest source file that is read whole: larger ones are passed over.
pub const SOURCE_FILE_BYTES_MAX: u64 = 2 * 1024 * 1024;

/// The longest path inside a tree, as the kernel's `PATH_MAX`.
pub const TREE_PATH_BYTES_MAX: usize = 4096;

/// The most entries that a walk of one tree visits before it stops.
pub const TREE_ENTRIES_MAX: usize = 2_000_000;

/// The most directories inside one another that are open while files are removed;
/// what lies deeper is moved up first.
pub const REMOVAL_LEVELS_MAX: usize = 32;

/// How often one entry is tried while a program that still runs changes it.
pub const REMOVAL_ATTEMPTS_MAX: u32 = 32;

/// How often a tree is gone through while each time some of it goes. Each takes
/// [`REMOVAL_LEVELS_MAX`] levels off the depth.
pub const REMOVAL_PASSES_MAX: u32 = 1_000_000;
