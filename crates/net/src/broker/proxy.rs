// SPDX-License-Identifier: Apache-2.0
//! A proxy on a listener that was made inside a sandbox's network namespace.
//!
//! It lets a program that the user already has (pip) reach the exact hosts of one
//! rule set, and nothing else: `CONNECT` for TLS, whose server name must be the
//! requested host, and forwarded `GET` and `HEAD` for plain HTTP. It adds no
//! credential. The listener identifies the command, so there is no token.
//!
//! Invariant: bytes go to a host only after its `opened` line is durable.
//! Source: RFC 9110 section 9.3.6 (CONNECT), RFC 9112 section 3.2.2 (absolute form).

use std::io::{self, Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::net::UnixStream;
use std::sync::Arc;

use moat_log::{Outcome, Who};
use rustix::net::SocketType;

use crate::broker::crossing::{Crossing, Meter, Proposal};
use crate::broker::dial::{Found, Left, Watched, dial, find, left};
use crate::broker::exchange::{Failure, who};
use crate::broker::{Shared, hello};
use crate::connection::{Buffered, Connection, Deadline};
use crate::http::{
    Body, BodyLength, RequestHead, ResponseHead, header_line, problem, write_request,
};
use crate::limits::{
    CLIENT_HELLO_BYTES_MAX, DOWNLOAD_BYTES_MAX, DRAIN_TIMEOUT, HEAD_BYTES_MAX, HEAD_TIMEOUT,
    PROXY_CONNECTIONS_MAX, READ_BYTES, TUNNEL_BYTES_MAX, TUNNEL_SILENCE_TIMEOUT,
};
use crate::line::is_transient;
use crate::local::Peer;
use crate::policy::{Denial, Method, RuleHost, RuleSet};
use crate::server::crowd::Crowd;
use crate::stop::wait_readable;
use crate::url::{Host, Scheme, Url, parse_connect_authority};
use crate::wire::{Kind, ListenerFrame, Refusal, write_frame};

/// Serves an adopted listener until its client closes the control connection.
pub(crate) fn adopt(
    shared: &Arc<Shared>,
    control: &UnixStream,
    peer: Peer,
    frame: ListenerFrame,
    fd: OwnedFd,
) -> Result<(), Failure> {
    let policy = (shared.policy)()
        .map_err(|error| refuse(&frame.rule_set, Denial::default(error.reason)))?;
    let rules =
        policy.rule_set(&frame.rule_set).map_err(|denial| refuse(&frame.rule_set, denial))?.clone();
    if !is_tcp_listener(&fd) {
        let denial = Denial::by(&rules.name, "the descriptor is not a listening TCP socket");
        return Err(refuse(&frame.rule_set, denial));
    }
    let listener = TcpListener::from(fd);
    let over = |_error: io::Error| Failure::Over;
    listener.set_nonblocking(true).map_err(over)?;
    let mut out = control;
    write_frame(&mut out, Kind::Keep, &[]).map_err(over)?;
    let who = who(peer, rules.purpose, frame.attribution);
    let guest = Arc::new(Guest {
        shared: Arc::clone(shared),
        control: control.as_fd().try_clone_to_owned().map_err(over)?,
        rules,
        who,
    });
    let crowd = Crowd::new(PROXY_CONNECTIONS_MAX).map_err(over)?;
    loop {
        let ready = if crowd.is_full() {
            wait_readable(&[shared.stop.as_fd(), control.as_fd(), crowd.as_fd()], None)
        } else {
            wait_readable(&[shared.stop.as_fd(), control.as_fd(), listener.as_fd()], None)
        };
        match ready.map_err(over)? {
            Some(0 | 1) => {
                // Each tunnel sees the same end and closes its crossing.
                crowd.drain(DRAIN_TIMEOUT);
                return Ok(());
            }
            Some(_) | None => crowd.clear(),
        }
        if crowd.is_full() {
            continue;
        }
        match listener.accept() {
            Ok((stream, _)) => {
                let guest = Arc::clone(&guest);
                // Without a thread left this one connection is closed.
                let _closed = crowd.enter(move || guest.serve(stream));
            }
            Err(error) if is_transient(&error) => {}
            Err(error) => return Err(over(error)),
        }
    }
}

fn refuse(rule_set: &str, denial: Denial) -> Failure {
    Failure::Refused(Refusal::Denied {
        to: moat_base::visible(moat_base::clip(rule_set, 100)).into_owned(),
        rule: denial.rule,
        reason: denial.reason,
    })
}

fn is_tcp_listener(fd: &OwnedFd) -> bool {
    use rustix::net::{AddressFamily, sockopt};
    let inet = sockopt::socket_domain(fd)
        .is_ok_and(|family| family == AddressFamily::INET || family == AddressFamily::INET6);
    inet && sockopt::socket_type(fd) == Ok(SocketType::STREAM)
        && sockopt::socket_acceptconn(fd) == Ok(true)
}

/// The programs behind one adopted listener.
struct Guest {
    shared: Arc<Shared>,
    control: OwnedFd,
    rules: RuleSet,
    who: Who,
}

/// What ends one proxied connection early.
enum Refused {
    /// Answer this status and reason.
    With(u16, String),
    /// Just close.
    Silently,
}

impl From<crate::journal::JournalError> for Refused {
    fn from(error: crate::journal::JournalError) -> Self {
        Self::With(503, error.to_string())
    }
}

impl From<io::Error> for Refused {
    fn from(_gone: io::Error) -> Self {
        Self::Silently
    }
}

impl Guest {
    fn serve(&self, stream: TcpStream) {
        let Ok(watched) = Watched::new(stream, &self.control, &self.shared.stop) else {
            return;
        };
        let mut client = Buffered::new(watched);
        if let Err(Refused::With(status, reason)) = self.answer(&mut client) {
            let body = format!("moat: {reason}\n");
            let head = format!(
                "HTTP/1.1 {status} \r\nContent-Type: text/plain\r\nContent-Length: {}\r\nConnection: close\r\n\r\n",
                body.len()
            );
            // The program may be gone; the log has the refusal.
            let _gone = client.connection_mut().write_all(&[head, body].concat().into_bytes());
            let _gone = client.connection().socket().shutdown(Shutdown::Write);
        }
    }

    fn answer(&self, client: &mut Buffered<Watched>) -> Result<(), Refused> {
        let malformed = |reason: String| Refused::With(400, reason);
        let bytes = match client.head(Deadline::after(HEAD_TIMEOUT), HEAD_BYTES_MAX) {
            Ok(Some(bytes)) => bytes,
            Ok(None) => return Err(Refused::Silently),
            Err(error) => return Err(malformed(error.to_string())),
        };
        let head = RequestHead::parse(&bytes).map_err(|error| malformed(error.to_string()))?;
        match head.method.as_str() {
            "CONNECT" => self.tunnel(client, &head),
            "GET" => self.forward(client, &head, Method::Get),
            "HEAD" => self.forward(client, &head, Method::Head),
            other => {
                let proposal = self.proposal(&head.method);
                let reason = format!(
                    "the method {} is not forwarded",
                    moat_base::visible(moat_base::clip(other, 20))
                );
                Err(self.deny(proposal, &Denial::by(&self.rules.name, reason)))
            }
        }
    }

    fn tunnel(&self, client: &mut Buffered<Watched>, head: &RequestHead) -> Result<(), Refused> {
        let mut proposal = self.proposal("CONNECT");
        let (host, port) = parse_connect_authority(&head.target).map_err(|error| {
            self.deny(proposal.clone(), &Denial::by(&self.rules.name, error.to_string()))
        })?;
        proposal.aim_at(Scheme::Https, &host, port);
        let rule = self.allow(&mut proposal, Scheme::Https, &host, port)?;
        let found = self.look_up(&mut proposal, rule)?;
        client.connection_mut().write_all(b"HTTP/1.1 200 \r\n\r\n")?;
        let hello = read_hello(client)
            .and_then(|(bytes, hello)| check_hello(&hello, &host).map(|()| bytes))
            .map_err(|reason| {
                // Inside the tunnel there is no way to say why: the log says it.
                let _logged = self.deny(proposal.clone(), &Denial::by(&self.rules.name, reason));
                Refused::Silently
            })?;
        let mut crossing = proposal.open(&self.shared.journal, &self.rules.name)?;
        let server = match found {
            Ok(addresses) => dial(&addresses, port, &self.shared.settings.timeouts),
            Err(problem) => Err(problem),
        };
        let server = match server {
            Ok(server) => server,
            Err(problem) => {
                crossing.close(Outcome::Failed(problem.to_string()))?;
                return Err(Refused::Silently);
            }
        };
        crossing.dialled(server.peer_addr().ok());
        let server = Watched::new(server, &self.control, &self.shared.stop)?;
        self.relay(client, &server, &hello, crossing)
    }

    /// Carries both directions until both have ended.
    fn relay(
        &self,
        client: &mut Buffered<Watched>,
        server: &Watched,
        hello: &[u8],
        mut crossing: Crossing<'_>,
    ) -> Result<(), Refused> {
        let silence = self.shared.settings.timeouts.silence;
        client.connection().set_timeout(TUNNEL_SILENCE_TIMEOUT)?;
        let (mut up_to, mut down_from, mut down_to) =
            (server.try_clone()?, server.try_clone()?, client.connection().try_clone()?);
        for end in [&up_to, &down_from, &down_to] {
            end.set_timeout(silence)?;
        }
        let (mut up, mut down) = (Meter::default(), Meter::default());
        let (up_result, down_result) = std::thread::scope(|scope| {
            let upward = scope.spawn(|| {
                up.add(hello);
                up_to.write_all(hello)?;
                let ended = copy(client, &mut up_to, &mut up);
                finish(&up_to, end_of(&ended));
                ended
            });
            let ended = copy(&mut down_from, &mut down_to, &mut down);
            finish(&down_to, end_of(&ended));
            if ended.is_err() {
                finish(&down_from, Shutdown::Both);
            }
            let upward =
                upward.join().unwrap_or_else(|_| Err(io::Error::other("the thread ended")));
            (upward, ended)
        });
        crossing.sent(up.finish());
        crossing.received(down.finish());
        let outcome = match down_result.and(up_result) {
            Ok(()) => Outcome::Complete,
            Err(error) => match left(&error) {
                Some(Left::Client) => Outcome::Abandoned,
                Some(Left::Broker) => Outcome::Stopped,
                None => Outcome::Failed(problem(&error, silence).to_string()),
            },
        };
        crossing.close(outcome)?;
        Ok(())
    }

    fn forward(
        &self,
        client: &mut Buffered<Watched>,
        head: &RequestHead,
        method: Method,
    ) -> Result<(), Refused> {
        let mut proposal = self.proposal(method.as_str());
        let by = |reason: String| Denial::by(&self.rules.name, reason);
        let url = Url::parse(&head.target)
            .map_err(|error| self.deny(proposal.clone(), &by(error.to_string())))?;
        proposal.aim(&url);
        if head.header("host").is_some_and(|host| !host.eq_ignore_ascii_case(&url.authority())) {
            return Err(self.deny(proposal, &by("the Host header names another host".to_owned())));
        }
        if url.scheme() != Scheme::Http || head.body_length() != Ok(BodyLength::None) {
            return Err(self.deny(
                proposal,
                &by("only plain requests without a body are forwarded".to_owned()),
            ));
        }
        let rule = self.allow(&mut proposal, Scheme::Http, url.host(), url.port())?;
        let found = self.look_up(&mut proposal, rule)?;
        let mut crossing = proposal.open(&self.shared.journal, &self.rules.name)?;
        let timeouts = &self.shared.settings.timeouts;
        let headers: Vec<(&str, &str)> = FORWARDED
            .iter()
            .filter_map(|(name, written)| Some((*written, head.header(name)?)))
            .collect();
        let exchange = || -> Result<(), crate::error::Problem> {
            let server = dial(&found?, url.port(), timeouts)?;
            crossing.dialled(server.peer_addr().ok());
            let carry = || -> io::Result<()> {
                let mut server = Watched::new(server, &self.control, &self.shared.stop)?;
                server.set_timeout(timeouts.silence)?;
                write_request(&mut server, method, &url.target(), &url.authority(), &headers, &[])?;
                let mut server = Buffered::new(server);
                let answer = ResponseHead::read(
                    &mut server,
                    Deadline::after(timeouts.answer),
                    HEAD_BYTES_MAX,
                )?;
                server.connection().set_timeout(timeouts.silence)?;
                crossing.status(answer.status);
                let length = answer.body_length(method).map_err(io::Error::other)?;
                let mut meter = Meter::default();
                let out = client.connection_mut();
                out.set_timeout(timeouts.silence)?;
                out.write_all(answer_head(&answer, length)?.as_bytes())?;
                let carried =
                    copy(&mut Body::new(server, length, DOWNLOAD_BYTES_MAX), out, &mut meter);
                crossing.received(meter.finish());
                carried
            };
            carry().map_err(|error| problem(&error, timeouts.silence))
        };
        match { exchange }() {
            Ok(()) => crossing.close(Outcome::Complete)?,
            Err(problem) => {
                crossing.close(Outcome::Failed(problem.to_string()))?;
                return Err(Refused::With(502, problem.to_string()));
            }
        }
        let _closed = client.connection().socket().shutdown(Shutdown::Write);
        Ok(())
    }

    fn proposal(&self, method: &str) -> Proposal {
        let method = moat_base::visible(moat_base::clip(method, 20)).into_owned();
        Proposal::nowhere(self.who.clone(), &method, Meter::of(&[]))
    }

    fn allow(
        &self,
        proposal: &mut Proposal,
        scheme: Scheme,
        host: &Host,
        port: u16,
    ) -> Result<&RuleHost, Refused> {
        let rule = self
            .rules
            .find(scheme, host, port)
            .map_err(|denial| self.deny(proposal.clone(), &denial))?;
        proposal.place(&rule.zone);
        Ok(rule)
    }

    /// The checked addresses, or the problem that is logged as a failed crossing.
    fn look_up(
        &self,
        proposal: &mut Proposal,
        rule: &RuleHost,
    ) -> Result<Result<Vec<std::net::IpAddr>, crate::error::Problem>, Refused> {
        match find(&self.shared, &rule.host, &rule.zone) {
            Found::Addresses(addresses) => {
                proposal.to.addresses.clone_from(&addresses);
                Ok(Ok(addresses))
            }
            Found::Forbidden(addresses, reason) => {
                proposal.to.addresses = addresses;
                Err(self.deny(proposal.clone(), &Denial::by(&self.rules.name, reason)))
            }
            Found::Nothing(problem) => Ok(Err(problem)),
        }
    }

    fn deny(&self, proposal: Proposal, denial: &Denial) -> Refused {
        match proposal.deny(&self.shared.journal, denial) {
            Ok(()) => Refused::With(
                403,
                format!("denied by the rule `{}`: {}", denial.rule, denial.reason),
            ),
            Err(error) => error.into(),
        }
    }
}

/// The request headers that a forwarded request keeps: name, and how it is written.
const FORWARDED: [(&str, &str); 5] = [
    ("accept", "Accept"),
    ("range", "Range"),
    ("if-range", "If-Range"),
    ("if-none-match", "If-None-Match"),
    ("if-modified-since", "If-Modified-Since"),
];

/// The answer's headers that a forwarded answer keeps.
const ANSWERED: [&str; 8] = [
    "accept-ranges",
    "cache-control",
    "content-encoding",
    "content-range",
    "content-type",
    "etag",
    "last-modified",
    "location",
];

fn answer_head(answer: &ResponseHead, length: BodyLength) -> io::Result<String> {
    let mut head = format!("HTTP/1.1 {} \r\n", answer.status);
    for (name, value) in &answer.headers {
        if ANSWERED.contains(&name.as_str()) {
            head.push_str(&header_line(name, value)?);
        }
    }
    let known = match length {
        BodyLength::Exactly(length) => Some(length.to_string()),
        BodyLength::None => answer.header("content-length").map(str::to_owned),
        BodyLength::Chunked | BodyLength::UntilClose => None,
    };
    if let Some(known) = known {
        head.push_str(&header_line("Content-Length", &known)?);
    }
    head.push_str("Connection: close\r\n\r\n");
    Ok(head)
}

fn read_hello(client: &mut Buffered<Watched>) -> Result<(Vec<u8>, hello::Hello), String> {
    let deadline = Deadline::after(HEAD_TIMEOUT);
    let mut bytes = Vec::new();
    let mut piece = vec![0; CLIENT_HELLO_BYTES_MAX];
    loop {
        let read = deadline
            .left()
            .and_then(|left| client.connection().set_timeout(left))
            .and_then(|()| client.read(&mut piece));
        match read {
            Ok(0) => return Err("the program closed the tunnel before TLS began".to_owned()),
            Ok(count) => bytes.extend_from_slice(piece.get(..count).unwrap_or_default()),
            Err(error) => return Err(error.to_string()),
        }
        if let Some(hello) = hello::parse(&bytes)? {
            return Ok((bytes, hello));
        }
    }
}

fn check_hello(hello: &hello::Hello, host: &Host) -> Result<(), String> {
    if hello.encrypted {
        return Err("TLS hides the name of the host that it asks for".to_owned());
    }
    let same = match (host, &hello.server_name) {
        (Host::Name(name), Some(asked)) => asked.eq_ignore_ascii_case(name),
        (Host::Address(_), None) => true,
        (Host::Name(_), None) | (Host::Address(_), Some(_)) => false,
    };
    if same {
        return Ok(());
    }
    Err("TLS asks for another host than the tunnel".to_owned())
}

fn copy(from: &mut dyn Read, to: &mut dyn Write, meter: &mut Meter) -> io::Result<()> {
    let mut buffer = vec![0; READ_BYTES];
    loop {
        let count = from.read(&mut buffer)?;
        let piece = buffer.get(..count).unwrap_or_default();
        if piece.is_empty() {
            return Ok(());
        }
        meter.add(piece);
        if meter.bytes() > TUNNEL_BYTES_MAX {
            return Err(io::Error::from(io::ErrorKind::FileTooLarge));
        }
        to.write_all(piece)?;
    }
}

/// How an end is passed on: one direction after a clean end, both after a failure.
const fn end_of(ended: &io::Result<()>) -> Shutdown {
    match ended {
        Ok(()) => Shutdown::Write,
        Err(_) => Shutdown::Both,
    }
}

fn finish(to: &Watched, how: Shutdown) {
    // A closed connection is what is wanted.
    let _closed = to.socket().shutdown(how);
}
