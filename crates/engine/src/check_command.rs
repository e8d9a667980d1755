// SPDX-License-Identifier: Apache-2.0
//! How a check is run: as a shell line that a person wrote, or as words that no shell reads.
//!
//! Names of a workspace's files and directories can be anything, so what Moat found by itself
//! is never put into a line. Sessions of earlier versions stored lines for both.
//!
//! Invariant: what is shown as a line is made from what runs, and never the other way round.

use moat_base::TreePath;
use serde::{Deserialize, Serialize};

/// The check of a turn, or the tests of a function.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum CheckCommand {
    /// A shell line: the user's own words.
    Line(String),
    /// What was found in the workspace.
    Words {
        /// The program and its arguments.
        argv: Vec<String>,
        /// What is added to its environment.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        environment: Vec<(String, String)>,
        /// Where it runs.
        #[serde(default, skip_serializing_if = "TreePath::is_root")]
        directory: TreePath,
    },
}

impl CheckCommand {
    /// The command as a person would type it, for reading.
    #[must_use]
    pub fn line(&self) -> String {
        match self {
            Self::Line(line) => line.clone(),
            Self::Words { argv, environment, directory } => {
                moat_tools::shown_line(argv, environment, directory)
            }
        }
    }

    /// The argument vector, what is added to the environment, and where it runs.
    ///
    /// A program without a place is looked up by `env`, in the `PATH` of the command: a check
    /// is the project's own and may use an environment that the user is in, also one inside of
    /// the workspace.
    pub(crate) fn parts(&self) -> (Vec<String>, Vec<(String, String)>, TreePath) {
        match self {
            Self::Line(line) => {
                (vec!["/bin/sh".into(), "-c".into(), line.clone()], Vec::new(), TreePath::root())
            }
            Self::Words { argv, environment, directory } => {
                let is_placed = argv.first().is_some_and(|program| program.starts_with('/'));
                let looked_up = (!is_placed).then(|| ENV.to_owned());
                let argv = looked_up.into_iter().chain(argv.iter().cloned()).collect();
                (argv, environment.clone(), directory.clone())
            }
        }
    }
}

/// What starts a program from `PATH`, and says what is wrong as a shell does (POSIX.1-2024,
/// `env`).
const ENV: &str = "/usr/bin/env";

impl From<&str> for CheckCommand {
    fn from(line: &str) -> Self {
        Self::Line(line.to_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::Effect;

    #[test]
    fn what_was_stored_as_a_line_is_read_as_one_and_words_come_back_as_they_are() {
        let old = r#"{"effect":"run_check","line":"cd 'a b' && make test"}"#;
        let read: Effect = serde_json::from_str(old).unwrap();
        assert_eq!(read, Effect::RunCheck { line: "cd 'a b' && make test".into() });
        assert_eq!(serde_json::to_string(&read).unwrap(), old);

        let words = CheckCommand::Words {
            argv: ["python3", "$(id)\n.py", "-x"].map(str::to_owned).into(),
            environment: vec![("PYTHONPATH".into(), "a b".into())],
            directory: TreePath::parse("a b").unwrap(),
        };
        let text = serde_json::to_string(&words).unwrap();
        assert_eq!(serde_json::from_str::<CheckCommand>(&text).unwrap(), words);
        assert_eq!(words.line(), "cd 'a b' && PYTHONPATH='a b' python3 '$(id)\n.py' -x");
        // No shell is in what runs, and the user's line is read by one and no other.
        let (argv, environment, directory) = words.parts();
        assert_eq!(argv, [ENV, "python3", "$(id)\n.py", "-x"]);
        assert_eq!((environment.len(), directory.to_string().as_str()), (1, "a b"));
        let (argv, _, directory) = CheckCommand::from("make x").parts();
        assert_eq!(
            (argv, directory.is_root()),
            (["/bin/sh", "-c", "make x"].map(str::to_owned).into(), true)
        );
    }
}
