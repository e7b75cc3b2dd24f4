"""RK901 to RK903: what a campaign needs so that it can be trusted, measured and stopped."""

from __future__ import annotations

import pytest

from tests.cases.support import play_one, problems
from tests.language.support import small
from tests.lint.support import HELLO, campaign, codes, lint, loaded, marked, only

NOTE = "{step: note, at: 7d, linkedin: winback/note}"
COHORTS = "{fresh: {closed_at: {newer_than: 90d}}, older: everyone}"


def test_a_campaign_without_tests_is_named() -> None:
    files = small()
    del files["tests/follow_up.yaml"]
    finding = only(loaded(files).findings, "RK901")
    assert marked(files, finding) == "follow_up"
    assert "tests/follow_up.yaml" in finding.mend


def test_tests_may_stand_in_any_file() -> None:
    files = small()
    files["tests/others.yaml"] = files.pop("tests/follow_up.yaml")
    assert codes(loaded(files).findings) == []


def test_a_campaign_without_goal_is_named() -> None:
    text = campaign(goal=None)
    finding = only(lint(campaign=text), "RK902")
    assert marked(small(campaign=text), finding) == "winback"
    assert codes(lint(campaign=text)) == ["RK902"]


def test_both_are_waived_above_one_line() -> None:
    files = small()
    del files["tests/follow_up.yaml"]
    files["follow_up.yaml"] = files["follow_up.yaml"].replace(
        "campaign: follow_up\n",
        "# rekindle: allow RK901 because it is played with the campaign before\n"
        "# rekindle: allow RK902 because it is a courtesy\ncampaign: follow_up\n",
    )
    files["follow_up.yaml"] = files["follow_up.yaml"].replace("goal: {event: purchase, within: 30d}\n", "")
    found = loaded(files)
    assert found.findings == []
    assert {waived.finding.code for waived in found.waived} == {"RK805", "RK901", "RK902"}


def _guarded(condition: str) -> str:
    return NOTE.replace("}", f", {condition}}}")


def _for(cohort: str, step: str) -> str:
    return step.replace("step: ", f"for: {cohort}, step: ")


TALK = NOTE.replace("note,", "talk,", 1)
FORK = "{step: fork, at: 3d, choose: [{if: {event: replied}, go: on}]}"
HEAR = "{step: hear, at: 3d, wait_for: {event: replied, up_to: 2d}}"
ON = "{step: on, at: 9d, start: follow_up}"

#: campaigns in which a reply ends or changes what comes, and some in which it does not
LISTENS = {
    "an exit": campaign(steps=(HELLO, NOTE), exits=("{event: replied, as: completed}",)),
    "an exit that asks for it": campaign(
        steps=(HELLO, NOTE), exits=("{where: {event: replied}, as: completed}",)
    ),
    "an exit that asks for it or more": campaign(
        steps=(HELLO, NOTE), exits=("{where: {any: [{event: replied}, {purchases: 1}]}, as: completed}",)
    ),
    "the goal": campaign(goal="{event: [purchase, replied], within: 90d}", steps=(HELLO, NOTE), exits=()),
    "a trigger": campaign(
        steps=(HELLO, NOTE), exits=(), triggers=f"[{{trigger: talk, event: replied, cadence: [{TALK}]}}]"
    ),
    "a branch": campaign(steps=(HELLO, FORK, NOTE, ON), exits=()),
    "no message after it": campaign(exits=()),
    "messages without it only": campaign(steps=(HELLO, _guarded("unless: {event: replied}")), exits=()),
    "messages that ask for none": campaign(steps=(HELLO, _guarded("if: {not: {event: replied}}")), exits=()),
    "conditions that part people": campaign(
        steps=(HELLO.replace("}", ", if: {loss_reason: price}}"), _guarded("unless: {loss_reason: price}")),
        exits=(),
    ),
    "others get the next": campaign(
        steps=(_for("fresh", HELLO), _for("older", NOTE)), exits=(), cohorts=COHORTS
    ),
}
GOES_ON = {
    "nothing": campaign(steps=(HELLO, NOTE), exits=()),
    "the same message once more": campaign(exits=(), then="{repeat: 90d}"),
    "an exit that asks for more": campaign(
        steps=(HELLO, NOTE), exits=("{where: {event: replied, purchases: 1}, as: completed}",)
    ),
    "another exit": campaign(steps=(HELLO, NOTE), exits=("{event: purchase, as: won_back}",)),
    "messages kept from some": campaign(
        steps=(HELLO, _guarded("unless: {event: replied, purchases: 1}")), exits=()
    ),
    "conditions that part nobody": campaign(
        steps=(HELLO.replace("}", ", if: {loss_reason: price}}"), _guarded("if: {purchases: 1}")), exits=()
    ),
    "a wait and no branch": campaign(steps=(HELLO, HEAR, NOTE), exits=()),
    "a trigger's message": campaign(
        exits=(), triggers=f"[{{trigger: talk, event: purchase, cadence: [{TALK}]}}]"
    ),
}


@pytest.mark.parametrize("text", LISTENS.values(), ids=LISTENS)
def test_a_reply_that_ends_something_is_enough(text: str) -> None:
    assert codes(lint(campaign=text)) == []


@pytest.mark.parametrize("text", GOES_ON.values(), ids=GOES_ON)
def test_a_reply_that_ends_nothing_is_found(text: str) -> None:
    assert codes(lint(campaign=text)) == ["RK903"]


def test_the_message_that_follows_is_the_other_end() -> None:
    text = campaign(exits=(), steps=(HELLO, NOTE))
    finding = only(lint(campaign=text), "RK903")
    assert marked(small(campaign=text), finding) == "cadence"
    assert [marked(small(campaign=text), other) for other in finding.related] == ["note"]
    with_exit = campaign(exits=("{event: purchase, as: won_back}",), steps=(HELLO, NOTE))
    assert marked(small(campaign=with_exit), only(lint(campaign=with_exit), "RK903")) == "exit"


def test_the_project_may_count_a_reply_as_coming_back() -> None:
    project = small()["rekindle.yaml"].replace("won_back: [purchase]", "won_back: [purchase, replied]")
    assert codes(lint(campaign=campaign(exits=(), steps=(HELLO, NOTE)), project=project)) == []


@pytest.mark.parametrize(("text", "goes_on"), [("call me", True), ("stop", False)])
def test_the_engine_does_to_a_reply_what_the_rule_says(text: str, goes_on: bool) -> None:
    """A no ends the round by itself; any other answer does not, and so the rule asks for an exit."""
    after = "  - {at: 7d, step: second, channel: email}\n  - {at: 7d, exit: completed}"
    story = after if goes_on else "  - {at: 3d, exit: opted_out}"
    result = play_one(
        "given: {person: {status_at_last_touch: churned, churned_at: 60d ago, product: Planner, country: US}}\n"
        f"when: [{{at: 3d, event: replied, text: {text}, channel: email}}]\n"
        f"expect:\n  - {{at: 0d, step: first, channel: email}}\n{story}",
        come_back=_WITHOUT_EXIT,
    )
    assert problems(result) == []


_WITHOUT_EXIT = """\
campaign: come_back
owner: revops@acme.example
objective: Test.
goal: {event: purchase, within: 60d}
audience: {segment: churned}
cadence:
  - {step: first, at: 0d, email: come_back/note}
  - {step: second, at: 7d, email: come_back/note}
"""
