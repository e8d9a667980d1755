// SPDX-License-Identifier: Apache-2.0
//! Checks the tasks themselves: broken as given, right with their solution.
//!
//! Invariant: a task passes only if all four of its runs end as they must.

use std::path::Path;

use anyhow::bail;

use super::option::Options;
use super::place;
use super::task::{self, Task};
use super::trial::{Trial, Verdict};
use crate::door;

/// Runs `cargo xtask bench validate`.
pub(super) fn run(arguments: &[String]) -> anyhow::Result<()> {
    let options = Options::read(arguments, &["tasks", "only"], &[])?;
    let directory = door::root().join(options.value("tasks").unwrap_or("bench/tasks"));
    let tasks = task::read_all(&directory, "task.toml", options.value("only").unwrap_or(""))?;
    let mut wrong = 0;
    for task in &tasks {
        let runs = runs(task)?;
        let fine = runs == WANTED;
        if !fine {
            wrong += 1;
        }
        let words: Vec<&str> = runs.iter().map(|verdict| verdict.word()).collect();
        let mark = if fine { "ok   " } else { "WRONG" };
        door::say(&format!("{mark} {:<20} {}", task.id, words.join(" ")));
    }
    door::say(&format!(
        "{} tasks, {wrong} wrong (visible and hidden before, visible and hidden after)",
        tasks.len()
    ));
    if wrong > 0 {
        bail!("{wrong} tasks are not as they must be");
    }
    Ok(())
}

/// Visible and hidden check as given, then both with the solution.
const WANTED: [Verdict; 4] = [Verdict::Fail, Verdict::Fail, Verdict::Pass, Verdict::Pass];

fn runs(task: &Task) -> anyhow::Result<[Verdict; 4]> {
    let [before, hidden_before] = pair(task, None)?;
    let [after, hidden_after] = pair(task, Some(&task.path("solution")))?;
    Ok([before, hidden_before, after, hidden_after])
}

fn pair(task: &Task, over: Option<&Path>) -> anyhow::Result<[Verdict; 2]> {
    let trial = Trial::new(task)?;
    if let Some(solution) = over {
        place::copy_tree(solution, trial.work())?;
    }
    Ok([trial.visible(task)?.0, trial.hidden(task)?.0])
}
