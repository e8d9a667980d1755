// SPDX-License-Identifier: Apache-2.0
//! Puts the built front end, `web/dist`, into the program.
//!
//! `make` builds it before; where it was not built the table is empty, and `moat serve` says so
//! and refuses. Only the compressed forms are put in.
//!
//! Invariant: what is in the table is what `web/dist/manifest.json` lists, and nothing else.

#![expect(
    clippy::disallowed_methods,
    reason = "it runs while the program is built, outside of the layers"
)]

use std::env;
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

fn main() {
    let root = PathBuf::from(env::var_os("CARGO_MANIFEST_DIR").unwrap_or_default());
    let dist = root.join("../../web/dist");
    println!("cargo::rerun-if-changed={}", dist.join("manifest.json").display());
    let table = match fs::read_to_string(dist.join("manifest.json")) {
        Ok(manifest) => table(&dist, &manifest),
        Err(_not_built) => "&[]".to_owned(),
    };
    let out = PathBuf::from(env::var_os("OUT_DIR").unwrap_or_default()).join("assets.rs");
    if let Err(error) = fs::write(&out, table) {
        println!("cargo::error=could not write {}: {error}", out.display());
    }
}

/// The table as an expression.
fn table(dist: &Path, manifest: &str) -> String {
    let mut table = String::from("&[\n");
    for (path, kind) in files(manifest) {
        let file = |suffix: &str| dist.join(format!("{path}{suffix}"));
        let _to_a_string = writeln!(
            table,
            "Asset {{ path: {path:?}, kind: {kind:?}, brotli: include_bytes!({:?}), gzip: \
             include_bytes!({:?}) }},",
            file(".br").display().to_string(),
            file(".gz").display().to_string()
        );
    }
    table.push(']');
    table
}

/// The paths and types that the manifest lists.
fn files(manifest: &str) -> Vec<(String, String)> {
    let manifest: serde_json::Value = serde_json::from_str(manifest).unwrap_or_default();
    let listed = manifest["files"].as_array().cloned().unwrap_or_default();
    let text = |file: &serde_json::Value, key: &str| file[key].as_str().map(str::to_owned);
    listed.iter().filter_map(|file| Some((text(file, "path")?, text(file, "type")?))).collect()
}
