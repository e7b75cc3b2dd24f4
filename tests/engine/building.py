"""A small project and its people, for tests of one room at a time."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from sqlalchemy import text

from channels.recording import RecordingAdapter
from engine.app import App, environment_of
from engine.clock import VirtualClock, parse_instant
from engine.compile import load_files
from state.store import Store

NOW = parse_instant("2026-03-02T15:00:00Z")  # a Monday, nine in Chicago
DAY = 86_400

PROJECT = """\
project: small
brand:
  name: Small
  legal_name: Small, Inc.
  postal_address: 100 Example Street, Springfield, IL 62701, USA
  website: https://www.small.example
  from: Dana Reyes <dana@small.example>
  reply_to: hello@small.example
  unsubscribe_url: https://go.small.example/u
people: {default_country: US, currency: USD, attributes: {seats: number}}
policy: {fatigue: 20 per 7d, quiet_hours: 23:00-05:00, step_expiry: 3d, won_back: [purchase], markets: [US]}
channels:
  email: {adapter: console EMAIL}
"""

SEGMENTS = """\
segments:
  - segment: churned
    description: Left.
    where:
      - churned_at: {older_than: 30d}
  - segment: big
    description: Left, and was large.
    where:
      - churned_at: {older_than: 30d}
      - attributes.seats: {at_least: 100}
  - segment: lost
    description: Chose another.
    where:
      - closed_at: {older_than: 30d}
"""

NOTE = """\
---
subject: A word
---
Hello, you left us {{ person.churned_at | ago if person.churned_at else "a while ago" }}.

[See](https://www.small.example/news)
"""


def files(campaigns: dict[str, str], *, email: str = "") -> dict[str, str]:
    """The project's files; ``email`` is more options of its channel."""
    found = {"rekindle.yaml": PROJECT.replace(" EMAIL", email), "segments.yaml": SEGMENTS, "templates/note.md": NOTE}
    heads = "campaign: {0}\nowner: ops@small.example\nobjective: Test.\n"
    return found | {f"{name}.yaml": heads.format(name) + body for name, body in campaigns.items()}


def open_app(store: Store, campaigns: dict[str, str], *, email: str = "", root: Path = Path()) -> App:
    """A worker at ``NOW`` whose e-mail channel is a ``RecordingAdapter``."""
    return open_files(store, files(campaigns, email=email), root)


def open_files(store: Store, texts: dict[str, str], root: Path = Path()) -> App:
    """The same, of the files given."""
    loaded = load_files(texts, root)
    project = loaded.require()
    app = App(loaded, project, environment_of(project, "local"), store, VirtualClock(NOW))
    app.start_work()
    app.channels["email"] = RecordingAdapter()
    return app


def add_person(store: Store, identity: int, **fields: Any) -> None:
    """A living person in Chicago with an address; ``fields`` are columns."""
    row = {
        "identity_id": identity, "created_at": NOW, "updated_at": NOW, "email": f"user-{identity}@example.com",
        "email_key": f"user-{identity}@example.com", "first_name": "Ann", "country": "US", "region": "IL",
        "timezone": "America/Chicago", "attributes": "{}", **fields,
    }  # fmt: skip
    columns = ", ".join(row)
    values = ", ".join(f":{c}" for c in row)
    with store.begin() as conn:
        conn.execute(text(f"INSERT INTO person ({columns}) VALUES ({values})"), row)


def ask(store: Store, sql: str, **params: Any) -> list[tuple[Any, ...]]:
    """Rows of a query."""
    with store.read() as conn:
        return [tuple(row) for row in conn.execute(text(sql), params)]
