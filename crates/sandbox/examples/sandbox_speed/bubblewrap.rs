// SPDX-License-Identifier: Apache-2.0
//! The nearest that bubblewrap offers: the same namespaces and the same mounts.
//!
//! It has neither filter nor Landlock nor limits here, and version 0.8 has no overlay:
//! the workspace is a bind. Files of `/etc` that Moat copies are binds too.

use std::path::Path;
use std::process::Command;

const PROGRAM: &str = "/usr/bin/bwrap";

/// Whether it is installed.
pub(crate) fn present() -> bool {
    Path::new(PROGRAM).exists()
}

/// Prepares it for the workspace `tree` of a user whose home is `home`.
pub(crate) fn command(tree: &Path, home: &Path) -> Command {
    let mut command = Command::new(PROGRAM);
    command.args(["--unshare-all", "--die-with-parent", "--new-session", "--hostname", "moat"]);
    for place in ["/usr", "/bin", "/sbin", "/lib", "/lib32", "/lib64", "/libx32"] {
        show(&mut command, Path::new(place));
    }
    for name in ETC {
        show(&mut command, &Path::new("/etc").join(name));
    }
    for place in ["/tmp", "/var/tmp", "/run"] {
        command.args(["--tmpfs", place]);
    }
    command.args(["--symlink", "/run", "/var/run", "--dev", "/dev", "--tmpfs", "/dev/shm"]);
    for place in ["/sys/devices/system/cpu", "/sys/devices/system/node"] {
        show(&mut command, Path::new(place));
    }
    command.args(["--proc", "/proc", "--tmpfs"]).arg(home);
    command.arg("--bind").args([tree, tree]).arg("--chdir").arg(tree);
    command
}

fn show(command: &mut Command, path: &Path) {
    if let Ok(target) = path.read_link() {
        command.arg("--symlink").args([&target, path]);
    } else if path.exists() {
        command.arg("--ro-bind").args([path, path]);
    }
}

/// What Moat shows of `/etc`, as far as this kind of system has it.
const ETC: [&str; 30] = [
    "alternatives",
    "ca-certificates",
    "ca-certificates.conf",
    "debian_version",
    "fonts",
    "gai.conf",
    "group",
    "host.conf",
    "hosts",
    "inputrc",
    "java-17-openjdk",
    "ld.so.cache",
    "ld.so.conf",
    "ld.so.conf.d",
    "localtime",
    "login.defs",
    "magic",
    "magic.mime",
    "maven",
    "mime.types",
    "networks",
    "nsswitch.conf",
    "passwd",
    "perl",
    "protocols",
    "python3",
    "python3.11",
    "services",
    "ssl/certs",
    "ssl/openssl.cnf",
];
