// SPDX-License-Identifier: Apache-2.0
//! What an attack leaves for later: for the next command, the next session, the host, and
//! for another session at the same time.

use std::os::linux::net::SocketAddrExt as _;

use moat_sandbox::{
    Command, Error, Interrupt, Launcher, Layer, OutputSink, Sandbox, Settings, Stream,
};

use crate::support::{ATTACKER, Scratch, attack, helper, outside, run, shell};

#[test]
fn marks_for_the_overlay_that_a_command_sets_mean_nothing_to_the_next_mount() {
    let scratch = Scratch::new();
    for name in ["file", "other"] {
        std::fs::write(scratch.project.join(name), name).unwrap();
    }
    std::fs::create_dir(scratch.project.join("directory")).unwrap();
    std::fs::write(scratch.project.join("directory/file"), "below").unwrap();
    let launcher = scratch.launcher();
    let sandbox = scratch.attacked(&launcher, &[]);
    let marks = ["redirect", "opaque", "metacopy", "origin", "whiteouts"];
    let mut set = Vec::new();
    for mark in marks {
        for name in ["file", "directory"] {
            let target = scratch.project.join(name);
            let target = format!("{} user.overlay.{mark}", target.display());
            set.push(attack(&sandbox, "attribute", &target).output == "through\n");
        }
    }
    drop(sandbox);
    // What the command could set lies in the upper under an escaped name, or nowhere.
    for mark in marks {
        for name in ["file", "directory"] {
            let place = scratch.upper().join(name);
            let mut value = [0_u8; 8];
            let found = rustix::fs::lgetxattr(place, format!("user.overlay.{mark}"), &mut value);
            let set_by_command = found.is_ok_and(|length| value.get(..length) == Some(b"y"));
            assert!(!set_by_command, "{mark} on {name}");
        }
    }
    let again = scratch.sandbox(&launcher);
    let shown = shell(&again, "cat file other directory/file").succeeded();
    assert_eq!(shown.output, "fileotherbelow", "{set:?}");
    // The control: on the host such a mark is set.
    let target = scratch.project.join("file");
    let target = format!("{} user.overlay.redirect", target.display());
    assert_eq!(outside(&helper(), "attribute", &target, &scratch.project), "through\n");
}

#[test]
fn a_poisoned_cache_or_toolchain_ends_with_its_session() {
    let scratch = Scratch::new();
    let cache = scratch.home.join(".cargo/registry");
    std::fs::create_dir_all(&cache).unwrap();
    let file = cache.join("crate");
    std::fs::write(&file, "clean").unwrap();
    let launcher = scratch.launcher();
    let poisoned = scratch.attacked(&launcher, &[]);
    let target = file.display().to_string();
    assert_eq!(attack(&poisoned, "create", &target).output, "through\n");
    let read = format!("cat {target}");
    assert_eq!(shell(&poisoned, &read).succeeded().output, "attack");
    assert_eq!(std::fs::read_to_string(&file).unwrap(), "clean");
    drop(poisoned);
    assert_eq!(shell(&scratch.sandbox(&launcher), &read).succeeded().output, "clean");
    assert_eq!(outside(&helper(), "create", &target, &scratch.project), "through\n");
    assert_eq!(std::fs::read_to_string(&file).unwrap(), "attack");
}

#[test]
fn a_program_planted_in_the_session_s_home_is_not_the_one_that_moat_starts() {
    let scratch = Scratch::new();
    let mut path = vec![scratch.home.join("bin")];
    path.extend(scratch.settings().path);
    let launcher = Launcher::start(Settings { path, ..scratch.settings() }).unwrap();
    let sandbox = scratch.sandbox(&launcher);
    let plant = "mkdir -p ~/bin && printf '#!/bin/sh\\necho planted\\n' >~/bin/moat-planted && \
                 chmod +x ~/bin/moat-planted && moat-planted";
    assert_eq!(shell(&sandbox, plant).succeeded().output, "planted\n");
    let command = Command::new(["moat-planted"]);
    let started = sandbox.run(&command, &mut Nothing, &Interrupt::new().unwrap());
    assert!(matches!(started, Err(Error::Run { .. })), "{started:?}");
}

