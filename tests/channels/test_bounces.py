"""What comes to the bounce mailbox, as servers and people write it: who is suppressed, and who never."""

from __future__ import annotations

from email import message_from_bytes
from email.message import EmailMessage, Message
from email.mime.message import MIMEMessage
from email.mime.multipart import MIMEMultipart
from email.mime.text import MIMEText

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from channels import bounces, mime
from channels.events import EventKind, InboundMessage, ProviderEvent
from channels.return_path import HEADER, ReturnPath
from channels.testing import email
from engine.tokens import ReturnMarks

MARKS = ReturnMarks("a key")
REF = "0123456789abcdef" * 2
VERP = ReturnPath("bounces@go.example", MARKS.sign).of(REF)
SENT = mime.to_bytes(email(REF), 1_772_463_600, more={HEADER: MARKS.sign(REF)})


def read(data: bytes) -> list[ProviderEvent | InboundMessage]:
    return list(bounces.read(data, MARKS.read))


def event(data: bytes) -> ProviderEvent:
    [found] = read(data)
    assert isinstance(found, ProviderEvent)
    return found


def group(
    action: str = "failed", status: str = "5.1.1", code: str = "550 5.1.1 user unknown", **more: str
) -> str:
    """A recipient's fields."""
    fields = {
        "Final-Recipient": "rfc822; sam@customer.example", "Action": action, "Status": status,
        "Diagnostic-Code": f"smtp; {code}", **{name.replace("_", "-"): value for name, value in more.items()},
    }  # fmt: skip
    return "".join(f"{name}: {value}\r\n" for name, value in fields.items() if value)


def report(
    *groups: str, to: str = VERP, returned: bytes | None = None, kind: str = "text/rfc822-headers"
) -> bytes:
    """A report as RFC 3464 has it."""
    back = b"" if returned is None else b"--b\r\nContent-Type: %b\r\n\r\n%b\r\n" % (kind.encode(), returned)
    return (
        (
            f"Return-Path: <>\r\nDelivered-To: {to}\r\nFrom: Mail Delivery System <MAILER-DAEMON@mx.example>\r\n"
            f"To: {to}\r\nSubject: Undelivered Mail Returned to Sender\r\nDate: Mon, 02 Mar 2026 15:00:05 +0000\r\n"
            "Message-ID: <1@mx.example>\r\nAuto-Submitted: auto-replied\r\nMIME-Version: 1.0\r\n"
            'Content-Type: multipart/report; report-type=delivery-status; boundary="b"\r\n\r\n'
            "--b\r\nContent-Type: text/plain\r\n\r\nIt could not be delivered.\r\n"
            "--b\r\nContent-Type: message/delivery-status\r\n\r\nReporting-MTA: dns; mx.example\r\n\r\n"
            + "\r\n".join(groups)
            + "\r\n"
        ).encode()
        + back
        + b"--b--\r\n"
    )


HEAD = SENT.partition(b"\r\n\r\n")[0] + b"\r\n"


@pytest.mark.parametrize(
    ("status", "code", "suppress"),
    [
        ("5.1.1", "550 5.1.1 <sam@customer.example>: user unknown", "hard_bounce"),
        ("5.1.10", "550 5.1.10 RESOLVER.ADR.RecipientNotFound", "hard_bounce"),
        ("5.0.0", "550 No such user here", "hard_bounce"),
        ("5.0.0", "550 5.1.1 no", "hard_bounce"),
        ("", "550 5.1.1 no", "hard_bounce"),
        ("5.2.1", "550 5.2.1 the account is disabled", "hard_bounce"),
        ("5.4.4", "", "hard_bounce"),
        ("5.2.1", "550 5.2.1 receiving mail at a rate that prevents delivery", None),
        ("5.7.1", "550 5.7.1 blocked by policy", None),
        ("5.7.26", "550 5.7.26 unauthenticated", None),
        ("5.7.1", "550 5.7.1 user unknown", None),
        ("5.0.0", "554 no", None),
        ("4.4.7", "451 4.4.7 gave up after five days", None),
        ("4.2.2", "452 4.2.2 full", None),
        ("5.1.1", "421 5.1.1 the reply code outweighs", None),
    ],
)
def test_a_failure_is_a_bounce_and_hard_where_it_is_the_address(
    status: str, code: str, suppress: str | None
) -> None:
    found = event(report(group(status=status, code=code)))
    assert (found.kind, found.ref, found.suppress) == (EventKind.BOUNCED, REF, suppress)
    assert found.soft is (status in ("4.4.7", "4.2.2"))
    assert "sam@" not in found.reason


