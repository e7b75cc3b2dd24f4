"""The gates every touch passes, in order. Add one: write it in a file, put it in the list, document its rule.

The order is who speaks first: what forbids for good comes before what only postpones, so that nobody is
kept waiting for a message they will never get. ``AT_DISPATCH`` are judged a second time in the transaction
that commits the send, because what was allowed when it was decided may not be allowed when it leaves.
"""

from __future__ import annotations

from engine.gates.address import channel
from engine.gates.base import Gate, Situation
from engine.gates.capacity import capacity
from engine.gates.consent import consent
from engine.gates.expiry import expired
from engine.gates.fatigue import fatigue
from engine.gates.holdout import holdout
from engine.gates.hours import quiet_hours, window
from engine.gates.notes import escalation, recent_discount
from engine.gates.offer import offer_expired
from engine.gates.preference import preference
from engine.gates.suppression import do_not_contact, suppression
from engine.verdict import Says, Verdict

GATES: tuple[Gate, ...] = (
    suppression,
    do_not_contact,
    channel,
    consent,
    holdout,
    recent_discount,
    offer_expired,
    expired,
    escalation,
    preference,
    fatigue,
    window,
    quiet_hours,
    capacity,
)

#: a message that was decided keeps its place in the experiment; all else can have changed
AT_DISPATCH: tuple[Gate, ...] = tuple(g for g in GATES if g is not holdout)


def judge(situation: Situation, gates: tuple[Gate, ...] | None = None) -> list[Verdict]:
    """Verdicts up to and including the first that does not allow; all of them when every one allows. ``gates``:
    those that are asked, None for every one."""
    verdicts: list[Verdict] = []
    for gate in GATES if gates is None else gates:
        verdict = gate(situation)
        verdicts.append(verdict)
        if verdict.says is not Says.ALLOW:
            break
    return verdicts
