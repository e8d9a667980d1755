// SPDX-License-Identifier: Apache-2.0
//! Commands in a sandbox: output, status, limits, and the end of everything.

use std::io::{Read, Write};
use std::net::TcpListener;
use std::os::fd::AsFd;
use std::time::Duration;

use moat_base::TreePath;
use moat_sandbox::{
    Collected, Command, Error, Files, Input, Interrupt, Network, OutputSink, Plan, Sandbox, Status,
    Stream, Variable,
};
use rustix::fs::{Mode, OFlags, ResolveFlags};

use crate::support::{Scratch, leave_behind, processes_with, run, shell};

#[test]
fn a_command_runs_in_the_session_and_the_real_tree_stays_as_it_is() {
    let scratch = Scratch::new();
    std::fs::write(scratch.project.join("a.txt"), "old").unwrap();
    let launcher = scratch.launcher();
    let sandbox = scratch.sandbox(&launcher);
    assert!(sandbox.confinement().is_full());
    let shown = shell(&sandbox, "cat a.txt; echo new > a.txt; pwd; id -u; echo $HOME").succeeded();
    let (project, home) = (scratch.project.display(), scratch.home.display());
    assert_eq!(shown.output, format!("old{project}\n1000\n{home}\n"));
    assert_eq!(std::fs::read_to_string(scratch.project.join("a.txt")).unwrap(), "old");
    assert_eq!(std::fs::read_to_string(scratch.upper().join("a.txt")).unwrap(), "new\n");
    assert_eq!(shell(&sandbox, "cat a.txt").succeeded().output, "new\n");
}

#[test]
fn a_command_cannot_put_another_workspace_in_the_place_of_the_next_one_s() {
    let scratch = Scratch::new();
    let project = scratch.home.join("src/project");
    std::fs::create_dir_all(&project).unwrap();
    let launcher = scratch.launcher();
    let files = Files::CopyOnWrite {
        lowers: vec![project.clone()],
        upper: scratch.upper(),
        work: scratch.upper().with_file_name("work"),
    };
    let sandbox = Sandbox::start(&launcher, &Plan::new(&project, files).unwrap()).unwrap();
    let script = "mv ~/src ~/old && mkdir -p ~/src/project && echo fake > ~/src/project/made && \
                  cat ~/src/project/made";
    assert_eq!(shell(&sandbox, script).succeeded().output, "fake\n");
    let mut collected = Collected::default();
    let next = Command::new(["/bin/cat", "made"]);
    let refused = sandbox.run(&next, &mut collected, &Interrupt::new().unwrap()).unwrap_err();
    assert!(matches!(refused, Error::Run { .. }), "{refused}");
    assert!(collected.output.is_empty());
}

#[test]
fn the_user_s_other_programs_are_left_their_share() {
    let scratch = Scratch::new();
    let launcher = scratch.launcher();
    let sandbox = scratch.sandbox(&launcher);
    let script = "cat /proc/self/oom_score_adj /proc/sys/user/max_inotify_instances \
                  /proc/sys/user/max_user_namespaces; ulimit -c";
    // A limit of one byte is none in the blocks that the shell counts.
    assert_eq!(shell(&sandbox, script).succeeded().output, "800\n64\n0\n0\n");
    shell(&sandbox, "ulimit -c 0").succeeded();
}

#[test]
fn nothing_is_left_in_the_workspace_by_the_sandbox_itself() {
    let scratch = Scratch::new();
    let launcher = scratch.launcher();
    drop(scratch.sandbox(&launcher));
    for place in [&scratch.project, &scratch.upper()] {
        assert_eq!(std::fs::read_dir(place).unwrap().count(), 0, "{}", place.display());
    }
}

#[test]
fn the_session_s_tree_is_reached_from_outside_through_its_descriptor() {
    let scratch = Scratch::new();
    std::fs::write(scratch.project.join("a.txt"), "old").unwrap();
    let launcher = scratch.launcher();
    let sandbox = scratch.sandbox(&launcher);
    shell(&sandbox, "echo inside > a.txt").succeeded();
    let open = |name: &str, flags: OFlags| {
        let mode = if flags.contains(OFlags::CREATE) { 0o644 } else { 0 };
        rustix::fs::openat2(
            sandbox.root(),
            name,
            flags | OFlags::CLOEXEC,
            Mode::from_raw_mode(mode),
            ResolveFlags::BENEATH | ResolveFlags::NO_SYMLINKS,
        )
        .unwrap()
    };
    let mut text = String::new();
    std::fs::File::from(open("a.txt", OFlags::RDONLY)).read_to_string(&mut text).unwrap();
    assert_eq!(text, "inside\n");
    let mut file = std::fs::File::from(open("b.txt", OFlags::WRONLY | OFlags::CREATE));
    file.write_all(b"outside").unwrap();
    assert_eq!(shell(&sandbox, "cat b.txt").succeeded().output, "outside");
    assert!(!scratch.project.join("b.txt").exists());
}

