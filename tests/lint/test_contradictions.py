"""RK408: what takes back in one line what another says."""

from __future__ import annotations

import pytest

from tests.language.support import small
from tests.lint.support import HELLO, REPLIED, campaign, codes, lint, marked, only

NOTE = "{step: note, at: 10d, linkedin: winback/note%s}"
WAIT = "{step: listen, at: 3d, wait_for: {event: %s, up_to: 3d}}"


@pytest.mark.parametrize(
    ("conditions", "found"),
    [
        ("if: {event: clicked}, unless: {event: clicked}", True),
        ("if: {event: {name: clicked, within: 5d}}, unless: {event: clicked}", True),
        ("if: {event: clicked}, unless: {event: {name: clicked, within: 5d}}", False),
        ("if: {purchases: {more_than: 2}}, unless: {purchases: {more_than: 1}}", True),
        ("if: {purchases: {more_than: 1}}, unless: {purchases: {more_than: 2}}", False),
        ("if: {event: clicked}, unless: {attributes.vip: true}", False),
    ],
)
def test_what_is_asked_for_and_ruled_out(conditions: str, found: bool) -> None:
    text = campaign(steps=(HELLO, NOTE % f", {conditions}"))
    assert codes(lint(campaign=text)) == ["RK408"] * found


@pytest.mark.parametrize(
    ("changed", "at", "other"),
    [
        pytest.param({"exits": (REPLIED, "{event: replied, as: completed}")}, "replied", "replied", id="exits"),
        pytest.param({"steps": (HELLO, WAIT % "replied")}, "replied", "replied", id="wait"),
        pytest.param({"triggers": "[{trigger: late, event: replied, cadence: [%s]}]" % (NOTE % "")},
                     "replied", "replied", id="trigger"),
        pytest.param({"steps": (HELLO, "{step: look, at: 3d, review: {task: Read it, up_to: 0d}}")},
                     "0d", None, id="review of nothing"),
        pytest.param({"steps": (HELLO, NOTE % ", expires: 0d")}, "0d", None, id="expires at once"),
    ],
)  # fmt: skip
def test_what_another_line_takes_back(changed: dict[str, str], at: str, other: str | None) -> None:
    text = campaign(**changed)  # type: ignore[arg-type]
    files = small(campaign=text)

    finding = only(lint(campaign=text), "RK408")

    assert marked(files, finding) == at
    assert [marked(files, end) for end in finding.related] == ([other] if other else [])


def test_an_event_that_ends_nothing_may_be_waited_for() -> None:
    assert codes(lint(campaign=campaign(steps=(HELLO, WAIT % "clicked")))) == []


COHORTS = "{fresh: {closed_at: {newer_than: 90d}}, older: %s}"


@pytest.mark.parametrize(("older", "found"), [("everyone", True), ("park until feature_shipped", False)])
def test_a_cohort_that_gets_nothing(older: str, found: bool) -> None:
    steps = (HELLO.replace("at: 0d", "at: 0d, for: fresh"),)
    text = campaign(steps=steps, cohorts=COHORTS % older)
    findings = lint(campaign=text)
    assert codes(findings) == ["RK313"] * found
    assert [marked(small(campaign=text), finding) for finding in findings] == ["older"] * found
