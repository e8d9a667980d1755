// SPDX-License-Identifier: Apache-2.0
//! Kernels for the virtual machine: packages of a distribution, through its own client.
//!
//! Nothing is installed: a package is downloaded by `apt-get` from where this machine's
//! configuration points, unpacked beside the build, and read.

use std::path::{Path, PathBuf};

use anyhow::Context as _;

use crate::door;

/// The modules that a guest needs, without those that they need in turn.
const MODULES: [&str; 7] =
    ["virtio_pci", "9pnet_virtio", "9p", "overlay", "vsock", "vsock_loopback", "dummy"];
/// The modules behind odd sockets, so that the controls of the filter's rules about them have
/// something to reach. A kernel that was built without one has no such door.
const FAMILIES: [&str; 13] = [
    "af_alg",
    "algif_hash",
    "sctp",
    "dccp_ipv4",
    "can",
    "can_raw",
    "bluetooth",
    "tipc",
    "rds",
    "smc",
    "qrtr",
    "pppoe",
    "af_key",
];

/// Where a kernel comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Source {
    /// The distribution of this machine.
    Own,
    /// Another suite of the same distribution, from the same place.
    Suite(String),
    /// A package file.
    File(PathBuf),
}

/// An unpacked kernel.
#[derive(Debug)]
pub(crate) struct Kernel {
    /// As `uname -r` will have it.
    pub(crate) release: String,
    /// What boots.
    pub(crate) image: PathBuf,
    /// In an order in which they can be loaded.
    pub(crate) modules: Vec<Module>,
    /// What loads a policy for AppArmor there; nothing for a kernel from a file.
    pub(crate) policy: Option<Policy>,
}

/// The unpacked packages with AppArmor's compiler and the library that it runs on.
#[derive(Debug)]
pub(crate) struct Policy {
    pub(crate) tree: PathBuf,
}

/// One module, unpacked.
#[derive(Debug)]
pub(crate) struct Module {
    pub(crate) name: String,
    pub(crate) bytes: Vec<u8>,
}

/// Reads `[own] [suite NAME]... [file PATH]...`; nothing means the own one.
pub(crate) fn sources(words: &[&str]) -> anyhow::Result<Vec<Source>> {
    let mut sources = Vec::new();
    let mut rest = words;
    loop {
        rest = match rest {
            [] => break,
            ["own", rest @ ..] => {
                sources.push(Source::Own);
                rest
            }
            ["suite", name, rest @ ..] => {
                sources.push(Source::Suite((*name).to_owned()));
                rest
            }
            ["file", path, rest @ ..] => {
                sources.push(Source::File(PathBuf::from(path)));
                rest
            }
            _ => anyhow::bail!("usage: cargo xtask vm [own] [suite NAME]... [file PACKAGE.deb]..."),
        };
    }
    if sources.is_empty() {
        sources.push(Source::Own);
    }
    Ok(sources)
}

/// Downloads, unless it is there, and unpacks a kernel.
pub(crate) fn prepare(source: &Source, directory: &Path) -> anyhow::Result<Kernel> {
    let place = directory.join(match source {
        Source::Own => "kernel-own".to_owned(),
        Source::Suite(name) => format!("kernel-{name}"),
        Source::File(path) => {
            let name = path.file_stem().map(|name| name.to_string_lossy().into_owned());
            format!("kernel-{}", name.unwrap_or_default())
        }
    });
    let tree = place.join("tree");
    let policy = place.join("policy");
    let missing = |tree: &Path| door::children(tree).is_empty();
    if missing(&tree) || missing(&policy) {
        let options = match source {
            Source::Own | Source::File(_) => Vec::new(),
            Source::Suite(name) => other_suite(&place, name)?,
        };
        if missing(&tree) {
            let package = match source {
                Source::Own | Source::Suite(_) => download(&place, &options)?,
                Source::File(path) => path.clone(),
            };
            unpack(&package, &tree)?;
        }
        match source {
            Source::Own | Source::Suite(_) => download_policy(&place, &policy, &options)?,
            Source::File(_) => {}
        }
    }
    let policy = (!missing(&policy)).then_some(Policy { tree: policy });
    Ok(Kernel { policy, ..read(&tree)? })
}

