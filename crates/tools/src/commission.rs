// SPDX-License-Identifier: Apache-2.0
//! What a task to write asks for: which function, in which file. Pure.
//!
//! It reads a signature, a call, a quoted name, or a name after a word such as
//! `function`; and a file name, or the file that holds an empty function of that name.
//!
//! Invariant: a name that the task does not hold is never chosen, but for the only
//! empty function of the file that it names.

use std::sync::Arc;

use moat_base::{EntryKind, TreePath};
use moat_index::{Corpus, Language, Source, Symbol, SymbolKind, definitions, is_stub};

use crate::localise::files;
use crate::{Reason, Suspect, is_test_path};

/// A function that is to be written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Commission {
    /// The file, which may not exist yet.
    pub path: TreePath,
    /// Its language.
    pub language: Language,
    /// The qualified name of the function.
    pub symbol: String,
    /// The source of the function as it is, where the file has it; else empty.
    pub source: String,
    /// Why it is this one, in a few words.
    pub why: String,
}

/// Reads out of a task which function is to be written where; `None` when it does not say.
#[must_use]
pub fn commission(corpus: &Corpus<'_>, task: &str) -> Option<Commission> {
    let name = name(task);
    match (file(corpus, task), name) {
        (Some(path), Some(name)) => named(corpus, path, &name),
        (Some(path), None) => only_stub(corpus, &path),
        (None, Some(name)) => {
            let path = home(corpus, &name).or_else(|| only_source(corpus))?;
            named(corpus, path, &name)
        }
        (None, None) => None,
    }
}

/// The definition whose qualified name a task holds, such as `Cart.total` or `Cart::total`.
#[must_use]
pub fn mentioned(corpus: &Corpus<'_>, task: &str) -> Option<Suspect> {
    let words =
        task.split(|letter: char| !is_part(letter)).map(|word| word.trim_end_matches(['.', ':']));
    let mut qualified = words.filter(|word| word.contains(['.', ':']) && is_name(word));
    qualified.find_map(|word| {
        let short = word.rsplit(['.', ':']).next()?;
        let place = definitions(corpus, short).into_iter().find(|place| {
            let dotted = place.qualified.replace("::", ".");
            let wanted = word.replace("::", ".");
            let owner = wanted.strip_suffix(short).unwrap_or_default().trim_end_matches('.');
            let whole = dotted == wanted || dotted.ends_with(&format!(".{wanted}"));
            // A method of a trait: `<Cart as Total>.total`.
            whole || dotted.starts_with(&format!("<{owner} as "))
        })?;
        let source = corpus.source(&place.path)?;
        Some(Suspect {
            path: place.path,
            language: source.language?,
            qualified: place.qualified,
            range: place.range,
            line: place.line,
            score: u32::MAX,
            reasons: vec![Reason::Task { word: word.to_owned() }],
        })
    })
}

fn named(corpus: &Corpus<'_>, path: TreePath, name: &str) -> Option<Commission> {
    let source = corpus.source(&path);
    let language = match &source {
        Some(source) => source.language,
        None => Language::of(&path, b""),
    }?;
    let known = source.as_ref().and_then(|source| symbol(source, name));
    let (symbol, text, why) = match (&source, known) {
        (Some(source), Some(symbol)) => {
            (symbol.qualified.clone(), text(source, symbol), "the file has it to be written")
        }
        (Some(_), None) => (name.to_owned(), String::new(), "the file lacks it"),
        (None, _) => (name.to_owned(), String::new(), "the file is new"),
    };
    Some(Commission { path, language, symbol, source: text, why: why.to_owned() })
}

/// The only function of a file that is still empty.
fn only_stub(corpus: &Corpus<'_>, path: &TreePath) -> Option<Commission> {
    let source = corpus.source(path)?;
    let symbol = sole(&source, |_| true)?.qualified.clone();
    named(corpus, path.clone(), &symbol)
}

