// SPDX-License-Identifier: Apache-2.0
//! What Moat, its launcher and its holders say to each other.
//!
//! Messages are short JSON texts on a `SOCK_SEQPACKET` pair; long bodies (plans,
//! commands) travel as sealed memory files and everything else that matters as
//! descriptors, so nothing shows in an argument list or in `/proc`. Both ends are
//! the same binary, so there is no version.
//!
//! Invariant: a body is sealed against change before it is sent, and a receiver
//! reads no more than [`BODY_BYTES_MAX`].

use std::ffi::OsString;
use std::io::{self, IoSlice, IoSliceMut};
use std::mem::MaybeUninit;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};

use rustix::fs::{MemfdFlags, SealFlags};
use rustix::net::{
    AddressFamily, RecvAncillaryBuffer, RecvAncillaryMessage, RecvFlags, ReturnFlags,
    SendAncillaryBuffer, SendAncillaryMessage, SendFlags, SocketFlags, SocketType,
};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::command::Bound;
use crate::footing::{Footing, Survey};
use crate::limits::{BODY_BYTES_MAX, MESSAGE_BYTES_MAX, MESSAGE_FDS_MAX};
use crate::plan::Layer;

mod text;

/// Moat to its launcher. The answer comes on the socket that is sent along.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) enum ToLauncher {
    /// Start a holder: a body with [`HolderPlan`], the control socket, and the control group
    /// for its commands where there is one.
    Hold,
    /// Start a service: a body with [`ServicePlan`], the answer socket, the log, the inherited ones.
    Serve,
    /// Give the host's network up.
    Seal,
    /// Find out what a sandbox can stand on; the answer socket comes along.
    Survey,
}

/// Moat to a holder.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) enum ToHolder {
    /// A command: what of an [`Order`] goes along, or nothing where its process has it already.
    Run {
        /// Its number in the session.
        number: u64,
        /// What its reaper must know.
        care: Care,
        /// The waiting process that becomes it; none for one that is still to be made.
        spare: Option<u64>,
        /// Whether that process has been told.
        told: bool,
    },
    /// Kill the running command.
    Kill,
}

/// To the process that becomes a command. The descriptors of its standard input, if it has
/// one, output and error come along, before them a body with the plan if it is not in here.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Order {
    pub(crate) plan: Option<CommandPlan>,
}

/// A holder, its reaper, or the launcher in their place, to Moat.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) enum Answer {
    /// The sandbox stands; the descriptors of the workspace and of the holder's process come along.
    Ready {
        /// Visible directories that had to be left out, and why.
        notes: Vec<String>,
        /// Protections that could not be put up.
        lost: Vec<Lost>,
        /// Where its commands are counted.
        counted: Counted,
    },
    /// A process waits for a command; the socket for its [`Order`] and its reaper come along.
    Spare {
        /// Its number among those that wait.
        spare: u64,
        /// How many processes its command may have.
        processes: u64,
    },
    /// No process waits for a command, and none will: the next one is made for its command.
    NoSpare,
    /// A service runs.
    Serving {
        /// Its process id on the host.
        pid: i32,
    },
    /// What a sandbox can stand on.
    Surveyed {
        /// What was found.
        survey: Survey,
    },
    /// A step was refused.
    Failed(Fault),
    /// The command's listener; its descriptor comes along.
    Listener,
    /// The command ended.
    Exited {
        /// The status as `wait4` gives it.
        status: i32,
        /// Processor time of the command and the children that it waited for.
        cpu_us: u64,
        /// The largest resident size of one process, in bytes.
        resident_bytes_max: u64,
        /// The bound for which the reaper ended it.
        bound: Option<Bound>,
    },
    /// No process of the command is left. It can be said twice, by its reaper, which goes
    /// on to be taken down, and by the holder, which saw the reaper end.
    Done {
        /// The command's number.
        number: u64,
    },
}

/// A protection that the kernel did not take.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Lost {
    /// Landlock is missing or too old to scope signals and abstract sockets.
    Landlock {
        /// The version that the kernel offers, 0 for none.
        version: i32,
    },
    /// Nested user namespaces could not be bounded.
    Nesting,
    /// The processes of the machine's root could not be bounded.
    Processes,
}

