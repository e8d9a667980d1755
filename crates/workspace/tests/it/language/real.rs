// SPDX-License-Identifier: Apache-2.0
//! Real servers in their sandboxes: everything that a front end can ask, for three languages.

use std::path::Path;

use moat_base::TreePath;
use moat_protocol::workspace::{
    FileEdits, LanguageAnswer, LanguageQuery, LanguageWant, ProblemSeverity, ServerStanding, Span,
    Spot, SymbolSort,
};

use serde_json::json;

use super::{Talk, at, point, scratch, there};
use crate::support::{Scratch, eventually, path};

const PYTHON: &str = "from helper import greet\n\n\nclass Box:\n    def open(self) -> str:\n        text = greet(\"ü\")\n        return text.\n\n\nbad: int = \"no\"\n";
const PYTHON_HELPER: &str =
    "def greet(name: str) -> str:\n    \"\"\"Says *hello*.\"\"\"\n    return \"hello \" + name\n";

const TYPESCRIPT: &str = "import { greet } from \"./helper\";\n\nclass Box {\n  open(): string {\n    const text = greet(\"ü\");\n    return text.\n  }\n}\n\nlet   bad: number = \"no\";\nexport { Box, bad };\n";
const TYPESCRIPT_HELPER: &str = "/** Says *hello*. */\nexport function greet(name: string): string {\n  return \"hello \" + name;\n}\n";

const C: &str = "#include \"helper.h\"\n\nstruct box { int size; };\n\nint main(void) {\n    struct box b = {0};\n    int   n = greet(b.size);\n    return n\n}\n";
const C_HEADER: &str = "/// Says hello.\nint greet(int times);\n";
const C_HELPER: &str =
    "#include \"helper.h\"\n\nint greet(int times) {\n    return times + 1;\n}\n";

fn names(answer: &LanguageAnswer) -> Vec<String> {
    match answer {
        LanguageAnswer::Completed { items, .. } => {
            items.iter().map(|item| item.label.trim().to_owned()).collect()
        }
        other => panic!("{other:?}"),
    }
}

fn paths(files: &[FileEdits]) -> Vec<String> {
    files.iter().map(|file| file.path.to_string()).collect()
}

/// Makes edits as an editor does; they count in UTF-16 units.
fn applied(text: &str, file: &FileEdits) -> String {
    let units: Vec<u16> = text.encode_utf16().collect();
    let offset = |spot: Spot| {
        let mut line = 1;
        let mut begin = 0;
        for (index, unit) in units.iter().enumerate() {
            if line == spot.line {
                break;
            }
            if *unit == u16::from(b'\n') {
                line += 1;
                begin = index + 1;
            }
        }
        (begin + usize::try_from(spot.column - 1).unwrap()).min(units.len())
    };
    let mut made = units.clone();
    for edit in file.edits.iter().rev() {
        let Span { from, to } = edit.span;
        made.splice(offset(from)..offset(to), edit.text.encode_utf16());
    }
    String::from_utf16(&made).unwrap()
}

#[track_caller]
fn edited(answer: LanguageAnswer) -> Vec<FileEdits> {
    match answer {
        LanguageAnswer::Edited { files } => files,
        other => panic!("{other:?}"),
    }
}

#[track_caller]
fn located(answer: LanguageAnswer) -> Vec<(TreePath, u32)> {
    match answer {
        LanguageAnswer::Located { places, .. } => {
            places.into_iter().map(|place| (place.path, place.span.from.line)).collect()
        }
        other => panic!("{other:?}"),
    }
}

/// What all three are asked alike: everything but what is laid out and repaired.
struct Common<'a> {
    file: &'a str,
    text: &'a str,
    helper: &'a str,
    /// The line of the helper on which it is declared.
    declared: u32,
    /// The files in which it has its name.
    named: &'a [&'a str],
    /// Where items are asked for, and what is among them.
    complete: (Spot, &'a str),
}

impl Common<'_> {
    fn check(&self, talk: &Talk<'_>) {
        let used = |by| at(self.text, "greet(", by);
        let hover = talk.ask(self.file, LanguageWant::Hover { at: used(1) });
        let LanguageAnswer::Hovered { texts, .. } = &hover else { panic!("{hover:?}") };
        assert!(texts.concat().contains("greet"), "{texts:?}");
        // Other files are known when the server has read them.
        eventually(
            || located(talk.ask(self.file, LanguageWant::Definition { at: used(1) })),
            |found| *found == [(path(self.helper), self.declared)],
        );
        eventually(
            || located(talk.ask(self.file, LanguageWant::References { at: used(1) })),
            |found| {
                found.contains(&(path(self.helper), self.declared))
                    && found.contains(&(path(self.file), used(1).line))
            },
        );
        let symbols = talk.ask(self.file, LanguageWant::Symbols);
        let LanguageAnswer::Symbols { symbols } = symbols else { panic!("{symbols:?}") };
        assert!(symbols.iter().any(|it| it.name.eq_ignore_ascii_case("box")), "{symbols:?}");
        assert!(symbols.iter().any(|it| it.depth == 1), "{symbols:?}");
        let rename = LanguageWant::Rename { at: used(1), name: "salute".to_owned() };
        let files = eventually(
            || edited(talk.ask(self.file, rename.clone())),
            |files| paths(files) == self.named,
        );
        let ours = files.iter().find(|file| file.path == path(self.file)).unwrap();
        let ours = applied(self.text, ours);
        assert_eq!(ours, self.text.replace("greet", "salute"));
        let (spot, expected) = self.complete;
        let items = talk.ask(self.file, LanguageWant::Complete { at: spot, typed: None });
        assert!(names(&items).iter().any(|it| it.starts_with(expected)), "{items:?}");
    }
}

