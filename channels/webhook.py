"""Messages for the inside of a product, and push messages, handed to a server of the customer's own."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Self

from channels.base import (
    CannotTell,
    Capabilities,
    Lookup,
    Message,
    Outcome,
    Rejected,
    Retry,
    Unknown,
)
from channels.endpoints import endpoint, origin
from channels.events import Call, NotGenuine, Taken
from channels.options import TIMEOUT
from channels.pooled import Lost, NotSent, Pool
from channels.standard_webhooks import Signatures
from channels.webhook_calls import body_of, event_of, outcome_of

if TYPE_CHECKING:
    from channels.registry import Host

_REF = re.compile(r"[A-Za-z0-9_-]{1,200}")


class WebhookAdapter:
    """Posts each message as JSON, signed by Standard Webhooks, with our ref as its id."""

    OPTIONS: Mapping[str, Any] = {
        "type": "object",
        "additionalProperties": False,
        "required": ["url", "secret"],
        "properties": {
            "url": {
                "type": "string",
                "minLength": 1,
                "description": "Where messages are posted. Without TLS only this machine.",
            },
            "secret": {
                "type": "string",
                "minLength": 1,
                "description": "What signs them: {env: NAME}. Several, with blanks between, while one follows another.",
            },
            "deduplicates": {
                "type": "boolean",
                "default": False,
                "description": "The server shows a message once, however often one webhook-id comes.",
            },
            "receipts_secret": {
                "type": "string",
                "minLength": 1,
                "description": "What signs the server's own calls, which tell what became of a message: {env: NAME}.",
            },
            "timeout": TIMEOUT,
        },
    }

    name = "webhook"
    #: ``idempotent`` and ``webhooks`` too, where the options say so
    capabilities = Capabilities(channels=frozenset({"in_app", "push"}), parallel=8)

    def __init__(
        self, *, url: str, secret: str, now: Callable[[], int], deduplicates: bool = False,
        receipts_secret: str = "", timeout: float = 30,
    ) -> None:  # fmt: skip
        self._url, self._now = endpoint(url), now
        self._signatures = Signatures(secret)
        self._receipts = Signatures(receipts_secret, "receipts_secret") if receipts_secret else None
        self._pool = Pool(timeout)
        self.capabilities = replace(
            self.capabilities, idempotent=deduplicates, webhooks=self._receipts is not None
        )

    def __repr__(self) -> str:
        return f"WebhookAdapter({origin(self._url)!r})"

    @classmethod
    def build(cls, options: Mapping[str, Any], host: Host) -> Self:
        return cls(now=host.now, **options)

    def send(self, message: Message) -> Outcome:
        if not _REF.fullmatch(message.ref):
            return Rejected(reason="webhook: the message's ref is no possible webhook-id")
        now = self._now()
        body = body_of(message, now)
        headers = {"Content-Type": "application/json", **self._signatures.headers(message.ref, now, body)}
        try:
            answer = self._pool.request("POST", self._url, headers, body)
        except NotSent as error:
            return Retry(reason=f"webhook: {error}", after=600 if error.ours else 60)
        except Lost as error:
            return Unknown(reason=f"webhook: {error}")
        return outcome_of(answer, self._now())

    def lookup(self, ref: str) -> Lookup:
        return CannotTell(reason="a webhook cannot be asked what it took")

    def receive(self, call: Call) -> Taken:
        """What the server tells of a message. Raises NotGenuine."""
        if self._receipts is None:
            raise NotGenuine("no receipts_secret is declared")
        return Taken(items=(event_of(self._receipts.genuine(call), call),))

    def close(self) -> None:
        self._pool.close()
