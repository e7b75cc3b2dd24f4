"""P6: e-mails over SMTP: ours on kept connections, against a loop of ``EmailMessage`` and ``smtplib.send_message``.

The loop is what the standard library's documentation shows, and is given one connection for all its mails. Both build
each mail with the same headers and two parts and hand it over loopback to the same server in another process, which
takes commands together (PIPELINING) where a client sends them so. Dispatch has as many under way as the channel has
connections, four unless told otherwise.
"""

from __future__ import annotations

import argparse
import os
import smtplib
import ssl
import tempfile
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime, localtime, make_msgid
from pathlib import Path

import dkim
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.rsa import generate_private_key

from benchmarks.harness import interleaved, tell, timed
from benchmarks.smtp_server import smtp_server
from channels import mime, registry
from channels.base import Accepted, Message
from channels.dkim_signing import SIGNED
from channels.testing import email
from tests.channels.mail_server import certificate

Mails = Callable[[int], int]


def _email(n: int) -> Message:
    """As long as the shipped ones: some 1,500 characters of text, 6,000 of HTML."""
    base = email(f"ref-{n}")
    return email(f"ref-{n}", text=base.text * 20, html=base.html * 40)


def _stock_mail(message: Message) -> EmailMessage:
    mail = EmailMessage()
    mail["From"] = f"{message.sender_name} <{message.sender}>"
    mail["To"] = f"{message.to_name} <{message.to}>"
    mail["Subject"] = message.subject
    mail["Date"] = format_datetime(localtime())
    mail["Message-ID"] = make_msgid(domain="acme.example")
    mail["Reply-To"] = message.reply_to
    for name, value in message.headers.items():
        mail[name] = value
    mail.set_content(message.text)
    mail.add_alternative(message.html, subtype="html")
    return mail


def _connect(port: int, tls: bool) -> smtplib.SMTP:
    if tls:
        return smtplib.SMTP_SSL("127.0.0.1", port, context=ssl.create_default_context())
    return smtplib.SMTP("127.0.0.1", port)


def _stock(port: int, tls: bool) -> Mails:
    def run(count: int) -> int:
        with _connect(port, tls) as server:
            for n in range(count):
                assert server.send_message(_stock_mail(_email(n))) == {}
        return count

    return run


def _stock_each(port: int, tls: bool) -> Mails:
    """A connection for each mail, as a loop around somebody's send function has it."""

    def run(count: int) -> int:
        for n in range(count):
            with _connect(port, tls) as server:
                assert server.send_message(_stock_mail(_email(n))) == {}
        return count

    return run


def _stock_signed(port: int, tls: bool, key: str) -> Mails:
    """The loop with dkimpy as its documentation shows it."""

    def run(count: int) -> int:
        with _connect(port, tls) as server:
            for n in range(count):
                message = _email(n)
                data = _stock_mail(message).as_bytes(policy=SMTP)
                signed = dkim.sign(data, b"rk1", b"acme.example", key.encode(), include_headers=list(SIGNED))
                assert server.sendmail(message.sender, [message.to], signed + data) == {}
        return count

    return run


def _prebuilt(port: int, tls: bool) -> Mails:
    """What is left of the loop where building the mail costs it as little as us."""

    def run(count: int) -> int:
        with _connect(port, tls) as server:
            for n in range(count):
                message = _email(n)
                assert (
                    server.sendmail(message.sender, [message.to], mime.to_bytes(message, 1_772_463_600)) == {}
                )
        return count

    return run


@contextmanager
def _ours(port: int, tls: bool, **options: object) -> Iterator[Mails]:
    every = {"host": "127.0.0.1", "port": port, "security": "tls" if tls else "none", **options}
    adapter = registry.build("smtp", every)

    def run(count: int) -> int:
        for n in range(count):
            assert isinstance(adapter.send(_email(n)), Accepted)
        return count

    yield run
    adapter.close()


def _in_flight(mails: Mails, threads: int = 4) -> Mails:
    def run(count: int) -> int:
        with ThreadPoolExecutor(threads) as pool:
            return sum(pool.map(mails, [count // threads] * threads))

    return run


def _key() -> str:
    none = serialization.NoEncryption()
    form = (serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8)
    return generate_private_key(65_537, 2_048).private_bytes(*form, none).decode()


def _compare(title: str, mails: int, rounds: int, *, delay: float = 0, pem: str = "") -> None:
    key, tls = _key(), bool(pem)
    signing = {"dkim_domain": "acme.example", "dkim_selector": "rk1", "dkim_key": key}
    with (
        smtp_server(delay=delay, certificate=pem) as port,
        _ours(port, tls) as ours,
        _ours(port, tls, **signing) as signed,
    ):
        work = {
            "send_message": _stock(port, tls), "ours, one at a time": ours, "ours, four in flight": _in_flight(ours),
            "ours, signed (RSA-2048)": signed, "sendmail of our bytes": _prebuilt(port, tls),
            "send_message, a connection each": _stock_each(port, tls),
            "the loop, signed": _stock_signed(port, tls, key),
        }  # fmt: skip
        for run in work.values():
            run(8)
        found = interleaved(
            rounds, {name: lambda run=run: timed(lambda: run(mails)) for name, run in work.items()}
        )
    for name in work:
        if name != "send_message":
            tell(f"P6 {title}: {name}", found[name], found["send_message"], goal="at least 3")
    tell(
        f"P6 {title}: both signed",
        found["ours, signed (RSA-2048)"],
        found["the loop, signed"],
        goal="at least 3",
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--mails", type=int, default=400)
    parser.add_argument("--rounds", type=int, default=5)
    args = parser.parse_args()
    _compare("loopback", args.mails, args.rounds)
    _compare("10 ms away", args.mails // 10, args.rounds, delay=0.01)
    with tempfile.TemporaryDirectory(prefix="rekindle-bench-") as folder:
        file, _ = certificate(Path(folder))
        os.environ["SSL_CERT_FILE"] = str(file)  # both trust it
        _compare("loopback, TLS", args.mails // 2, args.rounds, pem=str(file))


if __name__ == "__main__":
    main()
