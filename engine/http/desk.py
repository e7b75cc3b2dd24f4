"""What every page and webhook works with: one project in one environment, read again when its files change.

The pages' own transactions and intake's go straight to the store, which is safe for threads. What needs the whole
``App`` takes a turn: the App does one thing at a time.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from pathlib import Path
from typing import Any

import structlog
from sqlalchemy import Connection

from engine import choices
from engine.app import App, open_app
from engine.choices import Holder
from engine.clock import Clock
from engine.errors import ConfigurationError
from engine.events import Listeners
from engine.http.limits import Allowance
from engine.http.metrics import Meters
from engine.model import Brand, HttpDef
from engine.timekeeping import enter_real

#: seconds between two looks at the project's files
_LOOK_EVERY = 30

#: unknown tokens of one client, and false signatures, each for itself: (at once, and then in a minute)
STRANGERS = (60, 30)
#: genuine calls of one client: (at once, and then in a minute)
CALLS = (2_000, 12_000)


class Desk:
    """The project behind the pages."""

    def __init__(self, app: App, http: HttpDef) -> None:
        """Use ``open_desk``."""
        self.app = app
        self.http = http
        self.meters = Meters(app)
        self.log = structlog.get_logger("rekindle.http")
        self.strangers = Allowance(*STRANGERS)
        self.forgers = Allowance(*STRANGERS)
        self.calls = Allowance(*CALLS)
        self._turn = threading.RLock()
        self._looked_at = time.monotonic()
        self._listeners: Listeners = app.listeners()

    @property
    def brand(self) -> Brand:
        """Who is writing."""
        return self.app.project.brand

    @property
    def listeners(self) -> Listeners:
        """Event name -> campaigns that it can move."""
        return self._listeners

    def now(self) -> int:
        """UTC epoch seconds."""
        return self.app.clock.now()

    def public_url(self, path: bytes, query: bytes) -> str:
        """The URL as the world called it, by what is declared and never by what the call says of itself."""
        target = path.decode("latin-1") + (f"?{query.decode('latin-1')}" if query else "")
        return f"{self.http.public_url}{target}"

    def signed(self, token: str) -> bool:
        """Whether a link's token is one that we signed; asks no store."""
        return self.app.signer.read(token) is not None

    def holder(self, conn: Connection, token: str) -> Holder | None:
        """Whom a link's token is for; None for one that is not ours."""
        return choices.holder_of(conn, self.app.signer, self.app.ref_key, token)

    @contextmanager
    def turn(self) -> Iterator[App]:
        """The App, for this thread alone."""
        with self._turn:
            yield self.app

    def writer_turn(self) -> AbstractContextManager[Any]:
        """SQLite has one writer: its writers take turns here instead of asking again and again. PostgreSQL's do not."""
        return self._turn if self.app.store.dialect == "sqlite" else nullcontext()

    @contextmanager
    def writing(self) -> Iterator[Connection]:
        """A write transaction."""
        with self.writer_turn(), self.app.store.begin() as conn:
            yield conn

    def look_again(self) -> None:
        """Read the project's files again if it is time and they have changed; never waits for another thread."""
        if time.monotonic() - self._looked_at < _LOOK_EVERY or not self._turn.acquire(blocking=False):
            return
        try:
            self._looked_at = time.monotonic()
            self.app.reload()
            self.app.follow_channels()
            self._listeners = self.app.listeners()
        finally:
            self._turn.release()

    def close(self) -> None:
        """Release channels and store."""
        with self._turn:
            self.app.close()


def open_desk(project_dir: Path, env: str, clock: Clock) -> Desk:
    """The desk of an environment that declares ``http``. Raises RekindleError and the store's errors."""
    app = open_app(project_dir, env, clock=clock, tolerant=True)
    try:
        http = declared_http(app)
        enter_real(app.store, clock.now())
        app.build_channels()
        app.versions.refresh(app.store)
        return Desk(app, http)
    except BaseException:
        app.close()
        raise


def declared_http(app: App) -> HttpDef:
    """Where the environment says the pages are. Raises ConfigurationError when it does not."""
    found = app.environment.http
    if found is None:
        name = app.environment.name
        where = (
            "at the top of rekindle.yaml" if name == "local" else f"in environment '{name}' of rekindle.yaml"
        )
        raise ConfigurationError(
            f"environment '{name}' does not say where its pages are ({app.environment.source})",
            hint=f"Write {where}: http: {{public_url: https://go.your-domain.example}}",
        )
    return found
