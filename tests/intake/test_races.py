"""Word that comes while a message is on its way out, and bounces that say "not now" too often."""

from __future__ import annotations

import pytest

from channels.base import Accepted, Capabilities, Message, Outcome, Rejected, Retry, Unknown
from channels.events import EventKind as K
from channels.recording import ALL_CHANNELS, RecordingAdapter
from engine.intake import take
from engine.jobs import run_refresh, run_turn
from engine.model import DAY
from engine.soft_bounces import SPAN, TIMES, given_up
from engine.status import status
from state.store import Store
from tests.engine import building
from tests.engine.building import NOW, add_person, ask, open_app
from tests.intake.building import HELLO, addresses, came, event, ref_of, touch, written_to


@pytest.mark.parametrize(
    ("kind", "state"), [(K.ACCEPTED, "sent"), (K.DELIVERED, "delivered"), (K.BOUNCED, "bounced")]
)
@pytest.mark.parametrize(
    "outcome",
    [
        Accepted(provider_id="sg-1"),
        Unknown(reason="dead line"),
        Rejected(reason="no"),
        Retry(reason="busy", after=1),
    ],
)
def test_word_that_is_faster_than_the_answer_stands(
    store: Store, kind: K, state: str, outcome: Outcome
) -> None:
    """The event comes in while the worker still waits for the provider's answer."""
    app = open_app(store, {"hello": HELLO})

    def hears(message: Message) -> Outcome:
        take(app, "channel:email", "email", [event(kind, message.ref)], NOW)
        return outcome

    adapter = RecordingAdapter(capabilities=Capabilities(channels=ALL_CHANNELS, lookup=False)).always(hears)
    app.channels["email"] = adapter
    add_person(store, 1, churned_at=NOW - 40 * building.DAY)
    run_refresh(app, NOW)
    for _ in range(3):
        run_turn(app, NOW)
    assert touch(store) == state
    assert list(adapter.attempts.values()) == [1], "it is not sent again, whatever the answer was"
    assert ask(store, "SELECT count(*) FROM decision WHERE action = 'sent'") == [(1,)]
    assert ask(store, "SELECT last_touch_at FROM person") == [(NOW,)]
    assert status(app)["touches"]["reconciles"]


def bounces(*days: int) -> list[tuple[int, str, dict[str, object]]]:
    return [(NOW + day * DAY, "bounced", {"soft": True}) for day in days]


@pytest.mark.parametrize(
    ("events", "gone"),
    [
        (bounces(0, 3, 7), True),
        (bounces(7, 0, 3), True),
        (bounces(0, 7), False),
        (bounces(0, 1, 6), False),
        ([*bounces(0, 3, 9), (NOW + 5 * DAY, "delivered", {})], False),
        ([*bounces(0, 3, 9), (NOW + 10 * DAY, "delivered", {})], True),
        (
            [*bounces(0, 7), (NOW + 3 * DAY, "bounced", {})],
            False,
        ),  # a policy's, a filter's: not the address's
        ([], False),
    ],
)
def test_so_many_in_a_row_over_so_long(events: list[tuple[int, str, dict[str, object]]], gone: bool) -> None:
    assert given_up(events) is gone


def test_an_address_that_bounces_for_weeks_is_given_up(store: Store) -> None:
    app = written_to(store, 2)
    for n in range(TIMES):
        at = NOW - SPAN + n * SPAN // (TIMES - 1)
        came(app, event(K.BOUNCED, ref_of(store, 1), key=f"b{n}", at=at, to="User-1@example.com", soft=True))
        assert bool(addresses(store)) is (n == TIMES - 1)
        came(app, event(K.DELIVERED, ref_of(store, 2), key=f"d{n}", at=at),
             event(K.BOUNCED, ref_of(store, 2), key=f"c{n}", at=at - 60, to="user-2@example.com",
                   soft=True))  # fmt: skip
    assert addresses(store) == {("user-1@example.com", "email", "hard_bounce")}
