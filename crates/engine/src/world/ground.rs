// SPDX-License-Identifier: Apache-2.0
//! The ground a turn stands on: the session's sandbox, and forks of it.
//!
//! The session's sandbox stays up, so that the kernel's caches stay warm, until the user
//! changes the tree; then it is mounted anew before it is used again. A fork is a fresh overlay over what the session changed and
//! the tree; what runs there is thrown away with it. For checks that compile, the
//! fork of the first run is kept as one more layer below later forks, so that they
//! build on its caches.

use std::os::fd::AsFd as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use moat_base::{Depot as _, Fs, Hint, RealDepot, Report, Tree, random_hex, remove_files};
use moat_files::{DirTree, Root, memory};
use moat_sandbox::{Confinement, Files, Launcher, Live, Plan, Sandbox};

use super::{Setback, StartError};

/// What a fork is for, which decides what lies below it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Below {
    /// The session's changes and the tree.
    Session,
    /// Also what the first run of the check left, where that is kept.
    FirstRun,
}

/// Sandboxes of one session.
#[derive(Debug)]
pub(super) struct Ground {
    launcher: Arc<Launcher>,
    fs: Arc<dyn Fs>,
    workspace: PathBuf,
    /// Where the session's changes lie, and its forks beside them.
    directory: PathBuf,
    session: Live,
    first_run: Option<PathBuf>,
    /// The workspace itself, for reading.
    below: Arc<dyn Tree>,
}

/// A fork; its files go when it is dropped.
#[derive(Debug)]
pub(super) struct Fork {
    /// `None` only while it is taken down.
    sandbox: Option<Sandbox>,
    directory: Option<PathBuf>,
    workspace: PathBuf,
}

impl Ground {
    /// Starts the session's sandbox over the files that it holds already.
    pub(super) fn start(
        launcher: Arc<Launcher>,
        fs: Arc<dyn Fs>,
        workspace: PathBuf,
        directory: PathBuf,
    ) -> Result<Self, StartError> {
        clear_forks(&base(&directory)?)?;
        let open = || Root::open(&workspace).map(Root::without_mounts);
        let below = open().map_err(|error| Setback::of(&error))?;
        let below: Arc<dyn Tree> = Arc::new(DirTree::new(below));
        let watched = Arc::new(open().map_err(|error| Setback::of(&error))?);
        let files = layers(fs.as_ref(), &directory, vec![workspace.clone()])?;
        let session = Plan::new(&workspace, files)
            .and_then(|plan| Live::start(Arc::clone(&launcher), plan, watched));
        let session = session.map_err(|error| {
            let report = Report::of(&error);
            if matches!(error, moat_sandbox::Error::Workspace { .. }) {
                StartError::Workspace(report)
            } else {
                StartError::Failed(Setback::Failed(report))
            }
        })?;
        // The start may have found that they have to lie elsewhere.
        let directory = base(&directory)?;
        Ok(Self { launcher, fs, workspace, directory, session, first_run: None, below })
    }

    /// Where the session's changes lie: its own directory, or a place in memory.
    pub(super) fn directory(&self) -> &Path {
        &self.directory
    }

    /// What the session's sandbox enforces.
    pub(super) const fn confinement(&self) -> &Confinement {
        self.session.confinement()
    }

    /// Starts sandboxes.
    pub(super) fn launcher(&self) -> &Launcher {
        &self.launcher
    }

    /// The user's tree.
    pub(super) fn workspace(&self) -> &Path {
        &self.workspace
    }

    /// Whether the user changed the tree since the session's sandbox was mounted, or it is
    /// not known and the sandbox was used since.
    pub(super) fn is_stale(&self) -> bool {
        self.session.is_stale()
    }

    /// Mounts the session's sandbox anew; `while_down` runs while it is not mounted.
    pub(super) fn renew(&mut self, while_down: impl FnOnce()) -> Result<(), Setback> {
        self.session.renew(while_down).map_err(|error| Setback::of(&error))
    }

