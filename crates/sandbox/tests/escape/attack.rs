// SPDX-License-Identifier: Apache-2.0
//! Attacks from inside. Each is held in the full sandbox with the error that its
//! protection gives, and gets through in a control: the same program and arguments
//! with only the named layers off, or outside where the view is the protection.

use std::net::{TcpListener, UdpSocket};
use std::os::fd::AsRawFd;
use std::os::linux::net::SocketAddrExt;
use std::os::unix::fs::{PermissionsExt, chown, symlink};
use std::os::unix::net::{SocketAddr, UnixDatagram, UnixListener};

use libc::{
    EACCES, EAFNOSUPPORT, EAGAIN, EBADF, ECONNREFUSED, ENOENT, ENOSPC, ENOSYS, EPERM,
    EPROTONOSUPPORT, EROFS, ESRCH,
};
use moat_sandbox::{Command, Files, Launcher, Layer, Plan, Sandbox, Status};

use crate::support::{
    ATTACKER, Scratch, attack, helper, leave_behind, outside, processes_with, run, shell,
};

/// Where an attack must get through.
enum Control {
    /// On the host, as any program.
    Outside,
    /// In a sandbox without these layers.
    Without(&'static [Layer]),
}
use Control::{Outside, Without};

/// An attack, what it is aimed at, the error that holds it, and its control.
type Case<'a> = (&'a str, String, i32, Control);

#[test]
fn files_beyond_the_view() {
    let scratch = Scratch::new();
    let launcher = scratch.launcher();
    let home = |name: &str| scratch.home.join(name).display().to_string();
    let _listener = UnixListener::bind(scratch.home.join("agent.sock")).unwrap();
    let _inside = UnixListener::bind(scratch.project.join("server.sock")).unwrap();
    let key = home(".ssh/id_ed25519");
    symlink(&key, scratch.project.join("link")).unwrap();
    let cases: Vec<Case<'_>> = vec![
        ("read", key.clone(), ENOENT, Outside),
        ("list", home(".ssh"), ENOENT, Outside),
        ("write", home(".bashrc"), ENOENT, Outside),
        ("read", home("project/link"), ENOENT, Outside),
        ("local-socket", home("agent.sock"), ENOENT, Outside),
        ("local-socket", home("project/server.sock"), ECONNREFUSED, Outside),
        ("from-memory", key, ENOENT, Outside),
        ("hard-link", home(".ssh/id_ed25519"), ENOENT, Outside),
        ("list", "/sys/class".to_owned(), ENOENT, Outside),
        ("list", "/sys/fs".to_owned(), ENOENT, Outside),
        ("read", of_the_machine(), ENOENT, Outside),
    ];
    check(&scratch, &launcher, cases);
    assert_eq!(std::fs::read_to_string(scratch.home.join(".bashrc")).unwrap(), "# clean\n");
}

#[test]
fn processes_of_the_host_and_of_others() {
    let scratch = Scratch::new();
    let launcher = scratch.launcher();
    let me = std::process::id().to_string();
    const SECCOMP: Control = Without(&[Layer::Seccomp]);
    let cases: Vec<Case<'_>> = vec![
        ("read", format!("/proc/{me}/environ"), ENOENT, Outside),
        ("list", format!("/proc/{me}/root"), ENOENT, Outside),
        ("list", format!("/proc/{me}/fd"), ENOENT, Outside),
        ("write", format!("/proc/{me}/mem"), ENOENT, Outside),
        ("signal", me, ESRCH, Outside),
        ("trace", String::new(), EPERM, SECCOMP),
        ("read-memory", String::new(), EPERM, SECCOMP),
        ("steal-descriptor", String::new(), EPERM, SECCOMP),
    ];
    check(&scratch, &launcher, cases);
    let sandbox = scratch.attacked(&launcher, &[]);
    let reaper = attack(&sandbox, "read", "/proc/1/environ");
    assert_eq!(reaper.output, format!("held {EACCES}\n"));
}

