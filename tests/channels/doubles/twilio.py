"""Twilio on this machine: it takes POST Messages.json as the real one does, refuses what the real one refuses, keeps
what it took, and remembers who has opted out.
"""

from __future__ import annotations

import json
from base64 import b64encode
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from urllib.parse import parse_qs, parse_qsl, urlsplit

from channels.http_double import HttpDouble, Reply, Request, http_double
from tests.channels.doubles.twilio_rules import Form, faults

ACCOUNT = "AC" + "0123456789abcdef" * 2
TOKEN = "double-token-correct-horse-battery"
KEY, KEY_SECRET = "SK" + "ab" * 16, "double-secret-staple"
SERVICE = "MG" + "cd" * 16
PATH = f"/2010-04-01/Accounts/{ACCOUNT}/Messages.json"


@dataclass
class Twilio:
    """``messages`` is what it accepted, in order; ``faults`` every rule that a request broke."""

    messages: list[dict[str, str]] = field(default_factory=list)
    media: list[list[str]] = field(default_factory=list)
    faults: list[tuple[int, str]] = field(default_factory=list)
    opted_out: set[str] = field(default_factory=set)
    http: HttpDouble = field(init=False)

    @property
    def url(self) -> str:
        return self.http.url

    def refs(self) -> list[str]:
        """Our refs of what it accepted, in order."""
        return [ref(message) for message in self.messages]

    def answer(self, request: Request) -> Reply:
        if request.headers.get("authorization") not in _LOGINS:
            return refusal(401, 20003, "Authenticate")
        if (request.method, request.path) != ("POST", PATH):
            return refusal(404, 20404, f"The requested resource {request.path} was not found")
        if request.headers.get("content-type") != "application/x-www-form-urlencoded":
            return refusal(415, 20415, "Unsupported Media Type")
        form = parse_qs(
            request.body.decode("ascii"), keep_blank_values=True, strict_parsing=True, errors="strict"
        )
        if found := faults(form):
            self.faults += found
            return refusal(400, *found[0])
        if form["To"][0] in self.opted_out:
            return refusal(400, 21610, "Attempt to send to unsubscribed recipient")
        return self._take(form)

    def _take(self, form: Form) -> Reply:
        self.messages.append({name: values[0] for name, values in form.items()})
        self.media.append(form.get("MediaUrl", []))
        sid = f"{'MM' if 'MediaUrl' in form else 'SM'}{len(self.messages):032x}"
        said = {
            "sid": sid, "account_sid": ACCOUNT, "status": "accepted" if "MessagingServiceSid" in form else "queued",
            "to": form["To"][0], "body": form.get("Body", [""])[0], "error_code": None, "error_message": None,
            "date_created": "Mon, 02 Mar 2026 15:00:00 +0000", "num_segments": "1", "direction": "outbound-api",
        }  # fmt: skip
        return Reply(status=201, headers=_JSON, body=json.dumps(said).encode())


_JSON = {"Content-Type": "application/json"}
_LOGINS = {
    f"Basic {b64encode(login.encode()).decode()}" for login in (f"{ACCOUNT}:{TOKEN}", f"{KEY}:{KEY_SECRET}")
}


def ref(message: dict[str, str]) -> str:
    """Our ref, out of a message's status callback."""
    query = urlsplit(message["StatusCallback"]).query
    return dict(parse_qsl(query, keep_blank_values=True, strict_parsing=True))["rekindle_ref"]


def refusal(status: int, code: int, message: str, **headers: str) -> Reply:
    """An error in Twilio's form. ``headers``: underscores become hyphens."""
    said = {
        "code": code,
        "message": message,
        "more_info": f"https://www.twilio.com/docs/errors/{code}",
        "status": status,
    }
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return Reply(status=status, headers=_JSON | named, body=json.dumps(said).encode())


@contextmanager
def twilio() -> Iterator[Twilio]:
    """The double, listening at ``url``; ``http`` is told how to misbehave."""
    double = Twilio()
    with http_double(double.answer) as double.http:
        yield double
