// SPDX-License-Identifier: Apache-2.0
//! What there is on the host to be attacked, for as long as it lives.

use std::io::Write as _;
use std::net::{TcpListener, UdpSocket};
use std::os::fd::{AsFd as _, AsRawFd as _, FromRawFd as _, OwnedFd};
use std::os::linux::net::SocketAddrExt as _;
use std::os::unix::fs::symlink;
use std::os::unix::net::{SocketAddr, UnixListener, UnixStream};
use std::path::{Path, PathBuf};

use rustix::fs::{FileType, Mode, OFlags};
use rustix::process::{Resource, Rlimit};
use tempfile::{NamedTempFile, TempDir};

use crate::attack::{MessageQueue, SystemV, count};
use crate::support::{Scratch, Tree, helper, tree};
use crate::table::Target;

/// A home, a project, and everything beside them.
pub(crate) struct Host {
    pub(crate) scratch: Scratch,
    outside: PathBuf,
    directory: OwnedFd,
    key: OwnedFd,
    tcp: TcpListener,
    /// None where the machine has no IPv6.
    tcp6: Option<TcpListener>,
    udp: Echo,
    udp6: Option<Echo>,
    /// Its address, and what answers there; nothing for who may not take the port.
    resolver: (String, Option<Echo>),
    name: String,
    objects: SystemV,
    queue: MessageQueue,
    shared: NamedTempFile,
    terminal: (OwnedFd, String),
    /// A directory where daemons have theirs, and one of temporary files.
    running: TempDir,
    temporary: TempDir,
    _friend: Friend,
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
        let mut open = furnish(&scratch);
        let (running, temporary) = (running(), directory_in("ssh-moat-", &std::env::temp_dir()));
        let temporary = temporary.unwrap();
        for (place, names) in [(&running, RUNNING), (&temporary, TEMPORARY)] {
            for name in names {
                let path = place.path().join(name);
                std::fs::create_dir_all(path.parent().unwrap()).unwrap();
                open.push(UnixListener::bind(path).unwrap().into());
            }
        }
        let mut shared = NamedTempFile::new_in("/dev/shm").unwrap();
        shared.write_all(b"canary").unwrap();
        Self {
            directory: left_open(&leaked, OFlags::DIRECTORY),
            key: left_open(&scratch.home.join(".ssh/id_ed25519"), OFlags::empty()),
            tcp: TcpListener::bind("127.0.0.1:0").unwrap(),
            tcp6: TcpListener::bind("[::1]:0").ok(),
            udp: Echo::start("127.0.0.1:0").unwrap(),
            udp6: Echo::start("[::1]:0").ok(),
            resolver: own_resolver(),
            name: format!("moat-{}", scratch.home.display()),
            objects: SystemV::new(),
            queue: MessageQueue::new(),
            shared,
            terminal: terminal(),
            _friend: Friend::listening(&scratch),
            running,
            temporary,
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

    /// What the user has: all of the home, and what lies beside it.
    pub(crate) fn state(&self) -> Tree {
        let state = ["record", "log", "spare"].map(|name| self.scratch.state.join(name));
        let places = [&self.scratch.home, &self.outside].into_iter().chain(&state);
        places.flat_map(|place| tree(place)).collect()
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
            Target::Tcp6 => {
                let found = self.tcp6.as_ref().map(|tcp| tcp.local_addr().unwrap().to_string());
                found.unwrap_or_else(|| "[::1]:9".to_owned())
            }
            Target::Udp => self.udp.address.clone(),
            Target::Udp6 => {
                let found = self.udp6.as_ref().map(|udp| udp.address.clone());
                found.unwrap_or_else(|| "[::1]:9".to_owned())
            }
            Target::Resolver => self.resolver.0.clone(),
            Target::Abstract => self.name.clone(),
            Target::Segment => self.objects.key.to_string(),
            Target::Queue => self.queue.name(),
            Target::SharedFile => self.shared.path().display().to_string(),
            Target::Terminal => self.terminal.1.clone(),
            Target::Name => rustix::system::uname().nodename().to_string_lossy().into_owned(),
            Target::Machine => {
                let known = ["/etc/machine-id", "/etc/fstab", "/etc/issue"];
                let found = known.into_iter().find(|path| std::fs::read(path).is_ok());
                found.unwrap_or("/etc/issue").to_owned()
            }
            Target::Running(name) => self.running.path().join(name).display().to_string(),
            Target::Temporary(name) => self.temporary.path().join(name).display().to_string(),
            Target::State(name) => self.scratch.state.join(name).display().to_string(),
            Target::Program => helper().display().to_string(),
            Target::Canary => format!("{} {}", std::process::id(), (&raw const CANARY).addr()),
            Target::Given => format!("{} {}", std::process::id(), self.key.as_raw_fd()),
            Target::Release => group("release_agent"),
            Target::Group => group("cgroup.procs"),
            Target::Private => {
                let home = self.scratch.home.display();
                format!("/tmp:/var/tmp:/run:/dev/shm:{home}")
            }
        }
    }
}

/// The sockets of daemons and of a desktop, and those among temporary files.
const RUNNING: &[&str] = &[
    "docker.sock",
    "containerd/containerd.sock",
    "podman/podman.sock",
    "bus",
    "dbus/system_bus_socket",
    "wayland-0",
];
const TEMPORARY: &[&str] = &[".X11-unix/X0", "agent.1"];

/// What a process that reads this one's memory looks for.
static CANARY: u8 = b'c';

