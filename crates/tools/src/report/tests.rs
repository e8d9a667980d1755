// SPDX-License-Identifier: Apache-2.0
//! Reports read from recorded and written output of real runners.

use super::*;

const ROOT: &str = "/home/me/app";

fn read(output: &str, code: i32) -> TestReport {
    parse(output.as_bytes(), Exit::Code(code), ROOT)
}

fn failure<'a>(report: &'a TestReport, name: &str) -> &'a Failure {
    report
        .failed
        .iter()
        .find(|failure| failure.name == name)
        .unwrap_or_else(|| panic!("{name}: {report:#?}"))
}

fn frames(failure: &Failure) -> Vec<String> {
    failure
        .frames
        .iter()
        .map(|frame| {
            let function = frame.function.as_deref().unwrap_or("-");
            format!("{}:{} {function}", frame.file, frame.line)
        })
        .collect()
}

fn values(failure: &Failure) -> (Option<&str>, Option<&str>) {
    (failure.expected.as_deref(), failure.actual.as_deref())
}

const UNITTEST: &str = r#"test_add (test_calc.TestCalc.test_add) ... FAIL
test_none (test_calc.TestCalc.test_none) ... ERROR
test_sub (test_calc.TestCalc.test_sub)
Doc of sub. ... ok
test_broken (unittest.loader._FailedTest.test_broken) ... ERROR

======================================================================
ERROR: test_none (test_calc.TestCalc.test_none)
----------------------------------------------------------------------
Traceback (most recent call last):
  File "/home/me/app/tests/test_calc.py", line 11, in test_none
    sub(1, None)
  File "/home/me/app/calc.py", line 6, in sub
    raise ValueError("no b")
ValueError: no b

======================================================================
ERROR: test_broken (unittest.loader._FailedTest.test_broken)
----------------------------------------------------------------------
ImportError: Failed to import test module: test_broken
Traceback (most recent call last):
  File "/usr/lib/python3.11/unittest/loader.py", line 407, in _find_test_path
    module = self._get_module_from_name(name)
  File "/home/me/app/tests/test_broken.py", line 1, in <module>
    import nothing_here
ModuleNotFoundError: No module named 'nothing_here'

======================================================================
FAIL: test_add (test_calc.TestCalc.test_add)
----------------------------------------------------------------------
Traceback (most recent call last):
  File "/home/me/app/tests/test_calc.py", line 6, in test_add
    self.assertEqual(add(1, 2), 3)
AssertionError: 4 != 3

----------------------------------------------------------------------
Ran 4 tests in 0.016s

FAILED (failures=1, errors=2)
"#;

#[test]
fn unittest() {
    let report = read(UNITTEST, 1);
    assert_eq!(report.format, Format::Unittest);
    assert_eq!(report.passed, ["test_sub (test_calc.TestCalc.test_sub)"]);
    assert_eq!((report.passed_count, report.total), (1, 4));
    let none = failure(&report, "test_none (test_calc.TestCalc.test_none)");
    assert_eq!(none.message, "ValueError: no b");
    assert_eq!(frames(none), ["tests/test_calc.py:11 test_none", "calc.py:6 sub"]);
    let add = failure(&report, "test_add (test_calc.TestCalc.test_add)");
    assert_eq!(values(add), (Some("3"), Some("4")));
    assert_eq!(report.errors.len(), 1);
    assert_eq!(report.errors[0].message, "ModuleNotFoundError: No module named 'nothing_here'");
    assert_eq!(report.errors[0].line, Some(1));
}

const PYTEST: &str = r#"============================= test session starts ==============================
platform linux -- Python 3.11.7, pytest-8.4.2, pluggy-1.6.0 -- /home/me/app/.venv/bin/python
cachedir: .pytest_cache
rootdir: /home/me/app
collecting ... collected 5 items / 1 error

