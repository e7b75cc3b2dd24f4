"""E-mail over SMTP, on kept connections, signed where a key is given; what is not known is never claimed."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any, ClassVar, Self

from channels import mime
from channels.base import CannotTell, Capabilities, Lookup, Message, MessageError, Outcome, Rejected, Retry
from channels.dkim_signing import DkimSigner
from channels.options import OptionError
from channels.return_path import HEADER, ReturnPath
from channels.smtp_options import SMTP_OPTIONS
from channels.smtp_pool import Pool
from channels.smtp_session import Mail, Server

if TYPE_CHECKING:
    from channels.registry import Host

_PORTS = {"starttls": 587, "tls": 465, "none": 25}
_HERE = frozenset({"localhost", "127.0.0.1", "::1"})
#: seconds until another try at what a person has to mend first
_TO_MEND = 600


class SmtpAdapter:
    """Hands each e-mail to a mail server. Whether the server passed it on, SMTP cannot tell afterwards."""

    OPTIONS: ClassVar[Mapping[str, Any]] = SMTP_OPTIONS

    name = "smtp"
    capabilities = Capabilities(channels=frozenset({"email"}), attachments=True)

    def __init__(
        self,
        server: Server,
        *,
        now: Callable[[], int],
        connections: int = 4,
        mark: Callable[[str], str] | None = None,
        return_path: ReturnPath | None = None,
        signer: DkimSigner | None = None,
    ) -> None:
        """``mark``: a ref -> the mark that a bounce brings back, put into a header of every e-mail."""
        self._server, self._now = server, now
        self._mark, self._return_path, self._signer = mark, return_path, signer
        self._pool = Pool(server, connections)
        self.capabilities = replace(self.capabilities, parallel=connections)

    def __repr__(self) -> str:
        return f"SmtpAdapter(host={self._server.host!r}, port={self._server.port})"

    @classmethod
    def build(cls, options: Mapping[str, Any], host: Host) -> Self:
        signer = _signer(options)
        if signer and host.sender and not _is_aligned(signer, host.sender):
            raise OptionError(f"option 'dkim_domain': {_misfit(signer)}")
        return cls(
            _server(**{name: value for name, value in options.items() if name in _OF_SERVER}),
            now=host.now,
            connections=options["connections"],
            mark=host.mark_ref,
            return_path=_return_path(options.get("return_path"), host),
            signer=signer,
        )

    def send(self, message: Message) -> Outcome:
        if self._signer and not _is_aligned(self._signer, message.sender):
            return Retry(reason=_misfit(self._signer), after=_TO_MEND, ours=True)
        try:
            mail = self._mail(message)
        except MessageError as error:
            return Rejected(reason=str(error))
        return self._pool.send(mail)

    def lookup(self, ref: str) -> Lookup:
        return CannotTell(reason="a mail server cannot be asked what it accepted")

    def close(self) -> None:
        self._pool.close()

    def _mail(self, message: Message) -> Mail:
        """The e-mail as it goes over. Raises MessageError."""
        addresses = (message.sender, message.to, message.reply_to)
        utf8 = not all(address.rpartition("@")[0].isascii() for address in addresses)
        more = {HEADER: self._mark(message.ref)} if self._mark else {}
        data = mime.to_bytes(message, self._now(), utf8=utf8, more=more)
        if self._return_path:
            sender = self._return_path.of(message.ref)
        else:
            sender = mime.wire_address(message.sender, utf8=utf8)
        return Mail(
            sender=sender,
            to=mime.wire_address(message.to, utf8=utf8),
            data=self._signer.signed(data) if self._signer else data,
            utf8=utf8,
        )


_OF_SERVER = frozenset({"host", "port", "username", "password", "security", "timeout"})


def _server(
    *,
    host: str,
    port: int | None = None,
    username: str | None = None,
    password: str | None = None,
    security: str = "starttls",
    timeout: int = 30,
) -> Server:
    if (username is None) != (password is None):
        raise OptionError("options 'username' and 'password' go together")
    if password and security == "none" and host not in _HERE:
        raise OptionError("option 'security': 'none' would send the password in the clear")
    login = (username, password) if username and password else None
    return Server(host=host, port=port or _PORTS[security], security=security, timeout=timeout, login=login)


def _return_path(address: str | None, host: Host) -> ReturnPath | None:
    if address is None:
        return None
    if host.mark_ref is None:
        raise OptionError(
            "option 'return_path': the program around this adapter marks no refs, so none would come back"
        )
    return ReturnPath(address, host.mark_ref)


def _is_aligned(signer: DkimSigner, sender: str) -> bool:
    """Would DMARC count the signature for this sender? What is no address is refused elsewhere, in its own words."""
    try:
        return signer.fits(mime.wire_address(sender, utf8=True).rpartition("@")[2])
    except MessageError:
        return True


def _misfit(signer: DkimSigner) -> str:
    return (
        f"the sender's domain does not fit dkim_domain ({signer.domain}): one has to be the other, or stand below it; "
        "mend brand.from or the channel's options"
    )


def _signer(options: Mapping[str, Any]) -> DkimSigner | None:
    domain, selector, key = (options.get(f"dkim_{name}") for name in ("domain", "selector", "key"))
    if domain is None and selector is None and key is None:
        return None
    if domain is None or selector is None or key is None:
        raise OptionError("options 'dkim_domain', 'dkim_selector' and 'dkim_key' go together")
    return DkimSigner(domain=domain, selector=selector, key=key)
