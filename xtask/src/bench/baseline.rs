// SPDX-License-Identifier: Apache-2.0
//! The baseline: best of n whole functions, without localisation.
//!
//! The same model gets all source files and the output of the failing check,
//! and is asked for the corrected function. Whatever functions its answer has
//! replace those of the same name; the visible check judges. It goes on until
//! it has spent the tokens that the agent spent on the same task. It knows
//! neither the traceback's file nor which function to look at, and runs
//! outside of any sandbox.
//!
//! Invariant: an answer is judged on a fresh copy of the broken tree.

use std::path::{Path, PathBuf};

use anyhow::Context as _;
use serde_json::{Value, json};

use super::chat::Server;
use super::place;
use super::report::{Arm, Row, Score, Usage};
use super::task::{Language, Task};
use super::trial::{Trial, Verdict};
use crate::door;

mod splice;

/// Answers asked for in one request after the first.
const CANDIDATES: u64 = 4;
/// Tokens that one answer may have.
const ANSWER_TOKENS_MAX: u64 = 800;
/// Characters of the check's output that are shown, from its end.
const OUTPUT_CHARACTERS_MAX: usize = 3000;
/// Requests at most, should a server report no tokens.
const REQUESTS_MAX: u64 = 50;
/// The warmth of all answers but the first, which is greedy.
const TEMPERATURE: f64 = 0.8;

/// A model server and the name to ask it for.
pub(super) struct Baseline {
    server: Option<Server>,
    model: String,
}

impl Baseline {
    /// A baseline that asks `server`, or else the embedded one, which the
    /// agent's own run has started by then.
    pub(super) fn new(server: Option<&str>, model: Option<&str>) -> anyhow::Result<Self> {
        Ok(Self {
            server: server.map(Server::parse).transpose()?,
            model: model.unwrap_or("embedded").to_owned(),
        })
    }

    /// Tries a task with the tokens of `budget`.
    pub(super) fn attempt(
        &self,
        task: &Task,
        budget: Usage,
        seconds_max: u64,
    ) -> anyhow::Result<Row> {
        let (ended, time) = door::timed(|| self.search(task, budget, seconds_max));
        let (usage, found) = ended?;
        let score = match &found {
            Some(trial) => Score::of(Verdict::Pass, trial.hidden(task)?.0),
            None => Score::NotSolved,
        };
        let mut row = Row::new(task, Arm::Baseline, score);
        row.seconds = time.as_secs_f64();
        row.usage = usage;
        row.claim = if found.is_some() { "check passes" } else { "tokens spent" }.to_owned();
        Ok(row)
    }

    /// Asks until a candidate passes the visible check or the tokens are spent.
    fn search(
        &self,
        task: &Task,
        budget: Usage,
        seconds_max: u64,
    ) -> anyhow::Result<(Usage, Option<Trial>)> {
        let server = match &self.server {
            Some(server) => server.clone(),
            None => embedded()?,
        };
        let files = sources(task)?;
        let (_, output) = Trial::new(task)?.visible(task)?;
        let prompt = prompt(task, &files, &output);
        let mut usage = Usage::default();
        let mut seen: Vec<Vec<(PathBuf, String)>> = Vec::new();
        let mut seconds = 0.0;
        for request in 0..REQUESTS_MAX {
            let spent =
                usage.tokens() >= budget.tokens() || seconds >= seconds_to_float(seconds_max);
            if spent {
                break;
            }
            let (asked, time) = door::timed(|| server.chat(&self.body(&prompt, request)));
            seconds += time.as_secs_f64();
            for answer in read(&asked?, &mut usage) {
                usage.candidates += 1;
                let changed = splice::splice(&files, &answer, task.language);
                if changed.is_empty() || seen.contains(&changed) {
                    continue;
                }
                if let Some(trial) = judge(task, &changed)? {
                    return Ok((usage, Some(trial)));
                }
                seen.push(changed);
            }
        }
        Ok((usage, None))
    }

    /// The first request is greedy, the others are several warm ones at once.
    fn body(&self, prompt: &str, request: u64) -> Value {
        let (count, temperature) = if request == 0 { (1, 0.0) } else { (CANDIDATES, TEMPERATURE) };
        json!({
            "model": self.model,
            "messages": [{ "role": "user", "content": prompt }],
            "n": count,
            "temperature": temperature,
            "seed": request + 1,
            "max_tokens": ANSWER_TOKENS_MAX,
            "stream": false,
        })
    }
}

