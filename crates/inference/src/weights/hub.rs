// SPDX-License-Identifier: Apache-2.0
//! The addresses of public hubs, and what the broker must allow for downloads.
//!
//! Invariant: host names of hubs stand in `hubs.toml` and nowhere else.

use std::collections::BTreeMap;

use moat_net::{Endpoint, Host, Method, Purpose, Url, Zone};
use serde::Deserialize;

use super::error::Error;
use super::pull::Sources;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Hub {
    base: String,
    file: String,
    redirects: Vec<String>,
}

fn hubs() -> Result<BTreeMap<String, Hub>, Error> {
    toml::from_str(include_str!("../../hubs.toml"))
        .map_err(|error| Error::Registry { reason: format!("hubs: {error}") })
}

/// Gives the address of a file on a hub.
pub(super) fn address(
    scheme: &str,
    repository: &str,
    revision: &str,
    file: &str,
) -> Result<String, Error> {
    let hubs = hubs()?;
    let hub = hubs
        .get(scheme)
        .ok_or_else(|| Error::Registry { reason: format!("there is no hub `{scheme}`") })?;
    let path = hub
        .file
        .replace("{repository}", repository)
        .replace("{revision}", revision)
        .replace("{file}", file);
    Ok(format!("{}{path}", hub.base))
}

/// Gives what the broker's policy must hold so that `sources` can be reached:
/// the mirror and the hubs that the configuration lists, for downloads only.
///
/// # Errors
/// [`Error::Registry`] when an address is not valid.
pub fn endpoints(sources: &Sources) -> Result<Vec<Endpoint>, Error> {
    let mut endpoints = Vec::new();
    if let (Some(mirror), true) = (&sources.mirror, sources.lists("mirror")) {
        let mut mirror = endpoint("weights-mirror", mirror, &[], Zone::Host)?;
        if !is_on_this_host(&mirror.base) {
            mirror.zone = Zone::Network("mirror".to_owned());
        }
        endpoints.push(mirror);
    }
    for (scheme, hub) in hubs()? {
        if sources.lists(&scheme) {
            let zone = Zone::External("unknown".to_owned());
            let name = format!("weights-{scheme}");
            endpoints.push(endpoint(&name, &hub.base, &hub.redirects, zone)?);
        }
    }
    Ok(endpoints)
}

/// Whether an address is written as one of this machine. What a name of the network
/// resolves to does not count: such a name must not lead to this machine.
fn is_on_this_host(base: &Url) -> bool {
    match base.host() {
        Host::Address(address) => address.is_loopback(),
        Host::Name(name) => name == "localhost",
    }
}

fn endpoint(name: &str, base: &str, redirects: &[String], zone: Zone) -> Result<Endpoint, Error> {
    let parse = |text: &str| {
        Url::parse(text).map_err(|error| Error::Registry {
            reason: format!("the address `{text}` of {name}: {error}"),
        })
    };
    Ok(Endpoint {
        name: name.to_owned(),
        purpose: Purpose::ModelDownload,
        base: parse(base)?,
        methods: vec![Method::Get],
        zone,
        credential: None,
        redirects: redirects.iter().map(|text| parse(text)).collect::<Result<_, _>>()?,
    })
}
