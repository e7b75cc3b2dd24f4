"""Retargeting lists: the port to where their members are kept, and what is said when one changes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

from channels.base import Outcome

#: a person as a list knows them: ``email:`` or ``phone:`` and the SHA-256 of a normalised address, in hexadecimal
Person = Sequence[str]


class ListBookBusy(Exception):
    """Raised by a list book that cannot be written right now; nobody was put on a list."""


class ListBook(Protocol):
    """Where members of lists are kept. The host program implements it, and sees to it that whoever refuses leaves."""

    def join(self, *, ref: str, audience: str, hashes: Person) -> None:
        """Put the person of that message on a list. A second call with the same ``ref`` changes nothing.

        Raises ListBookBusy when nothing was done and another try may succeed, LookupError, saying why, when the
        person is not to be put on a list at all.
        """
        ...

    def exists(self, ref: str) -> bool:
        """Was the person of that message ever put on a list?"""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class ListChange:
    """Who is new on a list, and who is to leave it. Saying it twice changes nothing.

    ``sequence`` rises from change to change: of two that arrive in the wrong order the higher one counts.
    """

    audience: str
    sequence: int
    add: Sequence[Person] = ()
    remove: Sequence[Person] = ()


@runtime_checkable
class ListCarrier(Protocol):
    """An adapter that carries changes of lists to where the lists are used."""

    def deliver(self, change: ListChange) -> Outcome:
        """Carry one change out. Whatever is not accepted is said again."""
        ...
