"""Every kind of expectation holds when it is right, and fails, telling why, when it is wrong."""

from __future__ import annotations

import pytest

from tests.cases.support import CHURNED, happened, play_one, problems

#: the whole story of somebody of whom nothing is heard; fatigue holds nobody here
STORY = {
    "hello": "{at: 0d, step: hello, channel: email}",
    "note": "{at: 3d, step: note, channel: linkedin}",
    "text": "{at: 8d, step: text, skipped: consent}",
    "exit": "{at: 38d, exit: completed}",
}


def expecting(**lines: str) -> str:
    """The case, with other lines in the place of the right ones; an empty one is left out."""
    story = [line for line in {**STORY, **lines}.values() if line]
    return f"given: {{person: {{{CHURNED}}}}}\nexpect: [{', '.join(story)}]"


def test_the_whole_story_passes() -> None:
    result = play_one(expecting())
    assert problems(result) == []
    assert result.passed


RIGHT = [
    {"hello": "{at: 0h, step: hello, channel: email}"},
    {"hello": "{at: 0d, step: hello, channel: email, offer: keep_price}"},
    {"hello": "{at: 0d, step: hello, channel: email, variant: a, subject: Your price still stands}"},
    {"hello": "{at: 0d, step: hello, channel: email, variant: b, subject: Shall we?}"},
    {"hello": "{at: 0d, step: hello, channel: email, variant: b, template: come_back/hello_b}"},
    {"hello": "{at: 0d, step: hello, channel: email, variant: b, says: [Planner, 'April 1, 2026']}"},
    {"hello": "{at: 0d, step: hello, channel: email, says: 'Your price', says_not: [Nobody, None]}"},
    {"note": "{at: 72h, step: note, channel: linkedin, says: Planner}"},
    {"note": "{at: 0w, step: note, channel: linkedin}"},
]


@pytest.mark.parametrize("lines", RIGHT, ids=lambda lines: next(iter(lines.values())))
def test_a_right_line_passes(lines: dict[str, str]) -> None:
    assert problems(play_one(expecting(**lines))) == []


SEND = "at: 0d, step: hello, channel: email"
WRONG = [
    ({"hello": "{at: 1d, step: hello, channel: email}"}, ["it came early"]),
    ({"hello": "{at: 1h, step: hello, channel: email}"}, ["it came early"]),
    ({"note": "{at: 2d, step: note, channel: linkedin}"}, ["it came late"]),
    ({"note": "{at: 71h, step: note, channel: linkedin}"}, ["it came late"]),
    ({"hello": "{at: 0d, step: hello, channel: sms}"}, ["the channel is 'email'"]),
    ({"note": "{at: 3d, step: note, channel: linkedin, offer: keep_price}"}, ["it has no offer"]),
    ({"hello": f"{{{SEND}, variant: c}}"}, ["the variant is 'a'"]),
    ({"note": "{at: 3d, step: note, channel: linkedin, variant: a}"}, ["it has no variant"]),
    (
        {"hello": f"{{{SEND}, variant: a, template: come_back/hello_b}}"},
        ["the template is 'come_back/hello'"],
    ),
    (
        {"hello": f"{{{SEND}, variant: a, subject: Your price}}"},
        ["the subject is 'Your price still stands'"],
    ),
    (
        {"hello": f"{{{SEND}, says: [Your price, 'April 2, 2026', Gizmo]}}"},
        ["it does not say 'April 2, 2026'", "it does not say 'Gizmo'"],
    ),
    ({"hello": f"{{{SEND}, says: your price}}"}, ["it does not say 'your price'"]),
    ({"hello": f"{{{SEND}, says_not: [Gizmo, 'April 1']}}"}, ["it says 'April 1'"]),
    ({"hello": f"{{{SEND}, variant: b, says_not: Shall we}}"}, ["it says 'Shall we'"]),
    ({"hello": "{at: 0d, step: hello, skipped: consent}"}, ["it was sent"]),
    ({"hello": "{at: 0d, step: hello, held: fatigue}"}, ["it was sent"]),
    ({"text": "{at: 8d, step: text, channel: sms}"}, ["it was skipped (consent)"]),
    ({"text": "{at: 8d, step: text, skipped: fatigue}"}, ["the reason is consent"]),
    ({"text": "{at: 9d, step: text, skipped: consent}"}, ["it came early"]),
    ({"exit": "{at: 38d, exit: won_back}"}, ["the reason is completed"]),
    ({"exit": "{at: 37d, exit: completed}"}, ["it came late"]),
    ({"hello": ""}, ["nobody expects this"]),
    ({"text": ""}, ["nobody expects this"]),
    ({"exit": ""}, ["nobody expects this"]),
    ({"exit": "{at: 38d, exit: completed}, {at: 50d, exit: completed}"}, ["this did not happen"]),
    ({"note": "{at: 3d, step: note, held: fatigue}, " + STORY["note"]}, ["this did not happen"]),
    ({"hello": STORY["note"], "note": STORY["hello"]}, ["nobody expects this", "this did not happen"]),
]


