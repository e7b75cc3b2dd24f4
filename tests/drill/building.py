"""A small project that hears by every way there is, served on a port of this machine, and the drill at it."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric import ec

from engine.app import App, environment_of
from engine.clock import SystemClock
from engine.compile import load_files
from engine.drill.calls import public
from engine.drill.run import drill
from engine.http.desk import Desk
from engine.http.server import Server
from state.store import Store
from tests.engine import building

PUBLIC = "https://go.small.example"
RECEIPTS = f"whsec_{b64encode(b'r' * 32).decode()}"

#: adapters that ring nowhere: nothing may be sent, and nothing answers there
NOWHERE = "http://127.0.0.1:9"

SENDGRID = (
    f"{{adapter: sendgrid, api_key: {{env: MAIL_KEY}}, host: '{NOWHERE}', webhook_key: {{env: EVENTS_KEY}}}}"
)
SMTP = "{adapter: smtp, host: 127.0.0.1, port: 9, security: none, return_path: bounces@go.example}"
TWILIO = (
    "{adapter: twilio, account_sid: {env: TWILIO_SID}, auth_token: {env: TWILIO_TOKEN}, from: '+13125550199',"
    f" host: '{NOWHERE}'}}"
)
WEBHOOK = (
    f"{{adapter: webhook, url: '{NOWHERE}/', secret: {{env: RECEIPTS}}, receipts_secret: {{env: RECEIPTS}}}}"
)
CHANNELS = {"email": SENDGRID, "sms": TWILIO, "in_app": WEBHOOK, "phone": "{adapter: task}"}

CAMPAIGN = """\
audience: {segment: churned}
goal: {event: purchase, within: 30d}
cadence:
  - step: hello
    at: 0d
    email: note
then: end
exit:
  - {event: replied, as: handed_over}
"""


def secrets(setenv: Any) -> None:
    """The environment variables that the project reads."""
    provider = ec.generate_private_key(ec.SECP256R1())
    for name, value in {
        "MAIL_KEY": "SG.secret", "EVENTS_KEY": public(provider), "TWILIO_SID": "AC" + "0" * 32,
        "TWILIO_TOKEN": "0" * 32, "RECEIPTS": RECEIPTS, "SIGNING_KEY": "a signing key", "DATABASE_URL": "unused",
    }.items():  # fmt: skip
        setenv(name, value)


def files(
    channels: dict[str, str], *, sends: bool = True, unsubscribe: str = f"{PUBLIC}/u"
) -> dict[str, str]:
    """The project's files: an environment ``live`` with these channels, and one campaign, by e-mail."""
    found = building.files({"back": CAMPAIGN})
    lines = "".join(f"      {name}: {adapter}\n" for name, adapter in channels.items())
    project = found["rekindle.yaml"].replace("https://go.small.example/u", unsubscribe)
    http = f"public_url: '{PUBLIC}', listen: '127.0.0.1:1', events: {{crm: {{secret: {{env: RECEIPTS}}}}}}"
    found["rekindle.yaml"] = (
        f"{project}environments:\n  live:\n    sends: {str(sends).lower()}\n    database: {{env: DATABASE_URL}}\n"
        f"    signing_key: {{env: SIGNING_KEY}}\n    http: {{{http}}}\n    channels:\n{lines}"
    )
    return found


def app_on(store: Store, texts: dict[str, str], root: Path) -> App:
    """The project in ``live``, by the machine's own time."""
    project = load_files(texts, root).require()
    return App(load_files(texts, root), project, environment_of(project, "live"), store, SystemClock())


@dataclass(frozen=True, slots=True)
class Range:
    """Where the drill is held: what serves, and the drill's own application."""

    app: App
    desk: Desk
    url: str

    def drill(self, **more: Any) -> dict[str, Any]:
        """Hold it."""
        return drill(self.app, self.url, **more)

    def ask(self, sql: str) -> list[tuple[Any, ...]]:
        """Rows of a query."""
        return building.ask(self.app.store, sql)


@contextmanager
def held(store: Store, texts: dict[str, str], root: Path) -> Iterator[Range]:
    """The project served, as ``rekindle serve`` does."""
    app = app_on(store, texts, root)
    served = app_on(Store.open(store.url.render_as_string(hide_password=False)), texts, root)
    served.build_channels()
    assert served.environment.http is not None
    desk = Desk(served, served.environment.http)
    server = Server(desk, port=0)
    server.start()
    try:
        yield Range(app, desk, f"http://{server.address}")
    finally:
        server.stop()
        app.channels.clear()
