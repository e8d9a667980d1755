// SPDX-License-Identifier: Apache-2.0
//! Splices of real-looking answers into real-looking files.

use super::*;

struct Case {
    name: &'static str,
    language: Language,
    source: &'static str,
    code: &'static str,
    target: Target<'static>,
    expect: &'static str,
}

fn check(cases: &[Case]) {
    for case in cases {
        let spliced = splice(case.language, case.source.as_bytes(), case.code, case.target);
        match spliced {
            Ok(spliced) => {
                let result = String::from_utf8(spliced.source).unwrap();
                assert_eq!(result, case.expect, "{}\n--- got\n{result}", case.name);
            }
            Err(error) => panic!("{}: {error:?}", case.name),
        }
    }
}

#[test]
#[expect(clippy::too_many_lines, reason = "it is a table")]
fn python() {
    check(&[
        Case {
            name: "a method without its class, at the wrong indentation",
            language: Language::Python,
            source: "class A:\n    def f(self):\n        return 1\n\n    def g(self):\n        return 2\n",
            code: "def g(self):\n  if self:\n    return 3\n",
            target: Target::Any,
            expect: "class A:\n    def f(self):\n        return 1\n\n    def g(self):\n        if self:\n            return 3\n",
        },
        Case {
            name: "the first line lost its indentation",
            language: Language::Python,
            source: "class A:\n    def f(self):\n        return 1\n",
            code: "def f(self):\n        x = 2\n        return x",
            target: Target::Any,
            expect: "class A:\n    def f(self):\n        x = 2\n        return x\n",
        },
        Case {
            name: "a whole file with imports, tests and a main part",
            language: Language::Python,
            source: "\"\"\"Doc.\"\"\"\nimport os\n\nLIMIT = 3\n\n\ndef f(a):\n    \"\"\"Says f.\"\"\"\n    return a\n\n\ndef g(a):\n    return os.name\n",
            code: "import os\nimport re\nimport sys\n\nLIMIT = 3\n\ndef f(a):\n    return re.sub('x', '', helper(a))\n\ndef helper(a):\n    return a.strip()\n\ndef g(a):\n    return os.name\n\ndef test_f():\n    assert f('x') == ''\n\nif __name__ == '__main__':\n    print(f('x'))\n",
            target: Target::Named("f"),
            expect: "\"\"\"Doc.\"\"\"\nimport os\nimport re\n\nLIMIT = 3\n\n\ndef helper(a):\n    return a.strip()\n\n\ndef f(a):\n    \"\"\"Says f.\"\"\"\n    return re.sub('x', '', helper(a))\n\n\ndef g(a):\n    return os.name\n",
        },
        Case {
            name: "decorators stay, property and setter are told apart",
            language: Language::Python,
            source: "class A:\n    @property\n    def v(self):\n        return self._v\n\n    @v.setter\n    def v(self, x):\n        self._v = x\n",
            code: "class A:\n    @v.setter\n    def v(self, x):\n        self._v = int(x)\n",
            target: Target::Named("A.v"),
            expect: "class A:\n    @property\n    def v(self):\n        return self._v\n\n    @v.setter\n    def v(self, x):\n        self._v = int(x)\n",
        },
        Case {
            name: "a static method keeps its decorator",
            language: Language::Python,
            source: "class A:\n    @staticmethod\n    def make(x):\n        return x\n",
            code: "def make(x):\n    return [x]\n",
            target: Target::Named("A.make"),
            expect: "class A:\n    @staticmethod\n    def make(x):\n        return [x]\n",
        },
        Case {
            name: "carriage returns and tabs of the file stay",
            language: Language::Python,
            source: "def f(a):\r\n\tif a:\r\n\t\treturn 1\r\n\treturn 2\r\n",
            code: "def f(a):\n    if a:\n        return 2\n    return 1\n",
            target: Target::Any,
            expect: "def f(a):\r\n\tif a:\r\n\t\treturn 2\r\n\treturn 1\r\n",
        },
        Case {
            name: "an ambiguous name goes where the target says",
            language: Language::Python,
            source: "class A:\n    def size(self):\n        return 1\n\nclass B:\n    def size(self):\n        return 2\n",
            code: "def size(self):\n    return 3\n",
            target: Target::Named("B.size"),
            expect: "class A:\n    def size(self):\n        return 1\n\nclass B:\n    def size(self):\n        return 3\n",
        },
        Case {
            name: "a new method that the replaced one calls joins its class",
            language: Language::Python,
            source: "class A:\n    def f(self):\n        return 1\n",
            code: "class A:\n    def _g(self):\n        return 2\n\n    def f(self):\n        return self._g()\n\n    def unused(self):\n        return 0\n",
            target: Target::Named("A.f"),
            expect: "class A:\n    def _g(self):\n        return 2\n\n    def f(self):\n        return self._g()\n",
        },
        Case {
            name: "the inside of a string does not move",
            language: Language::Python,
            source: "class A:\n    def f(self):\n        return ''\n",
            code: "def f(self):\n    return '''a\n  b\n'''\n",
            target: Target::Any,
            expect: "class A:\n    def f(self):\n        return '''a\n  b\n'''\n",
        },
        Case {
            name: "a stub of another function does not replace it",
            language: Language::Python,
            source: "def f():\n    return 1\n\ndef g():\n    return 2\n",
            code: "def f():\n    return 3\n\ndef g():\n    pass  # unchanged\n",
            target: Target::Named("f"),
            expect: "def f():\n    return 3\n\ndef g():\n    return 2\n",
        },
        Case {
            name: "an import goes below the docstring and future imports",
            language: Language::Python,
            source: "#!/usr/bin/env python3\n\"\"\"Doc.\"\"\"\n\ndef f(a):\n    return a\n",
            code: "from math import ceil, floor\nfrom mod import f\n\ndef f(a):\n    return ceil(a)\n",
            target: Target::Any,
            expect: "#!/usr/bin/env python3\n\"\"\"Doc.\"\"\"\n\nfrom math import ceil\n\ndef f(a):\n    return ceil(a)\n",
        },
        Case {
            name: "a constant changes only when it is meant",
            language: Language::Python,
            source: "RATE = 1\n\ndef f():\n    return RATE\n",
            code: "RATE = 2\n\ndef f():\n    return RATE\n",
            target: Target::Named("RATE"),
            expect: "RATE = 2\n\ndef f():\n    return RATE\n",
        },
    ]);
}

