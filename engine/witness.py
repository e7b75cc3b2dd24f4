"""Is there a person of whom this holds and that does not? A person who shows it, or the proof that there is none.

Every comparison looks at one thing only, and of each thing a few values stand for all (``candidates``). What is
left is a finite search with the engine's own reading of predicates as the judge, unknown values included; a bound
keeps it short, and beyond it the answer is ``Undecided``, never a guess.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from engine.candidates import Candidate, Purse, Undecided, Variable, candidates
from engine.facts import ConsentFact, EventFact, Facts, NoteFact
from engine.fields import PERSON_FIELDS
from engine.model import DAY
from engine.predicate import All, AnyOf, Leaf, Not, Predicate, Truth, leaves

__all__ = ["Purse", "Undecided", "Witness", "witness"]

#: partial people looked at before the question counts as too large
EFFORT = 20_000

#: a consent was given, and a row made, so long ago
_BEFORE = 30 * DAY

_FALSE, _UNKNOWN, _TRUE = 1, 2, 4
_BIT: Mapping[Truth, int] = {False: _FALSE, None: _UNKNOWN, True: _TRUE}
_BITS = (_FALSE, _UNKNOWN, _TRUE)
#: of two sets of truths that are still possible: what "and" and "or" of them can be (false < unknown < true)
_AND, _OR = (
    [[sum({pick(x, y) for x in _BITS if x & a for y in _BITS if y & b}) for b in range(8)] for a in range(8)]
    for pick in (min, max)
)
_NOT = [sum(4 // x for x in _BITS if x & a) for a in range(8)]

#: sets of truths still possible, by leaf -> the same of the whole predicate
_Possible = Callable[[Sequence[int]], int]


@dataclass(frozen=True, slots=True, kw_only=True)
class Witness:
    """A person who shows that something can be, in the store's units. What is not named is missing."""

    now: int
    fields: Mapping[str, Any]  # a column or ``attributes.x``
    consents: Mapping[str, str]  # channel -> type
    events: tuple[EventFact, ...]
    notes: tuple[NoteFact, ...]

    def facts(self, identity_id: int = 1) -> Facts:
        """The person as the core is given one."""
        columns = {name: value for name, value in self.fields.items() if "." not in name}
        extras = {name.partition(".")[2]: value for name, value in self.fields.items() if "." in name}
        blank = dict.fromkeys((*PERSON_FIELDS, "email_key", "deleted_at", "merged_into"))
        made = {"identity_id": identity_id, "created_at": self.now - _BEFORE, "updated_at": self.now}
        key = {"email_key": columns["email"]} if columns.get("email") else {}
        given = self.now - _BEFORE
        return Facts(
            identity_id=identity_id,
            person={**blank, **made, **columns, **key, "attributes": extras},
            consents={
                channel: ConsentFact(channel, type_, given, _proof(channel, type_))
                for channel, type_ in self.consents.items()
            },
            events=self.events,
            notes=self.notes,
        )


def _proof(channel: str, type_: str) -> str | None:
    return None if type_ == "revoked" else f"https://proofs.example/{channel}"


def witness(
    wanted: Sequence[Predicate],
    unwanted: Sequence[Predicate] = (),
    *,
    now: int,
    since: int | None = None,
    values: Mapping[str, Sequence[str]] | None = None,
    effort: int = EFFORT,
    purse: Purse | None = None,
) -> Witness | None:
    """The plainest person of whom every ``wanted`` predicate is true and no ``unwanted`` one is, at ``now``.

    None: there can be none. An unwanted predicate that is unknown is not true. ``since``: events before it do not
    count. ``values``: field -> all it can hold, where that is a closed list. ``purse``: what this question shares
    with others. Raises Undecided.
    """
    search = _Search(wanted, unwanted, now, since, values or {}, effort, purse)
    found = search.plainest()
    return None if found is None else _made(search.variables, found, now)


