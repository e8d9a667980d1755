// SPDX-License-Identifier: Apache-2.0
//! Processes, files, time and the environment for `xtask`, in one place.
//!
//! `xtask` stands outside the layers, so it may reach the machine; it does so
//! here, where the calls that `clippy.toml` bans can be read together.
//!
//! Invariant: no other module of `xtask` names `std::process::Command::new`.

#![expect(
    clippy::disallowed_methods,
    reason = "`xtask` stands outside the layers; this is its own door"
)]

use std::ffi::OsStr;
use std::io::{self, Write};
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use anyhow::Context as _;

/// The arguments after the program's name.
pub(crate) fn arguments() -> Vec<String> {
    std::env::args().skip(1).collect()
}

/// One variable of the environment, when it is set.
pub(crate) fn variable(name: &str) -> Option<String> {
    std::env::var(name).ok()
}

/// The root of the repository that this program was built from.
pub(crate) fn root() -> PathBuf {
    let crate_dir = Path::new(env!("CARGO_MANIFEST_DIR"));
    crate_dir.parent().unwrap_or(crate_dir).to_path_buf()
}

/// Where cargo puts what it builds.
pub(crate) fn target() -> PathBuf {
    variable("CARGO_TARGET_DIR").map_or_else(|| root().join("target"), PathBuf::from)
}

/// Prepares `program` to run in `directory`.
pub(crate) fn command(program: impl AsRef<OsStr>, directory: &Path) -> Command {
    let mut command = Command::new(program);
    command.current_dir(directory);
    command
}

/// Reads a whole file.
pub(crate) fn read(path: &Path) -> anyhow::Result<Vec<u8>> {
    std::fs::read(path).with_context(|| format!("could not read `{}`", path.display()))
}

/// Writes a whole file and creates its directory.
pub(crate) fn write(path: &Path, bytes: impl AsRef<[u8]>) -> anyhow::Result<()> {
    if let Some(parent) = path.parent() {
        std::fs::create_dir_all(parent)
            .with_context(|| format!("could not create `{}`", parent.display()))?;
    }
    std::fs::write(path, bytes).with_context(|| format!("could not write `{}`", path.display()))
}

/// Writes a file that may be executed.
pub(crate) fn write_program(path: &Path, text: &str) -> anyhow::Result<()> {
    write(path, text)?;
    make_program(path)
}

/// Makes a file executable.
pub(crate) fn make_program(path: &Path) -> anyhow::Result<()> {
    use std::os::unix::fs::PermissionsExt as _;
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o755))
        .with_context(|| format!("could not make `{}` executable", path.display()))
}

/// Writes a file that only its owner can read.
pub(crate) fn write_private(path: &Path, bytes: impl AsRef<[u8]>) -> anyhow::Result<()> {
    use std::os::unix::fs::PermissionsExt as _;
    write(path, bytes)?;
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o600))
        .with_context(|| format!("could not protect `{}`", path.display()))
}

/// Creates a directory that only its owner can enter.
pub(crate) fn create_private(path: &Path) -> anyhow::Result<()> {
    use std::os::unix::fs::DirBuilderExt as _;
    std::fs::DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(path)
        .with_context(|| format!("could not create `{}`", path.display()))
}

/// What a directory holds, sorted; nothing when it is not there.
pub(crate) fn children(path: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(path).into_iter().flatten().flatten();
    let mut found: Vec<PathBuf> = entries.map(|entry| entry.path()).collect();
    found.sort();
    found
}

/// Removes a directory with all that it holds, if it is there.
pub(crate) fn remove_tree(path: &Path) -> anyhow::Result<()> {
    match std::fs::remove_dir_all(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => {
            Err(error).with_context(|| format!("could not remove `{}`", path.display()))
        }
        Ok(()) | Err(_) => Ok(()),
    }
}

/// Where a program lies on the search path, also in the directories of the administrator.
pub(crate) fn path_of(program: &str) -> Option<PathBuf> {
    let path = variable("PATH").unwrap_or_default();
    let places = path.split(':').chain(["/usr/sbin", "/sbin"]);
    places.map(|place| Path::new(place).join(program)).find(|path| path.is_file())
}

/// Listens on a free port of the loopback interface.
pub(crate) fn listen() -> io::Result<TcpListener> {
    TcpListener::bind(("127.0.0.1", 0))
}

/// Connects to a port of the loopback interface.
pub(crate) fn connect(port: u16) -> io::Result<TcpStream> {
    TcpStream::connect(("127.0.0.1", port))
}

/// Runs `work` and says how long it took.
pub(crate) fn timed<T>(work: impl FnOnce() -> T) -> (T, Duration) {
    let start = Instant::now();
    let result = work();
    (result, start.elapsed())
}

/// The time on the wall, in milliseconds since 1970, as events carry it.
pub(crate) fn unix_ms() -> u64 {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
    since.map_or(0, |time| u64::try_from(time.as_millis()).unwrap_or(u64::MAX))
}

/// Writes one line for the person who ran the command.
///
/// A reader that went away is not an error here.
pub(crate) fn say(line: &str) {
    _ = writeln!(io::stdout().lock(), "{line}");
}

/// Writes one line about a failure.
pub(crate) fn complain(line: &str) {
    _ = writeln!(io::stderr().lock(), "{line}");
}

/// The cargo that runs this program, so that a pinned toolchain stays pinned.
pub(crate) fn cargo() -> String {
    variable("CARGO").unwrap_or_else(|| "cargo".to_owned())
}
