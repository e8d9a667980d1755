// SPDX-License-Identifier: Apache-2.0
//! Reading the files, and who may write them.

use std::collections::BTreeMap;
use std::io;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::{Path, PathBuf};

use moat_base::{Fs, Hint as _, RealFs};
use moat_config::{Error, FileKind, Loaded, Ownership, Stat, SystemOwnership, load, read_key};

/// Says of every path that it is root's own, but for the exceptions.
#[derive(Debug, Default)]
struct Table(BTreeMap<PathBuf, Stat>);

impl Ownership for Table {
    fn stat(&self, path: &Path) -> io::Result<Stat> {
        let real = SystemOwnership.stat(path)?;
        let root = Stat { uid: 0, mode: 0o755, kind: real.kind };
        Ok(self.0.get(path).copied().unwrap_or(root))
    }
}

struct Machine {
    directory: tempfile::TempDir,
}

impl Machine {
    fn new() -> Self {
        let directory = tempfile::tempdir().unwrap();
        for name in ["user", "etc"] {
            RealFs.create_dir_all(&directory.path().join(name)).unwrap();
        }
        Self { directory }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.directory.path().join(name)
    }

    fn write(&self, name: &str, text: &str) {
        RealFs.replace(&self.path(name), text.as_bytes()).unwrap();
    }

    fn load(&self, ownership: &dyn Ownership) -> Result<Loaded, Error> {
        let (user, requirements) = (self.path("user"), self.path("etc/requirements.toml"));
        load::<&str>(&RealFs, ownership, &user, &requirements, &[])
    }
}

#[test]
fn missing_files_are_the_defaults_and_the_two_files_are_read() {
    let machine = Machine::new();
    let loaded = machine.load(&Table::default()).unwrap();
    assert_eq!(loaded.settings.limits.turn_minutes.value, 30);
    machine.write(
        "user/config.toml",
        "[network]\nextra_ca = \"ca.pem\"\n[limits]\nturn_minutes = 3\ncommand_seconds = 4\n",
    );
    machine.write("etc/requirements.toml", "limits.turn_minutes = 2\n");
    let settings = machine.load(&Table::default()).unwrap().settings;
    assert_eq!(settings.limits.turn_minutes.value, 2);
    assert_eq!(settings.limits.command_seconds.value, 4);
    assert_eq!(settings.network.extra_ca.unwrap().value, machine.path("user/ca.pem"));
}

#[test]
fn requirements_that_others_could_write_stop_everything() {
    let machine = Machine::new();
    machine.write("etc/requirements.toml", "limits.turn_minutes = 2\n");
    // The control: with root as the owner of all, the file is honoured.
    assert!(machine.load(&Table::default()).is_ok());
    let file = machine.path("etc/requirements.toml");
    let stat = |uid, mode, kind| Stat { uid, mode, kind };
    let cases = [
        (file.clone(), stat(1000, 0o644, FileKind::File), "does not belong to root"),
        (file.clone(), stat(0, 0o664, FileKind::File), "can be written by others than root"),
        (file.clone(), stat(0, 0o646, FileKind::File), "can be written by others than root"),
        (file, stat(0, 0o777, FileKind::Other), "is a link or of the wrong kind"),
        (
            machine.path("etc"),
            stat(0, 0o1777, FileKind::Directory),
            "can be written by others than root",
        ),
        (machine.path("etc"), stat(7, 0o755, FileKind::Directory), "does not belong to root"),
        (machine.path("etc"), stat(0, 0o777, FileKind::Other), "is a link or of the wrong kind"),
        (PathBuf::from("/"), stat(65534, 0o755, FileKind::Directory), "does not belong to root"),
    ];
    for (path, stat, expect) in cases {
        let table = Table(BTreeMap::from([(path.clone(), stat)]));
        match machine.load(&table) {
            Err(Error::Unprotected { culprit, reason, .. }) => {
                assert_eq!((culprit, reason), (path, expect));
            }
            other => panic!("{}: {other:?}", path.display()),
        }
    }
}

