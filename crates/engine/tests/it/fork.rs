// SPDX-License-Identifier: Apache-2.0
//! A session that goes on from a checkpoint of another one: what it begins with, how the two go
//! different ways, and what is there after a process died while it was made.

use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use moat_base::{
    AppendFile, Depot, Fs, Hint as _, Links, Lock, RealDepot, RealFs, SessionId, Stamp, Timestamp,
};
use moat_engine::archive::{retell_whole, summary};
use moat_engine::{
    Attendance, ChainKey, Effect, Forge, ForkError, ForkPoint, Forked, History, Point, Prompt,
    Record, State, read_history,
};
use moat_files::{Checkpoint, Checkpoints, SessionFiles, Wish};
use moat_policy::CommandRule;
use moat_protocol::{Answer, Event, Op, Outcome, Selection, Standing};

use crate::scripted::{Death, Died, FixedClock, Scene, task};

fn old() -> SessionId {
    "9876543210".parse().unwrap()
}

/// The id of every scripted session.
fn new() -> SessionId {
    "0123456789".parse().unwrap()
}

const fn key() -> ChainKey {
    ChainKey::new([1; 32])
}

/// The number under which a point is stored with a checkpoint.
fn mark(point: Point) -> u64 {
    match point {
        Point::Before(effect) => u64::from(effect) << 1,
        Point::After(effect) => (u64::from(effect) << 1) | 1,
    }
}

/// The directory of sessions, with the files of the old one: a checkpoint at each of some points.
struct Place(tempfile::TempDir);

impl Place {
    fn new(points: &[Point]) -> Self {
        let place = Self(tempfile::tempdir().unwrap());
        let directory = place.0.path().join(old().as_str());
        let (files, upper) = (directory.join("files"), directory.join("upper"));
        RealFs.create_dir_all(&upper).unwrap();
        SessionFiles::create(Arc::new(RealFs), &files).unwrap();
        let mut checkpoints = Checkpoints::open(&files, &upper).unwrap();
        for (number, point) in points.iter().enumerate() {
            RealFs.replace(&upper.join("file"), format!("{number}\n").as_bytes()).unwrap();
            let what = (Timestamp(0), "a test", mark(*point));
            checkpoints.take(Wish::Always, what, &[], &mut |_| Ok(Vec::new())).unwrap();
        }
        place
    }

    fn forge(&self, fs: Arc<dyn Fs>, depot: Arc<dyn Depot>) -> Forge {
        let sessions = self.0.path().to_owned();
        Forge { fs, depot, clock: Arc::new(FixedClock), key: key(), sessions }
    }

    fn fork(&self, scene: &Scene, point: ForkPoint) -> Result<Forked, ForkError> {
        let forge = self.forge(Arc::new(RealFs), Arc::new(RealDepot));
        forge.fork((&old(), &history(scene)), point, &new())
    }

    /// The new session, as another process opens it.
    fn forked(&self) -> Scene {
        let scene = Scene::default();
        let stored = self.0.path().join(new().as_str()).join("session.jsonl");
        scene.fs.set(Path::new("/s/session.jsonl"), RealFs.read(&stored, 1 << 24).unwrap());
        scene
    }

    fn remove_new(&self) {
        moat_base::remove_files(&self.0.path().join(new().as_str())).unwrap();
    }

    /// What there is beside locks.
    fn names(&self) -> Vec<String> {
        let paths = RealFs.list(self.0.path()).unwrap().into_iter();
        let names = paths.map(|it| it.file_name().unwrap().to_string_lossy().into_owned());
        let mut names: Vec<String> = names.filter(|name| name != ".fork.lock").collect();
        names.sort();
        names
    }
}

fn history(scene: &Scene) -> History {
    read_history(&scene.fs, Path::new("/s"), &key(), &new()).unwrap().0
}

fn listed(place: &Place) -> Vec<Checkpoint> {
    Checkpoints::listed(&place.0.path().join(new().as_str()).join("files")).unwrap()
}

