"""A real SMTP server in this process, which misbehaves on request."""

from __future__ import annotations

import ssl
from asyncio import Server, Transport, sleep
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path
from typing import Any

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

PASSWORD = "correct horse battery"


@dataclass
class Handler:
    """What the server does. Every ``on_*`` is a list of answers, one a call; then it accepts.

    ``"drop"`` closes the connection instead of an answer.
    """

    mails: list[bytes] = field(default_factory=list)
    senders: list[str] = field(default_factory=list)
    recipients: list[str] = field(default_factory=list)
    connections: int = 0
    #: offer to take several commands in one write (RFC 2920)
    pipelining: bool = False
    #: seconds before each answer to a whole mail
    pause: float = 0
    on_mail: list[str] = field(default_factory=list)
    on_rcpt: list[str] = field(default_factory=list)
    on_data: list[str] = field(default_factory=list)

    async def handle_EHLO(  # noqa: N802
        self, server: SMTP, session: Session, envelope: Envelope, hostname: str, responses: list[str]
    ) -> list[str]:
        self.connections += 1
        session.host_name = hostname
        return [responses[0], *(["250-PIPELINING"] if self.pipelining else []), *responses[1:]]

    async def handle_MAIL(  # noqa: N802
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        envelope.mail_from = address
        return self._answer(server, self.on_mail)

    async def handle_RCPT(  # noqa: N802
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        answer = self._answer(server, self.on_rcpt)
        if answer.startswith("250"):
            envelope.rcpt_tos.append(address)
        return answer

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802
        await sleep(self.pause)
        answer = self._answer(server, self.on_data)
        if answer.startswith("250"):
            assert isinstance(envelope.content, bytes)
            self.mails.append(envelope.content)
            self.senders.append(str(envelope.mail_from))
            self.recipients.extend(map(str, envelope.rcpt_tos))
        return answer

    @staticmethod
    def _answer(server: SMTP, script: list[str]) -> str:
        answer = script.pop(0) if script else "250 2.0.0 Ok: queued as 4XyZ123"
        if answer == "drop":
            assert isinstance(server.transport, Transport)
            server.transport.abort()
        return answer


class _Controller(Controller):
    """On a port the system chose."""

    def _trigger_server(self) -> None:
        assert isinstance(self.server, Server)
        self.port = self.server.sockets[0].getsockname()[1]
        super()._trigger_server()  # type: ignore[no-untyped-call]


def _authenticate(
    server: SMTP, session: Session, envelope: Envelope, mechanism: str, data: Any
) -> AuthResult:
    good = isinstance(data, LoginPassword) and data.password == PASSWORD.encode()
    return AuthResult(success=good, handled=False)


@contextmanager
def mail_server(handler: Handler, *, tls: ssl.SSLContext | None = None, **options: Any) -> Iterator[int]:
    """The server's port on 127.0.0.1. ``tls``: offers STARTTLS with this certificate."""
    controller = _Controller(
        handler, hostname="127.0.0.1", port=0, tls_context=tls, authenticator=_authenticate,
        auth_require_tls=False, data_size_limit=20_000_000, **options,
    )  # fmt: skip
    controller.start()
    try:
        yield controller.port
    finally:
        controller.stop()


def certificate(folder: Path) -> tuple[Path, ssl.SSLContext]:
    """A certificate for 127.0.0.1 that nobody vouches for: its file, and a server's context with it."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "mail.example")])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    file = folder / "server.pem"
    file.write_bytes(
        made.public_bytes(serialization.Encoding.PEM)
        + key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
    )
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(file)
    return file, context
