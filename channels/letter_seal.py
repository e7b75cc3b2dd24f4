"""A letter's cryptographic signature: put on with a PKCS#12 key, and looked at. PAdES, one signature a document."""

from __future__ import annotations

import binascii
import io
import logging
from base64 import b64decode
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from asn1crypto.parser import peek
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
from pyhanko.pdf_utils.misc import PdfError
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.sign import signers
from pyhanko.sign.fields import SigFieldSpec, SigSeedSubFilter
from pyhanko.sign.general import SigningError
from pyhanko.sign.validation import EmbeddedPdfSignature, validate_pdf_signature
from pyhanko.sign.validation.status import SignatureCoverageLevel
from pyhanko_certvalidator import ValidationContext

# it tells of every certificate it cannot trace to a root, with a stack trace; what it finds is in the answer
for _name in ("pyhanko", "pyhanko_certvalidator"):
    logging.getLogger(_name).setLevel(logging.CRITICAL)

_FIELD = "Signature"


class SealError(ValueError):
    """A key that cannot be used, or a document that cannot be signed. Never holds the key or its passphrase."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Seal:
    """What a document's signature says. ``unchanged``: not a bit of it was altered since it was signed.

    Whether the certificate is anybody's whom you trust is not judged here.
    """

    unchanged: bool
    signer: str
    signed_at: datetime | None
    why: str = ""


class Key:
    """A private key with its certificate."""

    def __init__(self, signer: signers.SimpleSigner) -> None:
        self._signer = signer

    def __repr__(self) -> str:
        return "Key()"

    @classmethod
    def load(cls, value: str, passphrase: str | None, root: Path) -> Key:
        """From a PKCS#12 file: its path (a relative one starts at ``root``), or its bytes in base64.
        Raises SealError."""
        content, secret = _content(value, root), passphrase.encode() if passphrase else None
        try:
            signer = signers.SimpleSigner.load_pkcs12_data(content, [], passphrase=secret)
        except (SigningError, ValueError, TypeError):
            raise SealError("the signing key is no PKCS#12 file, or its passphrase is another") from None
        if signer is None or signer.signing_cert is None:
            raise SealError("the PKCS#12 file holds no key with a certificate")
        return cls(signer)

    def seal(self, pdf: bytes, *, signatory: str) -> bytes:
        """The document with an invisible signature over all of it, of this machine's time. Raises SealError."""
        meta = signers.PdfSignatureMetadata(
            field_name=_FIELD, name=signatory, reason="Letter reviewed and signed", md_algorithm="sha256",
            subfilter=SigSeedSubFilter.PADES,
        )  # fmt: skip
        signer = signers.PdfSigner(meta, self._signer, new_field_spec=SigFieldSpec(_FIELD))
        out = io.BytesIO()
        try:
            signer.sign_pdf(IncrementalPdfFileWriter(io.BytesIO(pdf)), output=out)
        except (SigningError, PdfError) as error:
            raise SealError(f"the letter cannot be signed: {type(error).__name__}") from None
        return out.getvalue()


def _content(value: str, root: Path) -> bytes:
    path = root / value
    try:
        if len(value) < 1_000 and path.is_file():
            return path.read_bytes()
    except OSError:
        raise SealError("the file of the signing key cannot be read") from None
    try:
        return b64decode(value, validate=True)
    except binascii.Error:
        raise SealError("the signing key is neither a file nor base64") from None


def look(pdf: bytes) -> Seal | None:
    """The signature of a document; None when it has none. Raises SealError for what is no PDF."""
    try:
        found = PdfFileReader(io.BytesIO(pdf)).embedded_signatures
    except Exception as error:  # whatever a broken file makes a reader stumble over
        raise SealError(f"this is no PDF that can be read ({type(error).__name__})") from None
    return _judged(found[0], pdf) if found else None


def _judged(one: EmbeddedPdfSignature, pdf: bytes) -> Seal:
    signer, at = "", None
    try:
        signer = str(one.signer_cert.subject.native.get("common_name", ""))
        at = one.self_reported_timestamp
        # whether its certificate is to be trusted is not asked, and nothing is looked up anywhere
        status = validate_pdf_signature(one, ValidationContext(trust_roots=[], allow_fetching=False))
    except Exception as error:  # the same: what cannot be validated has been changed
        return Seal(unchanged=False, signer=signer, signed_at=at, why=type(error).__name__)
    whole = status.coverage == SignatureCoverageLevel.ENTIRE_FILE
    unchanged = bool(status.intact and status.valid and whole and _plain_gap(one, pdf))
    return Seal(unchanged=unchanged, signer=signer, signed_at=at)


def _plain_gap(one: EmbeddedPdfSignature, pdf: bytes) -> bool:
    """Is what the signature leaves out the signature alone? Nothing may hide behind it in the space kept for it."""
    _, first, second, _ = (int(number) for number in one.byte_range)
    content = bytes(one.pkcs7_content)
    written = content.hex().encode()
    return pdf[first:second] in (b"<%b>" % written, b"<%b>" % written.upper()) and not any(
        content[peek(content) :]
    )
