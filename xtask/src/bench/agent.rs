// SPDX-License-Identifier: Apache-2.0
//! Runs the agent on the tasks and counts what it solved: `bench agent`.
//!
//! The agent gets what a user would give it: the broken tree, a sentence and
//! the check command. It never sees the hidden tests or the solution; they are
//! copied in after it ended.
//!
//! Invariant: a score comes from tests run here, never from what the agent says.

use std::path::{Path, PathBuf};

use anyhow::{Context as _, bail};
use serde_json::Value;

use super::baseline::Baseline;
use super::option::Options;
use super::place;
use super::report::{self, Arm, Row, Score, Usage};
use super::task::{self, Task};
use super::trial::{Trial, Verdict};
use crate::door;

/// Seconds for one task unless told otherwise.
const TASK_SECONDS: u64 = 600;
/// Seconds on top before a run that ignores its own limit is ended.
const GRACE_SECONDS: u64 = 120;

/// Runs `cargo xtask bench agent`.
pub(super) fn run(arguments: &[String]) -> anyhow::Result<()> {
    let valued = ["tasks", "only", "moat", "model", "max-time", "server", "json"];
    let options = Options::read(arguments, &valued, &["baseline"])?;
    let root = door::root();
    let directory = root.join(options.value("tasks").unwrap_or("bench/tasks"));
    let tasks = task::read_all(&directory, "task.toml", options.value("only").unwrap_or(""))?;
    let agent = Agent {
        program: program(&options)?,
        model: options.value("model").map(str::to_owned),
        seconds_max: options.number("max-time")?.unwrap_or(TASK_SECONDS),
    };
    let baseline = if options.given("baseline") {
        Some(Baseline::new(options.value("server"), options.value("model"))?)
    } else {
        None
    };
    let mut rows: Vec<Row> = Vec::new();
    door::say(report::HEAD);
    for task in &tasks {
        let row = agent.attempt(task)?;
        let budget = row.usage;
        door::say(&row.line());
        rows.push(row);
        if let Some(baseline) = &baseline {
            // What could not be measured is left out, not counted as a failure.
            match baseline.attempt(task, budget, agent.seconds_max) {
                Ok(row) => {
                    door::say(&row.line());
                    rows.push(row);
                }
                Err(error) => {
                    door::complain(&format!("{}: baseline not measured: {error:#}", task.id));
                }
            }
        }
        // After each task, so that a run that is cut off still counts.
        if let Some(path) = options.value("json") {
            place::write(&root.join(path), format!("{:#}\n", report::json(&rows)).as_bytes())?;
        }
    }
    door::say("");
    door::say(&report::sums(&rows));
    Ok(())
}

/// The binary to measure: `--moat`, or the one beside this program.
fn program(options: &Options) -> anyhow::Result<PathBuf> {
    let path = match options.value("moat") {
        Some(path) => door::root().join(path),
        None => place::beside_this_program("moat")?,
    };
    if !path.is_file() {
        bail!(
            "`{}` is not there; build it with `cargo build --release -p moat-cli`",
            path.display()
        );
    }
    Ok(path)
}

/// `moat exec` with the limits of this run.
struct Agent {
    program: PathBuf,
    model: Option<String>,
    seconds_max: u64,
}

impl Agent {
    fn attempt(&self, task: &Task) -> anyhow::Result<Row> {
        let trial = Trial::new(task)?;
        let (ended, time) = door::timed(|| self.exec(task, trial.work()));
        let told = ended?;
        let visible = trial.visible(task)?.0;
        let hidden = if visible == Verdict::Pass { trial.hidden(task)?.0 } else { Verdict::Fail };
        let mut row = Row::new(task, Arm::Agent, Score::of(visible, hidden));
        row.seconds = time.as_secs_f64();
        row.usage = told.usage;
        row.claim = told.claim;
        Ok(row)
    }