#[test]
fn the_network_and_its_back_doors() {
    let scratch = Scratch::new();
    let launcher = scratch.launcher();
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let tcp = listener.local_addr().unwrap().to_string();
    let echo = UdpSocket::bind("127.0.0.1:0").unwrap();
    let udp = echo.local_addr().unwrap().to_string();
    std::thread::spawn(move || {
        let mut byte = [0; 1];
        while let Ok((_length, peer)) = echo.recv_from(&mut byte) {
            echo.send_to(&byte, peer).unwrap();
        }
    });
    let name = format!("moat-attack-{}", std::process::id());
    let address = SocketAddr::from_abstract_name(&name).unwrap();
    let _abstract = UnixListener::bind_addr(&address).unwrap();
    const NETWORK: Control = Without(&[Layer::NetworkNamespace]);
    let cases: Vec<Case<'_>> = vec![
        ("tcp", tcp.clone(), ECONNREFUSED, NETWORK),
        ("fast-open", tcp, ECONNREFUSED, NETWORK),
        ("udp", udp, ECONNREFUSED, NETWORK),
        (
            "abstract-socket",
            name.clone(),
            ECONNREFUSED,
            Without(&[Layer::NetworkNamespace, Layer::Landlock]),
        ),
        ("vsock", String::new(), EAFNOSUPPORT, Without(&[Layer::Seccomp])),
    ];
    check(&scratch, &launcher, cases);
    if rustix::process::geteuid().is_root() {
        check(&scratch, &launcher, vec![("packet", String::new(), EAFNOSUPPORT, Outside)]);
    }
    // The second wall by itself.
    let fresh = scratch.launcher();
    let sandbox = scratch.attacked(&fresh, &[Layer::NetworkNamespace]);
    let landlock = attack(&sandbox, "abstract-socket", &name);
    assert_eq!(landlock.output, format!("held {EPERM}\n"));
}

#[test]
fn interfaces_of_the_kernel() {
    let scratch = Scratch::new();
    let launcher = scratch.launcher();
    const SECCOMP: Control = Without(&[Layer::Seccomp]);
    let cases: Vec<Case<'_>> = vec![
        ("io-uring", String::new(), ENOSYS, SECCOMP),
        ("keyring", String::new(), EPERM, SECCOMP),
        ("userfaultfd", String::new(), EPERM, SECCOMP),
        ("terminal-input", String::new(), EPERM, SECCOMP),
        ("terminal-input-high-bits", String::new(), EPERM, SECCOMP),
        ("old-calls", String::new(), ENOSYS, SECCOMP),
        ("line-discipline", String::new(), EPERM, SECCOMP),
        ("console-request", String::new(), EPERM, SECCOMP),
        ("core-limit", String::new(), EPERM, SECCOMP),
        ("clone-namespace", String::new(), EPERM, Without(&[Layer::Seccomp, Layer::NestingBound])),
        ("user-namespace", String::new(), EPERM, Without(&[Layer::Seccomp, Layer::NestingBound])),
        (
            "mount",
            String::new(),
            EPERM,
            Without(&[Layer::Seccomp, Layer::NestingBound, Layer::Landlock]),
        ),
    ];
    check(&scratch, &launcher, cases);
    if rustix::process::geteuid().is_root() {
        // The kernel lets the machine's root write there without any capability.
        let setting = "/proc/sys/kernel/core_pattern".to_owned();
        check(&scratch, &launcher, vec![("write", setting, EROFS, Outside)]);
    }
    // The second wall by itself.
    let sandbox = scratch.attacked(&launcher, &[Layer::Seccomp]);
    let bound = attack(&sandbox, "user-namespace", "");
    assert_eq!(bound.output, format!("held {ENOSPC}\n"));
}

