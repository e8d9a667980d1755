use diff::hunk::unified;
use diff::{diff, similarity, Change};

fn apply(old: &str, new: &str) {
    let changes = diff(old, new);
    let mut left = Vec::new();
    let mut right = Vec::new();
    for change in &changes {
        match change {
            Change::Same(line) => {
                left.push(*line);
                right.push(*line);
            }
            Change::Removed(line) => left.push(*line),
            Change::Added(line) => right.push(*line),
        }
    }
    assert_eq!(left, old.lines().collect::<Vec<_>>());
    assert_eq!(right, new.lines().collect::<Vec<_>>());
}

#[test]
fn changes_lead_from_one_to_the_other() {
    let texts = ["", "a", "b", "a\nb", "b\na", "a\na\nb", "x\na\ny\nb\nz", "a\nb\nc\nd\ne", "e\nd\nc\nb\na"];
    for old in texts {
        for new in texts {
            apply(old, new);
        }
    }
}

#[test]
fn as_few_changes_as_possible() {
    for (old, new, want) in [
        ("a\nb\nc", "a\nb\nc", 3), ("a\nb\nc", "c\na\nb", 2), ("a\nb\nc\nd", "b\nd\na\nc", 2),
        ("x\na\ny\nb", "a\nb\nx\ny", 2), ("a", "b", 0), ("a\nb\na\nb\na", "b\na\nb", 3),
    ] {
        let same = diff(old, new).iter().filter(|c| matches!(c, Change::Same(_))).count();
        assert_eq!(same, want, "{old:?} {new:?}");
    }
}

#[test]
fn removed_before_added() {
    assert_eq!(diff("a\nb", "x\ny"), [
        Change::Removed("a"), Change::Removed("b"), Change::Added("x"), Change::Added("y"),
    ]);
}

#[test]
fn similar() {
    for (old, new, want) in [("", "", 100), ("a", "", 0), ("", "a", 0), ("a\nb", "b", 66), ("a\nb", "a\nc", 50)] {
        assert_eq!(similarity(old, new), want);
    }
}

#[test]
fn hunks() {
    for (old, new, context, want) in [
        ("a", "a", 1, ""),
        ("", "a", 3, "@@ -1 +1 @@\n+a\n"),
        ("a\nb", "a", 0, "@@ -2 +2 @@\n-b\n"),
        ("a\nb\nc\nd\ne", "a\nb\nx\nd\ne", 1, "@@ -2 +2 @@\n b\n-c\n+x\n d\n"),
        ("a\nb\nc\nd", "x\nb\nc\ny", 1, "@@ -1 +1 @@\n-a\n+x\n b\n c\n-d\n+y\n"),
        ("a\nb\nc\nd\ne", "x\nb\nc\nd\ny", 1, "@@ -1 +1 @@\n-a\n+x\n b\n@@ -4 +4 @@\n d\n-e\n+y\n"),
        ("a\nb\nc\nd\ne", "b\nc\nd\ne\nf", 1, "@@ -1 +1 @@\n-a\n b\n@@ -5 +4 @@\n e\n+f\n"),
    ] {
        assert_eq!(unified(old, new, context), want, "{old:?} {new:?}");
    }
}
