// SPDX-License-Identifier: Apache-2.0
//! Every bound of this crate, by name.

/// The largest configuration or requirements file.
pub const FILE_BYTES_MAX: u64 = 256 * 1024;

/// The largest file that holds a key.
pub const KEY_FILE_BYTES_MAX: u64 = 16 * 1024;

/// The longest single text of the configuration.
pub const TEXT_BYTES_MAX: usize = 4096;

/// The most texts of one list.
pub const LIST_LENGTH_MAX: usize = 64;

/// The longest name of a model server.
pub const NAME_BYTES_MAX: usize = 64;

/// The most edits between an unknown key and the key that a hint proposes.
pub const KEY_EDITS_MAX: usize = 6;

/// The largest file of settings in a workspace.
pub const WORKSPACE_BYTES_MAX: u64 = 16 * 1024;

/// The longest line of it: a key of many parts makes tables as deep.
pub const WORKSPACE_LINE_BYTES_MAX: usize = 1024;

/// The most entries of it that are looked at.
pub const WORKSPACE_ENTRIES_MAX: usize = 64;
