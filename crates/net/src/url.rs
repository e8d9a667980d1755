// SPDX-License-Identifier: Apache-2.0
//! Addresses, parsed once and strictly; everything later uses the parsed form.
//!
//! Two parsers that disagree about an authority are how allow-lists are passed
//! by. Here one parser decides, accepts far less than RFC 3986 allows, and the
//! parsed host is what is looked up, dialled, sent as `Host` and checked in the
//! certificate; the text is never read a second time.
//!
//! Invariant: a parsed [`Url`] has no user part, no fragment, no dot segment, no
//! encoded slash, and a host that is a lower-case LDH name or a plain address.
//! Source: RFC 3986 (syntax), RFC 1123 section 2.1 (host names), WHATWG URL
//! "ends in a number" (what must not be taken for a name).

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::str::FromStr;

use moat_base::{clip, visible};

use crate::limits::{FOREIGN_TEXT_BYTES_MAX, URL_BYTES_MAX};

/// The two schemes that are spoken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Scheme {
    /// Plain text; for endpoints on this host or in a named network.
    Http,
    /// TLS, verified against the host.
    Https,
}

/// The host of an address.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Host {
    /// A lower-case name.
    Name(String),
    /// An address written as such.
    Address(IpAddr),
}

/// A strictly parsed `http` or `https` address.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Url {
    scheme: Scheme,
    host: Host,
    port: u16,
    path: String,
    query: Option<String>,
}

/// Why a text is not an address that Moat uses.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{text}` is not an address that can be used: {reason}")]
pub struct UrlError {
    text: String,
    reason: &'static str,
}

impl UrlError {
    fn new(text: &str, reason: &'static str) -> Self {
        Self { text: visible(clip(text, FOREIGN_TEXT_BYTES_MAX)).into_owned(), reason }
    }

    /// The rule that the text broke.
    #[must_use]
    pub const fn reason(&self) -> &'static str {
        self.reason
    }
}

impl Scheme {
    const fn default_port(self) -> u16 {
        match self {
            Self::Http => 80,
            Self::Https => 443,
        }
    }

    /// The scheme as it is written.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Http => "http",
            Self::Https => "https",
        }
    }
}

impl Host {
    /// Parses a host as it stands in an authority, without a port.
    ///
    /// # Errors
    /// The rule that it broke; what could be read in two ways is refused.
    pub fn parse(text: &str) -> Result<Self, UrlError> {
        let refuse = |reason| Err(UrlError::new(text, reason));
        if let Some(inner) = text.strip_prefix('[') {
            let Some(inner) = inner.strip_suffix(']') else {
                return refuse("the bracket of the address is not closed");
            };
            let Ok(address) = inner.parse::<Ipv6Addr>() else {
                return refuse("the text in brackets is not an IPv6 address");
            };
            if address.to_ipv4_mapped().is_some()
                || address.to_ipv4().is_some_and(|v4| v4.octets()[0] != 0)
            {
                return refuse("it hides an IPv4 address in an IPv6 one");
            }
            return Ok(Self::Address(IpAddr::V6(address)));
        }
        if let Ok(address) = text.parse::<Ipv4Addr>() {
            return Ok(Self::Address(IpAddr::V4(address)));
        }
        match name_problem(text) {
            Some(reason) => refuse(reason),
            None => Ok(Self::Name(text.to_ascii_lowercase())),
        }
    }
}

fn name_problem(text: &str) -> Option<&'static str> {
    if text.is_empty() {
        return Some("the host is missing");
    }
    if !text.is_ascii() {
        return Some("the host is not ASCII: write it in its `xn--` form");
    }
    if text.len() > 253 {
        return Some("the host is too long");
    }
    let ldh = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-';
    for label in text.split('.') {
        if label.is_empty() {
            return Some("the host has an empty label");
        }
        if label.len() > 63 {
            return Some("a label of the host is too long");
        }
        if !label.bytes().all(ldh) || label.starts_with('-') || label.ends_with('-') {
            return Some("the host has a character that no host name has");
        }
    }
    let last = text.rsplit('.').next().unwrap_or_default();
    let numeric = last.bytes().all(|byte| byte.is_ascii_digit())
        || last
            .strip_prefix("0x")
            .or_else(|| last.strip_prefix("0X"))
            .is_some_and(|rest| rest.bytes().all(|byte| byte.is_ascii_hexdigit()));
    numeric.then_some("the host is a number that some programs take for an address")
}

