// SPDX-License-Identifier: Apache-2.0
//! Runs git in a sandbox, with a configuration that nobody else wrote.
//!
//! Settings on the command line win over those of any file, so what a repository's own
//! configuration names to be run, reached or included is overruled or has no network and
//! nobody's files to act on. The program comes from the system's own directories and
//! never from a search path.
//!
//! Invariant: no argument comes from a repository but ids, which are hexadecimal, and refs
//! below `refs/moat/`; everything else goes in by standard input.

use std::ffi::OsString;
use std::os::unix::ffi::{OsStrExt as _, OsStringExt as _};
use std::path::Path;
use std::time::Duration;

use moat_base::{Hint, visible};
use moat_sandbox::{Collected, Command, Error, Input, Limits, Sandbox, Status, Variable};

use crate::limits::{GIT_WALL_MS, GIT_WORDS_BYTES_MAX};
use crate::world::{Setback, StopFlag};

/// Where git is looked for.
const PROGRAMS: [&str; 2] = ["/usr/bin/git", "/usr/local/bin/git"];

/// What no repository may decide. Source: git-config(1), and the keys of git's surface in
/// the catalogue of surfaces.
const CLOSED: [&str; 26] = [
    "core.hooksPath=/dev/null",
    "core.fsmonitor=false",
    "core.untrackedCache=false",
    "core.attributesFile=/dev/null",
    "core.excludesFile=/dev/null",
    "core.sshCommand=/bin/false",
    "core.gitProxy=/bin/false",
    "core.askPass=/bin/false",
    "core.pager=cat",
    "core.editor=/bin/false",
    "core.alternateRefsCommand=/bin/false",
    "core.useReplaceRefs=false",
    "core.commitGraph=false",
    "core.multiPackIndex=false",
    "core.logAllRefUpdates=false",
    "core.fsync=committed",
    "credential.helper=",
    "protocol.allow=never",
    "uploadpack.packObjectsHook=",
    "transfer.fsckObjects=true",
    "fetch.recurseSubmodules=false",
    "submodule.recurse=false",
    "log.showSignature=false",
    "gc.auto=0",
    "maintenance.auto=false",
    "pack.useBitmaps=false",
];

const ENVIRONMENT: [(&str, &str); 21] = [
    ("GIT_CONFIG_NOSYSTEM", "1"),
    ("GIT_CONFIG_SYSTEM", "/dev/null"),
    ("GIT_CONFIG_GLOBAL", "/dev/null"),
    ("GIT_ATTR_NOSYSTEM", "1"),
    ("GIT_NO_REPLACE_OBJECTS", "1"),
    ("GIT_NO_LAZY_FETCH", "1"),
    // No such file: one that is there has git complain.
    ("GIT_GRAFT_FILE", "/dev/null/none"),
    // The one protocol that is allowed does not exist.
    ("GIT_ALLOW_PROTOCOL", "none"),
    ("GIT_PROTOCOL_FROM_USER", "0"),
    ("GIT_OPTIONAL_LOCKS", "0"),
    ("GIT_TERMINAL_PROMPT", "0"),
    ("GIT_ASKPASS", "/bin/false"),
    ("SSH_ASKPASS", "/bin/false"),
    ("GIT_SSH", "/bin/false"),
    ("GIT_SSH_COMMAND", "/bin/false"),
    ("GIT_PAGER", "cat"),
    ("GIT_EDITOR", "/bin/false"),
    ("GIT_ADVICE", "0"),
    ("LC_ALL", "C"),
    ("LANGUAGE", "C"),
    ("PATH", "/usr/bin:/bin"),
];

/// Git over one repository, in one sandbox.
#[derive(Debug)]
pub(super) struct Git<'a> {
    pub(super) sandbox: &'a Sandbox,
    pub(super) stop: &'a StopFlag,
    /// Its places: `GIT_DIR` and where its objects are.
    pub(super) places: Vec<(&'static str, OsString)>,
}

/// What git printed, and whether it succeeded.
pub(super) struct Said {
    pub(super) output: Vec<u8>,
    pub(super) success: bool,
    /// The end of what it complained, safe to show.
    pub(super) words: String,
}

