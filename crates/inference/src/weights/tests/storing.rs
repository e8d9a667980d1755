// SPDX-License-Identifier: Apache-2.0
//! The store: damage, verification, import, removal.

use moat_net::Cancel;

use super::kit::{ID, Place, Server, content, sha256};
use crate::weights::{Error, Naming, Origin, Pulled, Standing, Store};

fn pulled() -> Place {
    let place = Place::new(&["hf:a/b@main/hub.gguf"]);
    let server = Server::new(&place.bytes, []);
    place.pull(&["hf"], server.ways()).unwrap();
    place
}

fn import(store: &Store, path: &std::path::Path) -> Result<String, Error> {
    store.import((path, &Naming::File), &Cancel::new(), &mut |_| {}).map(|entry| entry.id)
}

#[test]
fn damage_is_found_before_use_and_pulling_again_repairs_it() {
    type Damage = fn(&Place);
    let damages: [(Damage, &str); 3] = [
        (
            |place| std::fs::write(place.stored(""), &place.bytes[..4000]).unwrap(),
            "it has 4000 bytes",
        ),
        (
            |place| {
                let mut bytes = place.bytes.clone();
                bytes[2500] ^= 1;
                std::fs::remove_file(place.stored("")).unwrap();
                std::fs::write(place.stored(""), bytes).unwrap();
            },
            "its sha256 is",
        ),
        (|place| std::fs::write(place.stored(""), b"").unwrap(), "it has 0 bytes"),
    ];
    for (damage, expect) in damages {
        let place = pulled();
        assert!(place.store.locate(ID).is_ok());
        damage(&place);
        match place.store.locate(ID) {
            Err(Error::Damaged { reason, .. }) => assert!(reason.starts_with(expect), "{reason}"),
            other => panic!("{other:?}"),
        }
        // What was found out is known without another look at the bytes.
        let standing = place.store.list().unwrap().remove(0).standing;
        let Standing::Damaged { reason } = standing else { panic!("{standing:?}") };
        assert!(reason.starts_with(expect), "{reason}");
        let server = Server::new(&place.bytes, []);
        let outcome = place.pull(&["hf"], server.ways()).unwrap();
        assert!(matches!(outcome, Pulled::Brought { .. }));
        assert_eq!(std::fs::read(place.store.locate(ID).unwrap()).unwrap(), place.bytes);
    }
}

#[test]
fn a_damaged_file_that_somebody_replaces_is_looked_at_again() {
    let place = pulled();
    let mut bytes = place.bytes.clone();
    bytes[2500] ^= 1;
    std::fs::write(place.stored(""), bytes).unwrap();
    assert!(matches!(place.store.locate(ID), Err(Error::Damaged { .. })));
    std::fs::remove_file(place.stored("")).unwrap();
    std::fs::write(place.stored(""), &place.bytes).unwrap();
    place.store.locate(ID).unwrap();
    let standing = place.store.list().unwrap().remove(0).standing;
    assert!(matches!(standing, Standing::Here { .. }), "{standing:?}");
}

#[test]
fn a_file_without_a_valid_manifest_is_verified_on_use() {
    for manifest in [None, Some("not toml"), Some("[model]\n")] {
        let place = pulled();
        match manifest {
            None => std::fs::remove_file(place.stored(".toml")).unwrap(),
            Some(text) => std::fs::write(place.stored(".toml"), text).unwrap(),
        }
        let standing = place.store.list().unwrap().remove(0).standing;
        assert!(matches!(standing, Standing::Unverified { .. }), "{standing:?}");
        place.store.locate(ID).unwrap();
        let standing = place.store.list().unwrap().remove(0).standing;
        assert!(matches!(standing, Standing::Here { .. }), "{standing:?}");
    }
}

#[test]
fn verify_reads_every_byte_even_when_nothing_seems_changed() {
    let place = pulled();
    assert!(place.store.verify(ID, &Cancel::new(), &mut |_| {}).is_ok());
    let times = std::fs::metadata(place.stored("")).unwrap().modified().unwrap();
    let mut bytes = place.bytes.clone();
    bytes[10] ^= 1;
    std::fs::write(place.stored(""), bytes).unwrap();
    std::fs::File::options()
        .write(true)
        .open(place.stored(""))
        .unwrap()
        .set_modified(times)
        .unwrap();
    let outcome = place.store.verify(ID, &Cancel::new(), &mut |_| {});
    assert!(matches!(outcome, Err(Error::Damaged { .. })), "{outcome:?}");
    // What was found out is not forgotten.
    assert!(matches!(place.store.locate(ID), Err(Error::Damaged { .. })));
}

