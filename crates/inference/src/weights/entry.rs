// SPDX-License-Identifier: Apache-2.0
//! Pinned entries and the list of them.

use serde::{Deserialize, Serialize};

use super::error::Error;
use super::limits::ID_BYTES_MAX;
use super::source::Source;

/// One file of weights, pinned by its sha256.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Entry {
    /// How people name it: lower case, `-`, `_` and `.`.
    pub id: String,
    /// The file's name at its publisher.
    pub file: String,
    /// Its length in bytes.
    pub size: u64,
    /// Its sha256 in lower-case hex.
    pub sha256: String,
    /// Its licence as an SPDX identifier, or `unknown` for an imported file.
    pub license: String,
    /// The architecture, as GGUF names it.
    pub family: String,
    /// The longest context that the model was made for, in tokens; 0 when unknown.
    pub context: u32,
    /// The memory to plan for, in bytes.
    pub memory: u64,
    /// The form of its chat prompts.
    pub chat: String,
    /// The form of its fill-in-the-middle prompts, or `none`.
    pub fim: String,
    /// Where the bytes can be had, besides a file and the mirror.
    #[serde(default)]
    pub sources: Vec<Source>,
}

impl Entry {
    /// Refuses an entry that could name a file outside the store or no file at all.
    pub(super) fn check(&self) -> Result<(), Error> {
        let hex = |byte: u8| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte);
        let reason = if !is_id(&self.id) {
            "its id may have a-z, 0-9, `-`, `_` and `.`"
        } else if self.sha256.len() != 64 || !self.sha256.bytes().all(hex) {
            "its sha256 is not 64 hex digits"
        } else if self.size == 0 {
            "its size is zero"
        } else if self.file.is_empty() || self.file.starts_with('.') || self.file.contains('/') {
            "its file is not a plain name"
        } else {
            return Ok(());
        };
        Err(Error::Registry { reason: format!("entry `{}`: {reason}", self.id) })
    }
}

pub(super) fn is_id(id: &str) -> bool {
    let valid =
        |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b"-_.".contains(&byte);
    !id.is_empty() && id.len() <= ID_BYTES_MAX && !id.starts_with('.') && id.bytes().all(valid)
}

/// The known entries.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Registry {
    entries: Vec<Entry>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    #[serde(default)]
    model: Vec<Entry>,
}

impl Registry {
    /// The entries that are compiled in.
    ///
    /// # Errors
    /// [`Error::Registry`], which a test excludes.
    pub fn built_in() -> Result<Self, Error> {
        Self::parse(include_str!("../../registry.toml"))
    }

    /// Reads a registry.
    ///
    /// # Errors
    /// [`Error::Registry`] for a mistake, also when two entries share an id or a sha256.
    pub fn parse(text: &str) -> Result<Self, Error> {
        let file: File =
            toml::from_str(text).map_err(|error| Error::Registry { reason: error.to_string() })?;
        let mut registry = Self::default();
        for entry in file.model {
            registry.add(entry)?;
        }
        Ok(registry)
    }

    /// Adds an entry.
    ///
    /// # Errors
    /// [`Error::Registry`] when it has a mistake or its id or sha256 is taken.
    pub fn add(&mut self, entry: Entry) -> Result<(), Error> {
        entry.check()?;
        let taken = |known: &Entry| known.id == entry.id || known.sha256 == entry.sha256;
        if self.entries.iter().any(taken) {
            return Err(Error::Registry {
                reason: format!("entry `{}`: its id or sha256 is there already", entry.id),
            });
        }
        self.entries.push(entry);
        Ok(())
    }

    /// All entries, in order.
    #[must_use]
    pub fn entries(&self) -> &[Entry] {
        &self.entries
    }

    /// The entry with this id.
    ///
    /// # Errors
    /// [`Error::UnknownId`], which lists the ids that there are.
    pub fn find(&self, id: &str) -> Result<&Entry, Error> {
        self.entries.iter().find(|entry| entry.id == id).ok_or_else(|| Error::UnknownId {
            id: moat_base::clip(&moat_base::visible(id), ID_BYTES_MAX).to_owned(),
            known: self.entries.iter().map(|entry| entry.id.clone()).collect(),
        })
    }
}
