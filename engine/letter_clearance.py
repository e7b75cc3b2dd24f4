"""May a letter still leave? Days pass between its decision and its signature, so the gates are asked again."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from sqlalchemy import Connection

from engine.endings import ending
from engine.gates import judge
from engine.gates.address import channel
from engine.gates.base import Gate
from engine.gates.consent import consent
from engine.gates.hours import quiet_hours
from engine.gates.notes import escalation
from engine.gates.preference import preference
from engine.gates.suppression import do_not_contact, suppression
from engine.gather import enrolment_fact, gather
from engine.timeline import situation_of
from engine.verdict import Says, Verdict
from state.queries import letters, tasks

if TYPE_CHECKING:
    from engine.app import App

#: ends of a round after which nobody is written to for it; others leave a letter that was laid before its signatory
_ENDS = frozenset({"opted_out", "suppressed", "won_back", "withdrawn", "handed_over"})
#: its slot under the caps, its window and its life were judged when it was decided, and do not come back
_PAPER: tuple[Gate, ...] = (suppression, do_not_contact, channel, consent, escalation, preference)
#: a mailbox rings at any hour, paper does not
_ELECTRONIC: tuple[Gate, ...] = (*_PAPER, quiet_hours)


def forbidden(
    app: App, conn: Connection, letter: dict[str, Any], by: Iterable[str], now: int
) -> Verdict | None:
    """Why the letter must not be signed or handed on now, or not yet (its verdict defers); None: it may.

    ``by``: the channels that bind it, ``letter`` and what carries it. The person is locked.
    """
    ends = letter["offer_expires_at"]
    if ends is not None and ends <= now:
        return Verdict("offer_expired", Says.SKIP, "the offer it makes has ended")
    row = letters.enrolment(conn, letter["ref"])
    campaign = app.versions.of(conn, row["campaign"], row["version"]) if row else None
    track = campaign.track(row["track"]) if campaign and row else None
    step = track.step(letter["step"]) if track else None
    if row is None or campaign is None or step is None:
        return _by_suppression(conn, letter, by)
    scope = app.scope(conn, {(row["campaign"], row["version"])})
    facts = gather(conn, scope, [letter["identity_id"]], now)[letter["identity_id"]]
    enrolment = enrolment_fact(row, facts, {})
    ended = ending(app.project, campaign, enrolment, facts, now)
    if ended is not None and ended[0].rule in _ENDS:
        return ended[0]
    for name in by:
        on = replace(step, channel=name)
        situation = situation_of(app.project, campaign, on, enrolment, facts, now, now + 1)
        last = judge(situation, _PAPER if name == "letter" else _ELECTRONIC)[-1]
        if last.says is not Says.ALLOW:
            return last
    return None


def _by_suppression(conn: Connection, letter: dict[str, Any], by: Iterable[str]) -> Verdict | None:
    """What is certain where the campaign cannot be read any more."""
    if any(tasks.is_refused(conn, letter["identity_id"], name) for name in by):
        return Verdict("suppression", Says.SKIP, "the person has said no since")
    return None
