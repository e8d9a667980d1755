// SPDX-License-Identifier: Apache-2.0
//! Everything that is read from the environment, read once and in one place.
//!
//! Invariant: no other file of the workspace looks at an environment variable.

use std::env;
use std::ffi::OsString;
use std::io::IsTerminal as _;
use std::os::fd::OwnedFd;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use moat_base::{Clock, Fs, Layout, RealFs, SystemClock};
use moat_config::{REQUIREMENTS_PATH, Settings as Config, SystemOwnership};
use moat_sandbox::{Launcher, Settings as SandboxSettings, Step};
use moat_tui::Paint;

use crate::exit::Exit;
use crate::failure::Failure;

/// What the process knows of its surroundings.
#[derive(Debug, Clone)]
pub(crate) struct Environment {
    /// Moat's directories.
    pub(crate) layout: Layout,
    /// What standard output is.
    pub(crate) output: Output,
    /// Whether a person can answer on standard input.
    pub(crate) input: Input,
    /// Colour on standard output.
    pub(crate) paint: Paint,
    /// The user's cache directory.
    pub(crate) cache: PathBuf,
    /// This program.
    pub(crate) program: PathBuf,
    /// Moat's own files.
    pub(crate) fs: Arc<dyn Fs>,
    /// Time.
    pub(crate) clock: Arc<dyn Clock>,
    path: Vec<PathBuf>,
    variables: Vec<(OsString, OsString)>,
}

/// Where output goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Output {
    Terminal,
    /// A terminal on which nothing that was written can be taken away (`TERM=dumb`).
    DumbTerminal,
    Stream,
}

/// Where input comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Input {
    Person,
    Nobody,
}

impl Environment {
    /// Reads the environment.
    #[expect(clippy::disallowed_methods, reason = "this is the door to the environment")]
    pub(crate) fn read() -> Result<Self, Failure> {
        let home = absolute("HOME").ok_or_else(|| {
            Failure::environment("the environment names no home", "set `HOME` to an absolute path")
        })?;
        let below = |name: &str, fallback: &str| {
            absolute(name).unwrap_or_else(|| home.join(fallback)).join("moat")
        };
        let state = below("XDG_STATE_HOME", ".local/state");
        let runtime = absolute("XDG_RUNTIME_DIR")
            .map_or_else(|| state.join("run"), |runtime| runtime.join("moat"));
        let layout = Layout {
            config: below("XDG_CONFIG_HOME", ".config"),
            data: below("XDG_DATA_HOME", ".local/share"),
            state,
            runtime,
            home,
        };
        let cache = absolute("XDG_CACHE_HOME").unwrap_or_else(|| layout.home.join(".cache"));
        let terminal = std::io::stdout().is_terminal();
        let dumb = env::var_os("TERM").is_some_and(|value| value == "dumb");
        let output = match (terminal, dumb) {
            (true, false) => Output::Terminal,
            (true, true) => Output::DumbTerminal,
            (false, _) => Output::Stream,
        };
        let plain = env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
        let paint = if output == Output::Terminal && !plain { Paint::Colour } else { Paint::Plain };
        let program = env::current_exe().map_err(|error| {
            Failure::environment("could not find this program's own file", "start it by its path")
                .because(&error)
        })?;
        let path = env::var_os("PATH").unwrap_or_default();
        Ok(Self {
            layout,
            output,
            input: if std::io::stdin().is_terminal() { Input::Person } else { Input::Nobody },
            paint,
            cache: cache.join("moat"),
            program,
            fs: Arc::new(RealFs),
            clock: Arc::new(SystemClock::new()),
            path: env::split_paths(&path).filter(|directory| directory.is_absolute()).collect(),
            variables: env::vars_os().collect(),
        })
    }

    /// Reads the configuration; `overrides` are `KEY=VALUE`.
    pub(crate) fn config(&self, overrides: &[String]) -> Result<Config, Failure> {
        self.loaded(overrides).map(|loaded| loaded.settings)
    }