#[test]
fn an_unknown_and_a_missing_id_are_told_apart() {
    let place = Place::new(&[]);
    assert!(matches!(place.store.locate(ID), Err(Error::Missing { .. })));
    match place.store.locate("other\u{1b}[2J") {
        Err(Error::UnknownId { id, known }) => {
            assert_eq!((id.as_str(), known), ("other<U+001B>[2J", vec![ID.to_owned()]));
        }
        other => panic!("{other:?}"),
    }
    assert!(matches!(place.store.remove(ID), Err(Error::Missing { .. })));
}

#[test]
fn an_imported_file_becomes_the_entry_that_its_sha256_names() {
    let place = Place::new(&[]);
    std::fs::write(place.path("renamed.bin"), &place.bytes).unwrap();
    std::os::unix::fs::symlink(place.path("renamed.bin"), place.path("link")).unwrap();
    assert_eq!(import(&place.store, &place.path("link")).unwrap(), ID);
    assert_eq!(place.store.locate(ID).unwrap(), place.stored(""));
}

#[test]
fn a_foreign_file_becomes_an_entry_of_its_own_until_it_is_removed() {
    let place = Place::new(&[]);
    let foreign = content(777);
    std::fs::write(place.path("My Model (v2).gguf"), &foreign).unwrap();
    let id = import(&place.store, &place.path("My Model (v2).gguf")).unwrap();
    assert_eq!(id, "my-model--v2-");
    assert_eq!(std::fs::read(place.store.locate(&id).unwrap()).unwrap(), foreign);
    let listed = place.store.list().unwrap();
    assert_eq!(listed.len(), 2);
    assert_eq!(
        (listed[1].origin, listed[1].entry.sha256.clone()),
        (Origin::Imported, sha256(&foreign))
    );
    // Importing it again, or another file under a taken name, loses nothing.
    assert_eq!(import(&place.store, &place.path("My Model (v2).gguf")).unwrap(), id);
    std::fs::write(place.path("tiny.gguf"), content(888)).unwrap();
    let other = import(&place.store, &place.path("tiny.gguf")).unwrap();
    assert!(other.starts_with("tiny-"), "{other}");
    assert_eq!(place.store.remove(&id).unwrap(), 777);
    assert!(matches!(place.store.locate(&id), Err(Error::UnknownId { .. })));
    assert!(place.store.locate(&other).is_ok());
}

#[test]
fn what_is_no_model_is_not_imported_and_leaves_nothing() {
    let place = Place::new(&[]);
    std::fs::write(place.path("text"), "hello").unwrap();
    std::fs::write(place.path("empty"), "").unwrap();
    std::fs::write(place.path("cut"), content(60)).unwrap();
    std::fs::write(place.path("short"), content(80)).unwrap();
    for name in ["text", "empty", "", "cut", "short"] {
        let outcome = import(&place.store, &place.path(name));
        assert!(matches!(outcome, Err(Error::NotWeights { .. })), "{name}: {outcome:?}");
    }
    let outcome = import(&place.store, &place.path("missing"));
    assert!(matches!(outcome, Err(Error::Io { .. })), "{outcome:?}");
    let left: Vec<_> = std::fs::read_dir(place.path("models")).unwrap().collect();
    assert_eq!(left.len(), 0, "{left:?}");
}

#[test]
fn removing_frees_the_file_and_what_was_arriving() {
    let place = pulled();
    assert_eq!(place.store.remove(ID).unwrap(), 5000);
    assert_eq!(place.store.list().unwrap().remove(0).standing, Standing::Absent);
    std::fs::write(place.stored(".partial"), [1; 30]).unwrap();
    assert_eq!(place.store.remove(ID).unwrap(), 30);
}

#[test]
fn a_manifest_cannot_point_outside_the_store_or_at_a_registered_entry() {
    let place = pulled();
    let manifest = std::fs::read_to_string(place.stored(".toml")).unwrap();
    let evil = "e".repeat(64);
    for (name, text) in [
        (evil.as_str(), manifest.replace(&place.sha256, "../../../etc/passwd")),
        (evil.as_str(), manifest.replace("registered", "imported")),
        ("x", manifest.replace(&place.sha256, &evil)),
    ] {
        std::fs::write(place.path("models").join(format!("{name}.toml")), text).unwrap();
        assert_eq!(place.store.list().unwrap().len(), 1);
    }
}
