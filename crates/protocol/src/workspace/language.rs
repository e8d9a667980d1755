// SPDX-License-Identifier: Apache-2.0
//! Language servers and inline completion.
//!
//! A front end says which files are in its editors and what their text is, and asks about
//! places in them. It speaks of the workspace's files and of lines and columns; which server
//! answers, and how that is asked, it does not learn. Lines and columns count from 1, columns
//! in UTF-16 units.
//!
//! Invariant: a server changes nothing. What it would change comes back as [`FileEdits`], and
//! names files of the workspace alone.

use moat_base::TreePath;
use serde::{Deserialize, Serialize};

/// A question about language servers.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
#[serde(tag = "query", rename_all = "snake_case")]
pub enum LanguageQuery {
    /// Which there are, and whether the user lets them run in this workspace.
    Servers,
    /// Let them run in this workspace, or end them. It is remembered.
    Allow {
        /// Whether they may.
        allowed: bool,
    },
    /// Start one again that was given up.
    Restart {
        /// Its name.
        server: String,
    },
    /// A file is in an editor. The first of its language starts the servers.
    Opened {
        /// The file.
        path: TreePath,
        /// Its language, as editors call it.
        language: String,
        /// A number that grows with each change.
        version: u32,
        /// What the editor shows, with line feeds alone.
        text: String,
    },
    /// It was changed.
    Changed {
        /// The file.
        path: TreePath,
        /// The number of the change.
        version: u32,
        /// The whole text.
        text: String,
    },
    /// It was written.
    Saved {
        /// The file.
        path: TreePath,
    },
    /// It is in no editor of this front end any more.
    Closed {
        /// The file.
        path: TreePath,
    },
    /// A question about a file that is in an editor. The answer comes as news to this front
    /// end alone, exactly once.
    Ask {
        /// The number under which the answer comes.
        ask: u32,
        /// The file.
        path: TreePath,
        /// The version of the text that is meant.
        version: u32,
        /// What is asked.
        want: LanguageWant,
    },
    /// The answer is no longer of interest.
    Cancel {
        /// The number of the question.
        ask: u32,
    },
}

/// What is asked about a file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
#[serde(tag = "want", rename_all = "snake_case")]
pub enum LanguageWant {
    /// What may stand at a place.
    Complete {
        /// The place.
        at: Spot,
        /// The character whose typing asked for it.
        typed: Option<String>,
    },
    /// More about an item that was offered last for this file.
    Describe {
        /// Its number.
        item: u32,
    },
    /// What is known about what stands at a place.
    Hover {
        /// The place.
        at: Spot,
    },
    /// Where what stands there is defined.
    Definition {
        /// The place.
        at: Spot,
    },
    /// Where it is used.
    References {
        /// The place.
        at: Spot,
    },
    /// What the file declares.
    Symbols,
    /// Another name for what stands there, everywhere.
    Rename {
        /// The place.
        at: Spot,
        /// The new name.
        name: String,
    },
    /// The file, or a part of it, laid out anew.
    Format {
        /// The part; nothing for all of it.
        span: Option<Span>,
        /// How wide a step is.
        tab: u32,
        /// Whether steps are made of spaces.
        spaces: bool,
    },
    /// What can be done about a part of the file.
    Actions {
        /// The part.
        span: Span,
    },
    /// The edits of an action that was offered last for this file.
    Act {
        /// Its number.
        action: u32,
    },
}

/// A place in a text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
pub struct Spot {
    /// The line.
    pub line: u32,
    /// The column.
    pub column: u32,
}

/// A part of a text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
pub struct Span {
    /// Where it begins.
    pub from: Spot,
    /// The place behind it.
    pub to: Spot,
}

/// An answer about language servers.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
#[serde(tag = "reply", rename_all = "snake_case")]
pub enum LanguageReply {
    /// The servers.
    Servers(LanguageServers),
    /// It was taken note of.
    Done,
}

/// The language servers of a workspace.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
pub struct LanguageServers {
    /// Whether the user lets them run in this workspace; nothing as long as nobody decided.
    pub allowed: Option<bool>,
    /// They.
    pub servers: Vec<ServerState>,
}

