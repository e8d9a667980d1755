// SPDX-License-Identifier: Apache-2.0
//! Questions of front ends on their way to a server, and what a server says.
//!
//! Invariant: an edit is given back only for the text that was asked about; when that changed
//! in the meantime, the answer says so instead.

use std::path::Path;
use std::time::Duration;

use moat_base::{clip, visible};
use moat_protocol::workspace::{LanguageAnswer, LanguageWant, ServerStanding, Spot};
use serde_json::{Value, json};

use super::answer;
use super::place::{Place, address, place, position, range, span};
use super::session::{Pending, Session, Step};
use super::state::{Asked, Document, Shared, State, survives};
use crate::limits::{LANGUAGE_ASKS_MAX, LANGUAGE_NAME_BYTES_MAX};

const NOTHING: LanguageAnswer = LanguageAnswer::Nothing { why: None };
/// What a server answers when the text changed under it, or it was told to stop.
const OVERTAKEN: [i64; 2] = [-32801, -32800];

impl State {
    /// Takes a question of a front end.
    pub(super) fn ask(&mut self, shared: &Shared, asked: Asked) {
        let Some(document) = self.documents.get(&asked.path) else { return asked.answer(NOTHING) };
        if document.version != asked.version {
            return asked.answer(LanguageAnswer::Stale);
        }
        let chosen = if matches!(asked.want, LanguageWant::Describe { .. }) {
            Some(document.items.0)
        } else {
            matches!(asked.want, LanguageWant::Act { .. }).then_some(document.actions.0)
        };
        let fits = |index: usize| chosen.is_none_or(|chosen| chosen == index);
        let mut unready = None;
        for (index, server) in self.servers.iter().enumerate() {
            if !server.knows(&document.language) || !fits(index) {
                continue;
            }
            let session = server.session.as_ref().filter(|session| !session.ending);
            match session.and_then(|session| session.abilities.as_ref()) {
                Some(abilities) if can(abilities, &asked.want) => {
                    return self.put(shared, index, asked);
                }
                None if server.standing == ServerStanding::Starting => {
                    unready = unready.or(Some(index));
                }
                Some(_) | None => {}
            }
        }
        let later = unready.and_then(|index| self.servers.get_mut(index));
        match later.filter(|server| server.waiting.len() < LANGUAGE_ASKS_MAX) {
            Some(server) => server.waiting.push(asked),
            None => asked.answer(NOTHING),
        }
    }

    /// Puts a question to a server that can answer it.
    fn put(&mut self, shared: &Shared, index: usize, asked: Asked) {
        let Some(document) = self.documents.get(&asked.path) else { return asked.answer(NOTHING) };
        let mut wrong = Vec::new();
        if let LanguageWant::Actions { span: around } = &asked.want {
            let near = |one: &&Value| {
                one.get("range").and_then(span).is_some_and(|it| answer::touch(it, *around))
            };
            wrong.extend(self.wrong(index, &asked.path).iter().filter(near).cloned());
        }
        if let LanguageWant::Act { action } = asked.want {
            return self.act(shared, index, asked, action);
        }
        let server = self.servers.get_mut(index);
        let Some(session) = server.and_then(|server| server.session.as_mut()) else {
            return asked.answer(NOTHING);
        };
        let question = question(&shared.root, &asked, document, session, wrong);
        match question.filter(|_| session.has_room()) {
            Some((method, parameters)) => {
                let now = shared.clock.monotonic();
                session.request(now, (method, &parameters), Some(asked), Step::Answer);
            }
            None => asked.answer(NOTHING),
        }
    }

    /// Finds out what an action would change.
    fn act(&mut self, shared: &Shared, index: usize, asked: Asked, action: u32) {
        let offered = self.documents.get(&asked.path).map(|it| &it.actions.1);
        let action = offered.and_then(|all| all.get(usize::try_from(action).ok()?).cloned());
        let server = self.servers.get_mut(index);
        let session = server.and_then(|server| server.session.as_mut());
        let (Some(action), Some(session)) = (action, session) else {
            return asked.answer(NOTHING);
        };
        if action.get("edit").is_some_and(Value::is_object) {
            return asked
                .answer(answer::edited(&shared.root, action.get("edit").unwrap_or(&Value::Null)));
        }
        let resolves = session.abilities.as_ref().and_then(|it| it.get("codeActionProvider"));
        let resolves =
            resolves.and_then(|it| it.get("resolveProvider")) == Some(&Value::Bool(true));
        let now = shared.clock.monotonic();
        if resolves && action.get("kind").is_some() {
            session.request(now, ("codeAction/resolve", &action), Some(asked), Step::Action);
        } else {
            command(session, now, &action, asked);
        }
    }

