"""The opaque names the outside world sees: of a touch, and of a task."""

from __future__ import annotations

from base64 import b32encode
from hashlib import blake2b


def touch_ref(key: bytes, identity_id: int, campaign: str, cycle: int, step: str) -> str:
    """26 lower-case letters and digits: a keyed hash of the touch's key, so the same touch always has the same
    name, nobody can guess another's, and it tells nothing about anyone. ``key``: 1 to 64 bytes."""
    digest = blake2b(f"{identity_id}/{campaign}/{cycle}/{step}".encode(), digest_size=16, key=key).digest()
    return b32encode(digest).decode().rstrip("=").lower()
