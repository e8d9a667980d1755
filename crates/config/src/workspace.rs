// SPDX-License-Identifier: Apache-2.0
//! The settings of a workspace: read as wishes, of which only tightening ones count.
//!
//! A workspace is whoever wrote it. So its file is never an error that stops anything: what
//! cannot be read, is unknown or would loosen is left out and reported, with its line and why.
//!
//! Invariant: what a workspace holds is [`Untrusted`], which gives its bytes to nobody, so that
//! no [`crate::Layer`] can be made of them.

use std::fmt;
use std::path::PathBuf;

use moat_base::{clip, visible};
use toml::de::{DeTable, DeValue};

use crate::error::Place;
use crate::key::{self, Key, Tighter};
use crate::layer::{Origin, Value, check, line_at};
use crate::limits::{WORKSPACE_BYTES_MAX, WORKSPACE_ENTRIES_MAX, WORKSPACE_LINE_BYTES_MAX};

/// Where a workspace has its settings, from its root.
pub const WORKSPACE_FILE: &str = ".moat/settings.toml";

/// What lies where the settings of a workspace would be.
///
/// ```compile_fail,E0308
/// use moat_config::{Layer, Origin, Untrusted};
///
/// let workspace = Untrusted::bytes("w/.moat/settings.toml", b"approval.commands = \"allow\"");
/// Layer::parse(Origin::UserFile("config.toml".into()), &workspace);
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Untrusted {
    path: PathBuf,
    found: Found,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Found {
    Nothing,
    Bytes(Vec<u8>),
    Unusable(String),
}

impl Untrusted {
    /// There is no file.
    #[must_use]
    pub fn nothing() -> Self {
        Self { path: PathBuf::new(), found: Found::Nothing }
    }

    /// There is this file.
    #[must_use]
    pub fn bytes(path: impl Into<PathBuf>, bytes: impl Into<Vec<u8>>) -> Self {
        Self { path: path.into(), found: Found::Bytes(bytes.into()) }
    }

    /// There is something that cannot be read.
    #[must_use]
    pub fn unusable(path: impl Into<PathBuf>, why: impl Into<String>) -> Self {
        Self { path: path.into(), found: Found::Unusable(why.into()) }
    }

    /// What the file wishes for, and what of it cannot even be wished for.
    pub(crate) fn wishes(&self) -> (Vec<Wish>, Vec<Ignored>) {
        let refused = |line: usize, why: &str| {
            let ignored = Ignored { key: String::new(), place: self.place(line), why: why.into() };
            (Vec::new(), vec![ignored])
        };
        let bytes = match &self.found {
            Found::Nothing => return (Vec::new(), Vec::new()),
            Found::Unusable(why) => return refused(1, why),
            Found::Bytes(bytes) => bytes,
        };
        if u64::try_from(bytes.len()).unwrap_or(u64::MAX) > WORKSPACE_BYTES_MAX {
            return refused(1, &format!("it has more than {WORKSPACE_BYTES_MAX} bytes"));
        }
        let text = match str::from_utf8(bytes) {
            Ok(text) => text,
            Err(error) => return refused(line_at(bytes, error.valid_up_to()), "it is not UTF-8"),
        };
        let is_long = |line: &str| line.len() > WORKSPACE_LINE_BYTES_MAX;
        if let Some(at) = text.split('\n').position(is_long) {
            let why = format!("a line has more than {WORKSPACE_LINE_BYTES_MAX} bytes");
            return refused(at.saturating_add(1), &why);
        }
        let document = match DeTable::parse(text) {
            Ok(document) => document,
            Err(error) => {
                let line = line_at(bytes, error.span().map_or(0, |span| span.start));
                let message = clip(&visible(error.message()), SHOWN_CHARS).to_owned();
                return refused(line, &format!("it is not valid TOML: {message}"));
            }
        };
        let mut reading =
            Reading { file: self, text: bytes, seen: 0, wishes: Vec::new(), ignored: Vec::new() };
        reading.table(&mut Vec::new(), document.get_ref());
        (reading.wishes, reading.ignored)
    }

    pub(crate) fn origin(&self) -> Origin {
        Origin::Workspace(self.path.clone())
    }

    fn place(&self, line: usize) -> Place {
        Place { origin: self.origin(), line }
    }
}

/// What a workspace asks for, whether or not it may.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Wish {
    pub(crate) key: &'static Key,
    pub(crate) value: Value,
    pub(crate) place: Place,
}

/// Something that is said and does not count.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ignored {
    /// The key; empty where the whole file does not count.
    pub key: String,
    /// Where it stands.
    pub place: Place,
    /// Why it does not count.
    pub why: String,
}

impl fmt::Display for Ignored {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { key, place, why } = self;
        if key.is_empty() {
            write!(f, "{place}: ignored: {why}")
        } else {
            write!(f, "{place}: `{key}` is ignored: {why}")
        }
    }
}

struct Reading<'w> {
    file: &'w Untrusted,
    text: &'w [u8],
    seen: usize,
    wishes: Vec<Wish>,
    ignored: Vec<Ignored>,
}

impl Reading<'_> {
    fn table(&mut self, path: &mut Vec<String>, table: &DeTable<'_>) {
        for (name, value) in table {
            let place = self.file.place(line_at(self.text, name.span().start));
            self.seen = self.seen.saturating_add(1);
            if self.seen > WORKSPACE_ENTRIES_MAX {
                // Every table above ends here as well, and it is told once.
                if self.seen == WORKSPACE_ENTRIES_MAX.saturating_add(1) {
                    let why = format!("what follows: no more than {WORKSPACE_ENTRIES_MAX} entries");
                    self.ignored.push(Ignored { key: String::new(), place, why });
                }
                return;
            }
            path.push(name.get_ref().to_string());
            self.entry(path, place, value.get_ref());
            path.pop();
        }
    }

    /// Takes one entry. A table is entered only where some key lies below it, which bounds how
    /// deep this goes.
    fn entry(&mut self, path: &mut Vec<String>, place: Place, value: &DeValue<'_>) {
        let parts: Vec<&str> = path.iter().map(String::as_str).collect();
        let shown = clip(&visible(&parts.join(".")), SHOWN_CHARS).to_owned();
        let Some(key) = key::find(&parts) else {
            let table = value.as_table().filter(|_| key::is_table(&parts));
            if let Some(table) = table {
                self.table(path, table);
            } else {
                let why = "there is no such key".to_owned();
                self.ignored.push(Ignored { key: shown, place, why });
            }
            return;
        };
        if key.tighter == Tighter::Neither {
            let why = "a workspace cannot set it".to_owned();
            self.ignored.push(Ignored { key: shown, place, why });
            return;
        }
        match check::value_of(key, value) {
            Ok(value) => self.wishes.push(Wish { key, value, place }),
            Err(mismatch) => {
                let why = format!("it must be {}, not {}", mismatch.expected, mismatch.found);
                self.ignored.push(Ignored { key: shown, place, why });
            }
        }
    }
}

/// How much of what a workspace says is shown in a report.
const SHOWN_CHARS: usize = 80;
