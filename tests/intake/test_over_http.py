"""The whole way in: a signed call on the web service's port, and what stands when it is answered."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from urllib.parse import urlencode

import httpx
import orjson
import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from twilio.request_validator import RequestValidator

from channels import registry
from channels.sendgrid_events import SIGNATURE, TIMESTAMP, TOLERANCE
from engine.jobs import run_turn
from state.store import Store
from tests.engine.building import DAY, NOW
from tests.http.building import PUBLIC, Site, site
from tests.intake.building import addresses, rows, suppressions, touch

PRIVATE = ec.generate_private_key(ec.SECP256R1())
KEY = b64encode(PRIVATE.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)).decode()
TOKEN = "12345"


@pytest.fixture
def visited(store: Store, tmp_path: Path) -> Iterator[Site]:
    """A site whose e-mail is SendGrid's and whose texts are Twilio's."""
    with site(store, tmp_path) as visited:
        sms = {"account_sid": f"AC{'0' * 32}", "auth_token": TOKEN, "from": "+13125550100"}
        visited.desk.app.channels["email"] = registry.build(
            "sendgrid", {"api_key": "SG.x", "webhook_key": KEY}
        )
        visited.desk.app.channels["sms"] = registry.build("twilio", sms)
        yield visited


def told(client: httpx.Client, *events: dict[str, object], at: int = NOW, tampered: bytes = b"") -> int:
    body = orjson.dumps(events) + b"\r\n"
    signature = b64encode(PRIVATE.sign(str(at).encode() + body, ec.ECDSA(SHA256()))).decode()
    headers = {SIGNATURE: signature, TIMESTAMP: str(at)}
    return client.post("/webhooks/email", content=body + tampered, headers=headers).status_code


def texted(client: httpx.Client, words: str, *, signature: str | None = None) -> httpx.Response:
    pairs = {"MessageSid": "SM1", "From": "+13125550101", "To": "+13125550100", "Body": words}
    url = f"{PUBLIC}/webhooks/sms"
    signed = signature or str(RequestValidator(TOKEN).compute_signature(url, pairs))
    headers = {"X-Twilio-Signature": signed, "Content-Type": "application/x-www-form-urlencoded"}
    return client.post("/webhooks/sms", content=urlencode(pairs), headers=headers)


def test_a_stop_stands_when_the_call_is_answered(store: Store, visited: Site) -> None:
    answer = texted(visited.client, "STOP")
    assert (answer.status_code, answer.text) == (200, "<Response/>")
    assert answer.headers["content-type"].startswith("text/xml")
    assert suppressions(store) == {(1, "sms", "opt_out"), (1, "phone", "opt_out")}
    assert texted(visited.client, "STOP").status_code == 200
    assert len(rows(store)) == 1


def test_a_complaint_stands_before_the_next_tick(store: Store, visited: Site) -> None:
    [(ref,)] = visited.ask("SELECT ref FROM touch")
    event = {
        "event": "spamreport",
        "sg_event_id": "1",
        "rekindle_ref": ref,
        "email": "user-1@example.com",
        "timestamp": NOW,
    }
    assert told(visited.client, event) == 204
    assert suppressions(store) == {(1, "all", "complaint")}
    visited.clock.move_to(NOW + 3 * DAY)
    run_turn(visited.worker, visited.clock.now())
    assert visited.ask("SELECT step FROM touch WHERE state NOT IN ('cancelled', 'skipped')") == [("hello",)]


def test_what_is_tampered_with_or_stale_is_refused_and_what_is_replayed_changes_nothing(
    store: Store, visited: Site
) -> None:
    [(ref,)] = visited.ask("SELECT ref FROM touch")
    event = {"event": "delivered", "sg_event_id": "1", "rekindle_ref": ref, "timestamp": NOW}
    assert told(visited.client, event, tampered=b" ") == 403
    assert told(visited.client, event, at=NOW - TOLERANCE - 1) == 403
    assert texted(visited.client, "STOP", signature="nonsense").status_code == 403
    assert visited.client.post("/webhooks/email", content=b"[]").status_code == 403
    assert visited.client.get("/webhooks/sms").status_code == 403
    assert (rows(store), addresses(store)) == ([], set())
    assert [told(visited.client, event) for _ in range(3)] == [204, 204, 204]
    assert (touch(store), len(rows(store))) == ("delivered", 1)


def test_a_call_that_comes_many_times_at_once_is_taken_once(store: Store, visited: Site) -> None:
    [(ref,)] = visited.ask("SELECT ref FROM touch")
    call = [
        {
            "event": name,
            "sg_event_id": name,
            "rekindle_ref": ref,
            "email": "user-1@example.com",
            "timestamp": NOW,
        }
        for name in ("delivered", "spamreport")
    ]
    with ThreadPoolExecutor(8) as pool:
        assert set(pool.map(lambda _: told(visited.client, *call), range(24))) == {204}
    assert (touch(store), suppressions(store)) == ("delivered", {(1, "all", "complaint")})
    assert [row[0] for row in rows(store)] == ["delivered", "complained"]
    assert visited.ask("SELECT name, count(*) FROM event GROUP BY name ORDER BY name") == [
        ("complained", 1),
        ("delivered", 1),
    ]