/// A directory of the test's own where the programs of the system have their sockets, or the
/// user's have them.
fn running() -> TempDir {
    let user = format!("/run/user/{}", rustix::process::getuid().as_raw());
    let places = ["/run", &user, "/tmp"];
    let mut made = places.iter().map(|place| directory_in("moat-test-", Path::new(place)));
    made.find_map(Result::ok).unwrap()
}

fn directory_in(prefix: &str, place: &Path) -> std::io::Result<TempDir> {
    tempfile::Builder::new().prefix(prefix).tempdir_in(place)
}

/// The port of a name server on an address of this machine's that no other test has.
fn own_resolver() -> (String, Option<Echo>) {
    let [_, _, third, fourth] = std::process::id().to_be_bytes();
    let address = format!("127.{}.{third}.{fourth}:53", count() % 200 + 1);
    let echo = Echo::start(&address).ok();
    (address, echo)
}

/// A file by which a control group of the host is changed: of the first hierarchy that has one.
fn group(name: &str) -> String {
    let root = Path::new("/sys/fs/cgroup");
    let own = std::fs::read_dir(root).into_iter().flatten().flatten().map(|entry| entry.path());
    let found = std::iter::once(root.to_owned()).chain(own).map(|place| place.join(name));
    let mut found: Vec<PathBuf> = found.filter(|path| path.exists()).collect();
    found.sort();
    let missing = root.join(name);
    found.first().unwrap_or(&missing).display().to_string()
}

/// A port that answers each datagram with its first byte, until it is dropped.
struct Echo {
    address: String,
    socket: UdpSocket,
    thread: Option<std::thread::JoinHandle<()>>,
}

/// The datagram at which it ends: the only one of two bytes.
const END: &[u8] = b"no";

impl Echo {
    fn start(at: &str) -> std::io::Result<Self> {
        let socket = UdpSocket::bind(at)?;
        let own = socket.try_clone()?;
        let thread = std::thread::spawn(move || {
            let mut bytes = [0; 2];
            while let Ok((length, peer)) = own.recv_from(&mut bytes) {
                if length == END.len() {
                    return;
                }
                // A sender that is gone already needs no answer.
                let _gone = own.send_to(&bytes[..length], peer);
            }
        });
        Ok(Self { address: socket.local_addr()?.to_string(), socket, thread: Some(thread) })
    }
}

impl Drop for Echo {
    fn drop(&mut self) {
        self.socket.send_to(END, &self.address).unwrap();
        self.thread.take().unwrap().join().unwrap();
    }
}

/// A process of the host that gives whoever connects a descriptor of a private key.
struct Friend(Option<std::thread::JoinHandle<()>>, OwnedFd);

impl Friend {
    fn listening(scratch: &Scratch) -> Self {
        let listener = bound(&scratch.home.join("friend.sock"));
        let key = std::fs::File::open(scratch.home.join(".ssh/id_ed25519")).unwrap();
        let own = listener.try_clone().unwrap();
        let thread = std::thread::spawn(move || {
            while let Ok((peer, _address)) = listener.accept() {
                give(&peer, &key);
            }
        });
        Self(Some(thread), own.into())
    }
}

impl Drop for Friend {
    fn drop(&mut self) {
        // Who waits for a peer is told that none will come.
        rustix::net::shutdown(&self.1, rustix::net::Shutdown::Both).unwrap();
        self.0.take().unwrap().join().unwrap();
    }
}

fn give(peer: &UnixStream, file: &std::fs::File) {
    use rustix::net::{SendAncillaryBuffer, SendAncillaryMessage, SendFlags};
    let mut space = [std::mem::MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(1))];
    let mut control = SendAncillaryBuffer::new(&mut space);
    let files = [file.as_fd()];
    control.push(SendAncillaryMessage::ScmRights(&files));
    let text = [std::io::IoSlice::new(b"x")];
    // Who is gone already needs nothing.
    let _gone = rustix::net::sendmsg(peer, &text, &mut control, SendFlags::NOSIGNAL);
}

/// Listens at a path, also at a long one: the name of a socket is short, so it is made from
/// within its directory.
fn bound(path: &Path) -> UnixListener {
    let parent = std::fs::File::open(path.parent().unwrap()).unwrap();
    let name = path.file_name().unwrap().to_string_lossy();
    UnixListener::bind(format!("/proc/self/fd/{}/{name}", parent.as_raw_fd())).unwrap()
}

/// Puts into the home and the project what is attacked there.
fn furnish(scratch: &Scratch) -> Vec<OwnedFd> {
    let home = |name: &str| scratch.home.join(name);
    for place in [".cargo/bin", ".cargo/registry", "project/.git/hooks", ".config/moat"] {
        std::fs::create_dir_all(home(place)).unwrap();
    }
    for place in [
        ".cargo/bin/tool",
        ".cargo/registry/crate",
        ".cargo/credentials.toml",
        ".npmrc",
        ".netrc",
        ".git-credentials",
        ".config/moat/config.toml",
        "project/file",
        "project/locked",
        "project/spare",
    ] {
        std::fs::write(home(place), "canary").unwrap();
    }
    for name in ["record", "log", "spare"] {
        std::fs::write(scratch.state.join(name), "canary").unwrap();
    }
    symlink(home(".ssh/id_ed25519"), home("project/link")).unwrap();
    let outside = scratch.home.with_file_name("outside");
    symlink(outside.join("made-through-link"), home("project/dangling")).unwrap();
    let mut open = Vec::new();
    for place in ["agent.sock", "project/server.sock", ".cargo/bin/agent.sock"] {
        open.push(bound(&home(place)).into());
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
fn left_open(path: &Path, kind: OFlags) -> OwnedFd {
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
