// SPDX-License-Identifier: Apache-2.0
//! What a run leaves behind, and who can reach the network while it runs.

use std::fs;
use std::io::Read as _;
use std::process::{Command, Stdio};

use moat_testkit::Act;
use rustix::process::Signal;

use crate::support::{Home, Running, always, command_line, right, running_with, snapshot, until};

/// Inodes of the sockets of the IPv4 and IPv6 families in the network of a process.
pub(crate) fn inet_sockets(of: &str) -> Vec<String> {
    let tables = ["tcp", "tcp6", "udp", "udp6", "raw", "raw6", "icmp", "icmp6"];
    let tables = tables.map(|name| fs::read_to_string(format!("/proc/{of}/net/{name}")));
    let lines = tables.into_iter().flatten().collect::<Vec<_>>().join("\n");
    let inodes = lines.lines().filter_map(|line| line.split_whitespace().nth(9));
    inodes.filter(|word| word.parse::<u64>().is_ok()).map(str::to_owned).collect()
}

/// How many network sockets a process holds.
pub(crate) fn held(pid: i32, inet: &[String]) -> usize {
    let descriptors = fs::read_dir(format!("/proc/{pid}/fd")).into_iter().flatten().flatten();
    let targets = descriptors.filter_map(|entry| fs::read_link(entry.path()).ok());
    targets
        .filter(|target| {
            let text = target.to_string_lossy();
            let inode = text.strip_prefix("socket:[").and_then(|rest| rest.strip_suffix(']'));
            inode.is_some_and(|inode| inet.iter().any(|one| one == inode))
        })
        .count()
}

fn status(pid: i32, field: &str) -> String {
    let text = fs::read_to_string(format!("/proc/{pid}/status")).unwrap();
    let line = text.lines().find(|line| line.starts_with(field)).unwrap();
    line.split(':').nth(1).unwrap().trim().to_owned()
}

/// What a program says that connects to `port` of the host from the namespaces of a process.
fn connected_from(pid: i32, port: u16) -> String {
    let program = format!(
        "import socket\n\
         try:\n    socket.create_connection(('127.0.0.1', {port}), 5)\n    print('REACHED')\n\
         except OSError as error:\n    print(error)\n"
    );
    let other = |kind: &str| {
        let of = |pid: &str| fs::read_link(format!("/proc/{pid}/ns/{kind}")).unwrap();
        of(&pid.to_string()) != of("self")
    };
    // One's own user namespace cannot be entered again, and an ordinary user enters none
    // that belongs to it.
    let mut command = Command::new("nsenter");
    command.args(["--target", &pid.to_string()]);
    if other("user") {
        command.args(["--user", "--preserve-credentials"]);
    }
    if other("net") {
        command.arg("--net");
    }
    let output = command.args(["--", "python3", "-c", &program]).output().unwrap();
    let said = [output.stdout, output.stderr].concat();
    String::from_utf8_lossy(&said).trim().to_owned()
}

/// A process and everything below it.
pub(crate) fn family(pid: i32) -> Vec<i32> {
    let mut found = vec![pid];
    let mut next = 0;
    while let Some(parent) = found.get(next) {
        let tasks = fs::read_dir(format!("/proc/{parent}/task")).into_iter().flatten().flatten();
        let children =
            tasks.filter_map(|task| fs::read_to_string(task.path().join("children")).ok());
        let children: Vec<i32> = children
            .flat_map(|text| {
                text.split_whitespace().filter_map(|word| word.parse().ok()).collect::<Vec<_>>()
            })
            .collect();
        found.extend(children);
        next += 1;
    }
    found
}

#[test]
fn only_the_broker_has_network_sockets_while_a_request_is_in_flight() {
    if !rustix::process::geteuid().is_root() {
        println!("skipped: Moat's processes are closed to their own user; only root looks in");
        return;
    }
    let home = Home::new(always(Act::Hang));
    let running = Running::start(home.moat(["exec", "fix total"]));
    until("the model is asked", || home.model.requests().len() == 1);
    let broker = home.broker().unwrap();
    let inet = inet_sockets("self");
    assert!(held(broker, &inet) >= 1, "the broker holds the connection");
    let own: Vec<i32> = family(running.pid()).into_iter().filter(|pid| *pid != broker).collect();
    assert!(own.len() >= 3, "the front end, the launcher and the session's holder: {own:?}");
    for pid in &own {
        let what = command_line(*pid);
        assert_eq!(held(*pid, &inet), 0, "{what} holds a network socket");
    }
    // The front end filters its own calls; commands are in a network of their own.
    assert_eq!(status(running.pid(), "Seccomp"), "2");
    assert_eq!(status(running.pid(), "NoNewPrivs"), "1");
    let network = |pid: i32| fs::read_link(format!("/proc/{pid}/ns/net")).ok();
    // The others cannot be filtered, since commands have a loopback device: they are
    // in networks of their own.
    assert!(network(broker).is_some() && network(broker) == network(running.pid()));
    let free = |pid: &&i32| network(**pid) == network(broker) && status(**pid, "Seccomp") == "0";
    let free: Vec<String> = own.iter().filter(free).map(|pid| command_line(*pid)).collect();
    assert_eq!(free, Vec::<String>::new());
    // Tried from where each of them stands, and from where the broker does.
    let server = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = server.local_addr().unwrap().port();
    assert_eq!(connected_from(broker, port), "REACHED");
    // The holder is closed to its own user too; root may stand there as well.
    let elsewhere =
        own.iter().filter(|pid| network(**pid).is_some_and(|other| Some(other) != network(broker)));
    let tried: Vec<String> = elsewhere.map(|pid| connected_from(*pid, port)).collect();
    assert!(!tried.is_empty(), "the launcher can be entered");
    let nowhere = |said: &String| said.contains("unreachable") || said.contains("refused");
    assert!(tried.iter().all(nowhere), "{tried:?}");
    running.signal(Signal::INT);
    running.end().code(130);
}