#[test]
fn rust() {
    check(&[
        Case {
            name: "a method without its impl keeps visibility, docs and attributes",
            language: Language::Rust,
            source: "pub struct S;\n\nimpl S {\n    /// Counts.\n    #[must_use]\n    pub fn count(&self) -> usize {\n        1\n    }\n}\n",
            code: "fn count(&self) -> usize {\n    if true {\n        2\n    } else { 3 }\n}\n",
            target: Target::Any,
            expect: "pub struct S;\n\nimpl S {\n    /// Counts.\n    #[must_use]\n    pub fn count(&self) -> usize {\n        if true {\n            2\n        } else { 3 }\n    }\n}\n",
        },
        Case {
            name: "the test module is left alone",
            language: Language::Rust,
            source: "pub fn f() -> u8 { 1 }\n\n#[cfg(test)]\nmod tests {\n    use super::*;\n    #[test]\n    fn works() { assert_eq!(f(), 2); }\n}\n",
            code: "use std::collections::HashMap;\nuse std::fmt::Write;\n\npub fn f() -> u8 {\n    let _ = HashMap::<u8, u8>::new();\n    2\n}\n\n#[cfg(test)]\nmod tests {\n    #[test]\n    fn works() { assert!(true); }\n}\n\nfn main() { println!(\"{}\", f()); }\n",
            target: Target::Any,
            expect: "use std::collections::HashMap;\nuse std::fmt::Write;\n\npub fn f() -> u8 {\n    let _ = HashMap::<u8, u8>::new();\n    2\n}\n\n#[cfg(test)]\nmod tests {\n    use super::*;\n    #[test]\n    fn works() { assert_eq!(f(), 2); }\n}\n",
        },
        Case {
            name: "methods of traits and types of one name are told apart",
            language: Language::Rust,
            source: "impl A { fn go(&self) { one() } }\nimpl B { fn go(&self) { two() } }\nimpl Go for C { fn go(&self) { three() } }\n",
            code: "impl Go for C {\n    fn go(&self) { four() }\n}\n",
            target: Target::Any,
            expect: "impl A { fn go(&self) { one() } }\nimpl B { fn go(&self) { two() } }\nimpl Go for C { fn go(&self) { four() } }\n",
        },
        Case {
            name: "a shortened struct is not believed, a longer one is",
            language: Language::Rust,
            source: "struct P { x: i32, y: i32 }\nstruct Q { a: u8 }\n\nimpl P {\n    fn sum(&self) -> i32 { self.x }\n}\n",
            code: "struct P { x: i32 }\n#[derive(Debug)]\nstruct Q { a: u8, b: u8 }\nimpl P {\n    fn sum(&self) -> i32 { self.x + self.y }\n}\n",
            target: Target::Named("P::sum"),
            expect: "struct P { x: i32, y: i32 }\n#[derive(Debug)]\nstruct Q { a: u8, b: u8 }\n\nimpl P {\n    fn sum(&self) -> i32 { self.x + self.y }\n}\n",
        },
        Case {
            name: "a helper goes before the function, and into its module",
            language: Language::Rust,
            source: "mod shapes {\n    pub fn area(w: u32) -> u32 {\n        w\n    }\n}\n",
            code: "fn square(w: u32) -> u32 {\n    w * w\n}\n\npub fn area(w: u32) -> u32 {\n    square(w)\n}\n",
            target: Target::Named("shapes::area"),
            expect: "mod shapes {\n    fn square(w: u32) -> u32 {\n        w * w\n    }\n\n    pub fn area(w: u32) -> u32 {\n        square(w)\n    }\n}\n",
        },
        Case {
            name: "a name that is imported already is not imported twice",
            language: Language::Rust,
            source: "//! Doc.\nuse std::io::{self, Read};\n\nfn f() {}\n",
            code: "use std::io::{self, Read, BufRead};\nuse std::fmt;\n\nfn f() { let _: io::Result<()>; }\n",
            target: Target::Any,
            expect: "//! Doc.\nuse std::io::{self, Read};\nuse std::io::BufRead;\n\nfn f() { let _: io::Result<()>; }\n",
        },
    ]);
}

