// SPDX-License-Identifier: Apache-2.0
//! Services, and processes of Moat that confine themselves.

use std::io::Read;
use std::net::TcpListener;
use std::os::fd::OwnedFd;
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::{Path, PathBuf};

use moat_sandbox::{Launcher, Service, ServiceConfinement, ServiceProcess, start_service};
use rustix::event::{PollFd, PollFlags, Timespec};
use rustix::process::{Pid, PidfdFlags};

use crate::support::{Scratch, helper, shell};

#[test]
fn a_sealed_service_answers_and_reaches_nothing() {
    let scratch = Scratch::new();
    let weights = scratch.home.join("weights");
    std::fs::write(&weights, "weights").unwrap();
    let tcp = TcpListener::bind("127.0.0.1:0").unwrap();
    let key = scratch.home.join(".ssh/id_ed25519").display().to_string();
    let questions = [
        ("read", weights.display().to_string()),
        ("read", key),
        ("tcp", tcp.local_addr().unwrap().to_string()),
        ("read", format!("/proc/{}/environ", std::process::id())),
        ("user-namespace", String::new()),
        ("create", "/tmp/x".to_owned()),
    ];
    let read = vec![weights];
    let sealed = ask(&scratch, ServiceConfinement::Sealed { read }, &questions);
    assert_eq!(
        sealed,
        format!(
            "through\nheld {}\nheld {}\nheld {}\nheld {}\nthrough\n",
            libc::ENOENT,
            libc::EAFNOSUPPORT,
            libc::ENOENT,
            libc::EPERM
        )
    );
    let own = ask(&scratch, ServiceConfinement::Own, &questions[..4]);
    assert_eq!(own, "through\nthrough\nthrough\nthrough\n");
}

#[test]
fn a_launcher_that_gave_the_network_up_starts_nothing_that_has_one() {
    let scratch = Scratch::new();
    let tcp = TcpListener::bind("127.0.0.1:0").unwrap();
    let questions = [("tcp", tcp.local_addr().unwrap().to_string())];
    let network = |launcher: &Launcher| {
        std::fs::read_link(format!("/proc/{}/ns/net", launcher.pid())).unwrap()
    };
    let own = |launcher: &Launcher| {
        let (service, place) = service(&scratch, ServiceConfinement::Own, &questions);
        let started = start_service(launcher, service);
        let answered = started.map(|started| answer(started, &place));
        std::fs::remove_file(place).unwrap();
        answered
    };
    let host = std::fs::read_link("/proc/self/ns/net").unwrap();
    let control = scratch.launcher();
    assert_eq!(own(&control).unwrap(), "through\n");
    assert_eq!(network(&control), host);
    let told = scratch.launcher();
    told.give_up_network().unwrap();
    let holding = scratch.launcher();
    let sandbox = scratch.sandbox(&holding);
    for launcher in [&told, &holding] {
        let refused = own(launcher).unwrap_err();
        assert!(refused.to_string().ends_with("has given up the network already"), "{refused}");
        assert_ne!(network(launcher), host);
    }
    shell(&sandbox, "true").succeeded();
    shell(&scratch.sandbox(&told), "true").succeeded();
}

#[test]
fn a_process_that_gave_up_inet_cannot_take_it_back() {
    let scratch = Scratch::new();
    let tcp = TcpListener::bind("127.0.0.1:0").unwrap();
    let questions = [("tcp", tcp.local_addr().unwrap().to_string()), ("io-uring", String::new())];
    let lost = confined("give-up-inet", &scratch, &questions);
    assert_eq!(lost, format!("held {}\nheld {}\n", libc::EAFNOSUPPORT, libc::ENOSYS));
    assert_eq!(confined("nothing", &scratch, &questions), "through\nthrough\n");
}

#[test]
fn a_process_that_confined_itself_keeps_its_files_and_sockets_only() {
    let scratch = Scratch::new();
    let tcp = TcpListener::bind("127.0.0.1:0").unwrap();
    let kept = scratch.project.join("kept");
    let questions = [
        ("tcp", tcp.local_addr().unwrap().to_string()),
        ("create", kept.display().to_string()),
        ("read", scratch.home.join(".ssh/id_ed25519").display().to_string()),
        ("trace", String::new()),
    ];
    let output = confined("confine-self", &scratch, &questions);
    assert_eq!(output, format!("through\nthrough\nheld {}\nheld {}\n", libc::EACCES, libc::EPERM));
    assert_eq!(confined("nothing", &scratch, &questions), "through\n".repeat(4));
}

/// The helper as a service on an inherited socket, and the socket's place.
fn service(
    scratch: &Scratch,
    confinement: ServiceConfinement,
    questions: &[(&str, String)],
) -> (Service, PathBuf) {
    let place = scratch.home.join("service.sock");
    let listener = UnixListener::bind(&place).unwrap();
    let mut argv = vec![helper().into_os_string(), "serve".into()];
    argv.extend(words(questions));
    let service = Service {
        name: "test".to_owned(),
        argv,
        environment: Vec::new(),
        confinement,
        inherited: vec![OwnedFd::from(listener)],
        log: std::fs::File::create(scratch.home.join("log")).unwrap().into(),
        nice: 5,
    };
    (service, place)
}

/// Starts the helper as a service that answers on an inherited socket with what its attacks gave.
fn ask(scratch: &Scratch, confinement: ServiceConfinement, questions: &[(&str, String)]) -> String {
    let launcher = scratch.launcher();
    let (service, place) = service(scratch, confinement, questions);
    let started = start_service(&launcher, service).unwrap();
    // It lives on without the launcher.
    drop(launcher);
    let said = answer(started, &place);
    std::fs::remove_file(place).unwrap();
    said
}

/// What a service answers. It has ended when this returns: a service lives for itself, so
/// whoever starts one in a test and does not ask it leaves it behind for ever.
fn answer(started: ServiceProcess, place: &Path) -> String {
    let process = Pid::from_raw(started.pid).unwrap();
    let process = rustix::process::pidfd_open(process, PidfdFlags::empty()).unwrap();
    let mut said = String::new();
    UnixStream::connect(place).unwrap().read_to_string(&mut said).unwrap();
    let wait = Timespec { tv_sec: SERVICE_ENDS_S, tv_nsec: 0 };
    let mut fds = [PollFd::new(&process, PollFlags::IN)];
    assert_eq!(rustix::event::poll(&mut fds, Some(&wait)), Ok(1), "the service does not end");
    said
}

/// Far longer than a service takes to end.
const SERVICE_ENDS_S: i64 = 100;

/// Runs the helper so that it first gives rights up as `how` says.
fn confined(how: &str, scratch: &Scratch, questions: &[(&str, String)]) -> String {
    let output = std::process::Command::new(helper())
        .arg(how)
        .arg::<&Path>(&scratch.project)
        .args(words(questions))
        .output()
        .unwrap();
    assert!(output.status.success(), "{output:?}");
    String::from_utf8(output.stdout).unwrap()
}

fn words(questions: &[(&str, String)]) -> Vec<std::ffi::OsString> {
    questions.iter().flat_map(|(name, target)| [name.into(), target.into()]).collect()
}
