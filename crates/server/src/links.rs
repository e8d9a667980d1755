// SPDX-License-Identifier: Apache-2.0
//! Links that give a browser the key, once.
//!
//! A link may end up in a shell's history, a log or somebody's screen; after its first use it
//! opens nothing.
//!
//! Invariant: a link is used at most once.

use std::collections::VecDeque;
use std::sync::{Mutex, PoisonError};

use moat_base::{Secret, random_hex};

use crate::gate::same;
use crate::limits::LINKS_MAX;

const LINK_BYTES: usize = 16;

/// The links that were not used yet.
#[derive(Debug, Default)]
pub(crate) struct Links(Mutex<VecDeque<Secret<String>>>);

impl Links {
    /// Makes a link.
    ///
    /// # Errors
    /// The system's error when there is no randomness.
    pub(crate) fn make(&self) -> std::io::Result<String> {
        let link = random_hex(LINK_BYTES)?;
        let mut links = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if links.len() == LINKS_MAX {
            links.pop_front();
        }
        links.push_back(Secret::new(link.clone()));
        Ok(link)
    }

    /// Whether this is a link; it is none any more.
    pub(crate) fn take(&self, link: &str) -> bool {
        let mut links = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let found = links.iter().position(|known| same(known.expose(), link));
        found.is_some_and(|at| links.remove(at).is_some())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_link_is_good_once() {
        let links = Links::default();
        let (one, other) = (links.make().unwrap(), links.make().unwrap());
        assert!(!links.take("") && !links.take("0123"));
        assert!(links.take(&one) && !links.take(&one));
        assert!(links.take(&other));
        let many: Vec<String> = (0..=LINKS_MAX).map(|_| links.make().unwrap()).collect();
        assert!(!links.take(&many[0]), "the oldest is forgotten");
        assert!(links.take(&many[1]));
    }
}
