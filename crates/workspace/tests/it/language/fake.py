#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""A language server that behaves as the file `mode` beside it says."""

import json
import os
import signal
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
NAME = os.path.basename(sys.argv[0])
MODE = open(os.path.join(HERE, "mode")).read().strip()
OUT = sys.stdout.buffer
RANGE = {"start": {"line": 0, "character": 0}, "end": {"line": 0, "character": 1}}
texts, late, answers, noted = {}, [], [], []


def raw(body):
    OUT.write(b"Content-Length: %d\r\n\r\n" % len(body) + body)
    OUT.flush()


def send(**message):
    raw(json.dumps({"jsonrpc": "2.0", **message}).encode())


def read():
    length = 0
    while (line := sys.stdin.buffer.readline()) not in (b"\r\n", b""):
        name, value = line.split(b":")
        if name.lower() == b"content-length":
            length = int(value)
    return json.loads(sys.stdin.buffer.read(length)) if length else None


def problem(uri, message):
    found = [{"range": RANGE, "message": message, "source": NAME}]
    send(method="textDocument/publishDiagnostics", params={"uri": uri, "diagnostics": found})


def misbehave():
    if MODE == "crash":
        print("could not go on", file=sys.stderr, flush=True)
        os._exit(3)
    if MODE == "nonsense":
        OUT.write(b"Hello!\n" * 1000)
        OUT.flush()
    if MODE == "no json":
        raw(b"{nothing}")
    if MODE == "long":
        OUT.write(b"Content-Length: 1073741824\r\n\r\n")
        OUT.flush()
    if MODE == "flood":
        body = json.dumps({"jsonrpc": "2.0", "method": "x", "params": "x" * (8 << 20)}).encode()
        while True:
            raw(body)
    if MODE == "deaf":
        signal.pause()


def hover(id):
    if MODE in ("echo", "asks", "watch"):
        words = json.dumps({"texts": texts, "answers": answers, "noted": noted})
        send(id=id, result={"contents": {"kind": "markdown", "value": words}})
    elif MODE == "slow":
        late.append(id)
    misbehave()


def answer(method, id, params):
    if method == "initialize":
        able = {
            "textDocumentSync": {"openClose": True, "change": 1, "save": True},
            "hoverProvider": True,
            "completionProvider": {"triggerCharacters": ["."]},
            "renameProvider": True,
            "executeCommandProvider": {"commands": ["x"]},
            "codeActionProvider": True,
        }
        send(id=id, result={"capabilities": able})
    elif method == "textDocument/hover":
        hover(id)
    elif method == "textDocument/completion":
        late.append(id)
    elif method == "textDocument/rename":
        edit = [{"range": RANGE, "newText": params["newName"]}]
        there = params["textDocument"]["uri"]
        outside = "file:///etc/passwd"
        changes = {there: edit} if params["newName"] == "good" else {there: edit, outside: edit}
        send(id=id, result={"changes": changes})
    elif method == "textDocument/codeAction":
        send(id=id, result=[{"title": "do it", "command": "x", "arguments": [params["textDocument"]["uri"]]}])
    elif method == "workspace/executeCommand":
        edit = {"changes": {params["arguments"][0]: [{"range": RANGE, "newText": "done"}]}}
        send(id="edit", method="workspace/applyEdit", params={"edit": edit})
        while (message := read()).get("id") != "edit":
            pass
        answers.append(message["result"])
        send(id=id, result=None)
    else:
        send(id=id, error={"code": -32601, "message": "unknown"})


def main():
    if MODE == "dead":
        print("cannot work here", file=sys.stderr, flush=True)
        os._exit(1)
    while (message := read()) is not None:
        method, params = message.get("method"), message.get("params", {})
        if method is None:
            answers.append(message.get("result", "declined"))
            continue
        noted.append(method)
        if "id" in message:
            answer(method, message["id"], params)
            continue
        if method == "initialized" and MODE == "asks":
            send(id=1, method="workspace/configuration", params={"items": [{"section": "python"}, {}]})
            send(id=2, method="client/registerCapability", params={"registrations": [{"method": "workspace/didChangeWatchedFiles"}]})
            send(id=3, method="window/workDoneProgress/create", params={"token": 1})
            send(id=4, method="workspace/semanticTokens/refresh")
            send(id=5, method="no/such/thing")
            send(id=6, method="workspace/applyEdit", params={"edit": {"changes": {}}})
        if method == "textDocument/didOpen":
            document = params["textDocument"]
            texts[document["uri"]] = document["text"]
            problem(document["uri"], f"seen by {NAME}")
        if method == "textDocument/didChange":
            texts[params["textDocument"]["uri"]] = params["contentChanges"][0]["text"]
            for id in late:
                send(id=id, result=[{"label": "late"}] if MODE == "slow" else None)
            late.clear()
        if method == "textDocument/didClose":
            texts.pop(params["textDocument"]["uri"])
        if method == "$/cancelRequest":
            for uri in texts:
                problem(uri, "cancelled")


main()
