// SPDX-License-Identifier: Apache-2.0
// Made from the Rust types of crates/protocol by `cargo xtask types`: not to be edited.

export type Answer = "once" | "no";

export type Blame = { 
/**
 * The first line, from 1.
 */
line: number, 
/**
 * How many lines.
 */
lines: number, 
/**
 * The commit; nothing for what is not committed.
 */
commit: GitCommit | null, };

export type Bound = "memory" | "machine_memory" | "machine_files" | "cpu" | "file_size" | "disk" | "machine_disk";

export type BoundaryQuery = { "query": "crossings", 
/**
 * How many at most.
 */
limit: number, } | { "query": "doctor" };

export type BoundaryReply = { "reply": "crossings", 
/**
 * They.
 */
crossings: Array<Crossing>, 
/**
 * How many there are in the log.
 */
of: number, 
/**
 * Why the log cannot be trusted, where it cannot.
 */
broken: string | null, } | { "reply": "doctor" } & Enforcement;

export type Branch = { 
/**
 * Its name, below `refs/heads`; `HEAD` for commits that are on no branch.
 */
name: string, 
/**
 * Where the user's branch of this name is, when there is one.
 */
before: string | null, 
/**
 * The id of its last commit.
 */
tip: string, 
/**
 * How many commits of it the user's repository does not have.
 */
commits: number, 
/**
 * How many objects that is: commits, directories and files.
 */
objects: number, 
/**
 * The newest of the commits.
 */
newest: Array<Commit>, 
/**
 * The ref to which it would be taken.
 */
reference: string, };

export type BranchRefusal = { 
/**
 * The branch or ref.
 */
branch: string, 
/**
 * Why, in one sentence.
 */
reason: string, };

export type Buffer = { 
/**
 * The file, or the name of what is no file yet.
 */
path: TreePath, 
/**
 * The text, with line feeds alone.
 */
text: string, 
/**
 * How it is encoded.
 */
encoding: Encoding, 
/**
 * What ends a line.
 */
line_ending: LineEnding, 
/**
 * What the file was when it was read; nothing where it is no file yet.
 */
version: Version | null, };

export type CandidateVerdict = { "verdict": "rejected", 
/**
 * Why, in a few words.
 */
reason: string, } | { "verdict": "failed", 
/**
 * What the check said.
 */
summary: TestSummary, } | { "verdict": "unjudged" } | { "verdict": "passed", 
/**
 * What the check said.
 */
summary: TestSummary, };

export type Change = { 
/**
 * The path in the workspace.
 */
path: TreePath, 
/**
 * What happened to it.
 */
kind: ChangeKind, 
/**
 * Why it is there.
 */
class: ChangeClass, 
/**
 * What it was.
 */
before: Side, 
/**
 * What it is.
 */
after: Side, 
/**
 * Lines added; zero for binary content.
 */
lines_added: number, 
/**
 * Lines removed; zero for binary content.
 */
lines_removed: number, 
/**
 * The hunks of a text file.
 */
hunks: Array<Hunk>, 
/**
 * Why it cannot be kept as it is, when it cannot.
 */
conflict: string | null, 
/**
 * For a created path: the deleted one that it was. The hunks are against that one.
 */
renamed_from: TreePath | null, 
/**
 * For a deleted path: the created one that it became.
 */
renamed_to: TreePath | null, 
/**
 * How it stands to what the user changed in the same file since the session began.
 */
merge: Merge, 
/**
 * What it would make other tools do.
 */
surfaces?: Array<Surface>, 
/**
 * What a [`Confirmation`](crate::Confirmation) has to name for it to be kept whole:
 * `MODE:SHA256` of a file, `link:SHA256` of a link's target, `MODE:directory`, or
 * `deleted`. `None` where none is needed.
 */
confirm?: string | null, };

export type ChangeClass = "edit" | "ignored" | "git_metadata";

export type ChangeKind = "created" | "modified" | "deleted" | "mode" | "type";

export type ChangeSet = { 
/**
 * One per path.
 */
changes: Array<Change>, 
/**
 * What the session has and a change set cannot hold: it is never kept.
 */
left_out: Array<Refusal>, 
/**
 * Whether a limit cut the list: what is missing is neither shown nor kept.
 */
truncated: boolean, };

export type Checkpoint = { 
/**
 * Its number in the session, from 1. Numbers are never given twice.
 */
number: number, 
/**
 * When it was taken.
 */
at: Timestamp, 
/**
 * After what, in a few words.
 */
after: string, 
/**
 * How many paths differ from the checkpoint before.
 */
differing: number, 
/**
 * How many paths it does not cover, because they are too large or cannot be read.
 */
uncovered: number, };

export type Clash = { 
/**
 * The line in the user's file, from 1.
 */
line: number, 
/**
 * What both come from.
 */
base: string, 
/**
 * What the user made of it.
 */
user: string, 
/**
 * What the session made of it.
 */
session: string, };

export type ClientFrame = { 
/**
 * The number under which the answer comes; counts up.
 */
id: number, 
/**
 * What is asked.
 */
ask: WorkspaceQuery, };

export type CodeAction = { 
/**
 * The number by which its edits are asked for.
 */
number: number, 
/**
 * What it does.
 */
title: string, 
/**
 * What sort of action it is, as editors call it: `quickfix`, `refactor.extract`.
 */
kind: string, 
/**
 * Whether it is the one to take.
 */
preferred: boolean, };

export type CommandEnd = { "end": "ran", 
/**
 * How it ended.
 */
status: RunStatus, } | { "end": "denied", 
/**
 * The rule.
 */
rule: string, } | { "end": "unknown" };

export type Commit = { 
/**
 * Its id.
 */
id: string, 
/**
 * Who it says wrote it: name and address. Nobody has checked that.
 */
author: string, 
/**
 * The first line of its message, cut.
 */
subject: string, };