    /// Takes a message of a server.
    pub(super) fn heard(&mut self, shared: &Shared, index: usize, message: &Value) {
        let now = shared.clock.monotonic();
        let server = self.servers.get_mut(index);
        let Some(session) = server.and_then(|server| server.session.as_mut()) else { return };
        session.hear(now);
        let method = message.get("method").and_then(Value::as_str);
        let parameters = message.get("params").unwrap_or(&Value::Null);
        match (method, message.get("id")) {
            (Some(method), Some(id)) => self.requested(shared, index, (method, id, parameters)),
            (Some("textDocument/publishDiagnostics"), None) => {
                self.published(shared, index, parameters);
            }
            // What it logs and how far it is.
            (Some(_), None) => {}
            (None, Some(id)) => {
                let pending = id.as_i64().and_then(|id| session.pending.remove(&id));
                if let Some(pending) = pending {
                    self.answered(shared, index, pending, message);
                }
            }
            (None, None) => session.fail("it sent a message that is none"),
        }
    }

    fn published(&mut self, shared: &Shared, index: usize, parameters: &Value) {
        let Some(uri) = parameters.get("uri").and_then(Value::as_str) else { return };
        let Place::Tree(path) = place(&shared.root, uri) else { return };
        let version = parameters.get("version").and_then(Value::as_i64);
        let current = self.documents.get(&path).map(|document| i64::from(document.number));
        if version.zip(current).is_some_and(|(version, current)| version < current) {
            return;
        }
        let all = parameters.get("diagnostics").and_then(Value::as_array).cloned();
        self.found_wrong(index, path, all.unwrap_or_default());
        shared.wake();
    }

    /// The server asks something.
    fn requested(&mut self, shared: &Shared, index: usize, asked: (&str, &Value, &Value)) {
        let (method, id, parameters) = asked;
        let Some(server) = self.servers.get_mut(index) else { return };
        let (spec, Some(session)) = (server.spec, server.session.as_mut()) else { return };
        let list = |name: &str| parameters.get(name).and_then(Value::as_array);
        match method {
            "workspace/configuration" => {
                let sections = list("items").into_iter().flatten().map(|item| {
                    let section = item.get("section").and_then(Value::as_str);
                    section.map_or(Value::Null, spec.settings)
                });
                session.respond(id, &Value::Array(sections.collect()));
            }
            "workspace/workspaceFolders" => session.respond(id, &folders(&shared.root)),
            "client/registerCapability" => {
                let all = list("registrations").into_iter().flatten();
                let methods = all.filter_map(|it| it.get("method")?.as_str());
                let few = methods.take(LANGUAGE_NAME_BYTES_MAX);
                session
                    .registered
                    .extend(few.map(|it| clip(it, LANGUAGE_NAME_BYTES_MAX).to_owned()));
                session.respond(id, &Value::Null);
            }
            "workspace/applyEdit" => {
                let edit = parameters.get("edit").unwrap_or(&Value::Null);
                let made = answer::workspace_edit(&shared.root, edit);
                let applied = made.is_ok();
                let mut steps = session.pending.values_mut().map(|pending| &mut pending.step);
                let told = steps.find_map(|step| {
                    if let Step::Command(edits) = step { Some(edits) } else { None }
                });
                // What nobody asked for is not done.
                let wanted = told.map(|edits| *edits = made).is_some();
                session.respond(id, &json!({ "applied": applied && wanted }));
            }
            "client/unregisterCapability"
            | "window/workDoneProgress/create"
            | "window/showMessageRequest"
            | "workspace/codeLens/refresh"
            | "workspace/diagnostic/refresh"
            | "workspace/foldingRange/refresh"
            | "workspace/inlayHint/refresh"
            | "workspace/inlineValue/refresh"
            | "workspace/semanticTokens/refresh" => session.respond(id, &Value::Null),
            "window/showDocument" => session.respond(id, &json!({ "success": false })),
            _ => session.decline(id),
        }
    }

