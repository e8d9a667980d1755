// SPDX-License-Identifier: Apache-2.0
//! Whether a change touches a surface.

use moat_base::TreePath;

use crate::catalogue::ODD_NAME;
use crate::fold::fold_path;
use crate::limits::NAME_BYTES_USUAL;
use crate::part::Part;
use crate::pattern::{Fit, surfaces};
use crate::surface::{Effect, Surface};

/// What a path is on one side of a change.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side<'a> {
    /// Nothing is there.
    Nothing,
    /// A file; its content is asked for when it matters.
    File,
    /// A directory.
    Directory,
    /// A symbolic link with its target.
    Link(&'a [u8]),
}

/// Which side of a change.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Which {
    /// What it was.
    Before,
    /// What it would be.
    After,
}

/// A surface that a change touches.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Touch {
    /// The catalogue's entry.
    pub surface: &'static Surface,
    /// Whether the change needs a confirmation of its own because of it.
    pub is_gated: bool,
}

/// Says which surfaces a change of one path touches, in any spelling of the path.
///
/// `read` gives the content of a file on one side, `None` when it has none to give; it is
/// asked only where a part of the file decides, and what is not given counts as touched. A
/// link touches what it is called, what lies beneath where it stands, and what it leads to.
pub fn touches(
    path: &TreePath,
    before: Side<'_>,
    after: Side<'_>,
    read: &mut dyn FnMut(Which) -> Option<Vec<u8>>,
) -> Vec<Touch> {
    let sides = [before, after];
    let has_name = sides.iter().any(|side| matches!(side, Side::File | Side::Link(_)));
    let has_link = sides.iter().any(|side| matches!(side, Side::Link(_)));
    let counts = |fit: Fit| match fit {
        Fit::Whole => has_name,
        Fit::Above => has_link,
    };
    let named = surfaces(&fold_path(path.as_bytes()));
    let mut found: Vec<&'static Surface> =
        named.into_iter().filter(|(_, fit)| counts(*fit)).map(|(surface, _)| surface).collect();
    if let Side::Link(target) = after {
        let goal = surfaces(&fold_path(&joined(path, target)));
        found.extend(goal.into_iter().map(|(surface, _)| surface));
    }
    if !matches!(after, Side::Nothing) && is_odd(path) {
        found.push(&ODD_NAME);
    }
    let mut touched: Vec<Touch> = Vec::new();
    for surface in found {
        let is_known = touched.iter().any(|touch| std::ptr::eq(touch.surface, surface));
        if !is_known && part_differs(&surface.part, before, after, read) {
            touched.push(Touch { surface, is_gated: is_gated_by(surface, after) });
        }
    }
    touched
}

/// Whether any of these needs a confirmation.
#[must_use]
pub fn is_gated(touched: &[Touch]) -> bool {
    touched.iter().any(|touch| touch.is_gated)
}

/// Whether a path is a surface that needs a confirmation, or a directory that may hold one,
/// by its name.
#[must_use]
pub fn may_hold(path: &TreePath) -> bool {
    let named = surfaces(&fold_path(path.as_bytes()));
    named.iter().any(|(surface, _)| surface.effects.iter().any(|effect| effect.is_gated()))
}

/// A link's target as a path from the root, before `..` is resolved.
fn joined(path: &TreePath, target: &[u8]) -> Vec<u8> {
    let parent = path.parent().unwrap_or_default();
    [parent.as_bytes(), b"/", target].concat()
}

fn is_gated_by(surface: &Surface, after: Side<'_>) -> bool {
    let is_gone = matches!(after, Side::Nothing | Side::Directory);
    let acts = |effect: &&Effect| effect.is_gated() && (!is_gone || effect.acts_when_gone());
    surface.effects.iter().find(acts).is_some()
}

fn part_differs(
    part: &Part,
    before: Side<'_>,
    after: Side<'_>,
    read: &mut dyn FnMut(Which) -> Option<Vec<u8>>,
) -> bool {
    if *part == Part::Whole {
        return true;
    }
    let mut given = |side: Side<'_>, which: Which| match side {
        Side::Nothing => Some(None),
        Side::File => read(which).map(Some),
        // What a link leads to is not known here.
        Side::Directory | Side::Link(_) => None,
    };
    match (given(before, Which::Before), given(after, Which::After)) {
        (Some(before), Some(after)) => part.differs(before.as_deref(), after.as_deref()),
        (None, _) | (_, None) => true,
    }
}

/// Whether a name can reach a shell as more than a name, misleads who reads it, or is one
/// for another file or a device elsewhere.
fn is_odd(path: &TreePath) -> bool {
    const ACTIVE: &[u8] = b"$`\\\"'|&;<>*?:\n\r\t";
    path.components().any(|name| {
        name.first() == Some(&b'-')
            || name.len() > NAME_BYTES_USUAL
            || matches!(name.last(), Some(b'.' | b' '))
            || name.iter().any(|byte| ACTIVE.contains(byte) || byte.is_ascii_control())
            || is_device(name)
            || str::from_utf8(name).map_or(true, |text| moat_base::visible(text) != text)
    })
}

/// Whether Windows takes a name for a device, whatever follows its first dot.
fn is_device(name: &[u8]) -> bool {
    let base = name.split(|byte| *byte == b'.').next().unwrap_or_default();
    let base = base.to_ascii_lowercase();
    match base.as_slice() {
        b"con" | b"prn" | b"aux" | b"nul" => true,
        [b'c', b'o', b'm', digit] | [b'l', b'p', b't', digit] => digit.is_ascii_digit(),
        _ => false,
    }
}
