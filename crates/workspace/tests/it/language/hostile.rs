// SPDX-License-Identifier: Apache-2.0
//! Workspaces that make their language server work for them. Each attack has its control: the
//! same server, started by hand as editors do, on the same files.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdout, Stdio};

use moat_protocol::workspace::{LanguageAnswer, LanguageWant, ServerStanding};
use serde_json::{Value, json};

use super::{Talk, at, scratch, servers, there};
use crate::support::{Scratch, eventually};

/// A workspace with an attack in it.
struct Attack {
    server: &'static str,
    program: &'static str,
    arguments: &'static [&'static str],
    file: &'static str,
    language: &'static str,
    text: &'static str,
}

const TYPESCRIPT: Attack = Attack {
    server: "typescript-language-server",
    program: "typescript-language-server",
    arguments: &["--stdio"],
    file: "a.ts",
    language: "typescript",
    text: "const x = 1;\n",
};

const PYTHON: Attack = Attack {
    server: "pyright",
    program: "basedpyright-langserver",
    arguments: &["--stdio"],
    file: "a.py",
    language: "python",
    text: "import private\n\nprint(private.KEY)\n",
};

const C: Attack = Attack {
    server: "clangd",
    program: "clangd",
    arguments: &[],
    file: "a.c",
    language: "c",
    text: "int f(void) { return 0; }\n",
};

impl Attack {
    /// A scratch place with the file, and a directory of the user's beside the workspace.
    fn begin(&self) -> (Scratch, PathBuf) {
        let scratch = scratch();
        scratch.write(self.file, self.text);
        let outside = scratch.base.join("home/outside");
        std::fs::create_dir(&outside).unwrap();
        (scratch, outside)
    }

    /// The server as an editor starts it.
    fn by_hand(&self, scratch: &Scratch) -> ByHand {
        let own = servers().join(self.program);
        let program = if own.exists() { own } else { Path::new("/usr/bin").join(self.program) };
        let mut command = std::process::Command::new(program);
        command.args(self.arguments).current_dir(&scratch.root);
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null());
        let mut child = command.spawn().unwrap();
        let output = BufReader::new(child.stdout.take().unwrap());
        let mut talk = ByHand { child, output };
        let root = format!("file://{}", scratch.root.display());
        let folders = json!([{ "uri": root, "name": "x" }]);
        let capabilities = json!({ "workspace": { "workspaceFolders": true } });
        talk.ask(
            "initialize",
            &json!({ "processId": null, "rootUri": root,
            "workspaceFolders": folders, "capabilities": capabilities }),
        );
        talk.send(&json!({ "jsonrpc": "2.0", "method": "initialized", "params": {} }));
        let document = json!({ "uri": format!("{root}/{}", self.file),
            "languageId": self.language, "version": 1, "text": self.text });
        talk.send(&json!({ "jsonrpc": "2.0", "method": "textDocument/didOpen",
            "params": { "textDocument": document } }));
        talk
    }

    /// Shows the file to the server in its sandbox, until it has done all that it does.
    fn sandboxed(&self, scratch: &Scratch, done: impl Fn(&Talk<'_>)) {
        let talk = Talk::allowed(scratch);
        talk.show(self.file, self.language);
        done(&talk);
    }
}

/// A server that is talked with without a gateway. It ends with this.
struct ByHand {
    child: Child,
    output: BufReader<ChildStdout>,
}

impl ByHand {
    fn send(&mut self, message: &Value) {
        let body = message.to_string();
        let input = self.child.stdin.as_mut().unwrap();
        write!(input, "Content-Length: {}\r\n\r\n{body}", body.len()).unwrap();
    }

    /// Asks, and answers what is asked in the meantime with nothing.
    fn ask(&mut self, method: &str, parameters: &Value) -> Value {
        self.send(
            &json!({ "jsonrpc": "2.0", "id": method, "method": method, "params": parameters }),
        );
        loop {
            let message = self.read();
            match (message.get("id"), message.get("method")) {
                (Some(id), None) if id == method => return message["result"].clone(),
                (Some(id), Some(_)) => {
                    self.send(&json!({ "jsonrpc": "2.0", "id": id, "result": null }));
                }
                _ => {}
            }
        }
    }

    fn read(&mut self) -> Value {
        let mut length = 0;
        loop {
            let mut line = String::new();
            self.output.read_line(&mut line).unwrap();
            match line.split_once(':') {
                Some(("Content-Length", value)) => {
                    length = value.trim().parse().unwrap();
                }
                _ if line.trim().is_empty() => break,
                _ => {}
            }
        }
        let mut body = vec![0; length];
        self.output.read_exact(&mut body).unwrap();
        serde_json::from_slice(&body).unwrap()
    }
}

impl Drop for ByHand {
    fn drop(&mut self) {
        let _ended_by_itself = self.child.kill();
        let _status = self.child.wait();
    }
}

/// A program in place of the project's own TypeScript, which the server runs by design.
fn plant_typescript(scratch: &Scratch, script: &str) {
    let package = "{\"name\": \"typescript\", \"version\": \"5.9.3\"}";
    scratch.write("package.json", "{}");
    scratch.write("node_modules/typescript/package.json", package);
    scratch.write("node_modules/typescript/lib/tsserver.js", script);
    scratch.write("node_modules/typescript/lib/typescript.js", script);
}

