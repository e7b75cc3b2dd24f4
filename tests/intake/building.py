"""People who were written to, for tests of what comes back."""

from __future__ import annotations

from collections import Counter
from typing import Any

from channels.base import Capabilities, Outcome
from channels.events import EventKind, InboundMessage, Keyword, ProviderEvent
from channels.recording import ALL_CHANNELS, RecordingAdapter
from engine.app import App
from engine.clock import VirtualClock
from engine.intake import take
from engine.jobs import run_refresh, run_turn
from state.store import Store
from tests.engine.building import DAY, NOW, add_person, ask, open_app

#: a mail, and a step that looks at what became of it
HELLO = """\
audience: {segment: churned}
cadence:
  - {step: hello, at: 0d, email: note}
  - {step: again, at: 5d, email: note}
then: end
exit:
  - {event: replied, as: handed_over}
"""
LATER = NOW + 3_600
SOURCE = "channel:email"


def written_to(store: Store, people: int = 1, *outcomes: Outcome, **options: Any) -> App:
    """``people`` to whom the first mail has left, an hour ago; ``outcomes`` are what the provider answered."""
    app = open_app(store, {"hello": HELLO}, **options)
    adapter = RecordingAdapter(capabilities=Capabilities(channels=ALL_CHANNELS, lookup=False))
    app.channels["email"] = adapter.then(*outcomes)
    for identity in range(1, people + 1):
        add_person(store, identity, churned_at=NOW - 40 * DAY, phone=f"+1312555010{identity}")
    run_refresh(app, NOW)
    run_turn(app, NOW)
    assert isinstance(app.clock, VirtualClock)
    app.clock.move_to(LATER)
    return app


def ref_of(store: Store, identity: int = 1, step: str = "hello") -> str:
    sql = "SELECT ref FROM touch WHERE identity_id = :i AND step = :s"
    return str(ask(store, sql, i=identity, s=step)[0][0])


def event(kind: EventKind, ref: str = "", *, key: str = "", **changes: Any) -> ProviderEvent:
    name = key or f"{kind.value}-{ref}"
    return ProviderEvent(**{"kind": kind, "id": name, "ref": ref, "raw": f'{{"event":"{kind.value}"}}', "at": NOW + 60}
                         | changes)  # fmt: skip


def message(text: str, *, sender: str = "user-1@example.com", key: str = "m1", answered: Keyword | None = None,
            to: str = "hello@small.example", vouched: bool = False) -> InboundMessage:  # fmt: skip
    return InboundMessage(
        id=key, raw=f"raw {text}", sender=sender, to=to, text=text, answered=answered, vouched=vouched
    )


def came(app: App, *items: ProviderEvent | InboundMessage, channel: str = "email") -> Counter[str]:
    """They come in, together."""
    return take(app, f"channel:{channel}", channel, items, app.clock.now())


def touch(store: Store, identity: int = 1, step: str = "hello") -> str:
    sql = "SELECT state FROM touch WHERE identity_id = :i AND step = :s"
    return str(ask(store, sql, i=identity, s=step)[0][0])


def suppressions(store: Store) -> set[tuple[Any, ...]]:
    return set(ask(store, "SELECT identity_id, channel, reason FROM suppression"))


def addresses(store: Store) -> set[tuple[Any, ...]]:
    return set(ask(store, "SELECT address, channel, reason FROM address_suppression"))


def events(store: Store, identity: int = 1) -> list[str]:
    sql = "SELECT name FROM event WHERE identity_id = :i ORDER BY name"
    return [row[0] for row in ask(store, sql, i=identity)]


def rows(store: Store) -> list[tuple[Any, ...]]:
    return ask(store, "SELECT kind, state, reason FROM received ORDER BY id")
