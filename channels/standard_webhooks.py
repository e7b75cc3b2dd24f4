"""Calls signed by Standard Webhooks (HMAC-SHA256, ``v1``): ours to a customer's server, and theirs to us.

Signatures are the package's own. Its check of what comes in is not used: it reads the clock of the machine, and raises
whatever Python raises for a malformed header.
"""

from __future__ import annotations

import hmac
import re
from base64 import b64decode
from collections.abc import Mapping
from datetime import UTC, datetime

from standardwebhooks import Webhook

from channels.events import Call, NotGenuine
from channels.options import OptionError

#: seconds that a call may be old, or ahead of our clock
FRESH = 300
#: random bytes that a secret holds, by the specification
_SHORTEST, _LONGEST = 24, 64
_PREFIX = "whsec_"
_ID = re.compile(r"[!-~]{1,200}")
_INSTANT = re.compile(r"[0-9]{1,12}")


class Signatures:
    """Signs with every secret, and takes what any of them has signed: so one can follow another without a gap."""

    def __init__(self, secrets: str, option: str = "secret") -> None:
        """``secrets``: ``whsec_`` and base64, several with blanks between them. Raises OptionError."""
        try:
            self._keys = [_key(secret) for secret in secrets.split()]
        except ValueError:
            self._keys = []
        if not self._keys:
            raise OptionError(
                f"option '{option}': must be whsec_ and {_SHORTEST} to {_LONGEST} bytes in base64;"
                " several have blanks between them"
            )

    def __repr__(self) -> str:
        return f"Signatures({len(self._keys)} secrets)"

    def headers(self, name: str, at: int, body: bytes) -> dict[str, str]:
        """The three headers of a call. ``name``: what makes a second call the same; ``at``: UTC epoch seconds."""
        signed = " ".join(self._signed(name, at, body))
        return {"webhook-id": name, "webhook-timestamp": str(at), "webhook-signature": signed}

    def genuine(self, call: Call) -> str:
        """The id of a call that is signed and fresh. Raises NotGenuine."""
        name, at, given = _told(call.headers)
        if abs(call.now - at) > FRESH:
            raise NotGenuine("the call is too old, or from the future")
        try:
            wanted = self._signed(name, at, call.body)
        except UnicodeDecodeError:
            raise NotGenuine("the body is no text") from None
        if not any(hmac.compare_digest(one.encode(), other) for one in wanted for other in given):
            raise NotGenuine("the signature does not match")
        return name

    def _signed(self, name: str, at: int, body: bytes) -> list[str]:
        text, when = body.decode(), datetime.fromtimestamp(at, UTC)
        return [key.sign(name, when, text) for key in self._keys]


def _key(secret: str) -> Webhook:
    """Raises ValueError."""
    if not secret.startswith(_PREFIX):
        raise ValueError
    key = _bytes(secret.removeprefix(_PREFIX))
    if not _SHORTEST <= len(key) <= _LONGEST:
        raise ValueError
    return Webhook(key)


def _bytes(text: str) -> bytes:
    """What base64 stands for, padded or not. Raises ValueError for anything else."""
    return b64decode(text.rstrip("=") + "=" * (-len(text.rstrip("=")) % 4), validate=True)


def _told(headers: Mapping[str, str]) -> tuple[str, int, list[bytes]]:
    """Id, instant and signatures of a call. Raises NotGenuine."""
    name, at = headers.get("webhook-id", ""), headers.get("webhook-timestamp", "")
    given = headers.get("webhook-signature", "")
    if not (name and at and given):
        raise NotGenuine("a webhook header is missing")
    if not _ID.fullmatch(name) or not _INSTANT.fullmatch(at):
        raise NotGenuine("a webhook header is malformed")
    return name, int(at), [part.encode("utf-8", "replace") for part in given.split(" ")[:10]]
