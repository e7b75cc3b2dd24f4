"""The virtual wheel where nothing moves: it neither crawls nor spins."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest
from sqlalchemy import text

from channels.base import Capabilities
from channels.recording import ALL_CHANNELS, RecordingAdapter
from engine.advance import advance
from engine.app import App
from engine.backlog import clear_hold
from engine.clock import VirtualClock
from engine.jobs import run_refresh
from engine.simulate import Held, run_virtual
from state.store import Store
from tests.engine.building import DAY, NOW, add_person, ask, open_app

HOUR = 3_600
HELLO = "audience: {segment: churned}\ncadence:\n  - {step: hello, at: 0d, email: note, expires: 9d}\nthen: end\n"


def enrolled(store: Store, people: int, **options: Any) -> App:
    app = open_app(store, {"hello": HELLO}, **options)
    app.channels["email"] = RecordingAdapter(capabilities=Capabilities(channels=ALL_CHANNELS, lookup=False))
    for identity in range(1, people + 1):
        add_person(store, identity, churned_at=NOW - 40 * DAY)
    run_refresh(app, NOW)
    return app


def turned(app: App, until: int) -> list[int]:
    """Run to ``until``; the moments at which the wheel turned."""
    assert isinstance(app.clock, VirtualClock)
    moments: list[int] = []
    run_virtual(app, app.clock, until, lambda now, _: moments.append(now))
    return moments


def test_what_cannot_leave_is_met_at_the_grid_and_not_every_second(store: Store) -> None:
    app = enrolled(store, 1)
    advance(app, NOW)
    adapter = app.channels.pop("email")
    moments = turned(app, NOW + HOUR)
    assert len(moments) == 13
    app.channels["email"] = adapter
    turned(app, NOW + HOUR + 600)
    assert ask(store, "SELECT state FROM touch") == [("sent",)]


def test_a_rate_is_kept_and_used_on_the_way(store: Store) -> None:
    app = enrolled(store, 40, email=", rate: 2/min")
    turned(app, NOW + 15 * 60)
    minutes = Counter((row[0] - NOW) // 60 for row in ask(store, "SELECT finished_at FROM touch WHERE state = 'sent'"))
    assert set(minutes.values()) == {2}
    assert sum(minutes.values()) >= 30


def test_a_backlog_hold_ends_the_run_with_one_clear_error(store: Store) -> None:
    app = enrolled(store, 300)
    assert isinstance(app.clock, VirtualClock)
    app.clock.move_to(NOW + DAY)
    with pytest.raises(Held, match="300 of 300 planned moments were overdue") as raised:
        turned(app, NOW + 2 * DAY)
    assert "resume --backlog" in raised.value.hint
    assert app.clock.now() == NOW + DAY
    with store.begin() as conn:
        clear_hold(conn, app.clock.now())
    turned(app, NOW + 2 * DAY)
    assert ask(store, "SELECT state, count(*) FROM touch GROUP BY state") == [("sent", 300)]


def test_the_virtual_run_of_a_paused_campaign_goes_straight_to_its_end(store: Store) -> None:
    app = enrolled(store, 3)
    with store.begin() as conn:
        conn.execute(text("INSERT INTO control (key, value, at) VALUES ('pause:hello', '{}', :now)"), {"now": NOW})
    assert len(turned(app, NOW + 5 * HOUR)) == 6
    assert ask(store, "SELECT count(*) FROM touch") == [(0,)]