#[test]
fn a_package_of_the_workspace_writes_nothing() {
    if !there(TYPESCRIPT.program) {
        return;
    }
    let plant = |scratch: &Scratch, outside: &Path| {
        let write = |place: &Path| {
            let place = place.join("canary");
            format!(
                "try {{ require('fs').writeFileSync('{}', 'x') }} catch {{}}\n",
                place.display()
            )
        };
        plant_typescript(scratch, &[outside, &scratch.root, &scratch.base].map(write).concat());
    };
    let marks = |scratch: &Scratch, outside: &Path| {
        [outside, &scratch.root, &scratch.base].map(|place| place.join("canary").exists())
    };
    {
        let (scratch, outside) = TYPESCRIPT.begin();
        plant(&scratch, &outside);
        let _talk = TYPESCRIPT.by_hand(&scratch);
        eventually(|| marks(&scratch, &outside), |all| *all == [true; 3]);
    }
    let (scratch, outside) = TYPESCRIPT.begin();
    plant(&scratch, &outside);
    TYPESCRIPT.sandboxed(&scratch, |talk| {
        // What it ran in place of TypeScript has ended, so it ends too or answers nothing.
        let _answer = talk.ask(TYPESCRIPT.file, LanguageWant::Symbols);
    });
    assert_eq!(marks(&scratch, &outside), [false; 3]);
}

#[test]
fn a_package_of_the_workspace_reaches_no_network() {
    if !there(TYPESCRIPT.program) {
        return;
    }
    #[expect(clippy::disallowed_methods, reason = "the attacker's end of the network")]
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    listener.set_nonblocking(true).unwrap();
    let port = listener.local_addr().unwrap().port();
    let script = format!(
        "const s = require('net').connect({port}, '127.0.0.1');\n\
         s.on('error', () => process.exit(0)); s.on('connect', () => process.exit(0));\n"
    );
    {
        let (scratch, _outside) = TYPESCRIPT.begin();
        plant_typescript(&scratch, &script);
        let _talk = TYPESCRIPT.by_hand(&scratch);
        eventually(|| listener.accept().is_ok(), |came| *came);
        // Nothing of the control comes later.
    }
    while listener.accept().is_ok() {}
    let (scratch, _outside) = TYPESCRIPT.begin();
    plant_typescript(&scratch, &script);
    TYPESCRIPT.sandboxed(&scratch, |talk| {
        let _answer = talk.ask(TYPESCRIPT.file, LanguageWant::Symbols);
    });
    assert!(listener.accept().is_err(), "it reached the network");
}

#[test]
fn a_configuration_of_the_workspace_shows_nothing_of_the_home() {
    if !there(PYTHON.program) {
        return;
    }
    let plant = |scratch: &Scratch, outside: &Path| {
        std::fs::write(outside.join("private.py"), "KEY = \"canary\"\n").unwrap();
        let paths = json!({ "extraPaths": [outside] });
        scratch.write("pyrightconfig.json", paths.to_string());
    };
    let spot = at(PYTHON.text, "KEY", 0);
    {
        let (scratch, outside) = PYTHON.begin();
        plant(&scratch, &outside);
        let mut talk = PYTHON.by_hand(&scratch);
        let uri = format!("file://{}/{}", scratch.root.display(), PYTHON.file);
        let position = json!({ "line": spot.line - 1, "character": spot.column - 1 });
        let asked = json!({ "textDocument": { "uri": uri }, "position": position });
        let found = talk.ask("textDocument/definition", &asked);
        assert!(found.to_string().contains("outside/private.py"), "{found}");
    }
    let (scratch, outside) = PYTHON.begin();
    plant(&scratch, &outside);
    PYTHON.sandboxed(&scratch, |talk| {
        let found = talk.ask(PYTHON.file, LanguageWant::Definition { at: spot });
        assert!(!format!("{found:?}").contains("private.py"), "{found:?}");
        let hover = talk.ask(PYTHON.file, LanguageWant::Hover { at: spot });
        assert!(!format!("{hover:?}").contains("str"), "{hover:?}");
        talk.problems(PYTHON.file, |all| all.iter().any(|it| it.message.contains("private")));
    });
}

#[test]
fn a_link_of_the_workspace_leads_no_index_elsewhere() {
    if !there(C.program) {
        return;
    }
    let plant = |scratch: &Scratch, outside: &Path| {
        scratch.write("b.c", "int g(void) { return 0; }\n");
        let commands: Vec<Value> = ["a.c", "b.c"]
            .iter()
            .map(|file| json!({ "directory": scratch.root, "file": file, "command": format!("cc -c {file}") }))
            .collect();
        scratch.write("compile_commands.json", Value::Array(commands).to_string());
        std::os::unix::fs::symlink(outside, scratch.root.join(".cache")).unwrap();
    };
    {
        let (scratch, outside) = C.begin();
        plant(&scratch, &outside);
        let _talk = C.by_hand(&scratch);
        eventually(|| outside.join("clangd/index").exists(), |there| *there);
    }
    let (scratch, outside) = C.begin();
    plant(&scratch, &outside);
    C.sandboxed(&scratch, |talk| {
        talk.wait_for(C.server, ServerStanding::Ready);
        // What is declared in the other file is known only from the index.
        talk.change(C.file, 2, "int g(void);\nint f(void) { return g(); }\n");
        let place = super::Spot { line: 2, column: 23 };
        let known = || {
            let want = LanguageWant::Definition { at: place };
            let found = talk.answer(talk.begin(C.file, 2, want));
            matches!(&found, LanguageAnswer::Located { places, .. }
                if places.iter().any(|it| it.path.to_string() == "b.c"))
        };
        eventually(known, |known| *known);
    });
    assert_eq!(std::fs::read_dir(&outside).unwrap().count(), 0);
}
