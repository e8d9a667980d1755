// SPDX-License-Identifier: Apache-2.0
//! One request of a client, from its frames to the end of its answer.
//!
//! The order is the point: decide, look up and check, log, dial, send, carry the
//! answer, log, and only then pass on its end. Short answers are held back whole
//! until the closing line is durable; a stream's last frame is.
//!
//! Invariant: a credential is added only to an address below its endpoint's own
//! base, never after a redirect that leaves it.

use std::io::{self, Read};
use std::os::unix::net::UnixStream;

use moat_base::{clip, visible};
use moat_log::{Attribution, Outcome, Who};

use crate::broker::Shared;
use crate::broker::crossing::{Crossing, Meter, Proposal};
use crate::broker::dial::{Found, Left, Watched, dial, find, left};
use crate::connection::{Buffered, Connection, Deadline};
use crate::error::Problem;
use crate::http::{Body, BodyLength, ResponseHead, header_line, problem, write_request};
use crate::journal::JournalError;
use crate::limits::{
    DOWNLOAD_BYTES_MAX, FOREIGN_TEXT_BYTES_MAX, HEAD_BYTES_MAX, HELD_ANSWER_BYTES_MAX,
    MODEL_ANSWER_BYTES_MAX, READ_BYTES, REDIRECTS_MAX,
};
use crate::local::Peer;
use crate::message::Target;
use crate::policy::{Credential, Denial, EgressPolicy, Endpoint, Method, Purpose};
use crate::tls::{AnyConnection, handshake};
use crate::url::{Scheme, Url};
use crate::wire::{AnswerFrame, Kind, Refusal, RequestFrame, write_data, write_frame, write_json};

/// The answer's headers that a client may see; the rest could only steer it (P-27).
const ANSWER_HEADERS: [&str; 9] = [
    "accept-ranges",
    "content-length",
    "content-range",
    "content-type",
    "etag",
    "last-modified",
    "retry-after",
    "x-linked-etag",
    "x-linked-size",
];

/// How a request ended before its answer could be carried.
#[derive(Debug)]
pub(crate) enum Failure {
    /// Tell the client.
    Refused(Refusal),
    /// There is no client to tell, or nothing more that it could be told.
    Over,
}

impl From<JournalError> for Failure {
    fn from(error: JournalError) -> Self {
        Self::Refused(Refusal::Broker { reason: error.to_string() })
    }
}

/// Carries one request. What is to be told to the client is the error.
pub(crate) fn exchange(
    shared: &Shared,
    client: &UnixStream,
    peer: Peer,
    frame: RequestFrame,
    body: &[u8],
) -> Result<(), Failure> {
    let who = who(peer, frame.purpose, frame.attribution.clone());
    let mut proposal = Proposal::nowhere(who, frame.method.as_str(), Meter::of(body));
    let policy = match (shared.policy)() {
        Ok(policy) => policy,
        Err(error) => return Err(deny(shared, proposal, &Denial::default(error.reason))),
    };
    let (endpoint, mut url) = match choose(&policy, &frame, &mut proposal) {
        Ok(chosen) => chosen,
        Err(denial) => return Err(deny(shared, proposal, &denial)),
    };
    for _hop in 0..=REDIRECTS_MAX {
        proposal.aim(&url);
        let sending = Sending { shared, client, endpoint, url: &url, frame: &frame, body };
        match sending.carry(proposal.clone())? {
            Next::Done => return Ok(()),
            Next::Redirect(location) => {
                url = match url.redirect(&location) {
                    Ok(next) => next,
                    Err(error) => {
                        let denial = Denial::by(
                            &endpoint.name,
                            format!("the redirect is malformed: {}", error.reason()),
                        );
                        return Err(deny(shared, proposal, &denial));
                    }
                };
                proposal.aim(&url);
                if let Err(denial) = endpoint.check_redirect(&url) {
                    return Err(deny(shared, proposal, &denial));
                }
            }
        }
    }
    let denial = Denial::by(&endpoint.name, "it redirects too often");
    Err(deny(shared, proposal, &denial))
}