export type Commits = { 
/**
 * Branches with new commits.
 */
branches: Array<Branch>, 
/**
 * Branches whose commits were taken already, and have none since.
 */
taken: Array<TakenBranch>, 
/**
 * Branches that cannot be taken.
 */
refused: Array<BranchRefusal>, 
/**
 * Other refs that differ from the user's. They are never taken.
 */
others: Array<OtherRef>, 
/**
 * Why nothing is known, in one sentence, when that is so.
 */
unavailable: string | null, };

export type CompletionItem = { 
/**
 * The number by which more is asked about it.
 */
number: number, 
/**
 * How it is listed.
 */
label: string, 
/**
 * What stands behind it in the list.
 */
detail: string | null, 
/**
 * What it is.
 */
sort: SymbolSort, 
/**
 * What is inserted.
 */
insert: string, 
/**
 * Whether that has places to fill in (`$1`, `${2:name}`).
 */
snippet: boolean, 
/**
 * What it replaces; nothing for the word at the place.
 */
span: Span | null, 
/**
 * What it is found by, where that is not its label.
 */
filter: string | null, 
/**
 * What it is ordered by, where that is not its label.
 */
order: string | null, 
/**
 * Whether it should no longer be used.
 */
deprecated: boolean, 
/**
 * Whether it is the likeliest.
 */
likeliest: boolean, 
/**
 * Text about it, as Markdown that nobody vouches for.
 */
text: string | null, 
/**
 * What is changed elsewhere in the file when it is taken.
 */
edits: Array<SpanEdit>, };

export type CompletionQuery = { "query": "complete", 
/**
 * A number that grows from question to question: they are answered beside each other,
 * and one that is late must not end one that is newer.
 */
number: number, 
/**
 * The model to ask, by its name; without one, the one that sessions use, which then has
 * to run on this machine: nothing leaves it by typing unless a person chose so.
 */
model: string | null, 
/**
 * The file.
 */
path: TreePath, 
/**
 * The language.
 */
language: string, 
/**
 * What stands before the cursor; at most 16 KiB.
 */
before: string, 
/**
 * What stands behind the cursor; at most 8 KiB.
 */
after: string, 
/**
 * Files that were edited or looked at last.
 */
recent: Array<TreePath>, } | { "query": "cancel", 
/**
 * The number of the last one.
 */
number: number, };

export type CompletionReply = { "reply": "completed", 
/**
 * The text.
 */
text: string | null, 
/**
 * How long the model took, in milliseconds.
 */
model_ms: number, } | { "reply": "cancelled" } | { "reply": "loading" } | { "reply": "withheld" };

export type Confirmation = { 
/**
 * The path.
 */
path: TreePath, 
/**
 * What is to be there, as [`Change::confirm`] names it.
 */
id: string, 
/**
 * How it was given.
 */
by: Confirmer, };

export type Confirmer = "terminal" | "arguments" | "page" | "attached";

export type Crossing = { 
/**
 * Its number in the log.
 */
number: number, 
/**
 * When.
 */
at: Timestamp, 
/**
 * Where to: host and port.
 */
to: string, 
/**
 * The zone of that.
 */
zone: string, 
/**
 * What for, in words.
 */
purpose: string, 
/**
 * The session that wanted it.
 */
session: string | null, 
/**
 * Whether it was allowed.
 */
allowed: boolean, 
/**
 * The rule that decided.
 */
rule: string, 
/**
 * How many bytes went out, once that is known.
 */
sent: number | null, 
/**
 * How many bytes came in, once that is known.
 */
received: number | null, };

export type DeskQuery = { "query": "open" } | { "query": "keep_layout", 
/**
 * JSON that only the front end understands; at most 256 KiB.
 */
layout: string, } | { "query": "keep_settings", 
/**
 * JSON that only the front end understands; at most 256 KiB.
 */
settings: string, } | { "query": "keep_buffer", 
/**
 * It.
 */
buffer: Buffer, } | { "query": "drop_buffer", 
/**
 * The file, or the name of what is no file yet.
 */
path: TreePath, };

export type DeskReply = { "reply": "opened" } & Setup | { "reply": "done" };

export type Encoding = "utf8" | "utf8_mark" | "utf16_le" | "utf16_be";

export type Enforcement = { 
/**
 * It in one line.
 */
summary: string, 
/**
 * One for each effect.
 */
protections: Array<Protection>, };

export type EntryKind = "file" | "directory" | "link" | "other";

export type Envelope = { 
/**
 * The session.
 */
session: SessionId, 
/**
 * Counts up by one; a gap means that the reader was too slow and missed events.
 */
sequence: number, 
/**
 * When it was sent.
 */
at: Timestamp, 
/**
 * What happened.
 */
event: Event, };

