// SPDX-License-Identifier: Apache-2.0
//! The settings of a workspace, whatever lies in their place.

use moat_config::limits::WORKSPACE_BYTES_MAX;
use moat_config::{
    KEYS, Layer, Loaded, ModelChoice, Origin, Schema, Tighter, Untrusted, merge, schema,
};
use proptest::prelude::*;

fn base(text: &str) -> Loaded {
    merge(&[Layer::parse(Origin::UserFile("u.toml".into()), text.as_bytes()).unwrap()]).unwrap()
}

fn with(base: &Loaded, bytes: impl Into<Vec<u8>>) -> (Loaded, Vec<String>) {
    let loaded = base.tightened(&Untrusted::bytes("w.toml", bytes));
    let ignored = loaded.ignored.iter().map(ToString::to_string).collect();
    (loaded, ignored)
}

#[test]
fn what_does_not_count_is_said_with_its_line_and_changes_nothing() {
    let base = base("approval.commands = \"ask\"\nlimits.turn_minutes = 5\n");
    let many: String = (0..200).map(|number| format!("key{number} = 1\n")).collect();
    let cases: Vec<(Vec<u8>, &str)> = vec![
        (
            b"approval.commands = \"allow\"".to_vec(),
            "w.toml:1: `approval.commands` is ignored: \"allow\" would loosen \"ask\" (u.toml:1)",
        ),
        (
            b"\n[limits]\nturn_minutes = 6".to_vec(),
            "w.toml:3: `limits.turn_minutes` is ignored: 6 would loosen 5 (u.toml:2)",
        ),
        (
            b"limits.turn_minutes = 0".to_vec(),
            "w.toml:1: `limits.turn_minutes` is ignored: it must be a whole number from 1 to 1440, not 0",
        ),
        (
            b"model.default = \"corp\"".to_vec(),
            "w.toml:1: `model.default` is ignored: a workspace cannot set it",
        ),
        (
            b"[models.corp]\nurl = \"https://evil.example\"".to_vec(),
            "w.toml:2: `models.corp.url` is ignored: a workspace cannot set it",
        ),
        (
            b"weights.mirror = \"https://evil.example\"".to_vec(),
            "w.toml:1: `weights.mirror` is ignored: a workspace cannot set it",
        ),
        (
            b"workspace.settings = \"tighten\"".to_vec(),
            "w.toml:1: `workspace.settings` is ignored: a workspace cannot set it",
        ),
        (b"hooks.start = \"./x\"".to_vec(), "w.toml:1: `hooks` is ignored: there is no such key"),
        ("\"a\u{202e}b\" = 1".into(), "w.toml:1: `a<U+202E>b` is ignored: there is no such key"),
        (b"limits = 1".to_vec(), "w.toml:1: `limits` is ignored: there is no such key"),
        (b"x = 1\n\xff".to_vec(), "w.toml:2: ignored: it is not UTF-8"),
        (b"x = 1\n= =".to_vec(), "w.toml:2: ignored: it is not valid TOML"),
        (b"a = 1\na = 2".to_vec(), "w.toml:2: ignored: it is not valid TOML"),
        (vec![b'#'; 2000], "w.toml:1: ignored: a line has more than 1024 bytes"),
        (vec![b'\n'; 20_000], "w.toml:1: ignored: it has more than 16384 bytes"),
        ("a.".repeat(8000).into_bytes(), "w.toml:1: ignored: a line has more than 1024 bytes"),
        (
            format!("x = {}", "[".repeat(1000)).into_bytes(),
            "w.toml:1: ignored: it is not valid TOML",
        ),
        (many.into_bytes(), "w.toml:1: `key0` is ignored: there is no such key"),
    ];
    for (bytes, first) in cases {
        let (loaded, ignored) = with(&base, bytes);
        assert_eq!(loaded.rows, base.rows, "{first}");
        assert!(ignored[0].starts_with(first), "{first}\n{ignored:#?}");
        assert!(ignored.len() <= 65, "{}", ignored.len());
        assert!(ignored.iter().all(|line| line.len() < 400), "{ignored:#?}");
    }
    let unusable = Untrusted::unusable("w.toml", "it is a link");
    let loaded = base.tightened(&unusable);
    assert_eq!(loaded.rows, base.rows);
    assert_eq!(loaded.ignored[0].to_string(), "w.toml:1: ignored: it is a link");
    assert_eq!(base.tightened(&Untrusted::nothing()), base);
}