/// The file with an empty function of this name.
fn home(corpus: &Corpus<'_>, name: &str) -> Option<TreePath> {
    let short = name.rsplit(['.', ':']).next().unwrap_or(name);
    let places = definitions(corpus, short).into_iter().filter(|place| !is_test_path(&place.path));
    let mut paths: Vec<TreePath> = places.map(|place| place.path).collect();
    paths.dedup();
    let stub = paths.iter().find(|path| {
        let source = corpus.source(path);
        source.is_some_and(|source| sole(&source, |symbol| symbol.name == short).is_some())
    });
    stub.or_else(|| paths.first().filter(|_| paths.len() == 1)).cloned()
}

/// The only source of the tree that is no test.
fn only_source(corpus: &Corpus<'_>) -> Option<TreePath> {
    let walk = corpus.walk();
    let mut sources = walk.files.iter().filter(|file| {
        file.path.extension().is_some()
            && Language::of(&file.path, b"").is_some()
            && !is_test_path(&file.path)
    });
    let only = sources.next()?;
    sources.next().is_none().then(|| only.path.clone())
}

fn sole(source: &Arc<Source>, fits: impl Fn(&Symbol) -> bool) -> Option<&Symbol> {
    let language = source.language?;
    let mut empty = source.symbols.iter().filter(|symbol| {
        symbol.kind.is_function() && fits(symbol) && is_stub(language, &source.bytes, symbol)
    });
    let only = empty.next()?;
    empty.next().is_none().then_some(only)
}

fn symbol<'a>(source: &'a Arc<Source>, name: &str) -> Option<&'a Symbol> {
    let defined = |symbol: &&Symbol| symbol.kind != SymbolKind::Prototype;
    let mut all = source.symbols.iter().filter(defined);
    let exact = all.clone().find(|symbol| symbol.qualified == name);
    exact.or_else(|| all.find(|symbol| symbol.name == name))
}

fn text(source: &Source, symbol: &Symbol) -> String {
    let bytes = source.bytes.get(symbol.range.clone()).unwrap_or_default();
    String::from_utf8_lossy(bytes).replace("\r\n", "\n")
}

/// The file that a task names: one of the tree, or a new one in a directory that is there.
fn file(corpus: &Corpus<'_>, task: &str) -> Option<TreePath> {
    let walk = corpus.walk();
    for word in files(task) {
        let Ok(path) = TreePath::parse(&word) else { continue };
        if is_test_path(&path) {
            continue;
        }
        if walk.files.iter().any(|file| file.path == path) {
            return Some(path);
        }
        let end = format!("/{word}");
        let mut same = walk.files.iter().filter(|file| file.path.to_string().ends_with(&end));
        match (same.next(), same.next()) {
            (Some(only), None) => return Some(only.path.clone()),
            (Some(_), Some(_)) => continue,
            (None, _) => {}
        }
        let parent = path.parent().unwrap_or_default();
        let entry = corpus.tree().entry(&parent);
        if parent.is_root() || entry.is_ok_and(|entry| entry.kind == EntryKind::Directory) {
            return Some(path);
        }
    }
    None
}

/// The name that a task gives the function.
fn name(task: &str) -> Option<String> {
    let files = files(task);
    let fits = |word: &&str| is_name(word) && !files.iter().any(|file| file == word);
    let called = task.match_indices('(').filter_map(|(at, _)| {
        let head = task.get(..at)?;
        let from = head.rfind(|letter: char| !is_part(letter)).map_or(0, |at| at + 1);
        head.get(from..)
    });
    let mut called = called.filter(fits);
    let quoted = task.split('`').skip(1).step_by(2).map(str::trim);
    let mut quoted = quoted.filter(fits);
    let words: Vec<&str> = task
        .split(|letter: char| letter.is_whitespace() || ",;'\"".contains(letter))
        .map(|word| word.trim_end_matches(['.', ':', '!', '?']))
        .collect();
    let mut told = words.windows(2).filter_map(|pair| {
        let [mark, word] = pair else { return None };
        (NAMES_FOLLOW.contains(&mark.to_lowercase().as_str())
            && fits(word)
            && !FILLERS.contains(&word.to_lowercase().as_str()))
        .then_some(*word)
    });
    called.next().or_else(|| quoted.next()).or_else(|| told.next()).map(str::to_owned)
}