tests/test_calc.py::TestCalc::test_add FAILED                            [ 25%]
tests/test_calc.py::TestCalc::test_none FAILED                           [ 50%]
tests/test_calc.py::TestCalc::test_sub PASSED                            [ 75%]
tests/test_calc.py::test_many[2-3 x] FAILED                              [ 90%]
tests/test_calc.py::test_skip SKIPPED (later)                            [100%]

==================================== ERRORS ====================================
____________________ ERROR collecting tests/test_broken.py _____________________
ImportError while importing test module '/home/me/app/tests/test_broken.py'.
Hint: make sure your test modules/packages have valid Python names.
Traceback:
/usr/lib/python3.11/importlib/__init__.py:126: in import_module
    return _bootstrap._gcd_import(name[level:], package, level)
tests/test_broken.py:1: in <module>
    import nothing_here
E   ModuleNotFoundError: No module named 'nothing_here'
=================================== FAILURES ===================================
______________________________ TestCalc.test_add _______________________________
tests/test_calc.py:6: in test_add
    self.assertEqual(add(1, 2), 3)
E   AssertionError: 4 != 3
______________________________ TestCalc.test_none ______________________________

self = <test_calc.TestCalc testMethod=test_none>

    def test_none(self):
>       sub(1, None)

tests/test_calc.py:11: 
_ _ _ _ _ _ _ _ _ _ _ _ _ _ _ _ _ _ _ _ _ _ _ _ _ _ _ _ _ _ _ _ _ _ _ _ _ _ _ _

a = 1, b = None

    def sub(a, b):
        if b is None:
>           raise ValueError("no b")
E           ValueError: no b

calc.py:6: ValueError
_______________________________ test_many[2-3 x] _______________________________
tests/test_calc.py:14: in test_many
    assert add(2, 2) == 4
E   assert 5 == 4
E    +  where 5 = add(2, 2)
----------------------------- Captured stdout call -----------------------------
E   not part of it
=========================== short test summary info ============================
FAILED tests/test_calc.py::TestCalc::test_add - AssertionError: 4 != 3
FAILED tests/test_calc.py::TestCalc::test_none - ValueError: no b
FAILED tests/test_calc.py::test_many[2-3 x] - assert 5 == 4
ERROR tests/test_broken.py
============== 3 failed, 1 passed, 1 skipped, 1 error in 0.05s ==============
"#;

#[test]
fn pytest() {
    let report = read(PYTEST, 1);
    assert_eq!(report.format, Format::Pytest);
    assert_eq!(report.passed, ["tests/test_calc.py::TestCalc::test_sub"]);
    assert_eq!((report.passed_count, report.total, report.failed.len()), (1, 5, 3));
    let none = failure(&report, "tests/test_calc.py::TestCalc::test_none");
    assert_eq!(none.message, "ValueError: no b");
    assert_eq!(frames(none), ["tests/test_calc.py:11 test_none", "calc.py:6 sub"]);
    let many = failure(&report, "tests/test_calc.py::test_many[2-3 x]");
    assert_eq!(values(many), (Some("4"), Some("5")));
    assert!(!many.message.contains("not part of it"));
    assert_eq!(
        report.errors,
        [Diagnostic {
            message: "ModuleNotFoundError: No module named 'nothing_here'".to_owned(),
            file: TreePath::parse("tests/test_broken.py").ok(),
            line: Some(1),
            column: None,
        }]
    );
}

#[test]
fn quiet_pytest_counts_without_names() {
    let report = read("....                                     [100%]\n4 passed in 0.02s\n", 0);
    assert_eq!((report.format, report.passed_count, report.total), (Format::Pytest, 4, 4));
    assert_eq!(report.confidence, Confidence::Partial);
    assert!(report.is_green());
}

const CARGO: &str = r"   Compiling ring v0.1.0 (/home/me/app)
warning: unused variable: `x`
 --> src/lib.rs:3:9
    Finished `test` profile [unoptimized + debuginfo] target(s) in 0.31s
     Running unittests src/lib.rs (target/debug/deps/ring-1234)

