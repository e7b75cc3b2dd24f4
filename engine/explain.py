"""Explain: one person, whole. Why this message, why not that one, what comes next and when, with file and line.

It reads the ledger for what was decided and asks the deciding core itself for what comes next: there is no
second telling of any rule here.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import orjson
from sqlalchemy import Connection

from engine.clock import iso
from engine.decide import decide
from engine.errors import UnknownName
from engine.facts import EnrolmentFact, Facts
from engine.gates.capacity import owner_of
from engine.gather import closed_reviews, enrolment_fact, gather
from engine.happenings import events_as_data, tasks_as_data
from engine.model import DAY, Campaign, SegmentDef
from engine.people.normalise import email_key
from engine.people.phones import phone_number
from engine.phrases import in_words
from engine.places import place_of
from engine.predicate import Compare, leaves, tested
from engine.rejected import rejected_row
from engine.schedule import local
from engine.timeline import cohort_of, planned_at
from engine.verdict import Verdict
from engine.workload import workload
from state.queries import control, persons
from state.queries import facts as fact_queries

if TYPE_CHECKING:
    from engine.app import App


def find_person(app: App, who: str) -> int:
    """The identity a person on the command line means: number, e-mail, phone or source key. Raises UnknownName."""
    identity = int(who) if who.isdecimal() and len(who) < 19 else None
    with app.store.read() as conn:
        found = persons.find(
            conn, identity=identity, email_key=email_key(who), phone=phone_number(who, app.project.default_country),
            source_key=who,
        )  # fmt: skip
    if identity is not None and identity in found:
        return identity  # the number shown everywhere goes before a key of some source
    if not found:
        rejected = rejected_row(app, who)
        if rejected is not None:
            raise UnknownName(
                f"nobody answers to that: {rejected.told}",
                hint="Mend the row at its source, then 'rekindle import'",
            )
        raise UnknownName(
            "nobody answers to that", hint="Name a person by identity number, e-mail, phone or source key"
        )
    if len(found) > 1:
        numbers = ", ".join(str(i) for i in found)
        raise UnknownName(
            f"{len(found)} people answer to that", hint=f"Name one by identity number: {numbers}"
        )
    return found[0]


def explain(app: App, identity_id: int) -> dict[str, Any]:
    """Everything ``rekindle explain`` shows. Instants are ISO 8601 in UTC; ``local`` is the person's own time."""
    now = app.clock.now()
    with app.store.read() as conn:
        scope = app.scope(conn)
        facts = gather(conn, scope, [identity_id], now)[identity_id]
        owners = {owner_of(c, facts.person) for c in app.project.campaigns.values()}
        facts.workload = workload(conn, app.environment, owners, now)
        reviews = closed_reviews(conn, scope, [identity_id])
        rows = fact_queries.enrolments_of(conn, [identity_id])
        touches = persons.touches(conn, identity_id)
        paused = {name: at for name, (_, at) in control.like(conn, "pause:").items()}
        return {
            "format_version": 1,
            "now": iso(now),
            "identity": identity_id,
            "person": _person(app, facts, persons.contacts(conn, identity_id)),
            "segments": _segments(app, facts, now),
            "campaigns": [
                _campaign(app, c, facts, rows, paused.get(c.id), now) for c in app.project.campaigns.values()
            ],
            "enrolments": [_enrolment(app, conn, r, facts, reviews, paused, now) for r in rows],
            "touches": [_touch(t) for t in touches],
            "ledger": [_ledger(d) for d in persons.ledger(conn, identity_id)],
            "events": events_as_data(conn, identity_id),
            "tasks": tasks_as_data(conn, identity_id),
        }


def _person(app: App, facts: Facts, contacts: list[dict[str, Any]]) -> dict[str, Any]:
    p = facts.person
    place = place_of(p, app.project.default_country, app.project.policy.markets)
    name = " ".join(n for n in (p["first_name"], p["last_name"]) if n)
    kept = ("status_at_last_touch", "last_touch_channel", "source", "do_not_contact_scope")
    return {
        "name": name or None,
        "company": p["company"],
        "email": p["email"],
        "phone": p["phone"],
        **{k: p[k] for k in kept},
        "zones": list(place.zones[:6]) + (["..."] if len(place.zones) > 6 else []),
        "zone_known": place.zone_known,
        "consents": [
            {"channel": c.channel, "consent_type": c.type, "consent_timestamp": iso(c.at), "proof_uri": c.proof_uri,
             "source": c.source}
            for c in facts.consents.values()
        ],
        "suppressions": [
            {
                "channel": s.channel,
                "reason": s.reason,
                "since": iso(s.at),
                "by": "address" if s.by_address else "identity",
            }
            for s in facts.suppressions
        ],
        "preference": _preference(facts),
        "notes": [
            {"kind": n.kind, "opened": iso(n.opened_at), "closed": iso(n.closed_at)} for n in facts.notes
        ],
        "contacts": [{"source": c["source"], "key": c["source_key"]} for c in contacts],
    }  # fmt: skip


