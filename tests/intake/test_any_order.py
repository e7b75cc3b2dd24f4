"""Whatever comes, in whatever order and however often: the same end, and no refusal is lost."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from channels.base import Rejected, Unknown
from channels.events import EventKind as K
from channels.events import InboundMessage, ProviderEvent
from engine.app import App
from engine.intake import Item
from engine.intake_again import judge_watched, place_open
from engine.machines import WATCH
from engine.status import status
from state.store import Store
from state.testing import DIALECTS, database
from tests.engine.building import NOW, ask
from tests.intake.building import LATER, came, event, message, ref_of, written_to

#: what came in, and what it changed
_FRESH = ("received", "event", "suppression", "address_suppression", "note", "consent", "task", "notice")
_SUPPRESS = {K.COMPLAINED: "complaint", K.UNSUBSCRIBED: "opt_out"}
_TEXTS = (
    "STOP",
    "tell me more",
    "do not contact me again",
    "cancel my appointment",
    "HELP",
    "wrong number",
    "hm",
)


@pytest.fixture(scope="module", params=DIALECTS)
def app(request: pytest.FixtureRequest) -> Iterator[App]:
    """Three people: one whose mail was sent, one in doubt about, one whose mail was refused."""
    with database(request.param) as url:
        store = Store.open(url)
        app = written_to(store, 3, Unknown(reason="dead line"), Rejected(reason="no"))
        with store.begin() as conn:
            for table in ("touch", "decision", "enrolment", "person"):
                conn.exec_driver_sql(f"CREATE TABLE kept_{table} AS SELECT * FROM {table}")
        yield app
        store.close()


def begin_again(app: App) -> None:
    """As if nothing had come in."""
    with app.store.begin() as conn:
        for table in _FRESH:
            conn.exec_driver_sql(f"DELETE FROM {table}")
        for table in ("touch", "decision", "enrolment", "person"):
            conn.exec_driver_sql(f"DELETE FROM {table}")
            conn.exec_driver_sql(f"INSERT INTO {table} SELECT * FROM kept_{table}")


@st.composite
def items(draw: st.DrawFn) -> Item:
    """Something that comes back; the same name always says the same."""
    who = draw(st.integers(0, 4))  # 0: nobody's ref, 4: an address that nobody has
    address = f"user-{who}@example.com"
    if draw(st.integers(0, 3)) == 0:
        n = draw(st.integers(0, len(_TEXTS) - 1))
        return message(_TEXTS[n], sender=address, key=f"m{who}-{n}")
    kind, n = draw(st.sampled_from(K)), draw(st.integers(0, 2))
    hard = kind in (K.BOUNCED, K.DROPPED) and n == 1
    return event(kind, f"ref-{who}", key=f"{kind}-{who}-{n}", to=address, at=NOW + 50 + n * 40,
                 suppress="hard_bounce" if hard else _SUPPRESS.get(kind), machine=n == 2 and kind is not K.COMPLAINED,
                 url=f"https://www.small.example/{n}" if kind is K.CLICKED else "", provider_id=f"p-{who}")  # fmt: skip


def end(app: App, batches: Sequence[Sequence[Item]]) -> dict[str, Any]:
    """Where everything stands when the batches have come in, and have been looked at again."""
    begin_again(app)
    refs = {f"ref-{i}": ref_of(app.store, i) for i in (1, 2, 3)}
    for batch in batches:
        came(
            app,
            *(replace(i, ref=refs.get(i.ref, i.ref)) if isinstance(i, ProviderEvent) else i for i in batch),
        )
    judge_watched(app, LATER + WATCH)
    place_open(app, LATER + WATCH)
    store = app.store
    return {
        "touches": ask(
            store, "SELECT identity_id, state, reason, counted_at, provider_id FROM touch ORDER BY 1"
        ),
        "settled": ask(
            store, "SELECT identity_id, count(*) FROM decision WHERE action = 'sent' GROUP BY 1 ORDER BY 1"
        ),
        "events": ask(
            store, "SELECT source, key, identity_id, name, at FROM event ORDER BY source, key, identity_id"
        ),
        "suppressions": ask(store, "SELECT identity_id, channel, reason FROM suppression ORDER BY 1, 2, 3"),
        "addresses": ask(store, "SELECT address, channel, reason FROM address_suppression ORDER BY 1, 2, 3"),
        "notes": ask(store, "SELECT identity_id, kind, key FROM note ORDER BY 1, 2, 3"),
        "received": ask(store, "SELECT key, state, machine FROM received ORDER BY key"),
        "tasks": ask(store, "SELECT identity_id, ref FROM task ORDER BY 1, 2"),
    }


@st.composite
def deliveries(draw: st.DrawFn) -> tuple[list[list[Item]], list[list[Item]]]:
    """The same items twice: once each in one go, and shuffled, repeated and cut into calls."""
    found = list({item.id: item for item in draw(st.lists(items(), min_size=1, max_size=12))}.values())
    more = draw(st.permutations(found + draw(st.lists(st.sampled_from(found), max_size=6))))
    cuts = sorted(draw(st.sets(st.integers(1, len(more)), max_size=5)))
    return [found], [more[a:b] for a, b in zip([0, *cuts], [*cuts, len(more)], strict=True)]


@pytest.mark.soak
@settings(max_examples=400, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(both=deliveries())
def test_the_end_is_the_same_over_many(app: App, both: tuple[list[list[Item]], list[list[Item]]]) -> None:
    once, again = both
    assert end(app, once) == end(app, again)


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(both=deliveries())
def test_the_end_is_the_same(app: App, both: tuple[list[list[Item]], list[list[Item]]]) -> None:
    once, again = both
    assert end(app, once) == end(app, again)
    assert status(app)["touches"]["reconciles"]


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(found=st.lists(items(), min_size=1, max_size=12))
def test_no_refusal_is_lost(app: App, found: list[Item]) -> None:
    stands = end(app, [[item] for item in found])
    suppressed = {row[0] for row in stands["addresses"]}
    for item in found:
        if isinstance(item, InboundMessage) and item.text in (
            "STOP",
            "do not contact me again",
            "wrong number",
        ):
            assert item.sender in suppressed
        elif isinstance(item, ProviderEvent) and item.suppress and not item.machine:
            assert item.to in suppressed
