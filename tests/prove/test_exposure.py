"""What one person can be promised is bounded, and the bounds hold; discounts keep their distance."""

from __future__ import annotations

import math
import sys
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from engine.cases.story import Kind
from engine.gates.base import Situation
from engine.model import BUILT_IN, DAY
from engine.prove import exposure
from engine.prove.model import Answer, Outcome
from engine.prove.often import UNBOUNDED, namings, spaced
from engine.testfile import DEFAULT_NOW, Given, Happening, PersonData, TestCase
from tests.prove.variations import Change, found, replayed, run, varied, wrong

SHIPPED = varied()
NOTES: Any = sys.modules["engine.gates.notes"]

#: everyone who left over the price is answered with one, every thirty days
_TO_FRESH = "left over the price\n    at: 14d\n    for: fresh"
OFTEN = varied(
    ("churned.yaml", "then: {repeat: 90d}", "then: {repeat: 30d}"),
    ("churned.yaml", _TO_FRESH, _TO_FRESH.replace("fresh", "[fresh, older]")),
)


def told(answers: list[Answer]) -> dict[str, str]:
    """Message by offer; what is said of all of them under ``all``."""
    return {a.message.split("'")[1] if "'" in a.message else "all": a.message for a in answers}


def test_every_offer_of_the_shipped_project_is_bounded() -> None:
    assert found(exposure.answers, SHIPPED) == []
    messages = told(found(exposure.answers, SHIPPED, outcome=Outcome.NOTED))
    assert messages == {
        "price_protection_30d": "'price_protection_30d' is promised to one person at most 3 times in 365 days",
        "month_to_month": "'month_to_month' is promised to one person at most 6 times in 365 days",
        "welcome_back_10": "'welcome_back_10' is promised to one person at most 5 times in 365 days, 10% each",
        "move_in_help": "'move_in_help' is promised to one person at most 39 times in 365 days",
        "all": "at most 6 promises of 4 offers are open for one person at once",
    }


def test_promises_that_overlap_are_told() -> None:
    answers = {
        a.message.split("'")[1]: a
        for a in found(exposure.answers, SHIPPED, outcome=Outcome.NOTED)
        if a.source
    }
    assert any("up to 3 promises of it are open at once" in line for line in answers["move_in_help"].details)
    assert not any("open at once" in line for line in answers["month_to_month"].details)


def test_only_offers_of_the_campaigns_asked_about_are_told() -> None:
    assert set(told(found(exposure.answers, SHIPPED, "closed_lost", outcome=Outcome.NOTED))) == {
        "price_protection_30d",
        "all",
    }
    assert found(exposure.answers, SHIPPED, "stalled", outcome=Outcome.NOTED) == []


def test_a_person_whose_wish_comes_true_every_week_stays_within_the_bound() -> None:
    person = PersonData(
        fields={"status_at_last_touch": "churned", "churned_at": DEFAULT_NOW - 45 * DAY, "purchases": 3,
                "usage_30d": 0, "lifetime_value": 0, "country": "US", "timezone": "America/Chicago"},
        attributes={"missing_feature": "route planning"},
    )  # fmt: skip
    shipped = tuple(
        Happening(
            at=n * 7 * DAY, event="feature_shipped", data={"feature": "route planning"}, source=BUILT_IN
        )
        for n in range(53)
    )
    case = TestCase(
        it="ships", now=DEFAULT_NOW, given=Given(person=person), when=shipped, expect=(), source=BUILT_IN
    )
    result = run(SHIPPED, "churned", case)
    lines = [pair.actual for pair in result.pairs if pair.actual is not None]
    sent = [
        line.at
        for line in lines
        if line.kind is Kind.SEND and line.offer == "move_in_help" and line.at < 365 * DAY
    ]
    assert 12 <= len(sent) <= 39


# ── nothing that bounds ──

_TRIGGER = """
triggers:
  - trigger: looked
    event: pricing_viewed
    cadence:
      - step: help
        at: 0d
        email: stalled/last_word
        offer: move_in_help

then: {park: 30d}
"""
_LOOKED: tuple[Change, ...] = (("stalled.yaml", "\nthen: {park: 30d}\n", _TRIGGER),)
_NO_CAPS: tuple[Change, ...] = (
    ("stalled.yaml", "fatigue: 3 per 14d\n\n", ""),
    ("rekindle.yaml", "fatigue: [2 per 7d, {sms: 1 per 14d}]", "fatigue: {sms: 1 per 14d}"),
)


def test_an_offer_that_an_event_brings_as_often_as_it_happens_is_bounded_by_caps_alone() -> None:
    capped = told(found(exposure.answers, varied(*_LOOKED), "stalled", outcome=Outcome.NOTED))
    assert capped["move_in_help"].endswith("at most 106 times in 365 days")  # two a week
    [first, at_once] = found(exposure.answers, varied(*_LOOKED, *_NO_CAPS), "stalled")
    assert first.message == "nothing bounds how often 'move_in_help' is promised to one person"
    assert str(first.source).startswith("incentives.yaml:")
    assert "at once" in at_once.message


def test_money_is_reckoned_for_the_year() -> None:
    fixed = (
        "incentives.yaml",
        "    kind: percent_off\n    percent: 10%",
        "    kind: amount_off\n    amount: 50",
    )
    messages = told(found(exposure.answers, varied(fixed), "churned", outcome=Outcome.NOTED))
    assert messages["welcome_back_10"].endswith("at most 5 times in 365 days: $250, $50 each")