#[test]
fn script() {
    check(&[
        Case {
            name: "a method without its class",
            language: Language::JavaScript,
            source: "class Q {\n  add(x) {\n    this.a.push(x);\n  }\n\n  static of() { return 1; }\n}\n\nmodule.exports = { Q };\n",
            code: "add(x) {\n    this.a.unshift(x);\n    return this;\n}\n",
            target: Target::Named("Q.add"),
            expect: "class Q {\n  add(x) {\n    this.a.unshift(x);\n    return this;\n  }\n\n  static of() { return 1; }\n}\n\nmodule.exports = { Q };\n",
        },
        Case {
            name: "export stays as the file has it",
            language: Language::JavaScript,
            source: "export function f(a) {\n  return a;\n}\n\nfunction g(a) { return a; }\n",
            code: "function f(a) {\n  return a + 1;\n}\n\nexport function g(a) { return a * 2; }\n\nmodule.exports = { f, g };\n",
            target: Target::Any,
            expect: "export function f(a) {\n  return a + 1;\n}\n\nfunction g(a) { return a * 2; }\n",
        },
        Case {
            name: "an arrow takes an arrow, and a declaration",
            language: Language::JavaScript,
            source: "const f = (a) => a;\nexport const g = function (a) { return a; };\n",
            code: "const f = (a) => {\n  return a + 1;\n};\n\nfunction g(a) { return a + 2; }\n",
            target: Target::Any,
            expect: "const f = (a) => {\n  return a + 1;\n};\nexport function g(a) { return a + 2; }\n",
        },
        Case {
            name: "properties keep their binding",
            language: Language::JavaScript,
            source: "module.exports.f = function (a) { return a; };\nQ.prototype.g = function () { return 1; };\nmodule.exports = {\n  h: (a) => a,\n  i(a) { return a; },\n};\n",
            code: "function f(a) { return -a; }\nQ.prototype.g = function () { return 2; };\nconst h = (a) => a * 2;\nfunction i(a) { return a * 3; }\n",
            target: Target::Any,
            expect: "module.exports.f = function f(a) { return -a; };\nQ.prototype.g = function () { return 2; };\nmodule.exports = {\n  h: (a) => a * 2,\n  i(a) { return a * 3; },\n};\n",
        },
        Case {
            name: "an import becomes a require where the file requires",
            language: Language::JavaScript,
            source: "'use strict';\nconst fs = require('fs');\n\nfunction f(a) {\n  return fs.x(a);\n}\n\nmodule.exports = { f };\n",
            code: "import fs from 'fs';\nimport { join } from 'path';\nimport os from 'os';\n\nfunction f(a) {\n  return join(fs.x(a));\n}\n",
            target: Target::Any,
            expect: "'use strict';\nconst fs = require('fs');\nconst { join } = require('path');\n\nfunction f(a) {\n  return join(fs.x(a));\n}\n\nmodule.exports = { f };\n",
        },
        Case {
            name: "types of TypeScript stay",
            language: Language::TypeScript,
            source: "export class Box<T> {\n  private readonly items: T[] = [];\n  public static size(n: number): number { return n; }\n  first(): T | undefined {\n    return this.items[1];\n  }\n}\n",
            code: "first(): T | undefined {\n  return this.items[0];\n}\n",
            target: Target::Named("Box.first"),
            expect: "export class Box<T> {\n  private readonly items: T[] = [];\n  public static size(n: number): number { return n; }\n  first(): T | undefined {\n    return this.items[0];\n  }\n}\n",
        },
        Case {
            name: "a helper goes before the function with its comment",
            language: Language::JavaScript,
            source: "/** Doubles. */\nexport function f(a) {\n  return a;\n}\n",
            code: "const twice = (x) => x * 2;\n\nexport function f(a) {\n  return twice(a);\n}\nconsole.log(f(1));\n",
            target: Target::Any,
            expect: "const twice = (x) => x * 2;\n\n/** Doubles. */\nexport function f(a) {\n  return twice(a);\n}\n",
        },
    ]);
}

