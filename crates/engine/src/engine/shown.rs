// SPDX-License-Identifier: Apache-2.0
//! What front ends are shown of an outcome, once it is durable. Pure.
//!
//! Commands and model texts are shown live by the world, so they are not here.

use moat_protocol::{CandidateVerdict, CommandEnd, Event, Level, Suspect};

use crate::record::{Effect, EffectOutcome, Place, Verdict};

pub(super) fn events(intent: &Effect, outcome: &EffectOutcome) -> Vec<Event> {
    match (intent, outcome) {
        (_, EffectOutcome::CheckFound { line: Some(line), why }) => {
            vec![note(format!("the check is `{}`: {why}", line.line()))]
        }
        (_, EffectOutcome::Located { places, .. }) => {
            vec![Event::Located { suspects: places.iter().map(suspect).collect() }]
        }
        (
            Effect::Try { candidate, path, symbol, .. }
            | Effect::TryTested { candidate, path, symbol, .. },
            EffectOutcome::Tried { verdict, .. },
        ) => {
            vec![Event::CandidateJudged {
                candidate: *candidate,
                path: path.clone(),
                symbol: symbol.clone(),
                verdict: judged(verdict),
            }]
        }
        (Effect::Apply { path, .. }, EffectOutcome::Applied { symbols }) => {
            vec![Event::Edited { path: path.clone(), symbols: symbols.clone() }]
        }
        (Effect::ApplyTests { place, .. }, EffectOutcome::Applied { symbols }) => {
            vec![Event::Edited { path: place.path.clone(), symbols: symbols.clone() }]
        }
        (_, EffectOutcome::CommitsTaken { taken, refused }) => {
            vec![Event::CommitsTaken { taken: taken.clone(), refused: refused.clone() }]
        }
        (_, EffectOutcome::CommitsReturned { returned, refused }) => {
            vec![Event::CommitsReturned { returned: returned.clone(), refused: refused.clone() }]
        }
        (Effect::Keep { .. }, EffectOutcome::Moved { paths, refused }) => {
            vec![Event::Kept { paths: paths.clone(), refused: refused.clone() }]
        }
        (Effect::Discard { .. }, EffectOutcome::Moved { paths, refused }) => {
            vec![Event::Discarded { paths: paths.clone(), refused: refused.clone() }]
        }
        (Effect::UndoKeep, EffectOutcome::Moved { paths, refused }) => {
            vec![Event::KeepUndone { paths: paths.clone(), refused: refused.clone() }]
        }
        (Effect::Command { .. }, EffectOutcome::Ran { status, .. }) => {
            vec![Event::CommandEnded(CommandEnd::Ran { status: *status })]
        }
        (_, EffectOutcome::Rewound(rewound)) => vec![Event::Rewound(rewound.clone())],
        (_, EffectOutcome::Denied { rule }) => {
            vec![note(format!("denied by the rule `{rule}`"))]
        }
        _ => Vec::new(),
    }
}

/// What is said of an effect in which the process died, and which had happened. A keep may
/// have come half way.
pub(super) fn happened(outcome: &EffectOutcome) -> (Level, String) {
    let EffectOutcome::Moved { paths, .. } = outcome else {
        return (Level::Note, "it had happened".into());
    };
    let text = match paths.len() {
        1 => "1 path had been written".to_owned(),
        count => format!("{count} paths had been written"),
    };
    (Level::Warning, format!("{text}, and what had not is still pending"))
}

fn judged(verdict: &Verdict) -> CandidateVerdict {
    match verdict {
        Verdict::Rejected { reason } => CandidateVerdict::Rejected { reason: reason.clone() },
        Verdict::Ran { summary, broken, .. }
            if summary.status.is_success() && broken.is_empty() =>
        {
            CandidateVerdict::Passed { summary: summary.clone() }
        }
        Verdict::Ran { summary, .. } => CandidateVerdict::Failed { summary: summary.clone() },
        Verdict::Parsed => CandidateVerdict::Unjudged,
    }
}

fn suspect(place: &Place) -> Suspect {
    Suspect {
        path: place.path.clone(),
        symbol: place.symbol.clone(),
        reasons: place.reasons.clone(),
    }
}

const fn note(text: String) -> Event {
    Event::Notice { level: Level::Note, text }
}
