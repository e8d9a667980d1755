// SPDX-License-Identifier: Apache-2.0
//! Makes a test file out of the tests that a model wrote for a function.
//!
//! A small model repeats the function in its test, so that the test would judge the
//! copy, and imports it from a module that it made up. Both are cut out, and the
//! right import is put in. What is left must have a test, and a use of the function.
//!
//! Invariant: the suite defines nothing of the name that it tests.

use std::ops::Range;

use moat_index::{Import, Language, Level, Scope, Symbol, calls, imports, outline, words};

use crate::convention::SuiteForm;
use crate::limits::SUITE_TESTS_MAX;

/// A file with tests.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Suite {
    /// The whole file.
    pub bytes: Vec<u8>,
    /// The names of the tests, as the runner writes them.
    pub tests: Vec<String>,
}

/// Puts tests for `symbol` together, or says in a few words why they cannot be used.
///
/// `import` is the convention's, and `before` what the file holds now.
///
/// # Errors
/// A few words for the person who watches.
pub fn suite(
    form: SuiteForm,
    (symbol, import): (&str, &str),
    before: &[u8],
    code: &str,
) -> Result<Suite, String> {
    let root = symbol.split(['.', ':']).next().unwrap_or(symbol);
    let short = symbol.rsplit(['.', ':']).next().unwrap_or(symbol);
    let code = code.trim_start_matches('\u{feff}').replace("\r\n", "\n");
    let draft = Draft::read(form, &code);
    let tests = draft.tests();
    if tests.is_empty() {
        return Err("it holds no test".into());
    }
    if tests.len() > SUITE_TESTS_MAX {
        return Err(format!("it holds {} tests", tests.len()));
    }
    if !draft.uses(short) {
        return Err(format!("no test uses `{short}`"));
    }
    let text = match form {
        SuiteForm::Unittest | SuiteForm::Pytest => draft.python(root, import),
        SuiteForm::RustModule => draft.rust(root, import, before),
        SuiteForm::NodeScript | SuiteForm::NodeModule => draft.script(root, import),
    };
    Ok(Suite { bytes: text.into_bytes(), tests })
}

/// The model's tests, read.
struct Draft<'a> {
    form: SuiteForm,
    language: Language,
    code: &'a str,
    symbols: Vec<Symbol>,
    imports: Vec<Import>,
}

impl<'a> Draft<'a> {
    fn read(form: SuiteForm, code: &'a str) -> Self {
        let language = match form {
            SuiteForm::Unittest | SuiteForm::Pytest => Language::Python,
            SuiteForm::RustModule => Language::Rust,
            SuiteForm::NodeScript | SuiteForm::NodeModule => Language::JavaScript,
        };
        let (symbols, imports) =
            (outline(language, code.as_bytes()), imports(language, code.as_bytes()));
        Self { form, language, code, symbols, imports }
    }

    /// The names of the tests that the form's runner would find.
    fn tests(&self) -> Vec<String> {
        let found = self.symbols.iter().filter(|symbol| self.is_test(symbol));
        found.map(|symbol| symbol.name.clone()).collect()
    }

    fn is_test(&self, symbol: &Symbol) -> bool {
        let above = symbol.parent.and_then(|parent| self.symbols.get(parent));
        match self.form {
            SuiteForm::Unittest => {
                let is_case = above.is_some_and(|class| class.signature.contains("TestCase"));
                is_case && symbol.kind.is_function() && symbol.name.starts_with("test")
            }
            SuiteForm::Pytest => {
                let is_inner = above.is_some_and(|above| above.kind.is_function());
                !is_inner && symbol.kind.is_function() && symbol.name.starts_with("test")
            }
            SuiteForm::RustModule => {
                let head = self.text(symbol.range.start..symbol.item.start);
                symbol.kind.is_function() && head.contains("#[test]")
            }
            // A group of tests is listed like a test; only what is in it counts.
            SuiteForm::NodeScript | SuiteForm::NodeModule => {
                let head = self.text(symbol.item.clone());
                symbol.scope == Scope::Test && (head.starts_with("test") || head.starts_with("it"))
            }
        }
    }

    fn uses(&self, name: &str) -> bool {
        let mut tests = self.symbols.iter().filter(|symbol| self.is_test(symbol));
        tests.any(|test| {
            let bytes = self.code.as_bytes();
            let called = calls(self.language, bytes, test.range.clone());
            called.iter().any(|call| call == name)
                || words(self.language, bytes, test.range.clone()).iter().any(|word| word == name)
        })
    }

