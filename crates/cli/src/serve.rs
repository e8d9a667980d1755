// SPDX-License-Identifier: Apache-2.0
//! `moat serve`: the browser IDE of one workspace.
//!
//! What can make a socket is started first: the listener, the keeper of the user's own
//! terminals, the broker. Then this process gives up making any, before it reads a byte of
//! the workspace.
//!
//! Invariant: there is one server of a user at a time, and it never runs for another one.

mod backend;
mod boundary;
mod completion;
mod control;
mod fronts;
mod identity;
mod sessions;
mod terminals;

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::mpsc::sync_channel;
use std::time::Duration;

use moat_base::{Depot as _, Lock, RealDepot, random_hex};
use moat_config::{Loaded, Settings as Config};
use moat_sandbox::{Files, Launcher, Plan, Sandbox};
use moat_server::{Gate, Handle, Listening, Server};
use moat_terminal::Keeper;
use moat_workspace::{Workspace, WorkspaceSettings};
use signal_hook::consts::{SIGINT, SIGTERM};
use signal_hook::iterator::Signals;

use crate::arguments::Serve;
use crate::environment::Environment;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::start::{self, Egress, Started};
use crate::terminal::Terminal;
use backend::Service;
use boundary::Boundary;
use completion::Completion;
use control::Control;
use fronts::Fronts;
use identity::Identity;
use sessions::Sessions;
use terminals::UserTerminals;

const LOCK_FILE: &str = "serve.lock";
/// How long changes of files are gathered before front ends are told.
const GATHER: Duration = Duration::from_millis(80);
const INSTANCE_BYTES: usize = 8;

/// Serves until it is interrupted.
pub(crate) fn run(
    environment: &Environment,
    loaded: Loaded,
    arguments: &Serve,
) -> Result<Exit, Failure> {
    if arguments.link {
        environment.give_up_inet()?;
        return control::link(environment);
    }
    let workspace = environment.workspace(arguments.dir.as_deref())?;
    if !moat_server::assets::built() {
        let hint = "build it with `make build`, which builds the page before the program";
        return Err(Failure::environment("this program was built without the page", hint));
    }
    let _only_one = lock(environment)?;
    let identity = Identity::of(environment, &workspace)?;
    let (listening, gate) = listen(environment, arguments, &identity)?;
    let keeper = terminals::keeper(environment)?;
    let egress = Egress::of_session(&loaded.settings);
    let started = Started::begin(environment, egress, start::least(&loaded.settings))?;
    let config = started.tightened(&loaded, &workspace)?;
    let served = Served::open(environment, config, workspace, started, keeper, gate)?;
    // Whoever reads the link may end the server at once.
    let signals = Signals::new([SIGINT, SIGTERM]).map_err(|error| {
        Failure::environment("could not listen to signals", "look at the open files limit")
            .because(&error)
    })?;
    served.announce(environment, arguments)?;
    served.run(listening, signals)
}

/// One server for each user: a second one would have the same sessions open.
fn lock(environment: &Environment) -> Result<Lock, Failure> {
    let runtime = &environment.layout.runtime;
    let failed = |error: &std::io::Error| {
        let hint = "look at the permissions of the runtime directory";
        Failure::environment("could not lock the server's place", hint).because(error)
    };
    environment.fs.create_dir_all(runtime).map_err(|error| failed(&error))?;
    RealDepot.lock(&runtime.join(LOCK_FILE)).map_err(|error| {
        if error.kind() == std::io::ErrorKind::WouldBlock {
            let hint = "`moat serve --link` prints a link to it";
            return Failure::usage("a server of yours runs already", hint);
        }
        failed(&error)
    })
}

/// Makes the listener, and the gate that belongs to it.
fn listen(
    environment: &Environment,
    arguments: &Serve,
    identity: &Identity,
) -> Result<(Listening, Gate), Failure> {
    let failed = |error: moat_net::Error| Failure::of(Exit::Environment, &error);
    let (prefix, key) = (identity.prefix.clone(), identity.key.clone());
    let (listening, port) = match &arguments.socket {
        Some(path) => (Listening::Socket(moat_net::bind(path).map_err(failed)?), None),
        None => {
            let wanted = arguments.port.or(identity.port);
            let listener = match moat_net::listen_on_loopback(wanted) {
                // The port of last time is another program's now.
                Err(_taken) if arguments.port.is_none() => moat_net::listen_on_loopback(None),
                other => other,
            };
            let (listener, port) = listener.map_err(failed)?;
            identity.keep_port(environment, port)?;
            (Listening::Port(listener), Some(port))
        }
    };
    let gate = match (&arguments.authority, port) {
        (Some(authority), _) => Gate::behind_proxy(&authority.0, prefix, key),
        (None, Some(port)) => Gate::loopback(port, prefix, key),
        (None, None) => {
            let hint = "name what people type in their browser, as in `--authority ide.example`";
            return Err(Failure::usage("`--socket` needs `--authority`", hint));
        }
    };
    Ok((listening, gate))
}