#[test]
fn c() {
    check(&[
        Case {
            name: "static stays, prototypes stay, a needed header is added",
            language: Language::C,
            source: "#include <stdio.h>\n\nstatic int add(int a, int b);\n\n/* Adds. */\nstatic int add(int a, int b)\n{\n    return a - b;\n}\n",
            code: "#include <stdio.h>\n#include <string.h>\n#include <limits.h>\n\nint add(int a, int b) {\n    if (a > INT_MAX - b) return INT_MAX;\n    return a + b;\n}\n\nint main(void) { return add(1, 2); }\n",
            target: Target::Any,
            expect: "#include <stdio.h>\n#include <limits.h>\n\nstatic int add(int a, int b);\n\n/* Adds. */\nstatic int add(int a, int b) {\n    if (a > INT_MAX - b) return INT_MAX;\n    return a + b;\n}\n",
        },
        Case {
            name: "a helper goes before the function",
            language: Language::C,
            source: "#include \"list.h\"\n\nint size(node *n)\n{\n\treturn 0;\n}\n",
            code: "static int one(node *n) {\n    return n ? 1 : 0;\n}\n\nint size(node *n) {\n    return one(n);\n}\n",
            target: Target::Named("size"),
            expect: "#include \"list.h\"\n\nstatic int one(node *n) {\n\treturn n ? 1 : 0;\n}\n\nint size(node *n) {\n\treturn one(n);\n}\n",
        },
        Case {
            name: "pointer functions and macros",
            language: Language::C,
            source: "#define MAX(a, b) ((a) > (b) ? (b) : (a))\nchar *skip(char *s) { return s; }\n",
            code: "#define MAX(a, b) ((a) > (b) ? (a) : (b))\nchar *skip(char *s) { return s + 1; }\n",
            target: Target::Any,
            expect: "#define MAX(a, b) ((a) > (b) ? (a) : (b))\nchar *skip(char *s) { return s + 1; }\n",
        },
    ]);
}

