"""Unsubscribe tokens: opaque, unguessable, without personal data, and good for as long as the key is kept."""

from __future__ import annotations

from collections.abc import Sequence
from hashlib import sha256

from itsdangerous import BadSignature
from itsdangerous import Signer as _Signer

#: what the key is used for, so that a signature made for another purpose never passes here
_PURPOSE = b"rekindle.unsubscribe"


class Signer:
    """Signs touch refs. ``keys``: the current key, or all valid ones, oldest first (the last one signs)."""

    def __init__(self, keys: str | Sequence[str]) -> None:
        every = [keys] if isinstance(keys, str) else list(keys)
        if not every or not all(every):
            raise ValueError("a signer needs a key that is not empty")
        self._signer = _Signer(every, salt=_PURPOSE, key_derivation="django-concat", digest_method=sha256)

    def __repr__(self) -> str:
        return "Signer(<keys hidden>)"

    def sign(self, ref: str) -> str:
        """The token of a touch's ref. URL-safe where the ref is."""
        return self._signer.sign(ref).decode()

    def read(self, token: str) -> str | None:
        """The ref a token was made for, or None when it is not one of ours."""
        try:
            return self._signer.unsign(token).decode()
        except (BadSignature, UnicodeError):
            return None


def unsubscribe_url(base: str, token: str) -> str:
    """Where one person says no: the brand's ``unsubscribe_url`` with the token behind it.

    ``https://go.example/u`` gives ``https://go.example/u/<token>``; a base that ends in ``=`` or ``/`` takes
    the token as it is.
    """
    return f"{base}{token}" if base.endswith(("=", "/")) else f"{base}/{token}"
