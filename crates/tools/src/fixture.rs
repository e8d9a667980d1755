// SPDX-License-Identifier: Apache-2.0
//! A tree in memory, for the tests of this crate.

use std::collections::BTreeMap;

use moat_base::{Entry, EntryKind, Tree, TreeError, TreePath};

/// Files by their paths.
#[derive(Debug, Default)]
pub(crate) struct MapTree(BTreeMap<Vec<u8>, Vec<u8>>);

impl MapTree {
    pub(crate) fn of(files: &[(&str, &str)]) -> Self {
        Self(
            files
                .iter()
                .map(|(path, text)| (path.as_bytes().to_vec(), text.as_bytes().to_vec()))
                .collect(),
        )
    }
}

impl Tree for MapTree {
    fn read(&self, path: &TreePath, limit_bytes: u64) -> Result<Vec<u8>, TreeError> {
        match self.0.get(path.as_bytes()) {
            Some(bytes) if bytes.len() as u64 > limit_bytes => {
                Err(TreeError::TooLarge { path: path.clone(), limit_bytes })
            }
            Some(bytes) => Ok(bytes.clone()),
            None => Err(TreeError::Missing { path: path.clone() }),
        }
    }

    fn list(&self, directory: &TreePath) -> Result<Vec<Entry>, TreeError> {
        let mut prefix = directory.as_bytes().to_vec();
        if !prefix.is_empty() {
            prefix.push(b'/');
        }
        let mut entries = BTreeMap::new();
        for (path, bytes) in &self.0 {
            let Some(rest) = path.strip_prefix(prefix.as_slice()) else {
                continue;
            };
            let name = rest.split(|byte| *byte == b'/').next().unwrap_or_default();
            let is_file = name.len() == rest.len();
            let Ok(path) = directory.join(name) else { continue };
            entries.entry(name.to_vec()).or_insert_with(|| Entry {
                path,
                kind: if is_file { EntryKind::File } else { EntryKind::Directory },
                length_bytes: if is_file { bytes.len() as u64 } else { 0 },
            });
        }
        Ok(entries.into_values().collect())
    }

    fn entry(&self, path: &TreePath) -> Result<Entry, TreeError> {
        self.list(&path.parent().unwrap_or_default())?
            .into_iter()
            .find(|entry| entry.path == *path)
            .ok_or_else(|| TreeError::Missing { path: path.clone() })
    }
}
