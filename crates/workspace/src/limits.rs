// SPDX-License-Identifier: Apache-2.0
//! Bounds of one workspace; each says what it protects.

use std::time::Duration;

/// The longest file that is read as text, and the longest text that is written; a longer one
/// is looked at in parts.
pub(crate) const TEXT_BYTES_MAX: u64 = 50 * 1024 * 1024;

/// The most entries of one directory that are listed.
pub(crate) const LISTED_MAX: usize = 20_000;

/// The longest part of a large file that is read at once.
pub(crate) const PART_BYTES_MAX: u32 = 4 * 1024 * 1024;

/// How much of the beginning of a file decides whether it is text.
pub(crate) const SNIFFED_BYTES: usize = 8 * 1024;

/// The longest image that is shown.
pub(crate) const IMAGE_BYTES_MAX: u64 = 50 * 1024 * 1024;

/// The most links that one path is followed through: as many as the kernel follows.
pub(crate) const LINK_HOPS_MAX: usize = 40;

/// The most entries of a directory that is moved to the trash, or elsewhere, by copying it.
pub(crate) const COPIED_ENTRIES_MAX: usize = 100_000;

/// The most bytes that are copied for that.
pub(crate) const COPIED_BYTES_MAX: u64 = 4 << 30;

/// The most deletions that the trash holds; the oldest go.
pub(crate) const TRASH_MAX: usize = 1_000;

/// The longest note on what lies in the trash.
pub(crate) const NOTE_BYTES_MAX: u64 = 64 * 1024;

/// The longest file of ignore rules that counts.
pub(crate) const RULES_BYTES_MAX: u64 = 128 * 1024;

/// The most directories whose rules are remembered.
pub(crate) const RULES_KEPT_MAX: usize = 20_000;

/// The most directories inside one another that a walk enters.
pub(crate) const DEPTH_MAX: usize = 256;

/// The most files that can be found by name.
pub(crate) const NAMES_MAX: usize = 1_000_000;

/// The most files that one question finds.
pub(crate) const FOUND_MAX: u32 = 1_000;

/// The longest text that files are found by.
pub(crate) const FIND_BYTES_MAX: usize = 1_024;

/// The most changed directories that are named in one piece of news; with more it says that
/// all is to be read again.
pub(crate) const CHANGED_MAX: usize = 1_000;

/// The longest pattern that is searched for.
pub(crate) const PATTERN_BYTES_MAX: usize = 4 * 1024;

/// The most memory that one pattern may take.
pub(crate) const PATTERN_MEMORY_MAX: usize = 10 * 1024 * 1024;

/// The most globs of one search.
pub(crate) const GLOBS_MAX: usize = 100;

/// The longest file that is searched.
pub(crate) const SEARCHED_BYTES_MAX: u64 = 20 * 1024 * 1024;

/// The most lines that one search finds before it stops and says so.
pub(crate) const HIT_LINES_MAX: usize = 20_000;

/// The most lines that one search finds in one file.
pub(crate) const FILE_LINES_MAX: usize = 2_000;

/// The longest part of a line that is shown, in bytes.
pub(crate) const LINE_BYTES_MAX: usize = 500;

/// How much of a long line is shown before the first match, in bytes.
pub(crate) const LINE_BEFORE_BYTES: usize = 100;

/// How many lines are gathered before they are told.
pub(crate) const HITS_GATHERED: usize = 100;

/// How long they are gathered at most.
pub(crate) const HITS_WAIT_MAX: Duration = Duration::from_millis(50);

/// The most searches that run at once.
pub(crate) const SEARCHES_MAX: usize = 8;

/// The longest layout or settings that are kept.
pub(crate) const LAYOUT_BYTES_MAX: u64 = 256 * 1024;

/// The longest unsaved text that is kept.
pub(crate) const BUFFER_BYTES_MAX: u64 = 64 * 1024 * 1024;

/// The most unsaved texts that are kept.
pub(crate) const BUFFERS_MAX: usize = 200;

/// The longest time that git may take.
pub(crate) const GIT_WAIT_MAX: Duration = Duration::from_secs(60);

/// The most that git may print for a status, a log or a blame.
pub(crate) const GIT_OUTPUT_BYTES_MAX: u64 = 64 * 1024 * 1024;

/// The most changes that a status lists.
pub(crate) const GIT_CHANGES_MAX: usize = 10_000;

/// The most commits that a log lists.
pub(crate) const GIT_COMMITS_MAX: u32 = 1_000;

/// The longest commit message.
pub(crate) const MESSAGE_BYTES_MAX: usize = 64 * 1024;

/// The longest configuration of the user's that is looked at for a name and an address.
pub(crate) const GIT_CONFIG_BYTES_MAX: u64 = 1024 * 1024;

/// The most of what git complains that is shown.
pub(crate) const GIT_WORDS_BYTES_MAX: usize = 400;

