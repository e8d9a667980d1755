// SPDX-License-Identifier: Apache-2.0
//! Notices that the user's tree changed under a session.
//!
//! Every directory of the tree is watched by inotify, from a thread of its own, since a
//! large tree takes a while. A directory is watched before it is listed, and a new one is
//! reported before anything in it, so no name can come or go unnoticed once the watch is
//! complete. What it cannot see is told too: until it is complete, after the kernel's queue
//! ran over, and where the tree cannot be watched at all, nothing is known.
//!
//! Writes through a shared mapping are not reported by the kernel. They change no name, and
//! an overlay shows them without being mounted anew.
//!
//! Source: inotify(7).
//!
//! Invariant: a change that was complete before [`Watch::sight`] was called is counted in
//! its answer, or the answer is not [`Sight::Clear`].

use std::collections::HashMap;
use std::io;
use std::mem::MaybeUninit;
use std::os::fd::{AsFd as _, AsRawFd as _, OwnedFd};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;

use moat_base::{TreeError, TreePath};
use rustix::event::{EventfdFlags, PollFd, PollFlags, poll};
use rustix::fs::inotify::{self, CreateFlags, ReadFlags, WatchFlags};
use rustix::fs::{Dir, FileType, Mode, OFlags};
use rustix::io::{Errno, retry_on_intr};

use crate::limits::{WATCH_BUFFER_BYTES, WATCHED_DIRECTORIES_MAX};
use crate::resolver::{self, Links};
use crate::root::Root;
use crate::stat::Stat;

/// How often something changed since the watch began.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Counted {
    /// Names that came, went or moved, and modes.
    pub names: u64,
    /// Contents.
    pub contents: u64,
}

/// What a watch can say.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sight {
    /// Exactly this much changed.
    Clear(Counted),
    /// At least this much; the watch is not complete yet.
    Forming(Counted),
    /// Nothing, for this reason.
    Blind(&'static str),
}

/// Somebody who is told at once where something changed.
///
/// Implementors return quickly and call nothing of the watch: it waits for them.
pub trait Listener: Send + Sync {
    /// Whether a directory is watched, with all beneath it. The root always is.
    fn enters(&self, directory: &TreePath) -> bool;
    /// A name of this directory came, went, moved, or has another content or mode.
    fn changed(&self, directory: &TreePath, name: &[u8]);
    /// Anything may have changed; this is also said when the watch is complete or blind.
    fn lost(&self);
}

/// A watched tree; the watch ends when it is dropped.
#[derive(Debug)]
pub struct Watch {
    shared: Arc<Shared>,
    thread: Option<JoinHandle<()>>,
}

impl Watch {
    /// Begins to watch a tree. `budget` is the most directories; [`Budget::of_system`] leaves
    /// other programs of the user their share.
    #[must_use]
    pub fn start(root: Arc<Root>, budget: Budget) -> Self {
        Self::begin(Shared::new(root, budget))
    }

    /// As [`Watch::start`], for somebody who wants to hear of each change and chooses the
    /// directories.
    #[must_use]
    pub fn telling(root: Arc<Root>, budget: Budget, listener: Arc<dyn Listener>) -> Self {
        Self::begin(Shared { listener: Some(Told(listener)), ..Shared::new(root, budget) })
    }

    fn begin(shared: Shared) -> Self {
        let shared = Arc::new(shared);
        let worker = Arc::clone(&shared);
        let thread = std::thread::Builder::new().name("watch".to_owned());
        let thread = thread.spawn(move || worker.work()).ok();
        if thread.is_none() {
            shared.lock().state = State::Blind("the system has no threads left");
        }
        Self { shared, thread }
    }

    /// What is known now.
    #[must_use]
    pub fn sight(&self) -> Sight {
        let mut seen = self.shared.lock();
        if let State::Clear = seen.state {
            self.shared.drain(&mut seen);
        }
        match seen.state {
            State::Clear => Sight::Clear(seen.counted),
            State::Forming => Sight::Forming(seen.counted),
            State::Blind(reason) => Sight::Blind(reason),
        }
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        self.shared.stop.store(true, Ordering::Relaxed);
        self.shared.wake();
        if let Some(thread) = self.thread.take() {
            // It has nothing to tell any more, also when it died.
            let _ended = thread.join();
        }
    }
}

