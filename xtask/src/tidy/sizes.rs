// SPDX-License-Identifier: Apache-2.0
//! Ceilings for files, crates, interfaces and enums.
//!
//! Large units grow because nobody stops them, one line at a time; the ceiling
//! makes the split a decision of the day it is due. The length of functions is
//! measured by `clippy`; here only its threshold is held.
//!
//! Invariant: an exception is listed here by name, and the list may only shrink.

use std::collections::BTreeMap;

use super::Finding;
use super::source::Scope;
use super::tree::{Tree, line_of};

const FILE_LINES_MAX: usize = 600;
const TEST_FILE_LINES_MAX: usize = 1000;
const FUNCTION_LINES_MAX: usize = 70;
const CRATE_LINES_MAX: usize = 10_000;
/// Crates that may be larger, and how large; the list may only shrink. The sandbox's next
/// part to go is what it stands on and what that means (`footing`, `confinement`).
const LARGER_CRATES: &[(&str, usize)] = &[("sandbox", 10_300)];
/// How far above its crate an exception's ceiling may stand. What has become smaller may
/// not grow back, so the ceiling follows it down.
const SLACK_LINES_MAX: usize = 300;
const EXPORTS_MAX: usize = 60;
const OP_VARIANTS_MAX: usize = 25;
const EVENT_VARIANTS_MAX: usize = 40;
const BLOB_BYTES_MAX: usize = 512 * 1024;

/// Files above the ceiling. May only shrink.
const LONG_FILES: &[&str] = &[];

/// Finds files above the ceiling for their kind, and exceptions that are not needed.
pub(super) fn files(tree: &Tree) -> Vec<Finding> {
    files_but(tree, LONG_FILES)
}

fn files_but(tree: &Tree, exceptions: &[&str]) -> Vec<Finding> {
    let mut findings = Vec::new();
    let gone = |path: &&&str| !tree.rust().iter().any(|file| file.path == **path);
    for path in exceptions.iter().filter(gone) {
        findings.push(stale((*path).to_owned(), "`LONG_FILES` lists it, and it is not there"));
    }
    for file in tree.rust() {
        let (lines, ceiling, kind) = match file.scope {
            Scope::Shipped => (file.lines - file.source.test_lines(), FILE_LINES_MAX, "lines"),
            Scope::Test => (file.lines, TEST_FILE_LINES_MAX, "lines of tests"),
        };
        let listed = exceptions.contains(&file.path.as_str());
        if lines > ceiling && !listed {
            findings.push(Finding {
                path: file.path.clone(),
                line: ceiling + 1,
                what: format!("{lines} {kind}, the ceiling is {ceiling}"),
                why: "long files are where unrelated things meet",
                fix: "split it along its nouns into `name.rs` and `name/part.rs`",
            });
        }
        if lines <= ceiling && listed {
            findings.push(stale(file.path.clone(), "`LONG_FILES` lists it without need"));
        }
    }
    findings
}

/// Finds crates above the ceiling, and exceptions that are wider than they have to be.
pub(super) fn crates(tree: &Tree) -> Vec<Finding> {
    crates_but(tree, LARGER_CRATES)
}

