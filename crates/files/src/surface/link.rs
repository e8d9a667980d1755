// SPDX-License-Identifier: Apache-2.0
//! Links through which a path is a surface whatever it is called.
//!
//! `.mcp.json` may be a link to `config/servers.json`, and `config` one to `shared`. Each
//! link that is a surface by its name, or a directory of some, is followed name by name, as
//! the kernel does: through links of the user's tree and through those of the change set,
//! since either may be there when a tool looks. Links are looked for in each directory above
//! a change, in directories that may hold surfaces, and in the change set.
//!
//! Invariant: every name on the way of such a link counts, not only where it ends.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::rc::Rc;

use moat_base::{EntryKind, Tree, TreePath};
use moat_scan::{Side, may_hold};

use crate::blob::BlobStore;
use crate::change::ChangeSet;
use crate::file_error::FileError;
use crate::limits::{LINK_DIRECTORIES_MAX, LINK_HOPS_MAX, LINK_STEPS_MAX};
use crate::node::NodeKind;
use crate::tree::DirTree;

/// The ways that lead from names of surfaces to other names.
#[derive(Debug, Default)]
pub(super) struct Links {
    /// By a path that a link leads to, or over: the link, which is a surface, or a directory
    /// of some, by its own name.
    ways: BTreeMap<TreePath, BTreeSet<(TreePath, Stop)>>,
    /// Whether there is more to go over than is gone over, so that any path may be led to.
    pub(super) are_unknown: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Stop {
    /// What is there is what the link shows, and what is beneath lies beneath the link.
    Goal,
    /// Another link is there, and the way goes on from where that leads.
    Over,
}

impl Links {
    /// Looks for links where a change may have to do with them.
    pub(super) fn find(
        blobs: &BlobStore,
        real: &DirTree,
        set: &ChangeSet,
    ) -> Result<Self, FileError> {
        let mut made = BTreeMap::new();
        for change in set.edits() {
            let link = change.after.as_ref().filter(|node| node.kind == NodeKind::Link);
            if let Some(id) = link.and_then(|node| node.blob) {
                made.insert(change.path.clone(), blobs.get(&id)?);
            }
        }
        let mut walk = Walk { real, made, set, ways: BTreeMap::new(), left: LINK_STEPS_MAX };
        let mut names = real.surfaces_among_links(set);
        names.extend(walk.made.keys().filter(|path| may_hold(path)).cloned());
        let are_known = names.iter().all(|name| walk.follow(name).is_some());
        Ok(Self { ways: walk.ways, are_unknown: !are_known })
    }

