// SPDX-License-Identifier: Apache-2.0
//! Where a user's secrets are after a session: nowhere but where the user put them (P-16).
//!
//! Each secret has a text of its own that occurs nowhere else, so that whatever holds one
//! names its way. What a command reads from the workspace is no secret to the session: that
//! `.env` is readable there is stated, and that it is not loaded is tested.

use std::fs;
use std::os::unix::process::ExitStatusExt as _;
use std::path::Path;
use std::process::Command;

use moat_testkit::Act;
use rustix::process::Signal;

use crate::boundary::family;
use crate::support::{Home, Running, always, command_line, right, snapshot, until};
use crate::user::User;

/// Every secret begins like this, and ends with where it lies.
const MARK: &str = "s3cr3t-of-";

/// Variables that hold secrets, by their names or by their contents.
const VARIABLES: [&str; 10] = [
    "ANTHROPIC_API_KEY",
    "AWS_SECRET_ACCESS_KEY",
    "AWS_SESSION_TOKEN",
    "GH_TOKEN",
    "HTTPS_PROXY",
    "NPM_TOKEN",
    "OPENAI_API_KEY",
    "PIP_INDEX_URL",
    "PGPASSWORD",
    "PROMPT_COMMAND",
];

/// Files with secrets below the home.
const FILES: [&str; 12] = [
    ".netrc",
    ".aws/credentials",
    ".cargo/credentials.toml",
    ".config/gh/hosts.yml",
    ".docker/config.json",
    ".git-credentials",
    ".gnupg/private-keys-v1.d/key",
    ".kube/config",
    ".local/share/keyrings/login.keyring",
    ".npmrc",
    ".pypirc",
    ".ssh/id_ed25519",
];

/// Puts a secret into every place, and gives the variables.
fn seed(home: &Home) -> Vec<(&'static str, String)> {
    for name in FILES {
        let path = home.at("home").join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, format!("{MARK}home/{name}\n")).unwrap();
    }
    home.put(".env", format!("DOTENV={MARK}dotenv\nexport OTHER={MARK}dotenv-other\n"));
    let key = home.at("config/moat/model.key");
    fs::write(&key, format!("{MARK}key")).unwrap();
    let private = std::os::unix::fs::PermissionsExt::from_mode(0o600);
    fs::set_permissions(&key, private).unwrap();
    home.configure(&format!("# {MARK}config\n{}key_file = \"model.key\"\n", home.config()));
    VARIABLES.iter().map(|name| (*name, format!("{MARK}variable/{name}"))).collect()
}

/// The secrets in some bytes.
fn found(bytes: &[u8]) -> Vec<String> {
    let text = String::from_utf8_lossy(bytes);
    let ends = |character: char| character.is_whitespace() || "\"'\0\\,}".contains(character);
    text.match_indices(MARK)
        .filter_map(|(start, _)| text.get(start..)?.split(ends).next())
        .map(str::to_owned)
        .collect()
}

fn found_below(root: &Path) -> Vec<String> {
    let files = snapshot(root).into_iter();
    files
        .flat_map(|(path, bytes)| {
            found(&bytes).into_iter().map(move |secret| format!("{secret} in {}", path.display()))
        })
        .collect()
}

/// The secrets that a process shows in its arguments and its environment.
fn shown_by(pid: i32, names: &[&str]) -> Vec<String> {
    let read = |name: &&str| fs::read(format!("/proc/{pid}/{name}")).unwrap_or_default();
    names.iter().map(read).flat_map(|bytes| found(&bytes)).collect()
}

fn start(home: &Home, secrets: &[(&str, String)], arguments: &[&str]) -> Running {
    let mut command = home.moat(arguments);
    command.envs(secrets.iter().map(|(name, value)| (name, value)));
    Running::start(command)
}

/// Looks for secrets wherever a command can look, in itself and around it.
const LOOK: &str = "env; cat /proc/[0-9]*/environ /proc/[0-9]*/cmdline 2>/dev/null | tr '\\0' '\\n'; \
    find \"$HOME\" /etc /run /tmp /var /opt /root -xdev -type f -size -64k \
    ! -path \"$PWD/.env\" -exec cat {} + 2>/dev/null | grep -a -o 's3cr3t-of[-a-zA-Z0-9/._]*'; \
    for name in \"$HOME\"/.netrc \"$HOME\"/.ssh/* \"$HOME\"/.aws/*; do cat \"$name\"; done 2>/dev/null; \
    echo looked at \"$(env | wc -l)\" variables; false";

