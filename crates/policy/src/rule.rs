// SPDX-License-Identifier: Apache-2.0
//! The rules.
//!
//! Invariant: nothing here reads a clock, a file or the environment, and nothing
//! that a model or a workspace supplies is an input but the action itself.

use crate::{Action, Circumstances, CommandRule, Confinement, Decision, Place, Rule};

/// Decides about one action.
///
/// In a full sandbox without network running programs is allowed, because the
/// sandbox is the boundary; the user can choose to be asked. Below full
/// confinement every command asks. The user's tree changes only by a person's
/// keep.
#[must_use]
pub fn decide(action: &Action, circumstances: &Circumstances) -> Decision {
    match action {
        Action::Inspect => Decision::Allow { rule: Rule::InspectInside },
        Action::Run { place, .. } => command(*place, circumstances),
        Action::Edit { place: Place::UserTree, .. } => Decision::Deny { rule: Rule::UserTree },
        Action::Edit { place: Place::Fork | Place::Session, .. } => {
            Decision::Allow { rule: Rule::SessionCopy }
        }
        Action::AskModel { .. } => Decision::Allow { rule: Rule::ConfiguredModel },
        Action::Keep => Decision::Allow { rule: Rule::Person },
    }
}

fn command(place: Place, circumstances: &Circumstances) -> Decision {
    if place == Place::UserTree {
        return Decision::Ask { rule: Rule::UserTree };
    }
    match (circumstances.confinement, circumstances.commands) {
        (Confinement::Partial, _) => Decision::Ask { rule: Rule::PartialConfinement },
        (Confinement::Full, CommandRule::Ask) => Decision::Ask { rule: Rule::CommandsAsk },
        (Confinement::Full, CommandRule::Allow) => Decision::Allow { rule: Rule::FullSandbox },
    }
}

#[cfg(test)]
mod tests {
    use moat_base::TreePath;

    use super::*;

    fn run(place: Place) -> Action {
        Action::Run { argv: vec!["true".into()], place }
    }

    #[test]
    fn each_rule_decides_its_own_case() {
        use CommandRule as C;
        use Confinement as F;
        use Decision as D;
        let edit = |place| Action::Edit { path: TreePath::parse("a").unwrap(), place };
        let cases = [
            (run(Place::Fork), F::Full, C::Allow, D::Allow { rule: Rule::FullSandbox }),
            (run(Place::Session), F::Full, C::Ask, D::Ask { rule: Rule::CommandsAsk }),
            (run(Place::Fork), F::Partial, C::Allow, D::Ask { rule: Rule::PartialConfinement }),
            (run(Place::UserTree), F::Full, C::Allow, D::Ask { rule: Rule::UserTree }),
            (edit(Place::Session), F::Full, C::Ask, D::Allow { rule: Rule::SessionCopy }),
            (edit(Place::UserTree), F::Full, C::Allow, D::Deny { rule: Rule::UserTree }),
            (Action::Inspect, F::Partial, C::Ask, D::Allow { rule: Rule::InspectInside }),
            (
                Action::AskModel { model: "embedded".into() },
                F::Full,
                C::Ask,
                D::Allow { rule: Rule::ConfiguredModel },
            ),
            (Action::Keep, F::Full, C::Allow, D::Allow { rule: Rule::Person }),
        ];
        for (action, confinement, commands, expected) in cases {
            let circumstances = Circumstances { confinement, commands };
            assert_eq!(decide(&action, &circumstances), expected, "{action:?}");
        }
    }

    #[test]
    fn less_confinement_or_a_stricter_rule_never_widens() {
        let rank = |decision| match decision {
            Decision::Allow { .. } => 0,
            Decision::Ask { .. } => 1,
            Decision::Deny { .. } => 2,
        };
        for place in [Place::Fork, Place::Session, Place::UserTree] {
            for commands in [CommandRule::Allow, CommandRule::Ask] {
                let at = |confinement, commands| {
                    rank(decide(&run(place), &Circumstances { confinement, commands }))
                };
                assert!(at(Confinement::Partial, commands) >= at(Confinement::Full, commands));
                assert!(
                    at(Confinement::Full, CommandRule::Ask)
                        >= at(Confinement::Full, CommandRule::Allow)
                );
            }
        }
    }
}
