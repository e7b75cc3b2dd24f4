"""``rekindle serve`` and ``rekindle daemon --http``: real processes, real signals, and what they leave in the log."""

from __future__ import annotations

import email
import json
import re
import socket
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest

from tests.cli.world import Daemon, World, command, eventually, make_world, people_of


@pytest.fixture
def world(tmp_path: Path) -> World:
    world = make_world(tmp_path / "project", people=2)
    text = (world.root / "rekindle.yaml").read_text(encoding="utf-8")
    world.write(
        "rekindle.yaml",
        f"{text}http: {{public_url: https://go.acme.example, listen: '127.0.0.1:{free()}'}}\n",
    )
    return world


def free() -> int:
    """A port that nobody listens on."""
    with socket.create_server(("127.0.0.1", 0)) as found:
        port: int = found.getsockname()[1]
    return port


@contextmanager
def at_work(world: World, *words: str) -> Iterator[tuple[Daemon, str]]:
    """A command at work, and where it serves."""
    log = world.root.parent / "log"
    with log.open("w") as out:
        process = subprocess.Popen(
            [*command(), "--quiet" if "serve" in words else "-v", "--project", str(world.root), *words],
            stdin=subprocess.DEVNULL, stdout=out, stderr=out, env=world.env,
        )  # fmt: skip
    declared = (world.root / "rekindle.yaml").read_text(encoding="utf-8")
    url = f"http://{re.findall('127.0.0.1:[0-9]+', declared)[0]}"
    try:
        eventually(lambda: process.poll() is not None or answers(url), 30)
        yield Daemon(process, log), url
    finally:
        if process.poll() is None:
            process.kill()
            process.wait()


def answers(url: str) -> bool:
    try:
        return httpx.get(f"{url}/live").status_code == 200
    except httpx.TransportError:
        return False


def test_beside_the_wheel_a_link_out_of_a_real_message_works(world: World) -> None:
    with at_work(world, "daemon", "--http") as (daemon, url):
        eventually(lambda: len(world.messages("email")) == 4)
        sent = email.message_from_bytes(world.messages("email")[0].read_bytes())
        path = sent["List-Unsubscribe"].strip("<>").removeprefix("https://go.acme.example")
        assert sent["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
        assert httpx.get(url + path).status_code == 200
        assert httpx.post(url + path, data={"List-Unsubscribe": "One-Click"}).status_code == 200
        assert httpx.get(f"{url}/u/wrong").status_code == 404
        assert httpx.get(f"{url}/ready").json()["workers_alive"] == 1
        assert "rekindle_touches{" in httpx.get(f"{url}/metrics").text
        httpx.post(f"{url}/p/{path.split('/')[-1]}", data={"do": "save", "often": "30"})
        eventually(
            lambda: (
                world.json("status")["campaigns"][0]["ended"] or world.json("status")["campaigns"][1]["ended"]
            )
        )
        assert daemon.stop() == 0
        assert daemon.said("serving_ended")
        assert daemon.said("stopped")
    log = daemon.log.read_text()
    assert [line["channel"] for line in daemon.said("unsubscribed")] == ["email"]
    assert path.split("/")[-1] not in log
    assert path.split(".")[-1] not in log
    assert "wrong" not in log
    for person in people_of(world):
        for column in ("E-mail", "Phone", "First name"):
            assert not re.search(rf"\b{re.escape(person[column])}\b", log), column


def test_served_alone_it_ends_cleanly_and_says_no_word_it_need_not(world: World) -> None:
    assert world.run("import").returncode == 0
    link = world.run("people", "link", people_of(world)[0]["E-mail"]).stdout.strip()
    assert link.startswith("https://go.acme.example/p/")
    with at_work(world, "serve", "--openapi") as (process, url):
        page = httpx.get(link.replace("https://go.acme.example", url))
        assert "How often" in page.text
        paths = httpx.get(f"{url}/openapi.json").json()["paths"]
        assert {"/u/{token}", "/p/{token}", "/webhooks/{channel}", "/live", "/ready", "/metrics"} <= set(
            paths
        )
        assert process.stop() == 0
    assert process.log.read_text() == ""


def test_a_port_in_use_is_one_clear_line_and_the_daemon_does_not_begin(world: World) -> None:
    declared = (world.root / "rekindle.yaml").read_text(encoding="utf-8")
    port = int(re.findall("127.0.0.1:([0-9]+)", declared)[0])
    with socket.create_server(("127.0.0.1", port)):
        for words in (("serve",), ("daemon", "--http")):
            result = world.run(*words)
            assert result.returncode == 1
            assert f"error: 127.0.0.1:{port} is in use" in result.stderr
            assert "--port" in result.stderr
            assert "Traceback" not in result.stderr
    assert world.messages() == []
    assert world.json("status")["workers"] == {}


def test_an_environment_without_pages_says_how_to_get_them(tmp_path: Path) -> None:
    world = make_world(tmp_path / "project")
    result = world.run("serve")
    assert result.returncode == 1
    assert "environment 'local' does not say where its pages are" in result.stderr
    assert "public_url" in result.stderr


def test_the_screen_tells_what_it_serves_and_that_links_lead_elsewhere(world: World) -> None:
    world.change("rekindle.yaml", "https://go.acme.example/u", "https://old.acme.example/unsubscribe")
    log = world.root.parent / "screen"
    with log.open("w") as out:
        process = subprocess.Popen([*command(), "--project", str(world.root), "serve", "--port", "0"],
                                   stdout=out, stderr=out, env=world.env)  # fmt: skip
    try:
        eventually(lambda: "serving" in log.read_text())
    finally:
        process.terminate()
        assert process.wait(30) == 0
    screen, *logged = log.read_text().split("\n{", 1)
    assert re.search(r"on http://127\.0\.0\.1:\d+", screen)
    assert "unsubscribe   https://go.acme.example/u/<token>" in screen
    assert "make brand.unsubscribe_url lead here" in screen
    assert all(json.loads("{" + line) for line in logged[0].splitlines()[:1])
