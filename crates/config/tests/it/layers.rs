// SPDX-License-Identifier: Apache-2.0
//! Parsing, merging and the documentation.

use moat_base::Hint;
use moat_config::{
    Error, KEYS, Key, Kind, Layer, Loaded, ModelChoice, Origin, Provenance, Threads, Tighter, merge,
};

fn user(text: &str) -> Layer {
    Layer::parse(Origin::UserFile("u.toml".into()), text.as_bytes()).unwrap()
}

fn required(text: &str) -> Layer {
    Layer::parse(Origin::Requirements("r.toml".into()), text.as_bytes()).unwrap()
}

fn rows(loaded: &Loaded) -> Vec<String> {
    loaded
        .rows
        .iter()
        .map(|row| format!("{} = {} ({})", row.key, row.value, row.provenance))
        .collect()
}

#[test]
fn mistakes_are_named_with_place_and_hint() {
    let cases = [
        (
            "[limits]\n\nturn_minuts = 5\n",
            "u.toml:3: there is no key `limits.turn_minuts`",
            "did you mean `limits.turn_minutes`?",
        ),
        (
            "[models.corp]\nurl = \"https://m.example/v1\"\nkeyfile = \"k\"\n",
            "u.toml:3: there is no key `models.corp.keyfile`",
            "did you mean `models.corp.key_file`?",
        ),
        (
            "proxy = \"http://x.example\"\n",
            "u.toml:1: there is no key `proxy`",
            "docs/config.md lists every key",
        ),
        (
            "limits.turn_minutes = \"5\"\n",
            "u.toml:1: `limits.turn_minutes` must be a whole number from 1 to 1440, not \"5\"",
            "docs/config.md says",
        ),
        (
            "limits.turn_minutes = 0\n",
            "u.toml:1: `limits.turn_minutes` must be a whole number from 1 to 1440, not 0",
            "docs/config.md says",
        ),
        ("limits = 3\n", "u.toml:1: `limits` must be a table, not integer", "docs/config.md says"),
        (
            "[approval]\ncommands = \"deny\"\n",
            "u.toml:2: `approval.commands` must be \"allow\" or \"ask\", not \"deny\"",
            "docs/config.md says",
        ),
        (
            "[models.corp]\nurl = \"https://user:pw@m.example\"\n",
            "u.toml:2: `models.corp.url` must be an `https://` or `http://` address without user, query or fragment, not \"https://user:pw@m.example\"",
            "docs/config.md says",
        ),
        (
            "[models.\"../x\"]\nurl = \"https://m.example\"\n",
            "u.toml:1: `models.../x` must be named with a-z, 0-9, `-` and `_`, and not `embedded`, not `../x`",
            "docs/config.md says",
        ),
        (
            "[models.embedded]\nurl = \"https://m.example\"\n",
            "u.toml:1: `models.embedded` must be named",
            "docs/config.md says",
        ),
        (
            "model.default = \"a\\u202eb\"\n",
            "u.toml:1: `model.default` must be a text on one line, not \"a<U+202E>b\"",
            "docs/config.md says",
        ),
        ("[limits\n", "u.toml:1: not valid TOML", "docs/config.md shows"),
        (
            "limits.turn_minutes = 5\nlimits.turn_minutes = 6\n",
            "u.toml:2: not valid TOML",
            "docs/config.md shows",
        ),
    ];
    for (text, message, hint) in cases {
        let error = Layer::parse(Origin::UserFile("u.toml".into()), text.as_bytes()).unwrap_err();
        assert!(error.to_string().starts_with(message), "{text}: {error}");
        assert!(error.hint().unwrap().starts_with(hint), "{text}: {error:?}");
    }
    let error = Layer::parse(Origin::UserFile("u.toml".into()), b"a = 1\n\xff").unwrap_err();
    assert_eq!(error.to_string(), "u.toml:2: not valid TOML: the file is not UTF-8");
}

#[test]
fn an_empty_configuration_is_the_defaults() {
    let loaded = merge(&[]).unwrap();
    assert_eq!(loaded.settings.model_default.value, ModelChoice::Embedded);
    assert_eq!(loaded.settings.embedded.threads.value, Threads::Automatic);
    assert!(loaded.rows.iter().all(|row| row.provenance.origin == Origin::Defaults));
    let with_default =
        KEYS.iter().filter(|key| !key.default.is_empty() && !key.path.contains("NAME"));
    assert_eq!(loaded.rows.len(), with_default.count());
}

