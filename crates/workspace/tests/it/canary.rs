// SPDX-License-Identifier: Apache-2.0
//! Nothing that a repository names is run, whatever is asked of source control.
//!
//! Each attack has its control: the user's own git, on the same repository, runs it.

use std::os::unix::fs::PermissionsExt as _;
use std::path::PathBuf;

use moat_protocol::workspace::GitQuery;

use crate::support::{Scratch, path};

/// A way in which a repository has a program run.
struct Attack {
    name: &'static str,
    /// Plants it; `program` is the canary.
    plant: fn(&Scratch, program: &str),
    /// A command of the user's own git that runs it.
    control: &'static [&'static str],
}

const ATTACKS: &[Attack] = &[
    Attack {
        name: "core.fsmonitor",
        plant: |it, program| set(it, "core.fsmonitor", program),
        control: &["status"],
    },
    Attack {
        name: "core.hooksPath",
        plant: |it, program| {
            for hook in HOOKS {
                script(it, &format!("hooks/{hook}"), program);
            }
            set(it, "core.hooksPath", "hooks");
        },
        control: &["commit", "--allow-empty", "--message=x"],
    },
    Attack {
        name: ".git/hooks",
        plant: |it, program| {
            for hook in HOOKS {
                script(it, &format!(".git/hooks/{hook}"), program);
            }
        },
        control: &["commit", "--allow-empty", "--message=x"],
    },
    Attack {
        name: "filter.clean",
        plant: |it, program| {
            it.write(".git/info/attributes", "* filter=f\n");
            set(it, "filter.f.clean", program);
        },
        control: &["add", "--all"],
    },
    Attack {
        name: "filter.smudge",
        plant: |it, program| {
            it.write(".git/info/attributes", "* filter=f\n");
            set(it, "filter.f.smudge", program);
        },
        control: &["checkout", "--force", "other"],
    },
    Attack {
        name: "filter.process with an odd name",
        plant: |it, program| {
            it.write(".gitattributes", "* filter=a=b.c\n");
            set(it, "filter.a=b.c.process", program);
            set(it, "filter.a=b.c.required", "true");
        },
        control: &["-c", "x.y=z", "add", "--all"],
    },
    Attack {
        name: "an included file",
        plant: |it, program| {
            it.write(
                ".git/more",
                format!("[core]\n\tfsmonitor = {program}\n[filter \"f\"]\n\tclean = {program}\n"),
            );
            it.write(".gitattributes", "* filter=f\n");
            set(it, "include.path", "more");
        },
        control: &["status"],
    },
    Attack {
        name: "diff.external",
        plant: |it, program| set(it, "diff.external", program),
        control: &["diff"],
    },
    Attack {
        name: "diff.textconv",
        plant: |it, program| {
            it.write(".git/info/attributes", "* diff=d\n");
            set(it, "diff.d.textconv", program);
        },
        control: &["blame", "file"],
    },
    Attack {
        name: "diff.command",
        plant: |it, program| {
            it.write(".git/info/attributes", "* diff=d\n");
            set(it, "diff.d.command", program);
        },
        control: &["diff"],
    },
    Attack {
        name: "commit.gpgSign",
        plant: |it, program| {
            set(it, "commit.gpgSign", "true");
            set(it, "gpg.program", program);
        },
        control: &["commit", "--allow-empty", "--message=x"],
    },
    Attack {
        name: "gpg.ssh.defaultKeyCommand",
        plant: |it, program| {
            set(it, "commit.gpgSign", "true");
            set(it, "gpg.format", "ssh");
            set(it, "gpg.ssh.defaultKeyCommand", program);
        },
        control: &["commit", "--allow-empty", "--message=x"],
    },
    Attack {
        name: "log.showSignature",
        plant: |it, program| {
            signed_commit(it);
            set(it, "log.showSignature", "true");
            set(it, "gpg.program", program);
        },
        control: &["log"],
    },
    Attack {
        name: "core.editor",
        plant: |it, program| set(it, "core.editor", program),
        control: &["commit", "--allow-empty"],
    },
    Attack {
        name: "core.pager",
        plant: |it, program| set(it, "core.pager", program),
        control: &["--paginate", "log"],
    },
    Attack {
        name: "core.alternateRefsCommand",
        plant: |it, program| {
            it.git(&["clone", "--quiet", "--bare", ".", "../other.git"]);
            let objects = it.base.join("home/other.git/objects");
            it.write(".git/objects/info/alternates", format!("{}\n", objects.display()));
            set(it, "core.alternateRefsCommand", program);
        },
        control: &["rev-list", "--alternate-refs"],
    },
    Attack {
        name: "the promisor's transport",
        plant: |it, program| {
            set(it, "remote.origin.url", &format!("ext::{program}"));
            set(it, "remote.origin.promisor", "true");
            set(it, "protocol.ext.allow", "always");
            set(it, "core.repositoryFormatVersion", "1");
            set(it, "extensions.partialClone", "origin");
            remove_blob(it);
        },
        control: &["cat-file", "blob", "HEAD:file"],
    },
    Attack {
        name: "core.sshCommand",
        plant: |it, program| {
            set(it, "remote.origin.url", "ssh://host/x");
            set(it, "remote.origin.promisor", "true");
            set(it, "core.sshCommand", program);
            set(it, "core.repositoryFormatVersion", "1");
            set(it, "extensions.partialClone", "origin");
            remove_blob(it);
        },
        control: &["cat-file", "blob", "HEAD:file"],
    },
    Attack {
        name: "a submodule's configuration",
        plant: |it, program| {
            let module = it.root.join("module");
            std::fs::create_dir(&module).unwrap();
            let inside = |arguments: &[&str]| {
                let place = module.to_str().unwrap();
                it.git(&[&["-C", place][..], arguments].concat());
            };
            inside(&["init", "--quiet"]);
            inside(&["config", "user.name", "x"]);
            inside(&["config", "user.email", "x"]);
            inside(&["commit", "--quiet", "--allow-empty", "--message=x"]);
            it.write(
                ".gitmodules",
                "[submodule \"m\"]\n\tpath = module\n\turl = ./module\n\tignore = none\n",
            );
            it.git(&["add", "module", ".gitmodules"]);
            it.git(&["commit", "--quiet", "--message=module"]);
            inside(&["config", "core.fsmonitor", program]);
            set(it, "submodule.recurse", "true");
            set(it, "submodule.m.ignore", "none");
        },
        control: &["status"],
    },
    Attack {
        name: "the hook of another git in the tree",
        plant: |it, program| {
            for name in ["git", ".venv/bin/git", "node_modules/.bin/git"] {
                script(it, name, program);
            }
        },
        control: &["-c", "alias.x=!PATH=.:$PATH git status", "x"],
    },
];

