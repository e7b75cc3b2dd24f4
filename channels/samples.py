"""Messages to try an adapter with, and what is read back where they arrive."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from email import message_from_bytes
from email.policy import default as rfc
from typing import Any

from channels.base import Message


@dataclass(frozen=True, slots=True, kw_only=True)
class Received:
    """What reached the other side, as far as it can be read back there; None: not carried at all."""

    ref: str | None = None
    to: str | None = None
    subject: str | None = None
    text: str | None = None
    html: str | None = None
    headers: Mapping[str, str] | None = None


def received_email(data: bytes) -> Received:
    """The bytes of an e-mail, read back by the standard library. Fails on any defect."""
    mail = message_from_bytes(data, policy=rfc)
    for part in mail.walk():
        assert not part.defects, part.defects
    bodies = {kind: mail.get_body((kind,)) for kind in ("plain", "html")}
    words = {kind: _lines(body.get_content()) if body else None for kind, body in bodies.items()}
    return Received(
        ref=str(mail["Message-ID"]).strip("<>").partition("@")[0],
        to=str(mail["To"].addresses[0].addr_spec),
        subject=str(mail["Subject"]),
        text=words["plain"],
        html=words["html"],
        headers={name: str(value) for name, value in mail.items()},
    )


def _lines(content: str) -> str:
    """What a mail's own line ends are not part of."""
    return content.replace("\r\n", "\n")


_LINK = "https://go.acme.example/u/token"
_ADDRESS = "100 Example Street, Springfield, IL 62701, USA"


def email(ref: str = "ref-1", **changes: Any) -> Message:
    """A lawful marketing e-mail to try an adapter with."""
    message = Message(
        ref=ref,
        channel="email",
        to="sam@customer.example",
        to_name="Sam Okafor",
        sender="dana@acme.example",
        sender_name="Dana Reyes",
        reply_to="hello@acme.example",
        subject="It is here",
        text=f"Hello Sam.\n\n{_ADDRESS}\n{_LINK}\n",
        html=f"<p>Hello Sam.</p><p>{_ADDRESS}</p><a href='{_LINK}'>Unsubscribe</a>\n",
        headers={"List-Unsubscribe": f"<{_LINK}>", "List-Unsubscribe-Post": "List-Unsubscribe=One-Click"},
        opt_out=_LINK,
        postal_address=_ADDRESS,
        meta={"campaign": "closed_lost", "step": "gap_closed"},
    )
    return replace(message, **changes)


def sms(ref: str = "ref-1", **changes: Any) -> Message:
    """A lawful marketing text to try an adapter with."""
    message = Message(
        ref=ref,
        channel="sms",
        to="+13125550142",
        to_name="Sam Okafor",
        sender_name="Acme",
        text="Acme: it is here, Sam.\nReply STOP to opt out",
        opt_out="Reply STOP to opt out",
        meta={"campaign": "closed_lost", "step": "gap_closed"},
    )
    return replace(message, **changes)


def task(ref: str = "ref-1", **changes: Any) -> Message:
    """A LinkedIn note to try an adapter for people's work with."""
    message = Message(
        ref=ref,
        channel="linkedin",
        to="https://www.linkedin.com/in/sam-example",
        to_name="Sam Okafor",
        subject="Write to Sam",
        text="Hello Sam.\n",
        meta={"kind": "linkedin", "owner": "dana@acme.example", "title": "Write", "due_at": "1772463600"},
    )
    return replace(message, **changes)


def in_app(ref: str = "ref-1", **changes: Any) -> Message:
    """A message for the inside of a product, to try an adapter with."""
    message = Message(
        ref=ref,
        channel="in_app",
        to="sam@customer.example",
        to_name="Sam Okafor",
        sender="dana@acme.example",
        sender_name="Dana Reyes",
        subject="It is here",
        text="Hello Sam.\n",
        postal_address=_ADDRESS,
        meta={"campaign": "closed_lost", "step": "gap_closed"},
    )
    return replace(message, **changes)


def push(ref: str = "ref-1", **changes: Any) -> Message:
    """A push message to try an adapter with."""
    return replace(in_app(ref), **({"channel": "push", "to": "device-0142"} | changes))
