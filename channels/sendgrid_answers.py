"""What SendGrid's answer to a mail means. Pure; the one table of it.

Only what SendGrid is certain to have refused is a retry or a rejection. An error of the service itself leaves open
whether the mail was taken, and that is never guessed.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

import orjson

from channels.base import Accepted, Outcome, Rejected, Retry, Unknown
from channels.pooled import Answer, retry_after
from channels.smtp_replies import readable

#: seconds to the next try: when it is crowded, and when a person has to mend something
_SOON, _MENDED = 60, 600
_LONGEST = 6 * 3_600

#: fields of the request that are declared once for all messages: a fault there is nobody's address
_DECLARED = re.compile(r"(?:from|reply_to|asm|ip_pool_name|mail_settings|tracking_settings|categories)\b")
_RECIPIENT = re.compile(r"personalizations(?:\.\d+)?\.to(?:\.\d+)?\.email")
_NO_ADDRESS = re.compile(r"valid (?:e-?mail )?address", re.IGNORECASE)
_ID = re.compile(r"[\w.@=+/-]{1,200}")

#: status -> what to look at, for refusals that no single message is to blame for
_OURS = {
    401: "check api_key, and that the account is in credit",
    403: "check that the key may send mail and that the sender is verified",
    404: "check host: SendGrid's address is not there",
}


def outcome_of(answer: Answer, now: int, *, sandbox: bool = False) -> Outcome:
    """The outcome of an answer that arrived at ``now``. In the sandbox 200 is success, elsewhere only 202 is."""
    status = answer.status_code
    if status == 202 or (status == 200 and sandbox):
        found = answer.headers.get("X-Message-Id", "")
        return Accepted(provider_id=found if _ID.fullmatch(found) else "")
    if status == 400:
        return _bad_request(answer.body)
    if status == 413:
        return Rejected(reason="SendGrid: 413 the e-mail is too large")
    if status in (408, 429, 503):
        return Retry(reason=_said(answer), after=_wait(answer.headers, now))
    if 300 <= status < 500:
        told = _OURS.get(status, "check host: this is not how SendGrid answers")
        return Retry(reason=f"{_said(answer)}: {told}", after=_MENDED, ours=True)
    return Unknown(reason=f"{_said(answer)}: whether it took the e-mail is not known")


def _bad_request(body: bytes) -> Outcome:
    errors = list(_errors(body))
    reason = readable(f"SendGrid: 400 {'; '.join(f'{field} {words}'.strip() for field, words in errors)}")
    if not errors:  # something in between said so, not SendGrid
        return Retry(reason="SendGrid: 400 without a reason: check host", after=_MENDED, ours=True)
    if any(_DECLARED.match(field) for field, _ in errors):
        return Retry(reason=reason, after=_MENDED, ours=True)
    dead = any(_RECIPIENT.fullmatch(field) and _NO_ADDRESS.search(words) for field, words in errors)
    return Rejected(reason=reason, suppress="hard_bounce" if dead else None)


def _errors(body: bytes) -> Iterator[tuple[str, str]]:
    """(field, words) of each error; none where the body is not SendGrid's JSON."""
    try:
        found: Any = orjson.loads(body)
    except orjson.JSONDecodeError:
        return
    errors = found.get("errors") if isinstance(found, dict) else None
    for error in errors if isinstance(errors, list) else ():
        if isinstance(error, dict) and isinstance(error.get("message"), str):
            field = error.get("field")
            yield field if isinstance(field, str) else "", error["message"]


def _said(answer: Answer) -> str:
    """Status and SendGrid's words; a page of HTML has none worth keeping."""
    words = "; ".join(words for _, words in _errors(answer.body))
    return readable(f"SendGrid: {answer.status_code} {words}").strip()


def _wait(headers: Mapping[str, str], now: int) -> int:
    """What Retry-After asks for, else until the limit is said to be lifted."""
    asked = retry_after(headers, now)
    if asked is None:
        reset = headers.get("X-RateLimit-Reset", "").strip()
        asked = int(reset) - now if re.fullmatch(r"[0-9]{1,12}", reset) else _SOON
    return max(1, min(asked, _LONGEST))