    /// The server answered.
    fn answered(&mut self, shared: &Shared, index: usize, pending: Pending, message: &Value) {
        let result = message.get("result").unwrap_or(&Value::Null);
        let error = message.get("error").filter(|error| error.is_object());
        let asked = match (pending.step, pending.asked) {
            (Step::Initialized, _) if error.is_some() => return self.unfit(index, error),
            (Step::Initialized, _) => return self.ready(shared, index, result),
            (_, None) => return,
            (Step::Command(edits), Some(asked)) if error.is_none() => {
                return asked.answer(match edits {
                    Ok(files) if files.is_empty() => NOTHING,
                    Ok(files) => LanguageAnswer::Edited { files },
                    Err(unwanted) => unwanted.into(),
                });
            }
            (Step::Action, Some(asked)) if error.is_none() && result.get("edit").is_none() => {
                let server = self.servers.get_mut(index);
                let session = server.and_then(|server| server.session.as_mut());
                return match session {
                    Some(session) => command(session, shared.clock.monotonic(), result, asked),
                    None => asked.answer(NOTHING),
                };
            }
            (Step::Action | Step::Answer | Step::Command(_), Some(asked)) => asked,
        };
        let document = self.documents.get_mut(&asked.path);
        let Some(document) =
            document.filter(|it| it.version == asked.version || survives(&asked.want))
        else {
            return asked.answer(LanguageAnswer::Stale);
        };
        let answer = match error {
            Some(error) => failed(&asked.want, error),
            None => translated(&shared.root, (index, document), &asked, result),
        };
        asked.answer(answer);
    }

    fn unfit(&mut self, index: usize, error: Option<&Value>) {
        let server = self.servers.get_mut(index);
        if let Some(session) = server.and_then(|server| server.session.as_mut()) {
            let why = error.map(words).unwrap_or_default();
            session.fail(&format!("it cannot work here: {why}"));
        }
    }

    /// The server is ready: it is told of what the editors show, and asked what waits.
    fn ready(&mut self, shared: &Shared, index: usize, result: &Value) {
        let Some(server) = self.servers.get_mut(index) else { return };
        let spec = server.spec;
        let Some(session) = server.session.as_mut() else { return };
        session.abilities = Some(result.get("capabilities").cloned().unwrap_or_default());
        session.notify("initialized", &json!({}));
        session.notify("workspace/didChangeConfiguration", &json!({ "settings": {} }));
        for (path, document) in &self.documents {
            if spec.languages.contains(&document.language.as_str()) {
                session.open(&shared.root, path, document);
            }
        }
        let waiting = std::mem::take(&mut server.waiting);
        server.standing = ServerStanding::Ready;
        server.trouble = None;
        for asked in waiting {
            self.ask(shared, asked);
        }
        shared.tell_servers(self);
    }
}

/// The first words to a server.
pub(super) fn greeting(root: &Path, options: Value) -> Value {
    let formats = json!(["markdown", "plaintext"]);
    let none = json!({ "dynamicRegistration": false });
    json!({
        "processId": null,
        "clientInfo": { "name": "moat" },
        "locale": "en",
        "rootUri": address(root, &moat_base::TreePath::root()),
        "workspaceFolders": folders(root),
        "initializationOptions": options,
        "capabilities": {
            "general": { "positionEncodings": ["utf-16"] },
            "offsetEncoding": ["utf-16"],
            "window": { "workDoneProgress": false },
            "workspace": {
                "applyEdit": true,
                "configuration": true,
                "workspaceFolders": true,
                "didChangeConfiguration": none,
                "didChangeWatchedFiles": { "dynamicRegistration": true },
                "workspaceEdit": { "documentChanges": true, "resourceOperations": [] },
            },
            "textDocument": {
                "synchronization": { "didSave": true },
                "completion": {
                    "contextSupport": true,
                    "completionItem": {
                        "snippetSupport": true,
                        "documentationFormat": formats,
                        "deprecatedSupport": true,
                        "preselectSupport": true,
                        "labelDetailsSupport": true,
                        "insertReplaceSupport": true,
                        "resolveSupport":
                            { "properties": ["documentation", "detail", "additionalTextEdits"] },
                    },
                    "completionList": { "itemDefaults": ["editRange", "insertTextFormat"] },
                },
                "hover": { "contentFormat": formats },
                "definition": { "linkSupport": true },
                "references": none,
                "documentSymbol": { "hierarchicalDocumentSymbolSupport": true },
                "rename": none,
                "formatting": none,
                "rangeFormatting": none,
                "codeAction": {
                    "isPreferredSupport": true,
                    "dataSupport": true,
                    "resolveSupport": { "properties": ["edit"] },
                    "codeActionLiteralSupport": {
                        "codeActionKind":
                            { "valueSet": ["quickfix", "refactor", "source", "source.organizeImports"] }
                    },
                },
                "publishDiagnostics": { "versionSupport": true, "tagSupport": { "valueSet": [1, 2] } },
            },
        },
    })
}

