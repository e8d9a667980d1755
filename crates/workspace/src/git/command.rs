// SPDX-License-Identifier: Apache-2.0
//! Runs git with a configuration that nobody else wrote, where it matters.
//!
//! Git reads a repository's configuration, because what it says about line endings, remotes
//! and names has to count. Each key that names something to be run or reached is overruled:
//! those with fixed names always, and those with names of the repository's own, such as
//! `filter.<name>.clean`, after they were listed. Overruling goes through the environment,
//! where a name may contain anything.
//!
//! Source: git-config(1), "GIT_CONFIG_COUNT"; gitattributes(5); the keys of git's surface in
//! the catalogue of surfaces.
//!
//! Invariant: no argument is built from text of a repository but paths and names of branches
//! that a person named, behind what ends the options or on standard input.

use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::OsStrExt as _;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};

use moat_base::visible;
use moat_sandbox::{
    Collected, Command, Error as SandboxError, Files, Input, Interrupt, Launcher, Limits, Plan,
    Sandbox, Status, Variable, Writes,
};

use crate::error::Error;
use crate::limits::{GIT_OUTPUT_BYTES_MAX, GIT_OVERRULED_MAX, GIT_WAIT_MAX, GIT_WORDS_BYTES_MAX};

/// Where git is looked for.
const PROGRAMS: [&str; 2] = ["/usr/bin/git", "/usr/local/bin/git"];

/// What no repository decides.
pub(super) const CLOSED: [(&str, &str); 49] = [
    ("core.hooksPath", "/dev/null"),
    ("core.fsmonitor", "false"),
    ("core.untrackedCache", "false"),
    ("core.attributesFile", "/dev/null"),
    ("core.excludesFile", "/dev/null"),
    ("core.bare", "false"),
    ("core.sshCommand", "/bin/false"),
    ("core.gitProxy", "/bin/false"),
    ("core.askPass", "/bin/false"),
    ("core.pager", "cat"),
    ("core.editor", "/bin/false"),
    ("sequence.editor", "/bin/false"),
    ("core.alternateRefsCommand", "/bin/false"),
    ("interactive.diffFilter", "cat"),
    ("credential.helper", ""),
    ("protocol.allow", "never"),
    ("protocol.ext.allow", "never"),
    ("protocol.file.allow", "never"),
    ("safe.bareRepository", "explicit"),
    ("uploadpack.packObjectsHook", ""),
    ("fetch.recurseSubmodules", "false"),
    ("submodule.recurse", "false"),
    ("status.submoduleSummary", "false"),
    ("diff.ignoreSubmodules", "dirty"),
    ("diff.external", ""),
    ("diff.trustExitCode", "false"),
    ("log.showSignature", "false"),
    ("log.diffMerges", "off"),
    ("commit.gpgSign", "false"),
    ("tag.gpgSign", "false"),
    ("gpg.program", "/bin/false"),
    ("gpg.openpgp.program", "/bin/false"),
    ("gpg.x509.program", "/bin/false"),
    ("gpg.ssh.program", "/bin/false"),
    ("gpg.ssh.defaultKeyCommand", "/bin/false"),
    ("commit.template", ""),
    ("commit.verbose", "false"),
    ("commit.status", "false"),
    ("merge.tool", ""),
    ("diff.tool", ""),
    ("gc.auto", "0"),
    ("maintenance.auto", "false"),
    ("checkout.guess", "false"),
    ("blame.ignoreRevsFile", ""),
    ("color.ui", "false"),
    ("column.ui", "never"),
    ("core.quotePath", "false"),
    ("i18n.logOutputEncoding", "UTF-8"),
    ("user.useConfigOnly", "true"),
];