export type Event = { "event": "session_opened", 
/**
 * The workspace's real path, as text in the escaped form of `TreePath`.
 */
workspace: string, 
/**
 * What is enforced, in one line.
 */
boundary: string, } | { "event": "forked" } & ForkedFrom | { "event": "turn_started", 
/**
 * Its number in the session, from 1.
 */
turn: number, 
/**
 * What it is about.
 */
task: Task, } | { "event": "plan_made", 
/**
 * One line each.
 */
steps: Array<string>, } | { "event": "notice", 
/**
 * How much it matters.
 */
level: Level, 
/**
 * One sentence.
 */
text: string, } | { "event": "command_started", 
/**
 * Its number in the session.
 */
command: number, 
/**
 * Exactly what runs.
 */
argv: Array<string>, 
/**
 * Where what it writes ends up, in words.
 */
place: string, } | { "event": "command_output", 
/**
 * Which command.
 */
command: number, 
/**
 * Which stream.
 */
stream: Stream, 
/**
 * What it wrote.
 */
text: string, } | { "event": "command_finished", 
/**
 * Which command.
 */
command: number, 
/**
 * How.
 */
status: RunStatus, 
/**
 * How long it took.
 */
duration_ms: number, 
/**
 * What its output said, for checks.
 */
summary: TestSummary | null, } | { "event": "located", 
/**
 * The places.
 */
suspects: Array<Suspect>, } | { "event": "model_asked", 
/**
 * Its number in the session.
 */
request: number, 
/**
 * The model's name in the configuration.
 */
model: string, 
/**
 * What it is for, in a few words.
 */
purpose: string, 
/**
 * How many answers are asked for.
 */
candidates: number, } | { "event": "model_text", 
/**
 * Which request.
 */
request: number, 
/**
 * Which of its answers, from 0.
 */
candidate: number, 
/**
 * The text.
 */
text: string, } | { "event": "model_answered", 
/**
 * Which request.
 */
request: number, 
/**
 * Tokens read.
 */
prompt_tokens: number, 
/**
 * Tokens written.
 */
completion_tokens: number, 
/**
 * How long it took.
 */
duration_ms: number, } | { "event": "candidate_judged", 
/**
 * Its number in the turn, from 1.
 */
candidate: number, 
/**
 * The file that it changes.
 */
path: TreePath, 
/**
 * The symbol that it changes.
 */
symbol: string, 
/**
 * The verdict.
 */
verdict: CandidateVerdict, } | { "event": "edited", 
/**
 * The file.
 */
path: TreePath, 
/**
 * The symbols that were replaced or added.
 */
symbols: Array<string>, } | { "event": "approval_asked", 
/**
 * The number to answer to.
 */
request: number, 
/**
 * Exactly what would run.
 */
proposal: Proposal, } | { "event": "approval_answered", 
/**
 * Which question.
 */
request: number, 
/**
 * The answer.
 */
answer: Answer, } | { "event": "check_asked" } | { "event": "check_given", 
/**
 * The shell line; `None` when there is none.
 */
line: string | null, } | { "event": "changes_pending" } & ChangeSet | { "event": "commits_pending" } & Commits | { "event": "commits_taken", 
/**
 * The refs that were made or moved.
 */
taken: Array<TakenBranch>, 
/**
 * What was left alone.
 */
refused: Array<BranchRefusal>, } | { "event": "commits_returned", 
/**
 * What was removed or moved back.
 */
returned: Array<TakenBranch>, 
/**
 * What was left alone.
 */
refused: Array<BranchRefusal>, } | { "event": "keep_planned", 
/**
 * The changes; of some hunks of a file with these hunks alone.
 */
unconfirmed: Array<Change>, } | { "event": "kept", 
/**
 * What was written.
 */
paths: Array<TreePath>, 
/**
 * What was left alone.
 */
refused: Array<Refusal>, } | { "event": "discarded", 
/**
 * What was dropped.
 */
paths: Array<TreePath>, 
/**
 * What was left alone.
 */
refused: Array<Refusal>, } | { "event": "keep_undone", 
/**
 * What was restored.
 */
paths: Array<TreePath>, 
/**
 * What was left alone.
 */
refused: Array<Refusal>, } | { "event": "checkpointed" } & Checkpoint | { "event": "rewind_planned" } & RewindPlan | { "event": "rewound" } & Rewound | { "event": "command_ended" } & CommandEnd | { "event": "turn_finished", 
/**
 * How.
 */
outcome: Outcome, 
/**
 * What it can show for it.
 */
evidence: Evidence, } | { "event": "failed", 
/**
 * What failed, why, what to do.
 */
report: Report, } | { "event": "session_closed" };

export type Evidence = { 
/**
 * The check as it ran.
 */
check: string | null, 
/**
 * What the check said before any change.
 */
before: TestSummary | null, 
/**
 * What it said with the change.
 */
after: TestSummary | null, 
/**
 * Tests that passed before and do not now; empty in a solved turn.
 */
broken: Array<string>, 
/**
 * How many answers of the model were tried.
 */
candidates: number, 
/**
 * Model requests.
 */
requests: number, 
/**
 * Tokens that the model read.
 */
prompt_tokens: number, 
/**
 * Tokens that the model wrote.
 */
completion_tokens: number, 
/**
 * The turn's wall time.
 */
duration_ms: number, 
/**
 * The best candidate of a repair in which none passed; it was not applied.
 */
nearest?: Nearest | null, };

export type FileContent = { 
/**
 * How long it is.
 */
length_bytes: number, 
/**
 * The SHA-256 of its bytes, 64 hex digits.
 */
sha256: string, };

export type FileEdits = { 
/**
 * The file.
 */
path: TreePath, 
/**
 * The changes, all of the same text.
 */
edits: Array<SpanEdit>, };

export type FileEntry = { 
/**
 * Its path.
 */
path: TreePath, 
/**
 * Its name, made safe to show.
 */
name: string, 
/**
 * What it is.
 */
kind: EntryKind, 
/**
 * Its length in bytes, of a file.
 */
length: number, 
/**
 * Whether the repository's rules ignore it.
 */
ignored: boolean, };

export type FileSymbol = { 
/**
 * Its name.
 */
name: string, 
/**
 * What stands behind it.
 */
detail: string | null, 
/**
 * What it is.
 */
sort: SymbolSort, 
/**
 * All of it.
 */
span: Span, 
/**
 * Its name in the text.
 */
name_span: Span, 
/**
 * How many declarations are around it.
 */
depth: number, };

export type FileText = { 
/**
 * The text, with line feeds alone.
 */
text: string, 
/**
 * How it is encoded in the file.
 */
encoding: Encoding, 
/**
 * What ends a line in the file.
 */
line_ending: LineEnding, 
/**
 * What the file was.
 */
version: Version, 
/**
 * Why it cannot be written, where it cannot.
 */
read_only: string | null, };

