// SPDX-License-Identifier: Apache-2.0
//! Whether Moat's own directories are this user's alone.
//!
//! They are named by variables and may lie below a place that several users share. Whoever
//! else can write one of them, or put another in its place, could hand Moat a configuration,
//! a key or a socket of theirs. So each is looked at before anything in it is read, made or
//! locked.
//!
//! Invariant: nothing is opened and nothing is followed that another user made.

use std::io;
use std::path::{Path, PathBuf};

use moat_config::{FileKind, Ownership, Stat, SystemOwnership, USER_FILE_NAME};

use crate::environment::Environment;
use crate::failure::Failure;

/// What another user can own and still not be met: the owner of what no user of this user
/// namespace owns, such as the root directory of a container.
const UNMAPPED: u32 = 65_534;
/// The whole of `/proc/self/uid_map` where every user has a name of their own.
const ALL_MAPPED: [&str; 3] = ["0", "0", "4294967295"];
const MAP_BYTES_MAX: u64 = 16 * 1024;
const STICKY: u32 = 0o1000;

/// Refuses when another user owns or can write one of Moat's places, or can replace it.
pub(crate) fn check(environment: &Environment) -> Result<(), Failure> {
    let map = environment.fs.read(Path::new("/proc/self/uid_map"), MAP_BYTES_MAX);
    let map = map.unwrap_or_default();
    let map = String::from_utf8_lossy(&map);
    let judge = Judge {
        ownership: &SystemOwnership,
        own: rustix::process::geteuid().as_raw(),
        group: rustix::process::getegid().as_raw(),
        is_partial: !map.is_empty() && !map.split_whitespace().eq(ALL_MAPPED),
    };
    let layout = &environment.layout;
    for place in [&layout.config, &layout.state, &layout.data, &environment.cache] {
        judge.place(place, Private::Writing)?;
    }
    judge.place(&layout.runtime, Private::Wholly)?;
    judge.place(&layout.config.join(USER_FILE_NAME), Private::Writing)
}

/// What others may not do to a place.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Private {
    /// Write.
    Writing,
    /// Anything: connecting to a socket is no writing.
    Wholly,
}

struct Judge<'o> {
    ownership: &'o dyn Ownership,
    own: u32,
    group: u32,
    /// Whether there are users without a number here.
    is_partial: bool,
}

impl Judge<'_> {
    /// Judges a place that may be missing, what it leads to, and the way there.
    fn place(&self, path: &Path, private: Private) -> Result<(), Failure> {
        self.way(path)?;
        let Some(stat) = self.stat(path)? else { return Ok(()) };
        if !self.is_mine_or_roots(stat.uid) {
            return Err(refused(path, "belongs to another user", &away(path)));
        }
        if stat.kind == FileKind::Other {
            // A link of the user's own stands for what it leads to.
            return match self.real(path)? {
                Some(real) if real != path => self.place(&real, private),
                Some(_) | None => Ok(()),
            };
        }
        let (open, reason) = match private {
            Private::Wholly => (0o077, "is open to other users"),
            Private::Writing if self.is_group_private() => (0o002, "can be written by other users"),
            Private::Writing => (0o022, "can be written by other users"),
        };
        if stat.mode & open != 0 {
            return Err(refused(path, reason, &format!("`chmod go-rwx {}`", path.display())));
        }
        Ok(())
    }

    /// Judges the directories above a place: who can write there can replace it.
    fn way(&self, path: &Path) -> Result<(), Failure> {
        for above in path.ancestors().skip(1).filter(|above| above.is_absolute()) {
            let Some(stat) = self.stat(above)? else { continue };
            if !(self.is_mine_or_roots(stat.uid) || self.is_partial && stat.uid == UNMAPPED) {
                let reason =
                    format!("lies below `{}`, which belongs to another user", above.display());
                return Err(refused(path, &reason, &elsewhere()));
            }
            if stat.kind == FileKind::Directory && stat.mode & 0o002 != 0 && stat.mode & STICKY == 0
            {
                let reason = format!("lies below `{}`, which everybody can write", above.display());
                return Err(refused(path, &reason, &elsewhere()));
            }
        }
        Ok(())
    }

    /// Where a link leads; `None` when there is nothing.
    fn real(&self, path: &Path) -> Result<Option<PathBuf>, Failure> {
        match path.canonicalize() {
            Ok(real) => Ok(Some(real)),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(unknown(path).because(&error)),
        }
    }

    fn stat(&self, path: &Path) -> Result<Option<Stat>, Failure> {
        match self.ownership.stat(path) {
            Ok(stat) => Ok(Some(stat)),
            Err(error)
                if matches!(
                    error.kind(),
                    io::ErrorKind::NotFound | io::ErrorKind::NotADirectory
                ) =>
            {
                Ok(None)
            }
            Err(error) => Err(unknown(path).because(&error)),
        }
    }

    fn is_mine_or_roots(&self, uid: u32) -> bool {
        uid == self.own || uid == 0
    }

    /// Whether the user's group has nobody else: by custom it then has the user's number.
    /// Where that is so, directories are made writable for it.
    fn is_group_private(&self) -> bool {
        self.own != 0 && self.group == self.own
    }
}

fn refused(path: &Path, reason: &str, hint: &str) -> Failure {
    Failure::environment(format!("`{}` {reason}", path.display()), hint)
}

fn unknown(path: &Path) -> Failure {
    let hint = "look at the permissions of the directories above it";
    Failure::environment(format!("could not find out whose `{}` is", path.display()), hint)
}

