// SPDX-License-Identifier: Apache-2.0
//! From a name that code calls to the function that it means.
//!
//! Imports are followed to files of the tree; a method's type is not inferred, so
//! its name is looked up in the file itself and in the files that it imports, and
//! last in the whole tree.

use std::collections::HashSet;
use std::sync::Arc;

use moat_base::TreePath;
use moat_index::{Corpus, Import, Language, Scope, Source, Symbol, definitions};

/// A function that a name may mean.
#[derive(Clone, Debug)]
pub(super) struct Meaning {
    pub(super) source: Arc<Source>,
    pub(super) index: usize,
}

impl Meaning {
    pub(super) fn symbol(&self) -> Option<&Symbol> {
        self.source.symbols.get(self.index)
    }
}

/// How many names may still be looked up in the whole tree.
#[derive(Debug)]
pub(super) struct Allowance(pub(super) usize);

/// Finds what `name`, as called in `source`, may mean.
pub(super) fn resolve(
    corpus: &Corpus<'_>,
    source: &Arc<Source>,
    name: &str,
    allowance: &mut Allowance,
) -> Vec<Meaning> {
    let last = name.rsplit(['.', ':']).next().unwrap_or(name);
    if last.is_empty() || last.starts_with("assert") {
        return Vec::new();
    }
    let mut found = named_in(source, last);
    if found.is_empty() {
        let mut seen = HashSet::from([source.path.clone()]);
        imported(corpus, source, last, 0, &mut seen, &mut found);
    }
    if found.is_empty() && allowance.0 > 0 && !BUILTINS.contains(&last) {
        allowance.0 -= 1;
        for place in definitions(corpus, last).into_iter().take(MEANINGS_MAX) {
            if let Some(other) = corpus.source(&place.path)
                && other.language.map(Language::name) == source.language.map(Language::name)
            {
                found.extend(named_in(&other, last).into_iter().filter(|meaning| {
                    meaning.symbol().is_some_and(|symbol| symbol.range == place.range)
                }));
            }
        }
    }
    found.truncate(MEANINGS_MAX);
    found
}

/// The functions of that name in a file; for a type, its constructors.
fn named_in(source: &Arc<Source>, name: &str) -> Vec<Meaning> {
    let mut found = Vec::new();
    for (index, symbol) in source.symbols.iter().enumerate() {
        if symbol.scope == Scope::Local {
            continue;
        }
        let is_constructor =
            matches!(symbol.name.as_str(), "__init__" | "__post_init__" | "constructor" | "new")
                && symbol.parent.and_then(|parent| source.symbols.get(parent)).is_some_and(
                    |parent| parent.name == name || parent.name == format!("impl {name}"),
                );
        if (symbol.name == name && symbol.kind.is_function()) || is_constructor {
            found.push(Meaning { source: Arc::clone(source), index });
        }
    }
    found
}

fn imported(
    corpus: &Corpus<'_>,
    source: &Arc<Source>,
    name: &str,
    depth: usize,
    seen: &mut HashSet<TreePath>,
    found: &mut Vec<Meaning>,
) {
    if depth > IMPORT_DEPTH_MAX {
        return;
    }
    // Imports that bind the name come first; a method may be in any of the others.
    let binds = |import: &&Import| import.bindings.iter().any(|binding| binding.name == name);
    let (first, rest): (Vec<&Import>, Vec<&Import>) = source.imports.iter().partition(binds);
    for import in first.into_iter().chain(rest) {
        let original = import
            .bindings
            .iter()
            .find(|binding| binding.name == name && !binding.original.is_empty())
            .map_or(name, |binding| binding.original.as_str());
        let original = if original == "default" { name } else { original };
        for path in files(corpus, source, import) {
            if !seen.insert(path.clone()) {
                continue;
            }
            let Some(other) = corpus.source(&path) else { continue };
            let mut here = named_in(&other, original);
            if here.is_empty() && original != name {
                here = named_in(&other, name);
            }
            let is_package = path.file_name().is_some_and(|file| {
                matches!(file, b"__init__.py" | b"index.js" | b"index.ts" | b"lib.rs" | b"mod.rs")
                    || file.ends_with(b".h")
            });
            if here.is_empty() && is_package {
                imported(corpus, &other, original, depth + 1, seen, found);
            }
            found.extend(here);
        }
        if !found.is_empty() {
            return;
        }
    }
}

/// The files of the tree that an import may mean, existing ones only.
pub(super) fn files(corpus: &Corpus<'_>, source: &Source, import: &Import) -> Vec<TreePath> {
    let directory = source.path.parent().unwrap_or_default();
    let candidates = match source.language {
        Some(Language::Python) => python(&directory, import),
        Some(Language::JavaScript | Language::TypeScript | Language::Tsx) => {
            script(&directory, &import.module)
        }
        Some(Language::C) => c(&directory, &import.module),
        Some(Language::Rust) => rust(&source.path, &directory, import),
        None => Vec::new(),
    };
    let mut seen = HashSet::new();
    candidates
        .into_iter()
        .filter_map(|text| tidy(&text))
        .filter(|path| seen.insert(path.clone()))
        .filter(|path| corpus.text(path).is_some())
        .collect()
}

fn python(directory: &TreePath, import: &Import) -> Vec<String> {
    let dots = import.module.len() - import.module.trim_start_matches('.').len();
    let module = import.module.trim_start_matches('.').replace('.', "/");
    let mut bases: Vec<String> = Vec::new();
    if dots > 0 {
        bases.push(format!("{directory}/{}", "../".repeat(dots - 1)));
    } else {
        let mut above = Some(directory.clone());
        while let Some(base) = above {
            bases.push(base.to_string());
            bases.push(format!("{base}/src"));
            above = base.parent();
        }
    }
    let mut paths = Vec::new();
    for base in bases {
        let stem = if module.is_empty() { base.clone() } else { format!("{base}/{module}") };
        for binding in &import.bindings {
            if !binding.original.is_empty() {
                paths.push(format!("{stem}/{}.py", binding.original));
            }
        }
        paths.push(format!("{stem}.py"));
        paths.push(format!("{stem}/__init__.py"));
    }
    paths
}