export type FilesQuery = { "query": "list", 
/**
 * The directory; the root is the empty path.
 */
path: TreePath, } | { "query": "read", 
/**
 * The file.
 */
path: TreePath, } | { "query": "read_part", 
/**
 * The file.
 */
path: TreePath, 
/**
 * Where the part begins, in bytes.
 */
offset: number, 
/**
 * How long it is at most, in bytes.
 */
length: number, } | { "query": "write", 
/**
 * The file.
 */
path: TreePath, 
/**
 * The whole text, with line feeds alone.
 */
text: string, 
/**
 * How it is encoded.
 */
encoding: Encoding, 
/**
 * What ends a line in the file.
 */
line_ending: LineEnding, 
/**
 * What the file has to be for this to be written; nothing where it is to be new.
 */
expected: Version | null, } | { "query": "create", 
/**
 * The path.
 */
path: TreePath, 
/**
 * What it becomes.
 */
node: Node, } | { "query": "rename", 
/**
 * What.
 */
from: TreePath, 
/**
 * Its new path.
 */
to: TreePath, } | { "query": "delete", 
/**
 * What.
 */
path: TreePath, } | { "query": "restore", 
/**
 * The number that the deletion answered with.
 */
trash: number, } | { "query": "find", 
/**
 * What was typed; letters in order, not necessarily beside each other.
 */
text: string, 
/**
 * How many at most.
 */
limit: number, };

export type FilesReply = { "reply": "listed", 
/**
 * The entries.
 */
entries: Array<FileEntry>, 
/**
 * Whether a limit cut the list.
 */
truncated: boolean, } | { "reply": "read" } & ReadResult | { "reply": "part", 
/**
 * The bytes in base64.
 */
base64: string, } | { "reply": "written", 
/**
 * What the file is now.
 */
version: Version, } | { "reply": "changed", 
/**
 * What it is now; nothing where it is gone.
 */
current: FileText | null, } | { "reply": "done" } | { "reply": "trashed", 
/**
 * The number by which it is brought back.
 */
trash: number, } | { "reply": "found", 
/**
 * The best first.
 */
found: Array<Found>, 
/**
 * How many files the workspace has, as far as they are known.
 */
of: number, 
/**
 * Whether more files are still being found.
 */
indexing: boolean, };

export type ForkedFrom = { 
/**
 * The session. It goes on by itself, and may be gone.
 */
from: SessionId, 
/**
 * The number of the checkpoint of that session.
 */
checkpoint: number, };

export type Found = { 
/**
 * The file.
 */
path: TreePath, 
/**
 * Which characters of the path as text matched, from 0.
 */
matched: Array<number>, };

export type GitChange = { 
/**
 * The path.
 */
path: TreePath, 
/**
 * Where it was renamed from.
 */
from: TreePath | null, 
/**
 * How the index differs from the last commit.
 */
staged: GitWhat | null, 
/**
 * How the file differs from the index.
 */
unstaged: GitWhat | null, };

export type GitCommit = { 
/**
 * Its id, whole.
 */
id: string, 
/**
 * The first line of its message, made safe to show.
 */
subject: string, 
/**
 * Its author's name, made safe to show.
 */
author: string, 
/**
 * When it was made, in seconds since 1970.
 */
time_s: number, };

export type GitQuery = { "query": "status" } | { "query": "original", 
/**
 * The file.
 */
path: TreePath, 
/**
 * Whether the last commit's content is meant, and not the index's.
 */
committed: boolean, } | { "query": "stage", 
/**
 * The files; all where there are none.
 */
paths: Array<TreePath>, } | { "query": "unstage", 
/**
 * The files; all where there are none.
 */
paths: Array<TreePath>, } | { "query": "discard", 
/**
 * The files.
 */
paths: Array<TreePath>, } | { "query": "commit", 
/**
 * The message.
 */
message: string, 
/**
 * Whether the last commit is replaced.
 */
amend: boolean, } | { "query": "branches" } | { "query": "switch", 
/**
 * Its name.
 */
branch: string, 
/**
 * Whether it is made first, here.
 */
create: boolean, } | { "query": "blame", 
/**
 * The file.
 */
path: TreePath, } | { "query": "log", 
/**
 * How many at most.
 */
limit: number, 
/**
 * Of this file alone.
 */
path: TreePath | null, };

export type GitReply = { "reply": "no_repository" } | { "reply": "status" } & GitStatus | { "reply": "original", 
/**
 * The text, with line feeds alone.
 */
text: string | null, } | { "reply": "done" } & GitStatus | { "reply": "branches", 
/**
 * Their names.
 */
branches: Array<string>, 
/**
 * The current one.
 */
current: string | null, } | { "reply": "blame", 
/**
 * From the first line on.
 */
blame: Array<Blame>, } | { "reply": "log", 
/**
 * They.
 */
commits: Array<GitCommit>, };

export type GitStatus = { 
/**
 * The current branch; nothing where no branch is current.
 */
branch: string | null, 
/**
 * The last commit, in short.
 */
head: string | null, 
/**
 * How many commits the branch has that its upstream has not.
 */
ahead: number, 
/**
 * How many commits its upstream has that the branch has not.
 */
behind: number, 
/**
 * What differs.
 */
changes: Array<GitChange>, 
/**
 * Whether a limit cut the list.
 */
truncated: boolean, };

export type GitWhat = "added" | "untracked" | "modified" | "deleted" | "renamed" | "type" | "conflict";

export type Hunk = { 
/**
 * The number by which it is selected, from 1.
 */
number: number, 
/**
 * The unified diff of this hunk, `@@` line included, made safe to show.
 */
text: string, };

export type LanguageAnswer = { "answer": "completed", 
/**
 * The items.
 */
items: Array<CompletionItem>, 
/**
 * Whether there may be others after the next key.
 */
more: boolean, } | { "answer": "described", 
/**
 * A short one: its type.
 */
detail: string | null, 
/**
 * A long one, as Markdown that nobody vouches for.
 */
text: string | null, 
/**
 * What is changed elsewhere in the file when it is taken.
 */
edits: Array<SpanEdit>, } | { "answer": "hovered", 
/**
 * Markdown that nobody vouches for.
 */
texts: Array<string>, 
/**
 * What it is about.
 */
span: Span | null, } | { "answer": "located", 
/**
 * They.
 */
places: Array<Location>, 
/**
 * Names of files outside of the workspace, which are not shown.
 */
outside: Array<string>, } | { "answer": "symbols", 
/**
 * The declarations.
 */
symbols: Array<FileSymbol>, } | { "answer": "edited", 
/**
 * By file.
 */
files: Array<FileEdits>, } | { "answer": "actions", 
/**
 * The actions.
 */
actions: Array<CodeAction>, } | { "answer": "nothing", 
/**
 * Why not, where there is something to say.
 */
why: string | null, } | { "answer": "stale" } | { "answer": "cancelled" };

