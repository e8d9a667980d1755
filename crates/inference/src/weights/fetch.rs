// SPDX-License-Identifier: Apache-2.0
//! The door through which weights are downloaded.
//!
//! The real one is the broker, which decides, follows redirects that its policy
//! allows, and logs. Tests script one in memory.

use std::fmt;
use std::io::Read;
use std::sync::Arc;

use moat_base::Hint;
use moat_net::{Cancel, Outgoing, RequestHeader, Transport};

/// What to get.
#[derive(Clone, Debug)]
pub struct Want<'a> {
    /// The address.
    pub url: &'a str,
    /// The first byte; 0 asks for the whole without a range.
    pub from: u64,
    /// The validator that the bytes so far came with.
    pub if_range: Option<&'a str>,
    /// Ends the request from another thread.
    pub cancel: &'a Cancel,
}

/// The start of an answer.
pub struct Fetched {
    /// The status.
    pub status: u16,
    /// `Content-Length`, `Content-Range` and `ETag` among others, names in lower case.
    pub headers: Vec<(String, String)>,
    /// The body as it comes.
    pub body: Box<dyn Read + Send>,
}

impl fmt::Debug for Fetched {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Fetched").field("status", &self.status).finish_non_exhaustive()
    }
}

impl Fetched {
    pub(super) fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }
}

/// Gets the start of an answer and then its body.
///
/// Implementors send nothing but the address, the range and the validator.
pub trait Fetch: Send + Sync + fmt::Debug {
    /// Sends the request. Any status is an answer.
    ///
    /// # Errors
    /// Why there is no answer, in words for the reader.
    fn fetch(&self, want: &Want<'_>) -> Result<Fetched, String>;
}

/// Downloads through the broker.
#[derive(Clone, Debug)]
pub struct BrokerFetch(pub Arc<dyn Transport>);

impl Fetch for BrokerFetch {
    fn fetch(&self, want: &Want<'_>) -> Result<Fetched, String> {
        let mut outgoing = Outgoing::model_download(want.url);
        outgoing.cancel = want.cancel.clone();
        if want.from > 0 {
            outgoing.headers.push((RequestHeader::Range, format!("bytes={}-", want.from)));
            if let Some(validator) = want.if_range {
                outgoing.headers.push((RequestHeader::IfRange, validator.to_owned()));
            }
        }
        let answer = self.0.send(outgoing).map_err(|error| match error.hint() {
            Some(hint) => format!("{error} ({hint})"),
            None => error.to_string(),
        })?;
        Ok(Fetched { status: answer.status, headers: answer.headers, body: Box::new(answer.body) })
    }
}
