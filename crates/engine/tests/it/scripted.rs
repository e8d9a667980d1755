// SPDX-License-Identifier: Apache-2.0
//! A world that follows a script, and that can die inside any effect.

use std::path::Path;
use std::sync::{Arc, Mutex};

use moat_base::{Clock, Timestamp, TreePath};
use moat_engine::{
    Attendance, ChainKey, Cost, Effect, EffectOutcome, Engine, Grant, Place, Point, Prompt,
    Setback, Settings, Settled, Skill, State, StopFlag, Store, TestPlace, Verdict, Waypoint, World,
};
use moat_policy::{CommandRule, Confinement};
use moat_protocol::{
    Change, ChangeSet, Envelope, Event, Proposal, RewindPlan, RewindScope, Rewound, RunStatus,
    Selection, Task, TaskKind, TestSummary,
};

use crate::journal::JournalFs;

/// What survives a death: the files that effects wrote, and a count of each.
#[derive(Debug, Default)]
pub(crate) struct Disk {
    pub(crate) applied: u32,
    pub(crate) kept: u32,
    pub(crate) carried_out: Vec<String>,
    /// How many writes the session's file had seen when each of them was carried out.
    pub(crate) written: Vec<usize>,
}

/// When the world dies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Death {
    Never,
    Before(u32),
    After(u32),
}

#[derive(Debug)]
pub(crate) struct ScriptedWorld {
    pub(crate) fs: JournalFs,
    pub(crate) disk: Arc<Mutex<Disk>>,
    pub(crate) death: Death,
    pub(crate) confinement: Confinement,
    /// Where tests go; what a turn that writes is scripted by.
    pub(crate) tests: Option<TestPlace>,
    pub(crate) skill: Skill,
    /// What its commands are started with.
    pub(crate) environment: Vec<(String, String)>,
    /// Whether there is no check to find.
    pub(crate) is_bare: bool,
    pub(crate) measured: Measured,
    /// How likely every revision is; otherwise they differ.
    pub(crate) likely: Option<i32>,
}

/// What four answers at once are like; a shorter list says nothing.
#[derive(Clone, Debug, Default)]
pub(crate) struct Measured {
    pub(crate) lines: Vec<Option<u32>>,
    /// The tests that fail; where it is empty, the first three candidates fail one.
    pub(crate) failing: Vec<u32>,
}

/// What a death leaves on the stack; caught by the test.
pub(crate) struct Died;

impl World for ScriptedWorld {
    fn carry_out(
        &mut self,
        grant: Grant,
        _state: &State,
        _live: &mut dyn FnMut(Event),
    ) -> Result<EffectOutcome, Setback> {
        if self.death == Death::Before(grant.effect()) {
            std::panic::resume_unwind(Box::new(Died));
        }
        let outcome = self.script(grant.intent());
        let mut disk = self.disk.lock().unwrap();
        disk.carried_out.push(grant.intent().describe());
        disk.written.push(self.fs.count());
        drop(disk);
        if self.death == Death::After(grant.effect()) {
            std::panic::resume_unwind(Box::new(Died));
        }
        Ok(outcome)
    }

    fn settle(&mut self, intent: &Effect) -> Settled {
        match intent {
            Effect::Apply { .. } if self.disk.lock().unwrap().applied > 0 => {
                Settled::Done(EffectOutcome::Applied { symbols: vec!["f".into()] })
            }
            Effect::ApplyTests { .. } if self.disk.lock().unwrap().applied > 1 => {
                Settled::Done(EffectOutcome::Applied { symbols: vec!["test_f".into()] })
            }
            Effect::Apply { .. } | Effect::ApplyTests { .. } => Settled::NotDone,
            _ => Settled::Unknown,
        }
    }

    fn confinement(&self) -> Confinement {
        self.confinement
    }

    fn boundary(&self) -> String {
        "scripted".into()
    }

    fn workspace(&self) -> String {
        "/w".into()
    }

    fn proposal(&self, intent: &Effect, rule: &str) -> Proposal {
        Proposal {
            argv: vec![intent.describe()],
            environment: self.environment.clone(),
            directory: TreePath::root(),
            candidate: None,
            writes: "nothing".into(),
            network: "none".into(),
            rule: rule.into(),
        }
    }

    fn changes(&mut self) -> Result<ChangeSet, Setback> {
        Ok(ChangeSet::default())
    }

