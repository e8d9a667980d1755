// SPDX-License-Identifier: Apache-2.0
//! Bounds of this crate, each with what happens at it.

/// The deepest directory that a walk enters; deeper ones are reported as skipped.
pub const WALK_DEPTH_MAX: usize = 64;

/// The most files that a walk returns; then it stops and says so.
pub const WALK_FILES_MAX: usize = 200_000;

/// The most skipped entries that a walk reports one by one; the others are counted.
pub const WALK_SKIPS_MAX: usize = 200;

/// The longest ignore file that is read; a longer one is not applied.
pub const IGNORE_FILE_BYTES_MAX: u64 = 256 * 1024;

/// How many bytes of a file decide whether it is binary and what a shebang says.
pub const HEAD_BYTES: usize = 4096;

/// The most reports of progress (one per hundred parser operations) of one parse; then it is given up.
pub const PARSE_STEPS_MAX: usize = 100_000;

/// The deepest nesting of definitions that an outline follows.
pub const OUTLINE_DEPTH_MAX: usize = 48;

/// The most symbols of one source; later ones are left out.
pub const OUTLINE_SYMBOLS_MAX: usize = 20_000;

/// The most syntax errors that are reported of one source.
pub const SYNTAX_ERRORS_MAX: usize = 50;

/// The longest excerpt in a report about a line, in bytes.
pub const EXCERPT_BYTES_MAX: usize = 160;

/// The longest answer that is spliced, in bytes.
pub const SPLICE_CODE_BYTES_MAX: usize = 512 * 1024;

/// The most lines that are taken off the end of code that was cut off, to make it parse.
pub const CUT_LINES_MAX: usize = 64;

/// The most bytes of source that a corpus keeps; beyond it, files are read anew each time.
pub const CORPUS_BYTES_MAX: usize = 32 * 1024 * 1024;

/// The most bytes of source that are read in advance; what is beyond is read on demand.
pub const STOCK_BYTES_MAX: usize = 32 * 1024 * 1024;

/// How many neighbouring files are read in advance at once.
pub const STOCK_BATCH_FILES: usize = 64;

/// The most files that one search reads.
pub const SEARCH_FILES_MAX: usize = 20_000;

/// The most lines that one search returns.
pub const SEARCH_HITS_MAX: usize = 400;

/// The most hits that one search keeps from one file.
pub const SEARCH_HITS_PER_FILE_MAX: usize = 20;

/// The most imports that are read of one source.
pub const IMPORTS_MAX: usize = 2000;

/// The most names that are listed of one stretch of source.
pub const WORDS_MAX: usize = 4000;

/// With fewer files than this, reading them in advance costs more than it saves.
pub const READ_AHEAD_FILES_MIN: usize = 64;

/// The most threads that read in advance; more would wait for the same disk.
pub const READ_AHEAD_THREADS_MAX: usize = 8;