@pytest.mark.parametrize(
    ("window", "apart", "times"),
    [(365, None, 1), (365, 365, 1), (366, 365, 2), (365, 90, 5), (30, 0, UNBOUNDED)],
)
def test_moments_apart(window: int, apart: int | None, times: float) -> None:
    assert spaced(window, apart) == times


# ── the distance between discounts ──


def forgets_its_own(s: Situation, offer: object) -> Iterator[int]:
    return iter(())


def a_day_less(s: Situation, offer: Any) -> Iterator[int]:
    return (at - DAY for at in PROMISED(s, offer))


def only_of_this_campaign(s: Situation, offer: Any) -> Iterator[int]:
    mine = [t for t in s.facts.touches if t.campaign == s.campaign.id]
    s.facts.touches[:], before = mine, list(s.facts.touches)
    found_ = list(PROMISED(s, offer))
    s.facts.touches[:] = before
    return iter(found_)


PROMISED: Callable[..., Iterator[int]] = NOTES._promised


@pytest.mark.parametrize(
    ("damage", "history"),
    [
        (forgets_its_own, "email with welcome_back_10 queued by churned"),
        (a_day_less, "email with welcome_back_10 sent by churned 89d 23h 59m 59s ago"),
        (only_of_this_campaign, "email with welcome_back_10 queued"),
    ],
)
def test_a_gate_that_forgets_promises_is_found(
    monkeypatch: pytest.MonkeyPatch, damage: Callable[..., Any], history: str
) -> None:
    monkeypatch.setattr(NOTES, "_promised", damage)
    [answer] = found(exposure.answers, SHIPPED, "churned")
    assert answer.step == "price_answer"
    assert answer.details[0] == history


def test_what_it_forgets_is_shown_by_a_campaign_that_repeats_its_discount(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    assert found(exposure.answers, OFTEN, "churned") == []
    monkeypatch.setattr(NOTES, "_promised", forgets_its_own)
    [answer] = found(exposure.answers, OFTEN, "churned")
    assert answer.counterexample is not None
    replay = replayed(OFTEN, answer.counterexample)
    assert wrong(replay) == [(44 * DAY, "price_answer sent by email")]
    monkeypatch.undo()
    assert run(OFTEN, "churned", replay.case).passed


# ── how often at most ──

_FORKED = """
triggers:
  - trigger: looked
    event: pricing_viewed
    cadence:
      - step: help
        at: 0d
        email: stalled/last_word
        offer: move_in_help
      - step: fork
        at: 2d
        choose:
          - if: {title: {is: present}}
            go: close
          - else: close
      - step: more
        at: 20d
        email: stalled/last_word
      - step: close
        at: 30d
        for: oldest
        email: stalled/last_word

then: {park: 30d}
"""


def often(offer: str, *changes: Change, added: tuple[tuple[str, str], ...] = ()) -> float:
    """How often at most it is promised in a year where nothing but rounds bounds it."""
    project = varied(*_NO_CAPS, *changes, added=added).require()
    uses = {
        (c.id, t.id): (c, t, steps)
        for c in project.campaigns.values()
        for t in (c.main, *c.triggers)
        if (steps := [s for s in t.steps if s.offer == offer])
    }
    return sum(namings(project, c, t, steps, 365 * DAY) for c, t, steps in uses.values() if c.id != "churned")


def test_a_round_that_an_event_begins_lasts_as_long_as_its_shortest_way() -> None:
    """Whoever is not of the last step's cohort is through when they have jumped to it, after two days."""
    assert often("move_in_help", ("stalled.yaml", "\nthen: {park: 30d}\n", _FORKED)) == math.ceil(365 / 2) + 1


def test_a_round_that_ends_with_its_last_step_is_not_begun_again_by_an_event() -> None:
    ended = _TRIGGER.replace("then: {park: 30d}", "then: end")
    assert often("move_in_help", ("stalled.yaml", "\nthen: {park: 30d}\n", ended)) == math.ceil(365 / 180)


_STARTED = """\
campaign: second_look
owner: growth@larkfield.example
objective: Go on with those whom stalled hands over.
goal: {event: meeting_booked, within: 60d}
group: other
audience: {segment: stalled, where: {title: nobody}}
cadence:
  - {step: hello, at: 0d, email: stalled/last_word, offer: move_in_help}
THEN
then: end
"""
_STARTS: Change = (
    "stalled.yaml",
    "\nthen: {park: 30d}\n",
    "\n  - {step: over, at: 20d, start: second_look}\n\nthen: end\n",
)


def test_a_campaign_that_others_start_has_their_rounds_beside_its_own() -> None:
    added = (("second_look.yaml", _STARTED.replace("THEN\n", "")),)
    assert often("move_in_help", _STARTS, added=added) == 1 + math.ceil(365 / 180)


def test_campaigns_that_start_each_other_are_bounded_by_nothing_of_theirs() -> None:
    added = (("second_look.yaml", _STARTED.replace("THEN", "  - {step: back, at: 1d, start: stalled}")),)
    assert often("move_in_help", _STARTS, added=added) == UNBOUNDED