@pytest.mark.parametrize(
    ("action", "kind"),
    [
        ("delayed", EventKind.DEFERRED),
        ("delivered", EventKind.DELIVERED),
        ("relayed", EventKind.DELIVERED),
        ("expanded", EventKind.DELIVERED),
        ("Failed (gone)", EventKind.BOUNCED),
        ("something", EventKind.UNKNOWN),
    ],
)
def test_every_action_has_its_kind(action: str, kind: EventKind) -> None:
    assert event(report(group(action=action))).kind is kind


def test_what_arrived_in_part_costs_no_address() -> None:
    found = read(report(group(), group(action="delivered", status="2.0.0", code="250 ok")))
    assert [getattr(e, "suppress", "?") for e in found] == [None, None]
    assert len({e.id for e in found}) == 2


def test_a_time_is_taken_where_it_is_one() -> None:
    assert event(report(group(Last_Attempt_Date="Mon, 02 Mar 2026 15:00:01 +0000"))).at == 1_772_463_601
    assert event(report(group(Last_Attempt_Date="Mon, 99 Foo 99999 15:00:01 +0000"))).at == 1_772_463_605


# ── whose bounce it is ──


@pytest.mark.parametrize("name", ["Delivered-To", "X-Original-To", "Envelope-To", "To"])
def test_the_ref_comes_home_by_the_address(name: str) -> None:
    data = report(group(), to="bounces@go.example")
    data = data.replace(b"Return-Path: <>\r\n", f"Return-Path: <>\r\n{name}: <{VERP.upper()}>\r\n".encode())
    found = event(data)
    assert (found.ref, found.suppress) == (REF, "hard_bounce")


@pytest.mark.parametrize(("kind", "back"), [("text/rfc822-headers", HEAD), ("message/rfc822", SENT)])
def test_or_by_our_own_header_in_what_comes_back(kind: str, back: bytes) -> None:
    found = event(report(group(), to="hello@acme.example", returned=back, kind=kind))
    assert (found.ref, found.suppress) == (REF, "hard_bounce")


def test_a_message_id_names_the_touch_and_is_a_hint_and_no_more() -> None:
    back = b"Message-ID: <%b@acme.example>\r\nSubject: x\r\n" % REF.encode()
    found = event(report(group(), to="hello@acme.example", returned=back))
    assert (found.kind, found.ref, found.suppress) == (EventKind.UNKNOWN, REF, None)
    assert "bounced, without a mark of ours: 550 5.1.1" in found.reason


@given(
    st.text("0123456789abcdef", min_size=32, max_size=32),
    st.text("abcdefghijklmnopqrstuvwxyz234567", min_size=16, max_size=16),
)
def test_a_forged_bounce_suppresses_nobody(ref: str, mac: str) -> None:
    for to, mark in ((f"bounces+{ref}-{mac}@go.example", f"{ref}-{mac}"), (f"bounces+{ref}@go.example", ref)):
        back = b"X-Rekindle-Ref: %b\r\nMessage-ID: <%b@acme.example>\r\n" % (mark.encode(), ref.encode())
        found = event(report(group(), to=to, returned=back))
        assert (found.kind, found.suppress) == (EventKind.UNKNOWN, None)


def test_the_same_mail_again_has_the_same_id_whatever_servers_write_on_the_way() -> None:
    again = b"Received: from a by b; today\r\nX-Spam: no\r\n" + report(group())
    assert event(again).id == event(report(group())).id
    assert event(report(group(), to="bounces@go.example")).id != event(report(group())).id


# ── bounces of servers' own making ──

