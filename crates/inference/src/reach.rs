// SPDX-License-Identifier: Apache-2.0
//! Brings a session to a running model server, and starts one when there is none.
//!
//! One server per user and model: the socket's name carries the hash of the
//! weights, so whoever needs the same weights finds the same socket. A lock makes
//! two sessions that start at the same moment start one server; it is held while
//! the server is started, not while it loads. Waiting for the model is reading
//! from the server, which speaks at least every few seconds, so a server that
//! hangs is told from one that is slow.
//!
//! Invariant: a path that [`ModelServer::reach`] returns belongs to a server that
//! said that its model is loaded.

use std::ffi::OsString;
use std::io::{BufRead, BufReader, Read};
use std::os::unix::net::UnixListener;
use std::path::{Path, PathBuf};
use std::sync::{Condvar, Mutex, PoisonError};
use std::time::Duration;

use moat_net::{Cancel, Local, Method, Outgoing, Transport};
use moat_sandbox::{Launcher, Service, ServiceConfinement, start_service};
use serde::Deserialize;

use crate::error::Error;
use crate::file;
use crate::limits::{
    READY_LINE_BYTES_MAX, READY_LINES_MAX, SERVER_NICENESS, SERVER_SILENCE_MAX, START_ATTEMPTS_MAX,
};
use crate::server::check_weights;
use crate::spec::ServerSpec;

/// A model server as its clients know it, running or not.
#[derive(Debug, Clone)]
pub struct ModelServer {
    /// What it serves and how.
    pub spec: ServerSpec,
    /// The sha256 of the weights in hex; servers of the same weights are shared.
    pub sha256: String,
    /// The program and the words before [`ServerSpec::arguments`]: `moat model serve`.
    pub command: Vec<OsString>,
    /// The directory of sockets and locks: [`moat_base::Layout::runtime`].
    pub runtime: PathBuf,
}

/// What happens while a server is brought up.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Progress {
    /// A server is being started.
    Starting,
    /// The last server ended unexpectedly; another is being started.
    Restarting {
        /// How it ended.
        reason: String,
    },
    /// The weights are being loaded.
    Loading {
        /// How much of them is loaded, of a hundred.
        percent: u8,
    },
}

impl ModelServer {
    /// The socket of this server.
    #[must_use]
    pub fn socket(&self) -> PathBuf {
        self.runtime_file("sock")
    }

    /// The log of the server that was started last.
    #[must_use]
    pub fn log(&self) -> PathBuf {
        self.runtime_file("log")
    }

    fn runtime_file(&self, ending: &str) -> PathBuf {
        let short: String = self
            .sha256
            .chars()
            .filter(char::is_ascii_alphanumeric)
            .take(SHORT_HASH_CHARACTERS)
            .collect();
        self.runtime.join(format!("model-{short}.{ending}"))
    }

    /// Gives the socket of a server whose model is loaded.
    ///
    /// # Errors
    /// [`Error::OpenWeights`] and [`Error::CheckWeights`] before anything is
    /// started; [`Error::ServerFailed`] when the server said why it cannot serve;
    /// [`Error::ServerDied`] when it ended twice without saying so;
    /// [`Error::ServerHangs`] when it is silent.
    pub fn reach(
        &self,
        launcher: &Launcher,
        progress: &mut dyn FnMut(Progress),
    ) -> Result<PathBuf, Error> {
        self.reach_with(
            SERVER_SILENCE_MAX,
            &mut |listener| self.start(launcher, listener),
            progress,
        )
    }

    /// As [`ModelServer::reach`], with another way to start a server.
    fn reach_with(
        &self,
        silence_max: Duration,
        start: &mut dyn FnMut(UnixListener) -> Result<(), Error>,
        progress: &mut dyn FnMut(Progress),
    ) -> Result<PathBuf, Error> {
        let socket = self.socket();
        let mut starts = 0;
        let mut death = None;
        loop {
            match ask(&socket, silence_max, progress) {
                Asked::Ready => return Ok(socket),
                Asked::Failed(reason) => {
                    return Err(Error::ServerFailed { model: self.spec.model.clone(), reason });
                }
                Asked::Hangs => return Err(Error::ServerHangs { socket }),
                Asked::Broken(reason) => death = Some(reason),
                Asked::Nobody => {}
            }
            if starts == START_ATTEMPTS_MAX {
                return Err(Error::ServerDied {
                    model: self.spec.model.clone(),
                    reason: death.unwrap_or_else(|| "nobody answers on its socket".to_owned()),
                    log: self.log(),
                });
            }
            starts += 1;
            check_weights(&self.spec)?;
            progress(match &death {
                Some(reason) => Progress::Restarting { reason: reason.clone() },
                None => Progress::Starting,
            });
            self.start_locked(&socket, start)?;
        }
    }

    /// Starts a server unless somebody else has done so while this waited for the lock.
    fn start_locked(
        &self,
        socket: &Path,
        start: &mut dyn FnMut(UnixListener) -> Result<(), Error>,
    ) -> Result<(), Error> {
        let path = self.runtime_file("lock");
        let failed = |source| Error::Lock { path: path.clone(), source };
        moat_base::Fs::create_dir_all(&moat_base::RealFs, &self.runtime).map_err(failed)?;
        let lock = file::create(&path).map_err(failed)?;
        lock.lock().map_err(failed)?;
        if Local::connect(socket).is_ok() {
            return Ok(());
        }
        let listener = moat_net::bind(socket).map_err(|source| Error::Bind { source })?;
        start(listener)
    }

