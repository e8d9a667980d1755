// SPDX-License-Identifier: Apache-2.0
//! `moat log`: the crossing log, shown and verified.

use std::io;

use moat_log::{Entry, Event, Verdict, Verifier};

use crate::arguments::LogVerb;
use crate::environment::Environment;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::terminal::Terminal;

/// The longest log file that is read; the broker begins a new one long before.
const LOG_FILE_BYTES_MAX: u64 = 1024 * 1024 * 1024;

/// Carries a verb out.
pub(crate) fn run(environment: &Environment, verb: &LogVerb) -> Result<Exit, Failure> {
    let mut terminal = Terminal::new(environment.output);
    let mut verifier = Verifier::from_start();
    for (name, bytes) in files(environment)? {
        let mut shown = String::new();
        let checked = verifier.feed_entries(&bytes, &mut |entry: &Entry| {
            if let LogVerb::Show { json: false } = verb {
                shown.push_str(&line(entry));
            }
        });
        if let LogVerb::Show { json: true } = verb {
            shown = String::from_utf8_lossy(&bytes).into_owned();
        }
        terminal.write(&shown);
        checked.map_err(|broken| {
            Failure::environment(
                format!("the crossing log is not what the broker wrote: `{name}`"),
                "keep the file as evidence; everything before that line still verifies",
            )
            .because(&broken)
        })?;
    }
    if matches!(verb, LogVerb::Verify) {
        let summary = verifier.summary();
        terminal.write(&format!("{} lines verified\n", summary.entries));
    }
    Ok(Exit::Success)
}

fn files(environment: &Environment) -> Result<Vec<(String, Vec<u8>)>, Failure> {
    let names = names(environment)?;
    names.into_iter().map(|name| contents(environment, &name).map(|bytes| (name, bytes))).collect()
}

/// The files of the log, in the order in which they were written.
fn names(environment: &Environment) -> Result<Vec<String>, Failure> {
    let paths = match environment.fs.list(&environment.layout.crossing_log()) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Vec::new(),
        other => other.map_err(|error| unreadable(&error))?,
    };
    let names = paths.iter().filter_map(|path| Some(path.file_name()?.to_string_lossy()));
    let of_log = |name: &str| name.starts_with("crossings-") && name.ends_with(".jsonl");
    Ok(names.filter(|name| of_log(name)).map(std::borrow::Cow::into_owned).collect())
}

/// How long each file of the log is, in the order in which they were written.
pub(crate) fn lengths(environment: &Environment) -> Result<Vec<(String, u64)>, Failure> {
    let directory = environment.layout.crossing_log();
    let length = |name: String| {
        let file = directory.join(&name).metadata().map_err(|error| unreadable(&error))?;
        Ok((name, file.len()))
    };
    names(environment)?.into_iter().map(length).collect()
}

/// What a file of the log holds.
pub(crate) fn contents(environment: &Environment, name: &str) -> Result<Vec<u8>, Failure> {
    let path = environment.layout.crossing_log().join(name);
    environment.fs.read(&path, LOG_FILE_BYTES_MAX).map_err(|error| unreadable(&error))
}

fn unreadable(error: &io::Error) -> Failure {
    Failure::environment("could not read the crossing log", "look at the state directory")
        .because(error)
}

/// One entry as a person reads it.
fn line(entry: &Entry) -> String {
    let text = match &entry.event {
        Event::Opened(opening) => {
            let verdict = match &opening.verdict {
                Verdict::Allowed => format!("allowed by {}", opening.rule),
                Verdict::Denied(refused) => {
                    format!("denied by {}: {}", opening.rule, refused.reason)
                }
            };
            let (who, to) = (&opening.who, &opening.to);
            let session = who.attribution.session.as_deref().unwrap_or("-");
            format!(
                "{}  session {session}  {} {}://{}:{}{} ({})  {} bytes  {verdict}",
                who.purpose,
                opening.method,
                to.scheme,
                to.host,
                to.port,
                opening.path,
                to.zone,
                opening.body.bytes
            )
        }
        Event::Closed(closing) => {
            let bytes = |sent: Option<&moat_log::Sent>| sent.map_or(0, |sent| sent.bytes);
            format!(
                "end of #{}: {:?}, {} bytes out, {} in, {} ms",
                closing.opened,
                closing.outcome,
                bytes(closing.sent.as_ref()),
                bytes(closing.received.as_ref()),
                closing.duration_ms
            )
        }
        Event::Recovered(trim) => format!("a crash had cut {} bytes short", trim.bytes),
    };
    moat_base::visible(&format!("{} #{} {text}\n", entry.time, entry.sequence)).into_owned()
}