fn crates_but(tree: &Tree, exceptions: &[(&str, usize)]) -> Vec<Finding> {
    let mut lines: BTreeMap<&str, usize> = BTreeMap::new();
    for file in tree.rust().iter().filter(|file| file.scope == Scope::Shipped) {
        *lines.entry(&file.package).or_default() += file.lines - file.source.test_lines();
    }
    let gone = |(name, _ceiling): &&(&str, usize)| !lines.contains_key(*name);
    let mut findings: Vec<Finding> = exceptions
        .iter()
        .filter(gone)
        .map(|(name, _ceiling)| {
            stale(format!("crates/{name}"), "`LARGER_CRATES` lists it, and it is not there")
        })
        .collect();
    for package in tree.packages() {
        let Some(&lines) = lines.get(package.name.as_str()) else { continue };
        let listed = exceptions.iter().find(|(name, _ceiling)| *name == package.name);
        let ceiling = listed.map_or(CRATE_LINES_MAX, |(_name, ceiling)| *ceiling);
        let path = format!("{}/Cargo.toml", package.dir);
        if lines > ceiling {
            findings.push(Finding {
                path,
                line: 1,
                what: format!("{lines} lines, the ceiling is {ceiling}"),
                why: "a crate that swallows its neighbours cannot be reviewed",
                fix: "split it along the layers and change the table of edges",
            });
        } else if listed.is_some() && lines <= CRATE_LINES_MAX {
            findings.push(stale(path, "`LARGER_CRATES` lists it without need"));
        } else if listed.is_some() && ceiling - lines > SLACK_LINES_MAX {
            let what = format!("{lines} lines, and `LARGER_CRATES` lets it have {ceiling}");
            findings.push(stale(path, &what));
        }
    }
    findings
}

/// An exception that has outlived its reason.
fn stale(path: String, what: &str) -> Finding {
    Finding {
        path,
        line: 1,
        what: what.to_owned(),
        why: "the list may only shrink",
        fix: "correct the list in `xtask/src/tidy/sizes.rs`",
    }
}

/// Finds crate roots that export too much, or something that cannot be counted.
pub(super) fn exports(tree: &Tree) -> Vec<Finding> {
    let mut findings = Vec::new();
    for file in roots_of(tree) {
        let exports = &file.source.exports;
        if let Some(glob) = exports.iter().find(|found| found.text.ends_with('*')) {
            findings.push(Finding {
                path: file.path.clone(),
                line: glob.line,
                what: format!("`pub use {}`", glob.text),
                why: "an interface that nobody wrote down is one that nobody keeps",
                fix: "name what is exported",
            });
        }
        if exports.len() > EXPORTS_MAX {
            findings.push(Finding {
                path: file.path.clone(),
                line: 1,
                what: format!("{} public items, the ceiling is {EXPORTS_MAX}", exports.len()),
                why: "a wide interface cannot be held stable",
                fix: "keep what callers use and make the rest private",
            });
        }
    }
    findings
}

/// Finds code in `lib.rs`, which holds documentation, modules and exports only.
pub(super) fn roots(tree: &Tree) -> Vec<Finding> {
    let mut findings = Vec::new();
    for file in roots_of(tree) {
        for body in &file.source.bodies {
            findings.push(Finding {
                path: file.path.clone(),
                line: body.line,
                what: "an item is defined in the crate root".to_owned(),
                why: "the root is the crate's map",
                fix: "move it into a module and export it",
            });
        }
    }
    findings
}

/// Finds an `Op` or `Event` of the protocol with too many variants.
pub(super) fn enums(tree: &Tree) -> Vec<Finding> {
    let mut findings = Vec::new();
    for file in tree.rust().iter().filter(|file| file.package == "protocol") {
        for found in &file.source.enums {
            let ceiling = match found.name.as_str() {
                "Op" => OP_VARIANTS_MAX,
                "Event" => EVENT_VARIANTS_MAX,
                _ => continue,
            };
            if found.variants > ceiling {
                findings.push(Finding {
                    path: file.path.clone(),
                    line: found.line,
                    what: format!(
                        "`{}` has {} variants, the ceiling is {ceiling}",
                        found.name, found.variants
                    ),
                    why: "every front end has to know every variant",
                    fix: "merge variants that differ in a field only",
                });
            }
        }
    }
    findings
}

/// Finds a `clippy.toml` that allows longer functions.
pub(super) fn functions(tree: &Tree) -> Vec<Finding> {
    let text = tree.text("clippy.toml").unwrap_or_default();
    let wanted = format!("too-many-lines-threshold = {FUNCTION_LINES_MAX}");
    if text.lines().any(|line| line.trim() == wanted) {
        return Vec::new();
    }
    vec![Finding {
        path: "clippy.toml".to_owned(),
        line: line_of(text, "too-many-lines-threshold"),
        what: format!("does not say `{wanted}`"),
        why: "`clippy` measures functions by this line",
        fix: "put it back",
    }]
}

