// SPDX-License-Identifier: Apache-2.0
//! Where a link leads, by the names in its target alone.
//!
//! Invariant: a target that could lead out of the tree, whatever else is there, does not count
//! as one that stays.

use moat_base::TreePath;

use crate::fold::is_git_name;

/// Whether a link's target, read as names only, stays beneath the root and out of `.git`.
///
/// Reading names is only right while no name on the way is a link itself, so nothing may
/// go back up after it has gone down.
#[must_use]
pub fn stays_beneath(path: &TreePath, target: &[u8]) -> bool {
    if target.is_empty() || target.starts_with(b"/") {
        return false;
    }
    let mut reached: Vec<&[u8]> = path.components().collect();
    reached.pop();
    let mut has_descended = false;
    for component in target.split(|byte| *byte == b'/') {
        match component {
            b"" | b"." => {}
            b".." => {
                if has_descended || reached.pop().is_none() {
                    return false;
                }
            }
            name => {
                has_descended = true;
                reached.push(name);
            }
        }
    }
    TreePath::from_bytes(&reached.join(&b'/')).is_ok_and(|goal| !goal.components().any(is_git_name))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_link_stays_beneath_by_its_names_or_is_refused() {
        let cases = [
            ("a/link", "b", true),
            ("a/link", "../b/c", true),
            ("a/link", "./b", true),
            ("link", "..", false),
            ("a/link", "../../b", false),
            ("a/link", "/etc", false),
            ("a/link", "", false),
            ("a/link", "../.git/hooks", false),
            // `b` may be a link to somewhere above.
            ("a/link", "b/../c", false),
            ("a/link", "../b/../..", false),
        ];
        for (path, target, expected) in cases {
            let path = TreePath::parse(path).unwrap();
            assert_eq!(stays_beneath(&path, target.as_bytes()), expected, "{path} {target}");
        }
    }
}