fn seconds_to_float(seconds: u64) -> f64 {
    f64::from(u32::try_from(seconds).unwrap_or(u32::MAX))
}

/// The trial in which a candidate passes the visible check, if it does.
fn judge(task: &Task, changed: &[(PathBuf, String)]) -> anyhow::Result<Option<Trial>> {
    let trial = Trial::new(task)?;
    for (path, text) in changed {
        place::write(&trial.work().join(path), text.as_bytes())?;
    }
    let passes = trial.visible(task)?.0 == Verdict::Pass;
    Ok(passes.then_some(trial))
}

/// The texts of an answer; its tokens are added to `usage`.
fn read(answer: &Value, usage: &mut Usage) -> Vec<String> {
    let tokens =
        |name: &str| answer.pointer(&format!("/usage/{name}")).and_then(Value::as_u64).unwrap_or(0);
    usage.prompt_tokens += tokens("prompt_tokens");
    usage.completion_tokens += tokens("completion_tokens");
    let choices = answer.get("choices").and_then(Value::as_array);
    let texts = choices.into_iter().flatten();
    texts
        .filter_map(|choice| choice.pointer("/message/content").and_then(Value::as_str))
        .map(str::to_owned)
        .collect()
}

/// The socket of the embedded server, where `moat` puts it.
fn embedded() -> anyhow::Result<Server> {
    let runtime = match (
        door::variable("XDG_RUNTIME_DIR"),
        door::variable("XDG_STATE_HOME"),
        door::variable("HOME"),
    ) {
        (Some(runtime), _, _) => Path::new(&runtime).join("moat"),
        (None, Some(state), _) => Path::new(&state).join("moat/run"),
        (None, None, home) => Path::new(&home.unwrap_or_default()).join(".local/state/moat/run"),
    };
    let socket = place::newest(&runtime, "model-", ".sock").with_context(|| {
        format!("no model server in `{}`; name one with `--server`", runtime.display())
    })?;
    Ok(Server::Socket(socket))
}

/// The source files of a task, without its tests.
fn sources(task: &Task) -> anyhow::Result<Vec<(PathBuf, String)>> {
    let endings: &[&str] = match task.language {
        Language::Python => &["py"],
        Language::Rust => &["rs"],
        Language::JavaScript => &["js"],
        Language::C => &["c", "h"],
    };
    let work = task.path("work");
    let mut files = Vec::new();
    for path in place::files(&work)? {
        let name = path.strip_prefix(&work).unwrap_or(&path).to_path_buf();
        let ending = name.extension().and_then(|ending| ending.to_str()).unwrap_or_default();
        let is_test = task.tests.iter().any(|test| Path::new(test) == name);
        if endings.contains(&ending) && !is_test {
            files.push((name, place::text(&path)?));
        }
    }
    Ok(files)
}

fn prompt(task: &Task, files: &[(PathBuf, String)], output: &str) -> String {
    let mut text = format!("{}\n\n", task.statement);
    for (path, source) in files {
        let path = path.display();
        text.push_str(&format!("File {path}:\n```{}\n{source}```\n\n", task.language.name()));
    }
    let skipped = output.chars().count().saturating_sub(OUTPUT_CHARACTERS_MAX);
    let output: String = output.chars().skip(skipped).collect();
    text.push_str(&format!(
        "`{}` fails:\n```\n{output}\n```\n\nReply with the whole corrected function, in one code block.",
        task.check
    ));
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn answers_and_tokens_are_read() {
        let answer = json!({
            "choices": [{ "message": { "content": "a" } }, { "message": {} }, { "message": { "content": "b" } }],
            "usage": { "prompt_tokens": 10, "completion_tokens": 3 },
        });
        let mut usage = Usage { prompt_tokens: 1, completion_tokens: 1, candidates: 0 };
        assert_eq!(read(&answer, &mut usage), ["a", "b"]);
        assert_eq!(usage, Usage { prompt_tokens: 11, completion_tokens: 4, candidates: 0 });
        assert_eq!(read(&json!({}), &mut usage), Vec::<String>::new());
    }

    #[test]
    fn only_the_first_request_is_greedy() {
        let baseline = Baseline::new(Some("http://h"), None).unwrap();
        assert_eq!(baseline.body("p", 0)["n"], 1);
        assert_eq!(baseline.body("p", 0)["temperature"], 0.0);
        assert_eq!(baseline.body("p", 1)["n"], 4);
        assert_ne!(baseline.body("p", 1)["seed"], baseline.body("p", 2)["seed"]);
    }
}
