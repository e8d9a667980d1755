// SPDX-License-Identifier: Apache-2.0
//! The local socket on which the server's owner asks it for another link.
//!
//! Invariant: only this user reaches it; the kernel says who connects.

use std::path::PathBuf;
use std::sync::Arc;
use std::thread::JoinHandle;

use moat_base::Fs;
use moat_net::{LineListener, LineStream, Stop};
use moat_server::Handle;

use crate::environment::Environment;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::terminal::Terminal;

const LINE_BYTES_MAX: usize = 4096;
const ASK: &str = "link";

/// The socket, served.
#[derive(Debug)]
pub(super) struct Control {
    stop: Stop,
    serving: JoinHandle<()>,
    path: PathBuf,
    fs: Arc<dyn Fs>,
}

impl Control {
    pub(super) fn open(environment: &Environment, handle: Handle) -> Result<Self, Failure> {
        let path = socket(environment);
        let failed = |error: &moat_net::Error| Failure::of(Exit::Environment, error);
        let listener = LineListener::bind(&path, LINE_BYTES_MAX).map_err(|error| failed(&error))?;
        let stop = Stop::new().map_err(|error| {
            Failure::environment("could not serve a socket", "look at the open files limit")
                .because(&error)
        })?;
        let until = stop.clone();
        let serving = std::thread::spawn(move || {
            while let Ok(Some(mut stream)) = listener.accept(&until) {
                if matches!(stream.receive(), Ok(Some(line)) if line.trim_end() == ASK)
                    && let Ok(link) = handle.link()
                {
                    // Who asked may be gone.
                    let _gone = stream.send(&link);
                }
            }
        });
        Ok(Self { stop, serving, path, fs: Arc::clone(&environment.fs) })
    }

    pub(super) fn close(self) {
        self.stop.request();
        let _ended = self.serving.join();
        let lock = self.path.with_extension("sock.lock");
        let _gone_anyhow = self.fs.remove(&self.path).and_then(|()| self.fs.remove(&lock));
    }
}

/// Asks the running server for a link, and prints it.
pub(super) fn link(environment: &Environment) -> Result<Exit, Failure> {
    let missing = |error: &moat_net::Error| {
        Failure::usage("no server of yours runs", "start one with `moat serve`").because(error)
    };
    let mut stream = LineStream::connect(&socket(environment), LINE_BYTES_MAX)
        .map_err(|error| missing(&error))?;
    stream.send(ASK).map_err(|error| missing(&error))?;
    let link = stream
        .receive()
        .map_err(|error| missing(&error))?
        .ok_or_else(|| Failure::environment("the server gave no link", "start it again"))?;
    Terminal::new(environment.output).write(&format!("{}\n", link.trim_end()));
    Ok(Exit::Success)
}

fn socket(environment: &Environment) -> PathBuf {
    environment.layout.runtime.join("serve.sock")
}
