// SPDX-License-Identifier: Apache-2.0
//! Source control of the user's tree.
//!
//! Git runs in a sandbox of Moat's without network and without the user's home, on the real
//! tree: read-only to look, with `.git` writable to stage and commit, and with all of it only
//! to switch a branch or to throw changes away. What a repository's configuration names to be
//! run is overruled by name (`command`), so nothing of a workspace runs because somebody
//! looked at it. What only a program of the repository's could do right, such as a filter of
//! large files, is refused and said.
//!
//! A repository is where `.git` is a directory of the workspace itself. A work tree whose
//! repository lies elsewhere has none here: it cannot be shown without showing what lies
//! there.
//!
//! Invariant: no program but git itself runs, and git is never looked up in a search path.

mod command;
mod identity;
mod line;
mod status;

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use moat_base::TreePath;
use moat_files::DirTree;
use moat_protocol::workspace::{GitQuery, GitReply, GitStatus, GitWhat};
use moat_sandbox::Writes;

use crate::desk::has_repository;
use crate::error::Error;
use crate::files::Files;
use crate::limits::{GIT_COMMITS_MAX, GIT_OUTPUT_BYTES_MAX, MESSAGE_BYTES_MAX, TEXT_BYTES_MAX};
use crate::settings::WorkspaceSettings;
use crate::text;
use command::{Program, Said};

/// Source control of one workspace.
#[derive(Debug)]
pub(crate) struct Git {
    program: Program,
    home: PathBuf,
    settings: WorkspaceSettings,
    tree: DirTree,
    files: Arc<Files>,
    /// What writes goes one after another, as git's own lock would have it.
    writing: Mutex<()>,
}

impl Git {
    pub(crate) fn new(settings: &WorkspaceSettings, root: &Path, files: Arc<Files>) -> Self {
        Self {
            program: Program::new(Arc::clone(&settings.launcher), root.to_owned()),
            home: settings.launcher.settings().home.clone(),
            settings: settings.clone(),
            tree: files.tree.clone(),
            files,
            writing: Mutex::new(()),
        }
    }

    pub(crate) fn answer(&self, query: GitQuery) -> Result<GitReply, Error> {
        if !has_repository(&self.tree) {
            return Ok(GitReply::NoRepository);
        }
        let one_at_a_time = || self.writing.lock().unwrap_or_else(PoisonError::into_inner);
        match query {
            GitQuery::Status => return self.status().map(GitReply::Status),
            GitQuery::Original { path, committed } => return self.original(&path, committed),
            GitQuery::Branches => return self.branches(),
            GitQuery::Blame { path } => return self.blame(&path),
            GitQuery::Log { limit, path } => return self.log(limit, path.as_ref()),
            GitQuery::Stage { paths } => {
                let _writing = one_at_a_time();
                self.stage(&paths)?;
            }
            GitQuery::Unstage { paths } => {
                let _writing = one_at_a_time();
                let arguments = ["reset", "--quiet"];
                self.on_paths(Writes::Store, &arguments, &paths)?;
            }
            GitQuery::Discard { paths } => {
                let _writing = one_at_a_time();
                self.discard(paths)?;
            }
            GitQuery::Commit { message, amend } => {
                let _writing = one_at_a_time();
                self.commit(&message, amend)?;
            }
            GitQuery::Switch { branch, create } => {
                let _writing = one_at_a_time();
                self.switch(&branch, create)?;
            }
        }
        self.status().map(GitReply::Done)
    }

    fn status(&self) -> Result<GitStatus, Error> {
        let arguments = [
            "status",
            "--porcelain=v2",
            "-z",
            "--branch",
            "--untracked-files=all",
            "--ignore-submodules=dirty",
            "--find-renames",
        ];
        let output = self.look(&arguments)?;
        Ok(status::parse(&output))
    }

    fn original(&self, path: &TreePath, committed: bool) -> Result<GitReply, Error> {
        let mut object = if committed { b"HEAD:".to_vec() } else { b":0:".to_vec() };
        object.extend_from_slice(path.as_bytes());
        let arguments = [b"cat-file".as_slice(), b"blob", &object];
        let said = self.program.run(Writes::Nothing, &arguments, Vec::new(), TEXT_BYTES_MAX)?;
        let text = if said.success { text::shown(&said.output) } else { None };
        Ok(GitReply::Original { text })
    }

    fn stage(&self, paths: &[TreePath]) -> Result<(), Error> {
        let staged = if paths.is_empty() {
            let changes = self.status()?.changes.into_iter();
            changes.filter_map(|it| it.unstaged.map(|_| it.path)).collect()
        } else {
            paths.to_vec()
        };
        self.refuse_filtered(&staged, "staged")?;
        self.on_paths(Writes::Store, &["add", "--all"], paths)
    }