fn folders(root: &Path) -> Value {
    json!([{ "uri": address(root, &moat_base::TreePath::root()), "name": "workspace" }])
}

/// Whether a server answers such a question.
fn can(abilities: &Value, want: &LanguageWant) -> bool {
    let name = match want {
        LanguageWant::Complete { .. } | LanguageWant::Describe { .. } => "completionProvider",
        LanguageWant::Hover { .. } => "hoverProvider",
        LanguageWant::Definition { .. } => "definitionProvider",
        LanguageWant::References { .. } => "referencesProvider",
        LanguageWant::Symbols => "documentSymbolProvider",
        LanguageWant::Rename { .. } => "renameProvider",
        LanguageWant::Format { span: None, .. } => "documentFormattingProvider",
        LanguageWant::Format { span: Some(_), .. } => "documentRangeFormattingProvider",
        LanguageWant::Actions { .. } | LanguageWant::Act { .. } => "codeActionProvider",
    };
    let ability = abilities.get(name).unwrap_or(&Value::Null);
    let able = !matches!(ability, Value::Null | Value::Bool(false));
    let describes = || ability.get("resolveProvider") == Some(&Value::Bool(true));
    able && (!matches!(want, LanguageWant::Describe { .. }) || describes())
}

/// A question in the server's words; nothing where it is about what was not offered.
fn question(
    root: &Path,
    asked: &Asked,
    document: &Document,
    session: &Session,
    wrong: Vec<Value>,
) -> Option<(&'static str, Value)> {
    let file = json!({ "uri": address(root, &asked.path) });
    let at = |spot: Spot| json!({ "textDocument": file, "position": position(spot) });
    let with = |spot: Spot, name: &str, value: Value| {
        let mut parameters = at(spot);
        if let Some(parameters) = parameters.as_object_mut() {
            parameters.insert(name.to_owned(), value);
        }
        parameters
    };
    Some(match &asked.want {
        LanguageWant::Complete { at, typed } => {
            let context = trigger(session, typed.as_deref());
            ("textDocument/completion", with(*at, "context", context))
        }
        LanguageWant::Describe { item } => {
            let item = document.items.1.get(usize::try_from(*item).ok()?)?;
            ("completionItem/resolve", item.clone())
        }
        LanguageWant::Hover { at: spot } => ("textDocument/hover", at(*spot)),
        LanguageWant::Definition { at: spot } => ("textDocument/definition", at(*spot)),
        LanguageWant::References { at } => {
            let context = json!({ "includeDeclaration": true });
            ("textDocument/references", with(*at, "context", context))
        }
        LanguageWant::Symbols => ("textDocument/documentSymbol", json!({ "textDocument": file })),
        LanguageWant::Rename { at, name } => {
            ("textDocument/rename", with(*at, "newName", json!(name)))
        }
        LanguageWant::Format { span, tab, spaces } => {
            let options = json!({ "tabSize": tab, "insertSpaces": spaces });
            match span {
                None => {
                    ("textDocument/formatting", json!({ "textDocument": file, "options": options }))
                }
                Some(span) => (
                    "textDocument/rangeFormatting",
                    json!({ "textDocument": file, "options": options, "range": range(*span) }),
                ),
            }
        }
        LanguageWant::Actions { span } => (
            "textDocument/codeAction",
            json!({
                "textDocument": file,
                "range": range(*span),
                "context": { "diagnostics": wrong, "triggerKind": 1 },
            }),
        ),
        LanguageWant::Act { .. } => return None,
    })
}

