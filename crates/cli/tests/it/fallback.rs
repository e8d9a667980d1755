// SPDX-License-Identifier: Apache-2.0
//! Machines that give less than the full sandbox: what a person is told there, what is
//! asked and what is refused.
//!
//! A machine is an outer user namespace in which the kernel gives fewer further ones, as
//! in the sandbox's own tests of the ladder. Those show what holds on each; here it is the
//! whole program.

use std::process::Command;

use moat_protocol::{Event, Outcome};

use crate::approval::Terminal;
use crate::support::{Ended, Home, RIGHT, Running, WRONG, always, right, snapshot, until};

/// A machine that lacks something.
struct Machine {
    /// Run by a shell that is root of an outer user namespace with mounts of its own.
    made_by: &'static str,
    /// The name of the step that is left.
    step: &'static str,
    /// An effect that is lost there.
    lost: &'static str,
}

const MACHINES: [Machine; 2] = [
    Machine {
        made_by: "echo 0 >/proc/sys/user/max_pid_namespaces && exec \"$@\"",
        step: "shared namespaces",
        lost: "other processes are out of reach",
    },
    Machine {
        made_by: "echo 0 >/proc/sys/user/max_user_namespaces && \
                  exec setpriv --bounding-set=-all --inh-caps=-all \"$@\"",
        step: "rules only",
        lost: "other processes are out of reach",
    },
];

impl Machine {
    /// The words that run `moat` on this machine.
    fn words<'a>(&self, arguments: &[&'a str]) -> Vec<&'a str>
    where
        Self: 'a,
    {
        let outer = ["unshare", "--user", "--map-root-user", "--mount", "sh", "-c", self.made_by];
        let moat = ["sh", env!("CARGO_BIN_EXE_moat")];
        outer.into_iter().chain(moat).chain(arguments.iter().copied()).collect()
    }

    fn run(&self, home: &Home, arguments: &[&str]) -> Ended {
        let words = self.words(arguments);
        let mut command = Command::new(words[0]);
        home.enter(command.args(&words[1..]));
        Running::start(command).end()
    }
}

/// The boundaries that the only session recorded, in order.
fn recorded(home: &Home) -> Vec<String> {
    let shown = home.run(["session", "show", "--json"]);
    shown.code(0);
    let records = shown.out.lines().map(|line| serde_json::from_str(line).unwrap());
    records
        .filter(|record: &serde_json::Value| record["kind"] == "created")
        .map(|record| record["boundary"].as_str().unwrap().to_owned())
        .collect()
}

/// What the first event says.
fn boundary(done: &Ended) -> String {
    let first = done.events().swap_remove(0).event;
    let Event::SessionOpened { boundary, .. } = first else { panic!("{first:?}") };
    boundary
}

fn commands(done: &Ended) -> usize {
    let events = done.events();
    events.iter().filter(|one| matches!(one.event, Event::CommandStarted { .. })).count()
}

#[test]
fn a_partial_boundary_is_shown_and_recorded_and_headless_runs_no_command_in_it() {
    for machine in MACHINES {
        let home = Home::new(always(right()));
        let before = snapshot(&home.project());
        let done = machine.run(&home, &["exec", "--json", "fix total"]);
        done.code(3);
        let shown = boundary(&done);
        let begins = format!("PARTIAL, so commands are asked for: {}", machine.step);
        assert!(shown.starts_with(&begins) && shown.contains(machine.lost), "{shown}");
        let rule = "`partial-confinement`";
        let denied = format!("by the rule {rule}; nobody can answer, so it is denied");
        let said =
            |event: &Event| matches!(event, Event::Notice { text, .. } if text.contains(&denied));
        assert!(done.events().iter().any(|envelope| said(&envelope.event)), "{}", done.out);
        let Event::TurnFinished { outcome: Outcome::Denied { reason }, .. } = done.last_event()
        else {
            panic!("{}", done.out)
        };
        assert!(reason.contains(rule), "{reason}");
        assert_eq!(commands(&done), 0, "a command ran");
        assert!(home.model.requests().is_empty());
        assert_eq!(recorded(&home), [shown]);
        machine.run(&home, &["exec", "fix total"]).code(3).says(&begins).says(rule);
        assert_eq!(snapshot(&home.project()), before);

        // The control: the same where nothing is taken away.
        let whole = Home::new(always(right()));
        let done = whole.run(["exec", "--json", "fix total"]);
        done.code(0);
        assert!(boundary(&done).starts_with("full: "), "{}", boundary(&done));
        assert!(commands(&done) >= 2, "{}", done.out);
    }
}

#[test]
fn in_a_partial_boundary_a_person_is_asked_before_each_command() {
    for machine in MACHINES {
        let home = Home::new(always(right()));
        let mut terminal = Terminal::program(&home, &machine.words(&["exec", "fix total"]), &[]);
        terminal.see("PARTIAL, so commands are asked for");
        for asked in 1..=2 {
            until("it asks", || terminal.text().matches("type `yes`").count() >= asked);
            terminal.see("partial-confinement");
            terminal.type_line("yes");
        }
        assert_eq!(terminal.end(), Some(0), "{}", terminal.text());
        terminal.see("solved");
        let text = terminal.text();
        assert_eq!(text.matches("type `yes`").count(), 2, "the check, then the candidate: {text}");
        assert_eq!(home.calc(), WRONG);
        machine.run(&home, &["session", "keep"]).code(0);
        assert_eq!(home.calc(), RIGHT);
    }
}

#[test]
fn a_session_that_is_opened_on_another_step_records_it_again() {
    for machine in MACHINES {
        let home = Home::new(always(right()));
        machine.run(&home, &["exec", "fix total"]).code(3);
        home.run(["session", "show"]).code(0);
        let steps = |home: &Home| -> Vec<String> {
            let words = recorded(home).into_iter();
            words.map(|line| line.split([',', ':']).next().unwrap().to_owned()).collect()
        };
        assert_eq!(steps(&home), ["PARTIAL", "full"], "{}", machine.step);
        // The same step again is nothing new.
        home.run(["session", "show"]).code(0).says("boundary full: ");
        assert_eq!(steps(&home), ["PARTIAL", "full"], "{}", machine.step);
        machine.run(&home, &["session", "show"]).code(0);
        assert_eq!(steps(&home), ["PARTIAL", "full", "PARTIAL"], "{}", machine.step);
    }
}

#[test]
fn a_user_who_wants_all_of_it_gets_nothing_less() {
    for machine in MACHINES {
        let home = Home::new(always(right()));
        home.configure(&format!("{}\n[sandbox]\nleast = \"full\"\n", home.config()));
        let done = machine.run(&home, &["exec", "fix total"]);
        done.code(5).reports("error:", "moat doctor");
        done.says(machine.step);
        assert!(home.model.requests().is_empty());
        assert_eq!(home.calc(), WRONG);
        // The control: where there is all of it, the same configuration works.
        home.run(["exec", "fix total"]).code(0).says("solved");
    }
}

#[test]
fn a_workspace_that_wants_all_of_it_gets_nothing_less_either() {
    for machine in MACHINES {
        let home = Home::new(always(right()));
        home.put(".moat/settings.toml", "\nsandbox.least = \"full\"\n");
        let done = machine.run(&home, &["exec", "fix total"]);
        done.code(5).reports("`sandbox.least` is full (tightened by", "moat doctor");
        done.says("settings.toml:2");
        assert!(home.model.requests().is_empty() && home.sessions().is_empty());
        assert_eq!(home.calc(), WRONG);
        home.run(["exec", "fix total"]).code(0).says("solved");
    }
}