/// What is enforced around the agent here, found out by starting a sandbox.
fn boundary_line(launcher: &Launcher, workspace: &Path) -> Result<String, Failure> {
    let plan = Plan::new(workspace, Files::ReadOnly);
    let sandbox = plan.and_then(|plan| Sandbox::start(launcher, &plan));
    let sandbox = sandbox.map_err(|error| Failure::of(Exit::Environment, &error))?;
    Ok(moat_engine::boundary_line(sandbox.confinement()))
}

/// A server with everything behind it.
struct Served {
    server: Server,
    handle: Handle,
    service: Arc<Service>,
    fronts: Arc<Fronts>,
    control: Control,
    workspace: PathBuf,
}

impl Served {
    fn open(
        environment: &Environment,
        config: Config,
        root: PathBuf,
        started: Started,
        keeper: Keeper,
        gate: Gate,
    ) -> Result<Self, Failure> {
        let fronts = Arc::new(Fronts::default());
        let instance = random_hex(INSTANCE_BYTES).map_err(|error| {
            Failure::environment("there is no randomness", "look at the kernel").because(&error)
        })?;
        let told = Arc::clone(&fronts);
        let layout = &environment.layout;
        let state = layout.state.join("workspaces").join(identity::name_of(&root));
        let workspace = Workspace::open(&WorkspaceSettings {
            root: root.clone(),
            state: state.clone(),
            preferences: layout.state.join("page-settings.json"),
            programs: environment.toolchains(),
            launcher: Arc::clone(&started.launcher),
            fs: Arc::clone(&environment.fs),
            clock: Arc::clone(&environment.clock),
            news: Arc::new(move |news| told.announce(&news)),
            gather: GATHER,
            boundary: boundary_line(&started.launcher, &root)?,
            version: env!("CARGO_PKG_VERSION").to_owned(),
            instance,
        })
        .map_err(|error| Failure::of(Exit::Environment, &error))?;
        let terminals =
            UserTerminals::start(environment, keeper, &root, &state, Arc::clone(&fronts))?;
        let terminals = Arc::new(terminals);
        let boundary = Boundary::new(environment, Arc::clone(&terminals), root.clone());
        let completion = Completion::new(environment, &started, config.clone());
        let agent = Sessions::new(environment, config, started, root.clone(), Arc::clone(&fronts));
        let service = Arc::new(Service {
            workspace,
            terminals,
            sessions: agent,
            boundary,
            completion,
            fronts: Arc::clone(&fronts),
        });
        let server = Server::new(gate, Arc::clone(&service) as Arc<dyn moat_server::Backend>);
        let handle = server.handle();
        let control = Control::open(environment, handle.clone())?;
        Ok(Self { server, handle, service, fronts, control, workspace: root })
    }

    /// Says where it is, and opens a browser where there is one.
    fn announce(&self, environment: &Environment, arguments: &Serve) -> Result<(), Failure> {
        let link = self.handle.link().map_err(|error| {
            Failure::environment("could not make a link", "look at the kernel").because(&error)
        })?;
        let mut terminal = Terminal::new(environment.output);
        terminal.write(&format!(
            "Moat serves {}\n\n  {link}\n\nThe link is good once; `moat serve --link` prints another. \
             Ctrl-C ends the server; nothing unsaved is lost.\n",
            self.workspace.display()
        ));
        if arguments.browser()
            && let Some(opener) = terminals::opener(environment)
        {
            self.service.terminals().browse(&opener, &link);
        }
        Ok(())
    }

    fn run(self, listening: Listening, mut signals: Signals) -> Result<Exit, Failure> {
        let handle = self.handle.clone();
        let stopping = signals.handle();
        let waiting = std::thread::spawn(move || {
            if signals.forever().next().is_some() {
                handle.end();
            }
        });
        let (ends, ended) = sync_channel::<()>(0);
        let following = {
            let (service, fronts) = (Arc::clone(&self.service), Arc::clone(&self.fronts));
            std::thread::spawn(move || service.boundary().follow(&fronts, &ended))
        };
        let served = self.server.run(listening);
        drop(ends);
        self.control.close();
        self.service.close();
        stopping.close();
        let _joined = (following.join(), waiting.join());
        served.map(|()| Exit::Success).map_err(|error| {
            Failure::environment("the server could not go on", "start it again").because(&error)
        })
    }
}
