"""The little of the Language Server Protocol that an editor needs, over standard input and output."""

from __future__ import annotations

import json
import subprocess
import threading
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from queue import Queue
from typing import Any

#: seconds for one answer; whoever needs them all is broken, not slow
PATIENCE = 60

Json = dict[str, Any]


class Editor:
    """An editor with one server: opens texts, asks at places (line and column from 0), reads diagnostics."""

    def __init__(self, command: Sequence[str | Path]) -> None:
        self._server = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        self._answers: Queue[Json] = Queue()
        self._told: Queue[Json] = Queue()
        self._count = 0
        threading.Thread(target=self._listen, daemon=True).start()
        markdown = {"hover": {"contentFormat": ["markdown"]}}
        completion = {"completionItem": {"snippetSupport": True, "documentationFormat": ["markdown"]}}
        document = {**markdown, "completion": completion, "publishDiagnostics": {}}
        self.ask("initialize", processId=None, rootUri=None, capabilities={"textDocument": document})
        self._send("initialized")
        yaml = {"validate": True, "hover": True, "completion": True, "schemaStore": {"enable": False}}
        self._send("workspace/didChangeConfiguration", settings={"yaml": yaml})

    def open(self, texts: Mapping[Path, str]) -> None:
        """Show texts as the contents of files."""
        for file, text in texts.items():
            self._count += 1
            document = {"uri": file.as_uri(), "languageId": "yaml", "version": self._count, "text": text}
            self._send("textDocument/didOpen", textDocument=document)

    def close(self, files: Iterable[Path]) -> None:
        """Put files away."""
        for file in files:
            self._send("textDocument/didClose", textDocument={"uri": file.as_uri()})

    def judged(self, texts: Mapping[Path, str]) -> dict[Path, list[Json]]:
        """What the server has against files with these texts."""
        self.open(texts)
        heard = self._hear(texts)
        self.close(texts)
        self._hear(texts)  # it takes its diagnostics back
        return {file: told["diagnostics"] for file, told in heard.items()}

    def _hear(self, files: Iterable[Path]) -> dict[Path, Json]:
        """What the server says next about each of the files."""
        awaited = {file.as_uri(): file for file in files}
        heard: dict[Path, Json] = {}
        while awaited:
            told = self._told.get(timeout=PATIENCE)
            if told["uri"] in awaited:
                heard[awaited.pop(told["uri"])] = told
        return heard

    def completions(self, file: Path, line: int, column: int) -> list[Json]:
        """What is offered at a place."""
        answer = self._at("textDocument/completion", file, line, column)
        return list(answer["items"] if isinstance(answer, dict) else answer or [])

    def hover(self, file: Path, line: int, column: int) -> str:
        """What is shown at a place; nothing where there is nothing."""
        answer = self._at("textDocument/hover", file, line, column)
        return str(answer["contents"]["value"]) if answer else ""

    def ask(self, method: str, **params: Any) -> Any:
        """The answer to a request. Raises AssertionError for an error, queue.Empty for silence."""
        self._count += 1
        self._write({"id": self._count, "method": method, "params": params})
        answer = self._answers.get(timeout=PATIENCE)
        assert answer["id"] == self._count and "error" not in answer, answer
        return answer["result"]

    def quit(self) -> None:
        """End the server."""
        self.ask("shutdown")
        self._send("exit")
        self._server.wait(timeout=PATIENCE)

    def _at(self, method: str, file: Path, line: int, column: int) -> Any:
        where = {"line": line, "character": column}
        return self.ask(method, textDocument={"uri": file.as_uri()}, position=where)

    def _send(self, method: str, **params: Any) -> None:
        self._write({"method": method, "params": params})

    def _write(self, message: Json) -> None:
        body = json.dumps({"jsonrpc": "2.0", **message}).encode()
        assert self._server.stdin is not None
        self._server.stdin.write(b"Content-Length: %d\r\n\r\n%b" % (len(body), body))
        self._server.stdin.flush()

    def _listen(self) -> None:
        out = self._server.stdout
        assert out is not None
        while line := out.readline():
            length = int(line.split(b":")[1])
            out.readline()
            self._sort(json.loads(out.read(length)))

    def _sort(self, message: Json) -> None:
        if message.get("method") == "textDocument/publishDiagnostics":
            self._told.put(message["params"])
        elif "method" in message and "id" in message:  # it asks for something: nothing is known here
            items = message["params"].get("items", []) if message.get("params") else []
            self._write({"id": message["id"], "result": [None] * len(items)})
        elif "id" in message:
            self._answers.put(message)