export type LanguageNews = { "told": "servers" } & LanguageServers | { "told": "problems", 
/**
 * The file.
 */
path: TreePath, 
/**
 * The version of the text that is meant, where a front end has it in an editor.
 */
version: number | null, 
/**
 * All problems of the file.
 */
problems: Array<LanguageProblem>, } | { "told": "answered", 
/**
 * The number of the question.
 */
ask: number, 
/**
 * The answer.
 */
answer: LanguageAnswer, };

export type LanguageProblem = { 
/**
 * Where.
 */
span: Span, 
/**
 * How bad it is.
 */
severity: ProblemSeverity, 
/**
 * What.
 */
message: string, 
/**
 * Who says so.
 */
source: string, 
/**
 * The rule's name.
 */
code: string | null, 
/**
 * Whether what stands there is of no use.
 */
unused: boolean, 
/**
 * Whether what stands there should no longer be used.
 */
deprecated: boolean, };

export type LanguageQuery = { "query": "servers" } | { "query": "allow", 
/**
 * Whether they may.
 */
allowed: boolean, } | { "query": "restart", 
/**
 * Its name.
 */
server: string, } | { "query": "opened", 
/**
 * The file.
 */
path: TreePath, 
/**
 * Its language, as editors call it.
 */
language: string, 
/**
 * A number that grows with each change.
 */
version: number, 
/**
 * What the editor shows, with line feeds alone.
 */
text: string, } | { "query": "changed", 
/**
 * The file.
 */
path: TreePath, 
/**
 * The number of the change.
 */
version: number, 
/**
 * The whole text.
 */
text: string, } | { "query": "saved", 
/**
 * The file.
 */
path: TreePath, } | { "query": "closed", 
/**
 * The file.
 */
path: TreePath, } | { "query": "ask", 
/**
 * The number under which the answer comes.
 */
ask: number, 
/**
 * The file.
 */
path: TreePath, 
/**
 * The version of the text that is meant.
 */
version: number, 
/**
 * What is asked.
 */
want: LanguageWant, } | { "query": "cancel", 
/**
 * The number of the question.
 */
ask: number, };

export type LanguageReply = { "reply": "servers" } & LanguageServers | { "reply": "done" };

export type LanguageServers = { 
/**
 * Whether the user lets them run in this workspace; nothing as long as nobody decided.
 */
allowed: boolean | null, 
/**
 * They.
 */
servers: Array<ServerState>, };

export type LanguageWant = { "want": "complete", 
/**
 * The place.
 */
at: Spot, 
/**
 * The character whose typing asked for it.
 */
typed: string | null, } | { "want": "describe", 
/**
 * Its number.
 */
item: number, } | { "want": "hover", 
/**
 * The place.
 */
at: Spot, } | { "want": "definition", 
/**
 * The place.
 */
at: Spot, } | { "want": "references", 
/**
 * The place.
 */
at: Spot, } | { "want": "symbols" } | { "want": "rename", 
/**
 * The place.
 */
at: Spot, 
/**
 * The new name.
 */
name: string, } | { "want": "format", 
/**
 * The part; nothing for all of it.
 */
span: Span | null, 
/**
 * How wide a step is.
 */
tab: number, 
/**
 * Whether steps are made of spaces.
 */
spaces: boolean, } | { "want": "actions", 
/**
 * The part.
 */
span: Span, } | { "want": "act", 
/**
 * Its number.
 */
action: number, };

export type Level = "note" | "warning";

export type LineEnding = "lf" | "crlf" | "mixed";

export type Location = { 
/**
 * The file.
 */
path: TreePath, 
/**
 * The part of it.
 */
span: Span, };

export type Merge = { "merge": "alone" } | { "merge": "joined" } | { "merge": "conflict", 
/**
 * What both come from.
 */
base: Side, 
/**
 * Where both changed the same lines; empty where it is not about lines.
 */
places: Array<Clash>, };

export type Mode = string;

export type ModelChoice = { 
/**
 * Its name in the configuration, as a task names it.
 */
name: string, 
/**
 * What it is, for people.
 */
title: string, 
/**
 * The zone that its server lies in: `host` for the embedded one.
 */
zone: string, 
/**
 * How many tokens its context has, where that is known.
 */
context_tokens: number | null, 
/**
 * Whether it could be used now; its weights may be missing.
 */
ready: boolean, };

export type Nearest = { 
/**
 * Its number in the turn, from 1.
 */
candidate: number, 
/**
 * The file that it changes.
 */
path: TreePath, 
/**
 * The symbol that it changes.
 */
symbol: string, 
/**
 * Lines that it removes and adds, where that is known.
 */
lines: number | null, 
/**
 * What the check said with it.
 */
summary: TestSummary, 
/**
 * Tests that passed before and do not with it.
 */
broken: Array<string>, };

export type Node = "file" | "directory";

export type Op = { "op": "start", 
/**
 * What the turn is about.
 */
task: Task, } | { "op": "resume" } | { "op": "steer", 
/**
 * The user's words.
 */
text: string, } | { "op": "approve", 
/**
 * The number of the question.
 */
request: number, 
/**
 * The answer.
 */
answer: Answer, } | { "op": "give_check", 
/**
 * The command that must pass, as a shell line; `None` when there is none.
 */
line: string | null, } | { "op": "interrupt" } | { "op": "show" } | { "op": "show_commits" } | { "op": "take_commits", 
/**
 * The branches; all with new commits when empty.
 */
branches: Array<string>, } | { "op": "return_commits" } | { "op": "plan_keep", 
/**
 * Which ones are meant.
 */
selection: Selection, } | { "op": "keep", 
/**
 * Which ones.
 */
selection: Selection, 
/**
 * What was confirmed, each for itself.
 */
confirmed?: Array<Confirmation>, } | { "op": "discard", 
/**
 * Which ones.
 */
selection: Selection, } | { "op": "undo_keep" } | { "op": "run", 
/**
 * The exact argument vector.
 */
argv: Array<string>, 
/**
 * The working directory inside the workspace.
 */
directory: TreePath, } | { "op": "plan_rewind", 
/**
 * The number of the checkpoint.
 */
to: number, 
/**
 * What is brought back.
 */
scope: RewindScope, } | { "op": "rewind", 
/**
 * The number of the checkpoint.
 */
to: number, 
/**
 * What is brought back.
 */
scope: RewindScope, } | { "op": "close" };

