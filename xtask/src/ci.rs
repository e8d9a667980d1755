// SPDX-License-Identifier: Apache-2.0
//! The steps of continuous integration, the same on every machine.
//!
//! Cheap steps come first, so that a mistake in the house rules is known in
//! seconds. All steps use the release profile and `--locked`: there is one
//! profile, so llama.cpp is compiled once for all of them.
//!
//! Invariant: a step that did not run is never reported as passed.

use anyhow::Context as _;

use crate::{door, tidy, types, web};

/// One step: a name, what it runs, and variables it sets.
struct Step {
    name: &'static str,
    work: Work,
    /// What the step leaves out, said each time; empty when it leaves out nothing.
    left_out: &'static str,
}

enum Work {
    Tidy,
    Types,
    Web,
    Cargo { arguments: &'static [&'static str], variables: &'static [(&'static str, &'static str)] },
}

/// Runs the named steps, or all of them in order when none is named.
///
/// # Errors
/// When a name is unknown, or a step failed; later steps then did not run.
pub(crate) fn run(names: &[&str]) -> anyhow::Result<()> {
    let chosen = choose(names)?;
    for step in chosen {
        let (outcome, time) = door::timed(|| step.run());
        let verdict = if outcome.is_ok() { "ok" } else { "FAILED" };
        door::say(&format!("ci: {:<8} {verdict} ({:.1} s)", step.name, time.as_secs_f64()));
        if !step.left_out.is_empty() {
            door::say(&format!("ci: {:<8} left out: {}", step.name, step.left_out));
        }
        outcome.with_context(|| format!("step `{}` failed", step.name))?;
    }
    Ok(())
}

fn choose(names: &[&str]) -> anyhow::Result<Vec<&'static Step>> {
    if names.is_empty() {
        return Ok(STEPS.iter().collect());
    }
    names
        .iter()
        .map(|name| {
            STEPS.iter().find(|step| step.name == *name).with_context(|| {
                let known: Vec<_> = STEPS.iter().map(|step| step.name).collect();
                format!("no step is called `{name}`; there are: {}", known.join(", "))
            })
        })
        .collect()
}

impl Step {
    fn run(&self) -> anyhow::Result<()> {
        match &self.work {
            Work::Tidy => tidy::run(),
            Work::Types => types::check(),
            Work::Web => web::run(),
            Work::Cargo { arguments, variables } => {
                let status = door::command(door::cargo(), &door::root())
                    .args(*arguments)
                    .envs(variables.iter().copied())
                    .status()
                    .context("could not start cargo")?;
                anyhow::ensure!(status.success(), "`cargo {}`: {status}", arguments.join(" "));
                Ok(())
            }
        }
    }
}

const STEPS: &[Step] = &[
    Step {
        name: "fmt",
        work: Work::Cargo { arguments: &["fmt", "--all", "--check"], variables: &[] },
        left_out: "",
    },
    Step { name: "tidy", work: Work::Tidy, left_out: "" },
    Step { name: "types", work: Work::Types, left_out: "" },
    Step {
        name: "clippy",
        work: Work::Cargo {
            arguments: &[
                "clippy",
                "--workspace",
                "--all-targets",
                "--release",
                "--locked",
                "--",
                "-D",
                "warnings",
            ],
            variables: &[],
        },
        left_out: "",
    },
    Step {
        name: "test",
        work: Work::Cargo {
            arguments: &["nextest", "run", "--workspace", "--release", "--locked"],
            variables: &[],
        },
        left_out: "",
    },
    Step { name: "web", work: Work::Web, left_out: "" },
    Step {
        name: "doctest",
        work: Work::Cargo {
            arguments: &["test", "--doc", "--workspace", "--release", "--locked"],
            variables: &[],
        },
        left_out: "",
    },
    Step {
        name: "doc",
        work: Work::Cargo {
            arguments: &["doc", "--workspace", "--no-deps", "--release", "--locked"],
            variables: &[("RUSTDOCFLAGS", "-D warnings")],
        },
        left_out: "",
    },
    Step {
        name: "deny",
        work: Work::Cargo {
            arguments: &[
                "deny",
                "--locked",
                "check",
                "--hide-inclusion-graph",
                "licenses",
                "bans",
                "sources",
            ],
            variables: &[],
        },
        left_out: "advisories, because their database comes from the network",
    },
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn steps_are_found_by_name_and_unknown_ones_are_refused() {
        let names = |steps: Vec<&Step>| steps.iter().map(|step| step.name).collect::<Vec<_>>();
        assert_eq!(
            names(choose(&[]).unwrap()),
            ["fmt", "tidy", "types", "clippy", "test", "web", "doctest", "doc", "deny"]
        );
        assert_eq!(names(choose(&["doc", "fmt"]).unwrap()), ["doc", "fmt"]);
        assert!(choose(&["fmt", "nothing"]).is_err());
    }

    #[test]
    fn every_step_that_resolves_dependencies_is_locked_and_uses_one_profile() {
        for step in STEPS {
            let Work::Cargo { arguments, .. } = &step.work else {
                continue;
            };
            if step.name != "fmt" {
                assert!(arguments.contains(&"--locked"), "{}", step.name);
            }
            if !["fmt", "deny"].contains(&step.name) {
                assert!(arguments.contains(&"--release"), "{}", step.name);
            }
        }
    }
}
