// SPDX-License-Identifier: Apache-2.0
//! The command line.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};

use crate::command::session::{
    CheckpointArguments, CommitsArguments, ForkArguments, KeepArguments, RewindArguments,
    RunArguments,
};

const AFTER: &str = "Exit codes: 0 done · 1 not solved · 2 bad input · 3 denied · 4 stopped · \
                     5 not possible here · 6 outcome unknown · 130 interrupted.\n\
                     Documentation: docs/ in the source tree.";
const TURN_CODES: &str = "Exit codes: 0 there is a result (the last lines, or `--json`, say whether it is proved) · \
                          1 not solved, or a keep left some paths alone · 2 bad input · 3 denied · \
                          4 stopped: its time was over, or from another terminal · 5 not possible here · \
                          6 a side effect was interrupted and its outcome is unknown · 130 interrupted.";
const SESSION_CODES: &str = "Exit codes: 0 done · 1 some paths were left alone, or the turn did not solve its task · \
                             2 bad input · 3 denied · 4 stopped · 5 not possible here · 6 outcome unknown · \
                             130 interrupted. `run` passes on the code of its command.";
const MOVE_CODES: &str = "Exit codes: 0 done · 1 something was left alone, and the output says why · 2 bad input · \
                          5 not possible here · 130 interrupted.";
const REWIND_CODES: &str = "Exit codes: 0 done · 1 something was left alone, and the output says why · 2 bad input · \
                            3 not confirmed · 5 not possible here · 130 interrupted.";
const RUN_CODES: &str = "Exit codes: the command's own, or 128 and the number of the signal that ended it · \
                         2 bad input · 3 denied · 4 ended by a limit · 5 not possible here · \
                         6 outcome unknown · 130 interrupted.";
const WEIGHTS_CODES: &str = "Exit codes: 0 the weights are here, verified · 2 bad input · 5 no source has them, or \
                             there is no room for them · 130 interrupted; what has come is kept.";
const IMPORT_CODES: &str = "Exit codes: 0 the weights are here · 2 bad input, also a file that is no whole model · \
                            5 not possible here · 130 interrupted.";
const VERIFY_CODES: &str =
    "Exit codes: 0 every line verifies · 2 bad input · 5 one does not, or the log cannot be read.";

const SCAN_CODES: &str = "Exit codes: 0 nothing at or above the level of `--fail-on` · 1 there is something · 2 bad input · \
                          5 not possible here · 130 interrupted, and what was found by then is shown.\n\
                          Nothing is run, nothing outside of PATH is opened. Documentation: docs/scan.md.";

const SERVE_CODES: &str = "Exit codes: 0 it was ended with Ctrl-C or SIGTERM · 2 bad input, also when a server of yours \
                           runs already · 5 not possible here.";

/// A coding agent inside a boundary that you draw: it works on a copy-on-write
/// view of your tree, without network, and nothing changes until you keep it.
#[derive(Debug, Parser)]
#[command(name = "moat", version, after_help = AFTER, disable_help_subcommand = true)]
pub(crate) struct Arguments {
    /// Sets a configuration value for this run, for example `limits.turn_minutes=5`.
    #[arg(long = "set", value_name = "KEY=VALUE", global = true)]
    pub(crate) overrides: Vec<String>,
    #[command(subcommand)]
    pub(crate) verb: Verb,
}

/// What to do.
#[derive(Debug, Subcommand)]
pub(crate) enum Verb {
    /// Work on a task: find the failing check, fix it in the sandbox, show the change.
    #[command(after_help = TURN_CODES)]
    Exec(Exec),
    /// Open the IDE in a browser: editor, terminals, source control, the agent and its review.
    #[command(after_help = SERVE_CODES)]
    Serve(Serve),
    /// Look at sessions, keep or drop their changes, go on with them.
    #[command(after_help = SESSION_CODES)]
    Session {
        #[command(subcommand)]
        verb: SessionVerb,
    },
    /// Get, list and remove the weights of models.
    Model {
        #[command(subcommand)]
        verb: ModelVerb,
    },
    /// Look through a tree before you open it: every file that makes a tool act, and what it does.
    #[command(after_help = SCAN_CODES)]
    Scan(Scan),
    /// Start a real sandbox, attack it, and say what is enforced here.
    Doctor(Doctor),
    /// Look at the crossing log: every connection that Moat made or refused.
    Log {
        #[command(subcommand)]
        verb: LogVerb,
    },
    /// Show the configuration and where each value comes from.
    Config {
        #[command(subcommand)]
        verb: ConfigVerb,
    },
    /// The body of the egress broker's process.
    #[command(hide = true)]
    Broker,
}