/// The most directories that one watch may take.
#[derive(Debug, Clone, Copy)]
pub struct Budget(pub(crate) usize);

impl Budget {
    /// At most half of what the kernel gives to one user.
    #[must_use]
    pub fn of_system() -> Self {
        let given = watches_per_user().unwrap_or(2 * WATCHED_DIRECTORIES_MAX);
        Self((given / 2).min(WATCHED_DIRECTORIES_MAX))
    }
}

#[derive(Debug)]
struct Shared {
    root: Arc<Root>,
    budget: Budget,
    stop: AtomicBool,
    /// Wakes the thread where the news themselves do not.
    wake: Option<OwnedFd>,
    news: Option<OwnedFd>,
    seen: Mutex<Seen>,
    listener: Option<Told>,
}

/// A listener, which need not be shown.
struct Told(Arc<dyn Listener>);

impl std::fmt::Debug for Told {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Told")
    }
}

#[derive(Debug)]
struct Seen {
    state: State,
    counted: Counted,
    paths: HashMap<i32, TreePath>,
}

#[derive(Debug, Clone, Copy)]
enum State {
    Forming,
    Clear,
    Blind(&'static str),
}

/// One piece of news, free of the buffer that it was read into.
struct Note {
    watch: i32,
    what: ReadFlags,
    name: Vec<u8>,
}

impl Shared {
    fn new(root: Arc<Root>, budget: Budget) -> Self {
        let wake = rustix::event::eventfd(0, EventfdFlags::CLOEXEC | EventfdFlags::NONBLOCK).ok();
        let news = inotify::init(CreateFlags::CLOEXEC | CreateFlags::NONBLOCK).ok();
        let state = if is_remote(&root) {
            State::Blind("other machines can change it without being noticed")
        } else if wake.is_none() || news.is_none() {
            State::Blind("the system has no watches left")
        } else {
            State::Forming
        };
        let seen = Seen { state, counted: Counted::default(), paths: HashMap::new() };
        let (stop, seen) = (AtomicBool::new(false), Mutex::new(seen));
        Self { root, budget, stop, wake, news, seen, listener: None }
    }

    fn lock(&self) -> MutexGuard<'_, Seen> {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn wake(&self) {
        if let Some(wake) = &self.wake {
            // When it fails the counter is at its end, which wakes as well.
            let _awake = rustix::io::write(wake, &1_u64.to_ne_bytes());
        }
    }

    fn work(&self) {
        let (Some(wake), Some(news)) = (&self.wake, &self.news) else { return };
        while !self.stop.load(Ordering::Relaxed) {
            let state = self.lock().state;
            match state {
                State::Blind(_) => return,
                State::Forming => self.form(),
                State::Clear => {
                    let mut fds =
                        [news, wake].map(|fd| PollFd::from_borrowed_fd(fd.as_fd(), PollFlags::IN));
                    if retry_on_intr(|| poll(&mut fds, None)).is_err() {
                        self.lock().state = State::Blind("the system does not report changes");
                        return;
                    }
                    // Another reader may have emptied both by now.
                    let _empty = rustix::io::read(wake, &mut [0_u8; 8]);
                    let mut seen = self.lock();
                    if let State::Clear = seen.state {
                        self.drain(&mut seen);
                    }
                }
            }
        }
    }

    /// Watches every directory, then says that it does.
    fn form(&self) {
        let mut paths = HashMap::new();
        let formed = self.spread(&TreePath::root(), &mut paths);
        let mut seen = self.lock();
        seen.paths = paths;
        seen.counted.names += u64::from(!seen.counted.eq(&Counted::default()));
        seen.state = match formed {
            Ok(()) => State::Clear,
            Err(reason) => State::Blind(reason),
        };
        self.tell_lost();
    }

    fn tell_lost(&self) {
        if let Some(Told(listener)) = &self.listener {
            listener.lost();
        }
    }

    fn enters(&self, directory: &TreePath) -> bool {
        self.listener.as_ref().is_none_or(|Told(listener)| listener.enters(directory))
    }