    /// Why the tree cannot be watched, when it cannot.
    pub(super) fn blindness(&self) -> Option<&'static str> {
        self.session.blindness()
    }

    /// How often the user's tree changed, to ask later whether it is still so; `None` when
    /// that cannot be known.
    pub(super) fn changes_seen(&self) -> Option<u64> {
        self.session.changes_seen()
    }

    /// Puts no more forks over what the first run left: it built on other files.
    pub(super) fn forget_first_run(&mut self) {
        if let Some(directory) = self.first_run.take().as_deref().and_then(Path::parent) {
            // What cannot be removed now is removed when the session is opened again.
            let _left_for_later = remove_files(directory);
        }
    }

    /// Whether the session has changed nothing.
    pub(super) fn is_unchanged(&self) -> bool {
        let upper = self.directory.join("upper");
        self.fs.list(&upper).is_ok_and(|names| names.is_empty())
    }

    /// The sandbox of the session itself.
    pub(super) fn session(&self) -> Result<&Sandbox, Setback> {
        self.session.sandbox().map_err(|error| Setback::of(&error))
    }

    /// The session's files as its commands see them.
    pub(super) fn tree(&self) -> Result<DirTree, Setback> {
        tree_of(self.session()?, &self.workspace)
    }

    /// The session's files for looking through all of them.
    ///
    /// As long as the session has changed nothing they are those of the workspace, and
    /// reading them there saves the kernel a second file for each.
    pub(super) fn sources(&self) -> Result<Arc<dyn Tree>, Setback> {
        let upper = self.directory.join("upper");
        match self.fs.list(&upper) {
            Ok(names) if names.is_empty() => Ok(Arc::clone(&self.below)),
            Ok(_) | Err(_) => Ok(Arc::new(self.tree()?)),
        }
    }

    /// Makes a fork. `name` is unique in the session.
    pub(super) fn fork(&self, name: &str, below: Below) -> Result<Fork, Setback> {
        let directory = self.directory.join("forks").join(name);
        let mut lowers = vec![self.directory.join("upper"), self.workspace.clone()];
        if let (Below::FirstRun, Some(first_run)) = (below, &self.first_run) {
            lowers.insert(0, first_run.clone());
        }
        let files = layers(self.fs.as_ref(), &directory, lowers)?;
        let sandbox = start(&self.launcher, &self.workspace, files);
        let sandbox = Some(sandbox.map_err(|error| Setback::of(&error))?);
        Ok(Fork { sandbox, directory: Some(directory), workspace: self.workspace.clone() })
    }

    /// Keeps the files of a fork below later ones, for their caches.
    pub(super) fn keep_first_run(&mut self, mut fork: Fork) {
        // A layer that may still be written to is of no use below others.
        if fork.sandbox.take().map_or(Ok(()), Sandbox::end).is_ok() {
            self.first_run = fork.directory.take().map(|directory| directory.join("upper"));
        } else {
            fork.directory = None;
        }
    }
}

impl Fork {
    /// Its sandbox; `None` only after it was taken down.
    pub(super) const fn sandbox(&self) -> Option<&Sandbox> {
        self.sandbox.as_ref()
    }

    /// Its files.
    pub(super) fn tree(&self) -> Result<DirTree, Setback> {
        self.sandbox
            .as_ref()
            .map_or(Err(Setback::Stopped), |sandbox| tree_of(sandbox, &self.workspace))
    }
}

impl Drop for Fork {
    fn drop(&mut self) {
        let ended = self.sandbox.take().map_or(Ok(()), Sandbox::end);
        // One that is still mounted is left for when the session is opened again.
        if ended.is_ok()
            && let Some(directory) = self.directory.take()
        {
            // What cannot be removed now is removed when the session is opened again.
            let _left_for_later = remove_files(&directory);
        }
    }
}