    fn text(&self, range: Range<usize>) -> &'a str {
        self.code.get(range).unwrap_or_default()
    }

    fn python(&self, root: &str, import: &str) -> String {
        let rest = self.without(root, &[]);
        let runner = match self.form {
            SuiteForm::Unittest => "unittest",
            SuiteForm::Pytest
            | SuiteForm::RustModule
            | SuiteForm::NodeScript
            | SuiteForm::NodeModule => "pytest",
        };
        let bound = |name: &str| {
            self.imports.iter().flat_map(|one| &one.bindings).any(|binding| binding.name == name)
        };
        let needed = rest.contains(&format!("{runner}.")) && !bound(runner);
        let first = if needed { format!("import {runner}\n\n") } else { String::new() };
        let (own, body) = split_imports(&rest);
        let own = if own.is_empty() { own } else { format!("{own}\n\n") };
        format!("{own}{first}{import}\n\n\n{}\n", body.trim())
    }

    fn script(&self, root: &str, import: &str) -> String {
        let names =
            ["test", "describe", "it", "assert", "before", "after", "beforeEach", "afterEach"];
        let rest = self.without(root, &names);
        let used: Vec<&str> =
            names.into_iter().filter(|name| *name != "assert" && has_call(&rest, name)).collect();
        let used = used.join(", ");
        let head = match self.form {
            SuiteForm::NodeModule => format!(
                "import assert from 'node:assert';\nimport {{ {used} }} from 'node:test';\n\n"
            ),
            SuiteForm::NodeScript
            | SuiteForm::Unittest
            | SuiteForm::Pytest
            | SuiteForm::RustModule => format!(
                "const assert = require('node:assert');\nconst {{ {used} }} = require('node:test');\n\n"
            ),
        };
        format!("{head}{import}\n\n{}\n", rest.trim())
    }

    /// A module with the tests and their helpers, at the end of what the file holds.
    fn rust(&self, root: &str, name: &str, before: &[u8]) -> String {
        let mut parts = vec!["    use super::*;".to_owned()];
        for import in &self.imports {
            let line = self.text(import.range.clone()).trim().to_owned();
            let foreign = ["use std::", "use core::", "use alloc::"];
            if foreign.iter().any(|start| line.starts_with(start)) {
                parts.push(format!("    {line}"));
            }
        }
        parts.dedup();
        let mut parts = vec![parts.join("\n")];
        for symbol in &self.symbols {
            let module = symbol.parent.and_then(|parent| self.symbols.get(parent));
            let inner = module.is_some_and(|parent| parent.scope == Scope::Test);
            let belongs = symbol.scope == Scope::Test && symbol.kind.is_function();
            if belongs && symbol.name != root && (inner || symbol.parent.is_none()) {
                parts.push(indented(self.text(symbol.range.clone())));
            }
        }
        let before = String::from_utf8_lossy(before);
        let gap = match before.as_ref() {
            "" => "",
            text if text.ends_with('\n') => "\n",
            _ => "\n\n",
        };
        format!("{before}{gap}#[cfg(test)]\nmod {name} {{\n{}\n}}\n", parts.join("\n\n"))
    }

    /// The code without definitions of `root`, without imports of it, and of `others`.
    fn without(&self, root: &str, others: &[&str]) -> String {
        let mut cuts: Vec<Range<usize>> = self
            .symbols
            .iter()
            .filter(|symbol| {
                symbol.parent.is_none() && symbol.name == root && symbol.scope != Scope::Test
            })
            .map(|symbol| symbol.range.clone())
            .collect();
        for import in self.imports.iter().filter(|import| import.level == Level::Top) {
            let goes = import.bindings.iter().any(|binding| {
                binding.name == root
                    || binding.original == "*"
                    || others.contains(&binding.name.as_str())
            });
            if goes {
                cuts.push(import.range.clone());
            }
        }
        cuts.sort_by_key(|cut| cut.start);
        let mut rest = String::new();
        let mut done = 0;
        for cut in cuts {
            if cut.start >= done {
                rest.push_str(self.text(done..cut.start));
                done = cut.end;
            }
        }
        rest.push_str(self.text(done..self.code.len()));
        rest
    }
}

/// The imports that a text of Python begins with, and the rest.
fn split_imports(text: &str) -> (String, String) {
    let is_import = |line: &&str| line.starts_with("import ") || line.starts_with("from ");
    let lead = |line: &&str| line.trim().is_empty() || is_import(line);
    let head: Vec<&str> = text.lines().take_while(lead).collect();
    // An import over several lines stays where it is.
    if head.iter().any(|line| line.trim_end().ends_with('(')) {
        return (String::new(), text.to_owned());
    }
    let own: Vec<&str> = head.iter().copied().filter(is_import).collect();
    let body: Vec<&str> = text.lines().skip(head.len()).collect();
    (own.join("\n"), body.join("\n"))
}

fn has_call(text: &str, name: &str) -> bool {
    text.match_indices(name).any(|(at, _)| {
        let before = text.get(..at).unwrap_or_default();
        let after = text.get(at + name.len()..).unwrap_or_default();
        let starts =
            !before.ends_with(|letter: char| letter.is_alphanumeric() || "_.$".contains(letter));
        starts && after.starts_with(['(', '.'])
    })
}

