"""A site to visit: a small project with its pages on a port of this machine, and the worker that writes for it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
from sqlalchemy import text

from engine.app import App, environment_of
from engine.clock import VirtualClock
from engine.compile import load_files
from engine.http.desk import Desk
from engine.http.server import Server
from engine.jobs import run_refresh, run_turn
from state.store import Store
from tests.engine import building
from tests.engine.building import NOW, add_person, ask

PUBLIC = "https://go.small.example"

HTTP = f"http:\n  public_url: {PUBLIC}\n  listen: 127.0.0.1:8080\n"

CAMPAIGN = """\
audience: {segment: churned}
goal: {event: purchase, within: 30d}
cadence:
  - step: hello
    at: 0d
    email: note
  - step: again
    at: 2d
    email: note
  - step: last
    at: 4d
    email: note
then: end
exit:
  - {event: replied, as: handed_over}
"""


def texts(*, proxies: str = "", **campaigns: str) -> dict[str, str]:
    """The project's files: e-mail, text messages and letters, and one campaign unless others are given."""
    found = building.files(campaigns or {"back": CAMPAIGN})
    project = found["rekindle.yaml"] + HTTP + (f"  proxies: [{proxies}]\n" if proxies else "")
    for channel in ("sms", "letter"):
        project = project.replace("channels:\n", f"channels:\n  {channel}: {{adapter: console}}\n")
    found["rekindle.yaml"] = project
    return found


@dataclass(frozen=True, slots=True)
class Site:
    """Pages, the worker, and a client that asks for them."""

    desk: Desk
    worker: App
    client: httpx.Client
    url: str

    @property
    def clock(self) -> VirtualClock:
        """The time of both."""
        clock = self.worker.clock
        assert isinstance(clock, VirtualClock)
        return clock

    def turn(self) -> dict[str, int]:
        """Everybody who is free is enrolled; what is due is decided; what may leave is sent."""
        now = self.clock.now()
        return dict(run_refresh(self.worker, now) + run_turn(self.worker, now))

    def tokens(self) -> list[str]:
        """Of every touch there is, by identity and step."""
        refs = self.ask("SELECT ref FROM touch ORDER BY identity_id, planned_at")
        return [self.worker.signer.sign(ref) for (ref,) in refs]

    def ask(self, sql: str, **params: Any) -> list[tuple[Any, ...]]:
        """Rows of a query."""
        return ask(self.worker.store, sql, **params)

    def change(self, sql: str, **params: Any) -> None:
        """Something else writes to the store."""
        with self.worker.store.begin() as conn:
            conn.execute(text(sql), params)


@contextmanager
def site(store: Store, root: Path, *, people: int = 1, proxies: str = "", **campaigns: str) -> Iterator[Site]:
    """A site with so many people, each of whom has had a first message."""
    files = texts(proxies=proxies, **campaigns)
    worker = building.open_files(store, files, root)
    for identity in range(1, people + 1):
        add_person(store, identity, phone=f"+1312555010{identity}", churned_at=NOW - 100 * building.DAY)
    desk = desk_on(Store.open(store.url.render_as_string(hide_password=False)), files, root, worker.clock)
    server = Server(desk, port=0)
    server.start()
    url = f"http://{server.address}"
    with httpx.Client(base_url=url, timeout=30) as client:
        visited = Site(desk, worker, client, url)
        visited.turn()
        yield visited
    server.stop()


def desk_on(store: Store, files: dict[str, str], root: Path, clock: Any) -> Desk:
    """A desk of its own, as ``rekindle serve`` has it."""
    loaded = load_files(files, root)
    project = loaded.require()
    app = App(loaded, project, environment_of(project, "local"), store, clock)
    app.build_channels()
    assert app.environment.http is not None
    return Desk(app, app.environment.http)
