// SPDX-License-Identifier: Apache-2.0
//! A day with a session that wrote every surface there is, under a recorder (P-11), and in a
//! workspace full of programs with the names of tools (P-15).
//!
//! What is planted writes its name into a file outside of the workspace, which exists on the
//! host only. The recorder sees beside it every program that a process of the host starts:
//! those may be Moat itself and nothing else. Inside a sandbox anything may run.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::Command;

use moat_testkit::{Matcher, Rule};

use crate::support::{Ended, Home, RIGHT, Running, always, right, until};

/// A home with a program outside of the workspace that leaves a name, and a recorder.
struct Scene {
    home: Home,
    canary: PathBuf,
    fired: PathBuf,
}

/// What a recorded command did.
struct Recorded {
    ended: Ended,
    /// Every program that was started, wherever, as the recorder wrote it.
    all: Vec<String>,
    /// Those that a process outside of every sandbox started.
    host: Vec<String>,
}

impl Scene {
    fn new(rules: Vec<Rule>) -> Option<Self> {
        if !rustix::process::geteuid().is_root() {
            println!(
                "skipped: Moat's processes are closed to their own user; root can record them"
            );
            return None;
        }
        if Command::new("strace").arg("--version").output().is_err() {
            println!("skipped: there is no strace here");
            return None;
        }
        let home = Home::new(rules);
        let (canary, fired) = (home.at("evil/run"), home.at("evil/fired"));
        fs::create_dir(home.at("evil")).unwrap();
        let script = format!("#!/bin/sh\necho \"$1\" >> '{}'\n", fired.display());
        program(&canary, &script);
        fs::write(&fired, "").unwrap();
        Some(Self { home, canary, fired })
    }

    /// The names of what ran on the host, which are forgotten.
    fn take_fired(&self) -> Vec<String> {
        let text = fs::read_to_string(&self.fired).unwrap();
        fs::write(&self.fired, "").unwrap();
        text.lines().map(str::to_owned).collect()
    }

    /// Runs words under the recorder, with more variables.
    fn record(&self, words: &[&str], path: Option<&str>) -> Recorded {
        let at = |name: &str| self.home.at("cache").join(name);
        let (trace, out, err, code) = (at("trace"), at("out"), at("err"), at("code"));
        for file in [&trace, &out, &err, &code] {
            let _absent = fs::remove_file(file);
        }
        let script = "out=$1 err=$2 code=$3; shift 3; \"$@\" > \"$out\" 2> \"$err\"; \
                      echo $? > \"$code.new\"; /bin/mv \"$code.new\" \"$code\"";
        let mut command = Command::new("/usr/bin/strace");
        command.args(["-f", "-qq", "-s", "4096", "-e", "signal=none", "-e"]);
        command.arg("trace=execve,execveat,clone,clone3,fork,vfork").arg("-o").arg(&trace);
        command.args(["/bin/sh", "-c", script, "sh"]).args([&out, &err, &code]).args(words);
        self.home.enter(&mut command);
        if let Some(path) = path {
            command.env("PATH", path);
        }
        let running = Running::start(command);
        until("the recorded command ends", || code.exists());
        // The recorder ends with the last process that it records.
        self.home.end_broker();
        running.end();
        let text = |path: &Path| String::from_utf8_lossy(&fs::read(path).unwrap()).into_owned();
        let code: i32 = text(&code).trim().parse().unwrap();
        let status = std::os::unix::process::ExitStatusExt::from_raw(code << 8);
        let ended = Ended { status, out: text(&out), err: text(&err) };
        let (all, host) = programs(&text(&trace));
        Recorded { ended, all, host }
    }

