"""What providers tell later about a message, in one form for all of them.

Pure: bytes in, values out. Who is suppressed, and what a campaign does about it, is decided elsewhere.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Protocol, runtime_checkable


class NotGenuine(ValueError):
    """A call that did not come from the provider, or came too late: why is in the text. Nothing else is raised."""


class EventKind(StrEnum):
    """What became of a message."""

    ACCEPTED = "accepted"  # the provider took it; no more than that
    DELIVERED = "delivered"  # the receiving side took it
    DEFERRED = "deferred"  # put off; the provider tries again
    BOUNCED = "bounced"  # the receiving side refused it
    DROPPED = "dropped"  # the provider did not even try
    COMPLAINED = "complained"  # reported as spam
    OPENED = "opened"
    CLICKED = "clicked"
    UNSUBSCRIBED = "unsubscribed"
    UNKNOWN = "unknown"  # kept as it came


@dataclass(frozen=True, slots=True, kw_only=True)
class ProviderEvent:
    """One event. Comes late, twice and out of order; ``id`` is the same when it comes again."""

    kind: EventKind
    id: str
    raw: str = field(repr=False)  # as it came, JSON where it was JSON
    ref: str = ""  # our touch; empty where the provider does not say
    provider_id: str = ""  # its name for the message
    at: int | None = None  # UTC epoch seconds
    to: str = field(default="", repr=False)  # the address it is about
    reason: str = ""  # the other side's words, without anybody's address
    #: the address is bad or was refused: hard_bounce, complaint or opt_out
    suppress: str | None = None
    #: of a bounce: the address takes nothing for now, and may never again: a full mailbox, a phone that is off. What
    #: the sender or the message is to blame for is no such thing
    soft: bool = False
    machine: bool = False  # a program's doing, not a person's
    url: str = field(default="", repr=False)  # what was clicked
    agent: str = ""  # the program that opened or clicked, as it calls itself


class Keyword(StrEnum):
    """What a person asked of the provider by a word that it acts on itself."""

    STOP = "stop"
    START = "start"
    HELP = "help"


@dataclass(frozen=True, slots=True, kw_only=True)
class InboundMessage:
    """What a person wrote to us. May come twice; ``id`` is the same when it comes again."""

    id: str
    raw: str = field(repr=False)
    sender: str = field(repr=False)  # who wrote: an address in the channel's own form
    to: str  # our own address
    text: str = field(default="", repr=False)
    media: tuple[str, ...] = field(default=(), repr=False)
    #: the provider has acted on this word and answered it, so that nobody else may; None: it has not, or does not say
    answered: Keyword | None = None
    #: the provider vouches for ``sender``: its call is signed, and it knows who wrote. A mail's From is anybody's word
    vouched: bool = False
    subject: str = field(default="", repr=False)  # of a mail, decoded
    ref: str = ""  # our touch that it answers, as it says


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """An HTTP request of a provider, as it came."""

    method: str
    #: the public URL, query and all, as the provider called it: some sign it
    url: str
    #: by name in lower case
    headers: Mapping[str, str]
    body: bytes = field(repr=False)
    now: int  # UTC epoch seconds


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """What the provider wants to hear when its call was taken."""

    body: bytes = b""
    content_type: str = "text/plain; charset=utf-8"
    status: int = 204


@dataclass(frozen=True, slots=True, kw_only=True)
class Taken:
    """What a call says, in its order."""

    items: Sequence[ProviderEvent | InboundMessage] = ()
    reply: Reply = Reply()


@runtime_checkable
class Receiver(Protocol):
    """An adapter whose provider calls back. One that has this says ``webhooks`` in its capabilities."""

    def receive(self, call: Call) -> Taken:
        """Judge and read one call. Pure: nothing is written, nobody is asked.

        Raises NotGenuine, and nothing else; what makes no sense is UNKNOWN, and kept.
        """
        ...