/// Finds files too large to belong into a repository of source code.
pub(super) fn blobs(tree: &Tree) -> Vec<Finding> {
    tree.files()
        .filter(|(_, bytes)| bytes.len() > BLOB_BYTES_MAX)
        .map(|(path, bytes)| Finding {
            path: path.to_owned(),
            line: 1,
            what: format!("{} bytes, the ceiling is {BLOB_BYTES_MAX}", bytes.len()),
            why: "a blob stays in every clone for ever",
            fix: "generate it, or fetch it by its digest when it is needed",
        })
        .collect()
}

fn roots_of(tree: &Tree) -> impl Iterator<Item = &super::tree::RustFile> {
    tree.rust().iter().filter(|file| file.path == format!("crates/{}/src/lib.rs", file.package))
}

#[cfg(test)]
mod tests {
    use super::super::tests::{check, tree};
    use super::*;

    const MANIFEST: (&str, &str) = ("crates/a/Cargo.toml", "[package]");

    #[test]
    fn a_file_over_the_ceiling_is_found_and_its_tests_do_not_count() {
        let run = |path: &str, text: &str| check(files, &[MANIFEST, (path, text)]);
        assert_eq!(
            run("crates/a/src/x.rs", &"\n".repeat(601)),
            ["crates/a/src/x.rs:601: 601 lines, the ceiling is 600"]
        );
        assert!(run("crates/a/src/x.rs", &"\n".repeat(600)).is_empty());
        let tests = "#[cfg(test)]\nmod tests {\n\n\n}\n";
        assert!(run("crates/a/src/x.rs", &format!("{}{tests}", "\n".repeat(599))).is_empty());
        assert!(run("crates/a/tests/it/x.rs", &"\n".repeat(1000)).is_empty());
        assert_eq!(run("crates/a/tests/it/x.rs", &"\n".repeat(1001)).len(), 1);
    }

    #[test]
    fn a_crate_over_the_ceiling_is_found() {
        let usual = |tree: &Tree| crates_but(tree, &[]);
        let (long, rest) = ("\n".repeat(10_000), ("crates/a/src/y.rs", "\n"));
        let x = ("crates/a/src/x.rs", long.as_str());
        assert_eq!(
            check(usual, &[MANIFEST, x, rest]),
            ["crates/a/Cargo.toml:1: 10001 lines, the ceiling is 10000"]
        );
        assert!(check(usual, &[MANIFEST, x]).is_empty());
        let test = ("crates/a/tests/it/y.rs", "\n");
        assert!(check(usual, &[MANIFEST, x, test]).is_empty());
    }

