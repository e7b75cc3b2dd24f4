"""The door every call passes: bodies bounded in size and time, headers that protect, failures without a trace.

Plain ASGI, outside of everything else, so that nothing gets round it. It logs routes and never URLs: a URL carries
a token.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from typing import Any

import structlog
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from engine.errors import origin
from engine.http.metrics import Meters
from engine.http.pages import CONTENT_SECURITY

#: bytes of a body, and of the form of a page
LARGEST, LARGEST_FORM = 1 << 20, 1 << 14
#: bytes of a body that is too large which are read all the same, so that the client hears why it was not taken
_HEARD_OUT = 8 << 20
_CLOSE = {"Connection": "close"}
#: counted for a client that was gone before it was answered
_HUNG_UP = 499
#: seconds a client may take between two pieces of a body, and for the whole of it
PIECE_WITHIN, BODY_WITHIN = 10, 30

_HEADERS = (
    (b"content-security-policy", CONTENT_SECURITY.encode()),
    (b"referrer-policy", b"no-referrer"),
    (b"x-content-type-options", b"nosniff"),
    (b"x-frame-options", b"DENY"),
    (b"cross-origin-opener-policy", b"same-origin"),
    (b"cross-origin-resource-policy", b"same-origin"),
    (b"permissions-policy", b"browsing-topics=()"),
    (b"cache-control", b"no-store"),
    (b"x-robots-tag", b"noindex, nofollow"),
)


class Door:
    """ASGI middleware."""

    def __init__(self, app: ASGIApp, meters: Meters) -> None:
        self._app, self._meters = app, meters
        self._log = structlog.get_logger("rekindle.http")

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        began = time.perf_counter()
        answer = _Answer(send)
        try:
            await self._app(scope, _bounded(scope, receive), answer)
        except ClientDisconnect:  # gone while its body was awaited: nobody is left to answer
            pass
        except Exception as error:
            self._log.error(
                "http_failed", route=route_of(scope), error=type(error).__name__, at=origin(error)
            )
            if answer.status is None:
                await _plain(answer, 500, "This is a fault of ours.")
        finally:
            seconds = time.perf_counter() - began
            self._meters.served(route_of(scope), scope["method"], answer.status or _HUNG_UP, seconds)


class _Answer:
    """Sends the answer, with our headers on it, and remembers its status."""

    def __init__(self, send: Send) -> None:
        self._send = send
        self.status: int | None = None

    async def __call__(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.status = message["status"]
            present = {name.lower() for name, _ in message.get("headers", ())}
            ours = [(name, value) for name, value in _HEADERS if name not in present]
            message = {**message, "headers": [*message.get("headers", ()), *ours]}
        await self._send(message)


def _bounded(scope: Scope, receive: Receive) -> Receive:
    """``receive``, that ends with 413 or 408 where a body is too large or too slow."""
    declared = dict(scope["headers"]).get(b"content-length", b"")
    largest = LARGEST_FORM if scope["path"].startswith(("/u/", "/p/")) else LARGEST
    refused = declared.isdigit() and int(declared) > largest
    ends = time.monotonic() + BODY_WITHIN
    taken, whole = 0, False

    async def piece() -> Message:
        nonlocal taken, whole
        try:
            message = await asyncio.wait_for(receive(), max(0.1, min(PIECE_WITHIN, ends - time.monotonic())))
        except TimeoutError:
            raise HTTPException(408, "the body did not come in time", _CLOSE) from None
        taken += len(message.get("body", b""))
        whole = not message.get("more_body", False)
        return message

    async def bounded() -> Message:
        if whole:  # what comes now is only that the client hangs up
            return await receive()
        message = await piece()
        if not refused and taken <= largest:
            return message
        while not whole and taken <= _HEARD_OUT:  # who is cut off while speaking does not hear the answer
            await piece()
        raise HTTPException(413, "the body is too large", _CLOSE)

    return bounded


def route_of(scope: Scope) -> str:
    """The route a call took, e.g. ``/u/{token}``: never what stood in its place."""
    path: Any = getattr(scope.get("route"), "path", None)
    return path if isinstance(path, str) else "none"


async def _plain(send: Callable[[Message], Any], status: int, text: str) -> None:
    headers = [(b"content-type", b"text/plain; charset=utf-8")]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": text.encode()})