    fn start(&self, launcher: &Launcher, listener: UnixListener) -> Result<(), Error> {
        let path = self.log();
        let failed = |source| Error::Lock { path: path.clone(), source };
        let log = moat_base::RealFs.anew(&path).map_err(failed)?;
        let mut argv = self.command.clone();
        argv.extend(self.spec.arguments());
        let service = Service {
            name: format!("model server of {}", self.spec.model),
            argv,
            // Threads of OpenMP that wait for each other spin for some microseconds
            // and then sleep: always spinning makes the model crawl beside a
            // compile, always sleeping costs a third of its speed (docs/models.md).
            environment: vec![
                ("OMP_WAIT_POLICY".into(), "passive".into()),
                ("GOMP_SPINCOUNT".into(), SPIN_COUNT.into()),
            ],
            confinement: ServiceConfinement::Sealed { read: vec![self.spec.weights.clone()] },
            inherited: vec![listener.into()],
            log: log.into(),
            nice: SERVER_NICENESS,
        };
        start_service(launcher, service)
            .map(|_process| ())
            .map_err(|source| Error::Start { source })
    }
}

/// How often a thread looks before it sleeps; measured in docs/models.md.
const SPIN_COUNT: &str = "30000";

/// What a look at the socket gave.
#[derive(Debug, PartialEq, Eq)]
enum Asked {
    Ready,
    Failed(String),
    Nobody,
    Broken(String),
    Hangs,
}

#[derive(Debug, Deserialize)]
struct Line {
    status: String,
    #[serde(default)]
    percent: u8,
    #[serde(default)]
    reason: String,
}

/// Asks the server whether it is ready and waits until it is.
fn ask(socket: &Path, silence_max: Duration, progress: &mut dyn FnMut(Progress)) -> Asked {
    let Ok(local) = Local::connect(socket) else {
        return Asked::Nobody;
    };
    let mut outgoing = Outgoing::model_request("embedded", "/ready", Vec::new());
    outgoing.method = Method::Get;
    let pulse = Pulse::new(outgoing.cancel.clone());
    std::thread::scope(|scope| {
        let watch = scope.spawn(|| pulse.watch(silence_max));
        let asked = read_lines(&local, outgoing, &pulse, progress);
        pulse.end();
        match watch.join() {
            Ok(Life::Silent) => Asked::Hangs,
            Ok(Life::Over) | Err(_) => asked,
        }
    })
}

fn read_lines(
    local: &Local,
    outgoing: Outgoing,
    pulse: &Pulse,
    progress: &mut dyn FnMut(Progress),
) -> Asked {
    let answer = match local.send(outgoing) {
        Ok(answer) if answer.status == 200 => answer,
        Ok(answer) => return Asked::Broken(format!("it answered with status {}", answer.status)),
        Err(error) => return Asked::Broken(error.to_string()),
    };
    let mut body = BufReader::new(answer.body);
    for _ in 0..READY_LINES_MAX {
        pulse.beat();
        let mut line = String::new();
        match body.by_ref().take(READY_LINE_BYTES_MAX).read_line(&mut line) {
            Ok(0) => return Asked::Broken("it ended while it was loading the model".to_owned()),
            Err(_) => return Asked::Broken("it ended while it was loading the model".to_owned()),
            Ok(_) => {}
        }
        let Ok(line) = serde_json::from_str::<Line>(&line) else {
            return Asked::Broken("it said something that is not a status".to_owned());
        };
        match line.status.as_str() {
            "ok" => return Asked::Ready,
            "failed" => return Asked::Failed(line.reason),
            "loading" => progress(Progress::Loading { percent: line.percent }),
            // It ends because it was idle; the next look finds nobody or a new one.
            _ => return Asked::Broken("it was just stopping".to_owned()),
        }
    }
    Asked::Broken("it never came to an end of loading".to_owned())
}

/// Cancels a request when its answer stays silent for too long.
#[derive(Debug)]
struct Pulse {
    state: Mutex<Beats>,
    changed: Condvar,
    cancel: Cancel,
}

#[derive(Debug, Clone, Copy)]
struct Beats {
    count: u64,
    over: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Life {
    Silent,
    Over,
}

impl Pulse {
    const fn new(cancel: Cancel) -> Self {
        Self { state: Mutex::new(Beats { count: 0, over: false }), changed: Condvar::new(), cancel }
    }

    fn change(&self, change: impl FnOnce(&mut Beats)) {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        change(&mut state);
        self.changed.notify_all();
    }

    fn beat(&self) {
        self.change(|beats| beats.count += 1);
    }

    fn end(&self) {
        self.change(|beats| beats.over = true);
    }

    fn watch(&self, silence_max: Duration) -> Life {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        loop {
            let known = state.count;
            let (next, waited) = self
                .changed
                .wait_timeout_while(state, silence_max, |beats| beats.count == known && !beats.over)
                .unwrap_or_else(PoisonError::into_inner);
            state = next;
            if state.over {
                return Life::Over;
            }
            if waited.timed_out() {
                drop(state);
                self.cancel.cancel();
                return Life::Silent;
            }
        }
    }
}

const SHORT_HASH_CHARACTERS: usize = 16;

#[cfg(test)]
mod tests;
