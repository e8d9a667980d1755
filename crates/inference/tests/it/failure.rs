// SPDX-License-Identifier: Apache-2.0
//! Model files that are damaged, missing or something else: said, never a crash.

use std::path::{Path, PathBuf};

use moat_base::{Fs, RealFs, Report};

use crate::support::{model_path, ready, spec, start};

/// A copy of the model, changed by `change`.
fn changed(directory: &Path, change: impl FnOnce(&mut Vec<u8>)) -> PathBuf {
    let mut bytes = RealFs.read(&model_path(), 1 << 28).unwrap();
    change(&mut bytes);
    let path = directory.join("changed.gguf");
    RealFs.replace(&path, &bytes).unwrap();
    path
}

/// Starts a server on `weights`, and gives what its socket and its process say.
fn failure(weights: &Path) -> (String, String) {
    let server = start(spec(weights));
    let last = ready(&server);
    assert_eq!(last["status"], "failed", "{last}");
    let error = server.thread.join().unwrap().unwrap_err();
    (last["reason"].as_str().unwrap().to_owned(), Report::of(&error).to_string())
}

#[test]
fn damaged_files_are_named_with_the_reason() {
    type Change = fn(&mut Vec<u8>);
    let directory = tempfile::tempdir().unwrap();
    let cases: [(Change, &str); 5] = [
        (|bytes| bytes.truncate(bytes.len() - 1), "truncated"),
        (|bytes| bytes.truncate(1000), "truncated"),
        (|bytes| bytes[0] = b'X', "not a GGUF file"),
        (|bytes| bytes[4] = 9, "version is 9"),
        // An architecture that llama.cpp does not know.
        (|bytes| rename(bytes, b"llama"), "llama.cpp could not load"),
    ];
    for (change, expect) in cases {
        let path = changed(directory.path(), change);
        let (said, report) = failure(&path);
        assert!(said.contains(expect), "{said}");
        assert!(report.contains(expect) && report.contains("changed.gguf"), "{report}");
        assert!(report.contains("hint: "), "{report}");
    }
}

/// Changes the value of `general.architecture`.
fn rename(bytes: &mut [u8], name: &[u8]) {
    let key = b"general.architecture";
    let at = bytes.windows(key.len()).position(|window| window == key).unwrap();
    let value = at + key.len() + 4 + 8;
    assert_eq!(&bytes[value..value + name.len()], name);
    bytes[value] = b'x';
}

#[test]
fn files_that_are_no_files_are_refused() {
    let directory = tempfile::tempdir().unwrap();
    for (path, expect) in [
        (directory.path().join("missing.gguf"), "No such file"),
        (directory.path().to_owned(), "not a regular file"),
        (PathBuf::from("/dev/zero"), "not a regular file"),
    ] {
        let (said, report) = failure(&path);
        assert!(said.contains(expect) && report.contains(expect), "{said} {report}");
    }
}
