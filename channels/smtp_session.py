"""One conversation with a mail server: connect, hand over e-mails, and say exactly what became of each.

Sender, recipient and DATA go over in one write where the server takes that (PIPELINING, RFC 2920), so that an
e-mail costs two round trips. Nothing is in doubt unless the body had begun to go over and no answer came.
"""

from __future__ import annotations

import re
import smtplib
import socket
import ssl
import time
from contextlib import suppress
from dataclasses import dataclass, field

from urllib3.util import wait_for_read

from channels.base import Accepted, Outcome, Rejected, Retry, Unknown
from channels.smtp_replies import Stage, outcome_of

_QUEUED_AS = re.compile(rb"queued(?: mail)?(?: as)?[: ]+([\w./-]{4,80})", re.IGNORECASE)
#: seconds after which an idle connection is not used again: servers close it after a few minutes, some sooner
_KEPT = 60
#: seconds to wait for the answer to a good-bye
_FAREWELL = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Server:
    """Where a mail server is and how it is spoken to. ``security``: starttls, tls or none."""

    host: str
    port: int
    security: str
    timeout: int
    login: tuple[str, str] | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Mail:
    """An e-mail in its envelope. ``data``: whole, its lines ended by CRLF; ``utf8``: only SMTPUTF8 carries it."""

    sender: str
    to: str
    data: bytes = field(repr=False)
    utf8: bool = False


class Session:
    """A connection and what may still be done with it. For one thread at a time."""

    def __init__(self, server: smtplib.SMTP) -> None:
        self._server = server
        self._pipelines = server.has_extn("pipelining")
        self._used = time.monotonic()
        #: the next e-mail may go over it
        self.usable = True
        #: the server had given it up before it answered anything about the last e-mail
        self.was_stale = False

    @classmethod
    def open(cls, server: Server, context: ssl.SSLContext | None, name: str | None = None) -> Session:
        """Connect, encrypt, log in. ``name``: how we introduce ourselves, else this machine's own.

        Raises OSError and smtplib.SMTPException; then nothing was sent.
        """
        if server.security == "tls":
            made: smtplib.SMTP = smtplib.SMTP_SSL(
                server.host, server.port, name, timeout=server.timeout, context=context
            )
        else:
            made = smtplib.SMTP(server.host, server.port, name, timeout=server.timeout)
        try:
            if made.sock is not None:  # what is written is whole: nothing is gained by holding it back
                made.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            if server.security == "starttls":
                made.starttls(context=context)
            if server.login:
                made.login(*server.login)
            made.ehlo_or_helo_if_needed()
        except BaseException:
            made.close()
            raise
        return cls(made)

    @property
    def name(self) -> str:
        """How we introduced ourselves."""
        return self._server.local_hostname

    def is_fit(self) -> bool:
        """May the next e-mail go over it? Not when the server has closed it or said good-bye meanwhile."""
        sock = self._server.sock
        idle = time.monotonic() - self._used
        return self.usable and sock is not None and idle < _KEPT and not wait_for_read(sock, timeout=0)

    def send(self, mail: Mail) -> Outcome:
        """Hand over one e-mail. Afterwards ``usable`` says whether another may follow."""
        self.was_stale = False
        if mail.utf8 and not self._server.has_extn("smtputf8"):
            return Rejected(
                reason="an address is not ASCII before the @, and the mail server takes no such one (no SMTPUTF8)"
            )
        try:
            refused = self._envelope(mail)
        except (OSError, smtplib.SMTPException) as error:
            self.drop()
            return not_connected(error)
        outcome = self._body(mail.data) if refused is None else refused
        self._used = time.monotonic()
        return outcome

    def quit(self) -> None:
        """Say good-bye and close; nobody waits long for the answer."""
        with suppress(OSError, smtplib.SMTPException):
            if self._server.sock is not None:
                self._server.sock.settimeout(_FAREWELL)
            self._server.quit()
        self.drop()

    def _envelope(self, mail: Mail) -> Outcome | None:
        """Sender, recipient and DATA, or how the server refused one of them. None: it waits for the body."""
        steps = self._commands(mail)
        if self._pipelines:
            self._write(b"".join(steps.values()))
        refused: Outcome | None = None
        self.was_stale = True  # until the first answer
        for stage, command in steps.items():
            if not self._pipelines:
                self._write(command)
            code, reply = self._server.getreply()
            self.was_stale = self.was_stale and code == 421
            if not _goes_on(stage, code):
                refused = refused or outcome_of(code, reply, stage)
            if refused and self._is_over(stage, code):
                return refused
        if refused:
            self._make_ready()
        return refused

    def _is_over(self, stage: Stage, code: int) -> bool:
        """After a refusal: is there nothing more to hear? Then the connection is good for the next, or given up."""
        if code == 421 or code < 200 or (stage is Stage.DATA and code < 400):
            # it closes, makes no sense, or waits for a body that nobody may get, and never sees an end of one
            self.drop()
        elif not self._pipelines:
            self._make_ready()
        return not self._pipelines or not self.usable

    def _commands(self, mail: Mail) -> dict[Stage, bytes]:
        told = [f"MAIL FROM:<{mail.sender}>"]
        if self._server.has_extn("size"):
            told.append(f"SIZE={len(mail.data)}")
        if mail.utf8:
            told += ["BODY=8BITMIME", "SMTPUTF8"]
        return {
            Stage.SENDER: f"{' '.join(told)}\r\n".encode(),
            Stage.RECIPIENT: f"RCPT TO:<{mail.to}>\r\n".encode(),
            Stage.DATA: b"DATA\r\n",
        }

    def _body(self, data: bytes) -> Outcome:
        """The body, and the answer to it. From here on only an answer is certain."""
        end = b".\r\n" if data.endswith(b"\r\n") else b"\r\n.\r\n"
        try:
            self._write(data.replace(b"\r\n.", b"\r\n..") + end)
            code, reply = self._server.getreply()
        except (OSError, smtplib.SMTPException) as error:
            self.drop()
            return Unknown(reason=f"the connection was lost while the message went over ({_kind(error)})")
        if code // 100 == 2:
            queued = _QUEUED_AS.search(reply)
            return Accepted(provider_id=queued[1].decode() if queued else "")
        if code // 100 in (4, 5):
            if code == 421:
                self.drop()
            return outcome_of(code, reply, Stage.DATA)
        self.drop()
        return Unknown(reason="the mail server's answer to the message makes no sense")

    def _write(self, data: bytes) -> None:
        sock = self._server.sock
        if sock is None:
            raise smtplib.SMTPServerDisconnected("not connected")
        sock.sendall(data)

    def _make_ready(self) -> None:
        """Forget the refused e-mail's envelope, or give the connection up."""
        try:
            if self._server.rset()[0] != 250:
                self.drop()
        except (OSError, smtplib.SMTPException):
            self.drop()

    def drop(self) -> None:
        """Close at once, without a word."""
        self.usable = False
        self._server.close()


