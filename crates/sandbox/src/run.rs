// SPDX-License-Identifier: Apache-2.0
//! Runs one command: hands it to the holder, streams its output, keeps its limits.
//!
//! Invariant: at most one chunk of output is in memory, and every way out of the
//! loop is either the kernel's word that no process is left, or an error.

use std::net::TcpListener;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::path::PathBuf;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use moat_base::{Clock, SystemClock};
use rustix::event::{PollFd, PollFlags};
use rustix::fs::OFlags;
use rustix::pipe::PipeFlags;

use crate::cgroup::{Events, Group};
use crate::control::Control;
use crate::disk::{Disk, DiskBounds};
use crate::limits::{ANSWER_WAIT_MAX, OUTPUT_CHUNK_BYTES};
use crate::rewrite::Mapping;
use crate::view::bare::Places;
use crate::wire::{
    self, Answer, Care, CommandPlan, Fault, InputFrom, Listener, Order, Received, ToHolder,
};
use crate::{
    Command, Error, Exit, Input, Interrupt, Layer, Network, OutputSink, Plan, Settings, Status,
    Stream, Usage, Variable, environment, poll,
};

/// What all commands of a sandbox have in common.
#[derive(Debug)]
pub(crate) struct Surroundings {
    settings: Settings,
    workspace: PathBuf,
    /// Set for every command, before its own changes.
    variables: Vec<Variable>,
    mapping: Option<Mapping>,
    /// How many commands were started.
    commands: AtomicU64,
    disk: Mutex<Disk>,
    /// Where commands are counted, if that is a group of their own.
    group: Option<Group>,
    /// Whether a test wants it to bound no processes.
    unbounded: bool,
}

impl Surroundings {
    pub(crate) fn new(settings: &Settings, plan: &Plan) -> Self {
        Self {
            settings: settings.clone(),
            workspace: plan.root().to_owned(),
            variables: Vec::new(),
            mapping: None,
            commands: AtomicU64::new(0),
            disk: Mutex::new(Disk::open(plan)),
            group: None,
            unbounded: plan.without.contains(&Layer::Processes),
        }
    }

    /// Those of a sandbox without mounts: other places, and output that names the usual ones.
    pub(crate) fn bare(settings: &Settings, plan: &Plan, places: &Places) -> Self {
        let temporary = ["TMPDIR", "TMP", "TEMP"]
            .map(|name| Variable::Set(name.into(), places.temporary.clone().into()));
        let own = Settings { home: places.home.clone(), ..settings.clone() };
        Self {
            settings: own,
            workspace: places.tree.clone(),
            variables: temporary.to_vec(),
            mapping: Some(Mapping { from: places.tree.clone(), to: plan.root().to_owned() }),
            commands: AtomicU64::new(0),
            disk: Mutex::new(Disk::open(plan)),
            group: None,
            unbounded: plan.without.contains(&Layer::Processes),
        }
    }

    /// Has commands counted in a group of their own.
    pub(crate) fn count_in(&mut self, group: Group) {
        self.group = Some(group);
    }

    /// Sets a command's bounds in the group.
    fn admit(&self, command: &Command) -> Result<Option<(&Group, Events)>, Error> {
        let Some(group) = &self.group else {
            return Ok(None);
        };
        let limits = &command.limits;
        let processes = if self.unbounded { u64::MAX } else { limits.processes };
        match group.admit(limits.memory_bytes_all, processes) {
            Ok(events) => Ok(Some((group, events))),
            Err(error) => Err(failure(command, "bounding its control group".to_owned(), error)),
        }
    }

    /// What stands for what in the output.
    pub(crate) const fn mapping(&self) -> Option<&Mapping> {
        self.mapping.as_ref()
    }

    fn plan(&self, command: &Command) -> CommandPlan {
        let directory = if command.directory.is_root() {
            self.workspace.clone()
        } else {
            self.workspace.join(command.directory.as_path())
        };
        let limits = &command.limits;
        CommandPlan {
            argv: command.argv.clone(),
            search: environment::search(&self.settings, &self.workspace),
            environment: environment::compile(
                &self.settings,
                &directory,
                command.network,
                &[self.variables.as_slice(), command.environment.as_slice()].concat(),
            ),
            directory: command.directory.as_path().into(),
            input: match &command.input {
                Input::Empty => InputFrom::Nothing,
                Input::Bytes(_) | Input::Pipe(_) => InputFrom::Descriptor,
            },
            cpu_s: limits.cpu.as_secs().max(1),
            memory_bytes: limits.memory_bytes,
            processes: limits.processes,
            file_bytes: limits.file_bytes,
            open_files: limits.open_files,
        }
    }

