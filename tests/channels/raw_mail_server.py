"""A mail server by the byte: it says what it is told to, and keeps every write as it came."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from threading import Event, Thread

DROP = "drop"


@dataclass
class Script:
    """``answers``: by verb, and "body" and "greeting", one a time; then the usual ones. ``DROP`` closes instead."""

    offers: tuple[str, ...] = ("PIPELINING",)
    answers: dict[str, list[str]] = field(default_factory=dict)
    #: what came in one read each, after EHLO
    writes: list[bytes] = field(default_factory=list)
    bodies: list[bytes] = field(default_factory=list)
    connections: int = 0
    #: set once a connection has ended
    ended: Event = field(default_factory=Event)

    def answer(self, verb: str, usual: str) -> str:
        script = self.answers.get(verb)
        return script.pop(0) if script else usual


_USUAL = {"DATA": "354 go on", "QUIT": "221 bye"}


def _talk(script: Script, sock: socket.socket) -> None:
    held = b""

    def say(answer: str) -> bool:
        if answer != DROP:
            sock.sendall(f"{answer}\r\n".encode())
        return answer != DROP

    if not say(script.answer("greeting", "220 mail.example ready")):
        return
    while data := sock.recv(65_536):
        script.writes.append(data)
        held += data
        while b"\r\n" in held:
            line, _, held = held.partition(b"\r\n")
            verb = line.split(b" ")[0].decode().upper()
            if verb == "EHLO":
                script.writes.pop()
                say("\r\n".join([*(f"250-{o}" for o in ("mail.example", *script.offers)), "250 HELP"]))
                continue
            answer = script.answer(verb, _USUAL.get(verb, "250 2.0.0 fine"))
            if not say(answer) or answer.startswith(("221", "421")):
                return
            if verb == "DATA" and answer.startswith("354"):
                while not held.endswith(b"\r\n.\r\n"):
                    more = sock.recv(65_536)
                    if not more:
                        return
                    held += more
                body, held = held, b""
                answer = script.answer("body", "250 2.0.0 Ok: queued as 4XyZ123")
                if answer.startswith("250"):
                    script.bodies.append(body)
                if not say(answer):
                    return


@contextmanager
def raw_mail_server(script: Script) -> Iterator[int]:
    """The server's port on 127.0.0.1."""
    with socket.create_server(("127.0.0.1", 0)) as listening:

        def serve() -> None:
            while True:
                try:
                    sock, _ = listening.accept()
                except OSError:
                    return
                script.connections += 1
                with sock, suppress(OSError):  # the other side has gone
                    _talk(script, sock)
                script.ended.set()

        thread = Thread(target=serve, daemon=True)
        thread.start()
        try:
            yield listening.getsockname()[1]
        finally:
            listening.shutdown(socket.SHUT_RDWR)
            thread.join(5)
