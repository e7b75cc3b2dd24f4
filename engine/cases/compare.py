"""What a case expects beside what happened, line by line, and everything that differs."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from engine.cases.story import Kind, Line
from engine.model import DAY
from engine.testfile import Expected


@dataclass(frozen=True, slots=True, kw_only=True)
class Pair:
    """An expected line and the line of the story it stands beside; one of them may be absent."""

    expected: Expected | None
    actual: Line | None
    problems: tuple[str, ...] = ()


def compare(expected: Sequence[Expected], story: Sequence[Line]) -> list[Pair]:
    """Both in order, paired so that as little as possible differs. A hold nobody expects is no problem."""
    wanted, told = len(expected), len(story)
    # from the end to the beginning: the cheapest pairing of what follows expectation i and line j
    best: dict[tuple[int, int], _Way] = {(wanted, told): _Way(0.0, None, (0, 0))}
    for i in range(wanted, -1, -1):
        for j in range(told, -1, -1):
            if (i, j) != (wanted, told):
                best[i, j] = min(_ways(expected, story, i, j, best), key=lambda way: way.cost)
    return list(_followed(best))


class _Way(NamedTuple):
    """What all that follows differs by, the first pair of it, and the place after that pair."""

    cost: float
    pair: Pair | None
    then: tuple[int, int]


def _ways(
    expected: Sequence[Expected], story: Sequence[Line], i: int, j: int, best: Mapping[tuple[int, int], _Way]
) -> Iterator[_Way]:
    if i < len(expected) and j < len(story) and _comparable(expected[i], story[j]):
        yield _way(_pair(expected[i], story[j]), (i + 1, j + 1), best)
    if i < len(expected):
        yield _way(
            Pair(expected=expected[i], actual=None, problems=("this did not happen",)), (i + 1, j), best
        )
    if j < len(story):
        problems = () if story[j].kind is Kind.HOLD else ("nobody expects this",)
        yield _way(Pair(expected=None, actual=story[j], problems=problems), (i, j + 1), best)


def _way(pair: Pair, then: tuple[int, int], best: Mapping[tuple[int, int], _Way]) -> _Way:
    """A pair that differs is better than two lines without partners, for it tells more."""
    alone = pair.expected is None or pair.actual is None
    own = (2.0 if alone else 1.0 + 0.1 * min(len(pair.problems), 9)) if pair.problems else 0.0
    return _Way(own + best[then].cost, pair, then)


def _followed(best: Mapping[tuple[int, int], _Way]) -> Iterator[Pair]:
    way = best[0, 0]
    while way.pair is not None:
        yield way.pair
        way = best[way.then]


def _comparable(expected: Expected, line: Line) -> bool:
    """Are these two about the same thing, well or badly?"""
    if kind_of(expected) is Kind.EXIT or line.kind is Kind.EXIT:
        return kind_of(expected) is line.kind
    return expected.step == line.step


def kind_of(expected: Expected) -> Kind:
    """What the line is about."""
    if expected.exit is not None:
        return Kind.EXIT
    if expected.skipped is not None:
        return Kind.SKIP
    return Kind.HOLD if expected.held is not None else Kind.SEND


def _pair(expected: Expected, line: Line) -> Pair:
    return Pair(expected=expected, actual=line, problems=tuple(_problems(expected, line)))


def _problems(expected: Expected, line: Line) -> Iterator[str]:
    if not expected.at.holds(line.at):
        yield f"it came {'early' if line.at < expected.at.at else 'late'}"
    if kind_of(expected) is not line.kind:
        yield f"it was {_told(line)}"
        return
    reason = expected.exit or expected.skipped or expected.held
    if reason is not None and reason != line.reason:
        yield f"the reason is {line.reason}"
    for name in ("channel", "offer", "variant", "template", "subject", "task"):
        wanted, found = getattr(expected, name), getattr(line, name)
        if wanted is not None and wanted != found:
            yield f"the {name} is {found!r}" if found else f"it has no {name}"
    if line.kind is Kind.SEND:
        yield from _text_problems(expected, line)


def _text_problems(expected: Expected, line: Line) -> Iterator[str]:
    text = _words(line.text)
    for wanted in expected.says:
        if _words(wanted) not in text:
            yield f"it does not say {wanted!r}"
    for unwanted in expected.says_not:
        if _words(unwanted) in text or _words(unwanted) in _words(line.subject):
            yield f"it says {unwanted!r}"


def _words(text: str) -> str:
    """Where a line is broken says nothing."""
    return " ".join(text.split())


def _told(line: Line) -> str:
    match line.kind:
        case Kind.SEND:
            return "sent"
        case Kind.SKIP:
            return f"skipped ({line.reason})"
        case _:
            return f"held ({line.reason})"


def elapsed(seconds: int, largest: int = DAY) -> str:
    """Time since entry: ``7d``, ``7d 2h``, ``1d 6h 35m``; ``0d`` at entry. ``largest``: seconds of the unit it is
    told in, as far as that goes: with an hour it is ``30h 35m``."""
    parts, rest = [], seconds
    for unit, name in ((604_800, "w"), (DAY, "d"), (3_600, "h"), (60, "m"), (1, "s")):
        if unit <= largest:
            number, rest = divmod(rest, unit)
            parts += [f"{number}{name}"] if number else []
    return " ".join(parts) or "0d"
