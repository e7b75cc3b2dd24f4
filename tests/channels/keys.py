"""A key of our own making, for tests of signatures."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import BestAvailableEncryption, pkcs12
from cryptography.x509.oid import NameOID


def key_file(path: Path, passphrase: str, name: str = "Dana Reyes") -> bytes:
    """Write a PKCS#12 file with a key and a certificate that vouches for itself; its bytes."""
    key = ec.generate_private_key(ec.SECP256R1())
    who = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    usage = x509.KeyUsage(True, True, False, False, False, False, False, False, False)
    built = (
        x509.CertificateBuilder()
        .subject_name(who)
        .issuer_name(who)
        .public_key(key.public_key())
        .serial_number(1)
    )
    built = built.not_valid_before(datetime(2020, 1, 1, tzinfo=UTC)).not_valid_after(
        datetime(2099, 1, 1, tzinfo=UTC)
    )
    certificate = built.add_extension(usage, critical=True).sign(key, hashes.SHA256())
    sealed = BestAvailableEncryption(passphrase.encode())
    data = pkcs12.serialize_key_and_certificates(b"signer", key, certificate, None, sealed)
    path.write_bytes(data)
    return data