impl Git<'_> {
    /// Runs git to its end; that it failed is no error.
    ///
    /// # Errors
    /// [`Setback::Stopped`] when a person stopped it; [`Setback::Failed`] when it could not
    /// be started, ran into a limit, or printed more than `output_max` bytes.
    pub(super) fn run(
        &self,
        arguments: &[&str],
        input: Vec<u8>,
        output_max: u64,
    ) -> Result<Said, Setback> {
        let mut missing = None;
        for program in PROGRAMS {
            let command = self.command(program, arguments, input.clone(), output_max);
            let mut sink = Collected::default();
            let exit = match self.sandbox.run(&command, &mut sink, self.stop.switch()) {
                Ok(exit) => exit,
                Err(error @ Error::Run { .. }) => {
                    missing = Some(error);
                    continue;
                }
                Err(error) => return Err(Setback::of(&error)),
            };
            let words = words(&sink.error);
            let failed = |why: &str| {
                let what = arguments.first().copied().unwrap_or_default().to_owned();
                Setback::of(&GitError::Ended { what, why: why.to_owned() })
            };
            return match exit.status {
                Status::Interrupted => Err(Setback::Stopped),
                Status::TimedOut => Err(failed("its time was over")),
                Status::OutputLimit => Err(failed("it printed more than the limit")),
                Status::Limit(_) => Err(failed("it ran into a limit")),
                Status::Code(_) | Status::Signal(_) if exit.output_bytes_dropped > 0 => {
                    Err(failed("it printed more than the limit"))
                }
                status @ (Status::Code(_) | Status::Signal(_)) => {
                    Ok(Said { output: sink.output, success: status == Status::Code(0), words })
                }
            };
        }
        let reason = missing.map(|error| error.to_string()).unwrap_or_default();
        Err(Setback::of(&GitError::Missing { reason }))
    }

    /// As [`Git::run`], but that it failed is an error, too.
    pub(super) fn must(
        &self,
        arguments: &[&str],
        input: Vec<u8>,
        output_max: u64,
    ) -> Result<Vec<u8>, Setback> {
        let said = self.run(arguments, input, output_max)?;
        if said.success {
            return Ok(said.output);
        }
        let what = arguments.first().copied().unwrap_or_default().to_owned();
        Err(Setback::of(&GitError::Ended { what, why: said.words }))
    }

    fn command(
        &self,
        program: &str,
        arguments: &[&str],
        input: Vec<u8>,
        output_max: u64,
    ) -> Command {
        let closed = CLOSED.iter().flat_map(|setting| ["-c", setting]);
        let argv = [program, "--no-pager"].into_iter().chain(closed);
        let mut command = Command::new(argv.chain(arguments.iter().copied()));
        let fixed = ENVIRONMENT.iter().map(|(name, value)| (*name, OsString::from(value)));
        let variables = fixed.chain(self.places.iter().cloned());
        command.environment =
            variables.map(|(name, value)| Variable::Set(name.into(), value)).collect();
        command.input = if input.is_empty() { Input::Empty } else { Input::Bytes(input) };
        // What it prints on both streams counts together.
        let output_bytes = output_max.saturating_add(GIT_WORDS_BYTES_MAX);
        command.limits = Limits {
            wall: Duration::from_millis(GIT_WALL_MS),
            output_bytes,
            output_bytes_kill: output_bytes,
            ..Limits::default()
        };
        command
    }
}

/// A place as git reads it from a list of places, in which a colon separates.
pub(super) fn listed(place: &Path) -> OsString {
    let mut quoted = vec![b'"'];
    for byte in place.as_os_str().as_bytes() {
        match byte {
            b'"' | b'\\' => quoted.extend([b'\\', *byte]),
            b'\n' => quoted.extend(b"\\n"),
            _ => quoted.push(*byte),
        }
    }
    quoted.push(b'"');
    OsString::from_vec(quoted)
}

/// The end of a complaint on one line, safe to show.
fn words(bytes: &[u8]) -> String {
    const WORDS_BYTES_MAX: usize = 400;
    let from = bytes.len().saturating_sub(WORDS_BYTES_MAX);
    let text = String::from_utf8_lossy(bytes.get(from..).unwrap_or_default());
    let lines = text.lines().filter(|line| !line.starts_with("hint:"));
    visible(&lines.collect::<Vec<_>>().join("; ")).replace('\n', " ")
}

#[derive(Debug, thiserror::Error)]
enum GitError {
    #[error("git cannot be run here: {reason}")]
    Missing { reason: String },
    #[error("`git {what}` failed: {why}")]
    Ended { what: String, why: String },
}

impl Hint for GitError {
    fn hint(&self) -> Option<String> {
        Some(match self {
            Self::Missing { .. } => {
                "commits are taken with the git of `/usr/bin` or `/usr/local/bin`, 2.33 or newer"
                    .into()
            }
            Self::Ended { .. } => "docs/sessions.md says how commits are taken".into(),
        })
    }
}
