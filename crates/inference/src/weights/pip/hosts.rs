// SPDX-License-Identifier: Apache-2.0
//! The hosts that the user's pip gets packages from.
//!
//! They are kept in a file of Moat's own state, from which the broker's side makes
//! its rule set: the broker itself runs no program.

use std::collections::BTreeMap;
use std::io;
use std::path::Path;

use moat_base::Fs;
use moat_net::{Purpose, RuleHost, RuleSet, Url, Zone};
use serde::{Deserialize, Serialize};

use super::RULE_SET;
use crate::weights::limits::{HOSTS_MAX, REGISTRY_BYTES_MAX};

/// The origins that pip may reach, as addresses without a path.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PackageHosts {
    /// Those of pip itself.
    pub default: Vec<String>,
    /// Those of the user's own configuration, which may lie in a private network.
    pub configured: Vec<String>,
}

#[derive(Deserialize)]
struct Probe {
    index: String,
    files: String,
    settings: BTreeMap<String, serde_json::Value>,
}

impl PackageHosts {
    /// Reads what the probe printed.
    pub(super) fn from_probe(output: &[u8]) -> Result<Self, String> {
        let probe: Probe = serde_json::from_slice(output.trim_ascii())
            .map_err(|error| format!("pip did not say where its packages are: {error}"))?;
        let mut hosts = Self::default();
        let mut own_index = false;
        for (key, value) in &probe.settings {
            let name = key.rsplit('.').next().unwrap_or_default();
            own_index |= name == "index-url";
            if matches!(name, "index-url" | "extra-index-url") {
                for address in value.as_str().unwrap_or_default().split_whitespace() {
                    hosts.configured.push(origin(address)?);
                }
            }
        }
        if !own_index {
            hosts.default.push(origin(&probe.index)?);
            hosts.default.push(origin(&format!("https://{}", probe.files))?);
        }
        for list in [&mut hosts.default, &mut hosts.configured] {
            list.sort();
            list.dedup();
            if list.len() > HOSTS_MAX {
                return Err("pip is configured with too many indexes".to_owned());
            }
        }
        Ok(hosts)
    }

    /// Reads the file that [`PackageHosts::store`] wrote; one that is missing holds none.
    ///
    /// # Errors
    /// The system's error, or `InvalidData`.
    pub fn load(fs: &dyn Fs, path: &Path) -> io::Result<Self> {
        match fs.read(path, REGISTRY_BYTES_MAX) {
            Ok(bytes) => serde_json::from_slice(&bytes).map_err(io::Error::from),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Self::default()),
            Err(error) => Err(error),
        }
    }

    /// Writes the file for the broker's side.
    ///
    /// # Errors
    /// The system's error.
    pub fn store(&self, fs: &dyn Fs, path: &Path) -> io::Result<()> {
        fs.replace(path, &serde_json::to_vec(self)?)
    }

    /// What the broker must allow: these hosts and no others. pip's own hosts lie in
    /// `zone`: outside, unless the user's network has a mirror under their names.
    ///
    /// # Errors
    /// An address that is not valid, in words for the reader.
    pub fn rule_set(&self, zone: &Zone) -> Result<RuleSet, String> {
        let default = self.default.iter().map(|text| (text, zone.clone()));
        let configured =
            self.configured.iter().map(|text| (text, Zone::Network("packages".to_owned())));
        let hosts = default
            .chain(configured)
            .map(|(text, zone)| {
                let url = Url::parse(text).map_err(|error| format!("`{text}`: {error}"))?;
                let (scheme, host, port) = (url.scheme(), url.host().clone(), url.port());
                Ok(RuleHost { scheme, host, port, zone })
            })
            .collect::<Result<_, String>>()?;
        Ok(RuleSet { name: RULE_SET.to_owned(), purpose: Purpose::PackageDownload, hosts })
    }
}

/// Gives scheme, host and port of an address; a password in it stays with pip.
fn origin(address: &str) -> Result<String, String> {
    let wrong = || "pip is configured with an index that is no `https://` address".to_owned();
    let rest = address.strip_prefix("https://").ok_or_else(wrong)?;
    let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
    let host = authority.rsplit('@').next().unwrap_or_default();
    let origin = format!("https://{host}");
    Url::parse(&origin).map_err(|_| wrong())?;
    Ok(origin)
}

#[cfg(test)]
mod tests {
    use moat_base::RealFs;

    use super::*;

    fn outside() -> Zone {
        Zone::External("unknown".to_owned())
    }

    fn probe(settings: &str) -> Result<PackageHosts, String> {
        let text = format!(
            "{{\"index\": \"https://index.example/simple\", \"files\": \"files.example\", \"settings\": {settings}}}\n"
        );
        PackageHosts::from_probe(text.as_bytes())
    }

    #[test]
    fn the_hosts_are_pips_own_or_those_of_the_users_index() {
        let own = ["https://files.example", "https://index.example"];
        type Case<'a> = (&'a str, &'a [&'a str], &'a [&'a str]);
        let cases: [Case<'_>; 4] = [
            ("{}", &own, &[]),
            (r#"{"global.timeout": "60"}"#, &own, &[]),
            (
                r#"{"global.index-url": "https://user:secret@mirror.corp.example:8443/simple"}"#,
                &[],
                &["https://mirror.corp.example:8443"],
            ),
            (
                r#"{":env:.extra-index-url": "https://a.example/x https://b.example/y\nhttps://a.example/z"}"#,
                &own,
                &["https://a.example", "https://b.example"],
            ),
        ];
        for (settings, default, configured) in cases {
            let hosts = probe(settings).unwrap();
            assert_eq!(hosts.default, default, "{settings}");
            assert_eq!(hosts.configured, configured, "{settings}");
            assert_eq!(
                hosts.rule_set(&outside()).unwrap().hosts.len(),
                default.len() + configured.len()
            );
        }
    }

    #[test]
    fn what_is_no_address_is_refused_and_a_password_is_not_repeated() {
        for address in ["http://plain.example", "file:///x", "https://", "https://u:secret@"] {
            let told = probe(&format!(r#"{{"global.index-url": "{address}"}}"#)).unwrap_err();
            assert!(!told.contains("secret"), "{told}");
        }
        assert!(PackageHosts::from_probe(b"Traceback").is_err());
    }

    #[test]
    fn the_file_for_the_broker_round_trips_and_a_missing_one_allows_nothing() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("hosts.json");
        let none = PackageHosts::load(&RealFs, &path).unwrap();
        assert!(none.rule_set(&outside()).unwrap().hosts.is_empty());
        let hosts = probe("{}").unwrap();
        hosts.store(&RealFs, &path).unwrap();
        assert_eq!(PackageHosts::load(&RealFs, &path).unwrap(), hosts);
        RealFs.replace(&path, b"{}").unwrap();
        assert!(PackageHosts::load(&RealFs, &path).is_err());
    }
}