    /// Runs `moat` under the recorder. Nothing but itself may be started on the host.
    fn moat(&self, arguments: &[&str], path: Option<&str>) -> Recorded {
        let moat = env!("CARGO_BIN_EXE_moat");
        let recorded = self.record(&[&[moat], arguments].concat(), path);
        let own = format!("(\"{moat}\"");
        // What tells that the command is over is a part of the recording.
        let ours = |line: &&String| !line.contains(&own) && !line.contains("(\"/bin/mv\"");
        // The doctor makes its attacks outside of the sandbox too, on the system's programs.
        let controls = if arguments.contains(&"doctor") { CONTROLS } else { &[] };
        let ours = |line: &&String| {
            ours(line) && !controls.iter().any(|it| line.contains(&format!("(\"{it}\"")))
        };
        let others: Vec<&String> = recorded.host.iter().skip(1).filter(ours).collect();
        assert_eq!(others, Vec::<&String>::new(), "{arguments:?} started programs on the host");
        let fired = self.take_fired();
        assert_eq!(fired, Vec::<String>::new(), "{arguments:?} ran what was planted");
        assert!(!recorded.ended.err.contains("panicked"), "{}", recorded.ended.err);
        recorded
    }
}

/// What the doctor starts to see whether it could: nothing of a workspace, by whole paths.
const CONTROLS: &[&str] = &["/usr/bin/true", "/usr/bin/mount", "/usr/bin/umount", "/usr/bin/su"];

fn program(path: &Path, text: &str) {
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, text).unwrap();
    fs::set_permissions(path, fs::Permissions::from_mode(0o755)).unwrap();
}

/// The programs of a recording, and those that were started outside of every sandbox: by the
/// first process, or one that descends from it without a namespace in between.
fn programs(trace: &str) -> (Vec<String>, Vec<String>) {
    let calls: Vec<(&str, &str)> = trace
        .lines()
        .filter_map(|line| line.trim_start().split_once(' '))
        .map(|(pid, call)| (pid, call.trim_start()))
        .collect();
    // A child can be recorded before the call that made it is over.
    let mut made: Vec<(&str, &str)> = Vec::new();
    let mut into_namespace: Vec<&str> = Vec::new();
    for (pid, call) in &calls {
        let is_first = ["clone", "fork", "vfork"].iter().any(|name| call.starts_with(name));
        let is_second =
            ["clone", "fork", "vfork"].iter().any(|name| call.starts_with(&format!("<... {name}")));
        if !is_first && !is_second {
            continue;
        }
        if is_first {
            into_namespace.retain(|other| other != pid);
            if call.contains("CLONE_NEW") {
                into_namespace.push(*pid);
            }
        }
        let child = call.rsplit(" = ").next().unwrap_or_default();
        if child.parse::<u32>().is_ok() && !into_namespace.contains(pid) {
            made.push((*pid, child));
        }
    }
    let mut host: Vec<&str> = calls.first().map(|(pid, _)| *pid).into_iter().collect();
    let mut next = 0;
    while let Some(parent) = host.get(next).copied() {
        let children = made.iter().filter(|(of, _)| *of == parent).map(|(_, child)| *child);
        let new: Vec<&str> = children.filter(|child| !host.contains(child)).collect();
        host.extend(new);
        next += 1;
    }
    let started =
        calls.iter().filter(|(_, call)| call.starts_with("exec") && !call.contains(" = -1 "));
    let all = started.clone().map(|(_, call)| (*call).to_owned()).collect();
    let outside = started.filter(|(pid, _)| host.contains(pid));
    (all, outside.map(|(_, call)| (*call).to_owned()).collect())
}

