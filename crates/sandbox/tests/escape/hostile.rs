// SPDX-License-Identifier: Apache-2.0
//! Attacks that need a program or a moment of their own: a workspace that changes while it is
//! opened, a library that is loaded first, programs that change the user, git's own files where
//! the tree is the host's, and the scripts that package managers run.

use std::os::unix::fs::symlink;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};

use moat_sandbox::{
    Collected, Command, Error, Files, Interrupt, Launcher, Layer, Plan, Sandbox, Settings,
};
use rustix::fs::{CWD, RenameFlags};

use crate::support::{ATTACKER, Scratch, attack, attack_at, helper, outside, shell, tree};
use crate::work;

/// How often a session is opened while the name is changed.
const LAUNCHES: u32 = 200;

#[test]
fn a_workspace_that_is_swapped_while_it_is_opened_shows_nothing_else() {
    let scratch = Scratch::new();
    let launcher = scratch.launcher();
    let (name, link) = (scratch.home.join("workspace"), scratch.home.join("swapped"));
    std::fs::create_dir(&name).unwrap();
    std::fs::write(name.join("marker"), "marker").unwrap();
    symlink(scratch.home.join(".ssh"), &link).unwrap();
    let over = AtomicBool::new(false);
    let (mut launches, mut ran, mut refused) = (0, 0, 0);
    std::thread::scope(|scope| {
        let _ends = Ends(&over);
        scope.spawn(|| {
            while !over.load(Ordering::Relaxed) {
                let both = rustix::fs::renameat_with(CWD, &name, CWD, &link, RenameFlags::EXCHANGE);
                both.unwrap();
            }
        });
        // Both ways must have been met, so that neither is taken for the other.
        while launches < LAUNCHES || ran == 0 || refused == 0 {
            launches += 1;
            match shown(&launcher, &name) {
                Ok(text) => {
                    assert!(!text.contains("canary-key"), "launch {launches}: {text}");
                    assert_eq!(text, "marker", "launch {launches}");
                    ran += 1;
                }
                Err(_refused) => refused += 1,
            }
        }
        println!("of {launches} launches {ran} ran and {refused} were refused");
        // The control: who looks first and then opens by the name is led astray.
        let looked = || name.symlink_metadata().is_ok_and(|data| data.is_dir());
        while !(looked() && std::fs::read(name.join("id_ed25519")).is_ok()) {}
    });
}

/// Says that it is over, also when a test fails.
struct Ends<'a>(&'a AtomicBool);

impl Drop for Ends<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

/// What a command reads in a session that is opened at `name`, where the tree is the host's.
fn shown(launcher: &Launcher, name: &Path) -> Result<String, Error> {
    let sandbox = Sandbox::start(launcher, &Plan::new(name, Files::Direct)?)?;
    let command = Command::new(["/bin/sh", "-c", "cat id_ed25519 marker 2>/dev/null"]);
    let mut collected = Collected::default();
    sandbox.run(&command, &mut collected, &Interrupt::new().unwrap())?;
    Ok(String::from_utf8_lossy(&collected.output).into_owned())
}

#[test]
fn a_protected_place_that_is_a_link_is_refused() {
    let scratch = Scratch::new();
    let launcher = scratch.launcher();
    let git = scratch.project.join(".git");
    let direct = || Plan::new(&scratch.project, Files::Direct).unwrap();
    // The control: a directory is taken.
    std::fs::create_dir(&git).unwrap();
    shell(&Sandbox::start(&launcher, &direct()).unwrap(), "test -d .git").succeeded();
    std::fs::remove_dir(&git).unwrap();
    symlink(scratch.home.join(".ssh"), &git).unwrap();
    let refused = Sandbox::start(&launcher, &direct()).map(drop);
    assert!(matches!(refused, Err(Error::Workspace { .. })), "{refused:?}");
    // So is a workspace that is one, before anything is started.
    let link = scratch.home.join("link");
    symlink(&scratch.project, &link).unwrap();
    let refused = Plan::new(&link, Files::Direct).map(drop);
    assert!(matches!(refused, Err(Error::Workspace { .. })), "{refused:?}");
}

