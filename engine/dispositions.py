"""How a task can end: the codes people type, what each means, and what follows from it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

#: channels that a telephone number is for; whoever finds out that it is somebody else's has dialled
BY_PHONE = ("phone", "sms")


@dataclass(frozen=True, slots=True)
class Disposition:
    """How a task ended, and what follows.

    ``suppresses``: ``own`` for the task's channel, ``calls`` for calls and texts, ``address`` for every channel that
    writes to the address it was tried at, or ``all``. ``again``: the task can be put off to another moment instead;
    where ``event`` says that the person answered, it is a call back from then on.
    """

    means: str
    state: str = "done"  # done | declined
    event: str | None = None
    suppresses: str | None = None
    reason: str = "opt_out"
    again: bool = False
    also: str | None = None  # another event

    @property
    def refuses(self) -> bool:
        """True where the person is left alone from now on, on some channel at least."""
        return self.suppresses is not None


#: code -> what it means; the codes people type
DISPOSITIONS: dict[str, Disposition] = {
    "done": Disposition("sent, or done as asked"),
    "approved": Disposition("reviewed: their round goes on"),
    "connected": Disposition("spoke with the person", event="call_connected"),
    "left_message": Disposition("left a message", again=True),
    "no_answer": Disposition("nobody answered", again=True),
    "busy": Disposition("the line was busy", again=True),
    "voicemail_full": Disposition("their voicemail takes no more", again=True),
    "gatekeeper": Disposition("somebody else answered, and did not put it through", again=True),
    "replied": Disposition("the person answered, a human has it now", event="replied"),
    "meeting_booked": Disposition("a meeting is booked", event="replied", also="meeting_booked"),
    "call_back": Disposition("asked to be called back", event="replied", again=True),
    "bad_timing": Disposition("not now: asked to be asked later", event="replied", again=True),
    "won_back": Disposition("the person is back", event="won_back"),
    "not_interested": Disposition("no, thank you", event="refused", suppresses="own"),
    "do_not_call": Disposition("never call again", event="refused", suppresses="calls"),
    "do_not_contact": Disposition("never again, on any channel", event="refused", suppresses="all"),
    "wrong_number": Disposition(
        "somebody else's number or address", suppresses="address", reason="hard_bounce"
    ),
    "declined": Disposition("will not be done", state="declined"),
    "rejected": Disposition("reviewed: their round ends", state="declined"),
}

#: ways to end a task that only some kinds have
_OF_REVIEWS = frozenset({"approved", "rejected"})
_OF_CALLS = frozenset(
    {"connected", "left_message", "no_answer", "busy", "voicemail_full", "gatekeeper", "do_not_call"}
)
#: kinds there are without a campaign that names them: the channels a human serves, reviews, and replies to be read
KINDS = ("letter", "linkedin", "phone", "reply", "review")


def fitting(kind: str) -> dict[str, Disposition]:
    """The dispositions that make sense for a kind of task; a kind a campaign names may well be a call."""
    if kind == "review":
        unfit = _OF_CALLS | {"done", "declined"}  # it is approved or rejected
    else:
        unfit = _OF_REVIEWS | (_OF_CALLS if kind in ("linkedin", "letter", "reply") else frozenset())
    return {code: disposition for code, disposition in DISPOSITIONS.items() if code not in unfit}


def channel_of(kind: str) -> str | None:
    """The channel a kind of task is for; a review or a call back is for none in particular."""
    return kind if kind in ("phone", "linkedin", "letter") else None


def suppressed(disposition: Disposition, kind: str, came_by: str | None = None) -> tuple[str, ...]:
    """The channels that a disposition suppresses for a task of that kind; ``all`` is every one. ``came_by``: the
    channel of the reply that it is about."""
    channel = channel_of(kind)
    match disposition.suppresses:
        case None:
            return ()
        case "address":
            return _at_address(channel or came_by, known=kind != "reply" or came_by is not None)
        case "calls":
            return BY_PHONE
        case "own":
            return (channel or "all",)
        case every:
            return (every,)


def _at_address(channel: str | None, *, known: bool) -> tuple[str, ...]:
    """The channels that write to the address something was tried at; where nobody knows it, to any."""
    if channel in ("email", "linkedin", "letter"):
        return (channel,)
    return BY_PHONE if known else ("email", *BY_PHONE)


def follows(disposition: Disposition, kind: str, came_by: str | None = None) -> str:
    """What a disposition does, in a few words for whoever is about to type it; empty where it only closes the task."""
    return "; ".join(_follows(disposition, kind, came_by))


def _follows(disposition: Disposition, kind: str, came_by: str | None) -> Iterator[str]:
    channels = suppressed(disposition, kind, came_by)
    if channels:
        named = "every channel" if channels == ("all",) else " and ".join(channels)
        yield f"suppresses {named}" + (" at this address" if disposition.suppresses == "address" else "")
    if disposition.event == "refused":
        yield "their round ends"
    elif disposition.event:
        yield f"tells the campaign '{disposition.event}'" + (
            f" and '{disposition.also}'" if disposition.also else ""
        )
    if disposition.again:
        yield "--at puts it off"
