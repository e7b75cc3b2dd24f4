"""RK504: a deadline inside its band."""

from __future__ import annotations

import pytest

from engine.compile import load_files
from engine.diagnostics import Finding
from engine.rules import RULES
from tests.language.support import SMALL, small
from tests.lint.support import HELLO, campaign, codes, marked, only


def _found(text: str) -> list[Finding]:
    return load_files(small(campaign=text), SMALL, lint=True).findings


def _with(deadline: str) -> str:
    return campaign(steps=(HELLO.replace("}", f", respond_by: {deadline}}}"),))


@pytest.mark.parametrize(
    ("deadline", "found"),
    [
        ("9 business days", True),
        ("10 business days", False),
        ("14 business days", False),
        ("21 business days", False),
        ("22 business days", True),
        ("13d", True),
        ("14d", False),
        ("2w", False),
        ("90d", False),
        ("13w", True),
        ("9999d", True),
    ],
)
def test_a_deadline_has_a_band(deadline: str, found: bool) -> None:
    findings = _found(_with(deadline))
    assert codes(findings) == ["RK504"] * found
    assert [marked(small(campaign=_with(deadline)), finding) for finding in findings] == [deadline] * found


def test_it_says_what_is_wrong_and_what_is_usual() -> None:
    short, long = (only(_found(_with(d)), "RK504") for d in ("5 business days", "200d"))
    assert (short.message, short.mend) == (
        "5 business days are too few to read, think and answer",
        "write 10 to 21 business days, for example '14 business days'",
    )
    assert "200 days" in long.message
    assert "'30d'" in long.mend
    assert short.context == "step 'hello' of campaign 'winback'"


def test_no_comment_waives_it() -> None:
    text = _with("5d").replace(
        "cadence:", "# rekindle: allow RK504 because they know us well enough\ncadence:"
    )
    assert not RULES["RK504"].waivable
    assert codes(_found(text)) == ["RK130", "RK504"]


def test_the_steps_of_triggers_are_looked_at() -> None:
    step = "{step: note, at: 0d, linkedin: winback/note, respond_by: 3d}"
    trigger = f"[{{trigger: shipped, event: feature_shipped, cadence: [{step}]}}]"
    assert codes(_found(campaign(triggers=trigger))) == ["RK504"]