/// Git's own files, by which git would run programs for the user, where the tree is the host's.
#[test]
fn git_s_files_cannot_be_changed_where_the_tree_is_the_host_s() {
    let scratch = Scratch::new();
    let git = scratch.project.join(".git");
    for place in ["hooks", "modules/sub/hooks", "worktrees/other", "info"] {
        std::fs::create_dir_all(git.join(place)).unwrap();
    }
    for name in ["HEAD", "config", "hooks/sample", "modules/sub/config"] {
        std::fs::write(git.join(name), "before").unwrap();
    }
    let before = tree(&git);
    let launcher = scratch.launcher();
    let start = |layers: &[Layer], shown: &[_]| {
        let plan = Plan::new(&scratch.project, Files::Direct).unwrap();
        let plan = layers.iter().fold(plan, |plan, layer| plan.without_layer(*layer));
        Sandbox::start_with(&launcher, &plan, shown).unwrap()
    };
    let held = start(&[], &[(helper(), ATTACKER.into())]);
    let open = start(&[Layer::View], &[]);
    let at = |name: &str| git.join(name).display().to_string();
    let within = [
        ("create", at("hooks/post-checkout")),
        ("write", at("config")),
        ("create", at("config.worktree")),
        ("create", at("commondir")),
        ("create", at("info/attributes")),
        ("write", at("modules/sub/config")),
        ("create", at("modules/sub/hooks/post-checkout")),
        ("create", at("worktrees/other/commondir")),
        ("mode", at("hooks/sample")),
        ("times", at("config")),
        ("remove", at("HEAD")),
    ];
    let whole = [
        ("rename-over", format!("{} {}", scratch.project.join("new").display(), at("config"))),
        ("rename", format!("{} {}", git.display(), scratch.project.join("moved").display())),
    ];
    for (name, target) in within.iter().chain(&whole) {
        let answer = attack(&held, name, target).output;
        assert!(HELD.iter().any(|errno| answer == format!("held {errno}\n")), "{name}: {answer}");
        assert_eq!(tree(&git), before, "{name} {target}");
    }
    for (name, target) in &within {
        let free = attack_at(&open, &helper(), name, target).output;
        assert_eq!(free, "through\n", "{name} {target}");
    }
    assert_ne!(tree(&git), before);
    drop((held, open));
    // What is moved as a whole is no affair of Landlock's either, which moves nothing.
    for (name, target) in &whole {
        assert_eq!(outside(&helper(), name, target, &scratch.project), "through\n", "{name}");
    }
}

/// A read-only mount, a mount in use, and two mounts.
const HELD: [i32; 3] = [libc::EROFS, libc::EBUSY, libc::EXDEV];

#[test]
fn a_library_that_is_loaded_first_stays_with_its_command() {
    let scratch = Scratch::new();
    let launcher = scratch.launcher();
    let sandbox = scratch.attacked(&launcher, &[]);
    let key = scratch.home.join(".ssh/id_ed25519");
    let loaded = "$(ldd /bin/sh | sed -n 's/.* => \\(.*libc[.]so[^ ]*\\) .*/\\1/p')";
    let take = format!("cp \"{loaded}\" first.so && export LD_PRELOAD=$PWD/first.so");
    // It is loaded, as anywhere, and what it is loaded into is held as before.
    let script = format!(
        "{take} && grep -q first.so /proc/self/maps && echo loaded; \
         {ATTACKER} attack read '{}'; \
         echo \"export LD_PRELOAD=$LD_PRELOAD\" | tee -a ~/.bashrc ~/.profile ~/.bash_env >/dev/null; \
         echo $LD_PRELOAD > /etc/ld.so.preload",
        key.display()
    );
    let shown = shell(&sandbox, &script);
    assert_eq!(shown.output, format!("loaded\nheld {}\n", libc::ENOENT), "{}", shown.error);
    let next = shell(&sandbox, "grep first.so /proc/self/maps; echo [$LD_PRELOAD]").succeeded();
    assert_eq!(next.output, "[]\n");
    for process in [launcher.pid(), std::process::id()] {
        let maps = std::fs::read_to_string(format!("/proc/{process}/maps")).unwrap();
        assert!(!maps.contains("first.so"), "{process}");
    }
    assert_eq!(std::fs::read_to_string(scratch.home.join(".bashrc")).unwrap(), "# clean\n");
    assert!(!Path::new("/etc/ld.so.preload").exists());
}

#[test]
fn programs_that_change_the_user_change_nothing() {
    let scratch = Scratch::new();
    let launcher = scratch.launcher();
    let sandbox = scratch.sandbox(&launcher);
    let mut tried = 0;
    for script in ["su -c 'id -u; echo became' root", "sudo -n sh -c 'id -u; echo became'"] {
        let program = script.split(' ').next().unwrap();
        if !work::present(&sandbox, program) {
            continue;
        }
        tried += 1;
        let held = shell(&sandbox, script);
        assert!(!held.exit.success() && !held.output.contains("became"), "{script}: {held:?}");
        if !rustix::process::geteuid().is_root() {
            println!("control skipped: only root needs no password: {program}");
            continue;
        }
        let free = std::process::Command::new("/bin/sh").args(["-c", script]).output().unwrap();
        assert_eq!(free.stdout, b"0\nbecame\n", "the control of {script}");
    }
    assert_ne!(tried, 0, "this machine has neither");
}