#[test]
fn a_check_cannot_reach_the_network_nor_the_brokers_socket() {
    let home = Home::new(always(right()));
    let server = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = server.local_addr().unwrap().port();
    // A datagram into a network of one's own is sent and arrives nowhere.
    let datagrams = std::net::UdpSocket::bind(("127.0.0.1", port)).unwrap();
    datagrams.set_nonblocking(true).unwrap();
    let program = format!(
        "import socket, os\n\
         def tried(name, go):\n    \
             try:\n        go()\n        print('REACHED', name)\n    \
             except OSError as error:\n        print('refused', name, error)\n\
         tried('tcp', lambda: socket.create_connection(('127.0.0.1', {port}), 2))\n\
         tried('udp', lambda: socket.socket(socket.AF_INET, socket.SOCK_DGRAM).sendto(b'x', ('127.0.0.1', {port})))\n\
         tried('name', lambda: socket.getaddrinfo('example.com', 80))\n\
         tried('broker', lambda: socket.socket(socket.AF_UNIX).connect('{run}/moat/broker.sock'))\n\
         tried('key', lambda: open('{state}/moat/session.key', 'rb').read())\n\
         tried('config', lambda: open('{config}/moat/config.toml').read())\n",
        run = home.at("run").display(),
        state = home.at("state").display(),
        config = home.at("config").display(),
    );
    home.put("attack.py", &program);
    // The control: outside of the sandbox everything is reached.
    let mut control = Command::new("python3");
    home.enter(control.arg("attack.py"));
    home.run(["exec", "fix total"]).code(0);
    let free = Running::start(control).end();
    for name in ["tcp", "udp", "broker", "key", "config"] {
        free.says(&format!("REACHED {name}"));
    }
    let mut datagram = [0; 8];
    assert_eq!(datagrams.recv(&mut datagram).unwrap(), 1);
    let done = home.run(["exec", "-v", "--check", "python3 attack.py; false", "fix total"]);
    for name in ["tcp", "name", "broker", "key", "config"] {
        done.says(&format!("refused {name}"));
        assert!(!done.out.contains(&format!("REACHED {name}")), "{}", done.out);
    }
    assert!(datagrams.recv(&mut datagram).is_err(), "a datagram came out of the sandbox");
}

#[test]
fn a_run_leaves_no_process_mount_or_file_outside_its_places() {
    let home = Home::new(always(right()));
    let before = snapshot(&home.project());
    let mounts = || fs::read_to_string("/proc/self/mountinfo").unwrap();
    let mark = home.at("").display().to_string();
    let moat = Running::start(home.moat(["exec", "fix total"]));
    moat.end().code(0);
    assert_eq!(snapshot(&home.project()), before);
    assert!(!mounts().contains(&mark), "{}", mounts());
    until("only the broker is left", || {
        home.processes().iter().all(|(_, line)| line.ends_with("moat broker"))
    });
    assert_eq!(home.processes().len(), 1);
    assert!(running_with("moat sandbox-init").iter().all(|pid| {
        !fs::read(format!("/proc/{pid}/environ"))
            .unwrap_or_default()
            .windows(mark.len())
            .any(|part| part == mark.as_bytes())
    }));
    for place in ["home", "data", "config/moat", "cache"] {
        let names: Vec<_> = snapshot(&home.at(place)).into_iter().map(|(path, _)| path).collect();
        let expected = usize::from(place == "config/moat");
        assert_eq!(names.len(), expected, "{names:?}");
    }
}

#[test]
fn commands_that_only_look_give_up_network_sockets_too() {
    let home = Home::new(always(right()));
    let filtered = |arguments: &[&str]| {
        let trace = home.at("cache").join("trace");
        let mut command = Command::new("strace");
        command.args(["-f", "-e", "trace=seccomp", "-o"]).arg(&trace);
        command.arg(env!("CARGO_BIN_EXE_moat")).args(arguments);
        home.enter(&mut command);
        Running::start(command).end().code(0);
        fs::read_to_string(trace).unwrap().contains("SECCOMP_SET_MODE_FILTER")
    };
    if Command::new("strace").arg("--version").output().is_err() {
        println!("not run: there is no strace here");
        return;
    }
    let looking = [["session", "list"], ["model", "list"], ["log", "verify"], ["config", "show"]];
    for arguments in looking {
        assert!(filtered(&arguments), "{arguments:?} keeps network sockets");
    }
    // The version is answered before anything is read: what is looked for is no constant.
    assert!(!filtered(&["--version"]));
}

#[test]
fn a_reader_that_goes_away_is_no_error() {
    let home = Home::new(always(right()));
    home.run(["exec", "fix total"]).code(0);
    for arguments in [&["session", "list"][..], &["session", "show"], &["log", "show"], &["--help"]]
    {
        let mut command = home.moat(arguments);
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        drop(child.stdout.take());
        let mut said = String::new();
        child.stderr.take().unwrap().read_to_string(&mut said).unwrap();
        let status = child.wait().unwrap();
        assert_eq!((status.code(), said.as_str()), (Some(0), ""), "{arguments:?}");
    }
    let mut command = home.moat(["exec", "fix total"]);
    let mut child = command.stdout(Stdio::piped()).spawn().unwrap();
    drop(child.stdout.take());
    assert_eq!(child.wait().unwrap().code(), Some(0));
    assert_eq!(home.sessions().len(), 2);
}