pub(crate) const fn who(peer: Peer, purpose: Purpose, attribution: Attribution) -> Who {
    Who { uid: peer.uid, pid: peer.pid, purpose, attribution }
}

/// Finds the endpoint and the whole address, and aims the proposal as far as it got.
fn choose<'a>(
    policy: &'a EgressPolicy,
    frame: &RequestFrame,
    proposal: &mut Proposal,
) -> Result<(&'a Endpoint, Url), Denial> {
    let (endpoint, url) = match &frame.target {
        Target::Endpoint { name, path } => {
            let endpoint =
                policy.endpoint(&visible(clip(name, FOREIGN_TEXT_BYTES_MAX)), frame.purpose)?;
            proposal.aim(&endpoint.base);
            let url = endpoint
                .base
                .below(path)
                .map_err(|error| Denial::by(&endpoint.name, error.to_string()))?;
            (endpoint, url)
        }
        Target::Download { url } => {
            let url = Url::parse(url).map_err(|error| Denial::default(error.to_string()))?;
            proposal.aim(&url);
            (policy.holding(&url, frame.purpose)?, url)
        }
    };
    proposal.aim(&url);
    endpoint.check_method(frame.method)?;
    endpoint.check_credential()?;
    for (name, value) in &frame.headers {
        header_line(name.as_str(), value)
            .map_err(|error| Denial::by(&endpoint.name, error.to_string()))?;
    }
    Ok((endpoint, url))
}

fn deny(shared: &Shared, proposal: Proposal, denial: &Denial) -> Failure {
    let to = destination(&proposal);
    match proposal.deny(&shared.journal, denial) {
        Ok(()) => Failure::Refused(Refusal::Denied {
            to,
            rule: denial.rule.clone(),
            reason: denial.reason.clone(),
        }),
        Err(error) => error.into(),
    }
}

/// The destination for people: without path and query, which may hold secrets.
fn destination(proposal: &Proposal) -> String {
    if proposal.to.host.is_empty() {
        return "the request".to_owned();
    }
    format!("{}://{}:{}", proposal.to.scheme, proposal.to.host, proposal.to.port)
}

enum Next {
    Done,
    Redirect(String),
}

/// One hop.
struct Sending<'a> {
    shared: &'a Shared,
    client: &'a UnixStream,
    endpoint: &'a Endpoint,
    url: &'a Url,
    frame: &'a RequestFrame,
    body: &'a [u8],
}