/// Where the processes of a sandbox's commands are counted.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Counted {
    /// With Moat's own; there is no control group for them.
    WithMoat,
    /// In the control group that came with the plan.
    Apart,
    /// With Moat's own, because the kernel puts no process into that group.
    Refused(Fault),
}

/// A refused step, on its way to becoming an error.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Fault {
    pub(crate) step: String,
    pub(crate) errno: i32,
}

/// Names the step that a system call belongs to.
pub(crate) trait During<T> {
    /// Turns a system error into a [`Fault`] of `step`.
    fn during(self, step: impl Into<String>) -> Result<T, Fault>;
}

impl<T> During<T> for rustix::io::Result<T> {
    fn during(self, step: impl Into<String>) -> Result<T, Fault> {
        self.map_err(|errno| Fault { step: step.into(), errno: errno.raw_os_error() })
    }
}

impl<T> During<T> for io::Result<T> {
    fn during(self, step: impl Into<String>) -> Result<T, Fault> {
        self.map_err(|error| Fault {
            step: step.into(),
            errno: error.raw_os_error().unwrap_or(libc::EIO),
        })
    }
}

/// Everything a holder must know; compiled by `view`.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct HolderPlan {
    /// What it stands on.
    pub(crate) footing: Footing,
    /// What to mount, in order; nothing where there is no namespace for mounts.
    pub(crate) entries: Vec<Entry>,
    /// What commands may read and run (Landlock).
    #[serde(with = "text::list")]
    pub(crate) readable: Vec<OsString>,
    /// The devices that they may use (Landlock).
    #[serde(with = "text::list")]
    pub(crate) devices: Vec<OsString>,
    /// The directories in which commands may write (Landlock).
    #[serde(with = "text::list")]
    pub(crate) writable: Vec<OsString>,
    /// The workspace.
    #[serde(with = "text")]
    pub(crate) workspace: OsString,
    /// Whether commands may make local sockets.
    pub(crate) local_sockets: LocalSockets,
    /// Protections that a test switched off.
    pub(crate) without: Vec<Layer>,
}

/// Whether commands may create `AF_UNIX` sockets that have names.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum LocalSockets {
    /// Every visible place shows its own inodes, so no host socket can be reached.
    Allowed,
    /// Host inodes are visible and writable: only unnamed pairs are allowed.
    PairsOnly,
}

/// A file's identity on the host.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Identity {
    pub(crate) device: u64,
    pub(crate) inode: u64,
}

/// One step in building the root.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) enum Entry {
    /// An empty directory.
    Directory {
        #[serde(with = "text")]
        at: OsString,
    },
    /// A symbolic link.
    Link {
        #[serde(with = "text")]
        at: OsString,
        #[serde(with = "text")]
        target: OsString,
    },
    /// A copy of a short file of the host.
    Copy {
        #[serde(with = "text")]
        from: OsString,
        #[serde(with = "text")]
        at: OsString,
    },
    /// A file with this text.
    Text {
        #[serde(with = "text")]
        at: OsString,
        text: String,
    },
    /// A directory, file or device of the host.
    Bind {
        #[serde(with = "text")]
        from: OsString,
        #[serde(with = "text")]
        at: OsString,
        access: Access,
        identity: Option<Identity>,
        missing: Missing,
    },
    /// Trees of the host under an overlay, nearest first.
    Overlay {
        #[serde(with = "text::list")]
        lowers: Vec<OsString>,
        upper: Upper,
        #[serde(with = "text")]
        at: OsString,
        identity: Option<Identity>,
        missing: Missing,
    },
    /// An empty file system in memory.
    Memory {
        #[serde(with = "text")]
        at: OsString,
        bytes_max: u64,
        mode: u32,
    },
    /// A new set of pseudo terminals.
    Terminals {
        #[serde(with = "text")]
        at: OsString,
    },
    /// A file with this text, over one that an earlier entry shows.
    Cover {
        #[serde(with = "text")]
        at: OsString,
        text: String,
    },
}

