// SPDX-License-Identifier: Apache-2.0
//! Where a path leads when the links on its way are followed within the tree.
//!
//! Writing follows no link in `moat_files`, so the path that is written is found here first.
//! If a link is put elsewhere between this and the write, the write meets a link and refuses.
//!
//! Invariant: the result lies beneath the root; a link that leads out is refused.

use std::collections::VecDeque;

use moat_base::{EntryKind, Tree as _, TreeError, TreePath};
use moat_files::DirTree;

use crate::error::Error;
use crate::limits::LINK_HOPS_MAX;

/// The path of what lies at the end of all links; what does not exist has no links.
pub(crate) fn resolve(tree: &DirTree, path: &TreePath) -> Result<TreePath, Error> {
    let refuse = |reason: &str| Error::Refused { path: path.clone(), reason: reason.to_owned() };
    let mut reached = TreePath::root();
    let mut rest: VecDeque<Vec<u8>> = path.components().map(<[u8]>::to_vec).collect();
    let mut hops = 0;
    while let Some(name) = rest.pop_front() {
        match name.as_slice() {
            b"" | b"." => continue,
            b".." => {
                reached = reached.parent().ok_or_else(|| refuse("it leads out of the tree"))?;
                continue;
            }
            _ => {}
        }
        let here = reached.join(&name).map_err(|_| refuse("the path is too long"))?;
        let is_link = match tree.entry(&here) {
            Ok(entry) => entry.kind == EntryKind::Link,
            Err(TreeError::Missing { .. }) => false,
            Err(error) => return Err(error.into()),
        };
        if !is_link {
            reached = here;
            continue;
        }
        hops += 1;
        if hops > LINK_HOPS_MAX {
            return Err(refuse("it leads through too many links"));
        }
        let target = tree.link_target(&here)?;
        if target.first() == Some(&b'/') {
            return Err(refuse("it leads out of the tree"));
        }
        for part in target.split(|byte| *byte == b'/').rev() {
            rest.push_front(part.to_vec());
        }
    }
    Ok(reached)
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::symlink;

    use moat_files::Root;

    use super::*;

    #[test]
    fn links_within_the_tree_are_followed_and_others_refused() {
        let dir = tempfile::tempdir().unwrap();
        let at = |name: &str| dir.path().join(name);
        std::fs::create_dir_all(at("a/b")).unwrap();
        std::fs::write(at("a/b/file"), "x").unwrap();
        for (target, name) in [
            ("a/b/file", "direct"),
            ("b", "a/dir"),
            ("../direct", "a/up"),
            ("/etc/passwd", "out"),
            ("../../x", "a/far"),
            ("loop", "loop"),
            ("a/new", "dangling"),
        ] {
            symlink(target, at(name)).unwrap();
        }
        let tree = DirTree::new(Root::open(dir.path()).unwrap());
        let resolved = |text: &str| {
            resolve(&tree, &TreePath::parse(text).unwrap()).map(|path| path.to_string()).ok()
        };
        for (path, expect) in [
            ("a/b/file", Some("a/b/file")),
            ("direct", Some("a/b/file")),
            ("a/dir/file", Some("a/b/file")),
            ("a/dir/none/x", Some("a/b/none/x")),
            ("a/up", Some("a/b/file")),
            ("dangling", Some("a/new")),
            ("out", None),
            ("a/far", None),
            ("loop", None),
        ] {
            assert_eq!(resolved(path).as_deref(), expect, "{path}");
        }
    }
}
