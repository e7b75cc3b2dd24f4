"""A year of hours: when a step may leave and how long it may not, day by day, over every change of the clocks.

The hours of one week are those of any other in which no clock changes and no holiday falls. So a day is looked at
once for each way in which the days that follow it can run; what is found holds for the whole year.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from typing import NamedTuple
from zoneinfo import ZoneInfo

from engine.gates.base import Situation
from engine.gates.hours import first_open, open_on, openings
from engine.model import BUILT_IN, DAY, HOUR, Window
from engine.places import Place
from engine.schedule import Opening, is_holiday

_DAYS = 366
#: two days are alike when so many days after them are, and one before
_AHEAD = 8

Span = tuple[int, int]
#: a zone's offset on each day, by the hour on a day on which it changes
_Clock = tuple[object, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Year:
    """The hours of one step in one place. Instants; a span is [from, until)."""

    #: a moment from which on nothing opens for as long as the engine looks ahead; None: there is always an opening
    never: int | None = None
    wait: Span = (0, 0)  # the longest time that it is closed
    opening: Span = (0, 0)  # the shortest time that it is open


class _Hours(NamedTuple):
    """What hours are made of: all of these openings, in zones that show all of these times."""

    clocks: frozenset[_Clock]
    asked: frozenset[Opening]

    def within(self, other: _Hours) -> bool:
        """Is it open here whenever it is open there?"""
        return self.clocks <= other.clocks and _telling(self.asked) <= other.asked


class Years:
    """Surveys of the year from ``start``. The same hours are surveyed once, whatever steps and places have them."""

    def __init__(self, start: int) -> None:
        self._start = start - start % DAY
        self._known: dict[_Hours, Year] = {}

    def of(self, s: Situation) -> Year:
        """The year of ``s.step`` for somebody who is at ``s.place``."""
        return self._year(self._hours(s), s)

    def strictest(self, s: Situation, places: Iterable[Place]) -> Iterator[tuple[Place, Year]]:
        """Years such that what holds of them holds of all the places. Left out is where it is open whenever it is
        open at another place that never stays closed; of places with the same hours the first stands for all."""
        there: dict[_Hours, Situation] = {}
        for place in places:
            moved = s._replace(place=place)
            there.setdefault(self._hours(moved), moved)
        sound: list[_Hours] = []
        for hours in sorted(there, key=lambda h: (-len(h.clocks), -len(h.asked))):
            if not any(hours.within(other) for other in sound):
                year = self._year(hours, there[hours])
                yield there[hours].place, year
                if year.never is None:
                    sound.append(hours)

    def _hours(self, s: Situation) -> _Hours:
        clocks = frozenset(_clock(zone, self._start) for zone in s.place.zones)
        return _Hours(clocks, frozenset(map(_anonymous, openings(s.policy, s.step, s.place))))

    def _year(self, hours: _Hours, s: Situation) -> Year:
        if hours not in self._known:
            # zones that show the same time all year are one
            zones = {_clock(zone, self._start): zone for zone in s.place.zones}
            there = replace(s.place, zones=tuple(sorted(zones.values())))
            days = _telling_days(self._start, list(zones), hours.asked)
            self._known[hours] = _survey(s._replace(place=there), days)
        return self._known[hours]


@lru_cache(maxsize=1024)
def _anonymous(opening: Opening) -> Opening:
    """The same opening, wherever it was declared."""
    return Opening(tuple(replace(w, source=BUILT_IN) for w in opening.windows), opening.holidays)


@lru_cache(maxsize=4096)
def _telling(asked: frozenset[Opening]) -> frozenset[Opening]:
    """The openings without those that are open whenever another one is."""
    plain = [o for o in asked if len(o.windows) == 1 and not o.holidays]
    return frozenset(
        o for o in asked if o.holidays or not any(p != o and _inside(p.windows[0], o.windows) for p in plain)
    )


def _inside(window: Window, others: Sequence[Window]) -> bool:
    return all(
        any(day in o.days and o.opens <= window.opens and window.closes <= o.closes for o in others)
        for day in window.days
    )


# ── days that stand for others ──


@lru_cache(maxsize=1024)
def _clock(zone: str, start: int) -> _Clock:
    info = ZoneInfo(zone)

    def offset(moment: int) -> timedelta | None:
        return datetime.fromtimestamp(moment, UTC).astimezone(info).utcoffset()

    midnights = range(start - DAY, start + (_DAYS + _AHEAD) * DAY, DAY)
    return tuple(
        offset(day) if offset(day) == offset(day + DAY) else tuple(map(offset, range(day, day + DAY, HOUR)))
        for day in midnights
    )


def _telling_days(start: int, clocks: Sequence[_Clock], asked: frozenset[Opening]) -> Iterator[int]:
    """Midnights (UTC) of days that stand for all others of the year."""
    calendars = sorted({o.holidays for o in asked if o.holidays})
    first = datetime.fromtimestamp(start - DAY, UTC).date()
    numbers: dict[object, int] = {}
    shapes = [
        numbers.setdefault((offsets, _holidays(first + timedelta(days=n), calendars)), len(numbers))
        for n, offsets in enumerate(zip(*clocks, strict=True))
    ]
    seen: set[object] = set()
    for n in range(_DAYS):
        shape = n % 7, tuple(shapes[n : n + 2 + _AHEAD])
        if shape not in seen:
            seen.add(shape)
            yield start + n * DAY


def _holidays(day: date, calendars: Sequence[tuple[str, str]]) -> tuple[bool, ...]:
    return tuple(is_holiday(day, calendar) for calendar in calendars)


# ── one year ──


def _survey(s: Situation, midnights: Iterable[int]) -> Year:
    waits: list[Span] = []
    spans: list[Span] = []
    for midnight in midnights:
        if first_open(s, midnight) is None:
            return Year(never=midnight)
        for opens, closes in _begun_on(s, midnight):
            again = first_open(s, closes)
            if again is None:
                return Year(never=closes)
            spans.append((opens, closes))
            waits.append((closes, again))
    return Year(wait=max(waits, key=length, default=(0, 0)), opening=min(spans, key=length, default=(0, DAY)))


def _begun_on(s: Situation, midnight: int) -> Iterator[Span]:
    """The spans that begin on a UTC day, whole; one that never ends is as long as days are compared."""
    day = midnight // DAY
    before = {closes for _, closes in open_on(s.policy, s.step, s.place, day - 1)}
    for opens, closes in open_on(s.policy, s.step, s.place, day):
        if opens not in before:
            for later in range(day + 1, day + _AHEAD):
                if closes != later * DAY:
                    break
                closes = next((c for o, c in open_on(s.policy, s.step, s.place, later) if o == closes), closes)
            yield opens, closes


def length(span: Span) -> int:
    """Seconds from its beginning to its end."""
    return span[1] - span[0]
