use history::History;

fn filled(capacity: usize, commands: &[&str]) -> History {
    let mut history = History::new(capacity);
    for command in commands {
        history.push(command);
    }
    history
}

#[test]
fn not_full() {
    assert_eq!(filled(3, &["ls", "cd"]).list(), ["ls", "cd"]);
}

#[test]
fn wraps_once() {
    assert_eq!(filled(3, &["a", "b", "c", "d"]).list(), ["b", "c", "d"]);
}

#[test]
fn finds_the_newest() {
    let history = filled(3, &["git log", "git diff", "ls", "git add"]);
    assert_eq!(history.search("git"), Some("git add"));
}