/// The most settings of a repository that have to be overruled by name.
pub(crate) const GIT_OVERRULED_MAX: usize = 500;

/// The longest head of a language server's message; with a longer one it is ended.
pub(crate) const LANGUAGE_HEAD_BYTES_MAX: usize = 4 * 1024;

/// The longest message of a language server; with a longer one it is ended.
pub(crate) const LANGUAGE_MESSAGE_BYTES_MAX: usize = 32 * 1024 * 1024;

/// What a language server may send within [`LANGUAGE_FLOOD_WINDOW`]; with more it is ended.
pub(crate) const LANGUAGE_FLOOD_BYTES_MAX: usize = 256 * 1024 * 1024;

/// See [`LANGUAGE_FLOOD_BYTES_MAX`].
pub(crate) const LANGUAGE_FLOOD_WINDOW: Duration = Duration::from_secs(10);

/// The longest text that language servers are told of; a longer file has no language.
pub(crate) const LANGUAGE_TEXT_BYTES_MAX: usize = 2 * 1024 * 1024;

/// The most files in editors that language servers are told of; the others have no language.
pub(crate) const LANGUAGE_FILES_MAX: usize = 200;

/// The messages, and the bytes of them, that wait for a server to read them; one that reads no
/// further is ended.
pub(crate) const LANGUAGE_OUTBOX_MAX: usize = 256;

/// See [`LANGUAGE_OUTBOX_MAX`].
pub(crate) const LANGUAGE_OUTBOX_BYTES_MAX: usize = 32 * 1024 * 1024;

/// The most questions that wait for one server; a further one has no answer.
pub(crate) const LANGUAGE_ASKS_MAX: usize = 64;

/// How long an answer may take; then there is none.
pub(crate) const LANGUAGE_WAIT_MAX: Duration = Duration::from_secs(30);

/// How long a server may take to get ready, or say nothing while it is asked something; then it
/// is ended and started again.
pub(crate) const LANGUAGE_SILENCE_MAX: Duration = Duration::from_secs(120);

/// How long a file that is in no editor any more stays open for the servers.
pub(crate) const LANGUAGE_LINGER: Duration = Duration::from_secs(5);

/// How long a server runs without a file of its languages in an editor.
pub(crate) const LANGUAGE_IDLE_MAX: Duration = Duration::from_secs(300);

/// How often a server that ends by itself is started again before it is given up.
pub(crate) const LANGUAGE_RESTARTS_MAX: u32 = 4;

/// How long it is waited before the first of those; each time twice as long.
pub(crate) const LANGUAGE_RESTART_WAIT: Duration = Duration::from_millis(500);

/// A server that ran so long is not one that ends at once: its restarts are counted anew.
pub(crate) const LANGUAGE_STEADY: Duration = Duration::from_secs(300);

/// How long a server runs at most before it is started anew.
pub(crate) const LANGUAGE_RUN_MAX: Duration = Duration::from_secs(24 * 3600);

/// The memory of a server's processes together.
pub(crate) const LANGUAGE_MEMORY_BYTES_MAX: u64 = 4 << 30;

/// The processes and threads of a server.
pub(crate) const LANGUAGE_PROCESSES_MAX: u64 = 512;

/// How long problems are gathered before they are told.
pub(crate) const LANGUAGE_GATHER: Duration = Duration::from_millis(50);

/// The most files whose problems are kept; those of further ones are not shown.
pub(crate) const LANGUAGE_PROBLEM_FILES_MAX: usize = 500;

/// The most problems of one file.
pub(crate) const LANGUAGE_PROBLEMS_MAX: usize = 500;

/// The most items that are offered at once.
pub(crate) const LANGUAGE_ITEMS_MAX: usize = 500;

/// The most places that one question finds.
pub(crate) const LANGUAGE_PLACES_MAX: usize = 2_000;

/// The most declarations of one file.
pub(crate) const LANGUAGE_SYMBOLS_MAX: usize = 10_000;

/// The most changes that one question makes, and the bytes of their texts.
pub(crate) const LANGUAGE_EDITS_MAX: usize = 10_000;

/// See [`LANGUAGE_EDITS_MAX`].
pub(crate) const LANGUAGE_EDIT_BYTES_MAX: usize = 8 * 1024 * 1024;

/// The most actions that are offered at once.
pub(crate) const LANGUAGE_ACTIONS_MAX: usize = 100;

/// The longest name, title or label that a server's words are shown as.
pub(crate) const LANGUAGE_NAME_BYTES_MAX: usize = 500;

/// The longest text of a server that is shown.
pub(crate) const LANGUAGE_PROSE_BYTES_MAX: usize = 64 * 1024;

/// The end of what a server complained that is shown when it ends.
pub(crate) const LANGUAGE_WORDS_BYTES_MAX: usize = 600;

/// The longest note on whether language servers may run.
pub(crate) const LANGUAGE_NOTE_BYTES_MAX: u64 = 4 * 1024;
