"""Segments written to be hard to tell apart: what they cost is bounded, and no answer is a guess."""

from __future__ import annotations

import pytest

from engine.lint import someone as searches
from engine.witness import Purse, Undecided
from tests.lint.support import campaign, lint

_FIELDS = "title company region timezone product loss_reason churn_reason linkedin language last_name".split()


def _hard(number: int) -> str:
    """Of each of many fields one of five values, but not all of them; and then no number is left."""
    conditions = ""
    for turn in range(len(_FIELDS)):
        some = ", ".join(f"{{{field}: v{(turn + n + number) % 5}}}" for n, field in enumerate(_FIELDS))
        conditions += f"      - any: [{some}]\n      - not: {{all: [{some}]}}\n"
    never = f"      - purchases: {{more_than: {number}, less_than: {number}.5}}\n"
    return f"  - segment: hard_{number}\n    where:\n{conditions}{never}"


_TABLE = """\
segments:
{}\
  - segment: churned
    where: {{status_at_last_touch: churned}}
  - segment: lost
    where: {{status_at_last_touch: closed_lost}}
"""


def test_questions_that_are_hard_share_what_all_may_cost(monkeypatch: pytest.MonkeyPatch) -> None:
    paid, asked = [0], [0]
    pay, someone = Purse.pay, searches.Crowd.someone

    def counted(purse: Purse, price: int) -> None:
        paid[0] += min(price, purse.left)
        pay(purse, price)

    def counting(crowd: searches.Crowd, *predicates: list[object]) -> object:
        asked[0] += 1
        return someone(crowd, *predicates)  # type: ignore[arg-type]

    monkeypatch.setattr(Purse, "pay", counted)
    monkeypatch.setattr(searches.Crowd, "someone", counting)
    findings = lint(segments=_TABLE.format("".join(map(_hard, range(10)))), campaign=campaign())

    assert asked[0] > 40
    assert paid[0] <= searches.MOST + searches.EACH * asked[0]
    assert {finding.code for finding in findings} == {
        "RK311",
        "RK905",
    }  # nothing is said of what was not found out


def test_a_purse_pays_what_it_holds_and_no_more() -> None:
    purse = Purse(5)
    purse.pay(5)
    with pytest.raises(Undecided):
        purse.pay(1)
    assert purse.left == 0