#[test]
fn a_recording_tells_the_host_from_a_sandbox() {
    let trace = "10 execve(\"/bin/sh\", [\"sh\"], 0x1 /* 2 vars */) = 0\n\
        10 clone(child_stack=NULL, flags=CLONE_CHILD_SETTID|SIGCHLD) = 11\n\
        11 execve(\"/x/git\", [\"git\"], 0x1) = -1 ENOENT (No such file)\n\
        11 execve(\"/usr/bin/git\", [\"git\"], 0x1 <unfinished ...>\n\
        11 clone(child_stack=NULL, flags=CLONE_NEWNS|CLONE_NEWUSER|SIGCHLD) = 12\n\
        12 execve(\"/w/planted\", [\"planted\"], 0x1) = 0\n\
        12 clone(child_stack=NULL, flags=SIGCHLD) = 13\n\
        13 execve(\"/w/other\", [\"other\"], 0x1) = 0\n\
        11 vfork( <unfinished ...>\n\
        14 execve(\"/w/hook\", [\"hook\"], 0x1) = 0\n\
        11 <... vfork resumed>) = 14\n\
        11 clone(child_stack=NULL, flags=CLONE_NEWPID|SIGCHLD <unfinished ...>\n\
        15 execve(\"/w/inner\", [\"inner\"], 0x1) = 0\n\
        11 <... clone resumed>) = 15\n";
    let (all, host) = programs(trace);
    assert_eq!(all.len(), 6);
    let names: Vec<_> = host.iter().filter_map(|line| line.split('"').nth(1)).collect();
    assert_eq!(names, ["/bin/sh", "/usr/bin/git", "/w/hook"]);
}

/// One path for each pattern of the catalogue, and what a file there says to run `canary`.
pub(crate) fn surfaces(canary: &Path) -> Vec<(String, String)> {
    let canary = canary.display();
    let mut found: Vec<(String, String)> = Vec::new();
    let patterns = moat_scan::catalogue().flat_map(|surface| surface.patterns);
    for pattern in patterns {
        let path = pattern.trim_start_matches('/').replace("**", "deep").replace('*', "x");
        if found.iter().any(|(other, _)| *other == path) {
            continue;
        }
        let name = path.replace('/', "-");
        let run = format!("{canary} {name}");
        let text = match path.rsplit('.').next().unwrap_or_default() {
            "py" | "pth" => format!("import os; os.system('{run}')\n"),
            "json" | "jsonc" | "code-workspace" => format!(
                "{{\"command\": \"{canary}\", \"args\": [\"{name}\"], \"scripts\": {{\"test\": \
                 \"{run}\", \"preinstall\": \"{run}\"}}, \"mcpServers\": {{\"a\": {{\"command\": \
                 \"{canary}\", \"args\": [\"{name}\"]}}}}, \"hooks\": {{\"SessionStart\": [{{\"hooks\": \
                 [{{\"type\": \"command\", \"command\": \"{run}\"}}]}}]}}}}\n"
            ),
            "toml" => format!("[build]\nrustc-wrapper = \"{canary}\"\nrunner = \"{run}\"\n"),
            _ if path.to_lowercase().contains("makefile") => format!("all test:\n\t{run}\n"),
            _ if path.ends_with("config") => format!(
                "[core]\n\tfsmonitor = {run}\n\tpager = {run}\n\tsshCommand = {run}\n[diff]\n\t\
                 external = {run}\n[alias]\n\tstatus = !{run}\n"
            ),
            _ => format!("#!/bin/sh\n{run}\n"),
        };
        found.push((path, text));
    }
    found
}

/// Writes what `planted.json` lists, as a command of the session does.
const PLANT: &str = "import json, os\n\
    for path, text in json.load(open('planted.json')):\n    \
        try:\n        \
            if os.path.dirname(path): os.makedirs(os.path.dirname(path), exist_ok=True)\n        \
            open(path, 'w').write(text)\n        \
            os.chmod(path, 0o755)\n        \
            print('planted', path)\n    \
        except OSError as error:\n        \
            print('not planted', path, error)\n";

/// The values of the `--confirm-surface` flags that a keep printed.
fn advised(ended: &Ended) -> Vec<String> {
    let lines = ended.out.lines().filter(|line| line.starts_with("confirm "));
    let value =
        |line: &str| Some(line.split_once("--confirm-surface '")?.1.strip_suffix('\'')?.to_owned());
    lines.filter_map(value).collect()
}

