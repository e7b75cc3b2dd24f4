"""No cap is ever exceeded; and where the gate, or what it is shown, is damaged, prove says so and shows how."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import pytest

from engine import clearance, gates
from engine.facts import TouchFact
from engine.gates.base import Situation
from engine.gather import Scope
from engine.model import Cap
from engine.prove import caps, room
from engine.prove.base import Asked, Budget
from engine.prove.model import Answer, Outcome
from engine.verdict import Says, Verdict
from tests.prove.variations import asked, found, replayed, run, varied, wrong

SHIPPED = varied()
#: the package has a function of that name
GATE: Any = sys.modules["engine.gates.fatigue"]
COUNTED: Callable[..., list[int]] = GATE.counted
SCOPE_OF = Scope.of


LAWFUL = {"law's ST-FL", "law's ST-MD", "law's ST-OK", "law's ST-OR", "law's US-UNKNOWN"}


def without(monkeypatch: pytest.MonkeyPatch, *, decided: bool = True, leaving: bool = True) -> None:
    """Take the gate away where touches are decided, and where they leave."""
    fewer = tuple(g for g in gates.GATES if g is not GATE.fatigue)
    if decided:
        monkeypatch.setattr(gates, "GATES", fewer)
    if leaving:
        monkeypatch.setattr(gates, "AT_DISPATCH", fewer)
        monkeypatch.setattr(clearance, "AT_DISPATCH", fewer)


def exceeded(answers: Sequence[Answer]) -> set[str]:
    """The caps that can be, in words."""
    return {a.message.partition(" can be exceeded")[0].removeprefix("the ") for a in answers}


def test_no_cap_of_the_shipped_project_is_ever_exceeded() -> None:
    [kept] = caps.answers(asked(SHIPPED))
    assert kept.outcome is Outcome.KEPT
    assert "histories that fill one of 10 caps lets a touch through" in kept.message
    assert caps.SUMMED not in kept.assumptions  # every single history was tried


def test_without_the_gate_every_cap_is_exceeded_and_a_case_shows_it(monkeypatch: pytest.MonkeyPatch) -> None:
    without(monkeypatch)
    answers = found(caps.answers, SHIPPED, "churned", "no_show")
    assert exceeded(answers) == {"cap of 2 per 7d", "cap of 1 per 14d on sms", "cap of 3 per 30d"} | LAWFUL
    shared = next(a for a in answers if "2 per 7d" in a.message)
    assert shared.details == ("email sent 1d ago", "email sent 1d ago")
    assert shared.counterexample is not None
    assert wrong(replayed(SHIPPED, shared.counterexample)) == [(0, "seat_text sent by sms")]


def test_the_case_passes_where_the_gate_is_sound() -> None:
    with pytest.MonkeyPatch.context() as damage:
        without(damage)
        answers = found(caps.answers, SHIPPED, "churned")
        replays = [replayed(SHIPPED, a.counterexample) for a in answers if a.counterexample]
    assert replays
    assert all(run(SHIPPED, "churned", replay.case).passed for replay in replays)


def one_more(touches: Sequence[TouchFact], cap: Cap, s: Situation) -> int | None:
    moments = GATE.counted(touches, cap, s.own, s.now)
    return moments[-cap.limit] + cap.per if len(moments) > cap.limit else None


def second_early(touches: Sequence[TouchFact], cap: Cap, own: tuple[str, int, str], now: int) -> list[int]:
    return COUNTED(touches, replace(cap, per=cap.per - 1), own, now)


def reserved_forgotten(
    touches: Sequence[TouchFact], cap: Cap, own: tuple[str, int, str], now: int
) -> list[int]:
    return COUNTED([t for t in touches if t.counted_at is not None], cap, own, now)


def doubts_forgotten(
    touches: Sequence[TouchFact], cap: Cap, own: tuple[str, int, str], now: int
) -> list[int]:
    return COUNTED([t for t in touches if t.state != "in_doubt"], cap, own, now)


def own_round_forgotten(
    touches: Sequence[TouchFact], cap: Cap, own: tuple[str, int, str], now: int
) -> list[int]:
    return COUNTED([t for t in touches if (t.campaign, t.cycle) != own[:2]], cap, own, now)


def calls_forgotten(frequency: Any, s: Situation) -> int | None:
    texts = [t for t in s.facts.touches if t.channel == "sms"]
    found: int | None = GATE.room_at(texts, Cap(limit=frequency.limit, per=frequency.per), s)
    return found


@pytest.mark.parametrize(
    ("part", "damage", "history"),
    [
        ("room_at", one_more, "email sent 1d ago"),
        ("counted", second_early, "email sent 6d 23h 59m 59s ago"),
        ("counted", reserved_forgotten, "email queued"),
        ("counted", doubts_forgotten, "email in doubt 1d ago"),
        ("counted", own_round_forgotten, "email sent by stalled 1d ago"),
    ],
    ids=["one_more", "second_early", "reserved", "doubts", "own_round"],
)
def test_a_gate_that_is_wrong_by_one_thing_is_found_by_it(
    monkeypatch: pytest.MonkeyPatch, part: str, damage: Callable[..., Any], history: str
) -> None:
    monkeypatch.setattr(GATE, part, damage)
    answers = found(caps.answers, SHIPPED, "stalled")
    assert history in answers[0].details
    for example in (a.counterexample for a in answers):
        if example is not None:
            replayed(SHIPPED, example)


def test_the_law_counts_texts_and_calls_together(monkeypatch: pytest.MonkeyPatch) -> None:
    loose = varied(("rekindle.yaml", "fatigue: [2 per 7d, {sms: 1 per 14d}]", "fatigue: 20 per 7d"))
    monkeypatch.setattr(GATE, "_lawful_at", calls_forgotten)
    answers = found(caps.answers, loose, "no_show")
    assert exceeded(answers) == LAWFUL
    assert "phone sent 23h 59m 59s ago" in answers[0].details


def test_a_gate_that_is_not_asked_again_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    without(monkeypatch, decided=False)
    answer = found(caps.answers, SHIPPED, "stalled")[0]
    assert "is allowed when it leaves" in answer.message


def test_what_is_not_loaded_is_not_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    """The scope of what is read forgets the campaigns' own caps."""
    monkeypatch.setattr(Scope, "of", lambda project, campaigns: SCOPE_OF(project, ()))
    answers = found(caps.answers, SHIPPED, "closed_lost", "stalled")
    assert exceeded(answers) == {"cap of 3 per 21d"}
    assert all(any(age in " ".join(a.details) for age in ("14d", "20d", "21d", "29d")) for a in answers)