/// The server wrote nothing in the tree.
fn assert_untouched(scratch: &Scratch, expected: &[&str]) {
    let mut names: Vec<String> = std::fs::read_dir(&scratch.root)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    assert_eq!(names, expected);
}

#[test]
fn python() {
    if !there("basedpyright-langserver") {
        return;
    }
    let scratch = scratch();
    scratch.write("main.py", PYTHON);
    scratch.write("helper.py", PYTHON_HELPER);
    let talk = Talk::allowed(&scratch);
    talk.show("main.py", "python");
    talk.wait_for("pyright", ServerStanding::Ready);
    let common = Common {
        file: "main.py",
        text: PYTHON,
        helper: "helper.py",
        declared: 1,
        named: &["helper.py", "main.py"],
        complete: (at(PYTHON, "text.\n", 5), "upper"),
    };
    common.check(&talk);
    let wrong = talk.problems("main.py", |all| all.iter().any(|it| it.message.contains("int")));
    let wrong = wrong.iter().find(|it| it.message.contains("int")).unwrap();
    assert_eq!(wrong.severity, ProblemSeverity::Error);
    assert_eq!(wrong.span.from, at(PYTHON, "\"no\"", 0));
    assert!(wrong.code.is_some());
    // It lays nothing out, and says so.
    let format = LanguageWant::Format { span: None, tab: 4, spaces: true };
    assert_eq!(talk.ask("main.py", format), LanguageAnswer::Nothing { why: None });
    let actions = talk.ask("main.py", LanguageWant::Actions { span: wrong.span });
    let LanguageAnswer::Actions { actions } = actions else { panic!("{actions:?}") };
    let ignore = actions.iter().find(|it| it.title.contains("ignore")).unwrap();
    let files = edited(talk.ask("main.py", LanguageWant::Act { action: ignore.number }));
    assert!(applied(PYTHON, &files[0]).contains("ignore["), "{files:?}");
    // Unsaved work counts, and what is wrong goes away with it.
    talk.change("main.py", 2, "from helper import greet\n\ngreet(\"x\")\n");
    talk.problems("main.py", |all| all.iter().all(|it| it.severity != ProblemSeverity::Error));
    talk.tell(LanguageQuery::Closed { path: path("main.py") });
    talk.problems("main.py", <[_]>::is_empty);
    assert_untouched(&scratch, &["helper.py", "main.py"]);
}

#[test]
fn typescript() {
    if !there("typescript-language-server") {
        return;
    }
    let scratch = scratch();
    scratch.write("main.ts", TYPESCRIPT);
    scratch.write("helper.ts", TYPESCRIPT_HELPER);
    scratch.write("tsconfig.json", "{\"compilerOptions\": {\"strict\": true}}\n");
    let talk = Talk::allowed(&scratch);
    talk.show("main.ts", "typescript");
    talk.wait_for("typescript-language-server", ServerStanding::Ready);
    let common = Common {
        file: "main.ts",
        text: TYPESCRIPT,
        helper: "helper.ts",
        declared: 2,
        named: &["helper.ts", "main.ts"],
        complete: (at(TYPESCRIPT, "text.\n", 5), "toUpperCase"),
    };
    common.check(&talk);
    let wrong = talk.problems("main.ts", |all| all.iter().any(|it| it.message.contains("number")));
    assert!(wrong.iter().all(|it| it.source == "typescript"), "{wrong:?}");
    let format = LanguageWant::Format { span: None, tab: 2, spaces: true };
    let files = edited(talk.ask("main.ts", format));
    assert!(applied(TYPESCRIPT, &files[0]).contains("let bad: number"), "{files:?}");
    let part =
        Some(Span { from: at(TYPESCRIPT, "let   bad", 0), to: at(TYPESCRIPT, "export {", 0) });
    let part = LanguageWant::Format { span: part, tab: 2, spaces: true };
    assert_eq!(paths(&edited(talk.ask("main.ts", part))), ["main.ts"]);
    // What an item says in full, with what it changes elsewhere: an import.
    talk.change("main.ts", 2, "const answer = gree\n");
    let want = LanguageWant::Complete { at: Spot { line: 1, column: 20 }, typed: None };
    let items = talk.answer(talk.begin("main.ts", 2, want));
    let LanguageAnswer::Completed { items, .. } = items else { panic!("{items:?}") };
    let greet = items.iter().find(|it| it.label == "greet").unwrap();
    assert_eq!(greet.sort, SymbolSort::Function);
    let more = talk.answer(talk.begin("main.ts", 2, LanguageWant::Describe { item: greet.number }));
    let LanguageAnswer::Described { detail, text, edits } = more else { panic!("{more:?}") };
    assert!(detail.unwrap().contains("greet(name: string)"));
    assert!(text.unwrap().contains("hello"));
    assert!(edits[0].text.contains("import { greet }"), "{edits:?}");
    // An action's edits, found out when it is taken.
    let word = Span { from: Spot { line: 1, column: 16 }, to: Spot { line: 1, column: 20 } };
    talk.change("main.ts", 3, "const answer = greet(\"x\");\n");
    talk.problems("main.ts", |all| all.iter().any(|it| it.message.contains("greet")));
    let actions = talk.answer(talk.begin("main.ts", 3, LanguageWant::Actions { span: word }));
    let LanguageAnswer::Actions { actions } = actions else { panic!("{actions:?}") };
    let import = actions.iter().find(|it| it.title.contains("import")).unwrap();
    let files = talk.answer(talk.begin("main.ts", 3, LanguageWant::Act { action: import.number }));
    let files = edited(files);
    assert!(files[0].edits[0].text.contains("import { greet }"), "{files:?}");
    assert_untouched(&scratch, &["helper.ts", "main.ts", "tsconfig.json"]);
}

