"""The contract every adapter keeps, as a suite to subclass. Public and documented (docs/channels.md); tests find it in
``channels.testing``.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from typing import ClassVar, get_args

import pytest
from jsonschema import Draft7Validator

from channels import registry
from channels.base import Accepted, Adapter, CannotTell, Found, Message, NotFound, Outcome, Rejected
from channels.options import OptionError
from channels.samples import Received, email

_EVIL = ("a\r\nBcc: x@evil.example", "a\nBcc: x@evil.example", "a\r", "\x00", "\ud800", "\u2028")


class ChannelContract:
    """What every adapter keeps. Subclass it as ``TestMine`` and say how to make yours and how to look at the
    other side; pytest runs the rest.

    ``make`` gives a working adapter, a new one at each call, all on the same other side; ``received`` reads
    what arrived there, in order. ``example`` is a message of a channel the adapter carries.
    """

    #: the name it is registered under
    adapter_name: ClassVar[str]
    #: the most characters it carries in one message
    longest: ClassVar[int] = 1_000_000
    #: secrets the adapter made by ``make`` was given; none may ever be seen again
    secrets: ClassVar[Sequence[str]] = ()
    example: Callable[..., Message] = staticmethod(email)

    def make(self) -> Adapter:
        raise NotImplementedError  # whoever subclasses the contract says how

    def received(self) -> list[Received]:
        raise NotImplementedError  # and reads what arrived

    def _send(self, message: Message) -> Outcome:
        with self._adapter() as adapter:
            return adapter.send(message)

    @contextmanager
    def _adapter(self) -> Iterator[Adapter]:
        adapter = self.make()
        try:
            yield adapter
        finally:
            adapter.close()

    def _same(self, found: Received, message: Message) -> None:
        """Everything the other side can show is what was sent."""
        for name in ("ref", "to", "subject", "text", "html"):
            there = getattr(found, name)
            if there is not None:
                assert there.strip() == getattr(message, name).strip(), name
        if found.headers is not None:
            assert {name: found.headers[name] for name in message.headers} == message.headers

    def test_says_what_it_can_do(self) -> None:
        with self._adapter() as adapter:
            assert isinstance(adapter, Adapter)
            assert adapter.name == self.adapter_name
            assert self.example().channel in adapter.capabilities.channels

    def test_a_message_arrives_once_and_whole(self) -> None:
        message = self.example()
        assert isinstance(self._send(message), Accepted)
        [found] = self.received()
        self._same(found, message)

    def test_several_arrive_in_order_over_one_adapter(self) -> None:
        messages = [self.example(f"ref-{n}") for n in range(5)]
        with self._adapter() as adapter:
            assert all(isinstance(adapter.send(message), Accepted) for message in messages)
        found = self.received()
        assert len(found) == len(messages)
        for there, message in zip(found, messages, strict=True):
            self._same(there, message)

    def test_the_same_ref_again_reaches_the_person_once_where_it_says_so(self) -> None:
        with self._adapter() as adapter:
            outcomes = [adapter.send(self.example()) for _ in range(2)]
            assert isinstance(outcomes[0], Accepted)
            if adapter.capabilities.idempotent:
                assert outcomes[0] == outcomes[1]
                assert len(self.received()) == 1

    def test_look_up_is_certain_where_it_says_so_also_after_a_restart(self) -> None:
        self._send(self.example())
        with self._adapter() as adapter:
            sent, never = adapter.lookup(self.example().ref), adapter.lookup("never-sent")
            if adapter.capabilities.lookup:
                assert (type(sent), type(never)) == (Found, NotFound)
            else:
                assert (type(sent), type(never)) == (CannotTell, CannotTell)

    def test_words_of_any_script_arrive_as_they_are(self) -> None:
        words = "Zażółć gęślą jaźń, 你好, שלום, 👩🏽‍🚀, e\u0301. It’s “fine” " * 3
        base = self.example()
        message = replace(base, text=f"{words}\n{base.text}", to_name="Zoë 張偉", subject=f"{words.strip()}")
        assert isinstance(self._send(message), Accepted)
        [found] = self.received()
        self._same(found, message)

    def test_lines_that_protocols_trip_over_arrive_as_they_are(self) -> None:
        base = self.example()
        text = f".\n..\nFrom here\n--=_ref-1--\n=3D\n{'x' * min(3000, self.longest // 2)}\n\n.\nQUIT\n{base.text}"
        assert isinstance(self._send(replace(base, text=text)), Accepted)
        [found] = self.received()
        self._same(found, replace(base, text=text))

    def test_a_huge_body_arrives_or_is_refused(self) -> None:
        base = self.example()
        message = replace(base, text="many words\n" * 100_000 + base.text)
        if isinstance(self._send(message), Accepted):
            [found] = self.received()
            self._same(found, message)

    def test_hostile_values_raise_nothing_and_add_no_header(self) -> None:
        for field in ("to", "to_name", "sender", "sender_name", "reply_to", "subject"):
            for evil in _EVIL:
                message = self.example(f"{field}-1", **{field: evil})
                assert isinstance(self._send(message), get_args(Outcome))
        for found in self.received():
            assert "bcc" not in {name.lower() for name in found.headers or ()}

    def test_refs_of_any_form_stay_apart(self) -> None:
        refs = ["../../up", "a/b?c#d", "..", "a b", "é", "A", "a", "x" * 200]
        with self._adapter() as adapter:
            outcomes = [adapter.send(self.example(ref)) for ref in refs]
            assert all(isinstance(outcome, Accepted | Rejected) for outcome in outcomes)
            for ref, outcome in zip(refs, outcomes, strict=True):
                if adapter.capabilities.lookup and isinstance(outcome, Accepted):
                    assert isinstance(adapter.lookup(ref), Found)

    def test_secrets_are_never_seen_again(self) -> None:
        seen: list[str] = []
        handler = logging.Handler()
        handler.emit = lambda record: seen.append(record.getMessage())  # type: ignore[method-assign]
        root, level = logging.getLogger(), logging.getLogger().level
        root.addHandler(handler)
        root.setLevel(logging.DEBUG)
        try:
            with self._adapter() as adapter:
                seen += [repr(adapter), str(adapter), repr(adapter.send(self.example()))]
        finally:
            root.removeHandler(handler)
            root.setLevel(level)
        assert not [secret for secret in self.secrets for line in seen if secret in line]

    def test_closing_twice_is_fine(self) -> None:
        adapter = self.make()
        adapter.close()
        adapter.send(self.example())
        adapter.close()
        adapter.close()

    def test_options_are_declared_with_what_they_mean(self) -> None:
        schema = registry.adapter_class(self.adapter_name).OPTIONS
        Draft7Validator.check_schema(schema)
        assert schema["additionalProperties"] is False
        assert all(rule.get("description") for rule in schema["properties"].values())

    def test_bad_options_are_refused_by_name(self) -> None:
        schema = registry.adapter_class(self.adapter_name).OPTIONS
        for name in (*schema["properties"], "no_such_option"):
            with pytest.raises(OptionError, match=f"'{name}'") as caught:
                registry.build(self.adapter_name, {name: {"not": "plain"}})
            assert "plain" not in str(caught.value)
