"""The double tells the truth: what arrived, what was answered, and when the process died."""

from __future__ import annotations

import pytest

from channels.base import (
    Accepted,
    Adapter,
    CannotTell,
    Capabilities,
    Found,
    NotFound,
    Rejected,
    Retry,
    Unknown,
)
from channels.testing import CRASH_AFTER, CRASH_BEFORE, Act, RecordingAdapter, SimulatedCrash, email


def test_it_is_an_adapter_and_accepts() -> None:
    adapter = RecordingAdapter()
    assert isinstance(adapter, Adapter)
    assert adapter.send(email("r1")) == Accepted(provider_id="rec-r1")
    assert adapter.refs() == ["r1"]


def test_it_does_what_the_script_says_then_accepts_again() -> None:
    adapter = RecordingAdapter().then(Retry(reason="busy"), Rejected(reason="no"), Unknown(reason="lost"))
    outcomes = [adapter.send(email(f"r{n}")) for n in range(4)]
    assert [type(outcome) for outcome in outcomes] == [Retry, Rejected, Unknown, Accepted]
    assert adapter.refs() == ["r3"]


def test_an_unknown_outcome_may_have_arrived() -> None:
    adapter = RecordingAdapter().then(Act(outcome=Unknown(reason="lost"), arrives=True))
    adapter.send(email("r1"))
    assert isinstance(adapter.lookup("r1"), Found)


@pytest.mark.parametrize(("crash", "arrived"), [(CRASH_BEFORE, []), (CRASH_AFTER, ["r1"])])
def test_a_crash_is_no_exception_that_a_handler_could_swallow(crash: Act, arrived: list[str]) -> None:
    adapter = RecordingAdapter().then(crash)
    with pytest.raises(SimulatedCrash):
        adapter.send(email("r1"))
    assert not issubclass(SimulatedCrash, Exception)
    assert adapter.refs() == arrived
    assert adapter.attempts == {"r1": 1}


def test_a_message_sent_twice_shows_twice_unless_the_provider_knows_refs() -> None:
    plain = RecordingAdapter()
    clever = RecordingAdapter(capabilities=Capabilities(channels=frozenset({"email"}), idempotent=True))
    for adapter in (plain, clever):
        adapter.send(email("r1"))
        adapter.send(email("r1"))
    assert plain.refs() == ["r1", "r1"]
    assert clever.refs() == ["r1"]


def test_look_up_tells_as_much_as_it_says_it_can() -> None:
    assert isinstance(RecordingAdapter().lookup("r1"), NotFound)
    blind = RecordingAdapter(capabilities=Capabilities(channels=frozenset({"email"})))
    assert isinstance(blind.lookup("r1"), CannotTell)


def test_a_rule_decides_by_message() -> None:
    adapter = RecordingAdapter().always(
        lambda message: Rejected(reason="no") if message.ref == "bad" else Accepted()
    )
    assert isinstance(adapter.send(email("bad")), Rejected)
    assert isinstance(adapter.send(email("good")), Accepted)


def test_closing_is_counted() -> None:
    adapter = RecordingAdapter()
    adapter.close()
    adapter.close()
    assert adapter.closed == 2