export type OpenTerminal = { 
/**
 * Its number.
 */
terminal: number, 
/**
 * The program's name.
 */
program: string, 
/**
 * Whether its program ended.
 */
ended: boolean, };

export type OtherRef = { 
/**
 * Its whole name, safe to show; `HEAD` for what is checked out.
 */
name: string, 
/**
 * Where it is in the session: an id, or a branch.
 */
session: string | null, 
/**
 * Where it is in the user's repository.
 */
user: string | null, 
/**
 * What it means, and that it stays, in a few words.
 */
meaning: string, };

export type Outcome = { "outcome": "solved" } | { "outcome": "unverified", 
/**
 * Why not.
 */
reason: string, } | { "outcome": "nothing_to_fix" } | { "outcome": "not_solved", 
/**
 * What was tried and what stood in the way.
 */
reason: string, } | { "outcome": "failed", 
/**
 * What could not be done.
 */
reason: string, } | { "outcome": "answered", 
/**
 * The text.
 */
text: string, } | { "outcome": "stopped", 
/**
 * Which of these.
 */
reason: string, } | { "outcome": "denied", 
/**
 * What and by which rule.
 */
reason: string, } | { "outcome": "unknown", 
/**
 * Which effect.
 */
effect: string, };

export type PathChange = { 
/**
 * The path in the workspace.
 */
path: TreePath, 
/**
 * What happens to it.
 */
kind: ChangeKind, };

export type ProblemSeverity = "error" | "warning" | "info" | "hint";

export type Proposal = { 
/**
 * The full argument vector.
 */
argv: Array<string>, 
/**
 * What is added to the fixed environment of the sandbox.
 */
environment: Array<[string, string]>, 
/**
 * The working directory inside the workspace.
 */
directory: TreePath, 
/**
 * The candidate that is in place when it runs.
 */
candidate?: ProposedCandidate | null, 
/**
 * Where what it writes ends up, in words.
 */
writes: string, 
/**
 * What it can reach over a network, in words.
 */
network: string, 
/**
 * The rule that asks.
 */
rule: string, };

export type ProposedCandidate = { 
/**
 * Its number in the turn, from 1.
 */
number: number, 
/**
 * The file that it changes.
 */
path: TreePath, 
/**
 * The symbol that it changes.
 */
symbol: string, 
/**
 * The file into which tests that come with it are put.
 */
tests?: TreePath | null, };

export type Protection = { 
/**
 * What a command cannot do, in words.
 */
effect: string, 
/**
 * Whether that is enforced here, in a word: `enforced`, `partly`, `not` or `unknown`.
 */
standing: string, 
/**
 * How it was tried, and what came of it.
 */
evidence: string, 
/**
 * What a person can do where it is not enforced.
 */
hint: string | null, };

export type ReadResult = { "content": "text" } & FileText | { "content": "large", 
/**
 * How long it is, in bytes.
 */
length: number, } | { "content": "binary", 
/**
 * How long it is, in bytes.
 */
length: number, 
/**
 * The type of an image that a browser can show.
 */
image: string | null, };

export type Refusal = { 
/**
 * The path.
 */
path: TreePath, 
/**
 * Why, in one sentence.
 */
reason: string, 
/**
 * Where only a confirmation is missing: what it has to name.
 */
confirm?: string | null, };

export type Report = { 
/**
 * What failed, without a full stop.
 */
error: string, 
/**
 * The chain of causes, outermost first.
 */
causes: Array<string>, 
/**
 * What the reader can do.
 */
hint: string | null, };

export type RewindPlan = { 
/**
 * The checkpoint.
 */
to: number, 
/**
 * What is brought back.
 */
scope: RewindScope, 
/**
 * What becomes of the session's files; a long list is cut.
 */
changes: Array<PathChange>, 
/**
 * How many paths that are in all.
 */
changed: number, 
/**
 * What the checkpoint does not hold, and why.
 */
left: Array<Refusal>, 
/**
 * Paths that were kept and that the checkpoint has nothing of its own for: the session
 * will show them as your tree has them.
 */
kept: Array<TreePath>, 
/**
 * The tasks of the turns that would not count any more.
 */
leaving: Array<string>, 
/**
 * The tasks of the turns that would count again.
 */
returning: Array<string>, };

export type RewindScope = "code" | "conversation" | "both";

export type Rewound = { 
/**
 * The checkpoint.
 */
to: number, 
/**
 * What was brought back.
 */
scope: RewindScope, 
/**
 * The checkpoint of how it was before: going back to it goes forward again.
 */
before: number, 
/**
 * What became of the session's files; a long list is cut.
 */
changes: Array<PathChange>, 
/**
 * How many paths that are in all.
 */
changed: number, 
/**
 * What is not as the checkpoint says, and why.
 */
left: Array<Refusal>, 
/**
 * Paths that were kept and are shown as your tree has them.
 */
kept: Array<TreePath>, };

export type RunStatus = { "status": "code", "value": number } | { "status": "signal", "value": number } | { "status": "timed_out" } | { "status": "interrupted" } | { "status": "output_limit" } | { "status": "limit", "value": Bound };

export type SearchHit = { 
/**
 * The file.
 */
path: TreePath, 
/**
 * The lines.
 */
lines: Array<SearchLine>, };