    /// Watches a directory and everything beneath it.
    fn spread(
        &self,
        top: &TreePath,
        paths: &mut HashMap<i32, TreePath>,
    ) -> Result<(), &'static str> {
        let mut pending = vec![top.clone()];
        while let Some(path) = pending.pop() {
            if self.stop.load(Ordering::Relaxed) {
                return Ok(());
            }
            // What is gone, another file system or closed to the user is not seen by the
            // session either. A directory that only just went is in the news.
            let directory = match resolver::directory(&self.root, &path, Links::Refused) {
                Ok(directory) => directory,
                Err(TreeError::Io { source, .. })
                    if source.kind() != io::ErrorKind::PermissionDenied =>
                {
                    return Err("one of its directories cannot be opened");
                }
                Err(_) => continue,
            };
            if paths.len() >= self.budget.0 {
                return Err("it has too many directories");
            }
            let Some(watch) = self.add(&directory)? else { continue };
            paths.insert(watch, path.clone());
            for name in subdirectories(&directory) {
                pending.extend(path.join(&name).ok().filter(|path| self.enters(path)));
            }
        }
        Ok(())
    }

    fn add(&self, directory: &OwnedFd) -> Result<Option<i32>, &'static str> {
        let Some(news) = &self.news else { return Ok(None) };
        let place = format!("/proc/self/fd/{}", directory.as_raw_fd());
        match inotify::add_watch(news, place, WATCHED) {
            Ok(watch) => Ok(Some(watch)),
            Err(Errno::ACCESS) => Ok(None),
            Err(Errno::NOSPC | Errno::NOMEM) => Err("the system has no watches left"),
            Err(_) => Err("the system does not watch its directories"),
        }
    }

    /// Takes in all news there are.
    fn drain(&self, seen: &mut Seen) {
        loop {
            let notes = match self.read() {
                Ok(notes) if notes.is_empty() => return,
                Ok(notes) => notes,
                Err(()) => {
                    seen.state = State::Blind("the system does not report changes");
                    return;
                }
            };
            for note in &notes {
                if note.what.contains(ReadFlags::QUEUE_OVERFLOW) {
                    seen.counted.names += 1;
                    seen.counted.contents += 1;
                    seen.state = State::Forming;
                    self.wake();
                } else if let Err(reason) = self.take_in(seen, note) {
                    seen.state = State::Blind(reason);
                }
            }
            if !matches!(seen.state, State::Clear) {
                return;
            }
        }
    }

    /// Reads one buffer of news; empty when there are none.
    fn read(&self) -> Result<Vec<Note>, ()> {
        let Some(news) = &self.news else { return Err(()) };
        let mut buffer = vec![MaybeUninit::<u8>::uninit(); WATCH_BUFFER_BYTES];
        let mut reader = inotify::Reader::new(news, &mut buffer);
        let mut notes = Vec::new();
        loop {
            match reader.next() {
                Ok(event) => notes.push(Note {
                    watch: event.wd(),
                    what: event.events(),
                    name: event.file_name().map_or_else(Vec::new, |name| name.to_bytes().to_vec()),
                }),
                Err(Errno::AGAIN) => return Ok(notes),
                Err(Errno::INTR) => {}
                Err(_) => return Err(()),
            }
            if reader.is_buffer_empty() {
                return Ok(notes);
            }
        }
    }

    fn take_in(&self, seen: &mut Seen, note: &Note) -> Result<(), &'static str> {
        if note.what.contains(ReadFlags::IGNORED) {
            seen.paths.remove(&note.watch);
            return Ok(());
        }
        if note.what.contains(ReadFlags::MODIFY) {
            seen.counted.contents += 1;
        } else {
            seen.counted.names += 1;
        }
        let Some(parent) = seen.paths.get(&note.watch) else { return Ok(()) };
        if let Some(Told(listener)) = &self.listener {
            listener.changed(parent, &note.name);
        }
        if !note.what.contains(ReadFlags::ISDIR) || note.name.is_empty() {
            return Ok(());
        }
        let Ok(path) = parent.join(&note.name) else { return Ok(()) };
        if note.what.contains(ReadFlags::MOVED_FROM) {
            self.let_go(seen, &path);
        }
        if note.what.intersects(ReadFlags::CREATE | ReadFlags::MOVED_TO) && self.enters(&path) {
            self.spread(&path, &mut seen.paths)?;
        }
        Ok(())
    }

    /// Ends the watches beneath a directory that moved; where it went it is watched anew.
    fn let_go(&self, seen: &mut Seen, top: &TreePath) {
        let Some(news) = &self.news else { return };
        seen.paths.retain(|watch, path| {
            let stays = !path.as_path().starts_with(top.as_path());
            if !stays {
                // It has ended by itself when this fails.
                let _ended = inotify::remove_watch(news, *watch);
            }
            stays
        });
    }
}