#[test]
fn one_wrong_line_does_not_take_the_others_away() {
    let text = "nothing = 1\n[limits]\nturn_minutes = 3\ncommand_seconds = 86400\n";
    let (loaded, ignored) = with(&base(""), text);
    assert_eq!(loaded.settings.limits.turn_minutes.value, 3);
    assert_eq!(loaded.settings.limits.command_seconds.value, 600);
    assert!(loaded.settings.limits.turn_minutes.provenance.binds());
    assert_eq!(ignored.len(), 2, "{ignored:?}");
}

#[test]
fn the_user_can_have_workspaces_ignored() {
    let base = base("workspace.settings = \"ignore\"\n");
    let (loaded, ignored) = with(&base, "approval.commands = \"ask\"\nx = 1\n");
    assert_eq!((loaded.rows, ignored.len()), (base.rows, 0));
}

#[test]
fn a_workspace_can_take_models_away_and_name_none() {
    let corp = "[models.corp]\nurl = \"https://m.example\"\nmodel = \"m\"\n";
    let base = base(&format!("model.default = \"corp\"\n{corp}"));
    let (loaded, ignored) = with(&base, "model.allowed = [\"embedded\", \"evil\"]");
    assert_eq!(loaded.settings.model_default.value, ModelChoice::Named("corp".into()));
    assert!(loaded.settings.models.is_empty());
    assert!(loaded.settings.forbids("corp").is_some());
    assert!(loaded.settings.forbids("embedded").is_none());
    assert!(loaded.settings.forbids("some-weights").is_none());
    let expect = "u.toml:4: `models.corp` is ignored: `model.allowed` does not name it (tightened by w.toml:1)";
    assert_eq!(ignored, [expect]);
    let (loaded, _) = with(&base, "model.allowed = []");
    assert!(loaded.settings.forbids("embedded").is_some());
    // What the machine gives is not gone past either.
    let (loaded, _) = with(&base, "limits.command_memory_mib = 1000000");
    assert_eq!(loaded.settings.limits.command_memory_bytes(1 << 30), 1 << 30);
    let (loaded, _) = with(&base, "limits.command_memory_mib = 10");
    assert_eq!(loaded.settings.limits.command_memory_bytes(1 << 30), 10 << 20);
}

#[test]
fn a_layer_that_calls_itself_a_workspace_does_not_count_as_one_of_ours() {
    let origin = Origin::Workspace("w.toml".into());
    let layer = Layer::parse(origin, b"approval.commands = \"ask\"").unwrap();
    assert_eq!(merge(&[layer]).unwrap(), merge(&[]).unwrap());
}

proptest! {
    #[test]
    fn no_bytes_make_it_panic(bytes in prop::collection::vec(any::<u8>(), 0..2000)) {
        with(&base(""), bytes);
    }

    #[test]
    fn no_text_of_tomls_characters_makes_it_panic(
        text in "([a-z.\\[\\]{}\"'=# \n0-9\\\\,_-]|limits|approval|model|allowed){0,400}"
    ) {
        let base = base("");
        let (loaded, _) = with(&base, text);
        prop_assert!(loaded.settings.limits.turn_minutes.value <= 30);
    }
}

#[test]
fn no_size_makes_it_slow_or_deep() {
    let most = usize::try_from(WORKSPACE_BYTES_MAX).unwrap();
    let line = |part: &str| {
        let line = part.repeat(1000 / part.len());
        format!("{line}\n").repeat(most / (line.len() + 1))
    };
    for part in ["[", "a.", "{a=", "[[a]]", "\"", "'''", "[a.b]", "\\", "#"] {
        with(&base(""), line(part));
    }
    let deeper: String =
        (1..40).map(|depth| format!("[{}b{depth}]\n", "a.".repeat(depth))).collect();
    with(&base(""), deeper);
}

#[test]
fn the_schema_of_a_workspace_has_what_it_can_set_and_nothing_else() {
    let (all, workspace) = (schema(Schema::Settings), schema(Schema::Workspace));
    for key in KEYS {
        let purpose = key.purpose.replace('"', "\\\"");
        assert!(all.contains(&purpose), "{}", key.path);
        let is_there = workspace.contains(&purpose);
        assert_eq!(is_there, key.tighter != Tighter::Neither, "{}", key.path);
    }
}
