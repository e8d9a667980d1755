// SPDX-License-Identifier: Apache-2.0
//! One source of configuration, parsed and checked against the list of keys.
//!
//! Pure: bytes in. Source of the format: TOML 1.0.

pub(crate) mod check;

use std::collections::BTreeMap;
use std::fmt;
use std::path::PathBuf;

use toml::de::{DeTable, DeValue};

use crate::error::{Error, Place};
use crate::key;
use check::value_of;

/// Which source a layer is, in rising order of precedence.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Origin {
    /// Moat itself.
    Defaults,
    /// The user's file.
    UserFile(PathBuf),
    /// Arguments of this call.
    CommandLine,
    /// The administrator's file, over everything else.
    Requirements(PathBuf),
    /// The file of a workspace, which can only tighten what all the others say.
    Workspace(PathBuf),
}

/// Where a value comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Provenance {
    /// The source.
    pub origin: Origin,
    /// The line in the source, from 1; 0 where there are no lines.
    pub line: usize,
}

impl Provenance {
    /// Whether no flag may go past the value: the administrator requires it, or a workspace
    /// tightened what perhaps the administrator required.
    #[must_use]
    pub const fn binds(&self) -> bool {
        matches!(self.origin, Origin::Requirements(_) | Origin::Workspace(_))
    }
}

impl fmt::Display for Provenance {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.origin {
            Origin::Defaults => f.write_str("default"),
            Origin::UserFile(path) => write!(f, "{}:{}", path.display(), self.line),
            Origin::CommandLine => f.write_str("command line"),
            Origin::Requirements(path) => {
                write!(f, "required by {}:{}", path.display(), self.line)
            }
            Origin::Workspace(path) => write!(f, "tightened by {}:{}", path.display(), self.line),
        }
    }
}

/// A checked value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Value {
    /// A text, also a choice, a path, an address or a zone.
    Text(String),
    /// A whole number.
    Count(u64),
    /// A list of texts.
    Texts(Vec<String>),
}

impl fmt::Display for Value {
    /// Writes the value as TOML.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Text(text) => write!(f, "{}", toml::Value::from(text.as_str())),
            Self::Count(count) => write!(f, "{count}"),
            Self::Texts(texts) => write!(f, "{}", toml::Value::from(texts.clone())),
        }
    }
}

/// One source, parsed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Layer {
    pub(crate) origin: Origin,
    pub(crate) values: BTreeMap<String, (Value, usize)>,
}

impl Layer {
    /// Parses a file of the user or of the administrator. What a workspace holds is
    /// [`crate::Untrusted`], of which no layer can be made.
    ///
    /// # Errors
    /// [`Error::Syntax`], [`Error::UnknownKey`] or [`Error::WrongValue`], with the place.
    pub fn parse(origin: Origin, bytes: &[u8]) -> Result<Self, Error> {
        let text = str::from_utf8(bytes).map_err(|error| Error::Syntax {
            place: Place { origin: origin.clone(), line: line_at(bytes, error.valid_up_to()) },
            message: "the file is not UTF-8".into(),
        })?;
        let document = DeTable::parse(text).map_err(|error| Error::Syntax {
            place: Place {
                origin: origin.clone(),
                line: line_at(bytes, error.span().map_or(0, |span| span.start)),
            },
            message: error.message().to_owned(),
        })?;
        let mut layer = Self { origin, values: BTreeMap::new() };
        layer.take_table(bytes, &mut Vec::new(), document.get_ref())?;
        Ok(layer)
    }

    /// Parses arguments of the form `KEY=VALUE`; a text needs no quotes.
    ///
    /// # Errors
    /// [`Error::Override`], [`Error::UnknownKey`] or [`Error::WrongValue`].
    pub fn overrides<T: AsRef<str>>(arguments: &[T]) -> Result<Self, Error> {
        let mut whole = Self { origin: Origin::CommandLine, values: BTreeMap::new() };
        for argument in arguments {
            let argument = argument.as_ref();
            let wrong = || Error::Override { argument: argument.to_owned() };
            let (key, value) = argument.split_once('=').ok_or_else(wrong)?;
            let (key, value) = (key.trim(), value.trim());
            if key.contains(['\n', '"', '[', '#']) || value.contains('\n') {
                return Err(wrong());
            }
            let quoted = format!("{key} = {}", toml::Value::from(value));
            let bare = format!("{key} = {value}");
            let layer = Self::parse(Origin::CommandLine, bare.as_bytes())
                .or_else(|_| Self::parse(Origin::CommandLine, quoted.as_bytes()))?;
            whole.values.extend(layer.values);
        }
        Ok(whole)
    }

    fn take_table(
        &mut self,
        source: &[u8],
        path: &mut Vec<String>,
        table: &DeTable<'_>,
    ) -> Result<(), Error> {
        for (name, value) in table {
            path.push(name.get_ref().to_string());
            let line = line_at(source, name.span().start);
            self.take_entry(source, path, line, value.get_ref())?;
            path.pop();
        }
        Ok(())
    }

    fn take_entry(
        &mut self,
        source: &[u8],
        path: &mut Vec<String>,
        line: usize,
        value: &DeValue<'_>,
    ) -> Result<(), Error> {
        let parts: Vec<&str> = path.iter().map(String::as_str).collect();
        let place = || Place { origin: self.origin.clone(), line };
        if let Some(key) = key::find(&parts) {
            let checked = value_of(key, value).map_err(|mismatch| Error::WrongValue {
                place: place(),
                key: parts.join("."),
                expected: mismatch.expected,
                found: mismatch.found,
            })?;
            self.values.insert(parts.join("."), (checked, line));
            return Ok(());
        }
        if !key::is_table(&parts) {
            return Err(Error::UnknownKey {
                place: place(),
                key: parts.join("."),
                nearest: key::nearest(&parts),
            });
        }
        if let ["models", name] = parts.as_slice()
            && !check::is_model_name(name)
        {
            return Err(Error::WrongValue {
                place: place(),
                key: parts.join("."),
                expected: "named with a-z, 0-9, `-` and `_`, and not `embedded`".into(),
                found: format!("`{name}`"),
            });
        }
        match value {
            DeValue::Table(table) => self.take_table(source, path, table),
            DeValue::String(_)
            | DeValue::Integer(_)
            | DeValue::Float(_)
            | DeValue::Boolean(_)
            | DeValue::Datetime(_)
            | DeValue::Array(_) => Err(Error::WrongValue {
                place: place(),
                key: parts.join("."),
                expected: "a table".into(),
                found: value.type_str().to_owned(),
            }),
        }
    }
}

pub(crate) fn line_at(bytes: &[u8], offset: usize) -> usize {
    let before = bytes.get(..offset).unwrap_or(bytes);
    1 + before.iter().filter(|byte| **byte == b'\n').count()
}
