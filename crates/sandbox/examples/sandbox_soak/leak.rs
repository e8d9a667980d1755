// SPDX-License-Identifier: Apache-2.0
//! Leaves one of each thing behind, to show that the census notices it.
//!
//! Invariant: all of it is gone when this is dropped, or with the processes of the run.

use std::fs::File;
use std::process::Command;
use std::sync::Arc;
use std::sync::mpsc::{SyncSender, sync_channel};

use moat_files::{Budget, Root, Sight, Watch};
use moat_sandbox::Sandbox;

use crate::Soak;
use crate::census::{marked, mounts};

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
    // A holder has the most.
    let holder = marked(&soak.mark).into_iter().max_by_key(|pid| mounts(&format!("/proc/{pid}")));
    let holder = holder.expect("there is a holder");
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
