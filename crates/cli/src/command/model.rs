// SPDX-License-Identifier: Apache-2.0
//! `moat model`: weights are listed, brought, imported and removed; the server's body.

mod transfer;

use std::ffi::OsString;
use std::path::Path;
use std::sync::Arc;

use moat_base::SystemClock;
use moat_config::Settings as Config;
use moat_inference::weights::{
    BrokerFetch, Error, Naming, PackageClient, Progress, Pulled, Reach, Standing, Ways,
};
use moat_inference::{ServerSpec, serve};
use moat_net::{Cancel, Stop};
use moat_sandbox::Interrupt;
use serde::Serialize;
use signal_hook::consts::SIGINT;
use signal_hook::iterator::Signals;

use crate::arguments::ModelVerb;
use crate::environment::Environment;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::models::{sources, store};
use crate::pip;
use crate::start::{self, Egress, Started};
use crate::terminal::{Terminal, complain};
use transfer::{Transfer, megabytes};

/// The source that needs pip, as `weights.sources` lists it.
const PACKAGES: &str = "pip-parts";

/// Carries a verb out.
pub(crate) fn run(
    environment: &Environment,
    config: &Config,
    verb: ModelVerb,
) -> Result<Exit, Failure> {
    let or_default =
        |id: Option<String>| id.unwrap_or_else(|| config.embedded.weights.value.clone());
    if !matches!(verb, ModelVerb::Pull { .. }) {
        environment.give_up_inet()?;
    }
    match verb {
        ModelVerb::List { json } => list(environment, json),
        ModelVerb::Pull { id, offline, quiet } => {
            let reach = if offline { Reach::Offline } else { Reach::Online };
            pull(environment, config, &or_default(id), reach, Shown::of(quiet))
        }
        ModelVerb::Import { file, id } => {
            import(environment, &file, &id.map_or(Naming::File, Naming::Id))
        }
        ModelVerb::Rm { id } => {
            let freed = store(environment)?.remove(&id).map_err(|error| failed(&error))?;
            let text = format!("removed {id}: {}\n", megabytes(freed));
            Terminal::new(environment.output).write(&text);
            Ok(Exit::Success)
        }
        ModelVerb::Path { id } => {
            let path =
                store(environment)?.locate(&or_default(id)).map_err(|error| failed(&error))?;
            Terminal::new(environment.output).write(&format!("{}\n", path.display()));
            Ok(Exit::Success)
        }
        ModelVerb::Serve { arguments } => serve_model(&arguments),
    }
}

#[derive(Debug, Serialize)]
struct Row<'a> {
    id: &'a str,
    standing: &'a str,
    bytes: u64,
    sha256: &'a str,
    license: &'a str,
    family: &'a str,
    context_tokens: u32,
    memory_bytes: u64,
}

fn list(environment: &Environment, json: bool) -> Result<Exit, Failure> {
    let mut terminal = Terminal::new(environment.output);
    for listed in store(environment)?.list().map_err(|error| failed(&error))? {
        let entry = &listed.entry;
        let standing = match &listed.standing {
            Standing::Here { .. } => "here",
            Standing::Unverified { .. } => "unverified",
            Standing::Partial { .. } => "partial",
            Standing::Absent => "absent",
            Standing::Damaged { .. } => "damaged",
        };
        let line = if json {
            let row = Row {
                id: &entry.id,
                standing,
                bytes: entry.size,
                sha256: &entry.sha256,
                license: &entry.license,
                family: &entry.family,
                context_tokens: entry.context,
                memory_bytes: entry.memory,
            };
            serde_json::to_string(&row).unwrap_or_default()
        } else {
            let size = megabytes(entry.size);
            let text = format!("{standing:<10} {:<40} {size:>9}  {}", entry.id, entry.license);
            moat_base::visible(&text).into_owned()
        };
        terminal.write(&format!("{line}\n"));
    }
    Ok(Exit::Success)
}

/// Whether progress is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Shown {
    Progress,
    Nothing,
}

impl Shown {
    const fn of(quiet: bool) -> Self {
        if quiet { Self::Nothing } else { Self::Progress }
    }
}