fn away(path: &Path) -> String {
    format!("move `{}` away, or {}", path.display(), elsewhere())
}

fn elsewhere() -> String {
    "set `XDG_CONFIG_HOME`, `XDG_STATE_HOME`, `XDG_DATA_HOME`, `XDG_CACHE_HOME` and \
     `XDG_RUNTIME_DIR` to directories of your own"
        .to_owned()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;
    use std::fs;
    use std::os::unix::fs::{PermissionsExt as _, symlink};

    use super::*;

    const THEM: u32 = 4_242;

    /// The machine's file system, but for what the test says of some paths.
    #[derive(Debug, Default)]
    struct Told(BTreeMap<PathBuf, u32>);

    impl Ownership for Told {
        fn stat(&self, path: &Path) -> io::Result<Stat> {
            let stat = SystemOwnership.stat(path)?;
            Ok(self.0.get(path).map_or(stat, |uid| Stat { uid: *uid, ..stat }))
        }
    }

    /// What is said of `name` below a private directory in which `make` worked.
    fn said(name: &str, private: Private, make: impl Fn(&Path) -> Vec<&'static str>) -> String {
        let dir = tempfile::tempdir().unwrap();
        let theirs = make(dir.path());
        let told = Told(theirs.into_iter().map(|name| (dir.path().join(name), THEM)).collect());
        let own = rustix::process::geteuid().as_raw();
        let judge = Judge { ownership: &told, own, group: 100, is_partial: false };
        let judged = judge.place(&dir.path().join(name), private);
        let said = judged.err().map(|failure| failure.report.to_string()).unwrap_or_default();
        said.replace(&dir.path().display().to_string(), "DIR")
    }

    fn directory(path: &Path, mode: u32) {
        fs::create_dir(path).unwrap();
        fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
    }

    #[test]
    fn places_of_this_user_alone_are_used() {
        for mode in [0o700, 0o755] {
            let make = |dir: &Path| {
                directory(&dir.join("moat"), mode);
                Vec::new()
            };
            assert_eq!(said("moat", Private::Writing, make), "");
        }
        assert_eq!(said("missing/moat", Private::Wholly, |_| Vec::new()), "");
        let link = |dir: &Path| {
            directory(&dir.join("real"), 0o700);
            symlink("real", dir.join("moat")).unwrap();
            symlink("nothing", dir.join("broken")).unwrap();
            Vec::new()
        };
        assert_eq!(said("moat", Private::Wholly, link), "");
        assert_eq!(said("broken", Private::Wholly, link), "");
        // Everybody may write, and nobody may move what belongs to others.
        let sticky = |dir: &Path| {
            directory(&dir.join("tmp"), 0o1777);
            Vec::new()
        };
        assert_eq!(said("tmp/moat", Private::Wholly, sticky), "");
    }

    #[test]
    fn places_that_others_own_write_or_can_replace_are_refused() {
        let begins = |said: &str, with: &str| assert!(said.starts_with(with), "{said}");
        let of_mode = |mode| {
            move |dir: &Path| {
                directory(&dir.join("moat"), mode);
                Vec::new()
            }
        };
        for mode in [0o777, 0o1777, 0o770, 0o722] {
            let said = said("moat", Private::Writing, of_mode(mode));
            begins(&said, "error: `DIR/moat` can be written by other users");
            assert!(said.contains("`chmod go-rwx DIR/moat`"), "{said}");
        }
        let open = said("moat", Private::Wholly, of_mode(0o711));
        begins(&open, "error: `DIR/moat` is open to other users");
        let theirs = |dir: &Path| {
            directory(&dir.join("moat"), 0o700);
            symlink("moat", dir.join("link")).unwrap();
            vec!["moat", "link"]
        };
        for name in ["moat", "link"] {
            let said = said(name, Private::Writing, theirs);
            begins(&said, &format!("error: `DIR/{name}` belongs to another user"));
            assert!(said.contains("XDG_STATE_HOME"), "{said}");
        }
        let led = |dir: &Path| {
            directory(&dir.join("real"), 0o777);
            symlink("real", dir.join("moat")).unwrap();
            Vec::new()
        };
        begins(&said("moat", Private::Writing, led), "error: `DIR/real` can be written");
        let above = |dir: &Path| {
            directory(&dir.join("shared"), 0o777);
            Vec::new()
        };
        let replaced = said("shared/moat", Private::Writing, above);
        begins(&replaced, "error: `DIR/shared/moat` lies below `DIR/shared`, which everybody");
        let below = |dir: &Path| {
            directory(&dir.join("theirs"), 0o755);
            vec!["theirs"]
        };
        let replaced = said("theirs/moat", Private::Writing, below);
        begins(&replaced, "error: `DIR/theirs/moat` lies below `DIR/theirs`, which belongs");
    }

    #[test]
    fn a_group_of_ones_own_may_write_and_nobodys_root_directory_is_passed() {
        let dir = tempfile::tempdir().unwrap();
        directory(&dir.path().join("moat"), 0o775);
        let path = dir.path().join("moat");
        let told = Told(BTreeMap::from([(dir.path().to_owned(), UNMAPPED), (path.clone(), 1000)]));
        let judge = |group, is_partial| {
            let judge = Judge { ownership: &told, own: 1000, group, is_partial };
            judge.place(&path, Private::Writing).is_ok()
        };
        assert!(judge(1000, true));
        assert!(!judge(100, true), "the group may have other members");
        assert!(!judge(1000, false), "where every user has a number that one is a user");
    }
}
