"""What an SMTP server's refusal means for a message and for an address. Pure; the one table of it.

The first digit of the reply code decides whether another try makes sense; the enhanced code decides whether
the address is at fault. Policy refusals (5.7.x) are the sender's fault and never cost a recipient.
"""

from __future__ import annotations

import re
from enum import Enum

from channels.base import Outcome, Rejected, Retry


class Stage(Enum):
    """Where in the conversation the server refused."""

    SENDER = "MAIL FROM"
    RECIPIENT = "RCPT TO"
    DATA = "DATA"


#: RFC 5321 4.5.4.1 asks for 30 minutes between tries; a server that is throttling names no longer
_TRY_AGAIN = 1_800
_THROTTLED = 600
#: our own login or encryption is at fault: mendable, and not the recipient's
_NOT_LET_IN = frozenset({530, 534, 535, 538})

_ENHANCED = re.compile(r"^\s*([245])\.(\d{1,3})\.(\d{1,3})\b")
_DEAD = frozenset({"5.1.0", "5.1.1", "5.1.2", "5.1.3", "5.1.10", "5.2.2", "5.4.4"})
_DEAD_WORDS = re.compile(
    r"user unknown|unknown (?:user|recipient|mailbox)|no such (?:user|recipient|mailbox|person)"
    r"|(?:user|recipient|mailbox|account|address) (?:does not|doesn't) exist"
    r"|(?:user|mailbox|address) not found",
    re.IGNORECASE,
)
_INACTIVE = re.compile(r"inactive|disabled|suspended|deactivated", re.IGNORECASE)
_TOO_FAST = re.compile(r"at a rate|too (?:fast|many)|rate.?limit|throttl", re.IGNORECASE)
_ADDRESS = re.compile(r"<?[^\s<>@]+@[^\s<>@]+>?")


def outcome_of(code: int, reply: bytes | str, stage: Stage) -> Outcome:
    """The outcome of a reply that is not a success. ``reply``: its text, enhanced code first."""
    text = reply.decode("utf-8", "replace") if isinstance(reply, bytes) else reply
    reason = f"{stage.value}: {code} {readable(text)}"
    found = _ENHANCED.match(text)
    enhanced = ".".join(found.groups()) if found else ""
    if code in _NOT_LET_IN or (code < 400):
        return Retry(reason=reason, after=_THROTTLED)
    if code < 500:
        throttled = code == 421 or enhanced.startswith("4.7.")
        return Retry(reason=reason, after=_THROTTLED if throttled else _TRY_AGAIN)
    if enhanced.startswith("5.2.1") and _TOO_FAST.search(text):
        return Retry(reason=reason, after=_TRY_AGAIN)
    dead = stage is not Stage.SENDER and _is_dead(code, enhanced, text)
    return Rejected(reason=reason, suppress="hard_bounce" if dead else None)


def _is_dead(code: int, enhanced: str, text: str) -> bool:
    """Is it the address that is bad?"""
    if enhanced == "5.2.1":
        return bool(_INACTIVE.search(text))
    if enhanced:
        return enhanced in _DEAD
    return code in (550, 551, 553) and bool(_DEAD_WORDS.search(text))


#: an enhanced status that says nothing of its own (RFC 3463, 3.1)
_NO_DETAIL = re.compile(r"[245]\.0\.0")
_STATUS = re.compile(r"[245]\.\d{1,3}\.\d{1,3}")
_CODE = re.compile(r"\s*([245]\d\d)[ -]?")


def is_bad_address(status: str, reply: str) -> bool | None:
    """What a report of a failure says of the address: it is bad, or something else is; None: it does not say.

    ``status``: the enhanced status, where there is one; ``reply``: the server's words, its code first where it is
    there. The reply code outweighs the rest.
    """
    code = _CODE.match(reply)
    words = reply[code.end() :] if code else reply
    if code and code[1].startswith("4"):
        return False
    if _STATUS.fullmatch(status) and not _NO_DETAIL.fullmatch(status):
        words = words if words.startswith(status) else f"{status} {words}"
    found = _ENHANCED.match(words)
    if found is None or _NO_DETAIL.fullmatch(".".join(found.groups())):
        return True if _DEAD_WORDS.search(words) else None
    outcome = outcome_of(550, words, Stage.RECIPIENT)
    return isinstance(outcome, Rejected) and outcome.suppress is not None


#: a mailbox that is full or asleep, a host that cannot be reached for days (RFC 3463: X.2.X, X.4.1, X.4.4, X.4.7)
_ASLEEP = re.compile(r"(?<![\d.])[245]\.(?:2\.\d{1,3}|4\.[147])(?![\d.])")
_ANY_STATUS = re.compile(r"(?<![\d.])[245]\.(?!0\.0(?![\d.]))\d{1,3}\.\d{1,3}(?![\d.])")
_FULL_WORDS = re.compile(
    r"over ?quota|quota exceeded|(?:mailbox|inbox) (?:is )?(?:over)?full|full mailbox", re.IGNORECASE
)


def is_asleep(reply: str) -> bool:
    """Does a server say that the mailbox takes nothing for now? Never of a policy, a rate or a fault of the message."""
    if _TOO_FAST.search(reply):
        return False
    status = _ANY_STATUS.search(reply)
    return bool(_ASLEEP.fullmatch(status[0]) if status else _FULL_WORDS.search(reply))


def readable(text: str) -> str:
    """A server's words on one short line, without anybody's address."""
    return _ADDRESS.sub("<address>", " ".join(text.split()))[:200]
