"""Identities for records that were published without any.

No address, number or name here is anybody's: the mailboxes lie under example.com (RFC 2606), the numbers are
the hundred that every North American area code sets aside for fiction. There are only 2,400 of those numbers,
so people share them, as they do in real exports.
"""

from __future__ import annotations

from hashlib import sha256
from typing import NamedTuple

#: area codes that exist, so that a number under one of them passes for valid
_AREAS = (
    "201 202 206 212 213 215 301 303 305 310 312 313 404 408 412 415 503 512 602 612 615 617 702 713".split()
)


class Identity(NamedTuple):
    """What a message would be addressed to."""

    email: str
    phone: str
    first_name: str


#: of a record that names nobody
NOBODY = Identity("", "", "")


def identity(dataset: str, key: str) -> Identity:
    """The identity of ``key`` in a data set: the same at every call, and another for every other key."""
    digest = sha256(f"{dataset}:{key}".encode()).hexdigest()
    line, area = divmod(int(digest[:8], 16), len(_AREAS))
    return Identity(
        email=f"user-{digest[:12]}@example.com",
        phone=f"+1{_AREAS[area]}55501{line % 100:02d}",
        first_name=f"User {digest[:4]}",
    )
