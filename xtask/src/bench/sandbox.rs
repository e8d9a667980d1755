// SPDX-License-Identifier: Apache-2.0
//! Speed of the sandbox beside plain processes and bubblewrap.
//!
//! The samples come from the example `sandbox_speed` of the sandbox's crate, which
//! takes them in turn in one run, since a time means little on a machine that somebody
//! else uses too. This module asks for them, puts them together and compares with the
//! project's goals. What each kind of sample includes is written there.
//!
//! Invariant: a figure without samples is said to be missing, never counted as met.

mod figure;
mod load;
mod statistics;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Stdio;

use anyhow::Context as _;
use serde_json::{Value, json};

use self::figure::{FIGURES, Figure, Verdict};
use self::load::Load;
use self::statistics::{Estimate, Samples};
use super::option::Options;
use super::place;
use crate::door;

/// The samples of one run: those of the wall and of processor time, by kind, in
/// microseconds.
#[derive(Default)]
struct Taken {
    wall: BTreeMap<String, Samples>,
    cpu: BTreeMap<String, Samples>,
}

/// Measures and prints; missing a goal beyond doubt is a failure.
pub(super) fn run(arguments: &[String]) -> anyhow::Result<()> {
    let options = Options::read(arguments, &["rounds", "only", "json", "moat"], &[])?;
    let only = options.value("only");
    if let Some(name) = only {
        let known = SOURCES.iter().any(|(source, _rounds)| *source == name);
        anyhow::ensure!(known, "`{name}` is none of {}", names().join(", "));
    }
    let helper = match options.value("moat") {
        Some(path) => PathBuf::from(path),
        None => place::beside_this_program("moat")?,
    };
    anyhow::ensure!(helper.is_file(), "`{}` is missing; `make build` makes it", helper.display());
    let driver = driver()?;
    let before = Load::now();
    let mut taken = Taken::default();
    for (source, rounds) in SOURCES {
        if only.is_none_or(|name| name == source) {
            let rounds = options.number("rounds")?.unwrap_or(rounds);
            taken.add(&driver, &helper, source, rounds)?;
        }
    }
    let load = Load::now().since(&before);
    let asked = |figure: &&Figure| only.is_none_or(|name| name == figure.source);
    let figures: Vec<_> =
        FIGURES.iter().filter(asked).map(|figure| (figure, figure.judge(&taken))).collect();
    print(&taken, &figures, &load);
    if let Some(path) = options.value("json") {
        let text = serde_json::to_string_pretty(&document(&taken, &figures, &load))?;
        door::write(Path::new(path), text)?;
    }
    let missed = figures.iter().filter(|(figure, verdict)| verdict.is_missed_beyond_doubt(figure));
    let missed: Vec<&str> = missed.map(|(figure, _verdict)| figure.name).collect();
    anyhow::ensure!(missed.is_empty(), "missed: {}", missed.join(", "));
    Ok(())
}

fn names() -> Vec<&'static str> {
    SOURCES.iter().map(|(source, _rounds)| *source).collect()
}

/// Builds the program that takes the samples.
fn driver() -> anyhow::Result<PathBuf> {
    let status = door::command(door::cargo(), &door::root())
        .args(["build", "--release", "--locked", "-q", "-p", "moat-sandbox"])
        .args(["--example", "sandbox_speed"])
        .status()
        .context("could not start cargo")?;
    anyhow::ensure!(status.success(), "`sandbox_speed` could not be built");
    Ok(door::target().join("release/examples/sandbox_speed"))
}

impl Taken {
    /// Takes the samples of one source.
    fn add(
        &mut self,
        driver: &Path,
        helper: &Path,
        source: &str,
        rounds: u64,
    ) -> anyhow::Result<()> {
        let scratch = place::temporary()?;
        let output = door::command(driver, scratch.path())
            .args([helper, scratch.path()])
            .args([source, &rounds.to_string()])
            .stdin(Stdio::null())
            .stderr(Stdio::inherit())
            .output()
            .with_context(|| format!("could not start `{}`", driver.display()))?;
        anyhow::ensure!(output.status.success(), "the samples of `{source}` could not be taken");
        self.read(&String::from_utf8(output.stdout).context("the samples are no text")?)
    }

    /// Reads the lines that the program writes.
    fn read(&mut self, text: &str) -> anyhow::Result<()> {
        for line in text.lines() {
            let line: Value =
                serde_json::from_str(line).with_context(|| format!("`{line}` is no sample"))?;
            if let Some(reason) = line["skipped"].as_str() {
                door::say(&format!("not measured: {reason}"));
                continue;
            }
            let kind = line["kind"].as_str().context("a sample has no kind")?;
            let wall = line["wall_us"].as_f64().context("a sample has no time")?;
            self.wall.entry(kind.to_owned()).or_default().add(wall);
            if let Some(cpu) = line["cpu_us"].as_f64() {
                self.cpu.entry(kind.to_owned()).or_default().add(cpu);
            }
        }
        Ok(())
    }
}

