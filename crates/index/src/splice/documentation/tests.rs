// SPDX-License-Identifier: Apache-2.0
//! Documentation of real-looking answers on real-looking files.

use super::*;

type Case = (&'static str, &'static str, &'static str, &'static str, &'static str);

/// Each case: its name, the source, the symbol, the code, the result.
fn check(language: Language, cases: &[Case]) {
    for (name, source, symbol, code, expect) in cases {
        let done = document(language, source.as_bytes(), code, symbol);
        let done = done.unwrap_or_else(|error| panic!("{name}: {error:?}"));
        let result = String::from_utf8(done.source).unwrap();
        assert_eq!(result, *expect, "{name}\n--- got\n{result}");
        assert!(same_code(language, source.as_bytes(), result.as_bytes()), "{name}");
        // What is there is replaced by the same words: nothing is doubled.
        let again = document(language, result.as_bytes(), code, symbol).unwrap();
        assert_eq!(String::from_utf8(again.source).unwrap(), *expect, "{name}, again");
    }
}

#[test]
fn python() {
    check(
        Language::Python,
        &[
            (
                "the code is changed, the docstring is taken",
                "def f(x):\n    return x\n\n\ndef g():\n    pass\n",
                "f",
                "def f(x, strict=False):\n    \"\"\"Gives x.\n\n    Args:\n        x: a value\n    \"\"\"\n    if strict:\n        raise ValueError\n    return x\n",
                "def f(x):\n    \"\"\"Gives x.\n\n    Args:\n        x: a value\n    \"\"\"\n    return x\n\n\ndef g():\n    pass\n",
            ),
            (
                "the old docstring is replaced",
                "def f(x):\n    'Old.'\n    return x\n",
                "f",
                "def f(x):\n    \"\"\"New.\"\"\"\n    return x\n",
                "def f(x):\n    \"\"\"New.\"\"\"\n    return x\n",
            ),
            (
                "a method, alone and not indented, into two spaces",
                "class A:\n  @property\n  @cached\n  def f(self):\n    # why\n    return 1\n",
                "A.f",
                "def f(self):\n    \"\"\"Gives one.\n\n    Always.\n    \"\"\"\n    return 1\n",
                "class A:\n  @property\n  @cached\n  def f(self):\n    # why\n    \"\"\"Gives one.\n\n    Always.\n    \"\"\"\n    return 1\n",
            ),
            (
                "a method in its class, tabs and carriage returns",
                "class A:\r\n\tdef f(self):\r\n\t\treturn 1\r\n",
                "A.f",
                "class A:\n    def f(self):\n        \"\"\"Gives one.\n\n        Always.\n        \"\"\"\n        return 2\n",
                "class A:\r\n\tdef f(self):\r\n\t\t\"\"\"Gives one.\r\n\r\n\t\tAlways.\r\n\t\t\"\"\"\r\n\t\treturn 1\r\n",
            ),
            (
                "a function on one line",
                "def f(x): return x  # yes\ny = 1\n",
                "f",
                "def f(x):\n    '''Gives \"x\".'''\n    return x\n",
                "def f(x):\n    '''Gives \"x\".'''\n    return x  # yes\ny = 1\n",
            ),
            (
                "quotes, backslashes and a raw prefix",
                "def f():\n    return 1\n",
                "f",
                "def f():\n    r\"\"\"Says \"hi\" and '''ho''' and \\d.\"\"\"\n    return 2\n",
                "def f():\n    r\"\"\"Says \"hi\" and '''ho''' and \\d.\"\"\"\n    return 1\n",
            ),
            (
                "only a docstring",
                "def f():\n    return 1\n",
                "f",
                "\"\"\"Gives one.\"\"\"\n",
                "def f():\n    \"\"\"Gives one.\"\"\"\n    return 1\n",
            ),
            (
                "an answer that was cut off",
                "def f(a, b):\n    return [a, b]\n",
                "f",
                "def f(a, b):\n    \"\"\"A list.\"\"\"\n    return [a,",
                "def f(a, b):\n    \"\"\"A list.\"\"\"\n    return [a, b]\n",
            ),
            (
                "a class, and its members without documentation",
                "class A(Base):\n    def f(self):\n        return 1\n\n    def g(self):\n        \"Old.\"\n",
                "A",
                "class A:\n    \"\"\"An a.\"\"\"\n\n    def f(self):\n        \"\"\"One.\"\"\"\n\n    def g(self):\n        \"\"\"New.\"\"\"\n",
                "class A(Base):\n    \"\"\"An a.\"\"\"\n\n    def f(self):\n        \"\"\"One.\"\"\"\n        return 1\n\n    def g(self):\n        \"Old.\"\n",
            ),
        ],
    );
}

#[test]
fn rust() {
    check(
        Language::Rust,
        &[
            (
                "attributes and plain comments stay",
                "// plain\n#[inline]\npub fn f(x: u8) -> u8 {\n    x\n}\n",
                "f",
                "/// Gives x.\n///\n/// # Panics\n/// Never.\nfn f(x: u16) -> u16 {\n    x + 1\n}\n",
                "// plain\n/// Gives x.\n///\n/// # Panics\n/// Never.\n#[inline]\npub fn f(x: u8) -> u8 {\n    x\n}\n",
            ),
            (
                "documentation around an attribute is replaced",
                "/// Old.\n/// More.\n#[must_use]\n/// Also.\nfn f() -> u8 { 1 }\n",
                "f",
                "/// New.\nfn f() -> u8 { 1 }\n",
                "/// New.\n#[must_use]\nfn f() -> u8 { 1 }\n",
            ),
            (
                "a block comment and a method",
                "impl A {\n    /** Old. */\n    pub fn f(&self) -> u8 { 1 }\n}\n",
                "A::f",
                "impl A {\n    /**\n     * Gives one.\n     *\n     * Always.\n     */\n    pub fn f(&self) -> u8 { 2 }\n}\n",
                "impl A {\n    /// Gives one.\n    ///\n    /// Always.\n    pub fn f(&self) -> u8 { 1 }\n}\n",
            ),
            (
                "a plain comment, above a method alone",
                "impl T for A {\n    fn f(&self) {}\n}\n",
                "<A as T>::f",
                "// Does nothing at all.\nfn f(&self) { todo!() }\n",
                "impl T for A {\n    /// Does nothing at all.\n    fn f(&self) {}\n}\n",
            ),
            (
                "only a comment, with an example that nobody has run",
                "fn f() {}\n",
                "f",
                "/// Does nothing.\n///\n/// ```\n/// g();\n/// ```\n",
                "/// Does nothing.\n///\n/// ```ignore\n/// g();\n/// ```\nfn f() {}\n",
            ),
            (
                "the head alone",
                "pub fn f(a: u8) -> u8 {\n    a\n}\n",
                "f",
                "/// Gives a.\npub fn f(a: u8) -> u8\n",
                "/// Gives a.\npub fn f(a: u8) -> u8 {\n    a\n}\n",
            ),
            (
                "a struct",
                "#[derive(Debug)]\nstruct A { b: u8 }\n",
                "A",
                "/// An a.\n#[derive(Debug, Clone)]\nstruct A {\n    /// A b.\n    b: u8,\n}\n",
                "/// An a.\n#[derive(Debug)]\nstruct A { b: u8 }\n",
            ),
        ],
    );
}

#[test]
fn scripts() {
    check(
        Language::TypeScript,
        &[
            (
                "an exported function",
                "export function f(a: number) { return a }\n",
                "f",
                "/**\n * Gives a.\n * @param a a number\n */\nexport function f(a: number) {\n    return a + 1;\n}\n",
                "/**\n * Gives a.\n * @param a a number\n */\nexport function f(a: number) { return a }\n",
            ),
            (
                "an arrow function whose documentation is replaced",
                "// plain\n/**\n * Old.\n */\nexport const f = (a: number) => a;\n",
                "f",
                "/** New. */\nfunction f(a) {\n  return a;\n}\n",
                "// plain\n/** New. */\nexport const f = (a: number) => a;\n",
            ),
            (
                "a method with a decorator",
                "class A {\n  @once\n  f() { return 1 }\n}\n",
                "A.f",
                "class A {\n  // Gives one,\n  // always.\n  f() { return 2 }\n}\n",
                "class A {\n  /**\n   * Gives one,\n   * always.\n   */\n  @once\n  f() { return 1 }\n}\n",
            ),
            (
                "a method alone, and one line",
                "class A { f() { return 1 } }\n",
                "A.f",
                "/** Gives one. */\nf() {\n  return 1;\n}\n",
                "class A {\n    /** Gives one. */\n    f() { return 1 } }\n",
            ),
            (
                "the file's licence stays",
                "/** @license MIT */\nfunction f() {}\n",
                "f",
                "/** Does nothing. */\nfunction f() {}\n",
                "/** @license MIT */\n/** Does nothing. */\nfunction f() {}\n",
            ),
        ],
    );
    check(
        Language::JavaScript,
        &[
            (
                "the end of a comment in the words",
                "module.exports.f = function () { return 1 }\n",
                "f",
                "// Matches a */ in a text.\nfunction f() {}\n",
                "/** Matches a * / in a text. */\nmodule.exports.f = function () { return 1 }\n",
            ),
            (
                "a function of an object",
                "const a = {\n\tf: () => 1,\n};\n",
                "a.f",
                "/**\n * One.\n * @returns {number}\n */\nfunction f() { return 2 }\n",
                "const a = {\n\t/**\n\t * One.\n\t * @returns {number}\n\t */\n\tf: () => 1,\n};\n",
            ),
        ],
    );
}

#[test]
fn c() {
    check(
        Language::C,
        &[
            (
                "the comment above is replaced in its own style",
                "// Old.\n// More.\nstatic int f(int a) { return a; }\n",
                "f",
                "/**\n * Gives a.\n * @param a a number\n */\nint f(int a) {\n    return a + 1;\n}\n",
                "// Gives a.\n// @param a a number\nstatic int f(int a) { return a; }\n",
            ),
            (
                "a new comment, from an answer of lines",
                "int f(void) { return 1; }\n",
                "f",
                "// Gives one.\nint f(void) { return 1; }\n",
                "// Gives one.\nint f(void) { return 1; }\n",
            ),
            (
                "a comment that stands apart is of something else",
                "/* Section. */\n\nint f(void) { return 1; }\n",
                "f",
                "/* Gives one.\n   Always. */\nint f(void);\n",
                "/* Section. */\n\n/*\n * Gives one.\n * Always.\n */\nint f(void) { return 1; }\n",
            ),
            (
                "the licence stays",
                "/* Copyright nobody */\nint f(void) { return 1; }\n",
                "f",
                "/* Gives one. */\nint f(void) { return 1; }\n",
                "/* Copyright nobody */\n/* Gives one. */\nint f(void) { return 1; }\n",
            ),
        ],
    );
}

#[test]
fn what_says_nothing_is_refused() {
    let file = "def f(x):\n    return x\n\n\nclass A:\n    def m(self):\n        return 1\n";
    let none = |name: &str| SpliceError::NoDocumentation { name: name.into() };
    let cases = [
        ("def f(x):\n    return x\n", "f", none("f")),
        ("def f(x):\n    f\"Gives {x}.\"\n    return x\n", "f", none("f")),
        ("def f(x):\n    \"\"\"...\"\"\"\n    return x\n", "f", none("f")),
        ("def f(x):\n    \"\"\"Gives x.\n    return x\n", "f", none("f")),
        ("def other(x):\n    \"\"\"Gives x.\"\"\"\n    return x\n", "f", none("f")),
        ("class B:\n    \"\"\"A b.\"\"\"\n", "A.m", none("m")),
        ("", "f", none("f")),
        (
            "def f(x):\n    \"\"\"G.\"\"\"\n",
            "nope",
            SpliceError::NothingMatches { names: vec!["nope".into()] },
        ),
    ];
    for (code, symbol, expect) in cases {
        let done = document(Language::Python, file.as_bytes(), code, symbol);
        assert_eq!(done.unwrap_err(), expect, "{code}");
    }
    let broken = document(Language::Python, b"def f(:\n", "def f():\n    \"\"\"G.\"\"\"\n", "f");
    assert!(matches!(broken, Err(SpliceError::Unparsed { .. })), "{broken:?}");
    let latin = b"# \xe9\ndef f():\n    return 1\n";
    let code = "def f():\n    \"\"\"\u{e9}\"\"\"\n";
    assert_eq!(document(Language::Python, latin, code, "f"), Err(SpliceError::Encoding));
    let rust = document(Language::Rust, b"fn f() {}\n", "// util.rs\nfn f() {}\n", "f");
    assert_eq!(rust.unwrap_err(), none("f"));
}