export type SearchLine = { 
/**
 * Its number, from 1.
 */
line: number, 
/**
 * Its text; of a long line the part around the first match.
 */
text: string, 
/**
 * The matches in that text: begin and end in UTF-16 units.
 */
matched: Array<[number, number]>, 
/**
 * How many UTF-16 units were cut off before the text.
 */
cut: number, };

export type SearchQuery = { "query": "start", 
/**
 * The number under which the news come.
 */
search: number, 
/**
 * What is looked for.
 */
spec: SearchSpec, } | { "query": "stop", 
/**
 * Its number.
 */
search: number, } | { "query": "replace", 
/**
 * What is looked for.
 */
spec: SearchSpec, 
/**
 * What it becomes; with `regex`, `$1` is the first group.
 */
with: string, 
/**
 * The files.
 */
paths: Array<TreePath>, };

export type SearchReply = { "reply": "started" } | { "reply": "stopped" } | { "reply": "replaced", 
/**
 * How many places.
 */
places: number, 
/**
 * The files that were written.
 */
files: Array<TreePath>, 
/**
 * The files that were left alone, and why.
 */
left: Array<Refusal>, };

export type SearchSpec = { 
/**
 * The words, or the expression.
 */
pattern: string, 
/**
 * Whether it is a regular expression.
 */
regex: boolean, 
/**
 * Whether upper and lower case differ.
 */
case: boolean, 
/**
 * Whether only whole words count.
 */
word: boolean, 
/**
 * Globs of which a path must match one; all files where there are none.
 */
include: Array<string>, 
/**
 * Globs of which a path must match none.
 */
exclude: Array<string>, 
/**
 * Whether files that the repository ignores are looked at too.
 */
ignored: boolean, };

export type Selection = { "select": "all" } | { "select": "paths", 
/**
 * The paths.
 */
paths: Array<TreePath>, } | { "select": "hunks", 
/**
 * The file.
 */
path: TreePath, 
/**
 * Hunk numbers as shown.
 */
numbers: Array<number>, };

export type ServerFrame = { "frame": "answer", 
/**
 * Its number.
 */
id: number, 
/**
 * The answer.
 */
reply: WorkspaceReply, } | { "frame": "refused", 
/**
 * Its number.
 */
id: number, 
/**
 * Why.
 */
report: Report, } | { "frame": "news", 
/**
 * What happened.
 */
news: WorkspaceNews, };

export type ServerStanding = "missing" | "idle" | "starting" | "ready" | "waiting" | "given_up";

export type ServerState = { 
/**
 * Its name.
 */
name: string, 
/**
 * The languages that it knows, as editors call them.
 */
languages: Array<string>, 
/**
 * Where its program lies; nothing where there is none.
 */
program: string | null, 
/**
 * The command that would install it, for the user to run.
 */
install: string, 
/**
 * How it is.
 */
standing: ServerStanding, 
/**
 * Why it does not run, where it should.
 */
trouble: string | null, };

export type SessionId = string;

export type SessionSummary = { 
/**
 * Its id.
 */
session: SessionId, 
/**
 * The workspace's real path, once something was stored.
 */
workspace: string | null, 
/**
 * The task of its last turn.
 */
task: string | null, 
/**
 * Where it stands.
 */
standing: Standing, 
/**
 * How many turns count.
 */
turns: number, 
/**
 * When it began.
 */
begun: Timestamp | null, 
/**
 * When its last line was written.
 */
written: Timestamp | null, 
/**
 * Whether its last turn can be gone on with.
 */
resumable: boolean, 
/**
 * Whether a keep stands that was not taken back.
 */
kept: boolean, 
/**
 * Where it was forked from, if it was.
 */
forked?: ForkedFrom | null, };

export type SessionsQuery = { "query": "list" } | { "query": "new" } | { "query": "attach", 
/**
 * Which.
 */
session: SessionId, } | { "query": "detach", 
/**
 * Which.
 */
session: SessionId, } | { "query": "do", 
/**
 * Which.
 */
session: SessionId, 
/**
 * What.
 */
op: Op, } | { "query": "fork", 
/**
 * Which.
 */
session: SessionId, 
/**
 * The number of the checkpoint; `None` for the end.
 */
at: number | null, } | { "query": "rename", 
/**
 * Which.
 */
session: SessionId, 
/**
 * The name; empty for none.
 */
name: string, } | { "query": "models" };

export type SessionsReply = { "reply": "listed", 
/**
 * Those that could be read.
 */
sessions: Array<SessionSummary>, 
/**
 * Names that people gave.
 */
names: Array<[SessionId, string]>, 
/**
 * Those that could not be read, and why.
 */
unreadable: Array<Unreadable>, } | { "reply": "opened", 
/**
 * Which.
 */
session: SessionId, } | { "reply": "done" } | { "reply": "models", 
/**
 * They.
 */
models: Array<ModelChoice>, 
/**
 * The name of the one that is used where nothing is said.
 */
default: string, };

export type Setup = { 
/**
 * The workspace's name, made safe to show.
 */
name: string, 
/**
 * Its real path, as text in the escaped form of a path.
 */
workspace: string, 
/**
 * What is enforced around the agent, in one line.
 */
boundary: string, 
/**
 * Moat's version.
 */
version: string, 
/**
 * Another number after each start of the server.
 */
instance: string, 
/**
 * Whether there is a repository.
 */
repository: boolean, 
/**
 * The state that the front end kept of this workspace.
 */
layout: string | null, 
/**
 * The user's settings of the front end.
 */
settings: string | null, 
/**
 * What is typed and not saved.
 */
buffers: Array<Buffer>, };

export type Side = { "kind": "nothing" } | { "kind": "file", 
/**
 * Its permission bits.
 */
mode: Mode, 
/**
 * Its content; `None` for a path that is only named.
 */
content: FileContent | null, } | { "kind": "directory", 
/**
 * Its permission bits.
 */
mode: Mode, } | { "kind": "link", 
/**
 * Where it leads, escaped as a path is; `None` for a path that is only named.
 */
target: string | null, };