    /// Reads the configuration with the origin of each value.
    pub(crate) fn loaded(&self, overrides: &[String]) -> Result<moat_config::Loaded, Failure> {
        let requirements = Path::new(REQUIREMENTS_PATH);
        let directory = &self.layout.config;
        moat_config::load(self.fs.as_ref(), &SystemOwnership, directory, requirements, overrides)
            .map_err(|error| Failure::of(Exit::Usage, &error))
    }

    /// Starts the process that starts sandboxes and the broker. Must come before
    /// [`Environment::give_up_network`].
    pub(crate) fn launcher(&self, least: Step) -> Result<Arc<Launcher>, Failure> {
        self.own_program()?;
        Launcher::start(self.sandbox(least))
            .map(Arc::new)
            .map_err(|error| Failure::of(Exit::Environment, &error))
    }

    /// The path of this program, as long as what lies there is what runs here: it is started
    /// again, as the launcher, the broker or the model server, and by then an update or a build
    /// may have put something else in its place.
    pub(crate) fn own_program(&self) -> Result<PathBuf, Failure> {
        let identity = |path: &Path| path.metadata().map(|file| (file.dev(), file.ino()));
        match (identity(&self.program), identity(Path::new("/proc/self/exe"))) {
            (Ok(there), Ok(here)) if there == here => Ok(self.program.clone()),
            (Ok(_) | Err(_), Ok(_) | Err(_)) => Err(Failure::environment(
                format!("`{}` is not the program that runs", self.program.display()),
                "an update or a build has replaced it: run the command again",
            )),
        }
    }

    /// What the sandbox needs to know of this machine and user.
    pub(crate) fn sandbox(&self, least: Step) -> SandboxSettings {
        let layout = &self.layout;
        let mut hidden = vec![layout.config.clone(), layout.state.clone(), layout.data.clone()];
        hidden.push(layout.runtime.clone());
        SandboxSettings {
            helper: self.program.clone(),
            home: layout.home.clone(),
            path: self.path.clone(),
            read_only: Vec::new(),
            hidden,
            memory: absolute("XDG_RUNTIME_DIR").into_iter().chain(["/dev/shm".into()]).collect(),
            environment: self.variables.clone(),
            least,
        }
    }

    /// Makes a new private log file of a service in the runtime directory.
    pub(crate) fn open_log(&self, name: &str) -> Result<OwnedFd, Failure> {
        let path = self.layout.runtime.join(name);
        RealFs.anew(&path).map(OwnedFd::from).map_err(|error| {
            Failure::environment(
                format!("could not open the log `{}`", path.display()),
                "look at the permissions of the runtime directory",
            )
            .because(&error)
        })
    }

    /// The variables that the broker needs: where Moat's directories and the
    /// certificate authorities are.
    pub(crate) fn for_broker(&self) -> Vec<(OsString, OsString)> {
        let names = [
            "HOME",
            "XDG_CONFIG_HOME",
            "XDG_STATE_HOME",
            "XDG_DATA_HOME",
            "XDG_RUNTIME_DIR",
            "XDG_CACHE_HOME",
            "SSL_CERT_FILE",
            "SSL_CERT_DIR",
        ];
        self.variables
            .iter()
            .filter(|(name, _)| names.iter().any(|known| name == known))
            .cloned()
            .collect()
    }

    /// The variables of the user's package client.
    pub(crate) fn for_pip(&self) -> Vec<(OsString, OsString)> {
        let others = ["SSL_CERT_FILE", "SSL_CERT_DIR", "REQUESTS_CA_BUNDLE"];
        let is_its = |name: &OsString| {
            name.to_str().is_some_and(|name| name.starts_with("PIP_") || others.contains(&name))
        };
        self.variables.iter().filter(|(name, _)| is_its(name)).cloned().collect()
    }

    /// The user's shell, for terminals of the user's own.
    pub(crate) fn shell(&self) -> PathBuf {
        let named = self.variable("SHELL").map(PathBuf::from);
        named.filter(|path| path.is_absolute()).unwrap_or_else(|| "/bin/sh".into())
    }

    /// The variables of the user's own terminals: all of them.
    pub(crate) fn for_terminals(&self) -> Vec<(OsString, OsString)> {
        self.variables.clone()
    }

