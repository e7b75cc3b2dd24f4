"""Campaigns that want one person's slots: who is decided first, who gets them, and what becomes of the others.

The decisions are the engine's own (``engine.prove.world``), in the order in which a worker makes them.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from engine.cases.given import DEFAULTS
from engine.compile_predicate import field_types
from engine.decision import Decision
from engine.facts import ConsentFact, Facts, TouchFact
from engine.flow import TouchMove
from engine.model import DAY, Project
from engine.prove.due import nobody
from engine.prove.kinds import Kind
from engine.prove.people import Person, Somewhere, given_of
from engine.prove.world import State, World
from engine.testfile import Given
from engine.timeline import precedence

#: a round is followed for so long, and for so many decisions
_LONG = 400 * DAY
_MANY = 500

#: where the people of these stories are
AT_HOME = Somewhere(
    known=True,
    zone="America/Chicago",
    fields={"timezone": "America/Chicago", "country": "US", "region": "IL", "phone": "+13125550142"},
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Fate:
    """What became of one sending step."""

    campaign: str
    step: str
    channel: str
    at: int  # when it left, or was given up
    sent: bool
    #: seconds for which a full cap put it off; 0: it found room at once
    put_off: int = 0
    #: given up for a full cap
    no_room: bool = False

    @property
    def contested(self) -> bool:
        """Did a cap stand in its way?"""
        return self.no_room or self.put_off > 0


class Race:
    """One person whom several campaigns want."""

    def __init__(self, project: Project, kind: Kind, now: int) -> None:
        self._project, self._now = project, now
        campaign = project.campaigns[kind.campaign]
        self.given = given_of(project, campaign, kind, AT_HOME)
        person = Person(
            kind=kind, place=AT_HOME, now=now, given=self.given, facts=_facts(self.given, now),
            types=field_types(project.attributes),
        )  # fmt: skip
        self._people = (person,)

    def run(self, entries: Mapping[str, int], before: Sequence[TouchFact] = ()) -> list[Fate]:
        """The first round of each campaign, entered so many seconds from now, by somebody who had these touches."""
        worlds = {name: World(self._project, self._people, self._now + at) for name, at in entries.items()}
        states = {name: worlds[name].enter(self._project.campaigns[name]) for name in entries}
        live = {name: state for name, state in states.items() if state is not None}
        touches, fates = tuple(before), list[Fate]()
        for _ in range(_MANY):
            due = [
                (s.due, name)
                for name, s in live.items()
                if s.due is not None and not s.ended and s.enrolment.step
            ]
            if not due or min(due)[0] > self._now + _LONG:
                break
            now = min(due)[0]
            name = min((n for at, n in due if at == now), key=lambda n: self._order(n, now))
            turn = worlds[name].turn(live[name]._replace(touches=touches), now)
            fates += _fate(name, live[name], turn.decision, now)
            touches, live[name] = turn.after.touches, turn.after
        return fates

    def _order(self, name: str, now: int) -> tuple[object, ...]:
        return precedence(self._project.campaigns[name].priority, now, 1, name)


def _fate(campaign: str, before: State, decision: Decision, now: int) -> Iterator[Fate]:
    touch = decision.touch
    if touch is None or touch.move is TouchMove.HOLD:
        return
    sent = touch.move is TouchMove.QUEUE
    no_room = touch.reason == "fatigue"
    put_off = 0 if before.capped_at is None else max(0, now - before.capped_at)
    yield Fate(
        campaign=campaign, step=touch.step.id, channel=touch.step.channel or "", at=now, sent=sent,
        put_off=put_off, no_room=no_room,
    )  # fmt: skip


def _facts(given: Given, now: int) -> Facts:
    """The person of a case as the core is given them; who said yes said it thirty days ago."""
    person = {**DEFAULTS, **given.person.fields}
    blank = nobody(now)
    return Facts(
        identity_id=1,
        person={
            **blank.person,
            **person,
            "email_key": person["email"],
            "attributes": given.person.attributes,
        },
        consents={
            channel: ConsentFact(channel, type_, now - 30 * DAY, f"https://proofs.example/{channel}")
            for channel, type_ in given.person.consent.items()
        },
    )