fn turn(scene: &Scene, text: &str) {
    let mut engine = scene.open(Death::Never);
    let task = moat_protocol::Task { text: text.into(), ..task(Some("make test")) };
    engine.handle(Op::Start { task }).unwrap();
    while engine.is_runnable() {
        engine.step().unwrap();
    }
}

fn state(scene: &Scene) -> State {
    scene.open(Death::Never).state().clone()
}

fn texts(scene: &Scene) -> Vec<String> {
    state(scene).turns.into_iter().map(|turn| turn.task.text).collect()
}

/// Every prompt of a session, in order.
fn prompts(scene: &Scene) -> Vec<Prompt> {
    let lines = history(scene).lines.into_iter();
    let prompts = lines.filter_map(|line| match line.record {
        Record::Intended { intent: Effect::Ask { prompt }, .. } => Some(prompt),
        _ => None,
    });
    prompts.collect()
}

#[test]
fn at_every_checkpoint_the_fork_has_the_state_of_then_and_its_chain_is_whole() {
    let scene = Scene::default();
    turn(&scene, "first");
    let keep = Op::Keep { selection: Selection::All, confirmed: Vec::new() };
    scene.open(Death::Never).handle(keep).unwrap();
    turn(&scene, "second");
    let now = state(&scene);
    let points = (1..=now.effects).flat_map(|it| [Point::Before(it), Point::After(it)]);
    let points: Vec<Point> = std::iter::once(Point::After(0)).chain(points).collect();
    let place = Place::new(&points);
    let untouched = scene.fs.bytes(Path::new("/s/session.jsonl"));
    let mut stopped = 0;
    for (number, point) in (1..).zip(&points) {
        let told = place.fork(&scene, ForkPoint::Checkpoint(number)).unwrap();
        let then = now.at(*point).unwrap();
        let forked = place.forked();
        let state = state(&forked);
        assert_eq!(state.turns, then.turns, "{point:?}");
        assert_eq!((told.checkpoint, told.turns as usize), (number, then.turns.len()));
        assert_eq!((&state.pending, &state.question), (&None, &None), "{point:?}");
        let from = state.forked.unwrap();
        assert_eq!((from.from, from.checkpoint), (old(), number));
        stopped += usize::from(then.turn().is_some());

        // Its first checkpoint is where its own conversation begins.
        let checkpoints = listed(&place);
        assert_eq!(checkpoints.len(), 1);
        assert_eq!(checkpoints[0].mark, mark(Point::After(state.effects)));
        let again = self::state(&forked).at(Point::After(state.effects)).unwrap();
        assert_eq!(again.turns, then.turns, "{point:?}");
        let short = summary(&new(), &history(&forked));
        assert!(!short.kept, "a keep of the old session is not the new one's");
        assert_eq!(short.forked.unwrap().from, old());
        place.remove_new();
    }
    assert!(stopped > 10, "forks in the middle of a turn: {stopped}");
    assert_eq!(scene.fs.bytes(Path::new("/s/session.jsonl")), untouched);
}

#[test]
fn both_go_on_by_themselves_and_a_request_has_the_same_bytes_in_either() {
    let scene = Scene::default();
    turn(&scene, "first");
    let first = state(&scene).effects;
    let asked = prompts(&scene);
    assert!(!asked.is_empty());
    let ask = history(&scene).lines.into_iter().find_map(|line| match line.record {
        Record::Intended { effect, intent: Effect::Ask { .. }, .. } => Some(effect),
        _ => None,
    });
    let place = Place::new(&[Point::Before(ask.unwrap()), Point::After(first)]);

    // In the middle of a turn: it waits, and once resumed asks what the old one asked.
    place.fork(&scene, ForkPoint::Checkpoint(1)).unwrap();
    let middle = place.forked();
    assert!(!middle.open(Death::Never).is_runnable(), "nothing goes on by itself");
    assert!(prompts(&middle).is_empty());
    let mut engine = middle.open(Death::Never);
    engine.handle(Op::Resume).unwrap();
    while engine.is_runnable() {
        engine.step().unwrap();
    }
    drop(engine);
    let bytes = |prompts: &[Prompt]| serde_json::to_string(prompts).unwrap();
    assert_eq!(bytes(&prompts(&middle)), bytes(&asked));
    place.remove_new();

    place.fork(&scene, ForkPoint::Checkpoint(2)).unwrap();
    let forked = place.forked();
    turn(&scene, "second");
    turn(&forked, "second");
    assert_eq!(bytes(&prompts(&forked)), bytes(&prompts(&scene)));
    turn(&forked, "third");
    assert_eq!(texts(&scene), ["first", "second"]);
    assert_eq!(texts(&forked), ["first", "second", "third"]);
    // The numbers go on, so that a checkpoint of the fork means one point.
    let numbers = history(&forked).lines.into_iter().filter_map(|line| match line.record {
        Record::Intended { effect, .. } => Some(effect),
        _ => None,
    });
    let numbers: Vec<u32> = numbers.collect();
    assert!(numbers.is_sorted_by(|one, other| one < other), "{numbers:?}");
}

