"""Of all that a field, an event or a kind of note can be, a few that stand for the rest.

Two values that every comparison of a project answers alike are one value as far as the project goes. So a finite
list is enough to say what can be and what cannot: one value of each such class, the plainest first.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import chain, combinations, pairwise, product
from math import ceil, floor
from typing import Any, NamedTuple

from engine.facts import EventFact, NoteFact
from engine.fields import FieldType
from engine.law import STRENGTH
from engine.model import DAY, HOUR
from engine.predicate import Compare, EventHappened, Leaf, NoteExists, Op, Truth, tested

#: more classes of one variable than this are not told apart
MAX_CLASSES = 4_096
#: an event that has to happen more often than this is not followed
MAX_TIMES = 1_000

#: a person's row always has these
NEVER_MISSING = frozenset({"created_at"})

#: what else a field can hold, where not every word will do; the first that no comparison names is taken
_OTHERS: Mapping[str, tuple[str, ...]] = {
    "email": ("sam@customer.example", "kim@customer.example"),
    "phone": ("+13125550142", "+13125550143"),
    "country": ("US", "CA", "GB", "DE", "AU"),
    "region": ("IL", "TX", "ON", "CA"),
    "timezone": ("America/Chicago", "America/Toronto", "Europe/London", "UTC"),
    "language": ("en", "fr", "de"),
}
_WORDS = ("other", "another", "else", "x", "0", "-")


class Undecided(Exception):
    """The question is larger than what is looked at; the answer is neither yes nor no."""


@dataclass(slots=True)
class Purse:
    """What several questions together may cost, in comparisons that are made to answer them."""

    left: int

    def pay(self, price: int) -> None:
        """Raises Undecided when so much is not left; then nothing is."""
        self.left -= price
        if self.left < 0:
            self.left = 0
            raise Undecided("the questions so far were too hard")


class Variable(NamedTuple):
    """One thing about a person that comparisons look at: a field, an event by name, a note by kind."""

    kind: str  # field event note
    name: str

    @classmethod
    def of(cls, leaf: Leaf) -> Variable:
        """What the comparison looks at."""
        match leaf:
            case Compare(field=name):
                return cls("field", name)
            case EventHappened(name=name):
                return cls("event", name)
            case NoteExists(kind=name):
                return cls("note", name)


@dataclass(slots=True)
class Alone:
    """A person of whom one thing is set; enough to ask the comparisons of one variable."""

    it: Any = None
    events: Sequence[EventFact] = ()
    notes: Sequence[NoteFact] = field(default=())

    def value(self, _: str) -> Any:
        return self.it


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """A value, moments of an event (oldest first), or notes; and what each comparison says of it."""

    value: Any
    truths: tuple[Truth, ...]

    @property
    def plain(self) -> bool:
        """True where nothing is set at all."""
        return self.value is None or self.value == ()


def candidates(
    variable: Variable,
    leaves: Sequence[Leaf],
    now: int,
    since: int | None,
    values: Sequence[str] | None,
    purse: Purse | None = None,
) -> list[Candidate]:
    """One of each class that ``leaves``, all of them about ``variable``, tell apart at ``now``; the plainest first.

    ``values``: all that a text field can hold, where that is a closed list. Raises Undecided.
    """
    tests = [tested(leaf) for leaf in leaves]
    found: dict[tuple[Truth, ...], Candidate] = {}
    for value in _every(variable, leaves, now, since, values):
        if purse is not None:
            purse.pay(len(tests))
        alone = _alone(variable, value)
        truths = tuple(test(alone, now, since) for test in tests)
        found.setdefault(truths, Candidate(value=value, truths=truths))
    return list(found.values())


def _alone(variable: Variable, value: Any) -> Alone:
    match variable.kind:
        case "event":
            return Alone(events=[EventFact(n, variable.name, at, {}) for n, at in enumerate(value, 1)])
        case "note":
            return Alone(notes=value)
    return Alone(value)


def _every(
    variable: Variable, leaves: Sequence[Any], now: int, since: int | None, values: Sequence[str] | None
) -> Iterable[Any]:
    match variable.kind:
        case "event":
            return _moments(leaves, now, since)
        case "note":
            return _notes(variable.name, leaves, now)
    there = _values(variable.name, leaves, now, values)
    return there if variable.name in NEVER_MISSING else chain((None,), there)


# ── fields ──


def _values(name: str, leaves: Sequence[Compare], now: int, values: Sequence[str] | None) -> Iterable[Any]:
    if name.startswith("consent."):
        return STRENGTH
    match leaves[0].type:
        case FieldType.TEXT:
            return values if values is not None else _texts(name, leaves)
        case FieldType.FLAG:
            return (True, False)
        case FieldType.INSTANT:
            return _instants(leaves, now, ahead=name not in NEVER_MISSING)
    whole = _numbers(leaves, nice=(100_000, 100, 1) if leaves[0].type is FieldType.MONEY else (10, 1))
    return [*whole, *(_fractions(leaves) if name.startswith("attributes.") else ())]


def _constants(leaves: Sequence[Compare]) -> list[Any]:
    """Every value the comparisons name, in the order written."""
    named = chain.from_iterable(w.value if isinstance(w.value, tuple) else (w.value,) for w in leaves)
    return list(dict.fromkeys(v for v in named if v is not None))


def _texts(name: str, leaves: Sequence[Compare]) -> list[str]:
    parts = list(dict.fromkeys(w.value for w in leaves if w.op is Op.CONTAINS))
    constants = _constants(leaves)
    if len(parts) > 8:
        raise Undecided(f"{name} is searched for {len(parts)} different texts")
    mark = next(c for c in chain(" ;", map(chr, range(0x2500, 0x3000))) if not any(c in v for v in constants))
    others = [w for w in (*_OTHERS.get(name, ()), *_WORDS, mark) if not any(p in w for p in parts)]
    other = next((w for w in others if w not in constants), mark * 2)
    joined = [mark.join(some) for n in range(1, len(parts) + 1) for some in combinations(parts, n)]
    return [*constants, other, *joined, *(f"{text}{mark}" for text in joined), ""]


def _numbers(leaves: Sequence[Compare], *, nice: Sequence[int]) -> list[int]:
    cuts = sorted({cut for c in _constants(leaves) for cut in (ceil(c), floor(c) + 1)})
    return sorted(_one_each(cuts, nice, far=nice[0], zero=0), key=lambda n: (n < 0, abs(n)))


def _fractions(leaves: Sequence[Compare]) -> list[float]:
    constants = sorted(_constants(leaves))
    between = [(a + b) / 2 for a, b in pairwise(constants)]
    return [*between, *(c for c in constants if isinstance(c, float)), *(c + 0.5 for c in constants)]


def _instants(leaves: Sequence[Compare], now: int, *, ahead: bool) -> list[int]:
    cuts = sorted({*_cuts(leaves, now), now + 1})
    found = _one_each(cuts, (30 * DAY, DAY, HOUR, 60, 1), far=DAY, zero=now)
    # what is past and recent is plainer than what is long ago or still ahead
    return sorted((v for v in found if ahead or v <= now), key=lambda v: (v > now, abs(now - v)))


def _cuts(leaves: Iterable[Compare], now: int) -> set[int]:
    """The instants from which on a comparison comes out otherwise than right before."""
    return {
        now - w.value + 1 if w.op in (Op.OLDER_THAN, Op.NEWER_THAN) else w.value
        for w in leaves
        if w.value is not None
    }


def stretch(leaves: Iterable[Compare], instant: int, now: int) -> tuple[int, int]:
    """The oldest and the newest instant, up to ``now``, that the comparisons do not tell from this one; where nothing
    bounds it below, the instant itself."""
    cuts = _cuts(leaves, now)
    oldest = max((cut for cut in cuts if cut <= instant), default=instant)
    return oldest, min((cut - 1 for cut in cuts if instant < cut <= now), default=now)


def _one_each(cuts: Sequence[int], nice: Sequence[int], *, far: int, zero: int) -> Iterator[int]:
    """A value of each of the ranges that the cuts make; counted from ``zero`` a multiple of something nice."""
    edges = [(cuts[0] - far, cuts[0]) if cuts else (zero, zero + 1), *pairwise(cuts)]
    for low, high in [*edges, *([(cuts[-1], cuts[-1] + far)] if cuts else [])]:
        yield _nicest(low, high, nice, zero)


def _nicest(low: int, high: int, nice: Sequence[int], zero: int) -> int:
    """A value in [low, high), as near to its middle as the largest unit that has one in it allows."""
    middle = (low + high - 1) // 2
    for unit in nice:
        below = middle - (middle - zero) % unit
        found = [value for value in (below, below + unit) if low <= value < high]
        if found:
            return min(found, key=lambda value: abs(value - middle))
    return middle


# ── events and notes ──


def _ages(leaves: Sequence[Any], oldest: int | None) -> list[int]:
    """An age in seconds in each of the rings that the comparisons' windows make, youngest first."""
    edges = sorted({0, *(w.within for w in leaves if w.within is not None)})
    last = edges[-1] + 20 * DAY if oldest is None else oldest + 1
    rings = ((low, min(high, last)) for low, high in pairwise([*edges, max(last, edges[-1])]) if low < last)
    return [_nicest(low, high, (DAY, HOUR, 60, 1), 0) for low, high in rings]


