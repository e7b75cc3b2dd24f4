"""Commands in one write, kept connections, and several threads: exact books whatever the server answers when."""

from __future__ import annotations

from collections import Counter
from concurrent.futures import ThreadPoolExecutor

import pytest

from channels import registry
from channels.base import Accepted, Adapter, Rejected, Retry, Unknown
from channels.testing import email, received_email
from tests.channels.mail_server import Handler, mail_server
from tests.channels.raw_mail_server import DROP, Script, raw_mail_server


def smtp(port: int, **options: object) -> Adapter:
    every = {"host": "127.0.0.1", "port": port, "security": "none", "timeout": 5, **options}
    return registry.build("smtp", every, registry.Host(now=lambda: 1_772_463_600))


def test_the_envelope_is_one_write_where_the_server_takes_that() -> None:
    script = Script(offers=("PIPELINING", "SIZE 1000000"))
    with raw_mail_server(script) as port:
        adapter = smtp(port)
        assert [adapter.send(email(f"r{n}")) for n in range(2)] == [Accepted(provider_id="4XyZ123")] * 2
        adapter.close()
    size = len(script.bodies[0]) - len(b".\r\n")
    envelope = f"MAIL FROM:<dana@acme.example> SIZE={size}\r\nRCPT TO:<sam@customer.example>\r\nDATA\r\n"
    assert script.writes[0] == envelope.encode()
    assert script.writes[-1].upper() == b"QUIT\r\n"
    assert script.connections == 1


def test_without_the_offer_each_command_waits_for_its_answer() -> None:
    script = Script(offers=())
    with raw_mail_server(script) as port:
        adapter = smtp(port)
        assert isinstance(adapter.send(email()), Accepted)
        adapter.close()
    assert [write.split(b" ")[0].strip() for write in script.writes[:3]] == [b"MAIL", b"RCPT", b"DATA"]


@pytest.mark.parametrize("offers", [(), ("PIPELINING",)])
@pytest.mark.parametrize(
    ("answers", "kind"),
    [
        ({"MAIL": ["550 5.7.1 no"], "RCPT": ["503 first MAIL"], "DATA": ["503 no"]}, Rejected),
        ({"MAIL": ["451 4.3.0 later"], "RCPT": ["503 no"], "DATA": ["503 no"]}, Retry),
        ({"RCPT": ["550 5.1.1 unknown"], "DATA": ["554 no valid recipients"]}, Rejected),
        ({"RCPT": ["550 5.1.1 unknown"], "DATA": ["354 go on all the same"]}, Rejected),
        ({"RCPT": ["450 4.2.1 later"], "DATA": ["554 no valid recipients"]}, Retry),
        ({"RCPT": ["421 4.3.2 closing"]}, Retry),
        ({"RCPT": ["what?"]}, Retry),
        ({"DATA": ["451 4.3.0 later"]}, Retry),
        ({"DATA": ["554 5.7.1 no"]}, Rejected),
        ({"DATA": ["250 an answer to something else"]}, Retry),
        ({"MAIL": [DROP]}, Retry),
        ({"RCPT": [DROP]}, Retry),
        ({"DATA": [DROP]}, Retry),
        ({"greeting": [DROP]}, Retry),
        ({"greeting": ["554 5.7.1 not you"]}, Retry),
        ({"greeting": ["421 4.3.2 too busy"]}, Retry),
        ({"body": ["451 4.3.0 later"]}, Retry),
        ({"body": ["554 5.7.1 content"]}, Rejected),
        ({"body": ["421 4.3.2 closing"]}, Retry),
        ({"body": [DROP]}, Unknown),
        ({"body": ["354 what?"]}, Unknown),
        ({"body": ["nonsense"]}, Unknown),
    ],
)
def test_every_answer_at_every_stage(
    offers: tuple[str, ...], answers: dict[str, list[str]], kind: type
) -> None:
    """What is not accepted has left no mail, and the next one goes through, once."""
    script = Script(offers=offers, answers={verb: list(said) for verb, said in answers.items()})
    with raw_mail_server(script) as port:
        adapter = smtp(port)
        outcome = adapter.send(email("first"))
        assert isinstance(outcome, kind), outcome
        assert script.bodies == []
        for said in script.answers.values():
            said.clear()
        assert isinstance(adapter.send(email("second")), Accepted)
        adapter.close()
    [body] = script.bodies
    assert received_email(body.removesuffix(b".\r\n")).ref == "second"


def test_a_refused_recipient_costs_the_address_and_a_refused_sender_never() -> None:
    script = Script(
        answers={
            "MAIL": ["550 5.1.1 no", "250 ok"],
            "RCPT": ["503 no", "550 5.1.1 no"],
            "DATA": ["503 no"] * 2,
        }
    )
    with raw_mail_server(script) as port:
        adapter = smtp(port)
        first, second = adapter.send(email()), adapter.send(email())
        adapter.close()
    assert isinstance(first, Rejected)
    assert isinstance(second, Rejected)
    assert (first.suppress, second.suppress) == (None, "hard_bounce")


def test_a_connection_the_server_has_closed_is_noticed_before_it_is_used() -> None:
    """Nothing is written into it: the whole envelope goes over the new one."""
    script = Script(answers={"body": ["250 ok", "250 ok"]})
    with raw_mail_server(script) as port:
        adapter = smtp(port)
        assert isinstance(adapter.send(email("r1")), Accepted)
        pool = adapter._pool  # type: ignore[attr-defined]
        [kept] = pool._kept
        kept._server.sock.shutdown(1)  # so that the server sees an end and closes
        assert script.ended.wait(5)
        assert not kept.is_fit()
        writes = len(script.writes)
        assert isinstance(adapter.send(email("r2")), Accepted)
        assert script.writes[writes].count(b"MAIL FROM") == 1
        adapter.close()
    assert (script.connections, len(script.bodies)) == (2, 2)