export type Span = { 
/**
 * Where it begins.
 */
from: Spot, 
/**
 * The place behind it.
 */
to: Spot, };

export type SpanEdit = { 
/**
 * What is replaced.
 */
span: Span, 
/**
 * By what.
 */
text: string, };

export type Spot = { 
/**
 * The line.
 */
line: number, 
/**
 * The column.
 */
column: number, };

export type Standing = "damaged" | "empty" | "unfinished" | "stopped" | "solved" | "unverified" | "nothing" | "not_solved" | "failed" | "answered" | "denied" | "unknown";

export type Stream = "out" | "err";

export type Surface = { 
/**
 * The file that it is, where the change names a whole directory.
 */
at?: TreePath | null, 
/**
 * Which tools read it.
 */
reader: string, 
/**
 * The keys that act, in short; empty where the whole file does.
 */
keys: string, 
/**
 * What it can make them do.
 */
effects: Array<SurfaceEffect>, 
/**
 * The same in a short sentence for people, without the reader.
 */
does: string, 
/**
 * Whether the change is kept only with a [`Confirmation`] because of it.
 */
gated: boolean, };

export type SurfaceEffect = "exec_open" | "exec_action" | "redirect" | "relax" | "prompt" | "render" | "inject" | "persist";

export type Suspect = { 
/**
 * The file.
 */
path: TreePath, 
/**
 * The symbol's qualified name.
 */
symbol: string, 
/**
 * Why, in a few words each.
 */
reasons: Array<string>, };

export type SymbolSort = "text" | "file" | "module" | "class" | "struct" | "interface" | "enum" | "enum_member" | "function" | "method" | "constructor" | "field" | "property" | "variable" | "constant" | "type_parameter" | "keyword" | "snippet" | "other";

export type TakenBranch = { 
/**
 * The branch in the session.
 */
branch: string, 
/**
 * The ref in the user's repository.
 */
reference: string, 
/**
 * Where that was before, when it was there.
 */
before: string | null, 
/**
 * Where it is now.
 */
tip: string, };

export type Task = { 
/**
 * The user's words.
 */
text: string, 
/**
 * What kind of work it is.
 */
kind: TaskKind, 
/**
 * The command that tells right from wrong, as a shell line; found out when absent.
 */
check: string | null, 
/**
 * The model's name in the configuration.
 */
model: string, 
/**
 * The turn ends when this is spent, with the best that it has.
 */
time_limit_ms: number, };

export type TaskKind = "repair" | "explain" | "document" | "write" | "commit_message";

export type TerminalQuery = { "query": "list" } | { "query": "open", 
/**
 * Where it begins.
 */
directory: TreePath, 
/**
 * How wide it is, in characters.
 */
columns: number, 
/**
 * How high it is, in lines.
 */
rows: number, } | { "query": "attach", 
/**
 * Its number.
 */
terminal: number, } | { "query": "resize", 
/**
 * Its number.
 */
terminal: number, 
/**
 * How wide it is, in characters.
 */
columns: number, 
/**
 * How high it is, in lines.
 */
rows: number, } | { "query": "close", 
/**
 * Its number.
 */
terminal: number, };

export type TerminalReply = { "reply": "listed", 
/**
 * They.
 */
terminals: Array<OpenTerminal>, } | { "reply": "opened", 
/**
 * The terminal.
 */
terminal: OpenTerminal, } | { "reply": "done" };

export type TestSummary = { 
/**
 * How the check ended.
 */
status: RunStatus, 
/**
 * Tests known to have passed.
 */
passed: number, 
/**
 * Tests known to have failed.
 */
failed: number, 
/**
 * The names of failed tests, at most a few.
 */
failing: Array<string>, 
/**
 * How long it took.
 */
duration_ms: number, };

export type Timestamp = number;

export type TreePath = string;

export type Unreadable = { 
/**
 * Which.
 */
session: SessionId, 
/**
 * Why.
 */
report: Report, };

export type Version = string;

export type WorkspaceNews = { "news": "files_changed", 
/**
 * The directories; the root is the empty path.
 */
directories: Array<TreePath>, 
/**
 * More may have changed than is named: read everything again.
 */
all: boolean, } | { "news": "git_changed" } | { "news": "search_found", 
/**
 * The search's number.
 */
search: number, 
/**
 * What was found since the last.
 */
hits: Array<SearchHit>, } | { "news": "search_ended", 
/**
 * The search's number.
 */
search: number, 
/**
 * How many files were looked at.
 */
files: number, 
/**
 * Whether a limit ended it.
 */
truncated: boolean, } | { "news": "terminal_ended", 
/**
 * The terminal's number.
 */
terminal: number, 
/**
 * The exit status, where it is known.
 */
status: number | null, } | { "news": "session", 
/**
 * What and where.
 */
envelope: Envelope, } | { "news": "sessions_changed" } | { "news": "session_gone", 
/**
 * Which.
 */
session: SessionId, 
/**
 * Why, where it did not end as it should.
 */
report: Report | null, } | { "news": "crossed", 
/**
 * What, where to, and what became of it.
 */
crossing: Crossing, } | { "news": "language" } & LanguageNews;

export type WorkspaceQuery = { "service": "files" } & FilesQuery | { "service": "search" } & SearchQuery | { "service": "git" } & GitQuery | { "service": "terminal" } & TerminalQuery | { "service": "desk" } & DeskQuery | { "service": "sessions" } & SessionsQuery | { "service": "boundary" } & BoundaryQuery | { "service": "language" } & LanguageQuery | { "service": "completion" } & CompletionQuery;

export type WorkspaceReply = { "service": "files" } & FilesReply | { "service": "search" } & SearchReply | { "service": "git" } & GitReply | { "service": "terminal" } & TerminalReply | { "service": "desk" } & DeskReply | { "service": "sessions" } & SessionsReply | { "service": "boundary" } & BoundaryReply | { "service": "language" } & LanguageReply | { "service": "completion" } & CompletionReply;
