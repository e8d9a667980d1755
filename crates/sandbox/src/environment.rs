// SPDX-License-Identifier: Apache-2.0
//! The environment of a command: a fixed allow-list, never the user's whole one.
//!
//! Invariant: a variable that is not in [`PASSED`] and not set by Moat or the
//! command itself does not exist inside.

use std::collections::BTreeMap;
use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

use crate::limits::PROXY_PORT;
use crate::{Network, Settings, Variable};

/// Compiles a command's environment as `NAME=value` strings.
pub(crate) fn compile(
    settings: &Settings,
    directory: &Path,
    network: Network,
    changes: &[Variable],
) -> Vec<OsString> {
    let mut variables: BTreeMap<OsString, OsString> =
        settings.environment.iter().filter(|(name, _value)| passes(name)).cloned().collect();
    let mut set = |name: &str, value: &OsStr| {
        variables.insert(name.into(), value.to_owned());
    };
    set("HOME", settings.home.as_os_str());
    set("PATH", &joined(&settings.path));
    set("PWD", directory.as_os_str());
    for (name, value) in FIXED {
        set(name, value.as_ref());
    }
    match network {
        Network::None => {}
        Network::Listener => {
            let proxy = format!("http://127.0.0.1:{PROXY_PORT}");
            for name in ["HTTP_PROXY", "HTTPS_PROXY", "http_proxy", "https_proxy"] {
                set(name, proxy.as_ref());
            }
            for name in ["NO_PROXY", "no_proxy"] {
                set(name, "localhost,127.0.0.1,::1".as_ref());
            }
        }
    }
    if network == Network::None {
        for (name, value) in OFFLINE {
            set(name, value.as_ref());
        }
    }
    for change in changes {
        match change {
            Variable::Set(name, value) => {
                variables.insert(name.clone(), value.clone());
            }
            Variable::Unset(name) => {
                variables.remove(name);
            }
        }
    }
    variables
        .into_iter()
        .map(|(mut name, value)| {
            name.push("=");
            name.push(value);
            name
        })
        .collect()
}

/// Whether an earlier command of the session may have put a program there: in a private
/// place that is not covered by something read-only. Such a directory does not exist on the
/// host, or is not shown, so nothing is lost without it.
fn may_be_planted(settings: &Settings, directory: &Path) -> bool {
    let private = ["/tmp", "/var/tmp", "/run", "/dev/shm"].map(Path::new);
    let is_private = private
        .into_iter()
        .chain([settings.home.as_path()])
        .any(|place| directory.starts_with(place));
    is_private && !directory.is_dir()
}

/// The directories in which Moat itself looks programs up: absolute ones outside the workspace,
/// in which no command can have planted one.
pub(crate) fn search(settings: &Settings, workspace: &Path) -> Vec<OsString> {
    settings
        .path
        .iter()
        .map(PathBuf::as_path)
        .chain(SYSTEM_PATH.iter().map(Path::new))
        .filter(|directory| directory.is_absolute() && !directory.starts_with(workspace))
        .filter(|directory| !may_be_planted(settings, directory))
        .map(OsString::from)
        .collect()
}

fn joined(path: &[PathBuf]) -> OsString {
    let mut text = OsString::new();
    let own = path.iter().map(PathBuf::as_path);
    for directory in own.chain(SYSTEM_PATH.iter().map(Path::new)) {
        // A colon cannot be part of an entry, and an entry that is not absolute is a trap.
        if !directory.is_absolute() || directory.as_os_str().as_bytes().contains(&b':') {
            continue;
        }
        if !text.is_empty() {
            text.push(":");
        }
        text.push(directory);
    }
    text
}

fn passes(name: &OsStr) -> bool {
    name.to_str().is_some_and(|name| name.starts_with("LC_") || PASSED.contains(&name))
}

const SYSTEM_PATH: [&str; 4] = ["/usr/local/bin", "/usr/bin", "/bin", "/usr/sbin"];

