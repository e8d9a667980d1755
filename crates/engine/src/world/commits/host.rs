// SPDX-License-Identifier: Apache-2.0
//! The user's repository: read and checked against without any right to write, and then
//! written with the least.
//!
//! Invariant: bytes of a session are parsed by a git that reads no configuration of either
//! side, and that can write nothing but scratch files or, once they were found good,
//! the user's `objects`. What moves refs never sees them.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use moat_base::Hint;
use moat_protocol::{BranchRefusal, Commit, TakenBranch};
use moat_sandbox::{Error, Files, Launcher, Plan, Sandbox};

use super::git::{Git, listed};
use super::name;
use super::refs::{Format, Refs, line};
use crate::limits::{COMMIT_SUBJECT_COLUMNS_MAX, COMMITS_SHOWN_MAX, GIT_LIST_BYTES_MAX};
use crate::world::{Setback, StopFlag};

/// A repository without a configuration, in a private place of the sandbox.
const SCRATCH: &str = "/var/tmp/moat.git";

/// The user's repository, read-only.
#[derive(Debug)]
pub(super) struct Host<'a> {
    launcher: &'a Launcher,
    stop: &'a StopFlag,
    git_dir: PathBuf,
    sandbox: Sandbox,
    pub(super) format: Format,
    pub(super) refs: Refs,
}

/// What the commits of a branch are, once they were checked.
#[derive(Debug)]
pub(super) struct Extent {
    pub(super) commits: u64,
    pub(super) objects: u64,
}

/// Whether what was received is whole.
#[derive(Debug)]
pub(super) enum Checked {
    /// It is, and this is how much.
    Whole(Extent),
    /// It is not, and why.
    Broken(String),
}

impl<'a> Host<'a> {
    /// Opens the repository at `.git` of a workspace.
    ///
    /// # Errors
    /// [`Setback::Failed`] when there is none, it lies elsewhere, or it cannot be read.
    pub(super) fn open(
        launcher: &'a Launcher,
        stop: &'a StopFlag,
        workspace: &Path,
    ) -> Result<Self, Setback> {
        let git_dir = workspace.join(".git");
        let sandbox = start(launcher, &git_dir, Files::ReadOnly)?;
        let (format, refs) = (Format::Sha1, Refs::default());
        let mut host = Self { launcher, stop, git_dir, sandbox, format, refs };
        let format = host.own().must(&["rev-parse", "--show-object-format"], Vec::new(), 100)?;
        host.format = match format.trim_ascii() {
            b"sha1" => Format::Sha1,
            b"sha256" => Format::Sha256,
            _ => return Err(Setback::of(&HostError::Format)),
        };
        host.refs = Refs::read(&host.own(), host.format)?;
        let init = ["init", "--quiet", "--bare", "--template=", host.format.argument(), SCRATCH];
        host.checking().must(&init, Vec::new(), GIT_LIST_BYTES_MAX)?;
        Ok(host)
    }

    /// Reads a pack into the scratch repository, and with it every object's form. The
    /// user's objects are there to be referred to.
    pub(super) fn receive(&self, pack: Vec<u8>) -> Result<Result<(), String>, Setback> {
        let said = self.checking().run(&INDEX, pack, GIT_LIST_BYTES_MAX)?;
        Ok(if said.success { Ok(()) } else { Err(said.words) })
    }

    /// Walks everything that a commit leads to and that the user does not have.
    pub(super) fn check(&self, tip: &str) -> Result<Checked, Setback> {
        let git = self.checking();
        let kind = git.must(&["cat-file", "--batch-check=%(objecttype)"], line(tip), 1000)?;
        if kind.trim_ascii() != b"commit" {
            return Ok(Checked::Broken("it does not lead to a commit that was received".into()));
        }
        let count = |extra: &[&str]| -> Result<Result<u64, String>, Setback> {
            let arguments = [&["rev-list", "--count", "--stdin"], extra].concat();
            let said = git.run(&arguments, self.beyond(tip, &self.refs.ids()), 1000)?;
            let number = str::from_utf8(said.output.trim_ascii()).ok();
            Ok(match number.and_then(|text| text.parse().ok()) {
                Some(number) if said.success => Ok(number),
                Some(_) | None => Err(said.words),
            })
        };
        Ok(match (count(&[])?, count(&["--objects"])?) {
            (Ok(commits), Ok(objects)) => Checked::Whole(Extent { commits, objects }),
            (Err(words), _) | (_, Err(words)) => Checked::Broken(words),
        })
    }

