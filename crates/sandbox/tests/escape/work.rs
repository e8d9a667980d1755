// SPDX-License-Identifier: Apache-2.0
//! Real work without a network: what developers do all day must go on inside.
//!
//! A toolchain that this machine lacks is named on the output; at least the system's
//! shell, compiler and interpreter must be there.

use std::io::Write;
use std::path::Path;

use moat_sandbox::{Command, Launcher, Sandbox, Settings};

use rustix::fs::{Mode, OFlags};

use crate::support::{Finished, Scratch, run, shell};

#[test]
fn c_with_make() {
    let scratch = Scratch::new();
    let launcher = scratch.launcher();
    let sandbox = scratch.sandbox(&launcher);
    write(&sandbox, "main.c", "#include <stdio.h>\nint main(void) { puts(\"built\"); }\n");
    write(&sandbox, "Makefile", "test: main\n\t./main\nmain: main.c\n\tcc -o main main.c\n");
    let made = shell(&sandbox, "make -j2 test").succeeded();
    assert!(made.output.ends_with("built\n"), "{}", made.output);
    assert!(!scratch.project.join("main").exists());
}

#[test]
fn python_with_a_virtual_environment() {
    let scratch = Scratch::new();
    let launcher = scratch.launcher();
    let sandbox = scratch.sandbox(&launcher);
    let script = "/usr/bin/python3 -m venv --without-pip .venv && . .venv/bin/activate \
                  && python -m unittest -q test_it";
    let test = "import unittest, subprocess, sys, multiprocessing, os, pty, socket, tempfile\n\
        def double(x): return 2 * x\n\
        class It(unittest.TestCase):\n\
        \x20def test_venv(self): self.assertIn('.venv', sys.prefix)\n\
        \x20def test_subprocess(self):\n\
        \x20 self.assertEqual(subprocess.run(['echo', 'a'], capture_output=True).stdout, b'a\\n')\n\
        \x20def test_pool(self):\n\
        \x20 with multiprocessing.get_context('forkserver').Pool(2) as p:\n\
        \x20  self.assertEqual(p.map(double, [1, 2]), [2, 4])\n\
        \x20def test_semaphore(self): multiprocessing.Lock().acquire()\n\
        \x20def test_pty(self): self.assertTrue(os.ttyname(pty.openpty()[1]).startswith('/dev/pts'))\n\
        \x20def test_loopback(self):\n\
        \x20 s = socket.create_server(('127.0.0.1', 0))\n\
        \x20 socket.create_connection(s.getsockname())\n\
        \x20def test_local_socket(self):\n\
        \x20 name = os.path.join(os.getcwd(), 's')\n\
        \x20 s = socket.socket(socket.AF_UNIX); s.bind(name); s.listen()\n\
        \x20 socket.socket(socket.AF_UNIX).connect(name)\n\
        \x20def test_temporary(self): tempfile.NamedTemporaryFile().write(b'x')\n\
        \x20def test_who(self):\n\
        \x20 import pwd; self.assertEqual(pwd.getpwuid(os.getuid()).pw_name, 'user')\n\
        if __name__ == '__main__': unittest.main()\n";
    write(&sandbox, "test_it.py", test);
    shell(&sandbox, script).succeeded();
}

#[test]
fn git_commits_and_sees_its_status() {
    let scratch = Scratch::new();
    let launcher = scratch.launcher();
    let sandbox = scratch.sandbox(&launcher);
    write(&sandbox, "a.txt", "a");
    let script = "git init -q && git add . && git commit -qm first && echo b > b.txt \
                  && git mv a.txt c.txt && git status --porcelain";
    let shown = shell(&sandbox, script).succeeded();
    assert_eq!(shown.output, "R  a.txt -> c.txt\n?? b.txt\n");
}

