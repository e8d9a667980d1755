// SPDX-License-Identifier: Apache-2.0
//! What a server is told when it starts, as a value and as command-line arguments.
//!
//! The process that starts the server and the server itself are the same
//! program, so both directions live here and cannot drift apart.
//!
//! Invariant: [`ServerSpec::parse`] of [`ServerSpec::arguments`] is the same spec.

use std::ffi::{OsStr, OsString};
use std::path::PathBuf;
use std::time::Duration;

use crate::error::Error;
use crate::limits::{CANDIDATES_MAX, CONTEXT_TOKENS_MIN};

/// One model server: which weights, and how much of the machine it takes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ServerSpec {
    /// The name under which clients know the model.
    pub model: String,
    /// The GGUF file.
    pub weights: PathBuf,
    /// The length of the context; never more than the model was trained for.
    pub context_tokens: u32,
    /// Threads that compute; see [`crate::threads`].
    pub threads: u32,
    /// The most candidates that one request may ask for.
    pub candidates_max: u32,
    /// The server ends when no request came for this long.
    pub idle_stop: Duration,
}

impl ServerSpec {
    /// The arguments that [`ServerSpec::parse`] takes.
    #[must_use]
    pub fn arguments(&self) -> Vec<OsString> {
        let pairs: [(&str, OsString); 6] = [
            (MODEL, self.model.clone().into()),
            (WEIGHTS, self.weights.clone().into()),
            (CONTEXT, self.context_tokens.to_string().into()),
            (THREADS, self.threads.to_string().into()),
            (CANDIDATES, self.candidates_max.to_string().into()),
            (IDLE, self.idle_stop.as_secs().to_string().into()),
        ];
        pairs.into_iter().flat_map(|(name, value)| [name.into(), value]).collect()
    }

    /// Reads arguments; all are required and each may be given once.
    ///
    /// # Errors
    /// [`Error::Arguments`] with the one that is wrong.
    pub fn parse(arguments: &[OsString]) -> Result<Self, Error> {
        let pairs: Vec<(&OsStr, &OsStr)> = arguments
            .chunks(2)
            .map(|pair| match pair {
                [name, value] => Ok((name.as_os_str(), value.as_os_str())),
                [name] => Err(wrong(&name.to_string_lossy(), "it has no value")),
                _ => Err(wrong("", "there is nothing")),
            })
            .collect::<Result<_, _>>()?;
        if let Some((name, _)) =
            pairs.iter().find(|(name, _)| !NAMES.iter().any(|known| *name == *known))
        {
            return Err(wrong(&name.to_string_lossy(), "it is not known"));
        }
        let spec = Self {
            model: text(find(&pairs, MODEL)?, MODEL)?.to_owned(),
            weights: PathBuf::from(find(&pairs, WEIGHTS)?),
            context_tokens: number(&pairs, CONTEXT)?,
            threads: number(&pairs, THREADS)?,
            candidates_max: number(&pairs, CANDIDATES)?,
            idle_stop: Duration::from_secs(u64::from(number(&pairs, IDLE)?)),
        };
        spec.check()?;
        Ok(spec)
    }

    /// Whether every number is in its range.
    ///
    /// # Errors
    /// [`Error::Arguments`] with the first that is not.
    pub fn check(&self) -> Result<(), Error> {
        let checks = [
            (MODEL, self.model.is_empty(), "it is empty".to_owned()),
            (WEIGHTS, !self.weights.is_absolute(), "it is not an absolute path".to_owned()),
            (
                CONTEXT,
                self.context_tokens < CONTEXT_TOKENS_MIN,
                format!("it is less than {CONTEXT_TOKENS_MIN}"),
            ),
            (THREADS, self.threads == 0, "it is zero".to_owned()),
            (
                CANDIDATES,
                !(1..=CANDIDATES_MAX).contains(&self.candidates_max),
                format!("it is not between 1 and {CANDIDATES_MAX}"),
            ),
        ];
        match checks.iter().find(|(_, bad, _)| *bad) {
            Some((name, _, reason)) => Err(wrong(name, reason)),
            None => Ok(()),
        }
    }
}

fn find<'a>(pairs: &[(&'a OsStr, &'a OsStr)], name: &str) -> Result<&'a OsStr, Error> {
    let mut found = pairs.iter().filter(|(known, _)| *known == name);
    match (found.next(), found.next()) {
        (Some((_, value)), None) => Ok(value),
        (None, _) => Err(wrong(name, "it is missing")),
        (Some(_), Some(_)) => Err(wrong(name, "it is given twice")),
    }
}

fn text<'a>(value: &'a OsStr, name: &str) -> Result<&'a str, Error> {
    value.to_str().ok_or_else(|| wrong(name, "it is not UTF-8"))
}

fn number(pairs: &[(&OsStr, &OsStr)], name: &str) -> Result<u32, Error> {
    text(find(pairs, name)?, name)?.parse().map_err(|_| wrong(name, "it is not a number"))
}

fn wrong(name: &str, reason: &str) -> Error {
    Error::Arguments { name: name.to_owned(), reason: reason.to_owned() }
}

const MODEL: &str = "--name";
const WEIGHTS: &str = "--weights";
const CONTEXT: &str = "--context-tokens";
const THREADS: &str = "--threads";
const CANDIDATES: &str = "--candidates-max";
const IDLE: &str = "--idle-seconds";
const NAMES: [&str; 6] = [MODEL, WEIGHTS, CONTEXT, THREADS, CANDIDATES, IDLE];

#[cfg(test)]
mod tests {
    use super::*;

    fn spec() -> ServerSpec {
        ServerSpec {
            model: "small".to_owned(),
            weights: PathBuf::from("/models/a b.gguf"),
            context_tokens: 8192,
            threads: 2,
            candidates_max: 8,
            idle_stop: Duration::from_secs(600),
        }
    }

    #[test]
    fn arguments_round_trip() {
        assert_eq!(ServerSpec::parse(&spec().arguments()).unwrap(), spec());
    }

    #[test]
    fn wrong_arguments_are_named() {
        let whole = spec().arguments();
        for index in (0..whole.len()).step_by(2) {
            let mut missing = whole.clone();
            missing.drain(index..index + 2);
            let message = ServerSpec::parse(&missing).unwrap_err().to_string();
            assert!(message.contains(whole[index].to_str().unwrap()), "{message}");
        }
        for (name, value, expect) in [
            ("--threads", "0", "it is zero"),
            ("--threads", "-1", "it is not a number"),
            ("--context-tokens", "10", "it is less than"),
            ("--candidates-max", "17", "it is not between"),
            ("--weights", "relative.gguf", "it is not an absolute path"),
            ("--name", "", "it is empty"),
        ] {
            let mut changed = whole.clone();
            let at = changed.iter().position(|argument| argument == name).unwrap();
            changed[at + 1] = value.into();
            let message = ServerSpec::parse(&changed).unwrap_err().to_string();
            assert!(message.contains(expect) && message.contains(name), "{message}");
        }
        for extra in [vec!["--threads", "2"], vec!["--port", "80"], vec!["--name"]] {
            let extra = extra.into_iter().map(OsString::from);
            let more: Vec<OsString> = whole.iter().cloned().chain(extra).collect();
            assert!(ServerSpec::parse(&more).is_err(), "{more:?}");
        }
    }
}
