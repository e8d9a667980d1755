// SPDX-License-Identifier: Apache-2.0
//! Runs the built `moat` command as a user with an empty home, under a recorder.
//!
//! The recorder is `strace`: it sees every program that any process of Moat
//! starts and every address that one connects to, also inside the sandbox,
//! where a canary could not leave its name.
//!
//! Invariant: without the recorder nothing is claimed.

use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::Stdio;

use anyhow::Context as _;

use super::server::{Part, Request, Server};
use super::{hostile, hostile::Hostile};
use crate::door;

/// The key that the user's configuration welds to the scripted model.
pub(crate) const KEY: &str = "canary-key-of-the-user";

/// One user: a home, a configuration, and the model server that it names.
#[derive(Debug)]
pub(crate) struct User {
    program: PathBuf,
    home: PathBuf,
    model: Server,
    variables: Vec<(&'static str, String)>,
}

/// What a recorded run did.
#[derive(Debug)]
pub(crate) struct Run {
    pub(crate) success: bool,
    pub(crate) output: String,
    /// Programs that were started, as the recorder wrote them.
    pub(crate) programs: Vec<String>,
    /// Addresses that were connected to, as the recorder wrote them.
    pub(crate) connections: Vec<String>,
    /// What the model server was sent.
    pub(crate) requests: Vec<Request>,
}

impl User {
    /// Prepares a home below `directory` for a user of `program`, whose
    /// configuration names a scripted model.
    pub(crate) fn new(program: &Path, directory: &Path, name: &str) -> anyhow::Result<Self> {
        let home = directory.join(name);
        let model = Server::start(Part::Model(hostile::REPAIR))?;
        let key = home.join("config/moat/model.key");
        let settings = format!(
            "[model]\ndefault = \"scripted\"\n[models.scripted]\nurl = \"http://127.0.0.1:{}/v1\"\n\
             model = \"scripted\"\nzone = \"host\"\nkey_file = \"{}\"\n",
            model.port(),
            key.display()
        );
        door::write(&home.join("config/moat/config.toml"), settings)?;
        door::write_private(&key, KEY)?;
        let path = |part: &str| home.join(part).display().to_string();
        let variables = vec![
            ("HOME", home.display().to_string()),
            ("XDG_CONFIG_HOME", path("config")),
            ("XDG_STATE_HOME", path("state")),
            ("XDG_DATA_HOME", path("data")),
            ("XDG_CACHE_HOME", path("cache")),
            ("XDG_RUNTIME_DIR", path("run")),
            ("PATH", door::variable("PATH").unwrap_or_default()),
            ("OPENAI_API_KEY", KEY.to_owned()),
            ("ANTHROPIC_API_KEY", KEY.to_owned()),
        ];
        door::create_private(&home.join("run"))?;
        Ok(Self { program: program.to_path_buf(), home, model, variables })
    }

    /// The user's home.
    pub(crate) fn home(&self) -> &Path {
        &self.home
    }

    /// Adds variables to the user's environment.
    pub(crate) fn with(mut self, variables: &[(&'static str, &str)]) -> Self {
        for (name, value) in variables {
            self.variables.push((name, (*value).to_owned()));
        }
        self
    }

    /// The port of the model server that the user's configuration names.
    pub(crate) fn port(&self) -> u16 {
        self.model.port()
    }

    /// The user's environment.
    pub(crate) fn variables(&self) -> &[(&'static str, String)] {
        &self.variables
    }

    /// Runs `moat` with `arguments` in a workspace and records it.
    pub(crate) fn run(&self, workspace: &Path, arguments: &[&str]) -> anyhow::Result<Run> {
        let (trace, output) = (self.home.join("trace"), self.home.join("output"));
        self.model.take();
        // The recorder ends with the last process that it records, and the
        // broker outlives the command; so the command's own end is told.
        let mut recorder = door::command("strace", workspace)
            .args(["-f", "-qq", "-s", "4096", "-e", "trace=execve,execveat,connect", "-o"])
            .arg(&trace)
            .args(["sh", "-c", r#""$@" > "$0" 2>&1; echo $?"#])
            .arg(&output)
            .arg(&self.program)
            .args(arguments)
            .env_clear()
            .envs(self.variables.iter().map(|(name, value)| (name, value)))
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .spawn()
            .context("could not start strace, which records what Moat does")?;
        let mut status = String::new();
        let told = recorder.stdout.take().context("the recorder has no output")?;
        BufReader::new(told).read_line(&mut status)?;
        end_brokers(&door::read(&trace)?)?;
        recorder.wait().context("could not wait for strace")?;
        let recorded = String::from_utf8_lossy(&door::read(&trace)?).into_owned();
        let lines = |call: &str| {
            let lines = recorded.lines().filter(|line| line.contains(call));
            lines.map(str::to_owned).collect::<Vec<_>>()
        };
        Ok(Run {
            success: status.trim() == "0",
            output: String::from_utf8_lossy(&door::read(&output)?).into_owned(),
            programs: lines("exec"),
            connections: lines("connect("),
            requests: self.model.take(),
        })
    }

    /// Lets the agent repair the planted program and records it.
    ///
    /// # Errors
    /// When the agent did not do that, because then the run shows nothing.
    pub(crate) fn repair(&self, hostile: &Hostile) -> anyhow::Result<Run> {
        let task = "the total of a cart is wrong";
        let check = ["exec", "--check", hostile::CHECK, "--keep", "--max-time", "120", task];
        let run = self.run(&hostile.workspace, &check)?;
        anyhow::ensure!(
            run.success && !run.requests.is_empty() && hostile.is_repaired()?,
            "the agent did not repair the program, so the run shows nothing: {}",
            run.output.trim()
        );
        anyhow::ensure!(
            run.programs.iter().any(|line| line.contains("check.sh")),
            "the agent did not run the check, so the run shows nothing"
        );
        Ok(run)
    }
}

/// Asks the brokers that a recorded command started to end, by their ids.
fn end_brokers(trace: &[u8]) -> anyhow::Result<()> {
    for broker in brokers(&String::from_utf8_lossy(trace)) {
        // One that has ended by itself is as good.
        _ = door::command("kill", Path::new("/"))
            .arg(broker)
            .stderr(Stdio::null())
            .status()
            .context("could not start `kill`")?;
    }
    Ok(())
}

/// The ids of the processes that became brokers: the recorder begins each line with one.
fn brokers(trace: &str) -> Vec<&str> {
    let became = trace.lines().filter(|line| line.contains("moat\", \"broker\"]"));
    became.filter_map(|line| line.split_whitespace().next()).collect()
}

/// The command that was built with this program.
pub(crate) fn binary() -> anyhow::Result<PathBuf> {
    let path = door::target().join("release/moat");
    anyhow::ensure!(path.is_file(), "`{}` is missing; build it with `make build`", path.display());
    Ok(path)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn brokers_are_found_in_a_recording() {
        let trace = "12 execve(\"/bin/sh\", [\"sh\", \"-c\", \"echo broker\"], 0x1 /* 3 vars */) = 0\n\
            14 execve(\"/t/release/moat\", [\"/t/release/moat\", \"broker\"], 0x2 /* 5 vars */) = 0\n";
        assert_eq!(brokers(trace), ["14"]);
        assert!(brokers("").is_empty());
    }
}