#[test]
fn a_fork_of_a_fork_begins_behind_both() {
    let scene = Scene::default();
    turn(&scene, "first");
    let first = Place::new(&[Point::After(state(&scene).effects)]);
    first.fork(&scene, ForkPoint::End).unwrap();
    let forked = first.forked();
    let keep = Op::Keep { selection: Selection::All, confirmed: Vec::new() };
    forked.open(Death::Never).handle(keep).unwrap();
    assert!(summary(&new(), &history(&forked)).kept);
    let second = Place::new(&[Point::After(state(&forked).effects)]);
    second.fork(&forked, ForkPoint::Checkpoint(1)).unwrap();
    let again = second.forked();
    assert_eq!(texts(&again), ["first"]);
    assert!(!summary(&new(), &history(&again)).kept);
    let told = retell_whole(&new(), &history(&again), &listed(&second));
    let told: Vec<Event> = told.into_iter().map(|it| it.event).collect();
    let at = told.iter().rposition(|event| matches!(event, Event::Forked(_))).unwrap();
    assert_eq!(told.iter().filter(|event| matches!(event, Event::Forked(_))).count(), 2);
    assert!(matches!(told.get(at + 1), Some(Event::Checkpointed(_))), "{told:?}");
    assert_eq!(told.iter().filter(|event| matches!(event, Event::Checkpointed(_))).count(), 1);
}

#[test]
fn the_end_is_the_last_checkpoint_and_what_followed_without_changing_a_file() {
    let scene = Scene::default();
    turn(&scene, "first");
    let first = state(&scene).effects;
    let place = Place::new(&[Point::After(0), Point::After(first)]);
    let keep = Op::Keep { selection: Selection::All, confirmed: Vec::new() };
    scene.open(Death::Never).handle(keep).unwrap();
    place.fork(&scene, ForkPoint::End).unwrap();
    let last = history(&place.forked()).lines.into_iter().rev().nth(1).unwrap().record;
    assert!(matches!(last, Record::Resolved { .. }), "the keep is told: {last:?}");
    place.remove_new();

    // A command changes files: without a checkpoint of that the fork has neither.
    let run = Op::Run { argv: vec!["x".into()], directory: moat_base::TreePath::root() };
    scene.open(Death::Never).handle(run).unwrap();
    place.fork(&scene, ForkPoint::End).unwrap();
    let commands = history(&place.forked()).lines.into_iter().filter(|line| {
        matches!(&line.record, Record::Intended { intent: Effect::Command { .. }, .. })
    });
    assert_eq!(commands.count(), 0);
    place.remove_new();

    // A turn that runs is left where it was at the checkpoint.
    let mut engine = scene.open(Death::Never);
    engine.handle(Op::Start { task: task(None) }).unwrap();
    engine.step().unwrap();
    assert!(engine.is_runnable());
    place.fork(&scene, ForkPoint::End).unwrap();
    assert_eq!(texts(&place.forked()), ["first"]);
}

