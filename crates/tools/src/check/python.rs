// SPDX-License-Identifier: Apache-2.0
//! The checks of a Python workspace: pytest, unittest, or a script.
//!
//! The interpreter of a virtual environment inside the workspace is preferred,
//! since the packages of the project are there.

use moat_base::TreePath;

use super::{Check, CheckKind, Workspace, operand};

pub(super) fn checks(workspace: &Workspace<'_>) -> Vec<Check> {
    let Some(test) = workspace.any(is_test) else {
        return Vec::new();
    };
    let interpreter = [".venv/bin/python", "venv/bin/python", "env/bin/python"]
        .into_iter()
        .find(|path| workspace.exists(path))
        .unwrap_or("python3");
    let via =
        if interpreter == "python3" { String::new() } else { format!(", run by `{interpreter}`") };
    let text = workspace.text(test).unwrap_or_default();
    let is_unittest = workspace
        .files
        .iter()
        .filter(|file| is_test(file))
        .take(TEST_FILES_READ)
        .any(|file| workspace.text(file).is_some_and(|text| text.contains("unittest")));
    let is_function = text.lines().any(|line| line.starts_with("def test"));
    let script = || {
        let why = format!("`{test}` is a script that tests{via}");
        Check::new(CheckKind::PythonScript, &[interpreter, &operand(test)], why)
    };
    let mut found = Vec::new();
    let configured = configured(workspace, test, &text);
    if let Some(file) = &configured {
        found.push(pytest(interpreter, format!("`{file}` speaks of pytest{via}")));
    }
    if is_unittest {
        found.push(unittest(workspace, interpreter, test, &via));
    }
    if configured.is_none() && (is_function && !is_unittest || has_pytest(workspace, interpreter)) {
        found.push(pytest(interpreter, format!("`{test}` has test functions{via}")));
    }
    if found.is_empty() || (!is_unittest && text.contains("__main__")) {
        found.push(script());
    }
    found
}

fn is_test(file: &str) -> bool {
    let name = file.rsplit('/').next().unwrap_or(file);
    name.ends_with(".py")
        && (name.starts_with("test_")
            || name.ends_with("_test.py")
            || matches!(name, "tests.py" | "test.py"))
}

fn pytest(interpreter: &str, why: String) -> Check {
    let flags = ["-v", "--tb=short", "--color=no", "-p", "no:cacheprovider"];
    let mut argv = vec![interpreter, "-m", "pytest"];
    argv.extend(flags);
    Check::new(CheckKind::Pytest, &argv, why)
}

fn unittest(workspace: &Workspace<'_>, interpreter: &str, test: &str, via: &str) -> Check {
    let (start, name) = test.rsplit_once('/').unwrap_or((".", test));
    let is_package = start == "." || workspace.exists(&format!("{start}/__init__.py"));
    let pattern = if name.starts_with("test") { "test*.py" } else { "*_test.py" };
    let mut argv = vec![interpreter, "-m", "unittest", "discover", "-v"];
    let start = operand(start);
    if !is_package {
        argv.extend(["-s", &start, "-t", &start]);
    }
    argv.extend(["-p", pattern]);
    Check::new(CheckKind::Unittest, &argv, format!("`{test}` uses unittest{via}"))
}

/// The file that says that the project uses pytest.
fn configured(workspace: &Workspace<'_>, test: &str, text: &str) -> Option<String> {
    let speaks = |file: &&str| workspace.text(file).is_some_and(|text| text.contains("pytest"));
    ["pytest.ini", "conftest.py", "tests/conftest.py"]
        .into_iter()
        .find(|file| workspace.exists(file))
        .or_else(|| MANIFESTS.into_iter().find(speaks))
        .map(str::to_owned)
        .or_else(|| text.contains("import pytest").then(|| test.to_owned()))
}

/// Whether the virtual environment of the workspace holds pytest.
fn has_pytest(workspace: &Workspace<'_>, interpreter: &str) -> bool {
    let library = interpreter
        .strip_suffix("/bin/python")
        .and_then(|environment| TreePath::parse(&format!("{environment}/lib")).ok());
    library
        .and_then(|library| workspace.tree.list(&library).ok())
        .unwrap_or_default()
        .iter()
        .filter_map(|entry| entry.path.join(b"site-packages/pytest").ok())
        .any(|package| workspace.tree.entry(&package).is_ok())
}

const MANIFESTS: [&str; 5] =
    ["pyproject.toml", "tox.ini", "setup.cfg", "requirements.txt", "requirements-dev.txt"];

/// How many test files are read to learn what they use.
const TEST_FILES_READ: usize = 20;
