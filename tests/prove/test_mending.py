"""The tests that prove writes: they fail on the fault, and pass when a file is mended as it is told."""

from __future__ import annotations

from pathlib import Path

import pytest

from engine.cases.runner import CaseRunner
from engine.compile import Loaded, load_files
from engine.prove.model import Answer, Outcome
from engine.prove.write import file_yaml
from tests.prove.lost import lost
from tests.prove.test_proof import proof_of
from tests.prove.walks import replay_of

_OFFER = """\
incentives:
  - offer: keep_price
    kind: price_protection
    title: Your earlier quote, honoured
    terms: The same plan at the price of your last quote.
    valid_for: {valid_for}
"""
_NAMED = "    offer: keep_price\n"
_TRIGGERS = """\
triggers:
  - trigger: answered
    event: replied
    cadence:
      - {step: thanks, at: 0d, email: winback/hello_m}
"""


def faults(loaded: Loaded) -> list[Answer]:
    """The violations of which there is a test."""
    proof = proof_of(loaded)
    return [a for a in proof.answers if a.outcome is Outcome.VIOLATED and replay_of(a).yaml]


def passes(loaded: Loaded, fault: Answer) -> bool:
    """The test as it is written, in a project compiled anew."""
    files = {**loaded.files, "tests/winback.yaml": file_yaml("winback", {"it": replay_of(fault).yaml})}
    tested = load_files(files, Path())
    assert [f for f in tested.findings if f.severity == "error"] == []
    [file] = tested.tests
    with CaseRunner(tested) as runner:
        return runner.run(file, file.cases[0]).passed


@pytest.mark.parametrize(
    ("broken", "mended"),
    [
        pytest.param(
            {"one": _NAMED, "two": _NAMED, "incentives": _OFFER.format(valid_for="5d")},
            {"one": _NAMED, "two": _NAMED, "incentives": _OFFER.format(valid_for="30d")},
            id="the offer is open longer",
        ),
        pytest.param(
            {
                "one": _NAMED,
                "two": _NAMED,
                "incentives": _OFFER.format(valid_for="5d"),
                "between": "  - {step: more, at: 8d, email: winback/hello_m}\n",
                "before": "fatigue: 2 per 14d\n",
                "life": "10d",
            },
            {
                "one": _NAMED,
                "two": _NAMED,
                "incentives": _OFFER.format(valid_for="60d"),
                "between": "  - {step: more, at: 8d, email: winback/hello_m}\n",
                "before": "fatigue: 2 per 14d\n",
                "life": "10d",
            },
            id="the offer is open longer, and a cap puts the step off",
        ),
        pytest.param(
            {"two": "    if: {meeting_status: booked}\n    unless: {status_at_last_touch: closed_lost}\n"},
            {"two": ""},
            id="the condition is gone",
        ),
        pytest.param(
            {"before": "fatigue: 1 per 30d\n", "life": "1d"},
            {"before": "fatigue: 1 per 30d\n", "life": "40d"},
            id="the step lives longer",
        ),
        pytest.param(
            {"before": "fatigue: 2 per 60d\n", "then": "{repeat: 20d}"},
            {"before": "fatigue: 9 per 60d\n", "then": "{repeat: 20d}"},
            id="the cap has room",
        ),
        pytest.param(
            {"before": "experiment: {holdout: 100%}\n"},
            {"before": "experiment: {holdout: 10%}\n"},
            id="fewer are kept back",
        ),
    ],
)
def test_a_test_fails_on_the_fault_and_passes_on_its_mend(
    broken: dict[str, str], mended: dict[str, str]
) -> None:
    fault = lost(**broken)
    found = faults(fault)
    assert found
    assert all("to mend it: " in answer.details[-1] for answer in found)
    assert [passes(fault, answer) for answer in found] == [False] * len(found)
    assert [passes(lost(**mended), answer) for answer in found] == [True] * len(found)


def test_the_lines_of_a_written_test_stand_in_the_order_of_time() -> None:
    for answer in faults(lost(before="fatigue: 2 per 60d\n", then="{repeat: 20d}")):
        moments = [line.at.at for line in replay_of(answer).case.expect]
        assert moments == sorted(moments)


def test_where_no_mend_is_known_to_pass_no_test_is_offered() -> None:
    """The trigger can never begin: its event ends the round."""
    loaded = lost(after=_TRIGGERS)
    violated = [a for a in proof_of(loaded).of("reach") if a.outcome is Outcome.VIOLATED]
    assert [a.step for a in violated] == ["thanks"]
    assert replay_of(violated[0]).yaml == ""