/// `moat exec`.
#[derive(Debug, Args)]
pub(crate) struct Exec {
    /// What to do, in your words.
    #[arg(value_name = "TASK")]
    pub(crate) task: String,
    /// The workspace; the current directory when not given.
    #[arg(long, short = 'C', value_name = "DIR")]
    pub(crate) dir: Option<PathBuf>,
    /// The command that tells right from wrong, as a shell line; detected when not given.
    #[arg(long, value_name = "COMMAND")]
    pub(crate) check: Option<String>,
    /// What kind of work it is; told from the task's first words when not given (docs/kinds.md).
    #[arg(long, value_enum)]
    pub(crate) kind: Option<Kind>,
    /// Write the change into your tree when the turn ends as solved or unverified.
    #[arg(long)]
    pub(crate) keep: bool,
    #[command(flatten)]
    pub(crate) showing: Showing,
    /// The model: `embedded`, the id of weights (`moat model list`), or a name from the configuration.
    #[arg(long, value_name = "NAME")]
    pub(crate) model: Option<String>,
    /// The turn's time in seconds.
    #[arg(long, value_name = "SECONDS")]
    pub(crate) max_time: Option<u64>,
    /// Ask before every command.
    #[arg(long)]
    pub(crate) ask: bool,
}

/// `moat serve`.
#[derive(Debug, Args)]
pub(crate) struct Serve {
    /// The workspace; the current directory when not given.
    #[arg(value_name = "DIR")]
    pub(crate) dir: Option<PathBuf>,
    /// The port on 127.0.0.1; that of the last time, or a free one, when not given.
    #[arg(long, value_name = "PORT", conflicts_with = "socket")]
    pub(crate) port: Option<u16>,
    /// Listen on a local socket that only you can reach, for a proxy that ends TLS.
    #[arg(long, value_name = "PATH", requires = "authority")]
    pub(crate) socket: Option<PathBuf>,
    /// What people type in their browser when a proxy that ends TLS stands before it, as in `ide.example`.
    #[arg(long, value_name = "HOST[:PORT]")]
    pub(crate) authority: Option<Authority>,
    /// Print a new link to the server that runs, and end.
    #[arg(long, conflicts_with_all = ["dir", "port", "socket", "authority"])]
    pub(crate) link: bool,
    /// Open no browser.
    #[arg(long)]
    no_browser: bool,
}

impl Serve {
    /// Whether a browser may be opened.
    pub(crate) const fn browser(&self) -> bool {
        !self.no_browser && self.authority.is_none()
    }
}

/// A host and perhaps a port, as a browser sends them.
#[derive(Debug, Clone)]
pub(crate) struct Authority(pub(crate) String);

impl std::str::FromStr for Authority {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (host, port) = text.split_once(':').map_or((text, None), |(h, p)| (h, Some(p)));
        let named = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '.' || c == '-';
        if host.is_empty() || !host.chars().all(named) || host.starts_with(['.', '-']) {
            return Err("a host name has lower-case letters, digits, dots and hyphens");
        }
        if port.is_some_and(|port| port.parse::<u16>().is_err() || port.starts_with('0')) {
            return Err("a port is a number from 1 to 65535");
        }
        Ok(Self(text.to_owned()))
    }
}

/// How events are shown.
#[derive(Debug, Clone, Copy, Args)]
pub(crate) struct Showing {
    /// Print events, one JSON object per line, and nothing else.
    #[arg(long)]
    pub(crate) json: bool,
    /// Show what commands and the model write.
    #[arg(long, short = 'v', conflicts_with = "json")]
    pub(crate) verbose: bool,
}