#[test]
fn a_question_is_not_copied_and_is_asked_again() {
    let scene = Scene::default();
    let mut engine = scene.open_as(Death::Never, Attendance::Attended, CommandRule::Ask);
    engine.handle(Op::Start { task: task(Some("make test")) }).unwrap();
    while engine.is_runnable() {
        engine.step().unwrap();
    }
    let request = engine.state().question.as_ref().unwrap().request;
    engine.handle(Op::Interrupt).unwrap();
    drop(engine);
    let place = Place::new(&[Point::After(0)]);
    place.fork(&scene, ForkPoint::End).unwrap();
    let forked = place.forked();
    let is_asked = |line: &moat_engine::Line| matches!(line.record, Record::Asked { .. });
    assert!(history(&scene).lines.iter().any(is_asked));
    assert!(!history(&forked).lines.iter().any(is_asked));
    let told = retell_whole(&new(), &history(&forked), &listed(&place));
    let told: Vec<Event> = told.into_iter().map(|it| it.event).collect();
    assert!(!told.iter().any(|event| matches!(event, Event::ApprovalAsked { .. })), "{told:?}");
    let at = told.iter().position(|event| matches!(event, Event::Forked(_))).unwrap();
    assert!(matches!(told[at + 1], Event::Checkpointed(_)), "{told:?}");

    let mut engine = forked.open_as(Death::Never, Attendance::Attended, CommandRule::Ask);
    engine.handle(Op::Approve { request, answer: Answer::Once }).unwrap();
    assert!(engine.state().question.is_none(), "an answer to the old question is none here");
    engine.handle(Op::Resume).unwrap();
    while engine.is_runnable() {
        engine.step().unwrap();
    }
    assert!(engine.state().question.is_some());
}

#[test]
fn a_turn_that_ran_is_told_as_stopped_and_can_be_resumed() {
    let scene = Scene::default();
    let mut engine = scene.open(Death::Never);
    engine.handle(Op::Start { task: task(None) }).unwrap();
    engine.step().unwrap();
    engine.step().unwrap();
    let place = Place::new(&[Point::After(engine.state().effects)]);
    drop(engine);
    place.fork(&scene, ForkPoint::End).unwrap();
    let forked = history(&place.forked());
    let short = summary(&new(), &forked);
    assert_eq!((short.standing, short.resumable), (Standing::Stopped, true));
    let told = retell_whole(&new(), &forked, &[]);
    let ended = told.iter().filter(|it| {
        matches!(it.event, Event::TurnFinished { outcome: Outcome::Stopped { .. }, .. })
    });
    assert_eq!(ended.count(), 1);
}

#[test]
fn what_cannot_be_forked_is_refused_with_a_way_out_and_nothing_is_left() {
    let scene = Scene::default();
    turn(&scene, "first");
    let empty = Place::new(&[]);
    let far = Place::new(&[Point::After(999)]);
    let one = Place::new(&[Point::After(0)]);
    let cases = [
        (&empty, ForkPoint::End, "has no checkpoint"),
        (&empty, ForkPoint::Checkpoint(1), "has no checkpoint"),
        (&far, ForkPoint::Checkpoint(1), "does not reach back"),
        (&one, ForkPoint::Checkpoint(7), "there is no checkpoint 7"),
    ];
    for (place, point, words) in cases {
        let error = place.fork(&scene, point).unwrap_err();
        assert!(error.to_string().contains(words), "{error}");
        assert!(error.hint().is_some(), "{error}");
        assert_eq!(place.names(), [old().as_str()]);
    }
    let blobs = one.0.path().join(old().as_str()).join("files/blobs");
    for blob in RealFs.list(&blobs).unwrap() {
        RealFs.remove(&blob).unwrap();
    }
    let error = one.fork(&scene, ForkPoint::End).unwrap_err();
    assert!(matches!(error, ForkError::Files { .. }) && error.hint().is_some(), "{error}");
    assert_eq!(one.names(), [old().as_str()], "nothing half made is left");
}

/// The kernel's number for a full disk.
const NO_SPACE: i32 = 28;

/// What happens at one of the changes of the disk.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum End {
    /// The process dies right before it.
    Before,
    /// The process dies right after it.
    After,
    /// The disk is full.
    Full,
}