    /// Checkpoint `2n` is before effect n, checkpoint `2n + 1` after it.
    fn waypoints(&self) -> Vec<Waypoint> {
        let point = |number: u32| match number % 2 {
            0 => Point::Before(number / 2),
            _ => Point::After(number / 2),
        };
        (1..100).map(|number| Waypoint { number, point: point(number) }).collect()
    }

    fn plan_rewind(&mut self, to: u32) -> Result<RewindPlan, Setback> {
        Ok(RewindPlan::empty(to, RewindScope::Code))
    }

    fn plan_keep(&mut self, _selection: &Selection) -> Result<Vec<Change>, Setback> {
        Ok(Vec::new())
    }
}

impl ScriptedWorld {
    fn script(&self, intent: &Effect) -> EffectOutcome {
        match intent {
            Effect::FindCheck if self.is_bare => {
                EffectOutcome::CheckFound { line: None, why: "nothing was found".into() }
            }
            Effect::FindCheck => EffectOutcome::CheckFound {
                line: Some("make test".into()),
                why: "there is a Makefile".into(),
            },
            Effect::RunCheck { .. } if self.tests.is_some() => {
                EffectOutcome::Checked { summary: summary(0, 3, 0), output: "ok".into() }
            }
            Effect::RunCheck { .. } => {
                EffectOutcome::Checked { summary: summary(1, 3, 1), output: "f(1) gave 2".into() }
            }
            Effect::Observe { .. } => {
                EffectOutcome::Observed { status: RunStatus::Code(0), output: "+x".into() }
            }
            Effect::Locate if self.tests.is_some() => {
                let tests = self.tests.clone();
                EffectOutcome::Located {
                    places: vec![Place { tests, ..place("f") }],
                    skill: Skill::Writes,
                }
            }
            Effect::Locate => {
                EffectOutcome::Located { places: vec![place("f"), place("g")], skill: self.skill }
            }
            Effect::Ask { prompt } => answers(prompt, &self.measured.lines, self.likely),
            Effect::TryTested { answer, .. } => {
                let summary = if answer.index == 1 { summary(0, 2, 0) } else { summary(1, 1, 1) };
                let (broken, output) = (Vec::new(), String::new());
                EffectOutcome::Tried {
                    verdict: Verdict::Ran { summary, broken, output },
                    content: Some(format!("content {}", answer.index)),
                    tests: Some("tests".into()),
                }
            }
            Effect::Try { candidate, answer, .. } => {
                let usual = u32::from(*candidate < 4 && self.tests.is_none());
                let failing = &self.measured.failing;
                let failed = failing.get(answer.index as usize).copied().unwrap_or(usual);
                let summary = summary(i32::from(failed > 0), 4 - failed, failed);
                let (broken, output) = (Vec::new(), String::new());
                EffectOutcome::Tried {
                    verdict: Verdict::Ran { summary, broken, output },
                    content: Some(format!("content {candidate}")),
                    tests: None,
                }
            }
            Effect::Apply { .. } | Effect::ApplyTests { .. } => {
                self.disk.lock().unwrap().applied += 1;
                EffectOutcome::Applied { symbols: vec!["f".into()] }
            }
            Effect::Command { .. } => {
                self.disk.lock().unwrap().applied += 1;
                EffectOutcome::Ran { status: RunStatus::Code(3), output: "out".into() }
            }
            Effect::Rewind { to, scope, .. } => rewound(*to, *scope),
            Effect::TakeCommits { .. } | Effect::ReturnCommits { .. } => no_commits(),
            Effect::Keep { .. } | Effect::Discard { .. } | Effect::UndoKeep => {
                self.disk.lock().unwrap().kept += 1;
                let paths = vec![TreePath::parse("a.py").unwrap()];
                EffectOutcome::Moved { paths, refused: Vec::new() }
            }
        }
    }
}

fn answers(prompt: &Prompt, lines: &[Option<u32>], likely: Option<i32>) -> EffectOutcome {
    let costs = lines.iter().map(|lines| lines.map(|lines| Cost { lines, ..Cost::default() }));
    if prompt.draft.is_none() {
        return EffectOutcome::Answers {
            millinats: Vec::new(),
            costs: costs.take(prompt.candidates as usize).collect(),
            texts: (0..prompt.candidates).map(|n| format!("answer {n}")).collect(),
            prompt_tokens: 10,
            completion_tokens: 5,
        };
    }
    let of_f = prompt.purpose.contains("`f`");
    EffectOutcome::Answers {
        texts: vec!["sure or not".into(), "hardly".into()],
        millinats: match (likely, of_f) {
            (Some(likely), _) => vec![likely, likely],
            (None, true) => vec![-100, -3000],
            (None, false) => vec![-2000, -2500],
        },
        costs: costs.take(2).collect(),
        prompt_tokens: 10,
        completion_tokens: 5,
    }
}

