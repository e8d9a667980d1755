// SPDX-License-Identifier: Apache-2.0
//! Who may have anything of the server at all.
//!
//! Loopback is hostile: other users of the machine, web pages that a browser shows, names that
//! an attacker points at 127.0.0.1 (DNS rebinding), and programs of the repository can all
//! connect. So each request, for a file as for the websocket, must name exactly this server,
//! come from exactly its own page, and carry the key that only the browser of its owner has.
//!
//! The key is a cookie. A browser sends a cookie of 127.0.0.1 to every port of that address;
//! so it is bound to a path of 128 random bits, which no other server knows.
//!
//! Invariant: nothing is looked up, read or started for a request before [`Gate::judge`]
//! let it in.

use axum::http::{HeaderMap, HeaderName, Method, Uri, header};
use moat_base::Secret;

/// The name of the cookie with the key.
const COOKIE: &str = "moat";

/// What a server answers to, and the keys to it.
#[derive(Debug)]
pub struct Gate {
    /// What `Host` has to be: one of these, to the letter.
    authorities: Vec<String>,
    /// What `Origin` has to be: one of these, to the letter.
    origins: Vec<String>,
    /// The first part of every path, without slashes.
    prefix: String,
    /// What the cookie has to hold.
    key: Secret<String>,
    /// Whether a cookie goes over TLS only.
    secure: bool,
}

/// What a request asks for, once it is known to be allowed.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Wish {
    /// The key, for a link that is good once.
    Key {
        /// What the link says.
        link: String,
    },
    /// A file of the page.
    File {
        /// Its path below the prefix; empty for the page itself.
        path: String,
    },
    /// The websocket.
    Socket,
}

/// Why a request gets nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Refusal {
    /// It is not for this server.
    Host,
    /// It comes from another page.
    Origin,
    /// It is no way in which a browser asks for a page.
    Method,
    /// There is nothing of this name.
    Path,
    /// It has not the key.
    Key,
}

const FETCH_SITE: HeaderName = HeaderName::from_static("sec-fetch-site");
const FETCH_MODE: HeaderName = HeaderName::from_static("sec-fetch-mode");

impl Gate {
    /// A gate for a server on a loopback port.
    #[must_use]
    pub fn loopback(port: u16, prefix: String, key: Secret<String>) -> Self {
        let authorities = vec![format!("127.0.0.1:{port}"), format!("localhost:{port}")];
        let origins = authorities.iter().map(|authority| format!("http://{authority}")).collect();
        Self { authorities, origins, prefix, key, secure: false }
    }

    /// A gate for a server behind a proxy that ends TLS; `authority` is what people type.
    #[must_use]
    pub fn behind_proxy(authority: &str, prefix: String, key: Secret<String>) -> Self {
        let origins = vec![format!("https://{authority}")];
        Self { authorities: vec![authority.to_owned()], origins, prefix, key, secure: true }
    }

    /// The address of the page, for the first authority.
    #[must_use]
    pub fn address(&self) -> String {
        let origin = self.origins.first().map(String::as_str).unwrap_or_default();
        format!("{origin}/{}/", self.prefix)
    }

    /// The header that gives a browser the key.
    pub(crate) fn cookie(&self) -> String {
        let secure = if self.secure { "; Secure" } else { "" };
        let (key, prefix) = (self.key.expose(), &self.prefix);
        format!("{COOKIE}={key}; Path=/{prefix}/; HttpOnly; SameSite=Strict{secure}")
    }

    /// Judges a request by its head.
    pub(crate) fn judge(
        &self,
        method: &Method,
        uri: &Uri,
        headers: &HeaderMap,
    ) -> Result<Wish, Refusal> {
        let host = only(headers, &header::HOST).ok_or(Refusal::Host)?;
        let named = |text: &str| self.authorities.iter().any(|authority| authority == text);
        // A request can name a server twice, and the other one is believed by some.
        let other = uri.authority().is_some_and(|authority| !named(authority.as_str()));
        if !named(host) || other {
            return Err(Refusal::Host);
        }
        if method != Method::GET {
            return Err(Refusal::Method);
        }
        let path = uri.path().strip_prefix('/').unwrap_or_default();
        let (prefix, path) = path.split_once('/').ok_or(Refusal::Path)?;
        if !same(prefix, &self.prefix) {
            return Err(Refusal::Path);
        }
        if path == "open" {
            // A link that is clicked in a mail or a terminal comes from no page.
            is_navigation(headers)?;
            let link = uri.query().and_then(|query| query.strip_prefix("key=")).unwrap_or_default();
            return Ok(Wish::Key { link: link.to_owned() });
        }
        let socket = path == "ws";
        self.is_own(headers, socket)?;
        let key = cookie(headers).ok_or(Refusal::Key)?;
        if !same(key, self.key.expose()) {
            return Err(Refusal::Key);
        }
        Ok(if socket { Wish::Socket } else { Wish::File { path: path.to_owned() } })
    }

