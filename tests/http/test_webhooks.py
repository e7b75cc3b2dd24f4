"""Providers' calls: judged by the adapter over the public URL, taken once, refused in a way that they understand."""

from __future__ import annotations

import json
import sqlite3
from base64 import b64encode
from collections.abc import Iterator
from contextlib import closing, contextmanager

import httpx
import pytest
from sqlalchemy import create_engine, event
from sqlalchemy.pool import NullPool
from twilio.request_validator import RequestValidator

from channels import registry
from channels.events import Call, InboundMessage, NotGenuine, Reply, Taken
from channels.recording import RecordingAdapter
from channels.standard_webhooks import Signatures
from engine.http.door import LARGEST, LARGEST_FORM
from state.store import Store, parse_url
from state.testing import postgres_url
from tests.engine.building import NOW
from tests.http.building import PUBLIC, Site

SECRET = f"whsec_{b64encode(b'r' * 32).decode()}"


class Caller(RecordingAdapter):
    """A provider that signs nothing and remembers how it was told of: what no published adapter shows."""

    def __init__(self, taken: Taken | Exception) -> None:
        super().__init__()
        self._taken = taken
        self.calls: list[Call] = []

    def receive(self, call: Call) -> Taken:
        self.calls.append(call)
        if isinstance(self._taken, Exception):
            raise self._taken
        return self._taken


def answering(site: Site, taken: Taken | Exception) -> Caller:
    caller = Caller(taken)
    caller.capabilities = caller.capabilities.__class__(channels=frozenset({"sms"}), webhooks=True)
    site.desk.app.channels["sms"] = caller
    return caller


@pytest.fixture(name="told")
def told_(site: Site) -> bytes:
    """A receipt, from a server whose adapter the site has."""
    options = {"url": "http://127.0.0.1:9/", "secret": SECRET, "receipts_secret": SECRET}
    site.desk.app.channels["in_app"] = registry.build("webhook", options, registry.Host(now=site.clock.now))
    (token,) = site.tokens()
    data = {"ref": token.split(".")[0], "id": "m-1"}
    return json.dumps({"type": "message.delivered", "data": data}).encode()


def post(site: Site, body: bytes, *, at: int = NOW, name: str = "w-1") -> httpx.Response:
    headers = Signatures(SECRET).headers(name, at, body)
    return site.client.post("/webhooks/in_app", content=body, headers=headers)


def test_a_genuine_call_is_taken_once(told: bytes, site: Site) -> None:
    assert [post(site, told).status_code for _ in range(2)] == [204, 204]
    assert site.ask("SELECT source, channel, key, kind FROM received") == [
        ("channel:in_app", "in_app", "w-1", "delivered")
    ]


def test_a_tampered_a_stale_and_an_unsigned_one_are_not(told: bytes, site: Site) -> None:
    tampered = site.client.post(
        "/webhooks/in_app", content=told + b" ", headers=Signatures(SECRET).headers("w-1", NOW, told)
    )
    stale = post(site, told, at=NOW - 3_600)
    unsigned = site.client.post("/webhooks/in_app", content=told)
    assert [a.status_code for a in (tampered, stale, unsigned)] == [403, 403, 403]
    assert site.ask("SELECT * FROM received") == []


def test_a_channel_that_nobody_calls_back_for_is_not_there(site: Site) -> None:
    for channel in ("email", "nothing", "..%2Fx"):
        assert site.client.post(f"/webhooks/{channel}", content=b"{}").status_code == 404


def test_the_adapter_sees_the_call_as_the_provider_made_it(site: Site) -> None:
    caller = answering(site, Taken(reply=Reply(body=b"<Response/>", content_type="text/xml", status=200)))
    headers = {"X-Twice": "1", "Host": "evil.example", "X-Forwarded-Proto": "gopher"}
    answer = site.client.post("/webhooks/sms?a=%20b&c=", content=b"Body=Stop", headers=headers)
    assert (answer.status_code, answer.text, answer.headers["Content-Type"]) == (
        200,
        "<Response/>",
        "text/xml",
    )
    (call,) = caller.calls
    assert call.url == f"{PUBLIC}/webhooks/sms?a=%20b&c="
    assert (call.method, call.body, call.headers["x-twice"], call.now) == ("POST", b"Body=Stop", "1", NOW)
    assert site.client.get("/webhooks/sms").status_code == 200


def test_a_stop_that_comes_in_holds_before_the_provider_hears_of_it(site: Site) -> None:
    message = InboundMessage(id="SM1", raw="{}", sender="+13125550101", to="+13125550199", text="STOP")
    answering(site, Taken(items=(message,)))
    assert site.client.post("/webhooks/sms").status_code == 204
    assert ("sms", "opt_out") in site.ask("SELECT channel, reason FROM suppression")


def test_who_keeps_calling_falsely_has_to_wait(site: Site) -> None:
    answering(site, NotGenuine("no signature"))
    answers = [site.client.post("/webhooks/sms").status_code for _ in range(70)]
    assert answers[:60] == [403] * 60
    assert answers[-1] == 429
    assert int(site.client.post("/webhooks/sms").headers["Retry-After"]) > 0