fn is_part(letter: char) -> bool {
    letter.is_alphanumeric() || matches!(letter, '_' | '.' | ':' | '$')
}

fn is_name(word: &str) -> bool {
    let parts: Vec<&str> = word.split("::").flat_map(|part| part.split('.')).collect();
    let part = |part: &&str| {
        part.starts_with(|first: char| first.is_alphabetic() || matches!(first, '_' | '$'))
            && part.chars().all(|letter| letter.is_alphanumeric() || matches!(letter, '_' | '$'))
    };
    parts.iter().all(part)
}

/// Words that a name may follow.
const NAMES_FOLLOW: [&str; 8] =
    ["function", "method", "def", "fn", "func", "called", "named", "implement"];

/// Words that follow those and are no names.
const FILLERS: [&str; 24] = [
    "a", "an", "the", "that", "which", "to", "with", "in", "for", "of", "called", "named", "it",
    "from", "and", "or", "is", "by", "on", "this", "function", "method", "todo", "missing",
];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture::MapTree;

    #[test]
    fn a_task_says_what_to_write_where() {
        let files = [
            (
                "text.py",
                "def clean(text):\n    return text\n\n\ndef slug(text):\n    \"\"\"Slug.\"\"\"\n    raise NotImplementedError\n",
            ),
            ("src/cache.rs", "pub fn get() -> u8 {\n    todo!()\n}\n"),
            ("tests/test_text.py", "def test_slug():\n    pass\n"),
        ];
        let cases = [
            ("write a function shout(text) in text.py", Some(("text.py", "shout", false))),
            ("Write `shout` in text.py: it cries", Some(("text.py", "shout", false))),
            ("write a function called shout in text.py.", Some(("text.py", "shout", false))),
            ("implement slug", Some(("text.py", "slug", true))),
            ("write slug(text)", Some(("text.py", "slug", true))),
            ("implement the TODO in cache.rs", Some(("src/cache.rs", "get", true))),
            ("write fn put(a: u8) -> bool in src/new.rs", Some(("src/new.rs", "put", false))),
            ("write def f(x) in nowhere/new.py", None),
            ("write a function that reverses a list", None),
            ("write a function in text.py that adds", Some(("text.py", "slug", true))),
            ("write something nice", None),
            ("", None),
        ];
        let tree = MapTree::of(&files);
        for (task, expect) in cases {
            let found = commission(&Corpus::new(&tree), task);
            let found = found.map(|one| (one.path.to_string(), one.symbol, !one.source.is_empty()));
            let expect =
                expect.map(|(path, name, known)| (path.to_owned(), name.to_owned(), known));
            assert_eq!(found, expect, "{task}");
        }
        for (task, expect) in [
            ("explain Cart::total", Some("Cart::total")),
            ("document `Cart::fmt`.", Some("<Cart as Display>::fmt")),
            ("explain Cart.total", Some("Cart::total")),
            ("explain total in cart.rs", None),
            ("explain Other::total", None),
        ] {
            let tree = MapTree::of(&[(
                "src/cart.rs",
                "impl Cart { fn total(&self) {} }\nimpl Display for Cart { fn fmt(&self) {} }\n",
            )]);
            let found = mentioned(&Corpus::new(&tree), task).map(|found| found.qualified);
            assert_eq!(found.as_deref(), expect, "{task}");
        }
        let alone = MapTree::of(&[("a.c", "int f(void) { return 1; }\n"), ("test_a.c", "")]);
        let found = commission(&Corpus::new(&alone), "write int add(int a, int b)").unwrap();
        assert_eq!((found.path.to_string().as_str(), found.symbol.as_str()), ("a.c", "add"));
    }
}
