"""Logs: machine-readable off a terminal, and never anybody's data."""

from __future__ import annotations

import io
import json
import logging
import re
from collections.abc import Iterator
from typing import Any

import pytest
import structlog
from hypothesis import given
from hypothesis import strategies as st

from engine import logs
from engine.clock import parse_instant
from engine.logs import MASK, masked


@pytest.fixture
def out() -> Iterator[io.StringIO]:
    """A configured log that is not a terminal; everything is put back afterwards."""
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    stream = io.StringIO()
    logs.configure(stream=stream)
    yield stream
    root.handlers[:] = handlers
    root.setLevel(level)
    structlog.reset_defaults()


def lines(out: io.StringIO) -> list[dict[str, Any]]:
    return [json.loads(line) for line in out.getvalue().splitlines()]


def test_a_line_is_json_with_level_and_moment(out: io.StringIO) -> None:
    structlog.get_logger().info("dispatched", campaign="no_show", sent=12)
    (line,) = lines(out)
    assert line["timestamp"].endswith("Z")
    assert {k: line[k] for k in ("event", "level", "campaign", "sent")} == {
        "event": "dispatched", "level": "info", "campaign": "no_show", "sent": 12,
    }  # fmt: skip


def test_quiet_leaves_information_out() -> None:
    stream = io.StringIO()
    logs.configure(verbosity=-1, stream=stream)
    structlog.get_logger().info("nothing new")
    structlog.get_logger().warning("held")
    assert [line["event"] for line in lines(stream)] == ["held"]
    structlog.reset_defaults()


@pytest.mark.parametrize(
    "key", ["email", "phone", "name", "first_name", "to", "owner_email", "body", "subject"]
)
def test_what_stands_under_a_personal_key_is_masked(out: io.StringIO, key: str) -> None:
    structlog.get_logger().info("x", **{key: "Dana"})
    assert lines(out)[0][key] == MASK


@pytest.mark.parametrize(
    "text",
    [
        "no answer from dana.reyes+crm@mail.acme.example",
        "call +1 312 555 0100 back",
        "call (312) 555-0100 back",
        "number +13125550100",
        "postgresql://app:hunter2@db/rekindle",
    ],
)
def test_what_looks_personal_is_masked_wherever_it_stands(out: io.StringIO, text: str) -> None:
    structlog.get_logger().info(text, why=text, deep={"list": [text]})
    written = out.getvalue()
    assert written.count(MASK) == 3
    for secret in ("dana", "555", "hunter2"):
        assert secret not in written


@pytest.mark.parametrize(
    "text",
    [
        "2026-03-02T15:00:00Z",
        "2026-03-02 15:00:00",
        "campaigns/closed_lost.yaml:24:9",
        "a3f09c1b7d2e4f60",
        "sqlite:///var/rekindle.db",
        "1234 touches in 00:12:33",
        "192.168.100.200:5432",
    ],
)
def test_what_is_not_personal_stays(text: str) -> None:
    assert masked(text) == text


def test_an_exception_is_its_kind_and_never_its_text(out: io.StringIO) -> None:
    try:
        raise ValueError("bad row for Dana Reyes")
    except ValueError:
        structlog.get_logger().exception("job failed", job="import")
    (line,) = lines(out)
    assert (line["error"], line["job"]) == ("ValueError", "import")
    assert "Dana" not in out.getvalue()
    assert "Traceback" not in out.getvalue()


def test_an_exception_of_ours_is_placed(out: io.StringIO) -> None:
    try:
        parse_instant("tomorrow")
    except ValueError:
        structlog.get_logger().exception("job failed")
    assert re.fullmatch(r"engine/clock\.py:\d+", lines(out)[0]["at"])


def test_debug_shows_the_trace_masked(out: io.StringIO, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("REKINDLE_DEBUG", "1")
    try:
        raise ValueError("bad row for dana@acme.example")
    except ValueError:
        structlog.get_logger().exception("job failed")
    assert f"ValueError: bad row for {MASK}" in lines(out)[0]["trace"]


def test_other_libraries_take_the_same_way(out: io.StringIO) -> None:
    logging.getLogger("somebody").warning("refused %s", "dana@acme.example")
    assert lines(out)[0]["event"] == f"refused {MASK}"
    logging.getLogger("twilio.http_client").info("POST with every header")
    assert len(lines(out)) == 1


@given(local=st.from_regex(r"[a-z0-9._+]{1,12}", fullmatch=True), around=st.text(" ,;:()<>\"'", max_size=3))
def test_no_address_gets_through(local: str, around: str) -> None:
    address = f"{local}@mail.example"
    assert address not in str(masked(f"{around}{address}{around}"))
