// SPDX-License-Identifier: Apache-2.0
//! Makes fresh repair tasks from right programs: `bench mutate --seed N`.
//!
//! For each program the kinds of mistake are tried in an order given by the
//! seed, at a place given by the seed, until a mutant builds, fails a visible
//! and a hidden check, ends in time, and does so twice. Nobody looks at the
//! mutants before they become tasks, so that a fresh seed is a fresh exam.
//!
//! Invariant: the same seed and programs give the same tasks.
//! Start at [`run`]; the mistakes themselves are in [`mistake`].

use std::path::Path;

use anyhow::{Context as _, bail};

use super::option::Options;
use super::place;
use super::random::Random;
use super::task::{self, Language, Task};
use super::trial::{Trial, Verdict};
use crate::door;

mod mistake;

use mistake::Mistake;

/// Mutants tried for one program before it is given up.
const ATTEMPTS_MAX: usize = 40;
/// Tasks made for each language unless told otherwise.
const PER_LANGUAGE: u64 = 3;

/// Runs `cargo xtask bench mutate`.
pub(super) fn run(arguments: &[String]) -> anyhow::Result<()> {
    let options = Options::read(arguments, &["seed", "out", "per-language", "programs"], &[])?;
    let seed = options.number("seed")?.context("`--seed N` is missing")?;
    let out = door::root().join(options.value("out").context("`--out DIR` is missing")?);
    let wanted = options.number("per-language")?.unwrap_or(PER_LANGUAGE);
    let from = door::root().join(options.value("programs").unwrap_or("bench/programs"));
    let programs = task::read_all(&from, "program.toml", "")?;
    for language in Language::ALL {
        let mut random = Random::new(seed);
        let mut chosen: Vec<&Task> =
            programs.iter().filter(|program| program.language == language).collect();
        random.shuffle(&mut chosen);
        let mut made = 0;
        for program in chosen {
            if made == wanted {
                break;
            }
            if let Some(mutant) = mutant(program, &mut random)? {
                write(program, &mutant, seed, &out)?;
                made += 1;
            }
        }
        if made < wanted {
            bail!("only {made} of {wanted} mutants in {}", language.name());
        }
    }
    Ok(())
}

/// A wrong version of one file.
struct Mutant {
    file: String,
    text: String,
    mistake: Mistake,
}

/// The first mutant of a program that makes a good task.
fn mutant(program: &Task, random: &mut Random) -> anyhow::Result<Option<Mutant>> {
    let mut places = Vec::new();
    for file in &program.mutate {
        let source = place::text(&program.path("work").join(file))?;
        for mistake in mistake::all(&source, program.language) {
            places.push((file, source.clone(), mistake));
        }
    }
    for _ in 0..ATTEMPTS_MAX {
        // The kind is drawn first, so that frequent kinds do not crowd out rare ones.
        let mut kinds: Vec<_> = places.iter().map(|(_, _, mistake)| mistake.kind).collect();
        kinds.dedup();
        kinds.sort_unstable();
        kinds.dedup();
        let Some(&kind) = kinds.get(random.below(kinds.len())) else { return Ok(None) };
        let of_kind: Vec<usize> = (0..places.len())
            .filter(|&index| places.get(index).is_some_and(|(_, _, mistake)| mistake.kind == kind))
            .collect();
        let Some(&index) = of_kind.get(random.below(of_kind.len())) else { return Ok(None) };
        let (file, source, mistake) = places.swap_remove(index);
        let mutant = Mutant { file: file.clone(), text: mistake.apply(&source), mistake };
        if is_good(program, &mutant)? {
            return Ok(Some(mutant));
        }
    }
    Ok(None)
}

/// Whether a mutant builds, and fails both checks, in time, twice.
fn is_good(program: &Task, mutant: &Mutant) -> anyhow::Result<bool> {
    let trial = Trial::new(program)?;
    place::write(&trial.work().join(&mutant.file), mutant.text.as_bytes())?;
    if trial.check(&build_line(program.language, &mutant.file))?.0 != Verdict::Pass {
        return Ok(false);
    }
    for _ in 0..2 {
        if trial.visible(program)?.0 != Verdict::Fail {
            return Ok(false);
        }
    }
    Ok(trial.hidden(program)?.0 == Verdict::Fail)
}

/// What shows that a file is still a program of its language.
fn build_line(language: Language, file: &str) -> String {
    match language {
        Language::Python => {
            format!("python3 -c 'compile(open(\"{file}\").read(), \"{file}\", \"exec\")'")
        }
        Language::Rust => "cargo test --offline --no-run".to_owned(),
        Language::JavaScript => format!("node --check {file}"),
        Language::C => format!("cc -std=c11 -fsyntax-only -Isrc {file}"),
    }
}

fn write(program: &Task, mutant: &Mutant, seed: u64, out: &Path) -> anyhow::Result<()> {
    let id = format!("{}-s{seed}", program.id);
    let directory = out.join(&id);
    place::copy_tree(&program.path("work"), &directory.join("work"))?;
    place::copy_tree(&program.path("hidden"), &directory.join("hidden"))?;
    let right = program.path("work").join(&mutant.file);
    place::copy_file(&right, &directory.join("solution").join(&mutant.file))?;
    place::write(&directory.join("work").join(&mutant.file), mutant.text.as_bytes())?;
    let kept: Vec<&str> = program.text.lines().filter(|line| !line.starts_with("mutate")).collect();
    let head =
        format!("id = \"{id}\"\norigin = \"mutator seed {seed}\"\nlicence = \"Apache-2.0\"\n");
    place::write(&directory.join("task.toml"), format!("{head}{}\n", kept.join("\n")).as_bytes())?;
    door::say(&format!("{id}: {} in {}", mutant.mistake.kind.name(), mutant.file));
    Ok(())
}