const HOOKS: [&str; 8] = [
    "pre-commit",
    "prepare-commit-msg",
    "commit-msg",
    "post-commit",
    "post-checkout",
    "post-index-change",
    "reference-transaction",
    "pre-auto-gc",
];

fn set(scratch: &Scratch, key: &str, value: &str) {
    scratch.git(&["config", key, value]);
}

fn script(scratch: &Scratch, name: &str, program: &str) {
    scratch.write(name, format!("#!/bin/sh\nexec {program}\n"));
    let mode = PermissionsExt::from_mode(0o755);
    std::fs::set_permissions(scratch.root.join(name), mode).unwrap();
}

/// A commit that claims to be signed.
fn signed_commit(scratch: &Scratch) {
    let tree = scratch.git(&["rev-parse", "HEAD^{tree}"]);
    let parent = scratch.git(&["rev-parse", "HEAD"]);
    let commit = format!(
        "tree {}\nparent {}\nauthor A <a> 1 +0000\ncommitter A <a> 1 +0000\n\
         gpgsig -----BEGIN PGP SIGNATURE-----\n \n x\n -----END PGP SIGNATURE-----\n\nsigned\n",
        tree.trim(),
        parent.trim()
    );
    scratch.write(".git/signed", commit);
    let id = scratch.git(&["hash-object", "-t", "commit", "-w", ".git/signed"]);
    scratch.git(&["update-ref", "refs/heads/main", id.trim()]);
}

/// Removes the content of `file`, which a partial clone would fetch.
fn remove_blob(scratch: &Scratch) {
    let id = scratch.git(&["rev-parse", "HEAD:file"]);
    let id = id.trim();
    let place = scratch.root.join(format!(".git/objects/{}/{}", &id[..2], &id[2..]));
    std::fs::remove_file(place).unwrap();
}

/// A repository with the attack in it; gives the mark that the canary leaves.
fn planted(attack: &Attack) -> (Scratch, PathBuf) {
    let scratch = Scratch::new();
    scratch.repository(&["file", "second"]);
    scratch.git(&["branch", "--quiet", "other"]);
    scratch.git(&["switch", "--quiet", "other"]);
    scratch.write("file", "of the other\n");
    scratch.git(&["commit", "--quiet", "--all", "--message=other"]);
    scratch.git(&["switch", "--quiet", "main"]);
    // In the tree, where also a git in a sandbox that may write could leave it.
    let mark = scratch.root.join(".git/canary-fired");
    let program = scratch.root.join(".git/canary");
    let text = format!("#!/bin/sh\n: >'{}'\ncat 2>/dev/null\nexit 1\n", mark.display());
    std::fs::write(&program, text).unwrap();
    std::fs::set_permissions(&program, PermissionsExt::from_mode(0o755)).unwrap();
    (attack.plant)(&scratch, program.to_str().unwrap());
    scratch.write("second", "changed\n");
    (scratch, mark)
}

#[test]
fn no_canary_is_woken_and_each_is_by_plain_git() {
    for attack in ATTACKS {
        let (scratch, mark) = planted(attack);
        let mut control = std::process::Command::new("git");
        control.current_dir(&scratch.root).env("HOME", scratch.base.join("home"));
        control.args(attack.control).stdin(std::process::Stdio::null());
        let said = control.output().unwrap();
        assert!(mark.exists(), "{}: the control does not fire: {said:?}", attack.name);

        let (scratch, mark) = planted(attack);
        let open = scratch.open();
        for query in [
            GitQuery::Status,
            GitQuery::Original { path: path("file"), committed: true },
            GitQuery::Original { path: path("file"), committed: false },
            GitQuery::Blame { path: path("file") },
            GitQuery::Log { limit: 10, path: None },
            GitQuery::Log { limit: 10, path: Some(path("file")) },
            GitQuery::Branches,
            GitQuery::Stage { paths: vec![path("second")] },
            GitQuery::Unstage { paths: vec![path("second")] },
            GitQuery::Stage { paths: Vec::new() },
            GitQuery::Commit { message: "one".to_owned(), amend: false },
            GitQuery::Commit { message: "two".to_owned(), amend: true },
            GitQuery::Discard { paths: vec![path("second")] },
            GitQuery::Switch { branch: "other".to_owned(), create: false },
            GitQuery::Switch { branch: "fresh".to_owned(), create: true },
            GitQuery::Status,
        ] {
            // Some are refused, since they cannot be done without the program.
            let _answer = open.workspace.git(query.clone());
            assert!(!mark.exists(), "{}: {query:?} fires", attack.name);
        }
    }
}
