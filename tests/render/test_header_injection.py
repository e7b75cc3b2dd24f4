"""Nothing that a person, a source or a template says becomes a header: through the renderer to the bytes."""

from __future__ import annotations

from dataclasses import replace
from email import message_from_bytes
from email.policy import default as rfc

import pytest
from hypothesis import given
from hypothesis import strategies as st

from channels import mime
from channels.base import MessageError
from engine.render import RenderError
from tests.render.conftest import BRAND, NOW, render

evil = st.lists(
    st.one_of(
        st.text(max_size=40),
        st.sampled_from(["\r\n", "\n", "\r", "\r\n\t", "\x0b", "\x85", "\u2028", "\0", "\r\n\r\n<h1>"]),
        st.sampled_from(
            ["Bcc: x@evil.example", "=?utf-8?q?=0D=0ABcc:_x@evil.example?=", "<x@evil.example>", '"', ","]
        ),
    ),
    min_size=1,
    max_size=5,
).map("".join)

MEANT = {
    "From", "To", "Subject", "Date", "Message-ID", "MIME-Version", "Reply-To", "List-Unsubscribe",
    "List-Unsubscribe-Post", "Content-Type",
}  # fmt: skip


@given(first=evil, last=evil, company=evil, email=st.one_of(st.none(), evil))
def test_a_persons_fields(first: str, last: str, company: str, email: str | None) -> None:
    person = {"first_name": first, "last_name": last, "company": company}
    person |= {"email": email} if email is not None else {}
    try:
        message = render(
            "Hello.", subject="{{ person.first_name }}, {{ person.company }} and more", person=person
        )
        data = mime.to_bytes(message, NOW)
    except (RenderError, MessageError):
        return
    mail = message_from_bytes(data, policy=rfc)
    assert {name for name, _ in mail.items()} == MEANT
    assert len(mail.items()) == len(MEANT)
    assert len(mail["To"].addresses) == 1


@pytest.mark.parametrize("field", ["from_name", "from_email", "reply_to"])
@given(value=evil)
def test_what_the_brand_says(field: str, value: str) -> None:
    try:
        data = mime.to_bytes(render("Hello.", brand=replace(BRAND, **{field: value})), NOW)
    except (RenderError, MessageError):
        return
    mail = message_from_bytes(data, policy=rfc)
    assert {name for name, _ in mail.items()} <= MEANT
    assert len(mail["From"].addresses) == 1