fn watches_per_user() -> Option<usize> {
    let path = "/proc/sys/fs/inotify/max_user_watches";
    let file = rustix::fs::open(path, OFlags::RDONLY | OFlags::CLOEXEC, Mode::empty()).ok()?;
    let mut text = [0_u8; 32];
    let length = rustix::io::read(&file, &mut text).ok()?;
    str::from_utf8(text.get(..length)?).ok()?.trim().parse().ok()
}

/// The names of the directories in a directory; what cannot be read has none.
fn subdirectories(directory: &OwnedFd) -> Vec<Vec<u8>> {
    let Ok(entries) = Dir::read_from(directory) else { return Vec::new() };
    let mut names = Vec::new();
    for entry in entries.flatten() {
        let name = entry.file_name().to_bytes();
        let is_directory = match entry.file_type() {
            FileType::Directory => !matches!(name, b"." | b".."),
            FileType::Unknown => Stat::at(directory.as_fd(), name)
                .is_ok_and(|stat| stat.file_type() == FileType::Directory),
            FileType::RegularFile
            | FileType::Symlink
            | FileType::Fifo
            | FileType::Socket
            | FileType::CharacterDevice
            | FileType::BlockDevice => false,
        };
        if is_directory && !matches!(name, b"." | b"..") {
            names.push(name.to_vec());
        }
    }
    names
}

/// Whether the tree lies where other machines, or a program of the user, can change it
/// behind the kernel's back.
pub(crate) fn is_remote(root: &Root) -> bool {
    let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
    let kind = rustix::fs::openat(root, ".", flags, Mode::empty())
        .and_then(rustix::fs::fstatfs)
        .map(|stat| u64::try_from(stat.f_type).unwrap_or_default());
    kind.is_ok_and(|kind| REMOTE.contains(&(kind & 0xffff_ffff)))
}

const WATCHED: WatchFlags = WatchFlags::CREATE
    .union(WatchFlags::DELETE)
    .union(WatchFlags::MOVE)
    .union(WatchFlags::ATTRIB)
    .union(WatchFlags::MODIFY)
    .union(WatchFlags::DELETE_SELF)
    .union(WatchFlags::MOVE_SELF)
    .union(WatchFlags::EXCL_UNLINK)
    .union(WatchFlags::ONLYDIR);

/// The kernel's numbers of NFS, SMB (three), FUSE, 9P, Ceph, AFS and VirtualBox's folders
/// (`linux/magic.h`).
const REMOTE: [u64; 9] = [
    0x6969,
    0x517b,
    0xff53_4d42,
    0xfe53_4d42,
    0x6573_5546,
    0x0102_1997,
    0x00c3_6400,
    0x5346_414f,
    0x786f_4256,
];

#[cfg(test)]
#[expect(clippy::disallowed_methods, reason = "tests change trees as any other program would")]
mod tests {
    use std::fs;
    use std::path::Path;

    use super::*;

    fn watch(path: &Path, budget: usize) -> Watch {
        Watch::start(Arc::new(Root::open(path).unwrap()), Budget(budget))
    }

    /// Waits until the watch is complete.
    fn settled(watch: &Watch) -> Counted {
        loop {
            match watch.sight() {
                Sight::Clear(counted) => return counted,
                Sight::Forming(_) => std::thread::yield_now(),
                Sight::Blind(reason) => panic!("{reason}"),
            }
        }
    }

    /// Does something and tells whether names and contents counted as changed.
    fn seen(watch: &Watch, act: impl FnOnce()) -> (bool, bool) {
        let before = settled(watch);
        act();
        let after = settled(watch);
        (after.names != before.names, after.contents != before.contents)
    }