    /// Whether a request comes from a page of this server, or from a person who opened it.
    fn is_own(&self, headers: &HeaderMap, socket: bool) -> Result<(), Refusal> {
        let origin = match headers.get(header::ORIGIN) {
            None => None,
            Some(_) => Some(only(headers, &header::ORIGIN).ok_or(Refusal::Origin)?),
        };
        match origin {
            Some(origin) if self.origins.iter().any(|own| own == origin) => {}
            // Every browser says where a websocket comes from.
            None if !socket => {}
            Some(_) | None => return Err(Refusal::Origin),
        }
        match headers.get(FETCH_SITE).map(axum::http::HeaderValue::as_bytes) {
            None | Some(b"same-origin" | b"none") => Ok(()),
            Some(_) => Err(Refusal::Origin),
        }
    }
}

/// Whether a browser goes to an address, and no page asks for its content.
fn is_navigation(headers: &HeaderMap) -> Result<(), Refusal> {
    if headers.contains_key(header::ORIGIN) {
        return Err(Refusal::Origin);
    }
    match headers.get(FETCH_MODE).map(axum::http::HeaderValue::as_bytes) {
        None | Some(b"navigate") => Ok(()),
        Some(_) => Err(Refusal::Origin),
    }
}

/// The value of a header that may be there once.
fn only<'h>(headers: &'h HeaderMap, name: &HeaderName) -> Option<&'h str> {
    let mut values = headers.get_all(name).iter();
    match (values.next(), values.next()) {
        (Some(value), None) => value.to_str().ok(),
        (Some(_), Some(_)) | (None, _) => None,
    }
}

/// The key in the cookies; nothing where there are two.
fn cookie(headers: &HeaderMap) -> Option<&str> {
    let cookies = headers.get_all(header::COOKIE).iter().filter_map(|value| value.to_str().ok());
    let mut keys = cookies.flat_map(|value| value.split(';')).filter_map(|pair| {
        let (name, key) = pair.trim().split_once('=')?;
        (name == COOKIE).then_some(key)
    });
    match (keys.next(), keys.next()) {
        (Some(key), None) => Some(key),
        (Some(_), Some(_)) | (None, _) => None,
    }
}

/// Whether two secrets are the same, in a time that does not tell how much of them is.
pub(crate) fn same(one: &str, other: &str) -> bool {
    let (one, other) = (one.as_bytes(), other.as_bytes());
    one.len() == other.len() && one.iter().zip(other).fold(0, |sum, (a, b)| sum | (a ^ b)) == 0
}

#[cfg(test)]
mod tests {
    use axum::http::Request;

    use super::*;

    const KEY: &str = "0123456789abcdef";
    const OWN: &str = "http://127.0.0.1:4000";

    fn gate() -> Gate {
        Gate::loopback(4000, "p4th".to_owned(), Secret::new(KEY.to_owned()))
    }

    /// What becomes of a GET with these headers.
    fn judged(gate: &Gate, uri: &str, headers: &[(&str, &str)]) -> Result<Wish, Refusal> {
        let mut request = Request::get(uri);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let request = request.body(()).unwrap();
        gate.judge(request.method(), request.uri(), request.headers())
    }

    fn file(path: &str) -> Result<Wish, Refusal> {
        Ok(Wish::File { path: path.to_owned() })
    }

    #[test]
    fn who_has_the_key_and_comes_from_the_page_is_let_in() {
        let host = ("host", "127.0.0.1:4000");
        let key = ("cookie", "other=1; moat=0123456789abcdef");
        assert_eq!(judged(&gate(), "/p4th/", &[host, key]), file(""));
        let own = [host, key, ("origin", OWN), ("sec-fetch-site", "same-origin")];
        assert_eq!(judged(&gate(), "/p4th/assets/a.js", &own), file("assets/a.js"));
        assert_eq!(judged(&gate(), "/p4th/ws", &own), Ok(Wish::Socket));
        let typed = [("host", "localhost:4000"), key, ("sec-fetch-site", "none")];
        assert_eq!(judged(&gate(), "/p4th/", &typed), file(""));
        let link = [host, ("sec-fetch-mode", "navigate"), ("sec-fetch-site", "cross-site")];
        let wish = Ok(Wish::Key { link: "abc".to_owned() });
        assert_eq!(judged(&gate(), "/p4th/open?key=abc", &link), wish);
    }

    const HOST: (&str, &str) = ("host", "127.0.0.1:4000");
    const HAS_KEY: (&str, &str) = ("cookie", "moat=0123456789abcdef");
    const HAS_ORIGIN: (&str, &str) = ("origin", OWN);