#[test]
fn new_definitions_go_to_the_end() {
    check(&[
        Case {
            name: "python, before the main part",
            language: Language::Python,
            source: "def f():\n    return 1\n\n\nif __name__ == '__main__':\n    f()\n",
            code: "def g():\n    return 2\n",
            target: Target::New,
            expect: "def f():\n    return 1\n\n\ndef g():\n    return 2\n\n\nif __name__ == '__main__':\n    f()\n",
        },
        Case {
            name: "rust, with tests",
            language: Language::Rust,
            source: "pub fn f() {}\n",
            code: "pub fn g() -> u8 { 1 }\n\n#[cfg(test)]\nmod tests {\n    use super::*;\n    #[test]\n    fn g_is_one() { assert_eq!(g(), 1); }\n}\n",
            target: Target::New,
            expect: "pub fn f() {}\n\npub fn g() -> u8 { 1 }\n\n#[cfg(test)]\nmod tests {\n    use super::*;\n    #[test]\n    fn g_is_one() { assert_eq!(g(), 1); }\n}\n",
        },
        Case {
            name: "an empty file",
            language: Language::Python,
            source: "",
            code: "def g():\n    return 2\n",
            target: Target::New,
            expect: "def g():\n    return 2\n",
        },
    ]);
}

#[test]
fn what_cannot_be_placed_is_refused() {
    let source = "class A:\n    def f(self):\n        return 1\n\nclass B:\n    def f(self):\n        return 2\n\ndef g():\n    return 3\n";
    let run = |code: &str, target| splice(Language::Python, source.as_bytes(), code, target);
    assert!(matches!(run("x + 1", Target::Any), Err(SpliceError::NoDefinition)));
    assert!(matches!(run("", Target::Any), Err(SpliceError::NoDefinition)));
    assert!(matches!(
        run("def h():\n    return 1\n", Target::Any),
        Err(SpliceError::NothingMatches { .. })
    ));
    assert!(matches!(
        run("def h():\n    return 1\n", Target::Named("g")),
        Err(SpliceError::TargetMissing { .. })
    ));
    assert!(matches!(
        run("def g():\n    return 1\n", Target::Named("nowhere")),
        Err(SpliceError::NothingMatches { .. })
    ));
    assert!(matches!(
        run("def f(self):\n    return 1\n", Target::Any),
        Err(SpliceError::Ambiguous { .. })
    ));
    assert!(matches!(
        run("def g():\n    # ... rest of the code unchanged\n    return 1\n", Target::Named("g")),
        Err(SpliceError::Elided { .. })
    ));
    assert!(matches!(
        run("def g():\n    pass\n", Target::Named("g")),
        Err(SpliceError::Elided { .. })
    ));
    assert!(matches!(
        run("def g():\n    return (1\n", Target::Named("g")),
        Err(SpliceError::Syntax { .. })
    ));
    assert!(matches!(
        run(&"#".repeat(SPLICE_CODE_BYTES_MAX + 1), Target::Any),
        Err(SpliceError::TooLong { .. })
    ));
    for error in [
        SpliceError::NoDefinition,
        SpliceError::Encoding,
        SpliceError::Syntax { errors: Vec::new() },
    ] {
        assert!(error.hint().is_some());
    }
}

#[test]
fn other_encodings_are_kept_or_refused() {
    let source = b"# caf\xe9\ndef f():\n    return 1\n";
    let spliced =
        splice(Language::Python, source, "def f():\n    return 2\n", Target::Any).unwrap();
    assert_eq!(spliced.source, b"# caf\xe9\ndef f():\n    return 2\n");
    assert_eq!(
        splice(Language::Python, source, "def f():\n    return '\u{e9}'\n", Target::Any),
        Err(SpliceError::Encoding)
    );
    let mark = b"\xef\xbb\xbfdef f():\n    return 1\n";
    let spliced = splice(Language::Python, mark, "def f():\n    return 2\n", Target::Any).unwrap();
    assert_eq!(spliced.source, b"\xef\xbb\xbfdef f():\n    return 2\n");
}

