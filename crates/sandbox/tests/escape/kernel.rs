// SPDX-License-Identifier: Apache-2.0
//! Every system call and socket that the filter denies, one by one, so that a rule
//! that is dropped is noticed by its own row.
//!
//! The control makes the same call with the same arguments where the filter is off.
//! Where the caller's lost privileges would hold it too, the control is outside, as root.

use libc::{EAFNOSUPPORT, ENOSYS, EPERM, EPROTONOSUPPORT, ESOCKTNOSUPPORT};
use moat_sandbox::{Launcher, Layer, Sandbox};

use crate::support::{Scratch, attack, helper, outside};

/// Where a call must get through.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Control {
    /// Without the filter.
    Here,
    /// Outside, as root.
    Root,
}
use Control::{Here, Root};

const CALLS: &[(&str, Control)] = &[
    ("ptrace", Here),
    ("process_vm_readv", Here),
    ("process_vm_writev", Here),
    ("process_madvise", Here),
    ("pidfd_getfd", Here),
    ("kcmp", Here),
    ("add_key", Here),
    ("request_key", Here),
    ("bpf", Root),
    ("perf_event_open", Here),
    ("mount", Here),
    ("umount2", Here),
    ("pivot_root", Root),
    ("chroot", Here),
    ("open_tree", Here),
    ("move_mount", Root),
    ("fsopen", Root),
    ("fsconfig", Here),
    ("fsmount", Root),
    ("fspick", Root),
    ("mount_setattr", Here),
    ("open_tree_attr", Here),
    ("statmount", Here),
    ("listmount", Here),
    ("setns", Here),
    ("unshare", Here),
    ("swapon", Here),
    ("swapoff", Root),
    ("reboot", Root),
    ("kexec_load", Root),
    ("init_module", Root),
    ("finit_module", Root),
    ("delete_module", Root),
    ("quotactl", Here),
    ("quotactl_fd", Here),
    ("syslog", Root),
    ("settimeofday", Root),
    ("clock_settime", Here),
    ("clock_adjtime", Here),
    ("adjtimex", Here),
    ("sethostname", Root),
    ("setdomainname", Root),
    ("name_to_handle_at", Here),
    ("open_by_handle_at", Root),
    ("move_pages", Here),
    ("migrate_pages", Here),
    ("fanotify_init", Here),
    ("fanotify_mark", Here),
    ("personality", Here),
    #[cfg(target_arch = "x86_64")]
    ("kexec_file_load", Root),
    #[cfg(target_arch = "x86_64")]
    ("iopl", Here),
    #[cfg(target_arch = "x86_64")]
    ("ioperm", Here),
    #[cfg(target_arch = "x86_64")]
    ("modify_ldt", Here),
    #[cfg(target_arch = "x86_64")]
    ("ustat", Here),
    #[cfg(target_arch = "x86_64")]
    ("sysfs", Here),
];

/// What it is, family, type and protocol, the error that holds it, its control.
const SOCKETS: &[(&str, &str, i32, Control)] = &[
    ("kernel cryptography", "38 5 0", EAFNOSUPPORT, Here),
    ("audit", "16 3 9", EAFNOSUPPORT, Here),
    ("device events", "16 3 15", EAFNOSUPPORT, Here),
    ("socket diagnosis", "16 3 4", EAFNOSUPPORT, Here),
    ("packet filter", "16 3 12", EAFNOSUPPORT, Here),
    ("generic netlink", "16 3 16", EAFNOSUPPORT, Here),
    ("transformations", "16 3 6", EAFNOSUPPORT, Here),
    ("connector", "16 3 11", EAFNOSUPPORT, Here),
    ("multipath TCP", "2 1 262", EPROTONOSUPPORT, Here),
    ("multipath TCP, IPv6", "10 1 262", EPROTONOSUPPORT, Here),
    ("SCTP", "2 1 132", EPROTONOSUPPORT, Here),
    ("DCCP", "2 6 33", EPERM, Here),
    ("raw ICMP", "2 3 1", EPERM, Root),
    ("raw IPv6", "10 3 58", EPERM, Root),
    ("key management", "15 3 2", EAFNOSUPPORT, Root),
    ("express data path", "44 3 0", EAFNOSUPPORT, Root),
    ("Bluetooth", "31 3 1", EAFNOSUPPORT, Root),
    ("CAN", "29 3 1", EAFNOSUPPORT, Root),
    ("TIPC", "30 5 0", EAFNOSUPPORT, Here),
    ("RDS", "21 5 0", EAFNOSUPPORT, Here),
    ("SMC", "43 1 0", EAFNOSUPPORT, Here),
    ("QRTR", "42 2 0", EAFNOSUPPORT, Here),
    ("PPP", "24 1 0", EAFNOSUPPORT, Here),
];

#[test]
fn every_denied_call_is_denied_by_its_own_rule() {
    let scratch = Scratch::new();
    let launcher = scratch.launcher();
    let full = scratch.attacked(&launcher, &[]);
    let mut controls = Controls::new(&scratch, &launcher);
    for (name, control) in CALLS {
        let held = attack(&full, "system-call", name);
        assert_eq!(held.output, format!("held {EPERM}\n"), "{name}");
        controls.show(("system-call", name, name), *control, &[ENOSYS]);
    }
    let absent = attack(&full, "system-call", "clone3");
    assert_eq!(absent.output, format!("held {ENOSYS}\n"));
    controls.show(("system-call", "clone3", "clone3"), Here, &[]);
    controls.finish(30);
}

#[test]
fn every_denied_socket_is_denied() {
    let scratch = Scratch::new();
    let launcher = scratch.launcher();
    let full = scratch.attacked(&launcher, &[]);
    let mut controls = Controls::new(&scratch, &launcher);
    let lacking = [EAFNOSUPPORT, EPROTONOSUPPORT, ESOCKTNOSUPPORT];
    for (what, numbers, errno, control) in SOCKETS {
        let held = attack(&full, "socket", numbers);
        assert_eq!(held.output, format!("held {errno}\n"), "{what}");
        controls.show(("socket", numbers, what), *control, &lacking);
    }
    controls.finish(3);
}

/// Shows that attacks get through where the filter is off.
struct Controls<'a> {
    scratch: &'a Scratch,
    unfiltered: Sandbox,
    shown: usize,
}

impl<'a> Controls<'a> {
    fn new(scratch: &'a Scratch, launcher: &Launcher) -> Self {
        let unfiltered = scratch.attacked(launcher, &[Layer::Seccomp]);
        Self { scratch, unfiltered, shown: 0 }
    }

    /// `lacking` are the errors by which a kernel says that it was built without it.
    #[track_caller]
    fn show(&mut self, attacked: (&str, &str, &str), control: Control, lacking: &[i32]) {
        let (name, target, what) = attacked;
        let output = match control {
            Here => attack(&self.unfiltered, name, target).output,
            Root if rustix::process::geteuid().is_root() => {
                outside(&helper(), name, target, &self.scratch.project)
            }
            Root => {
                println!("control skipped: only root is let so far: {what}");
                return;
            }
        };
        if lacking.iter().any(|errno| output == format!("held {errno}\n")) {
            println!("control skipped: this kernel was built without: {what}");
            return;
        }
        assert_eq!(output, "through\n", "the control of {what} proves nothing");
        self.shown += 1;
    }

    /// Most controls must have been shown, or the table proves nothing.
    #[track_caller]
    fn finish(self, least: usize) {
        assert!(self.shown >= least, "only {} controls were shown", self.shown);
    }
}
