"""Kept connections: each call once, and of each failure it is known whether the request can have arrived."""

from __future__ import annotations

import logging
import socket
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from channels import pooled
from channels.http_double import Fault, HttpDouble, Reply, Request, http_double
from channels.pooled import Answer, Lost, NotSent, Pool
from tests.channels.mail_server import certificate


def echo(request: Request) -> Reply:
    return Reply(status=202, headers={"X-Id": "7"}, body=request.body)


@pytest.fixture
def server() -> Iterator[HttpDouble]:
    with http_double(echo) as server:
        yield server


@pytest.fixture
def pool() -> Iterator[Pool]:
    pool = Pool(timeout=5)
    yield pool
    pool.close()


def post(pool: Pool, server: HttpDouble, body: bytes = b"hello") -> Answer:
    return pool.request("POST", f"{server.url}/v1/things", {"Authorization": "Bearer secret"}, body)


def test_an_answer_is_whole(pool: Pool, server: HttpDouble) -> None:
    answer = post(pool, server)
    assert (answer.status_code, answer.headers["x-id"], answer.body) == (202, "7", b"hello")
    [request] = server.requests
    assert (request.method, request.path, request.body) == ("POST", "/v1/things", b"hello")


def test_one_connection_serves_many_calls(pool: Pool, server: HttpDouble) -> None:
    for _ in range(20):
        post(pool, server)
    assert (len(server.requests), server.connections) == (20, 1)


def test_threads_share_a_pool(pool: Pool, server: HttpDouble) -> None:
    with ThreadPoolExecutor(4) as threads:
        list(threads.map(lambda n: post(pool, server, str(n).encode()), range(40)))
    assert sorted(int(request.body) for request in server.requests) == list(range(40))
    assert server.connections <= 4


@pytest.mark.parametrize("status", [301, 307, 400, 429, 503])
def test_no_status_leads_to_a_second_call(pool: Pool, server: HttpDouble, status: int) -> None:
    server.then(Reply(status=status, headers={"Location": "/elsewhere", "Retry-After": "0"}))
    assert post(pool, server).status_code == status
    assert len(server.requests) == 1


@pytest.mark.parametrize("fault", [Fault.CLOSE_UNREAD, Fault.CLOSE_READ, Fault.NONSENSE])
def test_a_connection_that_breaks_is_lost_and_not_tried_again(
    pool: Pool, server: HttpDouble, fault: Fault
) -> None:
    server.then(fault)
    with pytest.raises(Lost, match="broke before an answer"):
        post(pool, server)
    assert len(server.requests) == (fault is not Fault.CLOSE_UNREAD)
    assert post(pool, server).status_code == 202


def test_no_answer_in_time_is_lost(server: HttpDouble) -> None:
    server.then(Fault.MUTE)
    with pytest.raises(Lost, match="no answer came in time"):
        post(Pool(timeout=0.2), server)
    assert len(server.requests) == 1


def test_a_body_that_breaks_off_leaves_the_status(pool: Pool, server: HttpDouble) -> None:
    server.then(Fault.CUT)
    broken = post(pool, server)
    assert (broken.status_code, broken.headers["X-Id"], broken.body) == (202, "7", b"")
    assert post(pool, server).body == b"hello"


def test_an_endless_body_is_read_only_so_far(pool: Pool, server: HttpDouble) -> None:
    assert len(post(pool, server, b"x" * 1_000_000).body) == 65_536
    assert post(pool, server).body == b"hello"


def test_a_connection_closed_in_the_meantime_is_renewed(pool: Pool, server: HttpDouble) -> None:
    server.then(Fault.CLOSE_AFTER)
    post(pool, server)
    server.wait_until_closed()
    assert post(pool, server).status_code == 202
    assert (len(server.requests), server.connections) == (2, 2)


def test_a_connection_idle_for_long_is_not_used_again(
    pool: Pool, server: HttpDouble, monkeypatch: pytest.MonkeyPatch
) -> None:
    post(pool, server)
    monkeypatch.setattr(pooled, "_KEPT", 0)
    post(pool, server)
    assert server.connections == 2


def test_a_closed_pool_works_on(pool: Pool, server: HttpDouble) -> None:
    post(pool, server)
    pool.close()
    pool.close()
    assert post(pool, server).status_code == 202


def test_where_nobody_listens_nothing_was_sent(pool: Pool) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        with pytest.raises(NotSent, match="it cannot be reached \\(Connection refused\\)") as refused:
            pool.request("GET", f"http://127.0.0.1:{free.getsockname()[1]}/", {})
    assert not refused.value.ours


def test_a_name_nobody_knows(pool: Pool) -> None:
    with pytest.raises(NotSent, match="its name is not known"):
        pool.request("GET", "http://nowhere.invalid/", {})


def test_a_host_that_takes_no_connection_in_time() -> None:
    with socket.socket() as mute:
        mute.bind(("127.0.0.1", 0))
        mute.listen()
        with pytest.raises(NotSent, match="it did not answer in time"):  # the TLS handshake gets no reply
            Pool(timeout=0.2).request("GET", f"https://127.0.0.1:{mute.getsockname()[1]}/", {})


def test_a_certificate_nobody_vouches_for_gets_nothing(pool: Pool, tmp_path: Path) -> None:
    _, context = certificate(tmp_path)
    with http_double(echo, tls=context) as server:
        with pytest.raises(NotSent, match="its certificate is not trusted") as refused:
            post(pool, server)
        assert (refused.value.ours, server.requests) == (True, [])


def test_https_with_a_trusted_certificate(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file, context = certificate(tmp_path)
    monkeypatch.setenv("SSL_CERT_FILE", str(file))
    with http_double(echo, tls=context) as server:
        pool = Pool(timeout=5)
        assert [post(pool, server).status_code for _ in range(3)] == [202] * 3
        assert server.connections == 1


def test_neither_headers_nor_bodies_are_logged(
    pool: Pool, server: HttpDouble, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.DEBUG):
        post(pool, server, b"a private body")
        server.then(Fault.CLOSE_READ)
        with pytest.raises(Lost):
            post(pool, server, b"a private body")
    assert "secret" not in caplog.text
    assert "private" not in caplog.text
