"""What an adapter is given, what it answers, and what it says it can do.

An adapter knows nothing of campaigns or tables. Its one method that may touch the outside world is
``send``; everything it can answer is one of four outcomes, so that whoever calls it needs no provider
knowledge to keep the books.
"""

from __future__ import annotations

from base64 import b64decode, b64encode
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol, runtime_checkable

import orjson


class MessageError(ValueError):
    """A message that may not exist: what is missing is in the text."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Attachment:
    """A document that goes with an e-mail. ``name``: as its reader sees it, ASCII, without a path."""

    name: str
    media_type: str  # application/pdf
    content: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """A rendered message, complete: an adapter adds nothing to what it says.

    ``ref`` is the touch's opaque public name; providers carry it and answers come back under it.
    ``to`` is an address in the channel's own form: mailbox, E.164 number, profile, postal lines.
    Marketing e-mail without sender identity, postal address, unsubscribe link and RFC 8058 headers, and
    marketing text without an opt-out line, cannot be constructed.
    """

    ref: str
    channel: str
    to: str
    text: str
    to_name: str = ""
    sender: str = ""
    sender_name: str = ""
    reply_to: str = ""
    subject: str = ""
    html: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)
    media: tuple[str, ...] = ()
    #: proof that the opt-out is in the body: the unsubscribe URL (e-mail) or the opt-out line (text)
    opt_out: str = ""
    postal_address: str = ""
    marketing: bool = True
    #: facts for human tasks: kind, owner, title, due_at (UTC epoch seconds as text), campaign, step
    meta: Mapping[str, str] = field(default_factory=dict)
    #: only for adapters whose capabilities say that they carry any
    attachments: tuple[Attachment, ...] = ()

    def __post_init__(self) -> None:
        if not self.to:
            raise MessageError("the message has no recipient")
        if self.marketing and self.channel == "email":
            self._check_email()
        elif self.marketing and self.channel == "sms" and (not self.opt_out or self.opt_out not in self.text):
            raise MessageError("a marketing text message needs its opt-out line in the text")

    def _check_email(self) -> None:
        if not self.sender or not self.subject:
            raise MessageError("a marketing e-mail needs a sender and a subject")
        if not self.postal_address or self.postal_address not in self.text:
            raise MessageError("a marketing e-mail needs the sender's postal address in its body")
        if not self.opt_out or self.opt_out not in self.text:
            raise MessageError("a marketing e-mail needs its unsubscribe link in the body")
        if f"<{self.opt_out}>" not in self.headers.get("List-Unsubscribe", ""):
            raise MessageError("a marketing e-mail needs a List-Unsubscribe header with its unsubscribe link")
        if self.headers.get("List-Unsubscribe-Post") != "List-Unsubscribe=One-Click":
            raise MessageError(
                "a marketing e-mail needs List-Unsubscribe-Post: List-Unsubscribe=One-Click (RFC 8058)"
            )

    def to_json(self) -> str:
        """This message as one line of JSON; ``from_json`` reads it back equal."""
        data = {name: getattr(self, name) for name in self.__dataclass_fields__}
        if not self.attachments:
            del data["attachments"]
        return orjson.dumps(data, default=lambda content: b64encode(content).decode()).decode()

    @classmethod
    def from_json(cls, payload: str) -> Message:
        """The message ``to_json`` wrote. Raises MessageError when it may not be sent."""
        data: dict[str, Any] = orjson.loads(payload)
        data["media"] = tuple(data["media"])
        data["attachments"] = tuple(
            Attachment(**{**each, "content": b64decode(each["content"])})
            for each in data.get("attachments", ())
        )
        return cls(**data)


@dataclass(frozen=True, slots=True, kw_only=True)
class Accepted:
    """The provider has it; ``provider_id`` names it there."""

    provider_id: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rejected:
    """The provider refused for good and nothing was sent.

    ``suppress``: the address itself is bad or refused ("hard_bounce" or "opt_out"), so never again.
    """

    reason: str
    suppress: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Retry:
    """Certainly not sent, worth another try after so many seconds at the earliest.

    ``ours``: no message gets through before a person has mended something here, such as a password.
    """

    reason: str
    after: int = 60
    ours: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Unknown:
    """It may or may not have been sent. Never sent again blindly."""

    reason: str


Outcome = Accepted | Rejected | Retry | Unknown


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """Answer of a look-up: the provider has a message under our ref."""

    provider_id: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class NotFound:
    """Answer of a look-up that can be relied on: nothing was ever accepted under our ref."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CannotTell:
    """Answer of a look-up that failed, or of an adapter that has none."""

    reason: str = "this channel has no look-up"


Lookup = Found | NotFound | CannotTell


@dataclass(frozen=True, slots=True, kw_only=True)
class Capabilities:
    """What an adapter can honestly say."""

    channels: frozenset[str]  # which channels it can carry
    lookup: bool = False  # answers ``lookup`` with certainty
    idempotent: bool = False  # sending the same ref twice reaches the person once
    human: bool = False  # a person does the sending
    webhooks: bool = False  # the provider tells later, under our ref, what became of it
    attachments: bool = False  # carries documents with an e-mail
    delivers: bool = True  # what it accepts is on its way to somebody; False: it is only shown, or kept
    parallel: int = 1  # so many threads may be in ``send`` at a time


@runtime_checkable
class Adapter(Protocol):
    """The port. ``send`` never raises for what the outside world does: it answers an Outcome."""

    name: str
    capabilities: Capabilities

    def send(self, message: Message) -> Outcome:
        """Carry one message out."""
        ...

    def lookup(self, ref: str) -> Lookup:
        """Was anything accepted under this ref?"""
        ...

    def close(self) -> None:
        """Release connections. May be called twice."""
        ...