#[test]
fn later_sources_win_and_every_value_knows_its_source() {
    let user = user("[limits]\ncommand_seconds = 1\nturn_minutes = 2\n[embedded]\nthreads = 3\n");
    let line = Layer::overrides(&["limits.turn_minutes=4", "embedded.weights = tiny"]).unwrap();
    let required = required("\nembedded.threads = 1\n");
    let loaded = merge(&[required, line, user]).unwrap();
    let shown = rows(&loaded);
    for expect in [
        "embedded.threads = 1 (required by r.toml:2)",
        "embedded.weights = \"tiny\" (command line)",
        "limits.command_seconds = 1 (u.toml:2)",
        "limits.turn_minutes = 4 (command line)",
        "approval.commands = \"allow\" (default)",
    ] {
        assert!(shown.iter().any(|row| row == expect), "{expect} in {shown:#?}");
    }
}

#[test]
fn requirements_absorb_whatever_the_other_layers_say() {
    // Every key with two values, and every subset of layers that sets it.
    let two = |key: &Key| {
        let (ours, theirs) = match key.kind {
            Kind::Count { .. } => ("7", "8"),
            Kind::Choice([one, other]) => (*one, *other),
            Kind::Texts => ("[\"embedded\"]", "[\"embedded\", \"hf\"]"),
            Kind::Zone => ("host", "network:x"),
            Kind::Address => ("https://a.example", "https://b.example"),
            Kind::Path => ("/a", "/b"),
            Kind::Text | Kind::Choice(_) => ("embedded", "corp"),
        };
        let toml = |text: &str| match key.kind {
            Kind::Count { .. } | Kind::Texts => text.to_owned(),
            Kind::Choice(_) | Kind::Zone | Kind::Address | Kind::Path | Kind::Text => {
                format!("\"{text}\"")
            }
        };
        (key.path, toml(ours), toml(theirs))
    };
    let keys = KEYS.iter().filter(|key| !key.path.contains("NAME")).map(two);
    for (key, ours, theirs) in keys {
        let required = required(&format!("{key} = {ours}"));
        let corp = "[models.corp]\nurl = \"https://m.example\"\nmodel = \"m\"\n";
        let others = [
            user(&format!("{key} = {theirs}\n{corp}")),
            Layer::overrides(&[format!("{key}={theirs}")]).unwrap(),
        ];
        for subset in 0..4_usize {
            let mut layers = vec![required.clone()];
            layers.extend((0..2).filter(|i| subset >> i & 1 == 1).map(|i| others[i].clone()));
            for turn in 0..layers.len() {
                layers.rotate_left(turn);
                let shown = rows(&merge(&layers).unwrap());
                let expect = format!("{key} = {ours} (required by r.toml:1)");
                assert!(shown.contains(&expect), "{expect} in {shown:#?}");
            }
        }
        // The control: without the requirement the other value stands.
        let shown = rows(&merge(&others).unwrap());
        assert!(shown.contains(&format!("{key} = {theirs} (command line)")), "{shown:#?}");
    }
}

#[test]
fn no_layer_can_point_another_layers_key_at_its_own_address() {
    let corp = "[models.corp]\nurl = \"https://m.example/v1\"\nmodel = \"m\"\nkey_file = \"/k\"\n";
    let move_it = ["models.corp.url=https://evil.example"];
    let attacks = [
        vec![required(corp), user("models.corp.url = \"https://evil.example\"")],
        vec![required(corp), Layer::overrides(&move_it).unwrap()],
    ];
    for layers in attacks {
        let loaded = merge(&layers).unwrap();
        let server = &loaded.settings.models["corp"].value;
        assert_eq!(server.url, "https://m.example/v1");
        assert!(!rows(&loaded).iter().any(|row| row.contains("evil")));
    }
    // A later preference replaces the whole table, so the key is gone with the address.
    let error = merge(&[user(corp), Layer::overrides(&move_it).unwrap()]).unwrap_err();
    assert!(matches!(error, Error::MissingKey { key: "model", .. }), "{error}");
    let whole = Layer::overrides(&[move_it[0], "models.corp.model=m"]).unwrap();
    let loaded = merge(&[user(corp), whole]).unwrap();
    assert_eq!(loaded.settings.models["corp"].value.key_file, None);
}

