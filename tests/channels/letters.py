"""Letters to try with, and a desk in memory."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from channels.base import Message

FACTS = {
    "kind": "letter",
    "owner": "dana@acme.example",
    "title": "Sign the letter to Sam Okafor",
    "due_at": "1772463600",
    "made_at": "1772463600",
    "signatory": "Dana Reyes",
    "signatory_title": "Chief Executive Officer",
    "signatory_phone": "+1 312 555 0101",
    "signatory_email": "dana@acme.example",
    "language": "en",
    "country": "US",
    "date": "March 2, 2026",
    "closing": "Sincerely,",
    "brand": "Acme Robotics",
    "legal_name": "Acme Robotics, Inc.",
    "website": "https://www.acme.example",
    "brand_phone": "+1 312 555 0100",
}


def letter(ref: str = "ref-1", **changes: Any) -> Message:
    """A letter without HTML: its words are those of ``text``."""
    message = Message(
        ref=ref,
        channel="letter",
        to="Sam Okafor\nCustomer Ltd\n12 Example Road, Suite 4\nSpringfield, IL 62701",
        to_name="Sam Okafor",
        sender="hello@acme.example",
        sender_name="Acme Robotics",
        subject="The arm you bought in May",
        text="Dear Sam,\n\nin May you bought an inspection arm.\n",
        postal_address="100 Example Street, Springfield, IL 62701, USA",
        meta=FACTS,
    )
    return replace(message, **changes)


class Desk:
    """A letter desk in memory."""

    def __init__(self) -> None:
        self.letters: dict[str, dict[str, Any]] = {}
        self.fault: Exception | None = None

    def put(self, *, ref: str, meta: Mapping[str, str], **facts: Any) -> None:
        if self.fault:
            raise self.fault
        self.letters.setdefault(ref, {**facts, "meta": meta})

    def exists(self, ref: str) -> bool:
        if self.fault:
            raise self.fault
        return ref in self.letters
