"""What Twilio's answer to a message means. Pure.

Only what Twilio is certain to have refused is a retry or a rejection. An error of the service itself leaves open
whether the message was taken, and that is never guessed.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import orjson

from channels.base import Accepted, Outcome, Rejected, Retry, Unknown
from channels.pooled import Answer, retry_after
from channels.smtp_replies import readable
from channels.twilio_codes import CODES, SUPPRESS, Fate

#: seconds to the next try: when it is crowded, and when a person has to mend something
_SOON, _MENDED = 60, 600
_LONGEST = 6 * 3_600
_SID = re.compile(r"(?:SM|MM)[0-9a-f]{32}")
#: a phone number, however it is written
_NUMBER = re.compile(r"\+?\d(?:[ ().-]{0,2}\d){6,}")


def outcome_of(answer: Answer, now: int) -> Outcome:
    """The outcome of an answer that arrived at ``now``. Only 201 is success."""
    status, said = answer.status_code, _said(answer.body)
    if status == 201:
        return _created(answer, said)
    code = said.get("code")
    known = CODES.get(code) if isinstance(code, int) and 400 <= status < 500 else None
    reason = _reason(status, said, known.words if known else "")
    fate = known.fate if known else None
    if fate is Fate.LATER or status in (408, 429, 503):
        return Retry(reason=reason, after=_wait(answer.headers, now))
    if fate is Fate.OURS:
        return Retry(reason=reason, after=_MENDED, ours=True)
    if fate or (status == 400 and isinstance(code, int)):
        return Rejected(reason=reason, suppress=SUPPRESS.get(fate) if fate else None)
    if 300 <= status < 500:
        return Retry(reason=f"{reason}: check account_sid, region and edge", after=_MENDED, ours=True)
    return Unknown(reason=f"{reason}: whether it took the message is not known")


def anonymous(text: str) -> str:
    """Twilio's words on one short line, without anybody's number."""
    return readable(_NUMBER.sub("<number>", text))


def _created(answer: Answer, said: Mapping[str, Any]) -> Outcome:
    """A body that broke off leaves a message without its name; a body of somebody else's is no message."""
    sid = said.get("sid")
    if isinstance(sid, str) and _SID.fullmatch(sid):
        return Accepted(provider_id=sid)
    if not answer.body:
        return Accepted()
    return Unknown(reason="Twilio: 201 without a message: whether it took it is not known")


def _said(body: bytes) -> Mapping[str, Any]:
    """Twilio's JSON; empty where it is none."""
    try:
        found: Any = orjson.loads(body)
    except orjson.JSONDecodeError:
        return {}
    return found if isinstance(found, dict) else {}


def _reason(status: int, said: Mapping[str, Any], meaning: str) -> str:
    code, message = said.get("code"), said.get("message")
    words = meaning or (anonymous(message) if isinstance(message, str) else "")
    number = f" {code}" if isinstance(code, int) else ""
    return f"Twilio: {status}{number} {words}".strip()


def _wait(headers: Mapping[str, str], now: int) -> int:
    asked = retry_after(headers, now)
    return max(1, min(_SOON if asked is None else asked, _LONGEST))