#[test]
fn no_secret_reaches_a_command_a_prompt_or_a_stored_file() {
    let home = Home::new(always(right()));
    let secrets = seed(&home);
    // The control: the same line, run plainly with this environment, sees them.
    let mut plain = Command::new("/bin/sh");
    home.enter(plain.args(["-c", "env; cat \"$HOME\"/.netrc \"$HOME\"/.ssh/*"]));
    plain.envs(secrets.iter().map(|(name, value)| (name, value)));
    let plain = Running::start(plain).end();
    assert_eq!(found(plain.out.as_bytes()).len(), VARIABLES.len() + 2, "{}", plain.out);

    let runs: [&[&str]; 9] = [
        &["exec", "-v", "--check", "env; python3 -m unittest test_calc", "fix total"],
        &["exec", "--json", "fix total"],
        &["session", "run", "--", "/bin/sh", "-c", LOOK],
        &["session", "show"],
        &["session", "list"],
        &["doctor", "--json"],
        &["config", "show"],
        &["model", "list"],
        &["log", "show"],
    ];
    for arguments in runs {
        let done = start(&home, &secrets, arguments).end();
        let said = [done.out.as_bytes(), done.err.as_bytes()].concat();
        assert_eq!(found(&said), Vec::<String>::new(), "{arguments:?}\n{}{}", done.out, done.err);
        if arguments.contains(&LOOK) {
            done.says("looked at").says("HOME=");
        }
        if arguments.contains(&"-v") {
            done.code(0).says("HOME=").says("solved");
        }
    }
    let asked = home.model.requests();
    assert!(asked.iter().any(|asked| found_text(&asked.body, "def total")), "a prompt was sent");
    for asked in &asked {
        assert_eq!(found(&asked.body), Vec::<String>::new());
        // The one place to which the key goes is the server that it was written for.
        let headers = format!("{:?}", asked.headers);
        assert_eq!(found(headers.as_bytes()), [format!("{MARK}key")]);
    }
    for place in ["state", "data", "cache", "run"] {
        assert_eq!(found_below(&home.at(place)), Vec::<String>::new(), "{place}");
    }
    // The control of that look: it finds what lies where the user put it.
    assert_eq!(found_below(&home.at("home")).len(), FILES.len());
    assert_eq!(found_below(&home.at("config")).len(), 2);
    assert_eq!(found_below(&home.project()).len(), 2);
    // It is readable as source, as every file of the workspace is.
    let read = start(&home, &secrets, &["session", "run", "--", "cat", ".env"]).end();
    assert_eq!(found(read.out.as_bytes()).len(), 2, "{}{}", read.out, read.err);
}

fn found_text(bytes: &[u8], text: &str) -> bool {
    bytes.windows(text.len()).any(|part| part == text.as_bytes())
}

#[test]
fn no_process_that_moat_starts_shows_a_secret_outside() {
    let home = Home::new(always(right()));
    let secrets = seed(&home);
    home.run(["exec", "fix total"]).code(0);
    let line = format!("sleep 86399.{}", std::process::id());
    let words: Vec<&str> = line.split(' ').collect();
    let running = start(&home, &secrets, &[&["session", "run", "--"], &words[..]].concat());
    let is_it = |pid: &i32| command_line(*pid).trim_end() == line;
    until("the command runs", || family(running.pid()).iter().any(is_it));
    let mut others: Vec<i32> =
        family(running.pid()).into_iter().filter(|pid| *pid != running.pid()).collect();
    others.extend(home.broker());
    assert!(others.len() >= 4, "launcher, holder, reaper, command, broker: {others:?}");
    for pid in others {
        let shown = shown_by(pid, &["environ", "cmdline"]);
        assert_eq!(shown, Vec::<String>::new(), "{}", command_line(pid));
    }
    assert_eq!(shown_by(running.pid(), &["cmdline"]), Vec::<String>::new());
    // The control: a program that is started plainly shows every variable.
    let mut plain = Command::new("sleep");
    plain.arg("86399").envs(secrets.iter().map(|(name, value)| (name, value)));
    let plain = Running::start(plain);
    until("it is started", || shown_by(plain.pid(), &["environ"]).len() == VARIABLES.len());
    running.signal(Signal::INT);
    running.end();
}

/// The largest core that a process may leave, as `/proc` shows it.
fn core_limit(pid: i32) -> String {
    let limits = fs::read_to_string(format!("/proc/{pid}/limits")).unwrap();
    let line = limits.lines().find_map(|line| line.strip_prefix("Max core file size")).unwrap();
    line.split_whitespace().take(2).collect::<Vec<_>>().join(" ")
}

#[test]
fn moats_processes_are_closed_to_their_own_user_and_leave_no_core() {
    let home = Home::new(always(Act::Hang));
    let secrets = seed(&home);
    let Some(user) = User::of(&home) else { return };
    let start = |program: &str, arguments: &[&str]| {
        let script = "ulimit -S -c unlimited; exec \"$@\"";
        let words = [&["-c", script, "sh", program], arguments].concat();
        let mut command = user.program(&home, "/bin/sh", &words);
        command.envs(secrets.iter().map(|(name, value)| (name, value)));
        Running::start(command)
    };
    let looks = |pid: i32| {
        let place = format!("/proc/{pid}");
        let line = format!("cat {place}/environ; readlink {place}/fd/0; head -c 0 {place}/mem");
        Running::start(user.program(&home, "/bin/sh", &["-c", &line])).end()
    };
    let moat = start(env!("CARGO_BIN_EXE_moat"), &["exec", "fix total"]);
    let plain = start("sleep", &["86398"]);
    until("the model is asked", || home.model.requests().len() == 1);
    until("it is started", || command_line(plain.pid()).starts_with("sleep"));
    // The control: a plain process of the user is open to every other one.
    let seen = looks(plain.pid());
    seen.code(0).says("/dev/null");
    assert_eq!(found(seen.out.as_bytes()).len(), VARIABLES.len());
    assert!(core_limit(plain.pid()).starts_with("unlimited"), "{}", core_limit(plain.pid()));
    let broker = home.broker().unwrap();
    for pid in [moat.pid(), broker] {
        let what = command_line(pid);
        let seen = looks(pid);
        assert!(seen.out.is_empty() && !seen.status.success(), "{what}: {}", seen.out);
        seen.says("Permission denied");
        assert_eq!(core_limit(pid), "0 0", "{what}");
    }
    let dumped = |running: Running| {
        running.signal(Signal::ABORT);
        let status = running.end().status;
        assert_eq!(status.signal(), Some(Signal::ABORT.as_raw()));
        status.core_dumped()
    };
    assert!(!dumped(moat), "Moat left a core");
    if !dumped(plain) {
        println!("not shown: this machine keeps no core of a plain program either");
    }
}
