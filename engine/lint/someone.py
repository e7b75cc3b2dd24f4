"""Can there be somebody of whom this holds and that does not, whatever the day?"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from engine.model import Project
from engine.predicate import Compare, Leaf, Op, Predicate, leaves
from engine.testfile import DEFAULT_NOW
from engine.witness import Purse, Undecided, Witness, witness

#: so many days are tried; conditions with more dates than give these are not judged
MOST_DAYS = 60
#: comparisons: what a question adds to the purse of all, and what is at most in it. A usual one takes some hundreds.
EACH, MOST = 2_000, 1_000_000
_DATED, _AGED = (Op.BEFORE, Op.AFTER), (Op.OLDER_THAN, Op.NEWER_THAN)


class Crowd:
    """Everybody a project could have, and questions about them. However many are asked, the answers together cost no
    more than in proportion to their number: each adds a little to what the hard ones may cost."""

    def __init__(self, project: Project) -> None:
        self._values = project.values
        self._purse = Purse(MOST)

    def someone(self, wanted: Sequence[Predicate], unwanted: Sequence[Predicate] = ()) -> Witness | None:
        """The plainest person of whom all that is ``wanted`` is true and nothing ``unwanted``, on any day; None: there
        is none. Raises Undecided."""
        self._purse.left = min(self._purse.left + EACH, MOST)
        tried = (
            witness(wanted, unwanted, now=day, values=self._values, purse=self._purse)
            for day in _days([leaf for predicate in (*wanted, *unwanted) for leaf in leaves(predicate)])
        )
        return next((found for found in tried if found is not None), None)

    def nobody(self, wanted: Sequence[Predicate], unwanted: Sequence[Predicate] = ()) -> bool:
        """Is it certain that there is no such person?"""
        try:
            return self.someone(wanted, unwanted) is None
        except Undecided:
            return False


def dated(predicates: Iterable[Predicate]) -> bool:
    """Do they name days of the calendar?"""
    return any(_names(leaf, _DATED) for predicate in predicates for leaf in leaves(predicate))


def _names(leaf: Leaf, ops: tuple[Op, ...]) -> bool:
    return isinstance(leaf, Compare) and leaf.op in ops


def _days(found: Sequence[Leaf]) -> Sequence[int]:
    """Without dates one day is like any other. With them the answer turns only where a date is as long ago as one of
    the ages, give or take the seconds that the comparisons themselves add."""
    comparisons = [leaf for leaf in found if isinstance(leaf, Compare)]
    dates = {leaf.value for leaf in comparisons if leaf.op in _DATED}
    ages = {0, *(leaf.value for leaf in comparisons if leaf.op in _AGED)}
    days = sorted({date + age + n for date in dates for age in ages for n in range(-2, 3)})
    if len(days) > MOST_DAYS:
        raise Undecided("the conditions name too many dates")
    return days or [DEFAULT_NOW]
