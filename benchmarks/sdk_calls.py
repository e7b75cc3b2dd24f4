"""P7: calls through a provider's SDK: ours on kept connections, against the SDK as it comes.

Both build the same request for each message, with the means they have, and hand it over loopback to the same server
in another process, plain and over TLS as in real life. Dispatch has as many messages under way as the adapter says it
can take; one at a time shows what a call costs by itself.
"""

from __future__ import annotations

import argparse
import json
import os
import tempfile
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from sendgrid import SendGridAPIClient
from sendgrid.helpers import mail as helpers
from twilio.http.http_client import TwilioHttpClient
from twilio.rest import Client

from benchmarks.harness import interleaved, tell, timed
from benchmarks.http_server import http_server
from channels import registry
from channels.base import Accepted, Adapter, Message
from channels.sendgrid_mail import Settings, payload
from channels.testing import email, sms
from tests.channels.doubles.twilio import ACCOUNT, SERVICE, TOKEN
from tests.channels.mail_server import certificate

Calls = Callable[[int], int]


def _email(n: int) -> Message:
    base = email(f"ref-{n}")
    return email(f"ref-{n}", text=base.text * 20, html=base.html * 20)


def _stock_mail(message: Message) -> helpers.Mail:
    """The same request by the SDK's own helpers."""
    mail = helpers.Mail(
        from_email=(message.sender, message.sender_name),
        subject=message.subject,
        plain_text_content=message.text,
        html_content=message.html,
    )
    to = helpers.Personalization()
    to.add_to(helpers.To(message.to, message.to_name))
    to.add_custom_arg(helpers.CustomArg("rekindle_ref", message.ref))
    mail.add_personalization(to)
    mail.reply_to = helpers.ReplyTo(message.reply_to)
    for name, value in message.headers.items():
        mail.add_header(helpers.Header(name, value))
    mail.add_category(helpers.Category(message.meta["campaign"]))
    mail.mail_settings = helpers.MailSettings(
        footer_settings=helpers.FooterSettings(enable=False), sandbox_mode=helpers.SandBoxMode(enable=False)
    )
    mail.tracking_settings = helpers.TrackingSettings(
        click_tracking=helpers.ClickTracking(enable=False, enable_text=False),
        open_tracking=helpers.OpenTracking(enable=False),
        subscription_tracking=helpers.SubscriptionTracking(enable=False),
        ganalytics=helpers.Ganalytics(enable=False),
    )
    return mail


def _stock_sendgrid(url: str) -> Calls:
    client = SendGridAPIClient("SG.bench", host=url)

    def calls(count: int) -> int:
        for n in range(count):
            assert client.send(_stock_mail(_email(n))).status_code == 202
        return count

    return calls


def _ours(adapter: Adapter, message: Callable[[int], Message]) -> Calls:
    def calls(count: int) -> int:
        for n in range(count):
            assert isinstance(adapter.send(message(n)), Accepted)
        return count

    return calls


def _in_flight(calls: Calls, threads: int) -> Calls:
    def shared(count: int) -> int:
        with ThreadPoolExecutor(threads) as pool:
            return sum(pool.map(calls, [count // threads] * threads))

    return shared


def _compare(
    provider: str,
    stock: Calls,
    adapter: Adapter,
    message: Callable[[int], Message],
    *,
    calls: int,
    rounds: int,
) -> None:
    ours, threads = _ours(adapter, message), adapter.capabilities.parallel
    in_flight = f"{threads} in flight"
    work = {"stock": stock, "one at a time": ours, in_flight: _in_flight(ours, threads)}
    for run in work.values():
        run(50)
    found = interleaved(
        rounds, {name: lambda run=run: timed(lambda: run(calls)) for name, run in work.items()}
    )
    for name in ("one at a time", in_flight):
        tell(f"P7 {provider}, {name}", found[name], found["stock"], goal="at least 3")


def sendgrid(calls: int, rounds: int, pem: str = "") -> None:
    assert _stock_mail(_email(1)).get() == payload(_email(1), Settings()), "the two must ask for the same"
    headers = {"Server": "nginx", "X-Message-Id": "14c5d75ce93.dfd.64b469"}
    with http_server("202 Accepted", headers, certificate=pem) as url:
        adapter = registry.build("sendgrid", {"api_key": "SG.bench", "host": url})
        title = "sendgrid over TLS" if pem else "sendgrid"
        _compare(title, _stock_sendgrid(url), adapter, _email, calls=calls, rounds=rounds)
        adapter.close()


class _ToLoopback(TwilioHttpClient):  # type: ignore[misc]  # the SDK has no types
    """The SDK's own client, its connections kept as it keeps them; it has no other way to be sent elsewhere."""

    def __init__(self, url: str) -> None:
        super().__init__()
        self._url = url

    def request(self, method: str, url: str, **rest: Any) -> Any:
        return super().request(method, url.replace("https://api.twilio.com", self._url), **rest)


def _stock_twilio(url: str) -> Calls:
    messages = Client(ACCOUNT, TOKEN, http_client=_ToLoopback(url)).messages

    def calls(count: int) -> int:
        for n in range(count):
            message = sms(f"ref-{n}")
            sent = messages.create(
                to=message.to,
                messaging_service_sid=SERVICE,
                body=message.text,
                status_callback=f"{_HOOK}?rekindle_ref={message.ref}",
                validity_period=3_600,
                smart_encoded=False,
            )
            assert sent.sid
        return count

    return calls


def twilio(calls: int, rounds: int, pem: str = "") -> None:
    if pem:
        os.environ["REQUESTS_CA_BUNDLE"] = pem  # what the SDK's own connections are made with
    headers = {"Content-Type": "application/json", "Twilio-Concurrent-Requests": "1"}
    with http_server("201 Created", headers, _TAKEN, certificate=pem) as url:
        who = {"account_sid": ACCOUNT, "auth_token": TOKEN, "messaging_service": SERVICE}
        adapter = registry.build("twilio", {**who, "status_callback": _HOOK, "host": url})
        title = "twilio over TLS" if pem else "twilio"
        _compare(title, _stock_twilio(url), adapter, lambda n: sms(f"ref-{n}"), calls=calls, rounds=rounds)
        adapter.close()


_HOOK = "https://go.acme.example/hooks/twilio"
#: what Twilio answers, whole
_TAKEN = json.dumps(
    {
        "account_sid": ACCOUNT, "api_version": "2010-04-01", "body": sms().text, "direction": "outbound-api",
        "date_created": "Mon, 02 Mar 2026 15:00:00 +0000", "date_sent": None,
        "date_updated": "Mon, 02 Mar 2026 15:00:00 +0000", "error_code": None, "error_message": None, "from": None,
        "messaging_service_sid": SERVICE, "num_media": "0", "num_segments": "0", "price": None, "price_unit": None,
        "sid": "SM" + "a1" * 16, "status": "accepted", "subresource_uris": {"media": "/2010-04-01/Media.json"},
        "to": sms().to, "uri": "/2010-04-01/Message.json",
    }
)  # fmt: skip

PROVIDERS = {"sendgrid": sendgrid, "twilio": twilio}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--calls", type=int, default=1_000)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--provider", choices=PROVIDERS, action="append")
    args = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="rekindle-bench-") as folder:
        file, _ = certificate(Path(folder))
        os.environ["SSL_CERT_FILE"] = str(file)  # both trust it
        for name in args.provider or PROVIDERS:
            PROVIDERS[name](args.calls, args.rounds, "")
            PROVIDERS[name](args.calls // 5, args.rounds, str(file))


if __name__ == "__main__":
    main()
