"""The other side, in a process of its own that nobody kills: it writes down every message that it takes, before it
answers.

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
from json import dumps, loads
from multiprocessing.connection import Connection
from multiprocessing.context import ForkServerContext
from pathlib import Path
from urllib.parse import parse_qs, parse_qsl, urlsplit

from channels.events import Call, NotGenuine
from channels.standard_webhooks import Signatures
from channels.testing import Reply, Request, http_double
from tests.channels.doubles import sendgrid, twilio
from tests.channels.mail_server import Handler, mail_server

#: seconds until it answers, once it has written a message down: time to be killed in
ANSWERS_AFTER = 0.002

_WEBHOOK_SECRET = "whsec_ZG91YmxlLWNvcnJlY3QtaG9yc2UtYmF0dGVyeQ=="
_REF = re.compile(r"<([^@>]+)@")


class Ledger:
    """What was taken, on the disk."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def take(self, line: str) -> None:
        file = os.open(self.path, os.O_WRONLY | os.O_APPEND | os.O_CREAT)
        os.write(file, f"{line}\n".encode())
        os.close(file)
        time.sleep(ANSWERS_AFTER)

    def lines(self) -> list[str]:
        """What was taken, in the order in which it came."""
        return self.path.read_text().splitlines() if self.path.exists() else []

    def size(self) -> int:
        """So many were taken."""
        return len(self.lines())

    def wait_until_quiet(self) -> None:
        """Nothing is under way any more."""
        size = -1
        while size != (size := self.size()):
            time.sleep(0.02)


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
    answer: Callable[[Request], Reply], line: Callable[[Request], str]
) -> Callable[[Ledger, Connection], None]:
    def serve(ledger: Ledger, ready: Connection) -> None:
        def taking(request: Request) -> Reply:
            reply = answer(request)
            if reply.status < 300:
                ledger.take(line(request))
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


def _genuine(request: Request) -> Reply:
    """Takes what is signed; how old it is, by the daemon's clock, is not looked at."""
    at = int(request.headers["webhook-timestamp"])
    try:
        Signatures(_WEBHOOK_SECRET).genuine(
            Call(method="POST", url=request.path, headers=request.headers, body=request.body, now=at)
        )
    except NotGenuine:
        return Reply(status=401)
    return Reply()


def _pushed(request: Request) -> Reply:
    """Apprise's own form; the device is in the path."""
    return Reply(status=200 if request.method == "POST" and loads(request.body)["message"] else 400)


def _device(request: Request) -> str:
    return urlsplit(request.path).path.rpartition("/")[2]


def _change(request: Request) -> str:
    """A change of a list: its sequence, and the hashes of who is new and who leaves."""
    data = loads(request.body)["data"]
    said = {
        name: [f"{kind}:{digest}" for person in data[name] for kind in person for digest in person[kind]]
        for name in ("add", "remove")
    }
    return dumps({"sequence": data["sequence"], **said})


@dataclass(frozen=True, kw_only=True)
class Provider:
    """One adapter that talks to a network: its channel, the other side, and the options that lead there."""

    channel: str
    serve: Callable[[Ledger, Connection], None]
    options: Callable[[str], Mapping[str, str]]
    #: it hears what became of a message from the provider
    tells: bool = False
    #: the same ref twice reaches the person once: doubts are sent once more
    knows_again: bool = False
    #: what it writes down names the device of a person, and no ref
    by_device: bool = False


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
        tells=True,
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
        tells=True,
    ),
    "webhook": Provider(
        channel="in_app",
        serve=_http(_genuine, lambda request: request.headers["webhook-id"]),
        options=lambda at: {"url": f"{at}/hooks", "secret": "{env: DRILL_SECRET}", "deduplicates": "true"},
        knows_again=True,
    ),
    "push": Provider(
        channel="push",
        serve=_http(_pushed, _device),
        options=lambda at: {"url": "{env: DRILL_SECRET}"},
        by_device=True,
    ),
    "audience": Provider(
        channel="audience",
        serve=_http(_genuine, _change),
        options=lambda at: {"url": f"{at}/lists", "secret": "{env: DRILL_SECRET}"},
    ),
}
#: what each provider asks for, by where it listens
SECRETS: Mapping[str, Callable[[str], str]] = {
    "smtp": lambda at: "none",
    "sendgrid": lambda at: sendgrid.KEY,
    "twilio": lambda at: twilio.TOKEN,
    "webhook": lambda at: _WEBHOOK_SECRET,
    "push": lambda at: f"json://{urlsplit(at).netloc}/app-token/{{to}}",
    "audience": lambda at: _WEBHOOK_SECRET,
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