    /// The newest commits that the user does not have.
    pub(super) fn newest(&self, tip: &str) -> Result<Vec<Commit>, Setback> {
        let most = format!("--max-count={COMMITS_SHOWN_MAX}");
        let (name, subject) = (COMMIT_SUBJECT_COLUMNS_MAX / 2, COMMIT_SUBJECT_COLUMNS_MAX);
        let form = format!(
            "--format=%H%x00%<({name},trunc)%an%x00%<({name},trunc)%ae%x00%<({subject},trunc)%s%x00"
        );
        let arguments =
            ["rev-list", "--stdin", "--no-commit-header", "--encoding=UTF-8", &most, &form];
        let input = self.beyond(tip, &self.refs.ids());
        let output = self.checking().must(&arguments, input, GIT_LIST_BYTES_MAX)?;
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).trim().to_owned();
        let fields: Vec<&[u8]> = output.split(|byte| *byte == 0).collect();
        let commits = fields.chunks_exact(4).filter_map(|fields| {
            let [id, author, address, subject] = fields else { return None };
            Some(Commit {
                id: name::id(id.trim_ascii())?.to_owned(),
                author: format!("{} <{}>", text(author), text(address)),
                subject: text(subject),
            })
        });
        Ok(commits.collect())
    }

    /// Whether one commit is among those that another one comes from.
    pub(super) fn is_before(&self, one: &str, other: &str) -> Result<bool, Setback> {
        let input = self.beyond(one, &[other.to_owned()]);
        let said = self.checking().run(&["rev-list", "--count", "--stdin"], input, 1000)?;
        Ok(said.success && said.output.trim_ascii() == b"0")
    }

    /// Puts a pack that was received here before into the user's objects.
    pub(super) fn store(&self, pack: Vec<u8>) -> Result<(), Setback> {
        let objects = self.git_dir.join("objects");
        let sandbox = start(self.launcher, &objects, Files::Direct)?;
        let places = vec![
            ("GIT_DIR", OsString::from(SCRATCH)),
            ("GIT_OBJECT_DIRECTORY", objects.into_os_string()),
        ];
        let git = Git { sandbox: &sandbox, stop: self.stop, places: places[..1].to_vec() };
        let init = ["init", "--quiet", "--bare", "--template=", self.format.argument(), SCRATCH];
        git.must(&init, Vec::new(), GIT_LIST_BYTES_MAX)?;
        let git = Git { places, ..git };
        git.must(&INDEX, pack, GIT_LIST_BYTES_MAX).map(|_name| ())
    }

    /// Moves refs, each from exactly where it was; one that is elsewhere is left alone.
    pub(super) fn update(
        &self,
        moves: &[Move],
    ) -> Result<(Vec<TakenBranch>, Vec<BranchRefusal>), Setback> {
        let sandbox = start(self.launcher, &self.git_dir, Files::Direct)?;
        let git = Git { sandbox: &sandbox, stop: self.stop, places: self.own().places };
        let (mut moved, mut refused) = (Vec::new(), Vec::new());
        let nothing = "0".repeat(self.format.digits());
        for it in moves {
            let reference = it.branch.reference.as_str();
            let (from, to) = (it.from.as_deref().unwrap_or(&nothing), it.to.as_deref());
            let arguments = match to {
                Some(to) => ["update-ref", "--no-deref", reference, to, from],
                None => ["update-ref", "--no-deref", "-d", reference, from],
            };
            let reason = match git.run(&arguments, Vec::new(), 1000) {
                Ok(said) if said.success => {
                    moved.push(it.branch.clone());
                    continue;
                }
                Ok(said) => said.words,
                // Others were moved already, and that has to be told.
                Err(Setback::Failed(report)) => report.error,
                Err(Setback::Stopped) => return Err(Setback::Stopped),
            };
            refused.push(BranchRefusal { branch: it.branch.branch.clone(), reason });
        }
        Ok((moved, refused))
    }

    /// Git over the user's repository as it is.
    fn own(&self) -> Git<'_> {
        let places = vec![("GIT_DIR", self.git_dir.clone().into_os_string())];
        Git { sandbox: &self.sandbox, stop: self.stop, places }
    }

    /// Git over the scratch repository, with the user's objects below.
    fn checking(&self) -> Git<'_> {
        let places = vec![
            ("GIT_DIR", OsString::from(SCRATCH)),
            ("GIT_ALTERNATE_OBJECT_DIRECTORIES", listed(&self.git_dir.join("objects"))),
            // Where the user's own history is cut off, it ends.
            ("GIT_SHALLOW_FILE", self.git_dir.join("shallow").into_os_string()),
        ];
        Git { sandbox: &self.sandbox, stop: self.stop, places }
    }

    /// What to walk: from a commit to what is known.
    fn beyond(&self, tip: &str, known: &[String]) -> Vec<u8> {
        let mut input = line(tip);
        for id in known {
            input.extend(line(&format!("^{id}")));
        }
        input
    }
}

/// A ref to be moved.
#[derive(Debug)]
pub(super) struct Move {
    pub(super) branch: TakenBranch,
    pub(super) from: Option<String>,
    pub(super) to: Option<String>,
}

/// Reads a pack from standard input, checks each object as `git fsck --strict` does, and that
/// what an object names is there.
const INDEX: [&str; 4] = ["index-pack", "--stdin", "--fix-thin", "--strict"];

fn start(launcher: &Launcher, root: &Path, files: Files) -> Result<Sandbox, Setback> {
    let plan = Plan::new(root, files).map_err(|error| {
        let Error::Workspace { reason, .. } = error else { return Setback::of(&error) };
        Setback::of(&HostError::Elsewhere { path: root.to_owned(), reason })
    })?;
    Sandbox::start(launcher, &plan).map_err(|error| Setback::of(&error))
}

#[derive(Debug, thiserror::Error)]
enum HostError {
    #[error("`{}` is not a repository's own directory: {reason}", path.display())]
    Elsewhere { path: PathBuf, reason: &'static str },
    #[error("the repository names its objects in a way that is not known")]
    Format,
}

impl Hint for HostError {
    fn hint(&self) -> Option<String> {
        Some(match self {
            Self::Elsewhere { .. } => {
                "commits are taken into a repository whose `.git` is a directory of the workspace"
                    .into()
            }
            Self::Format => "its objects must be named by SHA-1 or SHA-256".into(),
        })
    }
}
