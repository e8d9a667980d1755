// SPDX-License-Identifier: Apache-2.0
//! What may leave: named endpoints and rule sets, given by the user's side only.
//!
//! The broker process builds this itself, from the user's configuration, through
//! the closure that `moat-cli` hands to [`crate::serve`]. A client names an
//! endpoint; it can neither add one nor see a credential.
//!
//! Invariant: nothing here can be read from a client or from a workspace; an
//! address that no endpoint holds is denied.

use moat_base::Secret;
pub use moat_log::Purpose;
use serde::{Deserialize, Serialize};

use crate::url::{Host, Scheme, Url};

/// Everything that may leave. The default is nothing.
#[derive(Debug, Clone, Default)]
pub struct EgressPolicy {
    /// The endpoints that requests and downloads may name.
    pub endpoints: Vec<Endpoint>,
    /// What programs behind an adopted listener may reach.
    pub rule_sets: Vec<RuleSet>,
}

/// One peer that requests of one purpose may be sent to.
#[derive(Debug, Clone)]
pub struct Endpoint {
    /// The name that clients use and that the log shows as the rule.
    pub name: String,
    /// The only purpose that it serves.
    pub purpose: Purpose,
    /// Scheme, host and port exactly; the path is a prefix of whole segments.
    pub base: Url,
    /// The methods that may be used.
    pub methods: Vec<Method>,
    /// Where it lies, which decides the addresses that its name may resolve to.
    pub zone: Zone,
    /// What proves who asks, sent to this endpoint's own origin and nowhere else.
    pub credential: Option<Credential>,
    /// Where a download may be redirected to besides its own origin and prefix;
    /// a model request is never redirected.
    pub redirects: Vec<Url>,
}

/// What a program behind an adopted listener may reach, for example the package
/// hosts of the user's own pip configuration.
#[derive(Debug, Clone)]
pub struct RuleSet {
    /// The name that the adopting client uses and that the log shows.
    pub name: String,
    /// What the connections are for.
    pub purpose: Purpose,
    /// The exact hosts.
    pub hosts: Vec<RuleHost>,
}

/// One exact host of a rule set.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RuleHost {
    /// `https` is reached by a tunnel, `http` by forwarded requests.
    pub scheme: Scheme,
    /// The host.
    pub host: Host,
    /// The port.
    pub port: u16,
    /// Where it lies.
    pub zone: Zone,
}

/// A request method.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum Method {
    /// `GET`.
    Get,
    /// `HEAD`.
    Head,
    /// `POST`.
    Post,
}

impl Method {
    /// The method as it is written.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Get => "GET",
            Self::Head => "HEAD",
            Self::Post => "POST",
        }
    }
}

/// Where a peer lies; it decides which resolved addresses are accepted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Zone {
    /// This machine: loopback addresses only.
    Host,
    /// A network of the user's or the organisation's: private and public addresses,
    /// not loopback.
    Network(String),
    /// Outside, under a jurisdiction: public addresses only.
    External(String),
}

impl std::fmt::Display for Zone {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Host => f.write_str("host"),
            Self::Network(name) => write!(f, "network:{name}"),
            Self::External(name) => write!(f, "external:{name}"),
        }
    }
}

/// A credential and the header that carries it.
#[derive(Debug, Clone)]
pub enum Credential {
    /// `Authorization: Bearer …`.
    Bearer(Secret<String>),
    /// `x-api-key: …`, as the Anthropic dialect wants it.
    ApiKey(Secret<String>),
}

/// Why a request was denied before any byte of it left.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Denial {
    pub(crate) rule: String,
    pub(crate) reason: String,
}

/// The name of the rule that denies what nothing allows.
pub(crate) const DEFAULT_DENY: &str = "default deny";

impl Denial {
    pub(crate) fn default(reason: impl Into<String>) -> Self {
        Self { rule: DEFAULT_DENY.to_owned(), reason: reason.into() }
    }

    pub(crate) fn by(rule: &str, reason: impl Into<String>) -> Self {
        Self { rule: rule.to_owned(), reason: reason.into() }
    }
}

impl EgressPolicy {
    /// Finds the endpoint that a client names.
    pub(crate) fn endpoint(&self, name: &str, purpose: Purpose) -> Result<&Endpoint, Denial> {
        self.endpoints
            .iter()
            .find(|endpoint| endpoint.name == name && endpoint.purpose == purpose)
            .ok_or_else(|| {
                Denial::default(format!("no endpoint `{name}` is configured for a {purpose}"))
            })
    }

    /// Finds the endpoint whose prefix holds `url`.
    pub(crate) fn holding(&self, url: &Url, purpose: Purpose) -> Result<&Endpoint, Denial> {
        self.endpoints
            .iter()
            .find(|endpoint| endpoint.purpose == purpose && url.is_under(&endpoint.base))
            .ok_or_else(|| {
                Denial::default(format!("no endpoint is configured for a {purpose} from there"))
            })
    }

    /// Finds a rule set by name.
    pub(crate) fn rule_set(&self, name: &str) -> Result<&RuleSet, Denial> {
        self.rule_sets
            .iter()
            .find(|set| set.name == name)
            .ok_or_else(|| Denial::default(format!("no rule set `{name}` is configured")))
    }
}

impl Endpoint {
    pub(crate) fn check_method(&self, method: Method) -> Result<(), Denial> {
        if self.methods.contains(&method) {
            return Ok(());
        }
        Err(Denial::by(
            &self.name,
            format!("the method {} is not among its methods", method.as_str()),
        ))
    }

    /// A credential must not cross the outside in plain text.
    pub(crate) fn check_credential(&self) -> Result<(), Denial> {
        let plain = self.base.scheme() == Scheme::Http && matches!(self.zone, Zone::External(_));
        if plain && self.credential.is_some() {
            return Err(Denial::by(
                &self.name,
                "its credential would leave in plain text: use `https`",
            ));
        }
        Ok(())
    }

    /// Whether a download may go on at `to`.
    pub(crate) fn check_redirect(&self, to: &Url) -> Result<(), Denial> {
        let follows = match self.purpose {
            Purpose::ModelRequest => false,
            Purpose::ModelDownload | Purpose::PackageDownload => {
                to.is_under(&self.base) || self.redirects.iter().any(|base| to.is_under(base))
            }
        };
        if follows {
            return Ok(());
        }
        Err(Denial::by(&self.name, "the endpoint does not allow the redirect"))
    }
}

impl RuleSet {
    pub(crate) fn find(&self, scheme: Scheme, host: &Host, port: u16) -> Result<&RuleHost, Denial> {
        self.hosts
            .iter()
            .find(|rule| rule.scheme == scheme && rule.host == *host && rule.port == port)
            .ok_or_else(|| Denial::by(&self.name, "the host is not in the rule set"))
    }
}
