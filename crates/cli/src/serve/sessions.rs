// SPDX-License-Identifier: Apache-2.0
//! The agent's sessions of one workspace, as front ends of the server open and steer them.
//!
//! A session that is looked at is told from its file. One that is asked for something is
//! opened in this process, unless another process has it open: then it is watched and steered
//! over its socket, as from another terminal. Whichever it is, a front end sees the same
//! events, numbered without a gap.
//!
//! Invariant: an operation goes to the session that its front end attached to, and what a
//! front end confirms is noted as confirmed at the page.

mod attached;
mod hosted;
mod names;

use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use moat_base::{Report, SessionId};
use moat_config::Settings as Config;
use moat_engine::{Attendance, ForkPoint};
use moat_protocol::workspace::{ModelChoice, SessionsQuery, SessionsReply, WorkspaceNews};
use moat_protocol::{Confirmer, Op, Query, Reply};
use moat_server::Front;

use super::fronts::Fronts;
use crate::command::exec;
use crate::environment::Environment;
use crate::failure::Failure;
use crate::host::{Manner, Unfinished};
use crate::models;
use crate::sessions::{self, Held};
use crate::start::Started;
use attached::Attached;
use hosted::Hosted;
use names::Names;

/// Sessions that this process has open at once; the one that rests longest is closed for a
/// further one, and a further one is refused where none rests.
const OPEN_MAX: usize = 8;

/// The sessions of one workspace.
#[derive(Debug)]
pub(super) struct Sessions {
    environment: Environment,
    config: Config,
    started: Started,
    workspace: PathBuf,
    names: Names,
    fronts: Arc<Fronts>,
    open: Mutex<HashMap<SessionId, Live>>,
}

/// A session that goes on.
#[derive(Debug, Clone)]
enum Live {
    /// In this process.
    Here(Arc<Hosted>),
    /// In another one.
    Elsewhere(Arc<Attached>),
}

impl Sessions {
    pub(super) fn new(
        environment: &Environment,
        config: Config,
        started: Started,
        workspace: PathBuf,
        fronts: Arc<Fronts>,
    ) -> Self {
        let names = Names::read(environment);
        let (environment, open) = (environment.clone(), Mutex::default());
        Self { environment, config, started, workspace, names, fronts, open }
    }

    /// Answers a question.
    pub(super) fn answer(
        &self,
        front: &Front,
        query: SessionsQuery,
    ) -> Result<SessionsReply, Report> {
        let answered: Result<SessionsReply, Failure> = match query {
            SessionsQuery::List => self.list(),
            SessionsQuery::New => self.begin(front),
            SessionsQuery::Attach { session } => self.attach(front, &session),
            SessionsQuery::Detach { session } => {
                self.detach(front.id(), &session);
                Ok(SessionsReply::Done)
            }
            SessionsQuery::Do { session, op } => self.carry_out(front, &session, op),
            SessionsQuery::Fork { session, at } => {
                self.fork(&session, at.map_or(ForkPoint::End, ForkPoint::Checkpoint))
            }
            SessionsQuery::Rename { session, name } => self.rename(&session, &name),
            SessionsQuery::Models => Ok(self.models()),
        };
        answered.map_err(|failure| failure.report)
    }

    fn rename(&self, session: &SessionId, name: &str) -> Result<SessionsReply, Failure> {
        self.names.set(session, name)?;
        self.fronts.announce(&WorkspaceNews::SessionsChanged);
        Ok(SessionsReply::Done)
    }

    /// A front end left.
    pub(super) fn left(&self, front: u64) {
        let ids: Vec<SessionId> = self.open().keys().cloned().collect();
        for id in ids {
            self.detach(front, &id);
        }
    }

    /// Closes every session that this process has open.
    pub(super) fn close(&self) {
        let all: Vec<Live> = self.open().drain().map(|(_, live)| live).collect();
        for live in all {
            if let Live::Here(hosted) = live {
                hosted.close();
            }
        }
    }

