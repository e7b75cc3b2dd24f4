"""Tests of a campaign as data: what a case gives, does and expects. Someone else runs them.

Instants are UTC epoch seconds, money minor units, durations seconds after entry.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from engine.model import Source

#: the moment of entry when a case names none: 2026-03-02T15:00:00Z, a Monday
DEFAULT_NOW = 1_772_463_600


@dataclass(frozen=True, slots=True, kw_only=True)
class Moment:
    """``at: 7d`` is ``[at, at + width)`` seconds after entry; the unit written gives the width."""

    at: int
    width: int

    def holds(self, after_entry: int) -> bool:
        """Does something so many seconds after entry match?"""
        return self.at <= after_entry < self.at + self.width


@dataclass(frozen=True, slots=True, kw_only=True)
class GivenNote:
    """A relationship note the person has."""

    kind: str
    opened_at: int
    closed_at: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class GivenTouch:
    """An earlier touch that counts for caps."""

    channel: str
    at: int


@dataclass(frozen=True, slots=True, kw_only=True)
class GivenEvent:
    """Something that happened before entry."""

    name: str
    at: int
    data: Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class PersonData:
    """Fields of a person in the store's units. A field set to None is to be missing."""

    fields: Mapping[str, Any] = field(default_factory=dict)
    attributes: Mapping[str, Any] = field(default_factory=dict)
    consent: Mapping[str, str] = field(default_factory=dict)  # channel -> type


@dataclass(frozen=True, slots=True, kw_only=True)
class Given:
    """What is so at entry."""

    person: PersonData = PersonData()
    notes: tuple[GivenNote, ...] = ()
    suppressed: tuple[str, ...] = ()
    touches: tuple[GivenTouch, ...] = ()
    events: tuple[GivenEvent, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Happening:
    """Something later: an event with its data, or new values of the person's fields."""

    at: int  # seconds after entry
    event: str | None = None
    data: Mapping[str, Any] = field(default_factory=dict)
    change: PersonData | None = None
    source: Source


@dataclass(frozen=True, slots=True, kw_only=True)
class Expected:
    """One line of the story: one of ``channel`` (a send), ``skipped``, ``held`` and ``exit`` is set."""

    at: Moment
    step: str | None = None
    channel: str | None = None
    skipped: str | None = None
    held: str | None = None
    exit: str | None = None
    task: str | None = None  # with an exit
    subject: str | None = None
    says: tuple[str, ...] = ()
    says_not: tuple[str, ...] = ()
    offer: str | None = None
    variant: str | None = None
    template: str | None = None
    source: Source


@dataclass(frozen=True, slots=True, kw_only=True)
class TestCase:
    """One case. ``given``, ``when`` and ``expect`` are complete; nothing else happens."""

    __test__ = False  # pytest collects by name otherwise

    it: str
    now: int
    given: Given
    when: tuple[Happening, ...]
    expect: tuple[Expected, ...]
    source: Source


@dataclass(frozen=True, slots=True, kw_only=True)
class TestFile:
    """One file of tests, of one campaign."""

    __test__ = False

    file: str
    campaign: str
    cases: tuple[TestCase, ...]
    source: Source