def test_a_cap_that_another_one_makes_idle_is_noted() -> None:
    loaded = varied(
        ("stalled.yaml", "fatigue: 3 per 14d", "fatigue: [3 per 7d, {email: 4 per 14d}, 3 per 14d]")
    )
    messages = [a.message for a in found(room.answers, loaded, "stalled", outcome=Outcome.NOTED)]
    assert [m.partition(" is never")[0] for m in messages] == [
        "the cap of 3 per 7d",
        "the cap of 4 per 14d on email",
    ]
    assert all("2 per 7d is full first" in m for m in messages)


def test_a_cadence_that_no_cap_has_room_for_is_noted() -> None:
    crowded = ("stalled.yaml", "fatigue: 3 per 14d", "fatigue: 1 per 14d")
    [answer] = found(room.answers, varied(crowded), "stalled", outcome=Outcome.NOTED)
    assert answer.message.endswith("within 14d where 1 per 14d may be: outcome_story, short_note")
    assert answer.step == "short_note"


def test_steps_that_nobody_gets_both_of_do_not_crowd() -> None:
    # price_held and gap_closed are for different people, short_note and owner_call too
    tight = ("rekindle.yaml", "fatigue: [2 per 7d", "fatigue: [1 per 7d")
    answers = found(room.answers, varied(tight), outcome=Outcome.NOTED)
    assert [(a.campaign, a.step) for a in answers if "plans" in a.message] == [("no_show", "two_times")]


def test_a_large_cap_is_proven_on_fewer_histories_and_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    loaded = varied(("rekindle.yaml", "fatigue: [2 per 7d", "fatigue: [20 per 7d"))
    assert found(caps.answers, loaded, "stalled") == []
    monkeypatch.setattr(GATE, "room_at", one_more)
    answer = found(caps.answers, loaded, "stalled")[0]
    assert caps.SUMMED in answer.assumptions


def test_what_there_is_no_time_for_is_not_settled() -> None:
    project = SHIPPED.require()
    hurried = Asked(project=project, campaigns=tuple(project.campaigns.values()), budget=Budget(0))
    [answer] = caps.answers(hurried)
    assert answer.outcome is Outcome.NOT_SETTLED


def test_where_nobody_may_be_written_to_nothing_is_proven(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gates, "GATES", (lambda s: Verdict("shut", Says.SKIP, "always"), *gates.GATES))
    answers = list(caps.answers(asked(SHIPPED, "stalled")))
    assert {a.outcome for a in answers} == {Outcome.NOT_SETTLED}