#[test]
fn the_reaper_s_words_say_nothing_of_the_plan() {
    let scratch = Scratch::new();
    let launcher = scratch.launcher();
    let sandbox = scratch.attacked(&launcher, &[]);
    let place = scratch.home.parent().unwrap().display().to_string();
    let of = |file: &str| attack(&sandbox, "words-of", &format!("{file} {place}")).output;
    // The list itself can be read: what is not in it is what holds.
    assert_eq!(attack(&sandbox, "read", "/proc/1/cmdline").output, "through\n");
    assert_eq!(of("/proc/1/cmdline"), format!("held {}\n", libc::ENXIO));
    // The control: a word that is given as an argument shows.
    assert_eq!(of("/proc/self/cmdline"), "through\n");
}

/// What a script of a package tries: to read a key, and to write what the user's shell runs.
/// It notes what came of it in `report`.
struct Package {
    program: &'static str,
    command: &'static str,
    files: &'static [(&'static str, &'static str)],
}

const PACKAGES: &[Package] = &[
    Package {
        program: "cargo",
        command: "cargo build --offline -q 2>&1 && cat report",
        files: &[
            (
                "Cargo.toml",
                "[package]\nname = \"it\"\nversion = \"0.1.0\"\nedition = \"2021\"\n[workspace]\n",
            ),
            ("src/lib.rs", ""),
            (
                "build.rs",
                "use std::io::Write;\n\
                 fn main() {\n\
                 let read = std::fs::read(\"@KEY@\").is_ok();\n\
                 let start = std::fs::OpenOptions::new().append(true).open(\"@START@\");\n\
                 let wrote = start.and_then(|mut file| file.write_all(b\"planted\")).is_ok();\n\
                 std::fs::write(\"report\", format!(\"{read} {wrote}\\n\")).unwrap();\n\
                 }\n",
            ),
        ],
    },
    Package {
        program: "npm",
        command: "npm install --offline --no-audit --no-fund --silent 2>&1 && cat report",
        files: &[
            (
                "package.json",
                "{\"name\": \"it\", \"version\": \"1.0.0\", \
                 \"scripts\": {\"postinstall\": \"node steal.js\"}}\n",
            ),
            (
                "steal.js",
                "const fs = require('node:fs');\n\
                 const does = what => { try { what(); return true } catch { return false } };\n\
                 const read = does(() => fs.readFileSync('@KEY@'));\n\
                 const wrote = does(() => {\n\
                 const file = fs.openSync('@START@', fs.constants.O_WRONLY | fs.constants.O_APPEND);\n\
                 fs.writeSync(file, 'planted') });\n\
                 fs.writeFileSync('report', `${read} ${wrote}\\n`);\n",
            ),
        ],
    },
];

#[test]
fn scripts_of_package_managers_reach_no_key_and_no_start_file() {
    for package in PACKAGES {
        let Some((settings, scratch)) = work::own_home() else { return };
        let (key, start) = (scratch.home.join(".ssh/id_ed25519"), scratch.home.join(".bashrc"));
        let project = &scratch.project;
        for (name, text) in package.files {
            let text = text.replace("@KEY@", &key.display().to_string());
            let text = text.replace("@START@", &start.display().to_string());
            std::fs::create_dir_all(project.join(name).parent().unwrap()).unwrap();
            std::fs::write(project.join(name), text).unwrap();
        }
        let path = search(&settings);
        let launcher = Launcher::start(settings).unwrap();
        let sandbox = scratch.sandbox(&launcher);
        if !work::present(&sandbox, package.program) {
            continue;
        }
        let held = shell(&sandbox, package.command).succeeded();
        assert_eq!(held.output, "false false\n", "{}: {}", package.program, held.error);
        assert_eq!(std::fs::read_to_string(&start).unwrap(), "# clean\n");
        assert!(!project.join("report").exists());
        let free = std::process::Command::new("/bin/sh")
            .args(["-c", package.command])
            .current_dir(project)
            .env("PATH", path)
            .env("CARGO_TARGET_DIR", project.join("target"))
            .env("npm_config_cache", scratch.home.join(".npm"))
            .output()
            .unwrap();
        let told = String::from_utf8_lossy(&free.stdout);
        assert_eq!(told, "true true\n", "the control of {} proves nothing", package.program);
        assert_eq!(std::fs::read_to_string(&start).unwrap(), "# clean\nplanted");
    }
}

/// Where a program is looked up, for one that runs outside.
fn search(settings: &Settings) -> std::ffi::OsString {
    std::env::join_paths(&settings.path).unwrap()
}
