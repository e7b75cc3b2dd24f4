"""One person on a campaign and the worker that looks after them, as values: what is so, and what comes next.

Every decision is made by ``engine.decide``; what follows from one is done here as ``engine.advance`` does it in the
store, a message leaving in the turn that decides it.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from engine.consequences import REPLY_REFUSED, understood
from engine.decide import decide
from engine.decision import Decision, Spawn
from engine.endings import segment_of
from engine.facts import EnrolmentFact, EventFact, Facts, NoteFact, SuppressionFact, TouchFact
from engine.flow import EnrolmentState, TouchMove
from engine.gates.hours import first_open
from engine.model import Campaign, Project
from engine.predicate import holds
from engine.prove.acts import Act, Doing, ending_events
from engine.prove.people import Person
from engine.timeline import cohort_of, first_step, situation_of


class Done(NamedTuple):
    """An act and its moment."""

    at: int
    act: Act


class State(NamedTuple):
    """Where a person stands. What happened before entry is not in it."""

    enrolment: EnrolmentFact
    now: int
    #: when they are looked at next; None: only something that happens wakes them
    due: int | None
    who: int = 0  # which of the world's people they are: data changes
    events: tuple[EventFact, ...] = ()
    notes: tuple[NoteFact, ...] = ()
    suppressions: tuple[SuppressionFact, ...] = ()
    touches: tuple[TouchFact, ...] = ()
    #: how they came here; not part of where they stand
    acts: tuple[Done, ...] = ()
    #: (campaign, track) of every round so far, this one included
    rounds: tuple[tuple[str, str], ...] = ()
    #: the moment at which the current step would have left but for a full cap
    capped_at: int | None = None
    #: nothing more happens: only the timeline is followed
    calm: bool = False

    @property
    def ended(self) -> bool:
        """Is this round over?"""
        return self.enrolment.state == EnrolmentState.ENDED


class Turn(NamedTuple):
    """One decision: where it was made from, what it was, and where it leads."""

    before: State
    at: int
    decision: Decision
    after: State


class World:
    """A project and the one person in it. ``people``: that person, and whom they can turn into, all at entry."""

    def __init__(self, project: Project, people: Sequence[Person], entry: int) -> None:
        self._project = project
        self._people = [p.facts_at(entry) for p in people]
        self._since = entry
        self._nudged = {c.id: c.listens_to | ending_events(project, c) for c in project.campaigns.values()}

    def enter(self, campaign: Campaign) -> State | None:
        """The person on the first round of the campaign; None where it does not take them at that moment."""
        facts, now = self._people[0], self._since
        cohort = cohort_of(campaign, facts, now)
        wanted = campaign.where is None or holds(campaign.where, facts, now)
        if (
            not wanted
            or (campaign.cohorts and cohort is None)
            or segment_of(self._project, facts, now) != campaign.segment
        ):
            return None
        asleep = cohort is not None and cohort.park_until is not None
        spawn = Spawn(
            campaign=campaign.id, track=campaign.main.id, cohort=cohort.id if cohort else None, asleep=asleep
        )
        return self._begun(State(self._nobody(), now, now), spawn, now)

    def _nobody(self) -> EnrolmentFact:
        return EnrolmentFact(
            self._people[0].identity_id, "", 0, "", "", "", None, "", EnrolmentState.ENDED, None, 0, 0, None, None
        )  # fmt: skip

    def facts(self, state: State) -> Facts:
        """The person as the core is given them."""
        base = self._people[state.who]
        return Facts(
            identity_id=base.identity_id,
            person=base.person,
            consents=base.consents,
            suppressions=(*base.suppressions, *state.suppressions),
            notes=(*base.notes, *state.notes),
            events=(*base.events, *state.events),
            touches=list(state.touches),
        )

    def campaign(self, state: State) -> Campaign:
        """The campaign of the person's round."""
        return self._project.campaigns[state.enrolment.campaign]

    # ── a decision, and what follows ──

    def turn(self, state: State, now: int) -> Turn:
        """Look at the person at ``now``. The state that follows may be ended; a round that it begins is not begun."""
        facts = self.facts(state)
        decision = decide(self._project, self.campaign(state), state.enrolment, facts, now)
        before = state.enrolment
        enrolment = before._replace(
            state=decision.state,
            step=decision.step,
            resume_at=decision.resume_at,
            shift=before.shift if decision.shift is None else decision.shift,
            review=before.review if decision.step == before.step else None,
            reason=decision.reason,
        )
        after = state._replace(enrolment=enrolment, now=now, due=decision.resume_at)
        if decision.touch is not None:
            after = self._touched(after, decision, facts)
        return Turn(state, now, decision, after)

    def _touched(self, state: State, decision: Decision, facts: Facts) -> State:
        touch, enrolment = decision.touch, state.enrolment
        assert touch is not None
        if touch.move is TouchMove.HOLD:
            if decision.rule != "fatigue" or state.capped_at is not None:
                return state
            situation = situation_of(
                self._project, self.campaign(state), touch.step, enrolment, facts, state.now, touch.expires_at
            )
            return state._replace(capped_at=first_open(situation, state.now) or state.now)
        if touch.move is TouchMove.SKIP:
            return state._replace(capped_at=None)
        step, ends = touch.step, touch.offer_expires_at
        sent = TouchFact(
            enrolment.campaign,
            enrolment.cycle,
            step.id,
            step.channel or "",
            "sent",
            state.now,
            step.offer,
            ends,
        )
        if step.offer and ends is not None:
            offers = {**enrolment.offers, step.offer: min(ends, enrolment.offers.get(step.offer, ends))}
            enrolment = enrolment._replace(offers=offers)
        return state._replace(enrolment=enrolment, touches=(*state.touches, sent), capped_at=None)

    def begin(self, turn: Turn) -> State | None:
        """The round that a decision begins; None where it begins none."""
        spawn = turn.decision.spawn
        return None if spawn is None else self._begun(turn.after, spawn, turn.at)

    def _begun(self, state: State, spawn: Spawn, now: int) -> State | None:
        campaign = self._project.campaigns.get(spawn.campaign)
        track = campaign.track(spawn.track) if campaign else None
        if campaign is None or track is None:
            return None
        first = None if spawn.asleep else first_step(track, spawn.cohort)
        resume_at = None if spawn.asleep else now + (first.at if first else 0)
        enrolment = EnrolmentFact(
            identity_id=state.enrolment.identity_id,
            campaign=campaign.id,
            cycle=len(state.rounds) + 1,
            version=campaign.version,
            exclusivity_group=campaign.group,
            segment=campaign.segment,
            cohort=spawn.cohort,
            track=track.id,
            state=EnrolmentState.PARKED if spawn.asleep else EnrolmentState.WAITING,
            step=first.id if first else None,
            entered_at=now,
            shift=0,
            resume_at=resume_at,
            trigger_event_id=spawn.trigger_event_id,
        )
        name = f"{track.id} asleep" if spawn.asleep else track.id
        rounds = (*state.rounds, (campaign.id, name))
        return state._replace(enrolment=enrolment, now=now, due=resume_at, rounds=rounds, capped_at=None)

    # ── something happens ──

    def happens(self, state: State, act: Act, at: int) -> State | None:
        """The person after it; ``due`` is then where they are looked at because of it. None: it cannot happen now."""
        done = state._replace(now=at, acts=(*state.acts, Done(at, act)))
        match act.doing:
            case Doing.EVENT:
                return self._heard(done, act)
            case Doing.OPEN:
                before = any(n.kind == act.name for n in state.notes)  # once on a path is enough
                return None if before else done._replace(notes=(*state.notes, NoteFact(act.name, at)))
            case Doing.CLOSE:
                return _closed(done, act.name)
            case Doing.REVIEW:
                if state.enrolment.state != EnrolmentState.HELD:
                    return None
                review = "done" if act.name == "approved" else "declined"
                return done._replace(enrolment=state.enrolment._replace(review=review), due=at)
            case Doing.CHANGE:
                parked = state.enrolment.state == EnrolmentState.PARKED
                return (
                    None
                    if state.who == act.who
                    else done._replace(who=act.who, due=at if parked else state.due)
                )

    def _heard(self, state: State, act: Act) -> State:
        """An event, and what it comes to by itself."""
        number = 1 + len(state.events) + len(self._people[0].events)
        events: tuple[EventFact, ...] = (EventFact(number, act.name, state.now, act.data),)
        what = understood(act.name, act.data)
        after = state
        if what.suppresses:
            no = [SuppressionFact(channel, what.reason, state.now) for channel in what.suppresses]
            after = after._replace(suppressions=(*after.suppressions, *no))
            if what.meaning:
                events = (*events, EventFact(number + 1, REPLY_REFUSED, state.now, {}))
        if what.note:
            after = after._replace(notes=(*after.notes, NoteFact(what.note, state.now)))
        nudged = not self._nudged[state.enrolment.campaign].isdisjoint(e.name for e in events)
        return after._replace(events=(*after.events, *events), due=state.now if nudged else state.due)


def _closed(state: State, kind: str) -> State | None:
    notes = tuple(
        n._replace(closed_at=state.now) if n.kind == kind and n.closed_at is None else n for n in state.notes
    )
    return None if notes == state.notes else state._replace(notes=notes)
