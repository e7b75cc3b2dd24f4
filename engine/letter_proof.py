"""Is a PDF a letter of ours, as it was signed? Asked of the document's own signature, and of our record."""

from __future__ import annotations

from hashlib import sha256
from typing import TYPE_CHECKING, Any

from engine.clock import iso
from state.queries import letters

if TYPE_CHECKING:
    from engine.app import App


def verify(app: App, pdf: bytes) -> dict[str, Any]:
    """What is known of a document. ``good``: it is unchanged by its signature, and no other than the one on record
    where there is one. Whether its certificate is to be trusted is not judged."""
    from channels.letter_seal import SealError, look

    digest = sha256(pdf).hexdigest()
    with app.store.read() as conn:
        known = letters.by_digest(conn, digest)
    try:
        seal, fault = look(pdf), ""
    except SealError as error:
        seal, fault = None, str(error)
    letter = known[0] if known else None
    unchanged = seal.unchanged if seal else None
    return {
        "format_version": 1,
        "sha256": digest,
        "good": unchanged is not False and (letter is not None or unchanged is True) and not fault,
        "on_record": letter
        and {"ref": letter["ref"], "state": letter["state"], "signed_by": letter["signed_by"]},
        "signature": seal
        and {
            "unchanged": seal.unchanged,
            "signer": seal.signer,
            "signed_at": iso(int(seal.signed_at.timestamp())) if seal.signed_at else None,
        },
        "said": fault or "; ".join([_of_signature(seal), _of_record(letter)]),
    }


def _of_signature(seal: Any) -> str:
    if seal is None:
        return "no cryptographic signature"
    if not seal.unchanged:
        return f"CHANGED since it was signed by the key of '{seal.signer}'"
    return f"unchanged since it was signed by the key of '{seal.signer}'"


def _of_record(letter: dict[str, Any] | None) -> str:
    if letter is None:
        return "no letter on record is this one, to the byte"
    return f"to the byte the letter {letter['ref']}, {letter['state']}"
