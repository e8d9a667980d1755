// SPDX-License-Identifier: Apache-2.0
//! Processor time of this process and of everything that it starts, by `perf_event_open(2)`.
//!
//! `getrusage` leaves out what nobody waits for, such as the processes of a sandbox
//! whose launcher forgets its children. A counter that children inherit sees them all,
//! in whatever namespaces they are. Work that the kernel does in threads of its own
//! (taking network namespaces down) is in neither.
#![expect(unsafe_code, reason = "the call has no wrapper in libc or rustix")]

use std::fs::File;
use std::io::Read as _;
use std::os::fd::FromRawFd as _;
use std::time::Duration;

/// A counter of processor time.
pub(crate) struct Counter {
    file: File,
}

impl Counter {
    /// Counts from now on; none when the kernel does not allow it.
    pub(crate) fn of_this_process() -> Option<Self> {
        // `struct perf_event_attr`, as far as it is not zero.
        let mut attributes = [0_u64; 16];
        let size = u64::try_from(size_of_val(&attributes)).unwrap_or(0);
        attributes[0] = u64::from(TYPE_SOFTWARE) | size << 32;
        attributes[1] = TASK_CLOCK;
        attributes[5] = INHERIT | EXCLUDE_KERNEL | EXCLUDE_HYPERVISOR;
        // SAFETY: the structure outlives the call and says its own length.
        let fd = unsafe {
            libc::syscall(libc::SYS_perf_event_open, attributes.as_ptr(), 0, -1, -1, CLOSE_ON_EXEC)
        };
        let fd = i32::try_from(fd).ok().filter(|fd| *fd >= 0)?;
        // SAFETY: the kernel has just opened this descriptor for us alone.
        Some(Self { file: unsafe { File::from_raw_fd(fd) } })
    }

    /// The time since the start.
    pub(crate) fn read(&self) -> Duration {
        let mut nanoseconds = [0; 8];
        let read = (&self.file).read(&mut nanoseconds);
        assert_eq!(read.ok(), Some(8), "the counter can be read");
        Duration::from_nanos(u64::from_ne_bytes(nanoseconds))
    }
}

const TYPE_SOFTWARE: u32 = 1;
const TASK_CLOCK: u64 = 1;
const INHERIT: u64 = 1 << 1;
// A clock counts all the same, and without these an ordinary user is refused.
const EXCLUDE_KERNEL: u64 = 1 << 5;
const EXCLUDE_HYPERVISOR: u64 = 1 << 6;
const CLOSE_ON_EXEC: u64 = 1 << 3;