#[test]
fn a_fork_lies_over_its_parent_s_changes() {
    let scratch = Scratch::new();
    std::fs::write(scratch.project.join("a.txt"), "old").unwrap();
    let launcher = scratch.launcher();
    shell(&scratch.sandbox(&launcher), "echo parent > a.txt").succeeded();
    let fork = scratch.home.join("fork");
    for name in ["upper", "work"] {
        std::fs::create_dir_all(fork.join(name)).unwrap();
    }
    let files = Files::CopyOnWrite {
        lowers: vec![scratch.upper(), scratch.project.clone()],
        upper: fork.join("upper"),
        work: fork.join("work"),
    };
    let sandbox = Sandbox::start(&launcher, &Plan::new(&scratch.project, files).unwrap()).unwrap();
    let shown = shell(&sandbox, "cat a.txt; echo fork > a.txt; cat a.txt").succeeded();
    assert_eq!(shown.output, "parent\nfork\n");
    assert_eq!(std::fs::read_to_string(scratch.upper().join("a.txt")).unwrap(), "parent\n");
}

#[test]
fn direct_mode_writes_through_but_not_into_git() {
    let scratch = Scratch::new();
    std::fs::create_dir_all(scratch.project.join(".git/hooks")).unwrap();
    let launcher = scratch.launcher();
    let plan = Plan::new(&scratch.project, Files::Direct).unwrap();
    let sandbox = Sandbox::start(&launcher, &plan).unwrap();
    let script = "echo x > a.txt; echo x > .git/hooks/post-checkout; mv .git .git2; mkdir .git/x";
    let shown = shell(&sandbox, script);
    assert!(!shown.exit.success());
    assert_eq!(std::fs::read_to_string(scratch.project.join("a.txt")).unwrap(), "x\n");
    assert_eq!(std::fs::read_dir(scratch.project.join(".git/hooks")).unwrap().count(), 0);
    assert!(!scratch.project.join(".git2").exists());
}

#[test]
fn a_read_only_workspace_takes_no_change() {
    let scratch = Scratch::new();
    std::fs::write(scratch.project.join("a.txt"), "old").unwrap();
    let launcher = scratch.launcher();
    let plan = Plan::new(&scratch.project, Files::ReadOnly).unwrap();
    let sandbox = Sandbox::start(&launcher, &plan).unwrap();
    let shown = shell(&sandbox, "cat a.txt; echo x > a.txt");
    assert!(!shown.exit.success());
    assert_eq!(shown.output, "old");
}

#[test]
fn status_input_environment_and_directory_arrive() {
    let scratch = Scratch::new();
    std::fs::create_dir(scratch.project.join("sub")).unwrap();
    let launcher = scratch.launcher();
    let sandbox = scratch.sandbox(&launcher);
    let code = |script: &str| shell(&sandbox, script).exit.status;
    assert_eq!(code("exit 3"), Status::Code(3));
    assert_eq!(code("kill -TERM $$"), Status::Signal(15));
    let mut command = Command::new(["sh", "-c", "pwd; cat; echo $A; echo error >&2; env"]);
    command.directory = TreePath::parse("sub").unwrap();
    command.input = Input::Bytes(b"input\n".to_vec());
    command.environment = vec![Variable::Set("A".into(), "b".into())];
    let shown = run(&sandbox, &command).succeeded();
    let start = format!("{}/sub\ninput\nb\n", scratch.project.display());
    assert!(shown.output.starts_with(&start), "{}", shown.output);
    assert!(!shown.output.contains("canary"), "{}", shown.output);
    assert_eq!(shown.error, "error\n");
}

#[test]
fn a_program_that_cannot_be_started_is_an_error_and_the_sandbox_lives_on() {
    let scratch = Scratch::new();
    std::fs::write(scratch.project.join("planted"), "#!/bin/sh\necho planted\n").unwrap();
    let launcher = scratch.launcher();
    let sandbox = scratch.sandbox(&launcher);
    let mut command = Command::new(["planted"]);
    for (argv, directory) in [("planted", ""), ("/nonexistent", ""), ("true", "missing")] {
        command.argv = vec![argv.into()];
        command.directory = TreePath::parse(directory).unwrap();
        let result = sandbox.run(&command, &mut Discard::default(), &Interrupt::new().unwrap());
        assert!(matches!(result, Err(Error::Run { .. })), "{argv}: {result:?}");
    }
    shell(&sandbox, "true").succeeded();
}

