// SPDX-License-Identifier: Apache-2.0
//! Attacks on other processes, and on what this process was given and left.

use std::fs;
use std::io;

use super::{call, number};

/// Runs the attack `name`; none when it is not one of these.
pub(super) fn attack(name: &str, target: &str) -> Option<io::Result<()>> {
    Some(match name {
        "see-processes" => see_processes(),
        "handle-of-process" => {
            number(target).and_then(|pid| call(libc::SYS_pidfd_open, [pid, 0, 0]))
        }
        "signal-by-handle" => signal_by_handle(target),
        "limit-of-another" => number(target).and_then(|pid| {
            let mut limit = [0_u64; 2];
            // SAFETY: the structure outlives the call.
            let asked = unsafe {
                libc::syscall(libc::SYS_prlimit64, pid, libc::RLIMIT_NOFILE, 0, limit.as_mut_ptr())
            };
            looked(asked)
        }),
        "priority-of-another" => number(target).and_then(|pid| {
            // SAFETY: plain numbers; the same priority as before.
            looked(unsafe {
                let now = libc::syscall(libc::SYS_getpriority, 0, pid);
                if now < 0 { now } else { libc::syscall(libc::SYS_setpriority, 0, pid, 20 - now) }
            })
        }),
        "link-of" => fs::read_link(target).map(drop),
        "other-session" => other_session(),
        "capability" => capability(),
        "become-root" => call(libc::SYS_setuid, [0, 0, 0]),
        "groups" => call(libc::SYS_setgroups, [0, 0, 0]),
        "real-time" => {
            let priority = 1_i32;
            call(libc::SYS_sched_setscheduler, [0, 1, (&raw const priority) as usize])
        }
        "higher-priority" => call(libc::SYS_setpriority, [0, 0, usize::MAX - 19]),
        "later-victim" => fs::write("/proc/self/oom_score_adj", "0"),
        "status" => status(),
        "variable" => match std::env::var_os(target) {
            Some(_value) => Ok(()),
            None => Err(io::Error::from_raw_os_error(libc::ENOENT)),
        },
        "open-files" => number(target).and_then(open_files),
        "long-file" => long_file(target),
        "data" => number(target).and_then(data),
        "signals" => number(target).and_then(signals),
        "queues" => queues(),
        "watches" => number(target).and_then(watches),
        "core-limit-at-all" => core_limit_at_all(),
        "lift-limit" => lift_limit(target),
        _ => return None,
    })
}

/// Gets through when there are more processes than this command can have started.
fn see_processes() -> io::Result<()> {
    let number = |name: std::ffi::OsString| name.to_string_lossy().parse::<u32>().is_ok();
    let count = fs::read_dir("/proc")?.flatten().filter(|entry| number(entry.file_name())).count();
    if count > 6 { Ok(()) } else { Err(io::Error::from_raw_os_error(libc::ESRCH)) }
}

fn signal_by_handle(target: &str) -> io::Result<()> {
    // SAFETY: plain numbers.
    let handle = unsafe { libc::syscall(libc::SYS_pidfd_open, number(target)?, 0) };
    looked(handle)?;
    call(libc::SYS_pidfd_send_signal, [usize::try_from(handle).unwrap_or(0), 0, 0])
}

/// Gets through when this process belongs to a session that was there before: its leader is
/// neither this process nor the one that started it, which is the command itself.
///
/// Where the leader has no number here, the session's is 0. It can have one: which process of
/// the host leads the session, and from which namespace, is up to who started the test.
fn other_session() -> io::Result<()> {
    // SAFETY: plain questions.
    let (session, own, parent) = unsafe { (libc::getsid(0), libc::getpid(), libc::getppid()) };
    let is_own = session != 0 && [own, parent].contains(&session);
    if is_own { Err(io::Error::from_raw_os_error(libc::EPERM)) } else { Ok(()) }
}

/// Takes a capability that a new program may not have: to make what needs `CAP_SYS_ADMIN` effective.
fn capability() -> io::Result<()> {
    let header = [0x2008_0522_u32, 0];
    let mut data = [0_u32; 6];
    call(libc::SYS_capget, [header.as_ptr() as usize, data.as_mut_ptr() as usize, 0])?;
    data[0] |= 1 << 21;
    data[1] |= 1 << 21;
    call(libc::SYS_capset, [header.as_ptr() as usize, data.as_ptr() as usize, 0])
}

/// Gets through when what the kernel says about this process is not as it should be.
fn status() -> io::Result<()> {
    let text = fs::read_to_string("/proc/self/status")?;
    let none = "0000000000000000";
    let expected = [
        ("CapInh:", none),
        ("CapPrm:", none),
        ("CapEff:", none),
        ("CapBnd:", none),
        ("CapAmb:", none),
        ("NoNewPrivs:", "1"),
        ("Seccomp:", "2"),
    ];
    let holds = |(name, value): &(&str, &str)| {
        text.lines().any(|line| line.strip_prefix(name).is_some_and(|rest| rest.trim() == *value))
    };
    if expected.iter().all(holds) {
        return Err(io::Error::from_raw_os_error(libc::EPERM));
    }
    Ok(())
}

