// SPDX-License-Identifier: Apache-2.0
//! A store in a temporary directory, and sources that behave as a test says.

use std::collections::VecDeque;
use std::io::{self, Cursor, Read};
use std::path::PathBuf;
use std::sync::{Arc, Mutex};

use moat_base::{Depot, Links, Lock, RealDepot, Stamp};
use moat_net::Cancel;
use sha2::{Digest, Sha256};

use crate::weights::partial::hex;
use crate::weights::{
    Doors, Entry, Error, Fetch, Fetched, PackageClient, Pulled, Reach, Registry, Sources, Store,
    Want, Ways, Wheel,
};

pub(super) const ID: &str = "tiny";

/// Bytes that differ from place to place, with the header of a model without tensors.
pub(super) fn content(length: usize) -> Vec<u8> {
    let text = |text: &str| [&(text.len() as u64).to_le_bytes(), text.as_bytes()].concat();
    let head = [b"GGUF".as_slice(), &3_u32.to_le_bytes(), &0_u64.to_le_bytes()].concat();
    let kind_of_text = 8_u32.to_le_bytes();
    let keys = [&1_u64.to_le_bytes(), text("general.architecture").as_slice()].concat();
    let mut bytes = [head, keys, kind_of_text.to_vec(), text("llama")].concat();
    bytes.truncate(length);
    let mut state = 1_u32;
    while bytes.len() < length {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        bytes.push(state.to_le_bytes()[3]);
    }
    bytes
}

pub(super) fn sha256(bytes: &[u8]) -> String {
    hex(&Sha256::digest(bytes))
}

pub(super) fn entry(bytes: &[u8], sources: &[&str]) -> Entry {
    Entry {
        id: ID.to_owned(),
        file: "tiny.gguf".to_owned(),
        size: bytes.len() as u64,
        sha256: sha256(bytes),
        license: "MIT".to_owned(),
        family: "llama".to_owned(),
        context: 512,
        memory: 1,
        chat: "chatml".to_owned(),
        fim: "none".to_owned(),
        sources: sources.iter().map(|text| (*text).to_owned().try_into().unwrap()).collect(),
    }
}

pub(super) struct Place {
    directory: tempfile::TempDir,
    pub(super) store: Store,
    pub(super) bytes: Vec<u8>,
    pub(super) sha256: String,
}

impl Place {
    pub(super) fn new(sources: &[&str]) -> Self {
        Self::with(content(5000), sources, Doors::real())
    }

    pub(super) fn with(bytes: Vec<u8>, sources: &[&str], doors: Doors) -> Self {
        let directory = tempfile::tempdir().unwrap();
        let mut registry = Registry::default();
        registry.add(entry(&bytes, sources)).unwrap();
        let store = Store::open(directory.path().join("models"), registry, doors).unwrap();
        Self { directory, store, sha256: sha256(&bytes), bytes }
    }

    pub(super) fn path(&self, name: &str) -> PathBuf {
        self.directory.path().join(name)
    }

    /// The path of a file in the store, by its ending.
    pub(super) fn stored(&self, ending: &str) -> PathBuf {
        self.path("models").join(format!("{}{ending}", self.sha256))
    }

    pub(super) fn pull(&self, order: &[&str], ways: Ways<'_>) -> Result<Pulled, Error> {
        self.pull_until(order, ways, &Cancel::new())
    }

    pub(super) fn pull_until(
        &self,
        order: &[&str],
        ways: Ways<'_>,
        cancel: &Cancel,
    ) -> Result<Pulled, Error> {
        self.store.pull(ID, &sources(order, Reach::Online), ways, cancel, &mut |_| {})
    }
}

pub(super) fn sources(order: &[&str], reach: Reach) -> Sources {
    Sources {
        order: order.iter().map(|text| (*text).to_owned()).collect(),
        mirror: Some("https://mirror.example/models/".to_owned()),
        reach,
    }
}

/// What the server does with one request.
#[derive(Clone, Debug)]
pub(super) enum Step {
    /// Serves the range that was asked for.
    Serves,
    /// Serves the range, but the connection breaks after so many bytes.
    BreaksAfter(usize),
    /// Serves the range, but cancels after so many bytes.
    CancelsAfter(usize),
    /// Ignores the range and serves everything.
    Whole,
    Status(u16),
    Unreachable,
}

#[derive(Debug)]
pub(super) struct Server {
    bytes: Vec<u8>,
    tag: &'static str,
    steps: Mutex<VecDeque<Step>>,
    asked: Mutex<Vec<String>>,
}