    /// What the command's reaper must know of it.
    fn care(&self, command: &Command) -> Care {
        let limits = &command.limits;
        Care {
            listener: match command.network {
                Network::None => Listener::None,
                Network::Listener => Listener::Proxy,
            },
            cpu_s: limits.cpu.as_secs().max(1),
            cpu_s_all: limits.cpu_all.as_secs().max(1),
            // Where the kernel bounds it, the watch need not.
            memory_bytes_all: match self.group {
                Some(_) => u64::MAX,
                None => limits.memory_bytes_all,
            },
            session_bytes: limits.session_bytes,
            processes: limits.processes,
        }
    }
}

/// A command under way.
struct Run<'a> {
    control: &'a mut Control,
    number: u64,
    command: &'a Command,
    sink: &'a mut dyn OutputSink,
    clock: SystemClock,
    started: Duration,
    group: Option<(&'a Group, Events)>,
    disk: MutexGuard<'a, Disk>,
    disk_bounds: DiskBounds,
    /// When the disk is looked at again.
    disk_due: Duration,
    outputs: [Option<OwnedFd>; 2],
    buffer: Vec<u8>,
    output_bytes: u64,
    killed: Option<Killed>,
    exited: Option<(Status, Usage)>,
    fault: Option<Fault>,
}

/// Why and when we killed it.
struct Killed {
    status: Status,
    at: Duration,
}

/// Whether the loop goes on.
#[derive(PartialEq, Eq)]
enum Next {
    Wait,
    Finish,
}

/// Runs `command`; see [`crate::Sandbox::run`].
pub(crate) fn run(
    control: &mut Control,
    surroundings: &Surroundings,
    command: &Command,
    sink: &mut dyn OutputSink,
    interrupt: &Interrupt,
) -> Result<Exit, Error> {
    if interrupt.is_set() {
        return Ok(Exit {
            status: Status::Interrupted,
            usage: Usage::default(),
            output_bytes_dropped: 0,
        });
    }
    let clock = SystemClock::new();
    let mut disk = surroundings.disk.lock().unwrap_or_else(PoisonError::into_inner);
    let disk_bounds = disk.bounds(&command.limits, &clock);
    let group = surroundings.admit(command)?;
    let number = surroundings.commands.fetch_add(1, Ordering::Relaxed);
    let plan = (surroundings.plan(command), surroundings.care(command));
    let outputs = start(control, number, plan, command)?;
    let mut run = Run {
        control,
        number,
        command,
        sink,
        started: clock.monotonic(),
        group,
        disk_bounds,
        disk_due: clock.monotonic(),
        disk,
        clock,
        outputs: outputs.map(Some),
        buffer: vec![0; OUTPUT_CHUNK_BYTES],
        output_bytes: 0,
        killed: None,
        exited: None,
        fault: None,
    };
    while run.step(interrupt)? == Next::Wait {}
    run.finish()
}

/// The descriptors of a command: its input if it has one, the ends into which it writes,
/// and those from which that is read.
struct Streams {
    given: Vec<OwnedFd>,
    read: [OwnedFd; 2],
}

impl Streams {
    fn make(command: &Command) -> std::io::Result<Self> {
        let pipe = || -> rustix::io::Result<(OwnedFd, OwnedFd)> {
            let ends = rustix::pipe::pipe_with(PipeFlags::CLOEXEC)?;
            // Only our end: the flag belongs to the open file, and the ends are two.
            rustix::fs::fcntl_setfl(&ends.0, OFlags::NONBLOCK)?;
            Ok(ends)
        };
        let input = match &command.input {
            Input::Empty => None,
            Input::Bytes(bytes) => Some(wire::memory_file(bytes)?),
            Input::Pipe(pipe) => Some(pipe.share()?),
        };
        let ((output, output_end), (error, error_end)) = (pipe()?, pipe()?);
        let given = input.into_iter().chain([output_end, error_end]).collect();
        Ok(Self { given, read: [output, error] })
    }
}

