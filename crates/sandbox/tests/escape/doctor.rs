// SPDX-License-Identifier: Apache-2.0
//! The probe behind `moat doctor`.

use moat_sandbox::{Effect, Standing, Step};

use crate::support::Scratch;

#[test]
fn every_attempt_of_the_probe_is_held_here() {
    let scratch = Scratch::new();
    let launcher = scratch.launcher();
    let place = scratch.home.join("probe");
    std::fs::create_dir(&place).unwrap();
    let examination = launcher.examine(&place).unwrap();
    assert_eq!((examination.confinement.step, launcher.attempts()), (Step::Full, vec![]));
    let findings = examination.findings;
    for finding in &findings {
        assert_eq!(finding.standing, Standing::Enforced, "{}", finding.attempt);
    }
    for effect in Effect::ALL {
        assert!(
            findings.iter().any(|finding| finding.effect == effect),
            "{effect:?} is not probed"
        );
    }
}