    type Case<'c> = (&'c str, &'c str, &'c [(&'c str, &'c str)], Refusal);

    /// Requests that get nothing.
    const REFUSED: &[Case<'_>] = &[
        ("no key", "/p4th/", &[HOST], Refusal::Key),
        ("no HAS_KEY, the websocket", "/p4th/ws", &[HOST, HAS_ORIGIN], Refusal::Key),
        ("a wrong key", "/p4th/", &[HOST, ("cookie", "moat=0123456789abcdee")], Refusal::Key),
        ("a part of it", "/p4th/", &[HOST, ("cookie", "moat=0123456789abcde")], Refusal::Key),
        ("no value", "/p4th/", &[HOST, ("cookie", "moat=")], Refusal::Key),
        ("two keys", "/p4th/", &[HOST, ("cookie", "moat=x"), HAS_KEY], Refusal::Key),
        ("another name", "/p4th/", &[HOST, ("cookie", "xmoat=0123456789abcdef")], Refusal::Key),
        ("another path", "/other/", &[HOST, HAS_KEY], Refusal::Path),
        ("no path", "/", &[HOST, HAS_KEY], Refusal::Path),
        ("the bare prefix", "/p4th", &[HOST, HAS_KEY], Refusal::Path),
        ("no host", "/p4th/", &[HAS_KEY], Refusal::Host),
        ("two hosts", "/p4th/", &[HOST, HOST, HAS_KEY], Refusal::Host),
        ("rebinding", "/p4th/", &[("host", "evil.test:4000"), HAS_KEY], Refusal::Host),
        ("no port", "/p4th/", &[("host", "127.0.0.1"), HAS_KEY], Refusal::Host),
        ("another port", "/p4th/", &[("host", "127.0.0.1:4001"), HAS_KEY], Refusal::Host),
        ("a dot", "/p4th/", &[("host", "localhost.:4000"), HAS_KEY], Refusal::Host),
        (
            "a longer name",
            "/p4th/",
            &[("host", "127.0.0.1:4000.evil.test"), HAS_KEY],
            Refusal::Host,
        ),
        ("another address", "http://evil.test/p4th/", &[HOST, HAS_KEY], Refusal::Host),
        (
            "a page elsewhere",
            "/p4th/",
            &[HOST, HAS_KEY, ("origin", "http://evil.test")],
            Refusal::Origin,
        ),
        (
            "a page on a port",
            "/p4th/ws",
            &[HOST, HAS_KEY, ("origin", "http://127.0.0.1:3000")],
            Refusal::Origin,
        ),
        ("no page at all", "/p4th/ws", &[HOST, HAS_KEY, ("origin", "null")], Refusal::Origin),
        ("not said", "/p4th/ws", &[HOST, HAS_KEY], Refusal::Origin),
        ("two", "/p4th/ws", &[HOST, HAS_KEY, HAS_ORIGIN, HAS_ORIGIN], Refusal::Origin),
        (
            "over TLS",
            "/p4th/ws",
            &[HOST, HAS_KEY, ("origin", "https://127.0.0.1:4000")],
            Refusal::Origin,
        ),
        (
            "embedded",
            "/p4th/a.js",
            &[HOST, HAS_KEY, ("sec-fetch-site", "cross-site")],
            Refusal::Origin,
        ),
        (
            "from a port",
            "/p4th/a.js",
            &[HOST, HAS_KEY, ("sec-fetch-site", "same-site")],
            Refusal::Origin,
        ),
        (
            "a link, fetched",
            "/p4th/open?key=a",
            &[HOST, ("sec-fetch-mode", "cors")],
            Refusal::Origin,
        ),
        ("a link, from a page", "/p4th/open?key=a", &[HOST, ("origin", "null")], Refusal::Origin),
    ];

    #[test]
    fn everybody_else_gets_nothing() {
        for (what, uri, headers, refusal) in REFUSED {
            assert_eq!(judged(&gate(), uri, headers), Err(*refusal), "{what}");
        }
        for method in ["POST", "PUT", "DELETE", "OPTIONS", "HEAD", "CONNECT"] {
            let request = Request::builder().method(method).uri("/p4th/").header(HOST.0, HOST.1);
            let request = request.header(HAS_KEY.0, HAS_KEY.1).body(()).unwrap();
            let judged = gate().judge(request.method(), request.uri(), request.headers());
            assert_eq!(judged, Err(Refusal::Method), "{method}");
        }
    }

    #[test]
    fn behind_a_proxy_only_its_name_counts() {
        let gate = Gate::behind_proxy("ide.example", "p".to_owned(), Secret::new(KEY.to_owned()));
        let key = ("cookie", "moat=0123456789abcdef");
        let own = [("host", "ide.example"), ("origin", "https://ide.example"), key];
        assert_eq!(judged(&gate, "/p/ws", &own), Ok(Wish::Socket));
        let plain = [("host", "ide.example"), ("origin", "http://ide.example"), key];
        assert_eq!(judged(&gate, "/p/ws", &plain), Err(Refusal::Origin));
        let loopback = [("host", "127.0.0.1:4000"), key];
        assert_eq!(judged(&gate, "/p/", &loopback), Err(Refusal::Host));
        assert!(gate.cookie().ends_with("; Secure"), "{}", gate.cookie());
        assert_eq!(gate.address(), "https://ide.example/p/");
    }
}
