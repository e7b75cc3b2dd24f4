"""A real HTTP server in this process that answers as a provider does, and misbehaves on request. Public and
documented (docs/channels.md); tests find it in ``channels.testing``.
"""

from __future__ import annotations

import socket
import ssl
from collections import deque
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from enum import Enum, auto
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from socketserver import BaseServer, TCPServer
from threading import Condition, Event, Lock, Thread
from typing import Any


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """A request that was read whole. Names of headers are in small letters."""

    method: str
    path: str
    headers: Mapping[str, str]
    body: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """What the server answers."""

    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""


class Fault(Enum):
    """What the server does instead of a proper exchange."""

    CLOSE_UNREAD = auto()  # the connection closes before the request is read: the provider never has it
    CLOSE_READ = auto()  # the provider has it and acts on it; the connection closes without an answer
    MUTE = auto()  # the provider has it and acts on it; no answer ever comes
    CLOSE_AFTER = auto()  # a proper answer, then the connection closes without a word
    CUT = auto()  # status and headers of the answer, then the connection closes within the body
    NONSENSE = auto()  # the provider has it; what comes back is not HTTP


class HttpDouble:
    """The server as a test sees it. ``answer`` is the provider; ``then`` scripts the next requests."""

    def __init__(self, answer: Callable[[Request], Reply]) -> None:
        self.requests: list[Request] = []
        self.connections = 0
        self.closed = 0
        self.url = ""
        self.over = Event()
        self._answer = answer
        self._script: deque[Reply | Fault] = deque()
        self._lock = Lock()
        self._closing = Condition()

    def then(self, *acts: Reply | Fault) -> HttpDouble:
        """What is done with the next requests, one each; a Reply stands in for the provider, which never sees it."""
        self._script.extend(acts)
        return self

    def connected(self) -> None:
        with self._lock:
            self.connections += 1

    def disconnected(self) -> None:
        with self._closing:
            self.closed += 1
            self._closing.notify_all()

    def wait_until_closed(self, connections: int = 1) -> None:
        """So many connections have been closed by the server."""
        with self._closing:
            assert self._closing.wait_for(lambda: self.closed >= connections, timeout=10)

    def next_act(self) -> Reply | Fault | None:
        with self._lock:
            return self._script.popleft() if self._script else None

    def reply(self, request: Request, act: Reply | Fault | None) -> Reply:
        with self._lock:
            self.requests.append(request)
            return act if isinstance(act, Reply) else self._answer(request)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def __init__(self, request: Any, client: Any, server: BaseServer, *, double: HttpDouble) -> None:
        self._double = double
        self._act: Reply | Fault | None = None
        super().__init__(request, client, server)

    def setup(self) -> None:
        super().setup()
        self._double.connected()

    def finish(self) -> None:
        super().finish()
        with suppress(OSError):
            self.connection.shutdown(socket.SHUT_RDWR)
        self._double.disconnected()

    def handle_one_request(self) -> None:
        try:
            if not self.rfile.peek(1):  # type: ignore[attr-defined]
                self.close_connection = True
                return
            self._act = self._double.next_act()
            if self._act is Fault.CLOSE_UNREAD:
                self.close_connection = True
                return
            super().handle_one_request()
        except OSError:
            self.close_connection = True

    def _do(self) -> None:
        act = self._act
        length = int(self.headers.get("Content-Length") or 0)
        headers = {name.lower(): value for name, value in self.headers.items()}
        request = Request(method=self.command, path=self.path, headers=headers, body=self.rfile.read(length))
        reply = self._double.reply(request, act)
        if act is Fault.MUTE:
            self._double.over.wait()
        if act is Fault.NONSENSE:
            self.wfile.write(b"220 mail.example ESMTP\r\n\r\n")
        if isinstance(act, Fault):
            self.close_connection = True
        if act in (Fault.CLOSE_READ, Fault.MUTE, Fault.NONSENSE):
            return
        self._write(reply, cut=act is Fault.CUT)

    do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = _do  # noqa: N815

    def _write(self, reply: Reply, *, cut: bool) -> None:
        self.send_response(reply.status)
        for name, value in reply.headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(reply.body) + 100 * cut))
        self.end_headers()
        self.wfile.write(reply.body)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        return


class _Server(ThreadingHTTPServer):
    daemon_threads, block_on_close = True, False

    def server_bind(self) -> None:
        TCPServer.server_bind(self)  # without asking for the name of this machine, which takes a while
        self.server_name, self.server_port = self.server_address[:2]  # type: ignore[assignment]


@contextmanager
def http_double(
    answer: Callable[[Request], Reply], tls: ssl.SSLContext | None = None
) -> Iterator[HttpDouble]:
    """The server on 127.0.0.1, at ``url``; with ``tls`` it speaks HTTPS by that certificate."""
    double = HttpDouble(answer)

    def handler(request: Any, client: Any, server: BaseServer) -> _Handler:
        return _Handler(request, client, server, double=double)

    server = _Server(("127.0.0.1", 0), handler)
    if tls:
        server.socket = tls.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
    double.url = f"{'https' if tls else 'http'}://127.0.0.1:{server.server_address[1]}"
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    try:
        yield double
    finally:
        double.over.set()
        server.shutdown()
        server.server_close()
        thread.join()