#[test]
fn requirements_that_are_wrong_stop_everything_with_file_and_line() {
    let machine = Machine::new();
    let file = machine.path("etc/requirements.toml").display().to_string();
    let corp = "[models.corp]\nurl = \"https://m.example\"\nmodel = \"m\"\n";
    machine.write("user/config.toml", corp);
    for (text, line, says) in [
        ("limits.turn_minutes = 2\n[approval\n", 2, "not valid TOML"),
        ("\nlimits.turn_minuts = 2\n", 2, "there is no key `limits.turn_minuts`"),
        ("\n\nlimits.turn_minutes = 0\n", 3, "`limits.turn_minutes` must be"),
        ("[models.corp]\nurl = \"https://m.example\"\n", 2, "`models.corp` has no `model`"),
        ("\nmodel.allowed = [\"corp\"]\n", 2, "`model.allowed` must be"),
        ("model.default = \"gone\"\n", 1, "`model.default` must be"),
    ] {
        machine.write("etc/requirements.toml", text);
        let error = machine.load(&Table::default()).unwrap_err();
        let expect = format!("{file}:{line}: {says}");
        assert!(error.to_string().starts_with(&expect), "{text}: {error}");
        assert!(error.hint().is_some());
    }
    let path = machine.path("etc/requirements.toml");
    RealFs.replace(&path, b"a = 1\n\xff").unwrap();
    let error = machine.load(&Table::default()).unwrap_err();
    assert_eq!(error.to_string(), format!("{file}:2: not valid TOML: the file is not UTF-8"));
    // The control: right ones are honoured.
    machine.write("etc/requirements.toml", &format!("model.allowed = [\"corp\"]\n{corp}"));
    assert!(machine.load(&Table::default()).unwrap().settings.forbids("embedded").is_some());
}

/// Refuses or loses one file.
#[derive(Debug)]
struct Refusing(PathBuf, io::ErrorKind);

impl Ownership for Refusing {
    fn stat(&self, path: &Path) -> io::Result<Stat> {
        if path == self.0 { Err(self.1.into()) } else { Table::default().stat(path) }
    }
}

#[test]
fn requirements_that_cannot_be_read_stop_everything_with_the_file() {
    let machine = Machine::new();
    machine.write("etc/requirements.toml", "limits.turn_minutes = 2\n");
    let path = machine.path("etc/requirements.toml");
    for kind in [io::ErrorKind::PermissionDenied, io::ErrorKind::NotADirectory] {
        let error = machine.load(&Refusing(path.clone(), kind)).unwrap_err();
        assert!(matches!(&error, Error::Read { path: at, .. } if *at == path), "{error}");
    }
    // The one way to have none.
    assert!(machine.load(&Refusing(path.clone(), io::ErrorKind::NotFound)).is_ok());
    let nobody = std::fs::Permissions::from_mode(0o000);
    std::fs::set_permissions(&path, nobody).unwrap();
    match machine.load(&Table::default()) {
        Err(Error::Read { path: at, .. }) => assert_eq!(at, path),
        // Whoever runs the tests as root reads everything.
        Ok(loaded) => assert_eq!(loaded.settings.limits.turn_minutes.value, 2),
        Err(other) => panic!("{other}"),
    }
    RealFs.remove(&path).unwrap();
    RealFs.create_dir_all(&path).unwrap();
    let error = machine.load(&Table::default()).unwrap_err();
    assert!(matches!(error, Error::Unprotected { .. }), "{error}");
    std::fs::remove_dir(&path).unwrap();
    machine.write("etc/requirements.toml", &"#".repeat(300 * 1024));
    assert!(matches!(machine.load(&Table::default()), Err(Error::Read { .. })));
}

#[test]
fn an_unreadable_and_an_endless_file_are_named() {
    let machine = Machine::new();
    machine.write("elsewhere", "limits.turn_minutes = 2\n");
    symlink(machine.path("elsewhere"), machine.path("user/config.toml")).unwrap();
    assert!(matches!(machine.load(&Table::default()), Err(Error::Read { .. })));
    RealFs.remove(&machine.path("user/config.toml")).unwrap();
    machine.write("user/config.toml", &"#".repeat(300 * 1024));
    assert!(matches!(machine.load(&Table::default()), Err(Error::Read { .. })));
}

#[test]
fn a_key_is_read_only_from_a_private_file_with_one_line() {
    let machine = Machine::new();
    let read = |name: &str| read_key(&RealFs, &SystemOwnership, &machine.path(name));
    machine.write("key", "sk-123\n");
    assert_eq!(read("key").unwrap().expose(), "sk-123");
    for (name, text) in
        [("empty", "\n"), ("two", "a\nb\n"), ("control", "a\u{1b}b"), ("header", "a\r\nX-Evil: 1")]
    {
        machine.write(name, text);
        assert!(matches!(read(name), Err(Error::KeyFile { .. })), "{name}");
    }
    for mode in [0o640, 0o604, 0o660, 0o610] {
        let permissions = std::fs::Permissions::from_mode(mode);
        std::fs::set_permissions(machine.path("key"), permissions).unwrap();
        let error = read("key").unwrap_err();
        assert!(error.to_string().ends_with("can be read by other users"), "{mode:o}");
    }
    symlink(machine.path("two"), machine.path("link")).unwrap();
    assert!(matches!(read("link"), Err(Error::KeyFile { .. })));
    assert!(matches!(read("missing"), Err(Error::Read { .. })));
}
