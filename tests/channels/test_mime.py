"""E-mails that any parser reads back as they were meant, and that no value can add a header to."""

from __future__ import annotations

from email import message_from_bytes
from email.header import decode_header, make_header
from email.policy import default as rfc
from email.utils import parseaddr

import pytest
from hypothesis import given
from hypothesis import strategies as st

from channels import mime
from channels.base import Attachment, Message, MessageError
from channels.testing import email, received_email

NOW = 1_772_463_600

#: what a value can be: any text UTF-8 can carry
words = st.text(st.characters(exclude_categories=["Cs"]), max_size=300)


def test_a_mail_has_the_headers_it_needs_once_each() -> None:
    mail = message_from_bytes(mime.to_bytes(email(), NOW), policy=rfc)
    assert [name for name, _ in mail.items()] == [
        "From",
        "To",
        "Subject",
        "Date",
        "Message-ID",
        "MIME-Version",
        "Reply-To",
        "List-Unsubscribe",
        "List-Unsubscribe-Post",
        "Content-Type",
    ]
    assert mail["From"] == "Dana Reyes <dana@acme.example>"
    assert mail["Date"] == "Mon, 02 Mar 2026 15:00:00 +0000"
    assert mail["Message-ID"] == "<ref-1@acme.example>"
    assert mail["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"


def test_the_same_message_gives_the_same_bytes() -> None:
    assert mime.to_bytes(email(), NOW) == mime.to_bytes(email(), NOW)


def test_without_html_it_is_one_part() -> None:
    mail = message_from_bytes(mime.to_bytes(email(html=""), NOW), policy=rfc)
    assert mail.get_content_type() == "text/plain"


@given(text=words, html=words)
def test_any_body_comes_back(text: str, html: str) -> None:
    base = email()
    found = received_email(mime.to_bytes(email(text=text + base.text, html=html + "x"), NOW))
    assert found.text == _lines(text + base.text)
    assert found.html == _lines(html + "x")


def _lines(text: str) -> str:
    """Line ends are the one thing a mail does not keep apart."""
    return text.replace("\r\n", "\n").replace("\r", "\n")


@given(subject=words.filter(lambda text: bool(text.strip())), name=words)
def test_a_header_comes_back_or_is_refused(subject: str, name: str) -> None:
    message = email(subject=subject, to_name=name)
    try:
        data = mime.to_bytes(message, NOW)
    except MessageError:
        return
    found = received_email(data)
    assert found.headers is not None
    assert set(found.headers) == set(received_email(mime.to_bytes(email(), NOW)).headers or ())
    assert found.to == message.to
    if subject.isprintable() and subject == " ".join(subject.split()):
        assert found.subject == subject


@given(words)
def test_lines_are_ascii_and_within_the_limit(value: str) -> None:
    try:
        data = mime.to_bytes(email(subject=value * 5 + "x", to_name=value, text=value + email().text), NOW)
    except MessageError:
        return
    assert data.isascii()
    assert all(len(line) <= 998 for line in data.split(b"\r\n"))
    assert b"\n" not in data.replace(b"\r\n", b"")
    assert b"\r" not in data.replace(b"\r\n", b"")


@pytest.mark.parametrize("field", ["subject", "to_name", "sender_name", "to", "sender", "reply_to"])
@pytest.mark.parametrize("end", ["\r\n", "\n", "\r", "\x0b", "\x0c", "\x85", "\u2028", "\x00"])
def test_a_line_break_in_a_header_is_refused(field: str, end: str) -> None:
    with pytest.raises(MessageError):
        mime.to_bytes(email(**{field: f"a{end}Bcc: x@evil.example"}), NOW)


@pytest.mark.parametrize("name", ["X-A\r\nBcc", "X A", "X:A", "", "X-É"])
def test_a_header_needs_a_name(name: str) -> None:
    with pytest.raises(MessageError):
        mime.to_bytes(email(headers={**email().headers, name: "x"}), NOW)


@pytest.mark.parametrize(
    "address", ["sam", "sam@", "@x.example", "s am@x.example", "sam@x..example", "sám@x.example", "a@b>"]
)
def test_an_address_no_server_takes_is_refused(address: str) -> None:
    with pytest.raises(MessageError) as refused:
        mime.to_bytes(email(to=address), NOW)
    assert address not in str(refused.value)


def test_an_international_domain_goes_over_in_ascii() -> None:
    data = mime.to_bytes(email(to="sam@bücher.example"), NOW)
    assert b"To: Sam Okafor <sam@xn--bcher-kva.example>\r\n" in data


def test_a_name_that_looks_like_an_address_is_only_a_name() -> None:
    mail = message_from_bytes(mime.to_bytes(email(to_name='x@evil.example>, "Boss'), NOW), policy=rfc)
    [to] = mail["To"].addresses
    assert to.addr_spec == "sam@customer.example"
    assert to.display_name == 'x@evil.example>, "Boss'


def test_a_ref_becomes_a_message_id_whatever_it_is() -> None:
    assert mime.message_id(email("a b>é")) == "<a=20b=3E=C3=A9@acme.example>"


def test_documents_arrive_whole_beside_both_bodies() -> None:
    letter = Attachment(name="letter.pdf", media_type="application/pdf", content=bytes(range(256)) * 40)
    message = email(attachments=(letter,))
    assert Message.from_json(message.to_json()) == message
    data = mime.to_bytes(message, NOW)
    received = received_email(data)
    assert (received.text or "").strip() == message.text.strip()
    assert (received.html or "").strip() == message.html.strip()
    mail = message_from_bytes(data, policy=rfc)
    [found] = mail.iter_attachments()
    assert (found.get_filename(), found.get_content_type()) == ("letter.pdf", "application/pdf")
    assert found.get_content() == letter.content


@pytest.mark.parametrize("name", ['a".pdf', "a\r\nBcc: x", "../a.pdf/", ""])
def test_a_document_whose_name_could_be_more_than_a_name_is_refused(name: str) -> None:
    document = Attachment(name=name, media_type="application/pdf", content=b"x")
    with pytest.raises(MessageError, match="attachment"):
        mime.to_bytes(email(attachments=(document,)), NOW)


# ── nothing that is put into a header can be more than a value ──

#: text with whatever ends a line, starts another header or hides in an encoded word
evil = st.lists(
    st.one_of(
        words,
        st.sampled_from(
            ["\r\n", "\n", "\r", "\r\n ", "\r\n\t", "\x0b", "\x0c", "\x85", "\u2028", "\0", "\ud800"]
        ),
        st.sampled_from(
            [
                "Bcc: x@evil.example",
                "=?utf-8?q?=0D=0ABcc:_x@evil.example?=",
                "\r\n\r\n<h1>",
                "<x@y>",
                '"',
                "\\",
            ]
        ),
    ),
    max_size=5,
).map("".join)

_ADDRESSES = st.one_of(
    st.just("sam@customer.example"), evil, evil.map(lambda text: f"{text}@customer.example")
)


@given(
    changes=st.fixed_dictionaries(
        {"ref": st.one_of(st.just("r"), evil)},
        optional={
            **dict.fromkeys(("subject", "to_name", "sender_name"), evil),
            **dict.fromkeys(("to", "sender", "reply_to"), _ADDRESSES),
        },
    ),
    more=st.dictionaries(st.one_of(st.just("X-Mark"), evil), evil, max_size=2),
    own=st.dictionaries(st.one_of(st.just("X-Own"), evil), evil, max_size=2),
    utf8=st.booleans(),
)
def test_no_value_can_add_a_header_or_begin_the_body(
    changes: dict[str, str], more: dict[str, str], own: dict[str, str], utf8: bool
) -> None:
    """Of everything that bears a header: either it is refused, or the headers are those that were meant."""
    headers = {**email().headers, **own}
    try:
        message = email(**changes, headers=headers)
        data = mime.to_bytes(message, NOW, utf8=utf8, more=more)
    except MessageError:
        return
    head, _, body = data.partition(b"\r\n\r\n")
    assert body.startswith(b"--=_")
    meant = ["From", "To", "Subject", "Date", "Message-ID", "MIME-Version"]
    meant += ["Reply-To"] if message.reply_to else []
    meant += [*{**headers, **more}, "Content-Type"]
    assert [name for name, _ in message_from_bytes(data).items()] == meant
    assert b"\n" not in head.replace(b"\r\n", b"")
    for name in ("From", "To"):
        assert len(message_from_bytes(data, policy=rfc)[name].addresses) == 1


# ── long lines ──


@given(st.lists(st.text("abc,.!?=:", min_size=1, max_size=30), min_size=1, max_size=80), st.integers(1, 3))
def test_a_long_subject_is_folded_between_words_and_unfolds_to_itself(parts: list[str], spaces: int) -> None:
    subject = (" " * spaces).join(parts)
    data = mime.to_bytes(email(subject=subject), NOW)
    lines = data.partition(b"Subject: ")[2].partition(b"\r\nDate: ")[0].split(b"\r\n")
    assert all(line.strip() for line in lines)
    if spaces == 1 and "=?" not in subject:
        assert all(len(line) <= 78 for line in lines)
        assert b"".join(lines).decode() == subject
    if " ".join(subject.split()) == subject:
        assert received_email(data).subject == subject


def test_a_subject_without_a_space_to_fold_at_is_encoded_where_no_line_can_hold_it() -> None:
    subject = "x" * 3_000
    data = mime.to_bytes(email(subject=subject), NOW)
    assert all(len(line) <= 998 for line in data.split(b"\r\n"))
    assert received_email(data).subject == subject


@pytest.mark.parametrize("length", [60, 200, 900, 3_000])
@pytest.mark.parametrize("name", ["Sam Okafor ", "Zoë Łukasik "])
def test_a_long_name_stays_within_the_limit(name: str, length: int) -> None:
    whole = (name * 300)[:length].strip()
    data = mime.to_bytes(email(to_name=whole), NOW)
    assert all(len(line) <= 998 for line in data.split(b"\r\n"))
    # by the older reader: the newer one keeps the spaces between encoded words, which RFC 2047 drops
    shown, address = parseaddr(str(message_from_bytes(data)["To"]))
    assert (str(make_header(decode_header(shown))), address) == (whole, "sam@customer.example")


# ── domains and mailboxes of the world ──


@pytest.mark.parametrize(
    ("domain", "wire"),
    [
        ("bücher.example", "xn--bcher-kva.example"),
        (
            "straße.example",
            "xn--strae-oqa.example",
        ),  # another domain than strasse.example, with another owner
        ("BÜCHER.example", "xn--bcher-kva.example"),
        ("例え.example", "xn--r8jz45g.example"),
        ("пример.example", "xn--e1afmkfd.example"),
        ("مثال.example", "xn--mgbh0fb.example"),
        ("xn--bcher-kva.example", "xn--bcher-kva.example"),
    ],
)
def test_a_domain_goes_over_as_todays_servers_write_it(domain: str, wire: str) -> None:
    assert mime.wire_address(f"sam@{domain}") == f"sam@{wire}"


@pytest.mark.parametrize(
    "domain", ["bü cher.example", "-ü.example", "ü" * 70 + ".example", "☃☃.example", "a" * 254, "ü..example"]
)
def test_what_is_no_domain_is_refused(domain: str) -> None:
    with pytest.raises(MessageError):
        mime.wire_address(f"sam@{domain}")


@pytest.mark.parametrize("local", ["zoë", "张伟", "zoë.müller+x", "Ωμέγα"])
def test_a_mailbox_in_any_script_only_where_it_may_be(local: str) -> None:
    assert mime.wire_address(f"{local}@customer.example", utf8=True) == f"{local}@customer.example"
    with pytest.raises(MessageError):
        mime.wire_address(f"{local}@customer.example")


@pytest.mark.parametrize(
    "local", ["zoe\u0308", "a\u200bb", "a\u00a0b", "ü,x", "ü>", "ü" * 33, "ü x", "\u202eabc"]
)
def test_an_odd_mailbox_is_refused_everywhere(local: str) -> None:
    with pytest.raises(MessageError):
        mime.wire_address(f"{local}@customer.example", utf8=True)


def test_mailboxes_are_utf8_and_everything_else_stays_ascii() -> None:
    data = mime.to_bytes(email(to="zoë@bücher.example", to_name="Zoë", subject="Grüße"), NOW, utf8=True)
    assert "<zoë@xn--bcher-kva.example>\r\n".encode() in data
    assert data.replace("zoë@".encode(), b"").isascii()