def test_a_good_bye_on_a_kept_connection_is_heard_before_it_is_used() -> None:
    handler = Handler(pipelining=True)
    with mail_server(handler) as port:
        adapter = smtp(port)
        adapter.send(email("r1"))
        handler.on_mail = ["421 4.4.2 too long idle"]
        assert isinstance(adapter.send(email("r2")), Accepted)
        adapter.close()
    assert (handler.connections, len(handler.mails)) == (2, 2)


def test_a_sender_refused_for_good_is_not_tried_on_another_connection() -> None:
    no = {"MAIL": ["250 ok", "550 5.7.1 no"], "RCPT": ["250 ok", "503 no"], "DATA": ["354 go", "503 no"]}
    script = Script(answers=no)
    with raw_mail_server(script) as port:
        adapter = smtp(port)
        assert [type(adapter.send(email(f"r{n}"))) for n in range(2)] == [Accepted, Rejected]
        adapter.close()
    assert (script.connections, len(script.bodies)) == (1, 1)


@pytest.mark.parametrize("connections", [1, 3])
def test_threads_share_a_few_connections_and_each_mail_arrives_once(connections: int) -> None:
    handler = Handler(pipelining=True, pause=0.005)
    with mail_server(handler) as port:
        adapter = smtp(port, connections=connections)
        with ThreadPoolExecutor(8) as threads:
            outcomes = list(threads.map(lambda n: adapter.send(email(f"r{n}")), range(80)))
        adapter.close()
    assert all(isinstance(outcome, Accepted) for outcome in outcomes)
    assert Counter(received_email(mail).ref for mail in handler.mails) == Counter(f"r{n}" for n in range(80))
    assert handler.connections <= connections


def test_threads_keep_exact_books_while_the_server_misbehaves() -> None:
    """Accepted is there once, Retry and Rejected never, Unknown at most once."""
    handler = Handler(pipelining=True)
    handler.on_mail = _every(7, "drop", 120)
    handler.on_rcpt = _every(11, "550 5.1.1 unknown", 120)
    handler.on_data = _every(5, "drop", 120)
    with mail_server(handler) as port:
        adapter = smtp(port)
        with ThreadPoolExecutor(6) as threads:
            outcomes = dict(threads.map(lambda n: (f"r{n}", adapter.send(email(f"r{n}"))), range(120)))
        adapter.close()
    arrived = Counter(received_email(mail).ref for mail in handler.mails)
    kinds = Counter(type(outcome) for outcome in outcomes.values())
    assert kinds[Unknown] and kinds[Rejected] and kinds[Accepted]
    for ref, outcome in outcomes.items():
        match outcome:
            case Accepted():
                assert arrived[ref] == 1
            case Unknown():
                assert arrived[ref] <= 1
            case _:
                assert arrived[ref] == 0


def _every(n: int, answer: str, count: int) -> list[str]:
    return [answer if at % n == n - 1 else "250 2.0.0 Ok" for at in range(count)]


@pytest.mark.parametrize("stage", ["MAIL", "body"])
def test_a_slow_answer_is_waited_for_and_no_longer_than_said(stage: str) -> None:
    """Before the body that is a retry, after it a doubt."""
    script = Script(answers={stage: ["250-"]})  # an answer that is never finished
    with raw_mail_server(script) as port:
        outcome = smtp(port, timeout=1).send(email())
    assert isinstance(outcome, Unknown if stage == "body" else Retry)
    assert "in time" in outcome.reason


# ── addresses that are not ASCII ──


@pytest.mark.parametrize("offers", [("SMTPUTF8", "8BITMIME", "PIPELINING"), ("SMTPUTF8", "8BITMIME")])
def test_an_international_mailbox_goes_to_a_server_that_takes_it(offers: tuple[str, ...]) -> None:
    script = Script(offers=offers)
    with raw_mail_server(script) as port:
        adapter = smtp(port)
        message = email(to="zoë@bücher.example", to_name="Zoë 張偉", reply_to="grüße@acme.example")
        assert isinstance(adapter.send(message), Accepted)
        adapter.close()
    wire = b"".join(script.writes)
    assert b" BODY=8BITMIME SMTPUTF8\r\n" in wire
    assert "RCPT TO:<zoë@xn--bcher-kva.example>\r\n".encode() in wire
    head = script.bodies[0].partition(b"\r\n\r\n")[0].decode()
    assert "Reply-To: grüße@acme.example\r\n" in head
    assert head.partition("To: ")[2].partition("\r\n")[0].endswith(" <zoë@xn--bcher-kva.example>")


def test_elsewhere_it_is_refused_in_clear_words_and_nobody_is_suppressed() -> None:
    script = Script(offers=("PIPELINING", "8BITMIME"))
    with raw_mail_server(script) as port:
        adapter = smtp(port)
        outcome = adapter.send(email(to="zoë@customer.example"))
        assert isinstance(outcome, Rejected)
        assert "no SMTPUTF8" in outcome.reason
        assert outcome.suppress is None
        assert "zoë" not in outcome.reason
        assert isinstance(adapter.send(email()), Accepted)
        adapter.close()
    assert (script.connections, len(script.bodies)) == (1, 1)


def test_an_ascii_mailbox_is_never_sent_as_anything_else() -> None:
    script = Script(offers=("SMTPUTF8", "8BITMIME", "PIPELINING", "CHUNKING"))
    with raw_mail_server(script) as port:
        adapter = smtp(port)
        adapter.send(email(subject="Grüße", to_name="Zoë"))
        adapter.close()
    assert b"SMTPUTF8" not in b"".join(script.writes)
    assert script.bodies[0].isascii()
