"""A customer's own server on this machine, strict: it takes what is signed, fresh and of the documented form."""

from __future__ import annotations

import hmac
import json
from base64 import b64decode, b64encode
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any

from channels.testing import NOW, HttpDouble, Reply, Request, http_double

SECRET = "whsec_" + b64encode(b"double-correct-horse-battery").decode()
OLD_SECRET = "whsec_" + b64encode(b"double-before-it-was-changed").decode()
PATH = "/hooks/in-app/s3cr3t-path"


def signature(secret: str, name: str, at: str, body: bytes) -> str:
    """A signature of the specification's form, without the package that we sign with."""
    key = b64decode(secret.removeprefix("whsec_"))
    return b64encode(hmac.new(key, f"{name}.{at}.".encode() + body, sha256).digest()).decode()


@dataclass
class Receiver:
    """``calls`` is what it accepted, in order; ``faults`` whatever a request got wrong. With ``deduplicates`` a second
    call under one id is answered and not taken."""

    deduplicates: bool = False
    secret: str = SECRET
    calls: list[dict[str, Any]] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)
    seen: set[str] = field(default_factory=set)
    http: HttpDouble = field(init=False)

    @property
    def url(self) -> str:
        return f"{self.http.url}{PATH}"

    def answer(self, request: Request) -> Reply:
        if (request.method, request.path) != ("POST", PATH):
            return Reply(status=404)
        name, at = request.headers["webhook-id"], request.headers["webhook-timestamp"]
        given = request.headers["webhook-signature"].split(" ")
        if f"v1,{signature(self.secret, name, at, request.body)}" not in given:
            return Reply(status=401)
        if abs(int(at) - NOW) > 300 or request.headers["content-type"] != "application/json":
            self.faults.append("stale, or no JSON")
        call = json.loads(request.body)
        if set(call) != {"type", "timestamp", "data"} or call["data"]["ref"] != name:
            self.faults.append(f"malformed: {sorted(call)}")
        if not (self.deduplicates and name in self.seen):
            self.calls.append(call["data"])
        self.seen.add(name)
        return Reply(status=200, body=json.dumps({"id": f"hook-{name}"}).encode())


@contextmanager
def receiver(*, deduplicates: bool = False) -> Iterator[Receiver]:
    """The server, listening at ``url``; ``http`` is told how to misbehave."""
    double = Receiver(deduplicates=deduplicates)
    with http_double(double.answer) as double.http:
        yield double
