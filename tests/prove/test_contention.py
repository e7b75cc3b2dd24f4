"""Which campaigns want the same person, who gets the slot, and what becomes of the other."""

from __future__ import annotations

import pytest

from engine.prove import contention
from engine.prove.base import Asked, Budget
from engine.prove.model import Answer, Outcome
from tests.prove.variations import found, replayed, varied

SHIPPED = varied()

_SECOND = """\
campaign: {name}
owner: growth@larkfield.example
objective: Press against what stalled does.
goal: {{event: meeting_booked, within: 60d}}
group: {group}
priority: {priority}
audience:
  segment: stalled
  where: {where}
cadence:
  - step: hello
    at: 0d
    email: stalled/last_word
  - step: again
    at: 1d
    email: stalled/last_word
then: end
"""


def beside(
    name: str, *, group: str = "other", priority: int = 50, where: str = "{title: {is: present}}"
) -> list[Answer]:
    """What is noted about a campaign for the same segment as ``stalled`` (priority 50), beyond who comes after whom."""
    text = _SECOND.format(name=name, group=group, priority=priority, where=where)
    loaded = varied(added=((f"{name}.yaml", text),))
    answers = found(contention.answers, loaded, name, outcome=Outcome.NOTED)
    return [a for a in answers if not a.message.startswith("what another campaign")]


def test_who_comes_after_another_campaign_may_find_no_room() -> None:
    answers = found(contention.answers, SHIPPED, outcome=Outcome.NOTED)
    assert [(a.campaign, a.step) for a in answers] == [
        ("no_show", "two_times"),
        ("closed_lost", "price_held"),
        ("churned", "check_in"),
        ("stalled", "outcome_story"),
    ]
    churned = answers[2]
    assert churned.message == "what another campaign has just sent comes first: 'churned' then skips check_in"
    assert churned.details == (
        "after no_show (seat_text, two_times): churned.check_in is skipped, it lives 3d",
    )
    for answer in answers:
        assert answer.counterexample is not None
        replayed(SHIPPED, answer.counterexample)


def test_a_longer_life_waits_instead() -> None:
    patient = (
        "churned.yaml",
        "    email: churned/check_in\n",
        "    email: churned/check_in\n    expires: 9d\n",
    )
    loaded = varied(patient)
    [answer] = found(contention.answers, loaded, "churned", outcome=Outcome.NOTED)
    assert answer.message.endswith("'churned' then puts off check_in (by up to 6d 23h)")
    assert answer.counterexample is not None
    replayed(loaded, answer.counterexample)


def test_room_for_all_is_no_fight() -> None:
    roomy = ("rekindle.yaml", "fatigue: [2 per 7d, {sms: 1 per 14d}]", "fatigue: 9 per 7d")
    assert found(contention.answers, varied(roomy), outcome=Outcome.NOTED) == []


@pytest.mark.parametrize(
    ("name", "priority", "winner", "tied"),
    [("zeal", 50, "stalled", True), ("eager", 50, "eager", True), ("zeal", 70, "zeal", False)],
)
def test_two_groups_that_hold_one_person_fight_for_slots(
    name: str, priority: int, winner: str, tied: bool
) -> None:
    [answer] = beside(name, priority=priority)
    assert f"at the same moment '{winner}' gets them" in answer.message
    assert any(line.startswith("both at once:") for line in answer.details)
    assert any("a day earlier" in line for line in answer.details)
    assert any("the alphabet decides" in line for line in answer.details) is tied
    assert answer.counterexample is not None


def test_one_group_gives_the_person_to_the_higher_priority() -> None:
    [answer] = beside("zeal", group="winback", priority=60)
    assert (
        answer.message
        == "'zeal' and 'stalled' are for the same people, and 'zeal' takes them: priority 60 against 50"
    )
    [answer] = beside("zeal", group="winback")
    assert "its name comes first" in answer.message
    assert answer.details[-1] == "the alphabet decides: give them different priorities"


def test_campaigns_that_nobody_is_in_both_of_do_not_meet() -> None:
    assert beside("zeal", where="{last_activity_at: {older_than: 400d}}", group="winback", priority=60) == []


def test_what_there_is_no_time_for_is_not_settled() -> None:
    project = SHIPPED.require()
    hurried = Asked(project=project, campaigns=tuple(project.campaigns.values()), budget=Budget(0))
    [answer] = contention.answers(hurried)
    assert answer.outcome is Outcome.NOT_SETTLED
