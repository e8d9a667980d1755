// SPDX-License-Identifier: Apache-2.0
//! Attacks that need a setting of their own beside the table's: direct mode, a setuid
//! program, many processes, a hook of git, a process that is left behind. Each is held in
//! the full sandbox and gets through in a control.

use std::os::unix::fs::{PermissionsExt, chown};
use std::os::unix::net::UnixDatagram;

use libc::{EAGAIN, EPERM, EPROTONOSUPPORT};
use moat_sandbox::{Command, Files, Layer, Plan, Sandbox};

use crate::support::{
    ATTACKER, Scratch, attack, helper, leave_behind, outside, processes_with, run, shell,
};

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

/// A number that no other object of this process has.
pub(crate) fn count() -> u32 {
    use std::sync::atomic::{AtomicU32, Ordering};
    static COUNT: AtomicU32 = AtomicU32::new(0);
    COUNT.fetch_add(1, Ordering::Relaxed)
}

/// A System V segment, a set of semaphores and a queue of the host, all with one key.
pub(crate) struct SystemV {
    pub(crate) key: i32,
    segment: i32,
    semaphores: i32,
    queue: i32,
}

impl SystemV {
    #[expect(unsafe_code, reason = "System V objects have no safe wrapper")]
    pub(crate) fn new() -> Self {
        let key = i32::try_from(std::process::id() * 64 + count() % 64).unwrap() + 0x4d00_0000;
        let made = libc::IPC_CREAT | 0o600;
        // SAFETY: plain numbers.
        let (segment, semaphores, queue) = unsafe {
            (libc::shmget(key, 1, made), libc::semget(key, 1, made), libc::msgget(key, made))
        };
        assert!(segment >= 0 && semaphores >= 0 && queue >= 0);
        Self { key, segment, semaphores, queue }
    }
}

impl Drop for SystemV {
    #[expect(unsafe_code, reason = "System V objects have no safe wrapper")]
    fn drop(&mut self) {
        // SAFETY: a null pointer is what these requests take.
        unsafe {
            libc::shmctl(self.segment, libc::IPC_RMID, std::ptr::null_mut());
            libc::semctl(self.semaphores, 0, libc::IPC_RMID);
            libc::msgctl(self.queue, libc::IPC_RMID, std::ptr::null_mut());
        }
    }
}

/// A POSIX message queue of the host.
pub(crate) struct MessageQueue(std::ffi::CString);

impl MessageQueue {
    #[expect(unsafe_code, reason = "message queues have no safe wrapper here")]
    pub(crate) fn new() -> Self {
        let name = format!("/moat-attack-{}-{}", std::process::id(), count());
        let name = std::ffi::CString::new(name).unwrap();
        let (flags, mode) = (libc::O_CREAT | libc::O_EXCL | libc::O_RDWR, 0o600);
        // SAFETY: the name outlives the call; a null pointer asks for the usual sizes.
        let queue =
            unsafe { libc::mq_open(name.as_ptr(), flags, mode, std::ptr::null::<libc::mq_attr>()) };
        assert!(queue >= 0);
        // SAFETY: the descriptor is ours alone. It would count for the user as long as it is open.
        unsafe { libc::mq_close(queue) };
        Self(name)
    }

    pub(crate) fn name(&self) -> String {
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