#[test]
fn time_output_and_interrupts_end_a_command_with_all_its_children() {
    let scratch = Scratch::new();
    let launcher = scratch.launcher();
    let sandbox = scratch.sandbox(&launcher);
    let forever = "trap '' TERM INT; (setsid sh -c 'while :; do :; done' &) ; while :; do :; done";
    let mut command = Command::new(["sh", "-c", forever]);
    command.limits.wall = Duration::from_millis(300);
    assert_eq!(run(&sandbox, &command).exit.status, Status::TimedOut);

    let mut flood = Command::new(["sh", "-c", "yes"]);
    flood.limits.output_bytes = 1000;
    flood.limits.output_bytes_kill = 4 << 20;
    let flooded = run(&sandbox, &flood);
    assert_eq!(flooded.exit.status, Status::OutputLimit);
    assert_eq!(flooded.output.len(), 1000);
    assert!(flooded.exit.output_bytes_dropped > 3 << 20);

    let interrupt = Interrupt::new().unwrap();
    let mut sink = Discard { interrupt: Some(interrupt.clone()), bytes: 0 };
    let command = Command::new(["sh", "-c", "echo ready; while :; do :; done"]);
    let exit = sandbox.run(&command, &mut sink, &interrupt).unwrap();
    assert_eq!(exit.status, Status::Interrupted);
    interrupt.clear();
    let exit = sandbox.run(&Command::new(["true"]), &mut sink, &interrupt).unwrap();
    assert_eq!(exit.status, Status::Code(0));
}

#[test]
fn a_listener_answers_inside_from_outside() {
    let scratch = Scratch::new();
    let launcher = scratch.launcher();
    let sandbox = scratch.sandbox(&launcher);
    let script = "import os,socket\n\
                  host, port = os.environ['HTTPS_PROXY'].removeprefix('http://').split(':')\n\
                  print(socket.create_connection((host, int(port))).recv(99).decode())";
    let mut command = Command::new(["/usr/bin/python3", "-c", script]);
    command.network = Network::Listener;
    let mut sink = Answering { output: Vec::new() };
    let exit = sandbox.run(&command, &mut sink, &Interrupt::new().unwrap()).unwrap();
    assert!(exit.success());
    assert_eq!(sink.output, b"from outside\n");
}

#[test]
fn what_a_command_leaves_running_dies_with_it_and_all_dies_with_the_sandbox() {
    let scratch = Scratch::new();
    let launcher = scratch.launcher();
    let sandbox = scratch.sandbox(&launcher);
    let mark = format!("moat-mark-{}", std::process::id());
    // In quick succession, so that a former command's namespaces are still being taken down.
    for round in 0..20 {
        shell(&sandbox, &leave_behind(&mark)).succeeded();
        assert_eq!(processes_with(&mark), [0; 0], "a process survived command {round}");
    }
    let root = sandbox.root().as_fd().try_clone_to_owned().unwrap();
    drop(sandbox);
    drop(root);
    assert_eq!(children(&launcher.pid().to_string()), "", "a holder survived its sandbox");
}

#[test]
fn everything_dies_when_the_launcher_is_killed() {
    let scratch = Scratch::new();
    let launcher = scratch.launcher();
    let sandbox = scratch.sandbox(&launcher);
    let mark = format!("moat-orphan-{}", std::process::id());
    let pid = i32::try_from(launcher.pid()).unwrap();
    let mut sink = Killing { pid };
    let script = format!("echo ready; : {mark}; trap '' TERM; while :; do sleep 1; done");
    let command = Command::new(["sh", "-c", &script]);
    let result = sandbox.run(&command, &mut sink, &Interrupt::new().unwrap());
    assert!(matches!(result, Err(Error::Gone)), "{result:?}");
    // Returns once the holder has ended, which it does last.
    drop(sandbox);
    assert_eq!(processes_with(&mark), [0; 0]);
}

/// The children of a process, as the kernel lists them.
pub(crate) fn children(pid: &str) -> String {
    std::fs::read_to_string(format!("/proc/{pid}/task/{pid}/children")).unwrap()
}

/// Kills the launcher as soon as the command has said something.
struct Killing {
    pid: i32,
}

impl OutputSink for Killing {
    fn output(&mut self, _stream: Stream, _bytes: &[u8]) {
        let pid = rustix::process::Pid::from_raw(self.pid).unwrap();
        rustix::process::kill_process(pid, rustix::process::Signal::KILL).unwrap();
    }
}

#[derive(Default)]
struct Discard {
    interrupt: Option<Interrupt>,
    bytes: usize,
}

impl OutputSink for Discard {
    fn output(&mut self, _stream: Stream, bytes: &[u8]) {
        self.bytes += bytes.len();
        if let Some(interrupt) = &self.interrupt {
            interrupt.trigger();
        }
    }
}

struct Answering {
    output: Vec<u8>,
}

impl OutputSink for Answering {
    fn output(&mut self, _stream: Stream, bytes: &[u8]) {
        self.output.extend_from_slice(bytes);
    }

    fn listener(&mut self, listener: TcpListener) {
        std::thread::spawn(move || {
            let (mut peer, _address) = listener.accept().unwrap();
            peer.write_all(b"from outside").unwrap();
        });
    }
}