fn print(taken: &Taken, figures: &[(&Figure, Verdict)], load: &Load) {
    let row = |name: &str, cells: [String; 6]| {
        let cells: Vec<String> = cells.iter().map(|cell| format!("{cell:>9}")).collect();
        door::say(&format!("{name:<20}{}", cells.join("")));
    };
    row("ms", ["runs", "min", "p10", "median", "from", "to"].map(str::to_owned));
    for (times, clock) in [(&taken.wall, ""), (&taken.cpu, " cpu")] {
        for (kind, samples) in times {
            let median = samples.median();
            row(
                &format!("{kind}{clock}"),
                [
                    samples.count().to_string(),
                    ms(samples.at(0)),
                    ms(samples.at(10)),
                    ms(median.value),
                    ms(median.low),
                    ms(median.high),
                ],
            );
        }
    }
    door::say("");
    for (figure, verdict) in figures {
        door::say(&format!("{:<16} {}", figure.name, verdict.text(figure)));
    }
    door::say(&format!("\n{}", load.text()));
}

fn document(taken: &Taken, figures: &[(&Figure, Verdict)], load: &Load) -> Value {
    let table = |times: &BTreeMap<String, Samples>| -> Value {
        let rows = times.iter().map(|(kind, samples)| {
            let row = json!({
                "runs": samples.count(), "min_us": samples.at(0), "p10_us": samples.at(10),
                "median_us": estimate(&samples.median()),
            });
            (kind.clone(), row)
        });
        rows.collect()
    };
    let figures: Value = figures
        .iter()
        .map(|(figure, verdict)| {
            let value = verdict.estimate().map(estimate);
            let (name, goal) = (figure.name.to_owned(), figure.goal);
            (name, json!({ "value": value, "goal": goal, "verdict": verdict.word() }))
        })
        .collect();
    json!({
        "figures": figures, "wall": table(&taken.wall), "cpu": table(&taken.cpu),
        "load": load.document(),
    })
}

fn estimate(estimate: &Estimate) -> Value {
    json!({ "value": estimate.value, "low": estimate.low, "high": estimate.high })
}

fn ms(microseconds: f64) -> String {
    format!("{:.2}", microseconds / 1000.0)
}

/// What the program that takes samples can be asked for, and how many rounds are usual.
const SOURCES: [(&str, u64); 6] = [
    ("start", 200),
    ("phases", 50),
    ("build", 20),
    ("status", 40),
    ("fork", 40),
    ("checkpoint", 40),
];

#[cfg(test)]
mod tests {
    use super::*;

    fn taken(lines: &[(&str, f64)]) -> Taken {
        let mut taken = Taken::default();
        for (kind, wall) in lines {
            let line = json!({ "kind": kind, "wall_us": wall, "cpu_us": wall * 2.0 });
            taken.read(&line.to_string()).unwrap();
        }
        taken
    }

    #[test]
    fn a_figure_is_judged_by_the_ratio_of_medians() {
        let near = [("warm", 150.0), ("plain", 100.0), ("warm", 152.0), ("plain", 100.0)];
        let far = [("warm", 250.0), ("plain", 100.0), ("warm", 252.0), ("plain", 100.0)];
        let figure = FIGURES.iter().find(|figure| figure.name == "warm").unwrap();
        assert_eq!(figure.judge(&taken(&near)).word(), "met");
        assert_eq!(figure.judge(&taken(&far)).word(), "missed");
        assert_eq!(figure.judge(&Taken::default()).word(), "not measured");
    }

    #[test]
    fn an_absolute_goal_is_in_milliseconds() {
        let figure = FIGURES.iter().find(|figure| figure.name == "fork").unwrap();
        assert_eq!(figure.judge(&taken(&[("fork", 49_000.0)])).word(), "met");
        assert_eq!(figure.judge(&taken(&[("fork", 51_000.0)])).word(), "missed");
    }

    #[test]
    fn what_is_no_sample_is_refused() {
        for line in ["x", "{}", "{\"kind\":\"warm\"}", "{\"wall_us\":1}"] {
            assert!(Taken::default().read(line).is_err(), "{line}");
        }
        Taken::default().read("{\"skipped\":\"there is no cargo\"}").unwrap();
    }
}