impl Sending<'_> {
    fn carry(&self, mut proposal: Proposal) -> Result<Next, Failure> {
        proposal.place(&self.endpoint.zone);
        let journal = &self.shared.journal;
        let addresses = match find(self.shared, self.url.host(), &self.endpoint.zone) {
            Found::Addresses(addresses) => addresses,
            Found::Forbidden(addresses, reason) => {
                proposal.to.addresses = addresses;
                return Err(deny(self.shared, proposal, &Denial::by(&self.endpoint.name, reason)));
            }
            Found::Nothing(problem) => {
                let crossing = proposal.open(journal, &self.endpoint.name)?;
                return Err(self.failed(crossing, problem));
            }
        };
        proposal.to.addresses.clone_from(&addresses);
        let mut crossing = proposal.open(journal, &self.endpoint.name)?;
        let socket = match dial(&addresses, self.url.port(), &self.shared.settings.timeouts) {
            Ok(socket) => socket,
            Err(problem) => return Err(self.failed(crossing, problem)),
        };
        crossing.dialled(socket.peer_addr().ok());
        let connection = match self.secure(socket) {
            Ok(connection) => connection,
            Err(Ended::Peer(problem)) => return Err(self.failed(crossing, problem)),
            Err(Ended::Left(left)) => return Err(over(crossing, left)),
        };
        match self.ask(connection, &mut crossing) {
            Ok((head, answer)) => self.deliver(crossing, &head, answer),
            Err(Ended::Peer(problem)) => Err(self.failed(crossing, problem)),
            Err(Ended::Left(left)) => Err(over(crossing, left)),
        }
    }

    fn secure(&self, socket: crate::tls::Socket) -> Result<AnyConnection, Ended> {
        let timeout = self.shared.settings.timeouts.connect;
        let ended = |error: &io::Error| Ended::of(error, timeout);
        let watched =
            Watched::new(socket, self.client, &self.shared.stop).map_err(|error| ended(&error))?;
        watched.set_timeout(timeout).map_err(|error| ended(&error))?;
        match self.url.scheme() {
            Scheme::Http => Ok(AnyConnection(Box::new(watched))),
            Scheme::Https => match handshake(&self.shared.tls, self.url.host(), watched) {
                Ok(stream) => Ok(AnyConnection(Box::new(stream))),
                Err(error) => Err(match ended(&error) {
                    Ended::Peer(Problem::Silent(waited)) => Ended::Peer(Problem::Silent(waited)),
                    Ended::Peer(_) => {
                        let text = error.to_string();
                        let text = visible(clip(&text, FOREIGN_TEXT_BYTES_MAX));
                        Ended::Peer(Problem::Tls(text.into_owned()))
                    }
                    Ended::Left(left) => Ended::Left(left),
                }),
            },
        }
    }

    fn ask(
        &self,
        mut connection: AnyConnection,
        crossing: &mut Crossing<'_>,
    ) -> Result<(ResponseHead, Body<AnyConnection>), Ended> {
        let timeouts = &self.shared.settings.timeouts;
        let mut headers: Vec<(&str, &str)> = self
            .frame
            .headers
            .iter()
            .map(|(name, value)| (name.as_str(), value.as_str()))
            .collect();
        let bearer;
        // The weld: never to an address outside the endpoint's own base.
        if self.url.is_under(&self.endpoint.base) {
            match &self.endpoint.credential {
                Some(Credential::Bearer(secret)) => {
                    bearer = format!("Bearer {}", secret.expose());
                    headers.push(("Authorization", &bearer));
                }
                Some(Credential::ApiKey(secret)) => headers.push(("x-api-key", secret.expose())),
                None => {}
            }
        }
        let method = self.frame.method;
        let exchange = || -> io::Result<_> {
            connection.set_timeout(timeouts.silence)?;
            write_request(
                &mut connection,
                method,
                &self.url.target(),
                &self.url.authority(),
                &headers,
                self.body,
            )?;
            crossing.sent(Meter::of(self.body));
            let mut buffered = Buffered::new(connection);
            let head = ResponseHead::read(
                &mut buffered,
                Deadline::after(timeouts.answer),
                HEAD_BYTES_MAX,
            )?;
            buffered.connection().set_timeout(timeouts.silence)?;
            Ok((head, buffered))
        };
        let (head, buffered) = exchange().map_err(|error| Ended::of(&error, timeouts.answer))?;
        crossing.status(head.status);
        let encoded = head
            .header("content-encoding")
            .is_some_and(|encoding| !encoding.eq_ignore_ascii_case("identity"));
        if encoded {
            return Err(Ended::Peer(Problem::Nonsense(
                "it is compressed although that was not offered".to_owned(),
            )));
        }
        let length = head.body_length(method).map_err(Ended::Peer)?;
        let limit = match self.endpoint.purpose {
            Purpose::ModelRequest => MODEL_ANSWER_BYTES_MAX,
            Purpose::ModelDownload | Purpose::PackageDownload => DOWNLOAD_BYTES_MAX,
        };
        if let BodyLength::Exactly(length) = length
            && length > limit
        {
            return Err(Ended::Peer(Problem::TooLong(limit)));
        }
        Ok((head, Body::new(buffered, length, limit)))
    }

    fn deliver(
        &self,
        crossing: Crossing<'_>,
        head: &ResponseHead,
        answer: Body<AnyConnection>,
    ) -> Result<Next, Failure> {
        let follows =
            self.endpoint.purpose != Purpose::ModelRequest && self.frame.method != Method::Post;
        if follows
            && matches!(head.status, 301 | 302 | 303 | 307 | 308)
            && let Some(location) = head.header("location")
        {
            crossing.close(Outcome::Complete)?;
            return Ok(Next::Redirect(location.to_owned()));
        }
        let headers = head
            .headers
            .iter()
            .filter(|(name, _)| ANSWER_HEADERS.contains(&name.as_str()))
            .cloned()
            .collect();
        let frame = AnswerFrame { status: head.status, headers };
        let stream =
            head.header("content-type").is_some_and(|kind| kind.starts_with("text/event-stream"));
        let held = !stream && answer.length().is_some_and(|length| length <= HELD_ANSWER_BYTES_MAX);
        if held { self.hold(crossing, &frame, answer) } else { self.pass(crossing, &frame, answer) }
    }

    /// Takes the whole answer, logs, then delivers.
    fn hold(
        &self,
        mut crossing: Crossing<'_>,
        frame: &AnswerFrame,
        mut answer: Body<AnyConnection>,
    ) -> Result<Next, Failure> {
        let mut bytes = Vec::new();
        if let Err(error) = answer.read_to_end(&mut bytes) {
            crossing.received(Meter::of(&bytes));
            return Err(self.ended(crossing, &error));
        }
        crossing.received(Meter::of(&bytes));
        crossing.close(Outcome::Complete)?;
        let mut out = self.client;
        write_json(&mut out, Kind::Answer, frame)
            .and_then(|()| write_data(&mut out, &bytes))
            .and_then(|()| write_frame(&mut out, Kind::End, &[]))
            .map_err(|_gone| Failure::Over)?;
        Ok(Next::Done)
    }

    /// Delivers as it arrives, logs, then delivers the end.
    fn pass(
        &self,
        mut crossing: Crossing<'_>,
        frame: &AnswerFrame,
        mut answer: Body<AnyConnection>,
    ) -> Result<Next, Failure> {
        let mut out = self.client;
        let mut meter = Meter::default();
        let mut buffer = vec![0; READ_BYTES];
        let mut passed = write_json(&mut out, Kind::Answer, frame);
        while passed.is_ok() {
            let piece = match answer.read(&mut buffer) {
                Ok(0) => break,
                Ok(count) => buffer.get(..count).unwrap_or_default(),
                Err(error) => {
                    crossing.received(meter.finish());
                    return Err(self.ended(crossing, &error));
                }
            };
            meter.add(piece);
            passed = write_data(&mut out, piece);
        }
        crossing.received(meter.finish());
        if passed.is_err() {
            return Err(over(crossing, Left::Client));
        }
        crossing.close(Outcome::Complete)?;
        write_frame(&mut out, Kind::End, &[]).map_err(|_gone| Failure::Over)?;
        Ok(Next::Done)
    }

    fn ended(&self, crossing: Crossing<'_>, error: &io::Error) -> Failure {
        match Ended::of(error, self.shared.settings.timeouts.silence) {
            Ended::Peer(problem) => self.failed(crossing, problem),
            Ended::Left(left) => over(crossing, left),
        }
    }

    fn failed(&self, crossing: Crossing<'_>, problem: Problem) -> Failure {
        let to =
            format!("{}://{}:{}", self.url.scheme().as_str(), self.url.host(), self.url.port());
        match crossing.close(Outcome::Failed(problem.to_string())) {
            Ok(()) => Failure::Refused(Refusal::Peer { to, problem }),
            Err(error) => error.into(),
        }
    }
}

/// Why a hop ended early.
enum Ended {
    Peer(Problem),
    Left(Left),
}

impl Ended {
    fn of(error: &io::Error, waited: std::time::Duration) -> Self {
        match left(error) {
            Some(left) => Self::Left(left),
            None => Self::Peer(problem(error, waited)),
        }
    }
}

fn over(crossing: Crossing<'_>, left: Left) -> Failure {
    let outcome = match left {
        Left::Client => Outcome::Abandoned,
        Left::Broker => Outcome::Stopped,
    };
    match (crossing.close(outcome), left) {
        (Ok(()), Left::Client) => Failure::Over,
        (Ok(()), Left::Broker) => {
            Failure::Refused(Refusal::Broker { reason: Left::Broker.to_string() })
        }
        (Err(error), _) => error.into(),
    }
}
