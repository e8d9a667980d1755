// SPDX-License-Identifier: Apache-2.0
//! Bounds of the engine.

/// The longest session file that is read back.
pub const SESSION_FILE_BYTES_MAX: u64 = 256 * 1024 * 1024;

/// The longest shell line that is taken as a check when one is asked for.
pub const CHECK_LINE_BYTES_MAX: usize = 64 * 1024;

/// Operations that wait to be looked at; a front end that sends more waits.
pub const INBOX_OPS_MAX: usize = 64;

/// How much of a check's output is stored for the record and for the model.
pub const CHECK_OUTPUT_BYTES_MAX: usize = 64 * 1024;

/// How much output of one command is streamed to front ends.
pub const COMMAND_OUTPUT_BYTES_MAX: u64 = 16 * 1024 * 1024;

/// Effects in one turn; the machine stops beyond it rather than loop for ever.
pub const TURN_EFFECTS_MAX: usize = 400;

/// The longest answer of a model that is kept, per candidate.
pub const ANSWER_BYTES_MAX: usize = 256 * 1024;

/// Names of failing tests that an event carries.
pub const FAILING_NAMES_MAX: usize = 20;

/// Places that a repair tries, best guess first.
pub const SUSPECTS_MAX: usize = 10;

/// The places, best guesses first, of which many revisions are asked for.
pub const LIKELY_SUSPECTS: usize = 5;

/// Revisions of one of the [`LIKELY_SUSPECTS`] that a model is asked for.
pub const REVISIONS_OF_LIKELY: u32 = 32;

/// Revisions of any other place that a model is asked for.
pub const REVISIONS_OF_OTHERS: u32 = 16;

/// Revisions that are tried at once, before the other places were looked at: those
/// that the model would as soon have written as not (the logarithm of one half).
pub const SURE_MILLINATS: i32 = -700;

/// How long revisions are tried before the model is asked for whole functions, which
/// takes it some 20 seconds a time.
pub const REVISIONS_TRIED_FIRST_MS: u64 = 60_000;

/// How much longer than the check before it the check of a candidate may take. Wrong
/// repairs of loops often never end; without a bound one of them costs the whole turn.
pub const TRIAL_WALL_FACTOR: u32 = 4;

/// What the check of a candidate may take on top, in milliseconds, so that a short
/// check does not fail because the machine is busy.
pub const TRIAL_WALL_EXTRA_MS: u64 = 5_000;

/// The context that goes into a prompt beside the function to write, in bytes.
pub const PROMPT_CONTEXT_BYTES_MAX: usize = 3 * 1024;

/// The diff that goes into the prompt for a commit message, in bytes.
pub const DIFF_PROMPT_BYTES_MAX: usize = 8 * 1024;

/// The paths that a rewind names, and stores; there may be more.
pub(crate) const REWIND_PATHS_MAX: usize = 1000;

/// The paths that a rewind could not bring back and names.
pub(crate) const REWIND_LEFT_MAX: usize = 100;

/// The most places of one conflict that a review shows.
pub(crate) const CLASHES_SHOWN_MAX: usize = 20;

/// The most bytes of one side of such a place that are shown.
pub(crate) const CLASH_BYTES_SHOWN_MAX: usize = 4 * 1024;

/// The longest pack of commits that is taken out of a session; a longer one is refused.
pub const PACK_BYTES_MAX: u64 = 128 * 1024 * 1024;

/// New commits of one branch; a branch with more is refused.
pub const COMMITS_MAX: u64 = 10_000;

/// Branches of one session whose commits are looked at; others are refused by name.
pub const BRANCHES_MAX: usize = 32;

/// Refs of the user's repository that are read; commits that only others have count as new.
pub(crate) const REFS_READ_MAX: usize = 20_000;

/// The newest commits of a branch that a review shows.
pub(crate) const COMMITS_SHOWN_MAX: usize = 20;

/// The columns of a commit's subject that are shown; half of that for its author.
pub(crate) const COMMIT_SUBJECT_COLUMNS_MAX: usize = 100;

/// The time of one command of git.
pub(crate) const GIT_WALL_MS: u64 = 120_000;

/// The longest list that git prints; more is an error.
pub(crate) const GIT_LIST_BYTES_MAX: u64 = 8 * 1024 * 1024;

/// What git may complain beside that.
pub(crate) const GIT_WORDS_BYTES_MAX: u64 = 64 * 1024;

/// Refs other than branches with new commits that a review names.
pub(crate) const OTHER_REFS_MAX: usize = 50;