    fn exec(&self, task: &Task, work: &Path) -> anyhow::Result<Told> {
        let mut command = door::command("timeout", work);
        command
            .args(["-k", "10"])
            .arg((self.seconds_max + GRACE_SECONDS).to_string())
            .arg(&self.program)
            .args(["exec", "--json", "--keep", "--check", &task.check])
            .args(["--max-time", &self.seconds_max.to_string()])
            .env_remove("CARGO_TARGET_DIR")
            .env_remove("RUST_BACKTRACE");
        if let Some(model) = &self.model {
            command.args(["--model", model]);
        }
        let output = command.arg(&task.statement).output().context("could not run `timeout`")?;
        let mut told = Told::read(&String::from_utf8_lossy(&output.stdout));
        if told.claim.is_empty() {
            let errors = String::from_utf8_lossy(&output.stderr).into_owned();
            let last = errors.lines().find(|line| !line.trim().is_empty()).unwrap_or("nothing");
            told.claim = format!("{} ({last})", output.status);
        }
        Ok(told)
    }
}

/// What the events of a run told.
#[derive(Debug, Default, PartialEq, Eq)]
struct Told {
    usage: Usage,
    claim: String,
}

impl Told {
    /// Reads one JSON object per line; lines that are none are passed over.
    fn read(text: &str) -> Self {
        let mut told = Self::default();
        for line in text.lines() {
            let Ok(value) = serde_json::from_str::<Value>(line) else { continue };
            // An event may come alone or inside of its envelope.
            let event = match value.get("event") {
                Some(inner) if inner.is_object() => inner,
                _ => &value,
            };
            told.note(event);
        }
        told
    }

    fn note(&mut self, event: &Value) {
        let number = |name: &str| event.get(name).and_then(Value::as_u64).unwrap_or(0);
        match event.get("event").and_then(Value::as_str).unwrap_or_default() {
            "model_answered" => {
                self.usage.prompt_tokens += number("prompt_tokens");
                self.usage.completion_tokens += number("completion_tokens");
            }
            "candidate_judged" => self.usage.candidates += 1,
            "turn_finished" => {
                let outcome = event.pointer("/outcome/outcome").and_then(Value::as_str);
                let reason = event.pointer("/outcome/reason").and_then(Value::as_str);
                self.claim = outcome.unwrap_or("finished").to_owned();
                if let Some(reason) = reason {
                    self.claim.push_str(": ");
                    self.claim.extend(reason.chars().take(CLAIM_CHARACTERS_MAX));
                }
            }
            "failed" => {
                let what = event.pointer("/report/error").and_then(Value::as_str);
                self.claim = format!("failed: {}", what.unwrap_or("no reason given"));
            }
            _ => {}
        }
    }
}

/// Characters of a reason that are kept for the table.
const CLAIM_CHARACTERS_MAX: usize = 100;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn events_are_added_up() {
        let told = Told::read(
            "{\"session\":\"s\",\"sequence\":1,\"event\":{\"event\":\"model_answered\",\"prompt_tokens\":10,\"completion_tokens\":4}}\n\
             not json\n\
             {\"event\":\"candidate_judged\",\"candidate\":1}\n\
             {\"event\":{\"event\":\"candidate_judged\",\"candidate\":2}}\n\
             {\"event\":\"model_answered\",\"prompt_tokens\":1,\"completion_tokens\":1}\n\
             {\"event\":{\"event\":\"turn_finished\",\"outcome\":{\"outcome\":\"not_solved\",\"reason\":\"none passed\"}}}\n",
        );
        assert_eq!(told.usage, Usage { prompt_tokens: 11, completion_tokens: 5, candidates: 2 });
        assert_eq!(told.claim, "not_solved: none passed");
    }

    #[test]
    fn nothing_told_is_nothing_counted() {
        assert_eq!(Told::read("\n{}\n[1]\n{\"event\":3}"), Told::default());
    }
}
