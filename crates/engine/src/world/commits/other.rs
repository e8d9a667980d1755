// SPDX-License-Identifier: Apache-2.0
//! Refs that differ between the session and the user's repository and are never taken. Pure.

use std::collections::BTreeMap;

use moat_base::visible;
use moat_protocol::OtherRef;

use super::refs::Ref;
use crate::limits::OTHER_REFS_MAX;

/// What a kind of ref means, and why it stays. The first that fits counts.
const MEANING: [(&str, &str); 8] = [
    ("HEAD", "the branch that is checked out; the one in your repository stays"),
    ("refs/heads/", "a branch without commits that you do not have; yours stays where it is"),
    ("refs/tags/", "a tag; tags are not taken, make them yourself"),
    ("refs/replace/", "would show another object in the place of this one; not taken"),
    ("refs/remotes/", "what a remote repository is said to have; not taken"),
    ("refs/stash", "changes that were set aside; not taken"),
    ("refs/notes/", "remarks about commits; not taken"),
    ("refs/", "a ref that is no branch; not taken"),
];

/// Names what differs, but for the branches in `told`.
pub(super) fn others(session: &[Ref], user: &[Ref], told: &[&str]) -> Vec<OtherRef> {
    let by_name = |refs: &[Ref]| -> BTreeMap<Vec<u8>, String> {
        refs.iter().map(|it| (it.name.clone(), it.id.clone())).collect()
    };
    let (session, user) = (by_name(session), by_name(user));
    let names = session.keys().chain(user.keys().filter(|name| !session.contains_key(*name)));
    let is_told = |name: &[u8]| {
        name.strip_prefix(super::HEADS)
            .map(|name| visible(&String::from_utf8_lossy(name)).into_owned())
            .is_some_and(|name| told.iter().any(|told| *told == name))
    };
    let differing = names.filter(|name| session.get(*name) != user.get(*name));
    // What was taken is the user's alone.
    let differing = differing.filter(|name| !name.starts_with(b"refs/moat/") && !is_told(name));
    let shown = differing.take(OTHER_REFS_MAX).map(|name| {
        let text = String::from_utf8_lossy(name);
        let meaning = MEANING.iter().find(|(kind, _)| text.starts_with(kind));
        OtherRef {
            name: visible(&text).into_owned(),
            session: session.get(name).cloned(),
            user: user.get(name).cloned(),
            meaning: meaning.map_or("not taken", |(_, words)| words).to_owned(),
        }
    });
    shown.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_differs_is_named_with_what_it_means() {
        let refs = |list: &[(&str, &str)]| -> Vec<Ref> {
            let made = list
                .iter()
                .map(|(name, id)| Ref { name: name.as_bytes().to_vec(), id: (*id).to_owned() });
            made.collect()
        };
        let session = refs(&[
            ("HEAD", "refs/heads/main"),
            ("refs/heads/main", "2"),
            ("refs/heads/old", "1"),
            ("refs/replace/1", "3"),
            ("refs/tags/v\u{202e}1", "1"),
            ("refs/tags/same", "1"),
        ]);
        let user = refs(&[
            ("HEAD", "refs/heads/other"),
            ("refs/heads/main", "1"),
            ("refs/heads/gone", "1"),
            ("refs/moat/s/main", "2"),
            ("refs/tags/same", "1"),
        ]);
        let found = others(&session, &user, &["main"]);
        let found: Vec<_> = found
            .iter()
            .map(|it| (it.name.as_str(), it.session.as_deref(), it.user.as_deref()))
            .collect();
        let expected = [
            ("HEAD", Some("refs/heads/main"), Some("refs/heads/other")),
            ("refs/heads/old", Some("1"), None),
            ("refs/replace/1", Some("3"), None),
            ("refs/tags/v<U+202E>1", Some("1"), None),
            ("refs/heads/gone", None, Some("1")),
        ];
        assert_eq!(found, expected);
        assert!(others(&user, &user, &[]).is_empty());
    }
}
