"""HTTP over connections that are kept, for adapters whose SDK opens a new one for each call and waits for ever.

Whoever keeps the books needs to know one thing of a call that failed: can it have arrived? So there are two
errors and no more. Nothing is tried again, no redirect is followed, and no URL, header or body is ever logged.
"""

from __future__ import annotations

import re
import ssl
import time
from collections.abc import Mapping
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from typing import Any

from urllib3 import HTTPConnectionPool, HTTPSConnectionPool, Timeout
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.exceptions import (
    ConnectTimeoutError,
    HTTPError,
    NameResolutionError,
    NewConnectionError,
    ReadTimeoutError,
)
from urllib3.util import parse_url

from channels.quiet import quiet

#: seconds after which an idle connection is not used again: a server may be about to close it, and a request
#: that crosses with that is in doubt
_KEPT = 25
_CONNECTIONS = 32
#: seconds to wait for a connection, where the whole timeout is longer
_TO_CONNECT = 10
#: more of an answer is not read
_MOST = 65_536
_SECONDS = re.compile(r"[0-9]{1,9}")


class NotSent(Exception):
    """No connection came about: certainly nothing was sent. ``ours``: a person has to mend it here."""

    def __init__(self, reason: str, *, ours: bool = False) -> None:
        super().__init__(reason)
        self.ours = ours


class Lost(Exception):
    """The connection broke or no answer came in time: the request may have arrived."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """A whole answer. ``headers`` are found in any case; a body that broke off is empty."""

    status_code: int
    headers: Mapping[str, str]
    body: bytes = b""


class Pool:
    """Kept connections to any number of hosts, for any number of threads."""

    def __init__(self, timeout: float) -> None:
        """``timeout``: seconds to wait at each step, to connect at most ten."""
        self._wait = Timeout(connect=min(timeout, _TO_CONNECT), read=timeout)
        self._pools: dict[str, HTTPConnectionPool] = {}  # by scheme, host and port

    def request(self, method: str, url: str, headers: Mapping[str, str], body: bytes | None = None) -> Answer:
        """One call. Raises NotSent and Lost."""
        with quiet():
            return self._ask(method, url, headers, body)

    def _ask(self, method: str, url: str, headers: Mapping[str, str], body: bytes | None) -> Answer:
        pool, target = self._of(url)
        try:
            found = pool.urlopen(
                method, target, body=body, headers=dict(headers), redirect=False, preload_content=False
            )
        except ReadTimeoutError:
            raise Lost("no answer came in time") from None
        except (HTTPError, OSError) as error:
            raise Lost(f"the connection broke before an answer ({_kind(error)})") from None
        return Answer(status_code=found.status, headers=found.headers, body=_body(found))

    def close(self) -> None:
        """Close what is idle. The pool can still be used."""
        pools, self._pools = self._pools, {}
        for pool in pools.values():
            pool.close()

    def _of(self, url: str) -> tuple[HTTPConnectionPool, str]:
        """The connections to an address, and what to ask for there."""
        scheme, _, rest = url.partition("://")
        place, _, path = rest.partition("/")
        origin = f"{scheme}://{place}"
        pool = self._pools.get(origin)
        if pool is None:
            parsed = parse_url(origin)
            kind = _TlsPool if scheme == "https" else _Pool
            made = kind(
                parsed.host or "", parsed.port, timeout=self._wait, maxsize=_CONNECTIONS, retries=False
            )
            pool = self._pools.setdefault(origin, made)
        return pool, f"/{path}"


def _body(response: Any) -> bytes:
    """The body as far as it is read. What it says never outweighs the status, so a break in it is no error."""
    try:
        body: bytes = response.read(_MOST)
        whole = len(body) < _MOST
    except (HTTPError, OSError):
        body, whole = b"", False
    if whole:
        response.release_conn()
    else:
        response.close()
    return body


class _Kept(HTTPConnection):
    """Tells a failure to connect from one after it, and is not used again when it was idle for long."""

    _used = 0.0
    _held: list[bytes] | None = None

    def connect(self) -> None:
        try:
            super().connect()
        except Exception as error:
            raise _not_sent(error) from None
        self._used = time.monotonic()

    def request(self, *args: Any, **kwargs: Any) -> None:
        if self.sock is None:
            self.connect()
        self._used = time.monotonic()
        held = self._held = []
        try:
            super().request(*args, **kwargs)
        finally:
            self._held = None
        super().send(b"".join(held))

    def send(self, data: Any) -> None:
        """Headers and body leave together: one packet, and the other side wakes up once."""
        if self._held is None:
            super().send(data)
        else:
            self._held.append(data)

    @property
    def is_connected(self) -> bool:
        return time.monotonic() - self._used < _KEPT and super().is_connected


class _TlsKept(_Kept, HTTPSConnection):
    pass


class _Pool(HTTPConnectionPool):
    ConnectionCls = _Kept


class _TlsPool(HTTPSConnectionPool):
    ConnectionCls = _TlsKept

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        # one context for all its connections: reading the system's certificates costs more than a call
        super().__init__(*args, ssl_context=ssl.create_default_context(), **kwargs)


def _not_sent(error: Exception) -> NotSent:
    match error:
        case ssl.SSLCertVerificationError():
            return NotSent(f"its certificate is not trusted: {error.verify_message}", ours=True)
        case NameResolutionError():
            return NotSent("its name is not known")
        case NewConnectionError():  # to urllib3 this is a kind of timeout
            return NotSent(f"it cannot be reached ({_kind(error)})")
        case ConnectTimeoutError() | TimeoutError():
            return NotSent("it did not answer in time")
    return NotSent(f"it cannot be reached ({_kind(error)})")


def _kind(error: BaseException) -> str:
    """The system's own words, however deep they are wrapped."""
    inner: object = error
    while isinstance(inner, BaseException):
        if isinstance(inner, OSError) and inner.strerror:
            return inner.strerror
        inner = inner.__cause__ or next((arg for arg in inner.args if isinstance(arg, BaseException)), None)
    return type(error).__name__


def retry_after(headers: Mapping[str, str], now: int) -> int | None:
    """The seconds a server asks to wait, given as a number or as a date; None where it does not say."""
    said = headers.get("Retry-After", "").strip()
    if _SECONDS.fullmatch(said):
        return int(said)
    try:
        return int(parsedate_to_datetime(said).timestamp()) - now
    except (ValueError, OverflowError):
        return None
