// SPDX-License-Identifier: Apache-2.0
//! What is enforced around commands, in one line for people.
//!
//! Invariant: a line that begins with `full` is of a confinement in which nothing is lost.

use moat_sandbox::Confinement;

/// The line that a session shows, and stores with its first record.
#[must_use]
pub fn boundary_line(confinement: &Confinement) -> String {
    if !confinement.is_full() {
        return format!("PARTIAL, so commands are asked for: {}", confinement.line());
    }
    let remarks = confinement.remarks.iter().map(|remark| format!("; {remark}"));
    let full =
        "full: commands see this workspace copy-on-write, no network, no other files of yours";
    std::iter::once(full.to_owned()).chain(remarks).collect()
}