    #[test]
    fn an_exception_for_a_file_holds_as_long_as_it_is_needed() {
        let path = "crates/a/src/x.rs";
        let run = |lines: usize, listed: &'static [&'static str]| {
            let text = "\n".repeat(lines);
            let tree = tree(&[MANIFEST, (path, &text)]);
            files_but(&tree, listed).into_iter().map(|found| found.what).collect::<Vec<_>>()
        };
        assert_eq!(run(601, &[]), ["601 lines, the ceiling is 600"]);
        assert!(run(601, &["crates/a/src/x.rs"]).is_empty());
        assert_eq!(
            run(600, &["crates/a/src/x.rs"]),
            ["`LONG_FILES` lists it without need"],
            "it stays although it is not needed"
        );
        assert_eq!(
            run(1, &["crates/a/src/gone.rs"]),
            ["`LONG_FILES` lists it, and it is not there"]
        );
    }

    #[test]
    fn an_exception_for_a_crate_holds_for_its_size_and_follows_it_down() {
        let run = |lines: usize, listed: &[(&str, usize)]| {
            let text = "\n".repeat(lines);
            let tree = tree(&[MANIFEST, ("crates/a/src/x.rs", &text)]);
            crates_but(&tree, listed).into_iter().map(|found| found.what).collect::<Vec<_>>()
        };
        let listed = [("a", 11_000)];
        assert_eq!(run(11_000, &[]), ["11000 lines, the ceiling is 10000"]);
        assert!(run(11_000, &listed).is_empty());
        assert_eq!(run(11_001, &listed), ["11001 lines, the ceiling is 11000"]);
        assert!(run(10_700, &listed).is_empty());
        assert_eq!(run(10_699, &listed), ["10699 lines, and `LARGER_CRATES` lets it have 11000"]);
        assert_eq!(run(10_000, &listed), ["`LARGER_CRATES` lists it without need"]);
        assert_eq!(run(1, &[("b", 11_000)]), ["`LARGER_CRATES` lists it, and it is not there"]);
        // Another crate is none of the exception's business.
        assert_eq!(run(11_000, &[("b", 11_000)]).len(), 2);
    }

    #[test]
    fn too_many_exports_and_a_glob_are_found() {
        let run = |text: &str| check(exports, &[MANIFEST, ("crates/a/src/lib.rs", text)]);
        let names = |count: usize| {
            let names: Vec<_> = (0..count).map(|n| format!("N{n}")).collect();
            format!("mod m;\npub use m::{{{}}};", names.join(", "))
        };
        assert_eq!(run(&names(61)), ["crates/a/src/lib.rs:1: 61 public items, the ceiling is 60"]);
        assert!(run(&names(60)).is_empty());
        assert_eq!(run("mod m;\npub use m::*;"), ["crates/a/src/lib.rs:2: `pub use m::*`"]);
        assert!(run("mod m;\nuse m::*;").is_empty());
    }

    #[test]
    fn code_in_the_crate_root_is_found() {
        let run = |path: &str, text: &str| check(roots, &[MANIFEST, (path, text)]);
        for text in ["\npub fn f() {}", "\nmod m { fn f() {} }", "\npub struct A;"] {
            assert_eq!(
                run("crates/a/src/lib.rs", text),
                ["crates/a/src/lib.rs:2: an item is defined in the crate root"]
            );
        }
        assert!(run("crates/a/src/lib.rs", "//! Doc.\nmod m;\npub use m::A;").is_empty());
        assert!(run("crates/a/src/m.rs", "pub fn f() {}").is_empty());
    }

    #[test]
    fn an_enum_of_the_protocol_over_its_ceiling_is_found() {
        let run = |name: &str, count: usize, package: &str| {
            let variants: Vec<_> = (0..count).map(|n| format!("V{n}")).collect();
            let text = format!("\nenum {name} {{ {} }}", variants.join(", "));
            let manifest = format!("crates/{package}/Cargo.toml");
            let path = format!("crates/{package}/src/x.rs");
            check(enums, &[(&manifest, "[package]"), (&path, &text)])
        };
        assert_eq!(
            run("Op", 26, "protocol"),
            ["crates/protocol/src/x.rs:2: `Op` has 26 variants, the ceiling is 25"]
        );
        assert_eq!(run("Event", 41, "protocol").len(), 1);
        for (name, count, package) in [
            ("Op", 25, "protocol"),
            ("Event", 40, "protocol"),
            ("Opcode", 99, "protocol"),
            ("Op", 26, "index"),
        ] {
            assert!(run(name, count, package).is_empty(), "{name} {count} {package}");
        }
    }

    #[test]
    fn a_raised_threshold_for_functions_is_found() {
        let run = |text: &str| check(functions, &[("clippy.toml", text)]);
        assert_eq!(
            run("a = 1\ntoo-many-lines-threshold = 700"),
            ["clippy.toml:2: does not say `too-many-lines-threshold = 70`"]
        );
        assert!(run("a = 1\ntoo-many-lines-threshold = 70\n").is_empty());
    }

    #[test]
    fn a_blob_is_found() {
        let run = |bytes: usize| check(blobs, &[("docs/x.svg", &"x".repeat(bytes))]);
        assert_eq!(run(524_289), ["docs/x.svg:1: 524289 bytes, the ceiling is 524288"]);
        assert!(run(524_288).is_empty());
    }
}
