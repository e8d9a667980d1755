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
    let directory = environment.layout.crossing_log();
    let failed = |error: &io::Error| {
        Failure::environment("could not read the crossing log", "look at the state directory")
            .because(error)
    };
    let paths = match environment.fs.list(&directory) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Vec::new(),
        other => other.map_err(|error| failed(&error))?,
    };
    let mut files = Vec::new();
    for path in paths {
        let name = path.file_name().map(|name| name.to_string_lossy().into_owned());
        let name = name.unwrap_or_default();
        if name.starts_with("crossings-") && name.ends_with(".jsonl") {
            let bytes = environment.fs.read(&path, LOG_FILE_BYTES_MAX);
            files.push((name, bytes.map_err(|error| failed(&error))?));
        }
    }
    Ok(files)
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
