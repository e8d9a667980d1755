// SPDX-License-Identifier: Apache-2.0
//! Where the tests of a new function go, and how they are run alone, by the project's custom.
//!
//! The custom is read from the tests that the project has, else the one that the
//! language brings with it. Where there is none (C, TypeScript, foreign runners), it
//! says so, and no test is written: a guess would leave a file that nothing runs.
//!
//! Invariant: a file that exists is never chosen for new tests, but for Rust, whose
//! unit tests stand in the file that they are about.

use moat_base::{EntryKind, TreePath};
use moat_index::{Corpus, Language, SymbolKind};

use crate::check::operand;
use crate::{CheckKind, detect, is_test_path};

/// The form of a test.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum SuiteForm {
    /// Methods of a `unittest.TestCase`.
    Unittest,
    /// Functions that pytest finds.
    Pytest,
    /// Functions of a `#[cfg(test)]` module.
    RustModule,
    /// Calls of `test` from `node:test`, in a CommonJS file.
    NodeScript,
    /// Calls of `test` from `node:test`, in an ECMAScript module.
    NodeModule,
}

/// Where and how a function is tested.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Convention {
    /// The form.
    pub form: SuiteForm,
    /// The file that the tests go into.
    pub path: TreePath,
    /// The line that brings the function into it.
    pub import: String,
    /// The program that runs them, and where it can be told, nothing else, with its arguments.
    pub argv: Vec<String>,
    /// What is added to its environment.
    pub environment: Vec<(String, String)>,
}

/// Finds out how the function `symbol` of the file at `path` is tested.
#[must_use]
pub fn convention(corpus: &Corpus<'_>, path: &TreePath, symbol: &str) -> Option<Convention> {
    let root = symbol.split(['.', ':']).next().unwrap_or(symbol);
    let language = Language::of(path, b"")?;
    match language {
        Language::Python => python(corpus, path, root),
        Language::Rust => rust(corpus, path, root),
        Language::JavaScript => node(corpus, path, root),
        Language::TypeScript | Language::Tsx | Language::C => None,
    }
}

fn python(corpus: &Corpus<'_>, path: &TreePath, root: &str) -> Option<Convention> {
    let check = detect(corpus.tree()).into_iter().find(|check| {
        matches!(check.kind, CheckKind::Pytest | CheckKind::Unittest | CheckKind::PythonScript)
    });
    let form = match check.as_ref().map(|check| check.kind) {
        Some(CheckKind::Pytest) => SuiteForm::Pytest,
        _ => SuiteForm::Unittest,
    };
    let interpreter = check.and_then(|check| check.argv.first().cloned());
    let interpreter = interpreter.unwrap_or_else(|| "python3".to_owned());
    let stem = stem(path);
    let tests = tests(corpus, "py");
    let behind = tests.iter().any(|test| test.to_string().ends_with("_test.py"));
    let name = |stem: &str| {
        if behind { format!("{stem}_test.py") } else { format!("test_{stem}.py") }
    };
    let file = free(
        corpus,
        &directory(&tests, path, "tests", corpus),
        [name(&stem), name(&format!("{stem}_{}", root.to_lowercase()))],
    )?;
    let (module, base) = module(corpus, &tests, path);
    let flags: &[&str] = match form {
        SuiteForm::Pytest => {
            &["pytest", "-v", "--tb=short", "--color=no", "-p", "no:cacheprovider"]
        }
        SuiteForm::Unittest
        | SuiteForm::RustModule
        | SuiteForm::NodeScript
        | SuiteForm::NodeModule => &["unittest", "-v"],
    };
    let mut argv = words(&[&[interpreter.as_str(), "-m"], flags].concat());
    argv.push(operand(&argument(&file)?));
    Some(Convention {
        form,
        import: format!("from {module} import {root}"),
        argv,
        environment: base.map(|base| ("PYTHONPATH".to_owned(), base)).into_iter().collect(),
        path: file,
    })
}

/// The module of a file as tests import it, and the directory that has to be searched for it.
fn module(corpus: &Corpus<'_>, tests: &[TreePath], path: &TreePath) -> (String, Option<String>) {
    let stem = stem(path);
    let imported = tests.iter().filter_map(|test| corpus.source(test)).find_map(|source| {
        let fits = |module: &&String| {
            !module.starts_with('.') && module.rsplit('.').next() == Some(stem.as_str())
        };
        source.imports.iter().map(|import| &import.module).find(fits).cloned()
    });
    let text = path.to_string();
    let inner = text.strip_prefix("src/");
    let base = inner.map(|_| "src".to_owned());
    let module = inner.unwrap_or(&text).trim_end_matches(".py").trim_end_matches("/__init__");
    (imported.unwrap_or_else(|| module.replace('/', ".")), base)
}

