// SPDX-License-Identifier: Apache-2.0
//! Runs the sandbox's tests on other kernels: `cargo xtask vm`.
//!
//! A virtual machine boots a kernel of a distribution, as its own package has it, in
//! software emulation. Its root is this machine's, read-only over 9p under a file
//! system in memory, so every program and toolchain that tests use is there; what the
//! tests write goes nowhere. The guest runs the scenarios of `guest.sh` and says how
//! each ended.
//!
//! Invariant: a scenario counts as passed only when the guest wrote that it did; a
//! machine that stops half way fails what is missing.

mod kernel;

use std::path::{Path, PathBuf};

use anyhow::Context as _;

use crate::door;

/// What the guest is to show, in this order.
const SCENARIOS: [(&str, &str); 14] = [
    ("user-step", "an ordinary user stands on the full step"),
    ("root", "every test of the sandbox as root; before Linux 6.14, that the loss is told"),
    ("user", "the attacks, the table, the ladder, the doctor and the services as an ordinary user"),
    ("odd-sockets", "each odd kind of socket that this kernel has is reached in its control"),
    ("no-user-namespaces", "rules only, or before Linux 6.12 a refusal"),
    ("root-no-user-namespaces", "root stands on shared namespaces"),
    ("debian-setting", "the same as without user namespaces, by Debian's own setting"),
    ("apparmor-refuses", "AppArmor refuses user namespaces: rules only"),
    ("apparmor-empties", "AppArmor allows them and nothing in them, as Ubuntu does: rules only"),
    ("apparmor-profile", "with the profile that `moat doctor` prints: the full step"),
    ("group-root", "a delegated control group bounds memory and processes, also root's"),
    ("group-user", "the same for an ordinary user"),
    ("group-rules", "the same where there are only rules"),
    ("group-others", "a group that holds another program is left as it is"),
];
/// Memory of the guest, in MiB.
const MEMORY_MIB: u32 = 4096;
/// The longest that a machine may run, in seconds. Emulation is some ten times slower.
const MACHINE_SECONDS_MAX: u32 = 1500;
const PROGRAMS: [&str; 6] =
    ["qemu-system-x86_64", "busybox", "cpio", "depmod", "modprobe", "dpkg-deb"];
const GUEST: &str = include_str!("vm/guest.sh");
const FIRST: &str = include_str!("vm/init.sh");

/// Boots the kernels that `words` name (see [`kernel::Source`]) and runs the scenarios on each.
pub(crate) fn run(words: &[&str]) -> anyhow::Result<()> {
    let sources = kernel::sources(words)?;
    for program in PROGRAMS {
        anyhow::ensure!(
            door::path_of(program).is_some(),
            "there is no `{program}`; `scripts/setup.sh vm` installs what is missing"
        );
    }
    let directory = door::target().join("vm");
    let programs = built()?;
    let mut missed = Vec::new();
    for source in sources {
        let kernel = kernel::prepare(&source, &directory)?;
        door::say(&format!("== Linux {} (emulated)", kernel.release));
        let share = directory.join(format!("share-{}", kernel.release));
        stage(&share, &programs)?;
        if let Some(policy) = &kernel.policy {
            stage_policy(&share, policy, &programs.profile)?;
        }
        let image = first_image(&kernel, &directory)?;
        boot(&kernel.image, &image, &share, &directory)?;
        let told = String::from_utf8_lossy(&door::read(&share.join("results")).unwrap_or_default())
            .into_owned();
        for (name, what) in SCENARIOS {
            match outcome(&told, name) {
                Outcome::Passed { seconds } => {
                    door::say(&format!("passed  {name}: {what} ({seconds} s)"));
                }
                Outcome::Absent { reason } => door::say(&format!("absent  {name}: {reason}")),
                Outcome::Failed => {
                    door::say(&format!("FAILED  {name}: {what}"));
                    let log = share.join(format!("{name}.log"));
                    door::say(&format!("        see `{}`", log.display()));
                    missed.push(format!("{name} on {}", kernel.release));
                }
            }
        }
    }
    anyhow::ensure!(missed.is_empty(), "failed: {}", missed.join(", "));
    Ok(())
}