def _moments(leaves: Sequence[EventHappened], now: int, since: int | None) -> Iterator[tuple[int, ...]]:
    """Moments at which an event may have happened: so many in each ring, never more than any comparison counts."""
    ages = _ages(leaves, None if since is None else now - since)
    most = max(w.times for w in leaves) + 1
    totals = sorted({0, *(n for w in leaves for n in (w.times - 1, w.times, w.times + 1) if n >= 0)})
    if most > MAX_TIMES or len(totals) ** len(ages) > MAX_CLASSES:
        raise Undecided(
            f"{leaves[0].name} is counted up to {most - 1} times in {len(ages)} different windows"
        )
    ways = sorted((w for w in product(totals, repeat=len(ages)) if list(w) == sorted(w)), key=lambda w: w[-1])
    for upto in ways:
        each = [n - before for n, before in zip(upto, (0, *upto), strict=False)]
        yield tuple(sorted(now - age for age, n in zip(ages, each, strict=True) for _ in range(n)))


def _notes(kind: str, leaves: Sequence[NoteExists], now: int) -> Iterator[tuple[NoteFact, ...]]:
    ages = _ages(leaves, None)
    alone = [NoteFact(kind, now - age, closed) for age in ages for closed in (None, now - age // 2)]
    if 2 ** len(alone) > MAX_CLASSES:
        raise Undecided(f"the note {kind} is looked for in {len(ages)} different windows")
    for size in range(len(alone) + 1):
        yield from combinations(alone, size)