running 3 tests
test tests::empty ... ok
test tests::wraps ... FAILED
test tests::errs ... FAILED

failures:

---- tests::wraps stdout ----

thread 'tests::wraps' (4711) panicked at src/lib.rs:40:9:
assertion `left == right` failed: wrapped
  left: [1, 2]
 right: [2, 3]
stack backtrace:
   0: __rustc::rust_begin_unwind
             at /rustc/5980/library/std/src/panicking.rs:689:5
   1: core::panicking::panic_fmt
             at /rustc/5980/library/core/src/panicking.rs:80:14
   2: ring::Ring<T>::push
             at ./src/lib.rs:20:13
   3: ring::tests::wraps
             at ./src/lib.rs:40:9
   4: ring::tests::wraps::{{closure}}
             at ./src/lib.rs:36:15
note: Some details are omitted, run with `RUST_BACKTRACE=full` for a verbose backtrace.

---- tests::errs stdout ----
Error: Full { capacity: 1 }


failures:
    tests::errs
    tests::wraps

test result: FAILED. 1 passed; 2 failed; 0 ignored; 0 measured; 0 filtered out; finished in 0.00s

     Running tests/it.rs (target/debug/deps/it-99)

running 1 test
test whole - should panic ... ok

test result: ok. 1 passed; 0 failed; 0 ignored; 0 measured; 0 filtered out; finished in 0.00s

error: 1 target failed:
    `--lib`
";

#[test]
fn cargo() {
    let report = read(CARGO, 101);
    assert_eq!(report.format, Format::CargoTest);
    assert_eq!(report.passed, ["tests::empty", "whole"]);
    assert_eq!((report.passed_count, report.total), (2, 4));
    assert_eq!(report.confidence, Confidence::Full);
    let wraps = failure(&report, "tests::wraps");
    assert_eq!(values(wraps), (Some("[2, 3]"), Some("[1, 2]")));
    assert_eq!(frames(wraps), ["src/lib.rs:36 wraps", "src/lib.rs:40 wraps", "src/lib.rs:20 push"]);
    assert_eq!(failure(&report, "tests::errs").message, "Error: Full { capacity: 1 }");
    assert_eq!(report.errors, []);
}

#[test]
fn the_errors_of_rustc() {
    let output = "error[E0308]: mismatched types\n --> src/lib.rs:5:10\n  |\n5 |     let a: u8 = \"x\";\n  |            --   ^^^ expected `u8`, found `&str`\n\nerror: could not compile `ring` (lib) due to 1 previous error\n";
    let report = read(output, 101);
    assert_eq!(report.errors.len(), 1);
    let error = &report.errors[0];
    assert_eq!(error.message, "error[E0308]: mismatched types: expected `u8`, found `&str`");
    assert_eq!((error.line, error.column), (Some(5), Some(10)));
    assert!(!report.is_green());
}

#[test]
fn nextest() {
    let output = "    Starting 2 tests across 1 binary\n        PASS [   0.005s] ring tests::empty\n        FAIL [   0.006s] (2/2) ring tests::wraps\n  stdout ───\n\n    thread 'x' panicked\nthread 'tests::wraps' panicked at src/lib.rs:4:5:\nassertion failed: ok\nnote: run with\n────────────\n     Summary [   0.011s] 2 tests run: 1 passed, 1 failed, 0 skipped\n        FAIL [   0.006s] (2/2) ring tests::wraps\nerror: test run failed\n";
    let report = read(output, 100);
    assert_eq!(report.format, Format::Nextest);
    assert_eq!(report.passed, ["ring tests::empty"]);
    assert_eq!((report.passed_count, report.total, report.failed.len()), (1, 2, 1));
    let wraps = failure(&report, "ring tests::wraps");
    assert_eq!((wraps.message.as_str(), wraps.line), ("assertion failed: ok", Some(4)));
}

