"""Events that a CRM or the product tells, over HTTP and signed."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import httpx
import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from channels.standard_webhooks import Signatures
from engine.errors import ConfigurationError
from engine.http.server import Server
from engine.intake_again import KEPT_OPEN, place_open
from engine.told_events import MOST, NotEvents, Refused, Told, judged, read
from state.store import Store
from tests.engine.building import NOW, add_person, ask, open_files
from tests.http import building
from tests.http.building import desk_on

SECRET = f"whsec_{b64encode(b'a secret of thirty-two bytes, ok').decode()}"
WAITS = """\
audience: {segment: churned}
cadence:
  - {step: hello, at: 0d, email: note}
then: {park: 90d}
triggers:
  - trigger: shipped
    event: feature_shipped
    cadence:
      - {step: news, at: 0d, email: note}
exit:
  - {event: purchase, as: won_back}
"""
URL = "/events/crm"


@pytest.fixture
def client(store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[httpx.Client]:
    """The web service of a project with three people."""
    monkeypatch.setenv("CRM_SECRET", SECRET)
    files = building.texts(back=WAITS)
    files["rekindle.yaml"] += "  events: {crm: {secret: {env: CRM_SECRET}}}\n"
    app = open_files(store, files, tmp_path)
    for identity in (1, 2, 3):
        add_person(store, identity, phone="+13125550199" if identity > 1 else "+13125550101")
    desk = desk_on(Store.open(store.url.render_as_string(hide_password=False)), files, tmp_path, app.clock)
    server = Server(desk, port=0)
    server.start()
    with httpx.Client(base_url=f"http://{server.address}", timeout=30) as client:
        client.app = app  # type: ignore[attr-defined]
        yield client
    server.stop()


def post(
    client: httpx.Client, body: Any, *, at: int = NOW, url: str = URL, secret: str = SECRET, **headers: str
) -> httpx.Response:
    content = body if isinstance(body, bytes) else orjson.dumps(body)
    signed = Signatures(secret).headers("msg_1", at, content)
    return client.post(
        url, content=content, headers={**signed, "content-type": "application/json", **headers}
    )


def one(key: str = "e1", name: str = "purchase", **changes: Any) -> dict[str, Any]:
    return {"id": key, "name": name, "person": {"email": "User-1@example.com"}, **changes}


def events(store: Store) -> list[tuple[Any, ...]]:
    return ask(
        store, "SELECT identity_id, name, at FROM event WHERE identity_id > 0 ORDER BY identity_id, name"
    )


def test_an_event_is_recorded_once_and_heard(store: Store, client: httpx.Client) -> None:
    answer = post(client, one(data={"value": 90}))
    assert (answer.status_code, answer.json()) == (
        200,
        {"results": [{"id": "e1", "status": "recorded", "heard": True}]},
    )
    assert post(client, one()).json() == {"results": [{"id": "e1", "status": "known"}]}
    assert events(store) == [(1, "purchase", NOW)]


def test_each_event_of_a_batch_has_its_answer(store: Store, client: httpx.Client) -> None:
    batch = [
        one("a", person={"phone": "(312) 555-0101"}, at="2026-03-01T00:00:00Z"), one("a"),
        one("b", person={"email": "x"}),
        one("c", person={"id": "nobody's"}), one("d", person={"phone": "+13125550199"}), one("e", "whim"), "no event",
        one("f", at=NOW + 3_600), one("g", extra=1), one("h", data={"a": {"b": 1}}), {"name": "x", "person": None},
        one("i", "unsubscribed", data={"channel": "sms"}),
    ]  # fmt: skip
    found = post(client, {"events": batch}).json()["results"]
    assert [(r["id"], r["status"]) for r in found] == [
        ("a", "recorded"), ("a", "known"), ("b", "refused"), ("c", "unplaced"), ("d", "unplaced"), ("e", "recorded"),
        (None, "refused"), ("f", "refused"), ("g", "refused"), ("h", "refused"), (None, "refused"), ("i", "recorded"),
    ]  # fmt: skip
    assert {r["id"]: r["heard"] for r in found if "heard" in r} == {
        "a": True,
        "c": True,
        "d": True,
        "e": False,
        "i": True,
    }
    assert ask(store, "SELECT channel, reason FROM suppression ORDER BY channel") == [
        ("phone", "opt_out"),
        ("sms", "opt_out"),
    ]


def refusing(key: str, who: dict[str, str], name: str = "unsubscribed", **data: Any) -> dict[str, Any]:
    return {"id": key, "name": name, "person": who, "data": data}


def suppressed(store: Store) -> tuple[list[Any], list[Any]]:
    """Of people, and of addresses."""
    return (
        ask(store, "SELECT identity_id, channel, reason FROM suppression ORDER BY identity_id, channel"),
        ask(store, "SELECT address, channel, reason FROM address_suppression ORDER BY address, channel"),
    )


def test_a_no_by_a_number_that_several_share_holds_for_each(store: Store, client: httpx.Client) -> None:
    shared = {"phone": "+13125550199"}
    batch = [refusing("a", shared, channel="sms"), refusing("b", shared, "purchase")]
    found = post(client, {"events": batch}).json()["results"]
    each = "several people go by that: it holds for each of them"
    assert [(r["status"], r["because"]) for r in found] == [
        ("recorded", each),
        ("unplaced", "several people go by that"),
    ]
    assert suppressed(store) == (
        [(who, channel, "opt_out") for who in (2, 3) for channel in ("phone", "sms")],
        [("+13125550199", channel, "opt_out") for channel in ("phone", "sms")],
    )
    assert [row[:2] for row in events(store)] == [(2, "unsubscribed"), (3, "unsubscribed")]
    assert post(client, batch[0]).json()["results"][0]["status"] == "known"


def test_a_no_by_an_address_that_nobody_has_suppresses_it(store: Store, client: httpx.Client) -> None:
    batch = [
        refusing("a", {"email": "Nobody@unknown.example"}, "complained"),
        refusing("b", {"phone": "+13125550177"}),
        refusing("c", {"email": "other@unknown.example"}, "replied", text="Please unsubscribe me", channel="email"),
        refusing("d", {"id": "nobody's"}),
    ]  # fmt: skip
    found = post(client, {"events": batch}).json()["results"]
    bound = "nobody has the address: it is suppressed"
    assert [(r["status"], r["because"]) for r in found] == [
        ("recorded", bound), ("recorded", bound), ("recorded", bound), ("unplaced", "nobody goes by that"),
    ]  # fmt: skip
    assert suppressed(store) == ([], [
        ("+13125550177", "all", "opt_out"), ("nobody@unknown.example", "all", "complaint"),
        ("other@unknown.example", "email", "opt_out"),
    ])  # fmt: skip
    assert ask(store, "SELECT state, reason FROM received WHERE key = 'a'") == [("applied", bound)]


def test_a_no_by_a_number_that_names_no_channel_means_every_one(store: Store, client: httpx.Client) -> None:
    post(client, refusing("a", {"phone": "+13125550101"}))
    assert suppressed(store)[0] == [(1, "all", "opt_out")]


def test_an_event_for_everyone_reaches_all_who_wait(store: Store, client: httpx.Client) -> None:
    from engine.jobs import run_refresh, run_turn

    app = client.app  # type: ignore[attr-defined]
    with store.begin() as conn:
        conn.exec_driver_sql(
            f"UPDATE person SET churned_at = {NOW - 100 * building.building.DAY} WHERE identity_id < 3"
        )
    run_refresh(app, NOW)
    run_turn(app, NOW)
    assert post(client, one("s", "feature_shipped", person=None)).json()["results"][0]["status"] == "recorded"
    assert [row[:2] for row in events(store)] == [(1, "feature_shipped"), (2, "feature_shipped")]
    assert ask(store, "SELECT state FROM received") == [("applied",)]
    assert post(client, one("s", "feature_shipped", person=None)).json()["results"][0]["status"] == "known"


def test_what_nobody_goes_by_waits_for_its_person(store: Store, client: httpx.Client) -> None:
    app = client.app  # type: ignore[attr-defined]
    post(
        client,
        {"events": [one("n", person={"email": "new@customer.example"}), one("o", person={"id": "C-9"})]},
    )
    add_person(store, 9, email="new@customer.example", email_key="new@customer.example")
    assert place_open(app, NOW + 600) == {"applied": 1}
    assert events(store) == [(9, "purchase", NOW)]
    place_open(app, NOW + KEPT_OPEN + 1)
    assert ask(store, "SELECT key, state, reason, said FROM received ORDER BY key") == [
        ("n", "applied", None, None), ("o", "ignored", "nobody goes by that", None)]  # fmt: skip


def test_what_is_not_signed_as_declared_is_refused(store: Store, client: httpx.Client) -> None:
    other = f"whsec_{b64encode(b'another secret of 32 bytes, ok!!').decode()}"
    tampered = Signatures(SECRET).headers("msg_1", NOW, orjson.dumps(one("x")))
    answers = [
        post(client, one(), secret=other),
        post(client, one(), at=NOW - 301),
        post(client, one(), at=NOW + 301),
        post(client, one(), **{"webhook-id": "msg_2"}),
        post(client, one(), **{"webhook-timestamp": "soon"}),
        client.post(URL, content=orjson.dumps(one()), headers=tampered),
        client.post(URL, json=one()),
    ]
    assert [a.status_code for a in answers] == [403] * 7
    assert ask(store, "SELECT count(*) FROM received") == [(0,)]
    assert post(client, one(), url="/events/other").status_code == 404


def test_a_signed_call_is_not_refused_for_what_strangers_do(client: httpx.Client) -> None:
    answers = [client.post(URL, json=one()).status_code for _ in range(70)]
    assert answers[:60] == [403] * 60
    assert answers[-1] == 429
    assert post(client, one()).json()["results"][0]["status"] == "recorded"


def test_a_body_without_events_is_a_400(client: httpx.Client) -> None:
    bodies = (b"", b"{", b"[]", b'"x"', b'{"events": {}}', b'{"events": [], "more": 1}')
    assert {post(client, body).status_code for body in bodies} == {400}


def test_too_many_are_refused() -> None:
    with pytest.raises(NotEvents, match="at most"):
        read(orjson.dumps({"events": [1] * (MOST + 1)}))


def test_a_secret_that_is_none_stops_the_service(
    store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CRM_SECRET", "hunter2")
    files = building.texts(back=WAITS)
    files["rekindle.yaml"] += "  events: {crm: {secret: {env: CRM_SECRET}}}\n"
    app = open_files(store, files, tmp_path)
    desk = desk_on(store, files, tmp_path, app.clock)
    with pytest.raises(ConfigurationError, match=r"http\.events\.crm") as caught:
        Server(desk, port=0)
    assert "hunter2" not in str(caught.value)


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: (
        st.lists(inner) | st.dictionaries(st.sampled_from(["id", "name", "person", "at", "data", "x"]), inner)
    ),
    max_leaves=20,
)


@given(_JSON)
def test_whatever_json_comes_is_judged(item: Any) -> None:
    assert isinstance(judged(item, NOW, None, "US"), Told | Refused)


@given(st.binary(max_size=100))
def test_whatever_bytes_come_are_read_or_refused(body: bytes) -> None:
    with suppress(NotEvents):
        assert isinstance(read(body), list)
