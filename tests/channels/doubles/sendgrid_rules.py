"""SendGrid's published rules for POST /v3/mail/send, as a judge that shares nothing with the adapter.

From the API reference (fields, lengths, reserved headers), its page "Limitations" (recipients, custom arguments,
names, size) and the answers the API is known to give. Unknown fields are faults here: SendGrid ignores some.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from email_validator import EmailNotValidError, validate_email
from jsonschema import Draft7Validator

MAX_BYTES = 30_000_000
RESERVED = {
    "x-sg-id", "x-sg-eid", "received", "dkim-signature", "content-type", "content-transfer-encoding", "to", "from",
    "subject", "reply-to", "cc", "bcc",
}  # fmt: skip


def _object(required: list[str], **properties: Any) -> dict[str, Any]:
    return {
        "type": "object",
        "additionalProperties": False,
        "required": required,
        "properties": properties,
    }


def _text(**rules: Any) -> dict[str, Any]:
    return {"type": "string", **rules}


_MAILBOX = _object(["email"], email=_text(minLength=3, maxLength=320), name=_text())
_MAILBOXES = {"type": "array", "minItems": 1, "maxItems": 1000, "items": _MAILBOX}
_STRINGS = {"type": "object", "additionalProperties": _text()}
_SUBJECT = _text(minLength=1)
_ON = {"type": "boolean"}
_SWITCH = _object(["enable"], enable=_ON)

REQUEST = _object(
    ["personalizations", "from", "subject", "content"],
    personalizations={
        "type": "array",
        "minItems": 1,
        "maxItems": 1000,
        "items": _object(
            ["to"], to=_MAILBOXES, cc=_MAILBOXES, bcc=_MAILBOXES, subject=_SUBJECT, headers=_STRINGS,
            substitutions=_STRINGS, custom_args=_STRINGS, send_at={"type": "integer"},
        ),
    },
    **{"from": _MAILBOX},
    reply_to=_MAILBOX,
    subject=_SUBJECT,
    content={
        "type": "array",
        "minItems": 1,
        "items": _object(["type", "value"], type=_text(minLength=1), value=_text(minLength=1)),
    },
    headers=_STRINGS,
    categories={
        "type": "array",
        "uniqueItems": True,
        "maxItems": 10,
        "items": _text(minLength=1, maxLength=255),
    },
    custom_args=_STRINGS,
    ip_pool_name=_text(minLength=2, maxLength=64),
    asm=_object(["group_id"], group_id={"type": "integer"}),
    mail_settings=_object([], sandbox_mode=_SWITCH, footer=_object(["enable"], enable=_ON, text=_text(), html=_text())),
    tracking_settings=_object(
        [],
        click_tracking=_object(["enable"], enable=_ON, enable_text=_ON),
        open_tracking=_object(["enable"], enable=_ON, substitution_tag=_text()),
        subscription_tracking=_object(["enable"], enable=_ON, text=_text(), html=_text(), substitution_tag=_text()),
        ganalytics=_SWITCH,
    ),
)  # fmt: skip
_SHAPE = Draft7Validator(REQUEST)

Fault = tuple[str, str]


def faults(mail: Any) -> list[Fault]:
    """(field, message) of each rule that is broken; none for a request that SendGrid takes."""
    shape = [(".".join(map(str, e.absolute_path)), e.message) for e in _SHAPE.iter_errors(mail)]
    return shape or list(_meaning(mail))


def _meaning(mail: dict[str, Any]) -> Iterator[Fault]:
    recipients = 0
    for n, each in enumerate(mail["personalizations"]):
        seen: set[str] = set()
        for field in ("to", "cc", "bcc"):
            for m, mailbox in enumerate(each.get(field, ())):
                recipients += 1
                where = f"personalizations.{n}.{field}.{m}"
                yield from _mailbox(where, mailbox)
                if set(mailbox.get("name", "")) & {",", ";"}:
                    yield f"{where}.name", "The name cannot include a comma or a semicolon."
                if mailbox["email"].lower() in seen:
                    yield f"{where}.email", "Each address must be unique between to, cc, and bcc."
                seen.add(mailbox["email"].lower())
        yield from _custom_args(f"personalizations.{n}.custom_args", each.get("custom_args", {}))
        yield from _headers(f"personalizations.{n}.headers", each.get("headers", {}))
    if recipients > 1000:
        yield "personalizations", "There are more than 1000 recipients."
    for field in ("from", "reply_to"):
        if field in mail:
            yield from _mailbox(field, mail[field])
    yield from _one_line("subject", mail["subject"])
    yield from _content(mail["content"])
    yield from _headers("headers", mail.get("headers", {}))
    yield from _custom_args("custom_args", mail.get("custom_args", {}))


def _mailbox(where: str, mailbox: dict[str, str]) -> Iterator[Fault]:
    try:
        validate_email(mailbox["email"], check_deliverability=False, allow_smtputf8=False)
    except EmailNotValidError:
        yield f"{where}.email", "Does not contain a valid address."
    if not mailbox["email"].isascii():
        yield f"{where}.email", "Unicode is not supported."
    yield from _one_line(f"{where}.name", mailbox.get("name", ""))


def _content(parts: list[dict[str, str]]) -> Iterator[Fault]:
    kinds = [part["type"] for part in parts]
    if kinds != sorted(kinds, key=lambda kind: {"text/plain": 0, "text/html": 1}.get(kind, 2)):
        yield "content", "If present, text/plain must come first, then text/html, then the others."
    if len(set(kinds)) != len(kinds):
        yield "content", "Each type may be there once."


def _headers(where: str, headers: dict[str, str]) -> Iterator[Fault]:
    for name, value in headers.items():
        if name.lower() in RESERVED:
            yield where, f"The header {name} is reserved."
        if not name or not all(33 <= ord(sign) <= 126 and sign != ":" for sign in name):
            yield where, "A header's name must be printable ASCII without a colon."
        if not value.isascii():
            yield where, "A header's value must be encoded where it is not ASCII."
        yield from _one_line(where, value)
    if len({name.lower() for name in headers}) != len(headers):
        yield where, "A header is there twice."


def _custom_args(where: str, args: dict[str, str]) -> Iterator[Fault]:
    if sum(len(name.encode()) + len(value.encode()) for name, value in args.items()) > 10_000:
        yield where, "The custom arguments exceed 10,000 bytes."


def _one_line(where: str, value: str) -> Iterator[Fault]:
    if any(ord(sign) < 32 or ord(sign) in (127, 0x85, 0x2028, 0x2029) for sign in value):
        yield where, "There is a line break or a control character."
