"""What a gate answers, as data: ``explain`` prints it, the ledger keeps it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from enum import StrEnum
from functools import lru_cache
from typing import Any, NamedTuple

import orjson

from engine.model import BUILT_IN, Source

#: rules that postpone a touch; one put off past its own expiry is skipped, under the same rule
HOLDS = ("escalation", "preference", "fatigue", "window", "quiet_hours", "capacity")
#: of these, the rules whose wait is not the step's own: its whole timeline waits along, so it is never too late
SLOWS = frozenset({"capacity"})
#: rules a touch is skipped for: the gates, the step's own condition, and words that cannot be found
SKIPS = (
    "condition", "suppression", "do_not_contact", "channel", "consent", "holdout", "recent_discount",
    "offer_expired", "expired", *HOLDS, "content",
)  # fmt: skip


class Says(StrEnum):
    """The four answers of a gate."""

    ALLOW = "allow"
    DEFER = "defer"  # not now: ``until`` says when to look again
    SKIP = "skip"  # this step never, the cadence goes on
    EXIT = "exit"  # the enrolment ends; the rule is the reason


class Way(StrEnum):
    """Which way a step went that could go several. The ways of ``choose`` are its branches: see ``branch_way``."""

    IF = "if"  # not for this person: its ``if`` does not hold
    UNLESS = "unless"  # not for this person: its ``unless`` holds
    HEARD = "heard"  # what it waited for happened
    NOT_HEARD = "not_heard"
    NO_BRANCH = "no_branch"
    APPROVED = "approved"
    REJECTED = "rejected"
    EXPIRED = "expired"  # nobody reviewed it in time
    STARTED = "started"  # another campaign took over


def branch_way(position: int) -> str:
    """The way of a branch of ``choose``, by its position from 0."""
    return f"branch_{position + 1}"


class Verdict(NamedTuple):
    """One rule's answer. ``because`` is a sentence without personal data; ``facts`` what was looked at.

    A named tuple and not a dataclass, like every value a decision makes by the dozen: a tenth of the time.
    """

    rule: str
    says: Says
    because: str
    source: Source = BUILT_IN
    until: int | None = None
    facts: Mapping[str, Any] = {}
    law: str | None = None  # id of the legal rule behind it (docs/law.md)
    #: its JSON, where it was made beforehand
    text: str | None = None
    #: a ``Way``, or that of a branch
    way: str | None = None

    def as_data(self) -> dict[str, Any]:
        """Plain values, in the order a reader wants them; empty parts left out."""
        data: dict[str, Any] = {"rule": self.rule, "says": self.says.value, "because": self.because}
        if self.until is not None:
            data["until"] = self.until
        if self.facts:
            data["facts"] = self.facts
        if self.law:
            data["law"] = self.law
        if self.way:
            data["way"] = self.way
        data["at"] = f"{self.source.file}:{self.source.line}"
        return data


@lru_cache(maxsize=65_536)
def allow(
    rule: str,
    because: str,
    source: Source = BUILT_IN,
    *,
    law: str | None = None,
    facts: tuple[tuple[str, Any], ...] = (),
) -> Verdict:
    """An ALLOW. Most verdicts are, and most of those are alike: each is made, and told as JSON, once."""
    verdict = Verdict(rule, Says.ALLOW, because, source, None, dict(facts), law)
    return verdict._replace(text=orjson.dumps(verdict.as_data()).decode())


def to_json(verdicts: Iterable[Verdict]) -> str:
    """The verdicts as a JSON list, as the ledger keeps them."""
    return f"[{','.join(v.text or orjson.dumps(v.as_data()).decode() for v in verdicts)}]"