/// A language server.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
pub struct ServerState {
    /// Its name.
    pub name: String,
    /// The languages that it knows, as editors call them.
    pub languages: Vec<String>,
    /// Where its program lies; nothing where there is none.
    pub program: Option<String>,
    /// The command that would install it, for the user to run.
    pub install: String,
    /// How it is.
    pub standing: ServerStanding,
    /// Why it does not run, where it should.
    pub trouble: Option<String>,
}

/// How a language server is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
#[serde(rename_all = "snake_case")]
pub enum ServerStanding {
    /// Its program was not found.
    Missing,
    /// It is not wanted now.
    Idle,
    /// It is getting ready.
    Starting,
    /// It answers.
    Ready,
    /// It ended by itself, and will be started again soon.
    Waiting,
    /// It ended by itself too often.
    GivenUp,
}

/// What a front end is told about languages.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
#[serde(tag = "told", rename_all = "snake_case")]
pub enum LanguageNews {
    /// Something about the servers changed.
    Servers(LanguageServers),
    /// What is wrong in a file, as all servers together see it now.
    Problems {
        /// The file.
        path: TreePath,
        /// The version of the text that is meant, where a front end has it in an editor.
        version: Option<u32>,
        /// All problems of the file.
        problems: Vec<LanguageProblem>,
    },
    /// The answer to a question.
    Answered {
        /// The number of the question.
        ask: u32,
        /// The answer.
        answer: LanguageAnswer,
    },
}

/// The answer to a question about a file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
#[serde(tag = "answer", rename_all = "snake_case")]
pub enum LanguageAnswer {
    /// What may stand there.
    Completed {
        /// The items.
        items: Vec<CompletionItem>,
        /// Whether there may be others after the next key.
        more: bool,
    },
    /// More about an item.
    Described {
        /// A short one: its type.
        detail: Option<String>,
        /// A long one, as Markdown that nobody vouches for.
        text: Option<String>,
        /// What is changed elsewhere in the file when it is taken.
        edits: Vec<SpanEdit>,
    },
    /// What is known about what stands there.
    Hovered {
        /// Markdown that nobody vouches for.
        texts: Vec<String>,
        /// What it is about.
        span: Option<Span>,
    },
    /// Places in the workspace.
    Located {
        /// They.
        places: Vec<Location>,
        /// Names of files outside of the workspace, which are not shown.
        outside: Vec<String>,
    },
    /// What the file declares, in order.
    Symbols {
        /// The declarations.
        symbols: Vec<FileSymbol>,
    },
    /// What would be changed. Nothing was.
    Edited {
        /// By file.
        files: Vec<FileEdits>,
    },
    /// What can be done.
    Actions {
        /// The actions.
        actions: Vec<CodeAction>,
    },
    /// There is no answer.
    Nothing {
        /// Why not, where there is something to say.
        why: Option<String>,
    },
    /// The text was changed in the meantime.
    Stale,
    /// The question was taken back.
    Cancelled,
}

/// Something that may be inserted.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
pub struct CompletionItem {
    /// The number by which more is asked about it.
    pub number: u32,
    /// How it is listed.
    pub label: String,
    /// What stands behind it in the list.
    pub detail: Option<String>,
    /// What it is.
    pub sort: SymbolSort,
    /// What is inserted.
    pub insert: String,
    /// Whether that has places to fill in (`$1`, `${2:name}`).
    pub snippet: bool,
    /// What it replaces; nothing for the word at the place.
    pub span: Option<Span>,
    /// What it is found by, where that is not its label.
    pub filter: Option<String>,
    /// What it is ordered by, where that is not its label.
    pub order: Option<String>,
    /// Whether it should no longer be used.
    pub deprecated: bool,
    /// Whether it is the likeliest.
    pub likeliest: bool,
    /// Text about it, as Markdown that nobody vouches for.
    pub text: Option<String>,
    /// What is changed elsewhere in the file when it is taken.
    pub edits: Vec<SpanEdit>,
}

