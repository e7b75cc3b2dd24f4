"""Signs of life, and metrics that cost the same however much there is."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import httpx
from fastapi import Request
from prometheus_client.parser import text_string_to_metric_families

from engine.http.calls import Proxies, client_of
from engine.http.server import Server
from state.queries import control
from state.store import Store
from tests.engine.building import NOW
from tests.http.building import Site, desk_on, site, texts


def samples(text: str) -> dict[tuple[str, tuple[str, ...]], float]:
    """(name, values of its labels in order) -> number."""
    return {
        (sample.name, tuple(value for _, value in sorted(sample.labels.items()))): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


def test_alive_and_ready(site: Site) -> None:
    assert site.client.get("/live").json() == {"live": True}
    with site.worker.store.begin() as conn:
        control.put(conn, "worker:1", {}, NOW)
        control.put(conn, "worker:2", {}, NOW - 4_000)
    assert site.client.get("/ready").json() == {
        "ready": True, "store": "reachable", "schema_current": True, "workers_alive": 1, "workers_silent": 1,
    }  # fmt: skip


def test_a_schema_of_another_version_is_not_ready(site: Site) -> None:
    site.change("UPDATE rekindle_version SET version_num = '0001'")
    answer = site.client.get("/ready")
    assert (answer.status_code, answer.json()["schema_current"]) == (503, False)


def test_metrics_tell_of_work_and_of_calls(site: Site) -> None:
    (token,) = site.tokens()
    site.client.post(f"/u/{token}")
    site.client.get("/u/wrong")
    with site.worker.store.begin() as conn:
        control.put(conn, "breaker:sms", {"state": "open"}, NOW)
    found = samples(site.client.get("/metrics").text)
    assert found["rekindle_store_up", ()] == 1
    assert found["rekindle_touches", ("email", "sent")] == 1
    assert found["rekindle_suppressions", ("email", "opt_out")] == 1
    assert found["rekindle_breaker_open", ("sms",)] == 1
    assert found["rekindle_http_requests_total", ("POST", "/u/{token}", "200")] == 1
    assert found["rekindle_http_requests_total", ("GET", "/u/{token}", "404")] == 1
    assert not any(token in "".join(labels) for _, labels in found)


def test_whole_tables_are_not_counted_at_every_scrape(site: Site) -> None:
    before = samples(site.client.get("/metrics").text)
    site.change("UPDATE touch SET state = 'delivered'")
    after = samples(site.client.get("/metrics").text)
    key = ("rekindle_touches", ("email", "sent"))
    assert before[key] == after[key] == 1
    assert after["rekindle_totals_age_seconds", ()] == 0


def test_metrics_are_for_those_inside(store: Store, tmp_path: Path) -> None:
    """A call through a proxy that nobody declared may be from anywhere; a declared one says where it is from."""
    with site(store, tmp_path) as plain:
        assert plain.client.get("/metrics").status_code == 200
        for name in ("X-Forwarded-For", "Forwarded", "X-Real-IP"):
            assert plain.client.get("/metrics", headers={name: "10.0.0.1"}).status_code == 404
    desk = desk_on(Store.open(store.url.render_as_string(hide_password=False)), texts(proxies="127.0.0.0/8"),
                   tmp_path, plain.clock)  # fmt: skip
    server = Server(desk, port=0)
    server.start()
    with httpx.Client(base_url=f"http://{server.address}") as client:
        assert client.get("/metrics", headers={"X-Forwarded-For": "203.0.113.7"}).status_code == 404
        assert client.get("/metrics", headers={"X-Forwarded-For": "10.0.0.1"}).status_code == 200
        # what a caller adds in front is not what the proxy has seen
        assert client.get("/metrics", headers={"X-Forwarded-For": "10.0.0.1, 203.0.113.7"}).status_code == 404
        # it may have forgotten to say for whom
        assert client.get("/metrics").status_code == 404
    server.stop()


def test_metrics_are_not_for_whom_another_proxy_brings(store: Store, tmp_path: Path) -> None:
    """One is declared, and another one on this machine is not."""
    with site(store, tmp_path, proxies="10.0.0.0/8") as visited:
        assert visited.client.get("/metrics").status_code == 200
        for said in ("203.0.113.7", "127.0.0.1", "10.0.0.1"):
            assert visited.client.get("/metrics", headers={"X-Forwarded-For": said}).status_code == 404


def test_a_proxy_is_known_however_the_socket_shows_it() -> None:
    async def ask() -> list[str]:
        found: list[str] = []

        async def app(scope: Any, receive: Any, send: Any) -> None:
            found.append(client_of(Request(scope)))

        for peer in ("10.0.0.1", "::ffff:10.0.0.1", "::ffff:192.0.2.1"):
            headers = [(b"x-forwarded-for", b"203.0.113.7")]
            scope = {"type": "http", "client": (peer, 1), "headers": headers}
            await Proxies(app, ["10.0.0.0/8"])(scope, None, None)  # type: ignore[arg-type]
        return found

    assert asyncio.run(ask()) == ["203.0.113.7", "203.0.113.7", "192.0.2.1"]


def test_nothing_describes_itself_unless_told_to(site: Site) -> None:
    for path in ("/openapi.json", "/docs", "/redoc"):
        assert site.client.get(path).status_code == 404