/// Language, time, terminal, and where toolchains lie. None holds a secret by its meaning.
const PASSED: [&str; 21] = [
    "CARGO_HOME",
    "COLORTERM",
    "CONDA_PREFIX",
    "GOPATH",
    "GOROOT",
    "JAVA_HOME",
    "LANG",
    "LANGUAGE",
    "M2_HOME",
    "MAVEN_HOME",
    "NO_COLOR",
    "NVM_DIR",
    "PYENV_ROOT",
    "PYENV_VERSION",
    "RUSTUP_HOME",
    "RUSTUP_TOOLCHAIN",
    "TERM",
    "TZ",
    "VIRTUAL_ENV",
    "VOLTA_HOME",
    "PYTHONDONTWRITEBYTECODE",
];

const FIXED: [(&str, &str); 6] = [
    ("USER", "user"),
    ("LOGNAME", "user"),
    ("SHELL", "/bin/sh"),
    ("TMPDIR", "/tmp"),
    ("PAGER", "cat"),
    ("GIT_TERMINAL_PROMPT", "0"),
];

/// Tells package tools that there is no network, so that they fail at once and not after retries.
const OFFLINE: [(&str, &str); 7] = [
    ("CARGO_NET_OFFLINE", "true"),
    ("GOFLAGS", "-mod=mod"),
    ("GOPROXY", "off"),
    ("PIP_NO_INDEX", "1"),
    ("RUSTUP_AUTO_INSTALL", "0"),
    ("UV_OFFLINE", "1"),
    ("npm_config_offline", "true"),
];

#[cfg(test)]
mod tests {
    use super::*;

    fn settings() -> Settings {
        let pairs = [
            ("LANG", "C.UTF-8"),
            ("LC_ALL", "C"),
            ("AWS_SECRET_ACCESS_KEY", "canary"),
            ("SSH_AUTH_SOCK", "/tmp/canary"),
            ("LD_PRELOAD", "/tmp/canary.so"),
        ];
        Settings {
            helper: PathBuf::new(),
            home: PathBuf::from("/home/u"),
            path: ["/home/u/bin", ".", "/w/.venv/bin", "/a:b"].map(PathBuf::from).to_vec(),
            read_only: Vec::new(),
            hidden: Vec::new(),
            memory: Vec::new(),
            least: crate::Step::Full,
            environment: pairs.map(|(name, value)| (name.into(), value.into())).to_vec(),
        }
    }

    fn text(variables: &[OsString]) -> String {
        let lines: Vec<&str> = variables.iter().filter_map(|line| line.to_str()).collect();
        lines.join("\n")
    }

    #[test]
    fn only_the_allow_list_passes() {
        let all = compile(&settings(), Path::new("/w"), Network::None, &[]);
        let all = text(&all);
        assert!(!all.contains("canary"), "{all}");
        assert!(all.contains("LANG=C.UTF-8\nLC_ALL=C\n"), "{all}");
        assert!(all.contains("PATH=/home/u/bin:/w/.venv/bin:/usr/local/bin"), "{all}");
        assert!(!all.contains("HTTP_PROXY"));
    }

    #[test]
    fn changes_win_and_a_listener_sets_the_proxy() {
        let changes = [Variable::Set("LANG".into(), "de".into()), Variable::Unset("LC_ALL".into())];
        let all = compile(&settings(), Path::new("/w"), Network::Listener, &changes);
        let all = text(&all);
        assert!(all.contains("LANG=de") && !all.contains("LC_ALL"), "{all}");
        assert!(all.contains("HTTPS_PROXY=http://127.0.0.1:3128"), "{all}");
    }

    #[test]
    fn programs_are_never_looked_up_where_a_command_may_have_planted_them() {
        let home = tempfile::tempdir().unwrap();
        let (there, missing) = (home.path().join("there"), home.path().join("missing"));
        std::fs::create_dir(&there).unwrap();
        let path = vec![there.clone(), missing, PathBuf::from("/w/.venv/bin"), PathBuf::from(".")];
        let settings = Settings { home: home.path().to_owned(), path, ..settings() };
        let found = search(&settings, Path::new("/w"));
        let system = SYSTEM_PATH.map(OsString::from);
        assert_eq!(found, [&[there.into_os_string()], system.as_slice()].concat());
        assert!(found.iter().all(|directory| {
            Path::new(directory).is_absolute() && !Path::new(directory).starts_with("/w")
        }));
    }
}