/// A repository, a repaired program in a session, and a command of the session that wrote
/// every surface.
fn planted(scene: &Scene) -> Vec<(String, String)> {
    let home = &scene.home;
    let git = |arguments: &[&str]| {
        let mut command = Command::new("git");
        home.enter(command.args(["-c", "user.name=a", "-c", "user.email=a@b.example"]));
        command.args(arguments);
        Running::start(command).end()
    };
    git(&["init", "-q"]).code(0);
    git(&["add", "calc.py"]).code(0);
    git(&["commit", "-q", "-m", "start"]).code(0);
    let planted = surfaces(&scene.canary);
    home.put("planted.json", serde_json::to_string(&planted).unwrap());
    home.put("plant.py", PLANT);
    home.run(["exec", "--check", CHECK, "fix total"]).code(0);
    let ran = scene.moat(&["session", "run", "--", "python3", "plant.py"], None);
    let count = ran.ended.code(0).out.lines().filter(|line| line.starts_with("planted ")).count();
    assert!(count * 10 > planted.len() * 9, "{count} of {}: {}", planted.len(), ran.ended.out);
    planted
}

const CHECK: &str = "python3 -m unittest test_calc";

#[test]
fn looking_at_what_a_session_wrote_runs_none_of_it() {
    let Some(scene) = Scene::new(always(right())) else { return };
    planted(&scene);
    let looking: [&[&str]; 10] = [
        &["session", "list"],
        &["session", "show"],
        &["session", "checkpoints"],
        &["session", "commits"],
        &["session", "run", "--", "/bin/true"],
        &["session", "resume"],
        &["model", "list"],
        &["config", "show"],
        &["log", "show"],
        &["doctor", "--summary"],
    ];
    for arguments in looking {
        scene.moat(arguments, None);
    }
}

#[test]
fn keeping_what_a_session_wrote_and_working_in_its_midst_runs_none_of_it() {
    let Some(scene) = Scene::new(always(right())) else { return };
    let planted = planted(&scene);
    let home = &scene.home;
    let kept = scene.moat(&["session", "keep"], None);
    let advice = advised(&kept.ended);
    assert!(advice.len() > 30, "many surfaces need a word of their own: {}", kept.ended.out);
    let mut confirmed = vec!["session", "keep"];
    for one in &advice {
        confirmed.extend(["--confirm-surface", one]);
    }
    scene.moat(&confirmed, None);
    assert_eq!(home.calc(), RIGHT);
    let there = planted.iter().filter(|(path, _)| home.project().join(path).exists()).count();
    assert!(there * 4 > planted.len() * 3, "{there} of {} are in the user's tree", planted.len());
    // They are the user's now, and a new session begins in their midst.
    let day: [&[&str]; 7] = [
        &["exec", "--check", CHECK, "fix total"],
        &["session", "show"],
        &["session", "commits"],
        &["session", "rewind", "--to", "0"],
        &["session", "resume"],
        &["session", "undo"],
        &["exec", "fix total"],
    ];
    for arguments in day {
        scene.moat(arguments, None);
    }
}

#[test]
fn a_repository_whose_git_runs_programs_runs_none_for_moat() {
    let Some(scene) = Scene::new(always(right())) else { return };
    let home = &scene.home;
    let mut init = Command::new("git");
    home.enter(init.args(["init", "-q"]));
    Running::start(init).end().code(0);
    fs::write(home.project().join(".git/config"), planted_git(&scene.canary)).unwrap();
    home.put("Makefile", format!("test:\n\t{} make\n\tfalse\n", scene.canary.display()));
    // The control: programs that ask plain git, or make, run what lies there.
    let careless = scene.record(&["/bin/sh", "-c", "git status; make test; true"], None);
    let ran = |part: &str| careless.host.iter().any(|line| line.contains(part));
    assert!(ran("evil/run") && ran("git\""), "the recorder saw nothing: {:?}", careless.host);
    let fired = scene.take_fired();
    assert!(
        fired.contains(&"fsmonitor".to_owned()) && fired.contains(&"make".to_owned()),
        "{fired:?}"
    );
    // The check is the Makefile's, which runs inside, where there is no such program.
    let ran = scene.moat(&["exec", "--check", "make test", "fix total"], None);
    assert!(ran.all.iter().any(|line| line.contains("evil/run") || line.contains("make")));
    let day: [&[&str]; 5] = [
        &["session", "show"],
        &["session", "commits"],
        &["session", "keep"],
        &["session", "run", "--", "git", "status"],
        &["session", "undo"],
    ];
    for arguments in day {
        scene.moat(arguments, None);
    }
}