const ENVIRONMENT: [(&str, &str); 22] = [
    ("GIT_CONFIG_NOSYSTEM", "1"),
    ("GIT_CONFIG_SYSTEM", "/dev/null"),
    ("GIT_CONFIG_GLOBAL", "/dev/null"),
    ("GIT_ATTR_NOSYSTEM", "1"),
    ("GIT_NO_LAZY_FETCH", "1"),
    // The one protocol that is allowed does not exist.
    ("GIT_ALLOW_PROTOCOL", "none"),
    ("GIT_PROTOCOL_FROM_USER", "0"),
    ("GIT_LITERAL_PATHSPECS", "1"),
    ("GIT_TERMINAL_PROMPT", "0"),
    ("GIT_ASKPASS", "/bin/false"),
    ("SSH_ASKPASS", "/bin/false"),
    ("GIT_SSH", "/bin/false"),
    ("GIT_SSH_COMMAND", "/bin/false"),
    ("GIT_PAGER", "cat"),
    ("GIT_EDITOR", "/bin/false"),
    ("GIT_SEQUENCE_EDITOR", "/bin/false"),
    ("GIT_MERGE_AUTOEDIT", "no"),
    ("GIT_ADVICE", "0"),
    ("GIT_FLUSH", "0"),
    ("LC_ALL", "C"),
    ("LANGUAGE", "C"),
    ("PATH", "/usr/bin:/bin"),
];

/// Git over one workspace.
#[derive(Debug)]
pub(super) struct Program {
    launcher: Arc<Launcher>,
    root: PathBuf,
    /// The sandbox for looking, which stays up.
    looking: Mutex<Option<Arc<Sandbox>>>,
}

/// What git printed, and whether it succeeded.
#[derive(Debug)]
pub(super) struct Said {
    pub(super) output: Vec<u8>,
    pub(super) success: bool,
    /// The end of what it complained, safe to show.
    pub(super) words: String,
}

impl Program {
    pub(super) fn new(launcher: Arc<Launcher>, root: PathBuf) -> Self {
        Self { launcher, root, looking: Mutex::new(None) }
    }

    /// Runs git to its end; that it failed is no error.
    ///
    /// # Errors
    /// [`Error::Sandbox`] or [`Error::NoGit`] when it could not be started, [`Error::Git`]
    /// when it ran into a limit.
    pub(super) fn run(
        &self,
        writes: Writes,
        arguments: &[&[u8]],
        input: Vec<u8>,
        output_max: u64,
    ) -> Result<Said, Error> {
        self.run_with(writes, arguments, input, output_max, &[])
    }