    /// Throws away what is not staged. Untracked files go to the trash.
    fn discard(&self, paths: Vec<TreePath>) -> Result<(), Error> {
        if paths.is_empty() {
            return Ok(());
        }
        let changes = self.status()?.changes;
        let (untracked, tracked): (Vec<_>, Vec<_>) = paths.into_iter().partition(|path| {
            changes.iter().any(|it| it.path == *path && it.unstaged == Some(GitWhat::Untracked))
        });
        self.refuse_filtered(&tracked, "restored")?;
        for path in &untracked {
            self.files.delete(path)?;
        }
        if tracked.is_empty() {
            return Ok(());
        }
        let arguments = ["restore", "--worktree", "--no-recurse-submodules"];
        self.on_paths(Writes::Everything, &arguments, &tracked)
    }

    fn commit(&self, message: &str, amend: bool) -> Result<(), Error> {
        if message.len() > MESSAGE_BYTES_MAX {
            let limit_bytes = MESSAGE_BYTES_MAX as u64;
            return Err(Error::TooLong { what: "the message", limit_bytes });
        }
        if message.trim().is_empty() {
            return Err(Error::GitRefused {
                what: "a commit needs a message".to_owned(),
                hint: "say in a line what was changed and why",
            });
        }
        let own = self.program.settings()?;
        let known = |key: &str| own.iter().any(|(name, value)| name == key && !value.is_empty());
        let mut added = Vec::new();
        if !(known("user.name") && known("user.email")) {
            let user = identity::of_user(&self.settings, &self.home);
            let (Some(name), Some(address)) = (user.name, user.address) else {
                return Err(Error::GitRefused {
                    what: "git does not know your name and address".to_owned(),
                    hint: "run `git config --global user.name` and `user.email` in a terminal",
                });
            };
            for (key, value) in [("user.name", name), ("user.email", address)] {
                if !known(key) {
                    added.push((key.to_owned(), value));
                }
            }
        }
        let mut arguments = vec![
            "commit",
            "--quiet",
            "--no-verify",
            "--no-gpg-sign",
            "--cleanup=strip",
            "--file=-",
        ];
        if amend {
            arguments.push("--amend");
        }
        let arguments: Vec<&[u8]> = arguments.iter().map(|word| word.as_bytes()).collect();
        let input = message.as_bytes().to_vec();
        let said = self.program.run_with(
            Writes::Store,
            &arguments,
            input,
            GIT_OUTPUT_BYTES_MAX,
            &added,
        )?;
        done("commit", said).map(|_output| ())
    }

    fn branches(&self) -> Result<GitReply, Error> {
        let format = "--format=%(HEAD)%(refname:lstrip=2)";
        let output = self.look(&["for-each-ref", format, "refs/heads"])?;
        let text = String::from_utf8_lossy(&output);
        let (mut branches, mut current) = (Vec::new(), None);
        for line in text.lines() {
            let Some((mark, name)) = line.split_at_checked(1) else { continue };
            if mark == "*" {
                current = Some(name.to_owned());
            }
            branches.push(name.to_owned());
        }
        Ok(GitReply::Branches { branches, current })
    }

    fn switch(&self, branch: &str, create: bool) -> Result<(), Error> {
        let refuse = |what: String| Error::GitRefused {
            what,
            hint: "the list of branches has the names that there are",
        };
        // A word that begins with a dash would be an option.
        let checked = self.program.run(
            Writes::Nothing,
            &[b"check-ref-format", b"--branch", branch.as_bytes()],
            Vec::new(),
            GIT_OUTPUT_BYTES_MAX,
        )?;
        if branch.starts_with('-') || branch.starts_with('@') || !checked.success {
            return Err(refuse(format!(
                "`{}` is not a name of a branch",
                moat_base::visible(branch)
            )));
        }
        if !create {
            let GitReply::Branches { branches, .. } = self.branches()? else {
                return Err(refuse("the branches cannot be read".to_owned()));
            };
            if !branches.iter().any(|name| name == branch) {
                let shown = moat_base::visible(branch);
                return Err(refuse(format!("there is no branch `{shown}`")));
            }
            self.refuse_filtered(&self.tracked()?, "checked out")?;
        }
        let arguments = ["switch", "--quiet", "--no-guess", "--no-recurse-submodules"];
        let mut arguments: Vec<&[u8]> = arguments.iter().map(|word| word.as_bytes()).collect();
        if create {
            arguments.push(b"--create");
        }
        arguments.push(branch.as_bytes());
        let said =
            self.program.run(Writes::Everything, &arguments, Vec::new(), GIT_OUTPUT_BYTES_MAX)?;
        done("switch", said).map(|_output| ())
    }

