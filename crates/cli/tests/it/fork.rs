// SPDX-License-Identifier: Apache-2.0
//! A session that goes on from a checkpoint of another one, in the real program.

use std::fs;
use std::path::PathBuf;

use serde_json::Value;

use crate::support::{Ended, Home, RIGHT, WRONG, always, right, snapshot};

/// Kind, mode, size, name and target of everything that a command sees, and two contents.
const LOOK: &str = "find . -printf '%y %m %s %p %l\\n' | sort; cat calc.py notes.txt; true";

fn shell(home: &Home, id: &str, script: &str) -> Ended {
    home.run(["session", "run", id, "--", "sh", "-c", script])
}

fn look(home: &Home, id: &str) -> String {
    shell(home, id, LOOK).code(0).out.clone()
}

fn sessions(home: &Home) -> PathBuf {
    home.at("state/moat/sessions")
}

/// Makes a session by a command, and gives its id.
fn begun(home: &Home, script: &str) -> String {
    home.run(["session", "run", "--new", "--", "sh", "-c", script]).code(0);
    home.sessions().remove(0)
}

fn newest(home: &Home, id: &str) -> String {
    let listed = home.run(["session", "checkpoints", id]);
    listed.code(0).out.lines().last().unwrap().split_whitespace().next().unwrap().to_owned()
}

fn fork(home: &Home, arguments: &[&str]) -> Value {
    let told = home.run(["session", "fork", "--json"].iter().chain(arguments));
    serde_json::from_str(&told.code(0).out).unwrap()
}

fn id_of(told: &Value) -> String {
    told["session"].as_str().unwrap().to_owned()
}

#[test]
fn a_fork_has_the_files_of_its_checkpoint_and_each_goes_its_own_way() {
    let home = Home::new(always(right()));
    let own = snapshot(&home.project());
    let old = begun(&home, "echo one > notes.txt; rm test_calc.py; chmod 600 calc.py");
    let (at, then) = (newest(&home, &old), look(&home, &old));
    shell(&home, &old, "echo two > notes.txt; mkdir later").code(0);
    let (late, now) = (newest(&home, &old), look(&home, &old));
    let stored = fs::read(sessions(&home).join(&old).join("session.jsonl")).unwrap();

    let told = fork(&home, &[&old, "--at", &at]);
    let new = id_of(&told);
    assert_eq!(
        (told["from"].as_str(), told["checkpoint"].as_u64()),
        (Some(&*old), at.parse().ok())
    );
    assert_eq!(told["left"].as_array().map(Vec::len), Some(0));
    assert_eq!(fs::read(sessions(&home).join(&old).join("session.jsonl")).unwrap(), stored);
    assert_eq!(home.sessions().len(), 2);
    home.run(["session", "show", &new]).code(0).says(&old).says("notes.txt").says("forked");
    assert_eq!(look(&home, &new), then);

    let end = id_of(&fork(&home, &[&old]));
    assert_eq!(look(&home, &end), now, "without a number it is the end");
    shell(&home, &new, "echo three > notes.txt").code(0);
    assert_eq!(look(&home, &old), now);
    home.run(["session", "rewind", &new, "--to", "1", "--yes"]).code(0);
    assert_eq!(look(&home, &new), then);
    home.run(["session", "rewind", &old, "--to", &at, "--yes"]).code(0);
    assert_eq!(look(&home, &old), then);
    home.run(["session", "rewind", &old, "--to", &late, "--yes"]).code(0);

    // One that is removed takes nothing of the others.
    home.run(["session", "rm", &old]).code(0);
    assert_eq!(look(&home, &end), now);
    assert_eq!(look(&home, &new), then);
    let again = id_of(&fork(&home, &[&new]));
    home.run(["session", "rm", &new]).code(0);
    assert_eq!(look(&home, &again), then);
    assert_eq!(snapshot(&home.project()), own, "your tree has no part in it");
}

