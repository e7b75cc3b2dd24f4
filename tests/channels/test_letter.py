"""The letter adapter keeps the contract, and refuses by name what no letter can say."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from channels import letter_pdf, registry
from channels.base import Accepted, Adapter, CannotTell, Message, Rejected, Retry
from channels.options import OptionError
from channels.task import TaskBookBusy
from channels.testing import ChannelContract, Received
from tests.channels.letters import FACTS, Desk, letter


def adapter(desk: Desk, **options: Any) -> Adapter:
    return registry.build("letter", options, registry.Host(letters=desk))


class TestLetterContract(ChannelContract):
    adapter_name = "letter"
    longest = 1_000
    example = staticmethod(letter)

    @pytest.fixture(autouse=True)
    def _desk(self) -> None:
        self.desk = Desk()

    def make(self) -> Adapter:
        return adapter(self.desk)

    def received(self) -> list[Received]:
        kept = self.desk.letters.items()
        return [Received(ref=ref, to=found["meta"]["to"], text=found["body"]) for ref, found in kept]

    def _same(self, found: Received, message: Message) -> None:
        """What is on paper too."""
        super()._same(found, message)
        paper = letter_pdf.signs(letter_pdf.read(self.desk.letters[message.ref]["document"]))
        for words in (*message.text.split("\n"), message.subject, *message.to.split("\n")):
            assert letter_pdf.signs(words) in paper

    def test_words_of_any_script_arrive_as_they_are(self) -> None:
        """Of the scripts whose letters the built-in fonts have; of others the signs are named, and nothing goes."""
        words = "Zażółć gęślą jaźń, Ξεσκεπάζω, Съешь ещё, e\u0301. It’s “fine”. "
        base = self.example()
        message = replace(base, text=f"{words}\n\n{base.text}", to_name="Zoë", subject=words.strip())
        assert isinstance(self._send(message), Accepted)
        [found] = self.received()
        self._same(found, message)
        refused = self._send(replace(base, ref="other", text=f"你好, 👩\n{base.text}"))
        assert isinstance(refused, Rejected)
        assert "U+4F60 CJK UNIFIED IDEOGRAPH-4F60" in refused.reason
        assert len(self.received()) == 1


@pytest.mark.parametrize("missing", ["owner", "title", "due_at", "made_at"])
def test_a_letter_without_its_facts_is_refused_by_name(missing: str) -> None:
    outcome = adapter(Desk()).send(letter(meta={k: v for k, v in FACTS.items() if k != missing}))
    assert isinstance(outcome, Rejected)
    assert missing in outcome.reason


def test_a_letter_that_nobody_signs_is_refused() -> None:
    outcome = adapter(Desk()).send(letter(meta={k: v for k, v in FACTS.items() if k != "signatory"}))
    assert outcome == Rejected(reason="nobody is named who signs this letter: its step needs 'signed_by'")


def test_a_letter_that_runs_over_is_refused_by_how_much_and_set_where_more_pages_are_allowed() -> None:
    long = letter(text="\n\n".join(f"Paragraph {n}, which says this and that." for n in range(45)))
    outcome = adapter(Desk()).send(long)
    assert isinstance(outcome, Rejected)
    assert re.fullmatch(r"the letter runs over its 1 page by (1 whole page and )?\d+ mm", outcome.reason)
    assert isinstance(adapter(Desk(), pages=3).send(long), Accepted)


def test_an_address_that_the_window_would_cut_is_refused() -> None:
    outcome = adapter(Desk()).send(letter(to="\n".join(f"Line {n}" for n in range(9))))
    assert isinstance(outcome, Rejected)
    assert "too high for the window" in outcome.reason


def test_a_busy_desk_is_tried_again_and_cannot_tell() -> None:
    desk = Desk()
    desk.fault = TaskBookBusy("the store is locked")
    assert adapter(desk).send(letter()) == Retry(reason="the store is locked")
    assert adapter(desk).lookup("x") == CannotTell(reason="the store is locked")


def test_a_desk_that_cannot_place_the_ref_refuses() -> None:
    desk = Desk()
    desk.fault = LookupError("the person has said no since")
    assert adapter(desk).send(letter()) == Rejected(reason="the person has said no since")


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"deliver": "file"}, "'deliver: file' and 'folder' go together"),
        ({"folder": "out"}, "'deliver: file' and 'folder' go together"),
        ({"accent": "blue"}, "must be of the form #1f2a44"),
        ({"sign_key": "nowhere.p12"}, "neither a file nor base64"),
        ({"sign_key": "aGVsbG8="}, "no PKCS#12 file"),
        ({"fonts": "nowhere"}, "no font is in that folder"),
    ],
)
def test_options_that_cannot_work_are_refused_at_once(options: dict[str, Any], said: str) -> None:
    with pytest.raises(OptionError, match="adapter 'letter'") as caught:
        adapter(Desk(), **options)
    assert said in str(caught.value)


def test_a_program_without_a_desk_is_told_so() -> None:
    with pytest.raises(OptionError, match="it needs a letter desk"):
        registry.build("letter", {}, registry.Host(root=Path()))