fn script(directory: &TreePath, module: &str) -> Vec<String> {
    if !module.starts_with('.') {
        return Vec::new();
    }
    let stem = format!("{directory}/{module}");
    let mut paths = vec![stem.clone()];
    for extension in ["js", "mjs", "cjs", "ts", "tsx", "jsx"] {
        paths.push(format!("{stem}.{extension}"));
        paths.push(format!("{stem}/index.{extension}"));
    }
    if let Some(bare) = stem.strip_suffix(".js") {
        paths.push(format!("{bare}.ts"));
        paths.push(format!("{bare}.tsx"));
    }
    paths
}

fn c(directory: &TreePath, module: &str) -> Vec<String> {
    if module.starts_with('<') {
        return Vec::new();
    }
    let mut paths = Vec::new();
    let stem = module.strip_suffix(".h").unwrap_or(module);
    let short = stem.rsplit('/').next().unwrap_or(stem);
    for base in [format!("{directory}"), format!("{directory}/.."), String::new()] {
        for folder in ["", "src/", "lib/", "include/", "source/"] {
            paths.push(format!("{base}/{folder}{stem}.c"));
            paths.push(format!("{base}/{folder}{short}.c"));
            paths.push(format!("{base}/{folder}{module}"));
        }
    }
    paths
}

fn rust(file: &TreePath, directory: &TreePath, import: &Import) -> Vec<String> {
    let path = if import.module.is_empty() {
        import.bindings.first().map_or("", |binding| binding.original.as_str())
    } else {
        &import.module
    };
    let parts: Vec<&str> = path.split("::").filter(|part| !part.is_empty()).collect();
    let text = file.to_string();
    // The crate of `a/src/b.rs` and of `a/tests/b.rs` is `a`.
    let root = ["/src/", "/tests/", "/benches/", "/examples/"]
        .iter()
        .find_map(|folder| {
            format!("/{text}").find(folder).map(|at| {
                format!("/{text}").get(1..=at).unwrap_or_default().trim_end_matches('/').to_owned()
            })
        })
        .unwrap_or_default();
    let source = format!("{root}/src");
    let (base, rest): (String, &[&str]) = match parts.first() {
        Some(&"super") => {
            let is_root = file
                .file_name()
                .is_some_and(|name| matches!(name, b"mod.rs" | b"lib.rs" | b"main.rs"));
            let up = if is_root { format!("{directory}/..") } else { directory.to_string() };
            (up, parts.get(1..).unwrap_or_default())
        }
        Some(&"self") => (directory.to_string(), parts.get(1..).unwrap_or_default()),
        Some(_) => (source.clone(), parts.get(1..).unwrap_or_default()),
        None => return Vec::new(),
    };
    let mut paths = Vec::new();
    let binding = import.bindings.first().map(|binding| binding.original.as_str());
    let full: Vec<&str> = rest.iter().copied().chain(binding).collect();
    for length in (1..=full.len()).rev() {
        let stem = full.get(..length).unwrap_or_default().join("/");
        paths.push(format!("{base}/{stem}.rs"));
        paths.push(format!("{base}/{stem}/mod.rs"));
    }
    // The first part may be a module of this file's own, and not a crate.
    let own: Vec<&str> = parts.iter().copied().chain(binding).collect();
    for length in (1..=own.len()).rev() {
        let stem = own.get(..length).unwrap_or_default().join("/");
        paths.push(format!("{directory}/{stem}.rs"));
        paths.push(format!("{directory}/{stem}/mod.rs"));
    }
    paths.push(text);
    paths.push(format!("{source}/lib.rs"));
    paths.push(format!("{source}/main.rs"));
    paths
}

/// A path with its `.` and `..` taken out; `None` when it leaves the tree.
fn tidy(text: &str) -> Option<TreePath> {
    let mut parts: Vec<&str> = Vec::new();
    for part in text.split('/') {
        match part {
            "" | "." => {}
            ".." => {
                parts.pop()?;
            }
            other => parts.push(other),
        }
    }
    TreePath::parse(&parts.join("/")).ok().filter(|path| !path.is_root())
}

/// How many packages are followed from one to the next for one name.
const IMPORT_DEPTH_MAX: usize = 3;

/// The most functions that one name may mean.
const MEANINGS_MAX: usize = 8;

/// Names that every program calls and none defines.
const BUILTINS: [&str; 62] = [
    "print",
    "len",
    "range",
    "str",
    "int",
    "float",
    "list",
    "dict",
    "set",
    "tuple",
    "sorted",
    "sum",
    "min",
    "max",
    "zip",
    "map",
    "filter",
    "isinstance",
    "super",
    "open",
    "repr",
    "type",
    "enumerate",
    "raises",
    "approx",
    "describe",
    "test",
    "it",
    "expect",
    "require",
    "equal",
    "deepEqual",
    "strictEqual",
    "deepStrictEqual",
    "throws",
    "ok",
    "toBe",
    "toEqual",
    "toThrow",
    "log",
    "push",
    "join",
    "then",
    "catch",
    "vec",
    "println",
    "format",
    "unwrap",
    "expect_err",
    "to_string",
    "clone",
    "collect",
    "iter",
    "into",
    "Ok",
    "Err",
    "Some",
    "None",
    "printf",
    "strcmp",
    "strlen",
    "fprintf",
];
