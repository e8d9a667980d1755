// SPDX-License-Identifier: Apache-2.0
//! The embedded model from an imported file to an answer, with real weights.

use std::fs;
use std::io::Write as _;
use std::path::PathBuf;

use moat_protocol::{Event, Outcome};

use crate::support::{Home, always, right};

#[test]
fn an_imported_file_that_no_registry_knows_answers_under_the_id_it_was_given() {
    let home = Home::new(always(right()));
    let file = home.at("cache").join("foreign.gguf");
    fs::copy(weights(), &file).unwrap();
    // Bytes behind the last tensor change the digest and nothing else.
    fs::OpenOptions::new().append(true).open(&file).unwrap().write_all(b"foreign").unwrap();
    let file = file.to_str().unwrap();

    home.run(["model", "import", file, "--id", "No Id"]).code(2).reports("cannot be an id", "a-z");
    let taken = ["model", "import", file, "--id", "smollm2-135m-instruct"];
    home.run(taken).code(2).reports("already", "another id");
    home.run(["model", "import", file, "--id", "mine"]).code(0).says("--model mine");
    home.run(["model", "list"]).code(0).says("mine");

    let explain =
        ["exec", "--json", "--model", "mine", "--kind", "explain", "what does `total` do?"];
    let done = home.run(explain);
    done.code(0);
    let Event::TurnFinished { outcome: Outcome::Answered { text }, .. } = done.last_event() else {
        panic!("{}", done.out);
    };
    assert!(!text.trim().is_empty());
    assert!(home.model.requests().is_empty(), "another model was asked");
    home.run(["model", "rm", "mine"]).code(0).says("removed mine");
}

/// The weights that the tests use.
fn weights() -> PathBuf {
    let path = std::env::var_os("MOAT_TEST_MODEL");
    path.expect("MOAT_TEST_MODEL must name SmolLM2-135M as GGUF; `make test` sets it").into()
}