fn unpack(package: &Path, tree: &Path) -> anyhow::Result<()> {
    door::create_private(tree)?;
    run("dpkg-deb", &["-x".as_ref(), package.as_os_str(), tree.as_os_str()], tree)
}

/// Downloads AppArmor's compiler with its library, which may be newer than this machine's.
fn download_policy(place: &Path, tree: &Path, options: &[String]) -> anyhow::Result<()> {
    let packages = place.join("policy-packages");
    door::create_private(&packages)?;
    fetch(&["apparmor", "libc6"], options, &packages)?;
    for package in door::children(&packages) {
        unpack(&package, tree)?;
    }
    Ok(())
}

fn fetch(names: &[&str], options: &[String], place: &Path) -> anyhow::Result<()> {
    door::say(&format!("downloading {} with apt-get", names.join(", ")));
    let mut words: Vec<&std::ffi::OsStr> = options.iter().map(AsRef::as_ref).collect();
    words.extend(["-q", "download"].map(AsRef::<std::ffi::OsStr>::as_ref));
    words.extend(names.iter().map(AsRef::<std::ffi::OsStr>::as_ref));
    run("apt-get", &words, place)
}

/// Options that make `apt-get` look at another suite, in lists of its own.
fn other_suite(place: &Path, suite: &str) -> anyhow::Result<Vec<String>> {
    let format = "$(SITE)|$(RELEASE)|$(ORIGIN)";
    let mut command = door::command("apt-get", &door::root());
    command.args(["indextargets", "--format", format, "Created-By: Packages"]);
    let output = command.output().context("could not start apt-get")?;
    let text = String::from_utf8_lossy(&output.stdout);
    // The distribution itself, and not its updates or somebody else's packages.
    let id = identity()?;
    let site = text
        .lines()
        .map(|line| line.split('|').collect::<Vec<_>>())
        .find_map(|parts| match parts.as_slice() {
            [site, release, origin]
                if origin.eq_ignore_ascii_case(&id) && !release.contains('-') =>
            {
                Some((*site).to_owned())
            }
            _ => None,
        })
        .context("this machine's package client names no place of its distribution")?;
    let lists = place.join("lists");
    door::create_private(&lists.join("partial"))?;
    let list = place.join("other.list");
    door::write(&list, format!("deb {site} {suite} main\n"))?;
    let options = vec![
        format!("-oDir::Etc::SourceList={}", list.display()),
        "-oDir::Etc::SourceParts=/dev/null".to_owned(),
        format!("-oDir::State::Lists={}", lists.display()),
        "-oAPT::Sandbox::User=root".to_owned(),
    ];
    let words: Vec<&std::ffi::OsStr> =
        options.iter().map(AsRef::as_ref).chain(["-q".as_ref(), "update".as_ref()]).collect();
    run("apt-get", &words, place)?;
    Ok(options)
}

/// `debian` or `ubuntu`, as os-release(5) has it.
fn identity() -> anyhow::Result<String> {
    let text = door::read(Path::new("/etc/os-release"))?;
    let text = String::from_utf8_lossy(&text);
    let id = text.lines().find_map(|line| line.strip_prefix("ID="));
    Ok(id.context("os-release does not say which distribution this is")?.trim_matches('"').into())
}

/// Downloads the package of the newest kernel.
fn download(place: &Path, options: &[String]) -> anyhow::Result<PathBuf> {
    door::create_private(place)?;
    let meta = match identity()?.as_str() {
        "debian" => "linux-image-amd64",
        "ubuntu" => "linux-image-virtual",
        other => anyhow::bail!("no kernel package is known for `{other}`; use `file PACKAGE.deb`"),
    };
    let mut command = door::command("apt-cache", place);
    command.args(options).args(["depends", "--important", meta]);
    let output = command.output().context("could not start apt-cache")?;
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let name = text
        .lines()
        .filter_map(|line| line.trim().strip_prefix("Depends: "))
        .find(|name| name.starts_with("linux-image-"))
        .with_context(|| format!("`{meta}` names no kernel"))?;
    fetch(&[name], options, place)?;
    let packages = door::children(place);
    let package = packages.into_iter().find(|path| path.extension().is_some_and(|it| it == "deb"));
    package.context("apt-get left no package")
}

