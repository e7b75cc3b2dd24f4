"""The console adapter keeps the contract, and a message cannot move the terminal's cursor."""

from __future__ import annotations

import io
import re

import pytest

from channels import registry
from channels.base import Accepted, Adapter, Rejected
from channels.testing import ChannelContract, Received, email


class TestConsoleContract(ChannelContract):
    adapter_name = "console"

    @pytest.fixture(autouse=True)
    def _stream(self) -> None:
        self.out = io.StringIO()

    def make(self) -> Adapter:
        return registry.build("console", {}, registry.Host(out=self.out))

    def received(self) -> list[Received]:
        messages = re.split(r"(?m)^(?=email )", self.out.getvalue())[1:]
        return [self._read(message.splitlines()) for message in messages]

    @staticmethod
    def _read(lines: list[str]) -> Received:
        ref, to = re.fullmatch(r"email (.*?) to (?:.* <)?(.*?)>?", lines[0]).groups()  # type: ignore[union-attr]
        text = "\n".join(line.removeprefix("  | ") for line in lines[2:])
        return Received(ref=ref, to=to, subject=lines[1].strip(), text=text)


def shown(**options: bool) -> str:
    out = io.StringIO()
    registry.build("console", options, registry.Host(out=out)).send(email(subject="\x1b[2JGone"))
    return out.getvalue()


def test_control_characters_are_not_printed() -> None:
    assert "\x1b" not in shown()


def test_body_false_prints_only_whom_and_what() -> None:
    assert shown(body=False) == "email ref-1 to Sam Okafor <sam@customer.example>\n   [2JGone\n\n"


def test_a_terminal_without_unicode_gets_question_marks() -> None:
    raw = io.BytesIO()
    adapter = registry.build("console", {}, registry.Host(out=io.TextIOWrapper(raw, encoding="ascii")))
    assert isinstance(adapter.send(email(subject="Zażółć")), Accepted)
    assert b"Za????" in raw.getvalue()


def test_a_closed_stream_is_an_outcome() -> None:
    out = io.StringIO()
    adapter = registry.build("console", {}, registry.Host(out=out))
    out.close()
    assert isinstance(adapter.send(email()), Rejected)
