// SPDX-License-Identifier: Apache-2.0
//! The options of a `bench` command: `--name value` pairs and bare switches.
//!
//! Invariant: an option that the command does not know is an error, so a
//! mistyped limit never goes unnoticed.

use anyhow::{Context as _, bail};

/// Options as they were given.
pub(super) struct Options {
    values: Vec<(String, String)>,
}

impl Options {
    /// Reads `arguments`; `valued` names take a value, `switches` do not.
    pub(super) fn read(
        arguments: &[String],
        valued: &[&str],
        switches: &[&str],
    ) -> anyhow::Result<Self> {
        let mut values = Vec::new();
        let mut rest = arguments.iter();
        while let Some(argument) = rest.next() {
            let name = argument.strip_prefix("--").unwrap_or_default();
            if switches.contains(&name) {
                values.push((name.to_owned(), String::new()));
            } else if valued.contains(&name) {
                let value = rest.next().with_context(|| format!("`{argument}` needs a value"))?;
                values.push((name.to_owned(), value.clone()));
            } else {
                bail!("`{argument}` is no option of this command");
            }
        }
        Ok(Self { values })
    }

    /// The value of an option that takes one, the last if given twice.
    pub(super) fn value(&self, name: &str) -> Option<&str> {
        let found = self.values.iter().rev().find(|(known, _)| known == name);
        found.map(|(_, value)| value.as_str())
    }

    /// Whether a switch was given.
    pub(super) fn given(&self, name: &str) -> bool {
        self.value(name).is_some()
    }

    /// The value of an option as a whole number.
    pub(super) fn number(&self, name: &str) -> anyhow::Result<Option<u64>> {
        self.value(name)
            .map(|value| value.parse().with_context(|| format!("`--{name}` takes a number")))
            .transpose()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(words: &[&str]) -> anyhow::Result<Options> {
        let words: Vec<String> = words.iter().map(|&word| word.to_owned()).collect();
        Options::read(&words, &["seed", "out"], &["baseline"])
    }

    #[test]
    fn pairs_and_switches_are_told_apart() {
        let options = read(&["--seed", "7", "--baseline"]).unwrap();
        assert_eq!(options.number("seed").unwrap(), Some(7));
        assert!(options.given("baseline"));
        assert_eq!(options.value("out"), None);
    }

    #[test]
    fn mistakes_are_refused() {
        for words in [&["--sed", "7"][..], &["--seed"], &["seed"], &["--seed", "7", "x"]] {
            assert!(read(words).is_err(), "{words:?}");
        }
        assert!(read(&["--seed", "x"]).unwrap().number("seed").is_err());
    }
}
