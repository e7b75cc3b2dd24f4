"""SendGrid on this machine: it takes POST /v3/mail/send as the real one does, and refuses what the real one refuses."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from channels.http_double import HttpDouble, Reply, Request, http_double
from tests.channels.doubles.sendgrid_rules import MAX_BYTES, faults

KEY = "SG.double-key.correct-horse-battery"


class SendGrid:
    """``mails`` is what it accepted, in order; ``faults`` every rule that a request broke."""

    def __init__(self) -> None:
        self.mails: list[dict[str, Any]] = []
        self.faults: list[tuple[str, str]] = []
        self.checked = 0
        self.http: HttpDouble

    @property
    def url(self) -> str:
        return self.http.url

    def refs(self) -> list[str]:
        """Our refs of what it accepted, in order."""
        return [mail["personalizations"][0]["custom_args"]["rekindle_ref"] for mail in self.mails]

    def answer(self, request: Request) -> Reply:
        if request.headers.get("authorization") != f"Bearer {KEY}":
            return refusal(401, "The provided authorization grant is invalid, expired, or revoked")
        if (request.method, request.path) != ("POST", "/v3/mail/send"):
            return refusal(404, "resource not found")
        if request.headers.get("content-type") != "application/json":
            return refusal(415, "Content-Type should be application/json.")
        if len(request.body) > MAX_BYTES:
            return refusal(413, "The e-mail is too large.")
        try:
            mail = json.loads(request.body)
        except ValueError:
            return self._bad([("", "Bad Request")])
        return self._bad(found) if (found := faults(mail)) else self._take(mail)

    def _bad(self, found: list[tuple[str, str]]) -> Reply:
        self.faults += found
        errors = [{"message": message, "field": field or None, "help": None} for field, message in found]
        return Reply(status=400, headers=_JSON, body=json.dumps({"errors": errors}).encode())

    def _take(self, mail: dict[str, Any]) -> Reply:
        self.checked += 1
        if mail.get("mail_settings", {}).get("sandbox_mode", {}).get("enable"):
            return Reply(status=200)
        self.mails.append(mail)
        return Reply(status=202, headers={"X-Message-Id": f"sg-{len(self.mails)}"})


_JSON = {"Content-Type": "application/json"}


def refusal(status: int, message: str, field: str | None = None, **headers: str) -> Reply:
    """An error in SendGrid's form. ``headers``: underscores become hyphens."""
    body = json.dumps({"errors": [{"message": message, "field": field, "help": None}]}).encode()
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return Reply(status=status, headers=_JSON | named, body=body)


@contextmanager
def sendgrid() -> Iterator[SendGrid]:
    """The double, listening at ``url``; ``http`` is told how to misbehave."""
    double = SendGrid()
    with http_double(double.answer) as double.http:
        yield double