#[test]
fn a_fork_of_a_solved_task_holds_its_turn_and_its_change_for_itself() {
    let home = Home::new(always(right()));
    home.run(["exec", "fix total"]).code(0).says("solved");
    let old = home.sessions().remove(0);
    let told = home.run(["session", "fork"]);
    told.code(0).says("1 turn").says(&format!("from session {old}")).says("moat session show");
    let new = told.out.lines().next().unwrap().to_owned();
    home.run(["session", "show", &new]).code(0).says("fix total").says("calc.py");

    // A keep in the one is an edit of yours to the other, and is the one's to take back.
    home.run(["session", "keep", &old]).code(0);
    assert_eq!(home.calc(), RIGHT);
    home.run(["session", "show", &new]).code(0).says("pending nothing");
    home.run(["session", "undo", &old]).code(0);
    assert_eq!(home.calc(), WRONG);
    home.run(["session", "keep", &new]).code(0);
    assert_eq!(home.calc(), RIGHT);
    home.run(["session", "undo", &new]).code(0);
    assert_eq!(home.calc(), WRONG);

    // The message is not in a fork from before it.
    let before = id_of(&fork(&home, &[&old, "--at", "1"]));
    let shown = home.run(["session", "show", &before]);
    shown.code(0).says("pending nothing");
    assert!(!shown.out.contains("fix total"), "{}", shown.out);
    let listed = home.run(["session", "list", "--json"]);
    let listed: Vec<Value> =
        listed.code(0).out.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let of = |id: &str| listed.iter().find(|it| it["session"] == id).unwrap();
    assert_eq!(of(&before)["forked"]["from"], *old);
    assert!(of(&old).get("forked").is_none());
}

#[test]
fn what_cannot_be_forked_is_refused_and_leaves_nothing() {
    let home = Home::new(always(right()));
    home.run(["session", "fork"]).code(2).reports("no session yet", "moat exec");
    let old = begun(&home, "touch made");
    home.run(["session", "fork", "zzzzzzzzzz"]).code(2).reports("no session", "session list");
    home.run(["session", "fork", &old, "--at", "99"])
        .code(2)
        .reports("no checkpoint 99", "moat session checkpoints");
    home.run(["session", "fork", &old, "--at", "-1"]).code(2);
    let file = sessions(&home).join(&old).join("session.jsonl");
    let whole = fs::read(&file).unwrap();
    let text = String::from_utf8(whole.clone()).unwrap();
    fs::write(&file, text.replacen("touch made", "touch MADE", 1)).unwrap();
    home.run(["session", "fork", &old]).code(5).reports("authentication code", "hint");
    fs::write(&file, &whole).unwrap();

    let checkpoints = sessions(&home).join(&old).join("files/checkpoints");
    let aside = home.at("aside");
    fs::rename(&checkpoints, &aside).unwrap();
    home.run(["session", "fork", &old]).code(2).reports("no checkpoint", "hint");
    fs::rename(&aside, &checkpoints).unwrap();
    let blobs = sessions(&home).join(&old).join("files/blobs");
    let kept = home.at("blobs");
    fs::rename(&blobs, &kept).unwrap();
    home.run(["session", "fork", &old])
        .code(5)
        .reports("could not use the session's files", "hint");
    assert!(!blobs.exists(), "nothing of the old session is made");
    fs::rename(&kept, &blobs).unwrap();

    // What a process left that died in a fork is no session, and in nobody's way.
    fs::create_dir_all(sessions(&home).join(".fork/files/blobs")).unwrap();
    assert_eq!(home.sessions(), [old.as_str()]);
    home.run(["session", "fork", &old]).code(0);
    assert!(!sessions(&home).join(".fork").exists());
    let project = home.project();
    fs::rename(&project, home.at("work/moved")).unwrap();
    let mut gone = home.moat(["session", "fork", &old]);
    gone.current_dir(home.at("work/moved"));
    let gone = crate::support::Running::start(gone).end();
    gone.code(2).reports("is gone", "put it back");
}
