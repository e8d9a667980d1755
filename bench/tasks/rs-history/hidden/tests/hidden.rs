use history::History;

fn filled(capacity: usize, commands: &[&str]) -> History {
    let mut history = History::new(capacity);
    for command in commands {
        history.push(command);
    }
    history
}

#[test]
fn any_number_of_commands_in_any_capacity() {
    let commands: Vec<String> = (0..20).map(|n| format!("command {n}")).collect();
    for capacity in 1..8 {
        for count in 0..commands.len() {
            let mut history = History::new(capacity);
            for command in &commands[..count] {
                history.push(command);
            }
            let first = count.saturating_sub(capacity);
            assert_eq!(history.list(), commands[first..count], "{capacity} {count}");
        }
    }
}

#[test]
fn last_and_at() {
    let history = filled(2, &["a", "b", "c"]);
    assert_eq!(history.last(), Some("c"));
    assert_eq!(history.at(0), Some("b"));
    assert_eq!(history.at(2), None);
    assert_eq!(History::new(2).last(), None);
}

#[test]
fn repeats_are_not_kept() {
    let history = filled(2, &["a", "b", "c", "c ", "", "c", "d", "c"]);
    assert_eq!(history.list(), ["d", "c"]);
}

#[test]
fn search_prefers_the_newest() {
    let history = filled(3, &["git log", "ls", "git diff", "make"]);
    assert_eq!(history.search("git"), Some("git diff"));
    assert_eq!(history.search("git log"), None);
}