const TAP: &str = "TAP version 13
# Subtest: math
    # Subtest: adds
    not ok 1 - adds
      ---
      duration_ms: 39.0
      location: '/home/me/app/test/calc.test.js:6:3'
      failureType: 'testCodeFailure'
      error: |-
        Expected values to be strictly equal:
        
        -1 !== 3
        
      code: 'ERR_ASSERTION'
      expected: 3
      actual: -1
      stack: |-
        TestContext.<anonymous> (/home/me/app/test/calc.test.js:6:29)
        Test.run (node:internal/test_runner/test:796:25)
      ...
    # Subtest: zero
    ok 2 - zero
      ---
      duration_ms: 0.2
      ...
    1..2
not ok 1 - math
  ---
  type: 'suite'
  error: '1 subtest failed'
  ...
# Subtest: pops
not ok 2 - pops
  ---
  location: '/home/me/app/test/calc.test.js:9:1'
  error: 'empty'
  stack: |-
    Stack.pop (/home/me/app/calc.js:2:80)
    TestContext.<anonymous> (/home/me/app/test/calc.test.js:9:34)
    async Test.processPendingSubtests (node:internal/test_runner/test:526:7)
  ...
ok 3 - later # SKIP
1..2
# tests 3
# pass 1
# fail 2
";

#[test]
fn tap() {
    let report = read(TAP, 1);
    assert_eq!(report.format, Format::Tap);
    assert_eq!(report.passed, ["math > zero"]);
    assert_eq!((report.passed_count, report.total), (1, 3));
    let adds = failure(&report, "math > adds");
    assert_eq!(values(adds), (Some("3"), Some("-1")));
    let pops = failure(&report, "pops");
    assert_eq!(pops.message, "empty");
    assert_eq!(frames(pops), ["test/calc.test.js:9 -", "calc.js:2 pop"]);
}

const SPEC: &str = "\u{25b6} math
  \u{2716} adds (41.859191ms)
    AssertionError [ERR_ASSERTION]: Expected values to be strictly equal:

  \u{2714} zero (0.333976ms)
\u{2716} math (90.888078ms)
\u{2716} pops (0.216122ms)

\u{2139} tests 3
\u{2139} suites 1
\u{2139} pass 1
\u{2139} fail 2

\u{2716} failing tests:

test at test/calc.test.js:6:3
\u{2716} adds (41.859191ms)
  AssertionError [ERR_ASSERTION]: Expected values to be strictly equal:
  
  -1 !== 3
  
      at TestContext.<anonymous> (/home/me/app/test/calc.test.js:6:29) {
    actual: -1,
    expected: 3,
  }

test at test/calc.test.js:9:1
\u{2716} pops (0.216122ms)
  RangeError [Error]: empty
      at Stack.pop (/home/me/app/calc.js:2:80)
      at TestContext.<anonymous> (/home/me/app/test/calc.test.js:9:34)
";

#[test]
fn node_spec() {
    let report = read(SPEC, 1);
    assert_eq!(report.format, Format::NodeSpec);
    assert_eq!(report.passed, ["math > zero"]);
    assert_eq!((report.passed_count, report.total, report.failed.len()), (1, 3, 2));
    assert_eq!(values(failure(&report, "math > adds")), (Some("3"), Some("-1")));
    assert_eq!(frames(failure(&report, "pops")), ["test/calc.test.js:9 -", "calc.js:2 pop"]);
}

