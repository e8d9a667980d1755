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

use moat_base::{EntryKind, Tree, TreePath};
use moat_scan::{Side, may_hold};

use crate::blob::BlobStore;
use crate::change::ChangeSet;
use crate::file_error::FileError;
use crate::limits::{LINK_DIRECTORIES_MAX, LINK_STEPS_MAX};
use crate::node::NodeKind;
use crate::tree::DirTree;

/// The ways that lead from names of surfaces to other names.
#[derive(Debug, Default)]
pub(super) struct Links {
    ways: BTreeSet<Way>,
}

#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Way {
    /// The link that is a surface, or a directory of some, by its own name.
    name: TreePath,
    /// A path that it leads to, or over.
    at: TreePath,
    stop: Stop,
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
        let walk = Walk { real, made };
        let mut links = Self::default();
        for name in walk.real.surfaces_among_links(set) {
            walk.follow(&name, &mut links.ways);
        }
        for name in walk.made.keys().filter(|path| may_hold(path)) {
            walk.follow(name, &mut links.ways);
        }
        Ok(links)
    }

    /// The other names under which a change of a path is seen, given what it is on both sides.
    pub(super) fn other_names<'links>(
        &'links self,
        path: &'links TreePath,
        sides: [Side<'_>; 2],
    ) -> impl Iterator<Item = TreePath> + use<'links> {
        let is_link = sides.iter().any(|side| matches!(side, Side::Link(_)));
        self.ways.iter().filter_map(move |way| match way.stop {
            Stop::Over => (is_link && way.at == *path).then(|| way.name.clone()),
            Stop::Goal => {
                let rest = path.as_path().strip_prefix(way.at.as_path()).ok()?;
                let rest = rest.as_os_str().as_encoded_bytes();
                if rest.is_empty() { Some(way.name.clone()) } else { way.name.join(rest).ok() }
            }
        })
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
}

impl Walk<'_> {
    /// Notes every path that a link leads over or to.
    fn follow(&self, name: &TreePath, ways: &mut BTreeSet<Way>) {
        let names: Vec<Vec<u8>> = name.components().map(<[u8]>::to_vec).collect();
        let mut waiting = vec![(TreePath::root(), VecDeque::from(names))];
        for _step in 0..LINK_STEPS_MAX {
            let Some((mut at, mut rest)) = waiting.pop() else { return };
            let Some(next) = rest.pop_front() else {
                if at != *name {
                    ways.insert(Way { name: name.clone(), at, stop: Stop::Goal });
                }
                continue;
            };
            match next.as_slice() {
                b"" | b"." => {}
                b".." => match at.parent() {
                    Some(parent) => at = parent,
                    // It leads out of the tree.
                    None => continue,
                },
                component => {
                    let Ok(here) = at.join(component) else { continue };
                    for target in self.targets(&here) {
                        if here != *name {
                            let stop = if rest.is_empty() { Stop::Goal } else { Stop::Over };
                            ways.insert(Way { name: name.clone(), at: here.clone(), stop });
                        }
                        if target.first() != Some(&b'/') {
                            let names = target.split(|byte| *byte == b'/').map(<[u8]>::to_vec);
                            waiting.push((at.clone(), names.chain(rest.iter().cloned()).collect()));
                        }
                    }
                    at = here;
                }
            }
            waiting.push((at, rest));
        }
    }

    /// Where the links at a path lead: the user's, and the one that would be made.
    fn targets(&self, path: &TreePath) -> Vec<Vec<u8>> {
        let seen = self.real.observe(path).ok().flatten();
        let real = seen.filter(|seen| seen.node.kind == NodeKind::Link).map(|seen| seen.bytes);
        real.into_iter().chain(self.made.get(path).cloned()).collect()
    }
}