    fn open(&self) -> MutexGuard<'_, HashMap<SessionId, Live>> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn list(&self) -> Result<SessionsReply, Failure> {
        let Reply::Sessions { mut sessions, unreadable } =
            sessions::answer(&self.environment, Query::Sessions)?
        else {
            return Err(Failure::environment("no list came", "this is a bug"));
        };
        sessions.retain(|summary| {
            let of = summary.workspace.as_deref().map(moat_engine::workspace_path);
            of.as_deref() == Some(self.workspace.as_path())
        });
        let names = self.names.of(sessions.iter().map(|summary| &summary.session));
        Ok(SessionsReply::Listed { sessions, names, unreadable })
    }

    fn begin(&self, front: &Front) -> Result<SessionsReply, Failure> {
        self.make_room()?;
        let held = sessions::create(&self.environment)?;
        let (id, directory) = (held.id.clone(), held.directory.clone());
        let hosted = self.host(held).inspect_err(|_told_by_the_caller| {
            // A session that never began holds nothing; what cannot be removed is listed as empty.
            let _listed = sessions::remove(&directory);
        })?;
        hosted.attach(front);
        self.open().insert(id.clone(), Live::Here(hosted));
        self.fronts.announce(&WorkspaceNews::SessionsChanged);
        Ok(SessionsReply::Opened { session: id })
    }

    /// Makes a new session of what one was; that one may be open, here or elsewhere.
    fn fork(&self, id: &SessionId, point: ForkPoint) -> Result<SessionsReply, Failure> {
        self.require_own(id)?;
        let (new, _forked) = sessions::fork(&self.environment, id, point)?;
        self.fronts.announce(&WorkspaceNews::SessionsChanged);
        Ok(SessionsReply::Opened { session: new })
    }

    /// A session of another workspace is not this server's to go on with.
    fn require_own(&self, id: &SessionId) -> Result<(), Failure> {
        let told = sessions::tell(&self.environment, id.clone())?;
        if told.workspace().as_deref() == Some(self.workspace.as_path()) {
            return Ok(());
        }
        let hint = "open that workspace with `moat serve`";
        Err(Failure::usage("the session is of another workspace", hint))
    }

    /// Opens the engine over a session that this process holds.
    fn host(&self, held: Held) -> Result<Arc<Hosted>, Failure> {
        let told = sessions::told(&held)?;
        let (id, directory) = (held.id.clone(), held.directory.clone());
        let commands = exec::rule(&self.config);
        // A page opens a session for whatever is asked of it, also to look at its changes.
        let unfinished = Unfinished::Waits;
        let manner = Manner { commands, attendance: Attendance::Attended, unfinished };
        let (config, started) = (self.config.clone(), self.started.clone());
        let workspace = self.workspace.clone();
        let host = exec::open(&self.environment, config, started, held, workspace, manner)?;
        Hosted::start(id, directory, told, host, Arc::clone(&self.fronts))
    }

    fn attach(&self, front: &Front, id: &SessionId) -> Result<SessionsReply, Failure> {
        let live = self.open().get(id).cloned();
        match live {
            Some(Live::Here(hosted)) if hosted.attach(front) => {}
            Some(Live::Elsewhere(attached)) if attached.attach(front) => {}
            Some(_) | None => self.look(front, id)?,
        }
        Ok(SessionsReply::Opened { session: id.clone() })
    }

    /// Shows a stored session, and goes on with what happens where it is open elsewhere.
    fn look(&self, front: &Front, id: &SessionId) -> Result<(), Failure> {
        self.forget(id);
        if let Some(attached) = Attached::connect(&self.environment, id)? {
            let attached = Arc::new(attached);
            attached.attach(front);
            self.open().insert(id.clone(), Live::Elsewhere(attached));
            return Ok(());
        }
        let (events, broken) = sessions::story(&self.environment, id.clone())?;
        hosted::show(front, id, events);
        if let Some(report) = broken {
            let news = WorkspaceNews::SessionGone { session: id.clone(), report: Some(report) };
            let _gone = front.tell(news);
        }
        Ok(())
    }

    fn carry_out(&self, front: &Front, id: &SessionId, op: Op) -> Result<SessionsReply, Failure> {
        if op == Op::Close {
            return Err(Failure::usage("a front end cannot close a session", "detach from it"));
        }
        // How long it may last is the host's affair.
        if let Op::Start { task } = &op
            && let Some(reason) = exec::beyond(&self.config, &task.model, 0)
        {
            return Err(Failure::usage(reason, "choose that one"));
        }
        let op = as_of_the_page(op);
        let live = self.open().get(id).cloned();
        match live {
            Some(Live::Here(hosted)) if hosted.send(front, op.clone()) => {}
            Some(Live::Elsewhere(attached)) if attached.send(&op) => {}
            Some(_) | None => self.reopen(front, id)?.send(front, op),
        }
        Ok(SessionsReply::Done)
    }

    /// Opens a stored session, so that something can be asked of it.
    fn reopen(&self, front: &Front, id: &SessionId) -> Result<Ready, Failure> {
        self.forget(id);
        if let Some(attached) = Attached::connect(&self.environment, id)? {
            let attached = Arc::new(attached);
            attached.attach(front);
            self.open().insert(id.clone(), Live::Elsewhere(Arc::clone(&attached)));
            return Ok(Ready::Elsewhere(attached));
        }
        self.make_room()?;
        self.require_own(id)?;
        let held = sessions::hold(&self.environment, id.clone())?;
        let hosted = self.host(held)?;
        // It was shown what is stored when it attached.
        hosted.attach_behind_the_stored(front);
        self.open().insert(id.clone(), Live::Here(Arc::clone(&hosted)));
        Ok(Ready::Here(hosted))
    }

    fn detach(&self, front: u64, id: &SessionId) {
        let mut open = self.open();
        let Some(live) = open.get(id) else { return };
        let rests = match live {
            Live::Here(hosted) => hosted.detach(front),
            Live::Elsewhere(attached) => attached.detach(front),
        };
        if !rests {
            return;
        }
        let live = open.remove(id);
        drop(open);
        if let Some(Live::Here(hosted)) = live {
            hosted.close();
        }
    }

    /// Forgets a session that ended.
    fn forget(&self, id: &SessionId) {
        let ended = self.open().remove(id);
        if let Some(Live::Here(hosted)) = ended {
            hosted.close();
        }
    }

    /// Closes a session that rests where as many are open as may be.
    fn make_room(&self) -> Result<(), Failure> {
        let mut open = self.open();
        if open.len() < OPEN_MAX {
            return Ok(());
        }
        let resting = open.iter().find_map(|(id, live)| match live {
            Live::Here(hosted) if !hosted.in_turn() => Some(id.clone()),
            Live::Here(_) | Live::Elsewhere(_) => None,
        });
        let Some(id) = resting else {
            let hint = "wait until a turn ends, or stop one";
            return Err(Failure::usage(format!("{OPEN_MAX} sessions are at work"), hint));
        };
        let live = open.remove(&id);
        drop(open);
        if let Some(Live::Here(hosted)) = live {
            hosted.close();
        }
        Ok(())
    }

    fn models(&self) -> SessionsReply {
        let here = |name: &str| models::choose(&self.environment, &self.config, name).is_ok();
        let weights = &self.config.embedded.weights.value;
        let mut choices = vec![ModelChoice {
            name: models::EMBEDDED.to_owned(),
            title: weights.clone(),
            zone: "host".to_owned(),
            context_tokens: Some(models::CONTEXT_TOKENS),
            ready: here(models::EMBEDDED),
        }];
        choices.extend(self.config.models.iter().map(|(name, server)| ModelChoice {
            name: name.clone(),
            title: server.value.model.clone(),
            zone: server.value.zone.to_string(),
            context_tokens: None,
            ready: true,
        }));
        SessionsReply::Models { models: choices, default: models::default_name(&self.config) }
    }
}

/// A session to which an operation can go.
enum Ready {
    Here(Arc<Hosted>),
    Elsewhere(Arc<Attached>),
}

impl Ready {
    fn send(&self, front: &Front, op: Op) {
        // One that ended at this moment tells its front ends so.
        let _told = match self {
            Self::Here(hosted) => hosted.send(front, op),
            Self::Elsewhere(attached) => attached.send(&op),
        };
    }
}

/// Notes what is confirmed as confirmed at the page, whatever the page says.
fn as_of_the_page(mut op: Op) -> Op {
    if let Op::Keep { confirmed, .. } = &mut op {
        confirmed.iter_mut().for_each(|it| it.by = Confirmer::Page);
    }
    op
}