/// A definition one level in, whatever level it came from.
fn indented(text: &str) -> String {
    let lead = |line: &str| line.len() - line.trim_start().len();
    let rest = text.lines().skip(1).filter(|line| !line.trim().is_empty());
    let last = rest.last().map_or(0, lead);
    let line = |(number, line): (usize, &str)| {
        let cut = if number == 0 { lead(line) } else { last.min(lead(line)) };
        let body = line.get(cut..).unwrap_or_default();
        if body.trim().is_empty() { String::new() } else { format!("    {body}") }
    };
    text.lines().enumerate().map(line).collect::<Vec<String>>().join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn copies_and_wrong_imports_go() {
        let cases = [
            (
                SuiteForm::Unittest,
                ("slug", "from text import slug"),
                "",
                "import unittest\nfrom your_module import slug\nfrom math import *\n\ndef slug(text):\n    return text\n\nclass SlugTest(unittest.TestCase):\n    def test_a(self):\n        self.assertEqual(slug('A'), 'a')\n\nif __name__ == '__main__':\n    unittest.main()\n",
                "import unittest\n\nfrom text import slug\n\n\nclass SlugTest(unittest.TestCase):\n    def test_a(self):\n        self.assertEqual(slug('A'), 'a')\n\nif __name__ == '__main__':\n    unittest.main()\n",
            ),
            (
                SuiteForm::Pytest,
                ("Text.slug", "from text import Text"),
                "",
                "def test_a():\n    with pytest.raises(ValueError):\n        Text('').slug()\n",
                "import pytest\n\nfrom text import Text\n\n\ndef test_a():\n    with pytest.raises(ValueError):\n        Text('').slug()\n",
            ),
            (
                SuiteForm::RustModule,
                ("slug", "tests"),
                "pub fn slug() {}\n",
                "pub fn slug() {}\n\n#[cfg(test)]\nmod tests {\n    use super::*;\n    use std::fmt::Write;\n\n    fn one() -> u8 {\n        1\n    }\n\n    #[test]\n    fn works() {\n        slug();\n    }\n}\n",
                "pub fn slug() {}\n\n#[cfg(test)]\nmod tests {\n    use super::*;\n    use std::fmt::Write;\n\n    fn one() -> u8 {\n        1\n    }\n\n    #[test]\n    fn works() {\n        slug();\n    }\n}\n",
            ),
            (
                SuiteForm::RustModule,
                ("slug", "slug_tests"),
                "pub fn slug() {}",
                "use crate::slug;\n\n#[test]\nfn works() {\n    slug();\n}\n",
                "pub fn slug() {}\n\n#[cfg(test)]\nmod slug_tests {\n    use super::*;\n\n    #[test]\n    fn works() {\n        slug();\n    }\n}\n",
            ),
            (
                SuiteForm::NodeScript,
                ("slug", "const { slug } = require('./text.js');"),
                "",
                "const test = require('node:test');\nconst assert = require('assert');\nconst slug = require('./slug');\n\ntest('lowers', () => {\n  assert.strictEqual(slug('A'), 'a');\n});\n",
                "const assert = require('node:assert');\nconst { test } = require('node:test');\n\nconst { slug } = require('./text.js');\n\ntest('lowers', () => {\n  assert.strictEqual(slug('A'), 'a');\n});\n",
            ),
            (
                SuiteForm::NodeModule,
                ("slug", "import { slug } from './text.mjs';"),
                "",
                "import { describe, it } from 'node:test';\nimport assert from 'node:assert';\n\nfunction slug(text) { return text; }\n\ndescribe('slug', () => {\n  it('lowers', () => {\n    assert.equal(slug('A'), 'a');\n  });\n});\n",
                "import assert from 'node:assert';\nimport { describe, it } from 'node:test';\n\nimport { slug } from './text.mjs';\n\ndescribe('slug', () => {\n  it('lowers', () => {\n    assert.equal(slug('A'), 'a');\n  });\n});\n",
            ),
        ];
        for (form, about, before, code, expect) in cases {
            let made = suite(form, about, before.as_bytes(), code).unwrap();
            let text = String::from_utf8(made.bytes).unwrap();
            assert_eq!(text, expect, "{form:?}\n--- got\n{text}");
            assert_eq!(made.tests.len(), 1, "{form:?} {:?}", made.tests);
        }
    }

    #[test]
    fn what_tests_nothing_is_refused() {
        let cases = [
            (
                SuiteForm::Unittest,
                "def test_a():\n    assert slug('a') == 'a'\n",
                "it holds no test",
            ),
            (SuiteForm::Unittest, "", "it holds no test"),
            (SuiteForm::Pytest, "def test_a():\n    assert 1 == 1\n", "no test uses `slug`"),
            (SuiteForm::Pytest, "def slug(a):\n    return a\n", "it holds no test"),
            (SuiteForm::RustModule, "fn works() { slug(); }\n", "it holds no test"),
            (SuiteForm::RustModule, "#[test]\nfn works() {}\n", "no test uses `slug`"),
            (SuiteForm::NodeScript, "assert.equal(slug('a'), 'a');\n", "it holds no test"),
        ];
        for (form, code, expect) in cases {
            let refused = suite(form, ("slug", "import"), b"", code).unwrap_err();
            assert_eq!(refused, expect, "{code}");
        }
    }
}
