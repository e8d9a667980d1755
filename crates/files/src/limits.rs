// SPDX-License-Identifier: Apache-2.0
//! Bounds of work on a workspace's files; each says what it protects.

/// How often the resolver asks again when directories change under it.
pub(crate) const RESOLVE_ATTEMPTS_MAX: u32 = 128;

/// The longest file whose content is stored, shown and kept; longer ones are named.
pub(crate) const FILE_BYTES_MAX: u64 = 64 * 1024 * 1024;

/// The most changes that one set lists before it stops and says so.
pub(crate) const CHANGES_MAX: usize = 200_000;

/// The most bytes of files, of both sides, that one comparison reads and stores. More is named
/// and the set says that it is cut: holes and hard links cost a session no disk, but their
/// content would fill the user's.
pub(crate) const COMPARED_BYTES_MAX: u64 = 4 << 30;

/// The most bytes of texts, of both sides, that one comparison shows; more is named in the
/// same way. All of it is in memory at once.
pub(crate) const COMPARED_TEXT_BYTES_MAX: u64 = 256 << 20;

/// The most bytes of paths that one comparison looks at
/// before it stops and says so. They are in memory and in the session's record.
pub(crate) const COMPARED_PATHS_BYTES_MAX: u64 = 64 << 20;

/// The most bytes of paths that one directory's listing holds; a larger one is refused.
pub(crate) const LISTED_PATHS_BYTES_MAX: u64 = 256 << 20;

/// The most paths that are named as left out of a set before it stops naming and says so.
pub(crate) const LEFT_OUT_MAX: usize = 10_000;

/// The most bytes of ignore rules that one comparison reads; what comes after rules nothing.
/// A pattern takes a thousand times its length in memory.
pub(crate) const RULES_BYTES_MAX_ALL: usize = 4 << 20;

/// The most deleted, and the most created, texts among which similar ones are looked for;
/// with more, only files of equal content are shown as renamed.
pub(crate) const RENAME_FILES_MAX: usize = 2_000;

/// The most text that is read on each side to look for similar files.
pub(crate) const RENAME_BYTES_MAX: usize = 32 * 1024 * 1024;

/// How many of the likeliest deleted texts a created one is compared with.
pub(crate) const RENAME_CANDIDATES_MAX: usize = 8;

/// A line that more deleted texts have says nothing about where a text came from.
pub(crate) const RENAME_LINE_FILES_MAX: usize = 32;

/// The most directories of a user's tree that are watched. Each costs the kernel about a
/// kilobyte that it does not give to others.
pub(crate) const WATCHED_DIRECTORIES_MAX: usize = 32_768;

/// What is read at once of the news of a watched tree.
pub(crate) const WATCH_BUFFER_BYTES: usize = 64 * 1024;

/// The mode of a new file when nobody says otherwise.
pub(crate) const NEW_FILE_MODE: u32 = 0o644;

/// The longest list of extended attributes, and the longest value, that is carried over.
pub(crate) const ATTRIBUTE_BYTES_MAX: usize = 64 * 1024;

/// How often the clock of the file system is asked until it moves on.
pub(crate) const CLOCK_ATTEMPTS_MAX: u32 = 1_000_000;

/// The longest record of the session's files.
pub(crate) const RECORD_BYTES_MAX: u64 = 256 * 1024 * 1024;

/// The longest file of ignore rules; each line of it becomes a pattern in memory.
pub(crate) const RULES_BYTES_MAX: u64 = 128 * 1024;

/// The most directories inside one another that a change set looks into.
pub(crate) const DEPTH_MAX: usize = 256;

/// The most checkpoints of one session; beyond, the oldest go, some at a time.
pub(crate) const CHECKPOINTS_MAX: usize = 200;

/// How many checkpoints go at once, so that what nobody refers to is looked for rarely.
pub(crate) const CHECKPOINTS_DROPPED: usize = 25;

/// The most bytes that the stored contents of one session take; beyond, checkpoints go, the
/// oldest first. What a pending change or a keep needs stays whatever it takes.
pub(crate) const CHECKPOINT_BYTES_MAX: u64 = 2 * 1024 * 1024 * 1024;

/// The most new content that one checkpoint stores, the shortest files first. What is over is
/// named as not covered, and tried again by the next.
pub(crate) const CHECKPOINT_NEW_BYTES_MAX: u64 = 512 * 1024 * 1024;

/// The most data of one long file that are copied where the file system cannot share them.
pub(crate) const LARGE_COPY_BYTES_MAX: u64 = 256 * 1024 * 1024;

/// The most places with data that a file with holes may have to be copied.
pub(crate) const LARGE_PIECES_MAX: usize = 100_000;

/// The length from which a file that is mostly holes is kept as such.
pub(crate) const SPARSE_BYTES_MIN: u64 = 1024 * 1024;

/// The longest text that says after what a checkpoint was taken.
pub(crate) const CHECKPOINT_WORDS_BYTES_MAX: usize = 200;

/// The most directories that may hold surfaces in which links are looked for, beside all
/// directories above a change; in the rest a link is not followed to what it leads to.
pub(crate) const LINK_DIRECTORIES_MAX: usize = 4_096;

/// The most links that one link is followed through: as many as the kernel follows.
pub(crate) const LINK_HOPS_MAX: usize = 40;

/// The most names that are gone over to find out where all links of one review lead. With
/// more, every change needs a confirmation of its own.
pub(crate) const LINK_STEPS_MAX: usize = 65_536;

/// The most entries of a repository's own directory that are looked at for a review.
pub(crate) const GIT_ENTRIES_MAX: usize = 5_000;

/// The longest file in a repository's own directory that is compared; a longer one counts as
/// changed.
pub(crate) const GIT_FILE_BYTES_MAX: u64 = 1024 * 1024;

/// The most bytes that are written to copy a tree where no overlay can be laid over it.
/// A larger one is refused.
pub(crate) const COPY_BYTES_MAX: u64 = 4 << 30;

/// The most files, directories and links in such a copy. A larger one is refused.
pub(crate) const COPY_ENTRIES_MAX: u64 = 300_000;

/// The room that memory must have for a session's changes to lie there; with less the tree is
/// copied instead. A build that fits nowhere would be ended again and again.
pub(crate) const MEMORY_ROOM_BYTES_MIN: u64 = 1 << 30;

/// The longest file that names a session's place in memory, or whose a place is.
pub(crate) const MEMORY_POINTER_BYTES_MAX: u64 = 16 * 1024;
