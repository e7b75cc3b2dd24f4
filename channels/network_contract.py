"""The contract of adapters that speak HTTP, as a suite to subclass: every way an exchange can end, and what it leaves
in the books. Public and documented (docs/channels.md); tests find it in ``channels.testing``.

Needs pytest. A complete example is tests/channels/test_webhook.py.
"""

from __future__ import annotations

import socket
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import replace
from typing import Any, ClassVar

import pytest

from channels import registry
from channels.base import Accepted, Adapter, CannotTell, Outcome, Rejected, Retry, Unknown
from channels.channel_contract import ChannelContract
from channels.http_double import Fault, HttpDouble, Reply

#: the present, for every adapter under this contract: Mon, 02 Mar 2026 15:00:00 GMT
NOW = 1_772_463_600
#: nobody is put off for longer
LONGEST = 6 * 3_600


def page(status: int) -> Reply:
    """The HTML of something that stands between us and the provider."""
    body = b"<html><head><title>Service Unavailable</title></head><body>upstream</body></html>"
    return Reply(status=status, headers={"Content-Type": "text/html"}, body=body)


class NetworkContract(ChannelContract):
    """What every adapter that speaks HTTP keeps, beside ``ChannelContract``. Subclass it, and say which server stands
    in for the provider: a stateful double that answers as the provider does, made by ``http_double``.

    ``connect`` gives a working adapter, a new one at each call, that calls ``url`` at ``NOW`` and waits ``timeout``
    seconds for an answer. ``received`` reads what the provider took, in order.
    """

    #: what the reasons of its failures begin with
    provider: ClassVar[str] = ""
    #: False: its library tells yes or no and not why, so that all but yes leaves the message in doubt
    tells_why: ClassVar[bool] = True
    #: False: its library connects anew for each message
    keeps_connections: ClassVar[bool] = True
    #: answers in the provider's own form that refuse for good, and whom they suppress
    permanent: ClassVar[Sequence[tuple[Reply, str | None]]] = ()
    #: answers after which nobody knows whether the message was taken
    open_ended: ClassVar[Sequence[Reply]] = (page(500), page(502), page(504), page(520))
    #: words of the example that are nobody's business: none may be logged
    personal: ClassVar[Sequence[str]] = ("sam@", "Okafor", "Hello Sam")

    def server(self) -> HttpDouble:
        raise NotImplementedError  # whoever subclasses the contract says which

    def connect(self, url: str, timeout: float = 5) -> Adapter:
        raise NotImplementedError  # and how the adapter gets there

    def make(self) -> Adapter:
        return self.connect(self.server().url)

    @contextmanager
    def _impatient(self) -> Iterator[Adapter]:
        adapter = self.connect(self.server().url, timeout=0.2)
        try:
            yield adapter
        finally:
            adapter.close()

    def _after(self, *acts: Reply | Fault) -> Outcome:
        """The outcome of one message that the server deals with in this way. It is asked once, whatever comes."""
        self.server().then(*acts)
        with self._adapter() as adapter:
            outcome = adapter.send(self.example())
        assert len(self.server().requests) <= 1
        return self._told(outcome)

    def _told(self, outcome: Outcome) -> Outcome:
        """An outcome whose reason is fit to be read: whose failure it was, and no secret."""
        if not isinstance(outcome, Accepted):
            assert outcome.reason.startswith(self.provider)
            assert outcome.reason.isprintable()
            assert len(outcome.reason) <= 500
            assert not [s for s in (*self.secrets, *self.personal) if s in outcome.reason]
        return outcome

    def _fails(self, outcome: Outcome, kind: type[Outcome]) -> None:
        assert isinstance(outcome, kind if self.tells_why else Unknown), outcome

    # ── answers ──

    @pytest.mark.parametrize(
        ("asked", "after"), [("7", 7), ("Mon, 02 Mar 2026 15:01:30 GMT", 90), ("999999999", LONGEST)]
    )
    def test_too_many_requests_wait_as_long_as_they_are_asked_to(self, asked: str, after: int) -> None:
        outcome = self._after(replace(page(429), headers={"Retry-After": asked}))
        self._fails(outcome, Retry)
        if isinstance(outcome, Retry):
            assert outcome.after == after
        assert self.received() == []

    @pytest.mark.parametrize("asked", ["soon", "-5", "", "Mon, 99 Mar 2026 15:01:30 GMT", "1e9"])
    def test_a_wait_that_makes_no_sense_is_a_wait_of_our_own(self, asked: str) -> None:
        outcome = self._after(replace(page(429), headers={"Retry-After": asked}))
        self._fails(outcome, Retry)
        if isinstance(outcome, Retry):
            assert 1 <= outcome.after <= LONGEST

    def test_a_page_that_says_unavailable_is_another_try(self) -> None:
        self._fails(self._after(page(503)), Retry)
        assert self.received() == []

    def test_what_is_refused_for_good_is_rejected(self) -> None:
        for reply, suppress in self.permanent:
            self.server().requests.clear()
            outcome = self._after(reply)
            self._fails(outcome, Rejected)
            if isinstance(outcome, Rejected):
                assert outcome.suppress == suppress
        assert self.received() == []

    def test_an_answer_that_leaves_it_open_is_in_doubt(self) -> None:
        for reply in self.open_ended:
            self.server().requests.clear()
            assert isinstance(self._after(reply), Unknown), reply.status

    @pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
    def test_no_redirect_is_followed(self, status: int) -> None:
        outcome = self._after(Reply(status=status, headers={"Location": f"{self.server().url}/elsewhere"}))
        assert not isinstance(outcome, Accepted)
        assert len(self.server().requests) == 1
        assert self.received() == []

    def test_an_endless_answer_is_not_read_to_its_end(self) -> None:
        assert isinstance(self._after(Reply(status=500, body=b"x" * 2_000_000)), Unknown)

    # ── connections ──

    @pytest.mark.parametrize("fault", [Fault.CLOSE_UNREAD, Fault.CLOSE_READ, Fault.NONSENSE])
    def test_a_connection_lost_after_the_request_left_is_in_doubt_and_not_tried_again(
        self, fault: Fault
    ) -> None:
        arrived = 0 if fault is Fault.CLOSE_UNREAD else 1
        self.server().then(fault)
        with self._adapter() as adapter:
            assert isinstance(self._told(adapter.send(self.example("r1"))), Unknown)
            assert len(self.received()) == arrived
            assert isinstance(adapter.send(self.example("r2")), Accepted)
        assert len(self.received()) == arrived + 1

    def test_no_answer_in_time_is_in_doubt(self) -> None:
        self.server().then(Fault.MUTE)
        with self._impatient() as adapter:
            assert isinstance(self._told(adapter.send(self.example())), Unknown)
        assert len(self.received()) == 1

    def test_an_answer_cut_short_is_never_another_try(self) -> None:
        assert isinstance(self._after(Fault.CUT), Accepted if self.tells_why else Unknown)
        assert len(self.received()) == 1

    def test_where_nobody_listens_nothing_was_sent(self) -> None:
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            adapter = self.connect(f"http://127.0.0.1:{free.getsockname()[1]}")
            outcome = self._told(adapter.send(self.example()))
            adapter.close()
        self._fails(outcome, Retry)
        if isinstance(outcome, Retry):
            assert outcome.after == 60

    def test_a_connection_that_was_closed_meanwhile_is_renewed(self) -> None:
        self.server().then(Fault.CLOSE_AFTER)
        with self._adapter() as adapter:
            assert isinstance(adapter.send(self.example("r1")), Accepted)
            self.server().wait_until_closed()
            assert isinstance(adapter.send(self.example("r2")), Accepted)
        assert len(self.received()) == 2

    def test_one_connection_serves_many(self) -> None:
        with self._adapter() as adapter:
            assert all(isinstance(adapter.send(self.example(f"r{n}")), Accepted) for n in range(20))
        assert len(self.received()) == 20
        assert self.server().connections == (1 if self.keeps_connections else 20)

    def test_threads_may_share_an_adapter(self) -> None:
        with self._adapter() as adapter, ThreadPoolExecutor(4) as threads:
            outcomes = list(threads.map(lambda n: adapter.send(self.example(f"r{n}")), range(40)))
        assert all(isinstance(outcome, Accepted) for outcome in outcomes)
        found = self.received()
        assert len(found) == 40
        if found[0].ref is not None:
            assert sorted(str(there.ref) for there in found) == sorted(f"r{n}" for n in range(40))
        assert not self.keeps_connections or self.server().connections <= 4

    def test_every_wait_has_an_end(self) -> None:
        wait = registry.adapter_class(self.adapter_name).OPTIONS["properties"]["timeout"]
        assert wait["type"] == "integer"
        assert 1 <= wait["minimum"] <= wait["default"] <= wait["maximum"] <= 600

    # ── what goes over, and what is seen ──

    @pytest.mark.parametrize(
        "evil", ["a\r\nX-Evil: 1", "a\nX-Evil: 1", "a\r\n\r\nPOST /evil HTTP/1.1\r\n\r\n", "a\0"]
    )
    def test_nothing_that_a_message_holds_becomes_a_header_or_a_request(self, evil: str) -> None:
        fields = ("ref", "to", "to_name", "sender", "sender_name", "reply_to", "subject", "text", "html")
        base = replace(self.example(), marketing=False)
        with self._adapter() as adapter:
            for field in fields:
                changes: dict[str, Any] = {field: evil}
                adapter.send(replace(base, **changes))
            adapter.send(replace(base, headers={**base.headers, "X-A": evil}))
            adapter.send(replace(base, meta={**base.meta, "campaign": evil, "step": evil}))
        assert len(self.server().requests) <= len(fields) + 2
        for request in self.server().requests:
            assert "x-evil" not in request.headers
            assert "/evil" not in request.path

    @pytest.mark.parametrize("act", [None, Fault.CLOSE_READ, page(500), page(401), page(429)])
    def test_no_log_holds_a_secret_a_person_or_a_body(
        self, act: Reply | Fault | None, caplog: pytest.LogCaptureFixture
    ) -> None:
        self.server().then(*([act] if act else []))
        with caplog.at_level(1), self._adapter() as adapter:
            told = f"{adapter!r} {adapter}"
            outcome = adapter.send(self.example())
        seen = f"{told} {outcome!r} {caplog.text} {[vars(record) for record in caplog.records]}"
        assert not [word for word in (*self.secrets, *self.personal, "Bearer", "Basic") if word in seen]

    def test_who_cannot_be_asked_is_not(self) -> None:
        with self._adapter() as adapter:
            if not adapter.capabilities.lookup:
                assert isinstance(adapter.lookup("ref-1"), CannotTell)
        assert self.server().requests == []
