// SPDX-License-Identifier: Apache-2.0
//! The embedded model from an imported file to an answer, with real weights.

use std::fs;
use std::io::Write as _;
use std::net::TcpListener;
use std::path::{Path, PathBuf};

use moat_protocol::{Event, Outcome};
use rustix::process::Signal;

use crate::boundary::{held, inet_sockets};
use crate::support::{Home, Running, always, command_line, right, running_with, until};

#[test]
fn an_imported_file_that_no_registry_knows_answers_under_the_id_it_was_given() {
    let home = Home::new(always(right()));
    let file = home.at("cache").join("foreign.gguf");
    fs::copy(weights(), &file).unwrap();
    // Bytes behind the last tensor change the digest and nothing else.
    fs::OpenOptions::new().append(true).open(&file).unwrap().write_all(b"foreign").unwrap();
    let file = file.to_str().unwrap();

    home.run(["model", "import", file, "--id", "No Id"]).code(2).reports("cannot be an id", "a-z");
    let taken = ["model", "import", file, "--id", TEST_MODEL];
    home.run(taken).code(2).reports("already", "another id");
    home.run(["model", "import", file, "--id", "mine"]).code(0).says("--model mine");
    home.run(["model", "list"]).code(0).says("mine");

    let explain =
        ["exec", "--json", "--model", "mine", "--kind", "explain", "what does `total` do?"];
    let done = home.run(explain);
    done.code(0);
    let Event::TurnFinished { outcome: Outcome::Answered { text }, .. } = done.last_event() else {
        panic!("{}", done.out);
    };
    assert!(!text.trim().is_empty());
    assert!(home.model.requests().is_empty(), "another model was asked");
    home.run(["model", "rm", "mine"]).code(0).says("removed mine");
}

#[test]
fn the_model_server_has_no_network_sees_no_home_and_gives_way_to_others() {
    let home = Home::new(always(right()));
    fs::write(home.at("home").join("secret"), "secret").unwrap();
    home.run(["model", "import", weights().to_str().unwrap()]).code(0);
    let explain = ["exec", "--model", TEST_MODEL, "--kind", "explain", "what does `total` do?"];
    let running = Running::start(home.moat(explain));
    // It is looked at from outside, with its weights before it.
    let mark = home.at("").display().to_string();
    let mut servers = Vec::new();
    until("the weights are loaded", || {
        servers = running_with(&mark);
        servers.retain(|pid| command_line(*pid).contains("moat model serve"));
        let maps = servers.iter().map(|pid| fs::read_to_string(format!("/proc/{pid}/maps")));
        maps.flatten().any(|maps| maps.contains("data/moat/models/"))
    });
    let [server] = servers[..] else { panic!("{servers:?} serve") };

    // A network of its own with nothing but the loopback, and no socket for any.
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let network = |of: &str| fs::read_link(format!("/proc/{of}/ns/net")).unwrap();
    let server_name = server.to_string();
    assert_ne!(network(&server_name), network("self"));
    assert_eq!(devices(&server_name), ["lo"]);
    assert_eq!(inet_sockets(&server_name), Vec::<String>::new());
    let here = inet_sockets("self");
    assert!(held(own_pid(), &here) >= 1, "the control: a socket is seen where there is one");
    assert!(fs::read_dir(format!("/proc/{server}/fd")).unwrap().count() > 0);
    assert_eq!(held(server, &here), 0);
    drop(listener);

    // Of the home it sees its weights and nothing else. The control is this process.
    let seen =
        |of: &str, path: &Path| Path::new(&format!("/proc/{of}/root{}", path.display())).exists();
    let listed = home.run(["model", "path", TEST_MODEL]);
    let weights = PathBuf::from(listed.out.trim());
    assert!(seen(&server_name, &weights), "the look into its root works");
    for name in ["home/secret", "config/moat/config.toml", "work/project/calc.py", "state/moat"] {
        let path = home.at(name);
        assert!(seen("self", &path), "{name}");
        assert!(!seen(&server_name, &path), "the model server sees {name}");
    }

    // Each of its threads lets others go first.
    let own = niceness(Path::new("/proc/thread-self/stat"));
    let threads = fs::read_dir(format!("/proc/{server}/task")).unwrap().flatten();
    let nice: Vec<i64> = threads.map(|thread| niceness(&thread.path().join("stat"))).collect();
    assert!(nice.iter().all(|nice| *nice == (own + 10).min(19)), "{nice:?} and {own}");
    running.signal(Signal::INT);
    running.end().code(130);
}

/// The devices of a process's network.
fn devices(of: &str) -> Vec<String> {
    let table = fs::read_to_string(format!("/proc/{of}/net/dev")).unwrap();
    let names = table.lines().skip(2).filter_map(|line| line.split_once(':'));
    names.map(|(name, _numbers)| name.trim().to_owned()).collect()
}

/// The niceness in a `stat` file of proc(5): field 19, counted behind the program's name.
fn niceness(stat: &Path) -> i64 {
    let text = fs::read_to_string(stat).unwrap();
    let fields = text.rsplit_once(") ").unwrap().1;
    fields.split_whitespace().nth(16).unwrap().parse().unwrap()
}

fn own_pid() -> i32 {
    i32::try_from(std::process::id()).unwrap()
}

/// The id of the weights that the tests use, in the registry.
pub(crate) const TEST_MODEL: &str = "smollm2-135m-instruct";

/// The weights that the tests use.
pub(crate) fn weights() -> PathBuf {
    let path = std::env::var_os("MOAT_TEST_MODEL");
    path.expect("MOAT_TEST_MODEL must name SmolLM2-135M as GGUF; `make test` sets it").into()
}