/// Doors behind which the process comes to an end.
#[derive(Clone, Debug)]
struct Ending {
    left: Arc<AtomicUsize>,
    end: End,
}

impl Ending {
    fn change<T>(&self, change: impl FnOnce() -> io::Result<T>) -> io::Result<T> {
        let is_last = self.left.fetch_sub(1, Ordering::SeqCst) == 1;
        match (is_last, self.end) {
            (true, End::Full) => Err(io::Error::from_raw_os_error(NO_SPACE)),
            (true, End::Before) => resume_unwind(Box::new(Died)),
            (true, End::After) => {
                change()?;
                resume_unwind(Box::new(Died))
            }
            (false, _) => change(),
        }
    }
}

impl Fs for Ending {
    fn read(&self, path: &Path, limit_bytes: u64) -> io::Result<Vec<u8>> {
        RealFs.read(path, limit_bytes)
    }

    fn append(&self, path: &Path) -> io::Result<Box<dyn AppendFile>> {
        self.change(|| RealFs.append(path))
    }

    fn replace(&self, path: &Path, bytes: &[u8]) -> io::Result<()> {
        self.change(|| RealFs.replace(path, bytes))
    }

    fn create_dir_all(&self, path: &Path) -> io::Result<()> {
        self.change(|| RealFs.create_dir_all(path))
    }

    fn list(&self, path: &Path) -> io::Result<Vec<PathBuf>> {
        RealFs.list(path)
    }

    fn remove(&self, path: &Path) -> io::Result<()> {
        self.change(|| RealFs.remove(path))
    }
}

impl Depot for Ending {
    fn open(&self, path: &Path, links: Links) -> io::Result<Box<dyn io::Read + Send>> {
        RealDepot.open(path, links)
    }

    fn stamp(&self, path: &Path, links: Links) -> io::Result<Option<Stamp>> {
        RealDepot.stamp(path, links)
    }

    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        self.change(|| RealDepot.rename(from, to))
    }

    fn free_bytes(&self, directory: &Path) -> io::Result<u64> {
        RealDepot.free_bytes(directory)
    }

    fn lock(&self, path: &Path) -> io::Result<Lock> {
        self.change(|| RealDepot.lock(path))
    }
}

#[test]
fn cut_off_anywhere_there_is_no_new_session_or_a_whole_one() {
    let scene = Scene::default();
    turn(&scene, "first");
    let place = Place::new(&[Point::After(state(&scene).effects)]);
    let (mut none, mut whole) = (0, 0);
    for end in [End::Before, End::After, End::Full] {
        for changes in 1.. {
            let left = Arc::new(AtomicUsize::new(changes));
            let ending = Ending { left: Arc::clone(&left), end };
            let forge = place.forge(Arc::new(ending.clone()), Arc::new(ending));
            let history = history(&scene);
            let made = catch_unwind(AssertUnwindSafe(|| {
                forge.fork((&old(), &history), ForkPoint::End, &new())
            }));
            let is_there = place.names().contains(&new().to_string());
            if is_there {
                whole += 1;
                assert_eq!(texts(&place.forked()), ["first"], "{end:?} {changes}");
                assert_eq!(listed(&place).len(), 1, "{end:?} {changes}");
                place.remove_new();
            } else {
                none += 1;
            }
            if end == End::Full && left.load(Ordering::SeqCst) == 0 {
                let error = made.as_ref().unwrap().as_ref().unwrap_err();
                assert!(error.hint().unwrap().contains("free"), "{error}: {:?}", error.hint());
                assert_eq!(place.names(), [old().as_str()], "nothing half made is left");
            }
            // Whatever is left is in nobody's way.
            place.fork(&scene, ForkPoint::End).unwrap();
            assert_eq!(place.names(), [new().as_str(), old().as_str()], "{end:?} {changes}");
            place.remove_new();
            if matches!(made, Ok(Ok(_))) {
                assert!(changes > 5, "a fork makes {changes} changes");
                break;
            }
        }
    }
    assert!(none > 10 && whole > 2, "{none} without, {whole} with a new session");
}
