"""The contract every adapter keeps, as a suite to subclass, and the double for tests against channels.

Needs pytest. A complete example is tests/channels/test_file.py.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from email import message_from_bytes
from email.policy import default as rfc
from typing import Any, ClassVar, get_args

import pytest
from jsonschema import Draft7Validator

from channels import registry
from channels.base import (
    Accepted,
    Adapter,
    CannotTell,
    Found,
    Message,
    NotFound,
    Outcome,
    Rejected,
)
from channels.options import OptionError
from channels.recording import CRASH_AFTER, CRASH_BEFORE, Act, RecordingAdapter, SimulatedCrash

__all__ = [
    "CRASH_AFTER",
    "CRASH_BEFORE",
    "Act",
    "ChannelContract",
    "Received",
    "RecordingAdapter",
    "SimulatedCrash",
    "email",
    "received_email",
    "sms",
    "task",
]


@dataclass(frozen=True, slots=True, kw_only=True)
class Received:
    """What reached the other side, as far as it can be read back there; None: not carried at all."""

    ref: str | None = None
    to: str | None = None
    subject: str | None = None
    text: str | None = None
    html: str | None = None
    headers: Mapping[str, str] | None = None


def received_email(data: bytes) -> Received:
    """The bytes of an e-mail, read back by the standard library. Fails on any defect."""
    mail = message_from_bytes(data, policy=rfc)
    for part in mail.walk():
        assert not part.defects, part.defects
    bodies = {kind: mail.get_body((kind,)) for kind in ("plain", "html")}
    words = {kind: _lines(body.get_content()) if body else None for kind, body in bodies.items()}
    return Received(
        ref=str(mail["Message-ID"]).strip("<>").partition("@")[0],
        to=str(mail["To"].addresses[0].addr_spec),
        subject=str(mail["Subject"]),
        text=words["plain"],
        html=words["html"],
        headers={name: str(value) for name, value in mail.items()},
    )


def _lines(content: str) -> str:
    """What a mail's own line ends are not part of."""
    return content.replace("\r\n", "\n")


_LINK = "https://go.acme.example/u/token"
_ADDRESS = "100 Example Street, Springfield, IL 62701, USA"


def email(ref: str = "ref-1", **changes: Any) -> Message:
    """A lawful marketing e-mail to try an adapter with."""
    message = Message(
        ref=ref,
        channel="email",
        to="sam@customer.example",
        to_name="Sam Okafor",
        sender="dana@acme.example",
        sender_name="Dana Reyes",
        reply_to="hello@acme.example",
        subject="It is here",
        text=f"Hello Sam.\n\n{_ADDRESS}\n{_LINK}\n",
        html=f"<p>Hello Sam.</p><p>{_ADDRESS}</p><a href='{_LINK}'>Unsubscribe</a>\n",
        headers={"List-Unsubscribe": f"<{_LINK}>", "List-Unsubscribe-Post": "List-Unsubscribe=One-Click"},
        opt_out=_LINK,
        postal_address=_ADDRESS,
        meta={"campaign": "closed_lost", "step": "gap_closed"},
    )
    return replace(message, **changes)


def sms(ref: str = "ref-1", **changes: Any) -> Message:
    """A lawful marketing text to try an adapter with."""
    message = Message(
        ref=ref,
        channel="sms",
        to="+13125550142",
        to_name="Sam Okafor",
        sender_name="Acme",
        text="Acme: it is here, Sam.\nReply STOP to opt out",
        opt_out="Reply STOP to opt out",
        meta={"campaign": "closed_lost", "step": "gap_closed"},
    )
    return replace(message, **changes)


def task(ref: str = "ref-1", **changes: Any) -> Message:
    """A LinkedIn note to try an adapter for people's work with."""
    message = Message(
        ref=ref,
        channel="linkedin",
        to="https://www.linkedin.com/in/sam-example",
        to_name="Sam Okafor",
        subject="Write to Sam",
        text="Hello Sam.\n",
        meta={"kind": "linkedin", "owner": "dana@acme.example", "title": "Write", "due_at": "1772463600"},
    )
    return replace(message, **changes)


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
