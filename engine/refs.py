"""The opaque names the outside world sees: of a touch, and of a task."""

from __future__ import annotations

from hashlib import blake2b


def touch_ref(key: bytes, identity_id: int, campaign: str, cycle: int, step: str) -> str:
    """32 hexadecimal digits: a keyed hash of the touch's key, so the same touch always has the same
    name, nobody can guess another's, and it tells nothing about anyone. ``key``: 1 to 64 bytes."""
    return blake2b(f"{identity_id}/{campaign}/{cycle}/{step}".encode(), digest_size=16, key=key).hexdigest()