/// The kinds of work.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Kind {
    /// Make a failing check pass.
    Repair,
    /// Explain code.
    Explain,
    /// Document a symbol.
    Document,
    /// Write a function.
    Write,
    /// Write a commit message for the working tree's changes.
    CommitMessage,
}

/// `moat session`.
#[derive(Debug, Subcommand)]
pub(crate) enum SessionVerb {
    /// List sessions, newest first.
    List {
        /// Print one JSON object per line.
        #[arg(long)]
        json: bool,
    },
    /// Show what happened in a session and what is pending.
    Show {
        /// The session, or the beginning of its id; when not given the newest of this directory's workspace.
        id: Option<String>,
        /// Print the stored records as JSON lines.
        #[arg(long)]
        json: bool,
    },
    /// Write pending changes into your tree.
    #[command(after_help = MOVE_CODES)]
    Keep(KeepArguments),
    /// Take the last keep back; without one, drop the pending changes.
    #[command(after_help = MOVE_CODES)]
    Undo {
        /// The session, or the beginning of its id; when not given the newest of this directory's workspace.
        id: Option<String>,
        /// Drop only these pending paths.
        #[arg(long = "path", value_name = "PATH", conflicts_with = "hunk")]
        paths: Vec<String>,
        /// Drop only these pending hunks of one file, as `PATH:1,3`.
        #[arg(long, value_name = "PATH:N,N")]
        hunk: Option<String>,
    },
    /// Run a command in a session: what it writes stays there, pending, until you keep it.
    #[command(after_help = RUN_CODES)]
    Run(RunArguments),
    /// List the checkpoints of a session.
    Checkpoints(CheckpointArguments),
    /// Go back to a checkpoint of a session, or forward to a later one; your tree stays as it is.
    #[command(after_help = REWIND_CODES)]
    Rewind(RewindArguments),
    /// Make a new session that goes on from a checkpoint of another one; that one stays as it is.
    Fork(ForkArguments),
    /// List the commits that a session made, and take them into refs of their own in your repository.
    #[command(after_help = MOVE_CODES)]
    Commits(CommitsArguments),
    /// Go on with a turn that was stopped or whose process died.
    #[command(after_help = TURN_CODES)]
    Resume {
        /// The session, or the beginning of its id; when not given the newest of this directory's workspace.
        id: Option<String>,
        #[command(flatten)]
        showing: Showing,
    },
    /// Watch a session that runs in another terminal.
    Watch {
        /// The session, or the beginning of its id; when not given the newest of this directory's workspace.
        id: Option<String>,
        #[command(flatten)]
        showing: Showing,
    },
    /// Tell the running turn of a session something.
    Steer {
        /// The session.
        id: String,
        /// What to tell it.
        text: String,
    },
    /// Stop the running turn of a session.
    Stop {
        /// The session.
        id: String,
    },
    /// Answer the open question of a session.
    Approve {
        /// The session.
        id: String,
        /// The number of the question.
        request: u32,
        /// Say no.
        #[arg(long)]
        no: bool,
    },
    /// Tell a session that asks for it the command that tells right from wrong.
    Check {
        /// The session.
        id: String,
        /// The command, as a shell line.
        line: String,
    },
    /// Remove a session with everything it holds.
    Rm {
        /// The session.
        id: String,
    },
}