#[test]
fn node_with_its_test_runner() {
    let scratch = Scratch::new();
    let launcher = scratch.launcher();
    let sandbox = scratch.sandbox(&launcher);
    if !present(&sandbox, "node") {
        return;
    }
    let test = "const test = require('node:test'), assert = require('node:assert');\n\
        const { Worker } = require('node:worker_threads');\n\
        const { fork, execSync } = require('node:child_process');\n\
        test('http', async () => {\n\
          const server = require('node:http').createServer((q, a) => a.end('ok')).listen(0, '127.0.0.1');\n\
          await new Promise(done => server.on('listening', done));\n\
          const reply = await fetch(`http://127.0.0.1:${server.address().port}`);\n\
          assert.equal(await reply.text(), 'ok'); server.closeAllConnections(); server.close();\n\
        });\n\
        test('worker', () => new Promise(done => new Worker('', { eval: true }).on('exit', done)));\n\
        test('child', () => assert.equal(String(execSync('echo a')), 'a\\n'));\n";
    write(&sandbox, "it.test.js", test);
    shell(&sandbox, "node --test").succeeded();
}

#[test]
fn a_java_program() {
    let scratch = Scratch::new();
    let launcher = scratch.launcher();
    let sandbox = scratch.sandbox(&launcher);
    if !present(&sandbox, "javac") {
        return;
    }
    let source = "public class Main { public static void main(String[] a) throws Exception {\n\
        Thread t = new Thread(() -> System.out.println(\"built\")); t.start(); t.join(); } }\n";
    write(&sandbox, "Main.java", source);
    let shown = shell(&sandbox, "javac Main.java && java Main").succeeded();
    assert_eq!(shown.output, "built\n");
}

#[test]
fn cargo_with_a_dependency_from_the_cache() {
    let Some((launcher, scratch)) = with_own_home() else { return };
    let sandbox = scratch.sandbox(&launcher);
    if !present(&sandbox, "cargo") {
        return;
    }
    cargo_project(&sandbox);
    let built = shell(&sandbox, "cargo test --offline -q 2>&1").succeeded();
    assert!(built.output.contains("1 passed"), "{}", built.output);
    assert!(!scratch.project.join("target").exists());
}

/// A crate with a dependency that this build's own cache has.
pub(crate) fn cargo_project(sandbox: &Sandbox) {
    write(
        sandbox,
        "Cargo.toml",
        "[package]\nname = \"it\"\nversion = \"0.1.0\"\nedition = \"2021\"\n\
         [dependencies]\nitoa = \"1\"\n",
    );
    rustix::fs::mkdirat(sandbox.root(), "src", Mode::from_raw_mode(0o755)).unwrap();
    let source = "#[test] fn it() { assert_eq!(itoa::Buffer::new().format(7), \"7\"); }\n";
    write(sandbox, "src/lib.rs", source);
}

#[test]
fn maven_with_plugins_and_a_dependency_from_the_cache() {
    let repository = Path::new(DISTRIBUTION_MAVEN);
    if !repository.join("org/apache/maven/plugins/maven-surefire-plugin").is_dir() {
        println!("skipped: the distribution's Maven plugins are not installed");
        return;
    }
    let scratch = Scratch::new();
    let settings = scratch.settings();
    // What a user's cache would hold: the files themselves, in the home.
    copy_files(repository, &settings.home.join(".m2/repository"));
    let launcher = Launcher::start(settings).unwrap();
    let sandbox = scratch.sandbox(&launcher);
    if !present(&sandbox, "mvn") {
        return;
    }
    write(&sandbox, "pom.xml", POM);
    for directory in ["src", "src/main", "src/main/java", "src/test", "src/test/java"] {
        rustix::fs::mkdirat(sandbox.root(), directory, Mode::from_raw_mode(0o755)).unwrap();
    }
    let wrong = "public class Sum { static int of(int a, int b) { return a - b; } }\n";
    write(&sandbox, "src/main/java/Sum.java", wrong);
    let test = "import org.junit.Test;\nimport static org.junit.Assert.assertEquals;\n\
        public class SumTest { @Test public void adds() { assertEquals(3, Sum.of(1, 2)); } }\n";
    write(&sandbox, "src/test/java/SumTest.java", test);
    let failed = shell(&sandbox, "mvn -o -q -B test 2>&1");
    assert!(failed.output.contains("expected:<3> but was:<-1>"), "{}", failed.output);
    write(&sandbox, "src/main/java/Sum.java", &wrong.replace('-', "+"));
    let built = shell(&sandbox, "mvn -o -B test 2>&1").succeeded();
    assert!(built.output.contains("Tests run: 1, Failures: 0"), "{}", built.output);
    assert!(!scratch.project.join("target").exists());
}

