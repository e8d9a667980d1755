// SPDX-License-Identifier: Apache-2.0
//! What a server keeps from one start to the next: its port, its path and the key to it.
//!
//! A page that is open when the server ends finds it again after the next start, with what was
//! typed in it. For that the address and the key stay the same, for one workspace, in a file
//! that only this user can read.
//!
//! Invariant: the key is of one workspace: who has the page of one has no other.

use std::path::{Path, PathBuf};

use moat_base::{Secret, random_hex};
use serde::{Deserialize, Serialize};

use crate::environment::Environment;
use crate::failure::Failure;

const PREFIX_BYTES: usize = 16;
const KEY_BYTES: usize = 32;
const FILE_BYTES_MAX: u64 = 4096;

#[derive(Debug)]
pub(super) struct Identity {
    path: PathBuf,
    pub(super) prefix: String,
    pub(super) key: Secret<String>,
    /// The port of the last start.
    pub(super) port: Option<u16>,
}

#[derive(Serialize, Deserialize)]
struct Stored {
    prefix: String,
    key: String,
    port: Option<u16>,
}

impl Identity {
    /// The identity of a workspace's server, made when there is none.
    pub(super) fn of(environment: &Environment, workspace: &Path) -> Result<Self, Failure> {
        let directory = environment.layout.state.join("workspaces").join(name_of(workspace));
        let path = directory.join("server.json");
        let failed = |error: &std::io::Error| failure(&path, error);
        environment.fs.create_dir_all(&directory).map_err(|error| failed(&error))?;
        let stored = environment.fs.read(&path, FILE_BYTES_MAX).unwrap_or_default();
        let known = serde_json::from_slice::<Stored>(&stored)
            .ok()
            .filter(|it| it.prefix.len() == 2 * PREFIX_BYTES && it.key.len() == 2 * KEY_BYTES);
        let stored = match known {
            Some(stored) => stored,
            // What cannot be read is made anew: pages that are open must be let in again.
            None => Stored {
                prefix: random_hex(PREFIX_BYTES).map_err(|error| failed(&error))?,
                key: random_hex(KEY_BYTES).map_err(|error| failed(&error))?,
                port: None,
            },
        };
        let Stored { prefix, key, port } = stored;
        let identity = Self { path, prefix, key: Secret::new(key), port };
        identity.keep(environment, port)?;
        Ok(identity)
    }

    /// Notes the port for the next start.
    pub(super) fn keep_port(&self, environment: &Environment, port: u16) -> Result<(), Failure> {
        if self.port == Some(port) { Ok(()) } else { self.keep(environment, Some(port)) }
    }

    fn keep(&self, environment: &Environment, port: Option<u16>) -> Result<(), Failure> {
        let (prefix, key) = (self.prefix.clone(), self.key.expose().clone());
        let bytes = serde_json::to_vec(&Stored { prefix, key, port }).unwrap_or_default();
        environment.fs.replace(&self.path, &bytes).map_err(|error| failure(&self.path, &error))
    }
}

/// The name of a workspace's directory in the state: its own name for people, and a digest of
/// its path.
pub(super) fn name_of(workspace: &Path) -> String {
    use std::os::unix::ffi::OsStrExt as _;
    let digest = moat_log::Digest::of(workspace.as_os_str().as_bytes()).to_string();
    let name = workspace.file_name().unwrap_or_default().to_string_lossy();
    let plain = |c: char| if c.is_ascii_alphanumeric() || c == '-' { c } else { '_' };
    let name: String = name.chars().take(40).map(plain).collect();
    format!(
        "{name}-{}",
        digest.chars().filter(char::is_ascii_hexdigit).take(16).collect::<String>()
    )
}

fn failure(path: &Path, error: &std::io::Error) -> Failure {
    let hint = "look at the permissions of the state directory and the free space";
    Failure::environment(format!("could not keep `{}`", path.display()), hint).because(error)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_workspace_has_a_name_of_its_own() {
        let names = ["/a/project", "/b/project", "/a/pro ject", "/"].map(Path::new).map(name_of);
        assert!(names.iter().all(|name| !name.contains(['/', ' '])), "{names:?}");
        assert!(names.iter().enumerate().all(|(at, name)| !names[..at].contains(name)));
        assert!(names[0].starts_with("project-"), "{names:?}");
    }
}