fn pull(
    environment: &Environment,
    config: &Config,
    id: &str,
    reach: Reach,
    shown: Shown,
) -> Result<Exit, Failure> {
    let store = store(environment)?;
    let online = reach == Reach::Online && store.locate(id).is_err();
    let egress = if online { Egress::Broker } else { Egress::None };
    let started = Started::begin(environment, egress, start::least(config))?;
    let mut terminal = Terminal::new(environment.output);
    let interrupt = Interrupt::new().map_err(|error| Failure::of(Exit::Environment, &error))?;
    let cancel = cancel_at_interrupt(std::slice::from_ref(&interrupt))?;
    let broker = match egress {
        Egress::Broker => {
            Some(started.broker().map_err(|report| Failure { report, exit: Exit::Environment })?)
        }
        Egress::None => None,
    };
    let fetch = broker.clone().map(|broker| BrokerFetch(broker as _));
    let sources = sources(config, reach);
    // Asking pip for its hosts takes a second.
    let wanted = broker.filter(|_| sources.order.iter().any(|listed| listed == PACKAGES));
    let pip = wanted.and_then(|broker| {
        pip::client(environment, &started.launcher, broker, interrupt)
            .inspect_err(|reason| complain(&format!("note: pip cannot be used: {reason}")))
            .ok()
    });
    let ways = Ways {
        fetch: fetch.as_ref().map(|fetch| fetch as _),
        packages: pip.as_ref().map(|pip| pip as &dyn PackageClient),
    };
    let mut transfer = Transfer::new(&mut terminal, environment.clock.as_ref());
    let mut report = |progress: &Progress| {
        if shown == Shown::Progress {
            transfer.show(progress);
        }
    };
    let pulled = store.pull(id, &sources, ways, &cancel, &mut report);
    transfer.end();
    match pulled {
        Ok(Pulled::AlreadyHere { .. }) => {
            if shown == Shown::Progress {
                terminal.write(&format!("{id} is here already, verified\n"));
            }
            Ok(Exit::Success)
        }
        Ok(Pulled::Brought { from, failures, .. }) => {
            if shown == Shown::Progress {
                if !failures.0.is_empty() {
                    terminal.write(&format!("these sources had it not:\n{failures}\n"));
                }
                terminal.write(&format!("{id} is here, verified; it came from {from}\n"));
            }
            Ok(Exit::Success)
        }
        Err(error) => Err(failed(&error)),
    }
}

fn cancel_at_interrupt(commands: &[Interrupt]) -> Result<Cancel, Failure> {
    let cancel = Cancel::new();
    let mut signals = Signals::new([SIGINT]).map_err(|error| {
        Failure::environment("could not listen to signals", "look at the open files limit")
            .because(&error)
    })?;
    let (raised, commands) = (cancel.clone(), commands.to_vec());
    std::thread::spawn(move || {
        for _signal in signals.forever() {
            raised.cancel();
            for command in &commands {
                command.trigger();
            }
        }
    });
    Ok(cancel)
}

fn import(environment: &Environment, file: &Path, naming: &Naming) -> Result<Exit, Failure> {
    let cancel = cancel_at_interrupt(&[])?;
    let mut terminal = Terminal::new(environment.output);
    let mut transfer = Transfer::new(&mut terminal, environment.clock.as_ref());
    let imported =
        store(environment)?.import((file, naming), &cancel, &mut |state| transfer.show(state));
    transfer.end();
    let entry = imported.map_err(|error| failed(&error))?;
    terminal.write(&format!("{} is here; use it with `--model {}`\n", entry.id, entry.id));
    Ok(Exit::Success)
}

/// The body of the model server's process, which knows nothing but its arguments.
pub(crate) fn serve_model(arguments: &[OsString]) -> Result<Exit, Failure> {
    let failed = |error: &moat_inference::Error| Failure::of(Exit::Environment, error);
    let spec = ServerSpec::parse(arguments).map_err(|error| failed(&error))?;
    let listener = moat_sandbox::inherited_listener().map_err(|error| {
        Failure::usage("the model server is started by Moat itself", "use `moat exec`")
            .because(&error)
    })?;
    moat_sandbox::give_up_inet().map_err(|error| Failure::of(Exit::Environment, &error))?;
    let stop = Stop::at_sigterm().map_err(|error| {
        Failure::environment("could not listen to signals", "look at the open files limit")
            .because(&error)
    })?;
    let clock = Arc::new(SystemClock::new());
    serve(&listener, &spec, clock, &stop).map_err(|error| failed(&error))?;
    Ok(Exit::Success)
}

fn failed(error: &Error) -> Failure {
    let wrong_input = matches!(
        error,
        Error::UnknownId { .. }
            | Error::NotWeights { .. }
            | Error::BadId { .. }
            | Error::IdTaken { .. }
    );
    let exit = if matches!(error, Error::Cancelled) {
        Exit::Interrupted
    } else if wrong_input {
        Exit::Usage
    } else {
        Exit::Environment
    };
    Failure::of(exit, error)
}