def _preference(facts: Facts) -> dict[str, Any] | None:
    """What they chose on the preference page; None for who chose nothing."""
    chosen = facts.preference
    if chosen is None:
        return None
    every = chosen.at_most_every
    return {"paused_until": iso(chosen.paused_until), "at_most_every_days": every // DAY if every else None}


def _segments(app: App, facts: Facts, now: int) -> list[dict[str, Any]]:
    """Every segment in order, whether it holds, and each of its conditions with the value it met."""
    found: list[dict[str, Any]] = []
    taken = False
    for segment in app.project.segments:
        truth = tested(segment.where)(facts, now, None)
        found.append(
            {
                "segment": segment.id,
                "holds": truth is True,
                "taken": truth is True and not taken,
                "at": str(segment.source),
                "conditions": _conditions(app, segment, facts, now),
            }
        )
        taken = taken or truth is True
    return found


def _conditions(app: App, segment: SegmentDef, facts: Facts, now: int) -> list[dict[str, Any]]:
    return [
        {
            "condition": in_words(leaf, app.project.currency),
            "holds": tested(leaf)(facts, now, None),
            "value": _shown(leaf, facts) if isinstance(leaf, Compare) else None,
            "at": str(leaf.source),
        }
        for leaf in leaves(segment.where)
    ]


def _shown(leaf: Compare, facts: Facts) -> Any:
    value = facts.value(leaf.field)
    return iso(value) if leaf.type == "instant" else value


def _campaign(
    app: App, campaign: Campaign, facts: Facts, rows: list[dict[str, Any]], paused: int | None, now: int
) -> dict[str, Any]:
    """Whether a campaign has this person, and if it never had, why."""
    mine = [r for r in rows if r["campaign"] == campaign.id]
    if mine:
        return {"campaign": campaign.id, "at": str(campaign.source), "why": _entered(mine)}
    segment = next((s.id for s in app.project.segments if tested(s.where)(facts, now, None) is True), None)
    live = next((r for r in rows if r["state"] != "ended" and r["exclusivity_group"] == campaign.group), None)
    if segment != campaign.segment:
        why = f"is for segment {campaign.segment}, and this person is in {segment or 'none'}"
    elif campaign.cohorts and cohort_of(campaign, facts, now) is None:
        why = "none of its cohorts fits"
    elif live:
        why = f"{live['campaign']} has the person already (group {campaign.group})"
    elif paused is not None:
        why = f"paused since {iso(paused)}: nobody enters before it is resumed"
    else:
        why = "enters at the next refresh"
    return {"campaign": campaign.id, "at": str(campaign.source), "why": why}


def _entered(rounds: list[dict[str, Any]]) -> str:
    times = {1: "once", 2: "twice"}.get(len(rounds), f"{len(rounds)} times")
    last = max(rounds, key=lambda r: (r["entered_at"], r["cycle"]))
    return f"entered {times}, now {last['state']}" + (f" ({last['reason']})" if last["reason"] else "")


def _enrolment(
    app: App,
    conn: Connection,
    row: dict[str, Any],
    facts: Facts,
    reviews: dict[tuple[Any, ...], str],
    paused: Mapping[str, int],
    now: int,
) -> dict[str, Any]:
    keys = ("campaign", "cycle", "version", "segment", "cohort", "track", "state", "reason", "step")
    shown: dict[str, Any] = {k: row[k] for k in keys}
    shown |= {
        "entered": iso(row["entered_at"]),
        "ended": iso(row["ended_at"]),
        "next_look": iso(row["due_at"]),
    }
    campaign = app.versions.of(conn, row["campaign"], row["version"])
    if row["state"] != "ended" and row["campaign"] in paused:
        # the whole timeline moves when it is resumed, so any forecast would be wrong
        at = str(campaign.source) if campaign else ""
        shown["next"] = {"when": None, "what": "paused", "since": iso(paused[row["campaign"]]), "at": at}
    elif row["state"] != "ended" and campaign is not None:
        shown["next"] = _next(app, campaign, enrolment_fact(row, facts, reviews), facts, now)
    return shown


def _next(app: App, campaign: Campaign, enrolment: EnrolmentFact, facts: Facts, now: int) -> dict[str, Any]:
    """What the deciding core says will happen at the next moment, if nothing else changes until then."""
    moment = max(now, enrolment.resume_at) if enrolment.resume_at is not None else None
    if moment is None:
        cohort = next((c for c in campaign.cohorts if c.id == enrolment.cohort), None)
        waits_for = cohort.park_until if cohort else None
        return {"when": None, "what": f"sleeps until {waits_for or 'an event'}", "at": str(campaign.source)}
    decision = decide(app.project, campaign, enrolment, facts, moment)
    track = campaign.track(enrolment.track)
    step = track.step(enrolment.step) if track else None
    zone = place_of(facts.person, app.project.default_country, app.project.policy.markets).zones[:1]
    return {
        "when": iso(moment),
        "local": local(moment, zone[0]).strftime("%a %d %b %Y %H:%M %Z") if zone else None,
        "planned": iso(planned_at(step, enrolment)) if step else None,
        "what": decision.action,
        "step": enrolment.step,
        "channel": step.channel if step else None,
        "rule": decision.rule,
        "at": str(step.source if step else campaign.then.source),
        "verdicts": [_verdict(v) for v in decision.verdicts],
    }


def _verdict(verdict: Verdict) -> dict[str, Any]:
    data = verdict.as_data()
    return {**data, "until": iso(verdict.until)} if verdict.until is not None else data


def _touch(row: dict[str, Any]) -> dict[str, Any]:
    keys = (
        "campaign",
        "cycle",
        "step",
        "channel",
        "template",
        "variant",
        "offer",
        "state",
        "reason",
        "ref",
        "attempts",
    )
    instants = ("planned_at", "decided_at", "counted_at", "finished_at", "offer_expires_at")
    return {**{k: row[k] for k in keys}, **{k: iso(row[k]) for k in instants}}


def _ledger(row: dict[str, Any]) -> dict[str, Any]:
    keys = ("campaign", "cycle", "step", "action", "rule", "version")
    reasons = orjson.loads(row["reasons"])
    for reason in reasons:
        if "until" in reason:
            reason["until"] = iso(reason["until"])
    return {"when": iso(row["at"]), **{k: row[k] for k in keys}, "reasons": reasons}