/// `moat model`.
#[derive(Debug, Subcommand)]
pub(crate) enum ModelVerb {
    /// List known weights and which of them are here.
    List {
        /// Print one JSON object per line.
        #[arg(long)]
        json: bool,
    },
    /// Get weights, verified, from the first source that has them.
    #[command(after_help = WEIGHTS_CODES)]
    Pull {
        /// The weights' id; the configured default when not given.
        id: Option<String>,
        /// Use no network source.
        #[arg(long)]
        offline: bool,
        /// Show no progress.
        #[arg(long)]
        quiet: bool,
    },
    /// Take weights from a GGUF file.
    #[command(after_help = IMPORT_CODES)]
    Import {
        /// The file.
        file: PathBuf,
        /// The id to give weights that are not in the registry.
        #[arg(long)]
        id: Option<String>,
    },
    /// Remove weights.
    Rm {
        /// The weights' id.
        id: String,
    },
    /// Print the path of weights that are here.
    Path {
        /// The weights' id; the configured default when not given.
        id: Option<String>,
    },
    /// The body of the model server's process.
    #[command(hide = true)]
    Serve {
        /// Its settings.
        #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
        arguments: Vec<std::ffi::OsString>,
    },
}

/// `moat scan`.
#[derive(Debug, Args)]
pub(crate) struct Scan {
    /// A directory, a bare repository, a tar archive (also with gzip) or a file; the current
    /// directory when not given.
    #[arg(value_name = "PATH")]
    pub(crate) path: Option<PathBuf>,
    /// Print JSON.
    #[arg(long)]
    pub(crate) json: bool,
    /// Print SARIF 2.1.0, or write it to a file beside the other output.
    #[arg(long, value_name = "FILE", num_args = 0..=1, require_equals = true)]
    #[expect(clippy::option_option, reason = "the flag and its value may each be missing")]
    pub(crate) sarif: Option<Option<PathBuf>>,
    /// The lowest level that makes the exit code 1.
    #[arg(long, value_enum, value_name = "LEVEL", default_value = "medium")]
    pub(crate) fail_on: FailOn,
    /// A file of findings that are known and accepted, as long as their files stay the same.
    #[arg(long, value_name = "FILE")]
    pub(crate) baseline: Option<PathBuf>,
    /// Write what is found to a file for `--baseline`, and end with code 0.
    #[arg(long, value_name = "FILE", conflicts_with = "baseline")]
    pub(crate) write_baseline: Option<PathBuf>,
    /// Show no progress.
    #[arg(long)]
    pub(crate) no_progress: bool,
}

/// From which level on a finding makes a scan fail.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum FailOn {
    /// Only what acts by itself or steers an agent in full.
    High,
    /// Also what acts when a person does something, and what could not be read.
    Medium,
    /// Anything.
    Low,
    /// Nothing.
    Never,
}

/// `moat doctor`.
#[derive(Debug, Args)]
pub(crate) struct Doctor {
    /// Print the AppArmor profile that lets this program, and no other, make user namespaces.
    #[arg(long, conflicts_with_all = ["summary", "json", "dir"])]
    pub(crate) apparmor_profile: bool,
    /// The workspace to look at; the current directory when not given.
    #[arg(long, short = 'C', value_name = "DIR")]
    pub(crate) dir: Option<PathBuf>,
    /// One line per effect instead of one per attack.
    #[arg(long, conflicts_with = "json")]
    pub(crate) summary: bool,
    /// Print JSON.
    #[arg(long)]
    pub(crate) json: bool,
}

/// `moat log`.
#[derive(Debug, Subcommand)]
pub(crate) enum LogVerb {
    /// Print the crossings, newest last.
    Show {
        /// Print the stored lines.
        #[arg(long)]
        json: bool,
    },
    /// Check the chain: a changed byte, a missing, added or moved line is found; lines cut off
    /// the end are not.
    #[command(after_help = VERIFY_CODES)]
    Verify,
}

/// `moat config`.
#[derive(Debug, Subcommand)]
pub(crate) enum ConfigVerb {
    /// Print every value with its origin, as it holds in a workspace.
    Show {
        /// The workspace; the current directory when not given.
        #[arg(long, short = 'C', value_name = "DIR")]
        dir: Option<PathBuf>,
        /// Also print what does not count, with its place and why; with `--json` the parts of each origin.
        #[arg(long)]
        origin: bool,
        /// Print JSON.
        #[arg(long)]
        json: bool,
    },
    /// Print the JSON schema of `config.toml`, for editors.
    Schema {
        /// That of `.moat/settings.toml` in a workspace.
        #[arg(long)]
        workspace: bool,
    },
}