fn rust(corpus: &Corpus<'_>, path: &TreePath, root: &str) -> Option<Convention> {
    detect(corpus.tree()).iter().find(|check| check.kind == CheckKind::CargoTest)?;
    let source = corpus.source(path);
    let has = |name: &str| {
        source.as_ref().is_some_and(|source| {
            let modules = source.symbols.iter().filter(|one| one.kind == SymbolKind::Module);
            modules.into_iter().any(|module| module.name == name)
        })
    };
    let name = ["tests".to_owned(), format!("{}_tests", root.to_lowercase())]
        .into_iter()
        .find(|name| !has(name))?;
    Some(Convention {
        form: SuiteForm::RustModule,
        path: path.clone(),
        argv: words(&["cargo", "test", "--offline", "--no-fail-fast", &format!("{name}::")]),
        environment: Vec::new(),
        import: name,
    })
}

fn node(corpus: &Corpus<'_>, path: &TreePath, root: &str) -> Option<Convention> {
    let check = detect(corpus.tree()).into_iter().next();
    // Other runners bring globals of their own, and a script tests in its own way.
    if check.is_some_and(|check| check.kind != CheckKind::NodeTest) {
        return None;
    }
    let extension = path.extension().filter(|extension| *extension != "jsx")?;
    let text = corpus
        .text(path)
        .map_or_else(String::new, |text| String::from_utf8_lossy(&text).into_owned());
    let manifest = TreePath::parse("package.json").ok().and_then(|path| corpus.text(&path));
    let declared = manifest.is_some_and(|text| {
        serde_json::from_slice::<serde_json::Value>(&text)
            .is_ok_and(|manifest| manifest.get("type").is_some_and(|kind| kind == "module"))
    });
    let is_module = match extension {
        "mjs" => true,
        "cjs" => false,
        _ => declared || text.lines().any(|line| line.starts_with("export ")),
    };
    let tests = tests(corpus, "js");
    let directory = directory(&tests, path, "test", corpus);
    let stem = stem(path);
    let file = free(
        corpus,
        &directory,
        [format!("{stem}.test.{extension}"), format!("{stem}.{root}.test.{extension}")],
    )?;
    let from = relative(&directory, path);
    let (form, import) = if is_module {
        (SuiteForm::NodeModule, format!("import {{ {root} }} from '{from}';"))
    } else {
        (SuiteForm::NodeScript, format!("const {{ {root} }} = require('{from}');"))
    };
    let argv = words(&["node", "--test", &operand(&argument(&file)?)]);
    Some(Convention { form, path: file, import, argv, environment: Vec::new() })
}

fn words(words: &[&str]) -> Vec<String> {
    words.iter().map(|word| (*word).to_owned()).collect()
}

/// A path as an argument; one that is no text cannot be stored as one.
fn argument(path: &TreePath) -> Option<String> {
    String::from_utf8(path.as_bytes().to_vec()).ok()
}

/// The test files of the tree in a family of languages.
fn tests(corpus: &Corpus<'_>, extension: &str) -> Vec<TreePath> {
    let walk = corpus.walk();
    let ours = |path: &TreePath| path.extension().is_some_and(|own| own.ends_with(extension));
    let named = |path: &TreePath| {
        let name = String::from_utf8_lossy(path.file_name().unwrap_or_default()).into_owned();
        name.contains("test") && !name.starts_with("conftest")
    };
    let files = walk.files.iter().map(|file| &file.path);
    files.filter(|path| ours(path) && is_test_path(path) && named(path)).cloned().collect()
}

/// Where a new test file goes: to the others, else into the directory of that name, else beside.
fn directory(tests: &[TreePath], path: &TreePath, name: &str, corpus: &Corpus<'_>) -> TreePath {
    let beside = path.parent().unwrap_or_default();
    let homes: Vec<TreePath> = tests.iter().filter_map(TreePath::parent).collect();
    if homes.contains(&beside) {
        return beside;
    }
    let usual = TreePath::parse(name).ok();
    let usual = usual.filter(|usual| {
        corpus.tree().entry(usual).is_ok_and(|entry| entry.kind == EntryKind::Directory)
    });
    homes.into_iter().next().or(usual).unwrap_or(beside)
}

/// The first name that no file has.
fn free(corpus: &Corpus<'_>, directory: &TreePath, names: [String; 2]) -> Option<TreePath> {
    let paths = names.into_iter().filter_map(|name| directory.join(name.as_bytes()).ok());
    paths.into_iter().find(|path| corpus.tree().entry(path).is_err())
}

fn stem(path: &TreePath) -> String {
    let name = String::from_utf8_lossy(path.file_name().unwrap_or_default()).into_owned();
    name.split('.').next().unwrap_or_default().to_owned()
}

