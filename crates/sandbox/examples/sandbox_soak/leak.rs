// SPDX-License-Identifier: Apache-2.0
//! Leaves one of each thing behind, to show that the census notices it.
//!
//! Invariant: all of it is gone when this is dropped, or with the processes of the run.

use std::fs::{self, File};
use std::process::Command;
use std::sync::Arc;
use std::sync::mpsc::{SyncSender, sync_channel};

use moat_files::{Budget, Root, Sight, Watch};
use moat_sandbox::Sandbox;

use crate::Soak;
use crate::census::marked;

pub(crate) struct Leak {
    /// Also a namespace that is kept without a process in it.
    _descriptors: [File; 2],
    /// A process with namespaces and mounts of its own, and files.
    _sandbox: Sandbox,
    /// A thread, descriptors and watches.
    _watch: Watch,
    _memory: Vec<u8>,
    _thread_ends_with: SyncSender<()>,
}

impl Leak {
    pub(crate) fn new(soak: &Soak) -> Self {
        mount_in_holder(soak);
        let root = Root::open(&soak.project()).expect("the project is there");
        let watch = Watch::start(Arc::new(root), Budget::of_system());
        while matches!(watch.sight(), Sight::Forming(_)) {
            std::thread::yield_now();
        }
        let (ends, held) = sync_channel::<()>(0);
        std::thread::spawn(move || held.recv().is_ok());
        let open = |path: &str| File::open(path).expect("it can be opened");
        Self {
            _descriptors: [open("/dev/null"), open("/proc/self/ns/net")],
            _sandbox: soak.fork("leaked"),
            _watch: watch,
            // Every page is written, so that it is there.
            _memory: vec![1; LEAKED_BYTES],
            _thread_ends_with: ends,
        }
    }
}

/// Mounts something where the session's holder has its mounts. Only root can, and only root
/// sees it.
fn mount_in_holder(soak: &Soak) {
    let own = fs::read_link("/proc/self/ns/mnt").expect("a process has mounts");
    let has_own = |pid: &String| {
        fs::read_link(format!("/proc/{pid}/ns/mnt")).is_ok_and(|namespace| namespace != own)
    };
    let Some(holder) = marked(&soak.mark).into_iter().find(has_own) else {
        println!("no mount was left: only root sees who has mounts");
        return;
    };
    let script = "mkdir /tmp/leaked && mount -t tmpfs leaked /tmp/leaked";
    let entered =
        Command::new("nsenter").args(["--target", &holder, "--mount", "sh", "-c", script]).output();
    match entered {
        Ok(output) if output.status.success() => {}
        other => println!("no mount was left: {other:?}"),
    }
}

/// More than an allocator may keep.
const LEAKED_BYTES: usize = 8 << 20;