QMAIL = f"""\
Return-Path: <>
Delivered-To: {VERP}
From: MAILER-DAEMON@mx.example
To: {VERP}
Subject: failure notice

Hi. This is the qmail-send program at mx.example.
I'm afraid I wasn't able to deliver your message to the following addresses.
This is a permanent error; I've given up. Sorry it didn't work out.

<sam@customer.example>:
WORDS

--- Below this line is a copy of the message.

""".replace("\n", "\r\n")


@pytest.mark.parametrize(
    ("words", "suppress"),
    [
        ("Remote host said: 550 5.1.1 unknown user", "hard_bounce"),
        ("Sorry, no mailbox here by that name; user unknown", "hard_bounce"),
        ("Remote host said: 550 5.7.1 blocked", None),
        ("Sorry.", None),
    ],
)
def test_a_bounce_in_a_form_of_its_own(words: str, suppress: str | None) -> None:
    found = event(QMAIL.replace("WORDS", words).encode() + SENT)
    assert (found.kind, found.ref, found.suppress) == (EventKind.BOUNCED, REF, suppress)
    assert found.to == "sam@customer.example"


def test_the_mark_is_found_in_headers_that_stand_in_the_text() -> None:
    data = (
        QMAIL.replace(VERP, "hello@acme.example").replace("WORDS", "550 5.1.1 unknown user").encode() + SENT
    )
    assert (event(data).ref, event(data).suppress) == (REF, "hard_bounce")


# ── complaints ──


def complaint(kind: str = "abuse", back: bytes = SENT) -> bytes:
    """A report as RFC 5965 has it."""
    mail = MIMEMultipart("report", report_type="feedback-report")
    mail["From"], mail["To"], mail["Subject"] = "feedback@isp.example", "abuse@acme.example", "FW: It is here"
    mail.attach(MIMEText("This is an e-mail abuse report."))
    fields = Message()
    fields["Feedback-Type"], fields["User-Agent"], fields["Version"] = kind, "Loop/1", "1"
    fields["Original-Rcpt-To"] = "sam@customer.example"
    mail.attach(MIMEMessage(fields, "feedback-report"))
    mail.attach(MIMEMessage(message_from_bytes(back)))
    return bytes(mail)


def test_a_complaint_is_obeyed() -> None:
    found = event(complaint())
    assert (found.kind, found.ref, found.suppress) == (EventKind.COMPLAINED, REF, "complaint")


def test_a_complaint_that_hides_our_header_is_obeyed_too() -> None:
    found = event(complaint(back=SENT.replace(HEADER.encode(), b"X-Gone")))
    assert (found.ref, found.suppress) == (REF, "complaint")


def test_a_complaint_about_nothing_of_ours_is_kept() -> None:
    found = event(complaint(back=b"Message-ID: <x@other.example>\r\n\r\nx"))
    assert (found.kind, found.ref, found.suppress) == (EventKind.COMPLAINED, "", None)


@pytest.mark.parametrize("kind", ["not-spam", "auth-failure", "virus", ""])
def test_other_feedback_is_no_complaint(kind: str) -> None:
    assert event(complaint(kind)).kind is EventKind.UNKNOWN


# ── people, and programs that answer for them ──


def letter(text: str = "Please stop.\n", **headers: str) -> bytes:
    mail = EmailMessage()
    every = {"From": "Sam <sam@customer.example>", "To": "hello@acme.example", "Subject": "Re: It is here"}
    for name, value in {**every, **{n.replace("_", "-"): v for n, v in headers.items()}}.items():
        mail[name] = value
    mail.set_content(text)
    return bytes(mail)


def test_what_a_person_writes_is_a_message() -> None:
    [found] = read(letter("Ça suffit, arrêtez.\n"))
    assert isinstance(found, InboundMessage)
    assert (found.sender, found.to, found.text) == (
        "sam@customer.example",
        "hello@acme.example",
        "Ça suffit, arrêtez.\n",
    )


def test_html_alone_is_read_without_its_markup() -> None:
    mail = EmailMessage()
    mail["From"], mail["To"] = "sam@customer.example", VERP
    mail.set_content(
        "<style>p{}</style><p>Please <b>stop</b>.</p><blockquote>Hello</blockquote>", subtype="html"
    )
    [found] = read(bytes(mail))
    assert isinstance(found, InboundMessage)
    assert found.text == "Please stop.\nHello"