impl Server {
    pub(super) fn new(bytes: &[u8], steps: impl IntoIterator<Item = Step>) -> Self {
        Self {
            bytes: bytes.to_vec(),
            tag: "\"v1\"",
            steps: Mutex::new(steps.into_iter().collect()),
            asked: Mutex::default(),
        }
    }

    pub(super) fn ways(&self) -> Ways<'_> {
        Ways { fetch: Some(self), packages: None }
    }

    /// Each request as `URL from RANGE if VALIDATOR`, without the host.
    pub(super) fn asked(&self) -> Vec<String> {
        self.asked.lock().unwrap().clone()
    }
}

impl Fetch for Server {
    fn fetch(&self, want: &Want<'_>) -> Result<Fetched, String> {
        let validator = want.if_range.unwrap_or("-");
        let name = want.url.rsplit('/').next().unwrap_or_default();
        let asked = format!("{name} from {} if {validator}", want.from);
        self.asked.lock().unwrap().push(asked);
        let from = usize::try_from(want.from).unwrap();
        let step = self.steps.lock().unwrap().pop_front().unwrap_or(Step::Serves);
        let tail = self.bytes.get(from..).unwrap_or_default().to_vec();
        let cancel = want.cancel.clone();
        let body: Box<dyn Read + Send> = match step {
            Step::Unreachable => return Err("no connection could be made".to_owned()),
            Step::Status(status) => {
                return Ok(Fetched { status, headers: Vec::new(), body: Box::new(io::empty()) });
            }
            Step::Serves => Box::new(Cursor::new(tail)),
            Step::BreaksAfter(length) => {
                Box::new(Cursor::new(tail).take(length as u64).chain(Then(|| Err(reset()))))
            }
            Step::CancelsAfter(length) => {
                let stop = move || {
                    cancel.cancel();
                    Err(reset())
                };
                Box::new(Cursor::new(tail).take(length as u64).chain(Then(stop)))
            }
            Step::Whole => return Ok(self.answer(0, Box::new(Cursor::new(self.bytes.clone())))),
        };
        Ok(self.answer(from, body))
    }
}

impl Server {
    fn answer(&self, from: usize, body: Box<dyn Read + Send>) -> Fetched {
        let total = self.bytes.len();
        let mut headers = vec![
            ("etag".to_owned(), self.tag.to_owned()),
            ("content-length".to_owned(), (total - from).to_string()),
        ];
        if from > 0 {
            let range = format!("bytes {from}-{}/{total}", total - 1);
            headers.push(("content-range".to_owned(), range));
        }
        Fetched { status: if from > 0 { 206 } else { 200 }, headers, body }
    }
}

struct Then<F>(F);

impl<F: FnMut() -> io::Result<usize>> Read for Then<F> {
    fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
        self.0()
    }
}

fn reset() -> io::Error {
    io::Error::from(io::ErrorKind::ConnectionReset)
}

/// A package client that has these wheels.
#[derive(Debug, Default)]
pub(super) struct Wheels {
    pub(super) wheels: Vec<(String, Vec<u8>)>,
    pub(super) asked: Mutex<Vec<String>>,
    pub(super) discarded: Arc<Mutex<u32>>,
}

impl PackageClient for Wheels {
    fn wheel(&self, requirement: &str, _: &Cancel) -> Result<Wheel, String> {
        self.asked.lock().unwrap().push(requirement.to_owned());
        let found = self.wheels.iter().find(|(name, _)| name == requirement);
        let (_, bytes) = found.ok_or_else(|| "no matching distribution".to_owned())?;
        let discarded = Arc::clone(&self.discarded);
        let discard = move || *discarded.lock().unwrap() += 1;
        Ok(Wheel::new(Box::new(Cursor::new(bytes.clone())), discard))
    }
}

/// The machine's files on a disk with this much room.
#[derive(Debug)]
pub(super) struct SmallDisk(pub(super) u64);

impl Depot for SmallDisk {
    fn open(&self, path: &std::path::Path, links: Links) -> io::Result<Box<dyn Read + Send>> {
        RealDepot.open(path, links)
    }
    fn stamp(&self, path: &std::path::Path, links: Links) -> io::Result<Option<Stamp>> {
        RealDepot.stamp(path, links)
    }
    fn rename(&self, from: &std::path::Path, to: &std::path::Path) -> io::Result<()> {
        RealDepot.rename(from, to)
    }
    fn free_bytes(&self, _: &std::path::Path) -> io::Result<u64> {
        Ok(self.0)
    }
    fn lock(&self, path: &std::path::Path) -> io::Result<Lock> {
        RealDepot.lock(path)
    }
}
