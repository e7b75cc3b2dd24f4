"""The service on a port: uvicorn in a thread of its own, beside whatever else the process does."""

from __future__ import annotations

import asyncio
import errno
import socket
import threading
import time
from pathlib import Path
from typing import Any

import h11
import structlog
import uvicorn
from uvicorn.protocols.http.h11_impl import H11Protocol

from engine.clock import Clock
from engine.errors import ConfigurationError
from engine.http.calls import Proxies
from engine.http.desk import Desk, open_desk
from engine.http.service import service
from engine.model import HttpDef

#: seconds from the connection to the end of the first call's headers
HEADERS_WITHIN = 10
#: seconds a connection may stay open with nothing asked
IDLE = 15
#: bytes of a call's line and headers
_LARGEST_HEAD = 32_768
#: connections that wait to be taken
_BACKLOG = 512
#: connections at a time; more get 503
_CONNECTIONS = 512
#: seconds calls at work have to end when the service stops
_FINISH_WITHIN = 10


class Server:
    """``start``, then ``stop``. The port is taken when it is made, so that a taken one is told before any work."""

    def __init__(
        self, desk: Desk, *, host: str | None = None, port: int | None = None, openapi: bool = False
    ) -> None:
        """Raises ConfigurationError when the address cannot be listened on."""
        self.desk = desk
        http = desk.http
        self._server = uvicorn.Server(_config(desk, openapi))
        self._socket = _listen(http, host or http.host, http.port if port is None else port)
        self._thread = threading.Thread(target=self._run, name="rekindle-http", daemon=True)
        self._log: Any = structlog.get_logger("rekindle.http")

    @property
    def address(self) -> str:
        """Where it listens, e.g. ``127.0.0.1:8080``."""
        host, port = self._socket.getsockname()[:2]
        return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"

    @property
    def alive(self) -> bool:
        """False when it has ended by itself."""
        return self._thread.is_alive()

    def start(self) -> None:
        """Serve. Returns when calls are answered."""
        self._thread.start()
        while not self._server.started and self._thread.is_alive():
            time.sleep(0.01)
        self._log.info("serving", address=self.address, public_url=self.desk.http.public_url)

    def stop(self) -> None:
        """Take no more calls, let those at work end, and release everything."""
        self._server.should_exit = True
        if self._thread.ident is not None:
            self._thread.join(_FINISH_WITHIN + 5)
        self._socket.close()
        self.desk.close()
        self._log.info("serving_ended")

    def _run(self) -> None:
        try:
            self._server.run(sockets=[self._socket])
        except Exception as error:
            self._log.exception("serving_failed", error=type(error).__name__)


def served(
    project_dir: Path, env: str, clock: Clock, *, host: str | None = None,
    port: int | None = None, openapi: bool = False,
) -> Server:  # fmt: skip
    """A server of an environment's pages, not started yet. Raises RekindleError and the store's errors."""
    desk = open_desk(project_dir, env, clock)
    try:
        return Server(desk, host=host, port=port, openapi=openapi)
    except BaseException:
        desk.close()
        raise


def _config(desk: Desk, openapi: bool) -> uvicorn.Config:
    return uvicorn.Config(
        Proxies(service(desk, openapi=openapi), desk.http.proxies),
        http=_Patient,
        ws="none",
        loop="asyncio",
        log_config=None,  # our own way of logging stands
        access_log=False,  # its lines would hold URLs, and URLs hold tokens
        server_header=False,
        proxy_headers=False,  # ours does it
        limit_concurrency=_CONNECTIONS,
        timeout_keep_alive=IDLE,
        timeout_graceful_shutdown=_FINISH_WITHIN,
        h11_max_incomplete_event_size=_LARGEST_HEAD,
    )


class _Patient(H11Protocol):
    """uvicorn's protocol, whose patience ends with a client that does not end its headers."""

    _waiting: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self._wait()

    def data_received(self, data: bytes) -> None:
        super().data_received(data)
        if self.conn.their_state is not h11.IDLE:
            self._wait_no_more()
        elif self._waiting is None and not self.transport.is_closing():
            self._wait()

    def connection_lost(self, exc: Exception | None) -> None:
        self._wait_no_more()
        super().connection_lost(exc)

    def _wait(self) -> None:
        self._waiting = self.loop.call_later(HEADERS_WITHIN, self._hang_up)

    def _wait_no_more(self) -> None:
        if self._waiting is not None:
            self._waiting.cancel()
            self._waiting = None

    def _hang_up(self) -> None:
        self._waiting = None
        if self.conn.their_state is h11.IDLE:
            self.transport.close()


def _listen(http: HttpDef, host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    # TCP is named, for asyncio sends small answers at once only on what says that it is TCP
    listening = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    try:
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listening.bind((host, port))
        listening.listen(_BACKLOG)
    except OSError as error:
        listening.close()
        what = "is in use" if error.errno == errno.EADDRINUSE else f"cannot be listened on: {error.strerror}"
        raise ConfigurationError(
            f"{host}:{port} {what}",
            hint=f"Stop what listens there, or name another with listen: in {http.source}, or --port",
        ) from None
    listening.setblocking(False)
    return listening