/// Hands the command to a process that waits for it, or to the holder to make one; gives the
/// ends from which its outputs are read.
fn start(
    control: &mut Control,
    number: u64,
    (plan, care): (CommandPlan, Care),
    command: &Command,
) -> Result<[OwnedFd; 2], Error> {
    let failed = |source: std::io::Error| failure(command, "preparing it".to_owned(), source);
    let streams = Streams::make(command).map_err(failed)?;
    let fds: Vec<BorrowedFd<'_>> = streams.given.iter().map(AsFd::as_fd).collect();
    let spare = control.spare(&care)?;
    let mut order = Order { plan: Some(plan) };
    // One that has died since, or a command that is too long, goes the other way.
    let told = spare
        .as_ref()
        .filter(|_| care.listener == Listener::None)
        .is_some_and(|spare| wire::send(&spare.orders, &order, &fds).is_ok());
    let message = ToHolder::Run { number, care, spare: spare.map(|spare| spare.number), told };
    if told {
        control.send(&message, &[])?;
        return Ok(streams.read);
    }
    let body = order.plan.take().map(|plan| wire::body(&plan)).transpose().map_err(failed)?;
    let body = body.as_ref().map(AsFd::as_fd);
    let whole: Vec<BorrowedFd<'_>> = body.into_iter().chain(fds).collect();
    control.send(&message, &whole)?;
    Ok(streams.read)
}

fn failure(command: &Command, step: String, source: std::io::Error) -> Error {
    let program = command.argv.first().map(|name| name.display().to_string());
    Error::Run { program: program.unwrap_or_default(), step, source }
}