def _goes_on(stage: Stage, code: int) -> bool:
    return code == 354 if stage is Stage.DATA else code // 100 == 2


def not_connected(error: Exception) -> Retry:
    """What a failure before any body went over means: nothing was sent."""
    wait = 600 if _to_mend(error) else 60
    return Retry(reason=_told(error), after=wait, ours=isinstance(error, _OURS))


#: a login, a certificate or an option: no e-mail goes before a person has mended it
_OURS = (smtplib.SMTPAuthenticationError, smtplib.SMTPNotSupportedError, ssl.SSLCertVerificationError)


def _to_mend(error: Exception) -> bool:
    """Will it rather take a person than a minute?"""
    lost = isinstance(error, smtplib.SMTPServerDisconnected)
    return isinstance(error, smtplib.SMTPException | ssl.SSLError) and not lost


def _told(error: Exception) -> str:
    match error:
        case smtplib.SMTPAuthenticationError():
            return f"the mail server refused the login ({error.smtp_code}): check username and password"
        case smtplib.SMTPNotSupportedError():
            return "the mail server does not offer what 'security' or the login asks for"
        case ssl.SSLCertVerificationError():
            return f"the mail server's certificate is not trusted: {error.verify_message}"
        case smtplib.SMTPResponseException():
            return f"the mail server answered {error.smtp_code} before any message"
    if _is_late(error):
        return "the mail server did not answer in time"
    return f"the mail server cannot be reached ({_kind(error)})"


def _is_late(error: Exception) -> bool:
    return isinstance(error, TimeoutError) or isinstance(error.__context__, TimeoutError)


def _kind(error: Exception) -> str:
    """The system's own words."""
    if _is_late(error):
        return "no answer in time"
    return (isinstance(error, OSError) and error.strerror) or type(error).__name__
