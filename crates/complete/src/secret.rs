// SPDX-License-Identifier: Apache-2.0
//! Which files no model is shown while a person types.
//!
//! An inline completion is asked for without anybody saying so, at every pause; a file that
//! exists to hold secrets is therefore not read for one, wherever the model runs. The names are
//! those that such files have by convention. What else holds a secret cannot be told by a name,
//! so this keeps accidents away and is no boundary: that is the broker.
//!
//! Invariant: it looks at the path alone.

use moat_base::TreePath;

/// Whether a file holds secrets by its name.
#[must_use]
pub fn is_secret(path: &TreePath) -> bool {
    let name = String::from_utf8_lossy(path.file_name().unwrap_or_default()).to_lowercase();
    let whole = String::from_utf8_lossy(path.as_bytes()).to_lowercase();
    if EXAMPLES.iter().any(|end| name.ends_with(end)) {
        return false;
    }
    NAMES.contains(&name.as_str())
        || BEGINNINGS.iter().any(|begin| name.starts_with(begin))
        || ENDS.iter().any(|end| name.ends_with(end))
        || DIRECTORIES.iter().any(|directory| lies_in(&whole, directory))
}

/// Whether one of the directories of a path has this name.
fn lies_in(path: &str, directory: &str) -> bool {
    path.rsplit_once('/').is_some_and(|(above, _)| above.split('/').any(|it| it == directory))
}

/// Files that show which secrets there are, and hold none.
const EXAMPLES: [&str; 4] = [".example", ".sample", ".template", ".dist"];

const NAMES: [&str; 22] = [
    ".env",
    ".envrc",
    ".netrc",
    "_netrc",
    ".npmrc",
    ".yarnrc.yml",
    ".pypirc",
    ".pgpass",
    ".my.cnf",
    ".htpasswd",
    ".git-credentials",
    ".dockercfg",
    ".dockerconfigjson",
    ".vault-token",
    "credentials",
    "credentials.json",
    "credentials.toml",
    "secrets.json",
    "secrets.toml",
    "secrets.yaml",
    "secrets.yml",
    "kubeconfig",
];

const BEGINNINGS: [&str; 6] = [".env.", "id_rsa", "id_dsa", "id_ecdsa", "id_ed25519", "secrets."];

const ENDS: [&str; 15] = [
    ".env",
    ".pem",
    ".key",
    ".p12",
    ".pfx",
    ".p8",
    ".jks",
    ".keystore",
    ".kdbx",
    ".gpg",
    ".age",
    ".asc",
    ".tfvars",
    ".tfvars.json",
    ".tfstate",
];

const DIRECTORIES: [&str; 5] = [".ssh", ".gnupg", ".aws", ".kube", ".docker"];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_that_hold_secrets_are_known_by_their_names() {
        let secret = |path: &str| is_secret(&TreePath::parse(path).unwrap());
        for path in [
            ".env",
            "app/.ENV",
            ".env.local",
            ".env.production",
            "prod.env",
            "deploy/id_ed25519",
            "tls/server.pem",
            "tls/server.KEY",
            ".aws/credentials",
            "home/.ssh/config",
            "infra/prod.tfvars",
            "infra/terraform.tfstate",
            "conf/secrets.prod.yaml",
            ".npmrc",
        ] {
            assert!(secret(path), "{path}");
        }
        for path in [
            "src/main.rs",
            ".env.example",
            "config/secrets.yml.sample",
            "src/environment.ts",
            "env.py",
            "docs/credentials.md",
            "src/keys.ts",
            "ssh/config",
            "monkey.py",
        ] {
            assert!(!secret(path), "{path}");
        }
    }
}
