"""What providers tell about messages: touches move, doubts are settled, a no is obeyed at once."""

from __future__ import annotations

import orjson
import pytest

from channels.base import Rejected, Retry, Unknown
from channels.events import EventKind as K
from engine.intake_again import judge_watched
from engine.jobs import run_turn
from engine.machines import WATCH
from engine.people.erase import erase
from engine.people.merge import merge
from engine.status import status
from state.store import Store
from tests.engine.building import DAY, NOW, ask
from tests.intake.building import (
    LATER,
    addresses,
    came,
    event,
    events,
    ref_of,
    rows,
    suppressions,
    touch,
    written_to,
)


def test_what_was_delivered_is_delivered(store: Store) -> None:
    app = written_to(store)
    ref = ref_of(store)
    assert came(app, event(K.ACCEPTED, ref), event(K.DELIVERED, ref)) == {"applied": 2}
    assert (touch(store), events(store)) == ("delivered", ["delivered"])
    assert status(app)["touches"]["reconciles"]


def test_what_comes_twice_is_on_record_once(store: Store) -> None:
    app = written_to(store)
    ref = ref_of(store)
    came(app, event(K.DELIVERED, ref), event(K.DELIVERED, ref))
    assert came(app, event(K.DELIVERED, ref)) == {"known": 1}
    assert (len(rows(store)), events(store)) == (1, ["delivered"])


@pytest.mark.parametrize(
    ("kind", "state"),
    [(K.ACCEPTED, "sent"), (K.DELIVERED, "delivered"), (K.OPENED, "delivered"),
     (K.BOUNCED, "bounced"), (K.DROPPED, "bounced")],
)  # fmt: skip
@pytest.mark.parametrize(
    "outcome", [Unknown(reason="dead line"), Rejected(reason="no"), Retry(reason="busy", after=9)]
)
def test_whatever_was_thought_of_it_the_provider_knows_better(
    store: Store, kind: K, state: str, outcome: Unknown | Rejected | Retry
) -> None:
    app = written_to(store, 1, outcome)
    came(app, event(kind, ref_of(store), provider_id="sg-1"))
    sql = "SELECT state, reason, provider_id, counted_at IS NOT NULL FROM touch"
    assert ask(store, sql) == [(state, None, "sg-1", 1)]
    sql = "SELECT action, reasons FROM decision ORDER BY id DESC LIMIT 1"
    action, reasons = ask(store, sql)[0]
    told = orjson.loads(reasons)[0]
    assert (action, told["settled_by"], told["provider_id"]) == ("sent", "channel:email", "sg-1")
    assert ask(store, "SELECT last_touch_channel FROM person") == [("email",)]
    run_turn(app, app.clock.now())
    assert len(app.channels["email"].attempts) == 1, "it is not sent again"  # type: ignore[attr-defined]
    assert status(app)["touches"]["reconciles"]


def test_a_hard_bounce_binds_the_address_and_a_soft_one_nothing(store: Store) -> None:
    app = written_to(store, 2)
    came(app, event(K.BOUNCED, ref_of(store, 1), to="User-1@example.com", suppress="hard_bounce"),
         event(K.BOUNCED, ref_of(store, 2), to="user-2@example.com"))  # fmt: skip
    assert (touch(store, 1), touch(store, 2)) == ("bounced", "bounced")
    assert addresses(store) == {("user-1@example.com", "email", "hard_bounce")}
    assert suppressions(store) == set()


def test_a_complaint_binds_the_person_everywhere(store: Store) -> None:
    app = written_to(store)
    came(app, event(K.COMPLAINED, ref_of(store), to="user-1@example.com", suppress="complaint"))
    assert suppressions(store) == {(1, "all", "complaint")}
    assert ("user-1@example.com", "all", "complaint") in addresses(store)


@pytest.mark.parametrize("kind", [K.UNSUBSCRIBED, K.DROPPED])
def test_an_opt_out_binds_the_channel(store: Store, kind: K) -> None:
    app = written_to(store)
    came(app, event(kind, ref_of(store), to="user-1@example.com", suppress="opt_out"))
    assert suppressions(store) == {(1, "email", "opt_out")}
    assert "unsubscribed" in events(store)


