"""E-mail over SendGrid's official SDK, on connections that are kept and never waited for without end."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any, Self
from urllib.parse import urlsplit

import orjson
from python_http_client import Client
from sendgrid import SendGridAPIClient

from channels import sendgrid_events as events
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
from channels.endpoints import is_here
from channels.events import Call, NotGenuine, Taken
from channels.options import TIMEOUT, OptionError
from channels.pooled import Answer, Lost, NotSent, Pool
from channels.sendgrid_answers import outcome_of
from channels.sendgrid_mail import LONGEST_CATEGORY, MOST_CATEGORIES, Settings, is_category, payload

if TYPE_CHECKING:
    from channels.registry import Host

#: calls under way together: the pool is for threads, and so is the SDK as it is used here
_AT_A_TIME = 8
#: options that are not about what a mail says
_OWN = ("api_key", "host", "timeout", "webhook_key")
_FLAG = {"type": "boolean", "default": False}


class SendgridAdapter:
    """Hands each e-mail to SendGrid. What becomes of it, SendGrid's events tell under our ref."""

    OPTIONS: Mapping[str, Any] = {
        "type": "object",
        "additionalProperties": False,
        "required": ["api_key"],
        "properties": {
            "api_key": {
                "type": "string",
                "minLength": 1,
                "description": "A key with the right to send mail: {env: NAME}.",
            },
            "host": {
                "type": "string",
                "minLength": 1,
                "default": "https://api.sendgrid.com",
                "description": "https://api.eu.sendgrid.com for a subuser in the EU. Without TLS only this machine.",
            },
            "timeout": TIMEOUT,
            "categories": {
                "type": "string",
                "minLength": 1,
                "description": "Categories beside the campaign's name, with commas between them.",
            },
            "ip_pool": {
                "type": "string",
                "minLength": 2,
                "maxLength": 64,
                "description": "Name of the IP pool to send from.",
            },
            "webhook_key": {
                "type": "string",
                "minLength": 1,
                "description": "The verification key of the signed event webhook; it is public. Needed to be told.",
            },
            "sandbox": _FLAG | {"description": "SendGrid checks each e-mail, and sends none."},
            "track_opens": _FLAG | {"description": "Add a pixel. Opens prove little, and move nothing here."},
            "track_clicks": _FLAG | {"description": "Lead every link of the HTML over SendGrid."},
        },
    }

    name = "sendgrid"
    #: ``webhooks`` too, where there is a key to verify them by
    capabilities = Capabilities(channels=frozenset({"email"}), attachments=True, parallel=_AT_A_TIME)

    def __init__(
        self, *, api_key: str, host: str, now: Callable[[], int], settings: Settings, timeout: float = 30,
        webhook_key: str = "",
    ) -> None:  # fmt: skip
        if not api_key.isascii() or not api_key.isprintable() or " " in api_key:
            raise OptionError("option 'api_key': is no key: it holds a blank, a line break or a strange sign")
        if webhook_key and not events.is_key(webhook_key):
            raise OptionError("option 'webhook_key': is no verification key as SendGrid shows it")
        self._now, self._settings, self._webhook_key = now, settings, webhook_key
        self._pool = Pool(timeout)
        sdk = SendGridAPIClient(api_key=api_key, host=_base(host))
        sdk.client = _PooledClient(self._pool, sdk.client)
        self._sdk, self._host = sdk, sdk.host
        self.capabilities = replace(
            self.capabilities, webhooks=bool(webhook_key), delivers=not settings.sandbox
        )

    def __repr__(self) -> str:
        return f"SendgridAdapter(host={self._host!r})"

    @classmethod
    def build(cls, options: Mapping[str, Any], host: Host) -> Self:
        own = {name: options[name] for name in _OWN if name in options}
        settings = {name: value for name, value in options.items() if name not in own}
        settings["categories"] = _categories(options.get("categories", ""))
        return cls(now=host.now, settings=Settings(**settings), **own)

    def send(self, message: Message) -> Outcome:
        try:
            body = payload(message, self._settings)
        except MessageError as error:
            return Rejected(reason=str(error))
        try:
            answer: Answer = self._sdk.send(body)
        except NotSent as error:
            return Retry(reason=f"SendGrid: {error}", after=600 if error.ours else 60, ours=error.ours)
        except Lost as error:
            return Unknown(reason=f"SendGrid: {error}")
        return outcome_of(answer, self._now(), sandbox=self._settings.sandbox)

    def lookup(self, ref: str) -> Lookup:
        return CannotTell(reason="SendGrid cannot be asked by our ref; its events tell what became of it")

    def receive(self, call: Call) -> Taken:
        """The events of a signed call. Raises NotGenuine."""
        if not self._webhook_key:
            raise NotGenuine("no webhook_key is declared, so nothing can be verified")
        if call.method != "POST":
            raise NotGenuine("SendGrid posts its events")
        signature, timestamp = (call.headers.get(h.lower(), "") for h in (events.SIGNATURE, events.TIMESTAMP))
        events.verify(call.body, signature, timestamp, self._webhook_key, now=call.now)
        return Taken(items=events.parse(call.body))

    def close(self) -> None:
        self._pool.close()


class _PooledClient(Client):  # type: ignore[misc]  # the SDK's HTTP client has no types
    """The SDK's client on our connections: the same URLs and headers, every status an answer.

    The SDK's own connects anew for each call, waits for ever, and logs headers, the key among them, at DEBUG.
    """

    def __init__(self, pool: Pool, like: Client, name: str | None = None) -> None:
        path = [*like._url_path, name] if name else like._url_path
        super().__init__(like.host, like.request_headers, like._version, path, like.append_slash)
        self._pool = pool

    def _build_client(self, name: str | None = None) -> _PooledClient:
        return _PooledClient(self._pool, self, name)

    def __getattr__(self, name: str) -> Any:
        return partial(self._call, name.upper()) if name in self.methods else super().__getattr__(name)

    def _call(
        self, method: str, request_body: Any = None, query_params: Mapping[str, str] | None = None
    ) -> Answer:
        headers = {**self.request_headers, "Content-Type": "application/json"}
        body = None if request_body is None else orjson.dumps(request_body)
        return self._pool.request(method, self._build_url(query_params), headers, body)


def _base(host: str) -> str:
    """The address of the API without its last slash. Raises OptionError."""
    try:
        url = urlsplit(host)
        plain = f"{url.scheme}://{url.netloc}" == host.rstrip("/") and "@" not in url.netloc
        name, _ = url.hostname or "", url.port
    except ValueError:
        plain, name = False, ""
    if not (plain and re.fullmatch(r"[A-Za-z0-9.:-]+", name)):
        raise OptionError("option 'host': must be an address such as https://api.sendgrid.com, and no more")
    if url.scheme != "https" and not (url.scheme == "http" and is_here(name)):
        raise OptionError("option 'host': without https the key would go over in the clear")
    return host.rstrip("/")


def _categories(text: str) -> tuple[str, ...]:
    """The categories of the option. Raises OptionError."""
    found = tuple(dict.fromkeys(name.strip() for name in text.split(",") if name.strip()))
    if len(found) >= MOST_CATEGORIES:
        most = MOST_CATEGORIES - 1
        raise OptionError(f"option 'categories': at most {most}, for the campaign's name is the tenth")
    if not all(map(is_category, found)):
        raise OptionError(f"option 'categories': each in ASCII, at most {LONGEST_CATEGORY} characters long")
    return found