impl fmt::Display for Host {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Name(name) => f.write_str(name),
            Self::Address(IpAddr::V4(address)) => write!(f, "{address}"),
            Self::Address(IpAddr::V6(address)) => write!(f, "[{address}]"),
        }
    }
}

impl Url {
    /// Parses an absolute address.
    ///
    /// # Errors
    /// The rule that the text broke; a text that two parsers could read in two
    /// ways is refused, never repaired.
    pub fn parse(text: &str) -> Result<Self, UrlError> {
        let refuse = |reason| Err(UrlError::new(text, reason));
        if text.len() > URL_BYTES_MAX {
            return refuse("it is too long");
        }
        if !text.is_ascii() {
            return refuse(
                "it is not ASCII: write the host in its `xn--` form and encode the rest",
            );
        }
        if !text.bytes().all(is_url_byte) {
            return refuse("it has a character that must be percent-encoded");
        }
        let (scheme, rest) = if let Some(rest) = text.strip_prefix("https://") {
            (Scheme::Https, rest)
        } else if let Some(rest) = text.strip_prefix("http://") {
            (Scheme::Http, rest)
        } else {
            return refuse("it does not begin with `https://` or `http://`");
        };
        if rest.contains('#') {
            return refuse("it has a fragment");
        }
        let end = rest.find(['/', '?']).unwrap_or(rest.len());
        let (authority, target) = rest.split_at(end);
        let (host, port) = parse_authority(text, authority, scheme.default_port())?;
        let (path, query) = parse_target(text, target)?;
        Ok(Self { scheme, host, port, path, query })
    }

    /// The scheme.
    #[must_use]
    pub const fn scheme(&self) -> Scheme {
        self.scheme
    }

    /// The host.
    #[must_use]
    pub const fn host(&self) -> &Host {
        &self.host
    }

    /// The port, written or implied.
    #[must_use]
    pub const fn port(&self) -> u16 {
        self.port
    }

    /// The path, at least `/`.
    #[must_use]
    pub fn path(&self) -> &str {
        &self.path
    }

    /// The query without its question mark.
    #[must_use]
    pub fn query(&self) -> Option<&str> {
        self.query.as_deref()
    }

    /// Path and query as they go on the request line.
    #[must_use]
    pub fn target(&self) -> String {
        match &self.query {
            Some(query) => format!("{}?{query}", self.path),
            None => self.path.clone(),
        }
    }

    /// Host and port as they go into the `Host` header.
    #[must_use]
    pub fn authority(&self) -> String {
        if self.port == self.scheme.default_port() {
            self.host.to_string()
        } else {
            format!("{}:{}", self.host, self.port)
        }
    }

    /// Whether both have the same scheme, host and port.
    #[must_use]
    pub fn same_origin(&self, other: &Self) -> bool {
        self.scheme == other.scheme && self.host == other.host && self.port == other.port
    }

    /// Whether this address lies at or below `base`, whole path segments compared.
    #[must_use]
    pub fn is_under(&self, base: &Self) -> bool {
        if !self.same_origin(base) {
            return false;
        }
        let prefix = base.path.trim_end_matches('/');
        match self.path.strip_prefix(prefix) {
            Some(rest) => rest.is_empty() || rest.starts_with('/'),
            None => false,
        }
    }

    /// The address of `target` (a path with an optional query) below this one.
    ///
    /// # Errors
    /// As [`Url::parse`], and when `target` does not begin with `/`.
    pub fn below(&self, target: &str) -> Result<Self, UrlError> {
        if !target.starts_with('/') {
            return Err(UrlError::new(target, "the path does not begin with `/`"));
        }
        let origin = format!("{}://{}", self.scheme.as_str(), self.authority());
        let joined = Self::parse(&format!("{origin}{}{target}", self.path.trim_end_matches('/')))?;
        if joined.is_under(self) {
            Ok(joined)
        } else {
            Err(UrlError::new(target, "it leads out of its endpoint"))
        }
    }

