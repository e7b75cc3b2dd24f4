"""What somebody who writes a campaign is offered and shown, by a real YAML language server."""

from __future__ import annotations

from collections.abc import Callable
from itertools import count
from pathlib import Path
from typing import Any

import pytest

from tests.editor.client import Editor

Offered = list[dict[str, Any]]
Ask = Callable[[str], Offered]
Show = Callable[[str], str]

_NUMBERS = count()
_STEP = "campaign: x\ncadence:\n  - step: hello\n    at: 0d\n"


def _at(editor: Editor, folder: Path, kind: str, text: str, asked: Callable[..., Any]) -> Any:
    """What is answered where the ``|`` stands."""
    file = folder / f"{kind}_{next(_NUMBERS)}.yaml"
    before, _, after = f"# yaml-language-server: $schema=.schemas/{kind}.schema.json\n{text}".partition("|")
    editor.open({file: before + after})
    lines = before.split("\n")
    answer = asked(file, len(lines) - 1, len(lines[-1]))
    editor.close([file])
    return answer


def _kind(text: str) -> str:
    first = text.partition(":")[0].replace("|", "")
    return first if first in ("project", "segments", "incentives", "tests") else "campaign"


@pytest.fixture
def offered(editor: Editor, project: Path) -> Ask:
    """What is proposed at the ``|`` of a text."""
    return lambda text: _at(editor, project, _kind(text), text, editor.completions)


@pytest.fixture
def shown(editor: Editor, project: Path) -> Show:
    """What is explained at the ``|`` of a text."""
    return lambda text: _at(editor, project, _kind(text), text, editor.hover)


def _labels(offered: Offered) -> list[str]:
    return [item["label"] for item in offered]


@pytest.mark.parametrize(
    ("text", "keys"),
    [
        ("|", {"campaign", "owner", "objective", "goal", "audience", "cadence", "exit", "experiment"}),
        ("campaign: x\naudience:\n  |", {"segment", "re_enter_after", "where"}),
        (_STEP + "    |", {"email", "sms", "respond_by", "wait_for", "choose", "review", "start", "unless"}),
        (_STEP + "    if:\n      |", {"any", "not", "event", "loss_reason", "closed_at", "attributes.seats"}),
        (_STEP + "    if:\n      closed_at:\n        |", {"older_than", "newer_than", "before", "is"}),
        ("project: x\npolicy:\n  |", {"consent", "fatigue", "quiet_hours", "reading_grade", "text_parts"}),
        ("segments:\n  - segment: a\n    |", {"description", "where"}),
        ("incentives:\n  - offer: a\n    |", {"kind", "title", "terms", "valid_for", "of_contract"}),
        (
            "tests: come_back\ncases:\n  - it: x\n    expect:\n      - at: 0d\n        |",
            {"step", "skipped", "exit"},
        ),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_keys_are_offered(offered: Ask, text: str, keys: set[str]) -> None:
    assert keys <= set(_labels(offered(text)))


@pytest.mark.parametrize(
    ("text", "values"),
    [
        (
            "campaign: x\nconsent:\n  email: |",
            ["express", "express_written", "implied", "lawful_basis", "soft_opt_in"],
        ),
        ("campaign: x\nexit:\n  - as: |", ["completed", "handed_over", "opted_out", "withdrawn", "won_back"]),
        ("campaign: x\naudience:\n  segment: |", ["churned"]),
        (_STEP + "    email: |", ["come_back/second_start", "come_back/what_changed"]),
        (_STEP + "    offer: |", ["month_to_month"]),
        (_STEP + "    if: {loss_reason: |}", ["price", "timing"]),
        ("tests: |", ["come_back"]),
        ("incentives:\n  - kind: |", None),
        ("project: x\npeople:\n  customers: |", ["businesses", "consumers"]),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_values_and_the_projects_own_names_are_offered(
    offered: Ask, text: str, values: list[str] | None
) -> None:
    labels = sorted(_labels(offered(text)))
    assert labels == values or (values is None and {"percent_off", "remedy"} <= set(labels))


def test_a_value_is_offered_with_what_it_means(offered: Ask) -> None:
    express = next(
        item for item in offered("campaign: x\nconsent:\n  email: |") if item["label"] == "express"
    )
    assert express["documentation"] == "The person said yes."


def test_an_event_is_offered_where_one_is_asked_for(offered: Ask) -> None:
    assert {"replied", "clicked", "purchase"} <= set(_labels(offered("campaign: x\nexit:\n  - event: |")))


@pytest.mark.parametrize(
    ("text", "labels"),
    [
        ("|", ["campaign"]),
        ("campaign: x\ncadence:\n  - |", ["sends", "waits", "chooses", "asks for a review", "hands over"]),
        ("segments:\n  - |", ["segment"]),
        ("incentives:\n  - |", ["offer"]),
        ("tests: come_back\ncases:\n  - |", ["case"]),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_what_is_written_often_is_offered_whole(offered: Ask, text: str, labels: list[str]) -> None:
    whole = [
        item["label"].removeprefix("step that ")
        for item in offered(text)
        if "${2:" in item.get("insertText", "")
    ]
    assert set(labels) <= set(whole)


def test_nothing_offered_is_unreadable(offered: Ask) -> None:
    for text in (
        "|",
        "campaign: x\ngoal: |",
        "campaign: x\nthen: |",
        _STEP + "    email: |",
        _STEP + "    if: |",
    ):
        assert not [label for label in _labels(offered(text)) if "[object" in label], text


@pytest.mark.parametrize(
    ("text", "anchor", "words"),
    [
        ("camp|aign: x", "campaign#campaign", "the file's name"),
        ("campaign: x\nprior|ity: 60", "campaign#priority", "When not said: `50`"),
        ("campaign: x\ngoal:\n  with|in: 60d", "campaign#goal.within", "Until how long after entry"),
        (_STEP + "    respond|_by: 30d", "campaign#type.send_step.respond_by", "Until when an answer"),
        (_STEP + "    if:\n      loss_rea|son: price", "campaign#", "price"),
        ("project: x\npolicy:\n  step_exp|iry: 2d", "project#policy.step_expiry", "When not said: `3d`"),
        # of a key that takes one of several, the server explains the one that is there
        ("project: x\npolicy:\n  fati|gue: 2 per 7d", "project#type.rate", "At most so many"),
        ("segments:\n  - wh|ere: {country: US}", "segments#type.test", "what they are compared with"),
        ("incentives:\n  - ki|nd: remedy", "incentives#incentives.kind", "Making good"),
        ("tests: x\ncases:\n  - no|w: 2026-03-02", "tests#cases.now", "a Monday"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_a_key_is_explained_with_the_way_to_the_reference(
    shown: Show, text: str, anchor: str, words: str
) -> None:
    told = shown(text)
    assert f"[Documentation](https://rekindle.example/docs/reference/{anchor}" in told
    assert words in told
