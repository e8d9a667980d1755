// SPDX-License-Identifier: Apache-2.0
//! Tests of the weights module, with scripted sources in memory.

#![expect(clippy::disallowed_methods, reason = "tests prepare files")]

mod archive;
mod kit;
mod pulling;
mod storing;

use super::source::numbered;
use super::*;

#[test]
fn the_built_in_registry_and_the_hubs_are_valid() {
    let registry = Registry::built_in().unwrap();
    let ids: Vec<&str> = registry.entries().iter().map(|entry| entry.id.as_str()).collect();
    let expect = [
        "qwen2.5-coder-1.5b-instruct-q4_k_m",
        "qwen2.5-coder-0.5b-instruct-q4_k_m",
        "smollm2-135m-instruct",
    ];
    assert_eq!(ids, expect);
    let schemes = ["hf", "modelscope", "mirror", "pip-parts"].map(str::to_owned).to_vec();
    let mirror = Some("https://mirror.example/models".to_owned());
    let mut sources = Sources { order: schemes, mirror, reach: Reach::Online };
    assert_eq!(endpoints(&sources).unwrap().len(), 3);
    // A source that is not listed opens no way.
    sources.order = vec!["pip-parts".to_owned()];
    assert!(endpoints(&sources).unwrap().is_empty());
}

#[test]
fn a_mirror_lies_on_this_machine_only_when_its_address_says_so() {
    let cases = [
        ("https://mirror.example/models", "network:mirror"),
        ("http://10.0.0.7:8000/models", "network:mirror"),
        ("http://localhost.example:8000", "network:mirror"),
        ("http://127.0.0.1:8000/models", "host"),
        ("http://[::1]:8000", "host"),
        ("http://localhost:8000", "host"),
    ];
    for (mirror, zone) in cases {
        let order = vec!["mirror".to_owned()];
        let sources = Sources { order, mirror: Some(mirror.to_owned()), reach: Reach::Online };
        let found = endpoints(&sources).unwrap();
        let [endpoint] = found.as_slice() else { panic!("{found:?}") };
        assert_eq!(endpoint.zone.to_string(), zone, "{mirror}");
    }
}

#[test]
fn sources_are_read_and_written_and_hostile_ones_are_refused() {
    for text in [
        "hf:Qwen/Model-GGUF@main/file.gguf",
        "modelscope:a/b@v1.0/sub/file.gguf",
        "pip-parts:name-part{1..22}==0.2.0/name_part{1..22}/data/part{01..22}.bin#52428800",
        "pip-parts:name==1.0/name/model.gguf#98362432",
    ] {
        let source = Source::try_from(text.to_owned()).unwrap();
        assert_eq!(String::from(source), text);
    }
    for text in [
        "",
        "hf:",
        "hf:one@main/file",
        "hf:a/b/c@main/file",
        "hf:a/../..@main/file",
        "hf:a/b@main/../../x",
        "hf:a/b@main/x?token=1",
        "hf:a/b@main//evil.example/x",
        "ftp:a/b@main/file",
        "https://example.org/file",
        "pip-parts:name/member#5",
        "pip-parts:--index-url==1/member#5",
        "pip-parts:name==1.0/member#0",
        "pip-parts:name{1..100000}==1.0/member#5",
        "pip-parts:name==1.0;os.system('x')/member#5",
        "pip-parts:name==1.0 --pre/member#5",
    ] {
        assert!(Source::try_from(text.to_owned()).is_err(), "{text}");
    }
}

#[test]
fn counters_are_filled_in() {
    let cases = [
        ("part{1..22}", 3, "part3"),
        ("p{1..22}/part{01..22}.bin", 3, "p3/part03.bin"),
        ("p{1..22}/part{01..22}.bin", 22, "p22/part22.bin"),
        ("none", 3, "none"),
    ];
    for (pattern, part, expect) in cases {
        assert_eq!(numbered(pattern, part), expect);
    }
}

#[test]
fn mistakes_in_a_registry_are_named() {
    let entry = |id: &str, sha256: &str, file: &str, size: u64| {
        format!(
            "[[model]]\nid = \"{id}\"\nfile = \"{file}\"\nsize = {size}\nsha256 = \"{sha256}\"\n\
             license = \"MIT\"\nfamily = \"f\"\ncontext = 1\nmemory = 1\nchat = \"c\"\nfim = \"none\"\n"
        )
    };
    let (a, b) = ("a".repeat(64), "b".repeat(64));
    assert!(Registry::parse(&entry("x", &a, "f", 1)).is_ok());
    let cases = [
        entry("../x", &a, "f", 1),
        entry("X", &a, "f", 1),
        entry("x", "../../etc", "f", 1),
        entry("x", &"A".repeat(64), "f", 1),
        entry("x", &a, "../f", 1),
        entry("x", &a, "f", 0),
        entry("x", &a, "f", 1) + &entry("x", &b, "f", 1),
        entry("x", &a, "f", 1) + &entry("y", &a, "f", 1),
        entry("x", &a, "f", 1) + "command = \"sh\"\n",
        "[[models]]\n".to_owned(),
    ];
    for text in cases {
        assert!(matches!(Registry::parse(&text), Err(Error::Registry { .. })), "{text}");
    }
}
