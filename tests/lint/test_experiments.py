"""RK701 to RK705: what is compared, and by what."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.language.support import small
from tests.lint.support import HELLO, campaign, codes, lint, marked, only

VARIED = HELLO.replace("winback/hello", "{a: winback/hello, b: winback/hello_b}")


@pytest.mark.parametrize(
    ("holdout", "goal", "found"),
    [
        ("10%", True, []),
        ("0%", False, ["RK902"]),
        ("10%", False, ["RK701"]),
        ("50%", True, []),
        ("50.01%", True, ["RK702"]),
        ("100%", False, ["RK701", "RK702"]),
    ],
)
def test_whoever_is_kept_back_is_compared_and_in_the_minority(
    holdout: str, goal: bool, found: list[str]
) -> None:
    text = campaign(
        goal="{event: purchase, within: 90d}" if goal else None, experiment=f"{{holdout: {holdout}}}"
    )
    findings = lint(campaign=text)
    assert codes(findings) == found
    told = [marked(small(campaign=text), finding) for finding in findings if finding.code != "RK902"]
    assert told == [holdout] * len(told)


def test_variants_without_a_goal_are_one_finding() -> None:
    text = campaign(goal=None, steps=(VARIED, VARIED.replace("hello,", "again,", 1)))
    finding = only(lint(campaign=text), "RK704")
    assert marked(small(campaign=text), finding) == "email"
    assert codes(lint(campaign=text)) == ["RK704"]


def test_a_missing_goal_is_said_once_where_it_matters_most() -> None:
    text = campaign(goal=None, steps=(VARIED,), experiment="{holdout: 10%}")
    assert codes(lint(campaign=text)) == ["RK701"]


@pytest.mark.parametrize(
    ("change", "found"),
    [
        pytest.param(lambda text: text, True, id="word for word"),
        pytest.param(lambda text: text.replace("\n", "\r\n"), True, id="other line ends"),
        pytest.param(lambda text: text + "\n  {# a note to ourselves #}\n", True, id="a comment"),
        pytest.param(lambda text: text.replace("Hi {{", "Hello {{"), False, id="another word"),
        pytest.param(lambda text: text.replace("The price", "Your price"), False, id="another subject"),
        pytest.param(
            lambda text: text.replace("preheader: ", "preheader: Now - "), False, id="another preheader"
        ),
    ],
)
def test_variants_say_different_things(change: Callable[[str], str], found: bool) -> None:
    files = small(campaign=campaign(steps=(VARIED,)))
    other = {"templates/winback/hello_b.md": change(files["templates/winback/hello.md"])}
    findings = lint({**files, **other})
    assert codes(findings) == ["RK703"] * found


def test_the_variant_that_is_first_is_the_other_end() -> None:
    steps = HELLO.replace("winback/hello", "{a: winback/hello, b: winback/hello_b, c: winback/hello}")
    text = campaign(steps=(steps,))
    finding = only(lint(campaign=text), "RK703")
    assert finding.message == "the variants 'a' and 'c' say the same"
    assert marked(small(campaign=text), finding) == "winback/hello"
    assert finding.column > finding.related[0].column


@pytest.mark.parametrize(
    ("customers", "expect", "found"),
    [
        ("businesses", "3%..5%", False),
        ("businesses", "7%..9%", False),
        ("businesses", "7.01%..9%", True),
        ("businesses", "12%", True),
        ("consumers", "12%", False),
        ("consumers", "30%..40%", False),
        ("consumers", "31%", True),
        (None, "12%", True),
    ],
)
def test_what_is_expected_has_been_reached_before(customers: str | None, expect: str, found: bool) -> None:
    project = small()["rekindle.yaml"]
    if customers:
        project = project.replace("people:\n", f"people:\n  customers: {customers}\n", 1)
    text = campaign(goal=f"{{event: purchase, within: 90d, expect: {expect}}}")
    findings = lint(campaign=text, project=project)
    assert codes(findings) == ["RK705"] * found
    assert [marked(small(campaign=text), finding) for finding in findings] == [expect] * found