/// How a scenario ended.
#[derive(Debug, PartialEq, Eq)]
enum Outcome<'a> {
    Passed {
        seconds: &'a str,
    },
    /// The kernel lacks what it is about.
    Absent {
        reason: &'a str,
    },
    /// It failed, or the guest did not come that far.
    Failed,
}

/// Reads what the guest wrote about one scenario.
fn outcome<'a>(told: &'a str, name: &str) -> Outcome<'a> {
    let of_it = |line: &'a str| line.strip_prefix(name)?.strip_prefix(' ')?.split_once(' ');
    match told.lines().find_map(of_it) {
        Some(("passed", seconds)) => Outcome::Passed { seconds },
        Some(("absent", reason)) => Outcome::Absent { reason },
        Some(_) | None => Outcome::Failed,
    }
}

/// The programs that the guest runs, and where it expects each.
struct Built {
    escape: PathBuf,
    inside: PathBuf,
    /// What `moat doctor --apparmor-profile` prints.
    profile: Vec<u8>,
}

/// Builds the tests of the sandbox and finds the programs that cargo made.
fn built() -> anyhow::Result<Built> {
    let mut command = door::command(door::cargo(), &door::root());
    command.args(["build", "--release", "--locked", "--package", "moat-sandbox"]);
    command.args([
        "--package",
        "moat-cli",
        "--bins",
        "--tests",
        "--examples",
        "--message-format=json",
    ]);
    let output = command.output().context("could not start cargo")?;
    anyhow::ensure!(output.status.success(), "cargo could not build the sandbox's tests");
    // The tests of a program bear its name.
    let find = |name: &str, is_test: bool| -> anyhow::Result<PathBuf> {
        let text = String::from_utf8_lossy(&output.stdout);
        let messages = text.lines().filter_map(|line| serde_json::from_str(line).ok());
        let found = messages
            .filter(|message: &serde_json::Value| message["target"]["name"] == name)
            .filter(|message| message["profile"]["test"] == is_test)
            .filter_map(|message| message["executable"].as_str().map(PathBuf::from))
            .next_back();
        found.with_context(|| format!("cargo built no `{name}`"))
    };
    let mut doctor = door::command(find("moat", false)?, &door::root());
    let doctor = doctor.args(["doctor", "--apparmor-profile"]).output();
    let doctor = doctor.context("could not start moat")?;
    anyhow::ensure!(doctor.status.success(), "`moat doctor --apparmor-profile` failed");
    let (escape, inside) = (find("escape", true)?, find("sandbox_helper", false)?);
    Ok(Built { escape, inside, profile: doctor.stdout })
}

/// Puts what the guest needs into the directory that it can write.
fn stage(share: &Path, programs: &Built) -> anyhow::Result<()> {
    door::remove_tree(share)?;
    door::write_program(&share.join("main.sh"), GUEST)?;
    for (program, name) in
        [(&programs.escape, "deps/escape"), (&programs.inside, "examples/sandbox_helper")]
    {
        door::write(&share.join(name), door::read(program)?)?;
        door::make_program(&share.join(name))?;
    }
    Ok(())
}

/// Puts what loads a policy beside it, and the profile that is to be loaded.
fn stage_policy(share: &Path, policy: &kernel::Policy, profile: &[u8]) -> anyhow::Result<()> {
    let place = share.join("policy");
    door::write(&place.join("moat"), profile)?;
    let library = "usr/lib/x86_64-linux-gnu";
    for name in [
        "etc/apparmor.d".to_owned(),
        // Where it lies depends on the release.
        first(&policy.tree, &["usr/sbin/apparmor_parser", "sbin/apparmor_parser"]),
        first(&policy.tree, &[&format!("{library}/libc.so.6"), "lib/x86_64-linux-gnu/libc.so.6"]),
        first(
            &policy.tree,
            &[
                &format!("{library}/ld-linux-x86-64.so.2"),
                "lib/x86_64-linux-gnu/ld-linux-x86-64.so.2",
            ],
        ),
    ] {
        let mut command = door::command("cp", share);
        let status = command.arg("-rL").arg(policy.tree.join(&name)).arg(&place).status();
        let status = status.context("could not start cp")?;
        anyhow::ensure!(status.success(), "could not copy `{name}`");
    }
    Ok(())
}