#[test]
fn what_is_inherited_or_shared() {
    let scratch = Scratch::new();
    let secret = std::fs::File::open(scratch.home.join(".ssh/id_ed25519")).unwrap();
    rustix::io::fcntl_setfd(&secret, rustix::io::FdFlags::empty()).unwrap();
    let launcher = scratch.launcher();
    let segment = SharedMemory::new();
    let queue = MessageQueue::new();
    let cases: Vec<Case<'_>> = vec![
        ("inherited", secret.as_raw_fd().to_string(), EBADF, Without(&[Layer::Descriptors])),
        ("shared-memory", segment.key.to_string(), ENOENT, Without(&[Layer::IpcNamespace])),
        ("message-queue", queue.name(), ENOENT, Without(&[Layer::IpcNamespace, Layer::Landlock])),
    ];
    check(&scratch, &launcher, cases);
}

#[test]
fn a_named_socket_of_the_host_where_the_tree_is_the_host_s() {
    let scratch = Scratch::new();
    let launcher = scratch.launcher();
    let name = scratch.project.join("server.sock");
    let _server = UnixDatagram::bind(&name).unwrap();
    let target = name.display().to_string();
    let direct = |layers: &[Layer]| {
        let plan = Plan::new(&scratch.project, Files::Direct).unwrap();
        let plan = layers.iter().fold(plan, |plan, layer| plan.without_layer(*layer));
        let attacker = [(helper(), ATTACKER.into())];
        let sandbox = Sandbox::start_with(&launcher, &plan, &attacker).unwrap();
        attack(&sandbox, "pair-to-name", &target).output
    };
    assert_eq!(direct(&[]), format!("held {EPROTONOSUPPORT}\n"));
    assert_eq!(direct(&[Layer::Seccomp]), "through\n");
}

#[test]
fn devices_and_setuid_programs() {
    let scratch = Scratch::new();
    let launcher = scratch.launcher();
    let sandbox = scratch.attacked(&launcher, &[]);
    let device = attack(&sandbox, "device", "");
    assert_eq!(device.output, format!("held {EPERM}\n"));
    if !rustix::process::geteuid().is_root() {
        println!("control skipped: only root can prepare a setuid program of somebody else");
        return;
    }
    let program = scratch.project.join("setuid");
    std::fs::copy(helper(), &program).unwrap();
    chown(&program, Some(12345), None).unwrap();
    std::fs::set_permissions(&program, PermissionsExt::from_mode(0o4755)).unwrap();
    for place in [&scratch.project, &scratch.home, scratch.home.parent().unwrap()] {
        std::fs::set_permissions(place, PermissionsExt::from_mode(0o755)).unwrap();
    }
    let command = Command::new([program.as_os_str(), "attack".as_ref(), "privilege".as_ref()]);
    assert_eq!(run(&sandbox, &command).output, format!("held {EPERM}\n"));
    assert_eq!(outside(&program, "privilege", "", &scratch.project), "through\n");
    assert_eq!(outside(&helper(), "device", "", &scratch.project), "through\n");
}

#[test]
fn a_fork_bomb_is_bounded_and_bounds_only_itself() {
    let scratch = Scratch::new();
    let launcher = scratch.launcher();
    let bomb = |layers: &[Layer]| {
        let sandbox = scratch.attacked(&launcher, layers);
        let mut command = Command::new([ATTACKER, "attack", "processes", "400"]);
        command.limits.processes = 310;
        let bomb = run(&sandbox, &command);
        shell(&sandbox, "true").succeeded();
        bomb.output
    };
    assert_eq!(bomb(&[]), format!("held {EAGAIN}\n"));
    assert_eq!(bomb(&[Layer::Processes]), "through\n");
}

#[test]
fn a_hook_planted_in_git_stays_in_the_session() {
    let scratch = Scratch::new();
    let hook = scratch.project.join(".git/hooks/post-checkout");
    std::fs::create_dir_all(hook.parent().unwrap()).unwrap();
    let launcher = scratch.launcher();
    let sandbox = scratch.attacked(&launcher, &[]);
    let target = hook.display().to_string();
    // It may think that it succeeded; the host's tree is what counts.
    attack(&sandbox, "create", &target).succeeded();
    assert!(!hook.exists());
    assert_eq!(outside(&helper(), "create", &target, &scratch.project), "through\n");
    assert!(hook.exists());
}

