// SPDX-License-Identifier: Apache-2.0
//! One open workspace: the parts that answer, and the thread that watches.
//!
//! Each question is answered on the caller's thread and may take as long as the disk, or git,
//! needs; none waits for another but those that write the same state.
//!
//! Invariant: dropping it ends its watch, its searches and its sandboxes.

use std::sync::Arc;

use moat_base::Report;
use moat_files::{DirTree, Root};
use moat_protocol::workspace::{
    DeskQuery, DeskReply, FilesQuery, FilesReply, GitQuery, GitReply, LanguageQuery, LanguageReply,
    SearchQuery, SearchReply,
};

use crate::desk::Desk;
use crate::error::Error;
use crate::files::Files;
use crate::git::Git;
use crate::language::{LanguageSink, Languages};
use crate::names::Names;
use crate::news::Observer;
use crate::search::{FrontId, SearchSink, Searches};
use crate::settings::WorkspaceSettings;

/// An open workspace. It is shared by every connection.
#[derive(Debug)]
pub struct Workspace {
    files: Arc<Files>,
    searches: Searches,
    git: Git,
    languages: Languages,
    desk: Desk,
    names: Arc<Names>,
    _observer: Observer,
}

impl Workspace {
    /// Opens a workspace, and begins to watch it and to learn the names of its files.
    ///
    /// # Errors
    /// [`Error::File`] when the root or the state cannot be opened.
    pub fn open(settings: &WorkspaceSettings) -> Result<Self, Error> {
        let tree = DirTree::new(Root::open(&settings.root)?);
        let files = Arc::new(Files::open(tree.clone(), settings)?);
        let names = Arc::new(Names::new(tree.clone(), Arc::clone(&files.book)));
        let observer = Observer::start(settings, &files, &names)?;
        Ok(Self {
            searches: Searches::new(Arc::clone(&files), Arc::clone(&settings.clock)),
            git: Git::new(settings, tree.root().path(), Arc::clone(&files)),
            languages: Languages::open(settings),
            desk: Desk::open(settings, tree)?,
            files,
            names,
            _observer: observer,
        })
    }

    /// Answers a question about the user's files.
    ///
    /// # Errors
    /// What failed, why, and what the reader can do.
    pub fn files(&self, query: FilesQuery) -> Result<FilesReply, Report> {
        let answer = if let FilesQuery::Find { text, limit } = query {
            Ok(self.names.find(&text, limit))
        } else {
            self.files.answer(query)
        };
        answer.map_err(|error| Report::of(&error))
    }

    /// Answers a question to the search. What is found goes to `sink`, from another thread.
    ///
    /// # Errors
    /// What failed, why, and what the reader can do.
    pub fn search(
        &self,
        query: SearchQuery,
        front: FrontId,
        sink: SearchSink,
    ) -> Result<SearchReply, Report> {
        self.searches.answer(query, front, sink).map_err(|error| Report::of(&error))
    }

    /// Ends what a front end began, since it is gone.
    pub fn gone(&self, front: FrontId) {
        self.searches.stop(front);
        self.languages.gone(front);
    }

    /// Answers a question about language servers. What a server is asked is answered to
    /// `sink`, from another thread.
    ///
    /// # Errors
    /// What failed, why, and what the reader can do.
    pub fn language(
        &self,
        query: LanguageQuery,
        front: FrontId,
        sink: LanguageSink,
    ) -> Result<LanguageReply, Report> {
        self.languages.answer(query, front, sink).map_err(|error| Report::of(&error))
    }

    /// Answers a question of source control.
    ///
    /// # Errors
    /// What failed, why, and what the reader can do.
    pub fn git(&self, query: GitQuery) -> Result<GitReply, Report> {
        self.git.answer(query).map_err(|error| Report::of(&error))
    }

    /// Answers a question about the desk.
    ///
    /// # Errors
    /// What failed, why, and what the reader can do.
    pub fn desk(&self, query: DeskQuery) -> Result<DeskReply, Report> {
        self.desk.answer(query).map_err(|error| Report::of(&error))
    }
}
