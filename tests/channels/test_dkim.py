"""DKIM signatures that another implementation verifies, by a key it asks a name server for."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Iterator
from email import message_from_bytes
from email.policy import default as rfc

import dkim
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1
from cryptography.hazmat.primitives.asymmetric.ec import generate_private_key as generate_ec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, generate_private_key
from hypothesis import given
from hypothesis import strategies as st

from channels import mime, registry
from channels.base import Accepted, Attachment, MessageError, Retry
from channels.dkim_signing import SIGNED, DkimSigner
from channels.options import OptionError
from channels.testing import email
from tests.channels.mail_server import Handler, mail_server
from tests.channels.name_server import Ask, name_server

NOW = 1_772_463_600
_RSA = generate_private_key(65_537, 2_048)
_ED25519 = Ed25519PrivateKey.generate()
Key = RSAPrivateKey | Ed25519PrivateKey

words = st.text(st.characters(exclude_categories=["Cs"]), max_size=120)


def pem(key: Key) -> str:
    none = serialization.NoEncryption()
    return key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, none).decode()


def record(key: Key) -> str:
    """What stands in DNS."""
    if isinstance(key, Ed25519PrivateKey):
        form = (serialization.Encoding.Raw, serialization.PublicFormat.Raw)
    else:
        form = (serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
    kind = "ed25519" if isinstance(key, Ed25519PrivateKey) else "rsa"
    return f"v=DKIM1; k={kind}; p={b64encode(key.public_key().public_bytes(*form)).decode()}"


@pytest.fixture(scope="module")
def lookup() -> Iterator[Ask]:
    keys = {"rsa._domainkey.acme.example": _RSA, "ed._domainkey.acme.example": _ED25519}
    with name_server({name: record(key) for name, key in keys.items()}) as ask:
        yield ask


def signer(key: Key = _RSA, selector: str = "rsa", domain: str = "acme.example") -> DkimSigner:
    return DkimSigner(domain=domain, selector=selector, key=pem(key))


BOTH = pytest.mark.parametrize("by", [signer(), signer(_ED25519, "ed")], ids=["rsa", "ed25519"])


@BOTH
def test_another_implementation_verifies_it(by: DkimSigner, lookup: Ask) -> None:
    assert dkim.verify(by.signed(mime.to_bytes(email(), NOW)), dnsfunc=lookup)


def test_the_headers_that_matter_are_named_once_more_than_they_are_there() -> None:
    data = signer().signed(mime.to_bytes(email(), NOW))
    named = (
        data.partition(b"\th=")[2].partition(b";")[0].replace(b"\r\n\t", b"").replace(b" ", b"").split(b":")
    )
    there = [
        b"from",
        b"to",
        b"subject",
        b"date",
        b"message-id",
        b"reply-to",
        b"mime-version",
        b"content-type",
    ]
    there += [b"list-unsubscribe", b"list-unsubscribe-post"]
    assert {name: named.count(name) for name in there} == dict.fromkeys(there, 2)
    assert set(named) == set(SIGNED)


@BOTH
@pytest.mark.parametrize(
    "name", ["From", "To", "Cc", "Subject", "Reply-To", "List-Unsubscribe", "List-Unsubscribe-Post"]
)
def test_a_header_put_in_on_the_way_breaks_it(name: str, by: DkimSigner, lookup: Ask) -> None:
    data = by.signed(mime.to_bytes(email(), NOW))
    for changed in (
        f"{name}: x@evil.example\r\n".encode() + data,
        data.replace(b"\r\n\r\n", f"\r\n{name}: x\r\n\r\n".encode(), 1),
    ):
        assert not dkim.verify(changed, dnsfunc=lookup)


@BOTH
def test_a_changed_or_missing_header_or_body_breaks_it(by: DkimSigner, lookup: Ask) -> None:
    data = by.signed(mime.to_bytes(email(), NOW))
    for old, new in [
        (b"List-Unsubscribe-Post: List-Unsubscribe=One-Click\r\n", b""),
        (b"/u/token", b"/u/other"),
        (b"Subject: It", b"Subject: Is"),
        (b"Hello Sam", b"Hello Tom"),
    ]:
        assert old in data
        assert not dkim.verify(data.replace(old, new), dnsfunc=lookup)


@given(subject=words, name=words, text=words)
def test_it_verifies_whatever_the_mail_says(subject: str, name: str, text: str) -> None:
    message = email(subject=subject or "x", to_name=name, text=text + email().text)
    try:
        data = mime.to_bytes(message, NOW)
    except MessageError:
        return
    signed = signer(_ED25519, "ed").signed(data)
    assert dkim.verify(signed, dnsfunc=lambda name, timeout=5: record(_ED25519).encode())
    assert all(len(line) <= 998 for line in signed.split(b"\r\n"))


def test_a_mailbox_in_any_script_is_signed_as_it_stands(lookup: Ask) -> None:
    data = mime.to_bytes(email(to="zoë@customer.example"), NOW, utf8=True)
    assert dkim.verify(signer().signed(data), dnsfunc=lookup)


def test_what_a_server_receives_verifies(lookup: Ask) -> None:
    handler = Handler(pipelining=True)
    with mail_server(handler) as port:
        options = {"dkim_domain": "acme.example", "dkim_selector": "rsa", "dkim_key": pem(_RSA)}
        adapter = registry.build("smtp", {"host": "127.0.0.1", "port": port, "security": "none", **options})
        text = f".\n..\nFrom here\n{'x' * 3000}\n\n\n.\n{email().text}\n\n"
        assert isinstance(adapter.send(email(text=text)), Accepted)
        assert isinstance(adapter.send(email(subject="A long subject of many words, " * 20)), Accepted)
        letter = Attachment(name="letter.pdf", media_type="application/pdf", content=bytes(range(256)) * 40)
        assert adapter.capabilities.attachments
        assert isinstance(adapter.send(email(attachments=(letter,))), Accepted)
        assert "PRIVATE" not in repr(adapter)
        adapter.close()
    assert [dkim.verify(mail, dnsfunc=lookup) for mail in handler.mails] == [True] * 3
    [found] = message_from_bytes(handler.mails[2], policy=rfc).iter_attachments()
    assert (found.get_filename(), found.get_content()) == (letter.name, letter.content)


@pytest.mark.parametrize(
    ("sender", "fits"),
    [
        ("dana@acme.example", True),
        ("dana@ACME.example", True),
        ("dana@news.acme.example", True),
        ("dana@example", True),
        ("dana@notacme.example", False),
        ("dana@acme.example.evil.example", False),
        ("dana@other.example", False),
    ],
)
def test_the_signing_domain_has_to_fit_the_senders(sender: str, fits: bool) -> None:
    assert signer().fits(sender.partition("@")[2]) is fits


def test_a_sender_that_does_not_fit_is_ours_to_mend_and_nothing_leaves() -> None:
    options = {"dkim_domain": "other.example", "dkim_selector": "rsa", "dkim_key": pem(_RSA)}
    outcome = registry.build("smtp", {"host": "127.0.0.1", "port": 9, "security": "none", **options}).send(
        email()
    )
    assert isinstance(outcome, Retry)
    assert "does not fit dkim_domain" in outcome.reason


def test_where_the_sender_is_known_before_it_is_said_when_the_adapter_is_built() -> None:
    options = {
        "host": "mail.example",
        "dkim_domain": "other.example",
        "dkim_selector": "rsa",
        "dkim_key": pem(_RSA),
    }
    with pytest.raises(OptionError, match="'dkim_domain': the sender's domain does not fit"):
        registry.build("smtp", options, registry.Host(sender="dana@acme.example"))
    registry.build("smtp", options, registry.Host(sender="dana@news.other.example"))
    options["dkim_domain"] = "xn--bcher-kva.example"
    registry.build("smtp", options, registry.Host(sender="dana@bücher.example"))


def test_a_key_is_taken_in_the_forms_a_variable_can_hold() -> None:
    text = pem(_ED25519)
    for form in (
        text,
        text.replace("\n", "\\n"),
        b64encode(text.encode()).decode(),
        f" {b64encode(text.encode()).decode()}\n",
    ):
        assert dkim.verify(
            DkimSigner(domain="acme.example", selector="ed", key=form).signed(mime.to_bytes(email(), NOW)),
            dnsfunc=lambda name, timeout=5: record(_ED25519).encode(),
        )


def _other(key: object) -> str:
    return pem(key)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"dkim_key": "top secret"}, "'dkim_key': must be the PEM"),
        ({"dkim_key": _other(generate_ec(SECP256R1()))}, "an RSA or an Ed25519 key"),
        ({"dkim_domain": "acme example"}, "'dkim_domain'"),
        ({"dkim_selector": "-s"}, "'dkim_selector'"),
        ({"dkim_selector": None}, "go together"),
    ],
)  # fmt: skip
def test_what_cannot_sign_is_said_at_once_and_without_the_key(options: dict[str, object], words: str) -> None:
    every = {
        "host": "mail.example",
        "dkim_domain": "acme.example",
        "dkim_selector": "rsa",
        "dkim_key": pem(_RSA),
    }
    every = {name: value for name, value in {**every, **options}.items() if value is not None}
    with pytest.raises(OptionError, match=words) as refused:
        registry.build("smtp", every)
    assert "secret" not in str(refused.value)
