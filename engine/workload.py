"""Declared capacity, held by all workers together: what each owner was given in the last day, a row an owner.

The rows are locked in the transaction that decides, so that of two workers one sees what the other has given.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from sqlalchemy import Connection

from engine import settings
from engine.adapters import by_hand
from engine.facts import Facts, Workload, slot_of
from engine.flow import TouchMove
from engine.gates.capacity import owner_of
from engine.model import DAY, Environment
from engine.verdict import SLOWS
from state.queries import control
from state.queries.common import Row

if TYPE_CHECKING:
    from engine.app import App

#: the adapters' option
OPTION = "capacity"

#: moves by which a task is its owner's
_GIVES = frozenset({TouchMove.QUEUE, TouchMove.DISPATCH})


def capacities(environment: Environment) -> dict[str, int]:
    """Channel -> tasks an owner is given in any 24 hours, where people serve it and its adapter has a capacity."""
    declared = {name: d for name, d in environment.channels.items() if OPTION in d.options}
    given = {name: str(settings.resolved(declared[name].options[OPTION])) for name in by_hand(declared)}
    # what is no number is refused where the adapter is built, by name
    return {name: int(value) for name, value in given.items() if value.isdecimal()}


class Desk:
    """What the owners of a batch's tasks were given lately, locked until the transaction ends."""

    def __init__(
        self, app: App, conn: Connection, rows: Sequence[Row], people: Mapping[int, Facts], now: int
    ) -> None:
        """``rows``: enrolments or touches, each with the step it is about. Where no capacity is declared, or none of
        them is a task, nothing is read."""
        self._conn, self._now = conn, now
        limits = capacities(app.environment)
        self._owners = dict(_owners(app, conn, rows, people, limits)) if limits else {}
        self._work = Workload(limits) if self._owners else None
        self._changed: set[str] = set()
        for owner in sorted({*self._owners.values()}):  # in one order, so that two never wait for each other
            self._given[owner] = _lately(control.lock(conn, _key(owner), {}, now), now)
        for facts in people.values():
            facts.workload = self._work

    @property
    def _given(self) -> dict[str, dict[str, int]]:
        return self._work.given if self._work else {}

    def note(self, slot: str, move: TouchMove, rule: str | None) -> None:
        """A touch takes its place with its owner as of now, or joins those who wait for one."""
        owner = self._owners.get(slot)
        if owner is None or self._work is None:
            return
        if move in _GIVES:
            self._given[owner][slot] = self._now
            self._changed.add(owner)
        elif move is TouchMove.HOLD and rule in SLOWS:
            self._work.put_off[owner] += 1

    def close(self) -> None:
        """Write down what was given."""
        for owner in sorted(self._changed):
            control.put(self._conn, _key(owner), self._given[owner], self._now)


def workload(
    conn: Connection, environment: Environment, owners: Collection[str], now: int
) -> Workload | None:
    """What these owners were given lately: to look at, and not to decide by."""
    limits = capacities(environment)
    if not limits:
        return None
    found = {owner: control.get(conn, _key(owner)) for owner in owners}
    return Workload(limits, {owner: _lately(row[0] if row else {}, now) for owner, row in found.items()})


def _owners(
    app: App, conn: Connection, rows: Sequence[Row], people: Mapping[int, Facts], limits: Mapping[str, int]
) -> Iterable[tuple[str, str]]:
    """(slot, owner) of whatever is a task on a channel with a capacity."""
    for row in rows:
        campaign = app.versions.of(conn, row["campaign"], row["version"])
        track = campaign.track(row["track"]) if campaign else None
        step = track.step(row["step"]) if track else None
        if campaign and step and step.channel in limits:
            slot = slot_of(row["identity_id"], row["campaign"], row["cycle"], row["step"])
            yield slot, owner_of(campaign, people[row["identity_id"]].person)


def _lately(given: Mapping[str, Any], now: int) -> dict[str, int]:
    return {slot: at for slot, at in given.items() if at > now - DAY}


def _key(owner: str) -> str:
    return f"capacity:{owner}"