/// What a name stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
#[serde(rename_all = "snake_case")]
pub enum SymbolSort {
    /// Words.
    Text,
    /// A file or a directory.
    File,
    /// A module, a namespace or a package.
    Module,
    /// A class.
    Class,
    /// A structure.
    Struct,
    /// An interface or a trait.
    Interface,
    /// An enumeration.
    Enum,
    /// One value of an enumeration.
    EnumMember,
    /// A function.
    Function,
    /// A method.
    Method,
    /// A constructor.
    Constructor,
    /// A field.
    Field,
    /// A property.
    Property,
    /// A variable.
    Variable,
    /// A constant.
    Constant,
    /// A parameter of a type.
    TypeParameter,
    /// A word of the language.
    Keyword,
    /// A pattern with places to fill in.
    Snippet,
    /// Something else.
    Other,
}

/// A place in a file of the workspace.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
pub struct Location {
    /// The file.
    pub path: TreePath,
    /// The part of it.
    pub span: Span,
}

/// A declaration in a file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
pub struct FileSymbol {
    /// Its name.
    pub name: String,
    /// What stands behind it.
    pub detail: Option<String>,
    /// What it is.
    pub sort: SymbolSort,
    /// All of it.
    pub span: Span,
    /// Its name in the text.
    pub name_span: Span,
    /// How many declarations are around it.
    pub depth: u32,
}

/// One change of a text.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
pub struct SpanEdit {
    /// What is replaced.
    pub span: Span,
    /// By what.
    pub text: String,
}

/// Changes of one file; none of them reaches into another.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
pub struct FileEdits {
    /// The file.
    pub path: TreePath,
    /// The changes, all of the same text.
    pub edits: Vec<SpanEdit>,
}

/// Something that can be done about a part of a file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
pub struct CodeAction {
    /// The number by which its edits are asked for.
    pub number: u32,
    /// What it does.
    pub title: String,
    /// What sort of action it is, as editors call it: `quickfix`, `refactor.extract`.
    pub kind: String,
    /// Whether it is the one to take.
    pub preferred: bool,
}

/// Something that is wrong in a file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
pub struct LanguageProblem {
    /// Where.
    pub span: Span,
    /// How bad it is.
    pub severity: ProblemSeverity,
    /// What.
    pub message: String,
    /// Who says so.
    pub source: String,
    /// The rule's name.
    pub code: Option<String>,
    /// Whether what stands there is of no use.
    pub unused: bool,
    /// Whether what stands there should no longer be used.
    pub deprecated: bool,
}

/// How bad a problem is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
#[serde(rename_all = "snake_case")]
pub enum ProblemSeverity {
    /// It is wrong.
    Error,
    /// It may be wrong.
    Warning,
    /// It is worth knowing.
    Info,
    /// It is shown in the text alone.
    Hint,
}

/// A question for inline completion.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
#[serde(tag = "query", rename_all = "snake_case")]
pub enum CompletionQuery {
    /// What may stand at the cursor. Questions of this front end with smaller numbers are ended.
    Complete {
        /// A number that grows from question to question: they are answered beside each other,
        /// and one that is late must not end one that is newer.
        number: u32,
        /// The model to ask, by its name; without one, the one that sessions use, which then has
        /// to run on this machine: nothing leaves it by typing unless a person chose so.
        model: Option<String>,
        /// The file.
        path: TreePath,
        /// The language.
        language: String,
        /// What stands before the cursor; at most 16 KiB.
        before: String,
        /// What stands behind the cursor; at most 8 KiB.
        after: String,
        /// Files that were edited or looked at last.
        recent: Vec<TreePath>,
    },
    /// Questions up to this number are no longer of interest.
    Cancel {
        /// The number of the last one.
        number: u32,
    },
}

/// An answer of inline completion.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
#[serde(tag = "reply", rename_all = "snake_case")]
pub enum CompletionReply {
    /// What may stand there; nothing where nothing good was found.
    Completed {
        /// The text.
        text: Option<String>,
        /// How long the model took, in milliseconds.
        model_ms: u64,
    },
    /// The question was ended.
    Cancelled,
    /// The model is being loaded; it can be asked again a little later.
    Loading,
    /// The file is one that holds secrets by its name: no model is shown it.
    Withheld,
}
