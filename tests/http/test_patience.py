"""Clients that take their time: the service does not wait for them, and goes on for the others."""

from __future__ import annotations

import socket
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from engine.http import door, server
from engine.http.limits import Allowance
from state.store import Store
from state.testing import database
from tests.http.building import Site, site


@pytest.fixture(name="site")
def hurried(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Site]:
    monkeypatch.setattr(server, "HEADERS_WITHIN", 0.4)
    monkeypatch.setattr(door, "PIECE_WITHIN", 0.4)
    with database("sqlite") as url:
        store = Store.open(url)
        with site(store, tmp_path) as visited:
            yield visited
        store.close()


def connected(site: Site) -> socket.socket:
    host, port = site.url.removeprefix("http://").split(":")
    return socket.create_connection((host, int(port)), timeout=20)


def everything(conn: socket.socket) -> bytes:
    found = b""
    while piece := conn.recv(65_536):
        found += piece
    return found


def test_headers_that_do_not_end(site: Site) -> None:
    with connected(site) as slow:
        slow.sendall(b"GET /live HTTP/1.1\r\nHost: x\r\nX-Slow: ")
        assert site.client.get("/live").status_code == 200
        assert everything(slow) == b""


def test_headers_that_do_not_end_after_a_call_that_did(site: Site) -> None:
    with connected(site) as slow:
        slow.sendall(b"GET /live HTTP/1.1\r\nHost: x\r\n\r\n")
        time.sleep(0.2)
        slow.sendall(b"GET /live HTTP/1.1\r\nX-Slow: ")
        assert everything(slow).count(b"200 OK") == 1


def test_a_body_that_does_not_come(site: Site) -> None:
    (token,) = site.tokens()
    with connected(site) as slow:
        head = f"POST /u/{token} HTTP/1.1\r\nHost: x\r\nContent-Type: application/x-www-form-urlencoded\r\n"
        slow.sendall(f"{head}Content-Length: 26\r\n\r\nList-Unsub".encode())
        assert b"408 Request Timeout" in everything(slow)
    assert site.ask("SELECT * FROM suppression") == []


def test_who_hangs_up_while_the_body_is_awaited_is_no_failure_of_ours(
    site: Site, capsys: pytest.CaptureFixture[str]
) -> None:
    (token,) = site.tokens()
    with connected(site) as gone:
        head = f"POST /u/{token} HTTP/1.1\r\nHost: x\r\nContent-Type: application/x-www-form-urlencoded\r\n"
        gone.sendall(f"{head}Content-Length: 26\r\n\r\nList-Unsub".encode())
        time.sleep(0.1)
    line = 'rekindle_http_requests_total{method="POST",route="/u/{token}",status="%s"} 1.0'
    while not any(line % status in site.client.get("/metrics").text for status in (408, 499, 500)):
        time.sleep(0.05)
    assert line % 499 in site.client.get("/metrics").text
    assert "http_failed" not in capsys.readouterr().out


def test_headers_too_large_and_no_http_at_all(site: Site) -> None:
    for said in (b"GET / HTTP/1.1\r\nX: " + b"x" * 70_000, b"\x16\x03\x01 hello\r\n\r\n"):
        with connected(site) as odd:
            odd.sendall(said)
            assert b"400" in everything(odd).split(b"\r\n")[0]
    assert site.client.get("/live").status_code == 200


class Time:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


def test_an_allowance_is_used_up_and_comes_back() -> None:
    clock = Time()
    allowance = Allowance(3, 60, clock)
    assert [allowance.take("192.0.2.1") for _ in range(4)] == [0, 0, 0, 1]
    assert allowance.take("192.0.2.2") == 0  # somebody else's is their own
    clock.now = 2.0
    assert [allowance.take("192.0.2.1") for _ in range(3)] == [0, 0, 1]
    assert allowance.wait("192.0.2.1") == 1


def test_a_network_of_addresses_is_one_client() -> None:
    allowance = Allowance(2, 1, Time())
    assert [allowance.take(f"2001:db8:0:1::{n}") for n in range(1, 4)][:2] == [0, 0]
    assert allowance.take("2001:db8:0:1::ffff") > 0
    assert allowance.take("2001:db8:0:2::1") == 0


def test_an_ipv4_client_is_one_however_the_socket_shows_it() -> None:
    allowance = Allowance(1, 1, Time())
    assert [allowance.take(f"::ffff:192.0.2.{n}") for n in (1, 2)] == [0, 0]
    assert allowance.take("192.0.2.1") > 0


def test_clients_are_forgotten_before_memory_is() -> None:
    allowance = Allowance(1, 1, Time())
    for n in range(12_000):
        allowance.take(f"client-{n}")
    assert len(allowance._left) == 10_000