    /// As [`Program::run`], with settings of the user's own beside.
    pub(super) fn run_with(
        &self,
        writes: Writes,
        arguments: &[&[u8]],
        input: Vec<u8>,
        output_max: u64,
        added: &[(String, String)],
    ) -> Result<Said, Error> {
        let named = overruled(&self.settings()?)?;
        let fixed = CLOSED.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned()));
        let closed: Vec<(String, String)> =
            fixed.chain(named).chain(added.iter().cloned()).collect();
        self.bare(writes, arguments, input, output_max, &closed)
    }

    /// The keys and values of the repository's own configuration, and what it includes.
    pub(super) fn settings(&self) -> Result<Vec<(String, String)>, Error> {
        let arguments = [b"config".as_slice(), b"--list", b"--includes", b"-z"];
        let closed: Vec<(String, String)> =
            CLOSED.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect();
        let said =
            self.bare(Writes::Nothing, &arguments, Vec::new(), GIT_OUTPUT_BYTES_MAX, &closed)?;
        if !said.success {
            return Err(Error::Git { what: "config".to_owned(), why: said.words });
        }
        let ours = closed.iter().map(|(key, _)| key.to_lowercase()).collect::<Vec<_>>();
        let records = said.output.split(|byte| *byte == 0).filter(|it| !it.is_empty());
        let settings = records.map(|record| {
            let text = String::from_utf8_lossy(record);
            let (key, value) = text.split_once('\n').unwrap_or((&text, ""));
            (key.to_owned(), value.to_owned())
        });
        Ok(settings.filter(|(key, _)| !ours.contains(&key.to_lowercase())).collect())
    }

    fn bare(
        &self,
        writes: Writes,
        arguments: &[&[u8]],
        input: Vec<u8>,
        output_max: u64,
        closed: &[(String, String)],
    ) -> Result<Said, Error> {
        let what = || String::from_utf8_lossy(arguments.first().copied().unwrap_or_default());
        let failed = |why: &str| Error::Git { what: what().into_owned(), why: why.to_owned() };
        let interrupt = Interrupt::new().map_err(|source| Error::Sandbox { source })?;
        for program in PROGRAMS {
            let command = self.command(program, writes, arguments, &input, output_max, closed);
            let mut sink = Collected::default();
            let sandbox = self.sandbox(writes)?;
            let exit = match sandbox.run(&command, &mut sink, &interrupt) {
                Ok(exit) => exit,
                Err(SandboxError::Run { .. }) => continue,
                Err(source) => {
                    // The next question gets another one.
                    *self.looking.lock().unwrap_or_else(PoisonError::into_inner) = None;
                    return Err(Error::Sandbox { source });
                }
            };
            return match exit.status {
                Status::TimedOut => Err(failed("its time was over")),
                Status::OutputLimit => Err(failed("it printed more than the limit")),
                Status::Limit(_) => Err(failed("it ran into a limit")),
                Status::Interrupted => Err(failed("it was ended")),
                Status::Code(_) | Status::Signal(_) if exit.output_bytes_dropped > 0 => {
                    Err(failed("it printed more than the limit"))
                }
                status @ (Status::Code(_) | Status::Signal(_)) => {
                    // Some refusals are printed as if they were results.
                    let complaint = if sink.error.is_empty() { &sink.output } else { &sink.error };
                    let words = words(complaint);
                    let success = status == Status::Code(0);
                    Ok(Said { output: sink.output, success, words })
                }
            };
        }
        Err(Error::NoGit)
    }

    /// The sandbox for looking, or a new one that may write.
    fn sandbox(&self, writes: Writes) -> Result<Arc<Sandbox>, Error> {
        let start = || {
            Plan::new(&self.root, Files::Repository(writes))
                .and_then(|plan| Sandbox::start(&self.launcher, &plan))
                .map(Arc::new)
                .map_err(|source| Error::Sandbox { source })
        };
        if writes != Writes::Nothing {
            return start();
        }
        let mut looking = self.looking.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(sandbox) = &*looking {
            return Ok(Arc::clone(sandbox));
        }
        let started = start()?;
        *looking = Some(Arc::clone(&started));
        Ok(started)
    }

    fn command(
        &self,
        program: &str,
        writes: Writes,
        arguments: &[&[u8]],
        input: &[u8],
        output_max: u64,
        closed: &[(String, String)],
    ) -> Command {
        let option = |name: &str, path: PathBuf| {
            let mut word = OsString::from(name);
            word.push(path);
            word
        };
        let mut argv = vec![
            OsString::from(program),
            "--no-pager".into(),
            option("--git-dir=", self.root.join(".git")),
            option("--work-tree=", self.root.clone()),
        ];
        argv.extend(arguments.iter().map(|word| OsStr::from_bytes(word).to_owned()));
        let mut command = Command::new(argv);
        let fixed = ENVIRONMENT.iter().map(|(name, value)| (OsString::from(name), value.into()));
        let mut variables: Vec<(OsString, OsString)> = fixed.collect();
        // Looking takes no locks; who changes something needs them.
        let locks = if writes == Writes::Nothing { "0" } else { "1" };
        variables.push(("GIT_OPTIONAL_LOCKS".into(), locks.into()));
        variables.push(("GIT_CONFIG_COUNT".into(), closed.len().to_string().into()));
        for (index, (key, value)) in closed.iter().enumerate() {
            variables.push((format!("GIT_CONFIG_KEY_{index}").into(), key.into()));
            variables.push((format!("GIT_CONFIG_VALUE_{index}").into(), value.into()));
        }
        command.environment =
            variables.into_iter().map(|(name, value)| Variable::Set(name, value)).collect();
        command.input = if input.is_empty() { Input::Empty } else { Input::Bytes(input.to_vec()) };
        let output_bytes = output_max.saturating_add(GIT_WORDS_BYTES_MAX as u64);
        command.limits = Limits {
            wall: GIT_WAIT_MAX,
            output_bytes,
            output_bytes_kill: output_bytes,
            ..Limits::default()
        };
        command
    }
}

