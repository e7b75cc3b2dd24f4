"""Life of an enrolment and life of a touch: two literal tables of what may follow what.

``rekindle graph --lives`` draws them; every transition the engine makes is looked up here, so a state that
cannot follow is a bug found at once and not a row nobody can explain.
"""

from __future__ import annotations

from enum import StrEnum


class EnrolmentState(StrEnum):
    """Where a person stands on a campaign."""

    WAITING = "waiting"  # for the next step
    PARKED = "parked"  # asleep after the cadence, or until an event
    HELD = "held"  # until a human has decided
    ENDED = "ended"  # for good


class Reason(StrEnum):
    """Why an enrolment ended."""

    WON_BACK = "won_back"
    HANDED_OVER = "handed_over"
    OPTED_OUT = "opted_out"
    SUPPRESSED = "suppressed"
    COMPLETED = "completed"
    EXPIRED = "expired"
    LEFT_SEGMENT = "left_segment"
    SUPERSEDED = "superseded"
    WITHDRAWN = "withdrawn"


class EnrolmentMove(StrEnum):
    """What can happen to an enrolment."""

    WAIT = "wait"  # not yet, or not now
    ADVANCE = "advance"  # on to the next step
    PARK = "park"
    HOLD = "hold"
    END = "end"


E = EnrolmentState
M = EnrolmentMove

ENROLMENT: dict[tuple[EnrolmentState, EnrolmentMove], EnrolmentState] = {
    (E.WAITING, M.WAIT): E.WAITING,
    (E.WAITING, M.ADVANCE): E.WAITING,
    (E.WAITING, M.PARK): E.PARKED,
    (E.WAITING, M.HOLD): E.HELD,
    (E.WAITING, M.END): E.ENDED,
    (E.HELD, M.WAIT): E.HELD,
    (E.HELD, M.ADVANCE): E.WAITING,
    (E.HELD, M.PARK): E.PARKED,
    (E.HELD, M.END): E.ENDED,
    (E.PARKED, M.WAIT): E.PARKED,
    (E.PARKED, M.END): E.ENDED,
}


class TouchState(StrEnum):
    """Where a touch stands."""

    HELD = "held"  # came due, postponed by a gate
    QUEUED = "queued"  # decided and rendered; in the outbox
    DISPATCHING = "dispatching"  # receipt committed; the call to the provider may be under way
    IN_DOUBT = "in_doubt"  # it may or may not have left; never sent again blindly
    SENT = "sent"
    DELIVERED = "delivered"
    BOUNCED = "bounced"
    FAILED = "failed"  # refused by the provider, or given up
    SKIPPED = "skipped"  # a gate said never
    CANCELLED = "cancelled"  # decided, then overtaken before it left


class TouchMove(StrEnum):
    """What can happen to a touch."""

    QUEUE = "queue"
    HOLD = "hold"
    SKIP = "skip"
    CANCEL = "cancel"
    DISPATCH = "dispatch"
    ACCEPT = "accept"  # the provider has it
    REJECT = "reject"
    RETRY = "retry"
    LOSE = "lose"  # the outcome is not known
    ABSENT = "absent"  # the provider is certain that it never had it
    DELIVER = "deliver"  # the receiving side has it
    GIVE_UP = "give_up"  # put off too often, or for too long
    REVIVE = "revive"  # a person has a dead letter tried again
    BOUNCE = "bounce"  # the receiving side, or the provider after all, refused it


T = TouchState
V = TouchMove

TOUCH: dict[tuple[TouchState | None, TouchMove], TouchState] = {
    (None, V.QUEUE): T.QUEUED,
    (None, V.HOLD): T.HELD,
    (None, V.SKIP): T.SKIPPED,
    (T.HELD, V.QUEUE): T.QUEUED,
    (T.HELD, V.HOLD): T.HELD,
    (T.HELD, V.SKIP): T.SKIPPED,
    (T.HELD, V.CANCEL): T.CANCELLED,
    (T.QUEUED, V.HOLD): T.QUEUED,
    (T.QUEUED, V.CANCEL): T.CANCELLED,
    (T.QUEUED, V.GIVE_UP): T.FAILED,
    (T.QUEUED, V.DISPATCH): T.DISPATCHING,
    (T.DISPATCHING, V.ACCEPT): T.SENT,
    (T.DISPATCHING, V.REJECT): T.FAILED,
    (T.DISPATCHING, V.RETRY): T.QUEUED,
    (T.DISPATCHING, V.GIVE_UP): T.FAILED,
    (T.DISPATCHING, V.LOSE): T.IN_DOUBT,
    (T.IN_DOUBT, V.ACCEPT): T.SENT,
    (T.IN_DOUBT, V.REJECT): T.FAILED,
    (T.IN_DOUBT, V.ABSENT): T.QUEUED,
    (T.IN_DOUBT, V.DISPATCH): T.DISPATCHING,  # only where the same ref twice reaches the person once
    (T.FAILED, V.REVIVE): T.QUEUED,
    (T.FAILED, V.CANCEL): T.CANCELLED,
    # word of it before the outcome is on record, or where nobody was to know it
    (T.DISPATCHING, V.DELIVER): T.DELIVERED,
    (T.DISPATCHING, V.BOUNCE): T.BOUNCED,
    (T.IN_DOUBT, V.DELIVER): T.DELIVERED,
    (T.IN_DOUBT, V.BOUNCE): T.BOUNCED,
    # it was thought never to have left, and it has: the one that handled it knows better
    (T.QUEUED, V.ACCEPT): T.SENT,
    (T.QUEUED, V.DELIVER): T.DELIVERED,
    (T.QUEUED, V.BOUNCE): T.BOUNCED,
    (T.FAILED, V.ACCEPT): T.SENT,
    (T.FAILED, V.DELIVER): T.DELIVERED,
    (T.FAILED, V.BOUNCE): T.BOUNCED,
    (T.CANCELLED, V.ACCEPT): T.SENT,
    (T.CANCELLED, V.DELIVER): T.DELIVERED,
    (T.CANCELLED, V.BOUNCE): T.BOUNCED,
    (T.SENT, V.DELIVER): T.DELIVERED,
    (T.SENT, V.BOUNCE): T.BOUNCED,
    (T.DELIVERED, V.BOUNCE): T.BOUNCED,
}


class IllegalMove(RuntimeError):
    """A transition that no table allows: a bug, never a user's fault."""


def move_enrolment(state: EnrolmentState, move: EnrolmentMove) -> EnrolmentState:
    """The state that follows. Raises IllegalMove."""
    try:
        return ENROLMENT[state, move]
    except KeyError:
        raise IllegalMove(f"an enrolment that is {state} cannot {move}") from None


def move_touch(state: TouchState | None, move: TouchMove) -> TouchState:
    """The state that follows; ``state`` None for a touch that is not there yet. Raises IllegalMove."""
    try:
        return TOUCH[state, move]
    except KeyError:
        raise IllegalMove(f"a touch that is {state or 'new'} cannot {move}") from None
