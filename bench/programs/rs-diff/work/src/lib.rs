//! Compares two texts line by line.

pub mod hunk;

/// What happened to a line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Change<'a> {
    Same(&'a str),
    Removed(&'a str),
    Added(&'a str),
}

/// The longest common subsequence of all tails: `table[i][j]` is its length
/// for the lines from `i` of the old and from `j` of the new text.
fn common(old: &[&str], new: &[&str]) -> Vec<Vec<usize>> {
    let mut table = vec![vec![0; new.len() + 1]; old.len() + 1];
    for i in (0..old.len()).rev() {
        for j in (0..new.len()).rev() {
            table[i][j] = if old[i] == new[j] {
                table[i + 1][j + 1] + 1
            } else {
                table[i + 1][j].max(table[i][j + 1])
            };
        }
    }
    table
}

/// The changes that lead from the old text to the new one, removed lines
/// before added ones.
pub fn diff<'a>(old: &'a str, new: &'a str) -> Vec<Change<'a>> {
    let old: Vec<&str> = old.lines().collect();
    let new: Vec<&str> = new.lines().collect();
    let table = common(&old, &new);
    let mut changes = Vec::new();
    let (mut i, mut j) = (0, 0);
    while i < old.len() || j < new.len() {
        if i < old.len() && j < new.len() && old[i] == new[j] {
            changes.push(Change::Same(old[i]));
            i += 1;
            j += 1;
        } else if j == new.len() || (i < old.len() && table[i + 1][j] >= table[i][j + 1]) {
            changes.push(Change::Removed(old[i]));
            i += 1;
        } else {
            changes.push(Change::Added(new[j]));
            j += 1;
        }
    }
    changes
}

/// How alike two texts are, in percent of their lines.
pub fn similarity(old: &str, new: &str) -> usize {
    let changes = diff(old, new);
    let same = changes.iter().filter(|change| matches!(change, Change::Same(_))).count();
    let lines = old.lines().count() + new.lines().count();
    if lines == 0 {
        return 100;
    }
    same * 200 / lines
}
