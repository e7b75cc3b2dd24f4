"""The other side, in a process of its own that nobody kills: it writes down the ref of every message that it takes,
before it answers.

A line a message, in one write to a file that is opened for appending. What is written stays, whoever dies.
"""

from __future__ import annotations

import multiprocessing
import os
import re
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from email import message_from_bytes
from json import loads
from multiprocessing.connection import Connection
from multiprocessing.context import ForkServerContext
from pathlib import Path
from urllib.parse import parse_qs, parse_qsl, urlsplit

from channels.testing import Reply, Request, http_double
from tests.channels.doubles import sendgrid, twilio
from tests.channels.mail_server import Handler, mail_server

#: seconds until it answers, once it has written a message down: time to be killed in
ANSWERS_AFTER = 0.002

_REF = re.compile(r"<([^@>]+)@")


class Ledger:
    """What was taken, on the disk."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def take(self, ref: str) -> None:
        file = os.open(self.path, os.O_WRONLY | os.O_APPEND | os.O_CREAT)
        os.write(file, f"{ref}\n".encode())
        os.close(file)
        time.sleep(ANSWERS_AFTER)

    def refs(self) -> list[str]:
        return self.path.read_text().splitlines() if self.path.exists() else []

    def size(self) -> int:
        """So many were taken; refs are all of one length."""
        refs = self.refs()
        return len(refs)


class _MailServer(Handler):
    def __init__(self, ledger: Ledger) -> None:
        super().__init__()
        self._ledger = ledger

    async def handle_DATA(self, server, session, envelope) -> str:  # type: ignore[no-untyped-def]  # noqa: N802
        found = _REF.search(message_from_bytes(envelope.content)["Message-ID"])
        assert found, "an e-mail without its ref"
        self._ledger.take(found[1])
        return "250 2.0.0 Ok: queued as 4XyZ123"


def _smtp(ledger: Ledger, ready: Connection) -> None:
    with mail_server(_MailServer(ledger)) as port:
        ready.send(f"127.0.0.1:{port}")
        ready.recv()


def _http(
    answer: Callable[[Request], Reply], ref: Callable[[Request], str]
) -> Callable[[Ledger, Connection], None]:
    def serve(ledger: Ledger, ready: Connection) -> None:
        def taking(request: Request) -> Reply:
            reply = answer(request)
            if reply.status < 300:
                ledger.take(ref(request))
            return reply

        with http_double(taking) as double:
            ready.send(double.url)
            ready.recv()

    return serve


def _sendgrid_ref(request: Request) -> str:
    return str(loads(request.body)["personalizations"][0]["custom_args"]["rekindle_ref"])


def _twilio_ref(request: Request) -> str:
    form = parse_qs(request.body.decode())
    return dict(parse_qsl(urlsplit(form["StatusCallback"][0]).query))["rekindle_ref"]


@dataclass(frozen=True, kw_only=True)
class Provider:
    """One adapter that talks to a network: its channel, the other side, and the options that lead there."""

    channel: str
    serve: Callable[[Ledger, Connection], None]
    options: Callable[[str], Mapping[str, str]]


#: adapter -> the other side
PROVIDERS: Mapping[str, Provider] = {
    "smtp": Provider(
        channel="email",
        serve=_smtp,
        options=lambda at: {"host": at.split(":")[0], "port": at.split(":")[1], "security": "none"},
    ),
    "sendgrid": Provider(
        channel="email",
        serve=_http(lambda request: sendgrid.SendGrid().answer(request), _sendgrid_ref),
        options=lambda at: {"host": at, "api_key": "{env: DRILL_SECRET}"},
    ),
    "twilio": Provider(
        channel="sms",
        serve=_http(lambda request: twilio.Twilio().answer(request), _twilio_ref),
        options=lambda at: {
            "host": at,
            "account_sid": twilio.ACCOUNT,
            "auth_token": "{env: DRILL_SECRET}",
            "messaging_service": twilio.SERVICE,
            "status_callback": "https://go.small.example/webhooks/sms",
        },
    ),
    "webhook": Provider(
        channel="in_app",
        serve=_http(lambda request: Reply(status=200), lambda request: request.headers["webhook-id"]),
        options=lambda at: {"url": f"{at}/hooks", "secret": "{env: DRILL_SECRET}"},
    ),
}
#: what each provider asks for
SECRETS = {
    "smtp": "none",
    "sendgrid": sendgrid.KEY,
    "twilio": twilio.TOKEN,
    "webhook": "whsec_ZG91YmxlLWNvcnJlY3QtaG9yc2UtYmF0dGVyeQ==",
}


def _serve(adapter: str, ledger: Path, ready: Connection) -> None:
    PROVIDERS[adapter].serve(Ledger(ledger), ready)


def processes() -> ForkServerContext:
    """Where processes come from: a server that has imported everything, so that a start costs little."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["tests.kills.worker", "tests.kills.receivers", "engine.doubts_desk"])
    return context


@contextmanager
def receiver(adapter: str, ledger: Path) -> Iterator[str]:
    """Where the other side listens."""
    context = processes()
    near, far = context.Pipe()
    process = context.Process(target=_serve, args=(adapter, ledger, far), daemon=True)
    process.start()
    try:
        yield near.recv()
    finally:
        near.send(None)
        process.join(10)
        process.kill()