/// Where Debian keeps the Maven packages that it distributes, in a repository's layout.
const DISTRIBUTION_MAVEN: &str = "/usr/share/maven-repo";

const POM: &str = r#"<project xmlns="http://maven.apache.org/POM/4.0.0">
  <modelVersion>4.0.0</modelVersion>
  <groupId>it</groupId>
  <artifactId>it</artifactId>
  <version>1</version>
  <properties>
    <maven.compiler.source>11</maven.compiler.source>
    <maven.compiler.target>11</maven.compiler.target>
    <project.build.sourceEncoding>UTF-8</project.build.sourceEncoding>
  </properties>
  <dependencies>
    <dependency>
      <groupId>junit</groupId>
      <artifactId>junit</artifactId>
      <version>4.x</version>
      <scope>test</scope>
    </dependency>
  </dependencies>
</project>
"#;

/// Copies the files below a directory, each link as the file that it leads to.
fn copy_files(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap() {
        let (from, name) = entry.map(|entry| (entry.path(), entry.file_name())).unwrap();
        let to = to.join(name);
        match std::fs::metadata(&from) {
            Ok(data) if data.is_dir() => copy_files(&from, &to),
            Ok(_) => drop(std::fs::copy(&from, &to).unwrap()),
            // A link to a package that is not installed.
            Err(_) => {}
        }
    }
}

/// A launcher that shows this machine's own toolchains, around a scratch workspace.
///
/// The home is found from the toolchain that built this test.
fn with_own_home() -> Option<(Launcher, Scratch)> {
    own_home().map(|(settings, scratch)| (Launcher::start(settings).unwrap(), scratch))
}

/// The settings of such a launcher.
pub(crate) fn own_home() -> Option<(Settings, Scratch)> {
    own_home_with(Scratch::new)
}

/// The same around a scratch that is made in another place.
pub(crate) fn own_home_with(make: impl FnOnce() -> Scratch) -> Option<(Settings, Scratch)> {
    let cargo = Path::new(env!("CARGO"));
    let Some(rustup) = cargo.ancestors().find(|place| place.ends_with(".rustup")) else {
        println!("skipped: the toolchain does not lie in a home");
        return None;
    };
    let home = rustup.parent().unwrap().to_owned();
    let scratch = make();
    let mut path = vec![home.join(".cargo/bin")];
    path.extend(scratch.settings().path);
    let settings = Settings { home, path, ..scratch.settings() };
    Some((settings, scratch))
}

pub(crate) fn present(sandbox: &Sandbox, program: &str) -> bool {
    let found: Finished =
        run(sandbox, &Command::new(["/bin/sh", "-c", "command -v \"$0\"", program]));
    if !found.exit.success() {
        println!("skipped: {program} is not on this machine");
    }
    found.exit.success()
}

/// Writes into the session's tree, from outside.
pub(crate) fn write(sandbox: &Sandbox, name: &str, text: &str) {
    let flags = OFlags::WRONLY | OFlags::CREATE | OFlags::CLOEXEC;
    let mode = Mode::from_raw_mode(0o644);
    let file = rustix::fs::openat(sandbox.root(), name, flags, mode).unwrap();
    std::fs::File::from(file).write_all(text.as_bytes()).unwrap();
}
