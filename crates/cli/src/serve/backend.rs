// SPDX-License-Identifier: Apache-2.0
//! Which part answers which question of a front end.

use std::sync::Arc;

use moat_base::Report;
use moat_protocol::workspace::{WorkspaceNews, WorkspaceQuery, WorkspaceReply};
use moat_server::{Backend, Front};
use moat_workspace::{FrontId, Workspace};

use super::boundary::Boundary;
use super::completion::Completion;
use super::fronts::Fronts;
use super::sessions::Sessions;
use super::terminals::UserTerminals;

/// Everything behind the page.
#[derive(Debug)]
pub(super) struct Service {
    pub(super) workspace: Workspace,
    pub(super) terminals: Arc<UserTerminals>,
    pub(super) sessions: Sessions,
    pub(super) boundary: Boundary,
    pub(super) completion: Completion,
    pub(super) fronts: Arc<Fronts>,
}

impl Service {
    pub(super) const fn boundary(&self) -> &Boundary {
        &self.boundary
    }

    pub(super) fn terminals(&self) -> &UserTerminals {
        &self.terminals
    }

    /// Ends what goes on, so that it can be gone on with at the next start.
    pub(super) fn close(&self) {
        self.sessions.close();
    }
}

impl Backend for Service {
    fn ask(&self, front: &Front, query: WorkspaceQuery) -> Result<WorkspaceReply, Report> {
        match query {
            WorkspaceQuery::Files(query) => self.workspace.files(query).map(WorkspaceReply::Files),
            WorkspaceQuery::Search(query) => {
                let told = front.clone();
                let sink = Arc::new(move |news| told.tell(news).is_ok());
                self.workspace.search(query, FrontId(front.id()), sink).map(WorkspaceReply::Search)
            }
            WorkspaceQuery::Git(query) => self.workspace.git(query).map(WorkspaceReply::Git),
            WorkspaceQuery::Desk(query) => self.workspace.desk(query).map(WorkspaceReply::Desk),
            WorkspaceQuery::Terminal(query) => {
                self.terminals.answer(front, query).map(WorkspaceReply::Terminal)
            }
            WorkspaceQuery::Sessions(query) => {
                self.sessions.answer(front, query).map(WorkspaceReply::Sessions)
            }
            WorkspaceQuery::Boundary(query) => {
                self.boundary.answer(query).map(WorkspaceReply::Boundary)
            }
            WorkspaceQuery::Language(query) => {
                let told = front.clone();
                // One that cannot follow comes again and asks anew.
                let sink = Arc::new(move |news| {
                    let _gone = told.announce(WorkspaceNews::Language(news));
                });
                let front = FrontId(front.id());
                self.workspace.language(query, front, sink).map(WorkspaceReply::Language)
            }
            WorkspaceQuery::Completion(query) => self
                .completion
                .answer(front, query, &self.workspace)
                .map(WorkspaceReply::Completion),
        }
    }

    fn typed(&self, terminal: u32, bytes: &[u8]) {
        self.terminals.typed(terminal, bytes);
    }

    fn came(&self, front: &Front) {
        self.fronts.add(front);
    }

    fn left(&self, front: &Front) {
        self.fronts.remove(front.id());
        self.sessions.left(front.id());
        self.completion.left(front.id());
        self.terminals.left(front.id());
        self.workspace.gone(FrontId(front.id()));
    }
}
