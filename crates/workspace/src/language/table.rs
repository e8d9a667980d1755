// SPDX-License-Identifier: Apache-2.0
//! Which server knows which language, what it is started with, and where its program lies.
//!
//! Invariant: a program is found in the user's own directories and never in the workspace,
//! whatever path leads there; nothing of the workspace becomes a word of its command.

use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use moat_base::TreePath;
use serde_json::{Value, json};

/// A language server that is known.
#[derive(Debug)]
pub(super) struct Spec {
    /// Its name.
    pub(super) name: &'static str,
    /// The languages, as editors call them.
    pub(super) languages: &'static [&'static str],
    /// Its programs, the best first, each with its arguments.
    pub(super) programs: &'static [(&'static str, &'static [&'static str])],
    /// The command that installs it.
    pub(super) install: &'static str,
    /// What it is told when it starts.
    pub(super) options: fn() -> Value,
    /// Its settings, by the name of a section.
    pub(super) settings: fn(&str) -> Value,
}

/// A program that was found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Found {
    /// Where it lies.
    pub(super) program: PathBuf,
    /// Its arguments.
    pub(super) arguments: &'static [&'static str],
    /// Directories that it needs beside the system's.
    pub(super) reads: Vec<PathBuf>,
}

/// The servers, in the order in which they are asked.
pub(super) const TABLE: &[Spec] = &[
    Spec {
        name: "pyright",
        languages: &["python"],
        programs: &[
            ("basedpyright-langserver", &["--stdio"]),
            ("pyright-langserver", &["--stdio"]),
        ],
        install: "npm install --global basedpyright",
        options: || json!({}),
        settings: python,
    },
    Spec {
        name: "ruff",
        languages: &["python"],
        programs: &[("ruff", &["server"])],
        install: "pipx install ruff",
        options: || json!({}),
        settings: |_section| Value::Null,
    },
    Spec {
        name: "typescript-language-server",
        languages: &["typescript", "javascript"],
        programs: &[("typescript-language-server", &["--stdio"])],
        install: "npm install --global typescript-language-server typescript@5",
        options: || {
            json!({
                "hostInfo": "moat",
                // It would fetch packages with types, which nobody asked for.
                "disableAutomaticTypingAcquisition": true,
                // Another name is one everywhere, not an alias at the import.
                "preferences": { "providePrefixAndSuffixTextForRename": false },
                "tsserver": { "logVerbosity": "off", "useSyntaxServer": "never" },
            })
        },
        settings: |_section| Value::Null,
    },
    Spec {
        name: "clangd",
        languages: &["c", "cpp", "objective-c"],
        programs: &[(
            "clangd",
            &["--log=error", "--header-insertion=never", "--limit-results=200"],
        )],
        install: "apt-get install clangd",
        options: || json!({ "clangdFileStatus": false }),
        settings: |_section| Value::Null,
    },
    Spec {
        name: "rust-analyzer",
        languages: &["rust"],
        programs: &[("rust-analyzer", &[])],
        install: "rustup component add rust-analyzer",
        options: || json!({ "files": { "watcher": "server" } }),
        settings: |section| match section {
            "rust-analyzer" => json!({ "files": { "watcher": "server" } }),
            _ => Value::Null,
        },
    },
    Spec {
        name: "gopls",
        languages: &["go"],
        programs: &[("gopls", &[])],
        install: "go install golang.org/x/tools/gopls@latest",
        options: || json!({}),
        settings: |_section| Value::Null,
    },
];

fn python(section: &str) -> Value {
    let analysis = json!({
        "autoSearchPaths": true,
        "diagnosticMode": "openFilesOnly",
        "typeCheckingMode": "standard",
        "useLibraryCodeForTypes": true,
    });
    match section {
        "python" | "basedpyright" => json!({ "analysis": analysis }),
        "python.analysis" | "basedpyright.analysis" => analysis,
        _ => Value::Null,
    }
}

/// What a server calls the language of a file.
pub(super) fn language_id<'a>(language: &'a str, path: &TreePath) -> &'a str {
    match (language, path.extension()) {
        ("typescript", Some("tsx")) => "typescriptreact",
        ("javascript", Some("jsx")) => "javascriptreact",
        _ => language,
    }
}

/// Looks a server's program up.
pub(super) fn find(spec: &Spec, search: &[PathBuf], root: &Path) -> Option<Found> {
    spec.programs.iter().find_map(|(name, arguments)| {
        search.iter().find_map(|directory| {
            let (program, real) = program(directory, name, root)?;
            Some(Found { reads: reads(directory, &real), program, arguments })
        })
    })
}

/// The program of a directory, and what it really is.
fn program(directory: &Path, name: &str, root: &Path) -> Option<(PathBuf, PathBuf)> {
    let program = directory.join(name);
    let real = program.canonicalize().ok()?;
    let there = directory.canonicalize().ok()?;
    let outside = |path: &Path| path.is_absolute() && !path.starts_with(root);
    let file = real.metadata().ok()?;
    let runs = file.is_file() && file.permissions().mode() & 0o111 != 0;
    (runs && outside(directory) && outside(&there) && outside(&real)).then_some((program, real))
}

/// A package of npm needs those beside it; a link, the directory that it lies in.
fn reads(directory: &Path, real: &Path) -> Vec<PathBuf> {
    let packages = real.ancestors().filter(|it| it.ends_with("node_modules")).last();
    let parent = real.parent().filter(|parent| *parent != directory);
    let others = packages.or(parent);
    others.into_iter().chain([directory]).map(Path::to_owned).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_program_of_the_workspace_is_none() {
        let scratch = tempfile::tempdir().unwrap();
        let base = scratch.path().canonicalize().unwrap();
        let root = base.join("project");
        let make = |directory: &Path, mode: u32| {
            std::fs::create_dir_all(directory).unwrap();
            let place = directory.join("clangd");
            #[expect(clippy::disallowed_methods, reason = "a test makes programs")]
            let made = std::fs::File::create(&place).unwrap();
            made.set_permissions(std::fs::Permissions::from_mode(mode)).unwrap();
            place
        };
        let spec = TABLE.iter().find(|spec| spec.name == "clangd").unwrap();
        let inside = root.join("node_modules/.bin");
        let planted = make(&inside, 0o755);
        let linked = base.join("linked");
        std::fs::create_dir_all(&linked).unwrap();
        std::os::unix::fs::symlink(&planted, linked.join("clangd")).unwrap();
        let through = base.join("through");
        std::os::unix::fs::symlink(&inside, &through).unwrap();
        let plain = base.join("plain");
        make(&plain, 0o644);
        let wrong = [inside, linked, through, plain, base.join("none"), PathBuf::from(".")];
        assert_eq!(find(spec, &wrong, &root), None);
        let good = base.join("good");
        let there = make(&good, 0o755);
        let found = find(spec, &[wrong.as_slice(), &[good]].concat(), &root).unwrap();
        assert_eq!(found.program, there);
    }

    #[test]
    fn a_package_is_read_with_those_beside_it() {
        let real = Path::new("/x/lib/node_modules/a/node_modules/b/cli.js");
        let read = reads(Path::new("/x/bin"), real);
        assert_eq!(read, [Path::new("/x/lib/node_modules"), Path::new("/x/bin")]);
        let read = reads(Path::new("/y/bin"), Path::new("/y/bin/clangd"));
        assert_eq!(read, [Path::new("/y/bin")]);
    }
}