    fn blame(&self, path: &TreePath) -> Result<GitReply, Error> {
        let arguments = [b"blame".as_slice(), b"--porcelain", b"--no-textconv", b"--"];
        let arguments: Vec<&[u8]> = arguments.into_iter().chain([path.as_bytes()]).collect();
        let said =
            self.program.run(Writes::Nothing, &arguments, Vec::new(), GIT_OUTPUT_BYTES_MAX)?;
        let output = done("blame", said)?;
        Ok(GitReply::Blame { blame: line::blame(&output) })
    }

    fn log(&self, limit: u32, path: Option<&TreePath>) -> Result<GitReply, Error> {
        let head = self.program.run(
            Writes::Nothing,
            &[b"rev-parse", b"--verify", b"--quiet", b"HEAD"],
            Vec::new(),
            GIT_OUTPUT_BYTES_MAX,
        )?;
        if !head.success {
            return Ok(GitReply::Log { commits: Vec::new() });
        }
        let most = format!("--max-count={}", limit.min(GIT_COMMITS_MAX));
        let mut arguments: Vec<&[u8]> = vec![
            b"log",
            b"-z",
            b"--no-show-signature",
            b"--encoding=UTF-8",
            line::FORMAT.as_bytes(),
            most.as_bytes(),
        ];
        if let Some(path) = path {
            arguments.extend([b"--follow".as_slice(), b"--no-ext-diff", b"--no-textconv"]);
            arguments.extend([b"--".as_slice(), path.as_bytes()]);
        }
        let said =
            self.program.run(Writes::Nothing, &arguments, Vec::new(), GIT_OUTPUT_BYTES_MAX)?;
        let output = done("log", said)?;
        Ok(GitReply::Log { commits: line::commits(&output) })
    }

    fn tracked(&self) -> Result<Vec<TreePath>, Error> {
        let output = self.look(&["ls-files", "-z"])?;
        let paths = output.split(|byte| *byte == 0).filter(|path| !path.is_empty());
        Ok(paths.filter_map(|path| TreePath::from_bytes(path).ok()).collect())
    }

    /// Refuses what goes through a filter: without it, what is stored or written would be
    /// something else than what the repository means.
    fn refuse_filtered(&self, paths: &[TreePath], what: &str) -> Result<(), Error> {
        if paths.is_empty() {
            return Ok(());
        }
        let arguments = [b"check-attr".as_slice(), b"-z", b"--stdin", b"filter"];
        let said =
            self.program.run(Writes::Nothing, &arguments, listed(paths), GIT_OUTPUT_BYTES_MAX)?;
        let output = done("check-attr", said)?;
        let fields: Vec<&[u8]> = output.split(|byte| *byte == 0).collect();
        for record in fields.chunks_exact(3) {
            let [path, _attribute, value] = record else { continue };
            if !matches!(*value, b"unspecified" | b"unset" | b"set") {
                let (path, filter) = (moat_base::escape(path), moat_base::escape(value));
                return Err(Error::GitRefused {
                    what: format!(
                        "`{path}` cannot be {what} here: it goes through the filter `{filter}`, \
                         a program that Moat does not run"
                    ),
                    hint: "use git in a terminal for this",
                });
            }
        }
        Ok(())
    }

    /// Runs a command on some paths; on everything where there are none.
    fn on_paths(
        &self,
        writes: Writes,
        arguments: &[&str],
        paths: &[TreePath],
    ) -> Result<(), Error> {
        let mut words: Vec<&[u8]> = arguments.iter().map(|word| word.as_bytes()).collect();
        if !paths.is_empty() {
            words.extend([b"--pathspec-from-file=-".as_slice(), b"--pathspec-file-nul"]);
        }
        let said = self.program.run(writes, &words, listed(paths), GIT_OUTPUT_BYTES_MAX)?;
        done(arguments.first().copied().unwrap_or_default(), said).map(|_output| ())
    }

    fn look(&self, arguments: &[&str]) -> Result<Vec<u8>, Error> {
        let words: Vec<&[u8]> = arguments.iter().map(|word| word.as_bytes()).collect();
        let said = self.program.run(Writes::Nothing, &words, Vec::new(), GIT_OUTPUT_BYTES_MAX)?;
        done(arguments.first().copied().unwrap_or_default(), said)
    }
}

/// Paths as git reads them from its standard input.
fn listed(paths: &[TreePath]) -> Vec<u8> {
    let mut input = Vec::new();
    for path in paths {
        input.extend_from_slice(path.as_bytes());
        input.push(0);
    }
    input
}

/// What git printed, when it succeeded.
fn done(what: &str, said: Said) -> Result<Vec<u8>, Error> {
    if said.success {
        return Ok(said.output);
    }
    Err(Error::Git { what: what.to_owned(), why: said.words })
}
