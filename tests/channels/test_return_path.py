"""Return paths that name a message and prove it, within what an address can hold."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from channels import registry
from channels.base import Accepted
from channels.options import OptionError
from channels.return_path import HEADER, ReturnPath, marks
from channels.testing import email
from engine.tokens import ReturnMarks
from tests.channels.mail_server import Handler, mail_server

MARKS = ReturnMarks("a key")
refs = st.text("0123456789abcdef", min_size=32, max_size=32)


@given(refs)
def test_the_ref_survives_whatever_case_a_server_makes_of_it(ref: str) -> None:
    path = ReturnPath("bounces@go.example", MARKS.sign).of(ref)
    local = path.partition("@")[0]
    assert len(local) <= 64
    for way in (path, path.upper(), path.replace("+", "-"), path.replace("+", "=")):
        assert {MARKS.read(mark) for mark in marks(way)} >= {ref}


@given(refs, st.integers(0, 48), st.sampled_from("0123456789abcdef-z"))
def test_a_mark_that_was_changed_is_none(ref: str, at: int, other: str) -> None:
    mark = MARKS.sign(ref)
    changed = mark[:at] + other + mark[at + 1 :]
    assert (MARKS.read(changed) == ref) is (changed == mark)


@given(st.text(max_size=80))
def test_what_is_no_mark_is_none(text: str) -> None:
    assert MARKS.read(text) is None
    assert ReturnMarks("another key").read(MARKS.sign("ab" * 16)) is None


@given(st.text(max_size=80))
def test_an_odd_ref_leaves_the_bare_address(ref: str) -> None:
    path = ReturnPath("bounces@go.example", MARKS.sign).of(ref)
    local, _, domain = path.partition("@")
    assert path.isascii()
    assert domain == "go.example"
    assert local == "bounces" or local.startswith("bounces+")
    assert len(local) <= 64


@pytest.mark.parametrize(
    "address", ["bounces", "much-too-long-a-name@go.example", "a+b@go.example", "b@go..example"]
)
def test_an_address_without_room_is_refused(address: str) -> None:
    with pytest.raises(OptionError, match="return_path"):
        ReturnPath(address, MARKS.sign)


def test_the_envelope_and_a_header_carry_the_mark() -> None:
    handler, ref = Handler(pipelining=True), "ab" * 16
    with mail_server(handler) as port:
        options = {"host": "127.0.0.1", "port": port, "security": "none", "return_path": "bounces@go.example"}
        adapter = registry.build("smtp", options, registry.Host(mark_ref=MARKS.sign))
        assert isinstance(adapter.send(email(ref)), Accepted)
        adapter.close()
    assert handler.senders == [f"bounces+{MARKS.sign(ref)}@go.example"]
    assert f"\r\n{HEADER}: {MARKS.sign(ref)}\r\n".encode() in handler.mails[0]


def test_without_marks_there_is_no_return_path() -> None:
    with pytest.raises(OptionError, match="marks no refs"):
        registry.build("smtp", {"host": "mail.example", "return_path": "bounces@go.example"})
    assert "key" not in repr(MARKS).replace("key hidden", "")
