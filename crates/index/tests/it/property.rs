// SPDX-License-Identifier: Apache-2.0
//! What holds for every source: a splice of what is there changes nothing, a splice
//! never breaks a file that parsed, and no bytes make the program fail.

use moat_index::{
    Language, Scope, SpliceError, SymbolKind, Target, calls, imports, node_count, outline, splice,
    syntax_errors, words,
};

const SAMPLES: [(Language, &str); 6] = [
    (Language::Python, include_str!("sample/inventory.py")),
    (Language::Rust, include_str!("sample/ring.rs")),
    (Language::JavaScript, include_str!("sample/store.js")),
    (Language::TypeScript, include_str!("sample/queue.ts")),
    (Language::C, include_str!("sample/list.c")),
    (Language::Rust, include_str!("../../src/outline.rs")),
];

/// A small generator (xorshift64*, Vigna 2016), so that a failure names its seed.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        self.0.wrapping_mul(0x2545_F491_4F6C_DD1D)
    }

    fn below(&mut self, bound: usize) -> usize {
        usize::try_from(self.next() % (bound.max(1) as u64)).unwrap_or(0)
    }
}

fn variants(source: &str) -> [String; 2] {
    [source.to_owned(), source.replace('\n', "\r\n")]
}

#[test]
fn the_samples_parse() {
    for (language, source) in SAMPLES {
        assert_eq!(syntax_errors(language, source.as_bytes()), [], "{language:?}");
    }
}

#[test]
fn a_symbol_spliced_into_its_own_place_changes_nothing() {
    for (language, sample) in SAMPLES {
        for source in variants(sample) {
            let symbols = outline(language, source.as_bytes());
            assert!(symbols.iter().filter(|symbol| symbol.kind.is_function()).count() > 3);
            for symbol in &symbols {
                if !symbol.kind.is_function() || symbol.scope == Scope::Local {
                    continue;
                }
                // A value without its binding has no name of its own.
                if language.is_script()
                    && source
                        .get(symbol.item.clone())
                        .unwrap()
                        .starts_with("module.exports.version")
                {
                    continue;
                }
                let code = source.get(symbol.range.clone()).unwrap();
                let target = Target::Named(&symbol.qualified);
                match splice(language, source.as_bytes(), code, target) {
                    Ok(spliced) => assert_eq!(
                        String::from_utf8(spliced.source).unwrap(),
                        source,
                        "{language:?} {}",
                        symbol.qualified
                    ),
                    Err(error) => panic!("{language:?} {}: {error:?}\n{code}", symbol.qualified),
                }
            }
        }
    }
}

#[test]
fn a_file_spliced_into_itself_changes_nothing() {
    for (language, sample) in SAMPLES {
        for source in variants(sample) {
            let spliced = splice(language, source.as_bytes(), sample, Target::Any).unwrap();
            assert_eq!(String::from_utf8(spliced.source).unwrap(), source, "{language:?}");
            assert_eq!(spliced.added, Vec::<String>::new());
        }
    }
}

/// Deletes, doubles and swaps lines of a sample: the mistakes of a careless writer.
fn mangle(source: &str, random: &mut Random) -> String {
    let mut lines: Vec<&str> = source.lines().collect();
    for _ in 0..=random.below(6) {
        let at = random.below(lines.len());
        match random.below(4) {
            0 if lines.len() > 2 => drop(lines.remove(at)),
            1 => lines.insert(at, lines[at]),
            2 => {
                let other = random.below(lines.len());
                lines.swap(at, other);
            }
            _ => lines.truncate(at.max(2)),
        }
    }
    lines.join("\n")
}

#[test]
fn a_splice_never_breaks_a_file_that_parsed() {
    let mut spliced_count = 0;
    for seed in 1..=25 {
        let mut random = Random(seed);
        for (language, source) in SAMPLES {
            let code = mangle(source, &mut random);
            match splice(language, source.as_bytes(), &code, Target::Any) {
                Ok(spliced) => {
                    spliced_count += 1;
                    assert_eq!(
                        syntax_errors(language, &spliced.source),
                        [],
                        "seed {seed} {language:?}"
                    );
                }
                Err(SpliceError::Syntax { errors }) => assert!(!errors.is_empty()),
                Err(_) => {}
            }
        }
    }
    assert!(spliced_count > 50, "only {spliced_count} splices");
}

#[test]
fn no_bytes_make_it_fail() {
    for seed in 1..=20 {
        let mut random = Random(seed * 77);
        for (language, source) in SAMPLES {
            let mut bytes = source.as_bytes().to_vec();
            for _ in 0..20 {
                let at = random.below(bytes.len());
                bytes[at] = u8::try_from(random.below(256)).unwrap();
            }
            bytes.truncate(random.below(bytes.len()));
            for symbol in outline(language, &bytes) {
                assert!(symbol.range.start <= symbol.item.start, "seed {seed}");
                assert!(symbol.item.end <= symbol.range.end, "seed {seed}");
                assert!(symbol.range.end <= bytes.len(), "seed {seed}");
                assert!(symbol.kind != SymbolKind::Function || !symbol.qualified.is_empty());
            }
            let _ = imports(language, &bytes);
            let _ = calls(language, &bytes, 0..bytes.len());
            let _ = words(language, &bytes, 5..bytes.len() / 2);
            let _ = node_count(language, &bytes);
            let code = String::from_utf8_lossy(&bytes).into_owned();
            let _ = splice(language, source.as_bytes(), &code, Target::Any);
            let _ = splice(language, &bytes, source, Target::New);
        }
    }
}
