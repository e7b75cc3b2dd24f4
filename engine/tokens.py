"""What we sign so that it comes back proved: unsubscribe tokens, and the marks that bounces bring home.

Opaque, unguessable, without personal data, and good for as long as the key is kept.
"""

from __future__ import annotations

from base64 import b32encode
from collections.abc import Sequence
from hashlib import blake2b, sha256
from hmac import compare_digest

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


class ReturnMarks:
    """Marks refs for return paths (VERP) and for a header that bounces quote: whoever shows one was sent the mail.

    A mark is short enough for the part of an address before the ``@``, and survives servers that change its case.
    """

    def __init__(self, key: str) -> None:
        self._key = blake2b(key.encode(), digest_size=32, person=b"rekindle.return").digest()

    def __repr__(self) -> str:
        return "ReturnMarks(<key hidden>)"

    def sign(self, ref: str) -> str:
        """The mark of a ref: 17 characters longer than it. Refs in lower case only can be read back."""
        return f"{ref}-{self._mac(ref)}"

    def read(self, mark: str) -> str | None:
        """The ref a mark was made for, or None when it is not one of ours."""
        if not mark.isascii():
            return None
        ref, _, mac = mark.lower().rpartition("-")
        return ref if ref and compare_digest(mac.encode(), self._mac(ref).encode()) else None

    def _mac(self, ref: str) -> str:
        """80 bits: nobody can try them out against a mailbox."""
        return b32encode(blake2b(ref.encode(), digest_size=10, key=self._key).digest()).decode().lower()


def unsubscribe_url(base: str, token: str) -> str:
    """Where one person says no: the brand's ``unsubscribe_url`` with the token behind it.

    ``https://go.example/u`` gives ``https://go.example/u/<token>``; a base that ends in ``=`` or ``/`` takes
    the token as it is.
    """
    return f"{base}{token}" if base.endswith(("=", "/")) else f"{base}/{token}"