def test_a_person_who_forwards_a_report_is_a_person() -> None:
    mail = MIMEMultipart()
    mail["From"], mail["To"], mail["Subject"] = "sam@customer.example", VERP, "What is this? Stop it"
    mail.attach(MIMEText("Stop it."))
    mail.attach(MIMEMessage(message_from_bytes(report(group()))))
    [found] = read(bytes(mail))
    assert isinstance(found, InboundMessage)


@pytest.mark.parametrize(
    "headers",
    [
        {"Auto_Submitted": "auto-replied"},
        {"Auto_Submitted": "auto-replied (vacation)"},
        {"Auto_Submitted": "Auto-Generated; why"},
        {"X_Autoreply": "yes"},
        {"Precedence": "bulk"},
        {"Subject": "Automatic reply: It is here"},
        {"Subject": "Out of Office until May"},
        {"Subject": "Abwesenheitsnotiz: It is here"},
        {"Subject": "Réponse automatique : It is here"},
        {"Return_Path": "<>"},
        {"List_Id": "<news.example>"},
    ],
)
def test_what_a_program_answers_is_no_reply(headers: dict[str, str]) -> None:
    found = event(letter("I am away; please stop by when I am back.\n", **headers))
    assert (found.kind, found.machine, found.suppress) == (EventKind.UNKNOWN, True, None)


def test_auto_submitted_no_is_a_person() -> None:
    [found] = read(letter(Auto_Submitted="no"))
    assert isinstance(found, InboundMessage)


# ── hostile mails ──


@given(st.binary(max_size=3_000))
@example(b"")
@example(b"Content-Type: multipart/report; boundary=\r\n\r\n--\r\n")
@example(
    b"From: \xff\xfe@\r\nContent-Type: text/plain; charset=nonsense\r\nContent-Transfer-Encoding: base64\r\n\r\n=A=\x00"
)
def test_any_bytes_give_items_that_any_database_takes(data: bytes) -> None:
    for found in (*read(data), *read(report(group()) + data), *read(letter() + data)):
        assert found.id
        assert "\0" not in found.raw
        found.raw.encode()
        if isinstance(found, InboundMessage):
            assert "\0" not in found.text


@given(st.data())
def test_a_report_that_was_cut_or_changed_anywhere_raises_nothing(data: st.DataObject) -> None:
    whole = report(group(), returned=SENT, kind="message/rfc822")
    at = data.draw(st.integers(0, len(whole)))
    put = data.draw(st.binary(max_size=20))
    for found in (
        *read(whole[:at]),
        *read(whole[:at] + put + whole[at:]),
        *read(whole[:at] + put + whole[at + len(put) :]),
    ):
        assert not isinstance(found, ProviderEvent) or found.suppress in (None, "hard_bounce")


@pytest.mark.parametrize(
    "data",
    [
        b"".join(
            b'Content-Type: multipart/mixed; boundary="%d"\r\n\r\n--%d\r\n' % (n, n) for n in range(3_000)
        ),
        b"Content-Type: message/rfc822\r\n\r\n" * 3_000,
        b"To: " + b"a@b.example, " * 100_000 + b"\r\n\r\n",
        b"Subject: " + b"=?utf-8?q?=41?= " * 100_000 + b"\r\n\r\n",
        b"Return-Path: <>\r\nFrom: mailer-daemon@x.example\r\n\r\n" + b"550 " * 250_000,
        b"From: mailer-daemon@x.example\r\n\r\n" + b"<" * 500_000 + b"@" * 500_000,
        b"From: a@b.example\r\nContent-Type: text/html\r\n\r\n" + b"<![" * 300_000,
        report(*[group()] * 5_000),
        b"X: y\r\n" * 150_000 + b"\r\n",
    ],
    ids=[
        "deep parts",
        "deep mails",
        "many addresses",
        "many words",
        "many codes",
        "signs",
        "markup",
        "reports",
        "headers",
    ],
)
def test_a_mail_made_to_cost_much_is_read_as_far_as_it_is_worth(data: bytes) -> None:
    found = read(data)
    assert 1 <= len(found) <= 50
    assert all(len(item.raw) < 300_000 for item in found)
