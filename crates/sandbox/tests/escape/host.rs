// SPDX-License-Identifier: Apache-2.0
//! What there is on the host to be attacked, for as long as it lives.

use std::io::Write as _;
use std::net::{TcpListener, UdpSocket};
use std::os::fd::{AsRawFd as _, FromRawFd as _, OwnedFd};
use std::os::linux::net::SocketAddrExt as _;
use std::os::unix::fs::symlink;
use std::os::unix::net::{SocketAddr, UnixListener};
use std::path::PathBuf;

use rustix::fs::{FileType, Mode, OFlags};
use rustix::process::{Resource, Rlimit};
use tempfile::NamedTempFile;

use crate::attack::{MessageQueue, SharedMemory};
use crate::support::Scratch;
use crate::table::Target;

/// A home, a project, and everything beside them.
pub(crate) struct Host {
    pub(crate) scratch: Scratch,
    outside: PathBuf,
    directory: OwnedFd,
    key: OwnedFd,
    tcp: TcpListener,
    udp: String,
    name: String,
    segment: SharedMemory,
    queue: MessageQueue,
    shared: NamedTempFile,
    terminal: (OwnedFd, String),
    _open: Vec<OwnedFd>,
}

impl Host {
    pub(crate) fn new() -> Self {
        let scratch = Scratch::new();
        // An owner with these rights, so that the limits inside are seen. Only root can be one.
        for (resource, bound) in [(Resource::Nice, 40), (Resource::Rtprio, 99)] {
            let both = Rlimit { current: Some(bound), maximum: Some(bound) };
            let _not_root = rustix::process::setrlimit(resource, both);
        }
        let outside = scratch.home.with_file_name("outside");
        let leaked = outside.join("leaked");
        for place in ["inner", "spare-directory"] {
            std::fs::create_dir_all(leaked.join(place)).unwrap();
        }
        for place in ["leaked/secret", "leaked/short", "leaked/spare-file", "leaked/spare-moved"] {
            std::fs::write(outside.join(place), "canary").unwrap();
        }
        for place in ["secret", "spare"] {
            std::fs::write(outside.join(place), "canary").unwrap();
        }
        std::fs::copy("/usr/bin/true", leaked.join("program")).unwrap();
        // Only root can; the rows about it are not run otherwise.
        let _not_root = rustix::fs::mknodat(
            rustix::fs::CWD,
            leaked.join("null-device"),
            FileType::CharacterDevice,
            Mode::from_raw_mode(0o666),
            rustix::fs::makedev(1, 3),
        );
        // So that a limit that is taken away is seen.
        let core = rustix::process::getrlimit(Resource::Core).maximum;
        let both = Rlimit { current: core, maximum: core };
        rustix::process::setrlimit(Resource::Core, both).unwrap();
        let open = furnish(&scratch);
        let udp = UdpSocket::bind("127.0.0.1:0").unwrap();
        let udp_address = udp.local_addr().unwrap().to_string();
        std::thread::spawn(move || {
            let mut byte = [0; 1];
            while let Ok((_length, peer)) = udp.recv_from(&mut byte) {
                // A sender that is gone already needs no answer.
                let _gone = udp.send_to(&byte, peer);
            }
        });
        let mut shared = NamedTempFile::new_in("/dev/shm").unwrap();
        shared.write_all(b"canary").unwrap();
        Self {
            directory: left_open(&leaked, OFlags::DIRECTORY),
            key: left_open(&scratch.home.join(".ssh/id_ed25519"), OFlags::empty()),
            tcp: TcpListener::bind("127.0.0.1:0").unwrap(),
            udp: udp_address,
            name: format!("moat-{}", scratch.home.display()),
            segment: SharedMemory::new(),
            queue: MessageQueue::new(),
            shared,
            terminal: terminal(),
            _open: open,
            outside,
            scratch,
        }
        .listening()
    }

    /// Listens on a name that needs no file.
    fn listening(mut self) -> Self {
        let address = SocketAddr::from_abstract_name(&self.name).unwrap();
        self._open.push(UnixListener::bind_addr(&address).unwrap().into());
        self
    }