#[test]
fn jest_and_vitest() {
    let jest = "FAIL test/calc.test.js\n  math\n    \u{2713} zero (2 ms)\n    \u{2715} adds (3 ms)\n\n  \u{25cf} math \u{203a} adds\n\n    expect(received).toBe(expected) // Object.is equality\n\n    Expected: 3\n    Received: -1\n\n      4 | describe('math', () => {\n    > 5 |   expect(add(1, 2)).toBe(3);\n        |                     ^\n\n      at Object.<anonymous> (test/calc.test.js:5:21)\n\nTest Suites: 1 failed, 1 total\nTests:       1 failed, 1 passed, 2 total\n";
    let report = read(jest, 1);
    assert_eq!(report.format, Format::Jest);
    assert_eq!(report.passed, ["math > zero"]);
    assert_eq!((report.passed_count, report.total), (1, 2));
    let adds = failure(&report, "math > adds");
    assert_eq!(values(adds), (Some("3"), Some("-1")));
    assert_eq!((frames(adds), adds.line), (vec!["test/calc.test.js:5 -".to_owned()], Some(5)));
    assert!(!adds.message.contains('|'), "{}", adds.message);

    let vitest = " RUN  v2.1.0 /home/me/app\n\n \u{276f} test/calc.test.js (2 tests | 1 failed) 5ms\n   \u{d7} math > adds 4ms\n   \u{2713} math > zero\n\n FAIL  test/calc.test.js > math > adds\nAssertionError: expected -1 to be 3 // Object.is equality\n\n- Expected\n+ Received\n\n- 3\n+ -1\n\n \u{276f} test/calc.test.js:6:21\n \u{276f} add src/calc.js:2:3\n\n Test Files  1 failed (1)\n      Tests  1 failed | 1 passed (2)\n";
    let report = read(vitest, 1);
    assert_eq!((report.format, report.passed_count, report.total), (Format::Jest, 1, 2));
    let adds = failure(&report, "math > adds");
    assert_eq!(adds.actual.as_deref(), Some("-1"));
    assert_eq!(frames(adds), ["src/calc.js:2 add", "test/calc.test.js:6 -"]);
}

#[test]
fn mocha() {
    let output = "\n\n  math\n    \u{2714} zero\n    1) adds\n\n\n  1 passing (5ms)\n  1 failing\n\n  1) math\n       adds:\n\n      AssertionError [ERR_ASSERTION]: Expected values to be strictly equal:\n\n-1 !== 3\n\n      + expected - actual\n\n      --1\n      +3\n      \n      at Context.<anonymous> (test/calc.js:6:10)\n      at process.processImmediate (node:internal/timers:485:21)\n\n";
    let report = read(output, 1);
    assert_eq!(report.format, Format::Mocha);
    assert_eq!(report.passed, ["math > zero"]);
    assert_eq!((report.passed_count, report.total), (1, 2));
    let adds = failure(&report, "math > adds");
    assert_eq!(values(adds), (Some("3"), Some("-1")));
    assert_eq!(frames(adds), ["test/calc.js:6 -"]);
}

