use diff::hunk::unified;
use diff::similarity;

const OLD: &str = "one\ntwo\nthree\nfour\nfive\nsix\nseven\neight\n";
const NEW: &str = "one\n2\nthree\nfour\nfive\nsix\nseven\nnew\neight\n";

#[test]
fn two_hunks() {
    assert_eq!(
        unified(OLD, NEW, 1),
        "@@ -1 +1 @@\n one\n-two\n+2\n three\n@@ -7 +7 @@\n seven\n+new\n eight\n"
    );
}

#[test]
fn one_hunk_when_close() {
    assert_eq!(
        unified("a\nb\nc\n", "b\nc\nd\n", 0),
        "@@ -1 +1 @@\n-a\n@@ -4 +3 @@\n+d\n"
    );
    assert_eq!(unified(OLD, OLD, 3), "");
}

#[test]
fn alike() {
    assert_eq!(similarity(OLD, OLD), 100);
    assert_eq!(similarity("a\nb\nc", "a\nx\nc\nd"), 57);
}
