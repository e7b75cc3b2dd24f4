"""RK406 and RK407: what comes too late to be counted, and what begins again too early."""

from __future__ import annotations

import pytest

from tests.language.support import small
from tests.lint.support import HELLO, campaign, codes, lint, marked, only

NOTE = "{{step: note, at: {at}, linkedin: winback/note}}"
WAIT = "{step: listen, at: 3d, wait_for: {event: clicked, up_to: 9d}}"
REVIEW = "{step: look, at: 3d, review: {task: Read it, up_to: 9d}}"


def _steps(*steps: str, at: str = "7d") -> tuple[str, ...]:
    return (HELLO, *steps, NOTE.format(at=at))


@pytest.mark.parametrize(
    ("within", "steps", "found"),
    [
        pytest.param("7d", _steps(), True, id="in the moment it closes"),
        pytest.param("169h", _steps(), False, id="an hour before it closes"),
        pytest.param("7d", (HELLO,), False, id="one message at once"),
        pytest.param("10d", _steps(WAIT), True, id="a wait moves it by five days"),
        pytest.param("10d", _steps(REVIEW), True, id="so does a review"),
        pytest.param("13d", _steps(WAIT), False, id="and by no more"),
        pytest.param("13d", _steps(WAIT, at="30d"), True, id="a wait that is over in time moves nothing"),
        pytest.param("31d", _steps(WAIT, at="30d"), False, id="nothing at all"),
        pytest.param(
            "5d", (HELLO, "{step: on, at: 30d, start: follow_up}"), False, id="another campaign's matter"
        ),
    ],
)
def test_a_goal_has_to_outlast_the_messages(within: str, steps: tuple[str, ...], found: bool) -> None:
    goal = f"{{event: purchase, within: {within}}}"
    assert codes(lint(campaign=campaign(goal=goal, steps=steps))) == ["RK406"] * found


def test_the_late_message_is_the_other_end() -> None:
    text = campaign(goal="{event: purchase, within: 5d}", steps=_steps(WAIT))
    files = small(campaign=text)

    finding = only(lint(campaign=text), "RK406")

    assert marked(files, finding) == "5d"
    assert [marked(files, other) for other in finding.related] == ["7d"]
    assert "12d after entry at the latest" in finding.related[0].message
    assert finding.message == "what the step 'note' brings is not counted: the goal closes after 5d"


def test_each_cohort_has_its_own_time() -> None:
    """Of a step that none of those who wait come to, the wait moves nothing."""
    cohorts = "{fresh: {closed_at: {newer_than: 90d}}, older: everyone}"
    waits = WAIT.replace("at: 3d", "at: 3d, for: fresh")
    steps = (HELLO, waits, NOTE.format(at="7d").replace("at: 7d", "at: 7d, for: older"))
    goal = "{event: purchase, within: 8d}"
    assert codes(lint(campaign=campaign(goal=goal, steps=steps, cohorts=cohorts))) == []


def test_a_branch_is_followed_and_what_it_leaps_over_is_not() -> None:
    fork = "{step: fork, at: 4d, choose: [{if: {event: clicked}, go: note}, {else: note}]}"
    steps = (HELLO, fork, WAIT.replace("at: 3d", "at: 5d"), NOTE.format(at="7d"))
    goal = "{event: purchase, within: 8d}"
    assert codes(lint(campaign=campaign(goal=goal, steps=steps))) == []
    open_fork = fork.replace(", {else: note}", "")
    steps = (HELLO, open_fork, WAIT.replace("at: 3d", "at: 5d"), NOTE.format(at="7d"))
    assert codes(lint(campaign=campaign(goal=goal, steps=steps))) == ["RK406"]


def test_the_steps_of_a_trigger_count_from_its_own_entry() -> None:
    trigger = "[{trigger: shipped, event: feature_shipped, cadence: [{step: note, at: 20d, linkedin: winback/note}]}]"
    late = campaign(goal="{event: purchase, within: 20d}", triggers=trigger)
    in_time = campaign(goal="{event: purchase, within: 21d}", triggers=trigger)
    assert codes(lint(campaign=late)) == ["RK406"]
    assert codes(lint(campaign=in_time)) == []


@pytest.mark.parametrize(
    ("again", "then", "found"),
    [
        pytest.param("6d", "end", True, id="shorter than the round"),
        pytest.param("7d", "end", False, id="as long as the round"),
        pytest.param("6d", "{park: 1d}", False, id="park is rest"),
        pytest.param("0d", "{park: 6d}", True, id="too little park is too little rest"),
    ],
)
def test_the_rest_is_as_long_as_the_round(again: str, then: str, found: bool) -> None:
    text = campaign(audience=f"{{segment: lost, re_enter_after: {again}}}", steps=_steps(), then=then)
    findings = lint(campaign=text)
    assert codes(findings) == ["RK407"] * found
    assert [marked(small(campaign=text), finding) for finding in findings] == [again] * found


def test_a_wait_at_the_end_belongs_to_the_round() -> None:
    audience = "{segment: lost, re_enter_after: 11d}"
    assert codes(lint(campaign=campaign(audience=audience, steps=(HELLO, WAIT)))) == ["RK407"]


@pytest.mark.parametrize(("repeat", "found"), [("6d", True), ("7d", False), ("90d", False)])
def test_a_repeat_counts_from_the_beginning(repeat: str, found: bool) -> None:
    text = campaign(steps=_steps(), then=f"{{repeat: {repeat}}}")
    findings = lint(campaign=text)
    assert codes(findings) == ["RK407"] * found
    assert [marked(small(campaign=text), finding) for finding in findings] == [repeat] * found


def test_whoever_never_enters_again_and_whoever_hears_once_may_rest_as_they_like() -> None:
    assert codes(lint(campaign=campaign(steps=_steps()))) == []
    assert codes(lint(campaign=campaign(audience="{segment: lost, re_enter_after: 0d}"))) == []
