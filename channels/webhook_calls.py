"""What a message looks like as a webhook, what the answer means, and what the server tells later. Pure."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import orjson

from channels.base import Accepted, Message, Outcome, Rejected, Retry, Unknown
from channels.events import Call, EventKind, ProviderEvent
from channels.pooled import Answer, retry_after
from channels.smtp_replies import readable

#: seconds to the next try: when it is crowded, and when a person has to mend something
_SOON, _MENDED = 60, 600
LONGEST = 6 * 3_600

#: statuses that refuse this one message, as the server that reads it sees it
_REFUSED = frozenset({400, 406, 409, 413, 414, 422})
_CROWDED = frozenset({408, 425, 429, 503})
_OURS = {
    401: "check secret",
    403: "check secret",
    404: "check url",
    410: "the endpoint says that it is gone: check url, or take the channel out",
}

_KINDS = {
    "message.delivered": EventKind.DELIVERED,
    "message.failed": EventKind.BOUNCED,
    "message.opened": EventKind.OPENED,
    "message.clicked": EventKind.CLICKED,
    "message.unsubscribed": EventKind.UNSUBSCRIBED,
}


def body_of(message: Message, now: int) -> bytes:
    """The call's body, as Standard Webhooks has it: what it is, when, and the message."""
    names = ("ref", "channel", "to", "to_name", "subject", "text", "html", "marketing", "opt_out")
    data = {name: _clean(getattr(message, name)) for name in names}
    data["media"] = [_clean(address) for address in message.media]
    data |= {name: _clean(message.meta.get(name, "")) for name in ("campaign", "step", "variant")}
    at = datetime.fromtimestamp(now, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    return orjson.dumps({"type": f"message.{message.channel}", "timestamp": at, "data": data})


def _clean(value: Any) -> Any:
    """Text that is Unicode; half a pair of surrogates becomes a question mark."""
    return value.encode("utf-8", "replace").decode() if isinstance(value, str) else value


def outcome_of(answer: Answer, now: int, by: str = "webhook") -> Outcome:
    """The outcome of an answer that arrived at ``now``. Only what the server is certain to have refused is a retry or a
    rejection; an error within it leaves open whether it has shown the message."""
    status, told = answer.status_code, _object(answer.body)
    if 200 <= status < 300:
        return Accepted(provider_id=_id(told))
    said = readable(
        f"{by}: {status} {told.get('error') if isinstance(told.get('error'), str) else ''}"
    ).strip()
    if status in _CROWDED:
        asked = retry_after(answer.headers, now)
        return Retry(reason=said, after=max(1, min(_SOON if asked is None else asked, LONGEST)))
    if 400 <= status < 500 and told.get("suppress") == "opt_out":
        return Rejected(reason=said, suppress="opt_out")
    if status in _REFUSED:
        return Rejected(reason=said)
    if 300 <= status < 500:
        after = LONGEST if status == 410 else _MENDED
        return Retry(reason=f"{said}: {_OURS.get(status, 'check url')}", after=after)
    return Unknown(reason=f"{said}: whether it took the message is not known")


def _id(told: dict[str, Any]) -> str:
    found = told.get("id")
    return (
        found
        if isinstance(found, str) and found.isascii() and found.isprintable() and len(found) <= 200
        else ""
    )


def _object(body: bytes) -> dict[str, Any]:
    """The JSON object of a body; empty where it is none."""
    try:
        found = orjson.loads(body)
    except orjson.JSONDecodeError:
        return {}
    return found if isinstance(found, dict) else {}


def event_of(name: str, call: Call) -> ProviderEvent:
    """What a genuine call tells; what makes no sense is kept as UNKNOWN."""
    told = _object(call.body)
    inner = told.get("data")
    data: dict[str, Any] = inner if isinstance(inner, dict) else {}
    what = told.get("type")
    kind = _KINDS.get(what, EventKind.UNKNOWN) if isinstance(what, str) else EventKind.UNKNOWN
    return ProviderEvent(
        kind=kind,
        id=name,
        raw=call.body.decode("utf-8", "replace"),
        ref=_text(data.get("ref")),
        provider_id=_text(data.get("id")),
        at=_instant(told.get("timestamp")),
        reason=readable(_text(data.get("reason"))),
        suppress="opt_out" if kind is EventKind.UNSUBSCRIBED else None,
        url=_text(data.get("url")),
    )


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""


def _instant(value: object) -> int | None:
    """UTC epoch seconds of an ISO 8601 instant with its offset; None where it is none."""
    try:
        found = datetime.fromisoformat(_text(value))
        return int(found.timestamp()) if found.tzinfo else None
    except (ValueError, OverflowError):
        return None
