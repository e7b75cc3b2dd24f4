"""Civil time: when is a window open for a person, and when next. The only module that knows local time.

Windows are half-open, in the recipient's wall-clock time. Where the person may be in several zones, a
moment is open only if it is open in all of them (TIM-17). On the day clocks go forward an edge in the gap
moves inward; on the day they go back an opening uses the second occurrence and a closing the first
(TIM-09, TIM-10), so that no reading of the rule finds the moment outside.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

import holidays as holiday_calendars

from engine.model import DAY, Deadline, Window

#: how far ahead an opening is looked for before a window counts as never open
HORIZON = 21 * DAY
_EPOCH_ORDINAL = date(1970, 1, 1).toordinal()


@dataclass(frozen=True, slots=True)
class Opening:
    """Windows of which any may be open, on days that are not a holiday of ``holidays``."""

    windows: tuple[Window, ...]
    holidays: tuple[str, str] | None = None
    #: reckoned once: an opening is looked up several times in each decision
    _hash: int = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_hash", hash((self.windows, self.holidays)))

    def __hash__(self) -> int:
        return self._hash


def next_open(now: int, zones: Sequence[str], openings: Iterable[Opening]) -> int | None:
    """The first instant at or after ``now`` at which every opening is open in every zone.

    None when there is none within ``HORIZON``: a window that never opens. No zones: never open.
    """
    everywhere, asked = tuple(zones), tuple(openings)
    if not everywhere:
        return None
    for day in range(now // DAY, (now + HORIZON) // DAY + 1):
        for opens, closes in open_spans(everywhere, asked, day):
            if now < closes:
                moment = max(now, opens)
                return moment if moment <= now + HORIZON else None
    return None


@lru_cache(maxsize=131_072)
def open_spans(
    zones: tuple[str, ...], openings: tuple[Opening, ...], day: int
) -> tuple[tuple[int, int], ...]:
    """The spans [from, to) of one UTC day in which every opening is open in every zone, as instants in order."""
    spans: tuple[tuple[int, int], ...] = ((day * DAY, (day + 1) * DAY),)
    for zone in zones:
        for opening in openings:
            spans = _both(spans, _around(zone, opening, day))
    return spans


@lru_cache(maxsize=131_072)
def _around(zone: str, opening: Opening, day: int) -> Sequence[tuple[int, int]]:
    """The open spans of the local dates that meet a UTC day; where one ends and another begins they are one."""
    found: list[tuple[int, int]] = []
    # local dates run at most one day behind or ahead of UTC
    for ordinal in range(_EPOCH_ORDINAL + day - 1, _EPOCH_ORDINAL + day + 2):
        for opens, closes in _spans(zone, opening, ordinal):
            if found and opens <= found[-1][1]:
                found[-1] = (found[-1][0], max(found[-1][1], closes))
            else:
                found.append((opens, closes))
    return found


def _both(one: Sequence[tuple[int, int]], other: Sequence[tuple[int, int]]) -> tuple[tuple[int, int], ...]:
    pairs = ((max(a, c), min(b, d)) for a, b in one for c, d in other)
    return tuple(pair for pair in pairs if pair[0] < pair[1])


@lru_cache(maxsize=131_072)
def _spans(zone: str, opening: Opening, ordinal: int) -> tuple[tuple[int, int], ...]:
    """The open spans [from, to) of one local date, as instants in order."""
    day = date.fromordinal(ordinal)
    if opening.holidays and is_holiday(day, opening.holidays):
        return ()
    windows = [w for w in opening.windows if day.weekday() in w.days]
    midnight, info = _even_midnight(zone, ordinal), _zone(zone)
    if midnight is not None:
        return tuple(sorted((midnight + 60 * w.opens, midnight + 60 * w.closes) for w in windows))
    spans = (
        (edge(day, w.opens, info, opening=True), edge(day, w.closes, info, opening=False)) for w in windows
    )
    return tuple(sorted((opens, closes) for opens, closes in spans if opens < closes))


@lru_cache(maxsize=131_072)
def _even_midnight(zone: str, ordinal: int) -> int | None:
    """The instant at which a local date begins; None where its clocks change, or those of the midnights around it."""
    day, info = date.fromordinal(ordinal), _zone(zone)
    edges = [edge(day, minute, info, opening=opening) for minute in (0, 1_440) for opening in (True, False)]
    return edges[0] if edges[0] == edges[1] and edges[2] == edges[3] == edges[0] + DAY else None


@lru_cache(maxsize=1024)
def _zone(name: str) -> ZoneInfo:
    """A zone, kept: ``ZoneInfo`` itself keeps only a handful."""
    return ZoneInfo(name)


def edge(day: date, minute: int, zone: ZoneInfo, *, opening: bool) -> int:
    """The instant of a window's edge on a local date: moved inward by a DST gap, or overlap.

    ``minute`` counts from local midnight, 1440 is the next midnight.
    """
    wall = datetime(day.year, day.month, day.day) + timedelta(minutes=minute)  # noqa: DTZ001 - wall time
    early, late = (int(wall.replace(tzinfo=zone, fold=fold).timestamp()) for fold in (0, 1))
    if early == late:
        return early
    if early < late:  # the wall time happens twice
        return late if opening else early
    return _transition(late, early, zone)  # the wall time never happens


def _transition(low: int, high: int, zone: ZoneInfo) -> int:
    """The first instant in (low, high] with another UTC offset than ``low`` has."""

    def offset(instant: int) -> timedelta | None:
        return datetime.fromtimestamp(instant, UTC).astimezone(zone).utcoffset()

    before = offset(low)
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (middle, high) if offset(middle) == before else (low, middle)
    return high


@lru_cache(maxsize=1024)
def clock_changes(zone: str, year: int) -> tuple[int, ...]:
    """The instants of a (UTC) year at which a zone's clocks are put forward or back."""
    info = _zone(zone)
    first, last = (int(datetime(y, 1, 1, tzinfo=UTC).timestamp()) for y in (year, year + 1))
    days = range(first, last + 1, DAY)
    offsets = [datetime.fromtimestamp(day, UTC).astimezone(info).utcoffset() for day in days]
    return tuple(
        _transition(day, day + DAY, info)
        for day, before, after in zip(days, offsets, offsets[1:], strict=False)
        if before != after
    )