#[test]
fn requirements_can_close_the_list_of_models() {
    let table =
        |name: &str| format!("[models.{name}]\nurl = \"https://{name}.example\"\nmodel = \"m\"\n");
    let closed = required(&format!("model.allowed = [\"corp\"]\n{}", table("corp")));
    let open = required(&table("corp"));
    let more = user(&format!("model.allowed = [\"corp\", \"more\"]\n{}", table("more")));
    let line = Layer::overrides(&[
        "models.line.url=https://line.example",
        "models.line.model=m",
        "model.allowed=[\"line\"]",
    ])
    .unwrap();
    let loaded = merge(&[closed, more, line]).unwrap();
    assert_eq!(loaded.settings.models.keys().collect::<Vec<_>>(), ["corp"]);
    let ignored: Vec<String> = loaded.ignored.iter().map(ToString::to_string).collect();
    let why = "`model.allowed` does not name it (required by r.toml:1)";
    let expect = [
        format!("the command line: `models.line` is ignored: {why}"),
        format!("u.toml:4: `models.more` is ignored: {why}"),
    ];
    assert_eq!(ignored, expect);
    assert!(!rows(&loaded).iter().any(|row| row.contains("more.example")));
    for name in ["more", "line", "embedded", "some-weights"] {
        let provenance = loaded.settings.forbids(name).unwrap();
        assert_eq!(provenance.to_string(), "required by r.toml:1", "{name}");
    }
    assert_eq!(loaded.settings.forbids("corp"), None);
    // The control: without the key the other tables are used.
    let loaded = merge(&[open, user(&table("more"))]).unwrap();
    assert_eq!(loaded.settings.models.keys().collect::<Vec<_>>(), ["corp", "more"]);
    assert!(loaded.ignored.is_empty() && loaded.settings.forbids("more").is_none());
}

#[test]
fn a_key_is_not_sent_in_the_clear() {
    let server = |url: &str| {
        user(&format!("[models.m]\nurl = \"{url}\"\nmodel = \"m\"\nkey_file = \"/k\"\n"))
    };
    for url in
        ["https://m.example", "http://127.0.0.1:8080/v1", "http://localhost:1", "http://[::1]:8080"]
    {
        assert!(merge(&[server(url)]).is_ok(), "{url}");
    }
    for url in
        ["http://m.example", "http://localhost.evil.example", "http://127.0.0.1.evil.example/v1"]
    {
        let error = merge(&[server(url)]).unwrap_err();
        assert!(matches!(error, Error::KeyInTheClear { .. }), "{url}: {error}");
    }
}

#[test]
fn the_default_model_must_exist() {
    let error = merge(&[user("model.default = \"corp\"")]).unwrap_err();
    let expect = "u.toml:1: `model.default` must be \"embedded\" or the NAME of a [models.NAME] table, not \"corp\"";
    assert_eq!(error.to_string(), expect);
    let with =
        "model.default = \"corp\"\n[models.corp]\nurl = \"https://m.example\"\nmodel = \"m\"\n";
    let settings = merge(&[user(with)]).unwrap().settings;
    assert_eq!(settings.model_default.value, ModelChoice::Named("corp".into()));
    let expect = Provenance { origin: Origin::UserFile("u.toml".into()), line: 1 };
    assert_eq!(settings.model_default.provenance, expect);
    assert_eq!(settings.models["corp"].value.zone, "external:unknown");
}

#[test]
fn overrides_are_taken_as_toml_or_as_text_and_nothing_can_be_smuggled_in() {
    for (argument, key, value) in [
        ("limits.turn_minutes=5", "limits.turn_minutes", "5"),
        ("model.default=embedded", "model.default", "\"embedded\""),
        ("model.default=\"embedded\"", "model.default", "\"embedded\""),
        ("weights.sources=[\"hf\"]", "weights.sources", "[\"hf\"]"),
    ] {
        let loaded = merge(&[Layer::overrides(&[argument]).unwrap()]).unwrap();
        let row = loaded.rows.iter().find(|row| row.key == key).unwrap();
        assert_eq!(row.value, value);
    }
    for argument in [
        "limits.turn_minutes",
        "[limits]=1",
        "x=1\ny=2",
        "a\nb=1",
        "limits.turn_minutes=x",
        "nonsense=1",
    ] {
        assert!(Layer::overrides(&[argument]).is_err(), "{argument}");
    }
}

#[test]
fn the_documentation_lists_every_key_with_its_default() {
    let documentation = include_str!("../../../../docs/config.md");
    for key in KEYS {
        let default =
            if key.default.is_empty() { "none".into() } else { format!("`{}`", key.default) };
        let row = format!("| `{}` | {default} | {} |", key.path, key.purpose);
        assert!(documentation.contains(&row), "docs/config.md lacks\n{row}");
    }
    let section = documentation.split("\n## Settings of a workspace\n").nth(1).unwrap();
    let table = section.split("|---|---|\n").nth(1).unwrap().split("\n\n").next().unwrap();
    let listed: Vec<&str> =
        table.lines().flat_map(|row| row.split('|').nth(1).unwrap().split(", ")).collect();
    for key in KEYS {
        let is_listed = listed.iter().any(|it| it.trim() == format!("`{}`", key.path));
        assert_eq!(is_listed, key.tighter != Tighter::Neither, "{}", key.path);
    }
    let example =
        documentation.split("```toml\n").nth(1).and_then(|rest| rest.split("```").next()).unwrap();
    merge(&[user(example)]).unwrap();
}