fn first(tree: &Path, names: &[&str]) -> String {
    let found = names.iter().find(|name| tree.join(name).exists()).or_else(|| names.first());
    found.map_or_else(String::new, |name| (*name).to_owned())
}

/// Packs the first file system: a shell, the modules in the order of their needs, and a script.
fn first_image(kernel: &kernel::Kernel, directory: &Path) -> anyhow::Result<PathBuf> {
    let tree = directory.join(format!("first-{}", kernel.release));
    door::remove_tree(&tree)?;
    let busybox = door::path_of("busybox").context("there is no `busybox`")?;
    door::write(&tree.join("bin/busybox"), door::read(&busybox)?)?;
    door::make_program(&tree.join("bin/busybox"))?;
    door::write_program(&tree.join("init"), FIRST)?;
    let mut order = String::new();
    for module in &kernel.modules {
        order.push_str(&format!("{}\n", module.name));
        door::write(&tree.join("modules").join(&module.name), &module.bytes)?;
    }
    door::write(&tree.join("modules/order"), order)?;
    let image = directory.join(format!("first-{}.cpio", kernel.release));
    // Names of our own making, none with a line end.
    let script = "find . | cpio --quiet -o -H newc > \"$1\"";
    let mut command = door::command("sh", &tree);
    command.args(["-c", script, "sh"]).arg(&image);
    let status = command.status().context("could not start cpio")?;
    anyhow::ensure!(status.success(), "cpio could not pack the first file system");
    Ok(image)
}

/// Boots, and waits until the guest has powered itself off.
fn boot(kernel: &Path, image: &Path, share: &Path, directory: &Path) -> anyhow::Result<()> {
    let mut command = door::command("timeout", directory);
    command.arg(MACHINE_SECONDS_MAX.to_string()).arg("qemu-system-x86_64");
    command.args(["-accel", "tcg,thread=multi", "-cpu", "max", "-smp", "2"]);
    command.args(["-m", &MEMORY_MIB.to_string(), "-nographic", "-no-reboot", "-nic", "none"]);
    command.arg("-kernel").arg(kernel).arg("-initrd").arg(image);
    command.args(["-append", "console=ttyS0 quiet panic=-1 syscall.x32=y"]);
    let host = "local,id=host,path=/,security_model=none,readonly=on,multidevs=remap";
    command.args(["-fsdev", host, "-device", "virtio-9p-pci,fsdev=host,mount_tag=host"]);
    let share = share.to_str().context("the target directory's path is not UTF-8")?;
    anyhow::ensure!(!share.contains(','), "the target directory's path has a comma: `{share}`");
    command.args(["-fsdev", &format!("local,id=share,path={share},security_model=none")]);
    command.args(["-device", "virtio-9p-pci,fsdev=share,mount_tag=share"]);
    let output = command.output().context("could not start the virtual machine")?;
    door::write(&directory.join("console.log"), &output.stdout)?;
    anyhow::ensure!(
        output.status.success(),
        "the virtual machine ended with {}; its console is in `{}`",
        output.status,
        directory.join("console.log").display()
    );
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_the_guest_wrote_counts() {
        let told = "user passed 12\nuser-step failed 3\nroot absent it has none\nlast pass";
        assert_eq!(outcome(told, "user"), Outcome::Passed { seconds: "12" });
        assert_eq!(outcome(told, "root"), Outcome::Absent { reason: "it has none" });
        for name in ["user-step", "last", "never"] {
            assert_eq!(outcome(told, name), Outcome::Failed, "{name}");
        }
    }
}
