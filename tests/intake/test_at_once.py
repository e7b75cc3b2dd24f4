"""The same call delivered twice at the same moment, and calls about the same people, each in a thread of its own."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from functools import partial

import pytest

from channels.base import Unknown
from channels.events import EventKind as K
from engine.intake import Item, Row
from engine.status import status
from state.ids import next_id
from state.queries import received
from state.queries.outbox import lock_people
from state.store import Store
from state.testing import database
from tests.engine.building import ask
from tests.events.racing import started
from tests.intake.building import (
    LATER,
    SOURCE,
    addresses,
    came,
    event,
    events,
    message,
    ref_of,
    rows,
    suppressions,
    touch,
    written_to,
)


@pytest.fixture
def store() -> Iterator[Store]:
    """PostgreSQL: SQLite has one writer, and nothing to race with."""
    with database("postgresql") as url:
        store = Store.open(url)
        yield store
        store.close()


def test_a_call_that_comes_twice_at_once_counts_once(store: Store) -> None:
    app = written_to(store, 2, Unknown(reason="dead line"))
    call: list[Item] = [
        event(K.DELIVERED, ref_of(store)),
        event(K.UNSUBSCRIBED, ref_of(store), suppress="opt_out", to="user-1@example.com"),
        event(K.BOUNCED, ref_of(store, 2), suppress="hard_bounce", to="user-2@example.com"),
        message("tell me more", sender="user-2@example.com"),
        message("STOP", sender="nobody@example.com", key="m2"),
    ]
    with store.begin() as conn:
        lock_people(conn, [1, 2])
        with started(store, *[partial(came, app, *call)] * 3) as racing:
            pass
    tallies = sorted((r.result() for r in racing), key=lambda tally: tally["known"])
    assert tallies == [Counter(applied=5), Counter(known=5), Counter(known=5)]
    assert len(rows(store)) == 5
    assert events(store) == ["delivered", "unsubscribed"]
    assert events(store, 2) == ["bounced", "replied"]
    assert [touch(store, 1), touch(store, 2)] == ["delivered", "bounced"]
    assert ask(
        store, "SELECT identity_id, count(*) FROM decision WHERE action = 'sent' GROUP BY 1 ORDER BY 1"
    ) == [
        (1, 1),
        (2, 1),
    ]
    assert status(app)["touches"]["reconciles"]


def test_what_is_about_nobody_waits_for_whoever_has_the_same(store: Store) -> None:
    """Nobody is locked then: it is the row that says who came first."""
    app = written_to(store)
    known = Row(next_id(), SOURCE, "m1", "inbound", "email", None, None, None, None, LATER, False, "applied", None,
                None, "")  # fmt: skip
    with store.begin() as conn:
        assert received.put(conn, [known]) == 1
        stop = partial(came, app, message("STOP", sender="nobody@example.com", key="m1"))
        with started(store, stop) as [taking]:
            pass
    assert taking.result() == Counter(known=1)
    assert (len(rows(store)), addresses(store)) == (1, set())


def test_a_start_that_comes_again_takes_back_no_stop_that_came_between(store: Store) -> None:
    app = written_to(store)
    start = partial(came, app, message("START", sender="+13125550101", key="m1"), channel="sms")
    stop = partial(came, app, message("STOP", sender="+13125550101", key="m2"), channel="sms")
    with store.begin() as conn:
        lock_people(conn, [1])
        with started(store, start, stop, start) as racing:
            pass
    for one in racing:
        one.result()
    assert (1, "sms", "opt_out") in suppressions(store)
    assert ("+13125550101", "sms", "opt_out") in addresses(store)


def test_calls_about_the_same_people_in_any_order_all_count(store: Store) -> None:
    app = written_to(store, 4)
    refs = [ref_of(store, identity) for identity in (1, 2, 3, 4)]
    calls = [
        partial(came, app, *(event(kind, ref, key=f"{kind}-{ref}") for ref in order))
        for kind, order in (
            (K.ACCEPTED, refs),
            (K.DELIVERED, refs[::-1]),
            (K.UNSUBSCRIBED, refs[2:] + refs[:2]),
        )
    ]
    with store.begin() as conn:
        lock_people(conn, [1, 2, 3, 4])
        with started(store, *calls) as racing:
            pass
    assert [r.result() for r in racing] == [Counter(applied=4)] * 3
    assert {touch(store, identity) for identity in (1, 2, 3, 4)} == {"delivered"}
    assert {tuple(events(store, identity)) for identity in (1, 2, 3, 4)} == {("delivered", "unsubscribed")}
