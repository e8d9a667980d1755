// SPDX-License-Identifier: Apache-2.0
//! A transport that answers by a script and notes what it was sent.

use std::collections::VecDeque;
use std::io::{self, Read};
use std::sync::Mutex;
use std::sync::mpsc::{Receiver, sync_channel};

use moat_model::{Call, Failure, HangUp, Reply, Transport};

/// What the server does with one call.
#[derive(Debug, Clone)]
pub(crate) enum Step {
    NobodyListens,
    Fails,
    Answers(u16, String),
    /// Sends the text, then nothing until somebody hangs up.
    HangsAfter(String),
    /// Never answers.
    Hangs,
    BreaksAfter(String),
}

#[derive(Debug, Default)]
pub(crate) struct Script {
    steps: Mutex<VecDeque<Step>>,
    calls: Mutex<Vec<(&'static str, String)>>,
}

impl Script {
    pub(crate) fn new(steps: impl IntoIterator<Item = Step>) -> Self {
        Self { steps: Mutex::new(steps.into_iter().collect()), calls: Mutex::default() }
    }

    pub(crate) fn bodies(&self) -> Vec<String> {
        let calls = self.calls.lock().unwrap();
        calls.iter().map(|(_, body)| body.clone()).collect()
    }

    pub(crate) fn paths(&self) -> Vec<&'static str> {
        self.calls.lock().unwrap().iter().map(|(p, _)| *p).collect()
    }
}

impl Transport for Script {
    fn name(&self) -> String {
        "model server `test`".into()
    }

    fn send(&self, call: &Call, hang_up: &HangUp) -> Result<Reply, Failure> {
        let body = String::from_utf8(call.body.clone()).unwrap();
        self.calls.lock().unwrap().push((call.path, body));
        let step = self.steps.lock().unwrap().pop_front();
        let (sender, until) = sync_channel::<()>(1);
        hang_up.register(move || drop(sender));
        let reply = |status, body: Box<dyn Read + Send>| Ok(Reply { status, body });
        match step.expect("a call that the script does not expect") {
            Step::NobodyListens => {
                Err(Failure::NobodyListens(io::Error::from(io::ErrorKind::ConnectionRefused)))
            }
            Step::Fails => Err(Failure::Failed(io::Error::from(io::ErrorKind::PermissionDenied))),
            Step::Answers(status, text) => reply(status, Box::new(io::Cursor::new(text))),
            Step::HangsAfter(text) => {
                reply(200, Box::new(io::Cursor::new(text).chain(Blocked(until))))
            }
            Step::Hangs => {
                let _end = until.recv();
                Err(Failure::Failed(io::Error::other("hung up")))
            }
            Step::BreaksAfter(text) => reply(200, Box::new(io::Cursor::new(text).chain(Broken))),
        }
    }
}

struct Blocked(Receiver<()>);

impl Read for Blocked {
    fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
        let _end = self.0.recv();
        Ok(0)
    }
}

struct Broken;

impl Read for Broken {
    fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
        Err(io::Error::from(io::ErrorKind::ConnectionReset))
    }
}