#[test]
fn plain_programs() {
    let output = "ok zero\nt: t.c:4: test_add: Assertion `add(1, 2) == 3' failed.\nAborted (core dumped)\nmake: *** [Makefile:8: test] Error 134\n";
    let report = read(output, 2);
    assert_eq!(report.format, Format::Plain);
    assert_eq!(report.passed, ["zero"]);
    let add = failure(&report, "test_add");
    assert_eq!(frames(add), ["t.c:4 test_add"]);
    assert_eq!(values(add), (Some("3"), Some("add(1, 2)")));

    let compiler = "t.c: In function 'main':\nsrc/t.c:5:59: error: expected ';' before '}' token\n    5 | int main(void)\n/usr/bin/ld: t.o: undefined reference to `list_new'\nsrc/a.ts(5,3): error TS2322: Type 'string' is not assignable.\n";
    let report = read(compiler, 1);
    let errors: Vec<(&str, Option<usize>)> =
        report.errors.iter().map(|error| (error.message.as_str(), error.line)).collect();
    assert_eq!(
        errors,
        [
            ("expected ';' before '}' token", Some(5)),
            ("undefined reference to `list_new'", None),
            ("TS2322: Type 'string' is not assignable.", Some(5)),
        ]
    );

    let node = "node:assert:90\n  throw new AssertionError(obj);\n  ^\n\nAssertionError [ERR_ASSERTION]: Expected values to be strictly deep-equal:\n\n-1 !== 3\n\n    at Object.<anonymous> (/home/me/app/plain.js:3:8)\n    at Module._compile (node:internal/modules/cjs/loader:1521:14) {\n  code: 'ERR_ASSERTION',\n}\n";
    let report = read(node, 1);
    assert_eq!(report.failed.len(), 1, "{report:#?}");
    assert_eq!(values(&report.failed[0]), (Some("3"), Some("-1")));
    assert_eq!(frames(&report.failed[0]), ["plain.js:3 -"]);

    let checks = "tests/t.c:23: in test_days: days(\"a\") is 97, expected 11017\ntests/t.c:24: in test_days: x is 1, expected 2\ntests/t.c:31: in test_weeks: w is 1, expected 53\n3 checks failed\n";
    let report = read(checks, 2);
    let days = failure(&report, "test_days");
    assert_eq!((values(days), report.failed.len()), ((Some("11017"), Some("97")), 2));
    assert_eq!(
        (frames(days), days.message.lines().count()),
        (vec!["tests/t.c:23 test_days".to_owned()], 2)
    );

    let crash = "src/f.c:9:3: warning: passing argument 2 of 'number' makes integer from pointer\nsrc/f.c:10:41: note: expected 'int' but argument is of type 'char *'\nmake: *** [Makefile:10: test] Segmentation fault\n";
    let report = read(crash, 2);
    assert_eq!(failure(&report, "crash").message, "Segmentation fault");
    assert_eq!((report.failed.len(), report.errors.len(), report.warnings.len()), (1, 0, 1));

    let spoken = "PASS: parse_empty\nFAIL: parse_sign (tests/t.c:31): expected -5 but got 5\ntest_x ... ok\n";
    let report = read(spoken, 1);
    assert_eq!(report.passed, ["parse_empty", "test_x"]);
    let sign = failure(&report, "parse_sign");
    assert_eq!((values(sign), sign.line), ((Some("-5"), Some("5")), Some(31)));
}

#[test]
fn sanitizers() {
    let output = "=================================================================\n==12==ERROR: AddressSanitizer: heap-buffer-overflow on address 0x60 at pc 0x5 bp 0x7\nREAD of size 4 at 0x60 thread T0\n    #0 0x55 in list_min /home/me/app/src/list.c:61:14\n    #1 0x56 in main /home/me/app/test/t.c:9:3\n    #2 0x57 in __libc_start_main (/lib/libc.so.6+0x2)\n\n0x60 is located 0 bytes after\n    #0 0x58 in malloc\n";
    let report = read(output, 1);
    let found = failure(&report, "sanitizer in list_min");
    assert_eq!(frames(found), ["test/t.c:9 main", "src/list.c:61 list_min"]);
    assert!(found.message.starts_with("AddressSanitizer: heap-buffer-overflow"));
}

#[test]
fn ctest() {
    let output = "Test project /home/me/app/build\n    Start 1: add\n1/2 Test #1: add ..............................   Passed    0.00 sec\n    Start 2: sub\n2/2 Test #2: sub ..............................Subprocess aborted***Exception:   0.12 sec\nt: /home/me/app/t.c:4: test_sub: Assertion `sub(1, 2) == 3' failed.\n\n\n50% tests passed, 1 tests failed out of 2\n\nTotal Test time (real) =   0.13 sec\n";
    let report = read(output, 8);
    assert_eq!(report.format, Format::Ctest);
    assert_eq!(report.passed, ["add"]);
    assert_eq!((report.passed_count, report.total), (1, 2));
    assert_eq!(frames(failure(&report, "sub")), ["t.c:4 test_sub"]);
}