fn run(program: &str, words: &[&std::ffi::OsStr], place: &Path) -> anyhow::Result<()> {
    let program_path = door::path_of(program).unwrap_or_else(|| PathBuf::from(program));
    let mut command = door::command(program_path, place);
    let output = command.args(words).output();
    let output = output.with_context(|| format!("could not start `{program}`"))?;
    anyhow::ensure!(
        output.status.success(),
        "`{program}` ended with {}: {}",
        output.status,
        String::from_utf8_lossy(&output.stderr).trim()
    );
    Ok(())
}

/// Finds the image and the modules of an unpacked package.
fn read(tree: &Path) -> anyhow::Result<Kernel> {
    let boot = door::children(&tree.join("boot"));
    let image = boot
        .into_iter()
        .find(|path| path.file_name().is_some_and(|it| it.to_string_lossy().starts_with("vmlinuz")))
        .context("the package has no kernel image")?;
    // Since they were merged, modules lie below `/usr`; modprobe looks for them below the root.
    let base = if door::children(&tree.join("usr/lib/modules")).is_empty() {
        tree.to_owned()
    } else {
        tree.join("usr")
    };
    let release = door::children(&base.join("lib/modules"))
        .first()
        .and_then(|path| path.file_name().map(|name| name.to_string_lossy().into_owned()))
        .context("the package has no modules; a split package is not supported yet")?;
    run("depmod", &["-b".as_ref(), base.as_os_str(), release.as_ref()], tree)?;
    let mut modules: Vec<Module> = Vec::new();
    for wanted in MODULES.into_iter().chain(FAMILIES) {
        let program = door::path_of("modprobe").context("there is no `modprobe`")?;
        let mut command = door::command(program, tree);
        command.arg("-d").arg(&base).args(["-S", &release, "--show-depends", wanted]);
        let output = command.output().context("could not start modprobe")?;
        for line in String::from_utf8_lossy(&output.stdout).lines() {
            let Some(rest) = line.trim().strip_prefix("insmod ") else { continue };
            // Options of this machine's may follow, which are not for that one.
            let Some(path) = rest.split_whitespace().next() else { continue };
            let module = unpacked(Path::new(path))?;
            if !modules.iter().any(|known| known.name == module.name) {
                modules.push(module);
            }
        }
    }
    Ok(Kernel { release, image, modules, policy: None })
}

fn unpacked(path: &Path) -> anyhow::Result<Module> {
    let packer = match path.extension().and_then(|it| it.to_str()) {
        Some("xz") => Some("xz"),
        Some("zst") => Some("zstd"),
        Some("gz") => Some("gzip"),
        Some(_) | None => None,
    };
    let stem = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
    let Some(packer) = packer else {
        return Ok(Module { name: format!("{stem}.ko"), bytes: door::read(path)? });
    };
    let mut command = door::command(packer, &door::root());
    let output = command.arg("-dc").arg(path).output();
    let output = output.with_context(|| format!("could not start `{packer}`"))?;
    anyhow::ensure!(output.status.success(), "`{packer}` could not unpack `{}`", path.display());
    Ok(Module { name: stem, bytes: output.stdout })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_asked_for_is_read_and_nonsense_is_refused() {
        assert_eq!(sources(&[]).unwrap(), [Source::Own]);
        let both = sources(&["own", "suite", "next"]).unwrap();
        assert_eq!(both, [Source::Own, Source::Suite("next".into())]);
        assert!(sources(&["suite"]).is_err());
        assert!(sources(&["kernel"]).is_err());
    }
}