/// Where the changes of the session in `directory` lie.
pub(super) fn base(directory: &Path) -> Result<PathBuf, Setback> {
    let found = memory::base(&directory.join("upper"));
    found.map_err(|source| Setback::of(&FilesError { path: directory.to_owned(), source }))
}

/// Notes when what lay in memory is gone, and tells it in a sentence. The session goes on
/// without it.
pub(super) fn settle_loss(directory: &Path) -> Result<Option<String>, Setback> {
    let settled = memory::settle(&directory.join("upper"));
    let lost = settled
        .map_err(|source| Setback::of(&FilesError { path: directory.to_owned(), source }))?;
    Ok(lost.map(|place| {
        format!(
            "what the session had changed and you had not kept is gone: it lay in memory, in \
             `{}`; `moat session checkpoints` lists what can be returned to",
            place.display()
        )
    }))
}

fn layers(fs: &dyn Fs, directory: &Path, lowers: Vec<PathBuf>) -> Result<Files, Setback> {
    let (upper, work) = (directory.join("upper"), directory.join("work"));
    for path in [&upper, &work] {
        fs.create_dir_all(path)
            .map_err(|source| Setback::of(&FilesError { path: path.clone(), source }))?;
    }
    Ok(Files::CopyOnWrite { lowers, upper, work })
}

fn start(
    launcher: &Launcher,
    workspace: &Path,
    files: Files,
) -> Result<Sandbox, moat_sandbox::Error> {
    Sandbox::start(launcher, &Plan::new(workspace, files)?)
}

fn tree_of(sandbox: &Sandbox, workspace: &Path) -> Result<DirTree, Setback> {
    let fd = sandbox
        .root()
        .as_fd()
        .try_clone_to_owned()
        .map_err(|source| Setback::of(&FilesError { path: workspace.to_owned(), source }))?;
    let root = Root::from_fd(fd, workspace.to_owned()).map_err(|error| Setback::of(&error))?;
    Ok(DirTree::cached(root))
}

/// Removes the forks of a process that died, which are of no use to anybody.
///
/// Those that cannot be removed are set aside, so that the session can be used; they are
/// tried again when the session is removed.
fn clear_forks(directory: &Path) -> Result<(), Setback> {
    let forks = directory.join("forks");
    let Err(_tried_again_later) = remove_files(&forks) else { return Ok(()) };
    let fail = |source| Setback::of(&FilesError { path: forks.clone(), source });
    let aside = format!("forks-old-{}", random_hex(4).map_err(fail)?);
    RealDepot.rename(&forks, &directory.join(aside)).map_err(fail)
}

#[derive(Debug, thiserror::Error)]
#[error("could not prepare the session's files at `{path}`")]
struct FilesError {
    path: PathBuf,
    #[source]
    source: std::io::Error,
}

impl Hint for FilesError {
    fn hint(&self) -> Option<String> {
        Some("look at the free space and the permissions of the state directory".into())
    }
}

#[cfg(test)]
mod tests {
    use moat_base::RealFs;

    use super::*;

    #[test]
    #[expect(clippy::disallowed_methods, reason = "the test leaves what cannot be removed")]
    fn forks_that_cannot_be_removed_are_set_aside() {
        let dir = tempfile::tempdir().unwrap();
        clear_forks(dir.path()).unwrap();
        assert!(RealFs.list(dir.path()).unwrap().is_empty());
        std::fs::create_dir_all(dir.path().join("forks/one/upper")).unwrap();
        clear_forks(dir.path()).unwrap();
        assert!(RealFs.list(dir.path()).unwrap().is_empty());
        // A file in the place of the directory stands for anything that makes it fail.
        std::fs::write(dir.path().join("forks"), "x").unwrap();
        clear_forks(dir.path()).unwrap();
        let left = RealFs.list(dir.path()).unwrap();
        let [aside] = left.as_slice() else { panic!("{left:?}") };
        let name = aside.file_name().unwrap().to_str().unwrap();
        assert!(name.starts_with("forks-old-"), "{name}");
    }
}