def test_a_genuine_call_is_not_refused_for_what_strangers_do(told: bytes, site: Site) -> None:
    """Behind a proxy that nobody declared everybody is one client, and a provider does not tell of a STOP twice."""
    for n in range(70):
        site.client.get(f"/u/guess{n}")
    assert (
        site.client.post("/webhooks/in_app", content=told).status_code == 403
    )  # each has a budget of its own
    for _ in range(70):
        site.client.post("/webhooks/in_app", content=told)
    assert site.client.post("/webhooks/in_app", content=told).status_code == 429
    assert post(site, told).status_code == 204


def test_a_wrong_link_asks_no_store(site: Site) -> None:
    """Nobody without a link of ours waits for a lock, or has others wait."""
    with away(site.desk.app.store):
        for page in ("/u/guess", "/p/guess"):
            assert site.client.get(page).status_code == site.client.post(page).status_code == 404


def test_an_adapter_that_breaks_its_promise_is_our_fault_and_told_as_one(site: Site) -> None:
    answering(site, RuntimeError("sam@customer.example"))
    answer = site.client.post("/webhooks/sms")
    assert (answer.status_code, "sam" in answer.text) == (500, False)
    assert answer.headers["Cache-Control"] == "no-store"


def test_bodies_are_bounded_whether_or_not_their_length_is_told(site: Site) -> None:
    caller = answering(site, Taken())
    assert site.client.post("/webhooks/sms", content=b"x" * LARGEST).status_code == 204
    assert site.client.post("/webhooks/sms", content=b"x" * (LARGEST + 1)).status_code == 413
    pieces = (b"x" * 65_536 for _ in range(20))
    assert site.client.post("/webhooks/sms", content=pieces).status_code == 413
    assert len(caller.calls) == 1


def test_a_form_is_smaller_and_judged_by_its_link_first(site: Site) -> None:
    (token,) = site.tokens()
    form = {
        "content": b"&" * (LARGEST_FORM + 1),
        "headers": {"Content-Type": "application/x-www-form-urlencoded"},
    }
    for page in ("/u", "/p"):
        assert site.client.post(f"{page}/{token}", **form).status_code == 413  # type: ignore[arg-type]
        assert site.client.post(f"{page}/guess", **form).status_code == 404  # type: ignore[arg-type]
    assert site.ask("SELECT * FROM suppression") == []


def test_a_store_that_is_away_asks_to_be_tried_again(told: bytes, site: Site) -> None:
    (token,) = site.tokens()
    with away(site.desk.app.store):
        answer, page = post(site, told), site.client.post(f"/u/{token}")
    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "10")
    assert (page.status_code, page.headers["Retry-After"]) == (503, "10")
    assert "try again in a minute" in page.text
    assert post(site, told).status_code == 204
    assert site.client.post(f"/u/{token}").status_code == 200


@contextmanager
def away(store: Store) -> Iterator[None]:
    """SQLite: somebody else writes, for longer than we wait. PostgreSQL: it lets nobody in."""
    if store.dialect == "sqlite":
        event.listen(store.engine, "connect", lambda dbapi, _: dbapi.execute("PRAGMA busy_timeout=100"))
        store.engine.dispose()
        with closing(sqlite3.connect(str(store.path), isolation_level=None)) as other:
            other.execute("BEGIN IMMEDIATE")
            yield
            other.execute("ROLLBACK")
        return
    admin = create_engine(parse_url(postgres_url()), isolation_level="AUTOCOMMIT", poolclass=NullPool)
    name = store.url.database
    with admin.connect() as conn:
        conn.exec_driver_sql(f'ALTER DATABASE "{name}" WITH ALLOW_CONNECTIONS false')
        conn.exec_driver_sql(
            f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{name}'"
        )
        yield
        conn.exec_driver_sql(f'ALTER DATABASE "{name}" WITH ALLOW_CONNECTIONS true')


def test_a_text_that_twilio_signed_for_the_public_url_stops_texts(site: Site) -> None:
    """The real adapter: whatever the way to us is called, what Twilio signed is the address that it called."""
    options = {"account_sid": f"AC{'0' * 32}", "auth_token": "t" * 32, "from": "+13125550199",
               "status_callback": f"{PUBLIC}/webhooks/sms"}  # fmt: skip
    site.desk.app.channels["sms"] = registry.build("twilio", options, registry.Host(now=site.clock.now))
    form = {
        "MessageSid": f"SM{'1' * 32}",
        "From": "+13125550101",
        "To": "+13125550199",
        "Body": "Stop",
        "Empty": "",
    }
    signature = RequestValidator("t" * 32).compute_signature(f"{PUBLIC}/webhooks/sms?a=%20b", form)
    headers = {"X-Twilio-Signature": signature}
    assert site.client.post("/webhooks/sms", data=form, headers=headers).status_code == 403
    answer = site.client.post("/webhooks/sms?a=%20b", data=form, headers=headers)
    assert (answer.status_code, answer.text) == (200, "<Response/>")
    assert ("sms", "opt_out") in site.ask("SELECT channel, reason FROM suppression")