def test_a_no_to_an_address_is_obeyed_without_a_touch(store: Store) -> None:
    app = written_to(store, 2)
    came(app, event(K.UNSUBSCRIBED, "", key="a", to="user-2@example.com", suppress="opt_out"),
         event(K.COMPLAINED, "nobody's", to="who@customer.example", suppress="complaint"),
         event(K.BOUNCED, "", key="b", to="old@customer.example", suppress="hard_bounce"))  # fmt: skip
    assert suppressions(store) == {(2, "email", "opt_out")}
    assert addresses(store) >= {("who@customer.example", "all", "complaint"),
                                ("old@customer.example", "email", "hard_bounce")}  # fmt: skip
    assert [row[1] for row in rows(store)] == ["applied"] * 3


def test_what_is_unknown_is_kept_as_unknown(store: Store) -> None:
    app = written_to(store)
    assert came(app, event(K.UNKNOWN, ref_of(store), key="new-kind")) == {"ignored": 1}
    assert rows(store) == [("unknown", "ignored", "of a kind nobody knows")]
    assert (touch(store), events(store)) == ("sent", [])


def test_what_names_no_touch_waits_or_was_never_ours(store: Store) -> None:
    app = written_to(store)
    assert came(app, event(K.DELIVERED, "strange"), event(K.DELIVERED, "", key="x")) == {
        "open": 1,
        "ignored": 1,
    }


def test_of_a_touch_that_nobody_sent_nothing_moves(store: Store) -> None:
    app = written_to(store)
    with store.begin() as conn:
        conn.exec_driver_sql("UPDATE touch SET state = 'skipped'")
    came(app, event(K.DELIVERED, ref_of(store)))
    assert rows(store) == [("delivered", "applied", "nothing new: the touch is skipped")]
    assert touch(store) == "skipped"


def test_what_a_machine_did_is_marked_and_moves_nobody(store: Store) -> None:
    app = written_to(store)
    ref = ref_of(store)
    came(app, event(K.OPENED, ref, machine=True),
         event(K.UNSUBSCRIBED, ref, machine=True, to="user-1@example.com", suppress="opt_out"))  # fmt: skip
    assert ask(store, "SELECT DISTINCT machine FROM received") in ([(1,)], [(True,)])
    assert (events(store), suppressions(store), touch(store)) == ([], set(), "delivered")


def test_about_somebody_erased_the_touch_is_settled_and_nothing_is_kept(store: Store) -> None:
    app = written_to(store, 1, Unknown(reason="dead line"))
    ref = ref_of(store)
    erase(store, 1, app.clock)
    came(app, event(K.DELIVERED, ref, raw='{"email":"user-1@example.com"}'))
    assert (touch(store), events(store)) == ("delivered", [])
    assert ask(store, "SELECT raw, identity_id FROM received") == [("", None)]


def test_instants_of_the_future_or_none_are_now(store: Store) -> None:
    app = written_to(store, 2)
    came(
        app,
        event(K.DELIVERED, ref_of(store, 1), at=LATER + DAY),
        event(K.DELIVERED, ref_of(store, 2), at=None),
    )
    assert ask(store, "SELECT DISTINCT at FROM event") == [(LATER,)]
    assert NOW < LATER


def test_what_came_in_follows_its_person_when_two_become_one(store: Store) -> None:
    app = written_to(store, 2)
    ref = ref_of(store, 2)
    came(app, event(K.CLICKED, ref, url="https://www.small.example/"))
    with store.begin() as conn:
        merge(conn, [(1, 2)], LATER)
    came(app, event(K.DELIVERED, ref, at=NOW + 1))
    judge_watched(app, LATER + WATCH)
    assert (events(store, 1), events(store, 2)) == (["clicked", "delivered"], [])
    assert ask(store, "SELECT DISTINCT identity_id FROM received") == [(1,)]
