"""From rows to facts: everything the core may look at, for a batch of people, in a handful of statements."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection

from engine.event_names import REFUSALS
from engine.facts import (
    ConsentFact,
    EnrolmentFact,
    EventFact,
    Facts,
    NoteFact,
    PreferenceFact,
    SuppressionFact,
    TouchFact,
)
from engine.model import DAY, Campaign, Project, StepKind
from engine.people.normalise import email_keys
from engine.predicate import events_of
from state.queries import facts as queries


@dataclass(frozen=True, slots=True)
class Scope:
    """What facts the campaigns at hand can ask for, so that nothing else is read."""

    events: frozenset[str]
    #: the longest window any cap looks back over, in seconds; a day at least, because some laws count days
    window: int
    reviews: bool

    @classmethod
    def of(cls, project: Project, campaigns: Iterable[Campaign]) -> Scope:
        """The scope of a project and the campaign versions that may run."""
        every = list(campaigns)
        names = set(project.policy.won_back) | REFUSALS | events_of(*(s.where for s in project.segments))
        caps = list(project.policy.caps)
        reviews = False
        for campaign in every:
            names |= campaign.listens_to | events_of(*campaign.predicates)
            caps += campaign.caps
            reviews = reviews or any(s.kind is StepKind.REVIEW for s in campaign.steps)
        return cls(frozenset(names), max((DAY, *(c.per for c in caps))), reviews)


def gather(conn: Connection, scope: Scope, ids: Collection[int], now: int) -> dict[int, Facts]:
    """Facts of each identity, by id. Eight statements, however many people."""
    if not ids:
        return {}
    consents = _by_identity(queries.consents(conn, ids, now), ConsentFact)
    notes = _by_identity(queries.notes(conn, ids), NoteFact)
    events: dict[int, list[EventFact]] = defaultdict(list)
    for row in queries.events(conn, ids, scope.events, now) if scope.events else ():
        events[row[0]].append(EventFact(*row[1:]))
    chosen = {row[0]: PreferenceFact(*row[1:]) for row in queries.preferences(conn, ids)}
    window = max((scope.window, *(p.at_most_every or 0 for p in chosen.values())))
    touches = _by_identity(queries.touches(conn, ids, now - window), TouchFact)
    found = {
        person["identity_id"]: Facts(
            identity_id=person["identity_id"],
            person=person,
            # oldest first, so the newest of a channel is the one that stays
            consents={c.channel: c for c in consents.get(person["identity_id"], ())},
            notes=tuple(notes.get(person["identity_id"], ())),
            events=tuple(events.get(person["identity_id"], ())),
            touches=touches.get(person["identity_id"], []),
            preference=chosen.get(person["identity_id"]),
        )
        for person in queries.people(conn, ids)
    }
    _suppress(conn, found)
    return found


def _by_identity(rows: Iterable[Any], kind: type[Any]) -> dict[int, list[Any]]:
    found: dict[int, list[Any]] = {}
    for row in rows:
        found.setdefault(row[0], []).append(kind(*row[1:]))
    return found


def _suppress(conn: Connection, found: Mapping[int, Facts]) -> None:
    """Suppressions of the identity, and of any address that is theirs now."""
    own = _by_identity(queries.suppressions(conn, found.keys()), SuppressionFact)
    addresses = {identity: addresses_of(facts.person) for identity, facts in found.items()}
    wanted = {a for each in addresses.values() for a in each}
    by_address: dict[str, list[SuppressionFact]] = {}
    for address, *rest in queries.address_suppressions(conn, wanted):
        by_address.setdefault(address, []).append(SuppressionFact(rest[0], rest[1], rest[2], by_address=True))
    for identity, facts in found.items():
        bound = own.get(identity, []) + [s for a in addresses[identity] for s in by_address.get(a, ())]
        # "all" first: it decides more than one channel does
        facts.suppressions = tuple(sorted(bound, key=lambda s: (s.channel != "all", s.at)))


def addresses_of(person: Mapping[str, Any]) -> tuple[str, ...]:
    """Every key under which one of the person's addresses may be suppressed."""
    keys = email_keys(person["email_key"]) if person["email_key"] else ()
    return (*keys, person["phone"]) if person["phone"] else tuple(keys)


def enrolment_fact(
    row: Mapping[str, Any], facts: Facts, reviews: Mapping[tuple[Any, ...], str]
) -> EnrolmentFact:
    """An enrolment row as the core sees it. ``reviews``: closed review tasks by touch key."""
    round_ = (row["campaign"], row["cycle"])
    offers: dict[str, int] = {}
    for touch in facts.touches:
        if touch.offer and touch.offer_expires_at is not None and (touch.campaign, touch.cycle) == round_:
            offers[touch.offer] = min(touch.offer_expires_at, offers.get(touch.offer, touch.offer_expires_at))
    return EnrolmentFact(
        identity_id=row["identity_id"],
        campaign=row["campaign"],
        cycle=row["cycle"],
        version=row["version"],
        exclusivity_group=row["exclusivity_group"],
        segment=row["segment"],
        cohort=row["cohort"],
        track=row["track"],
        state=row["state"],
        step=row["step"],
        entered_at=row["entered_at"],
        shift=row["shift"],
        resume_at=row["resume_at"],
        trigger_event_id=row["trigger_event_id"],
        offers=offers,
        review=reviews.get((row["identity_id"], row["campaign"], row["cycle"], row["step"])),
        reason=row["reason"],
    )


def closed_reviews(conn: Connection, scope: Scope, ids: Collection[int]) -> dict[tuple[Any, ...], str]:
    """Closed review tasks: (identity, campaign, cycle, step) -> done | declined. Read only where a step asks."""
    if not scope.reviews:
        return {}
    return {(r[0], r[1], r[2], r[3]): r[4] for r in queries.reviews(conn, ids)}
