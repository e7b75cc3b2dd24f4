"""A discount that rekindle itself promised blocks another one, whichever campaign or round would give it."""

from __future__ import annotations

from pathlib import Path

import pytest
from sqlalchemy import text

from channels.base import Rejected
from channels.recording import RecordingAdapter
from engine.advance import advance
from engine.app import App
from engine.dispatch import dispatch
from engine.jobs import run_refresh, run_turn
from state.store import Store
from tests.engine.building import DAY, NOW, add_person, ask, files, open_files

OFFERS = """\
incentives:
  - {offer: ten_off, kind: percent_off, percent: 10%, title: Ten, terms: Ten off., valid_for: 30d}
  - {offer: five_off, kind: percent_off, percent: 5%, title: Five, terms: Five off., valid_for: 30d}
  - {offer: old_price, kind: price_protection, title: Your price, terms: As it was., valid_for: 30d}
"""

LETTER = "---\nsubject: A word\n---\n{{ offer.title }} until {{ offer.expires_on | date }}.\n"


def campaign(*steps: str, group: str = "winback", priority: int = 50, then: str = "end") -> str:
    cadence = "".join(f"  - {{{step}, email: letter}}\n" for step in steps)
    return f"group: {group}\npriority: {priority}\naudience: {{segment: churned}}\ncadence:\n{cadence}then: {then}\n"


def world(store: Store, incentives: str = OFFERS, **campaigns: str) -> App:
    """A worker with one person whom every campaign is for."""
    texts = {**files(campaigns), "incentives.yaml": incentives, "templates/letter.md": LETTER}
    app = open_files(store, texts, Path())
    add_person(store, 1, churned_at=NOW - 400 * DAY)
    run_refresh(app, NOW)
    return app


def became(store: Store) -> dict[str, str]:
    """What became of each step: its state, or why it was not sent."""
    sql = "SELECT campaign, cycle, step, state, reason FROM touch"
    return {f"{c}/{cycle}/{step}": reason or state for c, cycle, step, state, reason in ask(store, sql)}


def days(app: App, *which: float) -> None:
    for day in which:
        run_turn(app, NOW + int(day * DAY))


FIRST = "step: first, at: 0d, offer: ten_off"
LATER = "step: later, at: 2d, offer: five_off"


def test_another_campaign_gives_no_second_discount_within_the_cooldown(store: Store) -> None:
    app = world(store, one=campaign(FIRST), two=campaign(LATER, group="other"))
    days(app, 0, 2)
    assert became(store) == {"one/1/first": "sent", "two/1/later": "recent_discount"}


def test_what_blocks_is_a_discount_and_no_other_promise(store: Store) -> None:
    kept = campaign("step: first, at: 0d, offer: old_price")
    app = world(store, one=kept, two=campaign(LATER, group="other"))
    days(app, 0, 2)
    assert became(store) == {"one/1/first": "sent", "two/1/later": "sent"}


def test_a_round_may_remind_of_its_own_discount_and_of_no_other(store: Store) -> None:
    steps = (FIRST, "step: reminder, at: 2d, offer: ten_off", "step: more, at: 4d, offer: five_off")
    app = world(store, one=campaign(*steps))
    days(app, 0, 2, 4)
    assert became(store) == {"one/1/first": "sent", "one/1/reminder": "sent", "one/1/more": "recent_discount"}


@pytest.mark.parametrize(("every", "second"), [(89, "recent_discount"), (90, "sent")])
def test_the_next_round_gives_it_again_when_the_cooldown_is_over(
    store: Store, every: int, second: str
) -> None:
    app = world(store, one=campaign(FIRST, then=f"{{repeat: {every}d}}"))
    days(app, 0, every)
    assert became(store) == {"one/1/first": "sent", "one/2/first": second}


def test_one_that_is_queued_is_given_already(store: Store) -> None:
    """Both are decided in one batch, before either has left."""
    app = world(store, one=campaign(FIRST, priority=60), two=campaign(FIRST, group="other"))
    advance(app, NOW)
    assert became(store) == {"one/1/first": "queued", "two/1/first": "recent_discount"}
    advance(app, NOW + DAY)
    dispatch(app, NOW + DAY)
    assert became(store)["one/1/first"] == "sent"


def test_one_that_the_provider_refused_was_never_given(store: Store) -> None:
    app = world(store, one=campaign(FIRST), two=campaign(LATER, group="other"))
    app.channels["email"] = RecordingAdapter().then(Rejected(reason="no such mailbox"))
    days(app, 0, 2)
    assert became(store) == {"one/1/first": "provider_refused", "two/1/later": "sent"}


def test_of_two_that_a_merge_brings_together_one_leaves(store: Store) -> None:
    """Each was queued for a person of its own; the gate is asked again when they leave, in one batch."""
    app = world(store, one=campaign(FIRST), two=campaign(FIRST, group="other"))
    advance(app, NOW)
    with store.begin() as conn:
        conn.execute(text("UPDATE touch SET state = 'queued', reason = NULL, offer_expires_at = 9999999999"))
        conn.execute(text("UPDATE touch SET finished_at = NULL"))
        insert = "INSERT INTO message SELECT identity_id, 'two', cycle, step, payload FROM message"
        conn.execute(text(insert))
    dispatch(app, NOW)
    assert sorted(became(store).values()) == ["recent_discount", "sent"]


def test_an_offer_that_nobody_declares_any_more_may_have_been_a_discount(store: Store) -> None:
    app = world(store, one=campaign(FIRST), two=campaign(LATER, group="other"))
    days(app, 0)
    with store.begin() as conn:
        conn.execute(text("UPDATE touch SET offer = 'gone'"))
    days(app, 2)
    assert became(store)["two/1/later"] == "recent_discount"