#[test]
fn c() {
    if !there("clangd") {
        return;
    }
    let scratch = scratch();
    scratch.write("main.c", C);
    scratch.write("helper.h", C_HEADER);
    scratch.write("helper.c", C_HELPER);
    let commands: Vec<_> = ["main.c", "helper.c"]
        .iter()
        .map(|file| {
            let command = format!("cc -c {file}");
            json!({ "directory": scratch.root, "file": file, "command": command })
        })
        .collect();
    scratch.write("compile_commands.json", json!(commands).to_string());
    let talk = Talk::allowed(&scratch);
    talk.show("main.c", "c");
    talk.wait_for("clangd", ServerStanding::Ready);
    let common = Common {
        file: "main.c",
        text: C,
        helper: "helper.c",
        declared: 3,
        named: &["helper.c", "helper.h", "main.c"],
        complete: (at(C, "b.size", 2), "size"),
    };
    let wrong = talk.problems("main.c", |all| !all.is_empty());
    assert!(wrong[0].message.contains("';'"), "{wrong:?}");
    common.check(&talk);
    let format = LanguageWant::Format { span: None, tab: 4, spaces: true };
    let files = edited(talk.ask("main.c", format));
    assert!(applied(C, &files[0]).contains("int n = greet"), "{files:?}");
    let actions = talk.ask("main.c", LanguageWant::Actions { span: point(wrong[0].span.from) });
    let LanguageAnswer::Actions { actions } = actions else { panic!("{actions:?}") };
    let repair = actions.iter().find(|it| it.title.contains("';'")).unwrap();
    let files = edited(talk.ask("main.c", LanguageWant::Act { action: repair.number }));
    let repaired = applied(C, &files[0]);
    assert!(repaired.contains("return n;"), "{repaired}");
    talk.change("main.c", 2, &repaired);
    talk.problems("main.c", <[_]>::is_empty);
    // What is declared by the system is named and not shown.
    talk.change("main.c", 3, "#include <stdlib.h>\nvoid f(void) { abort(); }\n");
    let want = LanguageWant::Definition { at: Spot { line: 2, column: 17 } };
    let answer = talk.answer(talk.begin("main.c", 3, want));
    let outside = vec!["stdlib.h".to_owned()];
    if Path::new("/usr/include/stdlib.h").exists() {
        assert_eq!(answer, LanguageAnswer::Located { places: Vec::new(), outside });
    }
    assert_untouched(&scratch, &["compile_commands.json", "helper.c", "helper.h", "main.c"]);
}

#[test]
fn a_missing_server_is_offered_and_nothing_is_started() {
    let mut scratch = scratch();
    scratch.settings.programs = vec![scratch.base.join("none")];
    scratch.write("main.py", PYTHON);
    let talk = Talk::allowed(&scratch);
    talk.show("main.py", "python");
    let server = talk.wait_for("pyright", ServerStanding::Missing);
    assert_eq!(server.program, None);
    assert!(server.install.starts_with("npm install"), "{server:?}");
    let hover = LanguageWant::Hover { at: Spot { line: 1, column: 1 } };
    assert_eq!(talk.ask("main.py", hover), LanguageAnswer::Nothing { why: None });
    // What nobody edits is not looked for.
    assert_eq!(talk.server("gopls").standing, ServerStanding::Idle);
}
