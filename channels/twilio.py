"""SMS and MMS over Twilio's official SDK, on connections that are kept and never waited for without end."""

from __future__ import annotations

import logging
from base64 import b64encode
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any, NoReturn, Self
from urllib.parse import urlencode, urlsplit

from twilio.http.http_client import TwilioHttpClient
from twilio.rest import Client

from channels import twilio_events as events
from channels.base import (
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
from channels.events import Call, InboundMessage, NotGenuine, Reply, Taken
from channels.options import OptionError
from channels.pooled import Answer, Lost, NotSent, Pool
from channels.twilio_answers import outcome_of
from channels.twilio_message import Settings, is_public, parameters
from channels.twilio_options import OPTIONS

if TYPE_CHECKING:
    from channels.registry import Host

_LOGIN = ("account_sid", "auth_token", "api_key_sid", "api_key_secret")
_PLACE = ("region", "edge", "host", "timeout")
#: calls under way together: the pool is for threads, and so is the SDK as it is used here
_AT_A_TIME = 8


class TwilioAdapter:
    """Hands each text to Twilio. What becomes of it, Twilio's status callbacks tell under our ref."""

    OPTIONS = OPTIONS

    name = "twilio"
    #: ``webhooks`` too, where there is a status callback or a token to verify calls by
    capabilities = Capabilities(channels=frozenset({"sms"}), parallel=_AT_A_TIME)

    def __init__(
        self, *, account_sid: str, login: tuple[str, str], now: Callable[[], int], settings: Settings,
        region: str = "", edge: str = "", host: str = "", timeout: float = 30, auth_token: str = "",
    ) -> None:  # fmt: skip
        self._now, self._settings, self._auth_token = now, settings, auth_token
        self._pool = Pool(timeout)
        # the SDK fills in from the environment what it is not told, and takes an empty one for none given
        nowhere = {"TWILIO_REGION": region, "TWILIO_EDGE": edge}
        self._sdk = Client(
            *login,
            account_sid=account_sid,
            region=region,
            edge=edge,
            environment=nowhere,
            http_client=_PooledClient(self._pool, host.rstrip("/")),
        )
        if settings.status_callback or auth_token:
            self.capabilities = replace(self.capabilities, webhooks=True)

    def __repr__(self) -> str:
        return f"TwilioAdapter(account_sid={self._sdk.account_sid!r})"

    @classmethod
    def build(cls, options: Mapping[str, Any], host: Host) -> Self:
        rest = {name: value for name, value in options.items() if name not in (*_LOGIN, *_PLACE)}
        if ("messaging_service" in rest) == ("from" in rest):
            raise OptionError("options 'messaging_service' and 'from': exactly one of them says who sends")
        if not is_public(rest.get("status_callback", "https://acme.example/")):
            raise OptionError("option 'status_callback': must be a public https:// URL in ASCII, without '#'")
        if options.get("auth_token") and is_public(host.webhook):  # whoever hears it can verify it, too
            rest.setdefault("status_callback", host.webhook)
        rest["sender"] = rest.pop("from", "")
        place = {name: options[name] for name in _PLACE if name in options}
        return cls(
            account_sid=options["account_sid"],
            login=_login(options),
            auth_token=options.get("auth_token", ""),
            now=host.now,
            settings=Settings(**rest),
            **place,
        )

    def send(self, message: Message) -> Outcome:
        try:
            request = parameters(message, self._settings)
        except MessageError as error:
            return Rejected(reason=str(error))
        try:
            self._sdk.messages.create(**request)
        except _Answered as answered:
            return outcome_of(answered.answer, self._now())
        except NotSent as error:
            return Retry(reason=f"Twilio: {error}", after=600 if error.ours else 60, ours=error.ours)
        except Lost as error:
            return Unknown(reason=f"Twilio: {error}")
        raise AssertionError("the SDK's client raises every answer")

    def lookup(self, ref: str) -> Lookup:
        if self._settings.status_callback:
            return CannotTell(
                reason="Twilio cannot be asked by our ref; its status callbacks settle what is in doubt"
            )
        return CannotTell(reason="Twilio cannot be asked by our ref, and no status_callback is declared")

    def receive(self, call: Call) -> Taken:
        """A text to us, or what became of one of ours. Raises NotGenuine."""
        if not self._auth_token:
            raise NotGenuine("no auth_token is declared, so nothing can be verified")
        if call.method != "POST":
            raise NotGenuine("Twilio is to post what it tells")
        content_type = call.headers.get("content-type", events.FORM)
        signature = call.headers.get(events.SIGNATURE.lower(), "")
        events.verify(call.url, call.body, signature, self._auth_token, content_type=content_type)
        item = events.parse(call.url, call.body)
        return Taken(items=(item,), reply=_NO_WORDS if isinstance(item, InboundMessage) else Reply())

    def close(self) -> None:
        self._pool.close()


#: TwiML without a word: what is answered, and whether, is not Twilio's to send for us
_NO_WORDS = Reply(body=b"<Response/>", content_type="text/xml", status=200)


class _Answered(Exception):
    """Twilio's answer, on its way past the SDK: the SDK's own errors drop the headers, Retry-After among them, and it
    takes any 2xx and any JSON for a message."""

    def __init__(self, answer: Answer) -> None:
        super().__init__(answer.status_code)
        self.answer = answer


class _PooledClient(TwilioHttpClient):  # type: ignore[misc]  # the SDK has no types
    """The SDK's HTTP client on our connections. The SDK's own waits for ever and logs every URL at INFO."""

    def __init__(self, pool: Pool, host: str) -> None:
        super().__init__(pool_connections=False, logger=_SILENT)
        self._pool, self._host = pool, host

    def request(
        self, method: str, url: str, params: Any = None, data: Any = None, headers: Any = None, auth: Any = None,
        timeout: float | None = None, allow_redirects: bool = False,
    ) -> NoReturn:  # fmt: skip
        """One call. Raises _Answered, NotSent and Lost."""
        if self._host:
            url = f"{self._host}{urlsplit(url).path}"
        if params:
            url = f"{url}?{urlencode(params, doseq=True)}"
        login = b64encode(":".join(auth).encode()).decode()
        body = urlencode(data or {}, doseq=True).encode()
        raise _Answered(self._pool.request(method, url, {**headers, "Authorization": f"Basic {login}"}, body))


_SILENT = logging.Logger("twilio", logging.CRITICAL + 1)


def _login(options: Mapping[str, Any]) -> tuple[str, str]:
    """User and password of the API: the account's, or a key's. Raises OptionError."""
    if ("api_key_sid" in options) != ("api_key_secret" in options):
        raise OptionError("options 'api_key_sid' and 'api_key_secret' go together")
    if "auth_token" not in options and "api_key_sid" not in options:
        raise OptionError("options 'auth_token' and 'api_key_sid': one of them is the way in")
    by_key = "api_key_sid" in options  # the token then only verifies what Twilio tells
    names = ("api_key_sid", "api_key_secret") if by_key else ("account_sid", "auth_token")
    user, password = (str(options[name]) for name in names)
    if not password.isascii() or not password.isprintable() or " " in password:
        raise OptionError(
            f"option '{names[1]}': is no secret: it holds a blank, a line break or a strange sign"
        )
    return user, password