/// The way from a directory to a file, as scripts import it.
fn relative(directory: &TreePath, path: &TreePath) -> String {
    let (from, to) = (directory.to_string(), path.to_string());
    let from: Vec<&str> = from.split('/').filter(|part| !matches!(*part, "" | ".")).collect();
    let to: Vec<&str> = to.split('/').collect();
    let common = from.iter().zip(&to).take_while(|(one, other)| one == other).count();
    let up = "../".repeat(from.len() - common);
    let down = to.get(common..).unwrap_or_default().join("/");
    if up.is_empty() { format!("./{down}") } else { format!("{up}{down}") }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture::MapTree;

    fn line(files: &[(&str, &str)], path: &str, symbol: &str) -> Option<String> {
        let tree = MapTree::of(files);
        let corpus = Corpus::new(&tree);
        let found = convention(&corpus, &TreePath::parse(path).unwrap(), symbol)?;
        let line = crate::shown_line(&found.argv, &found.environment, &TreePath::root());
        Some(format!("{:?} | {} | {} | {line}", found.form, found.path, found.import))
    }

    #[test]
    fn a_directory_by_any_name_is_one_argument_and_no_option() {
        for name in ["a b", "$(id)", "it's", "`id`", "*", ";true"] {
            let test = format!("{name}/test_a.py");
            let tree = MapTree::of(&[("text.py", ""), (&test, "import unittest\n")]);
            let path = TreePath::parse("text.py").unwrap();
            let found = convention(&Corpus::new(&tree), &path, "slug").unwrap();
            let file = format!("{name}/test_text.py");
            assert_eq!(found.argv, words(&["python3", "-m", "unittest", "-v", &file]));
        }
        let tree = MapTree::of(&[("text.py", ""), ("-v/test_a.py", "import unittest\n")]);
        let path = TreePath::parse("text.py").unwrap();
        let found = convention(&Corpus::new(&tree), &path, "slug").unwrap();
        assert_eq!(found.argv.last_chunk::<2>().unwrap(), &["-v", "./-v/test_text.py"]);
    }

    /// Files, the path, the symbol, what is found.
    type Case =
        (&'static [(&'static str, &'static str)], &'static str, &'static str, Option<&'static str>);

    #[test]
    #[expect(clippy::too_many_lines, reason = "it is a table")]
    fn the_project_decides() {
        let cases: [Case; 13] = [
            (
                &[("text.py", "")],
                "text.py",
                "slug",
                Some(
                    "Unittest | test_text.py | from text import slug | python3 -m unittest -v test_text.py",
                ),
            ),
            (
                &[("text.py", ""), ("tests/test_a.py", "import unittest\n")],
                "text.py",
                "Slug.make",
                Some(
                    "Unittest | tests/test_text.py | from text import Slug | python3 -m unittest -v tests/test_text.py",
                ),
            ),
            (
                &[("text.py", ""), ("test_text.py", "import unittest\n")],
                "text.py",
                "slug",
                Some(
                    "Unittest | test_text_slug.py | from text import slug | python3 -m unittest -v test_text_slug.py",
                ),
            ),
            (
                &[
                    ("text.py", ""),
                    ("test_text.py", "import unittest\n"),
                    ("test_text_slug.py", ""),
                ],
                "text.py",
                "slug",
                None,
            ),
            (
                &[
                    ("src/app/text.py", ""),
                    ("src/app/__init__.py", ""),
                    ("tests/a_test.py", "def test_a(): pass\n"),
                    ("pytest.ini", ""),
                ],
                "src/app/text.py",
                "slug",
                Some(
                    "Pytest | tests/text_test.py | from app.text import slug | PYTHONPATH=src python3 -m pytest -v --tb=short --color=no -p no:cacheprovider tests/text_test.py",
                ),
            ),
            (
                &[
                    ("lib/text.py", ""),
                    ("tests/test_a.py", "import unittest\nfrom text import a\n"),
                ],
                "lib/text.py",
                "slug",
                Some(
                    "Unittest | tests/test_text.py | from text import slug | python3 -m unittest -v tests/test_text.py",
                ),
            ),
            (
                &[("Cargo.toml", "[package]"), ("src/lib.rs", "fn a() {}\n")],
                "src/lib.rs",
                "slug",
                Some(
                    "RustModule | src/lib.rs | tests | cargo test --offline --no-fail-fast tests::",
                ),
            ),
            (
                &[("Cargo.toml", "[package]"), ("src/lib.rs", "#[cfg(test)]\nmod tests {}\n")],
                "src/lib.rs",
                "Text::slug",
                Some(
                    "RustModule | src/lib.rs | text_tests | cargo test --offline --no-fail-fast text_tests::",
                ),
            ),
            (
                &[
                    ("src/text.js", "module.exports = {};\n"),
                    ("test/a.test.js", "require('node:test');\n"),
                ],
                "src/text.js",
                "slug",
                Some(
                    "NodeScript | test/text.test.js | const { slug } = require('../src/text.js'); | node --test test/text.test.js",
                ),
            ),
            (
                &[("text.mjs", "")],
                "text.mjs",
                "slug",
                Some(
                    "NodeModule | text.test.mjs | import { slug } from './text.mjs'; | node --test text.test.mjs",
                ),
            ),
            (
                &[("package.json", r#"{"scripts":{"test":"jest"}}"#), ("text.js", "")],
                "text.js",
                "slug",
                None,
            ),
            (&[("a.c", "")], "a.c", "add", None),
            (&[("a.ts", "")], "a.ts", "add", None),
        ];
        for (files, path, symbol, expect) in cases {
            assert_eq!(line(files, path, symbol).as_deref(), expect, "{path} in {files:?}");
        }
    }
}