/// Why items are asked for: a character that the server waits for, or a person.
fn trigger(session: &Session, typed: Option<&str>) -> Value {
    let provider = session.abilities.as_ref().and_then(|it| it.get("completionProvider"));
    let characters = provider.and_then(|it| it.get("triggerCharacters")?.as_array());
    let known = |typed: &&str| characters.is_some_and(|all| all.iter().any(|it| it == *typed));
    match typed.filter(known) {
        Some(typed) => json!({ "triggerKind": 2, "triggerCharacter": typed }),
        None => json!({ "triggerKind": 1 }),
    }
}

/// Has a server run the command of an action: what it would change comes as a question of its.
fn command(session: &mut Session, now: Duration, action: &Value, asked: Asked) {
    let inner = action.get("command").filter(|command| command.is_object());
    let command = inner.unwrap_or(action);
    let Some(name) = command.get("command").and_then(Value::as_str) else {
        return asked.answer(NOTHING);
    };
    let arguments = command.get("arguments").cloned().unwrap_or_else(|| json!([]));
    let parameters = json!({ "command": name, "arguments": arguments });
    let step = Step::Command(Ok(Vec::new()));
    session.request(now, ("workspace/executeCommand", &parameters), Some(asked), step);
}

/// A result in the front end's words; keeps what was offered.
fn translated(
    root: &Path,
    (index, document): (usize, &mut Document),
    asked: &Asked,
    result: &Value,
) -> LanguageAnswer {
    if result.is_null() {
        return NOTHING;
    }
    match &asked.want {
        LanguageWant::Complete { at, .. } => {
            let (answer, kept) = answer::completed(result, word_before(&document.text, *at));
            document.items = (index, kept);
            answer
        }
        LanguageWant::Describe { .. } => answer::described(result),
        LanguageWant::Hover { .. } => answer::hovered(result),
        LanguageWant::Definition { .. } | LanguageWant::References { .. } => {
            answer::located(root, result)
        }
        LanguageWant::Symbols => answer::symbols(result),
        LanguageWant::Rename { .. } => answer::edited(root, result),
        LanguageWant::Format { .. } => answer::formatted(&asked.path, result),
        LanguageWant::Actions { .. } => {
            let (answer, kept) = answer::actions(result);
            document.actions = (index, kept);
            answer
        }
        LanguageWant::Act { .. } => {
            answer::edited(root, result.get("edit").unwrap_or(&Value::Null))
        }
    }
}

/// What a person is told when a server refuses: of what they asked for by name, why.
fn failed(want: &LanguageWant, error: &Value) -> LanguageAnswer {
    let code = error.get("code").and_then(Value::as_i64).unwrap_or_default();
    if OVERTAKEN.contains(&code) {
        return LanguageAnswer::Stale;
    }
    let asked_by_name = matches!(
        want,
        LanguageWant::Rename { .. } | LanguageWant::Format { .. } | LanguageWant::Act { .. }
    );
    let why = Some(words(error)).filter(|words| asked_by_name && !words.is_empty());
    LanguageAnswer::Nothing { why }
}

fn words(error: &Value) -> String {
    let text = error.get("message").and_then(Value::as_str).unwrap_or_default();
    visible(clip(text, LANGUAGE_NAME_BYTES_MAX)).replace('\n', " ")
}

/// The word that ends at a place.
fn word_before(text: &str, at: Spot) -> &str {
    let line = usize::try_from(at.line.saturating_sub(1)).unwrap_or(usize::MAX);
    let line = text.lines().nth(line).unwrap_or_default();
    let mut units = 0;
    let wanted = usize::try_from(at.column.saturating_sub(1)).unwrap_or(usize::MAX);
    let end = line.char_indices().find(|(_, letter)| {
        let here = units >= wanted;
        units += letter.len_utf16();
        here
    });
    let before = line.get(..end.map_or(line.len(), |(index, _)| index)).unwrap_or_default();
    let of_word = |letter: char| letter.is_alphanumeric() || letter == '_' || letter == '$';
    let rest = before.trim_end_matches(of_word);
    before.get(rest.len()..).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_word_before_a_place_counts_as_editors_do() {
        let text = "import os\n𝒳.ab_c$ d\n";
        for (line, column, word) in
            [(1, 1, ""), (1, 4, "imp"), (2, 7, "ab_"), (2, 9, "ab_c$"), (2, 10, ""), (9, 9, "")]
        {
            assert_eq!(word_before(text, Spot { line, column }), word, "{line}:{column}");
        }
    }
}