def deadline_ends(now: int, deadline: Deadline, zone: str, country: str) -> int:
    """The last second of the local day on which a deadline ends. Today is day 0 (TIM-01).

    Business days are Monday to Friday without the country's national holidays; of a country whose calendar is not
    known only the weekends are left out.
    """
    info = _zone(zone)
    day = datetime.fromtimestamp(now, UTC).astimezone(info).date()
    left = deadline.days
    while left:
        day += timedelta(days=1)
        left -= not deadline.business or _is_business_day(day, country)
    return edge(day, DAY // 60, info, opening=False) - 1


def _is_business_day(day: date, country: str) -> bool:
    if day.weekday() > 4:
        return False
    return country not in holiday_calendars.list_supported_countries() or not is_holiday(day, (country, ""))


def is_holiday(day: date, calendar: tuple[str, str]) -> bool:
    """True on a public holiday of (country, subdivision); "" is the country as a whole."""
    return day in _calendar(calendar[0], calendar[1], day.year)


@lru_cache(maxsize=256)
def _calendar(country: str, subdivision: str, year: int) -> holiday_calendars.HolidayBase:
    return holiday_calendars.country_holidays(country, subdiv=subdivision or None, years=year)


def local(instant: int, zone: str) -> datetime:
    """The wall-clock moment of an instant in a zone, for showing to people."""
    return datetime.fromtimestamp(instant, UTC).astimezone(_zone(zone))