    /// The address that a `Location` header names, seen from this one.
    ///
    /// # Errors
    /// As [`Url::parse`]; a reference relative to the last path segment is refused.
    pub fn redirect(&self, location: &str) -> Result<Self, UrlError> {
        if location.starts_with("//") || !location.starts_with('/') {
            return Self::parse(location);
        }
        let origin = format!("{}://{}", self.scheme.as_str(), self.authority());
        Self::parse(&format!("{origin}{location}"))
    }
}

impl fmt::Display for Url {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}://{}{}", self.scheme.as_str(), self.authority(), self.target())
    }
}

impl FromStr for Url {
    type Err = UrlError;

    fn from_str(text: &str) -> Result<Self, UrlError> {
        Self::parse(text)
    }
}

/// Parses `host:port` as it stands in a `CONNECT` line: the port is required.
pub(crate) fn parse_connect_authority(text: &str) -> Result<(Host, u16), UrlError> {
    if text.len() > URL_BYTES_MAX || !text.bytes().all(is_url_byte) {
        return Err(UrlError::new(text, "it has a character that no authority has"));
    }
    let (host, port) = parse_authority(text, text, 0)?;
    if port == 0 {
        return Err(UrlError::new(text, "the port is missing"));
    }
    Ok((host, port))
}

fn is_url_byte(byte: u8) -> bool {
    byte.is_ascii_graphic() && !br#"\"<>^`{|}"#.contains(&byte)
}

fn parse_authority(
    text: &str,
    authority: &str,
    default_port: u16,
) -> Result<(Host, u16), UrlError> {
    let refuse = |reason| UrlError::new(text, reason);
    if authority.contains('@') {
        return Err(refuse("it has a user part"));
    }
    let host_end = match authority.rfind(']') {
        Some(bracket) => bracket + 1,
        None => authority.find(':').unwrap_or(authority.len()),
    };
    let (host, port) = authority.split_at(host_end);
    let host = Host::parse(host).map_err(|error| refuse(error.reason))?;
    if port.is_empty() {
        return Ok((host, default_port));
    }
    let digits = port.strip_prefix(':').unwrap_or_default();
    let plain = !digits.is_empty()
        && !digits.starts_with('0')
        && digits.bytes().all(|byte| byte.is_ascii_digit());
    match digits.parse::<u16>() {
        Ok(port) if plain => Ok((host, port)),
        Ok(_) | Err(_) => Err(refuse("the port is not a plain number from 1 to 65535")),
    }
}

fn parse_target(text: &str, target: &str) -> Result<(String, Option<String>), UrlError> {
    let refuse = |reason| Err(UrlError::new(text, reason));
    let (path, query) = match target.split_once('?') {
        Some((path, query)) => (path, Some(query.to_owned())),
        None => (target, None),
    };
    let path = if path.is_empty() { "/" } else { path };
    let segments: Vec<&str> = path.split('/').skip(1).collect();
    let last = segments.len().saturating_sub(1);
    for (position, segment) in segments.iter().enumerate() {
        if segment.is_empty() && position != last {
            return refuse("the path has an empty segment");
        }
        let Some(decoded) = percent_decode(segment) else {
            return refuse("a percent sign is not followed by two hex digits");
        };
        if decoded == b"." || decoded == b".." {
            return refuse("the path has a `.` or `..` segment");
        }
        if decoded.iter().any(|byte| matches!(byte, b'/' | b'\\') || byte.is_ascii_control()) {
            return refuse("the path hides a slash or a control character");
        }
    }
    if query.as_deref().is_some_and(|query| percent_decode(query).is_none()) {
        return refuse("a percent sign is not followed by two hex digits");
    }
    Ok((path.to_owned(), query))
}

fn percent_decode(text: &str) -> Option<Vec<u8>> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        if byte != b'%' {
            bytes.push(byte);
            continue;
        }
        let digit =
            |byte: u8| char::from(byte).to_digit(16).and_then(|digit| u8::try_from(digit).ok());
        let (high, low) = (digit(rest.next()?)?, digit(rest.next()?)?);
        bytes.push(high * 16 + low);
    }
    Some(bytes)
}

#[cfg(test)]
mod tests;
