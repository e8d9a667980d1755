// SPDX-License-Identifier: Apache-2.0
//! What a front end keeps: its layout, the user's settings, and what is typed and not saved.
//!
//! Each unsaved text has a file of its own, named by the digest of its path, which is written
//! whole or not at all.
//!
//! Invariant: what was acknowledged survives a crash of the front end and of the server.

use std::ffi::OsStr;
use std::io;
use std::os::unix::ffi::OsStrExt as _;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use moat_base::{EntryKind, Fs, Tree as _, TreePath, escape, visible};
use moat_files::DirTree;
use moat_protocol::workspace::{Buffer, DeskQuery, DeskReply, Setup};
use sha2::{Digest as _, Sha256};

use crate::error::Error;
use crate::limits::{BUFFER_BYTES_MAX, BUFFERS_MAX, LAYOUT_BYTES_MAX};
use crate::settings::WorkspaceSettings;

/// The desk of one workspace.
#[derive(Debug)]
pub(crate) struct Desk {
    settings: WorkspaceSettings,
    tree: DirTree,
    layout: PathBuf,
    buffers: PathBuf,
    /// One change at a time.
    writing: Mutex<()>,
}

impl Desk {
    pub(crate) fn open(settings: &WorkspaceSettings, tree: DirTree) -> Result<Self, Error> {
        let buffers = settings.state.join("buffers");
        settings.fs.create_dir_all(&buffers).map_err(|source| failed(&buffers, source))?;
        let layout = settings.state.join("layout.json");
        Ok(Self { settings: settings.clone(), tree, layout, buffers, writing: Mutex::new(()) })
    }

    pub(crate) fn answer(&self, query: DeskQuery) -> Result<DeskReply, Error> {
        let _one_at_a_time = self.writing.lock().unwrap_or_else(PoisonError::into_inner);
        match query {
            DeskQuery::Open => return self.setup().map(DeskReply::Opened),
            DeskQuery::KeepLayout { layout } => {
                self.keep(&self.layout, "the layout", layout.as_bytes(), LAYOUT_BYTES_MAX)?;
            }
            DeskQuery::KeepSettings { settings } => {
                let place = &self.settings.preferences;
                if let Some(directory) = place.parent() {
                    let made = self.fs().create_dir_all(directory);
                    made.map_err(|source| failed(directory, source))?;
                }
                self.keep(place, "the settings", settings.as_bytes(), LAYOUT_BYTES_MAX)?;
            }
            DeskQuery::KeepBuffer { buffer } => {
                let place = self.place(&buffer.path);
                let kept = self.listed()?;
                if kept.len() >= BUFFERS_MAX && !kept.contains(&place) {
                    return Err(Error::Refused {
                        path: buffer.path,
                        reason: format!("{BUFFERS_MAX} unsaved texts are kept already"),
                    });
                }
                let bytes = serde_json::to_vec(&buffer)
                    .map_err(|error| failed(&place, io::Error::from(error)))?;
                self.keep(&place, "the unsaved text", &bytes, BUFFER_BYTES_MAX)?;
            }
            DeskQuery::DropBuffer { path } => {
                let place = self.place(&path);
                self.fs().remove(&place).map_err(|source| failed(&place, source))?;
            }
        }
        Ok(DeskReply::Done)
    }

    fn fs(&self) -> &Arc<dyn Fs> {
        &self.settings.fs
    }

    fn setup(&self) -> Result<Setup, Error> {
        let root = self.tree.root().path();
        let name = root.file_name().unwrap_or_else(|| OsStr::new("/"));
        let buffers = self.listed()?.into_iter().filter_map(|place| self.buffer(&place));
        Ok(Setup {
            name: visible(&name.to_string_lossy()).replace(['\n', '\t'], " "),
            workspace: escape(root.as_os_str().as_bytes()),
            boundary: self.settings.boundary.clone(),
            version: self.settings.version.clone(),
            instance: self.settings.instance.clone(),
            repository: has_repository(&self.tree),
            layout: self.text(&self.layout)?,
            settings: self.text(&self.settings.preferences)?,
            buffers: buffers.collect(),
        })
    }

    /// A stored text; nothing where there is none, or it is damaged.
    fn text(&self, place: &Path) -> Result<Option<String>, Error> {
        match self.fs().read(place, LAYOUT_BYTES_MAX) {
            Ok(bytes) => Ok(String::from_utf8(bytes).ok()),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(source) => Err(failed(place, source)),
        }
    }

    /// One that cannot be read is passed over: it must not keep the rest from being seen.
    fn buffer(&self, place: &Path) -> Option<Buffer> {
        let read = self.fs().read(place, BUFFER_BYTES_MAX);
        let buffer = read.ok().and_then(|bytes| serde_json::from_slice(&bytes).ok());
        if buffer.is_none() {
            tracing::debug!("an unsaved text cannot be read");
        }
        buffer
    }

    /// The files of unsaved texts. What a crash left of writing one is none.
    fn listed(&self) -> Result<Vec<PathBuf>, Error> {
        let listed = self.fs().list(&self.buffers);
        let mut places = listed.map_err(|source| failed(&self.buffers, source))?;
        places.retain(|place| place.extension() == Some(OsStr::new("json")));
        Ok(places)
    }

    fn place(&self, path: &TreePath) -> PathBuf {
        let digest = Sha256::digest(path.as_bytes());
        let name: String = digest.iter().map(|byte| format!("{byte:02x}")).collect();
        self.buffers.join(format!("{name}.json"))
    }

    fn keep(
        &self,
        place: &Path,
        what: &'static str,
        bytes: &[u8],
        limit_bytes: u64,
    ) -> Result<(), Error> {
        if bytes.len() as u64 > limit_bytes {
            return Err(Error::TooLong { what, limit_bytes });
        }
        self.fs().replace(place, bytes).map_err(|source| failed(place, source))
    }
}

/// Whether source control works here: `.git` is a directory of the workspace itself.
pub(crate) fn has_repository(tree: &DirTree) -> bool {
    let git = TreePath::parse(".git");
    git.is_ok_and(|git| tree.entry(&git).is_ok_and(|it| it.kind == EntryKind::Directory))
}

fn failed(path: &Path, source: io::Error) -> Error {
    Error::State { path: path.to_owned(), source }
}
