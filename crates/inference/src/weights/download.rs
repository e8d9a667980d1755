// SPDX-License-Identifier: Apache-2.0
//! Weights from an HTTP server: the mirror or a hub.
//!
//! A broken transfer goes on behind the last byte with `Range` and, as long as it
//! is the same address, `If-Range`. Source: RFC 9110, sections 13.1.5 and 14.

use super::error::Setback;
use super::fetch::{Fetch, Fetched, Want};
use super::limits::STALLS_MAX;
use super::partial::Partial;
use super::progress::Meter;

/// Fills `partial` from `url`.
pub(super) fn download(
    fetch: &dyn Fetch,
    url: &str,
    partial: &mut Partial<'_>,
    meter: &mut Meter<'_>,
) -> Result<(), Setback> {
    let mut validator: Option<String> = None;
    let mut stalls = 0;
    while !partial.is_complete() {
        partial.check_cancel()?;
        let before = partial.length();
        let reason = match once(fetch, url, &mut validator, partial, meter) {
            Ok(()) if partial.is_complete() => return Ok(()),
            Ok(()) => format!("it ended after {} of {} bytes", partial.length(), partial.size()),
            Err(Ended::Broken(Setback::Source(reason))) => reason,
            Err(Ended::Broken(other) | Ended::Refused(other)) => return Err(other),
        };
        stalls = if partial.length() > before { 0 } else { stalls + 1 };
        if stalls >= STALLS_MAX {
            return Err(Setback::Source(reason));
        }
    }
    Ok(())
}

/// Why one request did not bring everything.
enum Ended {
    /// The same address may be asked again.
    Broken(Setback),
    /// It need not be.
    Refused(Setback),
}

impl From<Setback> for Ended {
    fn from(setback: Setback) -> Self {
        Self::Broken(setback)
    }
}

/// Sends one request and takes what it brings.
fn once(
    fetch: &dyn Fetch,
    url: &str,
    validator: &mut Option<String>,
    partial: &mut Partial<'_>,
    meter: &mut Meter<'_>,
) -> Result<(), Ended> {
    let want = Want {
        url,
        from: partial.length(),
        if_range: validator.as_deref(),
        cancel: partial.cancel(),
    };
    let mut answer = match fetch.fetch(&want) {
        Ok(answer) => answer,
        Err(reason) => {
            partial.check_cancel()?;
            return Err(Setback::Source(reason).into());
        }
    };
    match answer.status {
        200 => {
            check_size(answer.header("content-length").and_then(number), partial.size())?;
            if partial.length() > 0 {
                partial.cut(0)?;
            }
        }
        206 => {
            let (start, total) =
                range(&answer).ok_or_else(|| refused("its `Content-Range` cannot be read"))?;
            check_size(total, partial.size())?;
            if start != partial.length() {
                return Err(refused("it sends another range than was asked for"));
            }
        }
        416 if partial.length() > 0 => {
            partial.cut(0)?;
            return Err(Setback::source("it does not have the range").into());
        }
        404 | 410 => return Err(refused("it does not have the file")),
        status => return Err(refused(&format!("it answers with status {status}"))),
    }
    // A weak validator may not be used with `If-Range`.
    *validator = answer.header("etag").filter(|tag| !tag.starts_with("W/")).map(str::to_owned);
    let size = partial.size();
    // One byte more than is missing would show a body that is too long.
    let room = size.saturating_sub(partial.length()).saturating_add(1);
    Ok(partial.fill(&mut answer.body, room, &mut |done| meter.at(done, size))?)
}

fn refused(reason: &str) -> Ended {
    Ended::Refused(Setback::source(reason))
}

fn check_size(told: Option<u64>, size: u64) -> Result<(), Ended> {
    match told {
        Some(told) if told != size => {
            Err(refused(&format!("its file has {told} bytes, and {size} are needed")))
        }
        Some(_) | None => Ok(()),
    }
}

/// Reads `bytes START-END/TOTAL`, where the total may be `*`.
fn range(answer: &Fetched) -> Option<(u64, Option<u64>)> {
    let value = answer.header("content-range")?.trim().strip_prefix("bytes ")?;
    let (span, total) = value.split_once('/')?;
    let start = number(span.split_once('-')?.0)?;
    match total {
        "*" => Some((start, None)),
        total => Some((start, Some(number(total)?))),
    }
}

fn number(text: &str) -> Option<u64> {
    text.trim().parse().ok()
}
