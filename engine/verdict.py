"""What a gate answers, as data: ``explain`` prints it, the ledger keeps it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

import orjson

from engine.model import BUILT_IN, Source


class Says(StrEnum):
    """The four answers of a gate."""

    ALLOW = "allow"
    DEFER = "defer"  # not now: ``until`` says when to look again
    SKIP = "skip"  # this step never, the cadence goes on
    EXIT = "exit"  # the enrolment ends; the rule is the reason


@dataclass(frozen=True, slots=True)
class Verdict:
    """One rule's answer. ``because`` is a sentence without personal data; ``facts`` what was looked at."""

    rule: str
    says: Says
    because: str
    source: Source = BUILT_IN
    until: int | None = None
    facts: Mapping[str, Any] = field(default_factory=dict)
    law: str | None = None  # id of the legal rule behind it (docs/law.md)

    def as_data(self) -> dict[str, Any]:
        """Plain values, in the order a reader wants them; empty parts left out."""
        data: dict[str, Any] = {"rule": self.rule, "says": self.says.value, "because": self.because}
        if self.until is not None:
            data["until"] = self.until
        if self.facts:
            data["facts"] = self.facts
        if self.law:
            data["law"] = self.law
        data["at"] = f"{self.source.file}:{self.source.line}"
        return data


def to_json(verdicts: Iterable[Verdict]) -> str:
    """The verdicts as a JSON list, as the ledger keeps them."""
    return orjson.dumps([v.as_data() for v in verdicts]).decode()
