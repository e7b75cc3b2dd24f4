"""E-mail over SMTP: one connection, kept and renewed, and an outcome that never claims more than is known."""

from __future__ import annotations

import re
import smtplib
import ssl
from collections.abc import Callable, Mapping
from contextlib import suppress
from threading import Lock
from typing import TYPE_CHECKING, Any, Self

from channels import mime
from channels.base import (
    Accepted,
    CannotTell,
    Capabilities,
    Lookup,
    Message,
    MessageError,
    Outcome,
    Rejected,
    Retry,
    Unknown,
)
from channels.options import OptionError
from channels.smtp_replies import Stage, outcome_of

if TYPE_CHECKING:
    from channels.registry import Host

_PORTS = {"starttls": 587, "tls": 465, "none": 25}
_HERE = frozenset({"localhost", "127.0.0.1", "::1"})
_QUEUED_AS = re.compile(rb"queued(?: mail)?(?: as)?[: ]+([\w./-]{4,80})", re.IGNORECASE)


class SmtpAdapter:
    """Hands each e-mail to a mail server. Whether the server passed it on, SMTP cannot tell afterwards."""

    OPTIONS: Mapping[str, Any] = {
        "type": "object",
        "additionalProperties": False,
        "required": ["host"],
        "properties": {
            "host": {"type": "string", "minLength": 1, "description": "Name of the mail server."},
            "port": {
                "type": "integer",
                "minimum": 1,
                "maximum": 65_535,
                "description": "587 with starttls, 465 with tls, 25 with none, where not said.",
            },
            "username": {"type": "string", "minLength": 1, "description": "Login name, if the server asks."},
            "password": {"type": "string", "minLength": 1, "description": "Its password: {env: NAME}."},
            "security": {
                "type": "string",
                "enum": ["starttls", "tls", "none"],
                "default": "starttls",
                "description": "How the connection is encrypted. With none, only localhost gets a password.",
            },
            "timeout": {
                "type": "integer",
                "minimum": 1,
                "maximum": 600,
                "default": 30,
                "description": "Seconds to wait for the server, at each step.",
            },
        },
    }

    name = "smtp"
    capabilities = Capabilities(channels=frozenset({"email"}), attachments=True)

    def __init__(
        self,
        *,
        host: str,
        now: Callable[[], int],
        port: int | None = None,
        username: str | None = None,
        password: str | None = None,
        security: str = "starttls",
        timeout: int = 30,
    ) -> None:
        if (username is None) != (password is None):
            raise OptionError("options 'username' and 'password' go together")
        if password and security == "none" and host not in _HERE:
            raise OptionError("option 'security': 'none' would send the password in the clear")
        self._host, self._port = host, port or _PORTS[security]
        self._login = (username, password) if username and password else None
        self._security, self._timeout, self._now = security, timeout, now
        self._connection: smtplib.SMTP | None = None
        self._lock = Lock()

    def __repr__(self) -> str:
        return f"SmtpAdapter(host={self._host!r}, port={self._port})"

    @classmethod
    def build(cls, options: Mapping[str, Any], host: Host) -> Self:
        return cls(now=host.now, **options)

    def send(self, message: Message) -> Outcome:
        try:
            data = mime.to_bytes(message, self._now())
            sender, to = mime.wire_address(message.sender), mime.wire_address(message.to)
        except MessageError as error:
            return Rejected(reason=str(error))
        with self._lock:
            kept = self._connection is not None
            outcome = self._attempt(sender, to, data)
            if kept and self._connection is None and isinstance(outcome, Retry):
                outcome = self._attempt(sender, to, data)  # only the kept connection had gone stale
            return outcome

    def lookup(self, ref: str) -> Lookup:
        return CannotTell(reason="a mail server cannot be asked what it accepted")

    def close(self) -> None:
        with self._lock:
            if self._connection is not None:
                with suppress(OSError, smtplib.SMTPException):
                    self._connection.quit()
            self._drop()

    def _attempt(self, sender: str, to: str, data: bytes) -> Outcome:
        """One try. Nothing can have been sent before DATA began; from then on only an answer is certain."""
        try:
            server = self._connection = self._connection or self._connect()
            refused = self._envelope(server, sender, to)
        except (OSError, smtplib.SMTPException) as error:
            self._drop()
            return Retry(reason=_not_connected(error), after=_wait(error))
        if refused is not None:
            return refused
        try:
            code, reply = server.data(data)
        except smtplib.SMTPDataError as error:
            return self._refused(server, error.smtp_code, error.smtp_error, Stage.DATA)
        except (OSError, smtplib.SMTPException) as error:
            self._drop()
            return Unknown(reason=f"the connection was lost while the message went over ({_kind(error)})")
        if code // 100 == 2:
            queued = _QUEUED_AS.search(reply)
            return Accepted(provider_id=queued[1].decode() if queued else "")
        if code // 100 in (4, 5):
            return self._refused(server, code, reply, Stage.DATA)
        self._drop()
        return Unknown(reason="the mail server's answer to the message makes no sense")

    def _envelope(self, server: smtplib.SMTP, sender: str, to: str) -> Outcome | None:
        """Sender and recipient, or how the server refused one of them."""
        code, reply = server.mail(sender)
        if code // 100 != 2:
            return self._refused(server, code, reply, Stage.SENDER)
        code, reply = server.rcpt(to)
        return None if code // 100 == 2 else self._refused(server, code, reply, Stage.RECIPIENT)

    def _refused(self, server: smtplib.SMTP, code: int, reply: bytes | str, stage: Stage) -> Outcome:
        """The outcome of a refusal; the connection is made ready for the next message, or given up."""
        try:
            if code == 421 or server.rset()[0] != 250:
                self._drop()
        except (OSError, smtplib.SMTPException):
            self._drop()
        return outcome_of(code, reply, stage)

    def _connect(self) -> smtplib.SMTP:
        if self._security == "tls":
            context = ssl.create_default_context()
            server: smtplib.SMTP = smtplib.SMTP_SSL(
                self._host, self._port, timeout=self._timeout, context=context
            )
        else:
            server = smtplib.SMTP(self._host, self._port, timeout=self._timeout)
        try:
            if self._security == "starttls":
                server.starttls(context=ssl.create_default_context())
            if self._login:
                server.login(*self._login)
            server.ehlo_or_helo_if_needed()
        except BaseException:
            server.close()
            raise
        return server

    def _drop(self) -> None:
        server, self._connection = self._connection, None
        if server is not None:
            server.close()


def _wait(error: Exception) -> int:
    """Seconds to the next try: a login or a certificate takes a person to mend."""
    lost = isinstance(error, smtplib.SMTPServerDisconnected)
    return 600 if isinstance(error, smtplib.SMTPException | ssl.SSLError) and not lost else 60


def _not_connected(error: Exception) -> str:
    match error:
        case smtplib.SMTPAuthenticationError():
            return f"the mail server refused the login ({error.smtp_code}): check username and password"
        case smtplib.SMTPNotSupportedError():
            return "the mail server does not offer what 'security' or the login asks for"
        case ssl.SSLCertVerificationError():
            return f"the mail server's certificate is not trusted: {error.verify_message}"
        case smtplib.SMTPResponseException():
            return f"the mail server answered {error.smtp_code} before any message"
    if isinstance(error, TimeoutError) or isinstance(error.__context__, TimeoutError):
        return "the mail server did not answer in time"
    return f"the mail server cannot be reached ({_kind(error)})"


def _kind(error: Exception) -> str:
    return (isinstance(error, OSError) and error.strerror) or type(error).__name__