impl Run<'_> {
    /// Waits for one thing to happen and deals with it.
    fn step(&mut self, interrupt: &Interrupt) -> Result<Next, Error> {
        let wait = self.remaining()?;
        let (asked, interrupted, readable) = {
            let mut fds = vec![PollFd::from_borrowed_fd(self.control.socket(), PollFlags::IN)];
            // A set switch stays readable, so it is only watched until it has acted.
            let event = if self.killed.is_some() { PollFlags::empty() } else { PollFlags::IN };
            fds.push(PollFd::from_borrowed_fd(interrupt.event().as_fd(), event));
            let open = self.outputs.iter().flatten();
            fds.extend(open.map(|fd| PollFd::from_borrowed_fd(fd.as_fd(), PollFlags::IN)));
            poll::wait(&mut fds, Some(wait)).map_err(|_broken| Error::Gone)?;
            let mut ready = fds.iter().map(|fd| !fd.revents().is_empty());
            (ready.next().unwrap_or(false), ready.next().unwrap_or(false), ready.any(|ready| ready))
        };
        if interrupted {
            self.kill(Status::Interrupted)?;
        }
        if readable {
            self.read()?;
        }
        if asked {
            return self.hear();
        }
        Ok(Next::Wait)
    }

    /// The time until something must be looked at; acts on what has passed.
    fn remaining(&mut self) -> Result<Duration, Error> {
        let now = self.clock.monotonic();
        let (deadline, killed) = match &self.killed {
            Some(killed) => (killed.at + ANSWER_WAIT_MAX, true),
            None => (self.started + self.command.limits.wall, false),
        };
        if now < deadline {
            let disk = self.look_at_disk(now)?;
            return Ok(disk.min(deadline - now));
        }
        if killed {
            return Err(Error::Answer { reason: "the command did not end when it was killed" });
        }
        self.kill(Status::TimedOut)?;
        Ok(ANSWER_WAIT_MAX)
    }

    /// The time until the disk is looked at again.
    fn look_at_disk(&mut self, now: Duration) -> Result<Duration, Error> {
        if self.killed.is_some() {
            return Ok(ANSWER_WAIT_MAX);
        }
        if now >= self.disk_due {
            match self.disk.look(&self.disk_bounds, &self.clock) {
                Ok(wait) => self.disk_due = self.clock.monotonic() + wait,
                Err(bound) => {
                    self.kill(Status::Limit(bound))?;
                    return Ok(ANSWER_WAIT_MAX);
                }
            }
        }
        Ok(self.disk_due.saturating_sub(self.clock.monotonic()))
    }

    fn kill(&mut self, status: Status) -> Result<(), Error> {
        if self.killed.is_none() {
            self.killed = Some(Killed { status, at: self.clock.monotonic() });
            self.control.send(&ToHolder::Kill, &[])?;
        }
        Ok(())
    }

    fn hear(&mut self) -> Result<Next, Error> {
        let Some(Received { message, fds }) = self.control.receive()? else {
            return Ok(Next::Wait);
        };
        match message {
            Answer::Listener => {
                let listener = fds
                    .into_iter()
                    .next()
                    .ok_or(Error::Answer { reason: "the listener did not come with it" })?;
                self.sink.listener(TcpListener::from(listener));
            }
            Answer::Exited { status, cpu_us, resident_bytes_max, bound } => {
                let usage = Usage {
                    wall: self.clock.monotonic().saturating_sub(self.started),
                    cpu: Duration::from_micros(cpu_us),
                    resident_bytes_max,
                };
                self.exited = Some((bound.map_or_else(|| decode(status), Status::Limit), usage));
            }
            Answer::Failed(fault) => self.fault = Some(fault),
            Answer::Done { number } if number == self.number => return Ok(Next::Finish),
            // The former command's holder, after its reaper had said so already.
            Answer::Done { .. } => {}
            Answer::Ready { .. }
            | Answer::Spare { .. }
            | Answer::NoSpare
            | Answer::Serving { .. }
            | Answer::Surveyed { .. } => {
                return Err(Error::Answer { reason: "it was not about the command" });
            }
        }
        Ok(Next::Wait)
    }

    /// Reads one chunk from each output that has one.
    fn read(&mut self) -> Result<(), Error> {
        for index in 0..self.outputs.len() {
            self.read_one(index);
        }
        if self.output_bytes > self.command.limits.output_bytes_kill {
            self.kill(Status::OutputLimit)?;
        }
        Ok(())
    }

    /// Tells whether there may be more at once.
    fn read_one(&mut self, index: usize) -> bool {
        let Some(slot) = self.outputs.get_mut(index) else {
            return false;
        };
        let Some(fd) = slot.as_ref() else {
            return false;
        };
        let read =
            match rustix::io::retry_on_intr(|| rustix::io::read(fd, self.buffer.as_mut_slice())) {
                Ok(0) => {
                    *slot = None;
                    return false;
                }
                Ok(read) => read,
                Err(rustix::io::Errno::AGAIN) => return false,
                Err(_broken) => {
                    *slot = None;
                    return false;
                }
            };
        let room = self.command.limits.output_bytes.saturating_sub(self.output_bytes);
        let kept = usize::try_from(room).unwrap_or(usize::MAX).min(read);
        self.output_bytes += read as u64;
        if let Some(bytes) = self.buffer.get(..kept).filter(|bytes| !bytes.is_empty()) {
            let stream = if index == 0 { Stream::Output } else { Stream::Error };
            self.sink.output(stream, bytes);
        }
        true
    }

    /// Takes what is left in the pipes, whose writers are all dead, and says how it ended.
    fn finish(mut self) -> Result<Exit, Error> {
        for index in 0..self.outputs.len() {
            while self.read_one(index) {}
        }
        let dropped = self.output_bytes.saturating_sub(self.command.limits.output_bytes);
        let wall = self.clock.monotonic().saturating_sub(self.started);
        let unknown = Usage { wall, ..Usage::default() };
        // When the kernel ends a group, its reaper may not have come to say anything.
        let bound = self.group.and_then(|(group, before)| group.ended_at(&before));
        let killed = self.killed.map(|killed| killed.status);
        let told = killed.or_else(|| bound.map(Status::Limit));
        let (status, usage) = match (told, self.fault, self.exited) {
            (Some(status), _, exited) => (status, exited.map_or(unknown, |(_status, usage)| usage)),
            (None, Some(fault), _) => {
                let source = std::io::Error::from_raw_os_error(fault.errno);
                return Err(failure(self.command, fault.step, source));
            }
            (None, None, Some((status, usage))) => (status, usage),
            // The reaper itself was killed, which only the kernel can do (no memory).
            (None, None, None) => (Status::Signal(libc::SIGKILL), unknown),
        };
        Ok(Exit { status, usage, output_bytes_dropped: dropped })
    }
}

/// Reads a status as `wait4` gives it.
fn decode(status: i32) -> Status {
    if libc::WIFSIGNALED(status) {
        Status::Signal(libc::WTERMSIG(status))
    } else {
        Status::Code(libc::WEXITSTATUS(status))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wait_statuses_are_read() {
        let cases = [
            (0, Status::Code(0)),
            (0x0100, Status::Code(1)),
            (0xff00, Status::Code(255)),
            (9, Status::Signal(9)),
            (0x80 | 11, Status::Signal(11)),
        ];
        for (raw, status) in cases {
            assert_eq!(decode(raw), status);
        }
    }
}