#[test]
#[expect(clippy::too_many_lines, reason = "it is a table")]
fn a_new_function_comes_alone_and_leaves_the_others() {
    let cases = [
        (
            "tests, examples and other functions stay out",
            Language::Python,
            "import re\n\n\ndef total(x):\n    return sum(x)\n",
            "import math\nimport unittest\n\nLIMIT = 3\n\ndef total(x):\n    return 0\n\ndef slug(text):\n    return math.ceil(clean(text)) + LIMIT\n\ndef clean(text):\n    return text\n\nclass T(unittest.TestCase):\n    def test_slug(self):\n        pass\n\nprint(slug('a'))\n",
            "slug",
            "import re\nimport math\n\n\ndef total(x):\n    return sum(x)\n\nLIMIT = 3\n\n\ndef slug(text):\n    return math.ceil(clean(text)) + LIMIT\n\n\ndef clean(text):\n    return text\n",
        ),
        (
            "an empty file",
            Language::Python,
            "",
            "def slug(text):\n    return text\n",
            "slug",
            "def slug(text):\n    return text\n",
        ),
        (
            "before the tests of Rust",
            Language::Rust,
            "pub fn a() {}\n\n#[cfg(test)]\nmod tests {\n    use super::*;\n}\n",
            "pub fn slug(text: &str) -> String {\n    text.to_owned()\n}\n\n#[cfg(test)]\nmod tests {\n    #[test]\n    fn t() {}\n}\n\nfn main() {}\n",
            "slug",
            "pub fn a() {}\n\npub fn slug(text: &str) -> String {\n    text.to_owned()\n}\n\n#[cfg(test)]\nmod tests {\n    use super::*;\n}\n",
        ),
        (
            "an object of exports",
            Language::JavaScript,
            "function a() {}\n\nmodule.exports = { a };\n",
            "export function slug(text) {\n  return text;\n}\n",
            "slug",
            "function a() {}\n\nfunction slug(text) {\n  return text;\n}\n\nmodule.exports = { slug, a };\n",
        ),
        (
            "exports one by one",
            Language::JavaScript,
            "exports.a = () => 1;\n",
            "const slug = (text) => text;\n",
            "slug",
            "exports.a = () => 1;\n\nconst slug = (text) => text;\n\nmodule.exports.slug = slug;\n",
        ),
        (
            "a new module",
            Language::JavaScript,
            "",
            "export function slug(text) {\n  return text;\n}\n",
            "slug",
            "export function slug(text) {\n  return text;\n}\n",
        ),
        (
            "a new script",
            Language::JavaScript,
            "",
            "function slug(text) {\n  return text;\n}\n\nmodule.exports = { slug, other };\n",
            "slug",
            "function slug(text) {\n  return text;\n}\n\nmodule.exports = { slug };\n",
        ),
        (
            "a module",
            Language::TypeScript,
            "export function a() {}\n",
            "function slug(text: string) {\n  return text;\n}\n",
            "slug",
            "export function a() {}\n\nexport function slug(text: string) {\n  return text;\n}\n",
        ),
    ];
    for (name, language, source, code, symbol, expect) in cases {
        let spliced = splice(language, source.as_bytes(), code, Target::Added(symbol)).unwrap();
        assert_eq!(String::from_utf8(spliced.source).unwrap(), expect, "{name}");
    }
    for (code, expect) in [
        ("def other(x):\n    return x\n", "the code does not define `slug`"),
        ("def slug(x):\n    pass\n", "the definition of `slug` is not complete"),
    ] {
        let error = splice(Language::Python, b"x = 1\n", code, Target::Added("slug")).unwrap_err();
        assert_eq!(error.to_string(), expect);
    }
}