    /// The other names under which a change of a path is seen, given what it is on both sides.
    pub(super) fn other_names(&self, path: &TreePath, sides: [Side<'_>; 2]) -> BTreeSet<TreePath> {
        let is_link = sides.iter().any(|side| matches!(side, Side::Link(_)));
        let mut names = BTreeSet::new();
        let mut ups = std::iter::successors(Some(path.clone()), TreePath::parent);
        while let Some(at) = ups.next().filter(|_| !self.ways.is_empty()) {
            let rest = path.as_path().strip_prefix(at.as_path()).unwrap_or(path.as_path());
            let rest = rest.as_os_str().as_encoded_bytes();
            for (name, stop) in self.ways.get(&at).into_iter().flatten() {
                match stop {
                    Stop::Over if is_link && rest.is_empty() => drop(names.insert(name.clone())),
                    Stop::Goal if rest.is_empty() => drop(names.insert(name.clone())),
                    Stop::Goal => names.extend(name.join(rest)),
                    Stop::Over => {}
                }
            }
        }
        names
    }
}

impl DirTree {
    /// Links that are surfaces, or directories of some, by their names.
    fn surfaces_among_links(&self, set: &ChangeSet) -> BTreeSet<TreePath> {
        let above = set
            .edits()
            .flat_map(|change| std::iter::successors(change.path.parent(), TreePath::parent));
        let mut looked: BTreeSet<TreePath> = above.collect();
        looked.insert(TreePath::root());
        let mut links = BTreeSet::new();
        let mut waiting = VecDeque::new();
        let mut look = |directory: &TreePath, waiting: &mut VecDeque<TreePath>| {
            for (path, kind) in self.names(directory).unwrap_or_default() {
                match kind {
                    EntryKind::Link if may_hold(&path) => drop(links.insert(path)),
                    EntryKind::Directory if may_hold(&path) => waiting.push_back(path),
                    EntryKind::Link
                    | EntryKind::Directory
                    | EntryKind::File
                    | EntryKind::Special => {}
                }
            }
        };
        looked.iter().for_each(|directory| look(directory, &mut waiting));
        let mut left = LINK_DIRECTORIES_MAX;
        while let Some(directory) = waiting.pop_front() {
            if !looked.insert(directory.clone()) {
                continue;
            }
            if left == 0 {
                break;
            }
            left -= 1;
            look(&directory, &mut waiting);
        }
        links
    }
}

/// The links of the user's tree, and those that the change set would make.
struct Walk<'all> {
    real: &'all DirTree,
    made: BTreeMap<TreePath, Vec<u8>>,
    set: &'all ChangeSet,
    ways: BTreeMap<TreePath, BTreeSet<(TreePath, Stop)>>,
    /// How many names may still be gone over, for all links together.
    left: usize,
}

/// A place on the way of a link, and what is still to go.
struct Place {
    at: TreePath,
    rest: VecDeque<Vec<u8>>,
    passed: Option<Rc<Passed>>,
}

/// A link that was gone through, and those before it.
struct Passed {
    link: TreePath,
    /// How much was to go behind it: while there is no less, the way is still inside of it.
    behind: usize,
    count: usize,
    before: Option<Rc<Self>>,
}

impl Place {
    /// The way through a link at this place; `None` where no kernel would go: in a circle,
    /// or through too many.
    fn through(&self, link: &TreePath, target: &[u8]) -> Option<Self> {
        let earlier = std::iter::successors(self.passed.as_deref(), |it| it.before.as_deref());
        let mut inside = earlier.filter(|it| self.rest.len() >= it.behind);
        let count = self.passed.as_ref().map_or(0, |it| it.count) + 1;
        // A link to an absolute path leads out of the tree.
        if target.first() == Some(&b'/')
            || count > LINK_HOPS_MAX
            || inside.any(|it| it.link == *link)
        {
            return None;
        }
        let names = target.split(|byte| *byte == b'/').map(<[u8]>::to_vec);
        let behind = self.rest.len();
        let before = self.passed.clone();
        Some(Self {
            at: self.at.clone(),
            rest: names.chain(self.rest.iter().cloned()).collect(),
            passed: Some(Rc::new(Passed { link: link.clone(), behind, count, before })),
        })
    }
}

impl Walk<'_> {
    /// Notes every path that a link leads over or to; `None` when no steps were left.
    fn follow(&mut self, name: &TreePath) -> Option<()> {
        let rest = name.components().map(<[u8]>::to_vec).collect();
        let mut waiting = vec![Place { at: TreePath::root(), rest, passed: None }];
        while let Some(mut place) = waiting.pop() {
            self.left = self.left.checked_sub(1)?;
            let Some(next) = place.rest.pop_front() else {
                self.note(name, place.at, Stop::Goal);
                continue;
            };
            match next.as_slice() {
                b"" | b"." => {}
                b".." => match place.at.parent() {
                    Some(parent) => place.at = parent,
                    // It leads out of the tree.
                    None => continue,
                },
                component => {
                    let Ok(here) = place.at.join(component) else { continue };
                    let targets = self.targets(&here);
                    for target in &targets {
                        let stop = if place.rest.is_empty() { Stop::Goal } else { Stop::Over };
                        self.note(name, here.clone(), stop);
                        waiting.extend(place.through(&here, target));
                    }
                    // What the set changes may be no link, before or after.
                    if !targets.is_empty() && self.set.find(&here).is_none() {
                        continue;
                    }
                    place.at = here;
                }
            }
            waiting.push(place);
        }
        Some(())
    }

    fn note(&mut self, name: &TreePath, at: TreePath, stop: Stop) {
        if at != *name {
            self.ways.entry(at).or_default().insert((name.clone(), stop));
        }
    }

    /// Where the links at a path lead: the user's, and the one that would be made.
    fn targets(&self, path: &TreePath) -> Vec<Vec<u8>> {
        let real = self.real.link_target(path).ok();
        real.into_iter().chain(self.made.get(path).cloned()).collect()
    }
}
