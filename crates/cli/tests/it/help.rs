// SPDX-License-Identifier: Apache-2.0
//! The help of every subcommand, as text that is reviewed.
//!
//! One file each in `tests/help/`, named after the subcommand. After a change that is
//! meant, `MOAT_WRITE_HELP=1 cargo nextest run --release -p moat-cli help` writes them
//! anew, and the difference is part of the review.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use crate::support::{Home, always, right};

#[test]
fn the_help_of_every_subcommand_is_what_was_reviewed() {
    let home = Home::new(always(right()));
    let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/help");
    let mut shown = BTreeMap::new();
    let mut waiting = vec![Vec::<String>::new()];
    while let Some(words) = waiting.pop() {
        let asked = [words.as_slice(), &["--help".to_owned()]].concat();
        let help = home.run(&asked).code(0).out.clone();
        for name in subcommands(&help) {
            waiting.push([words.as_slice(), &[name]].concat());
        }
        let name = [&["moat".to_owned()], words.as_slice()].concat().join("-");
        shown.insert(directory.join(format!("{name}.txt")), help);
    }
    assert!(shown.len() > 25, "{:?}", shown.keys());
    if std::env::var_os("MOAT_WRITE_HELP").is_some() {
        write(&directory, &shown);
    }
    let mut differ = Vec::new();
    for (path, help) in &shown {
        if fs::read_to_string(path).ok().as_ref() != Some(help) {
            differ.push(format!("{} differs; now it is\n{help}", path.display()));
        }
    }
    let stale = files(&directory).into_iter().filter(|path| !shown.contains_key(path));
    differ.extend(stale.map(|path| format!("{} is of no subcommand", path.display())));
    assert!(
        differ.is_empty(),
        "{}\nif that is meant: MOAT_WRITE_HELP=1 cargo nextest run --release -p moat-cli help",
        differ.join("\n")
    );
}

#[test]
fn what_ends_with_a_code_of_its_own_says_which() {
    let home = Home::new(always(right()));
    let with = [
        &[][..],
        &["exec"],
        &["session"],
        &["session", "keep"],
        &["session", "undo"],
        &["session", "run"],
        &["session", "rewind"],
        &["session", "commits"],
        &["session", "resume"],
        &["model", "pull"],
        &["model", "import"],
        &["log", "verify"],
        &["scan"],
    ];
    for words in with {
        let help = home.run(words.iter().chain(&["--help"])).code(0).out.clone();
        let codes = help.split_once("\nExit codes: ").map(|(_, codes)| codes);
        let codes = codes.unwrap_or_else(|| panic!("{words:?} names none:\n{help}"));
        assert!(codes.contains("2 bad input"), "{words:?}: {codes}");
    }
}

/// The names in the list of commands of a help.
fn subcommands(help: &str) -> Vec<String> {
    let lines = help.lines().skip_while(|line| *line != "Commands:").skip(1);
    let lines = lines.take_while(|line| !line.is_empty());
    // A description goes on in lines that are indented further.
    let names = lines.filter(|line| line.starts_with("  ") && !line.starts_with("   "));
    names.map(|line| line.split_whitespace().next().unwrap().to_owned()).collect()
}

fn files(directory: &Path) -> Vec<PathBuf> {
    fs::read_dir(directory).into_iter().flatten().flatten().map(|entry| entry.path()).collect()
}

fn write(directory: &Path, shown: &BTreeMap<PathBuf, String>) {
    fs::create_dir_all(directory).unwrap();
    for path in files(directory) {
        fs::remove_file(path).unwrap();
    }
    for (path, help) in shown {
        fs::write(path, help).unwrap();
    }
}