#[test]
fn the_host_s_devices_keep_their_modes_and_times() {
    let scratch = Scratch::new();
    let launcher = scratch.launcher();
    // The mode that it has already, so that the control changes nothing for anybody.
    let script = "import os, stat\n\
                  for at in ('/dev/null', 0, '/dev/urandom'):\n\
                  \x20 try: os.chmod(at, stat.S_IMODE(os.stat(at).st_mode)); print('through')\n\
                  \x20 except OSError as error: print(error.errno)";
    let answers = |sandbox: &Sandbox| {
        let command = Command::new(["/usr/bin/python3", "-c", script]);
        run(sandbox, &command).succeeded().output
    };
    let held = format!("{0}\n{0}\n{0}\n", libc::EROFS);
    assert_eq!(answers(&scratch.sandbox(&launcher)), held);
    if !rustix::process::geteuid().is_root() {
        println!("skipped: devices are root's, so that nobody else could change them anyway");
        return;
    }
    let parts = Layer::parts(&scratch.plan(), &scratch.settings()).unwrap();
    let of = |name| parts.iter().find(|(_part, known)| known == name).unwrap().0;
    let open = ["mount flags of /dev/null", "mount flags of /dev/urandom"].map(of);
    let sandbox = scratch.attacked(&launcher, &open);
    assert_eq!(answers(&sandbox), "through\nthrough\nthrough\n");
}

#[test]
fn a_session_reaches_nothing_of_another_one() {
    let (first, second) = (Scratch::new(), Scratch::new());
    let (one, two) = (first.launcher(), second.launcher());
    let listening = first.attacked(&one, &[]);
    let attacking = second.attacked(&two, &[]);
    let name = format!("moat-session-{}", std::process::id());
    // It must be seen from the same network, or the test shows nothing.
    let script = format!(
        "import os, socket\ns = socket.socket(socket.AF_UNIX)\ns.bind('\\0{name}')\ns.listen()\n\
         open('/tmp/of-the-first', 'w').write('x')\n\
         c = socket.socket(socket.AF_UNIX); c.connect('\\0{name}')\n\
         print('ready', flush=True)\nimport time\nwhile True: time.sleep(60)\n"
    );
    let mut sink = Attacking {
        sandbox: &attacking,
        questions: [
            ("abstract-socket", name.clone()),
            ("read", "/tmp/of-the-first".to_owned()),
            ("see-processes", String::new()),
            ("read", first.project.join("x").display().to_string()),
        ],
        answers: Vec::new(),
        interrupt: Interrupt::new().unwrap(),
    };
    std::fs::write(first.project.join("x"), "x").unwrap();
    let interrupt = sink.interrupt.clone();
    let command = Command::new(["/usr/bin/python3", "-c", &script]);
    listening.run(&command, &mut sink, &interrupt).unwrap();
    let held = [libc::ECONNREFUSED, libc::ENOENT, libc::ESRCH, libc::ENOENT];
    assert_eq!(sink.answers, held.map(|errno| format!("held {errno}\n")));
    // The control: the same name in the network of the attacker.
    let address = std::os::unix::net::SocketAddr::from_abstract_name(&name).unwrap();
    let _listener = std::os::unix::net::UnixListener::bind_addr(&address).unwrap();
    let there = outside(&helper(), "abstract-socket", &name, &second.project);
    assert_eq!(there, "through\n");
}

/// Attacks from another sandbox as soon as the command has said something, then ends it.
struct Attacking<'a> {
    sandbox: &'a Sandbox,
    questions: [(&'static str, String); 4],
    answers: Vec<String>,
    interrupt: Interrupt,
}

impl OutputSink for Attacking<'_> {
    fn output(&mut self, _stream: Stream, _bytes: &[u8]) {
        for (name, target) in &self.questions {
            let command = Command::new([ATTACKER, "attack", name, target]);
            self.answers.push(run(self.sandbox, &command).output);
        }
        self.interrupt.trigger();
    }
}

struct Nothing;

impl OutputSink for Nothing {
    fn output(&mut self, _stream: Stream, _bytes: &[u8]) {}
}