#[test]
fn surefire_and_xml() {
    let output = "[INFO] Running shop.CartTest\n[ERROR] Tests run: 2, Failures: 1, Errors: 0, Skipped: 0, Time elapsed: 0.05 s <<< FAILURE! -- in shop.CartTest\n[ERROR] shop.CartTest.total -- Time elapsed: 0.01 s <<< FAILURE!\norg.opentest4j.AssertionFailedError: expected: <4> but was: <3>\n\tat org.junit.jupiter.api.AssertEquals.failNotEqual(AssertEquals.java:197)\n\tat shop.Cart.total(Cart.java:12)\n\tat shop.CartTest.total(CartTest.java:9)\n\n[ERROR] Tests run: 2, Failures: 1, Errors: 0, Skipped: 0\n";
    let report = read(output, 1);
    assert_eq!(report.format, Format::Junit);
    assert_eq!((report.passed_count, report.total), (1, 2));
    let total = failure(&report, "shop.CartTest.total");
    assert_eq!(values(total), (Some("4"), Some("3")));
    assert_eq!(
        frames(total),
        ["src/test/java/shop/CartTest.java:9 total", "src/main/java/shop/Cart.java:12 total"]
    );
    let xml = "<testsuite tests=\"2\"><testcase classname=\"a.B\" name=\"ok\" time=\"0\"/><testcase classname=\"a.B\" name=\"bad\"><failure message=\"expected: &lt;4&gt; but was: &lt;3&gt;\" type=\"x\">trace</failure></testcase></testsuite>";
    let report = read(xml, 1);
    assert_eq!(report.passed, ["a.B.ok"]);
    assert_eq!(values(failure(&report, "a.B.bad")), (Some("4"), Some("3")));
}

#[test]
fn unknown_output_leaves_the_exit_status() {
    for output in ["", "hello\nworld\n", "\u{0}\u{1}\u{2}"] {
        let report = read(output, 1);
        assert_eq!((report.format, report.confidence), (Format::Unknown, Confidence::ExitOnly));
        assert!(!report.is_green());
        assert!(read(output, 0).is_green());
    }
    assert!(!parse(b"", Exit::TimeOut, ROOT).is_green());
    assert!(!parse(b"", Exit::Signal(9), ROOT).is_green());
}

#[test]
fn runs_are_compared_by_name() {
    let before = read(
        "test a ... ok\ntest b ... FAILED\ntest c ... FAILED\ntest d ... ok\n\ntest result: FAILED. 2 passed; 2 failed;\n",
        101,
    );
    let after = read(
        "test a ... FAILED\ntest b ... ok\ntest c ... FAILED\n\ntest result: FAILED. 1 passed; 2 failed;\n",
        101,
    );
    assert_eq!(
        compare(&before, &after),
        Comparison {
            fixed: vec!["b".to_owned()],
            broken: vec!["a".to_owned()],
            failing: vec!["c".to_owned()],
            passing: Vec::new(),
            missing: vec!["d".to_owned()],
        }
    );
    let broken = read("error[E0308]: mismatched types\n --> src/lib.rs:5:10\n", 101);
    assert_eq!(compare(&before, &broken).broken, ["error[E0308]: mismatched types"]);
    let quiet = read(
        "F.\nFAILED tests/test_a.py::test_x - assert 1 == 2\n1 failed, 1 passed in 0.02s\n",
        1,
    );
    let green = read("..\n2 passed in 0.02s\n", 0);
    assert_eq!(compare(&quiet, &green).fixed, ["tests/test_a.py::test_x"]);
}

#[test]
fn no_output_makes_it_fail() {
    let samples = [UNITTEST, PYTEST, CARGO, TAP, SPEC];
    let mut state = 7_u64;
    for _ in 0..60 {
        for sample in samples {
            let mut bytes = sample.as_bytes().to_vec();
            for _ in 0..12 {
                state = state
                    .wrapping_mul(6_364_136_223_846_793_005)
                    .wrapping_add(1_442_695_040_888_963_407);
                let at = usize::try_from(state >> 33).unwrap() % bytes.len();
                if state & 0x100 == 0 {
                    bytes[at] = u8::try_from((state >> 20) & 0xff).unwrap();
                } else {
                    bytes.truncate(at.max(40));
                }
            }
            let report = parse(&bytes, Exit::Code(1), ROOT);
            assert!(report.failed.len() <= REPORT_ENTRIES_MAX);
        }
    }
}