impl Entry {
    /// The place of a mount; none for what is only put there.
    pub(crate) fn mounted_at(&self) -> Option<&OsString> {
        match self {
            Self::Bind { at, .. }
            | Self::Overlay { at, .. }
            | Self::Memory { at, .. }
            | Self::Terminals { at }
            | Self::Cover { at, .. } => Some(at),
            Self::Directory { .. } | Self::Link { .. } | Self::Copy { .. } | Self::Text { .. } => {
                None
            }
        }
    }
}

/// What may be done through a bind.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Access {
    Read,
    Write,
    Device,
}

/// Where the changes to an overlay go.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Upper {
    /// There are none.
    None,
    /// Into memory, gone with the session.
    Memory,
    /// Into a directory of the host.
    Directory {
        #[serde(with = "text")]
        upper: OsString,
        #[serde(with = "text")]
        work: OsString,
    },
}

/// What a source that is not there means.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Missing {
    /// The sandbox does not start.
    Refuse,
    /// The entry is left out and noted.
    Skip,
}

/// What a reaper must know of its command.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Care {
    pub(crate) listener: Listener,
    pub(crate) cpu_s: u64,
    pub(crate) cpu_s_all: u64,
    pub(crate) memory_bytes_all: u64,
    pub(crate) session_bytes: u64,
    pub(crate) processes: u64,
}

/// A command, ready to run.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct CommandPlan {
    #[serde(with = "text::list")]
    pub(crate) argv: Vec<OsString>,
    /// Where a program without `/` in its name is looked up.
    #[serde(with = "text::list")]
    pub(crate) search: Vec<OsString>,
    #[serde(with = "text::list")]
    pub(crate) environment: Vec<OsString>,
    /// Relative to the workspace; empty for the workspace itself.
    #[serde(with = "text")]
    pub(crate) directory: OsString,
    pub(crate) input: InputFrom,
    pub(crate) cpu_s: u64,
    pub(crate) memory_bytes: u64,
    pub(crate) processes: u64,
    pub(crate) file_bytes: u64,
    pub(crate) open_files: u64,
}

/// Whether a command gets a listener on its loopback device.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Listener {
    None,
    Proxy,
}

/// What a command's standard input is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum InputFrom {
    /// The command's own `/dev/null`: the caller's lies on a mount of the host, on which its
    /// mode could be changed.
    Nothing,
    /// The descriptor that came with the command.
    Descriptor,
}

/// A service, ready to start.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct ServicePlan {
    pub(crate) argv: Vec<OsString>,
    pub(crate) environment: Vec<OsString>,
    /// The view of a sealed service; none for one that confines itself.
    pub(crate) view: Option<HolderPlan>,
    pub(crate) nice: i32,
}

/// A message with its descriptors.
#[derive(Debug)]
pub(crate) struct Received<M> {
    pub(crate) message: M,
    pub(crate) fds: Vec<OwnedFd>,
}

/// Makes a connected pair of message sockets.
pub(crate) fn pair() -> io::Result<(OwnedFd, OwnedFd)> {
    Ok(rustix::net::socketpair(
        AddressFamily::UNIX,
        SocketType::SEQPACKET,
        SocketFlags::CLOEXEC,
        None,
    )?)
}

/// Sends one message.
pub(crate) fn send<M: Serialize>(
    socket: impl AsFd,
    message: &M,
    fds: &[BorrowedFd<'_>],
) -> io::Result<()> {
    let text = serde_json::to_vec(message)?;
    if text.len() > MESSAGE_BYTES_MAX || fds.len() > MESSAGE_FDS_MAX {
        return Err(io::ErrorKind::InvalidInput.into());
    }
    let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(MESSAGE_FDS_MAX))];
    let mut control = SendAncillaryBuffer::new(&mut space);
    if !fds.is_empty() && !control.push(SendAncillaryMessage::ScmRights(fds)) {
        return Err(io::ErrorKind::InvalidInput.into());
    }
    rustix::io::retry_on_intr(|| {
        rustix::net::sendmsg(
            socket.as_fd(),
            &[IoSlice::new(&text)],
            &mut control,
            SendFlags::NOSIGNAL,
        )
    })?;
    Ok(())
}