class _Search:
    """One variable after the other, and back as soon as what is set rules the rest out."""

    def __init__(
        self, wanted: Sequence[Predicate], unwanted: Sequence[Predicate], now: int, since: int | None,
        values: Mapping[str, Sequence[str]], effort: int, purse: Purse | None,
    ) -> None:  # fmt: skip
        number = {
            leaf: n
            for n, leaf in enumerate(dict.fromkeys(x for p in (*wanted, *unwanted) for x in leaves(p)))
        }
        self._wanted = [_possible(p, number) for p in wanted]
        self._unwanted = [_possible(p, number) for p in unwanted]
        about: dict[Variable, list[Leaf]] = {}
        for leaf in number:
            about.setdefault(Variable.of(leaf), []).append(leaf)
        self.variables = list(about)
        self._places = [[number[leaf] for leaf in about[v]] for v in self.variables]
        self._choices = [
            candidates(v, about[v], now, since, values.get(v.name), purse) for v in self.variables
        ]
        self._truths = [0] * len(number)
        for n in range(len(self.variables)):
            self._open(n)
        self._purse, self._left = purse, effort
        self._found = [Candidate(value=None, truths=())] * len(self.variables)
        self._short = False  # did the bound on what is set, and nothing else, cut a branch off?

    def plainest(self) -> list[Candidate] | None:
        """A candidate for each variable, as few as possible of them set; None when none will do."""
        for most in range(len(self.variables) + 1):
            self._short = False
            if self._try(0, most):
                return list(self._found)
            if not self._short:
                return None
        return None

    def _try(self, n: int, most: int) -> bool:
        self._left -= 1
        if self._purse is not None:
            self._purse.pay(len(self._truths))
        if self._left < 0:
            raise Undecided("there are too many ways to be such a person")
        if not self._can_be():
            return False
        if n == len(self.variables):
            return True
        for choice in self._choices[n]:
            costs = 0 if choice.plain else 1
            if costs > most:
                self._short = True
                continue
            for place, truth in zip(self._places[n], choice.truths, strict=True):
                self._truths[place] = _BIT[truth]
            self._found[n] = choice
            if self._try(n + 1, most - costs):
                return True
        self._open(n)
        return False

    def _open(self, n: int) -> None:
        for i, place in enumerate(self._places[n]):
            self._truths[place] = sum({_BIT[choice.truths[i]] for choice in self._choices[n]})

    def _can_be(self) -> bool:
        return all(p(self._truths) & _TRUE for p in self._wanted) and all(
            p(self._truths) & (_FALSE | _UNKNOWN) for p in self._unwanted
        )


def _possible(predicate: Predicate, number: Mapping[Leaf, int]) -> _Possible:
    """The predicate over sets of truths. Exact once every leaf has one; until then it never leaves one out."""
    match predicate:
        case All(of):
            return _folded([_possible(p, number) for p in of], _AND, _TRUE)
        case AnyOf(of):
            return _folded([_possible(p, number) for p in of], _OR, _FALSE)
        case Not(of):
            inner = _possible(of, number)
            return lambda truths: _NOT[inner(truths)]
        case _:
            place = number[predicate]
            return lambda truths: truths[place]


def _folded(parts: Sequence[_Possible], table: Sequence[Sequence[int]], empty: int) -> _Possible:
    def possible(truths: Sequence[int]) -> int:
        result = empty
        for part in parts:
            result = table[result][part(truths)]
        return result

    return possible


def _made(variables: Sequence[Variable], found: Sequence[Candidate], now: int) -> Witness:
    by_kind: dict[str, dict[str, Any]] = {"field": {}, "event": {}, "note": {}}
    for variable, choice in zip(variables, found, strict=True):
        if not choice.plain:
            by_kind[variable.kind][variable.name] = choice.value
    moments = sorted((at, name) for name, times in by_kind["event"].items() for at in times)
    fields = by_kind["field"]
    return Witness(
        now=now,
        fields={name: value for name, value in fields.items() if not name.startswith("consent.")},
        consents={n.partition(".")[2]: value for n, value in fields.items() if n.startswith("consent.")},
        events=tuple(EventFact(n, name, at, {}) for n, (at, name) in enumerate(moments, 1)),
        notes=tuple(note for notes in by_kind["note"].values() for note in notes),
    )
