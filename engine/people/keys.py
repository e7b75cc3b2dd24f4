"""Names of append-only facts, so that reading the same source twice records a fact once."""

from __future__ import annotations

from hashlib import blake2b


def fact_key(*parts: object) -> str:
    """A short name made of ``parts``: a hash, because a source's own key may be somebody's address."""
    return blake2b("\x1f".join(map(str, parts)).encode(), digest_size=15).hexdigest()