/// Receives one message; `UnexpectedEof` when the other end is gone.
pub(crate) fn receive<M: DeserializeOwned>(socket: impl AsFd) -> io::Result<Received<M>> {
    let mut text = vec![0_u8; MESSAGE_BYTES_MAX];
    let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(MESSAGE_FDS_MAX))];
    let mut control = RecvAncillaryBuffer::new(&mut space);
    let received = rustix::io::retry_on_intr(|| {
        rustix::net::recvmsg(
            socket.as_fd(),
            &mut [IoSliceMut::new(&mut text)],
            &mut control,
            RecvFlags::CMSG_CLOEXEC,
        )
    })?;
    let mut fds = Vec::new();
    for message in control.drain() {
        if let RecvAncillaryMessage::ScmRights(rights) = message {
            fds.extend(rights);
        }
    }
    if received.bytes == 0 {
        return Err(io::ErrorKind::UnexpectedEof.into());
    }
    let cut = ReturnFlags::TRUNC | ReturnFlags::CTRUNC;
    if received.flags.intersects(cut) {
        return Err(io::ErrorKind::InvalidData.into());
    }
    let message = serde_json::from_slice(text.get(..received.bytes).unwrap_or_default())?;
    Ok(Received { message, fds })
}

/// Puts a body into a memory file and seals it.
pub(crate) fn body<B: Serialize>(content: &B) -> io::Result<OwnedFd> {
    memory_file(&serde_json::to_vec(content)?)
}

/// Puts bytes into a sealed memory file, at whose start the next reader stands.
pub(crate) fn memory_file(bytes: &[u8]) -> io::Result<OwnedFd> {
    let file = rustix::fs::memfd_create("moat", MemfdFlags::CLOEXEC | MemfdFlags::ALLOW_SEALING)?;
    let mut rest = bytes;
    let mut offset = 0;
    while !rest.is_empty() {
        let written = rustix::io::retry_on_intr(|| rustix::io::pwrite(&file, rest, offset))?;
        rest = rest.get(written..).unwrap_or_default();
        offset += written as u64;
    }
    let seals = SealFlags::WRITE | SealFlags::GROW | SealFlags::SHRINK | SealFlags::SEAL;
    rustix::fs::fcntl_add_seals(&file, seals)?;
    Ok(file)
}