    /// The text that names `target` here.
    pub(crate) fn target(&self, target: Target) -> String {
        let home = |name: &str| self.scratch.home.join(name).display().to_string();
        match target {
            Target::Text(text) => text.to_owned(),
            Target::Home(name) => home(name),
            Target::HomeAnd(name, word) => format!("{} {word}", home(name)),
            Target::Outside(name) => self.outside.join(name).display().to_string(),
            Target::Proc(name) => format!("/proc/{}/{name}", std::process::id()),
            Target::Pid => std::process::id().to_string(),
            Target::Directory => self.directory.as_raw_fd().to_string(),
            Target::Key => self.key.as_raw_fd().to_string(),
            Target::Tcp => self.tcp.local_addr().unwrap().to_string(),
            Target::Udp => self.udp.clone(),
            Target::Abstract => self.name.clone(),
            Target::Segment => self.segment.key.to_string(),
            Target::Queue => self.queue.name(),
            Target::SharedFile => self.shared.path().display().to_string(),
            Target::Terminal => self.terminal.1.clone(),
            Target::Name => rustix::system::uname().nodename().to_string_lossy().into_owned(),
            Target::Machine => {
                let known = ["/etc/machine-id", "/etc/fstab", "/etc/issue"];
                let found = known.into_iter().find(|path| std::fs::read(path).is_ok());
                found.unwrap_or("/etc/issue").to_owned()
            }
            Target::Private => {
                let home = self.scratch.home.display();
                format!("/tmp:/var/tmp:/run:/dev/shm:{home}")
            }
        }
    }
}

/// Puts into the home and the project what is attacked there.
fn furnish(scratch: &Scratch) -> Vec<OwnedFd> {
    let home = |name: &str| scratch.home.join(name);
    for place in [".cargo/bin", ".cargo/registry", "project/.git/hooks", ".config"] {
        std::fs::create_dir_all(home(place)).unwrap();
    }
    for place in [
        ".cargo/bin/tool",
        ".cargo/registry/crate",
        ".cargo/credentials.toml",
        ".npmrc",
        ".netrc",
        ".git-credentials",
        "project/file",
        "project/locked",
        "project/spare",
    ] {
        std::fs::write(home(place), "canary").unwrap();
    }
    symlink(home(".ssh/id_ed25519"), home("project/link")).unwrap();
    let mut open = Vec::new();
    for place in ["agent.sock", "project/server.sock", ".cargo/bin/agent.sock"] {
        // The name of a socket is short, so it is made from within its directory.
        let parent = std::fs::File::open(home(place).parent().unwrap()).unwrap();
        let name = home(place).file_name().unwrap().to_string_lossy().into_owned();
        let name = format!("/proc/self/fd/{}/{name}", parent.as_raw_fd());
        open.push(UnixListener::bind(name).unwrap().into());
    }
    rustix::fs::mknodat(
        rustix::fs::CWD,
        home("project/pipe"),
        FileType::Fifo,
        Mode::from_raw_mode(0o600),
        0,
    )
    .unwrap();
    let reader = OFlags::RDONLY | OFlags::NONBLOCK | OFlags::CLOEXEC;
    open.push(rustix::fs::open(home("project/pipe"), reader, Mode::empty()).unwrap());
    let locked = std::fs::File::open(home("project/locked")).unwrap();
    rustix::fs::flock(&locked, rustix::fs::FlockOperation::LockExclusive).unwrap();
    open.push(locked.into());
    open
}

/// A descriptor that a program started later would inherit.
fn left_open(path: &std::path::Path, kind: OFlags) -> OwnedFd {
    rustix::fs::open(path, OFlags::RDONLY | kind, Mode::empty()).unwrap()
}

#[expect(unsafe_code, reason = "pseudo terminals have no safe wrapper here")]
fn terminal() -> (OwnedFd, String) {
    let mut name = [0_u8; 64];
    // SAFETY: the buffer outlives the calls, and the descriptor is ours alone.
    let master = unsafe {
        let master = libc::posix_openpt(libc::O_RDWR | libc::O_NOCTTY | libc::O_CLOEXEC);
        assert!(master >= 0);
        assert_eq!(libc::unlockpt(master), 0);
        assert_eq!(libc::ptsname_r(master, name.as_mut_ptr().cast(), name.len()), 0);
        OwnedFd::from_raw_fd(master)
    };
    let name = std::ffi::CStr::from_bytes_until_nul(&name).unwrap();
    (master, name.to_string_lossy().into_owned())
}