    #[test]
    fn every_way_to_change_a_tree_is_noticed_at_once_and_reading_is_not() {
        let dir = tempfile::tempdir().unwrap();
        let at = |name: &str| dir.path().join("tree").join(name);
        fs::create_dir_all(at("a/b")).unwrap();
        fs::write(at("a/b/file"), "1").unwrap();
        let watch = watch(&at(""), 100);
        let names = (true, false);
        assert_eq!(seen(&watch, || {}), (false, false));
        assert_eq!(seen(&watch, || drop(fs::read(at("a/b/file")).unwrap())), (false, false));
        assert_eq!(seen(&watch, || fs::read_dir(at("a")).unwrap().for_each(drop)), (false, false));
        assert_eq!(seen(&watch, || fs::write(at("a/b/file"), "2").unwrap()), (false, true));
        assert_eq!(seen(&watch, || fs::hard_link(at("a/b/file"), at("link")).unwrap()), names);
        assert_eq!(seen(&watch, || fs::rename(at("link"), at("a/b/file2")).unwrap()), names);
        assert_eq!(seen(&watch, || fs::remove_file(at("a/b/file2")).unwrap()), names);
        let mode = std::os::unix::fs::PermissionsExt::from_mode(0o600);
        assert_eq!(seen(&watch, || fs::set_permissions(at("a/b/file"), mode).unwrap()), names);
        // A directory made just now, and one in it that came before it was watched.
        assert_eq!(seen(&watch, || fs::create_dir_all(at("new/deep/er")).unwrap()), names);
        assert!(seen(&watch, || fs::write(at("new/deep/er/file"), "").unwrap()).0);
        // Moved with what is in it, within the tree and out of it.
        assert_eq!(seen(&watch, || fs::rename(at("new"), at("a/moved")).unwrap()), names);
        assert!(seen(&watch, || fs::write(at("a/moved/deep/er/x"), "").unwrap()).0);
        assert!(seen(&watch, || fs::create_dir(at("a/moved/deep/y")).unwrap()).0);
        assert!(seen(&watch, || fs::write(at("a/moved/deep/y/z"), "").unwrap()).0);
        let away = dir.path().join("away");
        assert_eq!(seen(&watch, || fs::rename(at("a/moved"), &away).unwrap()), names);
        assert_eq!(seen(&watch, || fs::write(away.join("deep/x"), "").unwrap()), (false, false));
        // Moved in from elsewhere.
        assert_eq!(seen(&watch, || fs::rename(&away, at("back")).unwrap()), names);
        assert!(seen(&watch, || fs::write(at("back/deep/y/again"), "").unwrap()).0);
        assert_eq!(seen(&watch, || fs::remove_dir_all(at("back")).unwrap()), names);
    }

    #[test]
    fn a_tree_with_too_many_directories_is_not_watched() {
        let dir = tempfile::tempdir().unwrap();
        for name in ["a", "b", "c"] {
            fs::create_dir(dir.path().join(name)).unwrap();
        }
        let sight = |budget: usize| {
            let watch = watch(dir.path(), budget);
            loop {
                let sight = watch.sight();
                if !matches!(sight, Sight::Forming(_)) {
                    return sight;
                }
                std::thread::yield_now();
            }
        };
        assert_eq!(sight(4), Sight::Clear(Counted::default()));
        assert_eq!(sight(3), Sight::Blind("it has too many directories"));
        // It may also grow too large.
        let watch = watch(dir.path(), 4);
        settled(&watch);
        fs::create_dir(dir.path().join("d")).unwrap();
        assert!(matches!(watch.sight(), Sight::Blind(_)));
    }

    #[test]
    fn when_the_kernels_queue_runs_over_everything_counts_as_changed_and_is_watched_anew() {
        let dir = tempfile::tempdir().unwrap();
        let limit = fs::read_to_string("/proc/sys/fs/inotify/max_queued_events").unwrap();
        let limit: usize = limit.trim().parse().unwrap();
        let watch = watch(dir.path(), 100);
        let before = settled(&watch);
        let held = watch.shared.lock();
        let (one, other) = (dir.path().join("one"), dir.path().join("other"));
        fs::write(&one, "").unwrap();
        for _ in 0..limit / 4 + 1 {
            // Two notes each, none like the one before, so that the kernel keeps them all.
            fs::rename(&one, &other).unwrap();
            fs::rename(&other, &one).unwrap();
        }
        // Lost: the queue is full.
        fs::create_dir(dir.path().join("unseen")).unwrap();
        drop(held);
        assert!(settled(&watch).names > before.names);
        assert!(seen(&watch, || fs::write(dir.path().join("unseen/file"), "").unwrap()).0);
    }
}
