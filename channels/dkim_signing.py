"""DKIM signatures (RFC 6376, RFC 8463): relaxed/relaxed, every header that matters named, and none can be added.

dkimpy says over what a signature is made; the signature itself is the cryptography package's, twenty times as fast as
dkimpy's own arithmetic for RSA. Each header is named once more than it is there (oversigned), so that a second
Subject or From, put in on the way, breaks the signature. Without ``List-Unsubscribe`` and ``List-Unsubscribe-Post``
among them one-click unsubscribing does not count (RFC 8058, 4).
"""

from __future__ import annotations

import re
import time
from base64 import b64decode, b64encode
from hashlib import sha256

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.asymmetric.utils import Prehashed
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import load_pem_private_key
from dkim import select_headers
from dkim.canonicalization import CanonicalizationPolicy

from channels.options import OptionError

#: every one is signed, and signed as not there a second time
SIGNED = (
    b"from", b"to", b"cc", b"subject", b"date", b"message-id", b"reply-to", b"mime-version", b"content-type",
    b"content-transfer-encoding", b"list-unsubscribe", b"list-unsubscribe-post",
)  # fmt: skip

#: RFC 8301: fewer bits are not to be taken for a signature
_FEWEST_BITS = 1024
_LABELS = re.compile(r"(?!-)[a-z0-9-]{1,63}(?<!-)(\.(?!-)[a-z0-9-]{1,63}(?<!-))*", re.IGNORECASE)
_HEADER = re.compile(rb"([!-9;-~]+):((?:.*\r\n)(?:[ \t].*\r\n)*)")


class DkimSigner:
    """Signs e-mails for one domain, for any number of threads. ``key``: PEM of an RSA or Ed25519 private key, or
    base64 of that.

    Raises OptionError for a key, a domain or a selector that cannot be used.
    """

    def __init__(self, *, domain: str, selector: str, key: str) -> None:
        for name, value in (("dkim_domain", domain), ("dkim_selector", selector)):
            if not _LABELS.fullmatch(value):
                raise OptionError(f"option '{name}': no name that DNS takes")
        self._domain, self._selector = domain.lower(), selector
        self._key = _private_key(key)
        self._policy = CanonicalizationPolicy.from_c_value(b"relaxed/relaxed")

    def __repr__(self) -> str:
        return f"DkimSigner(domain={self._domain!r}, selector={self._selector!r})"

    def fits(self, domain: str) -> bool:
        """Is a From of this domain aligned with the signature, as DMARC (RFC 7489, 3.1.1) asks, relaxed?

        One of the two has to be the other or to stand above it: siblings under one owner cannot be told from
        strangers without a list of who registers where.
        """
        one, other = f".{domain.lower()}", f".{self._domain}"
        return one.endswith(other) or other.endswith(one)

    @property
    def domain(self) -> str:
        """The domain that signs."""
        return self._domain

    def signed(self, data: bytes) -> bytes:
        """The e-mail with its signature in front. ``data``: whole, its lines ended by CRLF."""
        head, _, body = data.partition(b"\r\n\r\n")
        headers = [match.groups() for match in _HEADER.finditer(head + b"\r\n")]
        there = [name.lower() for name, _ in headers]
        names = [name for name in SIGNED for _ in range(there.count(name) + 1)]
        bare = self._field(names, sha256(self._policy.canonicalize_body(body)).digest())
        chosen = select_headers(self._policy.canonicalize_headers(headers), names)
        own = self._policy.canonicalize_headers([(b"DKIM-Signature", bare)])
        hashed = sha256(b"".join(b"%b:%b" % pair for pair in chosen))
        hashed.update(b"".join(b"%b:%b" % (name, value.rstrip()) for name, value in own))
        return b"DKIM-Signature:%b%b\r\n%b" % (bare, _folded(self._sign(hashed.digest())), data)

    def _field(self, names: list[bytes], body_hash: bytes) -> bytes:
        """The signature's header, but for the signature."""
        kind = "ed25519" if isinstance(self._key, Ed25519PrivateKey) else "rsa"
        first = f" v=1; a={kind}-sha256; c=relaxed/relaxed; d={self._domain}; s={self._selector};"
        lines = [first.encode(), b"t=%d; bh=%b;" % (int(time.time()), b64encode(body_hash))]
        listed = [b":".join(names[at : at + 4]) for at in range(0, len(names), 4)]
        lines.append(b"h=%b;" % b":\r\n\t ".join(listed))
        return b"\r\n\t".join([*lines, b"b="])

    def _sign(self, digest: bytes) -> bytes:
        if isinstance(self._key, Ed25519PrivateKey):
            return self._key.sign(digest)
        return self._key.sign(digest, PKCS1v15(), Prehashed(SHA256()))


def _folded(signature: bytes) -> bytes:
    encoded = b64encode(signature)
    return b"\r\n\t ".join(encoded[at : at + 72] for at in range(0, len(encoded), 72))


def _private_key(text: str) -> RSAPrivateKey | Ed25519PrivateKey:
    """The key a variable holds: PEM, with its line ends as they are or written ``\\n``, or base64 of PEM."""
    try:
        pem = text if "-----BEGIN" in text else b64decode("".join(text.split()), validate=True).decode()
        key = load_pem_private_key(pem.replace("\\n", "\n").encode(), password=None)
    except (ValueError, TypeError, UnsupportedAlgorithm):
        raise OptionError(
            "option 'dkim_key': must be the PEM of a private key without a password, or base64 of that"
        ) from None
    if isinstance(key, RSAPrivateKey) and key.key_size < _FEWEST_BITS:
        raise OptionError(f"option 'dkim_key': an RSA key needs {_FEWEST_BITS} bits or more, better 2048")
    if not isinstance(key, RSAPrivateKey | Ed25519PrivateKey):
        raise OptionError("option 'dkim_key': must be an RSA or an Ed25519 key")
    return key
