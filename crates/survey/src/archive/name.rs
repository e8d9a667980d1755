// SPDX-License-Identifier: Apache-2.0
//! The names of an archive's entries, which are foreign and may lead anywhere.

use moat_base::TreePath;

use super::header::Kind;

/// An entry by its names.
#[derive(Debug)]
pub(super) struct Entry {
    /// Its name as a careful program would write it: nothing of it leads out.
    pub(super) path: TreePath,
    /// Its name as it stands there.
    pub(super) name: Vec<u8>,
    /// Where it leads, if it is a link.
    pub(super) target: Vec<u8>,
    /// Whether a careless program would write it elsewhere.
    pub(super) leads_out: bool,
}

impl Entry {
    pub(super) fn new(name: Vec<u8>, target: Vec<u8>) -> Self {
        let parts = || name.split(|byte| *byte == b'/');
        let leads_out = name.starts_with(b"/") || parts().any(|part| part == b"..");
        let kept: Vec<&[u8]> =
            parts().filter(|part| !matches!(*part, b"" | b"." | b"..")).collect();
        // A name that is too long is told by its first part.
        let path = TreePath::from_bytes(&kept.join(&b'/'))
            .or_else(|_too_long| TreePath::from_bytes(kept.first().copied().unwrap_or_default()))
            .unwrap_or_default();
        Self { path, name, target, leads_out }
    }

    /// Whether a link leads out of where the archive is unpacked.
    pub(super) fn target_leads_out(&self, kind: Kind) -> bool {
        if self.target.starts_with(b"/") {
            return true;
        }
        // A hard link names another entry, a symbolic one goes from its own directory.
        let mut depth = if kind == Kind::HardLink {
            0
        } else {
            self.path.components().count().saturating_sub(1)
        };
        for part in self.target.split(|byte| *byte == b'/') {
            match part {
                b"" | b"." => {}
                b".." if depth == 0 => return true,
                b".." => depth -= 1,
                _ => depth += 1,
            }
        }
        false
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_that_lead_out_are_told_and_stay_inside() {
        for (name, path, out) in [
            ("./a/b", "a/b", false),
            ("a//b/", "a/b", false),
            ("/etc/passwd", "etc/passwd", true),
            ("a/../../b", "a/b", true),
            ("..", "", true),
        ] {
            let entry = Entry::new(name.as_bytes().to_vec(), Vec::new());
            assert_eq!((entry.path.to_string().as_str(), entry.leads_out), (path, out), "{name}");
        }
    }

    #[test]
    fn links_that_lead_out_are_told() {
        for (target, kind, out) in [
            ("../x", Kind::Link, false),
            ("../../x", Kind::Link, true),
            ("a/../../../x", Kind::Link, true),
            ("/x", Kind::Link, true),
            ("../x", Kind::HardLink, true),
            ("x", Kind::HardLink, false),
        ] {
            let entry = Entry::new(b"d/link".to_vec(), target.as_bytes().to_vec());
            assert_eq!(entry.target_leads_out(kind), out, "{target}");
        }
    }
}
