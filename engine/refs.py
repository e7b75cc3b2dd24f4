"""The opaque names the outside world sees: of a touch, of a task, and of a person."""

from __future__ import annotations

from base64 import urlsafe_b64decode, urlsafe_b64encode
from hashlib import blake2b

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESSIV

_PERSON = b"rekindle.person"


def touch_ref(key: bytes, identity_id: int, campaign: str, cycle: int, step: str) -> str:
    """32 hexadecimal digits: a keyed hash of the touch's key, so the same touch always has the same
    name, nobody can guess another's, and it tells nothing about anyone. ``key``: 1 to 64 bytes."""
    return blake2b(f"{identity_id}/{campaign}/{cycle}/{step}".encode(), digest_size=16, key=key).hexdigest()


def person_ref(key: bytes, identity_id: int) -> str:
    """The name of a person in a link of their own, made where there is no touch to name. It tells nothing about
    anyone. ``key``: 32 bytes."""
    sealed = AESSIV(key).encrypt(identity_id.to_bytes(8, "big", signed=True), [_PERSON])
    return f"p{urlsafe_b64encode(sealed).decode()}"


def person_of(key: bytes, ref: str) -> int | None:
    """The identity behind a ``person_ref``; None for any other ref."""
    if not ref.startswith("p"):
        return None
    try:
        sealed = urlsafe_b64decode(ref[1:])
        return int.from_bytes(AESSIV(key).decrypt(sealed, [_PERSON]), "big", signed=True)
    except (InvalidTag, ValueError):
        return None
