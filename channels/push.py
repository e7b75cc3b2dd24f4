"""Push messages over Apprise, which knows dozens of push services, each under one URL.

Apprise tells whether a service said yes. It does not tell what else it said, or whether it was reached at all: so
whatever is not a yes leaves the message in doubt.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Self
from urllib.parse import quote, urlsplit

from apprise import Apprise, AppriseAsset, NotifyBase, NotifyFormat, NotifyType, OverflowMode

from channels.base import Accepted, CannotTell, Capabilities, Lookup, Message, Outcome, Rejected, Unknown
from channels.endpoints import is_here
from channels.options import TIMEOUT, OptionError
from channels.quiet import quiet

if TYPE_CHECKING:
    from channels.registry import Host

#: services that carry a notification to one device, person or topic, in one request
SERVICES = frozenset(
    """bark barks fcm gorush gorushs gotify gotifys join json jsons ntfy ntfys onesignal pbul pover prowl pushdeer
    pushdeers pushed pushme pushy""".split()
)
#: services of which the same name with an s speaks TLS
_IN_THE_CLEAR = frozenset(name for name in SERVICES if f"{name}s" in SERVICES)
_PLACE = "{to}"
#: nothing that Apprise would take for two targets, a group, or a part of the URL
_TARGET = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.:~=-]{0,511}")
#: longer connects are not waited for
_TO_CONNECT = 10


class PushAdapter:
    """Hands each message to a push service, at the address that its URL has room for."""

    OPTIONS: Mapping[str, Any] = {
        "type": "object",
        "additionalProperties": False,
        "required": ["url"],
        "properties": {
            "url": {
                "type": "string",
                "minLength": 1,
                "description": "Apprise's URL of the service, {to} where the device or topic stands: {env: NAME}.",
            },
            "timeout": TIMEOUT,
        },
    }

    name = "push"
    capabilities = Capabilities(channels=frozenset({"push"}), parallel=8)

    def __init__(self, *, url: str, timeout: float = 30) -> None:
        self._url, self._timeout = _checked(url), timeout
        self._service(self._url.replace(_PLACE, "specimen"))  # refused here, or never

    def __repr__(self) -> str:
        return f"PushAdapter({urlsplit(self._url).scheme!r})"

    @classmethod
    def build(cls, options: Mapping[str, Any], host: Host) -> Self:
        return cls(**options)

    def send(self, message: Message) -> Outcome:
        if not _TARGET.fullmatch(message.to):
            return Rejected(reason="push: the address is no device or topic that a URL has room for")
        service = self._service(self._url.replace(_PLACE, quote(message.to, safe="")))
        title, text = _clean(message.subject), _clean(message.text)
        if fault := _unfit(message, service, title, text):
            return Rejected(reason=f"push: {fault}")
        try:
            with quiet():
                taken = service.notify(
                    body=text, title=title, notify_type=NotifyType.INFO, body_format=NotifyFormat.TEXT
                )
        except Exception as error:  # a plugin of Apprise's may raise anything
            return Unknown(reason=f"push: Apprise failed with {type(error).__name__}")
        if taken:
            return Accepted()
        return Unknown(reason="push: the service did not say yes, and Apprise does not tell why")

    def lookup(self, ref: str) -> Lookup:
        return CannotTell(reason="a push service cannot be asked by our ref")

    def close(self) -> None:
        pass  # each message has its own connection

    def _service(self, url: str) -> NotifyBase:
        """Apprise's plugin for one target, held to our rules whatever the URL's query says. Raises OptionError."""
        asset = AppriseAsset(async_mode=False, payload_max_size=0, http_redirects=False)
        try:
            with quiet():
                service = Apprise.instantiate(url, asset=asset)
        except Exception:  # what it says may hold the URL
            service = None
        if service is None:
            raise OptionError(
                "option 'url': Apprise cannot read it; see the service's page in Apprise's documentation"
            )
        service.redirects, service.verify_certificate = False, True
        service.socket_connect_timeout = min(self._timeout, _TO_CONNECT)
        service.socket_read_timeout = self._timeout
        service.overflow_mode = OverflowMode.UPSTREAM  # never in pieces, never cut
        return service


def _checked(url: str) -> str:
    """The URL. Raises OptionError, without a word of the URL."""
    scheme, found, _ = url.partition("://")
    if not found or scheme not in SERVICES:
        raise OptionError(
            f"option 'url': must begin with one of these and '://': {', '.join(sorted(SERVICES))}"
        )
    if url.count(_PLACE) != 1:
        raise OptionError("option 'url': {to} stands in it once, where the device or topic belongs")
    try:
        host = urlsplit(url).hostname or ""
    except ValueError:
        host = ""
    if scheme in _IN_THE_CLEAR and not is_here(host):
        raise OptionError(f"option 'url': {scheme}s://, or what is said would go over in the clear")
    return url


def _unfit(message: Message, service: NotifyBase, title: str, text: str) -> str:
    """Why the service cannot carry the message whole; empty where it can."""
    if message.media or message.html:
        return "no media and no HTML"
    if not text.strip() and not title.strip():
        return "a message without words"
    room = service.body_maxlen
    if service.title_maxlen:
        if len(title) > service.title_maxlen:
            return f"the subject has {len(title)} characters, and the service takes {service.title_maxlen}"
    else:
        room -= len(title) + 2  # it stands above the text
    return f"the text has {len(text)} characters, and the service takes {room}" if len(text) > room else ""


def _clean(text: str) -> str:
    return text.encode("utf-8", "replace").decode()
