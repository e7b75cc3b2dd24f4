"""The SMTP adapter against a real server: the contract, every refusal, and every way a connection ends."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from channels import registry
from channels.base import Accepted, Adapter, Rejected, Retry, Unknown
from channels.options import OptionError
from channels.testing import ChannelContract, Received, email, received_email
from tests.channels.mail_server import PASSWORD, Handler, certificate, mail_server

NOW = 1_772_463_600


@pytest.fixture(params=["one by one", "in one write"])
def handler(request: pytest.FixtureRequest) -> Handler:
    """What the server does; all of it holds whether or not commands go over together."""
    return Handler(pipelining=request.param == "in one write")


@pytest.fixture
def port(handler: Handler) -> Iterator[int]:
    with mail_server(handler) as port:
        yield port


@pytest.fixture
def adapter(port: int) -> Iterator[Adapter]:
    made = smtp(port)
    yield made
    made.close()


def smtp(port: int, **options: object) -> Adapter:
    every = {"host": "127.0.0.1", "port": port, "security": "none", "timeout": 5, **options}
    return registry.build("smtp", every, registry.Host(now=lambda: NOW))


class TestSmtpContract(ChannelContract):
    adapter_name = "smtp"
    secrets = (PASSWORD,)

    @pytest.fixture(autouse=True)
    def _server(self, handler: Handler, port: int) -> None:
        self.handler, self.port = handler, port

    def make(self) -> Adapter:
        return smtp(self.port, username="dana", password=PASSWORD)

    def received(self) -> list[Received]:
        return [received_email(mail) for mail in self.handler.mails]


def test_an_accepted_mail_carries_the_servers_own_name_for_it(adapter: Adapter) -> None:
    assert adapter.send(email()) == Accepted(provider_id="4XyZ123")


def test_one_connection_serves_many(adapter: Adapter, handler: Handler) -> None:
    for n in range(20):
        adapter.send(email(f"r{n}"))
    assert handler.connections == 1


@pytest.mark.parametrize(
    ("reply", "suppress"),
    [
        ("550 5.1.1 <sam@customer.example> user unknown", "hard_bounce"),
        ("550 5.1.10 recipient not found", "hard_bounce"),
        ("550 No such user here", "hard_bounce"),
        ("550 5.2.1 the account is disabled", "hard_bounce"),
        ("550 5.7.1 rejected by policy", None),
        ("554 5.7.26 unauthenticated mail", None),
        ("550 5.2.1 something else", None),
        ("552 5.3.4 too big", None),
        ("554 no", None),
    ],
)
def test_a_refused_recipient(adapter: Adapter, handler: Handler, reply: str, suppress: str | None) -> None:
    handler.on_rcpt = [reply]
    outcome = adapter.send(email())
    assert isinstance(outcome, Rejected)
    assert outcome.suppress == suppress
    assert "sam@" not in outcome.reason
    assert handler.mails == []


@pytest.mark.parametrize(
    ("reply", "after"),
    [
        ("451 4.3.0 try later", 1_800),
        ("450 4.2.0 greylisted", 1_800),
        ("421 5.7.32 come back", 600),
        ("450 4.7.28 too much mail", 600),
        ("550 5.2.1 receiving mail at a rate that prevents delivery", 1_800),
        ("530 5.7.0 authentication required", 600),
    ],
)
def test_a_recipient_to_try_again(adapter: Adapter, handler: Handler, reply: str, after: int) -> None:
    handler.on_rcpt = [reply, reply]
    outcome = adapter.send(email())
    assert isinstance(outcome, Retry)
    assert outcome.after == after
    assert handler.mails == []


def test_a_refused_sender_never_costs_the_recipient(adapter: Adapter, handler: Handler) -> None:
    handler.on_mail = ["550 5.1.1 sender unknown"]
    outcome = adapter.send(email())
    assert isinstance(outcome, Rejected)
    assert outcome.suppress is None


@pytest.mark.parametrize(
    ("reply", "kind"),
    [("554 5.7.1 content", Rejected), ("550 5.1.1 gone", Rejected), ("452 4.3.1 full", Retry)],
)
def test_a_mail_refused_after_data(adapter: Adapter, handler: Handler, reply: str, kind: type) -> None:
    handler.on_data = [reply]
    assert isinstance(adapter.send(email()), kind)


def test_the_next_message_is_fine_after_a_refusal(adapter: Adapter, handler: Handler) -> None:
    handler.on_rcpt = ["550 5.1.1 no"]
    adapter.send(email("r1"))
    assert isinstance(adapter.send(email("r2")), Accepted)
    assert handler.connections == 1
    assert len(handler.mails) == 1


def test_a_connection_lost_in_data_is_unknown_and_not_tried_again(adapter: Adapter, handler: Handler) -> None:
    adapter.send(email("r1"))
    handler.on_data = ["drop"]
    assert isinstance(adapter.send(email("r2")), Unknown)
    assert [received_email(mail).ref for mail in handler.mails] == ["r1"]
    assert isinstance(adapter.send(email("r3")), Accepted)


@pytest.mark.parametrize("stage", ["on_mail", "on_rcpt"])
def test_a_connection_lost_before_data_was_certainly_not_sent(
    adapter: Adapter, handler: Handler, stage: str
) -> None:
    setattr(handler, stage, ["drop"])
    assert isinstance(adapter.send(email()), Retry)
    assert handler.mails == []


@pytest.mark.parametrize("answer", ["drop", "421 4.3.2 too many messages in one connection"])
def test_a_stale_connection_is_renewed(adapter: Adapter, handler: Handler, answer: str) -> None:
    adapter.send(email("r1"))
    handler.on_mail = [answer]
    assert isinstance(adapter.send(email("r2")), Accepted)
    assert handler.connections == 2
    assert len(handler.mails) == 2


def test_a_port_where_nobody_listens(adapter: Adapter) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        outcome = smtp(free.getsockname()[1]).send(email())
    assert isinstance(outcome, Retry)
    assert "cannot be reached" in outcome.reason


def test_a_server_that_says_nothing_times_out() -> None:
    with socket.socket() as mute:
        mute.bind(("127.0.0.1", 0))
        mute.listen()
        outcome = smtp(mute.getsockname()[1], timeout=1).send(email())
    assert outcome == Retry(reason="the mail server did not answer in time", after=60)


def test_a_refused_login_is_ours_to_mend_and_keeps_its_secret(port: int, handler: Handler) -> None:
    outcome = smtp(port, username="dana", password="wrong-secret").send(email())
    assert isinstance(outcome, Retry)
    assert "username and password" in outcome.reason
    assert "wrong-secret" not in repr(outcome)
    assert handler.mails == []


def test_a_server_without_starttls_gets_nothing(port: int, handler: Handler) -> None:
    outcome = smtp(port, security="starttls", username="dana", password=PASSWORD).send(email())
    assert isinstance(outcome, Retry)
    assert "does not offer" in outcome.reason
    assert handler.mails == []


def test_a_certificate_nobody_vouches_for_gets_nothing(tmp_path: Path, handler: Handler) -> None:
    _, context = certificate(tmp_path)
    with mail_server(handler, tls=context) as port:
        outcome = smtp(port, security="starttls").send(email())
    assert isinstance(outcome, Retry)
    assert "certificate is not trusted" in outcome.reason
    assert handler.mails == []


def test_starttls_with_a_trusted_certificate(
    tmp_path: Path, handler: Handler, monkeypatch: pytest.MonkeyPatch
) -> None:
    file, context = certificate(tmp_path)
    monkeypatch.setenv("SSL_CERT_FILE", str(file))
    with mail_server(handler, tls=context, require_starttls=True) as port:
        made = smtp(port, security="starttls", username="dana", password=PASSWORD)
        assert isinstance(made.send(email()), Accepted)
        made.close()


def test_tls_from_the_first_byte(tmp_path: Path, handler: Handler, monkeypatch: pytest.MonkeyPatch) -> None:
    file, context = certificate(tmp_path)
    monkeypatch.setenv("SSL_CERT_FILE", str(file))
    with mail_server(handler, ssl_context=context) as port:
        made = smtp(port, security="tls")
        assert all(isinstance(made.send(email(f"r{n}")), Accepted) for n in range(5))
        made.close()
    assert handler.connections == 1


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"username": "dana"}, "'username' and 'password' go together"),
        ({"username": "d", "password": "x", "security": "none", "host": "mail.example"}, "in the clear"),
        ({"security": "ssl"}, "must be one of starttls, tls, none"),
        ({"port": 0}, "must be between 1 and 65535"),
        ({"port": "many"}, "must be a whole number"),
    ],
)
def test_options_that_make_no_sense(options: dict[str, object], words: str) -> None:
    with pytest.raises(OptionError, match=words):
        registry.build("smtp", {"host": "mail.example", **options})


def test_text_from_the_environment_serves_as_number(port: int, handler: Handler) -> None:
    made = registry.build("smtp", {"host": "127.0.0.1", "port": str(port), "security": "none"})
    assert isinstance(made.send(email()), Accepted)
    made.close()