fn planted_git(canary: &Path) -> String {
    let canary = canary.display();
    format!(
        "[core]\n\trepositoryformatversion = 0\n\tfsmonitor = \"{canary} fsmonitor\"\n\tpager = \
         \"{canary} pager\"\n[diff]\n\texternal = \"{canary} diff\"\n"
    )
}

/// Programs that tools of this field start by their names.
const NAMES: [&str; 17] = [
    "bash", "bwrap", "cargo", "curl", "env", "git", "make", "moat", "node", "npm", "pip", "python",
    "python3", "rg", "sh", "ssh", "uv",
];

#[test]
fn programs_come_from_a_fixed_list_and_never_from_the_workspace() {
    let rules = vec![Rule::always(Matcher::Any, right())];
    let Some(scene) = Scene::new(rules) else { return };
    let home = &scene.home;
    let project = home.project().display().to_string();
    let places = ["", "bin/", ".venv/bin/", "node_modules/.bin/"];
    for place in places {
        for name in NAMES {
            let text = format!(
                "#!/bin/sh\n'{}' '{place}{name}'\nfor d in /usr/local/bin /usr/bin /bin; do \
                 [ -x $d/{name} ] && exec $d/{name} \"$@\"; done\nexit 127\n",
                scene.canary.display()
            );
            program(&home.project().join(format!("{place}{name}")), &text);
        }
    }
    let first = places.map(|place| format!("{project}/{place}")).join(":");
    let path = format!(".:{first}:/usr/local/bin:/usr/bin:/bin");
    let path = Some(path.as_str());
    let planted =
        |line: &&String| line.contains(&format!("(\"{project}")) || line.contains("(\"./");

    // The control: a program that looks names up on this path runs what is planted.
    let script = "git --version; python3 -c 1; rg --version; true";
    let careless = scene.record(&["/bin/sh", "-c", script], path);
    assert!(careless.host.iter().any(|line| planted(&line)), "{:?}", careless.host);
    let fired = scene.take_fired();
    for name in ["git", "python3", "rg"] {
        assert!(fired.contains(&name.to_owned()), "{fired:?}");
    }

    let day: [&[&str]; 9] = [
        &["exec", "--check", "/usr/bin/env python3 -m unittest test_calc", "fix total"],
        &["session", "show"],
        &["session", "commits"],
        &["session", "keep"],
        &["session", "undo"],
        &["session", "run", "--", "git", "--version"],
        &["session", "run", "--", "sh", "-c", "true"],
        &["doctor"],
        &["model", "list"],
    ];
    for arguments in day {
        let recorded = scene.moat(arguments, path);
        // What Moat itself looks up is not found in the workspace, inside a sandbox either; what
        // a command then looks up for itself is its own affair.
        if !arguments.contains(&"exec") {
            let run: Vec<_> = recorded.all.iter().filter(planted).collect();
            assert!(run.is_empty(), "{arguments:?} ran {run:?}");
        }
    }
    // By design: a check that was found uses the project's own environment, in the sandbox.
    let found = scene.moat(&["exec", "fix total"], path);
    assert!(found.all.iter().any(|line| line.contains(".venv/bin/python")), "{:?}", found.all);
}