@pytest.mark.parametrize(("lines", "told"), WRONG, ids=lambda value: str(value)[:70])
def test_a_wrong_line_fails_and_says_why(lines: dict[str, str], told: list[str]) -> None:
    result = play_one(expecting(**lines))
    assert not result.passed
    assert sorted(problems(result)) == sorted(told)


def test_nothing_is_expected_and_something_happens() -> None:
    result = play_one(f"given: {{person: {{{CHURNED}}}}}\nexpect: []")
    assert problems(result) == ["nobody expects this"] * 4


def test_something_is_expected_and_nothing_happens() -> None:
    result = play_one(
        "given: {person: {status_at_last_touch: customer, product: Planner}}\n"
        "expect: [{at: 0d, step: hello, channel: email}]"
    )
    assert problems(result) == ["this did not happen"]
    assert result.note == (
        "The person did not enter: they are in segment customer, and the campaign is for churned. What does not hold: "
        "status_at_last_touch is churned; churned_at older than 30d; churned_at newer than 200d."
    )


REPLIED = (
    f"given: {{person: {{{CHURNED}}}}}\nwhen: [{{at: 1d, event: replied}}]\nexpect: [{STORY['hello']}, %s]"
)
PURCHASE = REPLIED.replace("replied", "purchase")


def test_the_task_that_an_exit_leaves_may_be_expected() -> None:
    assert play_one(REPLIED % "{at: 1d, exit: handed_over, task: call_back}").passed
    assert play_one(REPLIED % "{at: 1d, exit: handed_over}").passed
    other = play_one(REPLIED % "{at: 1d, exit: handed_over, task: write_back}")
    assert problems(other) == ["the task is 'call_back'"]
    none = play_one(PURCHASE % "{at: 1d, exit: won_back, task: call_back}")
    assert problems(none) == ["it has no task"]


HELD = f"""
given:
  person: {{{CHURNED}}}
  touches: [{{channel: email, at: 6d ago}}, {{channel: email, at: 2d ago}}]
when: [{{at: 2d, event: purchase}}]
"""


def test_a_hold_may_be_expected_or_left_out() -> None:
    sent = "{at: 1d, step: hello, channel: email}, {at: 2d, exit: won_back}"
    assert play_one(f"{HELD}expect: [{sent}]").passed
    assert play_one(f"{HELD}expect: [{{at: 0d, step: hello, held: fatigue}}, {sent}]").passed


def test_a_hold_that_is_expected_has_to_happen_as_said() -> None:
    after = "{at: 1d, step: hello, channel: email}, {at: 2d, exit: won_back}"
    for line, told in (
        ("{at: 0d, step: hello, held: quiet_hours}", ["the reason is fatigue"]),
        ("{at: 1d, step: hello, held: fatigue}", ["it came early"]),
        ("{at: 0d, step: note, held: fatigue}", ["this did not happen"]),
    ):
        result = play_one(f"{HELD}expect: [{line}, {after}]")
        assert problems(result) == told
        assert happened(result) == ["0d  hello  held: fatigue", "1d  hello  email", "2d  exit: won_back"]