fn rewound(to: u32, scope: RewindScope) -> EffectOutcome {
    let RewindPlan { changes, changed, left, kept, .. } = RewindPlan::empty(to, scope);
    EffectOutcome::Rewound(Rewound { to, scope, before: 99, changes, changed, left, kept })
}

/// What a world without repositories takes.
const fn no_commits() -> EffectOutcome {
    EffectOutcome::CommitsTaken { taken: Vec::new(), refused: Vec::new() }
}

pub(crate) fn summary(code: i32, passed: u32, failed: u32) -> TestSummary {
    let failing = (0..failed).map(|n| format!("test {n}")).collect();
    TestSummary { status: RunStatus::Code(code), passed, failed, failing, duration_ms: 0 }
}

fn place(symbol: &str) -> Place {
    Place {
        path: TreePath::parse("a.py").unwrap(),
        symbol: symbol.into(),
        language: "python".into(),
        reasons: vec!["the script says so".into()],
        source: format!("def {symbol}(x):\n    return x\n"),
        context: String::new(),
        test: String::new(),
        failure: String::new(),
        tests: None,
    }
}

pub(crate) fn task(check: Option<&str>) -> Task {
    Task {
        text: "make it pass".into(),
        kind: TaskKind::Repair,
        check: check.map(Into::into),
        model: "embedded".into(),
        time_limit_ms: 1000,
    }
}

/// A clock that does not move, so that two runs write the same lines.
#[derive(Debug)]
pub(crate) struct FixedClock;

impl Clock for FixedClock {
    fn now(&self) -> Timestamp {
        Timestamp(0)
    }

    fn monotonic(&self) -> std::time::Duration {
        std::time::Duration::ZERO
    }
}

pub(crate) type Seen = Arc<Mutex<Vec<Envelope>>>;

/// A scripted session: what outlives its processes.
#[derive(Debug, Default)]
pub(crate) struct Scene {
    pub(crate) fs: JournalFs,
    pub(crate) disk: Arc<Mutex<Disk>>,
    pub(crate) seen: Seen,
    pub(crate) tests: Option<TestPlace>,
    pub(crate) skill: Skill,
    pub(crate) environment: Vec<(String, String)>,
    pub(crate) is_bare: bool,
    pub(crate) measured: Measured,
    /// How likely every revision is; otherwise they differ.
    pub(crate) likely: Option<i32>,
}

impl Scene {
    pub(crate) fn open(&self, death: Death) -> Engine<ScriptedWorld> {
        self.open_as(death, Attendance::Attended, CommandRule::Allow)
    }

    pub(crate) fn open_as(
        &self,
        death: Death,
        attendance: Attendance,
        commands: CommandRule,
    ) -> Engine<ScriptedWorld> {
        let session: moat_base::SessionId = "0123456789".parse().unwrap();
        let key = ChainKey::new([1; 32]);
        let clock = Arc::new(FixedClock);
        let store = Store::open(&self.fs, clock.clone(), Path::new("/s"), &key, &session).unwrap();
        let world = ScriptedWorld {
            fs: self.fs.clone(),
            disk: Arc::clone(&self.disk),
            death,
            confinement: Confinement::Full,
            tests: self.tests.clone(),
            skill: self.skill,
            environment: self.environment.clone(),
            is_bare: self.is_bare,
            measured: self.measured.clone(),
            likely: self.likely,
        };
        let seen = Arc::clone(&self.seen);
        let sink = Box::new(move |envelope: &Envelope| seen.lock().unwrap().push(envelope.clone()));
        let settings = Settings { session, commands, attendance };
        Engine::open(settings, store, world, clock, StopFlag::new().unwrap(), sink).unwrap()
    }

    pub(crate) fn events(&self) -> Vec<Event> {
        self.seen.lock().unwrap().iter().map(|envelope| envelope.event.clone()).collect()
    }
}
