// SPDX-License-Identifier: Apache-2.0
//! Every bound of the weights module, by name.

use std::time::Duration;

/// The largest registry or manifest file.
pub(super) const REGISTRY_BYTES_MAX: u64 = 1024 * 1024;

/// The most files in the directory of weights that a listing looks at.
pub(super) const FILES_MAX: usize = 10_000;

/// How much is read or written at once.
pub(super) const PIECE_BYTES: usize = 256 * 1024;

/// What must stay free on the disk beside the weights.
pub(super) const DISK_MARGIN_BYTES: u64 = 64 * 1024 * 1024;

/// How often a broken download goes on at one source without having got further.
pub(super) const STALLS_MAX: u32 = 2;

/// How often one source is tried when its bytes were wrong and the start of them
/// came from elsewhere.
pub(super) const MISMATCHES_MAX: u32 = 2;

/// The shortest time between two reports of progress.
pub(super) const PROGRESS_INTERVAL: Duration = Duration::from_millis(200);

/// The time over which the rate of progress is measured.
pub(super) const RATE_WINDOW: Duration = Duration::from_secs(5);

/// The most measurements that the rate is made of.
pub(super) const RATE_SAMPLES_MAX: usize = 64;

/// The longest header of one member of a wheel.
pub(super) const MEMBER_NAME_BYTES_MAX: usize = 4096;

/// The most members that are passed over in one wheel.
pub(super) const MEMBERS_MAX: usize = 10_000;

/// The most parts that one entry is split into.
pub(super) const PARTS_MAX: u32 = 1000;

/// The longest id of an imported file.
pub(super) const ID_BYTES_MAX: usize = 100;

/// How long pip may take for one wheel.
pub(super) const PIP_TIME_MAX: Duration = Duration::from_secs(1800);

/// The most output of pip that is kept.
pub(super) const PIP_OUTPUT_BYTES_MAX: u64 = 1024 * 1024;

/// The longest message of pip that an error quotes.
pub(super) const MESSAGE_BYTES_MAX: usize = 300;

/// The most hosts that pip may be configured with.
pub(super) const HOSTS_MAX: usize = 16;