/// Reads a body that [`body`] made.
pub(crate) fn read_body<B: DeserializeOwned>(file: impl AsFd) -> io::Result<B> {
    let length = rustix::fs::fstat(file.as_fd())?.st_size;
    let length = u64::try_from(length).unwrap_or(u64::MAX);
    if length > BODY_BYTES_MAX {
        return Err(io::ErrorKind::FileTooLarge.into());
    }
    let mut bytes = vec![0_u8; usize::try_from(length).unwrap_or(0)];
    let mut filled = 0;
    while filled < bytes.len() {
        let rest = bytes.get_mut(filled..).unwrap_or_default();
        let read = rustix::io::retry_on_intr(|| {
            rustix::io::pread(file.as_fd(), &mut *rest, filled as u64)
        })?;
        if read == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        filled += read;
    }
    Ok(serde_json::from_slice(&bytes)?)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn messages_and_descriptors_arrive_and_the_end_is_seen() {
        let (here, there) = pair().unwrap();
        let file = memory_file(b"abc").unwrap();
        let care = Care {
            listener: Listener::None,
            cpu_s: 1,
            cpu_s_all: 2,
            memory_bytes_all: 3,
            session_bytes: 4,
            processes: 5,
        };
        let run = ToHolder::Run { number: 7, care, spare: Some(3), told: true };
        send(&here, &run, &[file.as_fd()]).unwrap();
        let received: Received<ToHolder> = receive(&there).unwrap();
        assert!(matches!(received.message, ToHolder::Run { number: 7, .. }));
        let mut bytes = [0; 3];
        rustix::io::pread(&received.fds[0], &mut bytes, 0).unwrap();
        assert_eq!(&bytes, b"abc");
        drop(here);
        let end = receive::<ToHolder>(&there).unwrap_err();
        assert_eq!(end.kind(), io::ErrorKind::UnexpectedEof);
    }

    #[test]
    fn a_body_cannot_be_changed_once_it_is_made() {
        let file = body(&vec![1, 2, 3]).unwrap();
        assert!(rustix::io::pwrite(&file, b"x", 0).is_err());
        assert_eq!(read_body::<Vec<i32>>(&file).unwrap(), [1, 2, 3]);
    }

    #[test]
    fn foreign_bytes_and_bodies_are_errors() {
        let (here, there) = pair().unwrap();
        let deep = "[".repeat(MESSAGE_BYTES_MAX - 1);
        for bytes in ["{", "null", "{\"Run\":1}", "\"Hold\"\0", "\u{1b}]0;x", deep.as_str()] {
            rustix::io::write(&here, bytes.as_bytes()).unwrap();
            assert!(receive::<ToLauncher>(&there).is_err(), "{bytes:?}");
        }
        // Not a memory file, one that is longer than it may be, and one that is cut.
        let (end, _other) = rustix::pipe::pipe().unwrap();
        assert!(read_body::<HolderPlan>(&end).is_err());
        let long = rustix::fs::memfd_create("x", MemfdFlags::CLOEXEC).unwrap();
        rustix::fs::ftruncate(&long, 1 << 40).unwrap();
        let error = read_body::<HolderPlan>(&long).unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::FileTooLarge);
        assert!(read_body::<HolderPlan>(memory_file(b"{\"entries\":[").unwrap()).is_err());
        assert!(read_body::<CommandPlan>(memory_file(b"\xff\xfe").unwrap()).is_err());
    }

    #[test]
    fn what_is_too_long_is_refused() {
        let (here, _there) = pair().unwrap();
        let long = "x".repeat(MESSAGE_BYTES_MAX + 1);
        assert!(send(&here, &long, &[]).is_err());
    }

    /// What a receiver does with bytes that anybody sent, as each kind of message.
    fn taken(bytes: &[u8]) -> [bool; 4] {
        let (here, there) = pair().unwrap();
        let mut all = [false; 4];
        for (number, taken) in all.iter_mut().enumerate() {
            rustix::io::write(&here, bytes).unwrap();
            *taken = match number {
                0 => receive::<ToLauncher>(&there).is_ok(),
                1 => receive::<ToHolder>(&there).is_ok(),
                2 => receive::<Order>(&there).is_ok(),
                _ => receive::<Answer>(&there).is_ok(),
            };
        }
        all
    }

    /// What a receiver makes of bytes as each kind of body.
    fn read_as_bodies(bytes: &[u8]) -> [bool; 3] {
        let file = memory_file(bytes).unwrap();
        [
            read_body::<HolderPlan>(&file).is_ok(),
            read_body::<CommandPlan>(&file).is_ok(),
            read_body::<ServicePlan>(&file).is_ok(),
        ]
    }

    fn command_plan(argv: Vec<Vec<u8>>, numbers: [u64; 4]) -> CommandPlan {
        let words: Vec<OsString> =
            argv.into_iter().map(std::os::unix::ffi::OsStringExt::from_vec).collect();
        let [cpu_s, memory_bytes, processes, open_files] = numbers;
        CommandPlan {
            argv: words.clone(),
            search: words.clone(),
            environment: words,
            directory: OsString::from("d"),
            input: InputFrom::Descriptor,
            cpu_s,
            memory_bytes,
            processes,
            file_bytes: memory_bytes,
            open_files,
        }
    }

    fn run_message([number, cpu_s, bytes, processes]: [u64; 4]) -> ToHolder {
        let care = Care {
            listener: Listener::Proxy,
            cpu_s,
            cpu_s_all: cpu_s,
            memory_bytes_all: bytes,
            session_bytes: bytes,
            processes,
        };
        ToHolder::Run { number, care, spare: (bytes > 9).then_some(bytes), told: cpu_s > 9 }
    }

    /// Bytes, and texts made of the pieces that messages are made of.
    fn foreign() -> impl Strategy<Value = Vec<u8>> {
        let pieces = [
            "{",
            "}",
            "[",
            "]",
            ":",
            ",",
            "\"",
            "\"Run\"",
            "\"Hold\"",
            "\"Kill\"",
            "\"number\"",
            "\"Exited\"",
            "\"status\"",
            "\"argv\"",
            "\"plan\"",
            "\"care\"",
            "-1",
            "1e999",
            "18446744073709551616",
            "null",
            "\\u0000",
            "\\ud800",
            " ",
            "\u{0}",
        ];
        let texts = prop::collection::vec(prop::sample::select(pieces.to_vec()), 1..40)
            .prop_map(|pieces| pieces.concat().into_bytes());
        prop_oneof![prop::collection::vec(prop::num::u8::ANY, 1..400), texts]
    }

    proptest! {
        #[test]
        fn any_bytes_are_refused_or_read_without_harm(bytes in foreign()) {
            // What is taken is a whole value of its type, so bytes that are not even a whole
            // JSON value are taken as nothing. Each try goes over one socket: it goes on.
            let is_whole = serde_json::from_slice::<serde_json::Value>(&bytes).is_ok();
            prop_assert!(is_whole || taken(&bytes) == [false; 4]);
            prop_assert!(is_whole || read_as_bodies(&bytes) == [false; 3]);
            let _no_panic = (taken(&bytes), read_as_bodies(&bytes));
        }

        #[test]
        fn a_message_or_body_that_is_cut_or_goes_on_is_never_another_one(
            argv in prop::collection::vec(prop::collection::vec(1..=u8::MAX, 0..20), 0..5),
            numbers in prop::array::uniform4(prop::num::u64::ANY),
            cut in prop::num::usize::ANY,
        ) {
            let plan = command_plan(argv, numbers);
            let whole = serde_json::to_vec(&plan).unwrap();
            let back: CommandPlan = read_body(memory_file(&whole).unwrap()).unwrap();
            prop_assert_eq!(&back.argv, &plan.argv);
            prop_assert_eq!(serde_json::to_vec(&back).unwrap(), whole.as_slice());
            prop_assert_eq!(read_as_bodies(&whole[..cut % whole.len()]), [false; 3]);
            prop_assert_eq!(read_as_bodies(&[whole.as_slice(), b"x"].concat()), [false; 3]);
            let run = serde_json::to_vec(&run_message(numbers)).unwrap();
            let order = serde_json::to_vec(&Order { plan: Some(plan) }).unwrap();
            for (message, kind) in [(run, 1), (order, 2)] {
                let mut one = [false; 4];
                one[kind] = true;
                prop_assert_eq!(taken(&message), one);
                // A message of no bytes is how a socket reads that was closed.
                let cut = &message[..1 + cut % (message.len() - 1)];
                prop_assert_eq!(taken(cut), [false; 4]);
                prop_assert_eq!(taken(&[message.as_slice(), b"x"].concat()), [false; 4]);
            }
        }

        #[test]
        fn what_is_longer_than_a_bound_is_never_sent_nor_read(over in 1_usize..64, many in 1_usize..4) {
            let (here, there) = pair().unwrap();
            let longest = "x".repeat(MESSAGE_BYTES_MAX - 2);
            prop_assert!(send(&here, &longest, &[]).is_ok());
            prop_assert_eq!(receive::<String>(&there).unwrap().message, longest.as_str());
            let longer = format!("{longest}{}", "x".repeat(over));
            prop_assert!(send(&here, &longer, &[]).is_err());
            // Whoever does not ask `send` is cut by the kernel, which the receiver sees.
            rustix::io::write(&here, &serde_json::to_vec(&longer).unwrap()).unwrap();
            let cut = receive::<String>(&there).unwrap_err();
            prop_assert_eq!(cut.kind(), io::ErrorKind::InvalidData);
            let file = memory_file(b"x").unwrap();
            let fds = vec![file.as_fd(); MESSAGE_FDS_MAX + many];
            prop_assert!(send(&here, &ToHolder::Kill, &fds).is_err());
            prop_assert!(send(&here, &ToHolder::Kill, &fds[..MESSAGE_FDS_MAX]).is_ok());
            prop_assert_eq!(receive::<ToHolder>(&there).unwrap().fds.len(), MESSAGE_FDS_MAX);
            let body = rustix::fs::memfd_create("x", MemfdFlags::CLOEXEC).unwrap();
            rustix::fs::ftruncate(&body, BODY_BYTES_MAX + over as u64).unwrap();
            let error = read_body::<CommandPlan>(&body).unwrap_err();
            prop_assert_eq!(error.kind(), io::ErrorKind::FileTooLarge);
        }
    }
}