/// What overrules the keys of a repository whose names are its own.
fn overruled(settings: &[(String, String)]) -> Result<Vec<(String, String)>, Error> {
    let mut closed: Vec<(String, String)> = Vec::new();
    for (key, _value) in settings {
        // `section.name.variable`: the name may have dots, the others are in lower case.
        let Some((section, rest)) = key.split_once('.') else { continue };
        let Some((name, variable)) = rest.rsplit_once('.') else { continue };
        let value = match (section, variable) {
            ("filter", "clean" | "smudge" | "process") => "",
            ("filter", "required") => "false",
            ("diff", "command" | "textconv") => "",
            ("merge", "driver") => "/bin/false",
            ("credential", "helper") => "",
            ("gpg", "program" | "defaultkeycommand") => "/bin/false",
            ("hook", "command") => "/bin/true",
            ("hook", "enabled") => "false",
            ("protocol", "allow") => "never",
            ("pager" | "alias" | "man" | "browser" | "difftool" | "mergetool", _) => "/bin/false",
            ("submodule", "update") => "none",
            ("remote", "uploadpack" | "receivepack" | "vcs" | "proxy") => "/bin/false",
            _ => continue,
        };
        // A hook that is only commanded is enabled.
        if section == "hook" {
            closed.push((format!("hook.{name}.enabled"), "false".to_owned()));
        }
        closed.push((key.clone(), value.to_owned()));
    }
    closed.sort();
    closed.dedup();
    if closed.len() > GIT_OVERRULED_MAX {
        return Err(Error::GitRefused {
            what: format!(
                "the repository's configuration names more than {GIT_OVERRULED_MAX} programs"
            ),
            hint: "look at `git config --list --local` in a terminal",
        });
    }
    Ok(closed)
}

/// The end of a complaint on one line, safe to show.
fn words(bytes: &[u8]) -> String {
    let from = bytes.len().saturating_sub(GIT_WORDS_BYTES_MAX);
    let text = String::from_utf8_lossy(bytes.get(from..).unwrap_or_default());
    let lines = text.lines().filter(|line| !line.starts_with("hint:"));
    visible(&lines.collect::<Vec<_>>().join("; ")).replace('\n', " ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_with_names_of_their_own_are_overruled_whatever_the_names() {
        let settings = [
            ("filter.a.clean", ""),
            ("filter.a=b.c d.process", ""),
            ("filter.a.required", "true"),
            ("diff.x.textconv", ""),
            ("merge.m.driver", ""),
            ("hook.h.command", ""),
            ("core.autocrlf", "true"),
            ("remote.origin.url", "x"),
        ]
        .map(|(key, value)| (key.to_owned(), value.to_owned()));
        let closed = overruled(&settings).unwrap();
        let keys: Vec<&str> = closed.iter().map(|(key, _)| key.as_str()).collect();
        assert_eq!(
            keys,
            [
                "diff.x.textconv",
                "filter.a.clean",
                "filter.a.required",
                "filter.a=b.c d.process",
                "hook.h.command",
                "hook.h.enabled",
                "merge.m.driver",
            ]
        );
        let many = (0..=GIT_OVERRULED_MAX).map(|n| (format!("filter.f{n}.clean"), String::new()));
        assert!(overruled(&many.collect::<Vec<_>>()).is_err());
    }
}