/// Raises the soft limits to what is allowed, so that only the hard ones count.
fn raise(resource: libc::__rlimit_resource_t) {
    let mut limit = libc::rlimit { rlim_cur: 0, rlim_max: 0 };
    // SAFETY: the structure outlives the calls.
    unsafe {
        libc::getrlimit(resource, &raw mut limit);
        limit.rlim_cur = limit.rlim_max;
        libc::setrlimit(resource, &raw const limit);
    }
}

fn open_files(count: usize) -> io::Result<()> {
    raise(libc::RLIMIT_NOFILE);
    let mut held = Vec::new();
    for _ in 0..count {
        held.push(fs::File::open("/dev/null")?);
    }
    Ok(())
}

/// Makes a file of so many bytes, with nothing in it.
fn long_file(bytes: &str) -> io::Result<()> {
    raise(libc::RLIMIT_FSIZE);
    // SAFETY: no handler is installed.
    unsafe { libc::signal(libc::SIGXFSZ, libc::SIG_IGN) };
    let file = fs::File::create("long")?;
    let result = file.set_len(bytes.parse().map_err(io::Error::other)?);
    fs::remove_file("long")?;
    result
}

fn data(bytes: usize) -> io::Result<()> {
    raise(libc::RLIMIT_DATA);
    let protection = libc::PROT_READ | libc::PROT_WRITE;
    let flags = libc::MAP_PRIVATE | libc::MAP_ANONYMOUS | libc::MAP_NORESERVE;
    // SAFETY: a new mapping that is never touched.
    let mapped = unsafe { libc::mmap(std::ptr::null_mut(), bytes, protection, flags, -1, 0) };
    if mapped == libc::MAP_FAILED { Err(io::Error::last_os_error()) } else { Ok(()) }
}

/// Has signals wait that nobody takes.
fn signals(count: usize) -> io::Result<()> {
    raise(libc::RLIMIT_SIGPENDING);
    // SAFETY: the set is initialised before its use, and the signal is blocked before it is sent.
    unsafe {
        let mut set: libc::sigset_t = std::mem::zeroed();
        libc::sigaddset(&raw mut set, libc::SIGRTMIN());
        libc::sigprocmask(libc::SIG_BLOCK, &raw const set, std::ptr::null_mut());
    }
    for _ in 0..count {
        let value = libc::sigval { sival_ptr: std::ptr::null_mut() };
        // SAFETY: plain numbers.
        if unsafe { libc::sigqueue(libc::getpid(), libc::SIGRTMIN(), value) } < 0 {
            return Err(io::Error::last_os_error());
        }
    }
    Ok(())
}

/// Takes more for message queues than the user's other programs could spare.
fn queues() -> io::Result<()> {
    raise(libc::RLIMIT_MSGQUEUE);
    let mut made = Vec::new();
    let mut result = Ok(());
    for index in 0..4 {
        let name = std::ffi::CString::new(format!("/moat-queue-{}-{index}", std::process::id()))?;
        // SAFETY: all-zero attributes are valid, and the pointers outlive the calls.
        let queue = unsafe {
            let mut attributes: libc::mq_attr = std::mem::zeroed();
            attributes.mq_maxmsg = 10;
            attributes.mq_msgsize = 8192;
            libc::mq_open(name.as_ptr(), libc::O_CREAT | libc::O_RDWR, 0o600, &raw const attributes)
        };
        let error = io::Error::last_os_error();
        // One that may not be opened is made all the same.
        made.push(name);
        if queue < 0 {
            result = Err(error);
            break;
        }
    }
    for name in made {
        // SAFETY: the name outlives the call.
        unsafe { libc::mq_unlink(name.as_ptr()) };
    }
    result
}

fn watches(count: usize) -> io::Result<()> {
    for _ in 0..count {
        // SAFETY: a plain number; the descriptor stays open until this process ends.
        let watch = unsafe { libc::inotify_init1(0) };
        if watch < 0 {
            return Err(io::Error::last_os_error());
        }
    }
    Ok(())
}

/// Gets through when the limit on core dumps is not the one at which the kernel starts no
/// handler for them.
fn core_limit_at_all() -> io::Result<()> {
    let mut now = libc::rlimit { rlim_cur: 1, rlim_max: 1 };
    // SAFETY: the structure outlives the call.
    looked(i64::from(unsafe { libc::getrlimit(libc::RLIMIT_CORE, &raw mut now) }))?;
    if now.rlim_max != 1 { Ok(()) } else { Err(io::Error::from_raw_os_error(libc::EPERM)) }
}

/// Gets through when a limit is none, or can be lifted.
fn lift_limit(target: &str) -> io::Result<()> {
    let resource: libc::__rlimit_resource_t = target.parse().map_err(io::Error::other)?;
    let none = libc::rlimit { rlim_cur: libc::RLIM_INFINITY, rlim_max: libc::RLIM_INFINITY };
    // SAFETY: the structure outlives the call.
    looked(i64::from(unsafe { libc::setrlimit(resource, &raw const none) }))
}

fn looked(result: i64) -> io::Result<()> {
    if result < 0 { Err(io::Error::last_os_error()) } else { Ok(()) }
}