#[test]
fn a_background_process_survives_only_without_its_namespace() {
    let scratch = Scratch::new();
    let launcher = scratch.launcher();
    let sandbox = scratch.attacked(&launcher, &[Layer::ProcessNamespace]);
    let mark = format!("moat-survivor-{}", std::process::id());
    shell(&sandbox, &leave_behind(&mark)).succeeded();
    let mut survivors = processes_with(&mark);
    assert!(!survivors.is_empty(), "the control must leave a process behind");
    while !survivors.is_empty() {
        for pid in survivors {
            let pid = rustix::process::Pid::from_raw(pid).unwrap();
            // One that has ended meanwhile is as good as one that is killed.
            let _ended = rustix::process::kill_process(pid, rustix::process::Signal::KILL);
        }
        survivors = processes_with(&mark);
    }
}

/// A file that tells machines apart and that everybody may read; not every system has each.
fn of_the_machine() -> String {
    let known = ["/etc/machine-id", "/etc/fstab", "/etc/issue"];
    let found = known.into_iter().find(|path| std::fs::read(path).is_ok());
    found.unwrap_or("/etc/issue").to_owned()
}

#[track_caller]
fn check(scratch: &Scratch, launcher: &Launcher, cases: Vec<Case<'_>>) {
    let full = scratch.attacked(launcher, &[]);
    for (name, target, errno, _control) in &cases {
        let held = attack(&full, name, target);
        assert_eq!(held.output, format!("held {errno}\n"), "{name} {target}");
        assert_eq!(held.exit.status, Status::Code(1), "{name} {target}");
    }
    drop(full);
    for (name, target, _errno, control) in cases {
        let output = match control {
            Outside => outside(&helper(), name, &target, &scratch.project),
            // A launcher that has held a sandbox cannot reach the host's network any more.
            Without(layers) => {
                let fresh = scratch.launcher();
                attack(&scratch.attacked(&fresh, layers), name, &target).output
            }
        };
        assert_eq!(output, "through\n", "the control of {name} {target} proves nothing");
    }
}

/// A System V segment of the host.
struct SharedMemory {
    key: i32,
    id: i32,
}

impl SharedMemory {
    #[expect(unsafe_code, reason = "System V shared memory has no safe wrapper")]
    fn new() -> Self {
        let key = i32::try_from(std::process::id()).unwrap() + 0x4d00_0000;
        // SAFETY: plain numbers.
        let id = unsafe { libc::shmget(key, 1, libc::IPC_CREAT | 0o600) };
        assert!(id >= 0);
        Self { key, id }
    }
}

impl Drop for SharedMemory {
    #[expect(unsafe_code, reason = "System V shared memory has no safe wrapper")]
    fn drop(&mut self) {
        // SAFETY: a null pointer is what this request takes.
        unsafe { libc::shmctl(self.id, libc::IPC_RMID, std::ptr::null_mut()) };
    }
}

/// A POSIX message queue of the host.
struct MessageQueue(std::ffi::CString);

impl MessageQueue {
    #[expect(unsafe_code, reason = "message queues have no safe wrapper here")]
    fn new() -> Self {
        let name = format!("/moat-attack-{}", std::process::id());
        let name = std::ffi::CString::new(name).unwrap();
        let (flags, mode) = (libc::O_CREAT | libc::O_EXCL | libc::O_RDWR, 0o600);
        // SAFETY: the name outlives the call; a null pointer asks for the usual sizes.
        let queue =
            unsafe { libc::mq_open(name.as_ptr(), flags, mode, std::ptr::null::<libc::mq_attr>()) };
        assert!(queue >= 0);
        Self(name)
    }

    fn name(&self) -> String {
        self.0.to_string_lossy().into_owned()
    }
}

impl Drop for MessageQueue {
    #[expect(unsafe_code, reason = "message queues have no safe wrapper here")]
    fn drop(&mut self) {
        // SAFETY: the name outlives the call.
        unsafe { libc::mq_unlink(self.0.as_ptr()) };
    }
}