    /// Whether the user sits before a screen on which a window can be opened.
    pub(crate) fn has_screen(&self) -> bool {
        ["DISPLAY", "WAYLAND_DISPLAY"].iter().any(|name| self.variable(name).is_some())
    }

    /// Where the user's own tools lie: the search path, and where toolchains put programs.
    pub(crate) fn toolchains(&self) -> Vec<PathBuf> {
        let home = TOOLCHAINS.iter().map(|name| self.layout.home.join(name));
        self.path.iter().cloned().chain(home).collect()
    }

    /// A program of the search path.
    pub(crate) fn find(&self, program: &str) -> Option<PathBuf> {
        self.path.iter().map(|directory| directory.join(program)).find(|path| path.is_file())
    }

    fn variable(&self, wanted: &str) -> Option<&OsString> {
        let named = self.variables.iter().find(|(name, _)| name == wanted);
        named.map(|(_, value)| value).filter(|value| !value.is_empty())
    }

    /// Files and directories with certificate authorities that the environment names.
    pub(crate) fn certificate_files(&self) -> Vec<PathBuf> {
        let names = ["SSL_CERT_FILE", "SSL_CERT_DIR"];
        let named =
            self.variables.iter().filter(|(name, _)| names.iter().any(|known| name == known));
        named.map(|(_, value)| PathBuf::from(value)).collect()
    }

    /// Makes it impossible for this process to create a network socket.
    #[expect(clippy::unused_self, reason = "it is a step of the process's start, as the others")]
    pub(crate) fn give_up_inet(&self) -> Result<(), Failure> {
        moat_sandbox::give_up_inet().map_err(|error| Failure::of(Exit::Environment, &error))
    }

    /// The same for this process and its launcher: after it only the broker, if there
    /// is one, can reach the network.
    pub(crate) fn give_up_network(&self, launcher: &Launcher) -> Result<(), Failure> {
        launcher
            .give_up_network()
            .map_err(|error| Failure::of(Exit::Environment, &error))
            .and_then(|()| self.give_up_inet())
    }

    /// The directory that the command was given, or the current one, made canonical.
    #[expect(clippy::disallowed_methods, reason = "this is the door to the environment")]
    pub(crate) fn workspace(&self, given: Option<&Path>) -> Result<PathBuf, Failure> {
        let hint = "name an existing directory with `--dir`";
        let path = match given {
            Some(path) => path.to_owned(),
            None => env::current_dir().map_err(|error| {
                Failure::usage("the current directory cannot be found", hint).because(&error)
            })?,
        };
        let shown = path.display().to_string();
        let canonical = path.canonicalize().map_err(|error| {
            Failure::usage(format!("could not open the workspace `{shown}`"), hint).because(&error)
        })?;
        if !canonical.is_dir() {
            return Err(Failure::usage(format!("`{shown}` is not a directory"), hint));
        }
        Ok(canonical)
    }
}

/// Directories of the home in which toolchains put programs.
const TOOLCHAINS: [&str; 7] = [
    ".local/bin",
    ".cargo/bin",
    "go/bin",
    ".npm-global/bin",
    ".volta/bin",
    ".bun/bin",
    ".dotnet/tools",
];

/// The variables by which a program that gives the root's rights to a user says whose they
/// were, and what they hold when they were the root's own before.
const ELEVATED: [(&str, &str); 4] =
    [("SUDO_UID", "0"), ("SUDO_USER", "root"), ("DOAS_USER", "root"), ("PKEXEC_UID", "0")];

/// The variable that tells that this process's user is another one than the person's.
#[expect(clippy::disallowed_methods, reason = "this is the door to the environment")]
pub(crate) fn elevated_by() -> Option<&'static str> {
    let told = |(name, own): &(&str, &str)| env::var_os(name).is_some_and(|value| value != *own);
    ELEVATED.iter().find(|it| told(it)).map(|(name, _)| *name)
}

#[expect(clippy::disallowed_methods, reason = "this is the door to the environment")]
fn absolute(name: &str) -> Option<PathBuf> {
    env::var_os(name).map(PathBuf::from).filter(|path| path.is_absolute())
}
